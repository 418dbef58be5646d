//! The life of the link: connecting, binding, keeping alive, losing, leaving.

use std::time::Duration;

use crate::peer::{Link, frame, receipt, submit};
use esme::{Config, Control, Esme, Input, Output};
use smpp::{Bind, BindKind, BindResp, Command, Frame, Pdu, Status};
use sms::{Address, Npi, Timestamp, Ton};

const UP: Input = Input::Control(Control::BindUp);
const DOWN: Input = Input::Control(Control::BindDown);
const AN_INSTANT: Duration = Duration::from_micros(1);

fn config() -> Config {
    Config {
        password: "secret08".to_owned(),
        enquire_link: None,
        response_timeout: Duration::from_secs(10),
        reconnect_after: Duration::from_secs(5),
        ..Config::default()
    }
}

#[test]
fn the_first_call_asks_for_a_connection_and_the_bind_carries_the_account() {
    let address_range = Address::new(Ton::Unknown, Npi::Unknown, "^32665");
    for kind in BindKind::ALL {
        let config = Config {
            system_type: "fb".to_owned(),
            address_range: address_range.clone(),
            bind_kind: kind,
            ..config()
        };
        let mut esme = Esme::new(config);
        let now = Timestamp::from_secs(1_236_000_000);
        assert!(esme.next_wakeup().is_some_and(|at| at <= now));
        assert_eq!(esme.handle(now, Input::Tick), [Output::Connect]);
        assert_eq!(esme.handle(now, Input::Tick), []);
        let mut bind = Bind::new(kind, "fbook", "secret08");
        bind.system_type = "fb".into();
        bind.address_range = address_range.clone();
        let command = Command {
            status: Status::ESME_ROK,
            sequence_number: 1,
            pdu: Pdu::Bind(bind),
        };
        assert_eq!(esme.handle(now, Input::Opened), [Output::Send(command)]);
        assert!(!esme.is_bound());
        let pdu = Pdu::BindResp(BindResp::new(kind, "smsc", None));
        let resp = Command {
            status: Status::ESME_ROK,
            sequence_number: 1,
            pdu,
        };
        assert_eq!(esme.handle(now, Input::Received(frame(resp))), [Output::Bound]);
        assert!(esme.is_bound());
        assert_eq!(esme.next_wakeup(), None);
    }
}

#[test]
fn a_password_shows_in_no_debug_output() {
    assert!(!format!("{:?}", config()).contains("secret08"));
    let mut link = Link::bound(config());
    assert!(!format!("{:?}", link.esme).contains("secret08"));
    assert_eq!(link.tick(), [""; 0]);
}

#[test]
fn a_bind_that_is_refused_is_tried_again_on_a_new_connection() {
    for status in [
        Status::ESME_RINVPASWD,
        Status::ESME_RINVSYSID,
        Status::ESME_RBINDFAIL,
        Status::ESME_RALYBND,
    ] {
        let mut link = Link::new(config());
        link.tick();
        link.gives(Input::Opened);
        let resp = Pdu::BindResp(BindResp::nul(BindKind::Transceiver));
        assert_eq!(
            link.answers(1, status, resp),
            [format!("noted bind_refused {status}"), "close".to_owned()]
        );
        assert_eq!(link.gives(Input::Closed), [""; 0]);
        assert_eq!(link.after(Duration::from_secs(5) - AN_INSTANT), [""; 0]);
        assert_eq!(link.at_wakeup(), ["connect"]);
        link.bind();
    }
}

#[test]
fn a_bind_that_is_nacked_counts_as_refused() {
    let mut link = Link::new(config());
    link.tick();
    link.gives(Input::Opened);
    let said = link.answers(1, Status::ESME_RINVCMDID, Pdu::GenericNack);
    assert_eq!(said, ["noted bind_refused ESME_RINVCMDID", "close"]);
}

#[test]
fn a_bind_without_an_answer_ends_the_connection() {
    let mut link = Link::new(config());
    link.tick();
    link.gives(Input::Opened);
    assert_eq!(link.after(Duration::from_secs(10) - AN_INSTANT), [""; 0]);
    assert_eq!(link.at_wakeup(), ["noted link_silent", "close"]);
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
}

#[test]
fn a_connection_that_cannot_be_opened_is_asked_for_again() {
    let mut link = Link::new(config());
    assert_eq!(link.tick(), ["connect"]);
    for _ in 0..3 {
        assert_eq!(link.gives(Input::Closed), ["noted link_lost 0"]);
        assert_eq!(link.at_wakeup(), ["connect"]);
    }
    link.bind();
}

#[test]
fn a_lost_link_is_bound_again_after_reconnect_after() {
    let mut link = Link::bound(config());
    assert_eq!(link.gives(Input::Closed), ["noted link_lost 0", "unbound"]);
    assert_eq!(link.gives(Input::Closed), [""; 0]);
    assert_eq!(link.after(Duration::from_secs(5) - AN_INSTANT), [""; 0]);
    assert_eq!(link.after(AN_INSTANT), ["connect"]);
    assert_eq!(link.bind(), ["bound"]);
}

#[test]
fn silence_is_broken_by_enquire_link_and_a_dead_link_is_given_up() {
    let config = Config {
        enquire_link: Some(Duration::from_secs(30)),
        ..config()
    };
    let mut link = Link::bound(config);
    assert_eq!(link.after(Duration::from_secs(30) - AN_INSTANT), [""; 0]);
    assert_eq!(link.at_wakeup(), ["enquire_link #2"]);
    assert_eq!(link.answers(2, Status::ESME_ROK, Pdu::EnquireLinkResp), [""; 0]);
    assert_eq!(link.after(Duration::from_secs(30)), ["enquire_link #3"]);
    assert_eq!(
        link.after(Duration::from_secs(10)),
        ["noted link_silent", "close", "unbound"]
    );
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
}

#[test]
fn the_smsc_may_enquire_and_unbind() {
    let mut link = Link::bound(config());
    assert_eq!(link.delivers(Pdu::EnquireLink), [""; 0]);
    assert_eq!(
        link.delivers(Pdu::Unbind),
        ["noted unbound_by_smsc", "close", "unbound"]
    );
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
}

#[test]
fn bind_down_unbinds_and_bind_up_connects_again() {
    let mut link = Link::bound(config());
    assert_eq!(link.gives(UP), [""; 0]);
    assert_eq!(link.gives(DOWN), ["unbind #2", "unbound"]);
    assert_eq!(link.gives(DOWN), [""; 0]);
    assert_eq!(link.answers(2, Status::ESME_ROK, Pdu::UnbindResp), ["close"]);
    assert_eq!(link.gives(Input::Closed), [""; 0]);
    assert_eq!(link.esme.next_wakeup(), None);
    assert_eq!(link.after(Duration::from_hours(24)), [""; 0]);
    assert_eq!(link.gives(UP), ["connect"]);
    assert_eq!(link.bind(), ["bound"]);
}

#[test]
fn an_unbind_without_an_answer_closes_all_the_same() {
    let mut link = Link::bound(config());
    link.gives(DOWN);
    assert_eq!(link.at_wakeup(), ["noted link_silent", "close"]);
    assert_eq!(link.esme.next_wakeup(), None);
}

#[test]
fn bind_up_while_unbinding_comes_back_after_reconnect_after() {
    let mut link = Link::bound(config());
    link.gives(DOWN);
    assert_eq!(link.gives(UP), [""; 0]);
    assert_eq!(link.answers(2, Status::ESME_ROK, Pdu::UnbindResp), ["close"]);
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
}

#[test]
fn what_comes_while_unbinding_is_still_taken() {
    let mut link = Link::bound(config());
    assert_eq!(link.gives(submit(1, "hi")), ["submit_sm #2 hi"]);
    assert_eq!(link.gives(DOWN), ["unbind #3", "unbound"]);
    assert_eq!(link.gives(submit(2, "later")), [""; 0]);
    assert_eq!(link.takes(2, "a"), ["submitted 1 a"]);
    assert_eq!(
        link.delivers(receipt("id:a stat:DELIVRD err:000")),
        ["receipt 1 a DELIVRD 000"]
    );
    assert_eq!(link.answers(3, Status::ESME_ROK, Pdu::UnbindResp), ["close"]);
    link.gives(UP);
    assert_eq!(link.bind(), ["bound", "submit_sm #2 later"]);
}

#[test]
fn bind_down_before_the_link_is_bound_takes_the_order_to_connect_back() {
    let mut waiting = Link::new(config());
    waiting.tick();
    waiting.gives(Input::Closed);
    assert_eq!(waiting.gives(DOWN), [""; 0]);
    assert_eq!(waiting.esme.next_wakeup(), None);

    let mut connecting = Link::new(config());
    connecting.tick();
    assert_eq!(connecting.gives(DOWN), ["close"]);
    assert_eq!(connecting.gives(Input::Opened), ["close"]);
    assert_eq!(connecting.gives(Input::Closed), [""; 0]);

    let mut binding = Link::new(config());
    binding.tick();
    binding.gives(Input::Opened);
    assert_eq!(binding.gives(DOWN), ["close"]);
    assert_eq!(binding.esme.next_wakeup(), None);
}

#[test]
fn a_new_connection_ends_the_old_one() {
    let mut link = Link::bound(config());
    let said = link.gives(Input::Opened);
    assert_eq!(said, ["noted link_lost 0", "unbound", "bind_transceiver #1"]);
}

#[test]
fn a_stream_that_is_lost_gets_a_nack_and_is_closed() {
    let mut link = Link::bound(config());
    let said = link.gives(Input::Received(Frame::Broken { header: None }));
    assert_eq!(
        said,
        [
            "generic_nack #0 ESME_RINVCMDLEN",
            "noted not_understood",
            "close",
            "unbound"
        ]
    );
}

#[test]
fn a_request_that_no_smsc_makes_is_refused_and_an_alert_is_not_answered() {
    let mut link = Link::bound(config());
    let said = link.answers(
        9,
        Status::ESME_ROK,
        Pdu::Other {
            command_id: 0x300,
            body: Default::default(),
        },
    );
    assert_eq!(said[0], "generic_nack #9 ESME_RINVCMDID");
    let said = link.answers(10, Status::ESME_ROK, Pdu::AlertNotification(Default::default()));
    assert_eq!(said, ["noted not_understood"]);
    let said = link.answers(11, Status::ESME_ROK, Pdu::CancelSm(Default::default()));
    assert!(said[0].starts_with("cancel_sm_resp #11 ESME_"), "{said:?}");
    assert!(link.esme.is_bound());
}

#[test]
fn octets_after_the_end_of_the_connection_are_not_read() {
    let mut link = Link::bound(config());
    link.gives(Input::Closed);
    assert_eq!(link.answers(9, Status::ESME_ROK, Pdu::EnquireLink), [""; 0]);
}
