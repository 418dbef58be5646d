//! What a script's declarations make: [`DeclaredWorld`], and the rules that it starts from.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::{AppId, Uid};
use sms::Msisdn;
use world::Config;

use super::GivenTimers;
use crate::esme_actor::EsmeAccount;
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
    /// How a server lets time pass; a test's time is always virtual.
    pub clock: ClockMode,
    /// The timers of ESMEs' sessions that the script sets; they are set in the configuration already.
    pub timers: GivenTimers,
    /// Whether the script says when the world begins.
    pub start_given: bool,
    /// Who bears which name.
    pub actors: Actors,
    /// The declarations of all files, as one file says them.
    pub declarations: String,
}

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

/// The rules that a world starts from, before its own `world` line changes them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// The platform's.
    pub platform: platform::Settings,
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

    /// The name of that app.
    pub fn app_name(&self, app: AppId) -> Option<&str> {
        self.apps
            .iter()
            .find(|(_, id)| **id == app)
            .map(|(name, _)| name.as_str())
    }
}
