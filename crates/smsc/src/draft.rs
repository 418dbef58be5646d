//! The PDUs that every text brings, as what they say: [`Draft`]. Their octets are written where and when they are wanted.

use std::sync::Arc;

use bytes::BytesMut;
use smpp::{
    Command, MessageIdResp, Pdu, PlainDelivery, ShortMessage, Status, Tlv, command_id, esm_class, tag,
};
use sms::{Encoding, Segment, Zone, gsm7};

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
            Self::Receipt {
                receipt,
                sequence_number,
                version,
                data_sm: false,
            } if scribe.write_plainly(receipt, *sequence_number, *version, octets) => {}
            Self::Receipt { .. } => smpp::encode_into(&self.command(scribe), octets),
        }
    }
}

/// What drafts are written with: receipts have local times, of which it remembers the last.
#[derive(Clone, Debug, Default)]
pub struct Scribe {
    zone: Zone,
    dates: Dates,
    /// Memory for the text of a receipt.
    text: String,
}

impl Scribe {
    /// One for the message centres of a zone.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            dates: Dates::default(),
            text: String::new(),
        }
    }

    /// Writes the text of a receipt down.
    fn write_text(&mut self, receipt: &Receipt) {
        self.text.clear();
        receipt.style.write(
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
            &mut self.text,
        );
    }

    /// Writes the `deliver_sm` of an ordinary receipt from where its fields stand; false, and nothing, for any other.
    fn write_plainly(
        &mut self,
        receipt: &Receipt,
        sequence_number: u32,
        version: u8,
        octets: &mut BytesMut,
    ) -> bool {
        self.write_text(receipt);
        // What may need another alphabet, a message_payload, or a look at what the version takes.
        if self.text.len() > smpp::SHORT_MESSAGE_OCTETS_MAX
            || !gsm7::is_all_plain(self.text.as_bytes())
            || (receipt.tlv.is_some() && version < 0x50)
            || receipt.coding != Coding::Gsm7
        {
            return false;
        }
        let mut id = receipt.written_id.text();
        id.push('\0');
        let [high, low] = receipt.err.to_be_bytes();
        let (state, error) = ([receipt.state.code()], [NETWORK_TYPE_GSM, high, low]);
        let reference = receipt.user_message_reference.unwrap_or_default().to_be_bytes();
        let style = receipt.style;
        let network_error = style.tlvs && style.network_error && receipt.cause.is_some();
        let carrier = receipt.tlv.as_ref();
        let all: [(bool, u16, &[u8]); 5] = [
            (style.tlvs, tag::RECEIPTED_MESSAGE_ID, id.as_bytes()),
            (style.tlvs, tag::MESSAGE_STATE, &state),
            (network_error, tag::NETWORK_ERROR_CODE, &error),
            (
                carrier.is_some(),
                carrier.map_or(0, |tlv| tlv.tag),
                carrier.map_or(&[], |tlv| &tlv.value),
            ),
            (
                receipt.user_message_reference.is_some(),
                tag::USER_MESSAGE_REFERENCE,
                &reference,
            ),
        ];
        let (mut tlvs, mut count) = ([(0, &[][..]); 5], 0);
        for (_, tag, value) in all.into_iter().filter(|(has, ..)| *has && version >= 0x34) {
            tlvs[count] = (tag, value);
            count += 1;
        }
        let delivery = PlainDelivery {
            sequence_number,
            source: &receipt.destination.address(),
            destination: &receipt.source.address(),
            esm_class: type_of(receipt),
            data_coding: Encoding::Gsm7.data_coding(),
            short_message: self.text.as_bytes(),
            tlvs: &tlvs[..count],
        };
        smpp::encode_delivery_into(&delivery, octets);
        true
    }

    /// A receipt or an intermediate notification: the addresses of its text exchanged, and what it says both in words and, for
    /// those who can read them, in TLVs (SMPP v3.4 Appendix B).
    fn receipt(&mut self, receipt: &Receipt, with_tlvs: bool) -> ShortMessage {
        self.write_text(receipt);
        let segment = match receipt.coding {
            Coding::Gsm7 => Segment::whole_in_gsm7(self.text.clone()),
            other => Segment {
                user_data: other.write_plain(&self.text).into(),
                ..Segment::default()
            },
        };
        let mut message =
            ShortMessage::carrying(receipt.destination.address(), receipt.source.address(), segment);
        message.esm_class = type_of(receipt);
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

/// The message type in `esm_class`.
const fn type_of(receipt: &Receipt) -> u8 {
    if receipt.state.is_final() {
        esm_class::RECEIPT
    } else {
        esm_class::INTERMEDIATE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sms::{Address, MessageState, Npi, Timestamp, Ton};

    use super::*;
    use crate::carrier::Carrier;
    use crate::cause::{Cause, ErrTable};
    use crate::message::{Body, Destination};
    use crate::message_id::MessageIdStyle;
    use crate::receipt::ReceiptStyle;

    prop_compose! {
        fn receipt()(
            style in prop::sample::select(vec!["standard", "minimal", "seconds", "text_only", "handover"]),
            ids in prop::sample::select(MessageIdStyle::ALL.to_vec()),
            number in any::<u32>(),
            state in prop::sample::select(MessageState::ALL.to_vec()),
            cause in prop::option::of(Just(Cause::NoCoverage)),
            text in prop::sample::select(vec!["Kings win 4-2", "", "1 $ or 2 €", "{a}", "déjà vu, déjà lu, déjà su"]),
            long in prop::bool::weighted(0.1),
            tlv in prop::option::of(prop::sample::select(vec![Tlv::octet(0x1401, 7), Tlv::octet(tag::CONGESTION_STATE, 7)])),
            coding in prop::sample::select(vec![Coding::Gsm7, Coding::Ucs2]),
            reference in prop::option::of(any::<u16>()),
            source in prop::sample::select(vec!["32665", "MyBrand", ""]),
            second in 1_236_000_000..1_237_000_000_i64,
        ) -> Receipt {
            let destination = Address::new(Ton::International, Npi::Isdn, "14155550101");
            let body = Segment::whole(text, Encoding::Gsm7);
            let style = ReceiptStyle::named(style).expect("a style");
            Receipt {
                message_id: MessageId { number, style: ids },
                written_id: MessageId { number: number ^ 1, style: ids },
                sibling: false,
                state,
                cause,
                err: ErrTable::default().code(cause),
                submitted_at: Timestamp::from_secs(second),
                done_at: Timestamp::from_secs(second + 59),
                link: smpp::LinkId(1),
                source: Address::new(Ton::Unknown, Npi::Unknown, source).into(),
                destination: Destination::of(&destination).expect("a handset"),
                user_message_reference: reference,
                tlv,
                text: Some(Body::new(body, &Carrier::new("att"), 255).expect("short")),
                coding,
                style: ReceiptStyle { err_digits: if long { 300 } else { style.err_digits }, ..style },
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_pdu(receipts in prop::collection::vec(receipt(), 1..4), version in prop::sample::select(vec![0x33_u8, 0x34, 0x50]), data_sm: bool) {
            let mut scribe = Scribe::new(Zone::named("America/Los_Angeles").expect("a zone"));
            let (mut written, mut encoded) = (BytesMut::new(), BytesMut::new());
            for (sequence_number, receipt) in (1..).zip(receipts) {
                let receipt = Arc::new(receipt);
                let data_sm = data_sm && version >= 0x34;
                let draft = Draft::Receipt { receipt, sequence_number, version, data_sm };
                draft.write(&mut scribe, &mut written);
                let command = draft.command(&mut Scribe::new(Zone::named("America/Los_Angeles").expect("a zone")));
                prop_assert_eq!(draft.command_id(), command.pdu.command_id());
                smpp::encode_into(&command, &mut encoded);
                prop_assert_eq!(&written, &encoded);
            }
        }
    }

    #[test]
    fn a_draft_is_small() {
        assert!(size_of::<Draft>() <= 24, "{}", size_of::<Draft>());
    }
}
