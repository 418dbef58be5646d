//! Receipts: what they say, to whom they go, and that none is lost.

use smpp::{BindKind, Pdu, ShortMessage, Status, Tlvs, tag};
use sms::Msisdn;

use super::{OK, pdus};
use crate::conform::check::{Awaited, Check, Need, Step};
use crate::conform::known::Known;

const WHERE: &str = "SMPP v3.4 Appendix B";
const NOT_ALLOWED: &[Status] = &[Status::ESME_RINVREGDLVFLG];

pub fn checks() -> Vec<Check> {
    [saying(), asking(), going()].concat()
}

fn saying() -> Vec<Check> {
    let delivered = Step::Await(Awaited::Request("receipt that says DELIVRD", |known, pdu| {
        is_receipt_of_last(known, pdu) && text_of(pdu).contains("stat:DELIVRD")
    }));
    vec![
        Check::new(
            "receipt",
            WHERE,
            "a delivered text is reported with its id and its state in the receipt's text",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                delivered.clone(),
            ],
        )
        .versions(&[0x34, 0x50])
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-v33",
            WHERE,
            "a receiver of v3.3 gets a receipt without optional parameters",
            vec![
                Step::Bind(BindKind::Receiver),
                Step::Bind(BindKind::Transmitter),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::On(0),
                delivered,
                Step::See("the receipt", |known| {
                    let with = known
                        .requests
                        .iter()
                        .find(|request| !request.pdu.tlvs().is_empty());
                    with.map_or(Ok(()), |with| Err(format!("{} has parameters", with.pdu.name())))
                }),
            ],
        )
        .versions(&[0x33])
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-tlvs",
            "SMPP v3.4 §5.3.2.12, §5.3.2.35",
            "a receipt tells the id and the state in receipted_message_id and message_state",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request(
                    "receipt with receipted_message_id",
                    |known, pdu| {
                        let tlvs = pdu.tlvs();
                        tlvs.tlv_text(tag::RECEIPTED_MESSAGE_ID)
                            .is_some_and(|id| id == known.message_id())
                            && tlvs.tlv_integer(tag::MESSAGE_STATE) == Some(2)
                    },
                )),
            ],
        )
        .versions(&[0x34, 0x50])
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-failed",
            WHERE,
            "a text that cannot be delivered is reported",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|known| {
                    let to = known.target.to_fail.map(|msisdn| msisdn.address());
                    let destination = to.unwrap_or_default();
                    Pdu::SubmitSm(ShortMessage {
                        destination,
                        ..registered_message(known)
                    })
                }),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request(
                    "receipt that says UNDELIV or REJECTD",
                    |known, pdu| {
                        let text = text_of(pdu);
                        let failed = ["stat:UNDELIV", "stat:REJECTD"]
                            .iter()
                            .any(|stat| text.contains(stat));
                        is_receipt_of_last(known, pdu) && failed
                    },
                )),
            ],
        )
        .needs(Need::NumberThatFails)
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-unasked",
            "SMPP v3.4 §5.2.17",
            "a text without registered_delivery is not reported",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(pdus::submit),
                Step::Await(Awaited::Answer(OK)),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
                Step::See("receipts", |known| {
                    let first = known.message_ids.first().map_or("", String::as_str);
                    let of_first = |pdu: &Pdu| is_receipt_of(pdu, first);
                    let unasked = known.requests.iter().any(|request| of_first(&request.pdu));
                    (!unasked)
                        .then_some(())
                        .ok_or_else(|| format!("one came for {first}"))
                }),
            ],
        )
        .or(NOT_ALLOWED),
        Check::new(
            "query-final",
            "SMPP v3.4 §4.8",
            "query_sm tells that a message was delivered, and when, or has forgotten it",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
                Step::Send(pdus::query),
                Step::Await(Awaited::AnswerOrNack(&[
                    Status::ESME_ROK,
                    Status::ESME_RQUERYFAIL,
                    Status::ESME_RINVMSGID,
                ])),
                Step::See("query_sm_resp", |known| match known.responses.last() {
                    Some(answer) if !answer.status.is_ok() => Ok(()),
                    Some(answer) => match &answer.pdu {
                        Pdu::QuerySmResp(resp) if resp.message_state == 2 && resp.final_date.len() == 16 => {
                            Ok(())
                        }
                        other => Err(format!("{other:?}")),
                    },
                    None => Err("no answer".to_owned()),
                }),
            ],
        )
        .or(&[
            Status::ESME_RINVREGDLVFLG,
            Status::ESME_RINVCMDID,
            Status::ESME_RPROHIBITED,
        ]),
    ]
}

/// What `registered_delivery` asks for besides a receipt of every end.
fn asking() -> Vec<Check> {
    let first_is_silent = Step::See("receipts", |known| {
        let first = known.message_ids.first().map_or("", String::as_str);
        let of_first = |pdu: &Pdu| is_receipt_of(pdu, first);
        let unasked = known.requests.iter().any(|request| of_first(&request.pdu));
        (!unasked)
            .then_some(())
            .ok_or_else(|| format!("one came for {first}"))
    });
    vec![
        Check::new(
            "receipt-failure-only",
            "SMPP v3.4 §5.2.17",
            "a text that is to be reported when it fails is not reported when it arrives",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|known| asked(known, smpp::registered_delivery::FAILURE, known.target.to)),
                Step::Await(Awaited::Answer(OK)),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
                first_is_silent.clone(),
            ],
        )
        .versions(&[0x34, 0x50])
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-success-only",
            "SMPP v5.0 §4.7.21",
            "a text that is to be reported when it arrives is not reported when it fails",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|known| asked(known, smpp::registered_delivery::SUCCESS, failing(known))),
                Step::Await(Awaited::Answer(OK)),
                Step::Send(|known| asked(known, smpp::registered_delivery::FINAL, failing(known))),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
                first_is_silent,
            ],
        )
        .versions(&[0x50])
        .needs(Need::NumberThatFails)
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-intermediate",
            "SMPP v3.4 §2.11, §5.2.17",
            "an attempt that fails is notified as ENROUTE when that is asked for",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|known| {
                    let to = known.target.to_absent.unwrap_or(known.target.to);
                    asked(known, smpp::registered_delivery::INTERMEDIATE, to)
                }),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("intermediate notification", |known, pdu| {
                    let is_such = |message: &ShortMessage| {
                        message.esm_class & smpp::esm_class::TYPE == smpp::esm_class::INTERMEDIATE
                    };
                    let text = text_of(pdu);
                    matches!(pdu, Pdu::DeliverSm(message) if is_such(message))
                        && text.contains(&format!("id:{} ", known.message_id()))
                        && text.contains("stat:ENROUTE")
                })),
            ],
        )
        .versions(&[0x34, 0x50])
        .needs(Need::NumberThatIsAbsent)
        .or(NOT_ALLOWED),
    ]
}

fn failing(known: &Known) -> Msisdn {
    known.target.to_fail.unwrap_or(known.target.to)
}

/// A text for that number whose sender asks for so much.
fn asked(known: &Known, registered_delivery: u8, to: Msisdn) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        destination: to.address(),
        registered_delivery,
        ..pdus::hello(known)
    })
}

fn going() -> Vec<Check> {
    vec![
        Check::new(
            "receipt-to-receiver",
            "SMPP v3.4 §2.2",
            "the receipt of a transmitter's text goes to a receiver of the account",
            vec![
                Step::Bind(BindKind::Receiver),
                Step::Bind(BindKind::Transmitter),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::On(0),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
            ],
        )
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-waits",
            "SMPP v3.4 §2.1",
            "a receipt waits for a session that takes it",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Hang,
                Step::Bind(BindKind::Receiver),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
            ],
        )
        .or(NOT_ALLOWED),
        Check::new(
            "receipt-again",
            "SMPP v3.4 §2.6",
            "a receipt that was not answered before the connection was lost comes again",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::FallSilent,
                Step::Send(registered),
                Step::Await(Awaited::Answer(OK)),
                Step::Await(Awaited::Request("receipt", is_receipt_of_last)),
                Step::Hang,
                Step::Bind(BindKind::Transceiver),
                Step::Await(Awaited::Alive),
                Step::Await(Awaited::Request("second receipt", |known, _| {
                    let receipts = known
                        .requests
                        .iter()
                        .filter(|request| is_receipt_of_last(known, &request.pdu));
                    receipts.count() >= 2
                })),
            ],
        )
        .or(NOT_ALLOWED),
    ]
}

fn registered_message(known: &Known) -> ShortMessage {
    ShortMessage {
        registered_delivery: smpp::registered_delivery::FINAL,
        ..pdus::hello(known)
    }
}

fn registered(known: &Known) -> Pdu {
    Pdu::SubmitSm(registered_message(known))
}

fn text_of(pdu: &Pdu) -> String {
    match pdu {
        Pdu::DeliverSm(message) => String::from_utf8_lossy(message.user_data()).into_owned(),
        _ => String::new(),
    }
}

/// Whether a PDU is the receipt of the message that was given its id last.
fn is_receipt_of_last(known: &Known, pdu: &Pdu) -> bool {
    is_receipt_of(pdu, known.message_id())
}

fn is_receipt_of(pdu: &Pdu, message_id: &str) -> bool {
    match pdu {
        Pdu::DeliverSm(message) => {
            message.is_receipt() && text_of(pdu).contains(&format!("id:{message_id} "))
        }
        _ => false,
    }
}
