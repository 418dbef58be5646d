//! What becomes of a text at the message centre: [`MessageState`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a message in an SMSC (SMPP v3.4 §5.2.28; 0 and 9 are SMPP v5.0 §4.7.15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum MessageState {
    /// Waits for its scheduled time (v5.0; `ENROUTE` to an ESME of v3.4).
    Scheduled = 0,
    /// On its way.
    Enroute = 1,
    /// Reached the handset.
    Delivered = 2,
    /// Its validity period ran out.
    Expired = 3,
    /// Cancelled or purged.
    Deleted = 4,
    /// Cannot be delivered, ever.
    Undeliverable = 5,
    /// Read by customer service on the subscriber's behalf.
    Accepted = 6,
    /// Nobody knows.
    Unknown = 7,
    /// Refused by the message centre or the carrier.
    Rejected = 8,
    /// Skipped (v5.0).
    Skipped = 9,
}

impl MessageState {
    /// Every state, in the order of its code.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
        Self::Skipped,
    ];

    /// The octet of the `message_state` TLV.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state with that octet.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The word in a receipt's `stat:` field (SMPP v3.4 Appendix B).
    pub const fn stat(self) -> &'static str {
        match self {
            Self::Scheduled | Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
            Self::Skipped => "SKIPPED",
        }
    }

    /// The state that a `stat:` word names; `ENROUTE` is [`MessageState::Enroute`].
    pub fn from_stat(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|state| state.stat().eq_ignore_ascii_case(word))
    }

    /// Whether nothing more can happen to the message.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Scheduled | Self::Enroute | Self::Unknown => false,
            Self::Delivered
            | Self::Expired
            | Self::Deleted
            | Self::Undeliverable
            | Self::Accepted
            | Self::Rejected
            | Self::Skipped => true,
        }
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_come_back() {
        for state in MessageState::ALL {
            assert_eq!(MessageState::from_code(state.code()), Some(state));
            if state != MessageState::Scheduled {
                assert_eq!(MessageState::from_stat(state.stat()), Some(state));
            }
        }
        assert_eq!(MessageState::from_code(10), None);
        assert_eq!(MessageState::from_stat("BUFFRED"), None);
    }
}
