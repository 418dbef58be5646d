//! Optional parameters that a message centre does not know or cannot read.

use smpp::{BindKind, Pdu, ShortMessage, Status, Tlv, command_id, tag};

use super::{OK, pdus};
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;

const WHERE: &str = "SMPP v3.4 §3.3";
const BROKEN: &[Status] = &[
    Status::ESME_RINVTLVSTREAM,
    Status::ESME_RINVTLVLEN,
    Status::ESME_RINVCMDLEN,
    Status::ESME_RINVMSGLEN,
];

pub fn checks() -> Vec<Check> {
    let with = |id, fact, message: fn(&Known) -> Pdu, statuses: &'static [Status]| {
        let steps = vec![
            Step::Bind(BindKind::Transmitter),
            Step::Send(message),
            Step::Await(Awaited::Answer(statuses)),
            Step::Await(Awaited::Alive),
        ];
        Check::new(id, WHERE, fact, steps).versions(&[0x34, 0x50])
    };
    let cut = |id, fact, octets: fn(&Known) -> Vec<u8>| {
        let steps = vec![
            Step::Bind(BindKind::Transmitter),
            Step::Octets(octets, Some((9, command_id::SUBMIT_SM))),
            Step::Await(Awaited::AnswerOrNack(BROKEN)),
            Step::Await(Awaited::Alive),
        ];
        Check::new(id, WHERE, fact, steps)
    };
    vec![
        with(
            "tlv-unknown",
            "parameters with reserved tags are passed over",
            |known| tlvs(known, vec![Tlv::new(0x0700, *b"what"), Tlv::new(0x3FFF, *b"")]),
            OK,
        ),
        with(
            "tlv-vendor",
            "a vendor's parameter is passed over",
            |known| tlvs(known, vec![Tlv::new(0x1400, *b"310410")]),
            OK,
        ),
        with(
            "tlv-known",
            "parameters that change nothing are taken",
            |known| {
                tlvs(
                    known,
                    vec![
                        Tlv::short(tag::USER_MESSAGE_REFERENCE, 7),
                        Tlv::octet(tag::PRIVACY_INDICATOR, 0),
                        Tlv::short(tag::SOURCE_PORT, 1_000),
                        Tlv::octet(tag::LANGUAGE_INDICATOR, 1),
                    ],
                )
            },
            OK,
        ),
        with(
            "tlv-twice",
            "a parameter that comes twice is taken or refused in order",
            |known| {
                let reference = |number| Tlv::short(tag::USER_MESSAGE_REFERENCE, number);
                tlvs(known, vec![reference(7), reference(8)])
            },
            &[
                Status::ESME_ROK,
                Status::ESME_RTLVNOTALLWD,
                Status::ESME_RINVTLVSTREAM,
                Status::ESME_RINVTLVVAL,
            ],
        ),
        with(
            "tlv-wrong-length",
            "a parameter whose value has a wrong length is refused",
            |known| tlvs(known, vec![Tlv::octet(tag::USER_MESSAGE_REFERENCE, 7)]),
            &[
                Status::ESME_RINVTLVLEN,
                Status::ESME_RINVTLVSTREAM,
                Status::ESME_RINVTLVVAL,
            ],
        ),
        cut(
            "tlv-beyond-the-end",
            "a parameter that is longer than the PDU is refused",
            |known| pdus::ending_in(pdus::submit(known), 9, 0, &[0x02, 0x04, 0, 9, 1]),
        ),
        cut(
            "tlv-cut",
            "a parameter that ends within its header is refused",
            |known| pdus::ending_in(pdus::submit(known), 9, 0, &[0x02, 0x04, 0]),
        ),
    ]
}

fn tlvs(known: &Known, tlvs: Vec<Tlv>) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        tlvs,
        ..pdus::hello(known)
    })
}
