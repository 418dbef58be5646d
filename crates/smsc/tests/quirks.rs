//! What carriers and message centres do beside the specification: ACCEPTD first, parameters that name the carrier, canned
//! texts.

mod support;

use smpp::{
    Bind, BindKind, Command, LinkId, MessageIdResp, Pdu, ReplaceSm, ShortMessage, Status, Tlv, Tlvs as _,
    esm_class, tag,
};
use smsc::{Config, ReceiptStyle};
use support::*;

const TAG: u16 = 0x1401;

fn named() -> Config {
    let mut config = config();
    config.carriers[0].tlv = Some(Tlv::c_octet_string(TAG, "383"));
    config
}

fn bound_as(config: Config, interface_version: u8) -> Bench {
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    let bind = Bind {
        interface_version,
        ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
    };
    assert_eq!(status(&bench.request(LINK, Pdu::Bind(bind))), Status::ESME_ROK);
    bench
}

#[test]
fn parameters_that_are_wrong_are_refused_or_passed_over() {
    let whole = smpp::encode(&Command::request(7, Pdu::SubmitSm(to_alice("Hi"))));
    // A user_message_reference of one octet.
    let mut octets = [&whole[..], &[0x02, 0x04, 0, 1, 7]].concat();
    let length = u32::try_from(octets.len()).expect("short");
    octets[..4].copy_from_slice(&length.to_be_bytes());
    for (liberal_tlvs, status) in [(false, Status::ESME_RINVTLVLEN), (true, Status::ESME_ROK)] {
        let mut bench = Bench::bound(Config {
            liberal_tlvs,
            ..config()
        });
        assert_eq!(answer(&bench.octets(LINK, &octets)).status, status);
    }
}

#[test]
fn a_delivery_may_be_accepted_without_a_body_or_only_with_one() {
    for (delivery_resp_bodies, closed) in [(false, vec![]), (true, vec![LINK])] {
        for (resp, closed) in [(MessageIdResp::empty(), closed), (MessageIdResp::nul(), vec![])] {
            let mut bench = Bench::bound(Config {
                delivery_resp_bodies,
                ..config()
            });
            let outputs = bench.mo(ALICE, "32665", "Hi");
            let [(deliver, _)] = &delivers(&outputs)[..] else {
                panic!("{outputs:?}")
            };
            let accepts = Command::response(
                deliver.sequence_number,
                Status::ESME_ROK,
                Pdu::DeliverSmResp(resp),
            );
            let outputs = bench.command(LINK, &accepts);
            assert_eq!(closes(&outputs), closed);
            // What was not accepted waits for another session.
            let again = words(&bench.bind(LinkId(2), BindKind::Transceiver));
            assert_eq!(again.len(), closed.len(), "{again:?}");
        }
    }
}

#[test]
fn a_link_whose_framing_is_lost_is_closed_or_stays() {
    for (close_on_framing_error, closed) in [(true, vec![LINK]), (false, vec![])] {
        let mut bench = Bench::bound(Config {
            close_on_framing_error,
            ..config()
        });
        let outputs = bench.octets(LINK, &[0, 0, 0, 15]);
        let nack = answer(&outputs);
        assert_eq!(
            (nack.pdu, nack.status),
            (Pdu::GenericNack, Status::ESME_RINVCMDLEN)
        );
        assert_eq!(closes(&outputs), closed);
        assert_eq!(bench.smsc.bound_sessions("fbook"), 1 - closed.len());
    }
}

#[test]
fn accepted_comes_first_and_the_hand_over_after_it() {
    for (flags, expected) in [
        (0, &[][..]),
        (1, &["ACCEPTD", "DELIVRD"]),
        (2, &[]),
        (0x11, &["ACCEPTD", "DELIVRD"]),
    ] {
        let mut config = config();
        config.carriers[0].receipts = ReceiptStyle::named("accepted").expect("a style");
        let mut bench = Bench::bound(config);
        let outputs = bench.submit(ShortMessage {
            registered_delivery: flags,
            ..to_alice("Hi")
        });
        assert_eq!(stats(&outputs), expected, "{flags:#x}");
        for (_, receipt) in delivers(&outputs) {
            assert_eq!(receipt.esm_class, esm_class::RECEIPT);
        }
        assert!(stats(&bench.deliver(&page(&outputs))).is_empty());
    }
}

#[test]
fn accepted_alone_is_followed_by_what_the_handset_says() {
    let mut config = config();
    config.carriers[0].receipts.accepted_first = true;
    let mut bench = Bench::bound(config);
    let outputs = bench.submit(to_alice("Hi"));
    assert_eq!(stats(&outputs), ["ACCEPTD"]);
    let failed = bench.fail(&page(&outputs), smsc::Cause::Barred);
    assert_eq!(stats(&failed), ["UNDELIV"]);
}

#[test]
fn what_comes_from_a_carrier_names_it_but_not_to_v33() {
    for (version, expected) in [(0x33, None), (0x34, Some("383")), (0x50, Some("383"))] {
        let mut bench = bound_as(named(), version);
        let texts = delivers(&bench.mo(ALICE, "32665", "Hi"));
        assert_eq!(texts[0].1.tlvs.tlv_text(TAG).as_deref(), expected, "{version:#x}");
        let out = page(&bench.submit(to_alice("Hi")));
        let receipts = delivers(&bench.deliver(&out));
        assert_eq!(
            receipts[0].1.tlvs.tlv_text(TAG).as_deref(),
            expected,
            "{version:#x}"
        );
    }
    let mut bench = Bench::bound(config());
    let texts = delivers(&bench.mo(ALICE, "32665", "Hi"));
    assert!(texts[0].1.tlvs.is_empty());
}

#[test]
fn a_text_that_names_another_carrier_is_refused() {
    for (said, expected) in [
        (None, Status::ESME_ROK),
        (Some(Tlv::c_octet_string(TAG, "383")), Status::ESME_ROK),
        (Some(Tlv::new(TAG, *b"383")), Status::ESME_ROK),
        (Some(Tlv::c_octet_string(TAG, "586")), Status(0x401)),
        (Some(Tlv::c_octet_string(TAG + 1, "586")), Status::ESME_ROK),
    ] {
        let mut bench = Bench::bound(named());
        let message = ShortMessage {
            tlvs: said.clone().into_iter().collect(),
            ..to_alice("Hi")
        };
        assert_eq!(status(&bench.submit(message)), expected, "{said:?}");
    }
}

#[test]
fn a_canned_text_stands_for_one_that_is_empty() {
    let mut config = config();
    config.default_messages.insert(7, "Call me".into());
    let mut bench = Bench::bound(config);
    for (number, words, expected) in [
        (7, "", Ok("Call me")),
        (7, "Own", Ok("Own")),
        (0, "", Ok("")),
        (8, "", Err(Status::ESME_RINVDFTMSGID)),
        (8, "Own", Ok("Own")),
    ] {
        let outputs = bench.submit(ShortMessage {
            sm_default_msg_id: number,
            ..to_alice(words)
        });
        match expected {
            Ok(words) => {
                let out = page(&outputs);
                assert_eq!(out.segment.text(), words, "{number}");
                bench.deliver(&out);
            }
            Err(refusal) => assert_eq!(status(&outputs), refusal, "{number}"),
        }
    }
}

#[test]
fn a_canned_text_replaces_one_that_waits() {
    let mut config = config();
    config.default_messages.insert(7, "Call me".into());
    let mut bench = Bench::bound(config);
    let (_, first) = bench.send("First");
    let (waiting, _) = bench.send("Waits");
    let mut replace = |number| {
        let replace = ReplaceSm {
            message_id: waiting.as_str().into(),
            source: code("32665"),
            sm_default_msg_id: number,
            ..ReplaceSm::default()
        };
        status(&bench.request(LINK, Pdu::ReplaceSm(replace)))
    };
    assert_eq!(replace(8), Status::ESME_RINVDFTMSGID);
    assert_eq!(replace(7), Status::ESME_ROK);
    let outputs = bench.deliver(&first.expect("a page"));
    assert_eq!(page(&outputs).segment.text(), "Call me");
}

#[test]
fn a_reference_is_echoed_beside_the_carriers_name() {
    let mut bench = Bench::bound(named());
    let out = page(&bench.submit(ShortMessage {
        tlvs: vec![Tlv::short(tag::USER_MESSAGE_REFERENCE, 9)],
        ..to_alice("Hi")
    }));
    let receipts = delivers(&bench.deliver(&out));
    let tlvs = &receipts[0].1.tlvs;
    assert_eq!(tlvs.tlv_integer(tag::USER_MESSAGE_REFERENCE), Some(9));
    assert_eq!(tlvs.tlv_text(TAG).as_deref(), Some("383"));
}
