//! What goes wrong on demand: which effect a request meets, and what the effects are.

use bytes::{BufMut, Bytes, BytesMut};
use smpp::{Command, Frame, LinkId, MessageIdResp, Pdu, Received, ShortMessage, Status, command_id};
use sms::{Msisdn, Timestamp};

use super::Smsc;
use super::state::Held;
use super::submit::Sender;
use crate::carrier::ReceiptMode;
use crate::event::{CloseReason, Event};
use crate::fault::{Effect, MAGIC_FAILURES, SWAPPED_ANSWER_MAX, brings_text, magic};
use crate::message_id::MessageId;
use crate::port::{Disturbance, Output, PageOutcome};
use crate::timer::Timer;

impl Smsc {
    /// The effect that a text meets at a number: that of the first rule of its carrier that acts on it, else that of the
    /// number.
    pub(super) fn effect_on(
        &mut self,
        sender: Sender,
        operation: u32,
        to: Option<Msisdn>,
        message: &ShortMessage,
    ) -> Option<Effect> {
        let carrier = to.map_or(0, |to| self.plan.carrier(to));
        let state = &mut self.carriers[usize::from(carrier)];
        if !state.faults.is_empty() {
            let account = &self.esmes[usize::from(sender.account)].account;
            let reads = state.faults.iter().any(|armed| armed.fault.text.is_some());
            let text = match reads {
                true => account.read(message.segment()).text(),
                false => String::new(),
            };
            let effect = state.effect(operation, &account.system_id, to, &text);
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

    /// Does what an effect does instead of what was asked for; false when that is to be done.
    pub(super) fn disturb(
        &mut self,
        now: Timestamp,
        link: LinkId,
        request: &Command,
        effect: Effect,
    ) -> bool {
        match effect {
            Effect::Nack => self.nack(link, request.sequence_number),
            Effect::NackWithoutSequence => self.nack(link, 0),
            Effect::Malformed => {
                let how = Disturbance::Octets(endless_response(request));
                self.outputs.push(Output::Disturb { link, how });
            }
            Effect::WrongLength => {
                let how = Disturbance::Octets(short_response(request));
                self.outputs.push(Output::Disturb { link, how });
            }
            Effect::Cut => {
                let whole = endless_response(request);
                let how = Disturbance::Octets(whole.slice(..whole.len() / 2));
                self.outputs.push(Output::Disturb { link, how });
                self.close(now, link, CloseReason::Cut);
            }
            Effect::Unbind => self.unbind_link(now, link),
            Effect::Reset => self.reset(now, link),
            Effect::Silence => {
                if let Some(state) = self.links.get_mut(link) {
                    state.silent = true;
                    // No timer of this end closes what the peer is to find dead by itself.
                    state.session.stand_still();
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
            | Effect::NoBody
            | Effect::Receipt(_)
            | Effect::Outcome(_) => return false,
        }
        true
    }

    /// Takes a request that brings no text to a number as the first rule that is about it has it; false when none is.
    pub(super) fn receive_disturbed(&mut self, now: Timestamp, link: LinkId, frame: &Frame) -> bool {
        if self.links.get(link).is_none_or(|state| state.silent) {
            return false;
        }
        let Frame::Pdu { command, .. } = frame else {
            return false;
        };
        let operation = command.pdu.command_id();
        if brings_text(operation) || command_id::is_response(operation) {
            return false;
        }
        let account = match &command.pdu {
            Pdu::Bind(bind) => bind.system_id.clone(),
            _ => self.system_id_of(link).unwrap_or_default(),
        };
        let effect = self
            .carriers
            .iter_mut()
            .find_map(|state| state.effect(operation, &account, None, ""));
        let Some(mut effect) = effect.filter(|effect| !effect.is_for_texts()) else {
            return false;
        };
        // What is answered later is kept until then.
        if matches!(effect, Effect::LateAnswer(_) | Effect::OutOfOrder)
            && let Err(refusal) = self.check_held(link)
        {
            effect = Effect::Answer(refusal.status);
        }
        self.note(Event::RequestDisturbed {
            link,
            operation: command_id::name(operation).unwrap_or("unknown operation"),
            effect: effect.words(),
        });
        let request = command;
        if let Effect::Answer(status) = effect {
            let refusal = self
                .links
                .get(link)
                .and_then(|state| state.session.refusal(request, status));
            if let Some(refusal) = refusal {
                self.send(link, refusal);
            }
        } else if !self.disturb(now, link, request, effect) {
            self.receive_and_answer_as(now, link, frame, request.sequence_number, effect);
        }
        true
    }

    /// Takes a frame as usual, but sends its answer as an effect has it.
    fn receive_and_answer_as(
        &mut self,
        now: Timestamp,
        link: LinkId,
        frame: &Frame,
        sequence_number: u32,
        effect: Effect,
    ) {
        let is_bind = matches!(frame, Frame::Pdu { command, .. } if matches!(command.pdu, Pdu::Bind(_)));
        if is_bind && effect.holds_answer_back() {
            return self.hold_bind(now, link, frame, effect);
        }
        let before = self.outputs.len();
        self.received_as_usual(now, link, frame);
        let is_answer = |output: &Output| {
            matches!(output, Output::Send { link: its, command } if *its == link
                && command.pdu.is_response()
                && command.sequence_number == sequence_number)
        };
        let place = self.outputs[before..].iter().position(is_answer);
        if let Some(place) = place
            && let Output::Send { command, .. } = self.outputs.remove(before + place)
        {
            // What came after the answer stays after it.
            let after = self.outputs.split_off(before + place);
            self.send_as(now, link, *command, Some(effect));
            self.outputs.extend(after);
        }
    }

    /// Takes a bind whose answer comes later, or never.
    fn hold_bind(&mut self, now: Timestamp, link: LinkId, frame: &Frame, effect: Effect) {
        let Some(state) = self.links.get_mut(link).filter(|state| !state.silent) else {
            return;
        };
        match (state.session.hear(now, frame), frame) {
            (Received::Request(()), _) if effect == Effect::NoAnswer => state.held += 1,
            (Received::Request(()), Frame::Pdu { command, .. }) => {
                state.session.hold_bind();
                self.hold_back(now, link, Held::Bind(command.clone()), effect);
            }
            (other, frame) => self.take(now, link, frame, other),
        }
        self.set_session_timer(now, link);
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
        effect: Effect,
    ) {
        self.mark(now, slot, Some(effect));
        let held_back = matches!(
            effect,
            Effect::NoAnswer
                | Effect::LateAnswer(_)
                | Effect::OutOfOrder
                | Effect::WrongSequence
                | Effect::NoBody
        );
        if !held_back {
            self.answer_and_start(now, sender, request, id, slot);
            return self.release_overtaken(now, sender.link);
        }
        let resp = MessageIdResp::new(&compact_str::format_compact!("{id}"));
        let pdu = match &request.pdu {
            Pdu::DataSm(_) => Pdu::DataSmResp(resp),
            _ => Pdu::SubmitSmResp(resp),
        };
        if let Some(state) = self.links.get_mut(sender.link) {
            let answer = state.session.respond(request, Status::ESME_ROK, pdu);
            self.send_as(now, sender.link, answer, Some(effect));
        }
        self.start(now, slot);
    }

    /// Sends a response as an effect has it: never, late, after the next, with a wrong number, or as it is.
    pub(super) fn send_as(&mut self, now: Timestamp, link: LinkId, answer: Command, effect: Option<Effect>) {
        // Where every answer is to be out of order, each second one overtakes the one before.
        let waits = self
            .links
            .get(link)
            .is_some_and(|state| state.overtaken.is_some());
        let overtakes = waits && effect == Some(Effect::OutOfOrder);
        match effect.filter(|_| !overtakes) {
            Some(Effect::NoAnswer) => {
                if let Some(state) = self.links.get_mut(link) {
                    state.held += 1;
                }
            }
            Some(effect @ (Effect::LateAnswer(_) | Effect::OutOfOrder)) => {
                self.hold_back(now, link, Held::Answer(answer), effect);
            }
            Some(Effect::WrongSequence) => {
                let sequence_number = answer.sequence_number.wrapping_add(1_000_000) & 0x7FFF_FFFF;
                let answer = Command {
                    sequence_number,
                    ..answer
                };
                self.send(link, answer);
            }
            Some(Effect::NoBody) => {
                let pdu = Pdu::Other {
                    command_id: answer.pdu.command_id(),
                    body: Bytes::new(),
                };
                self.send(link, Command { pdu, ..answer });
                self.release_overtaken(now, link);
            }
            None
            | Some(
                Effect::Answer(_)
                | Effect::Nack
                | Effect::NackWithoutSequence
                | Effect::Malformed
                | Effect::WrongLength
                | Effect::Cut
                | Effect::Unbind
                | Effect::Reset
                | Effect::Silence
                | Effect::Slow(_)
                | Effect::Receipt(_)
                | Effect::Outcome(_),
            ) => {
                self.send(link, answer);
                self.release_overtaken(now, link);
            }
        }
    }

    /// Notes on a stored text what is to come of it, and sends the receipt that comes before the answer.
    pub(super) fn mark(&mut self, now: Timestamp, slot: u32, effect: Option<Effect>) {
        let message = self.store.message_mut(slot);
        let to_magic = magic(message.to.msisdn).is_some();
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

    /// Holds something back for as long as an effect says, or until the next answer overtakes it.
    fn hold_back(&mut self, now: Timestamp, link: LinkId, held: Held, effect: Effect) {
        let due_at = match effect {
            Effect::LateAnswer(by) => now + by.max(super::TICK),
            _ => {
                self.release_overtaken(now, link);
                now + SWAPPED_ANSWER_MAX
            }
        };
        self.last_delivery += 1;
        let number = self.last_delivery;
        self.timers.set(due_at, Timer::LateAnswer { number });
        self.late_answers.insert(number, (link, held));
        if let Some(state) = self.links.get_mut(link) {
            state.held += 1;
            if effect == Effect::OutOfOrder {
                state.overtaken = Some(number);
            }
        }
    }

    /// Sends the answer that another has just overtaken.
    pub(super) fn release_overtaken(&mut self, now: Timestamp, link: LinkId) {
        let overtaken = self.links.get_mut(link).and_then(|state| state.overtaken.take());
        if let Some(number) = overtaken {
            self.send_late_answer(now, number);
        }
    }

    /// Sends an answer that was held back; over a link that is gone it goes nowhere.
    pub(super) fn send_late_answer(&mut self, now: Timestamp, number: u64) {
        let Some((link, held)) = self.late_answers.remove(number) else {
            return;
        };
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        state.held = state.held.saturating_sub(1);
        match held {
            Held::Answer(answer) => self.send(link, answer),
            Held::Bind(request) => {
                if let Pdu::Bind(bind) = &request.pdu {
                    let bind = bind.clone();
                    self.bind(now, link, &request, bind);
                    self.set_session_timer(now, link);
                }
            }
        }
    }
}

/// A response whose only string lacks its NUL.
fn endless_response(request: &Command) -> Bytes {
    broken_response(request, b"no end", 0)
}

/// A response that lacks the last four of the octets that its `command_length` says: the four of the next PDU are taken for
/// them, and the framing is lost.
fn short_response(request: &Command) -> Bytes {
    broken_response(request, b"short\0", 4)
}

fn broken_response(request: &Command, body: &[u8; 6], lacking: u32) -> Bytes {
    let mut octets = BytesMut::new();
    octets.put_u32(22 + lacking);
    octets.put_u32(request.pdu.command_id() | command_id::RESPONSE);
    octets.put_u32(0);
    octets.put_u32(request.sequence_number);
    octets.put_slice(body);
    octets.freeze()
}
