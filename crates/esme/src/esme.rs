//! The state machine of the link: [`Esme`].

use std::borrow::Cow;

use smpp::{
    Bind, Command, Frame, MessageIdResp, Pdu, Received, Session, SessionLimits, Status, TimerEvent, Timers,
    command_id,
};
use sms::{Address, Reassembler, Timestamp};

use crate::config::Config;
use crate::correlation::Correlations;
use crate::delivery::Delivery;
use crate::early_receipts::EarlyReceipts;
use crate::event::{Event, Unanswered};
use crate::input::{Control, Input};
use crate::outgoing::{Limits, Outgoing, PartId};
use crate::output::Output;

/// The platform's own end of its SMPP link. The world owns it and keeps its calls in the order of time.
///
/// At the first call it asks for a connection; from then on it keeps the link bound until it is told not to.
#[derive(Debug)]
pub struct Esme {
    pub(crate) config: Config,
    pub(crate) phase: Phase,
    /// Whether the link shall be bound.
    is_wanted: bool,
    /// One SMPP session, for as long as the connection is open.
    pub(crate) session: Option<Session<Request>>,
    /// After the SMSC asked for less, nothing is submitted until then.
    pub(crate) paused_until: Option<Timestamp>,
    pub(crate) outgoing: Outgoing,
    pub(crate) correlations: Correlations,
    pub(crate) early_receipts: EarlyReceipts,
    /// By source and destination.
    pub(crate) reassembler: Reassembler<(Address, Address)>,
}

/// How far the link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// There is no connection, and none is asked for before this instant; never, when the link is not wanted.
    Apart { connect_at: Timestamp },
    /// A connection was asked for.
    Connecting,
    /// It is open; the bind awaits its response.
    Binding,
    /// Texts flow.
    Bound,
    /// The unbind awaits its response.
    Unbinding,
}

/// What a request of ours was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    Bind,
    Unbind,
    Submit(PartId),
}

impl Esme {
    /// An ESME that wants its link bound and has not asked for a connection yet.
    ///
    /// # Panics
    ///
    /// When `window_max` or `incomplete_max` is 0.
    pub fn new(config: Config) -> Self {
        assert!(
            config.window_max > 0,
            "an ESME has a window of at least one request"
        );
        let Config {
            queue_max,
            retries_max,
            resends_max,
            losses_max,
            ..
        } = config;
        Self {
            phase: Phase::Apart {
                connect_at: Timestamp::EPOCH,
            },
            is_wanted: true,
            session: None,
            paused_until: None,
            outgoing: Outgoing::new(Limits {
                queue_max,
                retries_max,
                resends_max,
                losses_max,
            }),
            correlations: Correlations::new(config.correlations_max, config.message_id_bases),
            early_receipts: EarlyReceipts::new(config.early_receipts_max),
            reassembler: Reassembler::new(config.reassembly_hold, config.incomplete_max),
            config,
        }
    }

    /// Takes one input and gives what the ESME does about it, in order.
    ///
    /// What is due by `now` comes first, so that a late [`Input::Tick`] changes nothing but the instant that
    /// it happens at.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.handle_into(now, input, &mut outputs);
        outputs
    }

    /// As [`Esme::handle`]; what the ESME does is added to `outputs`.
    pub fn handle_into(&mut self, now: Timestamp, input: Input, outputs: &mut Vec<Output>) {
        self.catch_up(now, outputs);
        match input {
            Input::Opened => self.opened(now, outputs),
            Input::Received(frame) => self.received(now, frame, outputs),
            Input::Closed => self.closed(now, outputs),
            Input::Submit {
                token,
                from,
                to,
                text,
            } => self.submit(token, from, to, &text, outputs),
            Input::Control(Control::BindUp) => self.bind_up(outputs),
            Input::Control(Control::BindDown) => self.bind_down(now, outputs),
            Input::Tick => {}
        }
        self.submit_waiting(now, outputs);
        self.drop_hopeless_receipts(outputs);
    }

    /// The next instant at which [`Input::Tick`] is due.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let connect_at = match self.phase {
            Phase::Apart { connect_at } if self.is_wanted => Some(connect_at),
            Phase::Apart { .. } | Phase::Connecting | Phase::Binding | Phase::Bound | Phase::Unbinding => {
                None
            }
        };
        let is_held_up = self.phase == Phase::Bound && self.outgoing.waiting() > 0;
        [
            connect_at,
            self.session.as_ref().and_then(Session::next_wakeup),
            self.paused_until.filter(|_| is_held_up),
            self.reassembler.next_wakeup(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether the link is bound.
    pub fn is_bound(&self) -> bool {
        self.phase == Phase::Bound
    }

    /// The number of texts of which some part waits to be sent.
    pub const fn queued(&self) -> usize {
        self.outgoing.waiting()
    }

    /// The number of texts whose receipts are awaited.
    pub fn awaiting_receipts(&self) -> usize {
        self.correlations.awaited()
    }

    fn catch_up(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        self.deliver_overdue(now, outputs);
        let events = self
            .session
            .as_mut()
            .map(|session| session.on_timer(now))
            .unwrap_or_default();
        for event in events {
            self.timer_fired(now, event, outputs);
        }
        if let Phase::Apart { connect_at } = self.phase
            && self.is_wanted
            && connect_at <= now
        {
            self.connect(outputs);
        }
    }

    fn timer_fired(&mut self, now: Timestamp, event: TimerEvent<Request>, outputs: &mut Vec<Output>) {
        match event {
            TimerEvent::EnquireLink(command) => {
                if self.session.is_some() {
                    outputs.push(Output::Send(command));
                }
            }
            TimerEvent::ResponseTimedOut(Request::Submit(id)) => {
                self.submit_unanswered(id, Unanswered::TimedOut, outputs);
            }
            TimerEvent::ResponseTimedOut(Request::Bind) => self.give_up_link(now, "the bind", outputs),
            TimerEvent::ResponseTimedOut(Request::Unbind) => self.give_up_link(now, "the unbind", outputs),
            TimerEvent::EnquireLinkTimedOut => self.give_up_link(now, "enquire_link", outputs),
            // These timers are the SMSC's; they are off here.
            TimerEvent::SessionInitExpired | TimerEvent::InactivityExpired => {}
        }
    }

    fn connect(&mut self, outputs: &mut Vec<Output>) {
        self.phase = Phase::Connecting;
        outputs.push(Output::Connect);
    }

    fn opened(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if self.session.is_some() {
            // The end of the last connection was never told.
            self.lose_link(now, outputs);
        }
        if !self.is_wanted {
            outputs.push(Output::Close);
            return;
        }
        let timers = Timers {
            enquire_link: self.config.enquire_link,
            response: Some(self.config.response_timeout),
            ..Timers::OFF
        };
        let Config {
            window_max,
            interface_version,
            ..
        } = self.config;
        let mut session = Session::esme(
            now,
            SessionLimits {
                window_max,
                timers,
                interface_version,
                ..SessionLimits::default()
            },
        );
        let bind = Bind {
            kind: self.config.bind_kind,
            system_id: self.config.system_id.as_str().into(),
            password: self.config.password.as_str().into(),
            system_type: self.config.system_type.as_str().into(),
            interface_version: self.config.interface_version,
            address_range: self.config.address_range.clone(),
        };
        if let Ok(command) = session.send(now, Pdu::Bind(bind), Request::Bind) {
            outputs.push(Output::Send(command));
        }
        self.session = Some(session);
        self.phase = Phase::Binding;
    }

    fn closed(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        match self.phase {
            // This is the end of a connection that was given up already.
            Phase::Apart { .. } => {}
            Phase::Connecting | Phase::Binding | Phase::Bound | Phase::Unbinding => {
                self.lose_link(now, outputs)
            }
        }
    }

    fn bind_up(&mut self, outputs: &mut Vec<Output>) {
        self.is_wanted = true;
        if let Phase::Apart { .. } = self.phase {
            self.connect(outputs);
        }
    }

    fn bind_down(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        self.is_wanted = false;
        match self.phase {
            Phase::Apart { .. } | Phase::Unbinding => {}
            Phase::Connecting | Phase::Binding => self.close(now, outputs),
            Phase::Bound => self.unbind(now, outputs),
        }
    }

    fn unbind(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let unbind = self
            .session
            .as_mut()
            .and_then(|session| session.send(now, Pdu::Unbind, Request::Unbind).ok());
        match unbind {
            Some(command) => {
                outputs.push(Output::Send(command));
                self.enter(Phase::Unbinding, outputs);
            }
            None => self.close(now, outputs),
        }
    }

    /// Closes a connection on which something that keeps the link alive was not answered.
    fn give_up_link(&mut self, now: Timestamp, request: &'static str, outputs: &mut Vec<Output>) {
        outputs.push(Output::Noted(Event::LinkSilent { request }));
        self.close(now, outputs);
    }

    fn close(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        outputs.push(Output::Close);
        let unanswered = self.end_session();
        self.leave_session(now, unanswered, outputs);
    }

    fn lose_link(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let unanswered = self.end_session();
        outputs.push(Output::Noted(Event::LinkLost {
            unanswered: unanswered.len(),
        }));
        self.leave_session(now, unanswered, outputs);
    }

    /// Ends the session; gives the parts that it leaves unanswered, in the order in which they were sent.
    fn end_session(&mut self) -> Vec<PartId> {
        let requests = self
            .session
            .take()
            .map(|mut session| session.close())
            .unwrap_or_default();
        let part = |request| match request {
            Request::Submit(id) => Some(id),
            Request::Bind | Request::Unbind => None,
        };
        requests.into_iter().filter_map(part).collect()
    }

    /// Waits for the next connection. What this one left unanswered is answered by nobody (SMPP v5.0 §2.6.3)
    /// and goes out again.
    fn leave_session(&mut self, now: Timestamp, unanswered: Vec<PartId>, outputs: &mut Vec<Output>) {
        self.enter(
            Phase::Apart {
                connect_at: now + self.config.reconnect_after,
            },
            outputs,
        );
        for id in unanswered {
            self.submit_unanswered(id, Unanswered::LinkLost, outputs);
        }
    }

    fn enter(&mut self, phase: Phase, outputs: &mut Vec<Output>) {
        match (self.phase == Phase::Bound, phase == Phase::Bound) {
            (false, true) => outputs.push(Output::Bound),
            (true, false) => outputs.push(Output::Unbound),
            (true, true) | (false, false) => {}
        }
        self.phase = phase;
    }

    fn received(&mut self, now: Timestamp, frame: Frame, outputs: &mut Vec<Output>) {
        let (id, what) = name(&frame);
        let Some(session) = &mut self.session else { return };
        match session.receive(now, frame) {
            Received::Request(command) => self.requested(now, command, outputs),
            Received::Response {
                command,
                token: Request::Submit(id),
                ..
            } => {
                self.submit_answered(now, id, &command, outputs);
            }
            Received::Response {
                command,
                token: Request::Bind,
                ..
            } => self.bind_answered(now, command.status, outputs),
            Received::Response {
                token: Request::Unbind,
                ..
            } => self.close(now, outputs),
            Received::Answer { command, close, why } => {
                let is_ok = command.status.is_ok();
                outputs.push(Output::Send(command));
                if is_ok && id == command_id::UNBIND {
                    outputs.push(Output::Noted(Event::UnboundBySmsc));
                } else if !is_ok {
                    outputs.push(not_understood(what, why));
                }
                if close || (is_ok && id == command_id::UNBIND) {
                    self.close(now, outputs);
                }
            }
            // The answer to our own enquire_link needs no word.
            Received::Ignored { .. } if id == command_id::ENQUIRE_LINK_RESP => {}
            Received::Ignored { why } => outputs.push(not_understood(what, why)),
        }
    }

    fn bind_answered(&mut self, now: Timestamp, status: Status, outputs: &mut Vec<Output>) {
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.state().is_bound())
        {
            self.enter(Phase::Bound, outputs);
        } else {
            outputs.push(Output::Noted(Event::BindRefused { status }));
            self.close(now, outputs);
        }
    }

    /// Answers a request of the SMSC, first of all: it waits for the answer, and nothing about the text
    /// changes it.
    fn requested(&mut self, now: Timestamp, request: Command, outputs: &mut Vec<Output>) {
        let Some(session) = &mut self.session else { return };
        let mut respond = |resp| Output::Send(session.respond(&request, Status::ESME_ROK, resp));
        match &request.pdu {
            Pdu::DeliverSm(message) => {
                outputs.push(respond(Pdu::DeliverSmResp(MessageIdResp::nul())));
                self.delivered(now, Delivery::from(message), outputs);
            }
            Pdu::DataSm(message) => {
                outputs.push(respond(Pdu::DataSmResp(MessageIdResp::nul())));
                self.delivered(now, Delivery::from(message), outputs);
            }
            Pdu::Outbind(_) | Pdu::AlertNotification(_) => {
                outputs.push(not_understood(request.pdu.name(), "nobody asked for it"));
            }
            // The session lets no other request of an SMSC through.
            pdu => {
                outputs.push(not_understood(pdu.name(), "no SMSC asks that"));
                outputs.push(Output::Send(session.refuse(&request, Status::ESME_RINVCMDID)));
            }
        }
    }
}

/// What came, for a note about it: the operation's number and name.
fn name(frame: &Frame) -> (u32, Cow<'static, str>) {
    match frame {
        Frame::Pdu { command, .. } => (command.pdu.command_id(), command.pdu.name()),
        Frame::Malformed { header, field, .. } => {
            let operation = command_id::name(header.command_id).unwrap_or("an unknown operation");
            (
                header.command_id,
                format!("{operation} with a broken {field}").into(),
            )
        }
        Frame::Broken { .. } => (0, "a stream that is no SMPP".into()),
    }
}

fn not_understood(what: impl Into<String>, why: &str) -> Output {
    Output::Noted(Event::NotUnderstood {
        what: what.into(),
        why: why.to_owned(),
    })
}
