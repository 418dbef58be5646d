//! Texts from handsets: routes, waiting, order, windows, answers.

mod support;

use smpp::{Bind, BindKind, LinkId, Pdu, Status, Timers};
use sms::{Address, Npi, Ton};
use smsc::{Account, Change, Config, Event, Output};
use support::*;

fn bounces(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Bounce { text, .. } => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_text_to_the_code_arrives_as_deliver_sm() {
    let mut bench = Bench::bound(config());
    for code in ["32665", "3266507"] {
        let outputs = bench.mo(ALICE, code, "quiz play");
        let [(_, message)] = &delivers(&outputs)[..] else {
            panic!("{outputs:?}")
        };
        assert_eq!(message.source, handset(ALICE));
        assert_eq!(message.destination.digits, code);
        assert_eq!(message.segment().text(), "quiz play");
        assert_eq!((message.esm_class, message.registered_delivery), (0, 0));
    }
}

#[test]
fn a_header_of_the_handset_is_kept() {
    let mut bench = Bench::bound(config());
    let parts = sms::Segment::split(&"a".repeat(200), sms::segment::Reference::Octet(9)).expect("two parts");
    for part in parts {
        let outputs = bench.handle(smsc::Input::Mo {
            from: msisdn(ALICE),
            to: code("32665"),
            segment: part.clone(),
        });
        assert_eq!(delivers(&outputs)[0].1.segment(), part);
    }
}

#[test]
fn where_the_air_has_no_headers_each_part_is_a_text_of_its_own() {
    let mut config = config();
    config.carriers[0].concatenation = false;
    let mut bench = Bench::bound(config);
    let long = format!("{}{}", "a".repeat(153), "b".repeat(47));
    let parts = sms::Segment::split(&long, sms::segment::Reference::Octet(9)).expect("two parts");
    for (part, expected) in parts.into_iter().zip(["a".repeat(153), "b".repeat(47)]) {
        let outputs = bench.handle(smsc::Input::Mo {
            from: msisdn(ALICE),
            to: code("32665"),
            segment: part,
        });
        let deliver = &delivers(&outputs)[0].1;
        assert_eq!((deliver.esm_class, deliver.segment().text()), (0, expected));
    }
    // A header that numbers no parts means something else, and stays.
    let port = sms::Segment {
        data_coding: 0,
        udhi: true,
        user_data: b"\x06\x05\x04\x0B\x84\x23\xF0hi".into(),
    };
    let outputs = bench.handle(smsc::Input::Mo {
        from: msisdn(ALICE),
        to: code("32665"),
        segment: port.clone(),
    });
    assert_eq!(delivers(&outputs)[0].1.segment(), port);
}

#[test]
fn one_code_has_an_account_for_each_network() {
    let named = |name: &str, carriers: &[&str]| {
        let mut account = Account::new(name, "");
        account.codes = vec!["60777".parse().expect("a code")];
        account.carriers = carriers.iter().map(|carrier| (*carrier).into()).collect();
        account
    };
    let carriers =
        [("att", "1415"), ("sprint", "1510"), ("rogers", "1416")].map(|(name, range)| smsc::Carrier {
            ranges: vec![range.into()],
            ..smsc::Carrier::new(name)
        });
    let accounts = vec![named("rest", &[]), named("a", &["att"]), named("s", &["sprint"])];
    let mut config = Config::new(accounts, carriers.to_vec());
    config.session.timers = Timers::OFF;
    let mut bench = Bench::new(config);
    for (link, name) in (1..).zip(["rest", "a", "s"]) {
        bench.connect(LinkId(link));
        let bind = Bind::new(BindKind::Transceiver, name, "");
        assert_eq!(
            status(&bench.request(LinkId(link), Pdu::Bind(bind))),
            Status::ESME_ROK
        );
    }
    for (from, link) in [("14155550101", 2), ("15105550102", 3), ("14165550103", 1)] {
        let outputs = bench.mo(from, "60777", "hi");
        assert_eq!(sent(&outputs)[0].0, LinkId(link), "{from}");
    }
    // What it may text.
    for (link, to, expected) in [
        (1, "14155550101", Status::ESME_ROK),
        (2, "14155550101", Status::ESME_ROK),
        (2, "15105550102", Status::ESME_RINVDSTADR),
        (3, "15105550102", Status::ESME_ROK),
        (3, "14165550103", Status::ESME_RINVDSTADR),
    ] {
        let message = smpp::ShortMessage::new(code("60777"), handset(to), &text("hi"));
        let multi = smpp::SubmitMulti {
            message: message.clone(),
            destinations: vec![smpp::DestAddress::Sme(handset(to))],
        };
        let outputs = bench.request(LinkId(link), Pdu::SubmitSm(message));
        assert_eq!(status(&outputs), expected, "{link} {to}");
        let outputs = bench.request(LinkId(link), Pdu::SubmitMulti(multi));
        assert_eq!(status(&outputs), expected, "{link} {to}, of several");
    }
    // Without one for the network, the text is nobody's.
    bench.smsc.assign(msisdn("14165550103"), "rogers");
    let mut rest = bench.smsc.accounts().next().expect("rest").clone();
    rest.carriers = vec!["att".into()];
    bench.handle(smsc::Input::Account(Box::new(rest)));
    assert_eq!(bounces(&bench.mo("14165550103", "60777", "hi")).len(), 1);
}

#[test]
fn the_longest_matching_code_wins() {
    let account = |name: &str, code: &str| {
        let mut account = Account::new(name, "");
        account.codes = vec![code.parse().expect("a code")];
        account
    };
    let mut config = config();
    config.accounts = vec![
        account("a", "326*"),
        account("b", "32665*"),
        account("c", "32665"),
        account("d", "32665*"),
    ];
    let mut bench = Bench::new(config);
    for (link, name) in (1..).zip(["a", "b", "c", "d"]) {
        bench.connect(LinkId(link));
        bench.request(LinkId(link), Pdu::Bind(Bind::new(BindKind::Receiver, name, "")));
    }
    for (code, link) in [("32665", 3), ("3266507", 2), ("32601", 1)] {
        let outputs = bench.mo(ALICE, code, "hello");
        assert_eq!(sent(&outputs)[0].0, LinkId(link), "{code}");
    }
}

#[test]
fn nobodys_code_bounces() {
    let mut bench = Bench::bound(config());
    let outputs = bench.mo(ALICE, "99999", "hello");
    assert_eq!(bounces(&outputs).len(), 1);
    assert!(delivers(&outputs).is_empty());
}

#[test]
fn a_blocked_code_bounces_with_its_session_numbers() {
    let mut bench = Bench::bound(config());
    bench.change(Change::BlockCode("32665".into()));
    for code in ["32665", "3266507"] {
        assert_eq!(bounces(&bench.mo(ALICE, code, "hello")).len(), 1, "{code}");
    }
    bench.change(Change::UnblockCode("32665".into()));
    assert_eq!(words(&bench.mo(ALICE, "32665", "hello")), ["hello"]);
}

#[test]
fn an_address_range_counts_only_without_codes_of_its_own() {
    for (codes, range, number, arrives) in [
        (&[][..], "^324", "32401", true),
        (&[], "^324", "32501", false),
        (&[], "24", "32401", true),
        (&[], "[13579]$", "32401", true),
        (&[], "[13579]$", "32402", false),
        (&[], "", "32401", true),
        (&[], "(unclosed", "32401", true),
        (&["32665"], "^324", "32401", false),
        (&["32665"], "^324", "32665", true),
    ] {
        let mut config = config();
        config.accounts[0].codes = codes.iter().map(|code| code.parse().expect("a code")).collect();
        let mut bench = Bench::new(config);
        bench.connect(LINK);
        let address_range = Address::new(Ton::Unknown, Npi::Unknown, range);
        let bind = Bind {
            address_range,
            ..Bind::new(BindKind::Receiver, "fbook", "fbook")
        };
        let outputs = bench.request(LINK, Pdu::Bind(bind));
        assert_eq!(status(&outputs), Status::ESME_ROK, "{range}");
        let is_ignored = |event: &Event| matches!(event, Event::AddressRangeIgnored { .. });
        assert_eq!(notes(&outputs).iter().any(is_ignored), range == "(unclosed");
        let outputs = bench.mo(ALICE, number, "hello");
        assert_eq!(
            !delivers(&outputs).is_empty(),
            arrives,
            "{codes:?} {range} {number}"
        );
        assert_eq!(
            bounces(&outputs).is_empty(),
            arrives,
            "{codes:?} {range} {number}"
        );
    }
}

#[test]
fn sessions_that_receive_take_turns() {
    let mut bench = Bench::bound(config());
    bench.bind(LinkId(2), BindKind::Transmitter);
    bench.bind(LinkId(3), BindKind::Receiver);
    let links: Vec<u64> = (0..4)
        .map(|_| sent(&bench.mo(ALICE, "32665", "hello"))[0].0.0)
        .collect();
    assert!(!links.contains(&2), "{links:?}");
    assert!(links.contains(&1) && links.contains(&3), "{links:?}");
}

#[test]
fn texts_wait_for_a_session_and_come_in_order() {
    let mut bench = Bench::new(config());
    for (index, words) in ["one", "two", "three"].into_iter().enumerate() {
        let outputs = bench.mo(ALICE, "32665", words);
        assert!(matches!(notes(&outputs)[..], [Event::WaitsForEsme { waiting, .. }] if waiting == index + 1));
    }
    bench.wait(secs(3_600));
    assert_eq!(
        words(&bench.bind(LINK, BindKind::Receiver)),
        ["one", "two", "three"]
    );
}

#[test]
fn the_window_of_the_account_is_never_exceeded() {
    let mut config = config();
    config.accounts[0].window_max = 2;
    let mut bench = Bench::bound(config);
    let mut out = Vec::new();
    for words in ["one", "two", "three", "four"] {
        out.extend(delivers(&bench.mo(ALICE, "32665", words)));
    }
    assert_eq!(out.len(), 2);
    assert_eq!(
        words(&bench.acknowledge(LINK, &out[0].0, Status::ESME_ROK)),
        ["three"]
    );
    assert_eq!(
        words(&bench.acknowledge(LINK, &out[1].0, Status::ESME_ROK)),
        ["four"]
    );
    assert_eq!(bench.smsc.waiting("fbook"), 0);
}

#[test]
fn what_a_lost_link_left_unanswered_comes_first_on_the_next() {
    let mut config = config();
    config.accounts[0].window_max = 2;
    let mut bench = Bench::bound(config);
    let mut out = Vec::new();
    for words in ["one", "two", "three"] {
        out.extend(delivers(&bench.mo(ALICE, "32665", words)));
    }
    bench.acknowledge(LINK, &out[1].0, Status::ESME_ROK);
    let outputs = bench.handle(smsc::Input::Closed { link: LINK });
    assert!(
        notes(&outputs)
            .iter()
            .any(|event| matches!(event, Event::LinkClosed { unanswered: 2, .. }))
    );
    assert_eq!(
        words(&bench.bind(LinkId(2), BindKind::Transceiver)),
        ["one", "three"]
    );
}

#[test]
fn answers_decide_whether_it_is_sent_again() {
    for (status, again) in [
        (Status::ESME_ROK, false),
        (Status::ESME_RX_T_APPN, true),
        (Status::ESME_RMSGQFUL, true),
        (Status::ESME_RTHROTTLED, true),
        (Status::ESME_RSYSERR, true),
        (Status::ESME_RX_P_APPN, false),
        (Status::ESME_RX_R_APPN, false),
        (Status::ESME_RINVDSTADR, false),
    ] {
        let mut bench = Bench::bound(config());
        let first = delivers(&bench.mo(ALICE, "32665", "one"));
        let outputs = bench.acknowledge(LINK, &first[0].0, status);
        assert!(delivers(&outputs).is_empty());
        let dropped = notes(&outputs)
            .iter()
            .any(|event| matches!(event, Event::Dropped { .. }));
        assert_eq!(dropped, !again && !status.is_ok(), "{status}");
        // While it is to be sent again, what comes later waits behind it.
        let later = words(&bench.mo(ALICE, "32665", "two"));
        let expected: &[&str] = if again { &[] } else { &["two"] };
        assert_eq!(later, expected, "{status}");
        let expected: &[&str] = if again { &["one", "two"] } else { &[] };
        assert_eq!(words(&bench.wait(secs(1))), expected, "{status}");
    }
}

#[test]
fn a_permanent_error_ends_all_that_waits_for_the_same_destination() {
    let mut config = config();
    config.accounts[0].window_max = 1;
    let mut bench = Bench::bound(config);
    let first = delivers(&bench.mo(ALICE, "32665", "one"));
    for (number, text) in [
        ("32665", "two"),
        ("3266507", "three"),
        ("32665", "four"),
        ("3266507", "five"),
    ] {
        assert!(delivers(&bench.mo(ALICE, number, text)).is_empty());
    }
    let outputs = bench.acknowledge(LINK, &first[0].0, Status::ESME_RX_P_APPN);
    assert_eq!(words(&outputs), ["three"]);
    // What comes from now on is tried.
    assert!(delivers(&bench.mo(ALICE, "32665", "six")).is_empty());
    let dropped = |outputs: &[Output]| {
        let dropped = notes(outputs).into_iter();
        dropped
            .filter(|event| matches!(event, Event::Dropped { .. }))
            .count()
    };
    assert_eq!(dropped(&outputs), 3, "the answered text and those behind it");
    let three = delivers(&outputs);
    let outputs = bench.acknowledge(LINK, &three[0].0, Status::ESME_ROK);
    assert_eq!((words(&outputs), dropped(&outputs)), (vec!["five".to_owned()], 0));
    let five = delivers(&outputs);
    let outputs = bench.acknowledge(LINK, &five[0].0, Status::ESME_ROK);
    assert_eq!((words(&outputs), dropped(&outputs)), (vec!["six".to_owned()], 0));
    assert_eq!(bench.smsc.waiting("fbook"), 0);
}

#[test]
fn a_refusal_of_one_session_goes_to_another() {
    let mut bench = Bench::bound(config());
    bench.bind(LinkId(2), BindKind::Receiver);
    let outputs = bench.mo(ALICE, "32665", "one");
    let (link, command) = sent(&outputs)[0].clone();
    let outputs = bench.acknowledge(link, &command, Status::ESME_RX_T_APPN);
    let [(other, _)] = &sent(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_ne!(*other, link);
}

#[test]
fn no_answer_in_time_means_again() {
    let mut config = config();
    config.session.timers = Timers {
        response: Some(secs(10)),
        ..Timers::OFF
    };
    let mut bench = Bench::bound(config);
    bench.mo(ALICE, "32665", "one");
    assert!(words(&bench.wait(secs(9))).is_empty());
    assert_eq!(words(&bench.wait(secs(1))), ["one"]);
}

#[test]
fn no_more_than_waiting_max_wait_and_the_handset_is_told() {
    let mut config = config();
    config.accounts[0].waiting_max = 2;
    let mut bench = Bench::new(config);
    bench.mo(ALICE, "32665", "one");
    assert!(bounces(&bench.mo(ALICE, "32665", "two")).is_empty());
    assert_eq!(bounces(&bench.mo(ALICE, "32665", "three")).len(), 1);
    assert_eq!(bench.smsc.waiting("fbook"), 2);
}

#[test]
fn what_waits_too_long_is_given_up() {
    let mut bench = Bench::new(Config {
        waiting_validity: secs(3_600),
        ..config()
    });
    bench.mo(ALICE, "32665", "one");
    bench.wait(secs(10));
    bench.mo(ALICE, "32665", "two");
    assert!(notes(&bench.wait(secs(3_589))).is_empty());
    assert!(matches!(notes(&bench.wait(secs(1)))[..], [Event::Dropped { .. }]));
    assert_eq!(words(&bench.bind(LINK, BindKind::Receiver)), ["two"]);
    assert_eq!(bench.smsc.waiting("fbook"), 0);
}

#[test]
fn texts_of_a_down_carrier_wait_there_and_come_in_order() {
    let mut config = config();
    config.carriers[0].mo_waiting_max = 2;
    let mut bench = Bench::bound(config);
    bench.change(Change::LinkDown);
    for words in ["one", "two"] {
        let outputs = bench.mo(ALICE, "32665", words);
        assert!(matches!(notes(&outputs)[..], [Event::MoWaits { .. }]));
    }
    assert!(matches!(
        notes(&bench.mo(ALICE, "32665", "three"))[..],
        [Event::Dropped { .. }]
    ));
    bench.wait(secs(600));
    assert_eq!(words(&bench.change(Change::LinkUp)), ["one", "two"]);
}

#[test]
fn a_text_to_a_handset_is_forwarded_to_it() {
    let mut bench = Bench::bound(config());
    let to = handset(BOB);
    let outputs = bench.handle(smsc::Input::Mo {
        from: msisdn(ALICE),
        to,
        segment: text("hi Bob"),
    });
    let out = page(&outputs);
    assert_eq!(
        (out.to, out.from.clone(), out.segment.text()),
        (msisdn(BOB), handset(ALICE), "hi Bob".to_owned())
    );
    bench.fail(&out, smsc::Cause::Absent);
    let again = page(&bench.handle(smsc::Input::Available { msisdn: msisdn(BOB) }));
    assert!(sent(&bench.deliver(&again)).is_empty(), "nobody gets a receipt");
    let long = sms::Segment::whole(&"a".repeat(161), sms::Encoding::Gsm7);
    let long = sms::Segment { udhi: true, ..long };
    let outputs = bench.handle(smsc::Input::Mo {
        from: msisdn(ALICE),
        to: handset(BOB),
        segment: long,
    });
    assert_eq!(bounces(&outputs).len(), 1);
}

#[test]
fn an_account_that_keeps_nothing_waiting_still_gets_what_it_can_take() {
    let mut config = config();
    config.accounts[0].waiting_max = 0;
    config.accounts[0].window_max = 1;
    let mut bench = Bench::bound(config);
    assert_eq!(words(&bench.mo(ALICE, "32665", "one")), ["one"]);
    assert_eq!(bounces(&bench.mo(ALICE, "32665", "two")).len(), 1);
}

#[test]
fn what_comes_back_unanswered_expires_by_its_own_age() {
    let mut bench = Bench::bound(Config {
        waiting_validity: secs(3_600),
        ..config()
    });
    bench.mo(ALICE, "32665", "one");
    bench.wait(secs(1_800));
    bench.handle(smsc::Input::Closed { link: LINK });
    bench.mo(ALICE, "32665", "two");
    assert!(notes(&bench.wait(secs(1_799))).is_empty());
    assert!(matches!(notes(&bench.wait(secs(1)))[..], [Event::Dropped { .. }]));
    assert_eq!(bench.smsc.waiting("fbook"), 1);
    assert!(matches!(
        notes(&bench.wait(secs(1_800)))[..],
        [Event::Dropped { .. }]
    ));
}
