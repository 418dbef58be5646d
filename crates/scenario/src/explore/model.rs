//! The reference model of an exploration: the rules in their dumbest form, lists of instants that are counted anew each time.
//!
//! It is written beside the platform and shares no code with it; what it says of a call is the order of checks of the
//! platform's rules: 850, 270, 855, 856, 857, 851, and for unsolicited texts 853, 852, 854.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use platform::{AppId, QuietHours, Settings, Uid};
use sms::{Timestamp, Zone};
use world::{Config, UserConfig};

use crate::explore::Invariant;
use crate::explore::act::UserChange;

/// What the model knows of a person.
#[derive(Debug)]
pub struct Person {
    carrier: String,
    zone: Zone,
    pub registered: bool,
    pub texts_on: bool,
    /// The apps that are installed, and whether they may text.
    pub apps: BTreeMap<AppId, bool>,
    quiet: Option<QuietHours>,
    daily_max: Option<u32>,
    unsolicited: Vec<Timestamp>,
    /// Sessions in which an app may answer: the app, the end, the answers left.
    windows: BTreeMap<u32, (AppId, Timestamp, u32)>,
    /// The apps that the person was asked about since the last Stop.
    pub asked: BTreeSet<AppId>,
}

/// The reference model.
#[derive(Debug)]
pub struct Model {
    pub people: BTreeMap<Uid, Person>,
    capable: BTreeSet<AppId>,
    blocked: BTreeSet<(String, AppId)>,
    sent: Vec<(AppId, Timestamp)>,
    settings: Arc<Settings>,
}

fn day(at: Timestamp, zone: &Zone) -> i32 {
    zone.civil(at).day_number()
}

impl Model {
    /// The model of a world as it begins.
    pub fn new(config: &Config) -> Self {
        let settings = Arc::clone(&config.platform);
        let person = |config: &UserConfig| {
            let user = &config.user;
            let person = Person {
                carrier: user.operator.clone(),
                zone: user.zone.clone(),
                registered: user.registered,
                texts_on: user.texts_on,
                apps: user
                    .apps
                    .iter()
                    .map(|(app, install)| (*app, install.sms_granted))
                    .collect(),
                quiet: user.quiet_hours.or(settings.user_quiet_hours),
                daily_max: user.daily_max.or(settings.user_daily_max),
                unsolicited: Vec::new(),
                windows: BTreeMap::new(),
                asked: BTreeSet::new(),
            };
            (user.uid, person)
        };
        Self {
            people: config.users.iter().map(person).collect(),
            capable: config
                .apps
                .iter()
                .filter(|app| app.app.sms_capable)
                .map(|app| app.app.id)
                .collect(),
            blocked: config.operator_blocks.clone(),
            sent: Vec::new(),
            settings,
        }
    }

    pub fn person(&mut self, uid: Uid) -> &mut Person {
        self.people.get_mut(&uid).expect("one of the cast")
    }

    /// What `sms.send` must return: nothing for success, or the refusal with the rule that it is about.
    pub fn send(
        &self,
        now: Timestamp,
        app: AppId,
        uid: Uid,
        session: Option<u32>,
    ) -> Option<(u16, Invariant)> {
        if let Some(session) = session {
            let window = self
                .people
                .get(&uid)
                .and_then(|person| person.windows.get(&session));
            let open = window.is_some_and(|&(of, until, answers)| of == app && now < until && answers > 0);
            if !open {
                return Some((850, Invariant::Session));
            }
        }
        if let Some(code) = self.unreachable(app, uid) {
            return Some((code, Invariant::Consent));
        }
        if session.is_some() {
            return None;
        }
        self.unwanted(now, uid)
            .or_else(|| self.exhausted(now, app))
            .map(|code| (code, Invariant::Quota))
    }

    /// What `sms.canSend` must return.
    pub fn can_send(&self, now: Timestamp, app: AppId, uid: Uid) -> Option<u16> {
        self.unreachable(app, uid).or_else(|| self.unwanted(now, uid))
    }

    fn unreachable(&self, app: AppId, uid: Uid) -> Option<u16> {
        let person = self.people.get(&uid)?;
        let checks = [
            (
                person.apps.get(&app) == Some(&true) && self.capable.contains(&app),
                270,
            ),
            (person.registered, 855),
            (person.texts_on, 856),
            (!self.blocked.contains(&(person.carrier.clone(), app)), 857),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, code)| code)
    }

    fn unwanted(&self, now: Timestamp, uid: Uid) -> Option<u16> {
        let person = self.people.get(&uid)?;
        let minute = u16::try_from(person.zone.civil(now).since_midnight().as_secs() / 60).unwrap_or(0);
        let quiet = person
            .quiet
            .is_some_and(|QuietHours { from, to }| match from < to {
                true => from <= minute && minute < to,
                false => from <= minute || minute < to,
            });
        if quiet {
            return Some(853);
        }
        let today = person
            .unsolicited
            .iter()
            .filter(|at| day(**at, &person.zone) == day(now, &person.zone));
        let count = today.count();
        person
            .daily_max
            .is_some_and(|max| count >= max as usize)
            .then_some(852)
    }

    fn exhausted(&self, now: Timestamp, app: AppId) -> Option<u16> {
        let opted_in = self
            .people
            .values()
            .filter(|person| person.apps.get(&app) == Some(&true))
            .count();
        let pool = opted_in * self.settings.app_daily_pool_per_user as usize;
        let zone = &self.settings.quota_day_tz;
        let today = |at: Timestamp| day(at, zone) == day(now, zone);
        let sent = self.sent.iter().filter(|(of, at)| *of == app && today(*at));
        (sent.count() >= pool).then_some(854)
    }

    /// A send was accepted; `opened` is the session that it asked for.
    pub fn sent(&mut self, now: Timestamp, app: AppId, uid: Uid, session: Option<u32>, opened: Option<u32>) {
        let person = self.person(uid);
        match session {
            Some(session) => {
                if let Some(window) = person.windows.get_mut(&session) {
                    window.2 -= 1;
                }
            }
            None => {
                person.unsolicited.push(now);
                self.sent.push((app, now));
            }
        }
        if let Some(opened) = opened {
            self.person(uid).windows.remove(&opened);
        }
    }

    /// Whether a person's text may have reached that app.
    pub fn may_reach(&self, app: AppId, uid: Uid) -> bool {
        let granted = self
            .people
            .get(&uid)
            .is_some_and(|person| person.registered && person.apps.get(&app) == Some(&true));
        granted && self.capable.contains(&app)
    }

    /// A person's text has reached an app.
    pub fn forwarded(&mut self, at: Timestamp, app: AppId, uid: Uid, session: u32) {
        let (window, answers) = (
            self.settings.session_window,
            self.settings.answers_per_message_max,
        );
        let person = self.person(uid);
        let left = match person.windows.get(&session) {
            Some(&(of, until, answers)) if of == app && at < until => answers,
            _ => 0,
        };
        person
            .windows
            .insert(session, (app, at + window, left.saturating_add(answers)));
    }

    /// A person has stopped all texts by a text.
    pub fn stopped(&mut self, uid: Uid) {
        let person = self.person(uid);
        person.texts_on = false;
        person.asked.clear();
    }

    pub fn changed(&mut self, uid: Uid, app: impl Fn(&str) -> Option<AppId>, change: &UserChange) {
        let person = self.person(uid);
        match change {
            UserChange::Texts(on) => person.texts_on = *on,
            UserChange::Registered(yes) => person.registered = *yes,
            UserChange::Quiet(hours) => person.quiet = *hours,
            UserChange::Daily(max) => person.daily_max = *max,
            UserChange::App(name, state) => {
                let Some(app) = app(name) else { return };
                match *state {
                    "on" => drop(person.apps.insert(app, true)),
                    "installed" => drop(person.apps.insert(app, false)),
                    "absent" => drop(person.apps.remove(&app)),
                    _ => {
                        if let Some(granted) = person.apps.get_mut(&app) {
                            *granted = false;
                        }
                    }
                }
            }
        }
    }

    pub fn set_capable(&mut self, app: AppId, capable: bool) {
        if capable {
            self.capable.insert(app);
        } else {
            self.capable.remove(&app);
        }
    }

    pub fn set_blocked(&mut self, carrier: &str, app: AppId, blocked: bool) {
        let block = (carrier.to_owned(), app);
        if blocked {
            self.blocked.insert(block);
        } else {
            self.blocked.remove(&block);
        }
    }
}
