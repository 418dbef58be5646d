//! The messages that the message centre took, each with its life, as far as the world's records reach back.
//!
//! A message is in an answer for as long as the record of its acceptance is among the `records_max` that the world keeps; by
//! its id it is known for longer, with its final state only.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smpp::{Frame, Framer, Pdu, Tlvs as _, command_id, tag};
use sms::{MessageState, Msisdn, Timestamp};
use smsc::{Cause, Codings, Event, MessageId, Note, Scribe};
use world::{Brief, Toward, WirePdu, World};

use super::{Control, Refused};

/// Messages in one answer, unless it is asked for fewer or more.
const MESSAGES: usize = 100;
/// Messages in one answer, at most.
const MESSAGES_MAX: usize = 1_000;
/// Attempts that are told of one message: the last ones.
const ATTEMPTS_MAX: usize = 100;

/// Which messages are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What the source or the destination begins with, in digits or letters.
    address: Option<String>,
    /// What the text holds, whatever its case.
    text: Option<String>,
    /// Its state.
    state: Option<MessageState>,
    /// Accepted then or later, in microseconds since the epoch.
    since: Option<i64>,
    /// Accepted before then.
    until: Option<i64>,
    /// How many.
    limit: Option<usize>,
    /// Only those that were accepted after the record of that number, as an answer's `next` says it.
    after: Option<u64>,
}

/// One message with its life; instants are microseconds since the epoch.
#[derive(Debug, Serialize)]
struct Message {
    id: MessageId,
    /// The record of its acceptance.
    record: u64,
    system_id: Option<String>,
    source: String,
    destination: Msisdn,
    carrier: String,
    text: Option<String>,
    /// Which part of a long text it is, and of how many.
    part: Option<(u8, u8)>,
    segments: u8,
    state: MessageState,
    cause: Option<Cause>,
    accepted_at: Timestamp,
    scheduled_at: Option<Timestamp>,
    expires_at: Timestamp,
    /// How many attempts there were; none while it waits for its first end.
    attempts: Option<u32>,
    failed_attempts: Vec<Attempt>,
    finished_at: Option<Timestamp>,
    receipt_sent_at: Option<Timestamp>,
    receipt_answered_at: Option<Timestamp>,
    /// The PDU that brought it.
    #[serde(skip)]
    octets: Option<Vec<u8>>,
    /// The `replace_sm` that has replaced what it says.
    #[serde(skip)]
    replacement: Option<Vec<u8>>,
    /// What its sender's `data_coding` octets mean.
    #[serde(skip)]
    codings: Codings,
}

/// An attempt that failed.
#[derive(Debug, Serialize)]
struct Attempt {
    at: Timestamp,
    cause: Cause,
    next_attempt_at: Option<Timestamp>,
}

/// The messages that fit, in the order of their acceptance.
pub async fn search(
    State(control): State<Control>,
    Path(world): Path<String>,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Refused> {
    let Query(wanted) = wanted.map_err(|error| {
        let keys = "address, text, state, since, until, limit, after";
        Refused::wrong(format!("{}; there are {keys}", error.body_text()))
    })?;
    let messages = control.world(&world)?.engine.look(read).await;
    let mut messages = messages.ok_or_else(Refused::ended)?;
    messages.iter_mut().for_each(Message::decode);
    messages.retain(|message| wanted.fits(message));
    let limit = wanted.limit.unwrap_or(MESSAGES).min(MESSAGES_MAX);
    let more = messages.len() > limit;
    messages.truncate(limit);
    let next = messages.last().filter(|_| more).map(|message| message.record);
    Ok(Json(json!({ "messages": messages, "next": next })))
}

/// One message; of one to several handsets, the first.
pub async fn show(
    State(control): State<Control>,
    Path((world, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let wanted = id.clone();
    let look = move |world: &World| {
        let found = read(world)
            .into_iter()
            .find(|message| message.id.text() == wanted);
        found.map(Ok).or_else(|| world.smsc().message(&wanted).map(Err))
    };
    match control.world(&world)?.engine.look(look).await {
        None => Err(Refused::ended()),
        Some(Some(Ok(mut message))) => {
            message.decode();
            Ok(Json(json!(message)))
        }
        Some(Some(Err(known))) => {
            let (state, cause) = (known.state, known.cause);
            Ok(Json(
                json!({ "id": known.message_id, "state": state, "cause": cause, "finished_at": known.done_at }),
            ))
        }
        Some(None) => {
            let message =
                format!("there is no message {id:?}, or it is forgotten; ids are those of submit_sm_resp");
            Err(Refused::new(StatusCode::NOT_FOUND, message))
        }
    }
}

impl Wanted {
    fn fits(&self, message: &Message) -> bool {
        let address = self
            .address
            .as_deref()
            .map(|address| address.trim_start_matches(['+', ' ']));
        let begins = |of: &str| address.is_none_or(|address| of.trim_start_matches('+').starts_with(address));
        let text = message.text.as_deref().unwrap_or_default().to_lowercase();
        (begins(&message.source) || begins(&message.destination.to_string()))
            && self
                .text
                .as_ref()
                .is_none_or(|part| text.contains(&part.to_lowercase()))
            && self.state.is_none_or(|state| message.state == state)
            && self.since.is_none_or(|at| message.accepted_at.as_micros() >= at)
            && self.until.is_none_or(|at| message.accepted_at.as_micros() < at)
            && self.after.is_none_or(|record| message.record > record)
    }
}

impl Message {
    /// Reads the text out of the PDU that brought it.
    fn decode(&mut self) {
        let pdu = self.octets.take().and_then(|octets| pdu_of(&octets));
        let mut segment = match &pdu {
            Some(Pdu::SubmitSm(message)) => message.segment(),
            Some(Pdu::SubmitMulti(multi)) => multi.message.segment(),
            Some(Pdu::DataSm(message)) => message.segment(),
            _ => return,
        };
        let replacement = self.replacement.take().and_then(|octets| pdu_of(&octets));
        if let Some(Pdu::ReplaceSm(replace)) = replacement {
            // It has neither data_coding nor esm_class: those of before count.
            let payload = replace.tlvs.tlv(tag::MESSAGE_PAYLOAD);
            segment.user_data =
                payload.map_or(replace.short_message.clone(), |payload| payload.value[..].into());
        }
        let segment = self.codings.read(segment);
        self.text = Some(segment.text());
        self.part = segment.concatenation().map(|part| (part.number, part.total));
    }
}

/// The PDU that octets are.
fn pdu_of(octets: &[u8]) -> Option<Pdu> {
    let mut framer = Framer::new(u32::MAX);
    framer.feed(octets);
    match framer.next_frame() {
        Some(Frame::Pdu { command, .. }) => Some(command.pdu),
        _ => None,
    }
}

/// Every message whose acceptance is on record.
fn read(world: &World) -> Vec<Message> {
    let briefs = world.briefs_since(0);
    let first = world.next_record() - briefs.len() as u64;
    let (mut lives, mut scribe) = (Lives::default(), world.smsc().scribe());
    for account in world
        .smsc()
        .accounts()
        .filter(|account| !account.codings.is_empty())
    {
        lives.codings.insert(&account.system_id, &account.codings);
    }
    for (record, (at, brief)) in (first..).zip(briefs) {
        match brief {
            Brief::Pdu { link, toward, pdu } => lives.pdu(link, toward, pdu, &mut scribe),
            Brief::Smsc(note @ Note::Accepted { .. }) => {
                lives.event(record, at, &world.smsc().event(note), world.now());
            }
            Brief::Smsc(note) => lives.note(record, at, note, world.now()),
            Brief::OnAir
            | Brief::Received
            | Brief::ApiCall { .. }
            | Brief::ApiReply { .. }
            | Brief::Receipt { .. }
            | Brief::Platform
            | Brief::Event(_) => {}
        }
    }
    lives.messages
}

/// The string that a PDU's body begins with.
fn string_of(octets: &[u8]) -> &[u8] {
    let body = octets.get(16..).unwrap_or_default();
    body.split(|octet| *octet == 0).next().unwrap_or_default()
}

/// The messages that are being put together.
#[derive(Debug, Default)]
struct Lives<'a> {
    messages: Vec<Message>,
    /// Where the messages with a number begin.
    by_number: BTreeMap<u32, Vec<usize>>,
    by_id: BTreeMap<String, usize>,
    /// Requests that have no answer yet, by link and sequence number.
    requests: BTreeMap<(u64, u32), &'a [u8]>,
    /// What the `data_coding` octets of accounts mean, where that is not what SMPP says.
    codings: BTreeMap<&'a str, &'a Codings>,
}

impl<'a> Lives<'a> {
    fn pdu(&mut self, link: u64, toward: Toward, pdu: &'a WirePdu, scribe: &mut Scribe) {
        let [id, status, sequence_number] = pdu.words().unwrap_or_default();
        match (toward, id) {
            (
                Toward::Smsc,
                command_id::SUBMIT_SM
                | command_id::SUBMIT_MULTI
                | command_id::DATA_SM
                | command_id::REPLACE_SM,
            ) => {
                if let WirePdu::Octets(octets) = pdu {
                    self.requests.insert((link, sequence_number), octets);
                }
            }
            (Toward::Esme, command_id::REPLACE_SM_RESP) => {
                let request = self.requests.remove(&(link, sequence_number));
                let Some(request) = request.filter(|_| status == 0) else {
                    return;
                };
                let id = String::from_utf8_lossy(string_of(request));
                if let Some(index) = self.by_id.get(id.as_ref()) {
                    self.messages[*index].replacement = Some(request.to_vec());
                }
            }
            (
                Toward::Esme,
                command_id::SUBMIT_SM_RESP | command_id::SUBMIT_MULTI_RESP | command_id::DATA_SM_RESP,
            ) => {
                let Some(request) = self.requests.remove(&(link, sequence_number)) else {
                    return;
                };
                let octets = pdu.octets(scribe);
                let id = String::from_utf8_lossy(string_of(&octets));
                let Some(first) = self.by_id.get(id.as_ref()).map(|index| &self.messages[*index]) else {
                    return;
                };
                // A submit_multi has brought several with one id.
                let number = first.id.number;
                for index in self.by_number.get(&number).into_iter().flatten() {
                    self.messages[*index].octets = Some(request.to_vec());
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, record: u64, at: Timestamp, note: &Note, now: Timestamp) {
        match note {
            Note::Accepted { .. } | Note::Paged { .. } | Note::ReceiptWaits { .. } => {}
            Note::Finished {
                message_id,
                to,
                state,
                cause,
                attempts,
                submitted_at: _,
            } => {
                if let Some(message) = self.of(*message_id, Some(*to)) {
                    message.state = *state;
                    message.cause = *cause;
                    message.attempts = Some(*attempts);
                    message.finished_at = Some(at);
                }
            }
            Note::ReceiptSent { message_id, .. } => {
                if let Some(message) = self.of(*message_id, None) {
                    message.receipt_sent_at = Some(at);
                }
            }
            Note::ReceiptTaken { message_id, .. } => {
                if let Some(message) = self.of(*message_id, None) {
                    message.receipt_answered_at = Some(at);
                }
            }
            Note::Event(event) => self.event(record, at, event, now),
        }
    }

    fn event(&mut self, record: u64, at: Timestamp, event: &Event, now: Timestamp) {
        match event {
            Event::Accepted {
                message_id,
                system_id,
                source,
                to,
                carrier,
                segments,
                scheduled_at,
                expires_at,
            } => {
                let index = self.messages.len();
                self.by_number.entry(message_id.number).or_default().push(index);
                self.by_id.insert(message_id.text().to_string(), index);
                let codings = system_id
                    .as_ref()
                    .and_then(|sender| self.codings.get(sender.as_str()));
                let waits = scheduled_at.is_some_and(|scheduled_at| scheduled_at > now);
                self.messages.push(Message {
                    id: *message_id,
                    record,
                    system_id: system_id.as_ref().map(ToString::to_string),
                    source: source.digits.to_string(),
                    destination: *to,
                    carrier: carrier.to_string(),
                    text: None,
                    part: None,
                    segments: *segments,
                    state: if waits {
                        MessageState::Scheduled
                    } else {
                        MessageState::Enroute
                    },
                    cause: None,
                    accepted_at: at,
                    scheduled_at: *scheduled_at,
                    expires_at: *expires_at,
                    attempts: None,
                    failed_attempts: Vec::new(),
                    finished_at: None,
                    receipt_sent_at: None,
                    receipt_answered_at: None,
                    octets: None,
                    replacement: None,
                    codings: codings.cloned().cloned().unwrap_or_default(),
                });
            }
            Event::Replaced {
                message_id,
                scheduled_at,
                expires_at,
            } => {
                if let Some(message) = self.of(*message_id, None) {
                    message.scheduled_at = *scheduled_at;
                    message.expires_at = *expires_at;
                    if scheduled_at.is_some_and(|at| at > now) {
                        message.state = MessageState::Scheduled;
                    }
                }
            }
            Event::AttemptFailed {
                message_id,
                to,
                cause,
                next_attempt_at,
                ..
            } => {
                if let Some(message) = self.of(*message_id, Some(*to)) {
                    message.cause = Some(*cause);
                    if message.failed_attempts.len() == ATTEMPTS_MAX {
                        message.failed_attempts.remove(0);
                    }
                    message.failed_attempts.push(Attempt {
                        at,
                        cause: *cause,
                        next_attempt_at: *next_attempt_at,
                    });
                }
            }
            _ => {}
        }
    }

    /// The message of that id, to that handset when it is said.
    fn of(&mut self, id: MessageId, to: Option<Msisdn>) -> Option<&mut Message> {
        let indexes = self.by_number.get(&id.number)?;
        let messages = &self.messages;
        // After 2^32 messages a number comes again: the newer message has it.
        let mut newest_first = indexes.iter().rev();
        let index = newest_first.find(|index| to.is_none_or(|to| messages[**index].destination == to))?;
        self.messages.get_mut(*index)
    }
}
