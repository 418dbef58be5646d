//! Calls as octets and back, whole, cut off, and of any kind.

use platform::{AppId, CallId, NotifyOutcome, Uid};
use proptest::prelude::*;
use smpp::{Command, MessageIdResp, Pdu, ShortMessage, Status, encode};
use sms::{Address, Msisdn};
use world::Change;
use world::io::CallbackId;

use super::*;

fn phone() -> Msisdn {
    "+14155550101".parse().expect("a number")
}

fn frames(octets: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::new(1_000);
    framer.feed(octets);
    std::iter::from_fn(|| framer.next_frame()).collect()
}

/// Octets of an ESME: two PDUs, one whose body has no end, and what is no PDU any more.
fn received() -> Vec<Vec<Frame>> {
    let submit = encode(&Command::request(1, Pdu::SubmitSm(ShortMessage::default())));
    let resp = encode(&Command::request(2, Pdu::DeliverSmResp(MessageIdResp::nul())));
    let mut malformed = submit[..20].to_vec();
    malformed[3] = 20;
    let too_long = [[0, 0, 0x40, 0], [0, 0, 0, 4], [0; 4], [0, 0, 0, 9]].concat();
    vec![
        Vec::new(),
        frames(&[&submit[..], &resp].concat()),
        frames(&[&malformed[..], &submit].concat()),
        frames(&[&submit[..], &[0, 0, 0, 3]].concat()),
        frames(&[&submit[..], &too_long].concat()),
    ]
}

fn inputs() -> Vec<Input> {
    let (app, user, link) = (AppId(101), Uid(1_001), LinkId(7));
    let callback = CallbackId(3);
    let peer = Some("192.0.2.7".parse().expect("an address"));
    let request = rest::Request {
        params: vec![("message".to_owned(), "a=\u{e9}&\n".to_owned())],
        peer,
    };
    let fault = smsc::Fault {
        numbers: Some((phone(), phone())),
        text: Some(smsc::TextPattern::new("a+").expect("an expression")),
        percent: 100.0 / 3.0,
        ..smsc::Fault::always(smsc::Effect::Answer(Status(0x58)))
    };
    let mut inputs = vec![
        Input::Tick,
        Input::Compose {
            handset: phone(),
            to: Address::default(),
            text: "quiz play \u{1f3ac}".to_owned(),
        },
        Input::Api {
            call: CallId(u64::MAX),
            request,
        },
        Input::CallbackDone {
            callback,
            outcome: NotifyOutcome::Unreachable("refused".to_owned()),
        },
        Input::CallbackAnswered {
            callback,
            status: 200,
            body: "ok".to_owned(),
        },
        Input::LogIn {
            app,
            user,
            token: Some("token".to_owned()),
        },
        Input::AskForCode { user },
        Input::ConfirmPhone {
            user,
            code: "1234".to_owned(),
        },
        Input::MintSession { app, user },
        Input::LinkOpened { link, peer },
        Input::LinkDialled {
            link,
            system_id: "acme".to_owned(),
            peer: None,
        },
        Input::LinkNotDialled {
            system_id: "acme".to_owned(),
            why: "refused".to_owned(),
        },
        Input::LinkClosed { link },
        Input::Change(Change::Platform(platform::Change::DailyMax(user, None))),
        Input::Change(Change::Carrier("att".to_owned(), smsc::Change::Loss(0.1 + 0.2))),
        Input::Change(Change::Carrier(
            "att".to_owned(),
            smsc::Change::Fault(Box::new(fault)),
        )),
        Input::Change(Change::Ported(phone(), "att".to_owned())),
        Input::Change(Change::Handset(phone(), handset::Setting::Power(false))),
        Input::Change(Change::CallbackUrl(app, None)),
        Input::Change(Change::Bind(true)),
        Input::Change(Change::Unbind {
            esme: "acme".to_owned(),
            system_id: "acme".to_owned(),
        }),
        Input::Stop,
    ];
    let received = received().into_iter();
    inputs.extend(received.map(|frames| Input::LinkReceived { link, frames }));
    inputs
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// A group of every kind of call, and what it says.
fn everything() -> (Group, Vec<Call>) {
    let mut group = Group::default();
    let mut calls = Vec::new();
    for (micros, input) in (-3..).zip(inputs()) {
        group.handle(at(micros * 1_000_003), &input);
        calls.push(match input {
            Input::Tick => Call::Tick(at(micros * 1_000_003)),
            input => Call::Handle(at(micros * 1_000_003), Box::new(input)),
        });
    }
    group.decide(at(5), &inputs()[2..3]);
    calls.push(Call::Decide(at(5), inputs()[2..3].to_vec()));
    let steps = Steps {
        patience: Some(Duration::from_millis(1_500)),
        fresh: true,
        ..Steps::read("steps", "# as carol\ncarol > \"quiz play\"\nwait 61s\n").expect("steps")
    };
    group.begin(&steps);
    calls.push(Call::Begin(Box::new(steps)));
    group.progress();
    group.abandon(ProgramId::from(300));
    group.give_up();
    group.drain();
    let clock = ClockState {
        mode: crate::engine::Mode::Running,
        speed: 0.1 + 0.2,
        holds: ["me".to_owned()].into(),
    };
    group.clock(&clock);
    calls.extend([
        Call::Progress,
        Call::Abandon(ProgramId::from(300)),
        Call::GiveUp,
        Call::Drain,
        Call::Clock(clock),
    ]);
    (group, calls)
}

#[test]
fn every_call_is_read_as_it_was_written() {
    let (group, calls) = everything();
    let read: Vec<Call> = Calls::new(group.octets())
        .collect::<Result<_, _>>()
        .expect("calls");
    // As they are shown, since frames and inputs know no equality.
    assert_eq!(format!("{read:#?}"), format!("{calls:#?}"));
}

#[test]
fn a_group_that_was_cleared_is_written_anew() {
    let (mut group, calls) = everything();
    let octets = group.octets().to_vec();
    group.clear();
    assert!(group.is_empty());
    group.tick(at(1));
    let read: Vec<_> = Calls::new(group.octets()).collect();
    assert!(
        matches!(read[..], [Ok(Call::Tick(now))] if now == at(1)),
        "{read:?}"
    );
    assert_eq!(Calls::new(&octets).count(), calls.len());
}

#[test]
fn what_is_drained_twice_is_written_once() {
    let mut group = Group::default();
    group.drain();
    group.drain();
    assert_eq!(Calls::new(group.octets()).count(), 1);
    group.clear();
    group.drain();
    assert!(group.is_empty(), "the group before ends with one");
    group.tick(at(1));
    group.drain();
    assert_eq!(Calls::new(group.octets()).count(), 2);
}

#[test]
fn octets_that_are_cut_off_or_of_another_kind_are_told() {
    let (group, calls) = everything();
    let octets = group.octets();
    for end in 0..octets.len() {
        let read: Vec<_> = Calls::new(&octets[..end]).collect();
        assert!(read.len() <= calls.len(), "{end}");
        let is_first_fault_last = read.iter().rev().skip(1).all(Result::is_ok);
        assert!(is_first_fault_last, "{end}");
    }
    let kind: Vec<_> = Calls::new(&[kind::DRAIN, 77, kind::DRAIN]).collect();
    assert!(
        matches!(kind[..], [Ok(Call::Drain), Err(NoCalls::Kind(77))]),
        "{kind:?}"
    );
    let no_end = [&[kind::ABANDON][..], &[0xff; 10]].concat();
    let told = Calls::new(&no_end).next().expect("a fault").expect_err("a fault");
    assert_eq!(told.to_string(), "a number has no end");
    let told = Calls::new(&[kind::HANDLE, 0, 1, b'7']).next().expect("a fault");
    assert!(matches!(told, Err(NoCalls::Content(_))), "{told:?}");
}

proptest! {
    #[test]
    fn any_time_and_number_is_read_as_it_was_written(
        times in prop::collection::vec(any::<i64>(), 1..20),
        number in any::<u64>(),
    ) {
        let mut group = Group::default();
        for micros in &times {
            group.tick(at(*micros));
        }
        group.abandon(ProgramId::from(number));
        let mut read: Vec<Call> = Calls::new(group.octets()).collect::<Result<_, _>>().expect("calls");
        let last = read.pop();
        prop_assert!(matches!(last, Some(Call::Abandon(id)) if u64::from(id) == number));
        let read = read.into_iter().map(|call| match call {
            Call::Tick(now) => now.as_micros(),
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(read.collect::<Vec<i64>>(), times);
    }

    #[test]
    fn any_octets_are_calls_or_told(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        // It ends, and nothing in it panics.
        let _ = Calls::new(&octets).count();
    }
}
