//! What the SMSC delivers: persons' texts, and receipts.

use std::time::Duration;

use esme::{Config, Input, MessageIdBases, Output};
use smpp::{DataSm, Pdu, ShortMessage, Status, Tlv, esm_class, tag};
use sms::{Address, Encoding, Npi, Reference, Segment, Ton};

use crate::peer::{Link, code, frame, mobile_originated, phone, receipt, submit};

fn config() -> Config {
    Config {
        enquire_link: None,
        reassembly_hold: Duration::from_secs(60),
        ..Config::default()
    }
}

fn parts(text: &str, reference: Reference) -> Vec<Segment> {
    Segment::split(text, reference).expect("fits")
}

/// A bound link on which text 1 was submitted, with these message ids for its parts.
fn submitted(config: Config, message_ids: &[&str]) -> Link {
    let mut link = Link::bound(config);
    let text = if message_ids.len() == 1 {
        "hello".to_owned()
    } else {
        "x".repeat(153 * message_ids.len())
    };
    link.gives(submit(1, &text));
    for (number, id) in (2..).zip(message_ids) {
        link.takes(number, id);
    }
    assert_eq!(link.esme.awaiting_receipts(), 1);
    link
}

/// A receipt of these fields as TLVs only, with no text.
fn bare_receipt(esm_class: u8, message_id: &str, state: u8) -> ShortMessage {
    let tlvs = vec![
        Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, message_id),
        Tlv::octet(tag::MESSAGE_STATE, state),
    ];
    ShortMessage {
        source: phone(),
        destination: code(),
        esm_class,
        tlvs,
        ..ShortMessage::default()
    }
}

#[test]
fn a_text_is_answered_and_handed_on() {
    for (text, encoding) in [
        ("Stop", Encoding::Gsm7),
        ("", Encoding::Gsm7),
        ("привет", Encoding::Ucs2),
    ] {
        let mut link = Link::bound(config());
        let segment = &parts(text, Reference::Octet(0))[0];
        let pdu = mobile_originated(segment);
        let command = smpp::Command {
            status: Status::ESME_ROK,
            sequence_number: 7,
            pdu,
        };
        let outputs = link.esme.handle(link.now, Input::Received(frame(command)));
        let [Output::Send(resp), mo] = &outputs[..] else {
            panic!("a response and a text, not {outputs:?}")
        };
        assert_eq!((resp.sequence_number, resp.status), (7, Status::ESME_ROK));
        let Pdu::DeliverSmResp(body) = &resp.pdu else {
            panic!("a deliver_sm_resp")
        };
        assert_eq!(body.id(), "", "its message_id is unused (SMPP v3.4 §4.6.2)");
        let text = text.to_owned();
        assert_eq!(
            *mo,
            Output::Mo {
                from: phone(),
                to: code(),
                text,
                parts: 1,
                encoding
            }
        );
    }
}

#[test]
fn parts_are_put_together_however_they_are_marked() {
    let text = format!("{}{}", "a".repeat(152), "b".repeat(100));
    let whole = format!("mo {} {} 2 {text}", phone(), code());
    let sar = |number: u8, body: &str| {
        let message = ShortMessage::new(phone(), code(), &Segment::whole(body, Encoding::Gsm7));
        let tlvs = vec![
            Tlv::short(tag::SAR_MSG_REF_NUM, 300),
            Tlv::octet(tag::SAR_TOTAL_SEGMENTS, 2),
            Tlv::octet(tag::SAR_SEGMENT_SEQNUM, number),
        ];
        Pdu::DeliverSm(ShortMessage { tlvs, ..message })
    };
    let payload = |segment: &Segment| {
        let message = ShortMessage::new(phone(), code(), segment);
        let payload = Tlv::new(tag::MESSAGE_PAYLOAD, segment.user_data.clone());
        Pdu::DeliverSm(ShortMessage {
            short_message: sms::Octets::default(),
            tlvs: vec![payload],
            ..message
        })
    };
    let data = |segment: &Segment| {
        let tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, segment.user_data.clone())];
        let (source, destination, esm_class) = (phone(), code(), esm_class::UDHI);
        Pdu::DataSm(DataSm {
            source,
            destination,
            esm_class,
            tlvs,
            ..DataSm::default()
        })
    };
    let (octet, wide) = (
        parts(&text, Reference::Octet(7)),
        parts(&text, Reference::Wide(777)),
    );
    for (kind, pdus) in [
        (
            "8 bit",
            [mobile_originated(&octet[0]), mobile_originated(&octet[1])],
        ),
        (
            "16 bit",
            [mobile_originated(&wide[0]), mobile_originated(&wide[1])],
        ),
        ("sar", [sar(1, &text[..152]), sar(2, &text[152..])]),
        ("message_payload", [payload(&octet[0]), payload(&octet[1])]),
        ("data_sm", [data(&octet[0]), data(&octet[1])]),
    ] {
        for order in [[0, 1], [1, 0]] {
            let mut link = Link::bound(config());
            assert_eq!(link.delivers(pdus[order[0]].clone()), [""; 0], "{kind}");
            assert_eq!(link.delivers(pdus[order[0]].clone()), [""; 0], "{kind}, a copy");
            assert_eq!(link.delivers(pdus[order[1]].clone()), [whole.as_str()], "{kind}");
            assert_eq!(
                link.delivers(pdus[order[1]].clone()),
                [""; 0],
                "{kind}, a late copy"
            );
        }
    }
}

#[test]
fn parts_for_two_numbers_or_from_two_phones_are_kept_apart() {
    let segments = parts(&"a".repeat(161), Reference::Octet(7));
    let other = Address::new(Ton::NetworkSpecific, Npi::Unknown, "3266507");
    let mut link = Link::bound(config());
    let deliver = |source: Address, destination: Address, part: usize| {
        Pdu::DeliverSm(ShortMessage::new(source, destination, &segments[part]))
    };
    assert_eq!(link.delivers(deliver(phone(), code(), 0)), [""; 0]);
    assert_eq!(link.delivers(deliver(phone(), other.clone(), 1)), [""; 0]);
    assert_eq!(link.delivers(deliver(other.clone(), code(), 1)), [""; 0]);
    let said = link.delivers(deliver(phone(), other, 0));
    assert!(said[0].starts_with("mo +14155550101 3266507 2 a"), "{said:?}");
}

#[test]
fn what_there_is_of_a_text_is_handed_on_when_its_hold_is_over() {
    let segments = parts(&"a".repeat(400), Reference::Octet(7));
    let mut link = Link::bound(config());
    link.delivers(mobile_originated(&segments[1]));
    assert_eq!(
        link.after(Duration::from_secs(60) - Duration::from_micros(1)),
        [""; 0]
    );
    let text = "a".repeat(153);
    assert_eq!(
        link.at_wakeup(),
        [
            "noted mo_incomplete 2".to_owned(),
            format!("mo +14155550101 32665 1 {text}")
        ]
    );
    assert_eq!(link.esme.next_wakeup(), None);
}

#[test]
fn one_incomplete_text_more_than_incomplete_max_hands_on_the_oldest() {
    let mut link = Link::bound(Config {
        incomplete_max: 2,
        ..config()
    });
    for reference in 0..2 {
        let segments = parts(&"a".repeat(161), Reference::Octet(reference));
        assert_eq!(link.delivers(mobile_originated(&segments[0])), [""; 0]);
    }
    let segments = parts(&"a".repeat(161), Reference::Octet(2));
    let said = link.delivers(mobile_originated(&segments[0]));
    assert_eq!(said[0], "noted mo_incomplete 1");
    assert!(said[1].starts_with("mo +14155550101 32665 1 a"));
}

#[test]
fn parts_outlive_the_link_that_brought_them() {
    let segments = parts(&"a".repeat(161), Reference::Octet(7));
    let mut link = Link::bound(config());
    link.delivers(mobile_originated(&segments[0]));
    link.gives(Input::Closed);
    link.after(Duration::from_secs(5));
    link.bind();
    assert!(link.delivers(mobile_originated(&segments[1]))[0].starts_with("mo "));
}

#[test]
fn a_receipt_of_each_final_state_is_reported() {
    for (stat, err) in [
        ("DELIVRD", "000"),
        ("EXPIRED", "107"),
        ("DELETED", ""),
        ("UNDELIV", "00B"),
        ("REJECTD", "999"),
    ] {
        let mut link = submitted(config(), &["0000002a"]);
        let text = format!("id:2A sub:001 dlvrd:000 stat:{stat} err:{err} Text:hello");
        assert_eq!(
            link.delivers(receipt(&text)),
            [format!("receipt 1 0000002a {stat} {err}")]
        );
        assert_eq!(link.esme.awaiting_receipts(), 0);
    }
}

#[test]
fn accepted_is_reported_and_ends_nothing() {
    let mut link = submitted(config(), &["0000002a"]);
    for (stat, told) in [("ACCEPTD", "ACCEPTD 000 for now"), ("DELIVRD", "DELIVRD 000")] {
        let text = format!("id:2A sub:001 dlvrd:000 stat:{stat} err:000 Text:hello");
        assert_eq!(
            link.delivers(receipt(&text)),
            [format!("receipt 1 0000002a {told}")]
        );
    }
    assert_eq!(link.esme.awaiting_receipts(), 0);
}

#[test]
fn receipts_come_as_tlvs_and_in_data_sm_as_well() {
    let message = bare_receipt(esm_class::RECEIPT, "a", 5);
    let ShortMessage {
        source,
        destination,
        esm_class,
        tlvs,
        ..
    } = message.clone();
    let data = DataSm {
        source,
        destination,
        esm_class,
        tlvs,
        ..DataSm::default()
    };
    for pdu in [Pdu::DeliverSm(message), Pdu::DataSm(data)] {
        let mut link = submitted(config(), &["a"]);
        assert_eq!(link.delivers(pdu), ["receipt 1 a UNDELIV "]);
    }
}

#[test]
fn what_is_not_final_is_reported_for_now() {
    let mut link = submitted(config(), &["a"]);
    let intermediate = Pdu::DeliverSm(bare_receipt(esm_class::INTERMEDIATE, "a", 1));
    assert_eq!(link.delivers(intermediate), ["receipt 1 a ENROUTE  for now"]);
    assert_eq!(
        link.delivers(receipt("id:a stat:BUFFRED")),
        ["receipt 1 a ENROUTE  for now"]
    );
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD err:000")),
        ["receipt 1 a DELIVRD 000"]
    );
}

#[test]
fn a_text_of_several_parts_is_reported_once_with_its_worst_part() {
    let mut link = submitted(config(), &["a", "b", "c"]);
    assert_eq!(
        link.delivers(receipt("id:b stat:UNDELIV err:007")),
        ["noted part_receipt 1 b"]
    );
    assert_eq!(
        link.delivers(receipt("id:c stat:DELIVRD err:000")),
        ["noted part_receipt 1 c"]
    );
    assert_eq!(
        link.delivers(receipt("id:c stat:DELIVRD err:000")),
        ["noted receipt_again 1 c"]
    );
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD err:000")),
        ["receipt 1 b UNDELIV 007"]
    );
}

#[test]
fn a_second_receipt_is_noted_and_not_reported() {
    let mut link = submitted(config(), &["a"]);
    assert_eq!(
        link.delivers(receipt("id:a stat:EXPIRED err:001")),
        ["receipt 1 a EXPIRED 001"]
    );
    for again in [
        "id:a stat:EXPIRED err:001",
        "id:A stat:DELIVRD err:000",
        "id:00a stat:ENROUTE",
    ] {
        assert_eq!(
            link.delivers(receipt(again)),
            ["noted receipt_again 1 a"],
            "{again}"
        );
    }
}

#[test]
fn receipts_that_name_nothing_known_are_noted() {
    let mut link = submitted(config(), &["a"]);
    assert_eq!(
        link.delivers(receipt("id:b stat:DELIVRD")),
        ["noted receipt_unknown b"]
    );
    assert_eq!(
        link.delivers(receipt("stat:DELIVRD")),
        ["noted receipt_unreadable"]
    );
    assert_eq!(link.delivers(receipt("")), ["noted receipt_unreadable"]);
    assert_eq!(link.esme.awaiting_receipts(), 1);
}

#[test]
fn ids_of_two_bases_are_matched_where_the_smsc_is_known_for_it() {
    for (bases, response, in_receipt) in [
        (MessageIdBases::ResponseHex, "39f99dd5", "0972660181"),
        (MessageIdBases::ResponseDecimal, "42", "0000002A"),
    ] {
        let mut link = submitted(
            Config {
                message_id_bases: bases,
                ..config()
            },
            &[response],
        );
        let said = link.delivers(receipt(&format!("id:{in_receipt} stat:DELIVRD err:000")));
        assert_eq!(said, [format!("receipt 1 {response} DELIVRD 000")]);
    }
}

#[test]
fn acknowledgements_of_handsets_are_no_texts() {
    let mut link = Link::bound(config());
    for esm_class in [esm_class::DELIVERY_ACK, esm_class::USER_ACK, 0x18, 0x88] {
        let segment = Segment::whole("seen", Encoding::Gsm7);
        let message = ShortMessage {
            esm_class,
            ..ShortMessage::new(phone(), code(), &segment)
        };
        assert_eq!(
            link.delivers(Pdu::DeliverSm(message)),
            ["noted acknowledgement_ignored"],
            "{esm_class:#04x}"
        );
    }
}

#[test]
fn a_receipt_before_its_response_is_reported_after_it() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "hello"));
    assert_eq!(
        link.delivers(receipt("id:2a stat:DELIVRD err:000")),
        ["noted receipt_early 2a"]
    );
    assert_eq!(
        link.takes(2, "0000002A"),
        ["submitted 1 0000002A", "receipt 1 0000002A DELIVRD 000"]
    );
}

#[test]
fn receipts_of_parts_before_the_last_response_are_reported_after_it() {
    let mut link = Link::bound(config());
    link.gives(submit(1, &"x".repeat(161)));
    link.takes(2, "a");
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD err:000")),
        ["noted receipt_early a"]
    );
    assert_eq!(
        link.delivers(receipt("id:b stat:DELIVRD err:000")),
        ["noted receipt_early b"]
    );
    assert_eq!(
        link.takes(3, "b"),
        [
            "submitted 1 a b",
            "noted part_receipt 1 a",
            "receipt 1 a DELIVRD 000"
        ]
    );
}

#[test]
fn an_early_receipt_is_given_up_when_no_response_can_explain_it() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "one"));
    assert_eq!(
        link.delivers(receipt("id:x stat:DELIVRD")),
        ["noted receipt_early x"]
    );
    link.gives(submit(2, "two"));
    assert_eq!(
        link.takes(2, "a"),
        ["submitted 1 a", "noted receipt_unknown x"],
        "text 2 came later"
    );

    assert_eq!(
        link.delivers(receipt("id:y stat:DELIVRD")),
        ["noted receipt_early y"]
    );
    assert_eq!(
        link.rejects(3, Status::ESME_RINVDSTADR),
        ["refused 2 ESME_RINVDSTADR", "noted receipt_unknown y"]
    );

    link.gives(submit(3, "three"));
    assert_eq!(
        link.delivers(receipt("id:z stat:DELIVRD")),
        ["noted receipt_early z"]
    );
    let said = link.gives(Input::Closed);
    assert_eq!(said.last().map(String::as_str), Some("noted receipt_unknown z"));
}

#[test]
fn no_more_than_early_receipts_max_are_kept() {
    let mut link = Link::bound(Config {
        early_receipts_max: 2,
        ..config()
    });
    link.gives(submit(1, "one"));
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD")),
        ["noted receipt_early a"]
    );
    assert_eq!(
        link.delivers(receipt("id:b stat:DELIVRD")),
        ["noted receipt_early b"]
    );
    assert_eq!(
        link.delivers(receipt("id:c stat:DELIVRD")),
        ["noted receipt_early c", "noted receipt_unknown a"]
    );
    assert_eq!(
        link.takes(2, "b"),
        ["submitted 1 b", "receipt 1 b DELIVRD ", "noted receipt_unknown c"]
    );
}

#[test]
fn no_more_than_correlations_max_texts_await_their_receipts() {
    let mut link = Link::bound(Config {
        correlations_max: 2,
        ..config()
    });
    for (token, number, id) in [(1, 2, "a"), (2, 3, "b")] {
        link.gives(submit(token, "hi"));
        assert_eq!(link.takes(number, id), [format!("submitted {token} {id}")]);
    }
    link.gives(submit(3, "hi"));
    assert_eq!(link.takes(4, "c"), ["noted receipts_given_up 1", "submitted 3 c"]);
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD")),
        ["noted receipt_unknown a"]
    );
    assert_eq!(
        link.delivers(receipt("id:b stat:DELIVRD")),
        ["receipt 2 b DELIVRD "]
    );
    assert_eq!(
        link.delivers(receipt("id:c stat:DELIVRD")),
        ["receipt 3 c DELIVRD "]
    );
}

#[test]
fn receipts_are_awaited_across_links() {
    let mut link = submitted(config(), &["a"]);
    link.gives(Input::Closed);
    link.after(Duration::from_secs(5));
    link.bind();
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD err:000")),
        ["receipt 1 a DELIVRD 000"]
    );
}
