//! PDUs to octets: [`encode`].
//!
//! What a field holds is written as it stands, also when it is longer than the specification allows: a simulator must be
//! able to send what is wrong.

use bytes::{BufMut, Bytes, BytesMut};
use sms::Address;

use crate::bind::{Bind, BindResp};
use crate::command_id;
use crate::framing::HEADER_OCTETS;
use crate::operation::{
    AlertNotification, BroadcastSm, CancelBroadcastSm, CancelSm, DestAddress, MessageIdResp,
    QueryBroadcastSm, QuerySm, QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp,
};
use crate::pdu::{Command, Pdu};
use crate::short_message::{DataSm, ShortMessage};
use crate::status::Status;
use crate::tlv::Tlv;

/// The octets of a PDU, header and all.
pub fn encode(command: &Command) -> Bytes {
    let mut octets = BytesMut::with_capacity(128);
    encode_into(command, &mut octets);
    octets.freeze()
}

/// Appends the octets of a PDU to `octets`.
///
/// A string ends where it holds a NUL. A `short_message` is cut at 255 octets, a parameter's value at 65,535, a list of
/// destinations at 255: their lengths have no room for more.
pub fn encode_into(command: &Command, octets: &mut BytesMut) {
    let start = octets.len();
    octets.reserve(256);
    let mut header = [0; HEADER_OCTETS];
    header[4..8].copy_from_slice(&command.pdu.command_id().to_be_bytes());
    header[8..12].copy_from_slice(&command.status.0.to_be_bytes());
    header[12..].copy_from_slice(&command.sequence_number.to_be_bytes());
    octets.put_slice(&header);
    put_body(octets, command.status, &command.pdu);
    put_length(octets, start);
}

/// Appends the octets of the response `command_id` that accepts a text to `octets`, as [`encode_into`] writes them.
pub fn encode_accepted_into(command_id: u32, sequence_number: u32, message_id: &str, octets: &mut BytesMut) {
    let text = message_id.as_bytes();
    let text = text.split(|octet| *octet == 0).next().unwrap_or_default();
    let command_length = u32::try_from(HEADER_OCTETS + text.len() + 1).unwrap_or(u32::MAX);
    let mut header = [0; HEADER_OCTETS];
    header[..4].copy_from_slice(&command_length.to_be_bytes());
    header[4..8].copy_from_slice(&command_id.to_be_bytes());
    header[12..].copy_from_slice(&sequence_number.to_be_bytes());
    octets.reserve(HEADER_OCTETS + text.len() + 1);
    octets.put_slice(&header);
    octets.put_slice(text);
    octets.put_u8(0);
}

/// A `deliver_sm` of which all fields are 0 or empty but these, which stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct PlainDelivery<'a> {
    /// The request's.
    pub sequence_number: u32,
    /// `source_addr` with TON and NPI.
    pub source: &'a Address,
    /// `destination_addr` with TON and NPI.
    pub destination: &'a Address,
    /// The message type.
    pub esm_class: u8,
    /// What the octets of the text mean.
    pub data_coding: u8,
    /// The text, at most 255 octets.
    pub short_message: &'a [u8],
    /// The optional parameters: tags with their values.
    pub tlvs: &'a [(u16, &'a [u8])],
}

/// Appends the octets of a `deliver_sm` to `octets`, as [`encode_into`] writes them.
pub fn encode_delivery_into(delivery: &PlainDelivery<'_>, octets: &mut BytesMut) {
    let start = octets.len();
    octets.reserve(512);
    let mut header = [0; HEADER_OCTETS + 1];
    header[4..8].copy_from_slice(&command_id::DELIVER_SM.to_be_bytes());
    header[12..HEADER_OCTETS].copy_from_slice(&delivery.sequence_number.to_be_bytes());
    // With the end of the empty service_type.
    octets.put_slice(&header);
    put_address(octets, delivery.source);
    put_address(octets, delivery.destination);
    octets.put_slice(&[delivery.esm_class, 0, 0, 0, 0, 0, 0, delivery.data_coding, 0]);
    put_text(octets, delivery.short_message);
    for (tag, value) in delivery.tlvs {
        put_tlv(octets, *tag, value);
    }
    put_length(octets, start);
}

/// Writes the length of the PDU that begins at `start` and ends here.
fn put_length(octets: &mut BytesMut, start: usize) {
    let command_length = u32::try_from(octets.len() - start).unwrap_or(u32::MAX);
    octets[start..start + 4].copy_from_slice(&command_length.to_be_bytes());
}

fn put_body(octets: &mut BytesMut, status: Status, pdu: &Pdu) {
    match pdu {
        Pdu::Bind(bind) => put_bind(octets, bind),
        Pdu::BindResp(resp) => put_bind_resp(octets, resp),
        Pdu::Outbind(outbind) => {
            put_c_octet_string(octets, &outbind.system_id);
            put_c_octet_string(octets, &outbind.password);
        }
        Pdu::SubmitSm(message) | Pdu::DeliverSm(message) => put_short_message(octets, message),
        Pdu::SubmitSmResp(resp)
        | Pdu::DeliverSmResp(resp)
        | Pdu::DataSmResp(resp)
        | Pdu::BroadcastSmResp(resp)
        | Pdu::QueryBroadcastSmResp(resp) => put_message_id_resp(octets, resp),
        Pdu::DataSm(data) => put_data_sm(octets, data),
        Pdu::SubmitMulti(multi) => put_submit_multi(octets, multi),
        Pdu::SubmitMultiResp(resp) => put_submit_multi_resp(octets, status, resp),
        Pdu::QuerySm(query) => put_query_sm(octets, query),
        Pdu::QuerySmResp(resp) => put_query_sm_resp(octets, status, resp),
        Pdu::CancelSm(cancel) => put_cancel_sm(octets, cancel),
        Pdu::ReplaceSm(replace) => put_replace_sm(octets, replace),
        Pdu::AlertNotification(alert) => put_alert_notification(octets, alert),
        Pdu::BroadcastSm(broadcast) => put_broadcast_sm(octets, broadcast),
        Pdu::QueryBroadcastSm(query) => put_query_broadcast_sm(octets, query),
        Pdu::CancelBroadcastSm(cancel) => put_cancel_broadcast_sm(octets, cancel),
        Pdu::Other { body, .. } => octets.put_slice(body),
        Pdu::Unbind
        | Pdu::UnbindResp
        | Pdu::EnquireLink
        | Pdu::EnquireLinkResp
        | Pdu::GenericNack
        | Pdu::CancelSmResp
        | Pdu::ReplaceSmResp
        | Pdu::CancelBroadcastSmResp => {}
    }
}

fn put_bind(octets: &mut BytesMut, bind: &Bind) {
    put_c_octet_string(octets, &bind.system_id);
    put_c_octet_string(octets, &bind.password);
    put_c_octet_string(octets, &bind.system_type);
    octets.put_u8(bind.interface_version);
    put_address(octets, &bind.address_range);
}

fn put_bind_resp(octets: &mut BytesMut, resp: &BindResp) {
    put_optional_string(octets, resp.system_id.as_deref(), &resp.tlvs);
}

fn put_message_id_resp(octets: &mut BytesMut, resp: &MessageIdResp) {
    put_optional_string(octets, resp.message_id.as_deref(), &resp.tlvs);
}

fn put_short_message(octets: &mut BytesMut, message: &ShortMessage) {
    put_c_octet_string(octets, &message.service_type);
    put_address(octets, &message.source);
    put_address(octets, &message.destination);
    put_message_fields(octets, message);
}

fn put_submit_multi(octets: &mut BytesMut, multi: &SubmitMulti) {
    put_c_octet_string(octets, &multi.message.service_type);
    put_address(octets, &multi.message.source);
    let destinations = &multi.destinations[..multi.destinations.len().min(255)];
    octets.put_u8(destinations.len() as u8);
    for destination in destinations {
        match destination {
            DestAddress::Sme(address) => {
                octets.put_u8(1);
                put_address(octets, address);
            }
            DestAddress::DistributionList(name) => {
                octets.put_u8(2);
                put_c_octet_string(octets, name);
            }
        }
    }
    put_message_fields(octets, &multi.message);
}

/// The fields of `submit_sm` after the addresses.
fn put_message_fields(octets: &mut BytesMut, message: &ShortMessage) {
    if message.schedule_delivery_time.is_empty() && message.validity_period.is_empty() {
        // Nearly every text: the fields are written together.
        let text = &message.short_message[..message.short_message.len().min(usize::from(u8::MAX))];
        octets.put_slice(&[
            message.esm_class,
            message.protocol_id,
            message.priority_flag,
            0,
            0,
            message.registered_delivery,
            message.replace_if_present_flag,
            message.data_coding,
            message.sm_default_msg_id,
            text.len() as u8,
        ]);
        octets.put_slice(text);
        return put_tlvs(octets, &message.tlvs);
    }
    octets.put_slice(&[message.esm_class, message.protocol_id, message.priority_flag]);
    put_c_octet_string(octets, &message.schedule_delivery_time);
    put_c_octet_string(octets, &message.validity_period);
    octets.put_slice(&[
        message.registered_delivery,
        message.replace_if_present_flag,
        message.data_coding,
        message.sm_default_msg_id,
    ]);
    put_text(octets, &message.short_message);
    put_tlvs(octets, &message.tlvs);
}

fn put_data_sm(octets: &mut BytesMut, data: &DataSm) {
    put_c_octet_string(octets, &data.service_type);
    put_address(octets, &data.source);
    put_address(octets, &data.destination);
    octets.put_slice(&[data.esm_class, data.registered_delivery, data.data_coding]);
    put_tlvs(octets, &data.tlvs);
}

fn put_submit_multi_resp(octets: &mut BytesMut, status: Status, resp: &SubmitMultiResp) {
    if !status.is_ok() && *resp == SubmitMultiResp::default() {
        return;
    }
    put_c_octet_string(octets, &resp.message_id);
    let unsuccess = &resp.unsuccess[..resp.unsuccess.len().min(255)];
    octets.put_u8(unsuccess.len() as u8);
    for sme in unsuccess {
        put_address(octets, &sme.destination);
        octets.put_u32(sme.status.0);
    }
    put_tlvs(octets, &resp.tlvs);
}

fn put_query_sm(octets: &mut BytesMut, query: &QuerySm) {
    put_c_octet_string(octets, &query.message_id);
    put_address(octets, &query.source);
}

fn put_query_sm_resp(octets: &mut BytesMut, status: Status, resp: &QuerySmResp) {
    if !status.is_ok() && *resp == QuerySmResp::default() {
        return;
    }
    put_c_octet_string(octets, &resp.message_id);
    put_c_octet_string(octets, &resp.final_date);
    octets.put_slice(&[resp.message_state, resp.error_code]);
}

fn put_cancel_sm(octets: &mut BytesMut, cancel: &CancelSm) {
    put_c_octet_string(octets, &cancel.service_type);
    put_c_octet_string(octets, &cancel.message_id);
    put_address(octets, &cancel.source);
    put_address(octets, &cancel.destination);
}

fn put_replace_sm(octets: &mut BytesMut, replace: &ReplaceSm) {
    put_c_octet_string(octets, &replace.message_id);
    put_address(octets, &replace.source);
    put_c_octet_string(octets, &replace.schedule_delivery_time);
    put_c_octet_string(octets, &replace.validity_period);
    octets.put_slice(&[replace.registered_delivery, replace.sm_default_msg_id]);
    put_text(octets, &replace.short_message);
    put_tlvs(octets, &replace.tlvs);
}

fn put_alert_notification(octets: &mut BytesMut, alert: &AlertNotification) {
    put_address(octets, &alert.source);
    put_address(octets, &alert.esme);
    put_tlvs(octets, &alert.tlvs);
}

fn put_broadcast_sm(octets: &mut BytesMut, broadcast: &BroadcastSm) {
    put_c_octet_string(octets, &broadcast.service_type);
    put_address(octets, &broadcast.source);
    put_c_octet_string(octets, &broadcast.message_id);
    octets.put_u8(broadcast.priority_flag);
    put_c_octet_string(octets, &broadcast.schedule_delivery_time);
    put_c_octet_string(octets, &broadcast.validity_period);
    octets.put_slice(&[
        broadcast.replace_if_present_flag,
        broadcast.data_coding,
        broadcast.sm_default_msg_id,
    ]);
    put_tlvs(octets, &broadcast.tlvs);
}

fn put_query_broadcast_sm(octets: &mut BytesMut, query: &QueryBroadcastSm) {
    put_c_octet_string(octets, &query.message_id);
    put_address(octets, &query.source);
    put_tlvs(octets, &query.tlvs);
}

fn put_cancel_broadcast_sm(octets: &mut BytesMut, cancel: &CancelBroadcastSm) {
    put_c_octet_string(octets, &cancel.service_type);
    put_c_octet_string(octets, &cancel.message_id);
    put_address(octets, &cancel.source);
    put_tlvs(octets, &cancel.tlvs);
}

fn put_address(octets: &mut BytesMut, address: &Address) {
    let digits = before_nul(&address.digits);
    let mut field = [0; ADDRESS_TOGETHER_OCTETS];
    field[0] = address.ton.into();
    field[1] = address.npi.into();
    let end = 2 + digits.len();
    if end < field.len() {
        field[2..end].copy_from_slice(digits);
        octets.put_slice(&field[..=end]);
    } else {
        octets.put_slice(&field[..2]);
        octets.put_slice(digits);
        octets.put_u8(0);
    }
}

/// The octets of an address, its NUL among them, that are written together: more than one of 20 characters has.
const ADDRESS_TOGETHER_OCTETS: usize = 24;

fn put_c_octet_string(octets: &mut BytesMut, text: &str) {
    octets.put_slice(before_nul(text));
    octets.put_u8(0);
}

/// A NUL within would move every field after it.
fn before_nul(text: &str) -> &[u8] {
    let octets = text.as_bytes();
    let end = octets.iter().position(|octet| *octet == 0);
    &octets[..end.unwrap_or(octets.len())]
}

/// The string of a response that may end with its header. Parameters cannot stand without the string before them.
fn put_optional_string(octets: &mut BytesMut, text: Option<&str>, tlvs: &[Tlv]) {
    match text {
        Some(text) => put_c_octet_string(octets, text),
        None if tlvs.is_empty() => {}
        None => octets.put_u8(0),
    }
    put_tlvs(octets, tlvs);
}

fn put_text(octets: &mut BytesMut, text: &[u8]) {
    let text = &text[..text.len().min(usize::from(u8::MAX))];
    octets.put_u8(text.len() as u8);
    octets.put_slice(text);
}

fn put_tlvs(octets: &mut BytesMut, tlvs: &[Tlv]) {
    for tlv in tlvs {
        put_tlv(octets, tlv.tag, &tlv.value);
    }
}

fn put_tlv(octets: &mut BytesMut, tag: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    let ([tag_high, tag_low], [high, low]) = (tag.to_be_bytes(), (value.len() as u16).to_be_bytes());
    octets.put_slice(&[tag_high, tag_low, high, low]);
    octets.put_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_at_its_nul_however_long_it_is() {
        for length in 0..2 * ADDRESS_TOGETHER_OCTETS {
            let digits = "7".repeat(length);
            for behind in ["", "\0", "\x001"] {
                let address = Address {
                    digits: format!("{digits}{behind}").into(),
                    ..Address::default()
                };
                let mut octets = BytesMut::new();
                put_address(&mut octets, &address);
                let (numbers, text) = octets.split_at(2);
                assert_eq!(numbers, [u8::from(address.ton), u8::from(address.npi)]);
                assert_eq!(text, format!("{digits}\0").as_bytes());
            }
        }
    }

    #[test]
    fn fields_written_together_are_those_written_one_by_one() {
        for octets_of_text in [0, 1, 160, 255, 256] {
            let message = ShortMessage {
                esm_class: 1,
                protocol_id: 2,
                priority_flag: 3,
                registered_delivery: 4,
                replace_if_present_flag: 5,
                data_coding: 6,
                sm_default_msg_id: 7,
                short_message: vec![8; octets_of_text].into(),
                ..ShortMessage::default()
            };
            // A time that is all NUL is written as an empty one, field by field.
            let one_by_one = ShortMessage {
                validity_period: "\0".to_owned(),
                ..message.clone()
            };
            let (mut together, mut apart) = (BytesMut::new(), BytesMut::new());
            put_message_fields(&mut together, &message);
            put_message_fields(&mut apart, &one_by_one);
            assert_eq!(together, apart, "{octets_of_text}");
        }
    }
}
