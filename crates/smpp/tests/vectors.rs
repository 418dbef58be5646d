//! The PDUs of `vectors.json`, through the framer, the encoder and a session.

use std::time::Duration;

use bytes::BytesMut;
use serde_json::Value;
use smpp::{
    BindKind, Command, Frame, Framer, MessageIdResp, Pdu, Received, Session, SessionLimits, State, Status,
    Tlvs, encode, tag,
};
use sms::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_236_002_400);

struct Vector {
    name: String,
    octets: Vec<u8>,
    value: Value,
}

fn vectors() -> Vec<Vector> {
    let values: Vec<Value> = serde_json::from_str(include_str!("vectors.json")).expect("JSON");
    let vectors = values.into_iter().map(|value| Vector {
        name: value["name"].as_str().expect("a name").to_owned(),
        octets: octets(value["hex"].as_str().expect("octets")),
        value,
    });
    vectors.collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
        .collect()
}

fn frames(octets: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::default();
    framer.feed(octets);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame()).collect();
    frames.extend(framer.give_up());
    frames
}

/// Invalid PDUs whose fault is in what a field says: they are read, and the message centre answers.
const SEMANTIC: [&str; 15] = [
    "submit_sm_resp_ok_missing_body",
    "deliver_sm_resp_no_body",
    "data_sm_no_payload",
    "broadcast_sm_rep_num_1_octet",
    "unknown_command_id",
    "reserved_command_id_0A",
    "request_with_nonzero_status",
    "seq_zero",
    "submit_sm_message_and_payload",
    "submit_sm_udhi_udhl_too_long",
    "submit_sm_bad_schedule",
    "submit_sm_dest_letters",
    "submit_sm_bad_ton",
    "submit_sm_ucs2_odd_length",
    "submit_sm_esm_class_dlr_bits",
];

fn is_semantic(name: &str) -> bool {
    SEMANTIC.contains(&name) || name == "submit_sm_replace_flag_2"
}

/// Whether the account, and not the wire, says that its password is too long.
fn has_long_password(frame: &Frame) -> bool {
    let Frame::Pdu { command, .. } = frame else {
        return false;
    };
    matches!(&command.pdu, Pdu::Bind(bind) if bind.password.len() > smpp::PASSWORD_CHARACTERS_USUAL)
}

#[test]
fn there_are_ninety() {
    assert_eq!(vectors().len(), 90);
}

#[test]
fn what_is_valid_is_read_and_written_back_octet_for_octet() {
    for Vector { name, octets, value } in vectors() {
        let frames = frames(&octets);
        let is_readable =
            value["valid"] == true || is_semantic(&name) || frames.iter().any(has_long_password);
        let mut written = BytesMut::new();
        for frame in &frames {
            let Frame::Pdu {
                command,
                raw,
                trailing,
            } = frame
            else {
                assert!(!is_readable, "{name}: {frame:?}");
                continue;
            };
            assert!(is_readable, "{name}: {frame:?}");
            assert_eq!(*trailing, 0, "{name}");
            assert_eq!(encode(command), raw, "{name}");
            written.extend_from_slice(raw);
        }
        if is_readable {
            assert_eq!(written, octets, "{name}");
            check_fields(&name, frames.last().expect("a frame"), &value["expect_fields"]);
        }
    }
}

fn check_fields(name: &str, frame: &Frame, expected: &Value) {
    let Frame::Pdu { command, .. } = frame else {
        panic!("{name}")
    };
    for (field, value) in expected.as_object().expect("fields") {
        let actual =
            field_of(command, field).unwrap_or_else(|| panic!("{name}: {field} is not in {command:?}"));
        let expected = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(actual, expected, "{name}: {field}");
    }
}

fn field_of(command: &Command, field: &str) -> Option<String> {
    let number = |number: u8| Some(number.to_string());
    match (&command.pdu, field) {
        (_, "status") => Some(command.status.0.to_string()),
        (Pdu::Bind(bind), "system_id") => Some(bind.system_id.to_string()),
        (Pdu::Bind(bind), "password") => Some(bind.password.to_string()),
        (Pdu::Bind(bind), "system_type") => Some(bind.system_type.to_string()),
        (Pdu::Bind(bind), "interface_version") => number(bind.interface_version),
        (Pdu::BindResp(resp), "system_id") => Some(resp.system_id().to_owned()),
        (Pdu::Outbind(outbind), "system_id") => Some(outbind.system_id.to_string()),
        (Pdu::Outbind(outbind), "password") => Some(outbind.password.to_string()),
        (Pdu::SubmitSm(message) | Pdu::DeliverSm(message), _) => match field {
            "service_type" => Some(message.service_type.to_string()),
            "source_addr" => Some(message.source.digits.to_string()),
            "destination_addr" => Some(message.destination.digits.to_string()),
            "esm_class" => number(message.esm_class),
            "data_coding" => number(message.data_coding),
            "sm_length" => Some(message.short_message.len().to_string()),
            "sm_default_msg_id" => number(message.sm_default_msg_id),
            "replace_if_present_flag" => number(message.replace_if_present_flag),
            "schedule_delivery_time" => Some(message.schedule_delivery_time.clone()),
            "validity_period" => Some(message.validity_period.clone()),
            "short_message" => Some(
                message
                    .short_message
                    .iter()
                    .map(|octet| format!("{octet:02x}"))
                    .collect(),
            ),
            _ => {
                let tag = (0..=u16::MAX).find(|tag| tag::name(*tag) == Some(field))?;
                message.tlvs.tlv_integer(tag).map(|number| number.to_string())
            }
        },
        (Pdu::SubmitMulti(multi), "number_of_dests") => Some(multi.destinations.len().to_string()),
        (Pdu::SubmitMultiResp(resp), "message_id") => Some(resp.message_id.to_string()),
        (Pdu::DataSmResp(resp), "message_id") => Some(resp.id().to_owned()),
        (Pdu::QuerySm(query), "message_id") => Some(query.message_id.to_string()),
        (Pdu::QuerySmResp(resp), "message_state") => number(resp.message_state),
        (Pdu::CancelSm(cancel), "message_id") => Some(cancel.message_id.to_string()),
        (Pdu::ReplaceSm(replace), "message_id") => Some(replace.message_id.to_string()),
        (Pdu::QueryBroadcastSm(query), "message_id") => Some(query.message_id.to_string()),
        _ => None,
    }
}

/// A message centre's session in `state`, with a `deliver_sm` of sequence number 101 outstanding where it can be.
fn session(state: State) -> Session<u32> {
    let mut session = Session::smsc(
        NOW,
        SessionLimits {
            window_max: 1000,
            ..SessionLimits::default()
        },
    );
    let kind = match state {
        State::BoundTx => Some(BindKind::Transmitter),
        State::BoundRx => Some(BindKind::Receiver),
        State::BoundTrx => Some(BindKind::Transceiver),
        State::Open | State::Outbound | State::Unbound | State::Closed => None,
    };
    if let Some(kind) = kind {
        let bind = Command::request(1, Pdu::Bind(smpp::Bind::new(kind, "demo", "secret")));
        let octets = encode(&bind);
        assert!(matches!(
            session.receive(NOW, frames(&octets).remove(0)),
            Received::Request(_)
        ));
        session.accept_bind(NOW, &bind, "SMSCSIM");
        if kind.receives() {
            for number in 1..=101 {
                session
                    .send(NOW, Pdu::DeliverSm(smpp::ShortMessage::default()), number)
                    .expect("in the window");
            }
        }
    }
    assert_eq!(session.state(), state);
    session
}

/// The states in which the reaction is expected. An unbind that is answered is tried elsewhere.
fn states(text: &str) -> Vec<State> {
    let bound = [State::BoundTx, State::BoundRx, State::BoundTrx];
    if text == "any" {
        return [&[State::Open][..], &bound].concat();
    }
    let names = text.split(',').next().unwrap_or_default();
    if names.starts_with("OPEN") {
        return vec![State::Open];
    }
    bound
        .into_iter()
        .filter(|state| names.contains(&state.to_string()))
        .collect()
}

#[test]
fn a_session_reacts_as_the_vectors_expect() {
    let mut checked = 0;
    for Vector { name, octets, value } in vectors() {
        let expected = &value["expected_machine"];
        if expected.is_null() {
            continue;
        }
        for state in states(expected["state"].as_str().expect("a state")) {
            let mut session = session(state);
            for (index, frame) in frames(&octets).into_iter().enumerate() {
                checked += usize::from(check_reaction(
                    &name,
                    session.receive(NOW, frame),
                    expected,
                    index,
                ));
            }
        }
    }
    assert!(checked >= 40, "{checked} answers were compared");
}

/// Whether the session answered by itself, and so could be compared.
fn check_reaction(name: &str, received: Received<u32>, expected: &Value, index: usize) -> bool {
    let replies = expected["replies"].as_array().expect("replies");
    match received {
        Received::Answer { command, close, .. } => {
            let others = expected["also_acceptable"].as_array().into_iter().flatten();
            let actual = (
                command.pdu.name().into_owned(),
                command.status,
                command.sequence_number,
                close,
            );
            let all: Vec<_> = replies
                .get(index)
                .into_iter()
                .chain(others)
                .filter_map(reply)
                .collect();
            assert!(all.contains(&actual), "{name}: {actual:?} is none of {all:?}");
            true
        }
        // The message centre answers these.
        Received::Request(command) => {
            assert!(!replies.is_empty(), "{name}: {command}");
            false
        }
        Received::Response { .. } | Received::Ignored { .. } => {
            assert!(replies.is_empty(), "{name} expects {replies:?}");
            true
        }
    }
}

fn reply(value: &Value) -> Option<(String, Status, u32, bool)> {
    let status = value["status"].as_str()?.strip_prefix("0x")?;
    Some((
        value["pdu"].as_str()?.to_owned(),
        Status(u32::from_str_radix(status, 16).ok()?),
        u32::try_from(value["seq"].as_u64()?).ok()?,
        value["close_after"].as_bool()?,
    ))
}

#[test]
fn a_deliver_sm_resp_comes_back_with_its_token_in_every_form() {
    for (octets, status) in [
        (
            encode(&Command::response(
                101,
                Status::ESME_ROK,
                Pdu::DeliverSmResp(MessageIdResp::nul()),
            )),
            0,
        ),
        (
            encode(&Command::response(
                101,
                Status::ESME_ROK,
                Pdu::DeliverSmResp(MessageIdResp::empty()),
            )),
            0,
        ),
        (
            encode(&Command::response(
                101,
                Status::ESME_RX_T_APPN,
                Pdu::DeliverSmResp(MessageIdResp::empty()),
            )),
            0x64,
        ),
        (
            encode(&Command::response(
                101,
                Status::ESME_ROK,
                Pdu::DeliverSmResp(MessageIdResp::new("filled")),
            )),
            0,
        ),
        // Without its NUL.
        (
            b"\0\0\0\x12\x80\0\0\x05\0\0\0\0\0\0\0\x65id"
                .as_slice()
                .to_vec()
                .into(),
            0,
        ),
    ] {
        let received =
            session(State::BoundRx).receive(NOW + Duration::from_secs(1), frames(&octets).remove(0));
        let Received::Response {
            command,
            token,
            sent_at,
        } = received
        else {
            panic!("{received:?}")
        };
        assert_eq!((command.status, token, sent_at), (Status(status), 101, NOW));
    }
}
