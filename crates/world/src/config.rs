//! What a world is made of: [`Config`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use platform::AppId;
use sms::{Place, ShortCode, Timestamp, Zone};

/// FBOOK, Facebook's short code.
pub const FBOOK: ShortCode = match ShortCode::new(32_665) {
    Some(code) => code,
    None => panic!("32665 is a short code"),
};

/// Everything that a world is made of. [`Config::default`] is an empty world that runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The seed of all chance.
    pub seed: u64,
    /// The instant at which the world begins.
    pub start: Timestamp,
    /// The zone in which the world's times are shown.
    pub zone: Zone,
    /// The platform's short code.
    pub short_code: ShortCode,
    /// The platform's rules, which many worlds may share.
    pub platform: Arc<platform::Settings>,
    /// The REST server's rules.
    pub rest: rest::Settings,
    /// The carriers.
    pub carriers: Vec<smsc::Carrier>,
    /// The apps.
    pub apps: Vec<AppConfig>,
    /// The people; each has a handset.
    pub users: Vec<UserConfig>,
    /// Accounts of outside ESMEs.
    pub accounts: Vec<smsc::Account>,
    /// Apps that an operator disallows: the operator's name and the app.
    pub operator_blocks: BTreeSet<(String, AppId)>,
    /// The platform's own account at the message centre.
    pub own_account: smsc::Account,
    /// The platform's end of the link.
    pub esme: esme::Config,
    /// The message centre's rules and limits. Its accounts, carriers and numbers are filled in from the fields above.
    pub smsc: smsc::Config,
    /// The handsets' limits.
    pub handset: handset::Config,
    /// The longest PDU that is read from a link, in octets.
    pub command_length_max: u32,
    /// Records kept.
    pub records_max: usize,
    /// Whether the PDUs of links are recorded.
    pub record_pdus: bool,
    /// How long an app may take to answer a callback.
    pub callback_timeout: Duration,
    /// Hops in one instant; what is left happens a millisecond later.
    pub hops_per_instant_max: usize,
    /// Users who join while the world runs.
    pub joined_max: usize,
}

/// An app, with what the REST server must know of it.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// What the platform knows.
    pub app: platform::App,
    /// Keys and URLs.
    pub credentials: rest::Credentials,
}

/// A person, with session keys that work from the start.
#[derive(Clone, Debug)]
pub struct UserConfig {
    /// The account. The operator names a carrier of the world.
    pub user: platform::User,
    /// Session keys by app.
    pub session_keys: Vec<(AppId, String)>,
    /// How many texts the inbox of the phone keeps for observers; none: as many as [`Config::handset`] says.
    pub inbox_max: Option<u16>,
    /// Where the phone is; none: where its carrier says ([`smsc::Carrier::place`]).
    pub place: Option<Place>,
}

/// What is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// A user's operator is no carrier of the world.
    #[error("{user} is on {operator:?}, which is no carrier of this world")]
    UnknownCarrier {
        /// The user.
        user: String,
        /// The carrier named.
        operator: String,
    },
    /// As many have joined as may.
    #[error(
        "{joined_max} users have joined this world, and more may not; declare the others before it begins"
    )]
    TooManyJoined {
        /// The limit.
        joined_max: usize,
    },
    /// Two accounts bind with one name, or an outside one with the platform's.
    #[error(
        "two ESMEs bind as {system_id:?}; each account needs a system_id of its own, and fbook is the platform's"
    )]
    AccountTwice {
        /// The name.
        system_id: String,
    },
    /// A name or a password that no bind can carry.
    #[error("{system_id:?} cannot bind by its {key}: {what}")]
    Account {
        /// The name.
        system_id: String,
        /// What of the account is wrong.
        key: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// More carriers, or more ESMEs, than a world has.
    #[error("a world has at most {max} {what}, and this one would have {count}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there would be.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// The platform's rules contradict themselves.
    #[error("{0}")]
    Platform(String),
    /// The REST server's configuration contradicts itself.
    #[error("{0}")]
    Rest(String),
}

/// A configuration in which nothing is wrong: [`World::of`](crate::World::of) makes worlds of it.
#[derive(Clone, Debug)]
pub struct Checked(Config);

impl Checked {
    /// The configuration, with that seed in place of its own.
    pub(crate) fn with_seed(&self, seed: u64) -> Config {
        Config {
            seed,
            ..self.0.clone()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            start: Timestamp::EPOCH,
            zone: Zone::utc(),
            short_code: FBOOK,
            platform: Arc::default(),
            rest: rest::Settings::default(),
            carriers: Vec::new(),
            apps: Vec::new(),
            users: Vec::new(),
            accounts: Vec::new(),
            operator_blocks: BTreeSet::new(),
            own_account: own_account(FBOOK),
            esme: own_esme(),
            smsc: quiet_message_centre(),
            handset: handset::Config::default(),
            command_length_max: smpp::framing::COMMAND_LENGTH_MAX,
            records_max: 200_000,
            record_pdus: true,
            callback_timeout: Duration::from_secs(10),
            hops_per_instant_max: 1_000_000,
            joined_max: 1_000,
        }
    }
}

impl Config {
    /// The message centre of this world, with the seed of what happens there by chance. It takes the carriers and the
    /// accounts.
    pub(crate) fn message_centre(&mut self, seed: u64) -> smsc::Smsc {
        let nobodys = std::mem::take(&mut self.smsc.carriers);
        let mut config = self.smsc.clone();
        config.seed = seed;
        config.zone = self.zone.clone();
        config.accounts = std::iter::once(self.own_account.clone())
            .chain(std::mem::take(&mut self.accounts))
            .collect();
        config.carriers = match self.carriers.is_empty() {
            true => nobodys,
            false => std::mem::take(&mut self.carriers),
        };
        config.numbers.extend(
            self.users
                .iter()
                .map(|user| (user.user.phone, user.user.operator.as_str().into())),
        );
        smsc::Smsc::new(config)
    }

    /// What the platform of this world is made of.
    pub(crate) fn into_platform(self) -> platform::Config {
        platform::Config {
            settings: self.platform,
            apps: self.apps.into_iter().map(|app| app.app).collect(),
            users: self.users.into_iter().map(|user| user.user).collect(),
            operator_blocks: self.operator_blocks,
        }
    }

    /// The configuration checked once, for many worlds.
    ///
    /// # Errors
    ///
    /// As [`World::new`](crate::World::new).
    pub fn checked(self) -> Result<Checked, ConfigError> {
        self.check()?;
        self.rest(0)?;
        let platform = self.clone().into_platform().check();
        platform.map_err(|error| ConfigError::Platform(error.to_string()))?;
        Ok(Checked(self))
    }

    /// The REST server of this world; `chance` is seeded chance.
    pub(crate) fn rest(&self, chance: u64) -> Result<rest::Rest, ConfigError> {
        let sessions = self.users.iter().flat_map(|user| {
            user.session_keys.iter().map(|(app, key)| rest::Session {
                app: *app,
                user: user.user.uid,
                key: key.clone(),
                expires: None,
                secret: None,
            })
        });
        rest::Rest::new(rest::Config {
            settings: self.rest,
            credentials: self.apps.iter().map(|app| app.credentials.clone()).collect(),
            sessions: sessions.collect(),
            chance,
        })
        .map_err(|error| ConfigError::Rest(error.to_string()))
    }

    /// Finds users whose operator is no carrier. What the parts can find for themselves they find.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (what, count, max) in [
            ("carriers", self.carriers.len(), CARRIERS_MAX),
            ("ESMEs", self.accounts.len(), ESMES_MAX),
        ] {
            if count > max {
                return Err(ConfigError::TooMany { what, count, max });
            }
        }
        let stranded = self.users.iter().map(|user| &user.user).find(|user| {
            !self
                .carriers
                .iter()
                .any(|carrier| carrier.name == user.operator.as_str())
        });
        stranded.map_or(Ok(()), |user| {
            Err(ConfigError::UnknownCarrier {
                user: user.name.clone(),
                operator: user.operator.clone(),
            })
        })?;
        self.check_accounts()
    }

    /// Finds ESMEs that could not bind, or only in place of another.
    fn check_accounts(&self) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for account in std::iter::once(&self.own_account).chain(&self.accounts) {
            let system_id = account.system_id.to_string();
            if let Some((key, what)) = account.unbindable() {
                return Err(ConfigError::Account { system_id, key, what });
            }
            if !seen.insert(system_id.clone()) {
                return Err(ConfigError::AccountTwice { system_id });
            }
        }
        Ok(())
    }
}

/// How many carriers a world has at most.
pub const CARRIERS_MAX: usize = 1_000;
/// How many accounts of outside ESMEs a world has at most.
pub const ESMES_MAX: usize = 10_000;

/// The carrier of a world that declares none.
const NOBODYS_CARRIER: &str = "ideal";

/// A message centre that asks no ESME whether the line is alive: links within the process cannot go silent, and a scenario
/// that waits for days would be filled with the answers. A server on real ports sets its own timers.
fn quiet_message_centre() -> smsc::Config {
    let mut config = smsc::Config::new(Vec::new(), vec![smsc::Carrier::new(NOBODYS_CARRIER)]);
    config.session.timers.enquire_link = None;
    config.session.timers.inactivity = None;
    config
}

/// The platform's account: it owns its short code and every longer number that begins so.
fn own_account(code: ShortCode) -> smsc::Account {
    let mut account = smsc::Account::new(OWN_SYSTEM_ID, OWN_PASSWORD);
    account.codes = vec![
        format!("{code}*")
            .parse()
            .expect("a short code with a star is a range of codes"),
    ];
    account
}

/// The platform's end of the link. It asks nobody whether the line is alive: both ends are in this process, and a
/// scenario that waits for days has better things to do.
fn own_esme() -> esme::Config {
    esme::Config {
        system_id: OWN_SYSTEM_ID.to_owned(),
        password: OWN_PASSWORD.to_owned(),
        enquire_link: None,
        ..esme::Config::default()
    }
}

/// The name under which the platform binds.
pub const OWN_SYSTEM_ID: &str = "fbook";
/// Its password; the link never leaves the process.
const OWN_PASSWORD: &str = "fbook";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_told_apart_and_can_bind() {
        for (accounts, fault) in [
            (vec![("acme", "secret")], None),
            (vec![("acme", "12345678"), ("abcdefghijklmno", "")], None),
            (
                vec![("acme", "a"), ("acme", "b")],
                Some("two ESMEs bind as \"acme\""),
            ),
            (vec![("fbook", "secret")], Some("fbook is the platform's")),
            (vec![("", "secret")], Some("by its system_id: it is empty")),
            (
                vec![("abcdefghijklmnop", "secret")],
                Some("at most 15 characters"),
            ),
            (vec![("acme", "123456789")], Some("at most 8 characters")),
            (vec![("acme", "12345\u{e9}")], Some("ASCII characters only")),
        ] {
            let account = |(system_id, password): &(&str, &str)| smsc::Account::new(system_id, password);
            let config = Config {
                accounts: accounts.iter().map(account).collect(),
                ..Config::default()
            };
            match (config.check(), fault) {
                (Ok(()), None) => {}
                (Err(error), Some(fault)) => assert!(error.to_string().contains(fault), "{error}"),
                (found, _) => panic!("{accounts:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_longer_password_takes_an_account_that_has_room_for_it() {
        for (password_max, length, fits) in [(0, 8, true), (0, 9, false), (20, 20, true), (20, 21, false)] {
            let mut account = smsc::Account::new("acme", &"p".repeat(length));
            account.password_max = password_max;
            let config = Config {
                accounts: vec![account],
                ..Config::default()
            };
            assert_eq!(config.check().is_ok(), fits, "{password_max} {length}");
        }
    }

    #[test]
    fn carriers_and_accounts_are_so_many() {
        let config = |carriers: usize, accounts: usize| Config {
            carriers: (0..carriers)
                .map(|number| smsc::Carrier::new(&format!("c{number}")))
                .collect(),
            accounts: (0..accounts)
                .map(|number| smsc::Account::new(&format!("e{number}"), ""))
                .collect(),
            ..Config::default()
        };
        for (carriers, accounts, fits) in [
            (CARRIERS_MAX, ESMES_MAX, true),
            (CARRIERS_MAX + 1, 0, false),
            (1, ESMES_MAX + 1, false),
        ] {
            let checked = config(carriers, accounts).check();
            assert_eq!(checked.is_ok(), fits, "{carriers} {accounts}: {checked:?}");
        }
    }
}
