//! Binds, unbinds, timers and the ends of links.

mod support;

use smpp::{Bind, BindKind, Command, LinkId, Pdu, State, Status, Timers, Tlvs as _, tag};
use smsc::{BindErrorStyle, Config, Event, Input, Note, Output};
use support::*;

fn bind_as(config: Config, bind: Bind) -> Command {
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    answer(&bench.request(LINK, Pdu::Bind(bind)))
}

#[test]
fn wrong_credentials_are_refused_in_either_style() {
    for (style, system_id, password, expected) in [
        (BindErrorStyle::Practice, "fbook", "fbook", Status::ESME_ROK),
        (
            BindErrorStyle::Practice,
            "nobody",
            "fbook",
            Status::ESME_RINVSYSID,
        ),
        (BindErrorStyle::Practice, "fbook", "wrong", Status::ESME_RINVPASWD),
        (BindErrorStyle::Practice, "fbook", "", Status::ESME_RINVPASWD),
        (BindErrorStyle::Practice, "", "fbook", Status::ESME_RINVSYSID),
        (BindErrorStyle::Spec50, "fbook", "fbook", Status::ESME_ROK),
        (BindErrorStyle::Spec50, "nobody", "fbook", Status::ESME_RBINDFAIL),
        (BindErrorStyle::Spec50, "fbook", "wrong", Status::ESME_RBINDFAIL),
        (BindErrorStyle::Spec50, "", "fbook", Status::ESME_RINVSYSID),
    ] {
        let config = Config {
            bind_error_style: style,
            ..config()
        };
        let resp = bind_as(config, Bind::new(BindKind::Transceiver, system_id, password));
        assert_eq!(resp.status, expected, "{style:?} {system_id:?} {password:?}");
    }
}

#[test]
fn accounts_say_who_may_bind_how() {
    let bind = || Bind::new(BindKind::Receiver, "fbook", "fbook");
    let refused = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        bind_as(config, bind()).status
    };
    assert_eq!(refused(|_| ()), Status::ESME_ROK);
    assert_eq!(
        refused(|config| config.accounts[0].enabled = false),
        Status::ESME_RBINDFAIL
    );
    assert_eq!(
        refused(|config| config.accounts[0].system_type = Some("VMA".into())),
        Status::ESME_RINVSYSTYP
    );
    assert_eq!(
        refused(|config| config.accounts[0].password_max = 4),
        Status::ESME_RINVPASWD
    );
    assert_eq!(
        refused(|config| config.accounts[0].password_max = 5),
        Status::ESME_ROK
    );
    assert_eq!(
        refused(|config| config.accounts[0].binds_max = 0),
        Status::ESME_RBINDFAIL
    );
}

#[test]
fn a_host_that_is_not_on_the_list_may_not_bind() {
    for (peer, expected) in [
        ("127.0.0.1", Status::ESME_ROK),
        ("192.0.2.1", Status::ESME_RBINDFAIL),
        ("10.1.2.3", Status::ESME_ROK),
        // An IPv4 host on a port that listens for both.
        ("::ffff:10.1.2.3", Status::ESME_ROK),
        ("::ffff:11.1.2.3", Status::ESME_RBINDFAIL),
    ] {
        let mut config = config();
        let hosts = ["127.0.0.1", "10.0.0.0/8"].map(|range| range.parse().expect("a range"));
        config.accounts[0].hosts = hosts.to_vec().into();
        let mut bench = Bench::new(config);
        bench.handle(Input::Connected {
            link: LINK,
            peer: Some(peer.parse().expect("an address")),
        });
        let outputs = bench.request(
            LINK,
            Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook")),
        );
        assert_eq!(status(&outputs), expected, "{peer}");
    }
}

#[test]
fn an_account_has_at_most_binds_max_sessions() {
    let mut config = config();
    config.accounts[0].binds_max = 2;
    let mut bench = Bench::new(config);
    bench.bind(LinkId(1), BindKind::Transceiver);
    bench.bind(LinkId(2), BindKind::Receiver);
    bench.connect(LinkId(3));
    let bind = || Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook"));
    assert_eq!(status(&bench.request(LinkId(3), bind())), Status::ESME_RBINDFAIL);
    bench.handle(Input::Closed { link: LinkId(1) });
    assert_eq!(status(&bench.request(LinkId(3), bind())), Status::ESME_ROK);
    assert_eq!(bench.smsc.bound_sessions("fbook"), 2);
}

#[test]
fn a_refused_bind_is_closed_after_a_linger() {
    let mut bench = Bench::new(config());
    bench.connect(LINK);
    let outputs = bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "wrong")),
    );
    assert!(closes(&outputs).is_empty());
    assert_eq!(closes(&bench.wait(std::time::Duration::from_millis(100))), [LINK]);
    let mut bench = Bench::new(Config {
        refused_bind_linger: None,
        ..config()
    });
    bench.connect(LINK);
    bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "wrong")),
    );
    assert!(closes(&bench.wait(secs(3_600))).is_empty());
    // It may try again.
    let outputs = bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook")),
    );
    assert_eq!(status(&outputs), Status::ESME_ROK);
}

#[test]
fn a_second_chance_within_the_linger_keeps_the_link() {
    let mut bench = Bench::new(config());
    bench.connect(LINK);
    bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "wrong")),
    );
    bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook")),
    );
    assert!(closes(&bench.wait(secs(10))).is_empty());
    assert_eq!(bench.smsc.bound_sessions("fbook"), 1);
}

#[test]
fn a_v33_peer_gets_no_tlv_and_others_the_version() {
    for (version, has_tlv) in [
        (0x00, false),
        (0x33, false),
        (0x34, true),
        (0x40, true),
        (0x50, true),
        (0x60, true),
    ] {
        let bind = Bind {
            interface_version: version,
            ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
        };
        let resp = bind_as(config(), bind);
        assert_eq!(resp.status, Status::ESME_ROK);
        assert_eq!(
            resp.pdu.tlvs().tlv(tag::SC_INTERFACE_VERSION).is_some(),
            has_tlv,
            "{version:#x}"
        );
    }
}

#[test]
fn what_a_state_forbids_is_answered_rinvbndsts() {
    let mut bench = Bench::new(config());
    bench.connect(LINK);
    assert_eq!(status(&bench.submit(to_alice("one"))), Status::ESME_RINVBNDSTS);
    bench.request(LINK, Pdu::Bind(Bind::new(BindKind::Receiver, "fbook", "fbook")));
    assert_eq!(status(&bench.submit(to_alice("one"))), Status::ESME_RINVBNDSTS);
    let again = Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook"));
    assert_eq!(status(&bench.request(LINK, again)), Status::ESME_RALYBND);
    assert_eq!(bench.smsc.session_state(LINK), Some(State::BoundRx));
}

#[test]
fn an_esme_unbinds_and_closes() {
    let mut bench = Bench::bound(config());
    let outputs = bench.request(LINK, Pdu::Unbind);
    assert_eq!(
        (answer(&outputs).pdu, status(&outputs)),
        (Pdu::UnbindResp, Status::ESME_ROK)
    );
    assert_eq!(bench.smsc.bound_sessions("fbook"), 0);
    let outputs = bench.handle(Input::Closed { link: LINK });
    assert!(matches!(
        notes(&outputs)[..],
        [Event::LinkClosed {
            reason: smsc::event::CloseReason::Unbound,
            ..
        }]
    ));
}

#[test]
fn an_esme_that_does_not_close_after_its_unbind_is_closed() {
    let mut config = config();
    config.session.timers = Timers::default();
    let mut bench = Bench::bound(config);
    bench.request(LINK, Pdu::Unbind);
    assert!(closes(&bench.wait(secs(9))).is_empty());
    assert_eq!(closes(&bench.wait(secs(1))), [LINK]);
}

#[test]
fn the_message_centre_unbinds_waits_for_the_answer_and_closes() {
    let mut bench = Bench::bound(config());
    let outputs = bench.handle(Input::Unbind {
        system_id: "fbook".into(),
    });
    let [(_, unbind)] = &sent(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(unbind.pdu, Pdu::Unbind);
    // Nothing new goes out meanwhile.
    assert!(delivers(&bench.mo(ALICE, "32665", "hello")).is_empty());
    let resp = Command::response(unbind.sequence_number, Status::ESME_ROK, Pdu::UnbindResp);
    assert_eq!(closes(&bench.command(LINK, &resp)), [LINK]);
    assert_eq!(words(&bench.bind(LinkId(2), BindKind::Transceiver)), ["hello"]);
}

#[test]
fn an_unbind_without_an_answer_ends_with_the_response_timer() {
    let mut config = config();
    config.session.timers = Timers {
        response: Some(secs(10)),
        ..Timers::OFF
    };
    let mut bench = Bench::bound(config);
    bench.handle(Input::Unbind {
        system_id: "fbook".into(),
    });
    assert!(closes(&bench.wait(secs(9))).is_empty());
    assert_eq!(closes(&bench.wait(secs(1))), [LINK]);
}

#[test]
fn a_link_without_a_bind_is_closed_in_time() {
    let mut config = config();
    config.session.timers = Timers::default();
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    assert!(closes(&bench.wait(secs(29))).is_empty());
    assert_eq!(closes(&bench.wait(secs(1))), [LINK]);
    assert!(
        bench.request(LINK, Pdu::EnquireLink).is_empty(),
        "a link that is gone says nothing"
    );
}

#[test]
fn a_silent_peer_is_asked_and_then_closed() {
    let mut config = config();
    config.session.timers = Timers::default();
    let mut bench = Bench::bound(config);
    let outputs = bench.wait(secs(30));
    let [(_, enquire)] = &sent(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(enquire.pdu, Pdu::EnquireLink);
    let alive = Command::response(enquire.sequence_number, Status::ESME_ROK, Pdu::EnquireLinkResp);
    bench.command(LINK, &alive);
    assert!(closes(&bench.wait(secs(39))).is_empty());
    assert_eq!(closes(&bench.wait(secs(1))), [LINK]);
}

#[test]
fn enquire_link_is_answered_in_every_state() {
    let mut bench = Bench::new(config());
    bench.connect(LINK);
    assert_eq!(
        answer(&bench.request(LINK, Pdu::EnquireLink)).pdu,
        Pdu::EnquireLinkResp
    );
    bench.request(
        LINK,
        Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "fbook")),
    );
    assert_eq!(
        answer(&bench.request(LINK, Pdu::EnquireLink)).pdu,
        Pdu::EnquireLinkResp
    );
}

#[test]
fn more_links_than_links_max_are_closed_at_once() {
    let mut bench = Bench::new(Config {
        links_max: 1,
        ..config()
    });
    bench.connect(LinkId(1));
    let outputs = bench.handle(Input::Connected {
        link: LinkId(2),
        peer: None,
    });
    assert_eq!(closes(&outputs), [LinkId(2)]);
    bench.handle(Input::Closed { link: LinkId(1) });
    assert!(
        closes(&bench.handle(Input::Connected {
            link: LinkId(3),
            peer: None
        }))
        .is_empty()
    );
}

#[test]
fn lost_framing_is_answered_and_closed() {
    let mut bench = Bench::bound(config());
    let outputs = bench.octets(LINK, &[0, 0, 0, 15]);
    assert_eq!(
        answer(&outputs),
        Command::generic_nack(0, Status::ESME_RINVCMDLEN)
    );
    assert_eq!(closes(&outputs), [LINK]);
    let Some(Output::Noted(Note::Event(event))) = outputs.last() else {
        panic!("{outputs:?}")
    };
    assert!(matches!(**event, Event::LinkClosed { .. }));
}

#[test]
fn broadcasts_are_not_offered() {
    let mut bench = Bench::bound(config());
    for pdu in [
        Pdu::BroadcastSm(smpp::BroadcastSm::default()),
        Pdu::QueryBroadcastSm(smpp::QueryBroadcastSm::default()),
        Pdu::CancelBroadcastSm(smpp::CancelBroadcastSm::default()),
    ] {
        let resp = answer(&bench.request(LINK, pdu));
        assert_eq!(
            (resp.pdu, resp.status),
            (Pdu::GenericNack, Status::ESME_RINVCMDID)
        );
    }
}
