//! The other operations: queries, cancellations, replacements, data_sm, alerts; those with several destinations: multi.rs.

mod support;

use smpp::{
    CancelSm, DataSm, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, Status, Tlv, Tlvs as _, tag,
};
use sms::{Address, Encoding, MessageState, Segment};
use smsc::{Account, Cause, Change, Config, Input, MessageIdStyle};
use support::*;

fn query(bench: &mut Bench, message_id: &str, source: Address) -> (Status, QuerySmResp) {
    let query = QuerySm {
        message_id: message_id.into(),
        source,
    };
    let resp = answer(&bench.request(LINK, Pdu::QuerySm(query)));
    match resp.pdu {
        Pdu::QuerySmResp(body) => (resp.status, body),
        other => panic!("{other:?}"),
    }
}

fn cancel(bench: &mut Bench, cancel: CancelSm) -> Status {
    status(&bench.request(LINK, Pdu::CancelSm(cancel)))
}

fn replace(bench: &mut Bench, replace: ReplaceSm) -> Status {
    status(&bench.request(LINK, Pdu::ReplaceSm(replace)))
}

#[test]
fn a_query_tells_the_state_its_date_and_its_cause() {
    for style in MessageIdStyle::ALL {
        let mut config = config();
        config.carriers[0].message_ids = style;
        let mut bench = Bench::bound(config);
        let (id, out) = bench.send("hi");
        let (status, resp) = query(&mut bench, &id, code("32665"));
        assert_eq!(
            (status, resp.message_id.as_str()),
            (Status::ESME_ROK, id.as_str())
        );
        assert_eq!(
            (resp.message_state, resp.error_code, resp.final_date.as_str()),
            (1, 0, "")
        );
        bench.fail(&out.expect("paged"), Cause::NoCoverage);
        assert_eq!(query(&mut bench, &id, code("32665")).1.error_code, 27);
        let again = page(&bench.wait(secs(60)));
        bench.deliver(&again);
        let resp = query(&mut bench, &id, code("32665")).1;
        assert_eq!((resp.message_state, resp.error_code), (2, 0), "{style:?}");
        assert_eq!(resp.final_date, "090302220100000+");
    }
}

#[test]
fn a_final_date_is_local_time() {
    let mut config = config();
    config.zone = sms::Zone::named("America/Los_Angeles").expect("in the database");
    let mut bench = Bench::bound(config);
    let (id, out) = bench.send("hi");
    bench.deliver(&out.expect("paged"));
    assert_eq!(
        query(&mut bench, &id, code("32665")).1.final_date,
        "090302140000032-"
    );
}

#[test]
fn a_query_needs_a_known_id_and_the_right_source() {
    let mut bench = Bench::bound(Config {
        finals_max: 1,
        ..config()
    });
    let (first, out) = bench.send("one");
    bench.deliver(&out.expect("paged"));
    for (id, source, expected) in [
        (first.as_str(), "32665", Status::ESME_ROK),
        (&first, "3266507", Status::ESME_RINVSRCADR),
        (&first, "", Status::ESME_RINVSRCADR),
        ("nosuchid", "32665", Status::ESME_RINVMSGID),
        ("00000099", "32665", Status::ESME_RINVMSGID),
        // Another style's form of the same number is another id.
        ("1", "32665", Status::ESME_RINVMSGID),
    ] {
        assert_eq!(query(&mut bench, id, code(source)).0, expected, "{id} {source}");
    }
    let (_, out) = bench.send("two");
    bench.deliver(&out.expect("paged"));
    assert_eq!(
        query(&mut bench, &first, code("32665")).0,
        Status::ESME_RINVMSGID,
        "forgotten"
    );
}

#[test]
fn nobody_sees_the_messages_of_another_account() {
    let mut config = config();
    config.accounts.push(Account::new("other", "other"));
    let mut bench = Bench::bound(config);
    let (id, _) = bench.send("hi");
    let other = smpp::LinkId(2);
    bench.connect(other);
    bench.request(
        other,
        Pdu::Bind(smpp::Bind::new(smpp::BindKind::Transceiver, "other", "other")),
    );
    let query = QuerySm {
        message_id: id.as_str().into(),
        source: code("32665"),
    };
    assert_eq!(
        status(&bench.request(other, Pdu::QuerySm(query))),
        Status::ESME_RINVMSGID
    );
    let cancel = CancelSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        ..CancelSm::default()
    };
    assert_eq!(
        status(&bench.request(other, Pdu::CancelSm(cancel))),
        Status::ESME_RINVMSGID
    );
}

#[test]
fn a_scheduled_message_is_enroute_to_v34() {
    let mut bench = Bench::bound(config());
    let outputs = bench.submit(ShortMessage {
        schedule_delivery_time: "000000010000000R".into(),
        ..to_alice("later")
    });
    let id = message_id(&outputs);
    assert_eq!(query(&mut bench, &id, code("32665")).1.message_state, 1);
    assert_eq!(
        bench.smsc.message(&id).expect("held").state,
        MessageState::Scheduled
    );
}

#[test]
fn a_waiting_message_is_cancelled_and_its_receipt_says_so() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    let by_id = CancelSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        ..CancelSm::default()
    };
    let outputs = bench.request(LINK, Pdu::CancelSm(by_id.clone()));
    assert_eq!(
        (status(&outputs), stats(&outputs)),
        (Status::ESME_ROK, vec!["DELETED".to_owned()])
    );
    assert_eq!(
        cancel(&mut bench, by_id),
        Status::ESME_RCANCELFAIL,
        "final already"
    );
    assert!(pages(&bench.change(Change::LinkUp)).is_empty());
}

#[test]
fn a_destination_beside_the_id_of_a_cancel_sm_must_be_the_messages_own() {
    for (destination, expected, left) in [
        (Address::default(), Status::ESME_ROK, 0),
        (handset(ALICE), Status::ESME_ROK, 0),
        (
            Address::new(sms::Ton::National, sms::Npi::Isdn, "4155550101"),
            Status::ESME_ROK,
            0,
        ),
        (handset(BOB), Status::ESME_RINVDSTADR, 1),
        (code("32665"), Status::ESME_RINVDSTADR, 1),
    ] {
        let mut bench = Bench::bound(config());
        bench.change(Change::LinkDown);
        let (id, _) = bench.send("one");
        let by_id = CancelSm {
            message_id: id.as_str().into(),
            source: code("32665"),
            destination: destination.clone(),
            ..CancelSm::default()
        };
        assert_eq!(cancel(&mut bench, by_id), expected, "{destination}");
        assert_eq!(bench.smsc.queue_len("att"), left, "{destination}");
    }
}

#[test]
fn a_message_in_the_air_cannot_be_cancelled_nor_replaced() {
    let mut bench = Bench::bound(config());
    let (id, _) = bench.send("one");
    let by_id = CancelSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        ..CancelSm::default()
    };
    assert_eq!(cancel(&mut bench, by_id), Status::ESME_RCANCELFAIL);
    let newer = ReplaceSm {
        message_id: id.as_str().into(),
        source: code("32665"),
        short_message: b"two".into(),
        ..ReplaceSm::default()
    };
    assert_eq!(replace(&mut bench, newer), Status::ESME_RREPLACEFAIL);
}

#[test]
fn without_an_id_everything_that_matches_is_cancelled() {
    for (service_type, expected_left) in [("", 1), ("WAP", 3), ("CMT", 4)] {
        let mut bench = Bench::bound(config());
        bench.change(Change::LinkDown);
        bench.send("one");
        bench.send("two");
        bench.submit(ShortMessage {
            service_type: "WAP".into(),
            ..to_alice("wap")
        });
        bench.submit(ShortMessage {
            source: code("3266507"),
            ..to_alice("other source")
        });
        let by_match = CancelSm {
            service_type: service_type.into(),
            source: code("32665"),
            destination: handset(ALICE),
            ..CancelSm::default()
        };
        let expected = if expected_left == 4 {
            Status::ESME_RCANCELFAIL
        } else {
            Status::ESME_ROK
        };
        assert_eq!(cancel(&mut bench, by_match), expected, "{service_type}");
        assert_eq!(bench.smsc.queue_len("att"), expected_left, "{service_type}");
    }
}

#[test]
fn scheduled_messages_are_cancelled_too() {
    let mut bench = Bench::bound(config());
    bench.submit(ShortMessage {
        schedule_delivery_time: "000000010000000R".into(),
        ..to_alice("later")
    });
    let by_match = CancelSm {
        source: code("32665"),
        destination: handset(ALICE),
        ..CancelSm::default()
    };
    assert_eq!(cancel(&mut bench, by_match), Status::ESME_ROK);
    assert!(pages(&bench.wait(secs(7_200))).is_empty());
}

fn data(words: &str) -> DataSm {
    let segment = Segment::whole(words, Encoding::Gsm7);
    DataSm {
        source: code("32665"),
        destination: handset(ALICE),
        registered_delivery: 1,
        tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, segment.user_data)],
        ..DataSm::default()
    }
}

#[test]
fn a_data_sm_is_a_text_like_any_other() {
    let mut bench = Bench::bound(config());
    let outputs = bench.request(LINK, Pdu::DataSm(data("hi")));
    assert_eq!(message_id(&outputs), "00000001");
    let out = page(&outputs);
    assert_eq!(out.segment.text(), "hi");
    assert_eq!(stats(&bench.deliver(&out)), ["DELIVRD"]);
    let without = DataSm {
        tlvs: Vec::new(),
        ..data("")
    };
    assert_eq!(
        status(&bench.request(LINK, Pdu::DataSm(without))),
        Status::ESME_RMISSINGTLV
    );
}

#[test]
fn its_time_to_live_is_its_validity() {
    let mut bench = Bench::bound(config());
    let mut brief = data("hi");
    brief.tlvs.push(Tlv::long(tag::QOS_TIME_TO_LIVE, 30));
    bench.request(LINK, Pdu::DataSm(brief));
    assert!(stats(&bench.wait(secs(29))).is_empty());
    assert_eq!(stats(&bench.wait(secs(1))), ["EXPIRED"]);
}

#[test]
fn in_transaction_mode_the_answer_is_the_outcome() {
    let transaction = |tlvs: Vec<Tlv>| {
        let mut data = DataSm {
            esm_class: 2,
            ..data("hi")
        };
        data.tlvs.extend(tlvs);
        Pdu::DataSm(data)
    };
    let mut bench = Bench::bound(config());
    let outputs = bench.request(LINK, transaction(Vec::new()));
    assert!(sent(&outputs).is_empty());
    let outputs = bench.deliver(&page(&outputs));
    assert_eq!(message_id(&outputs), "00000001");
    assert!(stats(&outputs).is_empty());

    let outputs = bench.request(LINK, transaction(vec![Tlv::octet(tag::SET_DPF, 1)]));
    let resp = answer(&bench.fail(&page(&outputs), Cause::Absent));
    assert_eq!(resp.status, Status::ESME_RDELIVERYFAILURE);
    let tlvs = resp.pdu.tlvs();
    assert_eq!(tlvs.tlv_integer(tag::DELIVERY_FAILURE_REASON), Some(0));
    assert_eq!(
        tlvs.tlv(tag::NETWORK_ERROR_CODE).map(|tlv| &tlv.value[..]),
        Some(&[3, 0, 6][..])
    );
    assert_eq!(tlvs.tlv_integer(tag::DPF_RESULT), Some(1));
    assert_eq!(bench.smsc.queue_len("att"), 0);
}

#[test]
fn a_transaction_behind_a_page_that_fails_is_answered_at_once() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(to_alice("one")));
    let transaction = Pdu::DataSm(DataSm {
        esm_class: 2,
        ..data("two")
    });
    assert!(responses(&bench.request(LINK, transaction)).is_empty());
    let answer = answer(&bench.fail(&out, Cause::Absent));
    assert_eq!(answer.status, Status::ESME_RDELIVERYFAILURE);
    assert_eq!(bench.smsc.queue_len("att"), 1, "the text before it waits");
}

#[test]
fn an_alert_is_owed_for_a_text_that_waits_behind_another() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(to_alice("one")));
    bench.fail(&out, Cause::Absent);
    bench.submit(ShortMessage {
        tlvs: vec![Tlv::octet(tag::SET_DPF, 1)],
        ..to_alice("two")
    });
    let outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    let alerts = sent(&outputs).into_iter();
    let alerts = alerts.filter(|(_, command)| matches!(command.pdu, Pdu::AlertNotification(_)));
    assert_eq!(alerts.count(), 1);
}

#[test]
fn an_alert_follows_when_the_handset_is_back() {
    let mut bench = Bench::bound(config());
    let tlvs = vec![Tlv::octet(tag::SET_DPF, 1)];
    let out = page(&bench.submit(ShortMessage {
        tlvs: tlvs.clone(),
        ..to_alice("hi")
    }));
    bench.submit(ShortMessage {
        tlvs,
        ..to_alice("again")
    });
    bench.fail(&out, Cause::Absent);
    let outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    let alerts: Vec<Pdu> = sent(&outputs)
        .into_iter()
        .map(|(_, command)| command.pdu)
        .collect();
    let [Pdu::AlertNotification(alert)] = &alerts[..] else {
        panic!("{alerts:?}")
    };
    assert_eq!((&alert.source, &alert.esme), (&handset(ALICE), &code("32665")));
    let outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    assert!(sent(&outputs).is_empty(), "an alert is owed once");
}

#[test]
fn alerts_are_owed_up_to_alerts_max() {
    for (alerts_max, expected) in [(0, 0), (1, 1)] {
        let mut bench = Bench::bound(Config {
            alerts_max,
            ..config()
        });
        let tlvs = vec![Tlv::octet(tag::SET_DPF, 1)];
        let out = page(&bench.submit(ShortMessage {
            tlvs,
            ..to_alice("hi")
        }));
        bench.fail(&out, Cause::NoCoverage);
        let outputs = bench.handle(Input::Available {
            msisdn: msisdn(ALICE),
        });
        assert_eq!(sent(&outputs).len(), expected);
    }
}
