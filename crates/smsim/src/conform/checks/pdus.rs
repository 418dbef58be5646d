//! What the checks send.

use smpp::{
    BroadcastSm, CancelSm, DataSm, DestAddress, Pdu, QuerySm, ReplaceSm, ShortMessage, SubmitMulti, Tlv, tag,
};
use sms::Address;

use crate::conform::known::Known;

/// A relative time of an hour (SMPP v3.4 §7.1.1.2).
pub const AN_HOUR: &str = "000000010000000R";

/// A text with those octets.
pub fn message(known: &Known, octets: impl Into<sms::Octets>) -> ShortMessage {
    ShortMessage {
        source: known.target.from.clone(),
        destination: known.destination(),
        short_message: octets.into(),
        ..ShortMessage::default()
    }
}

/// A text that says hello.
pub fn hello(known: &Known) -> ShortMessage {
    message(known, *b"Hello")
}

/// Its submission.
pub fn submit(known: &Known) -> Pdu {
    Pdu::SubmitSm(hello(known))
}

/// The submission of a text that waits for an hour.
pub fn submit_later(known: &Known) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        schedule_delivery_time: AN_HOUR.to_owned(),
        ..hello(known)
    })
}

/// A text in a `data_sm`.
pub fn data(known: &Known) -> DataSm {
    DataSm {
        source: known.target.from.clone(),
        destination: known.destination(),
        tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"Hello")],
        ..DataSm::default()
    }
}

/// A text for those numbers and the number that takes texts.
pub fn multi(known: &Known, others: &[&str]) -> SubmitMulti {
    let own = std::iter::once(DestAddress::Sme(known.destination()));
    let others = others.iter().map(|digits| {
        DestAddress::Sme(Address {
            digits: (*digits).into(),
            ..known.destination()
        })
    });
    SubmitMulti {
        message: ShortMessage {
            destination: Address::default(),
            ..hello(known)
        },
        destinations: own.chain(others).collect(),
    }
}

/// What has become of the last message?
pub fn query(known: &Known) -> Pdu {
    query_of(known, known.message_id())
}

/// What has become of a message?
pub fn query_of(known: &Known, message_id: &str) -> Pdu {
    Pdu::QuerySm(QuerySm {
        message_id: message_id.into(),
        source: known.target.from.clone(),
    })
}

/// The last message is not wanted any more.
pub fn cancel(known: &Known) -> Pdu {
    Pdu::CancelSm(cancel_of(known, known.message_id()))
}

/// A message is not wanted any more.
pub fn cancel_of(known: &Known, message_id: &str) -> CancelSm {
    CancelSm {
        message_id: message_id.into(),
        source: known.target.from.clone(),
        destination: known.destination(),
        ..CancelSm::default()
    }
}

/// The last message shall say something else.
pub fn replace(known: &Known) -> ReplaceSm {
    ReplaceSm {
        message_id: known.message_id().into(),
        source: known.target.from.clone(),
        short_message: b"Hello again".into(),
        ..ReplaceSm::default()
    }
}

/// A broadcast of a text to one area by name, once.
pub fn broadcast(known: &Known) -> BroadcastSm {
    BroadcastSm {
        source: known.target.from.clone(),
        tlvs: vec![
            // Format 0: the name of an area (SMPP v5.0 §4.8.4.4).
            Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, format!("\0{}", known.target.area)),
            // Network type 0, content type 0x0010: an index (§4.8.4.7).
            Tlv::new(tag::BROADCAST_CONTENT_TYPE, [0, 0, 0x10]),
            Tlv::short(tag::BROADCAST_REP_NUM, 1),
            // Every ten minutes (§4.8.4.6).
            Tlv::new(tag::BROADCAST_FREQUENCY_INTERVAL, [0x09, 0, 10]),
            Tlv::new(tag::MESSAGE_PAYLOAD, *b"Hello"),
        ],
        ..BroadcastSm::default()
    }
}

/// The octets of a PDU, whose last octets are replaced.
pub fn ending_in(pdu: Pdu, sequence_number: u32, drop: usize, add: &[u8]) -> Vec<u8> {
    let mut octets = smpp::encode(&smpp::Command::request(sequence_number, pdu)).to_vec();
    octets.truncate(octets.len() - drop);
    octets.extend_from_slice(add);
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    octets[..4].copy_from_slice(&length.to_be_bytes());
    octets
}

/// A header, and nothing else, that says `command_length`.
pub fn header(command_length: u32, command_id: u32, sequence_number: u32) -> Vec<u8> {
    [command_length, command_id, 0, sequence_number]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect()
}
