//! The operations of ESMEs other than binds: each to its place; queries, cancellations and replacements here.

use smpp::time::Time;
use smpp::{
    CancelSm, Command, DataSm, DestAddress, LinkId, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage,
    Status, SubmitMulti, SubmitMultiResp, Tlvs as _, UnsuccessSme, command_id, tag,
};
use sms::{Address, Encoding, MessageState, Octets, Originator, Segment, Timestamp, Zone};

use super::submit::{Sender, scripted};
use super::{MessageStatus, Smsc};
use crate::cause::Cause;
use crate::check::Refusal;
use crate::event::{Event, SubmitRefusal};
use crate::fault::Effect;
use crate::message::{Body, Destination, ServiceType};
use crate::message_id::MessageId;
use crate::timer::Timer;

/// The unit of a difference from UTC (SMPP v3.4 §7.1.1).
const QUARTER_HOUR_S: i64 = 900;

impl Smsc {
    /// Does what a bound ESME asks for.
    pub(super) fn operation(&mut self, now: Timestamp, link: LinkId, request: &Command) {
        let Some(state) = self.links.get(link) else {
            return;
        };
        let Some(account) = state.account else { return };
        let sender = Sender {
            link,
            account,
            version: state.version,
        };
        match &request.pdu {
            Pdu::SubmitSm(message) => self.submit_sm(now, sender, request, message),
            Pdu::DataSm(data) => self.data_sm(now, sender, request, data),
            Pdu::SubmitMulti(multi) => self.submit_multi(now, sender, request, multi),
            Pdu::QuerySm(query) => self.query_sm(sender, request, query),
            Pdu::CancelSm(cancel) => self.cancel_sm(now, sender, request, cancel),
            Pdu::ReplaceSm(replace) => self.replace_sm(now, sender, request, replace),
            Pdu::BroadcastSm(_) | Pdu::QueryBroadcastSm(_) | Pdu::CancelBroadcastSm(_)
                if sender.version < 0x50 =>
            {
                self.refuse_operation(link, request);
            }
            Pdu::BroadcastSm(asked) => self.broadcast_sm(now, sender, request, asked),
            Pdu::QueryBroadcastSm(query) => self.query_broadcast_sm(sender, request, query),
            Pdu::CancelBroadcastSm(cancel) => self.cancel_broadcast_sm(now, sender, request, cancel),
            Pdu::Other { .. } => self.refuse_operation(link, request),
            // The session lets nothing of these through as a request.
            Pdu::Bind(_)
            | Pdu::BindResp(_)
            | Pdu::Outbind(_)
            | Pdu::Unbind
            | Pdu::UnbindResp
            | Pdu::EnquireLink
            | Pdu::EnquireLinkResp
            | Pdu::GenericNack
            | Pdu::SubmitSmResp(_)
            | Pdu::DeliverSm(_)
            | Pdu::DeliverSmResp(_)
            | Pdu::DataSmResp(_)
            | Pdu::SubmitMultiResp(_)
            | Pdu::QuerySmResp(_)
            | Pdu::CancelSmResp
            | Pdu::ReplaceSmResp
            | Pdu::AlertNotification(_)
            | Pdu::BroadcastSmResp(_)
            | Pdu::QueryBroadcastSmResp(_)
            | Pdu::CancelBroadcastSmResp => {}
        }
    }

    /// An operation that is not offered gets a `generic_nack`.
    fn refuse_operation(&mut self, link: LinkId, request: &Command) {
        let Some(state) = self.links.get_mut(link) else {
            return;
        };
        let status = Status::ESME_RINVCMDID;
        let nack = state.session.respond(request, status, Pdu::GenericNack);
        self.note(Event::PduRefused {
            link,
            answer: "generic_nack",
            status,
            reason: "the operation is not offered",
        });
        self.send(link, nack);
    }

    fn data_sm(&mut self, now: Timestamp, sender: Sender, request: &Command, data: &DataSm) {
        let message = ShortMessage {
            service_type: data.service_type.clone(),
            source: data.source.clone(),
            destination: data.destination.clone(),
            esm_class: data.esm_class,
            registered_delivery: data.registered_delivery,
            data_coding: data.data_coding,
            tlvs: data.tlvs.clone(),
            ..ShortMessage::default()
        };
        self.submit_sm(now, sender, request, &message);
    }

    fn submit_multi(&mut self, now: Timestamp, sender: Sender, request: &Command, multi: &SubmitMulti) {
        let nowhere = Address::default();
        let count = multi.destinations.len();
        let of_version = if sender.version >= 0x50 { 255 } else { 254 };
        let count_max = self.config.destinations_max.min(of_version);
        let refusal = if (1..=count_max).contains(&count) {
            self.check_held(sender.link)
                .and_then(|()| self.take_token(now, sender))
                .and_then(|()| self.rules(sender, false).check(now, &multi.message))
                .err()
        } else {
            let reason = SubmitRefusal::Field("number_of_dests is out of range");
            Some(Refusal {
                status: Status::ESME_RINVNUMDESTS,
                reason,
            })
        };
        if let Some(refusal) = refusal {
            self.respond(
                sender.link,
                request,
                refusal.status,
                Pdu::SubmitMultiResp(SubmitMultiResp::default()),
            );
            return self.note_refusal(sender, &multi.message.source, &nowhere, refusal);
        }
        let with_lists = self.with_lists(sender, multi);
        let multi = with_lists.as_ref().unwrap_or(multi);
        let effects = self.effects_on(sender, multi);
        // One destination that makes the whole request go wrong is enough.
        let whole = effects
            .iter()
            .flatten()
            .copied()
            .find(|effect| !effect.is_of_destination());
        if whole.is_some_and(|effect| self.disturb(now, sender.link, request, effect)) {
            return;
        }
        let number = self.store.next_number();
        let (mut started, mut failed) = (Vec::new(), Vec::new());
        for ((member, destination), effect) in (0_u16..).zip(&multi.destinations).zip(&effects) {
            let submitted = match effect {
                Some(Effect::Answer(status)) => Err(scripted(*status)),
                _ => self.submit_to(now, sender, multi, destination, (number, member)),
            };
            match submitted {
                Ok((id, slot)) => {
                    self.mark(now, slot, *effect);
                    started.push((id, slot));
                }
                Err(refusal) => failed.push((destination, refusal)),
            }
        }
        let (status, resp) = multi_resp(&started, &failed);
        let resp = Pdu::SubmitMultiResp(resp);
        match whole.filter(|_| status.is_ok()) {
            Some(_) => {
                if let Some(state) = self.links.get_mut(sender.link) {
                    let answer = state.session.respond(request, status, resp);
                    self.send_as(now, sender.link, answer, whole);
                }
            }
            None => self.respond(sender.link, request, status, resp),
        }
        for (destination, refusal) in failed {
            self.note_refusal(sender, &multi.message.source, &address_of(destination), refusal);
        }
        for (_, slot) in started {
            self.start(now, slot);
        }
    }

    /// The request with the addresses of the account's distribution lists in their places, if it names one.
    fn with_lists(&self, sender: Sender, multi: &SubmitMulti) -> Option<SubmitMulti> {
        let lists = &self.esmes[usize::from(sender.account)].account.distribution_lists;
        let addresses = |destination: &DestAddress| match destination {
            DestAddress::Sme(_) => None,
            DestAddress::DistributionList(name) => lists.get(name),
        };
        multi.destinations.iter().find_map(addresses)?;
        let destinations = multi.destinations.iter().flat_map(|destination| {
            let addresses = addresses(destination);
            let itself = addresses.is_none().then(|| destination.clone());
            let members = addresses.into_iter().flatten().cloned().map(DestAddress::Sme);
            itself.into_iter().chain(members)
        });
        Some(SubmitMulti {
            destinations: destinations.collect(),
            ..multi.clone()
        })
    }

    /// The effect that a text meets at each of its destinations.
    fn effects_on(&mut self, sender: Sender, multi: &SubmitMulti) -> Vec<Option<Effect>> {
        let mut effects = Vec::with_capacity(multi.destinations.len());
        for destination in &multi.destinations {
            let address = address_of(destination);
            let to = address.msisdn();
            let effect = self.effect_on(sender, command_id::SUBMIT_MULTI, to, &multi.message);
            if let Some(effect) = effect {
                self.note_disturbed(sender.link, &address, effect);
            }
            effects.push(effect);
        }
        effects
    }

    /// Stores the text of a `submit_multi` for one of its destinations.
    fn submit_to(
        &mut self,
        now: Timestamp,
        sender: Sender,
        multi: &SubmitMulti,
        destination: &DestAddress,
        key: (u32, u16),
    ) -> Result<(MessageId, u32), Refusal> {
        let DestAddress::Sme(address) = destination else {
            let reason = SubmitRefusal::Field("the account has no distribution list of that name");
            return Err(Refusal {
                status: Status::ESME_RINVDLNAME,
                reason,
            });
        };
        self.check_day(now, sender.account)?;
        let rules = self.rules(sender, false);
        let submission = rules.check(now, &multi.message)?;
        let to = rules.check_destination(address, Destination::of(address))?;
        let carrier = self.plan.carrier(to.msisdn);
        rules.check_carrier(
            &multi.message,
            &submission.source,
            &self.carrier_state(carrier).carrier,
        )?;
        self.admit(now, sender, &submission, (to, carrier))?;
        self.accept(
            now,
            sender,
            submission,
            (to, carrier),
            ServiceType::new(&multi.message.service_type),
            key,
        )
    }

    fn query_sm(&mut self, sender: Sender, request: &Command, query: &QuerySm) {
        let found = self.find(sender, &query.message_id, &query.source);
        let (status, resp) = match found {
            Ok(message) => {
                let scheduled = message.state == MessageState::Scheduled && sender.version < 0x50;
                let state = if scheduled {
                    MessageState::Enroute
                } else {
                    message.state
                };
                let resp = QuerySmResp {
                    message_id: query.message_id.clone(),
                    final_date: message.done_at.map_or_else(String::new, |at| self.local_time(at)),
                    message_state: state.code(),
                    error_code: message.cause.map_or(0, Cause::code),
                };
                (Status::ESME_ROK, resp)
            }
            Err(status) => (status, QuerySmResp::default()),
        };
        self.respond(sender.link, request, status, Pdu::QuerySmResp(resp));
    }

    /// An instant as SMPP writes it, in the message centre's local time.
    fn local_time(&self, at: Timestamp) -> String {
        Time::Absolute(at).format(self.quarter_hours(at))
    }

    /// How far the message centre's local time is ahead of UTC at an instant.
    pub(super) fn quarter_hours(&self, at: Timestamp) -> i8 {
        let shown = Zone::utc().instant(self.config.zone.civil(at));
        let quarters = (shown.as_secs() - at.as_secs()).div_euclid(QUARTER_HOUR_S);
        i8::try_from(quarters).unwrap_or(0)
    }

    fn cancel_sm(&mut self, now: Timestamp, sender: Sender, request: &Command, cancel: &CancelSm) {
        let cancelled = if cancel.message_id.is_empty() {
            self.matching(sender, cancel)
        } else {
            self.find(sender, &cancel.message_id, &cancel.source)
                .and_then(|message| self.pending_for(message.message_id.number, &cancel.destination))
        };
        let (status, slots) = match cancelled {
            Ok(slots) if slots.is_empty() => (Status::ESME_RCANCELFAIL, slots),
            Ok(slots) => (Status::ESME_ROK, slots),
            Err(status) => (status, Vec::new()),
        };
        self.respond(sender.link, request, status, Pdu::CancelSmResp);
        for slot in slots {
            if !self.store.message(slot).queued {
                // It leaves its schedule behind, beside its validity.
                self.timers.forget();
            }
            self.finish(now, slot, MessageState::Deleted);
        }
    }

    /// The pending messages that a `cancel_sm` without a message id means: those of its source, its destination and,
    /// if it names one, its service type (SMPP v3.4 §4.9).
    fn matching(&self, sender: Sender, cancel: &CancelSm) -> Result<Vec<u32>, Status> {
        let to = self
            .rules(sender, false)
            .check_destination(&cancel.destination, Destination::of(&cancel.destination))
            .map_err(|refusal| refusal.status)?;
        let service_type = ServiceType::new(&cancel.service_type);
        let matching = self.store.all_for(to.msisdn).filter(|slot| {
            let message = self.store.message(*slot);
            message.account == sender.account
                && self.is_source(sender, &cancel.source, &message.source.digits())
                && (service_type.is_empty() || message.service_type == service_type)
                && !self.is_in_the_air(*slot)
        });
        Ok(matching.collect())
    }

    fn replace_sm(&mut self, now: Timestamp, sender: Sender, request: &Command, replace: &ReplaceSm) {
        let replaced = self.replace(now, sender, replace);
        let status = replaced.map_or_else(|status| status, |_| Status::ESME_ROK);
        self.respond(sender.link, request, status, Pdu::ReplaceSmResp);
        if let Ok(slot) = replaced {
            let message = self.store.message(slot);
            let replaced = Event::Replaced {
                message_id: message.id,
                scheduled_at: Some(message.scheduled_at).filter(|at| *at > now),
                expires_at: message.expires_at,
            };
            self.note(replaced);
            self.start(now, slot);
        }
    }

    /// Replaces what a pending message says, and its times and flags as far as they are given (SMPP v3.4 §4.10).
    fn replace(&mut self, now: Timestamp, sender: Sender, replace: &ReplaceSm) -> Result<u32, Status> {
        let found = self.find(sender, &replace.message_id, &replace.source)?;
        let [slot] = self.pending(found.message_id.number)[..] else {
            return Err(Status::ESME_RREPLACEFAIL);
        };
        let payload = replace
            .tlvs
            .tlv(tag::MESSAGE_PAYLOAD)
            .map(|tlv| Octets::from(&tlv.value[..]));
        if payload.is_some() && !replace.short_message.is_empty() {
            return Err(Status::ESME_RTLVNOTALLWD);
        }
        let text = payload.unwrap_or_else(|| replace.short_message.clone());
        let is_empty = text.is_empty();
        let before = &self.store.message(slot).body;
        let (asked_coding, segment) = (before.asked_coding, before.in_its_place(text));
        let (times, flags, segment) = {
            let rules = self.rules(sender, false);
            let status = |refusal: Refusal| refusal.status;
            rules.check_length(&replace.short_message).map_err(status)?;
            let canned = rules.canned(replace.sm_default_msg_id)?.filter(|_| is_empty);
            rules
                .check_coding(asked_coding, || segment.clone())
                .map_err(status)?;
            let segment = match canned {
                Some(canned) => Segment::whole(canned, Encoding::of(canned)),
                None => rules.account.read(segment),
            };
            let as_message = ShortMessage {
                schedule_delivery_time: replace.schedule_delivery_time.clone(),
                validity_period: replace.validity_period.clone(),
                ..ShortMessage::default()
            };
            let times = rules.check_times(now, &as_message).map_err(status)?;
            (
                times,
                rules
                    .check_registered_delivery(replace.registered_delivery)
                    .map_err(status)?,
                segment,
            )
        };
        let before = self.store.message(slot);
        let (was_queued, was_due_at, expired_at) = (before.queued, before.scheduled_at, before.expires_at);
        let scheduled_at = match times.0 {
            // What is put off to the past is delivered now.
            None if !replace.schedule_delivery_time.is_empty() => was_due_at.min(now),
            at => at.unwrap_or(was_due_at),
        };
        if times.1.is_some_and(|at| at <= scheduled_at) {
            return Err(Status::ESME_RINVEXPIRY);
        }
        let carrier = &self.carrier_state(before.carrier).carrier;
        let validity_max = carrier.validity_max;
        let segments_max = self.config.segments_max;
        let mut body = Body::new(segment, carrier, segments_max).map_err(|_| Status::ESME_RINVMSGLEN)?;
        body.asked_coding = asked_coding;
        let is_moved = scheduled_at != was_due_at;
        // A text that is moved is kept as long after its time as it would have been.
        let validity = expired_at.since(was_due_at);
        let starts_at = scheduled_at.max(now);
        let expires_at = times.1.or(Some(starts_at + validity).filter(|_| is_moved));
        let expires_at = expires_at.map_or(expired_at, |at| at.min(starts_at + validity_max));
        if is_moved && was_queued {
            self.store.dequeue(slot);
        }
        let message = self.store.message_mut(slot);
        message.body = body;
        message.registered_delivery = flags;
        message.submitted_at = now;
        message.scheduled_at = scheduled_at;
        message.expires_at = expires_at;
        let number = message.id.number;
        if is_moved {
            if !was_queued {
                self.timers.forget();
            }
            if scheduled_at > now {
                self.timers.set(scheduled_at, Timer::Scheduled { slot, number });
            }
        }
        if expires_at != expired_at {
            self.timers.forget();
            self.timers.set(expires_at, Timer::Expiry { slot, number });
        }
        Ok(slot)
    }

    /// The message that an ESME means by an id: it must be one of the account's, with that source.
    fn find(&self, sender: Sender, message_id: &str, source: &Address) -> Result<MessageStatus, Status> {
        let mut mismatch = false;
        let found = self.find_message(message_id, |(account, its)| {
            mismatch |= account == sender.account && !self.is_source(sender, source, &its.digits());
            account == sender.account && self.is_source(sender, source, &its.digits())
        });
        let absent = if mismatch {
            Status::ESME_RINVSRCADR
        } else {
            Status::ESME_RINVMSGID
        };
        found.ok_or(absent)
    }

    /// Whether the source that an ESME names has the digits of a message's; none stands for the account's own.
    pub(super) fn is_source(&self, sender: Sender, named: &Address, of_message: &str) -> bool {
        let digits = named.digits.trim_start_matches('+');
        if digits.is_empty() {
            let own = self.esmes[usize::from(sender.account)]
                .account
                .source_by_default();
            return own.is_some_and(|own| own.digits == of_message);
        }
        digits == of_message
    }

    /// A message by its id, among those whose account and source `admits`.
    pub(super) fn find_message(
        &self,
        message_id: &str,
        mut admits: impl FnMut((u16, &Originator)) -> bool,
    ) -> Option<MessageStatus> {
        MessageId::candidates(message_id).find_map(|number| {
            if let Some(slot) = self.store.slots_of(number).next() {
                let message = self.store.message(slot);
                let state = if message.queued {
                    MessageState::Enroute
                } else {
                    MessageState::Scheduled
                };
                let meant =
                    message.id.to_string() == message_id && admits((message.account, &message.source));
                let (message_id, cause) = (message.id, message.cause);
                return meant.then_some(MessageStatus {
                    message_id,
                    state,
                    cause,
                    done_at: None,
                });
            }
            let last = self.finals.remembered(number)?;
            let meant = last.id.to_string() == message_id && admits((last.account, &last.source));
            let (message_id, state, cause) = (last.id, last.state, last.cause);
            meant.then_some(MessageStatus {
                message_id,
                state,
                cause,
                done_at: Some(last.done_at),
            })
        })
    }

    /// The messages with a number that can still be changed: not final, not in the air.
    fn pending(&self, number: u32) -> Vec<u32> {
        self.store
            .slots_of(number)
            .filter(|slot| !self.is_in_the_air(*slot))
            .collect()
    }

    /// Those of them that are for the destination that a `cancel_sm` names beside the number; naming one verifies it (SMPP
    /// v3.4 §4.9.1), and picks one destination of a `submit_multi`.
    fn pending_for(&self, number: u32, destination: &Address) -> Result<Vec<u32>, Status> {
        if destination.digits.is_empty() {
            return Ok(self.pending(number));
        }
        let named = destination.msisdn();
        let is_for = |slot: &u32| Some(self.store.message(*slot).to.msisdn) == named;
        if self.store.slots_of(number).next().is_some()
            && !self.store.slots_of(number).any(|slot| is_for(&slot))
        {
            return Err(Status::ESME_RINVDSTADR);
        }
        Ok(self.pending(number).into_iter().filter(is_for).collect())
    }
}

/// The answer to a `submit_multi`: an error only when no destination was taken.
fn multi_resp(started: &[(MessageId, u32)], failed: &[(&DestAddress, Refusal)]) -> (Status, SubmitMultiResp) {
    let Some((id, _)) = started.first() else {
        let status = failed
            .first()
            .map_or(Status::ESME_RINVNUMDESTS, |(_, refusal)| refusal.status);
        return (status, SubmitMultiResp::default());
    };
    let unsuccess = failed.iter().map(|(destination, refusal)| UnsuccessSme {
        destination: address_of(destination),
        status: refusal.status,
    });
    let resp = SubmitMultiResp {
        message_id: compact_str::format_compact!("{id}"),
        unsuccess: unsuccess.collect(),
        tlvs: Vec::new(),
    };
    (Status::ESME_ROK, resp)
}

/// A destination as an address; a distribution list by its name.
fn address_of(destination: &DestAddress) -> Address {
    match destination {
        DestAddress::Sme(address) => address.clone(),
        DestAddress::DistributionList(name) => Address {
            digits: name.clone(),
            ..Address::default()
        },
    }
}

#[cfg(test)]
mod tests;
