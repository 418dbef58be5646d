//! The operations with their fields: [`Command`] and [`Pdu`].

use std::fmt;

use bytes::Bytes;

use crate::command_id;
use crate::status::Status;
use crate::tlv::Tlv;

pub use crate::bind::{Bind, BindKind, BindResp, Outbind};
pub use crate::operation::{
    AlertNotification, BroadcastSm, CancelBroadcastSm, CancelSm, DestAddress, MessageIdResp,
    QueryBroadcastSm, QuerySm, QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp, UnsuccessSme,
};
pub use crate::short_message::{DataSm, ShortMessage};

/// One PDU: what its header says, and its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// What became of the request; 0 in requests.
    pub status: Status,
    /// Pairs a response with its request. Peers use all 32 bits; ours are 1 to 0x7FFFFFFF.
    pub sequence_number: u32,
    /// The operation.
    pub pdu: Pdu,
}

/// An operation with its fields, in the words of the specification (SMPP v3.4 §4, v5.0 §4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pdu {
    /// `bind_transmitter`, `bind_receiver` or `bind_transceiver`.
    Bind(Bind),
    /// Their responses.
    BindResp(BindResp),
    /// `outbind`: a message centre that called asks the ESME to bind.
    Outbind(Outbind),
    /// `unbind`.
    Unbind,
    /// `unbind_resp`.
    UnbindResp,
    /// `enquire_link`: are you there?
    EnquireLink,
    /// `enquire_link_resp`.
    EnquireLinkResp,
    /// `generic_nack`: the PDU with that sequence number could not be understood.
    GenericNack,
    /// `submit_sm`: an ESME sends a message.
    SubmitSm(ShortMessage),
    /// `submit_sm_resp`.
    SubmitSmResp(MessageIdResp),
    /// `deliver_sm`: the message centre brings a message or a receipt.
    DeliverSm(ShortMessage),
    /// `deliver_sm_resp`; its message id is NUL.
    DeliverSmResp(MessageIdResp),
    /// `data_sm`, either way.
    DataSm(DataSm),
    /// `data_sm_resp`.
    DataSmResp(MessageIdResp),
    /// `submit_multi`: one message to several destinations.
    SubmitMulti(SubmitMulti),
    /// `submit_multi_resp`.
    SubmitMultiResp(SubmitMultiResp),
    /// `query_sm`: what became of a message?
    QuerySm(QuerySm),
    /// `query_sm_resp`.
    QuerySmResp(QuerySmResp),
    /// `cancel_sm`.
    CancelSm(CancelSm),
    /// `cancel_sm_resp`.
    CancelSmResp,
    /// `replace_sm`.
    ReplaceSm(ReplaceSm),
    /// `replace_sm_resp`.
    ReplaceSmResp,
    /// `alert_notification`: a handset is back; it has no response.
    AlertNotification(AlertNotification),
    /// `broadcast_sm` (v5.0).
    BroadcastSm(BroadcastSm),
    /// `broadcast_sm_resp`.
    BroadcastSmResp(MessageIdResp),
    /// `query_broadcast_sm` (v5.0).
    QueryBroadcastSm(QueryBroadcastSm),
    /// `query_broadcast_sm_resp`.
    QueryBroadcastSmResp(MessageIdResp),
    /// `cancel_broadcast_sm` (v5.0).
    CancelBroadcastSm(CancelBroadcastSm),
    /// `cancel_broadcast_sm_resp`.
    CancelBroadcastSmResp,
    /// Anything else; with a known command id, a body that is written as it stands.
    Other {
        /// The number of the operation.
        command_id: u32,
        /// The octets after the header.
        body: Bytes,
    },
}

impl Command {
    /// A request; its status is 0.
    pub const fn request(sequence_number: u32, pdu: Pdu) -> Self {
        Self {
            status: Status::ESME_ROK,
            sequence_number,
            pdu,
        }
    }

    /// A response to the request with that sequence number.
    pub const fn response(sequence_number: u32, status: Status, pdu: Pdu) -> Self {
        Self {
            status,
            sequence_number,
            pdu,
        }
    }

    /// A `generic_nack`; `sequence_number` is 0 when that of the offending PDU could not be read.
    pub const fn generic_nack(sequence_number: u32, status: Status) -> Self {
        Self {
            status,
            sequence_number,
            pdu: Pdu::GenericNack,
        }
    }

    /// The answer that refuses the request `command_id`: its own response in the form for errors, or a `generic_nack`
    /// when there is no such operation. None for a response and for what is never answered.
    pub fn refusal(command_id: u32, sequence_number: u32, status: Status) -> Option<Self> {
        let pdu = Pdu::error_response(command_id)?;
        Some(Self {
            status,
            sequence_number,
            pdu,
        })
    }

    /// The fields that a log line shows, with the specification's names; no password, no text.
    pub fn summary(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("sequence_number", self.sequence_number.to_string())];
        if self.pdu.is_response() || !self.status.is_ok() {
            fields.push(("command_status", self.status.to_string()));
        }
        self.pdu.summarize(&mut fields);
        fields
    }
}

impl fmt::Display for Command {
    /// The operation's name, then the fields of [`Command::summary`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pdu.name())?;
        self.summary()
            .iter()
            .try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl Pdu {
    /// The number of the operation.
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::Bind(bind) => bind.kind.command_id(),
            Self::BindResp(resp) => resp.kind.command_id() | command_id::RESPONSE,
            Self::Outbind(_) => command_id::OUTBIND,
            Self::Unbind => command_id::UNBIND,
            Self::UnbindResp => command_id::UNBIND_RESP,
            Self::EnquireLink => command_id::ENQUIRE_LINK,
            Self::EnquireLinkResp => command_id::ENQUIRE_LINK_RESP,
            Self::GenericNack => command_id::GENERIC_NACK,
            Self::SubmitSm(_) => command_id::SUBMIT_SM,
            Self::SubmitSmResp(_) => command_id::SUBMIT_SM_RESP,
            Self::DeliverSm(_) => command_id::DELIVER_SM,
            Self::DeliverSmResp(_) => command_id::DELIVER_SM_RESP,
            Self::DataSm(_) => command_id::DATA_SM,
            Self::DataSmResp(_) => command_id::DATA_SM_RESP,
            Self::SubmitMulti(_) => command_id::SUBMIT_MULTI,
            Self::SubmitMultiResp(_) => command_id::SUBMIT_MULTI_RESP,
            Self::QuerySm(_) => command_id::QUERY_SM,
            Self::QuerySmResp(_) => command_id::QUERY_SM_RESP,
            Self::CancelSm(_) => command_id::CANCEL_SM,
            Self::CancelSmResp => command_id::CANCEL_SM_RESP,
            Self::ReplaceSm(_) => command_id::REPLACE_SM,
            Self::ReplaceSmResp => command_id::REPLACE_SM_RESP,
            Self::AlertNotification(_) => command_id::ALERT_NOTIFICATION,
            Self::BroadcastSm(_) => command_id::BROADCAST_SM,
            Self::BroadcastSmResp(_) => command_id::BROADCAST_SM_RESP,
            Self::QueryBroadcastSm(_) => command_id::QUERY_BROADCAST_SM,
            Self::QueryBroadcastSmResp(_) => command_id::QUERY_BROADCAST_SM_RESP,
            Self::CancelBroadcastSm(_) => command_id::CANCEL_BROADCAST_SM,
            Self::CancelBroadcastSmResp => command_id::CANCEL_BROADCAST_SM_RESP,
            Self::Other { command_id, .. } => *command_id,
        }
    }

    /// The specification's name of the operation, `submit_sm_resp`; `0x00000300` for one that it does not name.
    pub fn name(&self) -> std::borrow::Cow<'static, str> {
        match command_id::name(self.command_id()) {
            Some(name) => name.into(),
            None => format!("{:#010x}", self.command_id()).into(),
        }
    }

    /// Whether this is a response, `generic_nack` among them.
    pub const fn is_response(&self) -> bool {
        command_id::is_response(self.command_id())
    }

    /// The body that a response to the request `command_id` has when its status is an error: none, but for binds and
    /// `deliver_sm` a NUL string, which more peers can read. An operation that is unknown gets a `generic_nack`.
    ///
    /// None for a response and for what is never answered.
    pub fn error_response(command_id: u32) -> Option<Self> {
        if command_id::is_response(command_id) || command_id::is_unanswered(command_id) {
            return None;
        }
        Some(match command_id {
            command_id::BIND_RECEIVER => Self::BindResp(BindResp::nul(BindKind::Receiver)),
            command_id::BIND_TRANSMITTER => Self::BindResp(BindResp::nul(BindKind::Transmitter)),
            command_id::BIND_TRANSCEIVER => Self::BindResp(BindResp::nul(BindKind::Transceiver)),
            command_id::UNBIND => Self::UnbindResp,
            command_id::ENQUIRE_LINK => Self::EnquireLinkResp,
            command_id::SUBMIT_SM => Self::SubmitSmResp(MessageIdResp::empty()),
            command_id::DELIVER_SM => Self::DeliverSmResp(MessageIdResp::nul()),
            command_id::DATA_SM => Self::DataSmResp(MessageIdResp::empty()),
            command_id::SUBMIT_MULTI => Self::SubmitMultiResp(SubmitMultiResp::default()),
            command_id::QUERY_SM => Self::QuerySmResp(QuerySmResp::default()),
            command_id::CANCEL_SM => Self::CancelSmResp,
            command_id::REPLACE_SM => Self::ReplaceSmResp,
            command_id::BROADCAST_SM => Self::BroadcastSmResp(MessageIdResp::empty()),
            command_id::QUERY_BROADCAST_SM => Self::QueryBroadcastSmResp(MessageIdResp::empty()),
            command_id::CANCEL_BROADCAST_SM => Self::CancelBroadcastSmResp,
            _ => Self::GenericNack,
        })
    }

    /// The optional parameters, in the order of the wire.
    pub fn tlvs(&self) -> &[Tlv] {
        match self {
            Self::BindResp(resp) => &resp.tlvs,
            Self::SubmitSm(message) | Self::DeliverSm(message) => &message.tlvs,
            Self::DataSm(data) => &data.tlvs,
            Self::SubmitMulti(multi) => &multi.message.tlvs,
            Self::SubmitMultiResp(resp) => &resp.tlvs,
            Self::SubmitSmResp(resp)
            | Self::DeliverSmResp(resp)
            | Self::DataSmResp(resp)
            | Self::BroadcastSmResp(resp)
            | Self::QueryBroadcastSmResp(resp) => &resp.tlvs,
            Self::ReplaceSm(replace) => &replace.tlvs,
            Self::AlertNotification(alert) => &alert.tlvs,
            Self::BroadcastSm(broadcast) => &broadcast.tlvs,
            Self::QueryBroadcastSm(query) => &query.tlvs,
            Self::CancelBroadcastSm(cancel) => &cancel.tlvs,
            Self::Bind(_)
            | Self::Outbind(_)
            | Self::Unbind
            | Self::UnbindResp
            | Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::GenericNack
            | Self::QuerySm(_)
            | Self::QuerySmResp(_)
            | Self::CancelSm(_)
            | Self::CancelSmResp
            | Self::ReplaceSmResp
            | Self::CancelBroadcastSmResp
            | Self::Other { .. } => &[],
        }
    }

    /// The optional parameters of a response, to be added to; none for one that has none.
    pub const fn tlvs_mut(&mut self) -> Option<&mut Vec<Tlv>> {
        match self {
            Self::BindResp(resp) => Some(&mut resp.tlvs),
            Self::SubmitMultiResp(resp) => Some(&mut resp.tlvs),
            Self::SubmitSmResp(resp)
            | Self::DeliverSmResp(resp)
            | Self::DataSmResp(resp)
            | Self::BroadcastSmResp(resp)
            | Self::QueryBroadcastSmResp(resp) => Some(&mut resp.tlvs),
            Self::Bind(_)
            | Self::Outbind(_)
            | Self::Unbind
            | Self::UnbindResp
            | Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::GenericNack
            | Self::SubmitSm(_)
            | Self::DeliverSm(_)
            | Self::DataSm(_)
            | Self::SubmitMulti(_)
            | Self::QuerySm(_)
            | Self::QuerySmResp(_)
            | Self::CancelSm(_)
            | Self::CancelSmResp
            | Self::ReplaceSm(_)
            | Self::ReplaceSmResp
            | Self::AlertNotification(_)
            | Self::BroadcastSm(_)
            | Self::QueryBroadcastSm(_)
            | Self::CancelBroadcastSm(_)
            | Self::CancelBroadcastSmResp
            | Self::Other { .. } => None,
        }
    }

    fn summarize(&self, fields: &mut Vec<(&'static str, String)>) {
        match self {
            Self::Bind(bind) => bind.summarize(fields),
            Self::BindResp(resp) => fields.push(("system_id", resp.system_id().to_owned())),
            Self::Outbind(outbind) => fields.push(("system_id", outbind.system_id.to_string())),
            Self::SubmitSm(message) | Self::DeliverSm(message) => message.summarize(fields),
            Self::DataSm(data) => data.summarize(fields),
            Self::SubmitMulti(multi) => {
                fields.push(("source_addr", multi.message.source.to_string()));
                fields.push(("number_of_dests", multi.destinations.len().to_string()));
            }
            Self::SubmitSmResp(resp)
            | Self::DeliverSmResp(resp)
            | Self::DataSmResp(resp)
            | Self::BroadcastSmResp(resp)
            | Self::QueryBroadcastSmResp(resp) => fields.push(("message_id", resp.id().to_owned())),
            Self::SubmitMultiResp(resp) => {
                fields.push(("message_id", resp.message_id.to_string()));
                fields.push(("no_unsuccess", resp.unsuccess.len().to_string()));
            }
            Self::QuerySm(query) => fields.push(("message_id", query.message_id.to_string())),
            Self::QuerySmResp(resp) => {
                fields.push(("message_id", resp.message_id.to_string()));
                fields.push(("message_state", resp.message_state.to_string()));
            }
            Self::CancelSm(cancel) => fields.push(("message_id", cancel.message_id.to_string())),
            Self::ReplaceSm(replace) => fields.push(("message_id", replace.message_id.to_string())),
            Self::AlertNotification(alert) => fields.push(("source_addr", alert.source.to_string())),
            Self::BroadcastSm(broadcast) => fields.push(("source_addr", broadcast.source.to_string())),
            Self::QueryBroadcastSm(query) => fields.push(("message_id", query.message_id.to_string())),
            Self::CancelBroadcastSm(cancel) => fields.push(("message_id", cancel.message_id.to_string())),
            Self::Other { body, .. } => fields.push(("body_octets", body.len().to_string())),
            Self::Unbind
            | Self::UnbindResp
            | Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::GenericNack
            | Self::CancelSmResp
            | Self::ReplaceSmResp
            | Self::CancelBroadcastSmResp => {}
        }
    }
}
