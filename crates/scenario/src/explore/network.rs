//! Which carriers the model can foretell, and what stands for the others: [`is_foretold`], [`idealize`].

use std::time::Duration;

use smsc::Carrier;

use crate::syntax::{Clause, Decl};

/// The longest time in the air with which what follows from a text has arrived before the next act.
pub const LATENCY_MAX: Duration = Duration::from_secs(9);
/// What is kept of a carrier's declaration that is made an ideal one.
const KEPT: [&str; 2] = ["block", "ranges"];

/// Whether every text of that carrier arrives once, soon, and as it was sent, while nothing is set to go wrong: it is the ideal
/// one but for what no text meets.
pub fn is_foretold(carrier: &Carrier) -> bool {
    let known = Carrier {
        latency: carrier.latency,
        ranges: carrier.ranges.clone(),
        areas: carrier.areas.clone(),
        place: carrier.place,
        // What its receipts say and when they come is nothing to the rules.
        receipts: carrier.receipts,
        receipt_mode: carrier.receipt_mode,
        receipts_lost_percent: carrier.receipts_lost_percent,
        receipts_duplicated_percent: carrier.receipts_duplicated_percent,
        receipts_late_by: carrier.receipts_late_by,
        err: carrier.err.clone(),
        message_ids: carrier.message_ids,
        tlv: carrier.tlv.clone(),
        ..Carrier::new(&carrier.name)
    };
    *carrier == known && carrier.latency.longest() <= LATENCY_MAX
}

/// The declaration of a carrier without everything that the model does not know.
pub fn idealize(decl: &mut Decl) {
    if let Decl::Carrier { clauses, .. } = decl {
        clauses.retain(|clause: &Clause| KEPT.contains(&clause.key.node.as_str()));
    }
}
