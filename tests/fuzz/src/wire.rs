//! Octets as PDUs: framing, decoding and encoding, and the rules of a session.

use std::time::Duration;

use smpp::{BindKind, Command, Frame, Framer, Pdu, Received, Session, SessionLimits, State, Status};
use sms::Timestamp;

use super::choice;

/// The PDUs of one session, at most.
const FRAMES_MAX: usize = 1_000;

fn frames(octets: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::default();
    framer.feed(octets);
    std::iter::from_fn(|| framer.next_frame()).collect()
}

/// What is read can be written, and what is written is read again as the same.
pub fn smpp(octets: &[u8]) {
    for frame in frames(octets) {
        // What is left of a PDU whose parameters are passed over can be written, and is read again without a fault.
        if let Frame::Pdu { command, .. } = frame.clone().without_wrong_tlvs() {
            let written = smpp::encode(&command);
            let again = frames(&written);
            assert!(matches!(again[..], [Frame::Pdu { .. }]), "{command:?}");
        }
        match frame {
            Frame::Pdu {
                command,
                raw,
                trailing,
            } => {
                let written = smpp::encode(&command);
                let [
                    Frame::Pdu {
                        command: again,
                        raw: raw_again,
                        ..
                    },
                ] = &frames(&written)[..]
                else {
                    panic!("{command:?} is written as {written:02x?}, which is no PDU")
                };
                assert_eq!(smpp::encode(again), *raw_again, "{command:?}");
                assert!(
                    trailing < raw.len(),
                    "{trailing} octets of {} were passed over",
                    raw.len()
                );
                // What a log shows can be made of everything.
                let _ = command.to_string();
            }
            Frame::Malformed {
                header, status, raw, ..
            } => {
                assert!(!status.is_ok());
                assert_eq!(raw.len(), header.command_length as usize);
                let unanswered = smpp::command_id::is_response(header.command_id)
                    || smpp::command_id::is_unanswered(header.command_id);
                let refusal = Command::refusal(header.command_id, header.sequence_number, status);
                assert_eq!(refusal.is_none(), unanswered, "{header:?}");
            }
            Frame::Broken { .. } => {}
        }
    }
}

/// However a stream is cut, the frames are the same; after one that is broken there is none.
pub fn framer(octets: &[u8]) {
    let whole = frames(octets);
    let mut seed = choice(octets);
    let (mut framer, mut rest, mut cut) = (Framer::default(), octets, Vec::new());
    while !rest.is_empty() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (piece, after) = rest.split_at(rest.len().min(1 + (seed >> 33) as usize % 40));
        framer.feed(piece);
        cut.extend(std::iter::from_fn(|| framer.next_frame()));
        rest = after;
    }
    assert_eq!(cut, whole);
    let broken = |frame: &Frame| matches!(frame, Frame::Broken { .. });
    assert!(!whole.iter().rev().skip(1).any(broken));
    match framer.give_up() {
        Some(frame) => assert!(broken(&frame) && framer.next_frame().is_none()),
        None => assert!(framer.next_frame().is_none()),
    }
}

/// Both ends of a session take whatever comes, and their states change as the specification lets them.
pub fn session(octets: &[u8]) {
    let chosen = choice(octets);
    let limits = SessionLimits {
        interface_version: if chosen & 1 == 0 { 0x34 } else { 0x50 },
        ..SessionLimits::default()
    };
    let mut now = Timestamp::from_secs(1_236_031_200);
    let ends = [Session::smsc(now, limits), Session::esme(now, limits)];
    for mut session in ends {
        if chosen & 2 != 0 {
            // The ESME's end binds first, the SMSC's end asks whether somebody is there.
            let bind = smpp::Bind::new(BindKind::Transceiver, "fuzz", "fuzz");
            let first = match session.role() {
                smpp::Role::Esme => Pdu::Bind(bind),
                smpp::Role::Smsc => Pdu::EnquireLink,
            };
            assert!(session.send(now, first, ()).is_ok());
        }
        for frame in frames(octets).into_iter().take(FRAMES_MAX) {
            let before = session.state();
            let unanswered = session.unanswered();
            now += Duration::from_millis(chosen % 20_000);
            let received = session.receive(now, frame);
            answer(&mut session, now, received, chosen);
            assert!(
                is_legal(before, session.state()),
                "{before} to {}",
                session.state()
            );
            assert!(session.unanswered() <= unanswered + 1);
            assert!(session.outstanding() <= session.window_max() + 2);
            while let Some(at) = session.next_wakeup().filter(|at| *at <= now) {
                session.on_timer(now);
                assert!(
                    session.next_wakeup().is_none_or(|next| next > at),
                    "a timer that stays due"
                );
            }
        }
        session.close();
        assert_eq!(session.state(), State::Closed);
    }
}

fn answer(session: &mut Session<()>, now: Timestamp, received: Received<()>, chosen: u64) {
    match received {
        Received::Request(request) => {
            let is_bind = matches!(request.pdu, Pdu::Bind(_));
            let response = match (is_bind, chosen & 12) {
                (true, 0 | 4) => session.accept_bind(now, &request, "fuzz"),
                (true, _) => session.refuse_bind(&request, Status::ESME_RBINDFAIL),
                // Some answers stay out.
                (false, 0) => return,
                (false, _) if smpp::command_id::is_unanswered(request.pdu.command_id()) => return,
                (false, _) => session.refuse(&request, Status::ESME_RSYSERR),
            };
            assert_eq!(response.sequence_number, request.sequence_number);
            assert!(response.pdu.is_response());
        }
        Received::Answer { command, .. } => assert!(command.pdu.is_response()),
        Received::Response { command, .. } => assert!(command.pdu.is_response()),
        Received::Ignored { why } => assert!(!why.is_empty()),
    }
}

/// Whether a frame may take a session from one state to another (SMPP v5.0 §2.3).
fn is_legal(from: State, to: State) -> bool {
    match (from, to) {
        _ if from == to => true,
        (State::Open, State::Outbound) => true,
        (State::Open | State::Outbound, State::BoundTx | State::BoundRx | State::BoundTrx) => true,
        (State::BoundTx | State::BoundRx | State::BoundTrx, State::Unbound) => true,
        _ => false,
    }
}
