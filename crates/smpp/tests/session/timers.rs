//! When a session acts by itself.

use std::time::Duration;

use smpp::{
    Bind, BindKind, BindResp, Command, MessageIdResp, Pdu, Received, Session, SessionLimits, ShortMessage,
    Status, TimerEvent, Timers,
};
use sms::Timestamp;

use crate::{NOW, after, bind, frame, limits, request, smsc};

#[test]
fn session_init_ends_a_session_that_does_not_bind() {
    for mut session in [Session::<u32>::smsc(NOW, limits()), Session::esme(NOW, limits())] {
        assert_eq!(session.next_wakeup(), Some(after(30)));
        assert_eq!(session.on_timer(after(29)), []);
        assert_eq!(session.on_timer(after(30)), [TimerEvent::SessionInitExpired]);
        assert_eq!(session.next_wakeup(), None);
    }
    let mut bound = smsc(BindKind::Receiver, 0x34);
    assert!(
        !bound
            .on_timer(after(30))
            .contains(&TimerEvent::SessionInitExpired)
    );
}

#[test]
fn a_silent_peer_is_asked_and_then_given_up() {
    let mut session = smsc(BindKind::Transceiver, 0x34);
    assert_eq!(session.next_wakeup(), Some(after(30)));
    let enquire = Command::request(1, Pdu::EnquireLink);
    assert_eq!(session.on_timer(after(30)), [TimerEvent::EnquireLink(enquire)]);
    assert_eq!(session.next_wakeup(), Some(after(40)), "the response timer");
    assert_eq!(session.on_timer(after(40)), [TimerEvent::EnquireLinkTimedOut]);

    // Its answer, or anything else, is evidence of life.
    for frame in [
        frame(&Command::response(1, Status::ESME_ROK, Pdu::EnquireLinkResp)),
        request(9, Pdu::SubmitSm(ShortMessage::default())),
    ] {
        let mut session = smsc(BindKind::Transceiver, 0x34);
        assert_eq!(session.on_timer(after(30)).len(), 1);
        session.receive(after(35), frame);
        assert_eq!(session.on_timer(after(40)), []);
        assert_eq!(session.next_wakeup(), Some(after(65)));
        assert_eq!(session.outstanding(), 0);
    }
}

#[test]
fn a_session_that_stands_still_neither_asks_nor_ends() {
    let mut session = smsc(BindKind::Transceiver, 0x34);
    assert_eq!(session.on_timer(after(30)).len(), 1, "it has asked already");
    session.stand_still();
    assert_eq!(session.on_timer(after(40)), []);
    assert_eq!(session.next_wakeup(), None);
    let deliver = Pdu::DeliverSm(ShortMessage::default());
    session.send(after(50), deliver, 7).expect("it is bound");
    assert_eq!(session.next_wakeup(), Some(after(60)));
    assert_eq!(session.on_timer(after(60)), [TimerEvent::ResponseTimedOut(7)]);
    assert_eq!(session.on_timer(after(86_400)), []);
}

#[test]
fn inactivity_ends_a_session_whose_peer_is_silent() {
    let timers = Timers {
        inactivity: Some(Duration::from_secs(60)),
        ..Timers::OFF
    };
    let mut session = Session::<u32>::smsc(NOW, SessionLimits { timers, ..limits() });
    assert_eq!(session.next_wakeup(), None, "not before the bind");
    let bind = bind(BindKind::Transmitter, 0x34);
    session.receive(after(5), frame(&bind));
    session.accept_bind(after(5), &bind, "S");
    assert_eq!(session.next_wakeup(), Some(after(65)));
    session.receive(after(50), request(2, Pdu::EnquireLink));
    assert_eq!(session.on_timer(after(65)), []);
    assert_eq!(session.on_timer(after(110)), [TimerEvent::InactivityExpired]);
}

#[test]
fn requests_time_out_in_the_order_of_their_sending() {
    let timers = Timers {
        response: Some(Duration::from_secs(10)),
        ..Timers::OFF
    };
    let mut session = Session::esme(NOW, SessionLimits { timers, ..limits() });
    let bind = session
        .send(NOW, Pdu::Bind(Bind::new(BindKind::Transmitter, "a", "b")), 0)
        .expect("open");
    let resp = Pdu::BindResp(BindResp::nul(BindKind::Transmitter));
    session.receive(
        NOW,
        frame(&Command::response(bind.sequence_number, Status::ESME_ROK, resp)),
    );
    for (secs, token) in [(0, 1), (1, 2), (5, 3)] {
        session
            .send(after(secs), Pdu::SubmitSm(ShortMessage::default()), token)
            .expect("in the window");
    }
    assert_eq!(session.next_wakeup(), Some(after(10)));
    assert_eq!(
        session.on_timer(after(11)),
        [TimerEvent::ResponseTimedOut(1), TimerEvent::ResponseTimedOut(2)]
    );
    assert_eq!(session.next_wakeup(), Some(after(15)));
    let late = Pdu::SubmitSmResp(MessageIdResp::new("1"));
    let late = frame(&Command::response(2, Status::ESME_ROK, late));
    assert!(matches!(
        session.receive(after(12), late),
        Received::Ignored { .. }
    ));
}

#[test]
fn every_timer_can_be_switched_off() {
    let mut session = Session::smsc(
        NOW,
        SessionLimits {
            timers: Timers::OFF,
            ..limits()
        },
    );
    assert_eq!(session.next_wakeup(), None);
    let bind = bind(BindKind::Transceiver, 0x34);
    session.receive(NOW, frame(&bind));
    session.accept_bind(NOW, &bind, "S");
    session
        .send(NOW, Pdu::DeliverSm(ShortMessage::default()), 1_u32)
        .expect("bound");
    assert_eq!(session.next_wakeup(), None);
    assert_eq!(session.on_timer(Timestamp::MAX), []);
}
