//! What is wrong with a PDU, and what its sender is told: the limits of fields, parameters and frames.

use bytes::{BufMut, Bytes, BytesMut};
use smpp::{
    AlertNotification, Bind, BindKind, BindResp, CancelSm, Command, DataSm, DestAddress, Frame, Framer,
    MessageIdResp, Outbind, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, Status, SubmitMulti,
    SubmitMultiResp, Tlv, encode, tag,
};
use sms::{Address, Npi, Ton};

fn frame(octets: &[u8]) -> Frame {
    let mut framer = Framer::default();
    framer.feed(octets);
    let frame = framer.next_frame().expect("a frame");
    // Whatever the body held, the stream is not lost.
    framer.feed(&encode(&Command::request(9, Pdu::EnquireLink)));
    let next = framer.next_frame();
    assert!(
        matches!(&next, Some(Frame::Pdu { command, .. }) if command.sequence_number == 9),
        "{next:?}"
    );
    frame
}

fn sent(pdu: Pdu) -> Bytes {
    encode(&Command::request(7, pdu))
}

/// The status and the field of a PDU that cannot be read; none of one that can.
fn fault(octets: &[u8]) -> Option<(Status, &'static str)> {
    match frame(octets) {
        Frame::Malformed {
            header,
            status,
            field,
            raw,
        } => {
            assert_eq!(header.sequence_number, 7);
            assert_eq!(raw, octets);
            Some((status, field))
        }
        Frame::Pdu { .. } => None,
        Frame::Broken { .. } => panic!("the stream is lost"),
    }
}

fn of(characters: usize) -> Address {
    Address::new(Ton::Unknown, Npi::Unknown, &"1".repeat(characters))
}

fn submit(change: impl FnOnce(&mut ShortMessage)) -> Pdu {
    let mut message = ShortMessage {
        source: of(5),
        destination: of(11),
        ..ShortMessage::default()
    };
    change(&mut message);
    Pdu::SubmitSm(message)
}

fn bind(change: impl FnOnce(&mut Bind)) -> Pdu {
    let mut bind = Bind::new(BindKind::Transceiver, "demo", "secret");
    change(&mut bind);
    Pdu::Bind(bind)
}

/// A PDU with a field of so many characters.
type WithLength = fn(usize) -> Pdu;

#[test]
fn every_string_has_a_limit_and_its_own_status() {
    let table: [(&str, usize, Status, WithLength); 21] = [
        ("system_id", 15, Status::ESME_RINVSYSID, |n| {
            bind(|bind| bind.system_id = "a".repeat(n).into())
        }),
        // Whether one of more than 8 is too long is the account's affair.
        ("password", 64, Status::ESME_RINVPASWD, |n| {
            bind(|bind| bind.password = "a".repeat(n).into())
        }),
        ("system_type", 12, Status::ESME_RINVSYSTYP, |n| {
            bind(|bind| bind.system_type = "a".repeat(n).into())
        }),
        ("address_range", 40, Status::ESME_RBINDFAIL, |n| {
            bind(|bind| bind.address_range = of(n))
        }),
        ("system_id", 15, Status::ESME_RINVSYSID, |n| {
            Pdu::Outbind(Outbind {
                system_id: "a".repeat(n).into(),
                password: "".into(),
            })
        }),
        ("password", 64, Status::ESME_RINVPASWD, |n| {
            Pdu::Outbind(Outbind {
                system_id: "".into(),
                password: "a".repeat(n).into(),
            })
        }),
        ("service_type", 5, Status::ESME_RINVSERTYP, |n| {
            submit(|sm| sm.service_type = "a".repeat(n).into())
        }),
        ("source_addr", 20, Status::ESME_RINVSRCADR, |n| {
            submit(|sm| sm.source = of(n))
        }),
        ("destination_addr", 20, Status::ESME_RINVDSTADR, |n| {
            submit(|sm| sm.destination = of(n))
        }),
        ("source_addr", 20, Status::ESME_RINVSRCADR, |n| {
            Pdu::DeliverSm(ShortMessage {
                source: of(n),
                ..ShortMessage::default()
            })
        }),
        ("service_type", 5, Status::ESME_RINVSERTYP, |n| {
            Pdu::DataSm(DataSm {
                service_type: "a".repeat(n).into(),
                ..DataSm::default()
            })
        }),
        ("source_addr", 64, Status::ESME_RINVSRCADR, |n| {
            Pdu::DataSm(DataSm {
                source: of(n),
                ..DataSm::default()
            })
        }),
        ("destination_addr", 64, Status::ESME_RINVDSTADR, |n| {
            Pdu::DataSm(DataSm {
                destination: of(n),
                ..DataSm::default()
            })
        }),
        ("destination_addr", 20, Status::ESME_RINVDSTADR, |n| {
            let destinations = vec![DestAddress::Sme(of(3)), DestAddress::Sme(of(n))];
            Pdu::SubmitMulti(SubmitMulti {
                destinations,
                ..SubmitMulti::default()
            })
        }),
        ("dl_name", 20, Status::ESME_RINVDLNAME, |n| {
            let destinations = vec![DestAddress::DistributionList("a".repeat(n).into())];
            Pdu::SubmitMulti(SubmitMulti {
                destinations,
                ..SubmitMulti::default()
            })
        }),
        ("message_id", 64, Status::ESME_RINVMSGID, |n| {
            Pdu::QuerySm(QuerySm {
                message_id: "a".repeat(n).into(),
                ..QuerySm::default()
            })
        }),
        ("message_id", 64, Status::ESME_RINVMSGID, |n| {
            Pdu::CancelSm(CancelSm {
                message_id: "a".repeat(n).into(),
                ..CancelSm::default()
            })
        }),
        ("message_id", 64, Status::ESME_RINVMSGID, |n| {
            Pdu::ReplaceSm(ReplaceSm {
                message_id: "a".repeat(n).into(),
                ..ReplaceSm::default()
            })
        }),
        ("message_id", 64, Status::ESME_RINVMSGID, |n| {
            Pdu::SubmitSmResp(MessageIdResp::new(&"a".repeat(n)))
        }),
        ("source_addr", 64, Status::ESME_RINVSRCADR, |n| {
            Pdu::AlertNotification(AlertNotification {
                source: of(n),
                ..AlertNotification::default()
            })
        }),
        ("system_id", 15, Status::ESME_RINVSYSID, |n| {
            Pdu::BindResp(BindResp::new(BindKind::Receiver, &"a".repeat(n), Some(0x34)))
        }),
    ];
    for (field, max, status, pdu) in table {
        let name = pdu(0).name().into_owned();
        for length in [0, 1, max] {
            assert_eq!(fault(&sent(pdu(length))), None, "{name} {field} of {length}");
        }
        for length in [max + 1, max + 100] {
            assert_eq!(
                fault(&sent(pdu(length))),
                Some((status, field)),
                "{name} {field} of {length}"
            );
        }
    }
}

#[test]
fn a_password_without_its_end_is_what_is_wrong_with_a_bind() {
    let whole = sent(bind(|bind| {
        bind.password = "secret08".into();
        bind.system_type = "VMA".into();
    }));
    let end = whole.windows(9).position(|octets| octets == b"secret08\0");
    let mut octets = whole.to_vec();
    octets.remove(end.expect("the password") + 8);
    let length = u32::try_from(octets.len()).expect("short");
    octets[..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(fault(&whole), None);
    assert_eq!(fault(&octets), Some((Status::ESME_RINVPASWD, "password")));
}

#[test]
fn times_have_no_or_sixteen_characters() {
    for length in 0..40 {
        let time = "0".repeat(length);
        let schedule = fault(&sent(submit(|sm| sm.schedule_delivery_time = time.clone())));
        let validity = fault(&sent(submit(|sm| sm.validity_period = time.clone())));
        if length == 0 || length == 16 {
            assert_eq!((schedule, validity), (None, None), "{length}");
        } else {
            assert_eq!(
                schedule,
                Some((Status::ESME_RINVSCHED, "schedule_delivery_time")),
                "{length}"
            );
            assert_eq!(
                validity,
                Some((Status::ESME_RINVEXPIRY, "validity_period")),
                "{length}"
            );
        }
    }
}

#[test]
fn strings_are_ascii() {
    let latin1 = |octets: &Bytes, from: u8| -> Vec<u8> {
        octets
            .iter()
            .map(|octet| if *octet == from { 0xE9 } else { *octet })
            .collect()
    };
    let alphanumeric = sent(submit(|sm| {
        sm.source = Address::new(Ton::Alphanumeric, Npi::Unknown, "Caf#")
    }));
    assert_eq!(
        fault(&latin1(&alphanumeric, b'#')),
        Some((Status::ESME_RINVSRCADR, "source_addr"))
    );
    let text = sent(submit(|sm| sm.short_message = b"Caf#".into()));
    assert_eq!(fault(&latin1(&text, b'#')), None);
}

#[test]
fn a_body_that_ends_early_is_told_apart_from_a_field_that_does() {
    let whole = sent(submit(|sm| {
        sm.service_type = "CMT".into();
        sm.short_message = b"hello".into();
    }));
    let cut = |length: usize| {
        let mut octets = whole[..length].to_vec();
        octets[3] = length as u8;
        fault(&octets)
    };
    // service_type 16..20, source 20..28, destination 28..42, esm_class 42, protocol_id 43, priority_flag 44,
    // times 45 and 46, four octets, sm_length 51, text 52..57.
    for (length, expected) in [
        (16, Some((Status::ESME_RINVCMDLEN, "service_type"))),
        (18, Some((Status::ESME_RINVSERTYP, "service_type"))),
        (20, Some((Status::ESME_RINVCMDLEN, "source_addr_ton"))),
        (22, Some((Status::ESME_RINVCMDLEN, "source_addr"))),
        (24, Some((Status::ESME_RINVSRCADR, "source_addr"))),
        (41, Some((Status::ESME_RINVDSTADR, "destination_addr"))),
        (42, Some((Status::ESME_RINVCMDLEN, "esm_class"))),
        (45, Some((Status::ESME_RINVCMDLEN, "schedule_delivery_time"))),
        (46, Some((Status::ESME_RINVCMDLEN, "validity_period"))),
        (51, Some((Status::ESME_RINVCMDLEN, "sm_length"))),
        (52, Some((Status::ESME_RINVMSGLEN, "short_message"))),
        (56, Some((Status::ESME_RINVMSGLEN, "short_message"))),
        (57, None),
    ] {
        assert_eq!(cut(length), expected, "{length}");
    }
}

#[test]
fn parameters_have_lengths() {
    for (tlv, status) in [
        (Tlv::new(tag::SAR_MSG_REF_NUM, [1, 2]), None),
        (Tlv::new(tag::SAR_MSG_REF_NUM, [1]), Some(Status::ESME_RINVTLVLEN)),
        (
            Tlv::new(tag::SAR_TOTAL_SEGMENTS, [1, 2]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (
            Tlv::new(tag::SOURCE_PORT, [0, 0, 1, 2]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::MESSAGE_STATE, []), Some(Status::ESME_RINVTLVLEN)),
        (Tlv::new(tag::MESSAGE_STATE, [99]), None),
        (Tlv::new(tag::RECEIPTED_MESSAGE_ID, *b"0000002a"), None),
        (Tlv::new(tag::RECEIPTED_MESSAGE_ID, *b"0000002a\0"), None),
        (Tlv::new(tag::RECEIPTED_MESSAGE_ID, [b'a'; 65]), None),
        (
            Tlv::new(tag::RECEIPTED_MESSAGE_ID, [b'a'; 66]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::CALLBACK_NUM, [1, 1, 1, b'5']), None),
        (Tlv::new(tag::CALLBACK_NUM, [1; 3]), Some(Status::ESME_RINVTLVLEN)),
        (
            Tlv::new(tag::CALLBACK_NUM, [1; 20]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::SOURCE_SUBADDRESS, [0x80, 1]), None),
        (
            Tlv::new(tag::SOURCE_SUBADDRESS, [0x80]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::DEST_SUBADDRESS, [0xA0; 23]), None),
        (
            Tlv::new(tag::DEST_SUBADDRESS, [0xA0]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::BROADCAST_REP_NUM, [1]), None),
        (Tlv::new(tag::BROADCAST_REP_NUM, [0, 0, 1]), None),
        (
            Tlv::new(tag::BROADCAST_REP_NUM, [0, 0, 0, 1]),
            Some(Status::ESME_RINVTLVLEN),
        ),
        (Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'a'; 65_535]), None),
        (Tlv::new(0x1401, []), None),
        (Tlv::new(0x1401, vec![0; 3_000]), None),
        (Tlv::new(0xFFFF, [1]), None),
    ] {
        let field = tag::name(tlv.tag).unwrap_or("tlvs");
        let pdu = submit(|sm| sm.tlvs = vec![tlv.clone(), tlv.clone()]);
        if tlv.value.len() < 10_000 {
            assert_eq!(fault(&sent(pdu)), status.map(|status| (status, field)), "{tlv:?}");
        } else {
            assert_eq!(fault(&sent(submit(|sm| sm.tlvs = vec![tlv.clone()]))), None);
        }
    }
}

/// A PDU with some octets more than its fields take.
fn with_surplus(pdu: Pdu, status: Status, surplus: &[u8]) -> Vec<u8> {
    let mut octets = BytesMut::from(encode(&Command {
        status,
        sequence_number: 7,
        pdu,
    }));
    octets.put_slice(surplus);
    octets[3] = octets.len() as u8;
    octets.to_vec()
}

#[test]
fn a_parameter_that_runs_past_the_end_breaks_a_request_and_not_a_response() {
    for surplus in [
        &[2][..],
        &[2, 4],
        &[2, 4, 0],
        &[2, 4, 0, 2, 1],
        &[4, 0x24, 0xFF, 0xFF],
    ] {
        let request = with_surplus(submit(|_| {}), Status::ESME_ROK, surplus);
        assert_eq!(
            fault(&request),
            Some((Status::ESME_RINVTLVSTREAM, "tlvs")),
            "{surplus:?}"
        );
        let response = with_surplus(
            Pdu::SubmitSmResp(MessageIdResp::new("42")),
            Status::ESME_ROK,
            surplus,
        );
        let Frame::Pdu {
            command, trailing, ..
        } = frame(&response)
        else {
            panic!("{surplus:?}")
        };
        assert_eq!(
            (command.pdu, trailing),
            (Pdu::SubmitSmResp(MessageIdResp::new("42")), surplus.len())
        );
    }
}

#[test]
fn parameters_that_are_wrong_can_be_passed_over() {
    let right = [0x02, 0x04, 0, 2, 0, 7];
    for (wrong, status) in [
        (&[0x00, 0x17, 0, 1, 9][..], Status::ESME_RINVTLVLEN),
        (&[0x02, 0x0C, 0, 9, 1], Status::ESME_RINVTLVSTREAM),
        (&[0x02], Status::ESME_RINVTLVSTREAM),
    ] {
        let octets = with_surplus(submit(|_| ()), Status::ESME_ROK, &[&right, wrong].concat());
        let refused = frame(&octets);
        assert!(
            matches!(&refused, Frame::Malformed { status: told, .. } if *told == status),
            "{refused:?}"
        );
        let Frame::Pdu { command, raw, .. } = refused.without_wrong_tlvs() else {
            panic!("{wrong:?} is not passed over")
        };
        assert_eq!(raw, octets);
        assert_eq!(
            command.pdu.tlvs(),
            [Tlv::short(tag::USER_MESSAGE_REFERENCE, 7)],
            "{wrong:?}"
        );
    }
    let too_long = frame(&sent(submit(|sm| sm.source = of(21))));
    assert_eq!(too_long.clone().without_wrong_tlvs(), too_long);
}

#[test]
fn surplus_octets_are_counted_where_no_parameter_can_be() {
    for pdu in [
        Pdu::EnquireLink,
        Pdu::EnquireLinkResp,
        Pdu::Unbind,
        Pdu::UnbindResp,
        Pdu::GenericNack,
        Pdu::CancelSmResp,
        Pdu::ReplaceSmResp,
        Pdu::CancelBroadcastSmResp,
        bind(|_| {}),
        Pdu::QuerySm(QuerySm::default()),
        Pdu::CancelSm(CancelSm::default()),
    ] {
        for surplus in [&[0][..], &[0x14, 1, 0, 1, 9]] {
            let Frame::Pdu {
                command, trailing, ..
            } = frame(&with_surplus(pdu.clone(), Status::ESME_ROK, surplus))
            else {
                panic!("{pdu:?}")
            };
            assert_eq!((&command.pdu, trailing), (&pdu, surplus.len()));
        }
    }
}

#[test]
fn responses_are_read_with_and_without_a_body() {
    let responses = |body: bool| {
        let id = || {
            if body {
                MessageIdResp::nul()
            } else {
                MessageIdResp::empty()
            }
        };
        let bind = |kind| {
            if body {
                BindResp::nul(kind)
            } else {
                BindResp::empty(kind)
            }
        };
        let mut pdus: Vec<Pdu> = BindKind::ALL
            .into_iter()
            .map(|kind| Pdu::BindResp(bind(kind)))
            .collect();
        pdus.extend([
            Pdu::SubmitSmResp(id()),
            Pdu::DeliverSmResp(id()),
            Pdu::DataSmResp(id()),
            Pdu::BroadcastSmResp(id()),
            Pdu::QueryBroadcastSmResp(id()),
        ]);
        pdus
    };
    for status in [Status::ESME_ROK, Status::ESME_RTHROTTLED, Status(0x401)] {
        for (pdus, octets) in [(responses(false), 16), (responses(true), 17)] {
            for pdu in pdus {
                let sent = encode(&Command::response(7, status, pdu.clone()));
                assert_eq!(sent.len(), octets);
                let Frame::Pdu {
                    command, trailing: 0, ..
                } = frame(&sent)
                else {
                    panic!("{pdu:?}")
                };
                assert_eq!(command, Command::response(7, status, pdu));
            }
        }
    }
}

#[test]
fn the_body_of_an_error_is_passed_over_when_it_cannot_be_read() {
    let unreadable = with_surplus(
        Pdu::SubmitSmResp(MessageIdResp::empty()),
        Status::ESME_RSYSERR,
        b"no NUL",
    );
    let Frame::Pdu {
        command, trailing, ..
    } = frame(&unreadable)
    else {
        panic!("an error is always read")
    };
    assert_eq!(command.pdu, Pdu::SubmitSmResp(MessageIdResp::empty()));
    assert_eq!(trailing, 6);
    let success = with_surplus(
        Pdu::SubmitSmResp(MessageIdResp::empty()),
        Status::ESME_ROK,
        b"no NUL",
    );
    assert_eq!(fault(&success), Some((Status::ESME_RINVMSGID, "message_id")));
}

#[test]
fn errors_go_out_in_the_form_that_most_peers_read() {
    for (request, octets) in [
        ("submit_sm", 16),
        ("bind_transceiver", 17),
        ("bind_transmitter", 17),
        ("bind_receiver", 17),
        ("deliver_sm", 17),
        ("data_sm", 16),
        ("submit_multi", 16),
        ("query_sm", 16),
        ("cancel_sm", 16),
        ("replace_sm", 16),
        ("broadcast_sm", 16),
        ("query_broadcast_sm", 16),
        ("cancel_broadcast_sm", 16),
        ("unbind", 16),
        ("enquire_link", 16),
    ] {
        let id = smpp::command_id::from_name(request).expect("an operation");
        let refusal = Command::refusal(id, 7, Status::ESME_RSYSERR).expect("is answered");
        assert_eq!(refusal.pdu.command_id(), id | smpp::command_id::RESPONSE);
        assert_eq!(encode(&refusal).len(), octets, "{request}");
    }
    assert_eq!(
        Command::refusal(0x300, 7, Status::ESME_RINVCMDID),
        Some(Command::generic_nack(7, Status::ESME_RINVCMDID))
    );
    for unanswered in ["outbind", "alert_notification", "submit_sm_resp", "generic_nack"] {
        let id = smpp::command_id::from_name(unanswered).expect("an operation");
        assert_eq!(
            Command::refusal(id, 7, Status::ESME_RSYSERR),
            None,
            "{unanswered}"
        );
    }
}

#[test]
fn lists_have_at_most_255_entries() {
    let destinations = |count| vec![DestAddress::Sme(of(3)); count];
    for (count, written) in [(0, 0), (1, 1), (255, 255), (256, 255)] {
        let multi = SubmitMulti {
            destinations: destinations(count),
            ..SubmitMulti::default()
        };
        let Frame::Pdu { command, .. } = frame(&sent(Pdu::SubmitMulti(multi))) else {
            panic!("{count}")
        };
        let Pdu::SubmitMulti(read) = command.pdu else {
            panic!("{count}")
        };
        assert_eq!(read.destinations.len(), written);
    }
}

#[test]
fn what_has_no_room_is_cut() {
    for (octets, written) in [(254, 254), (255, 255), (256, 255)] {
        let Frame::Pdu { command, .. } =
            frame(&sent(submit(|sm| sm.short_message = vec![b'a'; octets].into())))
        else {
            panic!("{octets}")
        };
        let Pdu::SubmitSm(message) = command.pdu else {
            panic!("{octets}")
        };
        assert_eq!(message.short_message.len(), written);
    }
    let nul_within = sent(submit(|sm| sm.service_type = "A\0B".into()));
    let Frame::Pdu { command, .. } = frame(&nul_within) else {
        panic!("readable")
    };
    assert!(matches!(command.pdu, Pdu::SubmitSm(message) if message.service_type == "A"));
}

#[test]
fn the_default_bodies_of_longer_responses_are_left_out_of_errors_only() {
    for pdu in [
        Pdu::QuerySmResp(QuerySmResp::default()),
        Pdu::SubmitMultiResp(SubmitMultiResp::default()),
    ] {
        assert_eq!(
            encode(&Command::response(7, Status::ESME_RQUERYFAIL, pdu.clone())).len(),
            16
        );
        let success = encode(&Command::response(7, Status::ESME_ROK, pdu.clone()));
        assert!(success.len() > 16);
        for octets in [
            &success[..],
            &with_surplus(pdu.clone(), Status::ESME_RQUERYFAIL, &[]),
        ] {
            assert!(matches!(frame(octets), Frame::Pdu { command, .. } if command.pdu == pdu));
        }
    }
}

#[test]
fn the_command_length_has_limits_both_ways() {
    let header = |length: u32| {
        let mut octets = BytesMut::new();
        octets.put_slice(&[length, 0x15, 0, 6].map(u32::to_be_bytes).concat());
        octets
    };
    for (length, taken) in [
        (0, false),
        (15, false),
        (16, true),
        (100, true),
        (101, false),
        (u32::MAX, false),
    ] {
        let mut framer = Framer::new(100);
        framer.feed(&header(length));
        framer.feed(&[0; 84]);
        match framer.next_frame() {
            Some(Frame::Pdu {
                command, trailing, ..
            }) => {
                assert!(taken, "{length}");
                assert_eq!(command.pdu, Pdu::EnquireLink);
                assert_eq!(trailing, length as usize - 16);
            }
            Some(Frame::Broken { header }) => {
                assert!(!taken, "{length}");
                assert_eq!(
                    header.map(|header| header.sequence_number),
                    (length > 100).then_some(6)
                );
                framer.feed(&encode(&Command::request(1, Pdu::EnquireLink)));
                assert_eq!(framer.next_frame(), None);
                assert!(!framer.is_within_pdu());
            }
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[test]
fn a_pdu_that_never_ends_is_given_up() {
    let mut framer = Framer::default();
    assert!(!framer.is_within_pdu());
    assert_eq!(framer.give_up(), None);
    framer.feed(&encode(&Command::request(1, Pdu::EnquireLink))[..15]);
    assert_eq!(framer.next_frame(), None);
    assert!(framer.is_within_pdu());
    assert_eq!(framer.give_up(), Some(Frame::Broken { header: None }));
    assert_eq!(framer.give_up(), None);
}
