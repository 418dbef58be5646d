//! Texts from ESMEs: checked, throttled, answered, stored.

use smpp::{Command, DataSm, LinkId, MessageIdResp, Pdu, ShortMessage, Status, Tlv, command_id, tag};
use sms::{Address, Originator, Timestamp};

use super::Smsc;
use crate::carrier::{BlockedReaction, OverLimit};
use crate::cause::Cause;
use crate::check::{Refusal, Rules, Submission};
use crate::draft::{Draft, NETWORK_TYPE_GSM};
use crate::event::{Event, SubmitRefusal};
use crate::fault::Effect;
use crate::message::{Body, BodyRefusal, Destination, Message, NONE, ServiceType, Told};
use crate::message_id::{MessageId, MessageIdStyle};
use crate::note::{AccountIndex, Note};
use crate::port::{CarrierIndex, Output};
use crate::store::Queue;
use crate::timer::Timer;

/// Who submits.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    pub link: LinkId,
    pub account: u16,
    pub version: u8,
}

/// In the place of an account: the sender is a handset.
pub(super) const HANDSET: u16 = u16::MAX;

/// A request in transaction mode whose answer is due when its message is final.
pub(super) struct Transaction {
    link: LinkId,
    /// The request without its fields.
    request: Command,
}

impl Transaction {
    fn of(link: LinkId, request: &Command) -> Self {
        let pdu = match &request.pdu {
            Pdu::DataSm(_) => Pdu::DataSm(DataSm::default()),
            _ => Pdu::SubmitSm(ShortMessage::default()),
        };
        Self {
            link,
            request: Command {
                status: request.status,
                sequence_number: request.sequence_number,
                pdu,
            },
        }
    }
}

/// The value of the `delivery_failure_reason` TLV (SMPP v3.4 §5.3.2.33).
const fn failure_reason(cause: Cause) -> u8 {
    match cause {
        Cause::Absent | Cause::NoCoverage | Cause::MemoryFull | Cause::Busy | Cause::Roaming => 0,
        Cause::UnknownSubscriber | Cause::Barred | Cause::Blocked | Cause::Equipment | Cause::Volume => 1,
        Cause::NoAnswer | Cause::LinkDown | Cause::SystemFailure => 3,
    }
}

/// The answer that was asked for.
pub(super) const fn scripted(status: Status) -> Refusal {
    Refusal {
        status,
        reason: SubmitRefusal::ScriptedAnswer,
    }
}

/// The answer to a text that its carrier does not take.
const fn refused_body(refusal: BodyRefusal) -> Refusal {
    let (status, reason) = match refusal {
        BodyRefusal::TooLong => (Status::ESME_RINVMSGLEN, "the text is too long"),
        BodyRefusal::Binary => (Status::ESME_RINVDCS, "the carrier takes no binary text"),
    };
    Refusal {
        status,
        reason: SubmitRefusal::Field(reason),
    }
}

impl Smsc {
    /// Takes the text of a `submit_sm`, or of a `data_sm` in the same form.
    pub(super) fn submit_sm(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        message: &ShortMessage,
    ) {
        let operation = request.pdu.command_id();
        let to = Destination::of(&message.destination);
        if let Some(effect) = self.effect_on(sender, operation, to.map(|to| to.msisdn), message) {
            return self.submit_disturbed(now, sender, request, message, effect);
        }
        match self.submit(now, sender, message, to, operation == command_id::DATA_SM) {
            Ok((id, slot)) => {
                self.mark(now, slot, None);
                self.answer_and_start(now, sender, request, id, slot);
                self.release_overtaken(now, sender.link);
            }
            Err(refusal) => self.refuse_text(sender, request, message, refusal),
        }
    }

    /// Takes a text that meets an effect.
    #[cold]
    fn submit_disturbed(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        message: &ShortMessage,
        effect: Effect,
    ) {
        self.note_disturbed(sender.link, &message.destination, effect);
        if self.disturb(now, sender.link, request, effect) {
            return;
        }
        let to = Destination::of(&message.destination);
        let is_data_sm = request.pdu.command_id() == command_id::DATA_SM;
        let submitted = match effect {
            Effect::Answer(status) => Err(scripted(status)),
            _ => self.submit(now, sender, message, to, is_data_sm),
        };
        match submitted {
            Ok((id, slot)) => self.answer_as(now, sender, request, (id, slot), effect),
            Err(refusal) => self.refuse_text(sender, request, message, refusal),
        }
    }

    #[cold]
    fn refuse_text(&mut self, sender: Sender, request: &Command, message: &ShortMessage, refusal: Refusal) {
        let resp = Pdu::SubmitSmResp(MessageIdResp::empty());
        self.respond(sender.link, request, refusal.status, resp);
        self.note_refusal(sender, &message.source, &message.destination, refusal);
    }

    #[cold]
    pub(super) fn note_disturbed(&mut self, link: LinkId, destination: &Address, effect: Effect) {
        self.note(Event::Disturbed {
            link,
            destination: destination.clone(),
            effect: effect.words(),
        });
    }

    /// Answers the `submit_sm` or `data_sm` of a stored message, then starts it, so that nothing overtakes the answer.
    /// In transaction mode the answer is the outcome.
    pub(super) fn answer_and_start(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        id: MessageId,
        slot: u32,
    ) {
        if self.store.message(slot).transaction {
            let transaction = Transaction::of(sender.link, request);
            self.transactions.insert(id.number, transaction);
        } else {
            self.answer_accepted(sender, request, id);
        }
        self.start(now, slot);
    }

    /// Answers that a text is accepted. A session of v5.0 is told of congestion, too.
    fn answer_accepted(&mut self, sender: Sender, request: &Command, id: MessageId) {
        let request_id = request.pdu.command_id();
        if sender.version >= 0x50 {
            let resp = MessageIdResp::new(&id.text());
            let pdu = match request_id {
                command_id::DATA_SM => Pdu::DataSmResp(resp),
                _ => Pdu::SubmitSmResp(resp),
            };
            return self.respond(sender.link, request, Status::ESME_ROK, pdu);
        }
        let Some(state) = self.links.get_mut(sender.link) else {
            return;
        };
        state.session.note_answer();
        if !state.silent {
            let draft = Draft::Accepted {
                command_id: request_id | command_id::RESPONSE,
                sequence_number: request.sequence_number,
                message_id: id,
            };
            let link = sender.link;
            self.outputs.push(Output::Draft { link, draft });
        }
    }

    /// Answers a message in transaction mode with its outcome (SMPP v3.4 §4.7.2): the one error that has a body.
    #[cold]
    pub(super) fn end_transaction(&mut self, message: &Message, delivered: bool) {
        let Some(Transaction { link, request }) = self.transactions.remove(message.id.number) else {
            return;
        };
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let mut resp = MessageIdResp::new(&message.id.text());
        if let Some(cause) = message.cause.filter(|_| !delivered) {
            resp.tlvs
                .push(Tlv::octet(tag::DELIVERY_FAILURE_REASON, failure_reason(cause)));
            let [high, low] = self.carriers[usize::from(message.carrier)]
                .carrier
                .err
                .code(Some(cause))
                .to_be_bytes();
            resp.tlvs
                .push(Tlv::new(tag::NETWORK_ERROR_CODE, [NETWORK_TYPE_GSM, high, low]));
            if message.set_dpf {
                resp.tlvs
                    .push(Tlv::octet(tag::DPF_RESULT, u8::from(cause.is_absence())));
            }
        }
        let status = if delivered {
            Status::ESME_ROK
        } else {
            Status::ESME_RDELIVERYFAILURE
        };
        let pdu = match &request.pdu {
            Pdu::DataSm(_) => Pdu::DataSmResp(resp),
            _ => Pdu::SubmitSmResp(resp),
        };
        let response = state.session.respond(&request, status, pdu);
        self.send(link, response);
    }

    #[cold]
    pub(super) fn note_refusal(
        &mut self,
        sender: Sender,
        source: &Address,
        destination: &Address,
        refusal: Refusal,
    ) {
        self.note(Event::SubmitRefused {
            link: sender.link,
            system_id: self.esmes[usize::from(sender.account)].account.system_id.clone(),
            source: source.clone(),
            destination: destination.clone(),
            status: refusal.status,
            reason: refusal.reason,
        });
    }

    /// Checks a text and stores it; the caller answers, then starts it.
    ///
    /// It stands where it is called: what it gives is large, and goes through memory else.
    #[inline(always)]
    fn submit(
        &mut self,
        now: Timestamp,
        sender: Sender,
        message: &ShortMessage,
        to: Option<Destination>,
        data_sm: bool,
    ) -> Result<(MessageId, u32), Refusal> {
        let held = self.links.get(sender.link).map_or(0, |state| state.held);
        if held >= self.esmes[usize::from(sender.account)].account.requests_max {
            return Err(Refusal {
                status: Status::ESME_RTHROTTLED,
                reason: SubmitRefusal::RequestsMax,
            });
        }
        self.take_token(now, sender)?;
        let rules = self.rules(sender, data_sm);
        let submission = rules.check(now, message)?;
        let to = rules.check_destination(&message.destination, to)?;
        let carrier = self.plan.carrier(to.msisdn);
        rules.check_carrier(message, &submission.source, &self.carrier_state(carrier).carrier)?;
        self.admit(now, sender, &submission, (to, carrier))?;
        let number = self.store.next_number();
        self.accept(
            now,
            sender,
            submission,
            (to, carrier),
            ServiceType::new(&message.service_type),
            (number, 0),
        )
    }

    /// What a sender's texts are checked against.
    pub(super) fn rules(&self, sender: Sender, data_sm: bool) -> Rules<'_> {
        Rules {
            account: &self.esmes[usize::from(sender.account)].account,
            version: sender.version,
            strict: self.config.strict_fields,
            data_sm,
            schedule_max: self.config.schedule_max,
            default_messages: &self.config.default_messages,
        }
    }

    /// Whether the carrier of a handset and the store take a text that is correct.
    pub(super) fn admit(
        &mut self,
        now: Timestamp,
        sender: Sender,
        submission: &Submission,
        (to, index): (Destination, u16),
    ) -> Result<(), Refusal> {
        self.admit_code(now, sender.account, &submission.source, index)?;
        let account = &self.esmes[usize::from(sender.account)].account;
        let held = self.store.held(index);
        let state = &mut self.carriers[usize::from(index)];
        let refuse = |status, reason| Err(Refusal { status, reason });
        if state.carrier.blocked_reaction == BlockedReaction::Refuse && state.looks_at_numbers() {
            let code = submission.source.digits();
            if state.blocks(&code, Some(account)) {
                return refuse(state.carrier.blocked_status, SubmitRefusal::BlockedCode);
            }
            if state.opted_out(to.msisdn, &code, Some(account)) {
                return refuse(Status::ESME_RSUBMITFAIL, SubmitRefusal::OptedOut);
            }
        }
        if let Some(status) = state.scripted_answer() {
            return refuse(status, SubmitRefusal::ScriptedAnswer);
        }
        let congestion = state.carrier.congestion_percent;
        if held >= state.carrier.queue_max || state.chance.happens(congestion) {
            return refuse(Status::ESME_RMSGQFUL, SubmitRefusal::Congestion);
        }
        let over = match state.carrier.over_limit {
            OverLimit::Throttle => Some(Status::ESME_RTHROTTLED),
            OverLimit::QueueFull => Some(Status::ESME_RMSGQFUL),
            // The turn is taken where the text is stored; a carrier that takes none a second never has one.
            OverLimit::Queue => {
                Some(Status::ESME_RTHROTTLED).filter(|_| state.carrier.throttle_per_s == Some(0))
            }
        };
        let waits = state.carrier.over_limit == OverLimit::Queue && over.is_none();
        if let Some(status) = over.filter(|_| !waits && !state.throttle.take(now)) {
            return refuse(status, SubmitRefusal::CarrierThrottle);
        }
        if self.store.len() >= self.config.messages_max {
            return refuse(Status::ESME_RMSGQFUL, SubmitRefusal::StoreFull);
        }
        Ok(())
    }

    /// Stores a text for a handset of a carrier under a number; its place in a `submit_multi` is the second of that pair.
    pub(super) fn accept(
        &mut self,
        now: Timestamp,
        sender: Sender,
        submission: Submission,
        (to, index): (Destination, u16),
        service_type: ServiceType,
        (number, member): (u32, u16),
    ) -> Result<(MessageId, u32), Refusal> {
        let carrier = &self.carriers[usize::from(index)].carrier;
        let mut body =
            Body::new(submission.segment, carrier, self.config.segments_max).map_err(refused_body)?;
        body.asked_coding = submission.data_coding;
        // An ESME of v3.3 reads ids of at most 8 characters.
        let style = if sender.version < 0x34 {
            MessageIdStyle::Same
        } else {
            carrier.message_ids
        };
        let id = MessageId { number, style };
        let validity_from = submission.scheduled_at.unwrap_or(now);
        let (validity, validity_max) = (carrier.validity, carrier.validity_max);
        let (not_before, outcome) = self.count_for_code(now, sender.account, &submission.source, index);
        let turn = self.turn(now, index, submission.transaction);
        let starts_at = turn.max(validity_from).max(not_before);
        let expires_at = submission
            .expires_at
            .unwrap_or(validity_from + validity)
            .min(validity_from + validity_max)
            .max(validity_from + super::TICK);
        if submission.replace {
            self.drop_replaced(now, sender.account, &submission.source, to, service_type);
        }
        let message = Message {
            id,
            member,
            account: sender.account,
            carrier: index,
            link: sender.link,
            source: submission.source,
            to,
            service_type,
            body,
            registered_delivery: submission.registered_delivery,
            user_message_reference: submission.user_message_reference,
            once: submission.datagram || submission.transaction,
            transaction: submission.transaction,
            set_dpf: submission.set_dpf,
            outcome,
            receipt_mode: None,
            queued: false,
            told: Told::Nothing,
            cause: None,
            attempts: 0,
            failures: 0,
            submitted_at: now,
            scheduled_at: starts_at,
            expires_at,
            previous: NONE,
            next: NONE,
        };
        let accepted = self.accepted(now, &message);
        let slot = self.store.insert(message);
        self.count_for_today(now, sender.account);
        self.timers.set(expires_at, Timer::Expiry { slot, number });
        if starts_at > now {
            self.timers.set(starts_at, Timer::Scheduled { slot, number });
        }
        self.jot(accepted);
        Ok((id, slot))
    }

    /// Says that a text is accepted.
    fn accepted(&self, now: Timestamp, message: &Message) -> Note {
        let scheduled_at = Some(message.scheduled_at).filter(|at| *at > now);
        let esme = self.esmes.get(usize::from(message.account));
        match (&message.source, esme) {
            (Originator::Number(source), Some(_)) if scheduled_at.is_none() => Note::Accepted {
                message_id: message.id,
                account: AccountIndex(message.account),
                source: *source,
                to: message.to.msisdn,
                carrier: CarrierIndex(message.carrier),
                segments: message.body.segments,
                expires_at: message.expires_at,
            },
            (_, esme) => Note::Event(Box::new(Event::Accepted {
                message_id: message.id,
                system_id: esme.map(|esme| esme.account.system_id.clone()),
                source: message.source.address(),
                to: message.to.msisdn,
                carrier: self.carrier_state(message.carrier).carrier.name.clone(),
                segments: message.body.segments,
                scheduled_at,
                expires_at: message.expires_at,
            })),
        }
    }

    /// When a text may be tried first: its turn at a carrier that lets texts wait for one, later when it is held up so that
    /// others overtake it.
    fn turn(&mut self, now: Timestamp, carrier: u16, transaction: bool) -> Timestamp {
        let state = &mut self.carriers[usize::from(carrier)];
        let mut at = now;
        if state.carrier.over_limit == OverLimit::Queue {
            at = state.throttle.reserve(now).unwrap_or(now);
        }
        // A text that somebody waits for is not held up.
        let percent = state.carrier.reordered_percent;
        if !transaction && state.chance.happens(percent) {
            at += state.carrier.reordered_by;
        }
        at
    }

    /// `replace_if_present_flag`: the pending text of the same sender, handset and service type makes room for the new
    /// one (SMPP v3.4 §5.2.18). A text that is in the air is not pending.
    #[cold]
    fn drop_replaced(
        &mut self,
        now: Timestamp,
        account: u16,
        source: &Originator,
        to: Destination,
        service_type: ServiceType,
    ) {
        let pending = self.store.all_for(to.msisdn).find(|slot| {
            let message = self.store.message(*slot);
            message.account == account
                && message.source.digits() == source.digits()
                && message.service_type == service_type
                && !self.is_in_the_air(*slot)
        });
        if let Some(slot) = pending {
            if !self.store.message(slot).queued {
                // It leaves its schedule behind, beside its validity.
                self.timers.forget();
            }
            self.store.message_mut(slot).registered_delivery = 0;
            self.finish(now, slot, sms::MessageState::Deleted);
        }
    }

    /// Whether a page for the message is out.
    pub(super) fn is_in_the_air(&self, slot: u32) -> bool {
        let message = self.store.message(slot);
        let paging = self.store.queue(message.to.msisdn).and_then(Queue::paging);
        let page = paging.and_then(|attempt| self.pages.get(attempt));
        page.is_some_and(|page| page.slot == slot && page.number == message.id.number)
    }

    /// Sends a response.
    pub(super) fn respond(&mut self, link: LinkId, request: &Command, status: Status, mut pdu: Pdu) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let status = status.for_version(state.version);
        let response = if status.is_ok() {
            if state.version >= 0x50 {
                self.tell_congestion(link, &mut pdu);
            }
            let Some(state) = self.links.get_mut(link) else {
                return;
            };
            state.session.respond(request, status, pdu)
        } else {
            let refusal = Pdu::error_response(request.pdu.command_id()).unwrap_or(pdu);
            state.session.respond(request, status, refusal)
        };
        self.send(link, response);
    }
}
