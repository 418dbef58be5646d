//! The rules of a session: binds, violations, windows, timers, and what holds whatever happens.

mod life;
mod timers;

use std::time::Duration;

use bytes::Bytes;
use smpp::{
    AlertNotification, Bind, BindKind, BindResp, BroadcastSm, CancelBroadcastSm, CancelSm, CannotSend,
    Command, DataSm, Frame, Framer, MessageIdResp, Outbind, Pdu, QueryBroadcastSm, QuerySm, Received,
    ReplaceSm, Role, Session, SessionLimits, ShortMessage, State, Status, SubmitMulti, TimerEvent, Tlv, Tlvs,
    command_id, encode, tag,
};
use sms::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_236_002_400);

fn limits() -> SessionLimits {
    SessionLimits {
        window_max: 3,
        ..SessionLimits::default()
    }
}

fn after(secs: u64) -> Timestamp {
    NOW + Duration::from_secs(secs)
}

fn frame(command: &Command) -> Frame {
    let mut framer = Framer::default();
    framer.feed(&encode(command));
    framer.next_frame().expect("a frame")
}

fn request(sequence_number: u32, pdu: Pdu) -> Frame {
    frame(&Command::request(sequence_number, pdu))
}

fn bind(kind: BindKind, interface_version: u8) -> Command {
    Command::request(
        1,
        Pdu::Bind(Bind {
            interface_version,
            ..Bind::new(kind, "demo", "secret")
        }),
    )
}

fn smsc(kind: BindKind, interface_version: u8) -> Session<u32> {
    let mut session = Session::smsc(NOW, limits());
    let bind = bind(kind, interface_version);
    assert_eq!(
        session.receive(NOW, frame(&bind)),
        Received::Request(bind.clone())
    );
    let accepted = session.accept_bind(NOW, &bind, "SMSC");
    assert_eq!((accepted.status, accepted.sequence_number), (Status::ESME_ROK, 1));
    session
}

fn esme(kind: BindKind) -> Session<u32> {
    let mut session = Session::esme(NOW, limits());
    let bind = session
        .send(NOW, Pdu::Bind(Bind::new(kind, "demo", "secret")), 0)
        .expect("open");
    let resp = Command::response(
        bind.sequence_number,
        Status::ESME_ROK,
        Pdu::BindResp(BindResp::new(kind, "S", Some(0x34))),
    );
    assert!(matches!(
        session.receive(NOW, frame(&resp)),
        Received::Response { token: 0, .. }
    ));
    session
}

/// The session in each state that it can be in while it is connected.
fn in_every_state(role: Role) -> Vec<Session<u32>> {
    let mut sessions = match role {
        Role::Smsc => vec![Session::smsc(NOW, limits())],
        Role::Esme => vec![Session::esme(NOW, limits())],
    };
    for kind in BindKind::ALL {
        sessions.push(match role {
            Role::Smsc => smsc(kind, 0x50),
            Role::Esme => esme(kind),
        });
    }
    let mut unbound = sessions[3].clone();
    unbound.receive(NOW, request(2, Pdu::Unbind));
    sessions.push(unbound);
    sessions
}

fn every_request() -> Vec<Pdu> {
    let other = |command_id| Pdu::Other {
        command_id,
        body: Bytes::new(),
    };
    let mut pdus = vec![
        Pdu::SubmitSm(ShortMessage::default()),
        Pdu::DeliverSm(ShortMessage::default()),
        Pdu::DataSm(DataSm::default()),
        Pdu::SubmitMulti(SubmitMulti::default()),
        Pdu::CancelSm(CancelSm::default()),
        Pdu::ReplaceSm(ReplaceSm::default()),
        Pdu::BroadcastSm(BroadcastSm::default()),
        Pdu::QueryBroadcastSm(QueryBroadcastSm::default()),
        Pdu::CancelBroadcastSm(CancelBroadcastSm::default()),
    ];
    pdus.extend(BindKind::ALL.map(|kind| Pdu::Bind(Bind::new(kind, "demo", "secret"))));
    pdus.extend([
        Pdu::EnquireLink,
        Pdu::Unbind,
        Pdu::QuerySm(QuerySm::default()),
        Pdu::Outbind(Outbind {
            system_id: "S".into(),
            password: "".into(),
        }),
        Pdu::AlertNotification(AlertNotification::default()),
        other(0x300),
        other(0x0A),
    ]);
    pdus
}

#[test]
fn a_request_is_handed_on_where_the_state_allows_it_and_refused_elsewhere() {
    for role in [Role::Smsc, Role::Esme] {
        for session in in_every_state(role) {
            for pdu in every_request() {
                let mut session = session.clone();
                let (state, id) = (session.state(), pdu.command_id());
                let allowed = state.allows(role.peer(), id, session.version());
                let context = format!("{} to {role:?} in {state}", pdu.name());
                match session.receive(NOW, request(77, pdu)) {
                    Received::Request(command) => {
                        assert!(allowed, "{context}");
                        assert_eq!(command.sequence_number, 77);
                    }
                    Received::Answer { command, close, .. } => {
                        let status = expected_status(role, state, id, allowed);
                        assert_eq!(
                            (command.sequence_number, command.status),
                            (77, status),
                            "{context}"
                        );
                        assert_eq!(
                            close,
                            id == command_id::UNBIND && state == State::Open,
                            "{context}"
                        );
                        let is_unknown = command_id::name(id).is_none();
                        let expected = if is_unknown {
                            command_id::GENERIC_NACK
                        } else {
                            id | command_id::RESPONSE
                        };
                        assert_eq!(command.pdu.command_id(), expected, "{context}");
                    }
                    Received::Ignored { .. } => {
                        assert!(command_id::is_unanswered(id) && !allowed, "{context}")
                    }
                    Received::Response { .. } => panic!("{context}"),
                }
            }
        }
    }
}

fn expected_status(role: Role, state: State, id: u32, allowed: bool) -> Status {
    let is_bind = BindKind::ALL.iter().any(|kind| kind.command_id() == id);
    if allowed {
        assert!(
            matches!(id, command_id::ENQUIRE_LINK | command_id::UNBIND),
            "the rest is the owner's"
        );
        Status::ESME_ROK
    } else if command_id::name(id).is_none() {
        Status::ESME_RINVCMDID
    } else if is_bind && role == Role::Smsc && state.is_bound() {
        Status::ESME_RALYBND
    } else {
        Status::ESME_RINVBNDSTS
    }
}

#[test]
fn a_second_bind_leaves_the_session_as_it_is() {
    for kind in BindKind::ALL {
        let mut session = smsc(kind, 0x34);
        let again = session.receive(NOW, frame(&bind(BindKind::Transceiver, 0x50)));
        assert!(
            matches!(again, Received::Answer { command, close: false, .. } if command.status == Status::ESME_RALYBND)
        );
        assert_eq!((session.state(), session.version()), (State::bound(kind), 0x34));
    }
    // Also while the first is not answered.
    let mut session = Session::<u32>::smsc(NOW, limits());
    assert!(matches!(
        session.receive(NOW, frame(&bind(BindKind::Receiver, 0x34))),
        Received::Request(_)
    ));
    let again = session.receive(NOW, frame(&bind(BindKind::Receiver, 0x34)));
    assert!(matches!(again, Received::Answer { command, .. } if command.status == Status::ESME_RALYBND));
}

#[test]
fn a_refused_bind_may_be_tried_again() {
    let mut session = Session::<u32>::smsc(NOW, limits());
    let wrong = bind(BindKind::Transmitter, 0x34);
    session.receive(NOW, frame(&wrong));
    let refused = session.refuse_bind(&wrong, Status::ESME_RINVPASWD);
    assert_eq!(encode(&refused).len(), 17);
    assert_eq!((session.state(), session.unanswered()), (State::Open, 0));
    session.receive(NOW, frame(&wrong));
    session.accept_bind(NOW, &wrong, "SMSC");
    assert_eq!(session.state(), State::BoundTx);
}

#[test]
fn versions_meet_at_the_lower_one() {
    for (ours, theirs, version, told) in [
        (0x50, 0x00, 0x33, None),
        (0x50, 0x33, 0x33, None),
        (0x50, 0x34, 0x34, Some(0x50)),
        (0x50, 0x35, 0x34, Some(0x50)),
        (0x50, 0x4F, 0x34, Some(0x50)),
        (0x50, 0x50, 0x50, Some(0x50)),
        (0x50, 0xFF, 0x50, Some(0x50)),
        (0x34, 0x50, 0x34, Some(0x34)),
        (0x34, 0x33, 0x33, None),
    ] {
        let mut session = Session::<u32>::smsc(
            NOW,
            SessionLimits {
                interface_version: ours,
                ..limits()
            },
        );
        let bind = bind(BindKind::Transceiver, theirs);
        session.receive(NOW, frame(&bind));
        let Pdu::BindResp(resp) = session.accept_bind(NOW, &bind, "SMSC").pdu else {
            panic!("a bind resp")
        };
        assert_eq!(resp.sc_interface_version(), told, "{ours:#x} {theirs:#x}");
        assert_eq!(session.version(), version, "{ours:#x} {theirs:#x}");
        assert_eq!(session.sends_tlvs(), told.is_some());
    }
}

#[test]
fn an_esme_that_is_not_told_a_version_sends_no_parameters() {
    for (told, version) in [(None, 0x33), (Some(0x34), 0x34), (Some(0x50), 0x50)] {
        let mut session = Session::esme(NOW, limits());
        let bind = session
            .send(NOW, Pdu::Bind(Bind::new(BindKind::Transmitter, "a", "b")), 1)
            .expect("open");
        let resp = Pdu::BindResp(BindResp::new(BindKind::Transmitter, "S", told));
        session.receive(
            NOW,
            frame(&Command::response(bind.sequence_number, Status::ESME_ROK, resp)),
        );
        assert_eq!((session.state(), session.version()), (State::BoundTx, version));
        let message = ShortMessage {
            tlvs: vec![Tlv::octet(tag::DEST_ADDR_SUBUNIT, 1)],
            ..ShortMessage::default()
        };
        let sent = session.send(NOW, Pdu::SubmitSm(message), 2).expect("bound");
        assert_eq!(
            sent.pdu.tlvs().tlv(tag::DEST_ADDR_SUBUNIT).is_some(),
            version >= 0x34
        );
    }
}

#[test]
fn a_peer_of_v34_is_answered_with_its_statuses() {
    let submit = Command::request(5, Pdu::SubmitSm(ShortMessage::default()));
    for (version, status) in [(0x34, Status::ESME_RINVCMDID), (0x50, Status::ESME_RPROHIBITED)] {
        let mut session = smsc(BindKind::Transmitter, version);
        session.receive(NOW, frame(&submit));
        assert_eq!(session.unanswered(), 1);
        assert_eq!(session.refuse(&submit, Status::ESME_RPROHIBITED).status, status);
        assert_eq!(session.unanswered(), 0);
    }
}

#[test]
fn a_failed_bind_of_ours_leaves_the_session_open() {
    let mut session = Session::esme(NOW, limits());
    let bind = Pdu::Bind(Bind::new(BindKind::Receiver, "a", "b"));
    let sent = session.send(NOW, bind.clone(), 1).expect("open");
    assert!(
        matches!(
            session.send(NOW, bind.clone(), 2),
            Err(CannotSend::WrongState { token: 2, .. })
        ),
        "one at a time"
    );
    let resp = Pdu::BindResp(BindResp::empty(BindKind::Receiver));
    let failed = Command::response(sent.sequence_number, Status::ESME_RBINDFAIL, resp);
    assert!(matches!(
        session.receive(NOW, frame(&failed)),
        Received::Response { token: 1, .. }
    ));
    assert_eq!(session.state(), State::Open);
    assert_eq!(session.send(NOW, bind, 3).expect("open").sequence_number, 2);
}

#[test]
fn the_window_holds_what_it_holds() {
    let mut session = smsc(BindKind::Transceiver, 0x34);
    let deliver = || Pdu::DeliverSm(ShortMessage::default());
    for token in 1..=3 {
        assert!(session.may_send(&deliver()));
        assert_eq!(
            session
                .send(NOW, deliver(), token)
                .expect("in the window")
                .sequence_number,
            token
        );
    }
    assert!(!session.may_send(&deliver()));
    let full = session.send(NOW, deliver(), 4).expect_err("the window is full");
    assert_eq!(
        full,
        CannotSend::WindowFull {
            pdu: Box::new(deliver()),
            token: 4
        }
    );
    assert_eq!(
        session
            .send(NOW, Pdu::EnquireLink, 5)
            .expect("outside the window")
            .sequence_number,
        4
    );
    // Answered in any order.
    let resp = |number| {
        frame(&Command::response(
            number,
            Status::ESME_ROK,
            Pdu::DeliverSmResp(MessageIdResp::nul()),
        ))
    };
    assert!(matches!(
        session.receive(after(1), resp(2)),
        Received::Response {
            token: 2,
            sent_at: NOW,
            ..
        }
    ));
    assert!(
        matches!(session.receive(after(1), resp(2)), Received::Ignored { .. }),
        "only once"
    );
    assert_eq!(session.outstanding(), 3);
    // An alert needs no response, so it takes no place.
    let alert = Pdu::AlertNotification(AlertNotification::default());
    assert_eq!(
        session
            .send(NOW, alert, 6)
            .expect("takes no place")
            .sequence_number,
        5
    );
    assert_eq!(session.outstanding(), 3);
    assert_eq!(session.close(), [1, 3, 5]);
    assert_eq!(session.state(), State::Closed);
}

#[test]
fn a_request_that_the_state_does_not_allow_comes_back() {
    let mut session = smsc(BindKind::Transmitter, 0x50);
    let deliver = Pdu::DeliverSm(ShortMessage::default());
    let error = session
        .send(NOW, deliver.clone(), 1)
        .expect_err("bound as a transmitter");
    assert_eq!(error.to_string(), "deliver_sm is not allowed in BOUND_TX");
    assert_eq!(
        error,
        CannotSend::WrongState {
            pdu: Box::new(deliver),
            token: 1,
            state: State::BoundTx
        }
    );
    assert!(
        session
            .send(NOW, Pdu::SubmitSm(ShortMessage::default()), 2)
            .is_err(),
        "a message centre does not submit"
    );
    assert!(
        session.send(NOW, Pdu::EnquireLinkResp, 3).is_err(),
        "a response is no request"
    );
    assert!(
        session.send(NOW, Pdu::DataSm(DataSm::default()), 4).is_err(),
        "v5.0"
    );
    let mut v34 = smsc(BindKind::Transmitter, 0x34);
    assert!(v34.send(NOW, Pdu::DataSm(DataSm::default()), 4).is_ok());
}

#[test]
fn a_generic_nack_is_the_response_to_the_request_of_its_number() {
    let mut session = esme(BindKind::Transmitter);
    let sent = session
        .send(NOW, Pdu::SubmitSm(ShortMessage::default()), 9)
        .expect("bound");
    let nack = |number| frame(&Command::generic_nack(number, Status::ESME_RINVCMDID));
    assert!(matches!(session.receive(NOW, nack(0)), Received::Ignored { .. }));
    let received = session.receive(NOW, nack(sent.sequence_number));
    assert!(
        matches!(received, Received::Response { token: 9, command, .. } if command.pdu == Pdu::GenericNack)
    );
}

#[test]
fn responses_are_never_answered() {
    for role in [Role::Smsc, Role::Esme] {
        for mut session in in_every_state(role) {
            for id in (0..0x120).chain([0x1FF, 0x300]) {
                let other = Pdu::Other {
                    command_id: id | command_id::RESPONSE,
                    body: Bytes::from_static(b"junk"),
                };
                for status in [Status::ESME_ROK, Status::ESME_RSYSERR] {
                    let octets = encode(&Command {
                        status,
                        sequence_number: 50,
                        pdu: other.clone(),
                    });
                    let mut framer = Framer::default();
                    framer.feed(&octets);
                    let received = session.receive(NOW, framer.next_frame().expect("a frame"));
                    assert!(
                        matches!(received, Received::Ignored { .. }),
                        "{id:#x} {received:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_response_to_another_operation_leaves_the_request_waiting() {
    let mut session = esme(BindKind::Transmitter);
    let sent = session
        .send(NOW, Pdu::SubmitSm(ShortMessage::default()), 9)
        .expect("bound");
    let stray = frame(&Command::response(
        sent.sequence_number,
        Status::ESME_ROK,
        Pdu::EnquireLinkResp,
    ));
    assert!(matches!(session.receive(NOW, stray), Received::Ignored { .. }));
    assert_eq!(session.outstanding(), 1);
}

#[test]
fn unbinding_goes_both_ways() {
    // The peer begins.
    let mut session = smsc(BindKind::Transceiver, 0x34);
    let received = session.receive(after(1), request(0xFFFF_FFFF, Pdu::Unbind));
    let expected = Command::response(0xFFFF_FFFF, Status::ESME_ROK, Pdu::UnbindResp);
    assert!(matches!(received, Received::Answer { command, close: false, .. } if command == expected));
    assert_eq!(session.state(), State::Unbound);
    assert!(
        session
            .send(NOW, Pdu::DeliverSm(ShortMessage::default()), 1)
            .is_err()
    );
    assert_eq!(
        session.next_wakeup(),
        Some(after(11)),
        "it closes by itself when the peer does not"
    );
    assert_eq!(session.on_timer(after(11)), [TimerEvent::InactivityExpired]);
    assert_eq!(session.next_wakeup(), None);

    // We begin.
    let mut session = smsc(BindKind::Transceiver, 0x34);
    let deliver = session
        .send(NOW, Pdu::DeliverSm(ShortMessage::default()), 1)
        .expect("bound");
    let unbind = session.send(NOW, Pdu::Unbind, 2).expect("bound");
    assert!(
        session
            .send(NOW, Pdu::DeliverSm(ShortMessage::default()), 3)
            .is_err(),
        "nothing new after an unbind"
    );
    let late = Pdu::DeliverSmResp(MessageIdResp::nul());
    let late = frame(&Command::response(
        deliver.sequence_number,
        Status::ESME_ROK,
        late,
    ));
    assert!(matches!(
        session.receive(NOW, late),
        Received::Response { token: 1, .. }
    ));
    let resp = frame(&Command::response(
        unbind.sequence_number,
        Status::ESME_ROK,
        Pdu::UnbindResp,
    ));
    assert!(matches!(
        session.receive(NOW, resp),
        Received::Response { token: 2, .. }
    ));
    assert_eq!(session.state(), State::Unbound);
}

#[test]
fn an_outbind_asks_for_a_bind() {
    let outbind = || {
        Pdu::Outbind(Outbind {
            system_id: "S".into(),
            password: "p".into(),
        })
    };
    let mut smsc = Session::smsc(NOW, limits());
    let sent = smsc.send(NOW, outbind(), 1).expect("open");
    assert_eq!((smsc.state(), smsc.outstanding()), (State::Outbound, 0));
    let mut esme = Session::<u32>::esme(NOW, limits());
    assert!(matches!(esme.receive(NOW, frame(&sent)), Received::Request(_)));
    assert_eq!((esme.state(), esme.unanswered()), (State::Outbound, 0));
    let bind = esme
        .send(NOW, Pdu::Bind(Bind::new(BindKind::Receiver, "a", "b")), 2)
        .expect("outbound");
    assert!(matches!(smsc.receive(NOW, frame(&bind)), Received::Request(_)));
    smsc.accept_bind(NOW, &bind, "S");
    assert_eq!(smsc.state(), State::BoundRx);
}

#[test]
fn a_lost_stream_is_nacked_and_closed() {
    for (octets, sequence_number) in [
        (&[0, 0, 0, 15][..], 0),
        (&[0, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 7], 7),
    ] {
        let mut framer = Framer::default();
        framer.feed(octets);
        let received = smsc(BindKind::Transmitter, 0x34).receive(NOW, framer.next_frame().expect("broken"));
        let expected = Command::generic_nack(sequence_number, Status::ESME_RINVCMDLEN);
        assert!(matches!(received, Received::Answer { command, close: true, .. } if command == expected));
    }
}
