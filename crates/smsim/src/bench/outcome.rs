//! What came of a load: [`Outcome`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::histogram::Histogram;
use super::ledger::Ledger;
use super::load::Plan;

/// What came of a load, as one JSON line.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Where to.
    pub target: String,
    /// How many connections.
    pub connections: usize,
    /// Requests that may wait for their response on each.
    pub window: usize,
    /// Messages a second that were meant; null in a closed loop.
    pub rate: Option<f64>,
    /// Messages sent.
    pub submitted: u64,
    /// Messages accepted.
    pub accepted: u64,
    /// Messages refused, by status.
    pub refused: BTreeMap<String, u64>,
    /// Messages without a response.
    pub unanswered: u64,
    /// What receipts told, by the word in their `stat:`.
    pub receipts: BTreeMap<&'static str, u64>,
    /// Receipts of no message that waited for one: second ones, or others'.
    pub receipts_unmatched: u64,
    /// Messages whose receipt never came although the message centre says that they are over.
    pub receipts_missing: u64,
    /// Messages that the message centre says it still has.
    pub stored: u64,
    /// Messages that were asked after with `query_sm`.
    pub checked: u64,
    /// Messages that were not asked after, and of which no receipt told.
    pub unchecked: u64,
    /// Accepted messages of which no receipt tells and which the message centre does not know.
    pub lost: u64,
    /// MO texts.
    pub texts: u64,
    /// Intermediate notifications.
    pub notifications: u64,
    /// Connections that ended before their time, and why.
    pub lost_connections: Vec<String>,
    /// From the first message to the last response or receipt.
    pub seconds: f64,
    /// Responses a second, up to the last one.
    pub submits_per_second: f64,
    /// Receipts a second, up to the last one.
    pub receipts_per_second: f64,
    /// From the time a message was sent, or in an open loop was meant to be, to its response; in microseconds.
    pub latency_us: Quantiles,
}

/// Quantiles of latencies.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quantiles {
    /// Half are not above.
    pub p50: u64,
    /// 95 of 100 are not above.
    pub p95: u64,
    /// 99 of 100 are not above.
    pub p99: u64,
    /// The greatest.
    pub max: u64,
}

impl Quantiles {
    /// Those of these values.
    pub fn of(histogram: &Histogram) -> Self {
        Self {
            p50: histogram.quantile(0.5),
            p95: histogram.quantile(0.95),
            p99: histogram.quantile(0.99),
            max: histogram.max(),
        }
    }
}

impl Outcome {
    /// What the ledger says.
    pub fn new(submitted: u64, plan: &Plan, ledger: &Ledger, lost_connections: Vec<String>) -> Self {
        let checked = &ledger.checked;
        let asked = checked.stored() + checked.over() + checked.unknown;
        let untold = ledger.accepted - ledger.reported();
        let refused = ledger.refused.iter();
        let receipts = ledger.states.iter();
        Self {
            target: plan.target.clone(),
            connections: plan.connections,
            window: plan.window,
            rate: plan.pace.rate,
            submitted,
            accepted: ledger.accepted,
            refused: refused
                .map(|(status, count)| (status.to_string(), *count))
                .collect(),
            unanswered: submitted - ledger.responses(),
            receipts: receipts.map(|(state, count)| (state.stat(), *count)).collect(),
            receipts_unmatched: ledger.unmatched(),
            receipts_missing: if plan.receipts { checked.over() } else { 0 },
            stored: checked.stored(),
            checked: asked,
            unchecked: untold.saturating_sub(asked),
            lost: checked.unknown,
            texts: ledger.texts,
            notifications: ledger.notifications,
            lost_connections,
            seconds: ledger.responded_at.max(ledger.reported_at).as_secs_f64(),
            submits_per_second: per_second(ledger.responses(), ledger.responded_at),
            receipts_per_second: per_second(ledger.reported(), ledger.reported_at),
            latency_us: Quantiles::of(&ledger.latency_us),
        }
    }

    /// Whether every accepted message was delivered, reported failed, or is still stored, and no connection was lost.
    pub fn is_whole(&self) -> bool {
        self.lost == 0 && self.receipts_missing == 0 && self.lost_connections.is_empty()
    }
}

/// How many a second, to a tenth.
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        (count as f64 / seconds * 10.0).round() / 10.0
    } else {
        0.0
    }
}
