//! Why a text did not reach its handset: [`Cause`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an attempt to deliver failed (the MAP errors that a message centre meets, 3GPP TS 29.002 §7.6.1, and its own).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The phone is switched off (absentSubscriberSM).
    Absent,
    /// The phone is out of coverage (absentSubscriber).
    NoCoverage,
    /// The phone's memory is full (memoryCapacityExceeded).
    MemoryFull,
    /// The phone is busy with another text (subscriberBusyForMT-SMS).
    Busy,
    /// Nothing came back from the network in time.
    NoAnswer,
    /// The link between the message centre and the carrier is down.
    LinkDown,
    /// The network failed (systemFailure).
    SystemFailure,
    /// No such number (unknownSubscriber).
    UnknownSubscriber,
    /// Texts to it are barred (callBarred).
    Barred,
    /// The phone rejected it (equipmentProtocolError).
    Equipment,
    /// The carrier does not let this code reach its subscribers.
    Blocked,
}

/// Which retry ladder a temporary cause climbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ladder {
    /// Off or out of coverage.
    Absent,
    /// Memory full.
    MemoryFull,
    /// Busy.
    Busy,
    /// The network did not answer or failed.
    NoAnswer,
    /// The carrier's link is down.
    LinkDown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 11] = [
        Self::Absent,
        Self::NoCoverage,
        Self::MemoryFull,
        Self::Busy,
        Self::NoAnswer,
        Self::LinkDown,
        Self::SystemFailure,
        Self::UnknownSubscriber,
        Self::Barred,
        Self::Equipment,
        Self::Blocked,
    ];

    /// The ladder of a temporary cause; none when trying again is pointless.
    pub const fn ladder(self) -> Option<Ladder> {
        match self {
            Self::Absent | Self::NoCoverage => Some(Ladder::Absent),
            Self::MemoryFull => Some(Ladder::MemoryFull),
            Self::Busy => Some(Ladder::Busy),
            Self::NoAnswer | Self::SystemFailure => Some(Ladder::NoAnswer),
            Self::LinkDown => Some(Ladder::LinkDown),
            Self::UnknownSubscriber | Self::Barred | Self::Equipment | Self::Blocked => None,
        }
    }

    /// Whether the handset is away, and will say when it is back.
    pub const fn is_absence(self) -> bool {
        matches!(self.ladder(), Some(Ladder::Absent))
    }

    /// The number in a receipt's `err:` field and in the `network_error_code` TLV: the MAP error's local value, where
    /// there is one; 32 stands for smDeliveryFailure whatever its kind; a silent network counts as systemFailure.
    pub const fn code(self) -> u8 {
        match self {
            Self::Absent => 6,
            Self::NoCoverage => 27,
            Self::MemoryFull | Self::Equipment => 32,
            Self::Busy => 31,
            Self::NoAnswer | Self::LinkDown | Self::SystemFailure => 34,
            Self::UnknownSubscriber => 1,
            Self::Barred | Self::Blocked => 13,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the phone is off",
            Self::NoCoverage => "the phone has no coverage",
            Self::MemoryFull => "the phone's memory is full",
            Self::Busy => "the phone is busy",
            Self::NoAnswer => "the network did not answer",
            Self::LinkDown => "the carrier's link is down",
            Self::SystemFailure => "the network failed",
            Self::UnknownSubscriber => "no such number",
            Self::Barred => "texts to it are barred",
            Self::Equipment => "the phone rejected it",
            Self::Blocked => "the carrier blocks the code",
        })
    }
}
