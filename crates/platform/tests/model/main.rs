//! Random lives beside a small reference model that knows the rules in the dumbest form: lists of instants, counted anew
//! each time.
//!
//! What it holds the platform to: every `sms.send` is accepted exactly when the model would; nobody is granted anything
//! without a question and a yes; while texts are off nothing comes but the answers to Stop, On and Help; free answers
//! never outnumber the texts that earned them.

mod reference;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use platform::{
    Answer, AppId, CallId, Change, Config, FBOOK, Input, Output, Platform, QuietHours, Send, SessionId,
    Settings, Uid,
};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config as Runs, RngSeed, TestCaseError, TestRunner};
use reference::Model;
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
        (uid(), any::<bool>())
            .prop_map(|(uid, att)| { Change::Operator(uid, if att { "att" } else { "sprint" }.to_owned()) }),
        (uid(), proptest::option::of(0..3_u32)).prop_map(|(uid, max)| Change::DailyMax(uid, max)),
        (id(), any::<bool>()).prop_map(|(app, blocked)| Change::OperatorBlock {
            operator: "att".to_owned(),
            app,
            blocked
        }),
        (id(), any::<bool>()).prop_map(|(app, capable)| Change::SmsCapable(app, capable)),
    ]
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
            settings: settings.into(),
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
