//! Accounts to which a `data_coding` means something else than SMPP says.

mod support;

use std::time::Duration;

use smpp::{DataSm, Pdu, ReplaceSm, ShortMessage, Status, Tlv, Tlvs as _, tag};
use sms::{Charset, Encoding, Segment};
use smsc::{Alphabet, Carrier, Coding, Config, Effect, Fault, TextPattern};
use support::*;

const LATIN1: Coding = Coding::Charset(Charset::Latin1);

fn coded(codings: &[(u8, Coding)]) -> Config {
    let mut config = config();
    for (data_coding, coding) in codings {
        assert!(config.accounts[0].codings.set(*data_coding, *coding));
    }
    config
}

/// A text with those octets in a `data_coding`, with a receipt.
fn octets(octets: &[u8], data_coding: u8) -> ShortMessage {
    ShortMessage {
        short_message: octets.into(),
        data_coding,
        ..to_alice("")
    }
}

fn scheduled(message: ShortMessage) -> ShortMessage {
    ShortMessage {
        schedule_delivery_time: "000000010000000R".to_owned(),
        ..message
    }
}

#[test]
fn a_phone_gets_what_the_account_means_and_the_receipt_repeats_it() {
    for (codings, sent, data_coding, text, repeated) in [
        (&[][..], &b"Caf\x05"[..], 0, "Café", &b"Caf\x05"[..]),
        (&[(0, LATIN1)], b"Caf\xE9 @", 0, "Café @", b"Caf\xE9 @"),
        (
            &[(0, LATIN1), (1, Coding::Gsm7)],
            b"Caf\x05",
            1,
            "Café",
            b"Caf\xE9",
        ),
        (&[(0, Coding::Ucs2)], b"\0h\0i", 0, "hi", b""),
        (&[(0, Coding::Ucs2)], b"\0h\0i", 8, "hi", b""),
        (
            &[(0, Coding::Gsm7Packed)],
            b"\xE8\x32\x9B\xFD\x06",
            0,
            "hello",
            b"hello",
        ),
        (&[(2, LATIN1)], b"\xE9", 2, "é", b"\x05"),
    ] {
        let mut bench = Bench::bound(coded(codings));
        let out = page(&bench.submit(octets(sent, data_coding)));
        assert_eq!(out.segment.text(), text, "{codings:?}");
        let receipt = delivers(&bench.deliver(&out)).remove(0).1;
        assert_eq!(receipt.data_coding, 0);
        let beginning = [&b"Text:"[..], repeated].concat();
        assert!(
            receipt.short_message.ends_with(&beginning),
            "{codings:?} {:?}",
            receipt.short_message
        );
    }
}

#[test]
fn every_operation_that_brings_a_text_reads_it_so() {
    let mut bench = Bench::bound(coded(&[(0, LATIN1)]));
    let message = octets(b"na\xEFve", 0);
    let multi = smpp::SubmitMulti {
        message: message.clone(),
        destinations: vec![smpp::DestAddress::Sme(handset(BOB))],
    };
    let data = DataSm {
        tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"na\xEFve")],
        ..DataSm::from(octets(b"", 0))
    };
    let requests = [Pdu::SubmitSm(message), Pdu::SubmitMulti(multi), Pdu::DataSm(data)];
    for pdu in requests {
        let outputs = bench.request(LINK, pdu);
        assert_eq!(status(&outputs), Status::ESME_ROK);
        let out = page(&outputs);
        assert_eq!(
            (out.segment.text().as_str(), out.segment.data_coding),
            ("naïve", 3)
        );
        bench.deliver(&out);
    }
}

#[test]
fn rules_search_the_text_as_the_account_means_it() {
    let mut config = coded(&[(0, LATIN1)]);
    config.carriers[0].faults = vec![Fault {
        text: TextPattern::new("é").ok(),
        ..Fault::always(Effect::Answer(Status::ESME_RSYSERR))
    }];
    let mut bench = Bench::bound(config);
    assert_eq!(status(&bench.submit(octets(b"\xE9", 0))), Status::ESME_RSYSERR);
    assert_eq!(status(&bench.submit(octets(b"\x05", 0))), Status::ESME_ROK);
}

#[test]
fn what_an_account_may_not_use_is_refused_by_the_status_of_its_version() {
    for (version, expected) in [
        (0x34, Status::ESME_RINVDCS.for_version(0x34)),
        (0x50, Status::ESME_RINVDCS),
    ] {
        let mut bench = Bench::bound_as(coded(&[(4, Coding::Refused)]), version);
        assert_eq!(
            status(&bench.submit(octets(b"\x01", 4))),
            expected,
            "{version:#x}"
        );
        assert_eq!(status(&bench.submit(octets(b"hi", 0))), Status::ESME_ROK);
    }
}

#[test]
fn odd_octets_are_no_ucs2_whatever_data_coding_says_so() {
    let mut bench = Bench::bound(coded(&[(0, Coding::Ucs2), (8, LATIN1)]));
    for (data_coding, expected) in [(0, Status::ESME_RINVMSGLEN), (8, Status::ESME_ROK)] {
        assert_eq!(
            status(&bench.submit(octets(b"abc", data_coding))),
            expected,
            "{data_coding}"
        );
    }
}

#[test]
fn what_phones_send_reaches_the_esme_as_it_reads_it() {
    for (codings, text, data_coding, octets) in [
        (&[][..], "Café", 0, &b"Caf\x05"[..]),
        (&[(0, LATIN1)], "Café @", 0, b"Caf\xE9 @"),
        (
            &[(0, LATIN1)],
            "Привет",
            8,
            b"\x04\x1F\x04\x40\x04\x38\x04\x32\x04\x35\x04\x42",
        ),
        (&[(0, Coding::Ucs2)], "hi", 0, b"\0h\0i"),
    ] {
        let mut bench = Bench::bound(coded(codings));
        let deliver = delivers(&bench.mo(ALICE, "32665", text)).remove(0).1;
        assert_eq!(
            (deliver.data_coding, &*deliver.short_message),
            (data_coding, octets),
            "{codings:?}"
        );
    }
}

#[test]
fn a_text_that_grows_too_long_is_in_a_payload_or_for_v33_in_what_fits() {
    let words = "a".repeat(160);
    for (version, data_coding, payload) in [(0x34, 0, true), (0x33, 1, false)] {
        let mut bench = Bench::bound_as(
            coded(&[(0, Coding::Ucs2), (1, Coding::Charset(Charset::Ascii))]),
            version,
        );
        let deliver = delivers(&bench.mo(ALICE, "32665", &words)).remove(0).1;
        let has_payload = deliver.tlvs.tlv(tag::MESSAGE_PAYLOAD).is_some();
        assert_eq!(
            (deliver.data_coding, has_payload),
            (data_coding, payload),
            "{version:#x}"
        );
        assert_eq!(deliver.user_data().len(), if payload { 320 } else { 160 });
    }
}

#[test]
fn a_replacement_is_read_as_the_text_before_it_was_sent() {
    // The carrier's air has no UCS-2: what replaces a text still comes in it.
    let mangling = Carrier {
        alphabet: Alphabet::Ascii,
        ..Carrier::new("att")
    };
    for (codings, carrier, first, then, data_coding, expected) in [
        (
            &[(0, LATIN1)][..],
            Carrier::new("att"),
            &b"Caf\xE9"[..],
            &b"Th\xE9"[..],
            0,
            "Thé",
        ),
        (&[], mangling, b"\0h\0i", b"\0h\0o", 8, "ho"),
    ] {
        let mut config = coded(codings);
        config.carriers = vec![carrier];
        let mut bench = Bench::bound(config);
        let id = message_id(&bench.submit(scheduled(octets(first, data_coding))));
        let replace = ReplaceSm {
            message_id: id.as_str().into(),
            source: code("32665"),
            short_message: then.into(),
            ..ReplaceSm::default()
        };
        assert_eq!(
            status(&bench.request(LINK, Pdu::ReplaceSm(replace))),
            Status::ESME_ROK
        );
        let out = page(&bench.wait(Duration::from_secs(3_600)));
        assert_eq!(out.segment.text(), expected, "{codings:?}");
    }
}

#[test]
fn half_a_ucs2_character_replaces_nothing() {
    let mut bench = Bench::bound(config());
    let message = ShortMessage {
        data_coding: Encoding::Ucs2.data_coding(),
        short_message: Segment::whole("hi", Encoding::Ucs2).user_data,
        ..to_alice("")
    };
    let id = message_id(&bench.submit(scheduled(message)));
    let replace = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        short_message: b"abc".into(),
        ..ReplaceSm::default()
    };
    assert_eq!(
        status(&bench.request(LINK, Pdu::ReplaceSm(replace))),
        Status::ESME_RINVMSGLEN
    );
    let out = page(&bench.wait(Duration::from_secs(3_600)));
    assert_eq!(out.segment.text(), "hi");
}
