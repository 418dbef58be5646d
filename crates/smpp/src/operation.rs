//! The remaining operations: several destinations, queries, cancellations, replacements, alerts, broadcasts, and the
//! response that most requests get.

use compact_str::CompactString;
use sms::{Address, Octets};

use crate::short_message::ShortMessage;
use crate::status::Status;
use crate::tlv::Tlv;

/// The responses whose body is a message id: `submit_sm_resp`, `deliver_sm_resp`, `data_sm_resp`, `broadcast_sm_resp`,
/// `query_broadcast_sm_resp`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageIdResp {
    /// The message centre's name for the message, at most 64 characters; none when the response ends with its header.
    pub message_id: Option<CompactString>,
    /// The optional parameters, in the order of the wire.
    pub tlvs: Vec<Tlv>,
}

impl MessageIdResp {
    /// The response that names a message.
    pub fn new(message_id: &str) -> Self {
        Self {
            message_id: Some(message_id.into()),
            tlvs: Vec::new(),
        }
    }

    /// The response with an empty message id, as `deliver_sm_resp` always has it.
    pub fn nul() -> Self {
        Self::new("")
    }

    /// The response that ends with its header, as errors have it.
    pub const fn empty() -> Self {
        Self {
            message_id: None,
            tlvs: Vec::new(),
        }
    }

    /// The message id; empty when there is none.
    pub fn id(&self) -> &str {
        self.message_id.as_deref().unwrap_or_default()
    }
}

/// `submit_multi` (SMPP v3.4 §4.5).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SubmitMulti {
    /// Everything but the destinations; its `destination` is not used.
    pub message: ShortMessage,
    /// Where to, at most 255.
    pub destinations: Vec<DestAddress>,
}

/// One destination of a `submit_multi`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DestAddress {
    /// dest_flag 1: an address.
    Sme(Address),
    /// dest_flag 2: the name of a distribution list, at most 20 characters.
    DistributionList(CompactString),
}

/// `submit_multi_resp`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SubmitMultiResp {
    /// The message centre's name for the message, at most 64 characters.
    pub message_id: CompactString,
    /// The destinations that it did not take, at most 255.
    pub unsuccess: Vec<UnsuccessSme>,
    /// The optional parameters, in the order of the wire.
    pub tlvs: Vec<Tlv>,
}

/// A destination that was not taken, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsuccessSme {
    /// `destination_addr` with TON and NPI, at most 20 characters.
    pub destination: Address,
    /// `error_status_code`.
    pub status: Status,
}

/// `query_sm` (SMPP v3.4 §4.8).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QuerySm {
    /// At most 64 characters.
    pub message_id: CompactString,
    /// The source that the message had, at most 20 characters.
    pub source: Address,
}

/// `query_sm_resp`. The default is the body of an error: it is not written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QuerySmResp {
    /// At most 64 characters.
    pub message_id: CompactString,
    /// When the message came to its final state: empty, or 16 characters.
    pub final_date: String,
    /// The code of an [`sms::MessageState`].
    pub message_state: u8,
    /// What the network said, 0 for nothing.
    pub error_code: u8,
}

/// `cancel_sm` (SMPP v3.4 §4.9).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CancelSm {
    /// At most 5 characters.
    pub service_type: CompactString,
    /// At most 64 characters; empty for every message that matches the rest.
    pub message_id: CompactString,
    /// The source that the message had, at most 20 characters.
    pub source: Address,
    /// Its destination, at most 20 characters; may be empty when there is a message id.
    pub destination: Address,
}

/// `replace_sm` (SMPP v3.4 §4.10).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplaceSm {
    /// At most 64 characters.
    pub message_id: CompactString,
    /// The source that the message had, at most 20 characters.
    pub source: Address,
    /// Empty to leave it, or 16 characters.
    pub schedule_delivery_time: String,
    /// Empty to leave it, or 16 characters.
    pub validity_period: String,
    /// Which receipts are wanted.
    pub registered_delivery: u8,
    /// A canned text instead; 0 for none.
    pub sm_default_msg_id: u8,
    /// The new text, at most 255 octets.
    pub short_message: Octets,
    /// `message_payload` (v5.0), or nothing.
    pub tlvs: Vec<Tlv>,
}

/// `alert_notification` (SMPP v3.4 §4.12).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AlertNotification {
    /// The handset, at most 64 characters.
    pub source: Address,
    /// The ESME, at most 64 characters.
    pub esme: Address,
    /// `ms_availability_status`, or nothing.
    pub tlvs: Vec<Tlv>,
}

/// `broadcast_sm` (SMPP v5.0 §4.4.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BroadcastSm {
    /// At most 5 characters.
    pub service_type: CompactString,
    /// Who broadcasts, at most 20 characters.
    pub source: Address,
    /// The message to replace, at most 64 characters; empty for a new one.
    pub message_id: CompactString,
    /// 0 to 4.
    pub priority_flag: u8,
    /// Empty for now, or 16 characters.
    pub schedule_delivery_time: String,
    /// Empty for the message centre's default, or 16 characters.
    pub validity_period: String,
    /// 1 to replace a message that is pending.
    pub replace_if_present_flag: u8,
    /// What the octets of the text mean.
    pub data_coding: u8,
    /// A canned text instead; 0 for none.
    pub sm_default_msg_id: u8,
    /// The area, the content and the rest, in the order of the wire.
    pub tlvs: Vec<Tlv>,
}

/// `query_broadcast_sm` (SMPP v5.0 §4.6.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueryBroadcastSm {
    /// At most 64 characters.
    pub message_id: CompactString,
    /// The source that the message had, at most 20 characters.
    pub source: Address,
    /// `user_message_reference`, or nothing.
    pub tlvs: Vec<Tlv>,
}

/// `cancel_broadcast_sm` (SMPP v5.0 §4.6.3).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CancelBroadcastSm {
    /// At most 5 characters.
    pub service_type: CompactString,
    /// At most 64 characters; empty for every message that matches the rest.
    pub message_id: CompactString,
    /// The source that the message had, at most 20 characters.
    pub source: Address,
    /// `broadcast_content_type`, `user_message_reference`, or nothing.
    pub tlvs: Vec<Tlv>,
}
