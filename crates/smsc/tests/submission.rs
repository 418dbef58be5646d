//! Every check of a text, as a table; throttles, scripted answers and blocks.

mod support;

use smpp::{ShortMessage, Status, Tlv, tag};
use sms::{Address, Encoding, Npi, Segment, Ton};
use smsc::{BlockedReaction, Change, Config, LongText};
use support::*;

/// What becomes of a text of an account without codes, on a session of that version.
fn submit(config: Config, version: u8, message: ShortMessage) -> Status {
    let mut bench = Bench::bound_as(config, version);
    status(&bench.submit(message))
}

fn free_config() -> Config {
    let mut config = config();
    config.accounts[0].codes.clear();
    config
}

fn from(ton: u8, npi: u8, digits: &str) -> ShortMessage {
    ShortMessage {
        source: Address::new(ton.into(), npi.into(), digits),
        ..to_alice("hi")
    }
}

fn to(ton: u8, npi: u8, digits: &str) -> ShortMessage {
    ShortMessage {
        destination: Address::new(ton.into(), npi.into(), digits),
        ..to_alice("hi")
    }
}

#[test]
fn sources_are_checked() {
    for (message, expected) in [
        (from(3, 0, "32665"), Status::ESME_ROK),
        (from(0, 1, "32665"), Status::ESME_ROK),
        (from(1, 1, "+14155550199"), Status::ESME_ROK),
        (from(1, 1, "1415CALLME"), Status::ESME_RINVSRCADR),
        (from(2, 1, "ABC"), Status::ESME_RINVSRCADR),
        (from(5, 0, "MyBrand"), Status::ESME_ROK),
        (from(0, 0, "MyBrand"), Status::ESME_ROK),
        (from(5, 0, "ElevenChars"), Status::ESME_ROK),
        (from(5, 0, "TwelveChars1"), Status::ESME_RINVSRCADR),
        (from(3, 0, "12345678901234567890"), Status::ESME_ROK),
        (from(0, 0, ""), Status::ESME_RINVSRCADR),
        (from(7, 0, "32665"), Status::ESME_RINVSRCTON),
        (from(3, 7, "32665"), Status::ESME_RINVSRCNPI),
        (from(3, 18, "32665"), Status::ESME_ROK),
    ] {
        let source = message.source.clone();
        assert_eq!(submit(free_config(), 0x34, message), expected, "{source:?}");
    }
}

#[test]
fn an_account_sends_from_its_own_codes_only_and_its_first_code_by_default() {
    for (digits, expected) in [
        ("32665", Status::ESME_ROK),
        ("3266507", Status::ESME_ROK),
        ("12345", Status::ESME_RINVSRCADR),
        ("", Status::ESME_RINVSRCADR),
    ] {
        assert_eq!(submit(config(), 0x34, from(3, 0, digits)), expected, "{digits:?}");
    }
    let mut with_exact = config();
    with_exact.accounts[0]
        .codes
        .push("32665".parse().expect("a code"));
    let mut bench = Bench::bound(with_exact);
    assert_eq!(page(&bench.submit(from(0, 0, ""))).from, code("32665"));
}

#[test]
fn destinations_are_checked() {
    for (message, expected) in [
        (to(1, 1, ALICE), Status::ESME_ROK),
        (to(1, 1, "+14155550101"), Status::ESME_ROK),
        (to(2, 1, "4155550101"), Status::ESME_ROK),
        (to(0, 0, "4155550101"), Status::ESME_ROK),
        (to(1, 1, "1234567"), Status::ESME_ROK),
        (to(1, 1, "123456"), Status::ESME_RINVDSTADR),
        (to(1, 1, "123456789012345"), Status::ESME_ROK),
        (to(1, 1, "1234567890123456"), Status::ESME_RINVDSTADR),
        (to(1, 1, ""), Status::ESME_RINVDSTADR),
        (to(1, 1, "1555CALLME"), Status::ESME_RINVDSTADR),
        (to(5, 0, "BOB"), Status::ESME_RINVDSTADR),
        (to(9, 1, ALICE), Status::ESME_RINVDSTTON),
        (to(1, 17, ALICE), Status::ESME_RINVDSTNPI),
    ] {
        let destination = message.destination.clone();
        assert_eq!(submit(free_config(), 0x34, message), expected, "{destination:?}");
    }
}

#[test]
fn flags_are_checked_strictly_or_read_as_the_default() {
    type Field = fn(&mut ShortMessage);
    let rows: [(Field, u8, Status, bool); 16] = [
        (|m| m.priority_flag = 3, 0x34, Status::ESME_ROK, true),
        (|m| m.priority_flag = 4, 0x34, Status::ESME_RINVPRTFLG, true),
        (|m| m.priority_flag = 4, 0x50, Status::ESME_ROK, true),
        (|m| m.priority_flag = 5, 0x50, Status::ESME_RINVPRTFLG, true),
        (
            |m| m.registered_delivery = 3,
            0x34,
            Status::ESME_RINVREGDLVFLG,
            true,
        ),
        (|m| m.registered_delivery = 3, 0x50, Status::ESME_ROK, true),
        (
            |m| m.registered_delivery = 0x20,
            0x50,
            Status::ESME_RINVREGDLVFLG,
            true,
        ),
        (
            |m| m.replace_if_present_flag = 2,
            0x34,
            Status::ESME_RINVREPFLAG,
            true,
        ),
        (|m| m.esm_class = 0x04, 0x34, Status::ESME_RINVESMCLASS, true),
        (|m| m.esm_class = 0x08, 0x34, Status::ESME_ROK, true),
        (|m| m.esm_class = 0x10, 0x34, Status::ESME_ROK, true),
        (|m| m.esm_class = 0x02, 0x34, Status::ESME_RINVESMCLASS, false),
        (|m| m.esm_class = 0x03, 0x34, Status::ESME_ROK, true),
        (|m| m.sm_default_msg_id = 5, 0x34, Status::ESME_ROK, true),
        (|m| m.service_type = "ZZZZ".into(), 0x34, Status::ESME_ROK, true),
        (|m| m.protocol_id = 0x41, 0x34, Status::ESME_ROK, true),
    ];
    for (index, (field, version, expected, lenient_takes_it)) in rows.into_iter().enumerate() {
        let mut message = to_alice("hi");
        field(&mut message);
        assert_eq!(
            submit(free_config(), version, message.clone()),
            expected,
            "row {index}"
        );
        let lenient = Config {
            strict_fields: false,
            ..free_config()
        };
        assert_eq!(
            submit(lenient, version, message).is_ok(),
            lenient_takes_it,
            "row {index}"
        );
    }
}

#[test]
fn texts_are_checked() {
    let octets = |octets: usize| ShortMessage {
        short_message: vec![b'a'; octets].into(),
        ..to_alice("")
    };
    let payload = |octets: usize| Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'a'; octets]);
    let udh = |user_data: &[u8]| ShortMessage {
        esm_class: 0x40,
        short_message: user_data.into(),
        ..to_alice("")
    };
    for (message, version, expected) in [
        (octets(0), 0x34, Status::ESME_ROK),
        (octets(254), 0x34, Status::ESME_ROK),
        (octets(255), 0x34, Status::ESME_RINVMSGLEN),
        (octets(255), 0x50, Status::ESME_ROK),
        (
            ShortMessage {
                tlvs: vec![payload(1_000)],
                ..to_alice("")
            },
            0x34,
            Status::ESME_ROK,
        ),
        (
            ShortMessage {
                tlvs: vec![payload(10)],
                ..to_alice("hi")
            },
            0x34,
            Status::ESME_RTLVNOTALLWD,
        ),
        (
            ShortMessage {
                sm_default_msg_id: 5,
                ..to_alice("")
            },
            0x34,
            Status::ESME_RINVDFTMSGID,
        ),
        (
            ShortMessage {
                data_coding: 8,
                ..octets(3)
            },
            0x34,
            Status::ESME_RINVMSGLEN,
        ),
        (
            ShortMessage {
                data_coding: 8,
                ..octets(4)
            },
            0x34,
            Status::ESME_ROK,
        ),
        (udh(&[5, 0, 3, 1, 2, 1, b'h']), 0x34, Status::ESME_ROK),
        (udh(&[5, 0, 3, 1, 2]), 0x34, Status::ESME_RINVESMCLASS),
        (udh(&[]), 0x34, Status::ESME_RINVESMCLASS),
        (
            ShortMessage {
                tlvs: vec![Tlv::short(tag::SAR_MSG_REF_NUM, 1)],
                ..udh(&[5, 0, 3, 1, 2, 1])
            },
            0x34,
            Status::ESME_RINVTLVVAL,
        ),
        (
            ShortMessage {
                tlvs: vec![Tlv::short(tag::DESTINATION_PORT, 2948)],
                ..udh(&[6, 5, 4, 0x0B, 0x84, 0, 0])
            },
            0x34,
            Status::ESME_RINVTLVVAL,
        ),
    ] {
        let shown = format!("{message:?}");
        assert_eq!(submit(free_config(), version, message), expected, "{shown}");
    }
}

#[test]
fn a_text_longer_than_one_sms_is_treated_as_the_carrier_says() {
    for (long_text, segments_max, octets, expected) in [
        (LongText::Split, 255, 254, Status::ESME_ROK),
        (LongText::Reject, 255, 160, Status::ESME_ROK),
        (LongText::Reject, 255, 161, Status::ESME_RINVMSGLEN),
        (LongText::Truncate, 255, 254, Status::ESME_ROK),
        (LongText::Split, 1, 161, Status::ESME_RINVMSGLEN),
        (LongText::Split, 2, 254, Status::ESME_ROK),
    ] {
        let mut config = Config {
            segments_max,
            ..free_config()
        };
        config.carriers[0].long_text = long_text;
        let message = ShortMessage {
            short_message: vec![b'a'; octets].into(),
            ..to_alice("")
        };
        assert_eq!(submit(config, 0x34, message), expected, "{long_text:?} {octets}");
    }
}

#[test]
fn sar_parameters_become_a_header_on_the_air() {
    let mut bench = Bench::bound(config());
    let tlvs = vec![
        Tlv::short(tag::SAR_MSG_REF_NUM, 0x0102),
        Tlv::octet(tag::SAR_TOTAL_SEGMENTS, 3),
        Tlv::octet(tag::SAR_SEGMENT_SEQNUM, 2),
    ];
    let out = page(&bench.submit(ShortMessage {
        tlvs,
        ..to_alice("part two")
    }));
    assert_eq!(
        out.segment.concatenation().map(|part| (part.number, part.total)),
        Some((2, 3))
    );
    assert_eq!(out.segment.text(), "part two");
}

#[test]
fn times_are_checked() {
    for (schedule, validity, expected) in [
        ("", "", Status::ESME_ROK),
        ("", "000000000100000R", Status::ESME_ROK),
        ("", "000000000000000R", Status::ESME_RINVEXPIRY),
        ("", "090302220000000+", Status::ESME_RINVEXPIRY),
        ("", "090302220001000+", Status::ESME_ROK),
        ("", "380302220001000+", Status::ESME_RINVEXPIRY),
        ("000000000200000R", "000000000200000R", Status::ESME_RINVEXPIRY),
        ("000000000200000R", "000000000201000R", Status::ESME_ROK),
        ("999999999999999+", "", Status::ESME_RINVSCHED),
        ("", "090302220001049+", Status::ESME_RINVEXPIRY),
    ] {
        let message = ShortMessage {
            schedule_delivery_time: schedule.into(),
            validity_period: validity.into(),
            ..to_alice("hi")
        };
        assert_eq!(
            submit(free_config(), 0x34, message),
            expected,
            "{schedule:?} {validity:?}"
        );
    }
}

#[test]
fn a_blocked_code_is_refused_or_rejected_later() {
    for (reaction, expected) in [
        (BlockedReaction::Refuse, Status::ESME_RINVDSTADR),
        (BlockedReaction::Reject, Status::ESME_ROK),
    ] {
        let mut config = config();
        config.carriers[0].blocked_reaction = reaction;
        let mut bench = Bench::bound(config);
        bench.change(Change::BlockCode("32665".into()));
        let session = ShortMessage {
            source: code("3266507"),
            ..to_alice("hi")
        };
        for message in [to_alice("hi"), session] {
            let outputs = bench.submit(message);
            assert_eq!(status(&outputs), expected, "{reaction:?}");
            assert!(pages(&outputs).is_empty());
            let rejected: &[&str] = if expected.is_ok() { &["REJECTD"] } else { &[] };
            assert_eq!(stats(&outputs), rejected);
        }
        bench.change(Change::UnblockCode("32665".into()));
        assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_ROK);
    }
}

#[test]
fn a_scripted_answer_is_given_n_times_and_then_no_more() {
    let mut bench = Bench::bound(config());
    let answers = |bench: &mut Bench, count: usize| -> Vec<Status> {
        (0..count)
            .map(|_| status(&bench.submit(to_alice("hi"))))
            .collect()
    };
    let full = Status::ESME_RMSGQFUL;
    bench.change(Change::Answer {
        status: full,
        count: Some(2),
    });
    assert_eq!(answers(&mut bench, 3), [full, full, Status::ESME_ROK]);
    bench.change(Change::Answer {
        status: full,
        count: None,
    });
    assert_eq!(answers(&mut bench, 4), [full; 4]);
    bench.change(Change::Answer {
        status: Status::ESME_ROK,
        count: None,
    });
    assert_eq!(answers(&mut bench, 1), [Status::ESME_ROK]);
    bench.change(Change::Answer {
        status: full,
        count: Some(0),
    });
    assert_eq!(answers(&mut bench, 1), [Status::ESME_ROK]);
}

#[test]
fn a_throttled_carrier_takes_its_number_a_second() {
    let mut bench = Bench::bound(config());
    bench.change(Change::Throttle(Some(3)));
    let accepted = |bench: &mut Bench| {
        (0..10)
            .filter(|_| status(&bench.submit(to_alice("hi"))).is_ok())
            .count()
    };
    assert_eq!(accepted(&mut bench), 3);
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_RTHROTTLED);
    bench.now += secs(1);
    assert_eq!(accepted(&mut bench), 3);
    bench.change(Change::Throttle(None));
    assert_eq!(accepted(&mut bench), 10);
}

#[test]
fn a_throttled_account_sends_its_number_a_second() {
    let mut config = config();
    config.accounts[0].submits_per_second_max = Some(5);
    let mut bench = Bench::bound(config);
    let accepted = (0..10)
        .filter(|_| status(&bench.submit(to_alice("hi"))).is_ok())
        .count();
    assert_eq!(accepted, 5);
}

#[test]
fn the_coding_of_a_text_reaches_the_handset() {
    for (data_coding, words) in [(0, "Kings"), (3, "é"), (8, "я"), (0x10, "flash"), (0xF0, "flash")] {
        let encoding = Encoding::from_data_coding(data_coding);
        let segment = Segment {
            data_coding,
            ..Segment::whole(words, encoding)
        };
        let mut bench = Bench::bound(config());
        let message = ShortMessage::new(code("32665"), handset(ALICE), &segment);
        assert_eq!(page(&bench.submit(message)).segment, segment);
    }
    assert_eq!(Address::new(Ton::NetworkSpecific, Npi::Unknown, "1"), code("1"));
}

#[test]
fn a_payload_is_taken_as_far_as_255_segments_hold_it() {
    for (data_coding, long_text, octets, expected) in [
        (0, LongText::Split, 39_015, Status::ESME_ROK),
        (0, LongText::Split, 39_016, Status::ESME_RINVMSGLEN),
        (4, LongText::Split, 34_170, Status::ESME_ROK),
        (4, LongText::Split, 34_171, Status::ESME_RINVMSGLEN),
        (8, LongText::Split, 34_170, Status::ESME_ROK),
        (8, LongText::Split, 34_172, Status::ESME_RINVMSGLEN),
        (0, LongText::Separate, 38_250, Status::ESME_ROK),
        (0, LongText::Separate, 38_251, Status::ESME_RINVMSGLEN),
        (0, LongText::Split, 65_535, Status::ESME_RINVMSGLEN),
        (0, LongText::Truncate, 65_535, Status::ESME_ROK),
    ] {
        let mut config = free_config();
        config.carriers[0].long_text = long_text;
        let payload: Vec<u8> = [0, b'a'].into_iter().cycle().take(octets).collect();
        let message = ShortMessage {
            data_coding,
            tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, payload)],
            ..ShortMessage::new(code("12345"), handset(ALICE), &text(""))
        };
        assert_eq!(
            submit(config, 0x34, message),
            expected,
            "{data_coding} {long_text:?} {octets}"
        );
    }
}
