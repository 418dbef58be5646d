//! Time and chance: a late timer, a tie or another run changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use platform::{App, AppId, CallId, Install, NotifyOutcome, Uid, User};
use rest::{Credentials, Secret};
use sms::{Msisdn, Timestamp, Zone};
use smsc::{Carrier, Latency};
use world::{AppConfig, Change, Config, Event, Input, Output, UserConfig, World};

const ALICE: &str = "+14155550101";
const CAROL: &str = "+14155550103";
const QUIZ: AppId = AppId(2);

fn phone(number: &str) -> Msisdn {
    number.parse().expect("a number")
}

fn user(uid: u64, name: &str, number: &str, operator: &str, installed: bool) -> UserConfig {
    let apps = if installed {
        BTreeMap::from([(QUIZ, Install { sms_granted: true })])
    } else {
        BTreeMap::new()
    };
    let user = User {
        uid: Uid(uid),
        name: name.to_owned(),
        phone: phone(number),
        operator: operator.to_owned(),
        registered: true,
        texts_on: true,
        zone: Zone::utc(),
        quiet_hours: None,
        daily_max: None,
        apps,
        friends: BTreeSet::new(),
    };
    UserConfig {
        user,
        session_keys: Vec::new(),
        inbox_max: None,
        place: None,
    }
}

fn credentials() -> Credentials {
    Credentials {
        app: QUIZ,
        name: "quiz".to_owned(),
        api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
        secret: Secret::new("secret123").expect("a secret"),
        callback_url: Some("http://quiz.invalid/".to_owned()),
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    }
}

fn config(seed: u64) -> Config {
    let mut att = Carrier::new("att");
    att.latency = Latency::Uniform {
        min: Duration::from_millis(50),
        max: Duration::from_secs(4),
    };
    att.loss_percent = 30.0;
    let mut sprint = Carrier::new("sprint");
    sprint.latency = Latency::Fixed(Duration::from_millis(200));
    let app = App {
        id: QUIZ,
        name: "quiz".to_owned(),
        title: "Movie Quiz".to_owned(),
        canvas: "quiz".to_owned(),
        sms_capable: true,
    };
    Config {
        seed,
        start: Timestamp::from_secs(1_236_031_200),
        carriers: vec![att, sprint],
        apps: vec![AppConfig {
            app,
            credentials: credentials(),
        }],
        users: vec![
            user(101, "alice", ALICE, "att", true),
            user(103, "carol", CAROL, "sprint", false),
        ],
        ..Config::default()
    }
}

/// How a driver keeps time between its inputs.
#[derive(Clone, Copy)]
enum Timer {
    /// Wakes the world at every instant it names.
    Punctual,
    /// Never wakes it: time passes with the next input only.
    Late,
    /// Wakes it every 100 ms, whether it wants it or not.
    Restless,
}

/// Plays a conversation of two people with an app on a lossy carrier and gives the records, a line each.
fn play(seed: u64, timer: Timer) -> Vec<String> {
    let world = World::new(config(seed)).expect("a good configuration");
    play_in(world, timer)
}

fn play_in(mut world: World, timer: Timer) -> Vec<String> {
    let start = world.now();
    let mut calls = 0;
    let mut driver = |world: &mut World, until: Timestamp, input: Input| {
        let mut tick_at = world.now();
        loop {
            while let Some(output) = world.poll_output() {
                if let Output::Callback {
                    callback, request, ..
                } = output
                {
                    let now = world.now();
                    let outcome = NotifyOutcome::Answered(200);
                    world.handle(now, Input::CallbackDone { callback, outcome });
                    let field = |name: &str| {
                        request
                            .fields
                            .iter()
                            .find(|(n, _)| n == name)
                            .map(|(_, value)| value.clone())
                            .unwrap_or_default()
                    };
                    let params = [
                        ("uid", field("fb_sig_user")),
                        ("message", format!("You said {}", field("fb_sig_message"))),
                        ("session_id", field("fb_sig_sms_sid")),
                    ];
                    let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (*n, v.as_str())).collect();
                    calls += 1;
                    let request = rest::client::request(&credentials(), "facebook.sms.send", &params);
                    world.handle(
                        now,
                        Input::Api {
                            call: CallId(calls),
                            request,
                        },
                    );
                }
            }
            let next = match timer {
                Timer::Punctual => world.next_wakeup(),
                Timer::Late => None,
                Timer::Restless => {
                    tick_at += Duration::from_millis(100);
                    Some(tick_at)
                }
            };
            match next.filter(|at| *at < until) {
                Some(at) => world.handle(at, Input::Tick),
                None => break,
            }
        }
        world.handle(until, input);
    };
    let compose = |who: &str, text: &str| Input::Compose {
        handset: phone(who),
        to: world::config::FBOOK.address(),
        text: text.to_owned(),
    };
    let second = |n: u64| start + Duration::from_secs(n);
    // Two phones at the same instant, then a yes, an outage, and a day on which everything comes to its end.
    driver(&mut world, second(1), compose(ALICE, "quiz play"));
    driver(&mut world, second(1), compose(CAROL, "quiz play"));
    driver(&mut world, second(60), compose(CAROL, "Y"));
    driver(
        &mut world,
        second(120),
        Input::Change(Change::Carrier("att".to_owned(), smsc::Change::LinkDown)),
    );
    driver(&mut world, second(121), compose(ALICE, "quiz during the outage"));
    driver(
        &mut world,
        second(4_000),
        Input::Change(Change::Carrier("att".to_owned(), smsc::Change::LinkUp)),
    );
    driver(&mut world, second(90_000), Input::Tick);
    world
        .records_since(0)
        .map(|record| serde_json::to_string(&record).expect("records are JSON"))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_records_byte_for_byte() {
    let once = play(7, Timer::Punctual);
    assert!(
        once.len() > 50,
        "a whole conversation was played: {} records",
        once.len()
    );
    assert_eq!(once, play(7, Timer::Punctual));
}

#[test]
fn a_configuration_that_was_checked_once_makes_the_same_worlds() {
    let checked = config(1).checked().expect("a good configuration");
    for seed in [7, 8] {
        let once = play_in(World::of(&checked, seed), Timer::Punctual);
        assert_eq!(once, play(seed, Timer::Punctual));
    }
}

#[test]
fn what_makes_no_world_is_told_with_the_check() {
    type Spoil = fn(&mut Config);
    let spoils: [Spoil; 4] = [
        |config| config.users[0].user.operator = "nobody".to_owned(),
        |config| config.users[1].user.phone = config.users[0].user.phone,
        |config| Arc::make_mut(&mut config.platform).text_help = String::new(),
        |config| config.apps.push(config.apps[0].clone()),
    ];
    for spoil in spoils {
        let mut config = config(1);
        spoil(&mut config);
        let fault = config.clone().checked().expect_err("a fault").to_string();
        assert_eq!(fault, World::new(config).expect_err("a fault").to_string());
    }
}

#[test]
fn another_seed_gives_other_records() {
    assert_ne!(play(7, Timer::Punctual), play(8, Timer::Punctual));
}

#[test]
fn waking_a_world_too_often_changes_nothing() {
    // The restless driver looks for callbacks at every tick, so that it answers at the next tenth of a second; with a
    // punctual one they are answered at once. Texts that need no app are the same to the microsecond.
    let texts = |timer| -> Vec<String> {
        let mut world = World::new(config(7)).expect("a good configuration");
        let start = world.now();
        world.handle(
            start,
            Input::Compose {
                handset: phone(CAROL),
                to: world::config::FBOOK.address(),
                text: "quiz play".to_owned(),
            },
        );
        let end = start + Duration::from_secs(90_000);
        match timer {
            Timer::Punctual => {
                while let Some(at) = world.next_wakeup().filter(|at| *at <= end) {
                    world.handle(at, Input::Tick);
                }
            }
            Timer::Late => {}
            Timer::Restless => {
                (0..1_000).for_each(|n| world.handle(start + Duration::from_millis(n * 97), Input::Tick))
            }
        }
        world.handle(end, Input::Tick);
        world
            .records_since(0)
            .map(|record| serde_json::to_string(&record).expect("records are JSON"))
            .collect()
    };
    let punctual = texts(Timer::Punctual);
    assert!(
        punctual.iter().any(|record| record.contains("request_expired")),
        "a day has passed"
    );
    assert_eq!(punctual, texts(Timer::Late), "a timer that never fires");
    assert_eq!(
        punctual,
        texts(Timer::Restless),
        "a timer that fires all the time"
    );
}

#[test]
fn an_input_comes_after_every_hop_that_is_due_by_its_time() {
    let mut world = World::new(config(7)).expect("a good configuration");
    let start = world.now();
    world.handle(
        start,
        Input::Compose {
            handset: phone(CAROL),
            to: world::config::FBOOK.address(),
            text: "quiz play".to_owned(),
        },
    );
    // The question reaches the phone 400 ms after the text left it. The phone is switched off at that very instant:
    // the page came first.
    let arrival = start + Duration::from_millis(400);
    world.handle(
        arrival,
        Input::Change(Change::Handset(phone(CAROL), handset::Setting::Power(false))),
    );
    let received = world
        .records_since(0)
        .find(|record| matches!(record.event, Event::Received { .. }));
    assert_eq!(received.expect("the question was received").at, arrival);
}

#[test]
fn time_does_not_go_back() {
    let mut world = World::new(config(7)).expect("a good configuration");
    let later = world.now() + Duration::from_secs(10);
    world.handle(later, Input::Tick);
    world.handle(later - Duration::from_secs(5), Input::Tick);
    assert_eq!(world.now(), later);
}

#[test]
fn an_instant_that_brings_forth_too_much_goes_on_a_millisecond_later() {
    let mut world = World::new(Config {
        hops_per_instant_max: 1,
        ..config(7)
    })
    .expect("a good configuration");
    let start = world.now();
    world.handle(
        start,
        Input::Compose {
            handset: phone(CAROL),
            to: world::config::FBOOK.address(),
            text: "quiz play".to_owned(),
        },
    );
    world.handle(start + Duration::from_secs(60), Input::Tick);
    let busy = world
        .records_since(0)
        .filter(|record| matches!(record.event, Event::Busy { .. }))
        .count();
    assert!(busy > 0, "the limit was met");
    let question = world
        .records_since(0)
        .any(|record| matches!(&record.event, Event::Received { text, .. } if text.contains("Movie Quiz")));
    assert!(question, "and everything happened all the same");
}

#[test]
fn a_record_of_a_call_is_limited_in_size() {
    let mut world = World::new(config(7)).expect("a good configuration");
    let long = "x".repeat(world::record::CALL_OCTETS_MAX * 4);
    let params = vec![
        ("method".to_owned(), "sms.send".to_owned()),
        ("message".to_owned(), long.clone()),
        ("v".to_owned(), long),
    ];
    let request = rest::Request { params, peer: None };
    world.handle(
        world.now(),
        Input::Api {
            call: CallId(1),
            request,
        },
    );
    let octets = |record: &world::Record| match &record.event {
        Event::ApiCall { params, .. } => Some(
            params
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>(),
        ),
        Event::ApiReply { body, .. } => Some(body.len()),
        _ => None,
    };
    let sizes: Vec<usize> = world
        .records_since(0)
        .filter_map(|record| octets(&record))
        .collect();
    assert_eq!(
        sizes,
        [world::record::CALL_OCTETS_MAX; 2],
        "both are cut at the limit"
    );
}
