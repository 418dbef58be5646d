//! `broadcast_sm`, `query_broadcast_sm` and `cancel_broadcast_sm` of sessions of v5.0.

use std::collections::{BTreeMap, VecDeque};

use smpp::{
    BroadcastSm, CancelBroadcastSm, Command, MessageIdResp, Pdu, QueryBroadcastSm, ShortMessage, Status, Tlv,
    Tlvs as _, tag,
};
use sms::{MessageState, Timestamp};

use super::Smsc;
use super::submit::Sender;
use crate::broadcast::{self, Area, Broadcast, Named, Target};
use crate::check::Refusal;
use crate::event::{Event, SubmitRefusal};
use crate::message::{Body, ServiceType};
use crate::message_id::{MessageId, MessageIdStyle};
use crate::port::{Broadcast as Sent, Output};
use crate::timer::Timer;

/// The identifier of an area that cannot be served, and why.
type FailedArea = (Status, Vec<u8>);

/// Broadcasts by their number, with those that are over in the order of their end.
#[derive(Default)]
pub(super) struct Broadcasts {
    by_number: BTreeMap<u32, Broadcast>,
    over: VecDeque<u32>,
}

impl Broadcasts {
    /// Whether a timer is for the next time that a broadcast is sent.
    pub fn is_due(&self, number: u32, due_at: Timestamp) -> bool {
        self.by_number
            .get(&number)
            .is_some_and(|broadcast| broadcast.next_at == Some(due_at))
    }

    fn pending(&self) -> usize {
        self.by_number.len() - self.over.len()
    }

    /// The one with that id.
    fn of_id(&self, id: &str) -> Option<&Broadcast> {
        let mut known = MessageId::candidates(id).filter_map(|number| self.by_number.get(&number));
        known.find(|broadcast| broadcast.id.text() == id)
    }
}

impl Smsc {
    pub(super) fn broadcast_sm(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        asked: &BroadcastSm,
    ) {
        match self.accept_broadcast(now, sender, asked) {
            Ok((id, failed)) => {
                let mut resp = MessageIdResp::new(&compact_str::format_compact!("{id}"));
                for (status, identifier) in failed {
                    resp.tlvs.push(Tlv::long(tag::BROADCAST_ERROR_STATUS, status.0));
                    resp.tlvs
                        .push(Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, identifier));
                }
                self.respond(sender.link, request, Status::ESME_ROK, Pdu::BroadcastSmResp(resp));
                self.broadcast_due(now, id.number);
            }
            Err(refusal) => {
                let resp = Pdu::BroadcastSmResp(MessageIdResp::empty());
                self.respond(sender.link, request, refusal.status, resp);
                self.note(Event::BroadcastRefused {
                    link: sender.link,
                    system_id: self.esmes[usize::from(sender.account)].account.system_id.clone(),
                    status: refusal.status,
                    reason: refusal.reason,
                });
            }
        }
    }

    /// Checks and stores a broadcast. Areas that cannot be served are given back; without any other it is refused.
    fn accept_broadcast(
        &mut self,
        now: Timestamp,
        sender: Sender,
        asked: &BroadcastSm,
    ) -> Result<(MessageId, Vec<FailedArea>), Refusal> {
        let refuse = |status, reason| Refusal {
            status,
            reason: SubmitRefusal::Field(reason),
        };
        if !self.esmes[usize::from(sender.account)].account.broadcasts_allowed {
            let reason = "the account may not broadcast";
            return Err(refuse(Status::ESME_RPROHIBITED, reason));
        }
        self.check_held(sender.link)?;
        self.take_token(now, sender)?;
        let as_message = as_message(asked);
        let submission = self.rules(sender, false).check(now, &as_message)?;
        if submission.segment.body().is_empty() {
            let reason = "a broadcast needs a message_payload";
            return Err(refuse(Status::ESME_RMISSINGTLV, reason));
        }
        let wanted = broadcast::request(asked)?;
        let source = submission.source.address();
        let (mut areas, mut failed) = (Vec::new(), Vec::new());
        for identifier in broadcast::areas(asked)? {
            match self.area(sender, &source.digits, identifier) {
                Ok(target) => areas.push(Area {
                    identifier: identifier.to_vec(),
                    target,
                    sent: false,
                    reached: None,
                }),
                Err(status) => failed.push((status, identifier.to_vec())),
            }
        }
        if let (true, Some((status, _))) = (areas.is_empty(), failed.first()) {
            return Err(refuse(*status, "no broadcast area can be served"));
        }
        let service_type = ServiceType::new(&asked.service_type);
        if submission.replace {
            self.drop_replaced_broadcast(now, sender, asked, service_type)?;
        }
        if self.broadcasts.pending() >= self.config.broadcasts_max {
            return Err(Refusal {
                status: Status::ESME_RMSGQFUL,
                reason: SubmitRefusal::StoreFull,
            });
        }
        let starts_at = submission.scheduled_at.unwrap_or(now);
        let carrier = &self.carrier_state(areas[0].target.carriers[0]).carrier;
        let validity = submission.expires_at.unwrap_or(starts_at + carrier.validity);
        let expires_at = validity.min(starts_at + carrier.validity_max);
        let style = carrier.message_ids;
        let id = self.next_broadcast_id(style);
        self.note(Event::BroadcastAccepted {
            message_id: id,
            system_id: self.esmes[usize::from(sender.account)].account.system_id.clone(),
            source: source.clone(),
            areas: areas.len(),
            times: wanted.times,
        });
        let broadcast = Broadcast {
            id,
            account: sender.account,
            source,
            service_type,
            content_type: wanted.content_type,
            user_message_reference: wanted.user_message_reference,
            segment: submission.segment,
            areas,
            interval: wanted.interval,
            left: wanted.times,
            next_at: Some(starts_at),
            expires_at,
            state: MessageState::Scheduled,
            done_at: None,
        };
        self.broadcasts.by_number.insert(id.number, broadcast);
        if starts_at > now {
            self.timers.set(starts_at, Timer::Broadcast { number: id.number });
        }
        Ok((id, failed))
    }

    /// A number that neither a message nor a broadcast has, written as the carrier of the first area writes its ids.
    fn next_broadcast_id(&mut self, style: MessageIdStyle) -> MessageId {
        loop {
            let number = self.store.next_number();
            if !self.broadcasts.by_number.contains_key(&number) {
                return MessageId { number, style };
            }
        }
    }

    /// Whom an area means: the name of a carrier, one of the areas that carriers say they cover, the beginning of numbers, or
    /// a shape on the ground. A carrier that blocks the source is left out.
    fn area(&self, sender: Sender, source: &str, identifier: &[u8]) -> Result<Target, Status> {
        let (alias, shape) = match broadcast::named(identifier)? {
            Named::Alias(alias) => (alias, None),
            Named::Shape(shape) => (compact_str::CompactString::default(), Some(shape)),
        };
        let account = &self.esmes[usize::from(sender.account)].account;
        let all = || (0_u16..).zip(&self.carriers);
        let named: Vec<u16> = all()
            .filter(|_| shape.is_none())
            .filter(|(_, state)| state.carrier.name == alias || state.carrier.areas.contains(&alias))
            .map(|(index, _)| index)
            .collect();
        let by_number = named.is_empty() && alias.bytes().all(|octet| octet.is_ascii_digit());
        let (carriers, prefix) = match by_number {
            true => (all().map(|(index, _)| index).collect(), alias),
            false => (named, compact_str::CompactString::default()),
        };
        if carriers.is_empty() {
            return Err(Status::ESME_RINVBCASTALIAS_NAME);
        }
        let open = |index: &u16| !self.carrier_state(*index).blocks(source, Some(account));
        let (open, blocking): (Vec<u16>, Vec<u16>) = carriers.into_iter().partition(open);
        match blocking.first() {
            Some(index) if open.is_empty() => Err(self.carrier_state(*index).carrier.blocked_status),
            Some(_) | None => Ok(Target {
                carriers: open,
                prefix,
                shape,
            }),
        }
    }

    /// `replace_if_present_flag`: unlike a `submit_sm`, a broadcast that finds nothing to replace fails (SMPP v5.0 §4.4.1).
    fn drop_replaced_broadcast(
        &mut self,
        now: Timestamp,
        sender: Sender,
        asked: &BroadcastSm,
        service_type: ServiceType,
    ) -> Result<(), Refusal> {
        let is_meant = |broadcast: &&Broadcast| {
            broadcast.is_pending()
                && broadcast.account == sender.account
                && self.is_source(sender, &asked.source, &broadcast.source.digits)
        };
        let replaced = match asked.message_id.as_str() {
            "" => self
                .broadcasts
                .by_number
                .values()
                .find(|broadcast| broadcast.service_type == service_type && is_meant(broadcast)),
            id => self.broadcasts.of_id(id).filter(is_meant),
        };
        let reason = SubmitRefusal::UnknownMessage;
        let status = Status::ESME_RBCASTFAIL;
        let number = replaced.map(|broadcast| broadcast.id.number);
        let number = number.ok_or(Refusal { status, reason })?;
        self.end_broadcast(now, number, MessageState::Deleted);
        Ok(())
    }

    /// A broadcast is sent, and its next time is set; or its validity is over.
    pub(super) fn broadcast_due(&mut self, now: Timestamp, number: u32) {
        let Some(broadcast) = self.broadcasts.by_number.get_mut(&number) else {
            return;
        };
        if broadcast.next_at.is_none_or(|at| at > now) {
            return;
        }
        if broadcast.expires_at <= now {
            return self.expire_broadcast(now, number);
        }
        broadcast.state = MessageState::Enroute;
        if let Some(left) = &mut broadcast.left {
            *left -= 1;
        }
        let next_at = broadcast.interval.after(now, &self.config.zone);
        let last = broadcast.left == Some(0);
        broadcast.next_at = (!last).then(|| next_at.min(broadcast.expires_at));
        if let Some(at) = broadcast.next_at {
            self.timers.set(at, Timer::Broadcast { number });
        }
        self.send_broadcast(number);
        if last {
            let sent = self.was_sent(number);
            let state = if sent {
                MessageState::Delivered
            } else {
                MessageState::Undeliverable
            };
            self.end_broadcast(now, number, state);
        }
    }

    /// The validity ended. One that was to be sent until then has been; one that was to be sent a number of times has not.
    fn expire_broadcast(&mut self, now: Timestamp, number: u32) {
        let open_ended = self.broadcasts.by_number[&number].left.is_none();
        let state = match (open_ended, self.was_sent(number)) {
            (true, true) => MessageState::Delivered,
            (true, false) => MessageState::Undeliverable,
            (false, _) => MessageState::Expired,
        };
        self.end_broadcast(now, number, state);
    }

    fn was_sent(&self, number: u32) -> bool {
        let broadcast = self.broadcasts.by_number.get(&number);
        broadcast.is_some_and(|broadcast| broadcast.areas.iter().any(|area| area.sent))
    }

    /// Sends a broadcast once into each of its areas, over the carriers whose link is up.
    fn send_broadcast(&mut self, number: u32) {
        let Some(broadcast) = self.broadcasts.by_number.get_mut(&number) else {
            return;
        };
        let message_id = broadcast.id;
        let mut sent = 0;
        for (place, area) in (0..).zip(&mut broadcast.areas) {
            area.reached = None;
            for carrier in &area.target.carriers {
                let carrier = &self.carriers[usize::from(*carrier)].carrier;
                let segment = broadcast.segment.clone();
                let Ok(body) = Body::new(segment, carrier, self.config.segments_max) else {
                    continue;
                };
                if !carrier.link_up {
                    continue;
                }
                area.sent = true;
                sent += 1;
                self.outputs.push(Output::Broadcast(Box::new(Sent {
                    number,
                    area: place,
                    carrier: carrier.name.clone(),
                    prefix: area.target.prefix.clone(),
                    shape: area.target.shape.clone(),
                    from: broadcast.source.clone(),
                    segments: body.into_segments(message_id.number.to_le_bytes()[0]),
                })));
            }
        }
        self.note(Event::Broadcast {
            message_id,
            carriers: sent,
        });
    }

    /// A carrier tells how many of its subscribers in an area there are, and how many of them had a broadcast.
    pub(super) fn broadcast_answered(&mut self, number: u32, area: u16, there: u32, had: u32) {
        let broadcast = self.broadcasts.by_number.get_mut(&number);
        if let Some(area) = broadcast.and_then(|broadcast| broadcast.areas.get_mut(usize::from(area))) {
            let (before, had_before) = area.reached.unwrap_or_default();
            area.reached = Some((before.saturating_add(there), had_before.saturating_add(had)));
        }
    }

    /// A broadcast is over; the oldest of those that are remembered is forgotten.
    fn end_broadcast(&mut self, now: Timestamp, number: u32, state: MessageState) {
        let Some(broadcast) = self.broadcasts.by_number.get_mut(&number) else {
            return;
        };
        broadcast.state = state;
        broadcast.done_at = Some(now);
        if broadcast.next_at.take().is_some() {
            self.timers.forget();
        }
        let message_id = broadcast.id;
        self.broadcasts.over.push_back(number);
        while self.broadcasts.over.len() > self.config.broadcast_finals_max {
            if let Some(oldest) = self.broadcasts.over.pop_front() {
                self.broadcasts.by_number.remove(&oldest);
            }
        }
        self.note(Event::BroadcastOver { message_id, state });
    }

    pub(super) fn query_broadcast_sm(&mut self, sender: Sender, request: &Command, query: &QueryBroadcastSm) {
        let reference = broadcast::reference(&query.tlvs);
        let found = self.find_broadcast(sender, &query.message_id, &query.source, reference);
        let (status, resp) = match found {
            Ok(broadcast) => {
                let mut resp = MessageIdResp::new(&compact_str::format_compact!("{}", broadcast.id));
                let tlvs = &mut resp.tlvs;
                tlvs.push(Tlv::octet(tag::MESSAGE_STATE, broadcast.state.code()));
                for area in &broadcast.areas {
                    tlvs.push(Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, area.identifier.clone()));
                    tlvs.push(Tlv::octet(tag::BROADCAST_AREA_SUCCESS, area.success()));
                }
                if let Some(at) = broadcast.done_at {
                    tlvs.push(broadcast::end_time(at, self.quarter_hours(at)));
                }
                if let Some(reference) = broadcast.user_message_reference {
                    tlvs.push(Tlv::short(tag::USER_MESSAGE_REFERENCE, reference));
                }
                (Status::ESME_ROK, resp)
            }
            Err(status) => (status, MessageIdResp::empty()),
        };
        self.respond(sender.link, request, status, Pdu::QueryBroadcastSmResp(resp));
    }

    /// The broadcast of an account that an id, or else a `user_message_reference`, names.
    fn find_broadcast(
        &self,
        sender: Sender,
        message_id: &str,
        source: &sms::Address,
        reference: Option<u16>,
    ) -> Result<&Broadcast, Status> {
        let is_mine = |broadcast: &&Broadcast| broadcast.account == sender.account;
        let found = match message_id {
            "" => {
                let mut mine = self.broadcasts.by_number.values().filter(is_mine);
                mine.rfind(|broadcast| reference.is_some() && broadcast.user_message_reference == reference)
            }
            id => self.broadcasts.of_id(id).filter(is_mine),
        };
        let found = found.ok_or(Status::ESME_RINVMSGID)?;
        if self.is_source(sender, source, &found.source.digits) {
            Ok(found)
        } else {
            Err(Status::ESME_RINVSRCADR)
        }
    }

    pub(super) fn cancel_broadcast_sm(
        &mut self,
        now: Timestamp,
        sender: Sender,
        request: &Command,
        cancel: &CancelBroadcastSm,
    ) {
        let reference = broadcast::reference(&cancel.tlvs);
        let numbers: Result<Vec<u32>, Status> = if cancel.message_id.is_empty() {
            Ok(self.matching_broadcasts(sender, cancel, reference))
        } else {
            self.find_broadcast(sender, &cancel.message_id, &cancel.source, None)
                .map(|found| {
                    let pending = Some(found).filter(|found| found.is_pending());
                    pending.map(|found| found.id.number).into_iter().collect()
                })
        };
        let (status, numbers) = match numbers {
            Ok(numbers) if numbers.is_empty() => (Status::ESME_RBCASTCANCELFAIL, numbers),
            Ok(numbers) => (Status::ESME_ROK, numbers),
            Err(status) => (status, Vec::new()),
        };
        self.respond(sender.link, request, status, Pdu::CancelBroadcastSmResp);
        for number in numbers {
            self.end_broadcast(now, number, MessageState::Deleted);
        }
    }

    /// The pending broadcasts that a cancellation without a message id means: those of its source and, as far as it names
    /// them, of its service type, content type and reference (SMPP v5.0 §4.6.3).
    fn matching_broadcasts(
        &self,
        sender: Sender,
        cancel: &CancelBroadcastSm,
        reference: Option<u16>,
    ) -> Vec<u32> {
        let service_type = ServiceType::new(&cancel.service_type);
        let content_type = cancel.tlvs.tlv(tag::BROADCAST_CONTENT_TYPE);
        let matching = self.broadcasts.by_number.values().filter(|broadcast| {
            broadcast.is_pending()
                && broadcast.account == sender.account
                && self.is_source(sender, &cancel.source, &broadcast.source.digits)
                && (service_type.is_empty() || broadcast.service_type == service_type)
                && content_type.is_none_or(|wanted| wanted.value == broadcast.content_type)
                && (reference.is_none() || broadcast.user_message_reference == reference)
        });
        matching.map(|broadcast| broadcast.id.number).collect()
    }
}

/// The fields that a broadcast shares with a `submit_sm`, to be checked as those.
fn as_message(asked: &BroadcastSm) -> ShortMessage {
    let payload = asked.tlvs.iter().filter(|tlv| tlv.tag == tag::MESSAGE_PAYLOAD);
    ShortMessage {
        service_type: asked.service_type.clone(),
        source: asked.source.clone(),
        priority_flag: asked.priority_flag,
        schedule_delivery_time: asked.schedule_delivery_time.clone(),
        validity_period: asked.validity_period.clone(),
        replace_if_present_flag: asked.replace_if_present_flag,
        data_coding: asked.data_coding,
        sm_default_msg_id: asked.sm_default_msg_id,
        tlvs: payload.cloned().collect(),
        ..ShortMessage::default()
    }
}
