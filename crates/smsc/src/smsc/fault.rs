//! What goes wrong on demand: which effect a text meets, and what the effects are.

use bytes::{BufMut, Bytes, BytesMut};
use smpp::{Command, LinkId, MessageIdResp, Pdu, ShortMessage, Status};
use sms::Timestamp;

use super::Smsc;
use super::submit::Sender;
use crate::carrier::ReceiptMode;
use crate::event::Event;
use crate::fault::{Effect, MAGIC_FAILURES, SWAPPED_ANSWER_MAX, magic};
use crate::message_id::MessageId;
use crate::port::{Disturbance, Output, PageOutcome};
use crate::timer::Timer;

/// The `command_id` of `submit_sm_resp`.
const SUBMIT_SM_RESP: u32 = 0x8000_0004;

impl Smsc {
    /// The effect that a text meets: that of the first rule of its carrier that acts on it, else that of its number.
    pub(super) fn effect_on(&mut self, sender: Sender, message: &ShortMessage) -> Option<Effect> {
        let to = message.destination.msisdn();
        let carrier = to.map_or(0, |to| self.plan.carrier(to));
        let state = &mut self.carriers[usize::from(carrier)];
        if !state.faults.is_empty() {
            let account = &self.esmes[usize::from(sender.account)].account.system_id;
            let effect = state.effect(account, to, &message.segment().text());
            if effect.is_some() {
                return effect;
            }
        }
        let magic = magic(to.filter(|_| self.config.magic_numbers)?)?;
        if !magic.at_first {
            return Some(magic.effect);
        }
        let failures = self.magic_failures.entry(to?).or_default();
        if *failures < MAGIC_FAILURES {
            *failures += 1;
            Some(magic.effect)
        } else {
            Some(Effect::Outcome(PageOutcome::Delivered))
        }
    }

    /// Does what an effect does instead of submitting the text; false when the text is to be submitted.
    pub(super) fn disturb(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        effect: Effect,
    ) -> bool {
        let link = sender.link;
        match effect {
            Effect::Nack => self.nack(link, request.sequence_number),
            Effect::NackWithoutSequence => self.nack(link, 0),
            Effect::Malformed => {
                let how = Disturbance::Octets(endless_response(request.sequence_number));
                self.outputs.push(Output::Disturb { link, how });
            }
            Effect::Unbind => self.unbind_link(now, link),
            Effect::Reset => self.reset(now, link),
            Effect::Silence => {
                if let Some(state) = self.links.get_mut(link) {
                    state.silent = true;
                }
            }
            Effect::Slow(octets_per_s) => {
                let octets_per_s = octets_per_s.max(1);
                let how = Disturbance::Slow { octets_per_s };
                self.outputs.push(Output::Disturb { link, how });
                return false;
            }
            Effect::Answer(_)
            | Effect::NoAnswer
            | Effect::LateAnswer(_)
            | Effect::OutOfOrder
            | Effect::WrongSequence
            | Effect::Receipt(_)
            | Effect::Outcome(_) => return false,
        }
        true
    }

    fn nack(&mut self, link: LinkId, sequence_number: u32) {
        let status = Status::ESME_RSYSERR;
        self.note(Event::PduRefused {
            link,
            answer: "generic_nack",
            status,
            reason: "that answer was asked for",
        });
        let nack = Command::response(sequence_number, status, Pdu::GenericNack);
        self.send(link, nack);
    }

    /// Answers a stored text as an effect has it, and starts it.
    pub(super) fn answer_as(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        (id, slot): (MessageId, u32),
        effect: Option<Effect>,
    ) {
        self.mark(now, request, slot, effect);
        let response = |state: &mut Self| {
            let resp = MessageIdResp::new(&id.text());
            let link = state.links.get_mut(sender.link)?;
            Some(
                link.session
                    .respond(request, Status::ESME_ROK, Pdu::SubmitSmResp(resp)),
            )
        };
        match effect {
            Some(Effect::NoAnswer) => {
                if let Some(state) = self.links.get_mut(sender.link) {
                    state.held += 1;
                }
                self.start(now, slot);
            }
            Some(Effect::LateAnswer(by)) => {
                if let Some(answer) = response(self) {
                    self.hold_answer(now + by.max(super::TICK), sender.link, answer);
                }
                self.start(now, slot);
            }
            Some(Effect::OutOfOrder) => {
                self.release_overtaken(sender.link);
                if let Some(answer) = response(self) {
                    let number = self.hold_answer(now + SWAPPED_ANSWER_MAX, sender.link, answer);
                    if let Some(state) = self.links.get_mut(sender.link) {
                        state.overtaken = Some(number);
                    }
                }
                self.start(now, slot);
            }
            Some(Effect::WrongSequence) => {
                if let Some(mut answer) = response(self) {
                    answer.sequence_number = answer.sequence_number.wrapping_add(1_000_000) & 0x7FFF_FFFF;
                    self.send(sender.link, answer);
                }
                self.start(now, slot);
            }
            None
            | Some(
                Effect::Answer(_)
                | Effect::Nack
                | Effect::NackWithoutSequence
                | Effect::Malformed
                | Effect::Unbind
                | Effect::Reset
                | Effect::Silence
                | Effect::Slow(_)
                | Effect::Receipt(_)
                | Effect::Outcome(_),
            ) => {
                self.answer_and_start(now, sender, request, id, slot);
                self.release_overtaken(sender.link);
            }
        }
    }

    /// Notes on a stored text what is to come of it, and sends the receipt that comes before the answer.
    fn mark(&mut self, now: Timestamp, request: &Command, slot: u32, effect: Option<Effect>) {
        let to_magic = match &request.pdu {
            Pdu::SubmitSm(message) => message.destination.msisdn().and_then(magic).is_some(),
            _ => false,
        };
        let message = self.store.message_mut(slot);
        // No handset is behind a magic number: what does not fail there arrives.
        if to_magic && self.config.magic_numbers {
            message.outcome = Some(PageOutcome::Delivered);
        }
        if let Some(Effect::Outcome(outcome)) = effect {
            message.outcome = Some(outcome);
        }
        if let Some(Effect::Receipt(mode)) = effect {
            message.receipt_mode = Some(mode);
        }
        let carrier = self.carriers[usize::from(message.carrier)].carrier.receipt_mode;
        if self.store.message(slot).receipt_mode.unwrap_or(carrier) == ReceiptMode::Early {
            self.report_hand_over(now, slot);
        }
    }

    fn hold_answer(&mut self, due_at: Timestamp, link: LinkId, answer: Command) -> u64 {
        self.last_delivery += 1;
        let number = self.last_delivery;
        self.timers.set(due_at, Timer::LateAnswer { number });
        self.late_answers.insert(number, (link, answer));
        if let Some(state) = self.links.get_mut(link) {
            state.held += 1;
        }
        number
    }

    /// Sends the answer that another has just overtaken.
    fn release_overtaken(&mut self, link: LinkId) {
        let overtaken = self.links.get_mut(link).and_then(|state| state.overtaken.take());
        if let Some(number) = overtaken {
            self.send_late_answer(number);
        }
    }

    /// Sends an answer that was held back; over a link that is gone it goes nowhere.
    pub(super) fn send_late_answer(&mut self, number: u64) {
        let Some((link, answer)) = self.late_answers.remove(number) else {
            return;
        };
        if let Some(state) = self.links.get_mut(link) {
            state.held = state.held.saturating_sub(1);
            self.send(link, answer);
        }
    }
}

/// A `submit_sm_resp` whose `message_id` lacks its NUL.
fn endless_response(sequence_number: u32) -> Bytes {
    let message_id = b"no end";
    let mut octets = BytesMut::new();
    octets.put_u32(22);
    octets.put_u32(SUBMIT_SM_RESP);
    octets.put_u32(0);
    octets.put_u32(sequence_number);
    octets.put_slice(message_id);
    octets.freeze()
}
