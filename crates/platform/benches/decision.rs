//! What one decision costs with a million users loaded.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use platform::{
    App, AppId, CallId, Config, FBOOK, Input, Install, NotifyOutcome, Output, Platform, Send, Settings, Uid,
    User,
};
use sms::{Msisdn, Timestamp, Zone};

const USERS: u64 = 1_000_000;
const QUIZ: AppId = AppId(1);
/// Nobody has installed it.
const NEWS: AppId = AppId(2);
const NOON: Timestamp = Timestamp::from_secs(1_236_031_200);

fn app(id: AppId, name: &str) -> App {
    App {
        id,
        name: name.to_owned(),
        title: name.to_owned(),
        canvas: name.to_owned(),
        sms_capable: true,
    }
}

fn user(nth: u64, zone: &Zone) -> User {
    User {
        uid: Uid(nth),
        name: format!("user{nth}"),
        phone: phone(nth),
        operator: "att".to_owned(),
        registered: true,
        texts_on: true,
        zone: zone.clone(),
        quiet_hours: None,
        daily_max: None,
        apps: BTreeMap::from([(QUIZ, Install { sms_granted: true })]),
        friends: BTreeSet::new(),
    }
}

fn phone(nth: u64) -> Msisdn {
    Msisdn::new(14_150_000_000 + nth).expect("eleven digits")
}

fn loaded() -> Platform {
    let zone = Zone::named("America/Los_Angeles").expect("in the database");
    Platform::new(Config {
        settings: Settings {
            app_daily_pool_per_user: 1_000_000,
            ..Settings::default()
        }
        .into(),
        apps: vec![app(QUIZ, "quiz"), app(NEWS, "news")],
        users: (0..USERS).map(|nth| user(nth, &zone)).collect(),
        operator_blocks: BTreeSet::new(),
    })
}

fn send(app: AppId, to: Uid) -> Input {
    Input::Send(Send {
        call: CallId(1),
        app,
        to,
        message: "Kings win 4-2".to_owned(),
        session: None,
        wants_session: false,
    })
}

/// Users all over the million, so that no cache helps.
fn scattered() -> impl Iterator<Item = u64> {
    (0..).map(|nth: u64| nth.wrapping_mul(6_364_136_223_846_793_005) % USERS)
}

fn decision(c: &mut Criterion) {
    let mut platform = loaded();
    let mut group = c.benchmark_group("a million users");
    let mut users = scattered();
    group.bench_function("sms.send, sent", |b| {
        b.iter(|| black_box(platform.handle(NOON, send(QUIZ, Uid(users.next().unwrap_or(0))))));
    });
    group.bench_function("sms.send, refused with 270", |b| {
        b.iter(|| black_box(platform.handle(NOON, send(NEWS, Uid(users.next().unwrap_or(0))))));
    });
    group.bench_function("a text to an app, and its callback", |b| {
        b.iter(|| {
            let mo = Input::Mo {
                from: phone(users.next().unwrap_or(0)),
                to: FBOOK,
                text: "quiz play".to_owned(),
                chance: 0,
            };
            let mut notified = Vec::new();
            for output in platform.handle(NOON, mo) {
                if let Output::Notify(notification) = output {
                    notified.push(notification.id);
                }
            }
            assert_eq!(notified.len(), 1, "the app is called back");
            for notification in notified {
                let outcome = NotifyOutcome::Answered(200);
                black_box(platform.handle(
                    NOON,
                    Input::Notified {
                        notification,
                        outcome,
                    },
                ));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decision);
criterion_main!(benches);
