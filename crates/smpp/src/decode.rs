//! The body of one isolated PDU to its fields.
//!
//! rusmpp reads the mandatory parameters, with their limits; it is told that no optional parameters follow. Those are read
//! here, as they stand: rusmpp refuses a whole PDU for one that many peers write a little wrong. Bodies that come by the
//! thousand and are plainly well made are read without it ([`plain`]).

mod fault;
mod plain;

use bytes::{Buf, Bytes, BytesMut};
use compact_str::CompactString;
use rusmpp::decode::{Decode, DecodeWithLength};
use rusmpp::pdus;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString};
use rusmpp::values;
use sms::Address;

use self::fault::{Fault, fault, field_fault, field_status};
use crate::bind::{Bind, BindKind, BindResp, Outbind};
use crate::command_id;
use crate::framing::{Frame, HEADER_OCTETS, Header};
use crate::operation::{
    AlertNotification, BroadcastSm, CancelBroadcastSm, CancelSm, DestAddress, MessageIdResp,
    QueryBroadcastSm, QuerySm, QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp, UnsuccessSme,
};
use crate::pdu::{Command, Pdu};
use crate::short_message::{DataSm, ShortMessage};
use crate::status::Status;
use crate::tlv::{Tlv, lengths, tag};

/// Who reads bodies that are plainly well made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// The short way, where there is one.
    Plain,
    /// rusmpp, whatever they are.
    Library,
}

/// What becomes of optional parameters of a request that are of a wrong length, or have no end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TlvRule {
    /// The request is refused (SMPP v5.0 §2.11.1).
    Checked,
    /// They are taken as if they were not there.
    PassedOver,
}

/// Reads the body of a PDU; what is read is copied out of it. `raw` is the whole PDU, for the frame. `scratch` is memory for
/// rusmpp, which takes a body apart.
pub(crate) fn decode(header: Header, raw: Bytes, reader: Reader, scratch: &mut BytesMut) -> Frame {
    let body = &raw[HEADER_OCTETS..];
    let plain = match reader {
        Reader::Plain => plain::read(&header, body),
        Reader::Library => None,
    };
    let decoded = match plain {
        Some(pdu) => Ok((pdu, 0)),
        None => {
            scratch.clear();
            scratch.extend_from_slice(body);
            decode_pdu(TlvRule::Checked, &header, scratch).map(|pdu| (pdu, scratch.len()))
        }
    };
    frame(header, raw, decoded)
}

/// As [`decode`], and optional parameters that are wrong are passed over.
pub(crate) fn decode_liberally(header: Header, raw: Bytes) -> Frame {
    let mut body = BytesMut::from(&raw[HEADER_OCTETS..]);
    let decoded = decode_pdu(TlvRule::PassedOver, &header, &mut body).map(|pdu| (pdu, body.len()));
    frame(header, raw, decoded)
}

/// The frame of what was read, and of how many octets were left.
fn frame(header: Header, raw: Bytes, decoded: Decoded<(Pdu, usize)>) -> Frame {
    match decoded {
        Ok((pdu, trailing)) => {
            let Header {
                command_status: status,
                sequence_number,
                ..
            } = header;
            Frame::Pdu {
                command: Command {
                    status,
                    sequence_number,
                    pdu,
                },
                raw,
                trailing,
            }
        }
        Err(Fault { status, field }) => Frame::Malformed {
            header,
            status,
            field,
            raw,
        },
    }
}

type Decoded<T> = Result<T, Fault>;

/// No optional parameters, for rusmpp.
const NO_TLVS: usize = 0;

fn decode_pdu(rule: TlvRule, header: &Header, body: &mut BytesMut) -> Decoded<Pdu> {
    let is_error = !header.command_status.is_ok();
    if command_id::is_response(header.command_id) && (is_error || body.is_empty()) {
        return Ok(decode_response_leniently(header.command_id, body));
    }
    match header.command_id {
        command_id::BIND_TRANSMITTER | command_id::BIND_RECEIVER | command_id::BIND_TRANSCEIVER => {
            decode_bind(bind_kind(header.command_id), body).map(Pdu::Bind)
        }
        command_id::OUTBIND => decode_outbind(body).map(Pdu::Outbind),
        command_id::SUBMIT_SM => decode_submit_sm(rule, body).map(Pdu::SubmitSm),
        command_id::DELIVER_SM => decode_deliver_sm(rule, body).map(Pdu::DeliverSm),
        command_id::DATA_SM => decode_data_sm(rule, body).map(Pdu::DataSm),
        command_id::SUBMIT_MULTI => decode_submit_multi(rule, body).map(Pdu::SubmitMulti),
        command_id::QUERY_SM => decode_query_sm(body).map(Pdu::QuerySm),
        command_id::CANCEL_SM => decode_cancel_sm(body).map(Pdu::CancelSm),
        command_id::REPLACE_SM => decode_replace_sm(rule, body).map(Pdu::ReplaceSm),
        command_id::ALERT_NOTIFICATION => decode_alert_notification(rule, body).map(Pdu::AlertNotification),
        command_id::BROADCAST_SM => decode_broadcast_sm(rule, body).map(Pdu::BroadcastSm),
        command_id::QUERY_BROADCAST_SM => decode_query_broadcast_sm(rule, body).map(Pdu::QueryBroadcastSm),
        command_id::CANCEL_BROADCAST_SM => decode_cancel_broadcast_sm(rule, body).map(Pdu::CancelBroadcastSm),
        command_id::UNBIND => Ok(Pdu::Unbind),
        command_id::ENQUIRE_LINK => Ok(Pdu::EnquireLink),
        _ => decode_response(header.command_id, body),
    }
}

/// A response whose body need not be there: what cannot be read of it is passed over.
fn decode_response_leniently(command_id: u32, body: &mut BytesMut) -> Pdu {
    let whole = body.clone();
    if let Some(pdu) = decode_response(command_id, body)
        .ok()
        .filter(|_| !whole.is_empty())
    {
        return pdu;
    }
    *body = whole;
    empty_response(command_id).unwrap_or_else(|| Pdu::Other {
        command_id,
        body: Bytes::copy_from_slice(&body.split()),
    })
}

/// A response that ends with its header.
fn empty_response(command_id: u32) -> Option<Pdu> {
    Some(match command_id {
        command_id::BIND_TRANSMITTER_RESP
        | command_id::BIND_RECEIVER_RESP
        | command_id::BIND_TRANSCEIVER_RESP => Pdu::BindResp(BindResp::empty(bind_kind(command_id))),
        command_id::SUBMIT_SM_RESP => Pdu::SubmitSmResp(MessageIdResp::empty()),
        command_id::DELIVER_SM_RESP => Pdu::DeliverSmResp(MessageIdResp::empty()),
        command_id::DATA_SM_RESP => Pdu::DataSmResp(MessageIdResp::empty()),
        command_id::SUBMIT_MULTI_RESP => Pdu::SubmitMultiResp(SubmitMultiResp::default()),
        command_id::QUERY_SM_RESP => Pdu::QuerySmResp(QuerySmResp::default()),
        command_id::BROADCAST_SM_RESP => Pdu::BroadcastSmResp(MessageIdResp::empty()),
        command_id::QUERY_BROADCAST_SM_RESP => Pdu::QueryBroadcastSmResp(MessageIdResp::empty()),
        command_id::GENERIC_NACK => Pdu::GenericNack,
        command_id::UNBIND_RESP => Pdu::UnbindResp,
        command_id::ENQUIRE_LINK_RESP => Pdu::EnquireLinkResp,
        command_id::CANCEL_SM_RESP => Pdu::CancelSmResp,
        command_id::REPLACE_SM_RESP => Pdu::ReplaceSmResp,
        command_id::CANCEL_BROADCAST_SM_RESP => Pdu::CancelBroadcastSmResp,
        _ => return None,
    })
}

/// The response in the form that it has when nothing of its body could be read.
pub(crate) fn unreadable_response(command_id: u32) -> Pdu {
    empty_response(command_id).unwrap_or(Pdu::Other {
        command_id,
        body: Bytes::new(),
    })
}

fn decode_response(command_id: u32, body: &mut BytesMut) -> Decoded<Pdu> {
    match command_id {
        command_id::BIND_TRANSMITTER_RESP
        | command_id::BIND_RECEIVER_RESP
        | command_id::BIND_TRANSCEIVER_RESP => {
            decode_bind_resp(bind_kind(command_id), body).map(Pdu::BindResp)
        }
        command_id::SUBMIT_SM_RESP => decode_message_id_resp(body).map(Pdu::SubmitSmResp),
        command_id::DELIVER_SM_RESP => decode_message_id_resp(body).map(Pdu::DeliverSmResp),
        command_id::DATA_SM_RESP => decode_message_id_resp(body).map(Pdu::DataSmResp),
        command_id::BROADCAST_SM_RESP => decode_message_id_resp(body).map(Pdu::BroadcastSmResp),
        command_id::QUERY_BROADCAST_SM_RESP => decode_message_id_resp(body).map(Pdu::QueryBroadcastSmResp),
        command_id::SUBMIT_MULTI_RESP => decode_submit_multi_resp(body).map(Pdu::SubmitMultiResp),
        command_id::QUERY_SM_RESP => decode_query_sm_resp(body).map(Pdu::QuerySmResp),
        _ => Ok(empty_response(command_id).unwrap_or_else(|| Pdu::Other {
            command_id,
            body: Bytes::copy_from_slice(&body.split()),
        })),
    }
}

fn bind_kind(command_id: u32) -> BindKind {
    match command_id & !command_id::RESPONSE {
        command_id::BIND_TRANSMITTER => BindKind::Transmitter,
        command_id::BIND_RECEIVER => BindKind::Receiver,
        _ => BindKind::Transceiver,
    }
}

/// A bind is read field by field: rusmpp has 8 characters for its password, and some providers give longer ones.
fn decode_bind(kind: BindKind, body: &mut BytesMut) -> Decoded<Bind> {
    let system_id: COctetString<1, 16> = read_as("system_id", body)?;
    let password: COctetString<1, PASSWORD_OCTETS_MAX> = read_as("password", body)?;
    let rest = decode_bind_rest(kind, body);
    let too_long = password.as_str().len() > crate::bind::PASSWORD_CHARACTERS_USUAL;
    // What follows a password without its end is read as a part of it, and then lacks.
    let bind = rest.map_err(|fault| match too_long {
        true => Fault {
            status: field_status("password"),
            field: "password",
        },
        false => fault,
    })?;
    Ok(Bind {
        system_id: text(&system_id),
        password: text(&password),
        ..bind
    })
}

/// The octets of the longest password that is read, with its NUL.
const PASSWORD_OCTETS_MAX: usize = crate::bind::PASSWORD_CHARACTERS_MAX + 1;

/// What follows the password of a bind.
fn decode_bind_rest(kind: BindKind, body: &mut BytesMut) -> Decoded<Bind> {
    let system_type: COctetString<1, 13> = read_as("system_type", body)?;
    let interface_version = read_as("interface_version", body)?;
    let ton: values::Ton = read_as("addr_ton", body)?;
    let npi: values::Npi = read_as("addr_npi", body)?;
    let address_range: COctetString<1, 41> = read_as("address_range", body)?;
    Ok(Bind {
        kind,
        system_id: CompactString::default(),
        password: CompactString::default(),
        system_type: text(&system_type),
        interface_version,
        address_range: address(ton, npi, &address_range),
    })
}

fn decode_bind_resp(kind: BindKind, body: &mut BytesMut) -> Decoded<BindResp> {
    let resp: pdus::BindTransceiverResp = read_before_tlvs(body)?;
    Ok(BindResp {
        kind,
        system_id: Some(text(&resp.system_id)),
        tlvs: read_response_tlvs(body),
    })
}

fn decode_outbind(body: &mut BytesMut) -> Decoded<Outbind> {
    let system_id: COctetString<1, 16> = read_as("system_id", body)?;
    let password: COctetString<1, PASSWORD_OCTETS_MAX> = read_as("password", body)?;
    Ok(Outbind {
        system_id: text(&system_id),
        password: text(&password),
    })
}

/// The fields that `submit_sm`, `deliver_sm` and `submit_multi` share, but for the destination.
macro_rules! short_message {
    ($pdu:ident, $destination:expr, $rule:ident, $body:ident) => {
        ShortMessage {
            service_type: text($pdu.service_type.value()),
            source: address($pdu.source_addr_ton, $pdu.source_addr_npi, &$pdu.source_addr),
            destination: $destination,
            esm_class: $pdu.esm_class.into(),
            protocol_id: $pdu.protocol_id,
            priority_flag: $pdu.priority_flag.into(),
            schedule_delivery_time: time(&$pdu.schedule_delivery_time),
            validity_period: time(&$pdu.validity_period),
            registered_delivery: $pdu.registered_delivery.into(),
            replace_if_present_flag: $pdu.replace_if_present_flag.into(),
            data_coding: $pdu.data_coding.into(),
            sm_default_msg_id: $pdu.sm_default_msg_id,
            short_message: $pdu.short_message().as_ref().into(),
            tlvs: read_tlvs($rule, &$body.split())?,
        }
    };
}

fn decode_submit_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<ShortMessage> {
    let pdu: pdus::SubmitSm = read_before_tlvs(body)?;
    let destination = address(pdu.dest_addr_ton, pdu.dest_addr_npi, &pdu.destination_addr);
    Ok(short_message!(pdu, destination, rule, body))
}

fn decode_deliver_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<ShortMessage> {
    let pdu: pdus::DeliverSm = read_before_tlvs(body)?;
    let destination = address(pdu.dest_addr_ton, pdu.dest_addr_npi, &pdu.destination_addr);
    Ok(short_message!(pdu, destination, rule, body))
}

fn decode_submit_multi(rule: TlvRule, body: &mut BytesMut) -> Decoded<SubmitMulti> {
    let pdu: pdus::SubmitMulti = read_before_tlvs(body)?;
    let destinations = pdu.dest_address().iter().map(dest_address).collect();
    Ok(SubmitMulti {
        message: short_message!(pdu, Address::default(), rule, body),
        destinations,
    })
}

fn dest_address(destination: &values::DestAddress) -> DestAddress {
    match destination {
        values::DestAddress::SmeAddress(sme) => DestAddress::Sme(address(
            sme.dest_addr_ton,
            sme.dest_addr_npi,
            &sme.destination_addr,
        )),
        values::DestAddress::DistributionListName(list) => DestAddress::DistributionList(text(&list.dl_name)),
    }
}

/// `data_sm` is read field by field: rusmpp has 20 characters for its addresses, and the specification has 64.
fn decode_data_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<DataSm> {
    let service_type: COctetString<1, 6> = read_as("service_type", body)?;
    let source = read_long_address("source_addr", body)?;
    let destination = read_long_address("destination_addr", body)?;
    Ok(DataSm {
        service_type: text(&service_type),
        source,
        destination,
        esm_class: read_as("esm_class", body)?,
        registered_delivery: read_as("registered_delivery", body)?,
        data_coding: read_as("data_coding", body)?,
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn read_long_address(field: &'static str, body: &mut BytesMut) -> Decoded<Address> {
    let ton: values::Ton = read_as(field, body)?;
    let npi: values::Npi = read_as(field, body)?;
    let digits: COctetString<1, 65> = read_as(field, body)?;
    Ok(address(ton, npi, &digits))
}

fn decode_message_id_resp(body: &mut BytesMut) -> Decoded<MessageIdResp> {
    let resp: pdus::SubmitSmResp = read_before_tlvs(body)?;
    Ok(MessageIdResp {
        message_id: Some(text(resp.message_id())),
        tlvs: read_response_tlvs(body),
    })
}

fn decode_submit_multi_resp(body: &mut BytesMut) -> Decoded<SubmitMultiResp> {
    let resp: pdus::SubmitMultiResp = read_before_tlvs(body)?;
    let unsuccess = resp.unsuccess_sme().iter().map(|sme| UnsuccessSme {
        destination: address(sme.dest_addr_ton, sme.dest_addr_npi, &sme.destination_addr),
        status: Status(sme.error_status_code.into()),
    });
    Ok(SubmitMultiResp {
        message_id: text(&resp.message_id),
        unsuccess: unsuccess.collect(),
        tlvs: read_response_tlvs(body),
    })
}

fn decode_query_sm(body: &mut BytesMut) -> Decoded<QuerySm> {
    let pdus::QuerySm {
        message_id,
        source_addr_ton,
        source_addr_npi,
        source_addr,
    } = read(body)?;
    Ok(QuerySm {
        message_id: text(&message_id),
        source: address(source_addr_ton, source_addr_npi, &source_addr),
    })
}

fn decode_query_sm_resp(body: &mut BytesMut) -> Decoded<QuerySmResp> {
    let pdus::QuerySmResp {
        message_id,
        final_date,
        message_state,
        error_code,
    } = read(body)?;
    Ok(QuerySmResp {
        message_id: text(&message_id),
        final_date: time(&final_date),
        message_state: message_state.into(),
        error_code,
    })
}

fn decode_cancel_sm(body: &mut BytesMut) -> Decoded<CancelSm> {
    let pdu: pdus::CancelSm = read(body)?;
    Ok(CancelSm {
        service_type: text(pdu.service_type.value()),
        message_id: text(&pdu.message_id),
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        destination: address(pdu.dest_addr_ton, pdu.dest_addr_npi, &pdu.destination_addr),
    })
}

fn decode_replace_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<ReplaceSm> {
    let pdu: pdus::ReplaceSm = read_before_tlvs(body)?;
    Ok(ReplaceSm {
        message_id: text(&pdu.message_id),
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        schedule_delivery_time: time(&pdu.schedule_delivery_time),
        validity_period: time(&pdu.validity_period),
        registered_delivery: pdu.registered_delivery.into(),
        sm_default_msg_id: pdu.sm_default_msg_id,
        short_message: pdu.short_message().as_ref().into(),
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn decode_alert_notification(rule: TlvRule, body: &mut BytesMut) -> Decoded<AlertNotification> {
    let pdu: pdus::AlertNotification = read_before_tlvs(body)?;
    Ok(AlertNotification {
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        esme: address(pdu.esme_addr_ton, pdu.esme_addr_npi, &pdu.esme_addr),
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn decode_broadcast_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<BroadcastSm> {
    let pdu: pdus::BroadcastSm = read_before_tlvs(body)?;
    Ok(BroadcastSm {
        service_type: text(pdu.service_type.value()),
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        message_id: text(&pdu.message_id),
        priority_flag: pdu.priority_flag.into(),
        schedule_delivery_time: time(&pdu.schedule_delivery_time),
        validity_period: time(&pdu.validity_period),
        replace_if_present_flag: pdu.replace_if_present_flag.into(),
        data_coding: pdu.data_coding.into(),
        sm_default_msg_id: pdu.sm_default_msg_id,
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn decode_query_broadcast_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<QueryBroadcastSm> {
    let pdu: pdus::QueryBroadcastSm = read_before_tlvs(body)?;
    Ok(QueryBroadcastSm {
        message_id: text(&pdu.message_id),
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn decode_cancel_broadcast_sm(rule: TlvRule, body: &mut BytesMut) -> Decoded<CancelBroadcastSm> {
    let pdu: pdus::CancelBroadcastSm = read_before_tlvs(body)?;
    Ok(CancelBroadcastSm {
        service_type: text(pdu.service_type.value()),
        message_id: text(&pdu.message_id),
        source: address(pdu.source_addr_ton, pdu.source_addr_npi, &pdu.source_addr),
        tlvs: read_tlvs(rule, &body.split())?,
    })
}

fn read<T: Decode>(body: &mut BytesMut) -> Decoded<T> {
    Decode::decode(body)
        .map(|(value, _)| value)
        .map_err(|error| fault(&error))
}

fn read_before_tlvs<T: DecodeWithLength>(body: &mut BytesMut) -> Decoded<T> {
    DecodeWithLength::decode(body, NO_TLVS)
        .map(|(value, _)| value)
        .map_err(|error| fault(&error))
}

fn read_as<T: Decode>(field: &'static str, body: &mut BytesMut) -> Decoded<T> {
    Decode::decode(body)
        .map(|(value, _)| value)
        .map_err(|error| field_fault(field, error.kind()))
}

/// The optional parameters of a request (SMPP v5.0 §2.11.1): an unknown one is kept, a known one of a wrong length and a
/// broken stream are faults.
fn read_tlvs(rule: TlvRule, mut octets: &[u8]) -> Decoded<Vec<Tlv>> {
    let has_its_length =
        |tlv: &Tlv| lengths(tlv.tag).is_none_or(|lengths| lengths.contains(&tlv.value.len()));
    if rule == TlvRule::PassedOver {
        let readable = std::iter::from_fn(|| read_tlv(&mut octets));
        return Ok(readable.filter(has_its_length).collect());
    }
    let mut tlvs = Vec::new();
    while !octets.is_empty() {
        let tlv = read_tlv(&mut octets).ok_or(Fault {
            status: Status::ESME_RINVTLVSTREAM,
            field: "tlvs",
        })?;
        if !has_its_length(&tlv) {
            let field = tag::name(tlv.tag).unwrap_or("tlvs");
            return Err(Fault {
                status: Status::ESME_RINVTLVLEN,
                field,
            });
        }
        tlvs.push(tlv);
    }
    Ok(tlvs)
}

/// The optional parameters as far as they can be read, as those of a response, which cannot be refused.
fn read_response_tlvs(body: &mut BytesMut) -> Vec<Tlv> {
    let mut octets = &**body;
    let tlvs = std::iter::from_fn(|| read_tlv(&mut octets)).collect();
    let left = octets.len();
    body.advance(body.len() - left);
    tlvs
}

fn read_tlv(octets: &mut &[u8]) -> Option<Tlv> {
    let ([tag_high, tag_low, length_high, length_low], rest) = octets.split_first_chunk()?;
    let length = u16::from_be_bytes([*length_high, *length_low]);
    let (value, rest) = rest.split_at_checked(length.into())?;
    let value = value.to_vec();
    *octets = rest;
    Some(Tlv {
        tag: u16::from_be_bytes([*tag_high, *tag_low]),
        value,
    })
}

fn text<const MAX: usize>(string: &COctetString<1, MAX>) -> CompactString {
    CompactString::new(string.as_str())
}

fn time(string: &EmptyOrFullCOctetString<17>) -> String {
    string.as_str().to_owned()
}

fn address<const MAX: usize>(ton: values::Ton, npi: values::Npi, digits: &COctetString<1, MAX>) -> Address {
    Address {
        ton: u8::from(ton).into(),
        npi: u8::from(npi).into(),
        digits: text(digits),
    }
}
