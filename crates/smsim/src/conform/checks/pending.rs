//! `query_sm`, `cancel_sm`, `replace_sm`: what can be asked of a message that waits. It waits because it is scheduled.

use smpp::{BindKind, CancelSm, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, Status};
use sms::Address;

use super::{NO_SUCH, OK, pdus};
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;

const ALL: &[u8] = &[0x33, 0x34, 0x50];
const QUERY: &str = "SMPP v3.4 §4.8";
const CANCEL: &str = "SMPP v3.4 §4.9";
const REPLACE: &str = "SMPP v3.4 §4.10";
/// Statuses by which a message centre says that it offers none of this, or no scheduling.
const NOT_OFFERED: &[Status] = &[
    Status::ESME_RINVCMDID,
    Status::ESME_RPROHIBITED,
    Status::ESME_RINVSCHED,
];
const NOT_FOUND: &[Status] = &[Status::ESME_RINVMSGID, Status::ESME_RQUERYFAIL];
const NOT_CANCELLED: &[Status] = &[Status::ESME_RCANCELFAIL, Status::ESME_RINVMSGID];
const NOT_REPLACED: &[Status] = &[Status::ESME_RREPLACEFAIL, Status::ESME_RINVMSGID];
const NOBODY: &str = "19005550199";

pub fn checks() -> Vec<Check> {
    [queries(), cancellations(), replacements()].concat()
}

/// A transmitter submits a text for later; then the steps; then it cancels what is still there.
fn later(id: &'static str, section: &'static str, fact: &'static str, steps: Vec<Step>) -> Check {
    let before = [
        Step::Bind(BindKind::Transmitter),
        Step::Send(pdus::submit_later),
        Step::Await(Awaited::Answer(OK)),
    ];
    let after = [
        Step::Send(pdus::cancel),
        Step::Await(Awaited::AnswerOrNack(&[
            Status::ESME_ROK,
            Status::ESME_RCANCELFAIL,
            Status::ESME_RINVMSGID,
            Status::ESME_RINVCMDID,
        ])),
    ];
    let steps = before.into_iter().chain(steps).chain(after).collect();
    Check::new(id, section, fact, steps).or(NOT_OFFERED)
}

/// A transmitter asks for something that there is not.
fn absent(
    id: &'static str,
    section: &'static str,
    fact: &'static str,
    pdu: fn(&Known) -> Pdu,
    statuses: &'static [Status],
) -> Check {
    let steps = vec![
        Step::Bind(BindKind::Transmitter),
        Step::Send(pdu),
        Step::Await(Awaited::AnswerOrNack(statuses)),
        Step::Await(Awaited::Alive),
    ];
    Check::new(id, section, fact, steps).or(NO_SUCH)
}

fn ask(pdu: fn(&Known) -> Pdu, statuses: &'static [Status]) -> [Step; 2] {
    [Step::Send(pdu), Step::Await(Awaited::AnswerOrNack(statuses))]
}

fn queries() -> Vec<Check> {
    let pending = Step::See("query_sm_resp", |known| match known.last() {
        // SCHEDULED (v5.0), ENROUTE, ACCEPTED.
        Some(Pdu::QuerySmResp(QuerySmResp {
            message_id,
            final_date,
            message_state: 0 | 1 | 6,
            ..
        })) if final_date.is_empty() && *message_id == known.message_id() => Ok(()),
        other => Err(format!(
            "{other:?} for the message {}, which waits",
            known.message_id()
        )),
    });
    vec![
        later(
            "query-pending",
            QUERY,
            "query_sm tells that a message waits, without a final date",
            ask(pdus::query, OK).into_iter().chain([pending]).collect(),
        )
        .versions(ALL),
        later(
            "query-other-source",
            QUERY,
            "query_sm with a source_addr that is not the message's is refused",
            ask(
                |known| {
                    Pdu::QuerySm(QuerySm {
                        message_id: known.message_id().into(),
                        source: somebody_else(),
                    })
                },
                &[
                    Status::ESME_RINVSRCADR,
                    Status::ESME_RQUERYFAIL,
                    Status::ESME_RINVMSGID,
                ],
            )
            .to_vec(),
        ),
        absent(
            "query-unknown",
            QUERY,
            "query_sm of a message that there is not is refused",
            |known| pdus::query_of(known, "no-such-message"),
            NOT_FOUND,
        ),
    ]
}

fn cancellations() -> Vec<Check> {
    vec![
        later(
            "cancel",
            CANCEL,
            "cancel_sm deletes a message that waits: it is deleted or forgotten, and cannot be cancelled again",
            ask(pdus::cancel, OK)
                .into_iter()
                .chain(ask(pdus::query, &[Status::ESME_ROK, Status::ESME_RQUERYFAIL, Status::ESME_RINVMSGID]))
                .chain([Step::See("query_sm_resp", |known| match known.last() {
                    Some(Pdu::QuerySmResp(QuerySmResp { message_id, message_state, .. }))
                        if !message_id.is_empty() && *message_state != 4 =>
                    {
                        Err(format!("message_state {message_state} after cancel_sm; expected 4, DELETED"))
                    }
                    _ => Ok(()),
                })])
                .chain(ask(pdus::cancel, NOT_CANCELLED))
                .collect(),
        )
        .versions(ALL),
        later(
            "cancel-other-source",
            CANCEL,
            "cancel_sm with a source_addr that is not the message's is refused",
            ask(
                |known| {
                    let cancel = pdus::cancel_of(known, known.message_id());
                    Pdu::CancelSm(CancelSm { source: somebody_else(), ..cancel })
                },
                &[Status::ESME_RINVSRCADR, Status::ESME_RCANCELFAIL, Status::ESME_RINVMSGID],
            )
            .to_vec(),
        ),
        later(
            "cancel-by-addresses",
            CANCEL,
            "cancel_sm without a message_id deletes what waits between two addresses",
            ask(|known| Pdu::CancelSm(pdus::cancel_of(known, "")), OK)
                .into_iter()
                .chain(ask(pdus::cancel, NOT_CANCELLED))
                .collect(),
        ),
        absent(
            "cancel-unknown",
            CANCEL,
            "cancel_sm of a message that there is not is refused",
            |known| Pdu::CancelSm(pdus::cancel_of(known, "no-such-message")),
            NOT_CANCELLED,
        ),
    ]
}

fn replacements() -> Vec<Check> {
    let still_there = [Step::See("query_sm_resp", |known| match known.last() {
        Some(Pdu::QuerySmResp(QuerySmResp {
            message_state: 0 | 1 | 6,
            ..
        })) => Ok(()),
        other => Err(format!("{other:?} after replace_sm")),
    })];
    vec![
        later(
            "replace",
            REPLACE,
            "replace_sm gives a message that waits another text; it still waits",
            ask(
                |known| {
                    let schedule_delivery_time = pdus::AN_HOUR.to_owned();
                    Pdu::ReplaceSm(ReplaceSm { schedule_delivery_time, ..pdus::replace(known) })
                },
                OK,
            )
            .into_iter()
            .chain(ask(pdus::query, OK))
            .chain(still_there)
            .collect(),
        )
        .versions(ALL),
        later(
            "replace-other-source",
            REPLACE,
            "replace_sm with a source_addr that is not the message's is refused",
            ask(
                |known| Pdu::ReplaceSm(ReplaceSm { source: somebody_else(), ..pdus::replace(known) }),
                &[Status::ESME_RINVSRCADR, Status::ESME_RREPLACEFAIL, Status::ESME_RINVMSGID],
            )
            .to_vec(),
        ),
        later(
            "replace-cancelled",
            REPLACE,
            "replace_sm of a message that was cancelled is refused",
            ask(pdus::cancel, OK)
                .into_iter()
                .chain(ask(|known| Pdu::ReplaceSm(pdus::replace(known)), NOT_REPLACED))
                .collect(),
        ),
        absent(
            "replace-unknown",
            REPLACE,
            "replace_sm of a message that there is not is refused",
            |known| {
                let message_id = "no-such-message".into();
                Pdu::ReplaceSm(ReplaceSm { message_id, ..pdus::replace(known) })
            },
            NOT_REPLACED,
        ),
        later(
            "replace-if-present",
            "SMPP v3.4 §5.2.18",
            "submit_sm with replace_if_present_flag takes the place of what waits, or is a message of its own",
            ask(
                |known| {
                    Pdu::SubmitSm(ShortMessage {
                        schedule_delivery_time: pdus::AN_HOUR.to_owned(),
                        replace_if_present_flag: 1,
                        ..pdus::hello(known)
                    })
                },
                OK,
            )
            .to_vec(),
        )
        .or(&[Status::ESME_RINVSUBREP, Status::ESME_RINVREPFLAG, Status::ESME_RINVSCHED]),
    ]
}

/// A source that no message of a check has.
fn somebody_else() -> Address {
    Address {
        digits: NOBODY.into(),
        ..Address::default()
    }
}
