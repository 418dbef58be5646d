//! Counts and times of what happens in a world: [`Tally`].
//!
//! It counts each record as it is made, for a match and an addition in an array or in a small map: nothing is spelt out,
//! formatted or allocated for what every text brings.

mod begun;
pub mod histogram;

use std::collections::BTreeMap;

use platform::{CallId, NotifyOutcome};
use smpp::command_id;
use sms::{MessageState, NumberRun, Timestamp};
use smsc::{BindRefusal, Cause, CloseReason, Note, Smsc};

use self::begun::Begun;
use self::histogram::Histogram;
use crate::io::CallbackId;
use crate::link::OWN_LINKS;
use crate::record::{Event, Toward};
use crate::ring::Kept;
use crate::wire_pdu;

/// Calls and callbacks that are timed at once, each; one more is not timed.
const CALLS_TIMED_MAX: usize = 1 << 16;
/// Places for the operations of SMPP, with their responses.
const COMMANDS: usize = 128;

/// Where a PDU went, and whose link it was on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Way {
    /// Whether it is the platform's own link, not that of an outside ESME.
    pub own: bool,
    /// Whether it went to the message centre.
    pub to_smsc: bool,
}

impl Way {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
    ];

    const fn new(own: bool, to_smsc: bool) -> Self {
        Self { own, to_smsc }
    }

    const fn index(self) -> usize {
        (self.own as usize) * 2 + self.to_smsc as usize
    }
}

/// Counts of what happened, and how long it took in the world's time.
#[derive(Clone, Debug)]
pub struct Tally {
    pdus: [[u64; COMMANDS]; Way::ALL.len()],
    pdus_in_error: BTreeMap<(Way, usize, u32), u64>,
    /// Binds by account and kind.
    pub binds: BTreeMap<(String, &'static str), u64>,
    /// Refused binds by reason.
    pub binds_refused: Vec<(BindRefusal, u64)>,
    /// Links that ended, by reason.
    pub links_closed: Vec<(CloseReason, u64)>,
    /// Accepted messages of each carrier.
    pub accepted: Vec<(String, u64)>,
    /// Finished messages by state.
    pub finished: [u64; MessageState::ALL.len()],
    /// Failed attempts by cause.
    pub attempts_failed: BTreeMap<Cause, u64>,
    /// Callbacks that ended, by what came of them.
    pub callbacks: BTreeMap<&'static str, u64>,
    /// Calls that were answered, by method and error number, 0 for success.
    pub calls: BTreeMap<(&'static str, u16), u64>,
    /// From `submit_sm` to its response.
    pub response: Histogram,
    /// From acceptance to delivery.
    pub delivery: Histogram,
    /// From acceptance to the receipt's way to the ESME.
    pub receipt: Histogram,
    /// From a callback to the app's answer.
    pub callback: Histogram,
    /// From a call of the API to its answer.
    pub call: Histogram,
    requests: Begun,
    calls_begun: NumberRun<CallId, (&'static str, Timestamp)>,
    callbacks_begun: BTreeMap<CallbackId, Timestamp>,
}

impl Default for Tally {
    /// Nothing was counted, and no carrier is known.
    fn default() -> Self {
        Self {
            pdus: [[0; COMMANDS]; Way::ALL.len()],
            pdus_in_error: BTreeMap::new(),
            binds: BTreeMap::new(),
            binds_refused: Vec::new(),
            links_closed: Vec::new(),
            accepted: Vec::new(),
            finished: [0; MessageState::ALL.len()],
            attempts_failed: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            calls: BTreeMap::new(),
            response: Histogram::default(),
            delivery: Histogram::default(),
            receipt: Histogram::default(),
            callback: Histogram::default(),
            call: Histogram::default(),
            requests: Begun::default(),
            calls_begun: NumberRun::default(),
            callbacks_begun: BTreeMap::new(),
        }
    }
}

impl Tally {
    /// Nothing was counted of the world of that message centre.
    pub(crate) fn new(smsc: &Smsc) -> Self {
        let carriers = smsc.carriers();
        Self {
            accepted: carriers.map(|carrier| (carrier.name.to_string(), 0)).collect(),
            ..Self::default()
        }
    }

    /// Counts what a record says.
    pub(crate) fn count(&mut self, at: Timestamp, kept: &Kept) {
        match kept {
            Kept::Pdu { link, toward, pdu } => self.count_pdu(at, *link, *toward, pdu.words()),
            Kept::Smsc(note) => self.count_note(at, note),
            Kept::ApiCall { call, params } if self.calls_begun.len() < CALLS_TIMED_MAX => {
                let method = params.value("method").unwrap_or_default();
                self.calls_begun.insert(*call, (known_method(method), at));
            }
            Kept::ApiReply(kept) => {
                if let Some((method, begun_at)) = self.calls_begun.remove(kept.call) {
                    self.call.observe(at.since(begun_at));
                    *self
                        .calls
                        .entry((method, kept.error_code.unwrap_or(0)))
                        .or_default() += 1;
                }
            }
            Kept::Event(event) => self.count_event(at, event),
            Kept::OnAir { .. }
            | Kept::Received { .. }
            | Kept::ReceivedWhole { .. }
            | Kept::ApiCall { .. }
            | Kept::Decision(_)
            | Kept::Submitted { .. }
            | Kept::Taken { .. }
            | Kept::Receipt { .. } => {}
        }
    }

    #[cold]
    fn count_event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Pdu {
                link, toward, octets, ..
            } => self.count_pdu(at, *link, *toward, wire_pdu::words(octets)),
            Event::CallbackSent { callback, .. } if self.callbacks_begun.len() < CALLS_TIMED_MAX => {
                self.callbacks_begun.insert(*callback, at);
            }
            Event::CallbackDone {
                callback, outcome, ..
            } => {
                if let Some(begun_at) = self.callbacks_begun.remove(callback) {
                    self.callback.observe(at.since(begun_at));
                }
                *self.callbacks.entry(outcome_word(outcome)).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Counts a PDU by its `command_id`, `command_status` and `sequence_number`.
    fn count_pdu(&mut self, at: Timestamp, link: u64, toward: Toward, words: Option<[u32; 3]>) {
        let Some([id, status, sequence_number]) = words else {
            return;
        };
        let way = Way::new(link >= OWN_LINKS, toward == Toward::Smsc);
        let place = place(id);
        if status == 0 {
            self.pdus[way.index()][place] += 1;
        } else {
            self.count_pdu_in_error(way, place, status);
        }
        if id == command_id::SUBMIT_SM && way.to_smsc {
            self.requests.begin((link, sequence_number), at);
        } else if id == command_id::SUBMIT_SM_RESP
            && !way.to_smsc
            && let Some(took) = self.requests.end((link, sequence_number), at)
        {
            self.response.observe(took);
        }
    }

    #[cold]
    fn count_pdu_in_error(&mut self, way: Way, place: usize, status: u32) {
        *self.pdus_in_error.entry((way, place, status)).or_default() += 1;
    }

    fn count_note(&mut self, at: Timestamp, note: &Note) {
        match note {
            Note::Accepted { carrier, .. } => {
                if let Some((_, count)) = self.accepted.get_mut(usize::from(carrier.0)) {
                    *count += 1;
                }
            }
            Note::Finished {
                state, submitted_at, ..
            } => {
                self.finished[usize::from(state.code())] += 1;
                if *state == MessageState::Delivered {
                    self.delivery.observe(at.since(*submitted_at));
                }
            }
            Note::ReceiptSent { submitted_at, .. } => self.receipt.observe(at.since(*submitted_at)),
            Note::Paged { .. } | Note::ReceiptWaits { .. } | Note::ReceiptTaken { .. } => {}
            Note::Event(event) => self.count_smsc(event),
        }
    }

    #[cold]
    fn count_smsc(&mut self, event: &smsc::Event) {
        match event {
            smsc::Event::Accepted { carrier, .. } => {
                if let Some((_, count)) = self.accepted.iter_mut().find(|(known, _)| known == carrier) {
                    *count += 1;
                }
            }
            smsc::Event::AttemptFailed { cause, .. } => *self.attempts_failed.entry(*cause).or_default() += 1,
            smsc::Event::Bound { system_id, kind, .. } => {
                *self.binds.entry((system_id.to_string(), kind)).or_default() += 1;
            }
            smsc::Event::BindRefused { reason, .. } => add(&mut self.binds_refused, *reason),
            smsc::Event::LinkClosed { reason, .. } => add(&mut self.links_closed, *reason),
            _ => {}
        }
    }

    /// The PDUs that there were: their way, name, status and number.
    pub fn pdus(&self) -> impl Iterator<Item = (Way, &'static str, u32, u64)> {
        let good = Way::ALL.into_iter().flat_map(|way| {
            let counts = self.pdus[way.index()].iter().enumerate();
            counts
                .filter(|(_, count)| **count > 0)
                .map(move |(place, count)| (way, name(place), 0, *count))
        });
        let in_error = self.pdus_in_error.iter();
        good.chain(in_error.map(|((way, place, status), count)| (*way, name(*place), *status, *count)))
    }
}

fn add<T: PartialEq>(counts: &mut Vec<(T, u64)>, what: T) {
    match counts.iter_mut().find(|(counted, _)| *counted == what) {
        Some((_, count)) => *count += 1,
        None => counts.push((what, 1)),
    }
}

/// The place of an operation among the counts; those that the specification does not name share one.
fn place(id: u32) -> usize {
    let place = match id & !command_id::RESPONSE {
        low @ 0..=0x21 => low,
        middle @ 0x102..=0x103 => middle - 0x102 + 0x22,
        high @ 0x111..=0x113 => high - 0x111 + 0x24,
        _ => return COMMANDS - 1,
    };
    let response = if command_id::is_response(id) {
        COMMANDS / 2
    } else {
        0
    };
    place as usize + response
}

/// The name of the operation at that place.
fn name(of: usize) -> &'static str {
    let requests = (0..=0x21).chain(0x102..=0x103).chain(0x111..=0x113);
    let mut ids = requests.flat_map(|id| [id, id | command_id::RESPONSE]);
    ids.find(|id| place(*id) == of)
        .and_then(command_id::name)
        .unwrap_or("unknown")
}

/// The method of a call by its own name, if the API has it.
fn known_method(named: &str) -> &'static str {
    rest::method::Method::find(named).map_or("unknown", |method| method.name)
}

/// What came of a callback, in as few words as there are kinds.
const fn outcome_word(outcome: &NotifyOutcome) -> &'static str {
    match outcome {
        NotifyOutcome::Answered(100..=199) => "1xx",
        NotifyOutcome::Answered(200..=299) => "2xx",
        NotifyOutcome::Answered(300..=399) => "3xx",
        NotifyOutcome::Answered(400..=499) => "4xx",
        NotifyOutcome::Answered(_) => "5xx",
        NotifyOutcome::TimedOut => "timed_out",
        NotifyOutcome::Unreachable(_) => "unreachable",
        NotifyOutcome::NoUrl => "no_url",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_place_of_its_own() {
        let mut named = 0;
        for id in 0..0x200 {
            for id in [id, id | command_id::RESPONSE] {
                match command_id::name(id) {
                    Some(of) => {
                        assert_eq!(name(place(id)), of, "{id:#x}");
                        named += 1;
                    }
                    None => assert!(!name(place(id)).contains("_sm"), "{id:#x}"),
                }
            }
        }
        assert_eq!(named, 33);
        assert_eq!(name(place(0x7FFF_FFFF)), "unknown");
    }

    #[test]
    fn methods_are_known_in_every_spelling_and_others_are_one() {
        for (said, counted) in [
            ("sms.send", "sms.send"),
            ("facebook.sms.send", "sms.send"),
            ("facebook.Sms.canSend", "sms.canSend"),
            ("sms_send", "sms.send"),
            ("sms.sendAll", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(known_method(said), counted);
        }
    }
}
