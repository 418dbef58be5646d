//! What a text costs the world: an ESME's to a phone, with and without a receipt, and an app's through the platform.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use platform::{App, AppId, CallId, Install, Uid, User};
use rest::{Credentials, Secret};
use smpp::{
    Bind, BindKind, Command, Frame, Framer, LinkId, MessageIdResp, Pdu, ShortMessage, Status, command_id,
    encode_into,
};
use sms::{Encoding, Msisdn, Segment, ShortCode, Timestamp, Zone};
use smsc::{Account, Carrier, Latency};
use world::{AppConfig, Config, Input, Output, UserConfig, World};

const LINK: LinkId = LinkId(1);
const PHONES: u64 = 1_000;
/// Texts in one read, as a busy connection brings them.
const TEXTS: u64 = 100;
const LATENCY: Duration = Duration::from_millis(10);
const NEWS: AppId = AppId(1);

fn phone(nth: u64) -> Msisdn {
    Msisdn::new(14_155_560_000 + nth % PHONES).expect("a number")
}

fn credentials() -> Credentials {
    Credentials {
        app: NEWS,
        name: "news".to_owned(),
        api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
        secret: Secret::new("secret123").expect("a secret"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    }
}

fn user(nth: u64) -> UserConfig {
    let user = User {
        uid: Uid(nth + 1),
        name: format!("user{nth}"),
        phone: phone(nth),
        operator: "ideal".to_owned(),
        registered: true,
        texts_on: true,
        zone: Zone::utc(),
        quiet_hours: None,
        daily_max: None,
        apps: BTreeMap::from([(NEWS, Install { sms_granted: true })]),
        friends: BTreeSet::new(),
    };
    UserConfig {
        user,
        session_keys: Vec::new(),
        inbox_max: Some(10),
        place: None,
    }
}

fn world() -> World {
    let mut carrier = Carrier::new("ideal");
    carrier.latency = Latency::Fixed(LATENCY);
    let app = App {
        id: NEWS,
        name: "news".to_owned(),
        title: "Daily News".to_owned(),
        canvas: "news".to_owned(),
        sms_capable: true,
    };
    let mut account = Account::new("bench", "bench");
    account.window_max = TEXTS as usize;
    let mut config = Config {
        start: Timestamp::from_secs(1_236_031_200),
        carriers: vec![carrier],
        apps: vec![AppConfig {
            app,
            credentials: credentials(),
        }],
        users: (0..PHONES).map(user).collect(),
        accounts: vec![account],
        // What stays in memory is not what is measured; a small ring is full from the first moments on.
        records_max: 10_000,
        ..Config::default()
    };
    config.smsc.session.window_max = TEXTS as usize;
    let settings = std::sync::Arc::make_mut(&mut config.platform);
    settings.app_daily_pool_per_user = 1_000_000;
    settings.app_rate_per_s = None;
    settings.user_daily_max = None;
    World::new(config).expect("a good configuration")
}

/// An ESME on the other end of a link: it makes frames and answers receipts.
struct Esme {
    framer: Framer,
    octets: bytes::BytesMut,
    sequence_number: u32,
    texts: u64,
}

impl Esme {
    fn bound(world: &mut World) -> Self {
        let mut esme = Self {
            framer: Framer::default(),
            octets: bytes::BytesMut::new(),
            sequence_number: 0,
            texts: 0,
        };
        let now = world.now();
        world.handle(
            now,
            Input::LinkOpened {
                link: LINK,
                peer: None,
            },
        );
        let bind = Pdu::Bind(Bind::new(BindKind::Transceiver, "bench", "bench"));
        let frames = vec![esme.request(bind)];
        world.handle(now, Input::LinkReceived { link: LINK, frames });
        while world.poll_output().is_some() {}
        esme
    }

    fn frame(&mut self, command: &Command) -> Frame {
        self.octets.clear();
        encode_into(command, &mut self.octets);
        self.framer.feed(&self.octets);
        self.framer.next_frame().expect("a whole PDU")
    }

    fn request(&mut self, pdu: Pdu) -> Frame {
        self.sequence_number += 1;
        self.frame(&Command::request(self.sequence_number, pdu))
    }

    fn submit_sms(&mut self, registered_delivery: u8) -> Vec<Frame> {
        let source = ShortCode::new(12_345).expect("a code").address();
        let segment = Segment::whole(&"a".repeat(160), Encoding::Gsm7);
        let submits = (0..TEXTS).map(|_| {
            self.texts += 1;
            let mut message = ShortMessage::new(source.clone(), phone(self.texts).address(), &segment);
            message.registered_delivery = registered_delivery;
            self.request(Pdu::SubmitSm(message))
        });
        submits.collect()
    }
}

/// Takes what the world says; gives the number of PDUs of each kind, and the requests.
fn outputs(world: &mut World) -> (u64, Vec<u32>) {
    let (mut responses, mut requests) = (0, Vec::new());
    while let Some(output) = world.poll_output() {
        if let Output::LinkSend { pdu, .. } = output {
            let [id, status, sequence_number] = pdu.words().expect("a whole PDU");
            match id {
                command_id::SUBMIT_SM_RESP if status == 0 => responses += 1,
                command_id::DELIVER_SM => requests.push(sequence_number),
                other => panic!("unexpected {other:#010x}"),
            }
        }
    }
    (responses, requests)
}

fn tick(world: &mut World) {
    let now = world.now() + LATENCY;
    world.handle(now, Input::Tick);
}

fn esme_texts(c: &mut Criterion) {
    let mut group = c.benchmark_group("a text of an ESME");
    group.throughput(Throughput::Elements(TEXTS));
    for (name, registered_delivery) in [("delivered", 0), ("delivered and reported", 1)] {
        let mut world = world();
        let esme = std::cell::RefCell::new(Esme::bound(&mut world));
        group.bench_function(name, |b| {
            b.iter_batched(
                || esme.borrow_mut().submit_sms(registered_delivery),
                |frames| {
                    let now = world.now();
                    world.handle(now, Input::LinkReceived { link: LINK, frames });
                    tick(&mut world);
                    let (responses, receipts) = outputs(&mut world);
                    assert_eq!(responses, TEXTS);
                    assert_eq!(receipts.len() as u64, TEXTS * u64::from(registered_delivery));
                    if receipts.is_empty() {
                        return;
                    }
                    let resp = |number| {
                        let pdu = Pdu::DeliverSmResp(MessageIdResp::nul());
                        Command::response(number, Status::ESME_ROK, pdu)
                    };
                    let mut esme = esme.borrow_mut();
                    let frames = receipts.into_iter().map(|number| esme.frame(&resp(number)));
                    let frames = frames.collect();
                    let now = world.now();
                    world.handle(now, Input::LinkReceived { link: LINK, frames });
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn app_texts(c: &mut Criterion) {
    let mut world = world();
    let (mut calls, mut texts) = (0, 0);
    let credentials = credentials();
    let mut group = c.benchmark_group("a text of an app");
    group.throughput(Throughput::Elements(1));
    group.bench_function("through the platform to a phone and its receipt", |b| {
        b.iter(|| {
            texts += 1;
            calls += 1;
            let uid = (texts % PHONES + 1).to_string();
            let params = [("uid", uid.as_str()), ("message", "Kings win 4-2")];
            let request = rest::client::request(&credentials, "facebook.sms.send", &params);
            let now = world.now();
            let call = CallId(calls);
            world.handle(now, Input::Api { call, request });
            tick(&mut world);
            let replies: Vec<_> = std::iter::from_fn(|| world.poll_output()).collect();
            let [Output::ApiReply { response, .. }] = replies.as_slice() else {
                panic!("{replies:?}")
            };
            assert_eq!(response.error_code, None, "{}", response.body);
        });
    });
    group.finish();
}

criterion_group!(benches, esme_texts, app_texts);
criterion_main!(benches);
