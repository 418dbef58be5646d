//! PDUs to octets: [`encode`].
//!
//! What a field holds is written as it stands, also when it is longer than the specification allows: a simulator must be
//! able to send what is wrong.

use bytes::{BufMut, Bytes, BytesMut};
use sms::Address;

use crate::bind::{Bind, BindResp};
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
    octets.put_u32(0);
    octets.put_u32(command.pdu.command_id());
    octets.put_u32(command.status.0);
    octets.put_u32(command.sequence_number);
    put_body(octets, command.status, &command.pdu);
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
    octets.put_slice(&[address.ton.into(), address.npi.into()]);
    put_c_octet_string(octets, &address.digits);
}

fn put_c_octet_string(octets: &mut BytesMut, text: &str) {
    // A NUL within would move every field after it.
    let text = text.split('\0').next().unwrap_or_default();
    octets.put_slice(text.as_bytes());
    octets.put_u8(0);
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
        let value = &tlv.value[..tlv.value.len().min(usize::from(u16::MAX))];
        octets.put_u16(tlv.tag);
        octets.put_u16(value.len() as u16);
        octets.put_slice(value);
    }
}
