//! Framing, sequence numbers and the window: what is below the operations.

use smpp::{BindKind, Command, MessageIdResp, Pdu, Status, command_id};

use super::{OK, pdus};
use crate::conform::check::{Awaited, Check, Step};

const BAD_LENGTH: &[Status] = &[Status::ESME_RINVCMDLEN, Status::ESME_RINVMSGLEN];
const UNKNOWN: &[Status] = &[Status::ESME_RINVCMDID];
const FRAMING: &str = "SMPP v3.4 §4.3.1";
/// A command id of no operation.
const NO_OPERATION: u32 = 0x0000_0300;

pub fn checks() -> Vec<Check> {
    [lengths(), cuts(), unknown(), sequence_numbers()].concat()
}

fn lengths() -> Vec<Check> {
    vec![
        Check::new(
            "length-0",
            FRAMING,
            "a command_length of 0 gets a generic_nack, and the connection is closed",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(|_| pdus::header(0, command_id::ENQUIRE_LINK, 9), None),
                Step::Await(Awaited::Nack(BAD_LENGTH, &[0, 9])),
                Step::Await(Awaited::End),
            ],
        ),
        Check::new(
            "length-15",
            FRAMING,
            "a command_length of 15 gets a generic_nack, and the connection is closed",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(|_| pdus::header(15, command_id::ENQUIRE_LINK, 9), None),
                Step::Await(Awaited::Nack(BAD_LENGTH, &[0, 9])),
                Step::Await(Awaited::End),
            ],
        ),
        Check::new(
            "length-ffffffff",
            FRAMING,
            "a command_length of 0xFFFFFFFF gets a generic_nack, and the connection is closed",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(|_| pdus::header(u32::MAX, command_id::SUBMIT_SM, 9), None),
                Step::Await(Awaited::Nack(BAD_LENGTH, &[9, 0])),
                Step::Await(Awaited::End),
            ],
        ),
        Check::new(
            "length-before-bind",
            FRAMING,
            "a command_length of 15 before a bind gets a generic_nack, and the connection is closed",
            vec![
                Step::Connect,
                Step::Octets(|_| pdus::header(15, command_id::BIND_TRANSMITTER, 9), None),
                Step::Await(Awaited::Nack(BAD_LENGTH, &[0, 9])),
                Step::Await(Awaited::End),
            ],
        ),
    ]
}

fn cuts() -> Vec<Check> {
    vec![
        Check::new(
            "split",
            "SMPP v3.4 §2.7",
            "a PDU that comes octet by octet is answered",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::SendSlowly(pdus::submit),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
        Check::new(
            "together",
            "SMPP v3.4 §2.7",
            "several PDUs that come in one packet are all answered",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::SendTogether(|known| vec![pdus::submit(known), Pdu::EnquireLink, pdus::submit(known)]),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
        Check::new(
            "window",
            "SMPP v3.4 §2.9",
            "ten requests may wait for their response at a time, and each gets its own",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::SendTogether(|known| (0..10).map(|_| pdus::submit(known)).collect()),
                Step::Await(Awaited::Answer(OK)),
                Step::See("message ids", |known| {
                    let different: std::collections::BTreeSet<_> = known.message_ids.iter().collect();
                    let count = different.len();
                    (count == 10)
                        .then_some(())
                        .ok_or_else(|| format!("{count} different ones"))
                }),
            ],
        ),
        Check::new(
            "window-overflow",
            "SMPP v3.4 §2.9",
            "each of 500 requests at once is answered: done, throttled, or refused because the queue is full",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::SendTogether(|known| (0..500).map(|_| pdus::submit(known)).collect()),
                Step::Await(Awaited::Answer(&[
                    Status::ESME_ROK,
                    Status::ESME_RTHROTTLED,
                    Status::ESME_RMSGQFUL,
                ])),
                Step::Await(Awaited::Alive),
            ],
        ),
    ]
}

fn unknown() -> Vec<Check> {
    vec![
        Check::new(
            "unknown-command",
            FRAMING,
            "an unknown operation gets a generic_nack with its sequence_number, and the session lives",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(|_| pdus::header(16, NO_OPERATION, 9), None),
                Step::Await(Awaited::Nack(UNKNOWN, &[9])),
                Step::Await(Awaited::Alive),
            ],
        ),
        Check::new(
            "unknown-command-before-bind",
            FRAMING,
            "an unknown operation before a bind gets a generic_nack",
            vec![
                Step::Connect,
                Step::Octets(|_| pdus::header(16, NO_OPERATION, 9), None),
                Step::Await(Awaited::Nack(
                    &[Status::ESME_RINVCMDID, Status::ESME_RINVBNDSTS],
                    &[9],
                )),
            ],
        ),
        Check::new(
            "stray-response",
            "SMPP v3.4 §2.6",
            "responses that nobody waits for, and unknown ones, are passed over",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(
                    |_| {
                        let stray =
                            |pdu| smpp::encode(&Command::response(99, Status::ESME_ROK, pdu)).to_vec();
                        let unknown = pdus::header(16, NO_OPERATION | command_id::RESPONSE, 98);
                        let resp = stray(Pdu::DeliverSmResp(MessageIdResp::nul()));
                        [
                            resp,
                            stray(Pdu::EnquireLinkResp),
                            stray(Pdu::GenericNack),
                            unknown,
                        ]
                        .concat()
                    },
                    None,
                ),
                Step::Await(Awaited::Alive),
            ],
        ),
        Check::new(
            "request-status",
            "SMPP v3.4 §3.2",
            "the command_status of a request means nothing",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(
                    |_| {
                        let enquire = Command::response(9, Status(8), Pdu::EnquireLink);
                        smpp::encode(&enquire).to_vec()
                    },
                    Some((9, command_id::ENQUIRE_LINK)),
                ),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
    ]
}

fn sequence_numbers() -> Vec<Check> {
    let check = |id, fact, steps: Vec<Step>| {
        let steps = std::iter::once(Step::Bind(BindKind::Transceiver)).chain(steps);
        Check::new(id, "SMPP v3.4 §5.1.4", fact, steps.collect())
    };
    vec![
        check(
            "sequence-any",
            "sequence numbers may jump; the response has that of its request",
            vec![
                Step::SendAs(0x7FFF_FFFF, pdus::submit),
                Step::Await(Awaited::Answer(OK)),
                Step::SendAs(5, |_| Pdu::EnquireLink),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
        check(
            "sequence-reserved",
            "sequence numbers of 0 and above 0x7FFFFFFF come back as they are",
            vec![
                Step::SendAs(0, |_| Pdu::EnquireLink),
                Step::Await(Awaited::Answer(OK)),
                Step::SendAs(0x8000_0001, pdus::submit),
                Step::Await(Awaited::Answer(OK)),
                Step::SendAs(0xFFFF_FFFF, |_| Pdu::EnquireLink),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
        check(
            "sequence-twice",
            "two requests of the same sequence_number are both answered",
            vec![
                Step::SendAs(9, |_| Pdu::EnquireLink),
                Step::SendAs(9, |_| Pdu::EnquireLink),
                Step::Await(Awaited::Answer(OK)),
            ],
        ),
    ]
}
