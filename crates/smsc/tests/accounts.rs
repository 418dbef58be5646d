//! What accounts are held to: kinds and versions of binds, requests a second and a day, sources, waiting, congestion.

mod support;

use std::time::Duration;

use smpp::{Bind, BindKind, LinkId, Pdu, Status, Tlvs as _, tag};
use smsc::{Account, Config, DropReason, Event, Input, InterfaceVersion, Output};
use support::*;

const OTHER: LinkId = LinkId(2);

fn with(change: impl FnOnce(&mut Account)) -> Config {
    let mut config = config();
    change(&mut config.accounts[0]);
    config
}

fn bind(bench: &mut Bench, link: LinkId, kind: BindKind, interface_version: u8) -> Status {
    bench.connect(link);
    let bind = Bind {
        interface_version,
        ..Bind::new(kind, "fbook", "fbook")
    };
    status(&bench.request(link, Pdu::Bind(bind)))
}

#[test]
fn each_kind_of_bind_has_its_own_limit() {
    for (max, first, second) in [
        (None, Status::ESME_ROK, Status::ESME_ROK),
        (Some(2), Status::ESME_ROK, Status::ESME_ROK),
        (Some(1), Status::ESME_ROK, Status::ESME_RBINDFAIL),
        (Some(0), Status::ESME_RINVCMDID, Status::ESME_RINVCMDID),
    ] {
        for kind in BindKind::ALL {
            let mut bench = Bench::new(with(|account| match kind {
                BindKind::Transmitter => account.transmitters_max = max,
                BindKind::Receiver => account.receivers_max = max,
                BindKind::Transceiver => account.transceivers_max = max,
            }));
            assert_eq!(bind(&mut bench, LINK, kind, 0x34), first, "{kind:?} {max:?}");
            assert_eq!(bind(&mut bench, OTHER, kind, 0x34), second, "{kind:?} {max:?}");
            let another = BindKind::ALL.into_iter().find(|other| *other != kind);
            let another = another.expect("there are three");
            assert_eq!(bind(&mut bench, LinkId(3), another, 0x34), Status::ESME_ROK);
        }
    }
}

#[test]
fn an_account_binds_with_the_versions_that_it_may_speak() {
    let all = [
        InterfaceVersion::V33,
        InterfaceVersion::V34,
        InterfaceVersion::V50,
    ];
    for (versions, number, expected) in [
        (&all[..0], 0x00, Status::ESME_ROK),
        (&all[..0], 0x50, Status::ESME_ROK),
        (&all[..], 0xFF, Status::ESME_ROK),
        (&all[1..2], 0x33, Status::ESME_RBINDFAIL),
        (&all[1..2], 0x34, Status::ESME_ROK),
        (&all[1..2], 0x4F, Status::ESME_ROK),
        (&all[1..2], 0x50, Status::ESME_RBINDFAIL),
        (&all[..1], 0x32, Status::ESME_ROK),
        (&all[2..], 0x34, Status::ESME_RBINDFAIL),
    ] {
        let mut bench = Bench::new(with(|account| account.versions = versions.to_vec()));
        let status = bind(&mut bench, LINK, BindKind::Transceiver, number);
        assert_eq!(status, expected, "{versions:?} {number:#04x}");
    }
}

#[test]
fn a_session_and_an_account_have_buckets_of_their_own() {
    let mut bench = Bench::new(with(|account| {
        account.submits_per_second_max = Some(3);
        account.session_submits_per_second_max = Some(2);
    }));
    bench.bind(LINK, BindKind::Transceiver);
    bench.bind(OTHER, BindKind::Transceiver);
    let mut submit = |link| status(&bench.request(link, Pdu::SubmitSm(to_alice("Hi"))));
    let (taken, refused) = (Status::ESME_ROK, Status::ESME_RTHROTTLED);
    let statuses = [LINK, LINK, LINK, OTHER, OTHER].map(&mut submit);
    assert_eq!(statuses, [taken, taken, refused, taken, refused]);
    bench.wait(Duration::from_secs(1));
    assert_eq!(status(&bench.submit(to_alice("Hi"))), taken);
}

#[test]
fn a_day_ends_at_midnight_and_what_is_refused_does_not_count() {
    let mut bench = Bench::bound(with(|account| {
        account.submits_per_day_max = Some(2);
        account.over_limit = Status::ESME_RMSGQFUL;
    }));
    let submit = |bench: &mut Bench| status(&bench.submit(to_alice("Hi")));
    for expected in [
        Status::ESME_ROK,
        Status::ESME_ROK,
        Status::ESME_RMSGQFUL,
        Status::ESME_RMSGQFUL,
    ] {
        assert_eq!(submit(&mut bench), expected);
    }
    // The bench begins at 22:00 in the zone of the message centre.
    bench.wait(secs(2 * 3_600 - 1));
    assert_eq!(submit(&mut bench), Status::ESME_RMSGQFUL);
    bench.wait(secs(1));
    for expected in [Status::ESME_ROK, Status::ESME_ROK, Status::ESME_RMSGQFUL] {
        assert_eq!(submit(&mut bench), expected);
    }
}

#[test]
fn what_waits_is_dropped_after_the_accounts_own_time() {
    let mut bench = Bench::new(with(|account| account.waiting_validity = Some(secs(60))));
    bench.mo(ALICE, "32665", "Hi");
    assert_eq!(bench.smsc.waiting("fbook"), 1);
    bench.wait(secs(59));
    assert_eq!(bench.smsc.waiting("fbook"), 1);
    let dropped = notes(&bench.wait(secs(1)));
    assert!(
        matches!(
            dropped[..],
            [Event::Dropped {
                reason: DropReason::Expired,
                ..
            }]
        ),
        "{dropped:?}"
    );
    assert_eq!(bench.smsc.waiting("fbook"), 0);
}

#[test]
fn congestion_is_told_to_sessions_of_v50_only() {
    for (version, told, expected) in [
        (0x33, true, [None, None]),
        (0x34, true, [None, None]),
        (0x50, false, [None, None]),
        (0x50, true, [Some(25), Some(50)]),
    ] {
        let mut bench = Bench::new(with(|account| {
            account.submits_per_second_max = Some(4);
            account.congestion_state = told;
        }));
        assert_eq!(
            bind(&mut bench, LINK, BindKind::Transceiver, version),
            Status::ESME_ROK
        );
        for percent in expected {
            let response = answer(&bench.submit(to_alice("Hi")));
            assert_eq!(
                response.pdu.tlvs().tlv_integer(tag::CONGESTION_STATE),
                percent,
                "{version:#x}"
            );
        }
    }
}

#[test]
fn an_account_is_held_to_what_it_says_now() {
    let mut bench = Bench::bound(with(|account| account.submits_per_second_max = Some(1)));
    let change = |bench: &mut Bench, change: fn(&mut Account)| {
        let mut account = bench.smsc.accounts().next().expect("fbook").clone();
        change(&mut account);
        bench.handle(Input::Account(Box::new(account)))
    };
    let submit = |bench: &mut Bench| status(&bench.submit(to_alice("hi")));
    assert_eq!(
        (submit(&mut bench), submit(&mut bench)),
        (Status::ESME_ROK, Status::ESME_RTHROTTLED)
    );
    // Another rate begins with a full bucket; what has nothing to do with it leaves it as it is.
    change(&mut bench, |account| account.submits_per_second_max = Some(2));
    assert_eq!(submit(&mut bench), Status::ESME_ROK);
    change(&mut bench, |account| account.over_limit = Status::ESME_RMSGQFUL);
    assert_eq!(
        (submit(&mut bench), submit(&mut bench)),
        (Status::ESME_ROK, Status::ESME_RMSGQFUL)
    );
    change(&mut bench, |account| {
        account.submits_per_second_max = None;
        account.session_submits_per_second_max = Some(1);
    });
    assert_eq!(
        (submit(&mut bench), submit(&mut bench)),
        (Status::ESME_ROK, Status::ESME_RMSGQFUL)
    );
    change(&mut bench, |account| {
        account.session_submits_per_second_max = None;
        account.requests_max = 0;
    });
    assert_eq!(submit(&mut bench), Status::ESME_RTHROTTLED);
    // A window that grows lets out what waits; binds are counted by what may be now.
    change(&mut bench, |account| account.window_max = 1);
    let sent = |outputs: &[Output]| delivers(outputs).len();
    let mo = ["one", "two", "three"].map(|words| sent(&bench.mo(ALICE, "32665", words)));
    assert_eq!(mo, [1, 0, 0]);
    assert_eq!(sent(&change(&mut bench, |account| account.window_max = 10)), 2);
    change(&mut bench, |account| account.enabled = false);
    assert_eq!(
        bind(&mut bench, OTHER, BindKind::Receiver, 0x34),
        Status::ESME_RBINDFAIL
    );
    // The password is no setting, and is never written down.
    change(&mut bench, |account| {
        account.enabled = true;
        account.password.clear();
    });
    assert_eq!(
        bind(&mut bench, LinkId(3), BindKind::Receiver, 0x34),
        Status::ESME_ROK
    );
    let kept = bench.smsc.accounts().next().expect("fbook");
    assert_eq!(kept.password, "fbook");
    let written = serde_json::to_string(kept).expect("JSON");
    assert!(
        written.contains("\"system_id\":\"fbook\"") && !written.contains("password\":"),
        "{written}"
    );
    let read: Account = serde_json::from_str(&written).expect("an account");
    assert_eq!((read.password.as_str(), read.window_max), ("", kept.window_max));
    // Nobody is called so.
    let before = bench.smsc.accounts().cloned().collect::<Vec<_>>();
    bench.handle(Input::Account(Box::new(Account::new("nobody", ""))));
    assert_eq!(bench.smsc.accounts().cloned().collect::<Vec<_>>(), before);
}

#[test]
fn what_waits_keeps_to_the_validity_that_is_said_now() {
    let mut bench = Bench::new(config());
    let change = |bench: &mut Bench, hours: u64| {
        let mut account = bench.smsc.accounts().next().expect("fbook").clone();
        account.waiting_validity = Some(secs(hours * 3_600));
        bench.handle(Input::Account(Box::new(account)));
    };
    bench.mo(ALICE, "32665", "one");
    change(&mut bench, 2);
    bench.wait(secs(3_600));
    bench.mo(ALICE, "32665", "two");
    change(&mut bench, 3);
    bench.wait(secs(2 * 3_600 - 1));
    assert_eq!(bench.smsc.waiting("fbook"), 2);
    bench.wait(secs(1));
    assert_eq!(bench.smsc.waiting("fbook"), 1);
    // What has waited for longer already is given up at once.
    change(&mut bench, 1);
    bench.wait(secs(1));
    assert_eq!(bench.smsc.waiting("fbook"), 0);
}
