//! What goes wrong on demand with requests other than `submit_sm`.

mod support;

use std::time::Duration;

use smpp::{
    Bind, BindKind, DataSm, DestAddress, LinkId, Pdu, QuerySm, State, Status, SubmitMulti, Tlv, command_id,
    tag,
};
use smsc::{Change, Disturbance, Effect, Event, Fault, Output, ReceiptMode};
use support::*;

fn rule(effect: Effect, operations: &[u32]) -> Change {
    Change::Fault(Box::new(Fault {
        operations: operations.to_vec(),
        ..Fault::always(effect)
    }))
}

fn data_to(digits: &str) -> Pdu {
    Pdu::DataSm(DataSm {
        source: code("32665"),
        destination: handset(digits),
        registered_delivery: 1,
        tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"Hi")],
        ..DataSm::default()
    })
}

fn multi_to(numbers: &[&str]) -> Pdu {
    Pdu::SubmitMulti(SubmitMulti {
        message: to_alice("Hi"),
        destinations: numbers
            .iter()
            .map(|number| DestAddress::Sme(handset(number)))
            .collect(),
    })
}

fn query() -> Pdu {
    Pdu::QuerySm(QuerySm {
        message_id: "nonsense".into(),
        source: code("32665"),
    })
}

/// What came back over a link: each response by its name, status, and whether its number is that of the request.
fn answers(outputs: &[Output]) -> Vec<(String, Status)> {
    sent(outputs)
        .into_iter()
        .filter(|(_, command)| command.pdu.is_response())
        .map(|(_, command)| (command.pdu.name().into_owned(), command.status))
        .collect()
}

#[test]
fn data_sm_meets_the_magic_numbers() {
    for (number, expected) in [
        ("19905550100", Some(("data_sm_resp", Status::ESME_ROK))),
        ("19915550101", Some(("data_sm_resp", Status::ESME_RTHROTTLED))),
        ("19915550182", Some(("data_sm_resp", Status(0x401)))),
        ("19925550101", None),
        ("19925550141", Some(("generic_nack", Status::ESME_RSYSERR))),
    ] {
        let mut bench = Bench::bound(config());
        let found = answers(&bench.request(LINK, data_to(number)));
        let expected: Vec<_> = expected
            .map(|(name, status)| (name.to_owned(), status))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{number}");
    }
    let mut bench = Bench::bound(config());
    bench.request(LINK, data_to("19905550110"));
    assert_eq!(stats(&bench.wait(secs(60))), ["UNDELIV"]);
    let late = bench.request(LINK, data_to("19925550111"));
    assert_eq!(answers(&late), []);
    let late = answers(&bench.wait(secs(5)));
    assert_eq!(late, [("data_sm_resp".to_owned(), Status::ESME_ROK)]);
}

#[test]
fn a_destination_of_a_submit_multi_is_refused_alone_and_a_disturbance_is_of_the_whole() {
    let mut bench = Bench::bound(config());
    let outputs = bench.request(LINK, multi_to(&[ALICE, "19915550110", "19905550110"]));
    let Pdu::SubmitMultiResp(resp) = answer(&outputs).pdu else {
        panic!("{outputs:?}")
    };
    let refused: Vec<_> = resp
        .unsuccess
        .iter()
        .map(|one| (one.destination.digits.to_string(), one.status))
        .collect();
    assert_eq!(refused, [("19915550110".to_owned(), Status::ESME_RMSGQFUL)]);
    assert_eq!(pages(&outputs).len(), 1, "no phone is behind a magic number");
    assert_eq!(stats(&bench.wait(secs(60))), ["UNDELIV"]);
    let nacked = bench.request(LINK, multi_to(&[ALICE, "19925550140"]));
    assert_eq!(
        answers(&nacked),
        [("generic_nack".to_owned(), Status::ESME_RSYSERR)]
    );
    assert!(pages(&nacked).is_empty());
    let late = bench.request(LINK, multi_to(&[ALICE, "19925550110"]));
    assert!(answers(&late).is_empty());
    assert_eq!(
        answers(&bench.wait(secs(5))),
        [("submit_multi_resp".to_owned(), Status::ESME_ROK)]
    );
}

#[test]
fn a_status_answers_any_operation() {
    for (operation, pdu, name) in [
        (command_id::QUERY_SM, query(), "query_sm_resp"),
        (command_id::ENQUIRE_LINK, Pdu::EnquireLink, "enquire_link_resp"),
        (command_id::UNBIND, Pdu::Unbind, "unbind_resp"),
        (command_id::DATA_SM, data_to(ALICE), "data_sm_resp"),
        (command_id::SUBMIT_MULTI, multi_to(&[ALICE]), "submit_multi_resp"),
    ] {
        let mut bench = Bench::bound(config());
        bench.change(rule(Effect::Answer(Status::ESME_RSYSERR), &[operation]));
        let found = answers(&bench.request(LINK, pdu));
        assert_eq!(found, [(name.to_owned(), Status::ESME_RSYSERR)]);
        assert_eq!(bench.smsc.bound_sessions("fbook"), 1);
        assert_eq!(status(&bench.submit(to_alice("Hi"))), Status::ESME_ROK);
    }
}

#[test]
fn a_bind_is_refused_so_many_times_and_then_accepted() {
    let mut bench = Bench::new(config());
    bench.change(Change::Fault(Box::new(Fault {
        operations: vec![command_id::BIND_TRANSCEIVER],
        account: Some("fbook".into()),
        count: Some(1),
        ..Fault::always(Effect::Answer(Status::ESME_RSYSERR))
    })));
    bench.connect(LINK);
    let bind = || Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook"));
    assert_eq!(status(&bench.request(LINK, bind())), Status::ESME_RSYSERR);
    assert_eq!(status(&bench.request(LINK, bind())), Status::ESME_ROK);
    assert_eq!(bench.smsc.bound_sessions("fbook"), 1);
}

#[test]
fn answers_are_missing_late_overtaken_or_of_another_number() {
    let mut bench = Bench::bound(config());
    let mut disturbed = |effect| {
        bench.change(Change::NoFaults);
        bench.change(rule(effect, &[command_id::QUERY_SM, command_id::ENQUIRE_LINK]));
        let at_once = answers(&bench.request(LINK, query())).len();
        let next = answers(&bench.submit(to_alice("Hi"))).len();
        (at_once, next, answers(&bench.wait(secs(5))).len())
    };
    assert_eq!(disturbed(Effect::NoAnswer), (0, 1, 0));
    assert_eq!(disturbed(Effect::LateAnswer(secs(3))), (0, 1, 1));
    assert_eq!(disturbed(Effect::OutOfOrder), (0, 2, 0));
    assert_eq!(disturbed(Effect::WrongSequence), (1, 1, 0));
    assert_eq!(disturbed(Effect::Receipt(ReceiptMode::Lost)), (1, 1, 0));
}

#[test]
fn nothing_goes_out_over_a_session_before_the_answer_to_its_bind() {
    for (effect, answered_after, state_before) in [
        (Effect::LateAnswer(secs(60)), Some(60), State::Open),
        (Effect::OutOfOrder, Some(1), State::Open),
        (Effect::NoAnswer, None, State::Open),
        (Effect::WrongSequence, Some(0), State::BoundTrx),
        (Effect::Slow(20), Some(0), State::BoundTrx),
    ] {
        let mut config = config();
        config.session.timers.session_init = Some(secs(30));
        let mut bench = Bench::new(config);
        bench.mo(ALICE, "32665", "first");
        bench.change(rule(effect, &[command_id::BIND_TRANSCEIVER]));
        bench.connect(LINK);
        let bind = Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook"));
        let mut outputs = bench.request(LINK, bind.clone());
        assert_eq!(bench.smsc.session_state(LINK), Some(state_before), "{effect:?}");
        if state_before == State::Open {
            let again = bench.request(LINK, bind);
            assert_eq!(status(&again), Status::ESME_RALYBND, "{effect:?}");
            let early = bench.submit(to_alice("Hi"));
            assert_eq!(status(&early), Status::ESME_RINVBNDSTS, "{effect:?}");
        }
        outputs.extend(bench.mo(ALICE, "32665", "second"));
        outputs.extend(bench.wait(secs(answered_after.unwrap_or(30))));
        let names: Vec<String> = sent(&outputs)
            .iter()
            .map(|(_, command)| command.pdu.name().into_owned())
            .collect();
        match answered_after {
            Some(_) => {
                assert_eq!(
                    names,
                    ["bind_transceiver_resp", "deliver_sm", "deliver_sm"],
                    "{effect:?}"
                );
                assert_eq!(words(&outputs), ["first", "second"], "{effect:?}");
                assert_eq!(bench.smsc.bound_sessions("fbook"), 1, "{effect:?}");
            }
            None => {
                assert!(names.is_empty(), "{names:?}");
                assert_eq!(closes(&outputs), [LINK], "session_init ends it");
            }
        }
    }
}

#[test]
fn a_late_refusal_of_a_bind_leaves_the_link_to_its_timers() {
    let mut config = config();
    config.session.timers.session_init = Some(secs(30));
    config.refused_bind_linger = None;
    let mut bench = Bench::new(config);
    bench.change(rule(
        Effect::LateAnswer(secs(60)),
        &[command_id::BIND_TRANSCEIVER],
    ));
    bench.connect(LINK);
    let bind = Bind::new(BindKind::Transceiver, "fbook", "wrong");
    assert!(sent(&bench.request(LINK, Pdu::Bind(bind))).is_empty());
    let late = bench.wait(secs(60));
    assert_eq!(status(&late), Status::ESME_RINVPASWD);
    assert_eq!(closes(&[late, bench.wait(secs(30))].concat()), [LINK]);
}

#[test]
fn half_a_pdu_ends_the_connection_and_a_response_may_lack_its_body() {
    let mut bench = Bench::bound(config());
    bench.change(rule(Effect::Cut, &[command_id::QUERY_SM]));
    let outputs = bench.request(LINK, query());
    let half = outputs.iter().find_map(|output| match output {
        Output::Disturb {
            how: Disturbance::Octets(octets),
            ..
        } => Some(octets.clone()),
        _ => None,
    });
    let half = half.expect("octets");
    let length = u32::from_be_bytes(half[..4].try_into().expect("four octets"));
    assert!(half.len() < length as usize, "{half:?}");
    assert_eq!(closes(&outputs), [LINK]);
    assert_eq!(bench.smsc.bound_sessions("fbook"), 0);
    for (operation, pdu) in [
        (command_id::QUERY_SM, query()),
        (command_id::SUBMIT_SM, Pdu::SubmitSm(to_alice("Hi"))),
        (command_id::SUBMIT_MULTI, multi_to(&[ALICE])),
    ] {
        let mut bench = Bench::bound(config());
        bench.change(rule(Effect::NoBody, &[operation]));
        let answer = answer(&bench.request(LINK, pdu));
        assert_eq!(smpp::encode(&answer).len(), 16, "{operation:#x}");
        assert_eq!(answer.pdu.command_id(), operation | command_id::RESPONSE);
    }
}

#[test]
fn a_link_is_disturbed_by_any_operation() {
    for (effect, expected) in [
        (Effect::Reset, Some(Disturbance::Reset)),
        (Effect::Slow(20), Some(Disturbance::Slow { octets_per_s: 20 })),
        (Effect::Silence, None),
    ] {
        let mut bench = Bench::bound(config());
        bench.change(rule(effect, &[command_id::ENQUIRE_LINK]));
        let outputs = bench.request(LINK, Pdu::EnquireLink);
        let how = outputs.iter().find_map(|output| match output {
            Output::Disturb { link: LINK, how } => Some(how.clone()),
            _ => None,
        });
        assert_eq!(how, expected);
        assert_eq!(
            answers(&outputs).len(),
            usize::from(matches!(effect, Effect::Slow(_)))
        );
    }
    let mut bench = Bench::bound(config());
    bench.change(rule(Effect::Malformed, &[command_id::QUERY_SM]));
    let outputs = bench.request(LINK, query());
    let octets = outputs.iter().find_map(|output| match output {
        Output::Disturb {
            how: Disturbance::Octets(octets),
            ..
        } => Some(octets.clone()),
        _ => None,
    });
    assert_eq!(octets.expect("octets")[4..8], [0x80, 0, 0, 3]);
}

#[test]
fn rules_of_other_operations_leave_texts_alone_and_end_with_the_others() {
    let mut bench = Bench::bound(config());
    bench.change(rule(
        Effect::Answer(Status::ESME_RSYSERR),
        &[command_id::ENQUIRE_LINK],
    ));
    assert_eq!(status(&bench.submit(to_alice("Hi"))), Status::ESME_ROK);
    assert_eq!(
        status(&bench.request(LINK, Pdu::EnquireLink)),
        Status::ESME_RSYSERR
    );
    bench.bind(LinkId(2), BindKind::Receiver);
    bench.change(Change::NoFaults);
    assert_eq!(status(&bench.request(LINK, Pdu::EnquireLink)), Status::ESME_ROK);
    assert!(
        bench
            .wait(Duration::from_secs(1))
            .iter()
            .all(|output| !matches!(output, Output::Close { .. }))
    );
}

#[test]
fn a_silent_session_stays_open_until_somebody_ends_it() {
    let mut config = config();
    config.session.timers = smpp::Timers::default();
    let mut bench = Bench::bound(config);
    let outputs = bench.wait(secs(30));
    assert_eq!(
        sent(&outputs)[0].1.pdu,
        Pdu::EnquireLink,
        "what it asked before is forgotten"
    );
    bench.change(rule(Effect::Silence, &[command_id::QUERY_SM]));
    assert!(sent(&bench.request(LINK, query())).is_empty());
    // What is on its way to it is tried again and again, and waits.
    bench.mo(ALICE, "32665", "hi");
    let outputs = bench.wait(secs(3_600));
    assert!(
        closes(&outputs).is_empty() && sent(&outputs).is_empty(),
        "{outputs:?}"
    );
    assert_eq!(bench.smsc.session_state(LINK), Some(State::BoundTrx));
    bench.handle(smsc::Input::Unbind {
        system_id: "fbook".into(),
    });
    assert_eq!(closes(&bench.wait(secs(10))), [LINK]);
}

#[test]
fn rules_that_are_spent_make_room_and_one_too_many_is_told() {
    let mut bench = Bench::bound(config());
    let once = |operations: &[u32]| {
        Change::Fault(Box::new(Fault {
            operations: operations.to_vec(),
            count: Some(1),
            ..Fault::always(Effect::Answer(Status::ESME_RSYSERR))
        }))
    };
    for _ in 0..smsc::fault::FAULTS_MAX {
        bench.change(once(&[command_id::QUERY_SM]));
        assert_eq!(status(&bench.request(LINK, query())), Status::ESME_RSYSERR);
    }
    for _ in 0..smsc::fault::FAULTS_MAX {
        assert!(matches!(
            notes(&bench.change(once(&[])))[0],
            Event::Changed { .. }
        ));
    }
    assert_eq!(
        status(&bench.request(LINK, query())),
        Status::ESME_RINVMSGID,
        "no rule about it is left"
    );
    let told = notes(&bench.change(once(&[command_id::QUERY_SM])));
    assert_eq!(
        told[0].to_string(),
        "att: answer ESME_RSYSERR on query_sm for 1 does not count: the carrier has as many rules as it may have"
    );
    assert_eq!(status(&bench.request(LINK, query())), Status::ESME_RINVMSGID);
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_RSYSERR);
    assert!(matches!(
        notes(&bench.change(once(&[command_id::QUERY_SM])))[0],
        Event::Changed { .. }
    ));
    assert_eq!(status(&bench.request(LINK, query())), Status::ESME_RSYSERR);
}

#[test]
fn beyond_requests_max_nothing_more_is_answered_late() {
    let late = Effect::LateAnswer(secs(60));
    for (operation, pdu) in [
        (command_id::QUERY_SM, query()),
        (command_id::ENQUIRE_LINK, Pdu::EnquireLink),
        (command_id::SUBMIT_MULTI, multi_to(&[ALICE])),
    ] {
        let mut config = config();
        config.accounts[0].requests_max = 2;
        let mut bench = Bench::bound(config);
        bench.change(rule(late, &[operation]));
        for _ in 0..2 {
            assert_eq!(answers(&bench.request(LINK, pdu.clone())), [], "{operation:#x}");
        }
        let throttled = answers(&bench.request(LINK, pdu.clone()));
        assert_eq!(throttled[0].1, Status::ESME_RTHROTTLED, "{operation:#x}");
        assert_eq!(answers(&bench.wait(secs(60))).len(), 2, "{operation:#x}");
        assert_eq!(answers(&bench.request(LINK, pdu)), [], "{operation:#x}");
    }
}
