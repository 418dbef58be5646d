//! The bodies that come by the thousand, read where they lie: texts, and the answers to them.
//!
//! What is not plainly well made is left to rusmpp, which tells what is wrong with it. What is read here is the same as what
//! rusmpp would read.

use compact_str::CompactString;
use sms::Address;

use super::{TlvRule, read_tlvs};
use crate::command_id;
use crate::framing::Header;
use crate::operation::MessageIdResp;
use crate::pdu::Pdu;
use crate::short_message::ShortMessage;

/// The octets of the longest `service_type`, its NUL among them; so of the others.
const SERVICE_TYPE_OCTETS: usize = 6;
const ADDRESS_OCTETS: usize = 21;
const TIME_OCTETS: usize = 17;
const MESSAGE_ID_OCTETS: usize = 65;

/// Reads a whole body; none when it is not of these operations, or not plainly well made.
pub(super) fn read(header: &Header, body: &[u8]) -> Option<Pdu> {
    match header.command_id {
        command_id::SUBMIT_SM => short_message(body).map(Pdu::SubmitSm),
        command_id::DELIVER_SM => short_message(body).map(Pdu::DeliverSm),
        command_id::SUBMIT_SM_RESP if header.command_status.is_ok() => {
            message_id_resp(body).map(Pdu::SubmitSmResp)
        }
        command_id::DELIVER_SM_RESP if header.command_status.is_ok() => {
            message_id_resp(body).map(Pdu::DeliverSmResp)
        }
        _ => None,
    }
}

/// SMPP v3.4 §4.4.1 and §4.6.1.
fn short_message(body: &[u8]) -> Option<ShortMessage> {
    let mut body = Body(body);
    let service_type = body.string(SERVICE_TYPE_OCTETS)?.into();
    let (source, destination) = (body.address()?, body.address()?);
    let [esm_class, protocol_id, priority_flag] = body.octets()?;
    let (schedule_delivery_time, validity_period) = (body.time()?, body.time()?);
    let [
        registered_delivery,
        replace_if_present_flag,
        data_coding,
        sm_default_msg_id,
        sm_length,
    ] = body.octets()?;
    let (text, tlvs) = body.0.split_at_checked(sm_length.into())?;
    Some(ShortMessage {
        service_type,
        source,
        destination,
        esm_class,
        protocol_id,
        priority_flag,
        schedule_delivery_time,
        validity_period,
        registered_delivery,
        replace_if_present_flag,
        data_coding,
        sm_default_msg_id,
        short_message: text.into(),
        tlvs: read_tlvs(TlvRule::Checked, tlvs).ok()?,
    })
}

/// SMPP v3.4 §4.4.2 and §4.6.2, without optional parameters.
fn message_id_resp(body: &[u8]) -> Option<MessageIdResp> {
    let mut body = Body(body);
    let message_id: CompactString = body.string(MESSAGE_ID_OCTETS)?.into();
    body.0.is_empty().then(|| MessageIdResp {
        message_id: Some(message_id),
        tlvs: Vec::new(),
    })
}

/// A body that is read from its start.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (octets, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*octets)
    }

    /// A C-Octet String of at most `max` octets, its NUL among them, which does not belong to what is given.
    fn string(&mut self, max: usize) -> Option<&'a str> {
        let length = self.0.iter().take(max).position(|octet| *octet == 0)?;
        let (octets, rest) = self.0.split_at(length);
        self.0 = &rest[1..];
        octets.is_ascii().then_some(())?;
        str::from_utf8(octets).ok()
    }

    fn address(&mut self) -> Option<Address> {
        let [ton, npi] = self.octets()?;
        Some(Address {
            ton: ton.into(),
            npi: npi.into(),
            digits: self.string(ADDRESS_OCTETS)?.into(),
        })
    }

    /// Nothing, or all of a time's octets.
    fn time(&mut self) -> Option<String> {
        let time = self.string(TIME_OCTETS)?;
        (time.is_empty() || time.len() + 1 == TIME_OCTETS).then(|| time.to_owned())
    }
}
