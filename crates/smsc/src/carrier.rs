//! The radio networks behind the message centre: [`Carrier`].

mod latency;

use std::collections::BTreeSet;
use std::time::Duration;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

pub use self::latency::Latency;
use crate::message_id::MessageIdStyle;
use crate::receipt::ReceiptStyle;
use crate::retry::RetryLadders;

/// An emulated carrier: how its air behaves and what it demands.
#[derive(Clone, PartialEq, Debug)]
pub struct Carrier {
    /// Its name, unique in a [`crate::Config`].
    pub name: CompactString,
    /// How long a text is in the air, either way. The owner draws and applies it.
    pub latency: Latency,
    /// How many texts of a hundred are lost in the air. The owner draws and applies it.
    pub loss_percent: f64,
    /// The waits between attempts.
    pub retry: RetryLadders,
    /// How long a text that names no `validity_period` is kept.
    pub validity: Duration,
    /// The longest validity; a longer one is cut to it.
    pub validity_max: Duration,
    /// What its receipts look like.
    pub receipts: ReceiptStyle,
    /// How the ids of its texts are written.
    pub message_ids: MessageIdStyle,
    /// Short codes that may not reach its subscribers, nor be reached by them.
    pub blocked_codes: BTreeSet<CompactString>,
    /// What becomes of a text from a blocked code.
    pub blocked_reaction: BlockedReaction,
    /// What becomes of a text longer than one SMS.
    pub long_text: LongText,
    /// Whether the link between the message centre and the carrier is up at the start.
    pub link_up: bool,
    /// How many `submit_sm` a second it takes; none means no limit.
    pub throttle_per_s: Option<u32>,
    /// Whether and when receipts are sent.
    pub receipt_mode: ReceiptMode,
    /// How long a receipt is held back in [`ReceiptMode::Late`].
    pub receipts_late_by: Duration,
    /// How many MO texts wait while its link is down.
    pub mo_waiting_max: usize,
}

impl Carrier {
    /// The carrier `ideal` under that name: a second in the air, no loss, 72 hours of validity, receipts always.
    pub fn new(name: &str) -> Self {
        Self {
            name: CompactString::new(name),
            latency: Latency::Fixed(Duration::from_secs(1)),
            loss_percent: 0.0,
            retry: RetryLadders::default(),
            validity: Duration::from_secs(72 * 3_600),
            validity_max: Duration::from_secs(240 * 3_600),
            receipts: ReceiptStyle::default(),
            message_ids: MessageIdStyle::default(),
            blocked_codes: BTreeSet::new(),
            blocked_reaction: BlockedReaction::default(),
            long_text: LongText::default(),
            link_up: true,
            throttle_per_s: None,
            receipt_mode: ReceiptMode::default(),
            receipts_late_by: Duration::from_secs(300),
            mo_waiting_max: 100_000,
        }
    }
}

/// What becomes of a text from a code that the carrier blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedReaction {
    /// `submit_sm` is answered `ESME_RINVDSTADR`, as aggregators do for a network that the code is not provisioned on.
    #[default]
    Refuse,
    /// It is accepted, then its receipt says REJECTD.
    Reject,
}

/// What becomes of a text that does not fit one SMS (160 septets, 140 octets, 70 UCS-2 units).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongText {
    /// It is cut into concatenated segments under one `message_id`.
    #[default]
    Split,
    /// It is answered `ESME_RINVMSGLEN`.
    Reject,
    /// Only what fits is sent.
    Truncate,
}

/// Whether and when receipts are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptMode {
    /// At once.
    #[default]
    Normal,
    /// After [`Carrier::receipts_late_by`].
    Late,
    /// Never.
    Lost,
    /// Twice.
    Duplicated,
}
