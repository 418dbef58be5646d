//! Receipts: who gets which, what they say, and how carriers treat them.

mod support;

use smpp::{Bind, BindKind, LinkId, Pdu, ShortMessage, Status, Tlv, Tlvs as _, esm_class, tag};
use smsc::{Account, Cause, Change, Event, MessageIdStyle, ReceiptMode, ReceiptRoute, ReceiptStyle};
use support::*;

#[test]
fn flags_decide_who_is_told_what() {
    for (flags, version, on_delivery, on_failure) in [
        (0x00, 0x34, false, false),
        (0x01, 0x34, true, true),
        (0x02, 0x34, false, true),
        (0x03, 0x50, true, false),
        (0x10, 0x34, false, false),
        (0x11, 0x34, true, true),
    ] {
        for (outcome, expected) in [
            (smsc::PageOutcome::Delivered, on_delivery),
            (smsc::PageOutcome::Failed(Cause::Barred), on_failure),
        ] {
            let mut bench = Bench::bound_as(config(), version);
            let out = page(&bench.submit(ShortMessage {
                registered_delivery: flags,
                ..to_alice("hi")
            }));
            let outputs = bench.answer_page(&out, outcome);
            assert_eq!(
                stats(&outputs).len(),
                usize::from(expected),
                "{flags:#x} {outcome:?}"
            );
        }
    }
}

#[test]
fn a_handset_acknowledges_what_it_has_if_it_is_asked_to() {
    let reference = Tlv::short(tag::USER_MESSAGE_REFERENCE, 42);
    let (acknowledged, receipt) = (esm_class::DELIVERY_ACK, esm_class::RECEIPT);
    for (flags, on_delivery, on_failure) in [
        (0x04, vec![acknowledged], vec![]),
        (0x05, vec![receipt, acknowledged], vec![receipt]),
        (0x0c, vec![acknowledged], vec![]),
        // What a person who has read it would say, nobody says.
        (0x08, vec![], vec![]),
    ] {
        for (outcome, expected) in [
            (smsc::PageOutcome::Delivered, on_delivery),
            (smsc::PageOutcome::Failed(Cause::Barred), on_failure),
        ] {
            let mut bench = Bench::bound(config());
            let out = page(&bench.submit(ShortMessage {
                registered_delivery: flags,
                tlvs: vec![reference.clone()],
                ..to_alice("hi")
            }));
            let outputs = bench.answer_page(&out, outcome);
            let told = delivers(&outputs);
            let kinds: Vec<u8> = told.iter().map(|(_, told)| told.esm_class).collect();
            assert_eq!(kinds, expected, "{flags:#x} {outcome:?}");
            for (_, told) in told.iter().filter(|(_, told)| told.esm_class == acknowledged) {
                assert_eq!(
                    (&told.source, &told.destination),
                    (&handset(ALICE), &code("32665"))
                );
                assert_eq!(told.tlvs, std::slice::from_ref(&reference));
                assert!(told.short_message.is_empty());
            }
        }
    }
}

#[test]
fn a_receipt_says_everything_in_words_and_in_tlvs() {
    let mut bench = Bench::bound(config());
    let reference = Tlv::short(tag::USER_MESSAGE_REFERENCE, 42);
    let out = page(&bench.submit(ShortMessage {
        tlvs: vec![reference.clone()],
        ..to_alice("Kings win 4-2, Sharks 3")
    }));
    bench.wait(secs(60));
    let outputs = bench.fail(&out, Cause::Barred);
    let [(_, receipt)] = &delivers(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        (&receipt.source, &receipt.destination),
        (&handset(ALICE), &code("32665"))
    );
    assert_eq!((receipt.esm_class, receipt.data_coding), (esm_class::RECEIPT, 0));
    assert_eq!(
        receipt.segment().text(),
        "id:00000001 sub:001 dlvrd:000 submit date:0903022200 done date:0903022201 stat:UNDELIV err:013 \
         Text:Kings win 4-2, Shark"
    );
    assert_eq!(
        receipt.tlvs.tlv_text(tag::RECEIPTED_MESSAGE_ID).as_deref(),
        Some("00000001")
    );
    assert_eq!(receipt.tlvs.tlv_integer(tag::MESSAGE_STATE), Some(5));
    assert_eq!(
        receipt.tlvs.tlv(tag::NETWORK_ERROR_CODE),
        Some(&Tlv::new(tag::NETWORK_ERROR_CODE, [3, 0, 13]))
    );
    assert_eq!(receipt.tlvs.tlv(tag::USER_MESSAGE_REFERENCE), Some(&reference));
}

#[test]
fn a_v33_session_gets_the_text_alone_and_short_ids() {
    let mut config = config();
    config.carriers[0].message_ids = MessageIdStyle::Uuid;
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    let bind = Bind {
        interface_version: 0x33,
        ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
    };
    bench.request(LINK, Pdu::Bind(bind));
    let (id, out) = bench.send("hi");
    assert_eq!(id.len(), 8);
    let outputs = bench.deliver(&out.expect("paged"));
    assert_eq!(stats(&outputs), ["DELIVRD"]);
    assert!(delivers(&outputs)[0].1.tlvs.is_empty());
}

#[test]
fn ids_differ_between_response_and_text_as_the_style_says() {
    for (style, response, text) in [
        (MessageIdStyle::Same, "00000001", "id:00000001 "),
        (MessageIdStyle::HexThenDecimal, "1", "id:0000000001 "),
        (MessageIdStyle::DecimalThenHex, "1", "id:1 "),
        (MessageIdStyle::Padded, "1", "id:00000001 "),
    ] {
        let mut config = config();
        config.carriers[0].message_ids = style;
        let mut bench = Bench::bound(config);
        let (id, out) = bench.send("hi");
        assert_eq!(id, response, "{style:?}");
        let outputs = bench.deliver(&out.expect("paged"));
        assert!(words(&outputs)[0].starts_with(text), "{:?}", words(&outputs));
        // The TLV is always what the response was.
        let tlvs = &delivers(&outputs)[0].1.tlvs;
        assert_eq!(
            tlvs.tlv_text(tag::RECEIPTED_MESSAGE_ID).as_deref(),
            Some(response)
        );
    }
}

#[test]
fn the_first_failure_is_told_when_that_is_asked_for() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(ShortMessage {
        registered_delivery: 0x11,
        ..to_alice("hi")
    }));
    let outputs = bench.fail(&out, Cause::Absent);
    let [(_, notification)] = &delivers(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(notification.esm_class, esm_class::INTERMEDIATE);
    assert_eq!(stats(&outputs), ["ENROUTE"]);
    assert_eq!(notification.tlvs.tlv_integer(tag::MESSAGE_STATE), Some(1));
    let again = page(&bench.wait(secs(60)));
    assert!(
        stats(&bench.fail(&again, Cause::Absent)).is_empty(),
        "only the first"
    );
    let again = page(&bench.wait(secs(300)));
    assert_eq!(stats(&bench.deliver(&again)), ["DELIVRD"]);
}

#[test]
fn texts_behind_one_that_fails_fail_as_it_does() {
    let notified = |words: &str| ShortMessage {
        registered_delivery: 0x11,
        validity_period: "000000000010000R".into(),
        ..to_alice(words)
    };
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(notified("first")));
    assert!(stats(&bench.submit(notified("while it is in the air"))).is_empty());
    let outputs = bench.fail(&out, Cause::Absent);
    assert_eq!(stats(&outputs), ["ENROUTE", "ENROUTE"]);
    let outputs = bench.submit(notified("while all wait"));
    assert_eq!(stats(&outputs), ["ENROUTE"]);
    assert!(words(&outputs)[0].contains(" err:006 "), "{:?}", words(&outputs));
    // Before the phone is tried again their time is over, and what kept them from it is said of each.
    let outputs = bench.wait(secs(10));
    assert_eq!(stats(&outputs), ["EXPIRED", "EXPIRED", "EXPIRED"]);
    for words in words(&outputs) {
        assert!(words.contains(" err:006 "), "{words}");
    }
}

#[test]
fn a_text_that_comes_while_another_is_tried_again_fails_with_it_and_is_told_once() {
    let notified = |words: &str| ShortMessage {
        registered_delivery: 0x11,
        ..to_alice(words)
    };
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(notified("first")));
    bench.submit(notified("second"));
    assert_eq!(stats(&bench.fail(&out, Cause::Absent)), ["ENROUTE", "ENROUTE"]);
    let again = page(&bench.wait(secs(60)));
    assert!(stats(&bench.submit(notified("third"))).is_empty());
    assert_eq!(stats(&bench.fail(&again, Cause::Absent)), ["ENROUTE"]);
}

#[test]
fn receipts_go_to_the_session_that_the_account_wants() {
    for (route, expected) in [
        (ReceiptRoute::Same, vec![2, 2, 2]),
        (ReceiptRoute::Any, vec![1, 1, 1]),
        (ReceiptRoute::RoundRobin, vec![1, 2, 1]),
    ] {
        let mut config = config();
        config.accounts[0].receipts = route;
        let mut bench = Bench::bound(config);
        bench.bind(LinkId(2), BindKind::Transceiver);
        let mut links = Vec::new();
        for _ in 0..3 {
            let outputs = bench.request(LinkId(2), Pdu::SubmitSm(to_alice("hi")));
            let outputs = bench.deliver(&page(&outputs));
            links.push(sent(&outputs)[0].0.0);
        }
        assert_eq!(links, expected, "{route:?}");
    }
}

#[test]
fn a_receipt_for_a_transmitter_goes_to_a_receiver_of_the_account_or_waits() {
    let mut bench = Bench::new(config());
    bench.bind(LINK, BindKind::Transmitter);
    let out = bench.send("hi").1.expect("paged");
    let outputs = bench.deliver(&out);
    assert!(delivers(&outputs).is_empty());
    assert!(
        notes(&outputs)
            .iter()
            .any(|event| matches!(event, Event::WaitsForEsme { .. }))
    );
    assert_eq!(stats(&bench.bind(LinkId(2), BindKind::Receiver)), ["DELIVRD"]);
}

#[test]
fn a_receipt_never_goes_to_another_account() {
    let mut config = config();
    config.accounts.push(Account::new("other", "other"));
    let mut bench = Bench::new(config);
    bench.bind(LINK, BindKind::Transmitter);
    bench.connect(LinkId(2));
    bench.request(
        LinkId(2),
        Pdu::Bind(Bind::new(BindKind::Receiver, "other", "other")),
    );
    let out = bench.send("hi").1.expect("paged");
    assert!(delivers(&bench.deliver(&out)).is_empty());
}

#[test]
fn carriers_lose_double_and_delay_receipts() {
    for (mode, at_once, after_300_s) in [
        (ReceiptMode::Normal, 1, 0),
        (ReceiptMode::Late, 0, 1),
        (ReceiptMode::Lost, 0, 0),
        (ReceiptMode::Duplicated, 2, 0),
    ] {
        let mut bench = Bench::bound(config());
        bench.change(Change::Receipts(mode));
        let out = bench.send("hi").1.expect("paged");
        let outputs = bench.deliver(&out);
        assert_eq!(stats(&outputs).len(), at_once, "{mode:?}");
        assert!(stats(&bench.wait(secs(299))).is_empty());
        let late = bench.wait(secs(1));
        assert_eq!(stats(&late).len(), after_300_s, "{mode:?}");
        // It still says when the text arrived.
        let late_text = words(&late).join("");
        assert!(
            late_text.is_empty() || late_text.contains("done date:0903022200"),
            "{late_text}"
        );
    }
}

#[test]
fn late_receipts_have_the_limit_of_what_waits() {
    let mut config = config();
    config.accounts[0].waiting_max = 2;
    let mut bench = Bench::bound(config);
    bench.change(Change::Receipts(ReceiptMode::Late));
    let mut dropped = Vec::new();
    for round in 0..2 {
        for _ in 0..3 {
            let out = bench.send("hi").1.expect("paged");
            let notes = notes(&bench.deliver(&out));
            dropped.push(notes.iter().any(|event| matches!(event, Event::Dropped { .. })));
        }
        assert_eq!(dropped, [false, false, true].repeat(round + 1));
        assert_eq!(stats(&bench.wait(secs(300))).len(), 2);
    }
}

#[test]
fn a_carrier_without_handset_receipts_says_delivrd_on_hand_over_and_nothing_later() {
    let mut config = config();
    config.carriers[0].receipts = ReceiptStyle::named("handover").expect("a style");
    let mut bench = Bench::bound(config);
    let outputs = bench.submit(to_alice("hi"));
    assert_eq!(stats(&outputs), ["DELIVRD"]);
    assert!(stats(&bench.fail(&page(&outputs), Cause::Barred)).is_empty());
}

#[test]
fn an_account_without_receipts_is_refused_them() {
    let mut config = config();
    config.accounts[0].receipts_allowed = false;
    let mut bench = Bench::bound(config);
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_RINVREGDLVFLG);
    let without = ShortMessage {
        registered_delivery: 0,
        ..to_alice("hi")
    };
    assert_eq!(status(&bench.submit(without)), Status::ESME_ROK);
}

#[test]
fn an_account_gets_data_sm_where_its_session_has_it() {
    for (interface_version, name) in [(0x33, "deliver_sm"), (0x34, "data_sm"), (0x50, "data_sm")] {
        let mut config = config();
        config.accounts[0].gets_data_sm = true;
        let mut bench = Bench::new(config);
        bench.connect(LINK);
        let bind = Bind {
            interface_version,
            ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
        };
        bench.request(LINK, Pdu::Bind(bind));
        let (_, page) = bench.send("Hi");
        let receipt = bench.deliver(&page.expect("a page"));
        for outputs in [receipt, bench.mo(ALICE, "32665", "Hello")] {
            let [(_, command)] = &sent(&outputs)[..] else {
                panic!("{outputs:?}")
            };
            assert_eq!(command.pdu.name(), name, "{interface_version:#x}");
            if let Pdu::DataSm(data) = &command.pdu {
                assert!(!data.segment().text().is_empty(), "{data:?}");
            }
        }
    }
}
