//! Declarations to a [`world::Config`]: [`world_config`].

mod account;
mod account_key;
mod carrier_key;
mod declared;
mod fault_key;
mod key;
mod smsc_key;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use platform::{AppId, Uid};
use sms::{Civil, Msisdn, Place, Timestamp, Zone};
use world::{AppConfig, CARRIERS_MAX, Config, ConfigError, ESMES_MAX, UserConfig};

pub(crate) use account::joining;
pub(crate) use account_key::{
    ACCOUNT_KEYS, account_key_fault, account_setting, change_account, changeable_account_keys,
};
pub use carrier_key::receipt_mode_name;
pub(crate) use carrier_key::{carrier_key_fault, carrier_keys, receipt_mode, set_carrier_key};
pub use declared::{Actors, ClockMode, DeclaredWorld, Person, Rules, SPEED_MAX};
pub(crate) use fault_key::{effect_words, fault};
pub(crate) use key::{check_platform_key, set_platform_key, world_keys};
pub use smsc_key::GivenTimers;
pub(crate) use smsc_key::{SMSC_KEYS, check_smsc_key};

use crate::check::date;
use crate::diagnostics::{Code, Diagnostic};
use crate::script::{Located, Script};
use crate::stub_app::StubApps;
use crate::syntax::{Clause, Decl, Dur, Spanned, TimeOfDay, Value};

/// How many texts a phone of `handsets` keeps for observers: a crowd is for load.
const CROWD_INBOX_MAX: u16 = 10;
/// Phones of `handsets` in one world, at most.
pub const HANDSETS_MAX: u64 = 100_000;

/// How long `<` waits when neither its line nor the world says.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The years in which a world may start: time must be able to go on for as long as any rule waits.
const START_YEARS: std::ops::Range<i16> = 1970..9000;

/// The zone of a world that names none.
const ZONE: &str = "America/Los_Angeles";
/// The first number that is given to an app without `id`.
const FIRST_APP: u64 = 101;
/// The first number that is given to a user without `uid`.
pub const FIRST_UID: u64 = 1001;

/// The world that a checked script declares. A clause of a file counts before one of a file that it uses.
///
/// # Errors
///
/// What the declarations of several files contradict each other in, and what a part of the simulator does not allow.
pub fn world_config(script: &Script) -> Result<DeclaredWorld, Vec<Diagnostic>> {
    world_config_with(script, &Rules::default())
}

/// As [`world_config`], over other rules than the built-in ones: what the script says of a rule counts before `rules`.
///
/// # Errors
///
/// As [`world_config`].
pub fn world_config_with(script: &Script, rules: &Rules) -> Result<DeclaredWorld, Vec<Diagnostic>> {
    world_config_from(script, rules, FIRST_UID)
}

/// As [`world_config_with`]; users without `uid` have the numbers from `first_uid` on.
pub(crate) fn world_config_from(
    script: &Script,
    rules: &Rules,
    first_uid: u64,
) -> Result<DeclaredWorld, Vec<Diagnostic>> {
    too_many(script)?;
    let mut building = Building::new(script, first_uid);
    building.declared.config.platform = Arc::clone(&rules.platform);
    building.declared.config.rest = rules.rest;
    building.world(script);
    for decl in script.decls() {
        building.carrier(script, decl);
        building.app(decl);
        building.esme(decl);
    }
    for decl in script.decls() {
        building.user(decl);
        building.handsets(decl);
    }
    building.friends(script);
    building.rules_by_account();
    building.finish()
}

/// More carriers or ESMEs than a world has, at the first that is too many.
fn too_many(script: &Script) -> Result<(), Vec<Diagnostic>> {
    let (mut carriers, mut esmes) = (0, 0);
    for decl in script.decls() {
        let (name, count, max, what) = match &decl.part.node {
            Decl::Carrier { name, .. } => (name, &mut carriers, CARRIERS_MAX, "carriers"),
            Decl::Esme { name, .. } => (name, &mut esmes, ESMES_MAX, "ESMEs"),
            Decl::Use(_) | Decl::World(_) | Decl::App { .. } | Decl::User { .. } | Decl::Handsets { .. } => {
                continue;
            }
        };
        *count += 1;
        if *count > max {
            let message = format!("more than {max} {what}");
            let fault = Diagnostic::new(Code::E017, decl.path, name.span, message);
            return Err(vec![
                fault.help("a world has no more; divide the tests between several files"),
            ]);
        }
    }
    Ok(())
}

/// That the declarations make no world, at the clause that is at fault where the reason names its key.
pub fn world_fault(script: &Script, error: &ConfigError) -> Diagnostic {
    let message = error.to_string();
    let names = |clause: &&Clause| {
        let first_words = message.lines().map(|line| line.split([' ', ':']).next());
        first_words.flatten().any(|word| word == clause.key.node)
    };
    let named = script.decls().filter_map(|decl| match &decl.part.node {
        Decl::World(clauses) => Some((decl.path, clauses.iter().rfind(names)?.span())),
        _ => None,
    });
    match named.last() {
        Some((path, span)) => Diagnostic::new(Code::E301, path, span, message.clone()),
        None => {
            let own = script.decls().filter(|decl| decl.path == script.path());
            let span = own.map(|decl| decl.part.span).next().unwrap_or_default();
            let fault = Diagnostic::new(Code::E301, script.path(), span, message.clone());
            fault.label("the world of this file cannot be built")
        }
    }
}

struct Building {
    declared: DeclaredWorld,
    faults: Vec<Diagnostic>,
    app_ids: Numbers,
    uids: Numbers,
    phones_without_names: u64,
}

/// Numbers that are given out, past those that are taken.
struct Numbers {
    taken: BTreeSet<u64>,
    next: u64,
}

impl Numbers {
    fn new<'s>(next: u64, decls: impl Iterator<Item = Located<'s, Decl>>, key: &str) -> Self {
        let taken = decls
            .filter_map(|decl| number(find(clauses(&decl.part.node), key)?))
            .collect();
        Self { taken, next }
    }

    fn give(&mut self) -> u64 {
        while self.taken.contains(&self.next) {
            self.next += 1;
        }
        self.next += 1;
        self.next - 1
    }
}

impl Building {
    fn new(script: &Script, first_uid: u64) -> Self {
        let declared = DeclaredWorld {
            config: Config {
                record_pdus: true,
                ..Config::default()
            },
            stubs: StubApps::default(),
            patience: PATIENCE,
            clock: None,
            timers: GivenTimers::default(),
            start_given: false,
            actors: Actors::default(),
            files: script.shared_files(),
        };
        Self {
            declared,
            faults: Vec::new(),
            app_ids: Numbers::new(FIRST_APP, script.decls(), "id"),
            uids: Numbers::new(first_uid, script.decls(), "uid"),
            phones_without_names: 0,
        }
    }

    fn world(&mut self, script: &Script) {
        let config = &mut self.declared.config;
        config.zone = Zone::named(ZONE).expect("the zone is in the compiled-in database");
        let mut start = (
            2009,
            3,
            2,
            TimeOfDay {
                hour: 14,
                minute: 0,
                second: 0,
            },
        );
        for decl in script.decls() {
            let Decl::World(clauses) = &decl.part.node else {
                continue;
            };
            for clause in clauses {
                let value = first(clause);
                match clause.key.node.as_str() {
                    "seed" => config.seed = value.parse().unwrap_or_default(),
                    "tz" => config.zone = Zone::named(value).unwrap_or_default(),
                    "patience" => self.declared.patience = dur(clause, 0),
                    "clock" => self.declared.clock = value.parse().ok(),
                    "start" => {
                        self.declared.start_given = true;
                        if let (Some(day), Ok(time)) = (date(value), word(clause, 1).parse()) {
                            if !START_YEARS.contains(&day.year()) {
                                let reason = "a world starts in one of the years 1970 to 8999, so that its time can go on";
                                self.faults.push(misfit(decl.path, clause, reason));
                                continue;
                            }
                            start = (day.year(), day.month(), day.day(), time);
                        }
                    }
                    // The only profile is the default one.
                    "profile" => {}
                    key if SMSC_KEYS.contains(&key) => {
                        let timers = &mut self.declared.timers;
                        if let Err(reason) = smsc_key::set_smsc_key(config, timers, clause) {
                            self.faults.push(misfit(decl.path, clause, &reason));
                        }
                        timers.apply(&mut config.smsc.session.timers);
                    }
                    _ => {
                        if let Err(reason) = set_platform_key(config, clause) {
                            self.faults.push(misfit(decl.path, clause, &reason));
                        }
                    }
                }
            }
        }
        let (year, month, day, time) = start;
        let civil = Civil::new(year, month, day, time.hour, time.minute, time.second);
        config.start = civil.map_or(Timestamp::EPOCH, |civil| config.zone.instant(civil));
    }

    fn carrier(&mut self, script: &Script, decl: Located<'_, Decl>) {
        let Decl::Carrier { name, clauses } = &decl.part.node else {
            return;
        };
        let mut carrier = smsc::Carrier::new(name);
        let profile = find(clauses, "profile").and_then(|clause| script.profile(first(clause)));
        if let Some(profile) = profile {
            self.carrier_keys(&mut carrier, &profile.path, &profile.clauses);
        }
        self.carrier_keys(&mut carrier, decl.path, clauses);
        self.declared.config.carriers.push(carrier);
    }

    fn carrier_keys(&mut self, carrier: &mut smsc::Carrier, path: &str, clauses: &[Clause]) {
        // Blocks name apps, which are counted later.
        for clause in clauses
            .iter()
            .filter(|clause| !matches!(clause.key.node.as_str(), "profile" | "block"))
        {
            if let Err(reason) = set_carrier_key(carrier, clause) {
                self.faults.push(misfit(path, clause, &reason));
            }
        }
    }

    fn app(&mut self, decl: Located<'_, Decl>) {
        let Decl::App {
            name,
            title,
            clauses,
            rules,
        } = &decl.part.node
        else {
            return;
        };
        let id = AppId(
            find(clauses, "id")
                .and_then(number)
                .unwrap_or_else(|| self.app_ids.give()),
        );
        let text = |key: &str| {
            let value = find(clauses, key)?.values.first()?;
            Some(value.node.said().into_owned())
        };
        let secret = text("secret").unwrap_or_else(|| hex_of(name, 1));
        let Ok(secret) = rest::Secret::new(secret) else {
            self.faults.push(Diagnostic::new(
                Code::E301,
                decl.path,
                name.span,
                "the secret cannot be one",
            ));
            return;
        };
        let url = text("url");
        let credentials = rest::Credentials {
            app: id,
            name: name.node.clone(),
            api_key: text("key").map_or_else(|| hex_of(name, 0), |key| key.to_lowercase()),
            secret,
            callback_url: Some(
                url.clone()
                    .unwrap_or_else(|| format!("http://{}.app.invalid/sms", name.node)),
            ),
            authorize_url: text("authorize_url"),
            uninstall_url: text("uninstall_url"),
            ip_list: Vec::new(),
        };
        if url.is_none() {
            self.declared.stubs.add(
                credentials.clone(),
                rules.iter().map(|rule| rule.node.clone()).collect(),
            );
        }
        let app = platform::App {
            id,
            name: name.node.clone(),
            title: title.node.clone(),
            canvas: text("canvas").unwrap_or_else(|| name.node.clone()),
            sms_capable: find(clauses, "sms").is_none_or(|clause| first(clause) != "off"),
        };
        self.declared.actors.apps.insert(name.node.clone(), id);
        self.declared.config.apps.push(AppConfig { app, credentials });
    }

    fn esme(&mut self, decl: Located<'_, Decl>) {
        let Decl::Esme { name, clauses } = &decl.part.node else {
            return;
        };
        match account_key::account(decl.path, name, clauses) {
            Ok((account, known)) => {
                let others = self.declared.actors.esmes.iter();
                let mut bound = others.map(|(name, esme)| (name.as_str(), esme.system_id.as_str()));
                let other = bound.find(|(_, system_id)| *system_id == known.system_id);
                let platform = ("the platform", world::OWN_SYSTEM_ID);
                if let Some((other, _)) = other.or(Some(platform).filter(|(_, own)| *own == known.system_id))
                {
                    let message = format!("two ESMEs bind as {:?}", known.system_id);
                    let fault = Diagnostic::new(Code::E105, decl.path, name.span, message);
                    let fault = fault.label(format!("{other} does already"));
                    self.faults.push(fault.help("give each a `system_id` of its own"));
                    return;
                }
                self.declared.actors.esmes.insert(name.node.clone(), known);
                self.declared.config.accounts.push(account);
            }
            Err(faults) => self.faults.extend(faults),
        }
    }

    fn user(&mut self, decl: Located<'_, Decl>) {
        let Decl::User {
            name,
            msisdn,
            carrier,
            clauses,
        } = &decl.part.node
        else {
            return;
        };
        let uid = Uid(find(clauses, "uid")
            .and_then(number)
            .unwrap_or_else(|| self.uids.give()));
        self.declared.actors.users.insert(
            name.node.clone(),
            Person {
                uid,
                phone: msisdn.node,
            },
        );
        let user = self.account(uid, name, msisdn.node, carrier, clauses);
        let sessions = clauses.iter().filter(|clause| clause.key.node == "session");
        let session_keys = sessions
            .filter_map(|clause| Some((self.app_id(first(clause))?, word(clause, 1).to_owned())))
            .collect();
        self.declared.config.users.push(UserConfig {
            user,
            session_keys,
            inbox_max: None,
            place: place(clauses),
        });
    }

    fn handsets(&mut self, decl: Located<'_, Decl>) {
        let Decl::Handsets {
            first,
            last,
            carrier,
            clauses,
        } = &decl.part.node
        else {
            return;
        };
        let phones = last.node.number() - first.node.number() + 1;
        self.phones_without_names = self.phones_without_names.saturating_add(phones);
        if self.phones_without_names > HANDSETS_MAX {
            let message = format!("more than {HANDSETS_MAX} phones");
            let span = first.span.to(last.span);
            let fault = Diagnostic::new(Code::E017, decl.path, span, message);
            self.faults
                .push(fault.help("take fewer of them: the lines of `handsets` count together"));
            return;
        }
        for phone in (first.node.number()..=last.node.number()).filter_map(Msisdn::new) {
            let uid = Uid(self.uids.give());
            let user = self.account(uid, &phone.to_string(), phone, carrier, clauses);
            self.declared.config.users.push(UserConfig {
                user,
                session_keys: Vec::new(),
                inbox_max: Some(CROWD_INBOX_MAX),
                place: place(clauses),
            });
        }
    }

    fn account(
        &self,
        uid: Uid,
        name: &str,
        phone: Msisdn,
        carrier: &str,
        clauses: &[Clause],
    ) -> platform::User {
        let (actors, zone) = (&self.declared.actors, &self.declared.config.zone);
        account::account(actors, zone, uid, name, phone, carrier, clauses)
    }

    fn app_id(&self, name: &str) -> Option<AppId> {
        self.declared.actors.apps.get(name).copied()
    }

    /// Friends and blocks name what may be declared later, so they come last.
    fn friends(&mut self, script: &Script) {
        let mut friends: BTreeMap<Uid, BTreeSet<Uid>> = BTreeMap::new();
        for decl in script.decls() {
            match &decl.part.node {
                Decl::User { name, clauses, .. } => {
                    let uid = |name: &str| Some(self.declared.actors.users.get(name)?.uid);
                    let named = find(clauses, "friends").map_or(&[][..], |clause| &clause.values);
                    let Some(own) = uid(&name.node) else { continue };
                    let named = named.iter().filter_map(|value| uid(value.as_str()));
                    // Friendship is mutual.
                    for friend in named.filter(|friend| *friend != own) {
                        friends.entry(own).or_default().insert(friend);
                        friends.entry(friend).or_default().insert(own);
                    }
                }
                Decl::Carrier { name, clauses } => {
                    let blocks = clauses.iter().filter(|clause| clause.key.node == "block");
                    let apps = blocks
                        .flat_map(|clause| &clause.values)
                        .filter_map(|value| self.app_id(value.as_str()));
                    let blocks: Vec<_> = apps.map(|app| (name.node.clone(), app)).collect();
                    self.declared.config.operator_blocks.extend(blocks);
                }
                _ => {}
            }
        }
        for config in &mut self.declared.config.users {
            if let Some(friends) = friends.get(&config.user.uid) {
                config.user.friends.extend(friends);
            }
        }
    }

    /// A rule of what goes wrong names an account as the ESME that has it.
    fn rules_by_account(&mut self) {
        let DeclaredWorld { config, actors, .. } = &mut self.declared;
        let faults = config.carriers.iter_mut().flat_map(|carrier| &mut carrier.faults);
        for name in faults.filter_map(|fault| fault.account.as_mut()) {
            *name = actors.system_id(name).into();
        }
    }

    fn finish(self) -> Result<DeclaredWorld, Vec<Diagnostic>> {
        if self.faults.is_empty() {
            Ok(self.declared)
        } else {
            Err(self.faults)
        }
    }
}

fn misfit(path: &str, clause: &Clause, reason: &str) -> Diagnostic {
    let message = format!("the value of `{}` does not fit", clause.key.node);
    Diagnostic::new(Code::E105, path, clause.span(), message).label(reason)
}

fn clauses(decl: &Decl) -> &[Clause] {
    match decl {
        Decl::Use(_) => &[],
        Decl::World(clauses)
        | Decl::Carrier { clauses, .. }
        | Decl::App { clauses, .. }
        | Decl::User { clauses, .. }
        | Decl::Handsets { clauses, .. }
        | Decl::Esme { clauses, .. } => clauses,
    }
}

fn find<'c>(clauses: &'c [Clause], key: &str) -> Option<&'c Clause> {
    clauses.iter().find(|clause| clause.key.node == key)
}

/// The value of a clause at that place; empty where there is none.
pub(crate) fn word(clause: &Clause, index: usize) -> &str {
    clause
        .values
        .get(index)
        .map_or("", |value: &Spanned<Value>| value.node.as_str())
}

fn first(clause: &Clause) -> &str {
    word(clause, 0)
}

/// Where a phone is, if its line says so.
fn place(clauses: &[Clause]) -> Option<Place> {
    let clause = find(clauses, "place")?;
    Place::read(word(clause, 0), word(clause, 1))
}

fn number(clause: &Clause) -> Option<u64> {
    first(clause).parse().ok()
}

fn dur(clause: &Clause, index: usize) -> Duration {
    word(clause, index)
        .parse::<Dur>()
        .map(Dur::duration)
        .unwrap_or_default()
}

/// 32 hex digits made of a name: the key (`salt` 0) or the secret (`salt` 1) of an app that declares none.
fn hex_of(name: &str, salt: u64) -> String {
    let half = |part: u64| {
        // FNV-1a: not secret, only different for different names.
        let seed = 0xcbf2_9ce4_8422_2325_u64 ^ (salt << 8) ^ part;
        name.bytes().fold(seed, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    format!("{:016x}{:016x}", half(1), half(2))
}
