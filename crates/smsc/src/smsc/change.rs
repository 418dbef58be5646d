//! An operator changes how a carrier behaves.

use compact_str::format_compact;
use sms::Timestamp;

use super::Smsc;
use crate::account::Account;
use crate::event::Event;
use crate::fault::{Armed, FAULTS_MAX};
use crate::port::Change;
use crate::throttle::Throttle;
use crate::timer::Timer;

impl Smsc {
    pub(super) fn change(&mut self, now: Timestamp, carrier: &str, change: Change) {
        let Some(index) = self.carrier_index(carrier) else {
            return;
        };
        let setting = format_compact!("{change}");
        if matches!(change, Change::Fault(_)) && !self.has_room_for_fault(index) {
            let reason = "the carrier has as many rules as it may have";
            return self.note(Event::NotChanged {
                carrier: carrier.into(),
                setting,
                reason,
            });
        }
        let state = &mut self.carriers[usize::from(index)];
        match change {
            Change::LinkUp => return self.link_up(now, index),
            Change::LinkDown => return self.link_down(index),
            Change::Latency(latency) => state.carrier.latency = latency,
            Change::Loss(percent) => state.carrier.loss_percent = percent,
            Change::BlockCode(code) => {
                state.carrier.blocked_codes.insert(code);
            }
            Change::UnblockCode(code) => {
                state.carrier.blocked_codes.remove(&code);
            }
            Change::Answer { status, count } => {
                state.answer = Some((status, count)).filter(|_| !status.is_ok() && count != Some(0));
            }
            Change::Fault(fault) => {
                self.operation_rules += usize::from(fault.is_about_others());
                state.faults.push(Armed::new(*fault));
            }
            Change::NoFaults => {
                let others = state.faults.iter().filter(|armed| armed.fault.is_about_others());
                self.operation_rules -= others.count();
                state.faults.clear();
                state.answer = None;
            }
            Change::Throttle(per_s) => {
                state.carrier.throttle_per_s = per_s;
                state.throttle = Throttle::new(per_s, now);
            }
            Change::Receipts(mode) => state.carrier.receipt_mode = mode,
        }
        self.note(Event::Changed {
            carrier: carrier.into(),
            setting,
        });
    }

    /// Whether a carrier keeps one rule more. Those that act no more make room first: a world that is served for weeks has
    /// many rules with a count.
    fn has_room_for_fault(&mut self, index: u16) -> bool {
        let faults = &mut self.carriers[usize::from(index)].faults;
        if faults.len() >= FAULTS_MAX {
            let others = |faults: &[Armed]| {
                faults
                    .iter()
                    .filter(|armed| armed.fault.is_about_others())
                    .count()
            };
            let before = others(faults);
            faults.retain(|armed| armed.left != Some(0));
            self.operation_rules -= before - others(faults);
        }
        faults.len() < FAULTS_MAX
    }

    /// What goes wrong on demand at a carrier from now on, in the words that set it: the status that was asked for last, and
    /// the rules that act still, with the number of times that is left of them.
    pub fn answers(&self, carrier: &str) -> (Option<String>, Vec<String>) {
        let state = self.carrier_index(carrier).map(|index| self.carrier_state(index));
        let status = state.and_then(|state| state.answer);
        let status = status.map(|(status, count)| Change::Answer { status, count }.to_string());
        let rules = state.iter().flat_map(|state| &state.faults);
        let rules = rules.filter(|armed| armed.left != Some(0)).map(|armed| {
            let mut rule = armed.fault.clone();
            rule.count = armed.left;
            rule.to_string()
        });
        let words = status.and_then(|words| Some(words.strip_prefix("answer ")?.to_owned()));
        (words, rules.collect())
    }

    pub(super) fn change_account(&mut self, now: Timestamp, mut account: Account) {
        let mut esmes = (0_u16..).zip(&mut self.esmes);
        let Some((index, esme)) = esmes.find(|(_, esme)| esme.account.system_id == account.system_id) else {
            return;
        };
        account.password = esme.account.password.clone();
        let before = std::mem::replace(&mut esme.account, account);
        let account = &esme.account;
        if account.submits_per_second_max != before.submits_per_second_max {
            esme.throttle = Throttle::new(account.submits_per_second_max, now);
        }
        if account.session_submits_per_second_max != before.session_submits_per_second_max {
            for link in &esme.bound {
                if let Some(state) = self.links.get_mut(*link) {
                    state.throttle = Throttle::new(account.session_submits_per_second_max, now);
                }
            }
        }
        if account.waiting_validity != before.waiting_validity {
            self.watch_waiting(now, index);
        }
        self.dispatch(now, index);
    }

    /// Begins to keep to the hours of the carriers' outages.
    pub(super) fn watch_outages(&mut self, now: Timestamp) {
        for index in 0..u16::try_from(self.carriers.len()).expect("carriers are numbered by u16") {
            if !self.carrier_state(index).carrier.outages.is_empty() {
                self.outage_edge(now, index);
            }
        }
    }

    /// An outage begins or ends; the next edge is waited for.
    pub(super) fn outage_edge(&mut self, now: Timestamp, index: u16) {
        let carrier = &self.carriers[usize::from(index)].carrier;
        let zone = &self.config.zone;
        let down = carrier.outages.iter().any(|outage| outage.covers(now, zone));
        let edges = carrier
            .outages
            .iter()
            .filter_map(|outage| outage.next_edge(now, zone));
        let (next, up) = (edges.min(), carrier.link_up);
        self.carriers[usize::from(index)].outage_at = next;
        if let Some(at) = next {
            self.timers.set(at, Timer::Outage { carrier: index });
        }
        if down && up {
            self.link_down(index);
        } else if !down && !up {
            self.link_up(now, index);
        }
    }

    /// Everything that waits is tried at once: MO texts in order, then the handsets' queues, the oldest text first.
    fn link_up(&mut self, now: Timestamp, index: u16) {
        let state = &mut self.carriers[usize::from(index)];
        state.carrier.link_up = true;
        let (carrier, mo_waiting) = (state.carrier.name.clone(), std::mem::take(&mut state.mo_waiting));
        self.note(Event::CarrierLink {
            carrier,
            up: true,
            waiting: self.store.held(index),
        });
        for mo in mo_waiting {
            self.route_mo(now, mo.from, mo.to, mo.segment);
        }
        for msisdn in self.store.waiting_handsets(index) {
            self.attempt(now, msisdn);
        }
    }

    /// What is in the air arrives; everything else waits.
    fn link_down(&mut self, index: u16) {
        let state = &mut self.carriers[usize::from(index)];
        state.carrier.link_up = false;
        let carrier = state.carrier.name.clone();
        self.note(Event::CarrierLink {
            carrier,
            up: false,
            waiting: self.store.held(index),
        });
    }
}
