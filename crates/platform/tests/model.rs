//! Random lives beside a small reference model that knows the rules in the dumbest form: lists of instants, counted anew
//! each time.
//!
//! What it holds the platform to: every `sms.send` is accepted exactly when the model would; nobody is granted anything
//! without a question and a yes; while texts are off nothing comes but the answers to Stop, On and Help; free answers
//! never outnumber the texts that earned them.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::{
    Answer, AppId, CallId, Change, Config, FBOOK, Input, Install, Output, Platform, QuietHours, Send,
    SessionId, Settings, Uid, User,
};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config as Runs, RngSeed, TestCaseError, TestRunner};
use sms::{ShortCode, Timestamp};
use support::{CHANCE, MUTE, NEWS, QUIZ, app, s, settings, user, zone};

const APPS: [AppId; 3] = [NEWS, QUIZ, MUTE];
const USERS: [Uid; 3] = [Uid(101), Uid(102), Uid(104)];
const DAY: i64 = 86_400;
const CODE: &str = "12345";

#[derive(Clone, Debug)]
enum Step {
    /// A user's text, to 32665 or to the number of a session.
    Text(usize, u32, &'static str),
    Send {
        app: usize,
        user: usize,
        session: Option<u32>,
        wants_session: bool,
        long: bool,
    },
    /// A text to the number of the session that a callback was last about.
    Again(&'static str),
    /// The app's answer in the session that a callback was last about.
    Answer(bool),
    CanSend(usize, usize),
    Change(Change),
    Wait(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        5 => prop_oneof![Just("news scores"), Just("quiz play"), Just("QUIZ again"), Just("mute hi")],
        4 => prop_oneof![Just("Y"), Just("yes"), Just("n")],
        2 => prop_oneof![Just("Stop"), Just("off"), Just("on"), Just("ON")],
        2 => prop_oneof![Just("help"), Just("hello there"), Just(""), Just(CODE)],
    ];
    let number = prop_oneof![3 => Just(0_u32), 3 => 1_u32..4];
    let session = prop_oneof![1 => Just(None), 1 => (1_u32..4).prop_map(Some)];
    prop_oneof![
        6 => (0..3_usize, number, word).prop_map(|(user, to, word)| Step::Text(user, to, word)),
        6 => (0..3_usize, 0..3_usize, session, any::<bool>(), 0..10_u8).prop_map(
            |(app, user, session, wants_session, long)| Step::Send { app, user, session, wants_session, long: long == 0 },
        ),
        2 => prop_oneof![Just("more"), Just("Y"), Just("on")].prop_map(Step::Again),
        4 => any::<bool>().prop_map(Step::Answer),
        1 => (0..3_usize, 0..3_usize).prop_map(|(app, user)| Step::CanSend(app, user)),
        2 => change().prop_map(Step::Change),
        4 => prop_oneof![
            Just(Duration::from_micros(1)),
            Just(s(1)),
            Just(s(30)),
            Just(s(60) - Duration::from_micros(1)),
            Just(s(60)),
            Just(s(3_600)),
            Just(s(8 * 3_600)),
            Just(s(86_400)),
        ].prop_map(Step::Wait),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let uid = || (0..3_usize).prop_map(|user| USERS[user]);
    let id = || (0..3_usize).prop_map(|app| APPS[app]);
    prop_oneof![
        (uid(), any::<bool>()).prop_map(|(uid, on)| Change::Texts(uid, on)),
        (uid(), any::<bool>()).prop_map(|(uid, on)| Change::Registered(uid, on)),
        (uid(), id()).prop_map(|(uid, app)| Change::GrantSms(uid, app)),
        (uid(), id()).prop_map(|(uid, app)| Change::RevokeSms(uid, app)),
        (uid(), id()).prop_map(|(uid, app)| Change::RemoveApp(uid, app)),
        (uid(), id()).prop_map(|(uid, app)| Change::InstallWithoutSms(uid, app)),
        (uid(), id()).prop_map(|(uid, app)| Change::AcceptApp(uid, app)),
        (uid(), id(), any::<bool>()).prop_map(|(uid, app, muted)| Change::MuteApp(uid, app, muted)),
        (uid(), proptest::option::of((0..1_440_u16, 0..1_440_u16))).prop_map(|(uid, hours)| {
            Change::QuietHours(uid, hours.map(|(from, to)| QuietHours { from, to }))
        }),
        (uid(), proptest::option::of(0..3_u32)).prop_map(|(uid, max)| Change::DailyMax(uid, max)),
        (id(), any::<bool>()).prop_map(|(app, blocked)| Change::OperatorBlock {
            operator: "att".to_owned(),
            app,
            blocked
        }),
        (id(), any::<bool>()).prop_map(|(app, capable)| Change::SmsCapable(app, capable)),
    ]
}

/// What the model knows of a person.
struct Person {
    operator: &'static str,
    /// Seconds east of Greenwich; the zones of the test have no daylight saving.
    offset: i64,
    registered: bool,
    texts_on: bool,
    apps: BTreeMap<AppId, bool>,
    quiet: Option<QuietHours>,
    daily_max: Option<u32>,
    unsolicited: Vec<Timestamp>,
    /// Sessions in which an app may answer: app, end, answers left.
    windows: BTreeMap<u32, (AppId, Timestamp, u32)>,
    /// Texts since the last Stop, with their instants.
    texts: Vec<(Timestamp, &'static str)>,
    asked: BTreeSet<AppId>,
    code_at: Option<Timestamp>,
    earned: u32,
    free: u32,
}

struct Model {
    people: BTreeMap<Uid, Person>,
    capable: BTreeSet<AppId>,
    blocked: BTreeSet<(String, AppId)>,
    sent: Vec<(AppId, Timestamp)>,
}

fn day(at: Timestamp, offset: i64) -> i64 {
    (at.as_secs() + offset).div_euclid(DAY)
}

const PHOENIX: i64 = -7 * 3_600;
const TOKYO: i64 = 9 * 3_600;

impl Model {
    fn new(users: &[User]) -> Self {
        let person = |user: &User| Person {
            operator: if user.operator == "att" { "att" } else { "sprint" },
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

    fn person(&mut self, uid: Uid) -> &mut Person {
        self.people.get_mut(&uid).expect("one of three")
    }

    fn reachable(&self, app: AppId, uid: Uid) -> bool {
        let person = &self.people[&uid];
        self.capable.contains(&app)
            && person.apps.get(&app) == Some(&true)
            && person.registered
            && person.texts_on
            && !self.blocked.contains(&(person.operator.to_owned(), app))
    }

    fn wanted(&self, now: Timestamp, uid: Uid) -> bool {
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

    fn may_send(&self, now: Timestamp, send: &Send) -> bool {
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

    fn sent(&mut self, now: Timestamp, send: &Send, opened: Option<SessionId>) {
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
    fn said(&mut self, now: Timestamp, texter: Option<Uid>, uid: Uid, words: &str) {
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

    fn forwarded(&mut self, now: Timestamp, yes: bool, notification: &platform::Notification) {
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

    fn changed(&mut self, change: &Change) {
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
            Change::Pool(..) => unreachable!("not among the steps"),
        }
    }

    /// The platform's view of everybody is the model's: nothing was granted or turned on in passing.
    fn agrees(&self, platform: &Platform) {
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

struct Run {
    platform: Platform,
    model: Model,
    now: Timestamp,
    /// User, app and session of the last callback.
    last: Option<(Uid, AppId, SessionId)>,
}

impl Run {
    fn new() -> Self {
        let mut users = vec![
            user(USERS[0], "alice", "att", &[NEWS, QUIZ]),
            user(USERS[1], "bob", "sprint", &[NEWS]),
            user(USERS[2], "dave", "att", &[]),
        ];
        for (user, name) in users
            .iter_mut()
            .zip(["America/Phoenix", "Asia/Tokyo", "America/Phoenix"])
        {
            user.zone = zone(name);
        }
        let model = Model::new(&users);
        let apps = vec![
            app(NEWS, "news", "Daily News"),
            app(QUIZ, "quiz", "Movie Quiz"),
            app(MUTE, "mute", "Mute App"),
        ];
        let settings = Settings {
            quota_day_tz: zone("America/Phoenix"),
            ..settings()
        };
        let platform = Platform::new(Config {
            settings,
            apps,
            users,
            operator_blocks: BTreeSet::new(),
        });
        Self {
            platform,
            model,
            now: Timestamp::from_secs(1_236_031_200),
            last: None,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Text(user, session, text) => self.text(USERS[*user], *session, text),
            Step::Send {
                app,
                user,
                session,
                wants_session,
                long,
            } => self.send(&Send {
                call: CallId(1),
                app: APPS[*app],
                to: USERS[*user],
                message: if *long { "x".repeat(161) } else { "Hi".to_owned() },
                session: session.map(SessionId),
                wants_session: *wants_session,
            }),
            Step::Again(text) => {
                if let Some((uid, _, SessionId(session))) = self.last {
                    self.text(uid, session, text);
                }
            }
            Step::Answer(wants_session) => {
                if let Some((to, app, session)) = self.last {
                    let (message, session) = ("Hi".to_owned(), Some(session));
                    let wants_session = *wants_session;
                    self.send(&Send {
                        call: CallId(1),
                        app,
                        to,
                        message,
                        session,
                        wants_session,
                    });
                }
            }
            Step::CanSend(app, user) => {
                let (app, user) = (APPS[*app], USERS[*user]);
                let outputs = self.platform.handle(
                    self.now,
                    Input::CanSend {
                        call: CallId(1),
                        app,
                        user,
                    },
                );
                let may = self.model.reachable(app, user) && self.model.wanted(self.now, user);
                let yes = outputs.iter().any(|o| {
                    matches!(
                        o,
                        Output::Reply {
                            answer: Ok(Answer::CanSend),
                            ..
                        }
                    )
                });
                assert_eq!(yes, may, "{outputs:?}");
            }
            Step::Change(change) => {
                let outputs = self.platform.handle(self.now, Input::Change(change.clone()));
                self.model.changed(change);
                self.hear(None, "", &outputs);
            }
            Step::Wait(time) => {
                let end = self.now + *time;
                while let Some(at) = self.platform.next_wakeup().filter(|&at| at <= end) {
                    let outputs = self.platform.handle(at, Input::Tick);
                    assert!(
                        outputs.iter().all(|o| matches!(o, Output::Decided(_))),
                        "time alone sends nothing"
                    );
                    assert!(!outputs.is_empty(), "a wakeup has its decision");
                }
                self.now = end;
            }
        }
        self.model.agrees(&self.platform);
    }

    fn text(&mut self, uid: Uid, session: u32, text: &'static str) {
        let from = self.platform.user(uid).expect("one of three").phone;
        let number = if session == 0 {
            FBOOK.number()
        } else {
            FBOOK.number() * 100 + session
        };
        let to = ShortCode::new(number).expect("a short code");
        let outputs = self.platform.handle(
            self.now,
            Input::Mo {
                from,
                to,
                text: text.to_owned(),
                chance: CHANCE,
            },
        );
        let folded = text.to_lowercase();
        let was_on = self.model.people[&uid].texts_on;
        let person = self.model.person(uid);
        person.texts.push((self.now, text));
        if folded == "stop" || folded == "off" {
            let texts = outputs
                .iter()
                .filter(|o| matches!(o, Output::Submit { .. }))
                .count();
            assert_eq!(
                texts,
                usize::from(was_on),
                "one confirmation, and none for a second stop"
            );
            person.texts_on = false;
            person.texts.clear();
            person.asked.clear();
            person.code_at = None;
        }
        let user = self.platform.user(uid).expect("one of three");
        if folded == "on" && user.texts_on {
            person.texts_on = true;
        }
        if user.registered && !person.registered {
            let good = person.code_at.is_some_and(|at| self.now.since(at) < s(86_400));
            assert!(text == CODE && good, "registered by {text:?}");
            person.registered = true;
        }
        self.hear(Some(uid), text, &outputs);
    }

    fn hear(&mut self, texter: Option<Uid>, text: &str, outputs: &[Output]) {
        let yes = ["Y", "yes"].contains(&text);
        for output in outputs {
            match output {
                Output::Submit { to, text, .. } => {
                    let uid = self.platform.user_by_phone(*to).expect("one of three").uid;
                    self.model.said(self.now, texter, uid, text);
                }
                Output::Notify(notification) => {
                    self.last = Some((notification.user, notification.app, notification.session));
                    self.model.forwarded(self.now, yes, notification);
                }
                Output::Authorized { .. }
                | Output::Removed { .. }
                | Output::Unauthorized { .. }
                | Output::Decided(_) => {}
                Output::LiveMessage(_) => panic!("nobody has sent one"),
                Output::Reply { .. } => panic!("nobody has asked"),
            }
        }
        assert!(
            outputs.iter().any(|output| matches!(output, Output::Decided(_))),
            "{text:?} left no decision"
        );
    }

    fn send(&mut self, send: &Send) {
        let may = self.model.may_send(self.now, send);
        let outputs = self.platform.handle(self.now, Input::Send(send.clone()));
        let answer = outputs.iter().find_map(|output| match output {
            Output::Reply { answer, .. } => Some(answer),
            Output::Submit { .. }
            | Output::Notify(_)
            | Output::Authorized { .. }
            | Output::Removed { .. }
            | Output::Unauthorized { .. }
            | Output::LiveMessage(_)
            | Output::Decided(_) => None,
        });
        match answer.expect("a call is answered") {
            Ok(Answer::Sent { session, .. }) => {
                assert!(may, "sent against the rules: {send:?}");
                self.model.sent(self.now, send, *session);
            }
            Ok(
                Answer::CanSend
                | Answer::Bool(_)
                | Answer::Number(_)
                | Answer::Uids(_)
                | Answer::Users(_)
                | Answer::App(_),
            ) => panic!("that was not asked"),
            Err(refusal) => assert!(!may, "refused against the rules: {send:?}: {refusal}"),
        }
    }
}

#[test]
fn random_lives_keep_to_the_rules() {
    let seed = std::env::var("PLATFORM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_090_302);
    let runs = Runs {
        cases: 3_000,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Runs::default()
    };
    let outcome = TestRunner::new(runs).run(&vec(step(), 1..60), |steps| {
        let mut run = Run::new();
        steps.iter().for_each(|step| run.step(step));
        Ok::<(), TestCaseError>(())
    });
    if let Err(failure) = outcome {
        panic!("PLATFORM_SEED={seed}: {failure}");
    }
}
