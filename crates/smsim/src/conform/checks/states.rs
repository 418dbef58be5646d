//! Who may send what in which state (SMPP v3.4 §2.3, v5.0 Table 2-1).

use smpp::{BindKind, Pdu, Status};

use super::{NO_SUCH, OK, pdus};
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;

const REFUSED: &[Status] = &[Status::ESME_RINVBNDSTS];
const WHERE: &str = "SMPP v5.0 §2.4, Table 2-1";

pub fn checks() -> Vec<Check> {
    [before_bind(), as_receiver(), others()].concat()
}

fn before_bind() -> Vec<Check> {
    let check = |id, fact, pdu: fn(&Known) -> Pdu| {
        let steps = vec![
            Step::Connect,
            Step::Send(pdu),
            Step::Await(Awaited::AnswerOrNack(REFUSED)),
        ];
        Check::new(id, WHERE, fact, steps).or(NO_SUCH)
    };
    vec![
        check(
            "open-submit-sm",
            "submit_sm before a bind is refused",
            pdus::submit,
        ),
        check(
            "open-submit-multi",
            "submit_multi before a bind is refused",
            |known| Pdu::SubmitMulti(pdus::multi(known, &[])),
        ),
        check("open-data-sm", "data_sm before a bind is refused", |known| {
            Pdu::DataSm(pdus::data(known))
        }),
        check("open-query-sm", "query_sm before a bind is refused", |known| {
            pdus::query_of(known, "1")
        }),
        check("open-cancel-sm", "cancel_sm before a bind is refused", |known| {
            Pdu::CancelSm(pdus::cancel_of(known, "1"))
        }),
        check(
            "open-replace-sm",
            "replace_sm before a bind is refused",
            |known| Pdu::ReplaceSm(pdus::replace(known)),
        ),
        Check::new(
            "open-unbind",
            WHERE,
            "unbind before a bind is answered",
            vec![
                Step::Connect,
                Step::Send(|_| Pdu::Unbind),
                Step::Await(Awaited::Answer(&[Status::ESME_RINVBNDSTS, Status::ESME_ROK])),
            ],
        ),
        Check::new(
            "open-enquire-link",
            WHERE,
            "enquire_link before a bind is answered",
            vec![
                Step::Connect,
                Step::Send(|_| Pdu::EnquireLink),
                Step::Await(Awaited::Answer(&[Status::ESME_ROK, Status::ESME_RINVBNDSTS])),
            ],
        ),
    ]
}

fn as_receiver() -> Vec<Check> {
    let check = |id, fact, pdu: fn(&Known) -> Pdu| {
        let steps = vec![
            Step::Bind(BindKind::Receiver),
            Step::Send(pdu),
            Step::Await(Awaited::AnswerOrNack(REFUSED)),
            Step::Await(Awaited::Alive),
        ];
        Check::new(id, WHERE, fact, steps).or(NO_SUCH)
    };
    vec![
        check(
            "receiver-submit-sm",
            "submit_sm by a receiver is refused",
            pdus::submit,
        )
        .versions(&[0x33, 0x34, 0x50]),
        check(
            "receiver-submit-multi",
            "submit_multi by a receiver is refused",
            |known| Pdu::SubmitMulti(pdus::multi(known, &[])),
        ),
        check(
            "receiver-query-sm",
            "query_sm by a receiver is refused",
            |known| pdus::query_of(known, "1"),
        ),
        check(
            "receiver-cancel-sm",
            "cancel_sm by a receiver is refused",
            |known| Pdu::CancelSm(pdus::cancel_of(known, "1")),
        ),
        check(
            "receiver-replace-sm",
            "replace_sm by a receiver is refused",
            |known| Pdu::ReplaceSm(pdus::replace(known)),
        ),
        check(
            "receiver-data-sm",
            "data_sm by a receiver is refused in v5.0",
            |known| Pdu::DataSm(pdus::data(known)),
        )
        .versions(&[0x50]),
    ]
}

fn others() -> Vec<Check> {
    vec![
        Check::new(
            "esme-deliver-sm",
            WHERE,
            "deliver_sm by an ESME is refused, and the session stays bound",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|known| Pdu::DeliverSm(pdus::hello(known))),
                Step::Await(Awaited::AnswerOrNack(&[
                    Status::ESME_RINVBNDSTS,
                    Status::ESME_RINVCMDID,
                    Status::ESME_RPROHIBITED,
                ])),
                Step::Await(Awaited::Alive),
            ],
        ),
        Check::new(
            "unbound-submit-sm",
            WHERE,
            "submit_sm after an unbind is refused, or the connection is closed",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Send(|_| Pdu::Unbind),
                Step::Await(Awaited::Answer(OK)),
                Step::Send(pdus::submit),
                Step::Await(Awaited::AnswerOrEnd(REFUSED)),
            ],
        ),
        Check::new(
            "enquire-link",
            "SMPP v3.4 §4.11",
            "enquire_link is answered in every kind of session",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Await(Awaited::Alive),
                Step::Bind(BindKind::Receiver),
                Step::Await(Awaited::Alive),
            ],
        )
        .versions(&[0x33, 0x34, 0x50]),
    ]
}
