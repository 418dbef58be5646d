//! What became of every message: [`Ledger`].
#![expect(
    clippy::disallowed_types,
    reason = "ids are looked up only, a few hundred thousand times a second; nothing depends on their order"
)]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use compact_str::CompactString;
use smpp::Status;
use sms::MessageState;

use super::histogram::Histogram;

/// Messages that are asked after at the end, at most.
pub const CHECKED_MAX: usize = 20_000;
/// Receipts that may come before the response that names their message.
const EARLY_MAX: usize = 1_000_000;

/// What all connections of a load have seen.
#[derive(Debug, Default)]
pub struct Ledger {
    receipts: bool,
    /// Accepted messages.
    pub accepted: u64,
    /// Refused ones.
    pub refused: BTreeMap<Status, u64>,
    /// From the time that each message counts from to its response, in microseconds.
    pub latency_us: Histogram,
    /// The states that receipts have told.
    pub states: BTreeMap<MessageState, u64>,
    /// Receipts beyond what a full ledger can keep until their response comes.
    pub unkept: u64,
    /// Intermediate notifications, and receipts that could not be read.
    pub notifications: u64,
    /// Texts.
    pub texts: u64,
    /// When the last response came.
    pub responded_at: Duration,
    /// When the last receipt came.
    pub reported_at: Duration,
    /// What the message centre said when it was asked after messages.
    pub checked: Checked,
    waiting: HashSet<CompactString>,
    early: HashMap<CompactString, MessageState>,
    /// Where no receipts are wanted: the last ones accepted.
    recent: VecDeque<CompactString>,
}

/// The answers to `query_sm`.
#[derive(Debug, Default)]
pub struct Checked {
    /// In which states messages are.
    pub states: BTreeMap<MessageState, u64>,
    /// Messages that the message centre does not know.
    pub unknown: u64,
}

impl Checked {
    /// The messages that wait at the message centre.
    pub fn stored(&self) -> u64 {
        self.count(|state| !state.is_final())
    }

    /// The messages that are over.
    pub fn over(&self) -> u64 {
        self.count(MessageState::is_final)
    }

    fn count(&self, counts: impl Fn(MessageState) -> bool) -> u64 {
        let states = self.states.iter().filter(|(state, _)| counts(**state));
        states.map(|(_, count)| count).sum()
    }
}

impl Ledger {
    /// An empty ledger; with `receipts`, each accepted message waits for one.
    pub fn new(receipts: bool) -> Self {
        Self {
            receipts,
            ..Self::default()
        }
    }

    /// A `submit_sm` was accepted under that id.
    pub fn accept(&mut self, now: Duration, since: Duration, message_id: &str) {
        self.respond(now, since);
        self.accepted += 1;
        if !self.receipts {
            if self.recent.len() == CHECKED_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(message_id.into());
        } else if let Some(state) = self.early.remove(message_id) {
            self.count(now, state);
        } else {
            self.waiting.insert(message_id.into());
        }
    }

    /// A `submit_sm` was refused.
    pub fn refuse(&mut self, now: Duration, since: Duration, status: Status) {
        self.respond(now, since);
        *self.refused.entry(status).or_default() += 1;
    }

    /// A receipt came.
    pub fn report(&mut self, now: Duration, message_id: &str, state: MessageState) {
        if self.waiting.remove(message_id) {
            self.count(now, state);
        } else if self.early.len() < EARLY_MAX {
            self.early.insert(message_id.into(), state);
        } else {
            self.unkept += 1;
        }
    }

    /// The number of responses.
    pub fn responses(&self) -> u64 {
        self.accepted + self.refused.values().sum::<u64>()
    }

    /// The number of receipts of accepted messages.
    pub fn reported(&self) -> u64 {
        self.states.values().sum()
    }

    /// The number of accepted messages whose receipt has not come.
    pub fn unreported(&self) -> usize {
        self.waiting.len()
    }

    /// Receipts of no message that waits for one: second ones, and those of others.
    pub fn unmatched(&self) -> u64 {
        self.early.len() as u64 + self.unkept
    }

    /// The messages to ask after, at most [`CHECKED_MAX`]: those without a receipt, or, where none are wanted, the last ones.
    pub fn to_check(&self) -> Vec<CompactString> {
        let mut ids: Vec<_> = if self.receipts {
            self.waiting.iter().cloned().collect()
        } else {
            self.recent.iter().cloned().collect()
        };
        ids.sort_unstable();
        ids.truncate(CHECKED_MAX);
        ids
    }

    fn respond(&mut self, now: Duration, since: Duration) {
        self.responded_at = now;
        let latency = now.saturating_sub(since).as_micros();
        self.latency_us.record(u64::try_from(latency).unwrap_or(u64::MAX));
    }

    fn count(&mut self, now: Duration, state: MessageState) {
        self.reported_at = now;
        *self.states.entry(state).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_millis(2);
    const SINCE: Duration = Duration::from_millis(1);

    #[test]
    fn a_receipt_may_come_before_the_response_and_counts_once() {
        let mut ledger = Ledger::new(true);
        ledger.report(NOW, "1", MessageState::Delivered);
        ledger.accept(NOW, SINCE, "1");
        ledger.accept(NOW, SINCE, "2");
        assert_eq!((ledger.reported(), ledger.unreported()), (1, 1));
        ledger.report(NOW, "2", MessageState::Expired);
        ledger.report(NOW, "2", MessageState::Expired);
        assert_eq!(
            (ledger.reported(), ledger.unreported(), ledger.unmatched()),
            (2, 0, 1)
        );
        assert_eq!(ledger.latency_us.max(), 1_000);
    }

    #[test]
    fn what_has_no_receipt_is_asked_after() {
        let mut ledger = Ledger::new(true);
        for id in ["3", "1", "2"] {
            ledger.accept(NOW, SINCE, id);
        }
        ledger.report(NOW, "1", MessageState::Delivered);
        assert_eq!(ledger.to_check(), ["2", "3"]);
        ledger.refuse(NOW, SINCE, Status::ESME_RTHROTTLED);
        assert_eq!(ledger.responses(), 4);
    }

    #[test]
    fn without_receipts_the_last_messages_are_asked_after() {
        let mut ledger = Ledger::new(false);
        for id in 0..=CHECKED_MAX {
            ledger.accept(NOW, SINCE, &id.to_string());
        }
        let ids = ledger.to_check();
        assert_eq!(ids.len(), CHECKED_MAX);
        assert!(!ids.iter().any(|id| id == "0"));
        assert_eq!(ledger.unreported(), 0);
    }
}
