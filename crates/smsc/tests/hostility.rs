//! What goes wrong on demand: every effect, by rule and by magic number.

mod support;

use bytes::Bytes;
use smpp::{BindKind, Command, LinkId, Pdu, ReplaceSm, ShortMessage, Status};
use sms::{Concatenation, Segment};
use smsc::{
    Cause, Change, Config, Disturbance, Effect, Event, Fault, Input, Output, PageOutcome, ReceiptMode,
    TextPattern,
};
use support::{
    ALICE, BOB, Bench, LINK, closes, code, config, delivers, handset, msisdn, notes, page, pages, responses,
    secs, sent, stats, status, to_alice, words,
};

const OTHER: LinkId = LinkId(2);

fn to(number: &str, words: &str) -> ShortMessage {
    ShortMessage {
        destination: handset(number),
        ..to_alice(words)
    }
}

fn with(faults: Vec<Fault>) -> Config {
    let mut config = config();
    config.carriers[0].faults = faults;
    config
}

fn meeting(effect: Effect) -> Bench {
    Bench::bound(with(vec![Fault::always(effect)]))
}

fn disturbances(outputs: &[Output]) -> Vec<Disturbance> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Disturb { how, .. } => Some(how.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_status_is_answered_always_by_chance_every_so_often_or_a_number_of_times() {
    let refused = Fault::always(Effect::Answer(Status(0x401)));
    for (fault, times) in [
        (refused.clone(), 40..41),
        (
            Fault {
                count: Some(3),
                ..refused.clone()
            },
            3..4,
        ),
        (
            Fault {
                every: 4,
                ..refused.clone()
            },
            10..11,
        ),
        (
            Fault {
                every: 0,
                ..refused.clone()
            },
            40..41,
        ),
        (
            Fault {
                percent: 50.0,
                ..refused.clone()
            },
            12..29,
        ),
        (
            Fault {
                percent: 0.0,
                ..refused.clone()
            },
            0..1,
        ),
        (
            Fault {
                account: Some("other".into()),
                ..refused.clone()
            },
            0..1,
        ),
        (
            Fault {
                numbers: Some((msisdn(BOB), msisdn(BOB))),
                ..refused.clone()
            },
            20..21,
        ),
        (
            Fault {
                text: TextPattern::new("^7$").ok(),
                ..refused
            },
            1..2,
        ),
    ] {
        let mut bench = Bench::bound(with(vec![fault.clone()]));
        let answers = (0..40).map(|n| {
            let number = if n % 2 == 0 { ALICE } else { BOB };
            status(&bench.submit(to(number, &n.to_string())))
        });
        let count = answers.filter(|status| *status == Status(0x401)).count();
        assert!(times.contains(&count), "{fault:?}: {count}");
    }
}

#[test]
fn of_several_rules_the_first_that_acts_decides_and_a_change_adds_and_ends_them() {
    let once = Fault {
        count: Some(1),
        ..Fault::always(Effect::Answer(Status::ESME_RTHROTTLED))
    };
    let mut bench = Bench::bound(with(vec![once]));
    let full = Fault::always(Effect::Answer(Status::ESME_RMSGQFUL));
    let change = |change| Input::Change {
        carrier: "att".into(),
        change,
    };
    bench.handle(change(Change::Fault(Box::new(full))));
    for expected in [
        Status::ESME_RTHROTTLED,
        Status::ESME_RMSGQFUL,
        Status::ESME_RMSGQFUL,
    ] {
        assert_eq!(status(&bench.submit(to_alice("hi"))), expected);
    }
    bench.handle(change(Change::NoFaults));
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_ROK);
}

#[test]
fn rules_have_a_limit() {
    let never = Fault {
        percent: 0.0,
        ..Fault::always(Effect::NoAnswer)
    };
    let mut faults = vec![never; smsc::fault::FAULTS_MAX - 1];
    faults.push(Fault::always(Effect::Answer(Status::ESME_RTHROTTLED)));
    let mut at_the_limit = Bench::bound(with(faults.clone()));
    assert_eq!(
        status(&at_the_limit.submit(to_alice("hi"))),
        Status::ESME_RTHROTTLED
    );
    faults.insert(0, faults[0].clone());
    let mut beyond = Bench::bound(with(faults));
    assert_eq!(status(&beyond.submit(to_alice("hi"))), Status::ESME_ROK);
}

#[test]
fn an_answer_is_missing_late_or_for_another_request_and_the_text_goes_its_way() {
    let mut silent = meeting(Effect::NoAnswer);
    let outputs = silent.submit(to_alice("hi"));
    assert!(responses(&outputs).is_empty());
    assert_eq!(pages(&outputs).len(), 1);
    assert!(responses(&silent.wait(secs(3_600))).is_empty());

    let mut late = meeting(Effect::LateAnswer(secs(5)));
    let outputs = late.submit(to_alice("hi"));
    assert!(responses(&outputs).is_empty() && pages(&outputs).len() == 1);
    assert!(responses(&late.wait(std::time::Duration::from_millis(4_999))).is_empty());
    assert_eq!(
        responses(&late.wait(std::time::Duration::from_millis(1)))[0].status,
        Status::ESME_ROK
    );

    let mut wrong = meeting(Effect::WrongSequence);
    let request = Command::request(77, Pdu::SubmitSm(to_alice("hi")));
    let outputs = wrong.command(LINK, &request);
    assert_eq!(responses(&outputs)[0].sequence_number, 1_000_077);
}

#[test]
fn an_answer_is_overtaken_by_the_next_or_comes_after_a_second() {
    let one = Fault {
        count: Some(1),
        ..Fault::always(Effect::OutOfOrder)
    };
    let mut bench = Bench::bound(with(vec![one.clone()]));
    let submit = |sequence| Command::request(sequence, Pdu::SubmitSm(to_alice("hi")));
    assert!(responses(&bench.command(LINK, &submit(11))).is_empty());
    let order: Vec<u32> = responses(&bench.command(LINK, &submit(12)))
        .iter()
        .map(|response| response.sequence_number)
        .collect();
    assert_eq!(order, [12, 11]);
    // Where it is so for all, each second answer overtakes the one before.
    let mut all = Bench::bound(with(vec![Fault::always(Effect::OutOfOrder)]));
    let mut order = Vec::new();
    for sequence in 11..17 {
        let answers = responses(&all.command(LINK, &submit(sequence)));
        order.extend(answers.iter().map(|response| response.sequence_number));
    }
    assert_eq!(order, [12, 11, 14, 13, 16, 15]);
    let mut alone = Bench::bound(with(vec![one]));
    assert!(responses(&alone.command(LINK, &submit(11))).is_empty());
    assert_eq!(responses(&alone.wait(secs(1))).len(), 1);
}

#[test]
fn what_is_not_accepted_is_answered_with_a_nack_or_rubbish() {
    let submit = Command::request(77, Pdu::SubmitSm(to_alice("hi")));
    for (effect, sequence_number) in [(Effect::Nack, 77), (Effect::NackWithoutSequence, 0)] {
        let mut bench = meeting(effect);
        let outputs = bench.command(LINK, &submit);
        let nack = &responses(&outputs)[0];
        assert_eq!(
            (&nack.pdu, nack.sequence_number),
            (&Pdu::GenericNack, sequence_number)
        );
        assert_eq!(bench.smsc.queue_len("att"), 0);
    }
    let mut bench = meeting(Effect::Malformed);
    let outputs = bench.command(LINK, &submit);
    let [Disturbance::Octets(octets)] = &disturbances(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    let header: &[u8] = &[0, 0, 0, 22, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 77];
    assert_eq!(octets, &Bytes::from([header, b"no end"].concat()));
    assert!(responses(&outputs).is_empty());
    let mut bench = meeting(Effect::WrongLength);
    let outputs = bench.command(LINK, &submit);
    let [Disturbance::Octets(octets)] = &disturbances(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    // An ESME takes the first four octets of the next PDU for its last, and nothing that follows for what it is.
    let next = smpp::encode(&Command::response(78, Status::ESME_ROK, Pdu::EnquireLinkResp));
    let mut framer = smpp::Framer::default();
    framer.feed(octets);
    assert_eq!(framer.next_frame(), None);
    framer.feed(&next.repeat(2));
    let frames: Vec<smpp::Frame> = std::iter::from_fn(|| framer.next_frame()).collect();
    assert!(
        matches!(frames[..], [_, smpp::Frame::Broken { .. }]),
        "{frames:?}"
    );
}

#[test]
fn a_session_is_unbound_reset_or_falls_silent_without_warning() {
    let mut unbound = meeting(Effect::Unbind);
    let outputs = unbound.submit(to_alice("hi"));
    let pdus: Vec<Pdu> = sent(&outputs)
        .into_iter()
        .map(|(_, command)| command.pdu)
        .collect();
    assert_eq!(pdus, [Pdu::Unbind]);

    let mut reset = meeting(Effect::Reset);
    let outputs = reset.submit(to_alice("hi"));
    assert_eq!(disturbances(&outputs), [Disturbance::Reset]);
    assert!(closes(&outputs).is_empty());
    assert_eq!(reset.smsc.bound_sessions("fbook"), 0);

    let mut silent = meeting(Effect::Silence);
    assert!(sent(&silent.submit(to_alice("hi"))).is_empty());
    assert!(sent(&silent.request(LINK, Pdu::EnquireLink)).is_empty());
    assert_eq!(silent.smsc.bound_sessions("fbook"), 1);
    assert!(sent(&silent.mo(ALICE, "32665", "hi")).is_empty());
    // What it never acknowledged waits for the next session.
    silent.handle(Input::Closed { link: LINK });
    let outputs = silent.bind(OTHER, BindKind::Transceiver);
    assert_eq!(words(&outputs), ["hi"]);
}

#[test]
fn octets_leave_slowly_from_then_on() {
    let mut bench = meeting(Effect::Slow(0));
    let outputs = bench.submit(to_alice("hi"));
    assert_eq!(disturbances(&outputs), [Disturbance::Slow { octets_per_s: 1 }]);
    assert_eq!(status(&outputs), Status::ESME_ROK);
}

#[test]
fn beyond_the_window_a_request_is_throttled() {
    let mut config = with(vec![Fault::always(Effect::LateAnswer(secs(5)))]);
    config.accounts[0].requests_max = 2;
    let mut bench = Bench::bound(config);
    for _ in 0..2 {
        assert!(responses(&bench.submit(to_alice("hi"))).is_empty());
    }
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_RTHROTTLED);
    assert_eq!(responses(&bench.wait(secs(5))).len(), 2);
    assert!(
        responses(&bench.submit(to_alice("hi"))).is_empty(),
        "there is room again"
    );
}

#[test]
fn receipts_go_the_way_that_was_asked_for() {
    let receipts = |mode| {
        let mut bench = meeting(Effect::Receipt(mode));
        let (id, paged) = bench.send("hi");
        let outputs = bench.deliver(&paged.expect("a page"));
        (bench, id, outputs)
    };
    for (mode, now, later) in [
        (ReceiptMode::Normal, 1, 0),
        (ReceiptMode::Late, 0, 1),
        (ReceiptMode::Lost, 0, 0),
        (ReceiptMode::Duplicated, 2, 0),
        (ReceiptMode::Sibling, 1, 0),
        (ReceiptMode::OnePart, 1, 0),
        (ReceiptMode::WrongId, 1, 0),
    ] {
        let (mut bench, id, outputs) = receipts(mode);
        assert_eq!(stats(&outputs).len(), now, "{mode:?}");
        let right = words(&outputs)
            .iter()
            .all(|text| text.contains(&format!("id:{id} ")));
        assert_eq!(right, mode != ReceiptMode::WrongId, "{mode:?}");
        for (deliver, _) in delivers(&outputs) {
            bench.acknowledge(LINK, &deliver, Status::ESME_ROK);
        }
        assert_eq!(stats(&bench.wait(secs(300))).len(), later, "{mode:?}");
    }
}

#[test]
fn an_early_receipt_comes_before_the_answer_and_only_once() {
    let mut bench = meeting(Effect::Receipt(ReceiptMode::Early));
    let outputs = bench.submit(to_alice("hi"));
    let names: Vec<_> = sent(&outputs)
        .iter()
        .map(|(_, command)| command.pdu.name())
        .collect();
    assert_eq!(names, ["deliver_sm", "submit_sm_resp"]);
    assert_eq!(stats(&outputs), ["DELIVRD"]);
    let paged = pages(&outputs).remove(0);
    assert!(stats(&bench.deliver(&paged)).is_empty());
}

#[test]
fn a_text_whose_receipt_was_early_gets_no_second_one_when_it_is_replaced() {
    let mut bench = meeting(Effect::Receipt(ReceiptMode::Early));
    bench.change(Change::LinkDown);
    let (id, _) = bench.send("one");
    let newer = ReplaceSm {
        message_id: id.as_str().into(),
        source: to_alice("one").source,
        registered_delivery: 1,
        short_message: b"newer".into(),
        ..ReplaceSm::default()
    };
    let outputs = bench.request(LINK, Pdu::ReplaceSm(newer));
    assert_eq!(status(&outputs), Status::ESME_ROK);
    let paged = page(&bench.change(Change::LinkUp));
    assert_eq!(paged.segment.text(), "newer");
    assert!(stats(&bench.deliver(&paged)).is_empty());
}

#[test]
fn a_receipt_goes_to_a_sibling_if_there_is_one() {
    let mut bench = meeting(Effect::Receipt(ReceiptMode::Sibling));
    bench.bind(OTHER, BindKind::Receiver);
    let (_, paged) = bench.send("hi");
    let outputs = bench.deliver(&paged.expect("a page"));
    assert_eq!(sent(&outputs)[0].0, OTHER);
}

#[test]
fn of_a_text_in_parts_only_the_first_is_reported() {
    let mut bench = meeting(Effect::Receipt(ReceiptMode::OnePart));
    let mut reports = Vec::new();
    for number in 1..=2 {
        let part = Segment::part(
            0,
            Concatenation {
                reference: 7,
                wide: false,
                total: 2,
                number,
            },
            b"part",
        );
        let message = ShortMessage {
            registered_delivery: 1,
            ..ShortMessage::new(code("32665"), handset(ALICE), &part)
        };
        let paged = pages(&bench.submit(message)).remove(0);
        reports.push(stats(&bench.deliver(&paged)).len());
    }
    assert_eq!(reports, [1, 0]);
}

#[test]
fn what_was_asked_for_comes_of_a_text_and_no_handset_is_paged() {
    for (outcome, stat) in [
        (PageOutcome::Delivered, "DELIVRD"),
        (PageOutcome::Failed(Cause::Barred), "UNDELIV"),
        (PageOutcome::Failed(Cause::Blocked), "REJECTD"),
        (PageOutcome::Failed(Cause::Absent), "EXPIRED"),
    ] {
        let mut bench = meeting(Effect::Outcome(outcome));
        let outputs = bench.submit(to_alice("hi"));
        assert!(pages(&outputs).is_empty() && stats(&outputs).is_empty());
        let outputs = bench.wait(secs(72 * 3_600));
        assert!(pages(&outputs).is_empty());
        assert_eq!(stats(&outputs), [stat], "{outcome:?}");
        assert_eq!(bench.smsc.queue_len("att"), 0);
    }
}

#[test]
fn magic_numbers_need_no_configuration() {
    let answer = |number: &str| {
        let mut bench = Bench::bound(config());
        let outputs = bench.submit(to(number, "hi"));
        let statuses: Vec<Status> = responses(&outputs)
            .iter()
            .map(|response| response.status)
            .collect();
        (bench, outputs, statuses)
    };
    for (number, expected, stat) in [
        ("19905550100", Status::ESME_ROK, Some("DELIVRD")),
        ("19905550119", Status::ESME_ROK, Some("UNDELIV")),
        ("19905550120", Status::ESME_ROK, Some("EXPIRED")),
        ("19905550175", Status::ESME_ROK, Some("REJECTD")),
        ("19915550100", Status::ESME_RTHROTTLED, None),
        ("19915550119", Status::ESME_RMSGQFUL, None),
        ("19915550180", Status(0x401), None),
        ("19935550140", Status::ESME_ROK, Some("DELIVRD")),
        ("19935550199", Status::ESME_RINVEXPIRY, None),
    ] {
        let (mut bench, _, statuses) = answer(number);
        assert_eq!(statuses, [expected], "{number}");
        let outputs = bench.wait(secs(72 * 3_600));
        assert!(pages(&outputs).is_empty(), "no handset is behind {number}");
        assert_eq!(stats(&outputs).first().map(String::as_str), stat, "{number}");
    }
    for number in [
        "19925550100",
        "19925550110",
        "19925550170",
        "19925550180",
        "19925550190",
    ] {
        assert!(answer(number).2.is_empty(), "{number} gets no answer at once");
    }
    let (mut bench, _, first) = answer("19915550190");
    assert_eq!(first, [Status::ESME_RTHROTTLED]);
    assert_eq!(
        status(&bench.submit(to("19915550190", "hi"))),
        Status::ESME_RTHROTTLED
    );
    assert_eq!(
        status(&bench.submit(to("19915550190", "hi"))),
        Status::ESME_ROK,
        "the third time"
    );
    assert_eq!(
        status(&bench.submit(to("19915550191", "hi"))),
        Status::ESME_RTHROTTLED,
        "each number counts by itself"
    );
}

#[test]
fn magic_numbers_can_be_switched_off() {
    let mut config = config();
    config.magic_numbers = false;
    let mut bench = Bench::bound(config);
    let outputs = bench.submit(to("19915550100", "hi"));
    assert_eq!((status(&outputs), pages(&outputs).len()), (Status::ESME_ROK, 1));
}

#[test]
fn what_happens_on_demand_is_told_as_such() {
    let mut bench = meeting(Effect::NoAnswer);
    let outputs = bench.submit(to_alice("hi"));
    let told: Vec<String> = notes(&outputs)
        .iter()
        .filter(|event| matches!(event, Event::Disturbed { .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("is never answered, on demand"), "{told:?}");
}
