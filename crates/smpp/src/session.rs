//! One end of one link: [`Session`]. The same rules serve the message centre and the ESME.

use std::time::Duration;

use sms::Timestamp;

use crate::bind::{Bind, BindKind, BindResp};
use crate::command_id;
use crate::decode::unreadable_response;
use crate::error_bodies::ErrorBodies;
use crate::framing::{Frame, Header};
use crate::outstanding::Outstanding;
use crate::pdu::{Command, Pdu};
use crate::status::Status;
use crate::timers::Timers;

mod waking;

pub use crate::outcome::{CannotSend, Received, TimerEvent};
pub use crate::state::{Role, State};

/// The limits of a [`Session`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// How many requests may wait for their response at a time, in either direction. At least 1.
    pub window_max: usize,
    /// How long it waits for what.
    pub timers: Timers,
    /// The version that this end speaks: 0x34 or 0x50.
    pub interface_version: u8,
    /// What its refusals carry.
    pub error_bodies: ErrorBodies,
}

impl Default for SessionLimits {
    /// A window of 10 (SMPP v3.4 §2.9), the usual timers, v5.0.
    fn default() -> Self {
        Self {
            window_max: 10,
            timers: Timers::default(),
            interface_version: V50,
            error_bodies: ErrorBodies::default(),
        }
    }
}

const V33: u8 = 0x33;
const V34: u8 = 0x34;
const V50: u8 = 0x50;

/// One end of one SMPP session, without the connection under it.
///
/// The owner hands every [`Frame`] to [`Session::receive`] and does what it returns; answers each request with
/// [`Session::respond`] or [`Session::refuse`] (a bind with [`Session::accept_bind`] or [`Session::refuse_bind`]); makes its
/// own requests with [`Session::send`]; and calls [`Session::on_timer`] at [`Session::next_wakeup`]. Every [`Command`] that
/// comes out goes to the peer. `T` is what the owner attaches to a request; it comes back with the response, with the
/// time-out, or from [`Session::close`].
#[derive(Clone, Debug)]
pub struct Session<T> {
    role: Role,
    state: State,
    limits: SessionLimits,
    /// The shortest of the timers: what begins now is over no sooner.
    shortest: Duration,
    /// The same while it is bound and waits for no response.
    shortest_idle: Duration,
    /// The version of the peer, once bound.
    peer_version: u8,
    /// Requests of ours that wait; none stands for a request that the session itself made.
    outstanding: Outstanding<Option<T>>,
    last_sequence_number: u32,
    /// How many requests of the peer have no answer yet.
    unanswered: usize,
    /// Whether a bind waits for its answer.
    is_binding: bool,
    /// Whether our unbind waits for its answer.
    is_unbinding: bool,
    /// When session_init began; none once it has run out or is done with.
    opened_at: Option<Timestamp>,
    received_at: Timestamp,
    enquired_at: Timestamp,
    inactive_since: Timestamp,
    unbound_at: Option<Timestamp>,
}

impl<T> Session<T> {
    /// The message centre's end of a connection that stands since `now`.
    ///
    /// # Panics
    ///
    /// When the window is 0.
    pub fn smsc(now: Timestamp, limits: SessionLimits) -> Self {
        Self::new(now, Role::Smsc, limits)
    }

    /// The ESME's end of a connection that stands since `now`.
    ///
    /// # Panics
    ///
    /// When the window is 0.
    pub fn esme(now: Timestamp, limits: SessionLimits) -> Self {
        Self::new(now, Role::Esme, limits)
    }

    fn new(now: Timestamp, role: Role, limits: SessionLimits) -> Self {
        assert!(limits.window_max > 0, "a window holds at least one request");
        Self {
            role,
            state: State::Open,
            limits,
            shortest: limits.timers.shortest(),
            shortest_idle: limits.timers.shortest_idle(),
            peer_version: limits.interface_version,
            outstanding: Outstanding::default(),
            last_sequence_number: 0,
            unanswered: 0,
            is_binding: false,
            is_unbinding: false,
            opened_at: Some(now),
            received_at: now,
            enquired_at: now,
            inactive_since: now,
            unbound_at: None,
        }
    }

    /// Which end this is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The state.
    pub const fn state(&self) -> State {
        self.state
    }

    /// How many requests of ours wait for their response.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// How many requests of the peer wait for our answer. Over [`Session::window_max`] the peer has exceeded its window;
    /// what to do about it is the owner's business (ESME_RTHROTTLED is usual).
    pub const fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// How many requests may wait at a time.
    pub const fn window_max(&self) -> usize {
        self.limits.window_max
    }

    /// Sets how many requests may wait at a time, at least 1; what is on its way stays.
    pub fn set_window_max(&mut self, window_max: usize) {
        self.limits.window_max = window_max.max(1);
    }

    /// Whether [`Session::send`] would take `pdu` now.
    pub fn may_send(&self, pdu: &Pdu) -> bool {
        self.may_request(pdu.command_id())
    }

    fn may_request(&self, command_id: u32) -> bool {
        self.state_allows(command_id)
            && (is_outside_window(command_id) || self.outstanding.len() < self.limits.window_max)
    }

    /// The version that both ends speak: 0x33, 0x34 or 0x50 (SMPP v3.4 §5.2.4, v5.0 §2.11). Before the bind, our own.
    pub fn version(&self) -> u8 {
        self.peer_version.min(self.limits.interface_version)
    }

    /// Whether the peer takes optional parameters. [`Session::send`] and [`Session::respond`] leave out those that it does
    /// not take.
    pub fn sends_tlvs(&self) -> bool {
        self.version() >= V34
    }

    /// Takes what the peer sent.
    pub fn receive(&mut self, now: Timestamp, frame: Frame) -> Received<T> {
        match self.hear(now, &frame) {
            Received::Request(()) => Received::Request(command_of(frame)),
            Received::Response { token, sent_at, .. } => Received::Response {
                command: command_of(frame),
                token,
                sent_at,
            },
            Received::Answer { command, close, why } => Received::Answer { command, close, why },
            Received::Ignored { why } => Received::Ignored { why },
        }
    }

    /// Does what [`Session::receive`] does, and leaves the frame where it is.
    pub fn hear(&mut self, now: Timestamp, frame: &Frame) -> Received<T, ()> {
        if self.state == State::Closed {
            return Received::Ignored {
                why: "the session is closed",
            };
        }
        match frame {
            Frame::Broken { header } => {
                let sequence_number = header.map_or(0, |header| header.sequence_number);
                answer(
                    Command::generic_nack(sequence_number, Status::ESME_RINVCMDLEN),
                    true,
                    "the framing is lost",
                )
            }
            Frame::Malformed {
                header, status, raw, ..
            } => {
                self.note_activity(now);
                if command_id::is_response(header.command_id) {
                    return self.hear_response(&command_of_header(*header));
                }
                self.hear_malformed(header, *status, raw.last() != Some(&0))
            }
            Frame::Pdu { command, .. } => {
                self.note_activity(now);
                if command.pdu.is_response() {
                    self.hear_response(command)
                } else {
                    self.hear_request(now, command)
                }
            }
        }
    }

    fn note_activity(&mut self, now: Timestamp) {
        self.received_at = now;
        self.inactive_since = now;
    }

    /// A bind without its end is the one fault of a body that ends the connection: there is nobody to talk to yet.
    fn hear_malformed(&self, header: &Header, status: Status, is_cut: bool) -> Received<T, ()> {
        let refusal = self
            .violation(header.command_id)
            .unwrap_or((status, "the body could not be read"));
        let close = is_cut && is_bind(header.command_id) && self.state.is_before_bind();
        self.answer_with(header.command_id, header.sequence_number, refusal, close)
    }

    fn hear_request(&mut self, now: Timestamp, command: &Command) -> Received<T, ()> {
        let command_id = command.pdu.command_id();
        if let Some(refusal) = self.violation(command_id) {
            let close = command_id == command_id::UNBIND && self.state.is_before_bind();
            return self.answer_with(command_id, command.sequence_number, refusal, close);
        }
        match command.pdu {
            Pdu::EnquireLink => self.answer_with(
                command_id,
                command.sequence_number,
                (Status::ESME_ROK, "enquire_link is answered"),
                false,
            ),
            Pdu::Unbind => {
                self.state = State::Unbound;
                self.unbound_at = Some(now);
                self.answer_with(
                    command_id,
                    command.sequence_number,
                    (Status::ESME_ROK, "the peer unbinds"),
                    false,
                )
            }
            Pdu::Outbind(_) => {
                self.state = State::Outbound;
                Received::Request(())
            }
            Pdu::AlertNotification(_) => Received::Request(()),
            _ => {
                self.is_binding |= is_bind(command_id);
                self.unanswered += 1;
                Received::Request(())
            }
        }
    }

    /// Why the peer may not send the request `command_id` now, with the status that says so.
    fn violation(&self, command_id: u32) -> Option<(Status, &'static str)> {
        if !command_id::is_known(command_id) {
            return Some((Status::ESME_RINVCMDID, "there is no such operation"));
        }
        if is_bind(command_id) && self.role == Role::Smsc && (self.state.is_bound() || self.is_binding) {
            return Some((Status::ESME_RALYBND, "the session is bound already"));
        }
        let allowed = self.state.allows(self.role.peer(), command_id, self.version());
        (!allowed).then_some((Status::ESME_RINVBNDSTS, "the session's state does not allow it"))
    }

    fn answer_with(
        &self,
        command_id: u32,
        sequence_number: u32,
        (status, why): (Status, &'static str),
        close: bool,
    ) -> Received<T, ()> {
        let status = status.for_version(self.version());
        match Command::refusal(command_id, sequence_number, status) {
            Some(mut command) => {
                self.shape(status, &mut command.pdu);
                answer(command, close, why)
            }
            None => Received::Ignored { why },
        }
    }

    fn hear_response(&mut self, command: &Command) -> Received<T, ()> {
        let command_id = command.pdu.command_id();
        let Some(request_id) = self.outstanding.command_id(command.sequence_number) else {
            return Received::Ignored {
                why: "no request has that sequence number",
            };
        };
        if command_id != command_id::GENERIC_NACK && command_id != request_id | command_id::RESPONSE {
            return Received::Ignored {
                why: "the request with that sequence number is of another operation",
            };
        }
        let Some((token, sent_at)) = self.outstanding.remove(command.sequence_number) else {
            return Received::Ignored {
                why: "no request has that sequence number",
            };
        };
        self.note_response(request_id, command);
        match token {
            Some(token) => Received::Response {
                command: (),
                token,
                sent_at,
            },
            None => Received::Ignored {
                why: "the peer is there",
            },
        }
    }

    /// What the response to a bind or an unbind of ours does to the state.
    fn note_response(&mut self, request_id: u32, command: &Command) {
        if is_bind(request_id) {
            self.is_binding = false;
            if let Pdu::BindResp(resp) = &command.pdu
                && command.status.is_ok()
                && self.state.is_before_bind()
            {
                let version = resp.sc_interface_version().unwrap_or(V33);
                self.enter_bound(resp.kind, version);
            }
        } else if request_id == command_id::UNBIND {
            self.is_unbinding = false;
            if self.state.is_bound() {
                self.state = State::Unbound;
                self.unbound_at = Some(self.received_at);
            }
        }
    }

    fn enter_bound(&mut self, kind: BindKind, peer_version: u8) {
        self.state = State::bound(kind);
        self.peer_version = known_version(peer_version);
        self.opened_at = None;
    }

    /// Accepts a bind: the session is bound once this is sent. The response names our version when the peer takes optional
    /// parameters.
    ///
    /// # Panics
    ///
    /// When `request` is no bind.
    pub fn accept_bind(&mut self, now: Timestamp, request: &Command, system_id: &str) -> Command {
        let bind = bind_of(request);
        self.is_binding = false;
        if self.state.is_before_bind() {
            self.enter_bound(bind.kind, bind.interface_version);
            self.note_activity(now);
            self.enquired_at = now;
        }
        let version = self.sends_tlvs().then_some(self.limits.interface_version);
        self.respond(
            request,
            Status::ESME_ROK,
            Pdu::BindResp(BindResp::new(bind.kind, system_id, version)),
        )
    }

    /// Refuses a bind; the session stays as it is.
    ///
    /// # Panics
    ///
    /// When `request` is no bind.
    pub fn refuse_bind(&mut self, request: &Command, status: Status) -> Command {
        let kind = bind_of(request).kind;
        self.is_binding = false;
        self.opened_at.get_or_insert(self.received_at);
        self.respond(request, status, Pdu::BindResp(BindResp::nul(kind)))
    }

    /// Answers a request of the peer.
    pub fn respond(&mut self, request: &Command, status: Status, mut pdu: Pdu) -> Command {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.fit(&mut pdu);
        self.shape(status, &mut pdu);
        Command::response(request.sequence_number, status.for_version(self.version()), pdu)
    }

    /// Notes that the owner answers a request of the peer itself, with a response that has no optional parameters.
    pub fn note_answer(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// The answer that refuses a request which the session has not taken in; none for what is never answered.
    pub fn refusal(&self, request: &Command, status: Status) -> Option<Command> {
        let status = status.for_version(self.version());
        let mut refusal = Command::refusal(request.pdu.command_id(), request.sequence_number, status)?;
        self.shape(status, &mut refusal.pdu);
        Some(refusal)
    }

    fn shape(&self, status: Status, pdu: &mut Pdu) {
        if !status.is_ok() {
            self.limits.error_bodies.shape(pdu);
        }
    }

    /// Answers a request of the peer with an error, in the form that errors have; a `generic_nack` when the request has no
    /// response of its own.
    pub fn refuse(&mut self, request: &Command, status: Status) -> Command {
        let pdu = Pdu::error_response(request.pdu.command_id()).unwrap_or(Pdu::GenericNack);
        self.respond(request, status, pdu)
    }

    /// Makes a request. What needs no response (`outbind`, `alert_notification`) drops its token.
    ///
    /// These, an `enquire_link`, a bind and an unbind go out whatever the window holds.
    ///
    /// # Errors
    ///
    /// [`CannotSend`] gives everything back.
    pub fn send(&mut self, now: Timestamp, pdu: Pdu, token: T) -> Result<Command, CannotSend<T>> {
        let mut command = Command::request(0, pdu);
        match self.send_in_place(now, &mut command, token) {
            Ok(()) => Ok(command),
            Err(token) => {
                let pdu = Box::new(command.pdu);
                let state = self.state;
                Err(if self.state_allows(pdu.command_id()) {
                    CannotSend::WindowFull { pdu, token }
                } else {
                    CannotSend::WrongState { pdu, token, state }
                })
            }
        }
    }

    /// Makes a request of `command` where it is: what [`Session::send`] does, whose sequence number it gets.
    ///
    /// # Errors
    ///
    /// The token comes back when the request cannot be sent; it is as it was.
    pub fn send_in_place(&mut self, now: Timestamp, command: &mut Command, token: T) -> Result<(), T> {
        command.sequence_number = self.request(now, command.pdu.command_id(), token)?;
        self.fit(&mut command.pdu);
        Ok(())
    }

    /// Makes the request `command_id`, which the owner writes itself, fit for [`Session::version`]; gives its sequence number.
    ///
    /// # Errors
    ///
    /// The token comes back when the request cannot be sent.
    pub fn request(&mut self, now: Timestamp, command_id: u32, token: T) -> Result<u32, T> {
        if !self.may_request(command_id) {
            return Err(token);
        }
        let sequence_number = self.take_sequence_number();
        if command_id == command_id::OUTBIND {
            self.state = State::Outbound;
        }
        self.is_binding |= is_bind(command_id);
        self.is_unbinding |= command_id == command_id::UNBIND;
        if !command_id::is_unanswered(command_id) {
            self.outstanding
                .insert(now, sequence_number, command_id, Some(token));
        }
        Ok(sequence_number)
    }

    fn state_allows(&self, command_id: u32) -> bool {
        // A simulator may send an operation that nobody knows.
        let is_known = command_id::name(command_id).is_some();
        let allowed = if is_known {
            self.state.allows(self.role, command_id, self.version())
        } else {
            self.state != State::Closed
        };
        let is_in_turn = !(self.is_binding && is_bind(command_id))
            && (!self.is_unbinding || command_id == command_id::ENQUIRE_LINK);
        !command_id::is_response(command_id) && allowed && is_in_turn
    }

    /// The next number from 1 to 0x7FFFFFFF that no request of ours holds.
    fn take_sequence_number(&mut self) -> u32 {
        loop {
            self.last_sequence_number = if self.last_sequence_number >= SEQUENCE_NUMBER_MAX {
                1
            } else {
                self.last_sequence_number + 1
            };
            if self.outstanding.command_id(self.last_sequence_number).is_none() {
                return self.last_sequence_number;
            }
        }
    }

    /// Takes out of a PDU what the version of the peer does not know.
    fn fit(&self, pdu: &mut Pdu) {
        if !pdu.tlvs().is_empty() && self.version() < V50 {
            crate::version::fit(pdu, self.version());
        }
    }

    /// Notes that the connection is gone, and gives back what was attached to the requests that still waited, in the order
    /// in which they were sent.
    pub fn close(&mut self) -> Vec<T> {
        self.state = State::Closed;
        self.unanswered = 0;
        self.outstanding.take_all().into_iter().flatten().collect()
    }
}

/// The greatest sequence number that this end gives (SMPP v3.4 §5.1.4).
pub const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

fn answer<T>(command: Command, close: bool, why: &'static str) -> Received<T, ()> {
    Received::Answer { command, close, why }
}

/// What a frame that is a request or a response says; of a response that could not be read, what its header does.
fn command_of(frame: Frame) -> Command {
    match frame {
        Frame::Pdu { command, .. } => command,
        Frame::Malformed { header, .. } => command_of_header(header),
        Frame::Broken { .. } => panic!("no request and no response is broken off"),
    }
}

fn command_of_header(header: Header) -> Command {
    Command {
        status: header.command_status,
        sequence_number: header.sequence_number,
        pdu: unreadable_response(header.command_id),
    }
}

fn bind_of(request: &Command) -> &Bind {
    let Pdu::Bind(bind) = &request.pdu else {
        panic!("{} is no bind", request.pdu.name())
    };
    bind
}

const fn is_bind(command_id: u32) -> bool {
    matches!(
        command_id,
        command_id::BIND_TRANSMITTER | command_id::BIND_RECEIVER | command_id::BIND_TRANSCEIVER
    )
}

/// What takes no place in the window.
const fn is_outside_window(command_id: u32) -> bool {
    matches!(command_id, command_id::ENQUIRE_LINK | command_id::UNBIND)
        || is_bind(command_id)
        || command_id::is_unanswered(command_id)
}

/// The version that a peer's number stands for: the next lower one that is known (SMPP v3.4 §5.2.4).
const fn known_version(interface_version: u8) -> u8 {
    match interface_version {
        0..=V33 => V33,
        V34..V50 => V34,
        V50.. => V50,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_wrap_to_one_and_pass_over_those_that_wait() {
        let mut session = Session::smsc(Timestamp::EPOCH, SessionLimits::default());
        let numbers = |session: &mut Session<u32>| {
            let mut enquire = || {
                session
                    .send(Timestamp::EPOCH, Pdu::EnquireLink, 0)
                    .expect("always")
                    .sequence_number
            };
            [enquire(), enquire(), enquire()]
        };
        assert_eq!(numbers(&mut session), [1, 2, 3]);
        session.last_sequence_number = SEQUENCE_NUMBER_MAX - 2;
        assert_eq!(
            numbers(&mut session),
            [SEQUENCE_NUMBER_MAX - 1, SEQUENCE_NUMBER_MAX, 4]
        );
    }
}
