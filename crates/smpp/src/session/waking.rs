//! What a session does when nothing comes: its timers.

use std::time::Duration;

use sms::Timestamp;

use super::{Session, is_bind};
use crate::command_id;
use crate::outcome::TimerEvent;
use crate::pdu::{Command, Pdu};
use crate::state::State;
use crate::timers::Timers;

impl<T> Session<T> {
    /// When [`Session::on_timer`] has something to do.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        [
            self.session_init_at(),
            self.enquire_link_at(),
            self.inactivity_at(),
            self.unbound_until(),
            self.response_due_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// How long whatever begins now lasts at least before [`Session::on_timer`] has something to do about it.
    pub fn shortest_timer(&self) -> Duration {
        if self.state.is_bound() && self.outstanding.is_empty() {
            self.shortest_idle
        } else {
            self.shortest
        }
    }

    /// Does what is due by `now`.
    pub fn on_timer(&mut self, now: Timestamp) -> Vec<TimerEvent<T>> {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let mut events = Vec::new();
        while is_due(self.response_due_at()) {
            events.extend(self.time_out_request());
        }
        if is_due(self.session_init_at()) {
            self.opened_at = None;
            events.push(TimerEvent::SessionInitExpired);
        }
        if is_due(self.unbound_until()) {
            self.unbound_at = None;
            events.push(TimerEvent::InactivityExpired);
        }
        if is_due(self.inactivity_at()) {
            self.inactive_since = now;
            events.push(TimerEvent::InactivityExpired);
        } else if is_due(self.enquire_link_at()) {
            self.enquired_at = now;
            let sequence_number = self.take_sequence_number();
            self.outstanding
                .insert(now, sequence_number, command_id::ENQUIRE_LINK, None);
            events.push(TimerEvent::EnquireLink(Command::request(
                sequence_number,
                Pdu::EnquireLink,
            )));
        }
        events
    }

    /// The answer to a bind that is here comes later: session_init, which ends with the bind (SMPP v3.4 §7.2), waits for no
    /// more, unless the bind is refused then.
    pub const fn hold_bind(&mut self) {
        self.opened_at = None;
    }

    /// From now on it neither asks whether the peer is there nor ends because nothing comes. Its own requests run out as
    /// before.
    pub fn stand_still(&mut self) {
        self.limits.timers = Timers {
            response: self.limits.timers.response,
            ..Timers::OFF
        };
        self.shortest = self.limits.timers.shortest();
        self.shortest_idle = self.limits.timers.shortest_idle();
    }

    fn time_out_request(&mut self) -> Option<TimerEvent<T>> {
        let (sequence_number, sent_at) = self.outstanding.first()?;
        let request_id = self.outstanding.command_id(sequence_number)?;
        let (token, _) = self.outstanding.remove(sequence_number)?;
        self.is_binding &= !is_bind(request_id);
        self.is_unbinding &= request_id != command_id::UNBIND;
        match token {
            Some(token) => Some(TimerEvent::ResponseTimedOut(token)),
            // Any PDU since is evidence of life (SMPP v3.4 §4.11); a session that asks no more does not mind.
            None if self.received_at >= sent_at || self.limits.timers.enquire_link.is_none() => None,
            None => Some(TimerEvent::EnquireLinkTimedOut),
        }
    }

    fn session_init_at(&self) -> Option<Timestamp> {
        Some(self.opened_at.filter(|_| self.state.is_before_bind())? + self.limits.timers.session_init?)
    }

    fn enquire_link_at(&self) -> Option<Timestamp> {
        if !self.state.is_bound() || self.is_unbinding {
            return None;
        }
        Some(self.received_at.max(self.enquired_at) + self.limits.timers.enquire_link?)
    }

    fn inactivity_at(&self) -> Option<Timestamp> {
        if !self.state.is_bound() {
            return None;
        }
        Some(self.inactive_since + self.limits.timers.inactivity?)
    }

    fn unbound_until(&self) -> Option<Timestamp> {
        Some(self.unbound_at.filter(|_| self.state == State::Unbound)? + self.limits.timers.response?)
    }

    fn response_due_at(&self) -> Option<Timestamp> {
        Some(self.outstanding.first()?.1 + self.limits.timers.response?)
    }
}
