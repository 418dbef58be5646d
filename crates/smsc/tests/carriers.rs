//! What a carrier's profile does to the texts of its subscribers.

mod support;

use smpp::Status;
use smsc::{
    Alphabet, BlockedReaction, Carrier, Cause, Config, Event, Input, MessageIdStyle, Output, OverLimit,
    PageOutcome, ReceiptStyle, StopMode, UnprovisionedMo,
};
use support::{
    ALICE, BOB, Bench, code, config, delivers, handset, msisdn, notes, page, pages, secs, stats, status,
    text, to_alice, words,
};

fn with(change: impl FnOnce(&mut Carrier)) -> Config {
    let mut config = config();
    change(&mut config.carriers[0]);
    config
}

fn bounces(outputs: &[Output]) -> Vec<(String, String)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Bounce { from, text, .. } => Some((from.digits.to_string(), text.to_string())),
            _ => None,
        })
        .collect()
}

#[test]
fn the_longest_range_serves_a_number_and_of_two_carriers_the_first() {
    let mut config = config();
    for (name, ranges) in [("sprint", ["1415555", "44"]), ("bell", ["14155550102", "44"])] {
        config.carriers.push(Carrier {
            ranges: ranges.iter().map(|range| (*range).into()).collect(),
            ..Carrier::new(name)
        });
    }
    config.numbers.push((msisdn("14155550103"), "att".into()));
    let bench = Bench::new(config);
    for (number, carrier) in [
        ("14155550101", "sprint"),
        ("14155550102", "bell"),
        ("14155550103", "att"),
        ("447700900000", "sprint"),
        ("12125550101", "att"),
    ] {
        assert_eq!(bench.smsc.carrier_of(msisdn(number)).name, carrier, "{number}");
    }
}

#[test]
fn receipts_give_the_carriers_own_number_for_a_cause_in_text_and_tlv() {
    let mut bench = Bench::bound(with(|carrier| {
        carrier.err.set(Cause::Barred, 413);
        carrier.message_ids = MessageIdStyle::HexThenDecimal;
        carrier.receipts = ReceiptStyle {
            err_digits: 4,
            ..ReceiptStyle::default()
        };
    }));
    let (id, paged) = bench.send("hi");
    assert_eq!(id, "1");
    let outputs = bench.fail(&paged.expect("a page"), Cause::Barred);
    let (_, receipt) = delivers(&outputs).remove(0);
    let text = receipt.segment().text();
    assert!(
        text.starts_with("id:0000000001 ") && text.contains("stat:UNDELIV err:0413"),
        "{text}"
    );
    let tlv = receipt
        .tlvs
        .iter()
        .find(|tlv| tlv.tag == smpp::tag::NETWORK_ERROR_CODE);
    assert_eq!(tlv.expect("there").value, [3, 1, 157]);
}

#[test]
fn beyond_its_throughput_a_carrier_throttles_says_full_or_lets_texts_wait() {
    for (over_limit, expected) in [
        (OverLimit::Throttle, Status::ESME_RTHROTTLED),
        (OverLimit::QueueFull, Status::ESME_RMSGQFUL),
        (OverLimit::Queue, Status::ESME_ROK),
    ] {
        let mut bench = Bench::bound(with(|carrier| {
            carrier.throttle_per_s = Some(2);
            carrier.over_limit = over_limit;
        }));
        for number in [ALICE, BOB] {
            let mut message = to_alice("hi");
            message.destination = handset(number);
            let outputs = bench.submit(message);
            assert_eq!((status(&outputs), pages(&outputs).len()), (Status::ESME_ROK, 1));
        }
        let mut third = to_alice("hi");
        third.destination = handset("14155550103");
        let outputs = bench.submit(third);
        assert_eq!(status(&outputs), expected, "{over_limit:?}");
        assert!(pages(&outputs).is_empty());
        let late = bench.wait(std::time::Duration::from_millis(499));
        assert!(pages(&late).is_empty());
        let due = bench.wait(std::time::Duration::from_millis(1));
        assert_eq!(pages(&due).len(), usize::from(expected.is_ok()));
    }
}

#[test]
fn a_carrier_that_takes_none_a_second_never_lets_one_wait() {
    let mut bench = Bench::bound(with(|carrier| {
        carrier.throttle_per_s = Some(0);
        carrier.over_limit = OverLimit::Queue;
    }));
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_RTHROTTLED);
}

#[test]
fn a_full_queue_and_congestion_are_answered_rmsgqful() {
    let mut bench = Bench::bound(with(|carrier| carrier.queue_max = 2));
    for expected in [Status::ESME_ROK, Status::ESME_ROK, Status::ESME_RMSGQFUL] {
        assert_eq!(status(&bench.submit(to_alice("hi"))), expected);
    }
    let mut bench = Bench::bound(with(|carrier| carrier.congestion_percent = 50.0));
    let full = (0..400)
        .filter(|_| status(&bench.submit(to_alice("hi"))) == Status::ESME_RMSGQFUL)
        .count();
    assert!((150..250).contains(&full), "{full}");
}

#[test]
fn a_code_that_is_blocked_or_not_provisioned_reaches_nobody_and_nobody_it() {
    let blocked = |carrier: &mut Carrier| {
        carrier.blocked_codes.insert("32665".into());
    };
    let unprovisioned = |carrier: &mut Carrier| {
        carrier.provisioned_codes = Some(["12345".into()].into());
    };
    let none = |carrier: &mut Carrier| carrier.provisioned_codes = Some(std::collections::BTreeSet::new());
    for block in [&blocked as &dyn Fn(&mut Carrier), &unprovisioned, &none] {
        let mut refusing = Bench::bound(with(|carrier| {
            block(carrier);
            carrier.blocked_status = Status(0x404);
        }));
        assert_eq!(status(&refusing.submit(to_alice("hi"))), Status(0x404));
        let mut rejecting = Bench::bound(with(|carrier| {
            block(carrier);
            carrier.blocked_reaction = BlockedReaction::Reject;
        }));
        let outputs = rejecting.submit(to_alice("hi"));
        assert_eq!(
            (status(&outputs), stats(&outputs)),
            (Status::ESME_ROK, vec!["REJECTD".to_owned()])
        );
        let mut telling = Bench::bound(with(|carrier| {
            block(carrier);
            carrier.bounce_text = Some("Msg 1051".into());
            carrier.bounce_from = Some("9230".into());
        }));
        let outputs = telling.mo(ALICE, "3266507", "hi");
        assert_eq!(bounces(&outputs), [("9230".to_owned(), "Msg 1051".to_owned())]);
        assert!(delivers(&outputs).is_empty());
        let mut silent = Bench::bound(with(|carrier| {
            block(carrier);
            carrier.unprovisioned_mo = UnprovisionedMo::Drop;
        }));
        let outputs = silent.mo(ALICE, "32665", "hi");
        assert!(bounces(&outputs).is_empty() && delivers(&outputs).is_empty());
        assert!(matches!(notes(&outputs)[0], Event::Dropped { .. }));
    }
    let mut bench = Bench::bound(with(|carrier| {
        carrier.provisioned_codes = Some(["32665".into()].into())
    }));
    assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_ROK);
}

#[test]
fn a_stop_word_means_something_only_to_a_carrier_that_acts_on_it() {
    for (mode, word, passes, then) in [
        (StopMode::PassThrough, "STOP", true, Status::ESME_ROK),
        (StopMode::PassAndBlock, " stop! ", true, Status::ESME_RSUBMITFAIL),
        (StopMode::Swallow, "Stop  all", false, Status::ESME_RSUBMITFAIL),
        (StopMode::Swallow, "stop it", true, Status::ESME_ROK),
    ] {
        let mut bench = Bench::bound(with(|carrier| carrier.stop = mode));
        let outputs = bench.mo(ALICE, "32665", word);
        assert_eq!(!delivers(&outputs).is_empty(), passes, "{mode:?} {word}");
        assert_eq!(bounces(&outputs).is_empty(), then.is_ok(), "one confirmation");
        assert_eq!(status(&bench.submit(to_alice("hi"))), then, "{mode:?} {word}");
        let mut to_bob = to_alice("hi");
        to_bob.destination = handset(BOB);
        assert_eq!(
            status(&bench.submit(to_bob)),
            Status::ESME_ROK,
            "the other handset did not"
        );
        bench.mo(ALICE, "3266507", "start");
        assert_eq!(status(&bench.submit(to_alice("hi"))), Status::ESME_ROK);
    }
}

#[test]
fn stop_words_of_every_language_count_in_any_letter_case() {
    for (words, stops) in [
        ("ARRÊT", true),
        ("arrêt!", true),
        ("Arrêt", true),
        ("arret", false),
    ] {
        let mut bench = Bench::bound(with(|carrier| {
            carrier.stop = StopMode::Swallow;
            carrier.stop_words = vec!["ARRÊT".into()];
        }));
        assert_eq!(
            delivers(&bench.mo(ALICE, "32665", words)).is_empty(),
            stops,
            "{words}"
        );
    }
}

#[test]
fn opt_outs_have_a_limit() {
    let mut bench = Bench::bound(with(|carrier| {
        carrier.stop = StopMode::Swallow;
        carrier.opt_outs_max = 1;
    }));
    assert!(delivers(&bench.mo(ALICE, "32665", "stop")).is_empty());
    assert!(
        delivers(&bench.mo(ALICE, "32665", "stop")).is_empty(),
        "it is out already"
    );
    let outputs = bench.mo(BOB, "32665", "stop");
    assert_eq!(delivers(&outputs).len(), 1, "the program must act");
    assert_eq!(
        notes(&outputs)[0].to_string(),
        "att: that +14155550102 opts out of 32665 does not count: the carrier keeps as many opt-outs as it may"
    );
}

#[test]
fn what_was_accepted_before_a_stop_ends_rejected() {
    let mut bench = Bench::bound(with(|carrier| carrier.stop = StopMode::Swallow));
    let (_, paged) = bench.send("hi");
    bench.fail(&paged.expect("a page"), Cause::Absent);
    bench.mo(ALICE, "32665", "stop");
    let outputs = bench.handle(Input::Available {
        msisdn: msisdn(ALICE),
    });
    assert_eq!(stats(&outputs), ["REJECTD"]);
}

#[test]
fn senders_in_letters_are_taken_or_not() {
    use sms::{Address, Npi, Ton};
    for (taken, ton, source, expected) in [
        (true, Ton::Alphanumeric, "MyBrand", Status::ESME_ROK),
        (false, Ton::Alphanumeric, "MyBrand", Status::ESME_RINVSRCTON),
        (false, Ton::Unknown, "MyBrand", Status::ESME_RINVSRCTON),
        (false, Ton::NetworkSpecific, "32665", Status::ESME_ROK),
        (false, Ton::International, "+14155550199", Status::ESME_ROK),
    ] {
        let mut config = with(|carrier| carrier.alphanumeric_sources = taken);
        config.accounts[0].codes.clear();
        let mut bench = Bench::bound(config);
        let message = smpp::ShortMessage {
            source: Address::new(ton, Npi::Unknown, source),
            ..to_alice("hi")
        };
        assert_eq!(status(&bench.submit(message)), expected, "{taken} {source}");
    }
}

#[test]
fn an_air_of_text_alone_knows_no_message_classes() {
    for (alphabet, class, expected) in [
        (Alphabet::Gsm7Ucs2, 0xF0, 0xF0),
        (Alphabet::Gsm7, 0xF0, 0),
        (Alphabet::Ascii, 0x10, 0),
        (Alphabet::Ascii, 0x01, 0x01),
    ] {
        let mut bench = Bench::bound(with(|carrier| carrier.alphabet = alphabet));
        let flash = smpp::ShortMessage {
            data_coding: class,
            ..to_alice("hi")
        };
        let segment = page(&bench.submit(flash)).segment;
        assert_eq!((segment.data_coding, segment.text().as_str()), (expected, "hi"));
    }
}

#[test]
fn texts_are_mangled_both_ways_and_binary_is_refused() {
    let mut bench = Bench::bound(with(|carrier| {
        carrier.alphabet = Alphabet::Ascii;
        carrier.substitute = '$';
        carrier.mangled = "&".into();
    }));
    let (_, paged) = bench.send("El Niño & co");
    assert_eq!(paged.expect("a page").segment.text(), "El Ni$o $ co");
    assert_eq!(words(&bench.mo(ALICE, "32665", "señor")), ["se$or"]);
    let mut binary = to_alice("x");
    binary.data_coding = 4;
    // ESME_RINVDCS is of v5.0; an ESME of v3.4 reads its nearest.
    assert_eq!(status(&bench.submit(binary)), Status::ESME_RINVESMCLASS);
    let segment = sms::Segment {
        data_coding: 4,
        ..text("x")
    };
    let outputs = bench.handle(Input::Mo {
        from: msisdn(ALICE),
        to: code("32665"),
        segment,
    });
    assert_eq!(bounces(&outputs).len(), 1);
}

#[test]
fn a_first_attempt_that_fails_is_followed_by_another_and_one_lost_for_good_is_not() {
    let mut bench = Bench::bound(with(|carrier| carrier.first_attempt_failure_percent = 100.0));
    assert!(pages(&bench.submit(to_alice("hi"))).is_empty());
    let outputs = bench.wait(secs(30));
    let outputs = bench.deliver(&page(&outputs));
    assert_eq!(stats(&outputs), ["DELIVRD"]);
    let mut bench = Bench::bound(with(|carrier| carrier.lost_for_good_percent = 100.0));
    let outputs = bench.submit(to_alice("hi"));
    assert!(pages(&outputs).is_empty());
    assert_eq!(stats(&outputs), ["UNDELIV"]);
    assert_eq!(bench.smsc.queue_len("att"), 0);
}

#[test]
fn a_text_that_is_held_up_is_overtaken() {
    let mut bench = Bench::bound(with(|carrier| {
        carrier.reordered_percent = 100.0;
        carrier.reordered_by = secs(30);
    }));
    assert!(pages(&bench.submit(to_alice("first"))).is_empty());
    bench.wait(secs(10));
    assert!(pages(&bench.submit(to_alice("second"))).is_empty());
    let outputs = bench.wait(secs(20));
    assert_eq!(page(&outputs).segment.text(), "first");
}

#[test]
fn receipts_are_lost_and_doubled_in_the_share_that_the_profile_says() {
    let count = |change: &dyn Fn(&mut Carrier)| -> usize {
        let mut bench = Bench::bound(with(|carrier| change(carrier)));
        (0..400)
            .map(|_| {
                let (_, paged) = bench.send("hi");
                stats(&bench.deliver(&paged.expect("a page"))).len()
            })
            .sum()
    };
    let lost = count(&|carrier| carrier.receipts_lost_percent = 25.0);
    assert!((270..330).contains(&lost), "{lost}");
    let doubled = count(&|carrier| carrier.receipts_duplicated_percent = 25.0);
    assert!((470..530).contains(&doubled), "{doubled}");
}

#[test]
fn an_outage_stops_texts_at_its_minute_and_lets_them_go_at_its_end() {
    // The bench begins at 22:00 UTC.
    let mut bench = Bench::bound(with(|carrier| {
        carrier.outages = vec!["22:10-22:20".parse().expect("an outage")];
    }));
    assert_eq!(pages(&bench.submit(to_alice("before"))).len(), 1);
    bench.wait(secs(600));
    assert!(!bench.smsc.carrier("att").expect("att").link_up);
    let mut to_bob = to_alice("during");
    to_bob.destination = handset(BOB);
    assert!(pages(&bench.submit(to_bob)).is_empty());
    let outputs = bench.wait(secs(600));
    assert!(pages(&outputs).iter().any(|page| page.to == msisdn(BOB)));
    bench.wait(secs(23 * 3_600 + 50 * 60));
    assert!(
        !bench.smsc.carrier("att").expect("att").link_up,
        "the next day too"
    );
}

#[test]
fn a_roaming_handset_that_may_not_have_texts_counts_as_away() {
    let mut bench = Bench::bound(config());
    let (_, paged) = bench.send("hi");
    let outputs = bench.answer_page(&paged.expect("a page"), PageOutcome::Failed(Cause::Roaming));
    assert!(stats(&outputs).is_empty());
    assert_eq!(pages(&bench.wait(secs(60))).len(), 1);
}
