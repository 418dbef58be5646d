//! What a phone does: [`Output`], and its answer to a page, [`Outcome`].

use std::fmt;

use serde::{Deserialize, Serialize};
use sms::{Address, Segment};

use crate::inbox::InboxText;

/// Everything that a phone can do.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// One SMS goes out on the air.
    Transmit {
        /// Whom it is for.
        to: Address,
        /// The SMS.
        segment: Segment,
    },
    /// A text that was composed waits in the outbox until the phone is back on the air.
    Held {
        /// Whom it is for.
        to: Address,
        /// The number of its segments.
        parts: usize,
    },
    /// A text that was composed is not sent.
    Refused {
        /// Why not.
        why: Refusal,
    },
    /// The answer to the page.
    Answer(Outcome),
    /// A whole text, or what there is of one, is shown and stands in the inbox.
    Received(InboxText),
    /// The phone can take texts again: it was off, out of coverage or full until now.
    Available,
}

/// What a phone makes of one SMS that is paged to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It took it.
    Delivered,
    /// It is switched off.
    Absent,
    /// It is switched on, but out of the network's reach, so that it does not hear the page.
    NoCoverage,
    /// It has no room.
    MemoryFull,
    /// Texts to it are barred; the network answers for it.
    Barred,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivered => "delivered",
            Self::Absent => "absent: switched off",
            Self::NoCoverage => "without coverage",
            Self::MemoryFull => "memory full",
            Self::Barred => "texts to it are barred",
        })
    }
}

/// Why a text that was composed is not sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The phone is off the air and its outbox holds as much as it can.
    #[error("the outbox holds {outbox_max} texts already")]
    OutboxFull {
        /// The limit.
        outbox_max: u16,
    },
    /// The text needs more than 255 segments.
    #[error("the text does not fit into 255 segments")]
    TooLong,
}
