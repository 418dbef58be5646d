//! The PDUs that every text brings, as what they say: [`Draft`]. Their octets are written where and when they are wanted.

use std::sync::Arc;

use bytes::BytesMut;
use smpp::{Command, MessageIdResp, Pdu, ShortMessage, Status, Tlv, command_id, esm_class, tag};
use sms::{Segment, Zone};

use crate::account::Coding;
use crate::message_id::MessageId;
use crate::receipt::{Dates, Receipt, Report};

/// The `network_error_code` TLV's type for the codes that [`crate::ErrTable`] gives (SMPP v3.4 §5.3.2.31).
pub(crate) const NETWORK_TYPE_GSM: u8 = 3;

/// A PDU that is sent but not written yet. To make, keep and drop one costs little; whoever wants its octets writes them.
#[derive(Clone, PartialEq, Debug)]
pub enum Draft {
    /// The response that accepts a `submit_sm` or a `data_sm`, without optional parameters.
    Accepted {
        /// The response's.
        command_id: u32,
        /// The request's.
        sequence_number: u32,
        /// The text's name.
        message_id: MessageId,
    },
    /// The `deliver_sm` or `data_sm` of a receipt or an intermediate notification.
    Receipt {
        /// What it says.
        receipt: Arc<Receipt>,
        /// The request's.
        sequence_number: u32,
        /// The version of the session.
        version: u8,
        /// Whether it is a `data_sm`.
        data_sm: bool,
    },
}

impl Draft {
    /// The PDU's `command_id`.
    pub const fn command_id(&self) -> u32 {
        match self {
            Self::Accepted { command_id, .. } => *command_id,
            Self::Receipt { data_sm: true, .. } => command_id::DATA_SM,
            Self::Receipt { .. } => command_id::DELIVER_SM,
        }
    }

    /// The PDU's sequence number. Its `command_status` is `ESME_ROK`.
    pub const fn sequence_number(&self) -> u32 {
        match self {
            Self::Accepted { sequence_number, .. } | Self::Receipt { sequence_number, .. } => {
                *sequence_number
            }
        }
    }

    /// The PDU.
    pub fn command(&self, scribe: &mut Scribe) -> Command {
        match self {
            Self::Accepted {
                command_id,
                sequence_number,
                message_id,
            } => {
                let resp = MessageIdResp {
                    message_id: Some(message_id.text()),
                    tlvs: Vec::new(),
                };
                let pdu = match *command_id {
                    command_id::DATA_SM_RESP => Pdu::DataSmResp(resp),
                    _ => Pdu::SubmitSmResp(resp),
                };
                Command::response(*sequence_number, Status::ESME_ROK, pdu)
            }
            Self::Receipt {
                receipt,
                sequence_number,
                version,
                data_sm,
            } => {
                let message = scribe.receipt(receipt, *version >= 0x34);
                let mut pdu = if *data_sm {
                    Pdu::DataSm(message.into())
                } else {
                    Pdu::DeliverSm(message)
                };
                smpp::fit(&mut pdu, *version);
                Command::request(*sequence_number, pdu)
            }
        }
    }

    /// Appends the PDU's octets to `octets`.
    pub fn write(&self, scribe: &mut Scribe, octets: &mut BytesMut) {
        match self {
            Self::Accepted {
                command_id,
                sequence_number,
                message_id,
            } => smpp::encode_accepted_into(*command_id, *sequence_number, &message_id.text(), octets),
            Self::Receipt { .. } => smpp::encode_into(&self.command(scribe), octets),
        }
    }
}

/// What drafts are written with: receipts have local times, of which it remembers the last.
#[derive(Clone, Debug, Default)]
pub struct Scribe {
    zone: Zone,
    dates: Dates,
}

impl Scribe {
    /// One for the message centres of a zone.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            dates: Dates::default(),
        }
    }

    /// A receipt or an intermediate notification: the addresses of its text exchanged, and what it says both in words and, for
    /// those who can read them, in TLVs (SMPP v3.4 Appendix B).
    fn receipt(&mut self, receipt: &Receipt, with_tlvs: bool) -> ShortMessage {
        let text = receipt.style.write(
            &Report {
                message_id: receipt.written_id,
                state: receipt.state,
                err: receipt.err,
                submitted_at: receipt.submitted_at,
                done_at: receipt.done_at,
                text: receipt.text.as_ref(),
            },
            &self.zone,
            &mut self.dates,
        );
        let segment = match receipt.coding {
            Coding::Gsm7 => Segment::whole_in_gsm7(text),
            other => Segment {
                user_data: other.write_plain(&text).into(),
                ..Segment::default()
            },
        };
        let mut message =
            ShortMessage::carrying(receipt.destination.address(), receipt.source.clone(), segment);
        message.esm_class = if receipt.state.is_final() {
            esm_class::RECEIPT
        } else {
            esm_class::INTERMEDIATE
        };
        if !with_tlvs {
            return message;
        }
        if receipt.style.tlvs {
            message.tlvs.push(Tlv::c_octet_string(
                tag::RECEIPTED_MESSAGE_ID,
                &receipt.written_id.text(),
            ));
            message
                .tlvs
                .push(Tlv::octet(tag::MESSAGE_STATE, receipt.state.code()));
            if receipt.cause.is_some() && receipt.style.network_error {
                let [high, low] = receipt.err.to_be_bytes();
                message
                    .tlvs
                    .push(Tlv::new(tag::NETWORK_ERROR_CODE, [NETWORK_TYPE_GSM, high, low]));
            }
        }
        message.tlvs.extend(receipt.tlv.clone());
        if let Some(reference) = receipt.user_message_reference {
            message
                .tlvs
                .push(Tlv::short(tag::USER_MESSAGE_REFERENCE, reference));
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_small() {
        assert!(size_of::<Draft>() <= 24, "{}", size_of::<Draft>());
    }
}
