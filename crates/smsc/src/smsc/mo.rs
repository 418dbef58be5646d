//! Texts from handsets: which account has the code, and what the handset is told when none has.

use compact_str::{CompactString, format_compact};
use smpp::LinkId;
use sms::{Address, Msisdn, Segment, Timestamp};

use super::Smsc;
use super::state::{Mo, What, code_of};
use super::submit::{HANDSET, Sender};
use crate::carrier::{StopMode, UnprovisionedMo};
use crate::check::Submission;
use crate::event::{DropReason, Event, Parcel};
use crate::message::{Destination, ServiceType};
use crate::port::Output;

impl Smsc {
    /// A segment from a handset has crossed the air. While its carrier's link is down it waits there.
    pub(super) fn mo(&mut self, now: Timestamp, from: Msisdn, to: Address, segment: Segment) {
        let state = &mut self.carriers[usize::from(self.plan.carrier(from))];
        let Some(segment) = state.carrier.mangle(segment) else {
            return self.bounce(from, to, DropReason::Binary);
        };
        let segment = state.carrier.without_header(segment);
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

    /// A segment from a handset is at the message centre: it is for an ESME, or for another handset.
    pub(super) fn route_mo(&mut self, now: Timestamp, from: Msisdn, to: Address, segment: Segment) {
        let state = self.carrier_state(self.plan.carrier(from));
        let account = self.account_of_code(&to.digits, &state.carrier.name);
        let owner = account.map(|account| &self.esmes[usize::from(account)]);
        if state.blocks(&to.digits, owner.map(|esme| &esme.account)) {
            return self.bounce(from, to, DropReason::BlockedCode);
        }
        if self.opt(from, &to, account, &segment) {
            return;
        }
        match (account, Destination::of(&to)) {
            (Some(account), _) if self.has_room(account) => {
                let segment = self
                    .carrier_state(self.plan.carrier(from))
                    .carrier
                    .convert_mo(segment);
                self.deliver(now, account, What::Mo { from, to, segment });
            }
            (Some(_), _) => self.bounce(from, to, DropReason::WaitingMax),
            (None, Some(handset)) => self.store_mo(now, from, to, handset, segment),
            (None, None) => self.bounce(from, to, DropReason::UnknownCode),
        }
    }

    /// A text from handset to handset is stored and forwarded like any other; nobody gets a receipt.
    fn store_mo(
        &mut self,
        now: Timestamp,
        from: Msisdn,
        to: Address,
        handset: Destination,
        segment: Segment,
    ) {
        if self.store.len() >= self.config.messages_max {
            return self.bounce(from, to, DropReason::WaitingMax);
        }
        let sender = Sender {
            link: LinkId(0),
            account: HANDSET,
            version: 0x34,
        };
        let submission = Submission {
            source: from.address().into(),
            data_coding: segment.data_coding,
            segment,
            scheduled_at: None,
            expires_at: None,
            registered_delivery: 0,
            datagram: false,
            transaction: false,
            user_message_reference: None,
            set_dpf: false,
            replace: false,
        };
        let key = (self.store.next_number(), 0);
        let to_it = (handset, self.plan.carrier(handset.msisdn));
        match self.accept(now, sender, submission, to_it, ServiceType::default(), key) {
            Ok((_, slot)) => self.start(now, slot),
            Err(_) => self.bounce(from, to, DropReason::TooLong),
        }
    }

    /// Lets the handset's carrier act on a stop or start word; true when the text goes no further.
    fn opt(&mut self, from: Msisdn, to: &Address, account: Option<u16>, segment: &Segment) -> bool {
        let owner = account.map(|account| &self.esmes[usize::from(account)].account);
        let code = CompactString::new(code_of(&to.digits, owner));
        let state = &mut self.carriers[usize::from(self.plan.carrier(from))];
        let mode = state.carrier.stop;
        // A number of a handset is no program that one could opt out of.
        if mode == StopMode::PassThrough || (account.is_none() && to.msisdn().is_some()) {
            return false;
        }
        let word = keyword(&segment.text());
        let key = (from, code);
        let out = state.carrier.stop_words.contains(&word);
        let is_full = state.opt_outs.len() >= state.carrier.opt_outs_max;
        if out && is_full && !state.opt_outs.contains(&key) {
            let (carrier, (handset, code)) = (state.carrier.name.clone(), key);
            let setting = format_compact!("that {handset} opts out of {code}");
            let reason = "the carrier keeps as many opt-outs as it may";
            self.note(Event::NotChanged {
                carrier,
                setting,
                reason,
            });
            return false;
        }
        if out {
            state.opt_outs.insert(key.clone());
        } else if !state.carrier.start_words.contains(&word) || !state.opt_outs.remove(&key) {
            return false;
        }
        let (carrier, text) = (state.carrier.name.clone(), state.carrier.stop_reply.clone());
        let (handset, code) = key;
        self.note(Event::OptedOut {
            handset,
            code,
            carrier,
            out,
        });
        if out && !text.is_empty() {
            let from_code = to.clone();
            self.outputs.push(Output::Bounce {
                to: from,
                from: from_code,
                text,
            });
        }
        mode == StopMode::Swallow
    }

    /// A text goes nowhere: the handset is told, or not, as its carrier does.
    fn bounce(&mut self, handset: Msisdn, code: Address, reason: DropReason) {
        let carrier = &self.carrier_state(self.plan.carrier(handset)).carrier;
        if carrier.unprovisioned_mo == UnprovisionedMo::Drop {
            let parcel = Parcel::Mo {
                from: handset,
                to: code,
            };
            return self.note(Event::Dropped {
                parcel,
                system_id: None,
                reason,
            });
        }
        let text = carrier
            .bounce_text
            .clone()
            .unwrap_or_else(|| self.config.bounce_text.clone());
        let from = match &carrier.bounce_from {
            Some(digits) => Address {
                digits: digits.clone(),
                ..code.clone()
            },
            None => code.clone(),
        };
        self.note(Event::Bounced {
            to: handset,
            from: code,
            reason,
        });
        self.outputs.push(Output::Bounce {
            to: handset,
            from,
            text,
        });
    }

    /// The account that texts to a code from a carrier's handsets go to, of those that are for that carrier: the one whose code
    /// matches it best, and of several that which names the carrier; else one without codes of its own that has a session whose `address_range` names it; else one without codes whose session names no range at all.
    fn account_of_code(&self, code: &str, carrier: &str) -> Option<u16> {
        let accounts = || {
            (0_u16..)
                .zip(&self.esmes)
                .filter(|(_, esme)| esme.account.is_for(carrier))
        };
        let provisioned = accounts()
            .filter_map(|(index, esme)| {
                let best = esme
                    .account
                    .codes
                    .iter()
                    .filter_map(|range| range.matches(code))
                    .max()?;
                let names_it = !esme.account.carriers.is_empty();
                Some((best, names_it, std::cmp::Reverse(index)))
            })
            .max()
            .map(|(.., std::cmp::Reverse(index))| index);
        let free = || accounts().filter(|(_, esme)| esme.account.codes.is_empty());
        let by_range = || free().find(|(_, esme)| esme.bound.iter().any(|link| self.asks_for(*link, code)));
        let everything =
            || free().find(|(_, esme)| esme.bound.iter().any(|link| self.asks_for_everything(*link)));
        provisioned.or_else(|| by_range().or_else(everything).map(|(index, _)| index))
    }

    fn asks_for_everything(&self, link: LinkId) -> bool {
        self.links.get(link).is_some_and(|state| {
            state.address_range.is_none() && state.kind.is_some_and(smpp::BindKind::receives)
        })
    }
}

/// A text as keywords are compared: in capitals, without punctuation, the blanks between its words single.
fn keyword(text: &str) -> CompactString {
    let plain: String = text
        .chars()
        .map(|character| match character.is_alphanumeric() {
            true => character,
            false => ' ',
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    CompactString::from(words.join(" ").to_uppercase())
}
