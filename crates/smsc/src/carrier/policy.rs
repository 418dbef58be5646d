//! What a carrier does where carriers differ.

use serde::{Deserialize, Serialize};

/// What becomes of a text from a code that the carrier blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedReaction {
    /// `submit_sm` is answered [`super::Carrier::blocked_status`], as aggregators do for a network that the code is not provisioned on.
    #[default]
    Refuse,
    /// It is accepted, then its receipt says REJECTD.
    Reject,
}

/// What becomes of a text that does not fit one SMS (160 septets, 140 octets, 70 UCS-2 units).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongText {
    /// It is cut into concatenated segments under one `message_id`; where the air carries no headers, as
    /// [`LongText::Separate`].
    #[default]
    Split,
    /// It is cut into texts of their own, "(1/2) ..." and "(2/2) ...", under one `message_id`.
    Separate,
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
    /// After [`super::Carrier::receipts_late_by`].
    Late,
    /// Never.
    Lost,
    /// Twice.
    Duplicated,
    /// As DELIVRD, before `submit_sm_resp`.
    Early,
    /// To another session of the account than the one that submitted the text, if there is one.
    Sibling,
    /// With the id of another message.
    WrongId,
    /// Of a text that its sender cut into parts, for the first part only.
    OnePart,
}

/// What becomes of a text beyond the carrier's throughput.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    /// `submit_sm` is answered `ESME_RTHROTTLED`.
    #[default]
    Throttle,
    /// It is answered `ESME_RMSGQFUL`.
    QueueFull,
    /// It is accepted, and waits for its turn.
    Queue,
}

/// What becomes of a text from a code that has sent its texts of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeOverLimit {
    /// `submit_sm` is answered `ESME_RTHROTTLED`.
    #[default]
    Throttle,
    /// It is answered `ESME_RMSGQFUL`.
    QueueFull,
    /// It is accepted, and waits for a day on which the code may send it.
    Queue,
    /// It is accepted, then its receipt says REJECTD.
    Reject,
}

/// What becomes of a MO text to a code that its carrier does not let it reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnprovisionedMo {
    /// The handset is told that it failed.
    #[default]
    Bounce,
    /// It vanishes.
    Drop,
}

/// What a carrier itself does when a handset texts a stop word to a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopMode {
    /// Nothing: the program must act, as in 2008.
    #[default]
    PassThrough,
    /// The text goes on to the code; nothing from the code reaches the handset any more.
    PassAndBlock,
    /// The same, and the code never hears of it.
    Swallow,
}
