//! How many texts a carrier takes of one code in a day.

mod support;

use smpp::{ShortMessage, Status};
use sms::Zone;
use smsc::{Carrier, CodeOverLimit, Config, Event, Input, SubmitRefusal};
use support::*;

/// A carrier `att` that takes two texts of each code a day, in Los Angeles, and one `bell` (1514) that takes any number.
fn two_a_day(over_limit: CodeOverLimit) -> Config {
    let mut config = config();
    config.zone = Zone::named("America/Los_Angeles").expect("a zone");
    config.accounts[0].codes.push("12345".parse().expect("a code"));
    config.carriers[0].code_daily_max = Some(2);
    config.carriers[0].code_over_limit = over_limit;
    let mut bell = Carrier::new("bell");
    bell.ranges = vec!["1514".into()];
    config.carriers.push(bell);
    config
}

fn from(source: &str, to: &str) -> ShortMessage {
    ShortMessage {
        registered_delivery: 1,
        ..ShortMessage::new(code(source), handset(to), &text("Hi"))
    }
}

#[test]
fn a_code_has_its_texts_of_a_day_and_then_none_until_midnight() {
    for (over_limit, refusal) in [
        (CodeOverLimit::Throttle, Status::ESME_RTHROTTLED),
        (CodeOverLimit::QueueFull, Status::ESME_RMSGQFUL),
    ] {
        let mut bench = Bench::bound(two_a_day(over_limit));
        // A session number is its code's.
        assert_eq!(status(&bench.submit(from("32665", ALICE))), Status::ESME_ROK);
        assert_eq!(status(&bench.submit(from("3266507", BOB))), Status::ESME_ROK);
        let refused = bench.submit(from("32665", ALICE));
        assert_eq!(status(&refused), refusal);
        assert!(
            matches!(&notes(&refused)[..], [Event::SubmitRefused { reason, .. }] if *reason == SubmitRefusal::CodeDailyMax),
            "{refused:?}"
        );
        // Another code, and another carrier, count for themselves.
        assert_eq!(status(&bench.submit(from("12345", ALICE))), Status::ESME_ROK);
        assert_eq!(
            status(&bench.submit(from("32665", "15145550101"))),
            Status::ESME_ROK
        );
        // It is 14:00 in Los Angeles.
        bench.wait(secs(10 * 3_600 - 1));
        assert_eq!(status(&bench.submit(from("32665", ALICE))), refusal);
        bench.wait(secs(1));
        for expected in [Status::ESME_ROK, Status::ESME_ROK, refusal] {
            assert_eq!(status(&bench.submit(from("32665", ALICE))), expected);
        }
    }
}

#[test]
fn what_is_refused_for_another_reason_does_not_count() {
    let mut bench = Bench::bound(two_a_day(CodeOverLimit::Throttle));
    let too_long = ShortMessage {
        schedule_delivery_time: "nonsense".into(),
        ..from("32665", ALICE)
    };
    for _ in 0..3 {
        assert_eq!(status(&bench.submit(too_long.clone())), Status::ESME_RINVSCHED);
    }
    assert_eq!(status(&bench.submit(from("32665", ALICE))), Status::ESME_ROK);
}

#[test]
fn more_texts_wait_for_the_days_that_have_room_for_them() {
    let mut bench = Bench::bound(two_a_day(CodeOverLimit::Queue));
    let mut paged = Vec::new();
    for _ in 0..5 {
        let outputs = bench.submit(from("32665", ALICE));
        assert_eq!(status(&outputs), Status::ESME_ROK);
        for page in pages(&outputs) {
            paged.extend(pages(&bench.deliver(&page)));
        }
    }
    assert!(paged.is_empty());
    // Two went at once, two go at the first midnight, one at the second.
    let mut after = Vec::new();
    for _ in 0..3 {
        let mut went = 0;
        let mut outputs = bench.wait(secs(if after.is_empty() { 10 * 3_600 } else { 86_400 }));
        while let Some(page) = pages(&outputs).first() {
            went += 1;
            outputs = bench.deliver(page);
        }
        after.push(went);
    }
    assert_eq!(after, [2, 1, 0]);
}

#[test]
fn a_text_over_the_limit_can_be_accepted_and_rejected() {
    let mut config = two_a_day(CodeOverLimit::Reject);
    // A receipt on hand-over would come too early.
    config.carriers[0].receipts.fakes_delivered = true;
    let mut bench = Bench::bound(config);
    for _ in 0..2 {
        let outputs = bench.submit(from("32665", ALICE));
        assert_eq!(stats(&outputs), ["DELIVRD"]);
        bench.deliver(&page(&outputs));
    }
    let rejected = bench.submit(from("32665", ALICE));
    assert_eq!(status(&rejected), Status::ESME_ROK);
    assert_eq!(stats(&rejected), ["REJECTD"]);
    assert!(words(&rejected)[0].contains("err:051"), "{rejected:?}");
    assert!(pages(&rejected).is_empty());
}

#[test]
fn a_code_that_may_send_nothing_is_refused() {
    for (over_limit, expected) in [
        (CodeOverLimit::Throttle, Status::ESME_RTHROTTLED),
        (CodeOverLimit::Queue, Status::ESME_RTHROTTLED),
        (CodeOverLimit::Reject, Status::ESME_ROK),
    ] {
        let mut config = two_a_day(over_limit);
        config.carriers[0].code_daily_max = Some(0);
        let outputs = Bench::bound(config).submit(from("32665", ALICE));
        assert_eq!(status(&outputs), expected, "{over_limit:?}");
        assert!(pages(&outputs).is_empty());
    }
}

#[test]
fn a_text_from_phone_to_phone_is_no_codes() {
    let mut bench = Bench::bound(two_a_day(CodeOverLimit::Throttle));
    let mut sent = 0;
    for _ in 0..3 {
        let outputs = bench.handle(Input::Mo {
            from: msisdn(BOB),
            to: handset(ALICE),
            segment: text("Hi"),
        });
        sent += pages(&outputs).len();
        if let Some(page) = pages(&outputs).first() {
            bench.deliver(page);
        }
    }
    assert_eq!(sent, 3);
}
