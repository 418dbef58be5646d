//! `replace_sm`: what it changes of a text that waits, and what it leaves as it is.

mod support;

use smpp::{Pdu, ReplaceSm, ShortMessage, Status, Tlv, tag};
use sms::MessageState;
use smsc::{Cause, Change};
use support::*;

fn replace(bench: &mut Bench, replace: ReplaceSm) -> Status {
    status(&bench.request(LINK, Pdu::ReplaceSm(replace)))
}

#[test]
fn a_replacement_keeps_id_and_place_and_changes_the_rest() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    bench.send("two");
    bench.wait(secs(10));
    let newer = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        validity_period: "000000000100000R".into(),
        short_message: b"newer".into(),
        ..ReplaceSm::default()
    };
    assert_eq!(replace(&mut bench, newer), Status::ESME_ROK);
    let out = page(&bench.change(Change::LinkUp));
    assert_eq!(out.segment.text(), "newer");
    // No receipt any more, and another validity.
    bench.fail(&out, Cause::Absent);
    let outputs = bench.wait(secs(60));
    assert!(stats(&outputs).is_empty());
    assert_eq!(
        bench.smsc.message(&id).expect("remembered").state,
        MessageState::Expired
    );
}

#[test]
fn a_replacement_can_put_a_waiting_text_off() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    let later = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        schedule_delivery_time: "000000010000000R".into(),
        short_message: b"later".into(),
        ..ReplaceSm::default()
    };
    assert_eq!(replace(&mut bench, later), Status::ESME_ROK);
    assert!(pages(&bench.change(Change::LinkUp)).is_empty());
    assert!(pages(&bench.wait(secs(3_599))).is_empty());
    assert_eq!(page(&bench.wait(secs(1))).segment.text(), "later");
}

#[test]
fn a_text_that_is_put_off_is_kept_as_long_after_its_time_as_before() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    let in_four_days = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        schedule_delivery_time: "000004000000000R".into(),
        short_message: b"later".into(),
        ..ReplaceSm::default()
    };
    assert_eq!(replace(&mut bench, in_four_days), Status::ESME_ROK);
    bench.change(Change::LinkUp);
    assert!(stats(&bench.wait(secs(4 * 86_400 - 1))).is_empty());
    assert_eq!(page(&bench.wait(secs(1))).segment.text(), "later");
    bench.change(Change::LinkDown);
}

#[test]
fn a_bad_replacement_changes_nothing() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    let good = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        short_message: b"two".into(),
        ..ReplaceSm::default()
    };
    for (bad, expected) in [
        (
            ReplaceSm {
                message_id: "00000099".into(),
                ..good.clone()
            },
            Status::ESME_RINVMSGID,
        ),
        (
            ReplaceSm {
                source: code("3266507"),
                ..good.clone()
            },
            Status::ESME_RINVSRCADR,
        ),
        (
            ReplaceSm {
                validity_period: "090302".into(),
                ..good.clone()
            },
            Status::ESME_RINVEXPIRY,
        ),
        (
            ReplaceSm {
                schedule_delivery_time: "tomorrow".into(),
                ..good.clone()
            },
            Status::ESME_RINVSCHED,
        ),
        (
            ReplaceSm {
                registered_delivery: 0x20,
                ..good.clone()
            },
            Status::ESME_RINVREGDLVFLG,
        ),
        (
            ReplaceSm {
                sm_default_msg_id: 1,
                short_message: sms::Octets::default(),
                ..good.clone()
            },
            Status::ESME_RINVDFTMSGID,
        ),
        (
            ReplaceSm {
                short_message: vec![b'a'; 255].into(),
                ..good.clone()
            },
            Status::ESME_RINVMSGLEN,
        ),
        (
            ReplaceSm {
                tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"three")],
                ..good
            },
            Status::ESME_RTLVNOTALLWD,
        ),
    ] {
        assert_eq!(replace(&mut bench, bad.clone()), expected, "{bad:?}");
    }
    assert_eq!(page(&bench.change(Change::LinkUp)).segment.text(), "one");
}

/// A text that is scheduled for that time, with its id.
fn scheduled(schedule_delivery_time: &str) -> (Bench, ReplaceSm) {
    let mut bench = Bench::bound(config());
    let outputs = bench.submit(ShortMessage {
        schedule_delivery_time: schedule_delivery_time.into(),
        ..to_alice("one")
    });
    let newer = ReplaceSm {
        message_id: message_id(&outputs).as_str().into(),
        source: code("32665"),
        short_message: b"two".into(),
        registered_delivery: 1,
        ..ReplaceSm::default()
    };
    (bench, newer)
}

#[test]
fn a_text_that_is_put_off_to_the_past_is_delivered_now() {
    let (mut bench, newer) = scheduled("000000020000000R");
    bench.wait(secs(60));
    let outputs = bench.request(
        LINK,
        Pdu::ReplaceSm(ReplaceSm {
            schedule_delivery_time: "090302220000000+".into(),
            ..newer.clone()
        }),
    );
    assert_eq!(status(&outputs), Status::ESME_ROK);
    let out = page(&outputs);
    assert_eq!(out.segment.text(), "two");
    bench.fail(&out, Cause::Absent);
    // It is kept as long after its time as it would have been.
    bench.change(Change::LinkDown);
    let outputs = bench.wait(secs(72 * 3_600));
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    // One that waits in its queue stays where it is.
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    bench.send("three");
    bench.wait(secs(60));
    let past = ReplaceSm {
        message_id: id.as_str().into(),
        schedule_delivery_time: "090302220000000+".into(),
        ..newer
    };
    assert_eq!(replace(&mut bench, past), Status::ESME_ROK);
    assert_eq!(page(&bench.change(Change::LinkUp)).segment.text(), "two");
}

#[test]
fn a_text_keeps_its_schedule_where_none_is_given_and_may_not_end_before_it() {
    let (mut bench, newer) = scheduled("000000020000000R");
    let too_short = ReplaceSm {
        validity_period: "000000010000000R".into(),
        ..newer.clone()
    };
    assert_eq!(replace(&mut bench, too_short), Status::ESME_RINVEXPIRY);
    let long_enough = ReplaceSm {
        validity_period: "000000030000000R".into(),
        ..newer
    };
    assert_eq!(replace(&mut bench, long_enough), Status::ESME_ROK);
    assert!(pages(&bench.wait(secs(7_199))).is_empty());
    assert_eq!(page(&bench.wait(secs(1))).segment.text(), "two");
    assert_eq!(stats(&bench.wait(secs(3_600))), ["EXPIRED"]);
}

#[test]
fn a_text_is_moved_back_and_forth_and_sent_once() {
    let (mut bench, newer) = scheduled("000000020000000R");
    for hours in ["03", "01", "04"] {
        let moved = ReplaceSm {
            schedule_delivery_time: format!("000000{hours}0000000R"),
            ..newer.clone()
        };
        assert_eq!(replace(&mut bench, moved), Status::ESME_ROK);
    }
    assert!(pages(&bench.wait(secs(4 * 3_600 - 1))).is_empty());
    let out = page(&bench.wait(secs(1)));
    assert_eq!(stats(&bench.deliver(&out)), ["DELIVRD"]);
    assert!(pages(&bench.wait(secs(86_400))).is_empty());
}
