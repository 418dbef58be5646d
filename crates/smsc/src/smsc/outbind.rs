//! Calls to ESMEs: a connection and an `outbind` when something waits that no session can take (SMPP v3.4 §2.2.1).

use std::net::IpAddr;

use smpp::{LinkId, Outbind, Pdu};
use sms::Timestamp;

use super::delivery::receives;
use super::state::Token;
use super::{Smsc, TICK};
use crate::event::Event;
use crate::port::Output;
use crate::timer::Timer;

impl Smsc {
    /// Asks for a connection to an account that is to be called, if something waits for it, no session of it can receive, and
    /// the last call is long enough ago.
    pub(super) fn call(&mut self, now: Timestamp, account: u16) {
        let esme = &self.esmes[usize::from(account)];
        let Some(address) = esme.account.outbind.clone() else {
            return;
        };
        let is_receiver = |link: &LinkId| self.links.get(*link).is_some_and(receives);
        if esme.waiting.is_empty() || esme.call_at.is_some() || esme.bound.iter().any(is_receiver) {
            return;
        }
        let system_id = esme.account.system_id.clone();
        let again_at = now + self.config.outbind_retry_after.max(TICK);
        self.esmes[usize::from(account)].call_at = Some(again_at);
        self.timers.set(again_at, Timer::Outbind { account });
        self.outputs.push(Output::Dial { system_id, address });
    }

    /// The last call to an account is long enough ago.
    pub(super) fn call_again(&mut self, now: Timestamp, account: u16) {
        let esme = &mut self.esmes[usize::from(account)];
        if esme.call_at.is_some_and(|at| at <= now) {
            esme.call_at = None;
            self.call(now, account);
        }
    }

    /// A connection stands that was asked for: the ESME is told who calls, and has its time to bind.
    pub(super) fn dialled(&mut self, now: Timestamp, link: LinkId, system_id: &str, peer: Option<IpAddr>) {
        self.connected(now, link, peer);
        let Some(password) = self.esme(system_id).map(|esme| esme.account.password.clone()) else {
            return;
        };
        let outbind = Pdu::Outbind(Outbind {
            system_id: self.config.system_id.clone(),
            password,
        });
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        // An outbind has no answer: what is attached to it is dropped.
        if let Ok(command) = state.session.send(now, outbind, Token::Unbind) {
            self.note(Event::Outbind {
                link,
                system_id: system_id.into(),
            });
            self.send(link, command);
            self.set_session_timer(now, link);
        }
    }
}
