//! `submit_sm`: what is taken, what is refused, and its times.

use smpp::{BindKind, Command, Pdu, ShortMessage, Status, Tlv, esm_class, tag};
use sms::{Address, Npi, Ton};

use super::{OK, pdus};
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;

const ALL: &[u8] = &[0x33, 0x34, 0x50];
const WHERE: &str = "SMPP v3.4 §4.4";
/// What the longest text is answered that an optional parameter holds.
const TAKEN_OR_TOO_LONG: &[Status] = &[
    Status::ESME_ROK,
    Status::ESME_RINVMSGLEN,
    Status::ESME_RINVCMDLEN,
    Status::ESME_RSUBMITFAIL,
    Status::ESME_RINVTLVLEN,
    Status::ESME_RINVTLVVAL,
];
/// What a PDU is refused with whose fields do not fit into it.
const UNREADABLE: &[Status] = &[
    Status::ESME_RINVMSGLEN,
    Status::ESME_RINVCMDLEN,
    Status::ESME_RINVDSTADR,
    Status::ESME_RINVSRCADR,
    Status::ESME_RSYSERR,
    Status::ESME_RUNKNOWNERR,
];

pub fn checks() -> Vec<Check> {
    [texts(), addresses(), times(), broken()].concat()
}

/// A transmitter submits a text; the answer has one of the statuses, and the session lives.
fn submission(
    id: &'static str,
    section: &'static str,
    fact: &'static str,
    text: fn(&Known) -> Pdu,
    statuses: &'static [Status],
) -> Check {
    let steps = vec![
        Step::Bind(BindKind::Transmitter),
        Step::Send(text),
        Step::Await(Awaited::Answer(statuses)),
        Step::Await(Awaited::Alive),
    ];
    Check::new(id, section, fact, steps)
}

fn texts() -> Vec<Check> {
    vec![
        Check::new(
            "submit",
            WHERE,
            "submit_sm succeeds, and each message has an id of its own",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Send(pdus::submit),
                Step::Await(Awaited::Answer(OK)),
                Step::Send(pdus::submit),
                Step::Await(Awaited::Answer(OK)),
                Step::See("message_id", |known| match &known.message_ids[..] {
                    [one, two] if one != two => Ok(()),
                    ids => Err(format!("{ids:?} came for two messages")),
                }),
            ],
        )
        .versions(ALL),
        Check::new(
            "submit-transceiver",
            WHERE,
            "submit_sm by a transceiver succeeds",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(pdus::submit),
                Step::Await(Awaited::Answer(OK)),
            ],
        )
        .versions(&[0x34, 0x50]),
        submission(
            "submit-empty",
            "SMPP v3.4 §5.2.21",
            "a text of no octets is taken or refused in order",
            |known| Pdu::SubmitSm(pdus::message(known, [])),
            &[
                Status::ESME_ROK,
                Status::ESME_RINVMSGLEN,
                Status::ESME_RSUBMITFAIL,
            ],
        ),
        submission(
            "submit-254",
            "SMPP v3.4 §5.2.22",
            "a text of 254 octets is taken",
            |known| Pdu::SubmitSm(pdus::message(known, [b'a'; 254])),
            OK,
        )
        .versions(ALL),
        submission(
            "submit-255",
            "SMPP v3.4 §5.2.22",
            "a text of 255 octets is refused",
            |known| Pdu::SubmitSm(pdus::message(known, [b'a'; 255])),
            &[Status::ESME_RINVMSGLEN],
        ),
        submission(
            "submit-255-v50",
            "SMPP v5.0 §4.7.28",
            "a text of 255 octets is taken in v5.0",
            |known| Pdu::SubmitSm(pdus::message(known, [b'a'; 255])),
            OK,
        )
        .versions(&[0x50])
        .or(&[Status::ESME_RINVMSGLEN]),
        submission(
            "submit-payload",
            "SMPP v3.4 §5.3.2.32",
            "a text of 1,000 octets in a message_payload is taken",
            |known| payload(known, 1_000),
            OK,
        )
        .versions(&[0x34, 0x50])
        .or(&[Status::ESME_RTLVNOTALLWD, Status::ESME_RINVMSGLEN]),
        submission(
            "submit-payload-64k",
            "SMPP v3.4 §5.3.2.32",
            "a message_payload of 65,535 octets is taken or refused in order",
            |known| payload(known, 65_535),
            TAKEN_OR_TOO_LONG,
        ),
        submission(
            "submit-payload-twice",
            "SMPP v3.4 §3.2.3",
            "a message_payload beside a short_message is refused",
            |known| {
                let tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"Hello")];
                Pdu::SubmitSm(ShortMessage {
                    tlvs,
                    ..pdus::hello(known)
                })
            },
            &[
                Status::ESME_RTLVNOTALLWD,
                Status::ESME_RINVMSGLEN,
                Status::ESME_RINVTLVVAL,
                Status::ESME_RSUBMITFAIL,
            ],
        ),
        submission(
            "submit-ucs2",
            "SMPP v3.4 §5.2.19",
            "a UCS-2 text is taken",
            |known| {
                Pdu::SubmitSm(ShortMessage {
                    data_coding: 8,
                    ..pdus::message(known, [0x04, 0x1F, 0x04, 0x40])
                })
            },
            OK,
        )
        .versions(ALL),
        submission(
            "submit-binary",
            "SMPP v3.4 §5.2.19",
            "eight-bit octets are taken or refused in order",
            |known| {
                Pdu::SubmitSm(ShortMessage {
                    data_coding: 4,
                    ..pdus::message(known, [0, 0x80, 0xFF])
                })
            },
            OK,
        )
        .or(&[
            Status::ESME_RINVDCS,
            Status::ESME_RINVESMCLASS,
            Status::ESME_RSUBMITFAIL,
        ]),
        submission(
            "submit-concatenated",
            "SMPP v3.4 §5.2.12",
            "a segment with a user data header is taken",
            |known| {
                Pdu::SubmitSm(ShortMessage {
                    esm_class: esm_class::UDHI,
                    ..pdus::message(known, *b"\x05\x00\x03\x2A\x01\x01Hello")
                })
            },
            OK,
        )
        .versions(ALL),
        submission(
            "submit-sar",
            "SMPP v3.4 §5.3.2.22",
            "a segment with SAR parameters is taken",
            |known| {
                let tlvs = vec![
                    Tlv::short(tag::SAR_MSG_REF_NUM, 42),
                    Tlv::octet(tag::SAR_TOTAL_SEGMENTS, 1),
                    Tlv::octet(tag::SAR_SEGMENT_SEQNUM, 1),
                ];
                Pdu::SubmitSm(ShortMessage {
                    tlvs,
                    ..pdus::hello(known)
                })
            },
            OK,
        ),
        submission(
            "submit-broken-header",
            "SMPP v3.4 §5.2.12",
            "a user data header that is longer than the text is refused or passed on",
            |known| {
                Pdu::SubmitSm(ShortMessage {
                    esm_class: esm_class::UDHI,
                    ..pdus::message(known, *b"\xFFHello")
                })
            },
            &[
                Status::ESME_RINVESMCLASS,
                Status::ESME_RINVMSGLEN,
                Status::ESME_RSUBMITFAIL,
                Status::ESME_ROK,
            ],
        ),
    ]
}

fn payload(known: &Known, octets: usize) -> Pdu {
    let tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'a'; octets])];
    Pdu::SubmitSm(ShortMessage {
        tlvs,
        ..pdus::message(known, [])
    })
}

fn addresses() -> Vec<Check> {
    const WRONG: &[Status] = &[Status::ESME_RINVDSTADR];
    vec![
        submission(
            "submit-nowhere",
            "SMPP v3.4 §5.2.9",
            "a text without a destination_addr is refused",
            |known| to(known, "", Ton::International),
            WRONG,
        )
        .versions(ALL),
        submission(
            "submit-letters",
            "SMPP v3.4 §5.2.9",
            "a text for a number with letters is refused",
            |known| to(known, "1415CALLME", Ton::International),
            WRONG,
        ),
        submission(
            "submit-plus",
            "SMPP v3.4 §5.2.9",
            "a + in front of the number is taken or refused in order",
            |known| {
                let digits = format!("+{}", known.destination().digits);
                to(known, &digits, Ton::International)
            },
            &[Status::ESME_ROK, Status::ESME_RINVDSTADR],
        ),
        submission(
            "submit-reserved-ton",
            "SMPP v3.4 §5.2.5",
            "a reserved dest_addr_ton is taken or refused in order",
            |known| to(known, &known.destination().digits, Ton::Reserved(7)),
            &[Status::ESME_ROK, Status::ESME_RINVDSTTON, Status::ESME_RINVDSTADR],
        ),
    ]
}

fn to(known: &Known, digits: &str, ton: Ton) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        destination: Address {
            ton,
            npi: Npi::Isdn,
            digits: digits.into(),
        },
        ..pdus::hello(known)
    })
}

fn times() -> Vec<Check> {
    const SCHEDULE: &[Status] = &[Status::ESME_RINVSCHED];
    const EXPIRY: &[Status] = &[Status::ESME_RINVEXPIRY];
    let later = |id, fact, text: fn(&Known) -> Pdu| {
        let steps = vec![
            Step::Bind(BindKind::Transmitter),
            Step::Send(text),
            Step::Await(Awaited::Answer(OK)),
            Step::Send(pdus::cancel),
            Step::Await(Awaited::AnswerOrNack(&[
                Status::ESME_ROK,
                Status::ESME_RCANCELFAIL,
                Status::ESME_RINVCMDID,
                Status::ESME_RINVMSGID,
            ])),
        ];
        Check::new(id, "SMPP v3.4 §5.2.15", fact, steps)
            .or(SCHEDULE)
            .versions(ALL)
    };
    vec![
        later(
            "schedule-relative",
            "a relative schedule_delivery_time is taken",
            pdus::submit_later,
        ),
        later(
            "schedule-absolute",
            "an absolute schedule_delivery_time is taken",
            |known| {
                Pdu::SubmitSm(ShortMessage {
                    schedule_delivery_time: in_an_hour(known),
                    ..pdus::hello(known)
                })
            },
        ),
        submission(
            "schedule-malformed",
            "SMPP v3.4 §5.2.15",
            "a malformed schedule_delivery_time is refused",
            |known| {
                let schedule_delivery_time = "tomorrow at noon".to_owned();
                Pdu::SubmitSm(ShortMessage {
                    schedule_delivery_time,
                    ..pdus::hello(known)
                })
            },
            SCHEDULE,
        ),
        submission(
            "validity-relative",
            "SMPP v3.4 §5.2.16",
            "a relative validity_period is taken",
            |known| valid(known, pdus::AN_HOUR.to_owned()),
            OK,
        )
        .versions(ALL),
        submission(
            "validity-absolute",
            "SMPP v3.4 §5.2.16",
            "an absolute validity_period is taken",
            |known| valid(known, in_an_hour(known)),
            OK,
        )
        .versions(ALL),
        submission(
            "validity-malformed",
            "SMPP v3.4 §5.2.16",
            "a malformed validity_period is refused",
            |known| valid(known, "until next friday".chars().take(16).collect()),
            EXPIRY,
        ),
        submission(
            "validity-over",
            "SMPP v3.4 §5.2.16",
            "a validity_period that is over is refused",
            |known| valid(known, "010101000000000+".to_owned()),
            EXPIRY,
        ),
    ]
}

fn valid(known: &Known, validity_period: String) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        validity_period,
        ..pdus::hello(known)
    })
}

fn in_an_hour(known: &Known) -> String {
    smpp::time::Time::Absolute(known.now + std::time::Duration::from_secs(3_600)).format(0)
}

fn broken() -> Vec<Check> {
    let check = |id, fact, octets: fn(&Known) -> Vec<u8>| {
        let steps = vec![
            Step::Bind(BindKind::Transmitter),
            Step::Octets(octets, Some((9, smpp::command_id::SUBMIT_SM))),
            Step::Await(Awaited::AnswerOrNack(UNREADABLE)),
            Step::Await(Awaited::Alive),
        ];
        Check::new(id, "SMPP v5.0 §2.8.2", fact, steps)
    };
    vec![
        check(
            "submit-sm-length-lies",
            "a sm_length beyond the PDU's end is refused",
            |known| {
                // Five octets of text, whose length is now that of nine.
                let mut octets = smpp::encode(&Command::request(9, pdus::submit(known))).to_vec();
                let sm_length = octets.len() - 6;
                octets[sm_length] = 9;
                octets
            },
        ),
        check(
            "submit-cut",
            "a submit_sm that ends within a field is refused",
            |known| pdus::ending_in(pdus::submit(known), 9, 20, b""),
        ),
        check(
            "submit-without-body",
            "a submit_sm that is only a header is refused",
            |_| pdus::header(16, smpp::command_id::SUBMIT_SM, 9),
        ),
    ]
}
