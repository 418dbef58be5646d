//! Links and their sessions: what comes over them, binds and unbinds, their timers and their ends.

use std::net::IpAddr;

use compact_str::CompactString;
use regex::RegexBuilder;
use smpp::{Bind, BindKind, Command, Frame, LinkId, Pdu, Received, Session, State, Status, TimerEvent};
use sms::Timestamp;

use super::state::{Esme, Link, Token};
use super::{Smsc, TICK};
use crate::account::SYSTEM_ID_CHARACTERS_MAX;
use crate::config::BindErrorStyle;
use crate::event::{BindRefusal, CloseReason, Event};
use crate::port::{Disturbance, Output};
use crate::throttle::Throttle;
use crate::timer::Timer;

/// Whether it answers a delivery with nothing behind its header.
fn has_no_body(frame: &Frame) -> bool {
    let Frame::Pdu { command, .. } = frame else {
        return false;
    };
    match &command.pdu {
        Pdu::DeliverSmResp(resp) | Pdu::DataSmResp(resp) => resp.message_id.is_none(),
        _ => false,
    }
}

/// The most octets that the compiled form of an `address_range` may take.
const ADDRESS_RANGE_OCTETS_MAX: usize = 64 * 1024;

impl Smsc {
    pub(super) fn connected(&mut self, now: Timestamp, link: LinkId, peer: Option<IpAddr>) {
        self.note(Event::LinkOpened { link, peer });
        if self.links.len() >= self.config.links_max {
            let reason = CloseReason::LinksMax;
            self.note(Event::LinkClosed {
                link,
                system_id: None,
                reason,
                unanswered: 0,
            });
            self.outputs.push(Output::Close { link });
            return;
        }
        let state = Link {
            session: Session::smsc(now, self.config.session),
            peer,
            account: None,
            kind: None,
            version: 0x34,
            address_range: None,
            paused_until: None,
            timer_at: None,
            lingers_for: None,
            unbinding: false,
            throttle: Throttle::default(),
            silent: false,
            held: 0,
            overtaken: None,
        };
        self.links.insert(link, state);
        self.set_session_timer(now, link);
    }

    pub(super) fn received(&mut self, now: Timestamp, link: LinkId, frame: &Frame) {
        if self.config.liberal_tlvs && matches!(frame, Frame::Malformed { .. }) {
            self.received_liberally(now, link, frame.clone().without_wrong_tlvs());
        } else if self.operation_rules == 0 || !self.receive_disturbed(now, link, frame) {
            self.received_as_usual(now, link, frame);
        }
    }

    #[cold]
    fn received_liberally(&mut self, now: Timestamp, link: LinkId, frame: Frame) {
        if !self.receive_disturbed(now, link, &frame) {
            self.received_as_usual(now, link, &frame);
        }
    }

    pub(super) fn received_as_usual(&mut self, now: Timestamp, link: LinkId, frame: &Frame) {
        let Some(state) = self.links.get_mut(link).filter(|state| !state.silent) else {
            return;
        };
        match (state.session.hear(now, frame), frame) {
            // Most of what there is.
            (Received::Request(()), Frame::Pdu { command, .. }) => {
                self.request(now, link, command);
                self.set_session_timer(now, link);
            }
            (heard, frame) => self.take(now, link, frame, heard),
        }
    }

    /// Does what comes of a frame.
    pub(super) fn take(&mut self, now: Timestamp, link: LinkId, frame: &Frame, heard: Received<Token, ()>) {
        match heard {
            Received::Request(()) => {
                if let Frame::Pdu { command, .. } = frame {
                    self.request(now, link, command);
                }
            }
            Received::Response { token, .. } => {
                let status = match frame {
                    Frame::Pdu { command, .. } => command.status,
                    Frame::Malformed { header, .. } => header.command_status,
                    Frame::Broken { .. } => return,
                };
                if self.config.delivery_resp_bodies && status.is_ok() && has_no_body(frame) {
                    if let Token::Delivery(delivery) = token {
                        self.wait_for_session(now, delivery);
                    }
                    return self.close(now, link, CloseReason::NoBody);
                }
                self.response(now, link, status, token);
            }
            Received::Answer { command, close, why } => {
                let unbound = self
                    .links
                    .get(link)
                    .is_some_and(|state| state.session.state() == State::Unbound && !state.unbinding);
                if !command.status.is_ok() {
                    self.note(Event::PduRefused {
                        link,
                        answer: name(&command),
                        status: command.status,
                        reason: why,
                    });
                }
                self.send(link, command);
                let lost = matches!(frame, Frame::Broken { .. });
                if close && (self.config.close_on_framing_error || !lost) {
                    self.close(now, link, CloseReason::Framing);
                } else if unbound {
                    self.unbound_by_esme(link);
                }
            }
            Received::Ignored { why } => self.note(Event::PduIgnored { link, reason: why }),
        }
        self.set_session_timer(now, link);
    }

    fn request(&mut self, now: Timestamp, link: LinkId, request: &Command) {
        match &request.pdu {
            Pdu::Bind(bind) => self.bind(now, link, request, bind.clone()),
            _ => self.operation(now, link, request),
        }
    }

    fn response(&mut self, now: Timestamp, link: LinkId, status: Status, token: Token) {
        match token {
            Token::Delivery(delivery) => self.delivery_answered(now, link, delivery, status),
            Token::Unbind => self.close(now, link, CloseReason::Unbound),
        }
    }

    pub(super) fn bind(&mut self, now: Timestamp, link: LinkId, request: &Command, bind: Bind) {
        match self.check_bind(link, &bind) {
            Ok(account) => self.accept_bind(now, link, request, bind, account),
            Err((status, reason)) => {
                let Some(state) = self.links.get_mut(link) else {
                    return;
                };
                let refusal = state.session.refuse_bind(request, status);
                self.note(Event::BindRefused {
                    link,
                    system_id: bind.system_id,
                    status,
                    reason,
                });
                self.send(link, refusal);
                if let Some(linger) = self.config.refused_bind_linger {
                    self.linger(now + linger.max(TICK), link, CloseReason::BindRefused);
                }
            }
        }
    }

    /// The account that may bind, or why none may (SMPP v3.4 §4.1, v5.0 §4.1.1).
    fn check_bind(&self, link: LinkId, bind: &Bind) -> Result<u16, (Status, BindRefusal)> {
        let credentials = |practice| match self.config.bind_error_style {
            BindErrorStyle::Practice => practice,
            BindErrorStyle::Spec50 => Status::ESME_RBINDFAIL,
        };
        if bind.system_id.is_empty() || bind.system_id.chars().count() > SYSTEM_ID_CHARACTERS_MAX {
            return Err((Status::ESME_RINVSYSID, BindRefusal::SystemIdLength));
        }
        let account = self
            .esmes
            .iter()
            .position(|esme| esme.account.system_id == bind.system_id);
        let Some(index) = account else {
            if bind.password.len() > smpp::PASSWORD_CHARACTERS_USUAL {
                return Err((Status::ESME_RINVPASWD, BindRefusal::PasswordLength));
            }
            return Err((credentials(Status::ESME_RINVSYSID), BindRefusal::UnknownSystemId));
        };
        let esme = &self.esmes[index];
        let account = &esme.account;
        let kind_max = account.kind_max(bind.kind);
        if kind_max == Some(0) {
            return Err((Status::ESME_RINVCMDID, BindRefusal::Kind));
        }
        if bind.password.chars().count() > account.password_max {
            return Err((Status::ESME_RINVPASWD, BindRefusal::PasswordLength));
        }
        if account
            .system_type
            .as_ref()
            .is_some_and(|wanted| *wanted != bind.system_type)
        {
            return Err((Status::ESME_RINVSYSTYP, BindRefusal::SystemType));
        }
        if bind.password != account.password {
            return Err((credentials(Status::ESME_RINVPASWD), BindRefusal::WrongPassword));
        }
        let peer = self.links.get(link).and_then(|state| state.peer);
        let from_there = account.hosts.is_empty() || peer.is_none_or(|peer| account.hosts.contains(&peer));
        let fail = |reason| Err((Status::ESME_RBINDFAIL, reason));
        if !account.enabled {
            fail(BindRefusal::Disabled)
        } else if !from_there {
            fail(BindRefusal::Host)
        } else if !account.may_speak(bind.interface_version) {
            fail(BindRefusal::InterfaceVersion)
        } else if esme.bound.len() >= account.binds_max
            || kind_max.is_some_and(|max| self.sessions_of_kind(esme, bind.kind) >= max)
        {
            fail(BindRefusal::BindsMax)
        } else {
            Ok(u16::try_from(index).expect("accounts are numbered by u16"))
        }
    }

    fn sessions_of_kind(&self, esme: &Esme, kind: BindKind) -> usize {
        let is_such = |link: &&LinkId| {
            self.links
                .get(**link)
                .is_some_and(|state| state.kind == Some(kind))
        };
        esme.bound.iter().filter(is_such).count()
    }

    fn accept_bind(&mut self, now: Timestamp, link: LinkId, request: &Command, bind: Bind, account: u16) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let answer = state.session.accept_bind(now, request, &self.config.system_id);
        let window_max = self.esmes[usize::from(account)].account.window_max;
        state.session.set_window_max(window_max);
        state.lingers_for = None;
        state.account = Some(account);
        state.kind = Some(bind.kind);
        state.version = state.session.version();
        let per_s = self.esmes[usize::from(account)]
            .account
            .session_submits_per_second_max;
        state.throttle = Throttle::new(per_s, now);
        let address_range = bind.address_range.digits;
        state.address_range = compiled(&address_range).filter(|_| !address_range.is_empty());
        // An invalid or oversized expression is as none.
        let is_ignored = !address_range.is_empty() && state.address_range.is_none();
        self.esmes[usize::from(account)].bound.push(link);
        let kind = match bind.kind {
            BindKind::Transmitter => "transmitter",
            BindKind::Receiver => "receiver",
            BindKind::Transceiver => "transceiver",
        };
        let interface_version = bind.interface_version;
        self.note(Event::Bound {
            link,
            system_id: bind.system_id,
            kind,
            interface_version,
        });
        if is_ignored {
            self.note(Event::AddressRangeIgnored { link, address_range });
        }
        self.send(link, answer);
        self.dispatch(now, account);
    }

    /// The ESME unbound: it gets nothing new. It closes the link, or the session's response timer does.
    fn unbound_by_esme(&mut self, link: LinkId) {
        let system_id = self.system_id_of(link).unwrap_or_default();
        if let Some(state) = self.links.get_mut(link) {
            state.unbinding = true;
        }
        self.note(Event::Unbound {
            link,
            system_id,
            by_esme: true,
        });
        self.leave_account(link);
    }

    /// Starts to unbind the sessions of an account: they get nothing new, and are closed when they answered.
    pub(super) fn unbind(&mut self, now: Timestamp, system_id: &str) {
        let Some(esme) = self.esme(system_id) else { return };
        for link in esme.bound.clone() {
            self.unbind_link(now, link);
        }
    }

    /// Starts to unbind a session. One that is being unbound already is left to itself.
    pub(super) fn unbind_link(&mut self, now: Timestamp, link: LinkId) {
        let system_id = self.system_id_of(link).unwrap_or_default();
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let Ok(unbind) = state.session.send(now, Pdu::Unbind, Token::Unbind) else {
            return;
        };
        state.unbinding = true;
        self.note(Event::Unbound {
            link,
            system_id,
            by_esme: false,
        });
        self.send(link, unbind);
        self.set_session_timer(now, link);
    }

    /// A link is gone.
    pub(super) fn closed(&mut self, now: Timestamp, link: LinkId) {
        let reason = match self.links.get(link) {
            Some(state) if state.unbinding => CloseReason::Unbound,
            Some(_) => CloseReason::Lost,
            None => return,
        };
        self.forget_link(now, link, reason);
    }

    pub(super) fn close(&mut self, now: Timestamp, link: LinkId, reason: CloseReason) {
        self.outputs.push(Output::Close { link });
        self.forget_link(now, link, reason);
    }

    /// Resets a link.
    pub(super) fn reset(&mut self, now: Timestamp, link: LinkId) {
        let how = Disturbance::Reset;
        self.outputs.push(Output::Disturb { link, how });
        self.forget_link(now, link, CloseReason::Reset);
    }

    /// Forgets a link; what it left unanswered waits again.
    fn forget_link(&mut self, now: Timestamp, link: LinkId, reason: CloseReason) {
        let system_id = self.system_id_of(link);
        self.leave_account(link);
        let Some(mut state) = self.links.remove(link) else {
            return;
        };
        let mut unanswered = 0;
        for token in state.session.close() {
            if let Token::Delivery(delivery) = token {
                unanswered += 1;
                self.wait_for_session(now, delivery);
            }
        }
        self.note(Event::LinkClosed {
            link,
            system_id,
            reason,
            unanswered,
        });
        if let Some(account) = state.account {
            self.dispatch(now, account);
            self.call(now, account);
        }
    }

    /// A link no longer counts as one of its account's sessions.
    fn leave_account(&mut self, link: LinkId) {
        if let Some(account) = self.links.get(link).and_then(|state| state.account) {
            self.esmes[usize::from(account)]
                .bound
                .retain(|bound| *bound != link);
        }
    }

    fn linger(&mut self, until: Timestamp, link: LinkId, reason: CloseReason) {
        if let Some(state) = self.links.get_mut(link) {
            state.lingers_for = Some(reason);
            self.timers.set(until, Timer::Linger { link });
        }
    }

    pub(super) fn linger_over(&mut self, now: Timestamp, link: LinkId) {
        if let Some(reason) = self.links.get(link).and_then(|state| state.lingers_for) {
            self.close(now, link, reason);
        }
    }

    pub(super) fn session_timer(&mut self, now: Timestamp, link: LinkId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        state.timer_at = None;
        for event in state.session.on_timer(now) {
            match event {
                TimerEvent::EnquireLink(command) => self.send(link, command),
                TimerEvent::EnquireLinkTimedOut => return self.close(now, link, CloseReason::EnquireLink),
                TimerEvent::SessionInitExpired => return self.close(now, link, CloseReason::SessionInit),
                TimerEvent::InactivityExpired => {
                    let unbinding = self.links.get(link).is_some_and(|state| state.unbinding);
                    let reason = if unbinding {
                        CloseReason::Unbound
                    } else {
                        CloseReason::Inactivity
                    };
                    return self.close(now, link, reason);
                }
                TimerEvent::ResponseTimedOut(Token::Unbind) => {
                    return self.close(now, link, CloseReason::UnbindUnanswered);
                }
                TimerEvent::ResponseTimedOut(Token::Delivery(delivery)) => {
                    self.unanswered(now, link, delivery)
                }
            }
        }
        self.set_session_timer(now, link);
    }

    /// Sees that a session's own timers run. One that moves later leaves an early wake-up behind, which does nothing.
    #[inline]
    pub(super) fn set_session_timer(&mut self, now: Timestamp, link: LinkId) {
        if let Some(state) = self.links.get_mut(link) {
            // A wake-up that is due by then sees whatever begins now.
            let soonest_at = now + state.session.shortest_timer();
            if state.timer_at.is_none_or(|at| at > soonest_at) {
                self.set_session_timer_anew(now, link);
            }
        }
    }

    #[cold]
    fn set_session_timer_anew(&mut self, now: Timestamp, link: LinkId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let Some(due_at) = state.session.next_wakeup() else {
            return;
        };
        let due_at = due_at.max(now + TICK);
        if state.timer_at.is_none_or(|at| due_at < at) {
            state.timer_at = Some(due_at);
            self.timers.set(due_at, Timer::Session { link });
        }
    }

    pub(super) fn system_id_of(&self, link: LinkId) -> Option<CompactString> {
        let account = self.links.get(link)?.account?;
        Some(self.esmes[usize::from(account)].account.system_id.clone())
    }

    /// The state of a link's session; none when it is gone.
    pub fn session_state(&self, link: LinkId) -> Option<State> {
        self.links.get(link).map(|state| state.session.state())
    }
}

/// The specification's name of a PDU.
fn name(command: &Command) -> &'static str {
    smpp::command_id::name(command.pdu.command_id()).unwrap_or("unknown operation")
}

/// An `address_range` as an expression that is searched for in linear time (SMPP v3.4 Appendix A).
fn compiled(address_range: &str) -> Option<regex::Regex> {
    RegexBuilder::new(address_range)
        .size_limit(ADDRESS_RANGE_OCTETS_MAX)
        .build()
        .ok()
}
