//! Store and forward: attempts, retries, order, expiry.

mod support;

use std::time::Duration;

use smpp::{Command, Frame, Framer, Pdu, ShortMessage, Status, time::Time};
use sms::MessageState;
use smsc::{AttemptId, Carrier, Cause, Change, Event, Input, Output, PageOutcome};
use support::*;

fn with_validity(words: &str, length: Duration) -> ShortMessage {
    ShortMessage {
        validity_period: Time::relative_of(length).format(0),
        ..to_alice(words)
    }
}

#[test]
fn a_text_is_answered_then_paged_then_reported() {
    let mut bench = Bench::bound(config());
    let outputs = bench.submit(to_alice("Kings win 4-2"));
    assert_eq!(message_id(&outputs), "00000001");
    let page = page(&outputs);
    assert_eq!((page.to, page.from.clone()), (msisdn(ALICE), code("32665")));
    assert_eq!(page.segment.text(), "Kings win 4-2");
    assert_eq!(bench.smsc.queue_len("att"), 1);
    let outputs = bench.deliver(&page);
    assert_eq!(stats(&outputs), ["DELIVRD"]);
    assert_eq!(bench.smsc.queue_len("att"), 0);
    assert_eq!(
        bench.smsc.message("00000001").expect("remembered").state,
        MessageState::Delivered
    );
}

#[test]
fn what_comes_together_is_as_if_it_came_one_after_the_other() {
    let (mut alone, mut together) = (Bench::bound(config()), Bench::bound(config()));
    let texts: Vec<Frame> = (0_u64..40)
        .map(|nth| {
            let message = ShortMessage {
                destination: handset(&(14_155_550_100 + nth % 25).to_string()),
                esm_class: if nth == 7 { 0x02 } else { 0 },
                ..to_alice("Kings win 4-2")
            };
            let command = Command::request(100 + nth as u32, Pdu::SubmitSm(message));
            let mut framer = Framer::default();
            framer.feed(&smpp::encode(&command));
            framer.next_frame().expect("a whole PDU")
        })
        .collect();
    let mut expected: Vec<Output> = texts
        .iter()
        .flat_map(|frame| {
            let frame = frame.clone();
            alone.handle(Input::Received { link: LINK, frame })
        })
        .collect();
    let mut outputs = together.together(&texts, &[]);
    for _ in 0..2 {
        assert_eq!(outputs, expected);
        let answers: Vec<(AttemptId, PageOutcome)> = (0..)
            .zip(pages(&outputs))
            .map(|(nth, page)| match nth % 3 {
                0 => (page.attempt, PageOutcome::Failed(Cause::Absent)),
                1 => (page.attempt, PageOutcome::Delivered),
                _ => (AttemptId(page.attempt.0 + 1_000), PageOutcome::Delivered),
            })
            .collect();
        assert!(!answers.is_empty());
        expected = answers
            .iter()
            .flat_map(|(attempt, outcome)| {
                alone.handle(Input::PageAnswered {
                    attempt: *attempt,
                    outcome: *outcome,
                })
            })
            .collect();
        outputs = together.together(&[], &answers);
    }
    assert_eq!(outputs, expected);
    assert_eq!(together.wait(secs(86_400)), alone.wait(secs(86_400)));
}

#[test]
fn one_page_at_a_time_keeps_the_order_of_submission() {
    let mut bench = Bench::bound(config());
    let (_, first) = bench.send("one");
    for words in ["two", "three"] {
        assert_eq!(bench.send(words).1, None);
    }
    let mut page_out = first.expect("paged at once");
    for words in ["two", "three"] {
        page_out = page(&bench.deliver(&page_out));
        assert_eq!(page_out.segment.text(), words);
    }
    assert!(pages(&bench.deliver(&page_out)).is_empty());
}

#[test]
fn texts_for_different_handsets_do_not_wait_for_each_other() {
    let mut bench = Bench::bound(config());
    bench.send("one");
    let other = ShortMessage {
        destination: handset(BOB),
        ..to_alice("two")
    };
    assert_eq!(page(&bench.submit(other)).to, msisdn(BOB));
}

#[test]
fn the_ladder_of_the_cause_is_climbed() {
    for (cause, waits) in [
        (Cause::Absent, [60, 300, 900, 3_600]),
        (Cause::NoCoverage, [60, 300, 900, 3_600]),
        (Cause::MemoryFull, [300, 1_800, 7_200, 28_800]),
        (Cause::NoAnswer, [30, 60, 300, 900]),
        (Cause::Busy, [120, 120, 120, 120]),
    ] {
        let mut bench = Bench::bound(config());
        let mut out = bench.send("hello").1.expect("paged");
        for wait in waits {
            bench.fail(&out, cause);
            assert!(
                pages(&bench.wait(secs(wait) - Duration::from_micros(1))).is_empty(),
                "{cause:?} {wait}"
            );
            out = page(&bench.wait(Duration::from_micros(1)));
        }
        assert_eq!(stats(&bench.deliver(&out)), ["DELIVRD"]);
    }
}

#[test]
fn a_permanent_cause_ends_the_text_and_the_next_is_tried() {
    let mut bench = Bench::bound(config());
    let (_, first) = bench.send("one");
    bench.send("two");
    let outputs = bench.fail(&first.expect("paged"), Cause::UnknownSubscriber);
    assert_eq!(stats(&outputs), ["UNDELIV"]);
    assert_eq!(page(&outputs).segment.text(), "two");
}

#[test]
fn the_return_of_a_handset_brings_everything_at_once_and_in_order() {
    let mut bench = Bench::bound(config());
    let (_, first) = bench.send("one");
    bench.send("two");
    bench.fail(&first.expect("paged"), Cause::Absent);
    bench.send("three");
    bench.wait(secs(10));
    let mut outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    for words in ["one", "two", "three"] {
        let out = page(&outputs);
        assert_eq!(out.segment.text(), words);
        outputs = bench.deliver(&out);
    }
    assert_eq!(bench.smsc.queue_len("att"), 0);
}

#[test]
fn a_handset_that_returns_while_its_page_is_failing_is_paged_again_at_once() {
    let mut bench = Bench::bound(config());
    let out = bench.send("one").1.expect("paged");
    assert!(
        pages(&bench.handle(Input::Available {
            msisdn: msisdn(ALICE)
        }))
        .is_empty()
    );
    let again = page(&bench.fail(&out, Cause::Absent));
    assert!(pages(&bench.fail(&again, Cause::Absent)).is_empty(), "only once");
}

#[test]
fn a_page_without_an_answer_fails_after_its_time() {
    let mut bench = Bench::bound(config());
    let out = bench.send("one").1.expect("paged");
    // 120 s beyond twice the latency of 1 s, then the first wait of 30 s.
    let outputs = bench.wait(secs(122));
    assert!(matches!(
        notes(&outputs)[..],
        [Event::AttemptFailed {
            cause: Cause::NoAnswer,
            ..
        }]
    ));
    let again = page(&bench.wait(secs(30)));
    let late = bench.deliver(&out);
    assert!(matches!(notes(&late)[..], [Event::LateAnswer { .. }]));
    assert_eq!(stats(&bench.deliver(&again)), ["DELIVRD"]);
}

#[test]
fn a_text_expires_exactly_at_its_time() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(with_validity("one", secs(90))));
    bench.fail(&out, Cause::Absent);
    let again = page(&bench.wait(secs(60)));
    bench.fail(&again, Cause::Absent);
    assert!(stats(&bench.wait(secs(30) - Duration::from_micros(1))).is_empty());
    let outputs = bench.wait(Duration::from_micros(1));
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    assert!(words(&outputs)[0].contains("err:006"), "{:?}", words(&outputs));
    assert_eq!(bench.smsc.queue_len("att"), 0);
}

#[test]
fn expiry_beats_coverage() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(with_validity("one", secs(90))));
    bench.fail(&out, Cause::NoCoverage);
    let again = page(&bench.wait(secs(60)));
    bench.fail(&again, Cause::NoCoverage);
    // In the very instant of its expiry the coverage comes back: nothing is paged.
    bench.now += secs(30);
    let outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    assert!(pages(&outputs).is_empty());
}

#[test]
fn expiry_beats_a_retry_of_the_same_instant() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(with_validity("one", secs(60))));
    bench.fail(&out, Cause::Absent);
    let outputs = bench.wait(secs(60));
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    assert!(pages(&outputs).is_empty());
}

#[test]
fn a_text_expires_in_the_air_too_and_a_late_delivery_changes_nothing() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(with_validity("one", secs(10))));
    bench.send("two");
    let outputs = bench.wait(secs(10));
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    assert!(pages(&outputs).is_empty(), "the handset is still being paged");
    let outputs = bench.deliver(&out);
    assert!(stats(&outputs).is_empty());
    assert_eq!(page(&outputs).segment.text(), "two");
}

#[test]
fn the_wait_of_a_handset_outlives_the_text_that_began_it() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(with_validity("one", secs(20))));
    bench.send("two");
    bench.fail(&out, Cause::Absent);
    let outputs = bench.wait(secs(20));
    assert_eq!(stats(&outputs), ["EXPIRED"]);
    assert!(pages(&outputs).is_empty());
    assert_eq!(page(&bench.wait(secs(40))).segment.text(), "two");
}

#[test]
fn without_a_validity_the_carriers_counts_and_a_long_one_is_cut() {
    let hours = |hours: u64| secs(hours * 3_600);
    for (message, validity) in [
        (to_alice("one"), hours(72)),
        (with_validity("one", hours(240)), hours(240)),
        (with_validity("one", hours(241)), hours(240)),
    ] {
        let mut bench = Bench::bound(config());
        let out = page(&bench.submit(message));
        bench.fail(&out, Cause::Absent);
        let mut expired = 0;
        let end = bench.now + validity;
        while let Some(at) = bench.smsc.next_wakeup().filter(|at| *at <= end) {
            assert_eq!(expired, 0, "before {validity:?}");
            let wait = at.since(bench.now);
            let outputs = bench.wait(wait);
            expired += stats(&outputs).len();
            if let Some(out) = pages(&outputs).first() {
                bench.fail(out, Cause::Absent);
            }
        }
        assert_eq!((expired, bench.now), (1, end));
    }
}

#[test]
fn an_absolute_validity_is_an_instant() {
    let mut bench = Bench::bound(config());
    // 15:00 at 28 quarters (7 hours) behind UTC is 22:00 UTC, the bench's start: over already.
    let over = ShortMessage {
        validity_period: "090302150000028-".into(),
        ..to_alice("one")
    };
    assert_eq!(status(&bench.submit(over)), Status::ESME_RINVEXPIRY);
    let soon = ShortMessage {
        validity_period: "090302150001028-".into(),
        ..to_alice("one")
    };
    assert_eq!(status(&bench.submit(soon)), Status::ESME_ROK);
    assert_eq!(stats(&bench.wait(secs(1))), ["EXPIRED"]);
}

#[test]
fn a_scheduled_text_waits_for_its_time() {
    let mut bench = Bench::bound(config());
    let scheduled = ShortMessage {
        schedule_delivery_time: "090302221000000+".into(),
        ..to_alice("later")
    };
    let outputs = bench.submit(scheduled);
    assert!(pages(&outputs).is_empty());
    assert_eq!(
        bench.smsc.message(&message_id(&outputs)).expect("held").state,
        MessageState::Scheduled
    );
    assert_eq!(bench.smsc.queue_len("att"), 1);
    let out = bench.send("now").1.expect("nothing is before it");
    bench.deliver(&out);
    assert!(pages(&bench.wait(secs(599))).is_empty());
    assert_eq!(page(&bench.wait(secs(1))).segment.text(), "later");
}

#[test]
fn a_schedule_in_the_past_means_now_and_one_too_far_ahead_is_refused() {
    let mut bench = Bench::bound(config());
    for (time, expected) in [
        ("090302215959000+", Status::ESME_ROK),
        ("000014000000000R", Status::ESME_ROK),
        ("000014000001000R", Status::ESME_RINVSCHED),
    ] {
        let message = ShortMessage {
            schedule_delivery_time: time.into(),
            ..to_alice("one")
        };
        assert_eq!(status(&bench.submit(message)), expected, "{time}");
    }
    assert_eq!(bench.smsc.queue_len_of(msisdn(ALICE)), 1);
}

#[test]
fn datagram_mode_is_tried_once_and_not_reported() {
    let mut bench = Bench::bound(config());
    let datagram = ShortMessage {
        esm_class: 0x01,
        ..to_alice("one")
    };
    let out = page(&bench.submit(datagram.clone()));
    let outputs = bench.fail(&out, Cause::Absent);
    assert!(stats(&outputs).is_empty());
    assert_eq!(bench.smsc.queue_len("att"), 0);
    assert_eq!(
        bench.smsc.message("00000001").expect("remembered").state,
        MessageState::Undeliverable
    );
    // Behind a text whose handset is known to be away it fails at once.
    let out = bench.send("two").1.expect("paged");
    bench.fail(&out, Cause::Absent);
    assert!(pages(&bench.submit(datagram)).is_empty());
    assert_eq!(bench.smsc.queue_len("att"), 1);
}

#[test]
fn a_long_text_goes_in_segments_one_after_the_other_under_one_id() {
    let mut bench = Bench::bound(config());
    let words = "0123456789".repeat(17);
    let mut outputs = bench.submit(to_alice(&words));
    let mut heard = String::new();
    for number in 1..=2 {
        let out = page(&outputs);
        let part = out.segment.concatenation().expect("a part");
        assert_eq!((part.number, part.total), (number, 2));
        heard.push_str(&out.segment.text());
        outputs = bench.deliver(&out);
    }
    assert_eq!(heard, words);
    assert_eq!(stats(&outputs), ["DELIVRD"]);
}

#[test]
fn a_segment_that_fails_is_repeated_not_those_before_it() {
    let mut bench = Bench::bound(config());
    let out = page(&bench.submit(to_alice(&"0123456789".repeat(17))));
    let second = page(&bench.deliver(&out));
    bench.fail(&second, Cause::NoCoverage);
    let again = page(&bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    }));
    assert_eq!(again.segment, second.segment);
    assert_eq!(stats(&bench.deliver(&again)), ["DELIVRD"]);
}

#[test]
fn a_text_for_a_down_carrier_waits_and_goes_in_order_when_it_is_up() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    assert_eq!(bench.send("one").1, None);
    let to_bob = ShortMessage {
        destination: handset(BOB),
        ..to_alice("two")
    };
    assert!(pages(&bench.submit(to_bob)).is_empty());
    assert_eq!(bench.send("three").1, None);
    assert_eq!(bench.smsc.queue_len("att"), 3);
    assert!(pages(&bench.wait(secs(600))).is_empty());
    let outputs = bench.change(Change::LinkUp);
    let out = pages(&outputs);
    let texts: Vec<String> = out.iter().map(|page| page.segment.text()).collect();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(page(&bench.deliver(&out[0])).segment.text(), "three");
}

#[test]
fn a_moved_number_takes_its_texts_to_the_new_carrier() {
    let mut config = config();
    config.carriers.push(Carrier::new("sprint"));
    let mut bench = Bench::bound(config);
    bench.change(Change::LinkDown);
    bench.send("one");
    bench.smsc.assign(msisdn(ALICE), "sprint");
    assert_eq!(
        (bench.smsc.queue_len("att"), bench.smsc.queue_len("sprint")),
        (0, 1)
    );
    assert_eq!(bench.smsc.carrier_of(msisdn(ALICE)).name, "sprint");
    assert_eq!(page(&bench.wait(secs(30))).segment.text(), "one");
}

#[test]
fn a_full_store_answers_rmsgqful() {
    let mut config = config();
    config.messages_max = 2;
    let mut bench = Bench::bound(config);
    let out = bench.send("one").1.expect("paged");
    bench.send("two");
    assert_eq!(status(&bench.submit(to_alice("three"))), Status::ESME_RMSGQFUL);
    bench.deliver(&out);
    assert_eq!(status(&bench.submit(to_alice("four"))), Status::ESME_ROK);
}

#[test]
fn replace_if_present_takes_the_place_of_a_waiting_text() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    bench.send("one");
    let newer = ShortMessage {
        replace_if_present_flag: 1,
        ..to_alice("newer")
    };
    bench.submit(newer);
    let other_type = ShortMessage {
        replace_if_present_flag: 1,
        service_type: "WAP".into(),
        ..to_alice("wap")
    };
    bench.submit(other_type);
    assert_eq!(bench.smsc.queue_len("att"), 2);
    assert_eq!(
        bench.smsc.message("00000001").expect("remembered").state,
        MessageState::Deleted
    );
    let outputs = bench.change(Change::LinkUp);
    assert_eq!(page(&outputs).segment.text(), "newer");
}
