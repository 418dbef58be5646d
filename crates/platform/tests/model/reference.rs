//! The reference model: the rules in their dumbest form, lists of instants that are counted anew each time.

use std::collections::{BTreeMap, BTreeSet};

use platform::{AppId, Change, Install, Platform, QuietHours, Send, SessionId, Uid, User};
use sms::Timestamp;

use crate::support::{MUTE, NEWS, QUIZ, s};
use crate::{APPS, DAY};

/// What the model knows of a person.
pub(super) struct Person {
    pub(super) operator: &'static str,
    /// Seconds east of Greenwich; the zones of the test have no daylight saving.
    pub(super) offset: i64,
    pub(super) registered: bool,
    pub(super) texts_on: bool,
    pub(super) apps: BTreeMap<AppId, bool>,
    pub(super) quiet: Option<QuietHours>,
    pub(super) daily_max: Option<u32>,
    pub(super) unsolicited: Vec<Timestamp>,
    /// Sessions in which an app may answer: app, end, answers left.
    pub(super) windows: BTreeMap<u32, (AppId, Timestamp, u32)>,
    /// Texts since the last Stop, with their instants.
    pub(super) texts: Vec<(Timestamp, &'static str)>,
    pub(super) asked: BTreeSet<AppId>,
    pub(super) code_at: Option<Timestamp>,
    pub(super) earned: u32,
    pub(super) free: u32,
}

/// The reference model.
pub(super) struct Model {
    pub(super) people: BTreeMap<Uid, Person>,
    pub(super) capable: BTreeSet<AppId>,
    pub(super) blocked: BTreeSet<(String, AppId)>,
    pub(super) sent: Vec<(AppId, Timestamp)>,
}

fn day(at: Timestamp, offset: i64) -> i64 {
    (at.as_secs() + offset).div_euclid(DAY)
}

const PHOENIX: i64 = -7 * 3_600;
const TOKYO: i64 = 9 * 3_600;

impl Model {
    pub(super) fn new(users: &[User]) -> Self {
        let person = |user: &User| Person {
            operator: operator(&user.operator),
            offset: if user.zone.name() == "Asia/Tokyo" {
                TOKYO
            } else {
                PHOENIX
            },
            registered: user.registered,
            texts_on: true,
            apps: user
                .apps
                .iter()
                .map(|(&app, install)| (app, install.sms_granted))
                .collect(),
            quiet: None,
            daily_max: None,
            unsolicited: Vec::new(),
            windows: BTreeMap::new(),
            texts: Vec::new(),
            asked: BTreeSet::new(),
            code_at: None,
            earned: 0,
            free: 0,
        };
        Self {
            people: users.iter().map(|user| (user.uid, person(user))).collect(),
            capable: [NEWS, QUIZ].into(),
            blocked: BTreeSet::new(),
            sent: Vec::new(),
        }
    }

    pub(super) fn person(&mut self, uid: Uid) -> &mut Person {
        self.people.get_mut(&uid).expect("one of three")
    }

    pub(super) fn reachable(&self, app: AppId, uid: Uid) -> bool {
        let person = &self.people[&uid];
        self.capable.contains(&app)
            && person.apps.get(&app) == Some(&true)
            && person.registered
            && person.texts_on
            && !self.blocked.contains(&(person.operator.to_owned(), app))
    }

    pub(super) fn wanted(&self, now: Timestamp, uid: Uid) -> bool {
        let person = &self.people[&uid];
        let minute = u16::try_from((now.as_secs() + person.offset).rem_euclid(DAY) / 60).expect("below 1440");
        let quiet = person.quiet.is_some_and(|QuietHours { from, to }| {
            if from < to {
                from <= minute && minute < to
            } else {
                from <= minute || minute < to
            }
        });
        let today = person
            .unsolicited
            .iter()
            .filter(|&&at| day(at, person.offset) == day(now, person.offset));
        !quiet && person.daily_max.is_none_or(|max| today.count() < max as usize)
    }

    pub(super) fn may_send(&self, now: Timestamp, send: &Send) -> bool {
        let fits = (1..=160).contains(&send.message.len());
        if !fits || !self.reachable(send.app, send.to) {
            return false;
        }
        match send.session {
            Some(SessionId(session)) => {
                let window = self.people[&send.to].windows.get(&session);
                window.is_some_and(|&(app, until, answers)| app == send.app && now < until && answers > 0)
            }
            None => {
                let opted_in = self
                    .people
                    .values()
                    .filter(|person| person.apps.get(&send.app) == Some(&true));
                let today = |at| day(at, PHOENIX) == day(now, PHOENIX);
                let sent = self
                    .sent
                    .iter()
                    .filter(|&&(app, at)| app == send.app && today(at));
                self.wanted(now, send.to) && sent.count() < opted_in.count()
            }
        }
    }

    pub(super) fn sent(&mut self, now: Timestamp, send: &Send, opened: Option<SessionId>) {
        let person = self.person(send.to);
        match send.session {
            Some(SessionId(session)) => {
                person.windows.get_mut(&session).expect("it may be answered").2 -= 1;
                person.free += 1;
                assert!(person.free <= person.earned, "more free answers than texts");
            }
            None => {
                person.unsolicited.push(now);
                self.sent.push((send.app, now));
            }
        }
        assert_eq!(opened.is_some(), send.wants_session);
        if let Some(SessionId(session)) = opened {
            self.person(send.to).windows.remove(&session);
        }
    }

    /// A text (or a change) made the platform say this.
    pub(super) fn said(&mut self, now: Timestamp, texter: Option<Uid>, uid: Uid, words: &str) {
        assert!(
            texter.is_none_or(|texter| texter == uid),
            "a text is answered to its sender"
        );
        let person = self.person(uid);
        let always = ["[stop]", "[on]", "[help]"].contains(&words);
        assert!(person.texts_on || always, "{words} while texts are off");
        for (app, question) in [
            (NEWS, "[ask Daily News]"),
            (QUIZ, "[ask Movie Quiz]"),
            (MUTE, "[ask Mute App]"),
        ] {
            if words == question {
                assert!(person.registered, "asked before the phone is confirmed");
                person.asked.insert(app);
            }
        }
        if words == "[code 12345]" {
            assert!(!person.registered);
            person.code_at = Some(now);
        }
    }

    pub(super) fn forwarded(&mut self, now: Timestamp, yes: bool, notification: &platform::Notification) {
        let platform::Notification {
            app,
            user,
            session,
            message,
            new_user,
            ..
        } = notification;
        assert!(
            self.capable.contains(app),
            "an app that is not registered for SMS got a text"
        );
        let person = self.person(*user);
        assert!(person.registered, "an unconfirmed phone reached an app");
        if *new_user {
            let recent = |at: Timestamp| now.since(at) < s(86_400);
            let texted = person
                .texts
                .iter()
                .any(|(at, text)| recent(*at) && text.ends_with(message.as_str()));
            assert!(
                texted,
                "{message:?} was never texted, or is too old, or was before a stop"
            );
            if yes {
                assert!(person.asked.remove(app), "a yes without a question");
                person.apps.insert(*app, true);
            }
        }
        assert_eq!(
            person.apps.get(app),
            Some(&true),
            "a text reached an app that has no grant"
        );
        let left = match person.windows.get(&session.0) {
            Some(&(of, until, answers)) if of == *app && now < until => answers,
            Some(_) | None => 0,
        };
        person.windows.insert(session.0, (*app, now + s(60), left + 1));
        person.earned += 1;
    }

    pub(super) fn changed(&mut self, change: &Change) {
        match change {
            Change::Texts(uid, on) => self.person(*uid).texts_on = *on,
            Change::Registered(uid, on) => self.person(*uid).registered = *on,
            Change::GrantSms(uid, app) => drop(self.person(*uid).apps.insert(*app, true)),
            Change::AcceptApp(uid, app) => {
                self.person(*uid).apps.entry(*app).or_insert(false);
            }
            Change::Friends(..) | Change::MuteApp(..) | Change::LiveMessages(_) => {}
            Change::InstallWithoutSms(uid, app) => drop(self.person(*uid).apps.insert(*app, false)),
            Change::RevokeSms(uid, app) => {
                if let Some(granted) = self.person(*uid).apps.get_mut(app) {
                    *granted = false;
                }
            }
            Change::RemoveApp(uid, app) => drop(self.person(*uid).apps.remove(app)),
            Change::QuietHours(uid, hours) => self.person(*uid).quiet = *hours,
            Change::Operator(uid, name) => self.person(*uid).operator = operator(name),
            Change::DailyMax(uid, max) => self.person(*uid).daily_max = *max,
            Change::OperatorBlock {
                operator,
                app,
                blocked,
            } => {
                let block = (operator.clone(), *app);
                if *blocked {
                    self.blocked.insert(block)
                } else {
                    self.blocked.remove(&block)
                };
            }
            Change::SmsCapable(app, capable) => {
                if *capable {
                    self.capable.insert(*app)
                } else {
                    self.capable.remove(app)
                };
            }
            Change::Pool(..) | Change::Join(_) => unreachable!("not among the steps"),
        }
    }

    /// The platform's view of everybody is the model's: nothing was granted or turned on in passing.
    pub(super) fn agrees(&self, platform: &Platform) {
        for (&uid, person) in &self.people {
            let user = platform.user(uid).expect("one of three");
            let apps = user
                .apps
                .iter()
                .map(|(&app, &Install { sms_granted })| (app, sms_granted))
                .collect();
            assert_eq!(
                (user.registered, user.texts_on),
                (person.registered, person.texts_on),
                "{}",
                user.name
            );
            assert_eq!(person.apps, apps, "{}", user.name);
        }
        for app in APPS {
            let opted_in = self
                .people
                .values()
                .filter(|person| person.apps.get(&app) == Some(&true))
                .count();
            assert_eq!(platform.opted_in(app), Some(opted_in as u64));
        }
    }
}

/// One of the two operators of the test.
fn operator(name: &str) -> &'static str {
    if name == "att" { "att" } else { "sprint" }
}
