//! Apps at a world: calls that go through several parts, callbacks with their limits, and what records must not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::{App, AppId, CallId, Install, NotifyOutcome, Settings, Uid, User};
use rest::{CallbackRequest, Credentials, Response, Secret, Value, client};
use sms::{Msisdn, Timestamp, Zone};
use smsc::Carrier;
use world::io::CallbackId;
use world::record::ANSWER_OCTETS_MAX;
use world::{AppConfig, Change, Config, Event, Input, Output, Purpose, UserConfig, World};

const QUIZ: AppId = AppId(2);
const ALICE: Uid = Uid(101);
const BOB: Uid = Uid(102);

fn credentials() -> Credentials {
    Credentials {
        app: QUIZ,
        name: "quiz".to_owned(),
        api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
        secret: Secret::new("secret123").expect("a secret"),
        callback_url: Some("http://quiz.invalid/".to_owned()),
        authorize_url: Some("http://quiz.invalid/added".to_owned()),
        uninstall_url: Some("http://quiz.invalid/removed".to_owned()),
        ip_list: Vec::new(),
    }
}

fn phone(uid: Uid) -> Msisdn {
    Msisdn::new(14_155_550_000 + uid.0).expect("eleven digits")
}

fn user(uid: Uid, name: &str, apps: &[AppId]) -> UserConfig {
    let granted = Install { sms_granted: true };
    UserConfig {
        user: User {
            uid,
            name: name.to_owned(),
            phone: phone(uid),
            operator: "att".to_owned(),
            registered: true,
            texts_on: true,
            zone: Zone::utc(),
            quiet_hours: None,
            daily_max: None,
            apps: apps.iter().map(|&app| (app, granted)).collect::<BTreeMap<_, _>>(),
            friends: BTreeSet::new(),
        },
        session_keys: Vec::new(),
        inbox_max: None,
        place: None,
    }
}

/// A world with one app, Alice who uses it, and Bob who does not.
struct Desk {
    world: World,
    calls: u64,
    callbacks: Vec<(CallbackId, Purpose, CallbackRequest)>,
    replies: BTreeMap<u64, Response>,
    others: Vec<Output>,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        let app = App {
            id: QUIZ,
            name: "quiz".to_owned(),
            title: "Movie Quiz".to_owned(),
            canvas: "quiz".to_owned(),
            sms_capable: true,
        };
        let config = Config {
            seed: 7,
            start: Timestamp::from_secs(1_236_031_200),
            platform: settings.into(),
            carriers: vec![Carrier::new("att")],
            apps: vec![AppConfig {
                app,
                credentials: credentials(),
            }],
            users: vec![user(ALICE, "alice", &[QUIZ]), user(BOB, "bob", &[])],
            ..Config::default()
        };
        let mut desk = Self {
            world: World::new(config).expect("a good configuration"),
            calls: 0,
            callbacks: Vec::new(),
            replies: BTreeMap::new(),
            others: Vec::new(),
        };
        desk.wait(1);
        desk
    }

    fn give(&mut self, input: Input) {
        self.world.handle(self.world.now(), input);
        self.hear();
    }

    fn wait(&mut self, seconds: u64) {
        let now = self.world.now() + Duration::from_secs(seconds);
        self.world.handle(now, Input::Tick);
        self.hear();
    }

    fn hear(&mut self) {
        while let Some(output) = self.world.poll_output() {
            match output {
                Output::Callback {
                    callback,
                    purpose,
                    request,
                    ..
                } => self.callbacks.push((callback, purpose, *request)),
                Output::ApiReply { call, response, .. } => drop(self.replies.insert(call.0, *response)),
                other => self.others.push(other),
            }
        }
    }

    fn call(&mut self, method: &str, params: &[(&str, &str)]) -> Response {
        let mut given = vec![("format", "json")];
        given.extend(params);
        self.calls += 1;
        self.give(Input::Api {
            call: CallId(self.calls),
            request: client::request(&credentials(), method, &given),
        });
        self.replies
            .remove(&self.calls)
            .expect("a call is answered at once")
    }

    fn text(&mut self, who: Uid, text: &str) {
        self.give(Input::Compose {
            handset: phone(who),
            to: platform::FBOOK.address(),
            text: text.to_owned(),
        });
        self.wait(1);
    }

    fn session(&mut self, user: Uid) -> String {
        self.give(Input::LogIn {
            app: QUIZ,
            user,
            token: None,
        });
        let Some(Output::LoggedIn {
            token: Some(token), ..
        }) = self.others.pop()
        else {
            panic!("a login brings a token")
        };
        let body = self.call("auth.getSession", &[("auth_token", &token)]).body;
        let Ok(Value::Fields(fields)) = client::parse(&body) else {
            panic!("{body}")
        };
        match fields.into_iter().next() {
            Some((_, Value::Text(key))) => key,
            other => panic!("{other:?} is no key"),
        }
    }

    fn records(&self) -> String {
        let record = |record| serde_json::to_string(&record).expect("records serialize");
        let records: Vec<_> = self.world.records_since(0).map(record).collect();
        records.join("\n")
    }
}

fn field<'a>(request: &'a CallbackRequest, name: &str) -> Option<&'a str> {
    let (_, value) = request.fields.iter().find(|(known, _)| known == name)?;
    Some(value)
}

#[test]
fn a_login_accepts_the_app_and_its_token_brings_a_session_once() {
    let mut desk = Desk::new(Settings::default());
    let key = desk.session(BOB);
    assert!(desk.world.platform().is_installed(BOB, QUIZ));
    let (_, purpose, request) = desk.callbacks.pop().expect("the post-authorize ping");
    assert_eq!(purpose, Purpose::Authorize);
    assert_eq!(field(&request, "fb_sig_ext_perms"), None, "sms is not granted");
    assert_eq!(field(&request, "fb_sig_locale"), Some("en_US"));
    assert_eq!(
        desk.call("users.getLoggedInUser", &[("session_key", &key)]).body,
        "102"
    );
    assert_eq!(desk.call("users.isAppUser", &[("session_key", &key)]).body, "1");
    desk.give(Input::LogIn {
        app: QUIZ,
        user: BOB,
        token: Some("no such token".to_owned()),
    });
    assert!(matches!(
        desk.others.pop(),
        Some(Output::LoggedIn { token: None, .. })
    ));
}

#[test]
fn calls_that_come_together_are_decided_before_anything_that_they_bring_forth() {
    let mut desk = Desk::new(Settings::default());
    let first = desk.world.next_record();
    let calls = ["101", "102", "101"].map(|uid| {
        desk.calls += 1;
        Input::Api {
            call: CallId(desk.calls),
            request: client::request(&credentials(), "sms.send", &[("uid", uid), ("message", "Ready?")]),
        }
    });
    desk.world.decide_first(desk.world.now(), calls);
    desk.hear();
    let codes: Vec<_> = desk.replies.values().map(|reply| reply.error_code).collect();
    assert_eq!(codes, [None, Some(270), Some(854)], "the pool holds one text");
    let is_pdu = |record: &world::Record| matches!(record.event, Event::Pdu { .. });
    assert!(!desk.world.records_since(first).any(|record| is_pdu(&record)));
    desk.give(Input::Tick);
    assert!(
        desk.world.records_since(first).any(|record| is_pdu(&record)),
        "and then it is sent"
    );
    desk.wait(60);
    let alice = desk.world.handset(phone(ALICE)).expect("a phone");
    assert_eq!(alice.inbox().received(), 1);
}

#[test]
fn an_app_that_removes_itself_loses_its_sessions_at_once_and_is_pinged() {
    let mut desk = Desk::new(Settings {
        callbacks_in_flight_max: 1,
        ..Settings::default()
    });
    let key = desk.session(ALICE);
    desk.text(ALICE, "quiz play");
    assert_eq!(desk.callbacks.len(), 1);
    assert_eq!(
        desk.call("auth.revokeAuthorization", &[("session_key", &key)])
            .body,
        "1"
    );
    let after = desk.call("users.getLoggedInUser", &[("session_key", &key)]);
    assert_eq!(after.error_code, Some(102), "whenever the ping goes out");
    assert_eq!(desk.callbacks.len(), 1, "the ping waits");
    let (callback, ..) = desk.callbacks[0];
    let outcome = NotifyOutcome::Answered(200);
    desk.give(Input::CallbackDone { callback, outcome });
    let (_, purpose, request) = desk.callbacks.pop().expect("the post-remove ping");
    assert_eq!(purpose, Purpose::Remove);
    assert_eq!(
        (
            field(&request, "fb_sig_added"),
            field(&request, "fb_sig_session_key")
        ),
        (Some("0"), None)
    );
    assert!(request.fields.iter().all(|(_, value)| !value.is_empty()));
}

#[test]
fn a_callback_that_nobody_answers_makes_room_when_its_time_is_out() {
    let mut desk = Desk::new(Settings {
        callbacks_in_flight_max: 1,
        ..Settings::default()
    });
    desk.text(ALICE, "quiz one");
    desk.text(ALICE, "quiz two");
    assert_eq!(desk.callbacks.len(), 1);
    let sent_at = desk.world.now();
    desk.wait(10);
    let (_, _, request) = desk.callbacks.get(1).expect("the second text");
    assert_eq!(field(request, "fb_sig_message"), Some("two"));
    let time: f64 = field(request, "fb_sig_time")
        .expect("always")
        .parse()
        .expect("a number");
    let sent = sent_at.as_secs() as f64;
    assert!(
        (sent..sent + 10.0).contains(&time),
        "signed when it is sent: {time}"
    );
    let sid = field(request, "fb_sig_sms_sid").expect("a session").to_owned();
    assert_eq!(field(request, "fb_sig_ext_perms"), Some("sms"));
    desk.wait(49);
    let params = [("uid", "101"), ("message", "Hi"), ("session_id", &*sid)];
    assert_eq!(desk.call("sms.send", &params).body, "0", "within its own minute");
}

#[test]
fn a_record_keeps_how_an_app_has_answered() {
    let mut desk = Desk::new(Settings::default());
    desk.text(ALICE, "quiz one");
    let (callback, ..) = desk.callbacks[0];
    let body = format!("secret123 {}", "é".repeat(ANSWER_OCTETS_MAX));
    desk.give(Input::CallbackAnswered {
        callback,
        status: 500,
        body,
    });
    let answer = desk
        .world
        .records_since(0)
        .find_map(|record| match &record.event {
            Event::CallbackDone { outcome, answer, .. } => Some((outcome.clone(), answer.clone())),
            _ => None,
        });
    let (outcome, answer) = answer.expect("it is recorded");
    let answer = answer.expect("the driver has read it");
    assert_eq!(outcome, NotifyOutcome::Answered(500));
    assert!(answer.starts_with("[secret] éé") && answer.len() <= ANSWER_OCTETS_MAX);
}

#[test]
fn an_answer_that_repeats_its_callback_puts_no_key_on_record() {
    let mut desk = Desk::new(Settings::default());
    for before_the_end in 0..40 {
        desk.text(ALICE, "quiz one");
        let (callback, _, request) = desk.callbacks.pop().expect("one");
        let key = field(&request, "fb_sig_session_key").expect("a key").to_owned();
        let filled = "x".repeat(ANSWER_OCTETS_MAX - before_the_end);
        let body = format!("{key} {filled}{key} secret123");
        desk.give(Input::CallbackAnswered {
            callback,
            status: 200,
            body,
        });
        let records = desk.records();
        assert!(
            !records.contains(&key[..8]) && !records.contains("secret1"),
            "{key}"
        );
    }
}

#[test]
fn a_batch_asks_the_platform_call_by_call() {
    let mut desk = Desk::new(Settings::default());
    let item = |method: &str, params: &[(&str, &str)]| {
        let request = client::request(&credentials(), method, params);
        let pairs: Vec<_> = request
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    };
    let send = |message| item("sms.send", &[("uid", "101"), ("message", message)]);
    let items = [
        send("one"),
        send("two"),
        item("users.isAppUser", &[("uid", "102")]),
        item("auth.createToken", &[]),
    ];
    let feed = serde_json::to_string(&items).expect("texts");
    let body = desk.call("batch.run", &[("method_feed", &feed)]).body;
    let Ok(Value::List(answers)) = client::parse(&body) else {
        panic!("{body}")
    };
    let begins = ["0", "{\"error_code\":854,", "0", "\""];
    assert_eq!(answers.len(), begins.len());
    for (answer, begin) in answers.iter().zip(begins) {
        assert!(
            matches!(answer, Value::Text(text) if text.starts_with(begin)),
            "{answer:?} {begin}"
        );
    }
}

#[test]
fn a_live_message_comes_out_for_the_pages() {
    let mut desk = Desk::new(Settings::default());
    let (alice, _) = (desk.session(ALICE), desk.session(BOB));
    let params = [
        ("session_key", alice.as_str()),
        ("recipient", "102"),
        ("event_name", "move"),
        ("message", "{m:'e4'}"),
    ];
    assert_eq!(desk.call("liveMessage.send", &params).body, "true");
    let Some(Output::LiveMessage(message)) = desk.others.pop() else {
        panic!("a live message comes out")
    };
    assert_eq!(
        (
            message.from,
            message.to,
            message.event_name.as_str(),
            message.message.as_str()
        ),
        (ALICE, BOB, "move", "{m:'e4'}")
    );
    desk.give(Input::Change(Change::Platform(platform::Change::LiveMessages(
        false,
    ))));
    assert_eq!(desk.call("liveMessage.send", &params).error_code, Some(1100));
}

#[test]
fn no_record_holds_a_key_a_token_or_a_secret() {
    let mut desk = Desk::new(Settings::default());
    let open = desk.call("auth.createToken", &[]).body;
    let open = open.trim_matches('"').to_owned();
    assert_eq!(
        desk.call("auth.getSession", &[("auth_token", &open)]).error_code,
        Some(100)
    );
    let key = desk.session(ALICE);
    let promoted = desk.call("auth.promoteSession", &[("session_key", &key)]).body;
    let secret = promoted.trim_matches('"').to_owned();
    assert_eq!(secret.len(), 32, "{promoted}");
    let leak = format!("{secret} secret123");
    desk.call(
        "sms.send",
        &[("uid", "x"), ("message", &leak), ("session_key", &key)],
    );
    desk.call("users.getInfo", &[("session_key", &key), ("uids", "101")]);
    let feed = format!("[\"session_key={key}&auth_token={open}&method=x\"]");
    desk.call("batch.run", &[("method_feed", &feed)]);
    desk.text(ALICE, "quiz play");
    let records = desk.records();
    for hidden in [&open, &key, &secret, "secret123"] {
        assert!(!records.contains(hidden), "{hidden} is on record");
    }
}
