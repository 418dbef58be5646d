//! Texts from handsets: which account has the code, and what the handset is told when none has.

use sms::{Address, Msisdn, Segment, Timestamp};

use super::Smsc;
use super::state::{Mo, What};
use crate::event::{DropReason, Event, Parcel};
use crate::port::Output;

impl Smsc {
    /// A segment from a handset has crossed the air. While its carrier's link is down it waits there.
    pub(super) fn mo(&mut self, now: Timestamp, from: Msisdn, to: Address, segment: Segment) {
        let state = &mut self.carriers[usize::from(self.plan.carrier(from))];
        if state.carrier.link_up {
            return self.route_mo(now, from, to, segment);
        }
        let event = if state.mo_waiting.len() < state.carrier.mo_waiting_max {
            state.mo_waiting.push_back(Mo {
                from,
                to: to.clone(),
                segment,
            });
            let (carrier, waiting) = (state.carrier.name.clone(), state.mo_waiting.len());
            Event::MoWaits {
                from,
                to,
                carrier,
                waiting,
            }
        } else {
            Event::Dropped {
                parcel: Parcel::Mo { from, to },
                system_id: None,
                reason: DropReason::WaitingMax,
            }
        };
        self.note(event);
    }

    /// A segment from a handset is at the message centre.
    pub(super) fn route_mo(&mut self, now: Timestamp, from: Msisdn, to: Address, segment: Segment) {
        let account = self.account_of_code(&to.digits);
        let state = self.carrier_state(self.plan.carrier(from));
        let owner = account.map(|account| &self.esmes[usize::from(account)]);
        let refusal = match owner {
            _ if state.blocks(&to.digits, owner.map(|esme| &esme.account)) => Some(DropReason::BlockedCode),
            None => Some(DropReason::UnknownCode),
            Some(esme) if esme.waiting.len() >= esme.account.waiting_max => Some(DropReason::WaitingMax),
            Some(_) => None,
        };
        match (account, refusal) {
            (Some(account), None) => self.deliver(now, account, What::Mo { from, to, segment }),
            (_, Some(reason)) => self.bounce(from, to, reason),
            (None, None) => unreachable!("a code without an account is refused"),
        }
    }

    fn bounce(&mut self, handset: Msisdn, code: Address, reason: DropReason) {
        self.note(Event::Bounced {
            to: handset,
            from: code.clone(),
            reason,
        });
        let text = self.config.bounce_text.clone();
        self.outputs.push(Output::Bounce {
            to: handset,
            from: code,
            text,
        });
    }

    /// The account that texts to a code go to: the one whose code matches it best; else one without codes of its own
    /// that has a session whose `address_range` names it; else one without codes whose session names no range at all.
    fn account_of_code(&self, code: &str) -> Option<u16> {
        let accounts = || (0_u16..).zip(&self.esmes);
        let provisioned = accounts()
            .filter_map(|(index, esme)| {
                let best = esme
                    .account
                    .codes
                    .iter()
                    .filter_map(|range| range.matches(code))
                    .max()?;
                Some((best, std::cmp::Reverse(index)))
            })
            .max()
            .map(|(_, std::cmp::Reverse(index))| index);
        let free = || accounts().filter(|(_, esme)| esme.account.codes.is_empty());
        let by_range = || free().find(|(_, esme)| esme.bound.iter().any(|link| self.asks_for(*link, code)));
        let everything =
            || free().find(|(_, esme)| esme.bound.iter().any(|link| self.asks_for_everything(*link)));
        provisioned.or_else(|| by_range().or_else(everything).map(|(index, _)| index))
    }

    fn asks_for_everything(&self, link: smpp::LinkId) -> bool {
        self.links
            .get(&link)
            .is_some_and(|state| !state.has_address_range && state.kind.is_some_and(smpp::BindKind::receives))
    }
}
