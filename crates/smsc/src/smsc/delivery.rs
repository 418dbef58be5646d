//! What goes to ESMEs: MO texts, receipts and alerts wait in order until a session can take them, and are sent again
//! until they are answered.

use std::sync::Arc;

use smpp::{
    AlertNotification, Command, LinkId, Pdu, SHORT_MESSAGE_OCTETS_MAX, ShortMessage, State, Status, Tlv,
    command_id, esm_class, tag,
};
use sms::Timestamp;

use super::Smsc;
use super::state::{Delivery, Esme, Link, REFUSED_MAX, Token, What};
use crate::account::ReceiptRoute;
use crate::draft::Draft;
use crate::event::{DropReason, Event, Parcel, WaitReason};
use crate::note::{AccountIndex, Note};
use crate::port::Output;
use crate::timer::Timer;

impl Smsc {
    /// A delivery with the next number.
    pub(super) fn delivery(&mut self, since: Timestamp, account: u16, what: What) -> Delivery {
        self.last_delivery += 1;
        Delivery {
            number: self.last_delivery,
            account,
            since,
            what,
        }
    }

    /// Brings something to an account: now if a session can take it, else as soon as one can.
    pub(super) fn deliver(&mut self, now: Timestamp, account: u16, what: What) {
        let delivery = Box::new(self.delivery(now, account, what));
        let esme = &self.esmes[usize::from(account)];
        if esme.waiting.is_empty()
            && let Some(link) = self.choose_link(esme, &delivery)
        {
            return self.transmit(now, link, delivery);
        }
        if esme.waiting.len() >= esme.account.waiting_max {
            return self.drop_delivery(&delivery, DropReason::WaitingMax);
        }
        let (reason, waiting) = (self.wait_reason(esme), esme.waiting.len() + 1);
        let waits = match (delivery.parcel(), u32::try_from(waiting)) {
            (Parcel::Receipt { message_id, state }, Ok(waiting)) => Note::ReceiptWaits {
                message_id,
                state,
                account: AccountIndex(account),
                reason,
                waiting,
            },
            (parcel, _) => Note::Event(Box::new(Event::WaitsForEsme {
                parcel,
                system_id: esme.account.system_id.clone(),
                reason,
                waiting,
            })),
        };
        self.jot(waits);
        self.wait_for_session(now, delivery);
    }

    /// Whether the account takes one thing more, at once or to wait.
    pub(super) fn has_room(&self, account: u16) -> bool {
        let esme = &self.esmes[usize::from(account)];
        let able = |link: &LinkId| self.links.get(*link).is_some_and(|state| can_take(state, esme));
        esme.waiting.len() < esme.account.waiting_max
            || (esme.waiting.is_empty() && esme.bound.iter().any(able))
    }

    /// Puts a delivery where its number says, and sees that it does not wait for ever.
    pub(super) fn wait_for_session(&mut self, now: Timestamp, delivery: Box<Delivery>) {
        let account = delivery.account;
        let esme = &mut self.esmes[usize::from(account)];
        let validity = esme.waiting_validity(self.config.waiting_validity);
        let expires_at = (delivery.since + validity).max(now + super::TICK);
        let set = esme.expiry_at.filter(|_| !esme.waiting.is_empty());
        esme.waiting.insert(delivery.number, delivery);
        if set.is_none_or(|at| expires_at < at) {
            if esme.expiry_at.replace(expires_at).is_some() {
                self.timers.forget();
            }
            self.timers.set(expires_at, Timer::Waiting { account });
        }
        self.call(now, account);
    }

    /// Sends what waits for an account, in order, while its sessions can take it.
    pub(super) fn dispatch(&mut self, now: Timestamp, account: u16) {
        let index = usize::from(account);
        loop {
            self.give_up_refused(account);
            let esme = &self.esmes[index];
            let Some((_, delivery)) = esme.waiting.first_key_value() else {
                return;
            };
            let Some(link) = self.choose_link(esme, delivery) else {
                return;
            };
            if let Some((_, delivery)) = self.esmes[index].waiting.pop_first() {
                self.transmit(now, link, delivery);
            }
        }
    }

    /// Gives up what waits first for an account, as far as the ESME does not want it any more.
    #[inline]
    fn give_up_refused(&mut self, account: u16) {
        if !self.esmes[usize::from(account)].refused.is_empty() {
            self.drop_refused(account);
        }
    }

    #[cold]
    fn drop_refused(&mut self, account: u16) {
        let index = usize::from(account);
        while let Some((number, delivery)) = self.esmes[index].waiting.first_key_value() {
            let refused = self.esmes[index].refused.get(&delivery.destination());
            if refused.is_none_or(|last| number > last) {
                return;
            }
            if let Some((_, delivery)) = self.esmes[index].waiting.pop_first() {
                self.drop_delivery(&delivery, DropReason::Rejected);
            }
        }
        self.esmes[index].refused.clear();
    }

    /// An ESME wants nothing of what waits for the destination of a delivery (SMPP v5.0 §4.7.6, `ESME_RX_P_APPN`). What comes
    /// later is tried.
    fn refuse_destination(&mut self, delivery: &Delivery) {
        let (last, destination) = (self.last_delivery, delivery.destination());
        let esme = &mut self.esmes[usize::from(delivery.account)];
        let Some((first, _)) = esme.waiting.first_key_value() else {
            return;
        };
        if esme.refused.len() >= REFUSED_MAX {
            esme.refused.retain(|_, last| *last >= *first);
        }
        if esme.refused.len() < REFUSED_MAX || esme.refused.contains_key(&destination) {
            esme.refused.insert(destination, last);
        }
    }

    /// Sends what waits for an account, in order, while a session that has just answered can take it. Who waits has found that
    /// no other can.
    fn dispatch_over(&mut self, now: Timestamp, account: u16, link: LinkId) {
        let index = usize::from(account);
        self.give_up_refused(account);
        while let Some(state) = self.links.get(link)
            && state.account == Some(account)
            && can_take(state, &self.esmes[index])
            && let Some((_, delivery)) = self.esmes[index].waiting.pop_first()
        {
            self.transmit(now, link, delivery);
            self.give_up_refused(account);
        }
    }

    /// The session that a delivery goes to; none while none can take it.
    fn choose_link(&self, esme: &Esme, delivery: &Delivery) -> Option<LinkId> {
        let is_able = |link: &LinkId| self.links.get(*link).is_some_and(|state| can_take(state, esme));
        let able = || esme.bound.iter().copied().filter(is_able);
        let in_turn = || able().nth(esme.turn % able().count().max(1));
        match &delivery.what {
            What::Receipt(receipt) if receipt.sibling => able()
                .find(|link| *link != receipt.link)
                .or_else(|| able().next()),
            What::Receipt(receipt) => match esme.account.receipts {
                ReceiptRoute::Same => Some(receipt.link).filter(is_able).or_else(|| able().next()),
                ReceiptRoute::Any => able().next(),
                ReceiptRoute::RoundRobin => in_turn(),
            },
            What::Mo { to, .. } if esme.account.codes.is_empty() => {
                let asking = || able().filter(|link| self.asks_for(*link, &to.digits));
                asking().nth(esme.turn % asking().count().max(1)).or_else(in_turn)
            }
            What::Mo { .. } | What::Acknowledgement(_) | What::Alert { .. } => in_turn(),
        }
    }

    /// Whether a session's `address_range` names that number.
    pub(super) fn asks_for(&self, link: LinkId, number: &str) -> bool {
        let range = self
            .links
            .get(link)
            .and_then(|state| state.address_range.as_ref());
        range.is_some_and(|range| range.is_match(number))
    }

    fn wait_reason(&self, esme: &Esme) -> WaitReason {
        let receivers = || {
            esme.bound
                .iter()
                .filter_map(|link| self.links.get(*link))
                .filter(|link| receives(link))
        };
        if receivers().next().is_none() {
            WaitReason::NotBound
        } else if receivers().all(|link| link.paused_until.is_some()) {
            WaitReason::Paused
        } else {
            WaitReason::WindowFull
        }
    }

    fn transmit(&mut self, now: Timestamp, link: LinkId, delivery: Box<Delivery>) {
        let state = self.links.get_mut(link).expect("chosen from the links");
        let esme = &mut self.esmes[usize::from(delivery.account)];
        esme.turn = esme.turn.wrapping_add(1);
        let sent = match &delivery.what {
            What::Receipt(receipt) if receipt.state.is_final() => Note::ReceiptSent {
                message_id: receipt.message_id,
                state: receipt.state,
                account: AccountIndex(delivery.account),
                link,
                submitted_at: receipt.submitted_at,
            },
            What::Receipt(_) | What::Mo { .. } | What::Acknowledgement(_) | What::Alert { .. } => {
                Note::Event(Box::new(Event::Sent {
                    parcel: delivery.parcel(),
                    system_id: esme.account.system_id.clone(),
                    link,
                }))
            }
        };
        let version = state.version;
        let with_tlvs = version >= 0x34;
        let data_sm = with_tlvs && esme.account.gets_data_sm;
        let silent = state.silent;
        let output = match &delivery.what {
            What::Receipt(receipt) => {
                let receipt = Arc::clone(receipt);
                let command_id = if data_sm {
                    command_id::DATA_SM
                } else {
                    command_id::DELIVER_SM
                };
                let requested = state.session.request(now, command_id, Token::Delivery(delivery));
                let sequence_number = requested.expect("the session can take it");
                let draft = Draft::Receipt {
                    receipt,
                    sequence_number,
                    version,
                    data_sm,
                };
                Output::Draft { link, draft }
            }
            What::Mo { from, to, segment } => {
                let codings = &esme.account.codings;
                let mut message = if codings.is_empty() {
                    ShortMessage::new(from.address(), to.clone(), segment)
                } else {
                    // Without message_payload, longer texts are written in what makes them short enough.
                    let octets_max = if with_tlvs {
                        usize::MAX
                    } else {
                        SHORT_MESSAGE_OCTETS_MAX
                    };
                    let segment = codings.write(segment.clone(), octets_max);
                    ShortMessage::carrying(from.address(), to.clone(), segment)
                };
                let carrier = usize::from(self.plan.carrier(*from));
                message.tlvs.extend(self.carriers[carrier].carrier.tlv.clone());
                send(now, link, state, carried(message, data_sm), delivery)
            }
            What::Acknowledgement(acknowledgement) => {
                let reference = acknowledgement.user_message_reference.filter(|_| with_tlvs);
                let reference = reference.map(|reference| Tlv::short(tag::USER_MESSAGE_REFERENCE, reference));
                let message = ShortMessage {
                    source: acknowledgement.from.address(),
                    destination: acknowledgement.to.clone(),
                    esm_class: esm_class::DELIVERY_ACK,
                    tlvs: reference.into_iter().collect(),
                    ..ShortMessage::default()
                };
                send(now, link, state, carried(message, data_sm), delivery)
            }
            What::Alert { msisdn, esme } => {
                let alert = AlertNotification {
                    source: msisdn.address(),
                    esme: esme.clone(),
                    tlvs: if with_tlvs {
                        vec![Tlv::octet(tag::MS_AVAILABILITY_STATUS, 0)]
                    } else {
                        Vec::new()
                    },
                };
                send(now, link, state, Pdu::AlertNotification(alert), delivery)
            }
        };
        self.jot(sent);
        if !silent {
            self.outputs.push(output);
        }
        self.set_session_timer(now, link);
    }

    /// An ESME answered a `deliver_sm`.
    pub(super) fn delivery_answered(
        &mut self,
        now: Timestamp,
        link: LinkId,
        delivery: Box<Delivery>,
        status: Status,
    ) {
        let account = delivery.account;
        let again = is_temporary(status);
        let taken = match delivery.parcel() {
            Parcel::Receipt { message_id, state } if status.is_ok() => Note::ReceiptTaken {
                message_id,
                state,
                account: AccountIndex(account),
                link,
            },
            parcel => Note::Event(Box::new(Event::Answered {
                parcel,
                system_id: self.esmes[usize::from(account)].account.system_id.clone(),
                link,
                status,
                again,
            })),
        };
        self.jot(taken);
        if again {
            let until = now + self.config.deliver_retry_after.max(super::TICK);
            if let Some(state) = self.links.get_mut(link) {
                state.paused_until = Some(until);
                self.timers.set(until, Timer::Resume { link });
            }
            self.wait_for_session(now, delivery);
            return self.dispatch(now, account);
        }
        if !status.is_ok() {
            self.drop_delivery(&delivery, DropReason::Rejected);
        }
        if status == Status::ESME_RX_P_APPN {
            self.refuse_destination(&delivery);
        }
        self.dispatch_over(now, account, link);
    }

    /// An ESME did not answer a `deliver_sm` in time.
    pub(super) fn unanswered(&mut self, now: Timestamp, link: LinkId, delivery: Box<Delivery>) {
        let account = delivery.account;
        let system_id = self.esmes[usize::from(account)].account.system_id.clone();
        self.note(Event::Unanswered {
            parcel: delivery.parcel(),
            system_id,
            link,
        });
        self.wait_for_session(now, delivery);
        self.dispatch(now, account);
    }

    /// A session's pause is over.
    pub(super) fn resume(&mut self, now: Timestamp, link: LinkId) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        if state.paused_until.is_some_and(|until| until <= now) {
            state.paused_until = None;
            if let Some(account) = state.account {
                self.dispatch(now, account);
            }
        }
    }

    /// Sees anew to it that what waits for an account does not wait for ever.
    pub(super) fn watch_waiting(&mut self, now: Timestamp, account: u16) {
        let esme = &mut self.esmes[usize::from(account)];
        let Some((_, first)) = esme.waiting.first_key_value() else {
            return;
        };
        let validity = esme.waiting_validity(self.config.waiting_validity);
        let expires_at = (first.since + validity).max(now + super::TICK);
        if esme.expiry_at.replace(expires_at).is_some() {
            self.timers.forget();
        }
        self.timers.set(expires_at, Timer::Waiting { account });
    }

    /// Gives up what has waited too long for an account.
    pub(super) fn expire_waiting(&mut self, now: Timestamp, account: u16) {
        if self.esmes[usize::from(account)]
            .expiry_at
            .is_none_or(|at| at > now)
        {
            return;
        }
        self.esmes[usize::from(account)].expiry_at = None;
        let validity = self.esmes[usize::from(account)].waiting_validity(self.config.waiting_validity);
        while let Some((_, delivery)) = self.esmes[usize::from(account)].waiting.first_key_value() {
            let expires_at = delivery.since + validity;
            if expires_at > now {
                self.esmes[usize::from(account)].expiry_at = Some(expires_at);
                self.timers.set(expires_at, Timer::Waiting { account });
                return;
            }
            let (_, delivery) = self.esmes[usize::from(account)]
                .waiting
                .pop_first()
                .expect("looked at above");
            self.drop_delivery(&delivery, DropReason::Expired);
        }
    }

    pub(super) fn drop_delivery(&mut self, delivery: &Delivery, reason: DropReason) {
        let system_id = Some(
            self.esmes[usize::from(delivery.account)]
                .account
                .system_id
                .clone(),
        );
        self.note(Event::Dropped {
            parcel: delivery.parcel(),
            system_id,
            reason,
        });
    }
}

/// What carries a text to an ESME.
fn carried(message: ShortMessage, data_sm: bool) -> Pdu {
    match data_sm {
        true => Pdu::DataSm(message.into()),
        false => Pdu::DeliverSm(message),
    }
}

/// Makes a request of a delivery that is no receipt, over a link that can take it.
fn send(now: Timestamp, link: LinkId, state: &mut Link, pdu: Pdu, delivery: Box<Delivery>) -> Output {
    let mut command = Box::new(Command::request(0, pdu));
    let taken = state
        .session
        .send_in_place(now, &mut command, Token::Delivery(delivery));
    assert!(taken.is_ok(), "the session can take it");
    Output::Send { link, command }
}

/// Whether a session is bound to receive and not on its way out.
pub(super) fn receives(link: &Link) -> bool {
    !link.unbinding && matches!(link.session.state(), State::BoundRx | State::BoundTrx)
}

fn can_take(link: &Link, esme: &Esme) -> bool {
    let window = esme.account.window_max.min(link.session.window_max());
    receives(link) && link.paused_until.is_none() && link.session.outstanding() < window
}

/// Whether an ESME's answer asks for another attempt: `ESME_RX_T_APPN`, or one that says "not now".
const fn is_temporary(status: Status) -> bool {
    matches!(
        status,
        Status::ESME_RX_T_APPN | Status::ESME_RSYSERR | Status::ESME_RMSGQFUL | Status::ESME_RTHROTTLED
    )
}
