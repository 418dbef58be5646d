//! Whatever comes over the wire: no panic, the same frames however it is cut, and PDUs that come back as they were.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use smpp::{
    AlertNotification, Bind, BindKind, BindResp, BroadcastSm, CancelBroadcastSm, CancelSm, Command, DataSm,
    DestAddress, Frame, Framer, MessageIdResp, Outbind, Pdu, QueryBroadcastSm, QuerySm, QuerySmResp,
    ReplaceSm, ShortMessage, Status, SubmitMulti, SubmitMultiResp, Tlv, UnsuccessSme, encode, encode_into,
};
use sms::Address;

/// The frames of what came, which are the same whoever reads the bodies.
fn frames(octets: &[u8]) -> Vec<Frame> {
    let of = |mut framer: Framer| -> Vec<Frame> {
        framer.feed(octets);
        std::iter::from_fn(|| framer.next_frame()).collect()
    };
    let frames = of(Framer::default());
    assert_eq!(frames, of(Framer::default().by_library()), "{octets:02x?}");
    frames
}

fn vectors() -> Vec<Vec<u8>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(include_str!("vectors.json")).expect("JSON");
    let hex = values.iter().map(|value| {
        value["hex"]
            .as_str()
            .expect("octets")
            .as_bytes()
            .as_chunks::<2>()
            .0
    });
    hex.map(|pairs| {
        pairs
            .iter()
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
            .collect()
    })
    .collect()
}

/// What was read without a remainder is written back as it came. The one exception: a body of zeros that errors leave out.
fn check_round_trip(frame: &Frame, context: &str) {
    if let Frame::Pdu {
        command,
        raw,
        trailing: 0,
    } = frame
    {
        let written = encode(command);
        let is_left_out = matches!(&command.pdu, Pdu::QuerySmResp(_) | Pdu::SubmitMultiResp(_))
            && written.len() == 16
            && raw[16..].iter().all(|octet| *octet == 0);
        let is_short_rok =
            matches!(&command.pdu, Pdu::QuerySmResp(_) | Pdu::SubmitMultiResp(_)) && raw.len() == 16;
        assert!(
            written == raw || is_left_out || is_short_rok,
            "{context}: {command:?}\n{raw:02x?}\n{written:02x?}"
        );
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

#[test]
fn mutated_vectors_are_read_or_refused() {
    let vectors = vectors();
    let (mut pdus, mut malformed, mut broken) = (0, 0, 0);
    for seed in 0..40_000_u64 {
        let mut dice = Dice(seed);
        let mut octets = vectors[dice.roll(vectors.len())].clone();
        for _ in 0..=dice.roll(4) {
            mutate(&mut dice, &mut octets);
        }
        if dice.roll(8) != 0 && octets.len() >= 16 {
            let length = u32::try_from(octets.len()).expect("small");
            octets[..4].copy_from_slice(&length.to_be_bytes());
        }
        for frame in frames(&octets) {
            check_round_trip(&frame, &format!("seed {seed}"));
            match frame {
                Frame::Pdu { .. } => pdus += 1,
                Frame::Malformed { .. } => malformed += 1,
                Frame::Broken { .. } => broken += 1,
            }
        }
    }
    assert!(
        pdus > 1_000 && malformed > 1_000 && broken > 100,
        "{pdus} {malformed} {broken}"
    );
}

fn mutate(dice: &mut Dice, octets: &mut Vec<u8>) {
    if octets.is_empty() {
        return;
    }
    let at = dice.roll(octets.len());
    match dice.roll(6) {
        0 => octets[at] ^= 1 << dice.roll(8),
        1 => octets[at] = dice.roll(256) as u8,
        2 => octets.truncate(at),
        3 => octets.insert(at, dice.roll(256) as u8),
        4 => {
            octets.remove(at);
        }
        _ => {
            let copy = octets[at..].to_vec();
            octets.extend(copy);
        }
    }
}

fn ascii(max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(1u8..0x80, 0..=max).prop_map(|octets| octets.into_iter().map(char::from).collect())
}

fn address(max: usize) -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), ascii(max))
        .prop_map(|(ton, npi, digits)| Address::new(ton.into(), npi.into(), &digits))
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[0-9]{15}[R+-]"]
}

/// Parameters that no specification names, of any length.
fn tlvs() -> impl Strategy<Value = Vec<Tlv>> {
    let tlv = (0x1400u16..0x4000, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(tag, value)| Tlv::new(tag, value));
    prop::collection::vec(tlv, 0..4)
}

fn short_message() -> impl Strategy<Value = ShortMessage> {
    let octets = prop::array::uniform8(any::<u8>());
    let text = prop::collection::vec(any::<u8>(), 0..=255);
    (
        (ascii(5), address(20), address(20)),
        octets,
        (time(), time()),
        text,
        tlvs(),
    )
        .prop_map(
            |(
                (service_type, source, destination),
                octets,
                (schedule_delivery_time, validity_period),
                short_message,
                tlvs,
            )| {
                let [
                    esm_class,
                    protocol_id,
                    priority_flag,
                    registered_delivery,
                    replace,
                    data_coding,
                    canned,
                    _,
                ] = octets;
                ShortMessage {
                    service_type: service_type.into(),
                    source,
                    destination,
                    esm_class,
                    protocol_id,
                    priority_flag,
                    schedule_delivery_time,
                    validity_period,
                    registered_delivery,
                    replace_if_present_flag: replace,
                    data_coding,
                    sm_default_msg_id: canned,
                    short_message: short_message.into(),
                    tlvs,
                }
            },
        )
}

fn message_id_resp() -> impl Strategy<Value = MessageIdResp> {
    (ascii(64), tlvs()).prop_map(|(id, tlvs)| MessageIdResp {
        message_id: Some(id.into()),
        tlvs,
    })
}

fn bind() -> impl Strategy<Value = Pdu> {
    let kind = prop::sample::select(&BindKind::ALL[..]);
    (kind, ascii(15), ascii(8), ascii(12), any::<u8>(), address(40)).prop_map(
        |(kind, system_id, password, system_type, interface_version, address_range)| {
            Pdu::Bind(Bind {
                kind,
                system_id: system_id.into(),
                password: password.into(),
                system_type: system_type.into(),
                interface_version,
                address_range,
            })
        },
    )
}

fn submit_multi() -> impl Strategy<Value = Pdu> {
    let destination = prop_oneof![
        address(20).prop_map(DestAddress::Sme),
        ascii(20).prop_map(|name| DestAddress::DistributionList(name.into()))
    ];
    (short_message(), prop::collection::vec(destination, 0..6)).prop_map(|(message, destinations)| {
        let message = ShortMessage {
            destination: Address::default(),
            ..message
        };
        Pdu::SubmitMulti(SubmitMulti {
            message,
            destinations,
        })
    })
}

fn submit_multi_resp() -> impl Strategy<Value = Pdu> {
    let sme = (address(20), any::<u32>()).prop_map(|(destination, status)| UnsuccessSme {
        destination,
        status: Status(status),
    });
    (ascii(64), prop::collection::vec(sme, 0..6), tlvs()).prop_map(|(id, unsuccess, tlvs)| {
        Pdu::SubmitMultiResp(SubmitMultiResp {
            message_id: id.into(),
            unsuccess,
            tlvs,
        })
    })
}

fn rare_request() -> impl Strategy<Value = Pdu> {
    (short_message(), ascii(64), address(64), address(64)).prop_flat_map(
        |(sm, id, long_source, long_destination)| {
            let ShortMessage {
                service_type,
                source,
                destination,
                tlvs,
                ..
            } = sm.clone();
            let message_id = || id.clone().into();
            prop::sample::select(vec![
                Pdu::DataSm(DataSm {
                    service_type: service_type.clone(),
                    source: long_source.clone(),
                    destination: long_destination.clone(),
                    esm_class: sm.esm_class,
                    registered_delivery: sm.registered_delivery,
                    data_coding: sm.data_coding,
                    tlvs: tlvs.clone(),
                }),
                Pdu::QuerySm(QuerySm {
                    message_id: message_id(),
                    source: source.clone(),
                }),
                Pdu::QuerySmResp(QuerySmResp {
                    message_id: message_id(),
                    final_date: sm.validity_period.clone(),
                    message_state: sm.esm_class,
                    error_code: sm.protocol_id,
                }),
                Pdu::CancelSm(CancelSm {
                    service_type: service_type.clone(),
                    message_id: message_id(),
                    source: source.clone(),
                    destination,
                }),
                Pdu::ReplaceSm(ReplaceSm {
                    message_id: message_id(),
                    source: source.clone(),
                    schedule_delivery_time: sm.schedule_delivery_time.clone(),
                    validity_period: sm.validity_period.clone(),
                    registered_delivery: sm.registered_delivery,
                    sm_default_msg_id: sm.sm_default_msg_id,
                    short_message: sm.short_message.clone(),
                    tlvs: tlvs.clone(),
                }),
                Pdu::AlertNotification(AlertNotification {
                    source: long_source.clone(),
                    esme: long_destination.clone(),
                    tlvs: tlvs.clone(),
                }),
                Pdu::BroadcastSm(BroadcastSm {
                    service_type: service_type.clone(),
                    source: source.clone(),
                    message_id: message_id(),
                    priority_flag: sm.priority_flag,
                    schedule_delivery_time: sm.schedule_delivery_time.clone(),
                    validity_period: sm.validity_period.clone(),
                    replace_if_present_flag: sm.replace_if_present_flag,
                    data_coding: sm.data_coding,
                    sm_default_msg_id: sm.sm_default_msg_id,
                    tlvs: tlvs.clone(),
                }),
                Pdu::QueryBroadcastSm(QueryBroadcastSm {
                    message_id: message_id(),
                    source: source.clone(),
                    tlvs: tlvs.clone(),
                }),
                Pdu::CancelBroadcastSm(CancelBroadcastSm {
                    service_type,
                    message_id: message_id(),
                    source,
                    tlvs,
                }),
            ])
        },
    )
}

fn pdu() -> impl Strategy<Value = Pdu> {
    prop_oneof![
        bind(),
        (prop::sample::select(&BindKind::ALL[..]), ascii(15), tlvs()).prop_map(|(kind, id, tlvs)| {
            Pdu::BindResp(BindResp {
                kind,
                system_id: Some(id.into()),
                tlvs,
            })
        }),
        (ascii(15), ascii(8)).prop_map(|(id, password)| {
            Pdu::Outbind(Outbind {
                system_id: id.into(),
                password: password.into(),
            })
        }),
        short_message().prop_map(Pdu::SubmitSm),
        short_message().prop_map(Pdu::DeliverSm),
        message_id_resp().prop_map(Pdu::SubmitSmResp),
        message_id_resp().prop_map(Pdu::DeliverSmResp),
        message_id_resp().prop_map(Pdu::DataSmResp),
        message_id_resp().prop_map(Pdu::BroadcastSmResp),
        message_id_resp().prop_map(Pdu::QueryBroadcastSmResp),
        submit_multi(),
        submit_multi_resp(),
        rare_request(),
        prop::sample::select(vec![
            Pdu::Unbind,
            Pdu::UnbindResp,
            Pdu::EnquireLink,
            Pdu::EnquireLinkResp,
            Pdu::GenericNack,
            Pdu::CancelSmResp,
            Pdu::ReplaceSmResp,
            Pdu::CancelBroadcastSmResp,
        ]),
        (0x200u32..0x8000_0000, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(command_id, body)| {
            Pdu::Other {
                command_id,
                body: body.into(),
            }
        }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    (any::<u32>(), pdu()).prop_map(|(sequence_number, pdu)| Command {
        status: Status::ESME_ROK,
        sequence_number,
        pdu,
    })
}

/// A text with fields of any length.
fn overlong() -> impl Strategy<Value = ShortMessage> {
    let fields = (ascii(12), address(40), address(40), ascii(24), ascii(24));
    (short_message(), fields).prop_map(
        |(message, (service_type, source, destination, schedule_delivery_time, validity_period))| {
            ShortMessage {
                service_type: service_type.into(),
                source,
                destination,
                schedule_delivery_time,
                validity_period,
                ..message
            }
        },
    )
}

proptest! {
    #[test]
    fn every_pdu_comes_back_as_it_was(command in command()) {
        let octets = encode(&command);
        prop_assert_eq!(frames(&octets), vec![Frame::Pdu { command, raw: octets, trailing: 0 }]);
    }

    #[test]
    fn a_pdu_with_any_status_comes_back_as_it_was(command in command(), status in any::<u32>().prop_map(Status)) {
        let command = Command { status, ..command };
        let octets = encode(&command);
        prop_assert_eq!(frames(&octets), vec![Frame::Pdu { command, raw: octets, trailing: 0 }]);
    }

    #[test]
    fn what_is_too_long_is_refused_and_never_read_as_something_else(message in overlong(), delivers in any::<bool>()) {
        let pdu = if delivers { Pdu::DeliverSm(message) } else { Pdu::SubmitSm(message) };
        let command = Command { status: Status::ESME_ROK, sequence_number: 7, pdu };
        let octets = encode(&command);
        match &frames(&octets)[..] {
            [Frame::Pdu { command: read, trailing: 0, .. }] => prop_assert_eq!(read, &command),
            [Frame::Malformed { header, raw, .. }] => {
                prop_assert_eq!((header.sequence_number, raw), (7, &octets));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn appending_is_encoding(first in command(), second in command()) {
        let mut octets = BytesMut::new();
        encode_into(&first, &mut octets);
        encode_into(&second, &mut octets);
        prop_assert_eq!(octets, [encode(&first), encode(&second)].concat());
    }

    #[test]
    fn the_frames_do_not_depend_on_how_a_stream_is_cut(
        commands in prop::collection::vec(command(), 0..6),
        tail in prop::collection::vec(any::<u8>(), 0..40),
        cuts in prop::collection::vec(1usize..30, 1..20),
        command_length_max in 16u32..600,
    ) {
        let stream = [commands.iter().map(encode).collect::<Vec<Bytes>>().concat(), tail].concat();
        let mut at_once = Framer::new(command_length_max);
        at_once.feed(&stream);
        let expected: Vec<Frame> = std::iter::from_fn(|| at_once.next_frame()).collect();
        let (mut framer, mut actual) = (Framer::new(command_length_max), Vec::new());
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            framer.feed(now);
            actual.extend(std::iter::from_fn(|| framer.next_frame()));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        for frame in frames(&octets) {
            check_round_trip(&frame, "arbitrary octets");
        }
    }

    #[test]
    fn any_body_is_read_or_refused(
        id in prop::sample::select(vec![1u32, 2, 3, 4, 5, 6, 7, 8, 9, 0x0B, 0x15, 0x21, 0x102, 0x103, 0x111, 0x112, 0x113]),
        is_response in any::<bool>(),
        status in 0u32..3,
        body in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..200),
    ) {
        let id = if is_response { id | 0x8000_0000 } else { id };
        let length = u32::try_from(16 + body.len()).expect("small");
        let octets = [[length, id, status, 5].map(u32::to_be_bytes).concat(), body].concat();
        let frames = frames(&octets);
        prop_assert_eq!(frames.len(), 1);
        let is_broken = matches!(frames[0], Frame::Broken { .. });
        prop_assert!(!is_broken);
        check_round_trip(&frames[0], "arbitrary body");
    }

    #[test]
    fn log_lines_hold_no_password(pdu in bind(), text in "[a-z]{8}") {
        let Pdu::Bind(bind) = pdu else { panic!("a bind") };
        let bind = Bind { password: text.as_str().into(), system_id: "X".into(), system_type: "Y".into(), address_range: Address::default(), ..bind };
        let command = Command::request(1, Pdu::Bind(bind));
        let (line, debug) = (command.to_string(), format!("{command:?}"));
        prop_assert!(!line.contains(&text) && !debug.contains(&text));
    }
}
