//! What a script's declarations make: [`DeclaredWorld`], and the rules that it starts from.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use platform::{AppId, Uid};
use sms::Msisdn;
use world::Config;

use super::GivenTimers;
use crate::esme_actor::EsmeAccount;
use crate::script::{ScriptFile, declarations};
use crate::stub_app::StubApps;

/// A world as a script declares it.
#[derive(Clone, Debug)]
pub struct DeclaredWorld {
    /// The configuration.
    pub config: Config,
    /// The apps that are simulated: those without a `url`.
    pub stubs: StubApps,
    /// How long `<` waits when its line does not say.
    pub patience: Duration,
    /// How time passes, if the script says. Otherwise a test's passes at once, and a server's on the wall.
    pub clock: Option<ClockMode>,
    /// The timers of ESMEs' sessions that the script sets; they are set in the configuration already.
    pub timers: GivenTimers,
    /// Whether the script says when the world begins.
    pub start_given: bool,
    /// Who bears which name.
    pub actors: Actors,
    /// The files that declare it.
    pub(super) files: Arc<[ScriptFile]>,
}

impl DeclaredWorld {
    /// The declarations of all files, as one file says them, without secrets.
    pub fn declarations(&self) -> String {
        declarations(&self.files)
    }
}

/// How many times faster than on the wall a world's time may pass.
pub const SPEED_MAX: u32 = 10_000;

/// How time passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClockMode {
    /// As fast as it can be simulated.
    Virtual,
    /// As on the wall.
    #[default]
    Real,
    /// So many times faster than on the wall.
    Times(u32),
}

impl FromStr for ClockMode {
    type Err = String;

    /// Reads `virtual`, `real` and `x20`.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("{word:?} is no clock; write virtual, real, or a speed such as x20, up to x{SPEED_MAX}")
        };
        match word {
            "virtual" => Ok(Self::Virtual),
            "real" => Ok(Self::Real),
            times => {
                let times = times.strip_prefix('x').and_then(|times| times.parse().ok());
                let times = times.filter(|times| (1..=SPEED_MAX).contains(times));
                times.map(Self::Times).ok_or_else(wrong)
            }
        }
    }
}

impl fmt::Display for ClockMode {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual => f.write_str("virtual"),
            Self::Real => f.write_str("real"),
            Self::Times(times) => write!(f, "x{times}"),
        }
    }
}

impl ClockMode {
    /// Seconds of the world in one of the machine; none when time passes at once.
    pub fn speed(self) -> Option<f64> {
        match self {
            Self::Virtual => None,
            Self::Real => Some(1.0),
            Self::Times(times) => Some(f64::from(times)),
        }
    }
}

/// The rules that a world starts from, before its own `world` line changes them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// The platform's.
    pub platform: Arc<platform::Settings>,
    /// The REST server's.
    pub rest: rest::Settings,
}

/// Who bears which name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Actors {
    /// The users.
    pub users: BTreeMap<String, Person>,
    /// The apps.
    pub apps: BTreeMap<String, AppId>,
    /// The outside ESMEs.
    pub esmes: BTreeMap<String, EsmeAccount>,
}

/// A user with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Person {
    /// The account.
    pub uid: Uid,
    /// The phone.
    pub phone: Msisdn,
}

impl Actors {
    /// The name of the user with that account.
    pub fn user_name(&self, uid: Uid) -> Option<&str> {
        self.users
            .iter()
            .find(|(_, person)| person.uid == uid)
            .map(|(name, _)| name.as_str())
    }

    /// The name of the user with that phone.
    pub fn phone_name(&self, phone: Msisdn) -> Option<&str> {
        self.users
            .iter()
            .find(|(_, person)| person.phone == phone)
            .map(|(name, _)| name.as_str())
    }

    /// The `system_id` of the ESME of that name; what is no ESME's name is one itself.
    pub fn system_id<'n>(&'n self, name: &'n str) -> &'n str {
        self.esmes.get(name).map_or(name, |esme| esme.system_id.as_str())
    }

    /// The name of that app.
    pub fn app_name(&self, app: AppId) -> Option<&str> {
        self.apps
            .iter()
            .find(|(_, id)| **id == app)
            .map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_has_a_speed_within_limits() {
        for (word, clock) in [
            ("virtual", Some(ClockMode::Virtual)),
            ("real", Some(ClockMode::Real)),
            ("x1", Some(ClockMode::Times(1))),
            ("x10000", Some(ClockMode::Times(SPEED_MAX))),
            ("x10001", None),
            ("x0", None),
            ("20", None),
            ("fast", None),
        ] {
            assert_eq!(word.parse().ok(), clock, "{word}");
            if let Some(clock) = clock {
                assert_eq!(clock.to_string(), word);
            }
        }
        assert_eq!(ClockMode::Virtual.speed(), None);
        assert_eq!(ClockMode::Times(20).speed(), Some(20.0));
    }
}
