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
    /// The phone roams where its carrier does not let it have texts (roamingNotAllowed).
    Roaming,
    /// No such number (unknownSubscriber).
    UnknownSubscriber,
    /// Texts to it are barred (callBarred).
    Barred,
    /// The phone rejected it (equipmentProtocolError).
    Equipment,
    /// The carrier does not let this code reach its subscribers.
    Blocked,
    /// The code has sent as many texts to the carrier's subscribers today as it may.
    Volume,
}

/// Which retry ladder a temporary cause climbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ladder {
    /// Off, out of coverage, or roaming where it may not.
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
    pub const ALL: [Self; 13] = [
        Self::Absent,
        Self::NoCoverage,
        Self::MemoryFull,
        Self::Busy,
        Self::NoAnswer,
        Self::LinkDown,
        Self::SystemFailure,
        Self::Roaming,
        Self::UnknownSubscriber,
        Self::Barred,
        Self::Equipment,
        Self::Blocked,
        Self::Volume,
    ];

    /// The ladder of a temporary cause; none when trying again is pointless.
    pub const fn ladder(self) -> Option<Ladder> {
        match self {
            Self::Absent | Self::NoCoverage | Self::Roaming => Some(Ladder::Absent),
            Self::MemoryFull => Some(Ladder::MemoryFull),
            Self::Busy => Some(Ladder::Busy),
            Self::NoAnswer | Self::SystemFailure => Some(Ladder::NoAnswer),
            Self::LinkDown => Some(Ladder::LinkDown),
            Self::UnknownSubscriber | Self::Barred | Self::Equipment | Self::Blocked | Self::Volume => None,
        }
    }

    /// Whether the handset is away, and will say when it is back.
    pub const fn is_absence(self) -> bool {
        matches!(self.ladder(), Some(Ladder::Absent))
    }

    /// The name under which a carrier's tables list it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::NoCoverage => "no_coverage",
            Self::MemoryFull => "memory_full",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::LinkDown => "link_down",
            Self::SystemFailure => "system_failure",
            Self::Roaming => "roaming",
            Self::UnknownSubscriber => "unknown_subscriber",
            Self::Barred => "barred",
            Self::Equipment => "equipment",
            Self::Blocked => "blocked",
            Self::Volume => "volume",
        }
    }

    /// The cause of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
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
            Self::Roaming => 8,
            Self::UnknownSubscriber => 1,
            Self::Barred | Self::Blocked => 13,
            // resourceLimitation.
            Self::Volume => 51,
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
            Self::Roaming => "the phone roams where it may not",
            Self::UnknownSubscriber => "no such number",
            Self::Barred => "texts to it are barred",
            Self::Equipment => "the phone rejected it",
            Self::Blocked => "the carrier blocks the code",
            Self::Volume => "the code has sent as many texts to the carrier today as it may",
        })
    }
}

/// Which number a carrier's receipts give for each cause: the number space is every provider's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrTable([u16; Cause::ALL.len()]);

impl Default for ErrTable {
    /// [`Cause::code`] for each.
    fn default() -> Self {
        Self(Cause::ALL.map(|cause| u16::from(cause.code())))
    }
}

impl ErrTable {
    /// The number for a cause; 0 for none.
    pub fn code(&self, cause: Option<Cause>) -> u16 {
        cause.map_or(0, |cause| self.0[cause as usize])
    }

    /// Puts another number in the place of a cause's.
    pub fn set(&mut self, cause: Cause, code: u16) {
        self.0[cause as usize] = code;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_place_and_a_name_of_its_own() {
        for (index, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, index);
            assert_eq!(Cause::from_name(cause.name()), Some(cause));
            let mut table = ErrTable::default();
            assert_eq!(table.code(Some(cause)), u16::from(cause.code()));
            table.set(cause, 999);
            assert_eq!(table.code(Some(cause)), 999);
            assert_eq!(
                Cause::ALL
                    .into_iter()
                    .filter(|cause| table.code(Some(*cause)) == 999)
                    .count(),
                1
            );
        }
        assert_eq!(ErrTable::default().code(None), 0);
    }
}
