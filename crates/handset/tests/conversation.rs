//! Whole lives of phones: what goes in, and what comes out of it.

use std::time::Duration;

use handset::{Config, Handset, InboxText, Input, Outcome, Output, Refusal, Setting};
use sms::{Address, Encoding, Msisdn, Reference, Segment, ShortCode, Timestamp};

const POWER_ON: Input = Input::Set(Setting::Power(true));
const POWER_OFF: Input = Input::Set(Setting::Power(false));
const IN_COVERAGE: Input = Input::Set(Setting::Coverage(true));
const OUT_OF_COVERAGE: Input = Input::Set(Setting::Coverage(false));
const FULL: Input = Input::Set(Setting::MemoryFull(true));
const ROOM: Input = Input::Set(Setting::MemoryFull(false));

fn phone(config: Config) -> Handset {
    Handset::new(Msisdn::new(14_155_550_101).expect("a number"), config)
}

fn fbook() -> Address {
    ShortCode::new(32_665).expect("a short code").address()
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn compose(text: &str) -> Input {
    Input::Compose {
        to: fbook(),
        text: text.to_owned(),
    }
}

fn parts(text: &str, reference: u8) -> Vec<Segment> {
    Segment::split(text, Reference::Octet(reference)).expect("fits")
}

fn page(segment: &Segment) -> Input {
    Input::Page {
        from: fbook().into(),
        segment: segment.clone(),
    }
}

/// The outputs in few words, for tables.
fn said(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .map(|output| match output {
            Output::Transmit { segment, .. } => match segment.concatenation() {
                Some(part) => format!("transmit {}/{} of {}", part.number, part.total, part.reference),
                None => format!("transmit {}", segment.text()),
            },
            Output::Held { parts, .. } => format!("held {parts}"),
            Output::Refused { why } => format!("refused: {why}"),
            Output::Answer(Outcome::Delivered) => "delivered".to_owned(),
            Output::Answer(Outcome::Absent) => "absent".to_owned(),
            Output::Answer(Outcome::NoCoverage) => "no coverage".to_owned(),
            Output::Answer(Outcome::MemoryFull) => "memory full".to_owned(),
            Output::Answer(Outcome::Barred) => "barred".to_owned(),
            Output::Received(text) => {
                format!(
                    "received {} {}{}",
                    text.text(),
                    text.parts,
                    if text.missing == 0 { "" } else { " incomplete" }
                )
            }
            Output::Available => "available".to_owned(),
        })
        .collect()
}

/// Plays a script from second 0, one second a line, and compares what the phone says.
fn plays(config: Config, script: &[(Input, &[&str])]) -> Handset {
    let mut phone = phone(config);
    for (second, (input, expected)) in script.iter().enumerate() {
        let outputs = phone.handle(at(i64::try_from(second).expect("short")), input.clone());
        assert_eq!(said(&outputs), *expected, "line {second}: {input:?}");
    }
    phone
}

#[test]
fn a_text_goes_out_at_once() {
    plays(
        Config::default(),
        &[(compose("quiz play"), &["transmit quiz play"])],
    );
}

#[test]
fn a_page_is_answered_by_what_the_phone_can_do() {
    let [segment] = &parts("Hi", 0)[..] else {
        panic!("one segment")
    };
    let script = [
        (page(segment), &["delivered", "received Hi 1"][..]),
        (POWER_OFF, &[]),
        (page(segment), &["absent"]),
        (POWER_ON, &["available"]),
        (OUT_OF_COVERAGE, &[]),
        (page(segment), &["no coverage"]),
        (FULL, &[]),
        (page(segment), &["no coverage"]),
        (POWER_OFF, &[]),
        (page(segment), &["absent"]),
        (POWER_ON, &[]),
        (IN_COVERAGE, &[]),
        (page(segment), &["memory full"]),
        (ROOM, &["available"]),
        (page(segment), &["delivered", "received Hi 1"]),
    ];
    let phone = plays(Config::default(), &script);
    assert_eq!(phone.inbox().received(), 2);
}

#[test]
fn a_phone_becomes_available_only_when_nothing_keeps_it_from_taking_texts() {
    plays(
        Config::default(),
        &[
            (POWER_ON, &[]),
            (IN_COVERAGE, &[]),
            (ROOM, &[]),
            (POWER_OFF, &[]),
            (OUT_OF_COVERAGE, &[]),
            (POWER_ON, &[]),
            (IN_COVERAGE, &["available"]),
            (IN_COVERAGE, &[]),
            (FULL, &[]),
            (POWER_OFF, &[]),
            (ROOM, &[]),
            (POWER_ON, &["available"]),
        ],
    );
}

#[test]
fn texts_composed_off_the_air_go_out_in_order_when_it_is_back() {
    let long = "x".repeat(161);
    plays(
        Config::default(),
        &[
            (POWER_OFF, &[]),
            (compose("one"), &["held 1"]),
            (OUT_OF_COVERAGE, &[]),
            (compose(&long), &["held 2"]),
            (POWER_ON, &[]),
            (compose("three"), &["held 1"]),
            (
                IN_COVERAGE,
                &[
                    "available",
                    "transmit one",
                    "transmit 1/2 of 0",
                    "transmit 2/2 of 0",
                    "transmit three",
                ],
            ),
            (compose("four"), &["transmit four"]),
            (compose(&long), &["transmit 1/2 of 1", "transmit 2/2 of 1"]),
        ],
    );
}

#[test]
fn a_full_phone_still_sends() {
    plays(
        Config::default(),
        &[(FULL, &[]), (compose("hello"), &["transmit hello"])],
    );
}

#[test]
fn an_outbox_holds_outbox_max_texts_and_refuses_one_more() {
    let config = Config {
        outbox_max: 2,
        ..Config::default()
    };
    let phone = plays(
        config,
        &[
            (POWER_OFF, &[]),
            (compose("1"), &["held 1"]),
            (compose("2"), &["held 1"]),
            (compose("3"), &["refused: the outbox holds 2 texts already"]),
            (POWER_ON, &["available", "transmit 1", "transmit 2"]),
            (compose("4"), &["transmit 4"]),
        ],
    );
    assert_eq!(phone.outbox_len(), 0);
}

#[test]
fn a_text_of_255_segments_is_sent_and_a_longer_one_refused() {
    let longest = "x".repeat(255 * 153);
    let mut phone = phone(Config::default());
    assert_eq!(phone.handle(at(0), compose(&longest)).len(), 255);
    assert_eq!(
        phone.handle(at(1), compose(&format!("{longest}x"))),
        [Output::Refused {
            why: Refusal::TooLong
        }]
    );
    assert_eq!(
        said(&phone.handle(at(2), compose(&"x".repeat(161))))[0],
        "transmit 1/2 of 1"
    );
}

#[test]
fn the_reference_of_long_texts_wraps_after_256() {
    let long = "x".repeat(161);
    let mut phone = phone(Config::default());
    for reference in (0..=255_u16).chain([0]) {
        let outputs = phone.handle(at(0), compose(&long));
        assert_eq!(said(&outputs)[0], format!("transmit 1/2 of {reference}"));
    }
}

#[test]
fn parts_are_assembled_in_any_order_and_shown_once() {
    let text = format!("{}{}{}", "a".repeat(153), "b".repeat(153), "c");
    let segments = parts(&text, 7);
    let whole = format!("received {text} 3");
    plays(
        Config::default(),
        &[
            (page(&segments[2]), &["delivered"]),
            (page(&segments[0]), &["delivered"]),
            (page(&segments[0]), &["delivered"]),
            (page(&segments[1]), &["delivered", &whole]),
            (page(&segments[1]), &["delivered"]),
            (page(&segments[0]), &["delivered"]),
        ],
    );
}

#[test]
fn parts_of_two_senders_with_one_reference_are_kept_apart() {
    let (ours, theirs) = (parts(&"a".repeat(161), 1), parts(&"b".repeat(161), 1));
    let other = Msisdn::new(14_155_550_102).expect("a number").address();
    let mut phone = phone(Config::default());
    for (from, segment) in [(&fbook(), &ours[0]), (&other, &theirs[0])] {
        let input = Input::Page {
            from: from.clone().into(),
            segment: segment.clone(),
        };
        assert_eq!(phone.handle(at(0), input), [Output::Answer(Outcome::Delivered)]);
    }
    for (from, segment, text) in [(&other, &theirs[1], "b"), (&fbook(), &ours[1], "a")] {
        let input = Input::Page {
            from: from.clone().into(),
            segment: segment.clone(),
        };
        let [Output::Answer(Outcome::Delivered), Output::Received(shown)] = &phone.handle(at(1), input)[..]
        else {
            panic!("delivered and shown");
        };
        assert_eq!(
            (shown.from.address(), shown.text().as_str()),
            (from.clone(), text.repeat(161).as_str())
        );
    }
}

#[test]
fn the_same_short_text_twice_is_two_texts() {
    let [segment] = &parts("Hi", 0)[..] else {
        panic!("one segment")
    };
    let shown: &[&str] = &["delivered", "received Hi 1"];
    plays(
        Config::default(),
        &[(page(segment), shown), (page(segment), shown)],
    );
}

#[test]
fn what_there_is_of_a_text_is_shown_when_its_hold_is_over() {
    let config = Config {
        hold: Duration::from_secs(60),
        ..Config::default()
    };
    let segments = parts(&format!("{}{}", "a".repeat(153), "b".repeat(20)), 7);
    let mut phone = phone(config);
    assert_eq!(phone.next_wakeup(), None);
    assert_eq!(said(&phone.handle(at(0), page(&segments[0]))), ["delivered"]);
    let due = phone.next_wakeup().expect("a hold");
    assert_eq!(due, at(60));
    assert!(
        phone
            .handle(due - Duration::from_micros(1), Input::Tick)
            .is_empty()
    );
    let [Output::Received(shown)] = &phone.handle(due, Input::Tick)[..] else {
        panic!("shown")
    };
    assert_eq!(
        (shown.parts, shown.missing, shown.at, shown.encoding),
        (1, 1, due, Encoding::Gsm7)
    );
    assert!(shown.text().contains(&"a".repeat(153)));
    assert_eq!(phone.handle(due, Input::Tick), []);
}

#[test]
fn a_phone_that_is_off_shows_an_overdue_text_when_it_is_switched_on() {
    let config = Config {
        hold: Duration::from_secs(2),
        ..Config::default()
    };
    let segments = parts(&"a".repeat(161), 7);
    let shown = format!("received {} 1 incomplete", "a".repeat(153));
    let script = [
        (page(&segments[0]), &["delivered"][..]),
        (POWER_OFF, &[]),
        (Input::Tick, &[]),
        (Input::Tick, &[]),
        (POWER_ON, &[&shown, "available"]),
    ];
    plays(config, &script);
    let mut phone = phone(config);
    phone.handle(at(0), page(&segments[0]));
    phone.handle(at(1), POWER_OFF);
    assert_eq!(phone.next_wakeup(), None);
}

#[test]
fn a_text_incomplete_when_memory_fills_is_completed_when_there_is_room() {
    let text = "a".repeat(161);
    let segments = parts(&text, 7);
    let whole = format!("received {text} 2");
    plays(
        Config::default(),
        &[
            (page(&segments[0]), &["delivered"]),
            (FULL, &[]),
            (page(&segments[1]), &["memory full"]),
            (ROOM, &["available"]),
            (page(&segments[1]), &["delivered", &whole]),
        ],
    );
}

#[test]
fn an_inbox_keeps_the_newest_inbox_max_texts_and_counts_all() {
    for (inbox_max, kept) in [
        (0, &[][..]),
        (1, &["c"]),
        (2, &["b", "c"]),
        (3, &["a", "b", "c"]),
        (4, &["a", "b", "c"]),
    ] {
        let mut phone = phone(Config {
            inbox_max,
            ..Config::default()
        });
        for text in ["a", "b", "c"] {
            phone.handle(at(0), page(&parts(text, 0)[0]));
        }
        assert!(
            phone
                .inbox()
                .texts()
                .map(InboxText::text)
                .eq(kept.iter().copied()),
            "inbox_max {inbox_max}"
        );
        assert_eq!((phone.inbox().received(), phone.inbox().unread()), (3, 3));
        assert_eq!(phone.handle(at(1), Input::Read), []);
        assert_eq!((phone.inbox().received(), phone.inbox().unread()), (3, 0));
    }
}

#[test]
fn one_incomplete_text_too_many_shows_the_oldest_as_it_is() {
    let config = Config {
        incomplete_max: 2,
        ..Config::default()
    };
    let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(161));
    let oldest = format!("received {} 1 incomplete", &a[..153]);
    let whole = format!("received {c} 2");
    plays(
        config,
        &[
            (page(&parts(&a, 1)[0]), &["delivered"]),
            (page(&parts(&b, 2)[0]), &["delivered"]),
            (page(&parts(&c, 3)[0]), &["delivered", &oldest]),
            (page(&parts(&c, 3)[1]), &["delivered", &whole]),
        ],
    );
}

#[test]
fn a_segment_that_comes_again_is_known_for_the_hold_time_also_across_a_time_switched_off() {
    let text = "a".repeat(161);
    let segments = parts(&text, 7);
    let whole = format!("received {text} 2");
    let config = Config {
        hold: Duration::from_secs(60),
        ..Config::default()
    };
    let mut phone = plays(
        config,
        &[
            (page(&segments[0]), &["delivered"]),
            (page(&segments[1]), &["delivered", &whole]),
            (POWER_OFF, &[]),
            (POWER_ON, &["available"]),
            (page(&segments[0]), &["delivered"]),
        ],
    );
    // Nothing comes of the copy, not even when its own hold is over.
    assert_eq!(phone.handle(at(3_600), Input::Tick), []);
    assert_eq!(phone.next_wakeup(), None);
}

#[test]
fn an_idle_phone_is_small() {
    assert!(size_of::<Handset>() <= 144, "{} octets", size_of::<Handset>());
}

#[test]
fn a_barred_phone_takes_nothing_and_says_when_it_may_again() {
    let mut phone = phone(Config::default());
    let segment = &parts("hi", 0)[0];
    let now = Timestamp::EPOCH;
    assert!(phone.handle(now, Input::Set(Setting::Barred(true))).is_empty());
    assert_eq!(said(&phone.handle(now, page(segment))), ["barred"]);
    // The network knows without the phone.
    phone.handle(now, Input::Set(Setting::Power(false)));
    assert_eq!(said(&phone.handle(now, page(segment))), ["barred"]);
    assert!(phone.handle(now, Input::Set(Setting::Power(true))).is_empty());
    assert_eq!(
        phone.handle(now, Input::Set(Setting::Barred(false))),
        [Output::Available]
    );
}

#[test]
fn a_phone_that_is_home_again_says_so() {
    let mut phone = phone(Config::default());
    let now = Timestamp::EPOCH;
    assert!(phone.handle(now, Input::Set(Setting::Roaming(true))).is_empty());
    assert!(phone.roaming());
    assert_eq!(
        phone.handle(now, Input::Set(Setting::Roaming(false))),
        [Output::Available]
    );
    assert!(phone.handle(now, Input::Set(Setting::Roaming(false))).is_empty());
}
