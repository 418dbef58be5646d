//! A platform at a desk: three people, three apps, and outputs as short lines.
//!
//! `alice < 3266501 "..."` is a text to Alice, `quiz < alice "play" in 1 new` a callback, `quiz + alice` the post-authorize
//! ping, `quiz - alice` the post-remove ping, `ok`, `session 2` and `refused: ...` are answers to a call.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::{
    Answer, App, AppId, CallId, Change, Config, Decision, DecisionCode, FBOOK, Input, Install, Notification,
    NotificationId, NotifyOutcome, Output, Platform, Refusal, Send, SessionId, Settings, Uid, User,
};
use sms::{Civil, Msisdn, ShortCode, Timestamp, Zone};

pub const NEWS: AppId = AppId(1);
pub const QUIZ: AppId = AppId(2);
/// Not registered for SMS.
pub const MUTE: AppId = AppId(3);

pub const ALICE: Uid = Uid(101);
pub const BOB: Uid = Uid(102);
pub const CAROL: Uid = Uid(103);
/// Has no confirmed phone.
pub const DAVE: Uid = Uid(104);

/// The code that every registration gets: 10000 + 2345.
pub const CHANCE: u64 = 2_345;

pub struct Desk {
    pub platform: Platform,
    pub now: Timestamp,
    /// Decisions since the last call of [`Desk::codes`].
    pub decisions: Vec<Decision>,
    /// The last callback.
    pub notification: Option<Notification>,
    names: BTreeMap<u64, String>,
}

pub fn zone(name: &str) -> Zone {
    Zone::named(name).expect("in the database")
}

pub fn at(zone: &Zone, day: i8, hour: i8, minute: i8) -> Timestamp {
    zone.instant(Civil::new(2009, 3, day, hour, minute, 0).expect("a date"))
}

pub fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The rules with texts that are easy to tell apart.
pub fn settings() -> Settings {
    let text = str::to_owned;
    Settings {
        text_confirmation: text("[ask {app}]"),
        text_registration: text("[code {code}]"),
        text_registered: text("[registered]"),
        text_unknown_phone: text("[unknown phone]"),
        text_declined: text("[declined {app}]"),
        text_stop: text("[stop]"),
        text_on: text("[on]"),
        text_help: text("[help]"),
        text_unknown_app: text("[unknown app {canvas}]"),
        text_unknown_command: text("[unknown command]"),
        text_nothing_pending: text("[nothing pending]"),
        text_app_did_not_answer: text("[{app} did not answer]"),
        // Most tests never answer a callback.
        callbacks_in_flight_max: 1_000,
        ..Settings::default()
    }
}

pub fn app(id: AppId, name: &str, title: &str) -> App {
    let sms_capable = id != MUTE;
    App {
        id,
        name: name.to_owned(),
        title: title.to_owned(),
        canvas: name.to_owned(),
        sms_capable,
    }
}

pub fn user(uid: Uid, name: &str, operator: &str, apps: &[AppId]) -> User {
    User {
        uid,
        name: name.to_owned(),
        phone: Msisdn::new(14_155_550_000 + uid.0).expect("eleven digits"),
        operator: operator.to_owned(),
        registered: uid != DAVE,
        texts_on: true,
        zone: zone("America/Los_Angeles"),
        quiet_hours: None,
        daily_max: None,
        apps: apps
            .iter()
            .map(|&app| (app, Install { sms_granted: true }))
            .collect(),
        friends: BTreeSet::new(),
    }
}

pub fn config(settings: Settings) -> Config {
    Config {
        settings: settings.into(),
        apps: vec![
            app(NEWS, "news", "Daily News"),
            app(QUIZ, "quiz", "Movie Quiz"),
            app(MUTE, "mute", "Mute App"),
        ],
        users: vec![
            user(ALICE, "alice", "att", &[NEWS, QUIZ]),
            user(BOB, "bob", "sprint", &[NEWS]),
            user(CAROL, "carol", "sprint", &[]),
            user(DAVE, "dave", "att", &[]),
        ],
        operator_blocks: BTreeSet::new(),
    }
}

impl Desk {
    /// At 14:00 of 2 March 2009 in California.
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: Settings) -> Self {
        Self::of(config(settings))
    }

    pub fn of(config: Config) -> Self {
        let names = config
            .users
            .iter()
            .map(|user| (user.phone.number(), user.name.clone()))
            .chain(config.users.iter().map(|user| (user.uid.0, user.name.clone())))
            .collect();
        Self {
            platform: Platform::new(config),
            now: at(&zone("America/Los_Angeles"), 2, 14, 0),
            decisions: Vec::new(),
            notification: None,
            names,
        }
    }

    pub fn give(&mut self, input: Input) -> Vec<String> {
        let outputs = self.platform.handle(self.now, input);
        self.lines(outputs)
    }

    /// Lets time pass; everything due on the way happens at its own time.
    pub fn wait(&mut self, time: Duration) -> Vec<String> {
        let end = self.now + time;
        let mut lines = Vec::new();
        while let Some(at) = self.platform.next_wakeup().filter(|&at| at <= end) {
            assert!(at >= self.now, "a wakeup lies in the past");
            self.now = at;
            lines.extend(self.give(Input::Tick));
        }
        self.now = end;
        lines
    }

    pub fn text(&mut self, name: &str, text: &str) -> Vec<String> {
        self.text_number(name, FBOOK.number(), text)
    }

    /// A reply to the number of a session.
    pub fn reply(&mut self, name: &str, session: u32, text: &str) -> Vec<String> {
        self.text_number(name, FBOOK.number() * 100 + session, text)
    }

    pub fn text_number(&mut self, name: &str, to: u32, text: &str) -> Vec<String> {
        let from = self.platform.user_by_name(name).expect("declared").phone;
        let to = ShortCode::new(to).expect("a short code");
        self.give(Input::Mo {
            from,
            to,
            text: text.to_owned(),
            chance: CHANCE,
        })
    }

    pub fn send(&mut self, app: AppId, to: Uid, message: &str) -> Vec<String> {
        self.call(app, to, message, None, false)
    }

    pub fn ask(&mut self, app: AppId, to: Uid, message: &str) -> Vec<String> {
        self.call(app, to, message, None, true)
    }

    pub fn answer(&mut self, app: AppId, to: Uid, session: u32, message: &str) -> Vec<String> {
        self.call(app, to, message, Some(session), false)
    }

    pub fn call(
        &mut self,
        app: AppId,
        to: Uid,
        message: &str,
        session: Option<u32>,
        wants_session: bool,
    ) -> Vec<String> {
        let message = message.to_owned();
        let session = session.map(SessionId);
        self.give(Input::Send(Send {
            call: CallId(1),
            app,
            to,
            message,
            session,
            wants_session,
        }))
    }

    /// Sends, and gives the refusal if it is refused.
    pub fn refusal(&mut self, send: Send) -> Option<Refusal> {
        let outputs = self.platform.handle(self.now, Input::Send(send));
        let sent = outputs
            .iter()
            .any(|output| matches!(output, Output::Submit { .. }));
        let answer = reply(outputs);
        assert_eq!(
            sent,
            answer.is_ok(),
            "a text goes out exactly when the call succeeds"
        );
        answer.err()
    }

    pub fn can_send(&mut self, app: AppId, user: Uid) -> Option<Refusal> {
        reply(self.platform.handle(
            self.now,
            Input::CanSend {
                call: CallId(1),
                app,
                user,
            },
        ))
        .err()
    }

    pub fn change(&mut self, change: Change) -> Vec<String> {
        self.give(Input::Change(change))
    }

    pub fn notified(&mut self, id: u64, outcome: NotifyOutcome) -> Vec<String> {
        self.give(Input::Notified {
            notification: NotificationId(id),
            outcome,
        })
    }

    /// The codes of the decisions since the last call.
    pub fn codes(&mut self) -> Vec<DecisionCode> {
        self.decisions.drain(..).map(|decision| decision.code).collect()
    }

    /// The text of the last decision with that code.
    pub fn why(&self, code: DecisionCode) -> &str {
        self.decisions
            .iter()
            .rev()
            .find(|decision| decision.code == code)
            .map_or("", |decision| decision.text())
    }

    fn lines(&mut self, outputs: Vec<Output>) -> Vec<String> {
        let app = |platform: &Platform, app| platform.app(app).expect("declared").name.clone();
        let mut lines = Vec::new();
        for output in outputs {
            match output {
                Output::Submit { from, to, text, .. } => {
                    let name = self.names.get(&to.number()).map_or("nobody", String::as_str);
                    lines.push(format!("{name} < {from} {text:?}"));
                }
                Output::Notify(notification) => {
                    let name = app(&self.platform, notification.app);
                    let user = &self.names[&notification.user.0];
                    let new = if notification.new_user { " new" } else { "" };
                    let (message, session) = (&notification.message, notification.session);
                    lines.push(format!("{name} < {user} {message:?} in {session}{new}"));
                    self.notification = Some(notification);
                }
                Output::Authorized { app: id, user, .. } => {
                    lines.push(format!("{} + {}", app(&self.platform, id), self.names[&user.0]));
                }
                Output::Removed { app: id, user, .. } => {
                    lines.push(format!("{} - {}", app(&self.platform, id), self.names[&user.0]));
                }
                Output::Reply { answer, .. } => lines.push(match answer {
                    Ok(Answer::Sent {
                        session: Some(session),
                        ..
                    }) => format!("session {session}"),
                    Ok(Answer::Sent { session: None, .. } | Answer::CanSend) => "ok".to_owned(),
                    Ok(Answer::Bool(answer)) => answer.to_string(),
                    Ok(Answer::Number(answer)) => answer.to_string(),
                    Ok(Answer::Uids(users)) => {
                        let names: Vec<_> = users.iter().map(|uid| self.names[&uid.0].as_str()).collect();
                        format!("to {}", names.join(","))
                    }
                    Ok(answer @ (Answer::Users(_) | Answer::App(_))) => format!("{answer:?}"),
                    Err(refusal) => format!("refused: {refusal}"),
                }),
                Output::Unauthorized { .. } => {}
                Output::LiveMessage(live) => {
                    let (from, to) = (&self.names[&live.from.0], &self.names[&live.to.0]);
                    lines.push(format!("{from} > {to} {} {}", live.event_name, live.message));
                }
                Output::Decided(decision) => self.decisions.push(decision),
            }
        }
        lines
    }
}

fn reply(outputs: Vec<Output>) -> Result<Answer, Refusal> {
    let mut replies = outputs.into_iter().filter_map(|output| match output {
        Output::Reply { answer, .. } => Some(answer),
        Output::Submit { .. }
        | Output::Notify(_)
        | Output::Authorized { .. }
        | Output::Removed { .. }
        | Output::Unauthorized { .. }
        | Output::LiveMessage(_)
        | Output::Decided(_) => None,
    });
    let reply = replies.next().expect("every call is answered");
    assert!(replies.next().is_none(), "every call is answered once");
    reply
}
