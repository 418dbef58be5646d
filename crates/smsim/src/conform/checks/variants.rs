//! The other ways to submit: `submit_multi`, `data_sm`, `broadcast_sm` and its kin.

use smpp::{
    BindKind, BroadcastSm, CancelBroadcastSm, DataSm, DestAddress, Pdu, QueryBroadcastSm, Status,
    SubmitMulti, SubmitMultiResp, Tlv, tag,
};

use super::{NO_SUCH, OK, pdus};
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;

/// How a message centre says that it does not broadcast, or not there.
const NO_SUCH_OR_AREA: &[Status] = &[
    Status::ESME_RINVCMDID,
    Status::ESME_RPROHIBITED,
    Status::ESME_RINVBCASTALIAS_NAME,
    Status::ESME_RINVBCASTAREAFMT,
];
const ALL: &[u8] = &[0x33, 0x34, 0x50];
const MULTI: &str = "SMPP v3.4 §4.5";
const DATA: &str = "SMPP v3.4 §4.7";
const BROADCAST: &str = "SMPP v5.0 §4.4.1";

pub fn checks() -> Vec<Check> {
    [multi(), data(), broadcasts()].concat()
}

/// A session of that kind sends a PDU; the answer has one of the statuses; it is looked at, and the session lives.
fn asked(
    kind: BindKind,
    (id, section, fact): (&'static str, &'static str, &'static str),
    pdu: fn(&Known) -> Pdu,
    statuses: &'static [Status],
    look: fn(&Known) -> Result<(), String>,
) -> Check {
    let steps = vec![
        Step::Bind(kind),
        Step::Send(pdu),
        Step::Await(Awaited::AnswerOrNack(statuses)),
        Step::See("the answer", look),
        Step::Await(Awaited::Alive),
    ];
    Check::new(id, section, fact, steps).or(NO_SUCH)
}

fn multi() -> Vec<Check> {
    let ask = |words, pdu, statuses, look| asked(BindKind::Transmitter, words, pdu, statuses, look);
    vec![
        ask(
            (
                "multi",
                MULTI,
                "submit_multi for two numbers succeeds, with one message_id and no failures",
            ),
            |known| {
                let own = known.destination().digits;
                Pdu::SubmitMulti(pdus::multi(known, &[&own]))
            },
            OK,
            |known| match known.last() {
                Some(Pdu::SubmitMultiResp(SubmitMultiResp {
                    message_id,
                    unsuccess,
                    ..
                })) if !message_id.is_empty() && unsuccess.is_empty() => Ok(()),
                other => Err(format!("{other:?}")),
            },
        )
        .versions(ALL),
        ask(
            (
                "multi-partly",
                MULTI,
                "submit_multi tells which destination it did not take, and why",
            ),
            |known| Pdu::SubmitMulti(pdus::multi(known, &["NOBODY"])),
            OK,
            |known| match known.last() {
                Some(Pdu::SubmitMultiResp(SubmitMultiResp { unsuccess, .. })) if matches!(&unsuccess[..], [one] if !one.status.is_ok() && one.destination.digits == "NOBODY") => {
                    Ok(())
                }
                other => Err(format!("{other:?}")),
            },
        ),
        ask(
            (
                "multi-nobody",
                MULTI,
                "submit_multi for no destination is refused",
            ),
            |known| {
                Pdu::SubmitMulti(SubmitMulti {
                    destinations: Vec::new(),
                    ..pdus::multi(known, &[])
                })
            },
            &[Status::ESME_RINVNUMDESTS],
            |_| Ok(()),
        ),
        ask(
            (
                "multi-list",
                MULTI,
                "submit_multi to a distribution list that there is not is refused",
            ),
            |known| {
                let destinations = vec![DestAddress::DistributionList("nobody".into())];
                Pdu::SubmitMulti(SubmitMulti {
                    destinations,
                    ..pdus::multi(known, &[])
                })
            },
            &[
                Status::ESME_RINVDLNAME,
                Status::ESME_RCNTSUBDL,
                Status::ESME_RSUBMITFAIL,
                Status::ESME_RINVDSTADR,
            ],
            |_| Ok(()),
        ),
    ]
}

fn data() -> Vec<Check> {
    let has_id = |known: &Known| match known.last() {
        Some(Pdu::DataSmResp(resp)) if !resp.id().is_empty() => Ok(()),
        other => Err(format!("{other:?}")),
    };
    vec![
        asked(
            BindKind::Transceiver,
            (
                "data-sm",
                DATA,
                "data_sm with a message_payload succeeds, and has a message_id",
            ),
            |known| Pdu::DataSm(pdus::data(known)),
            OK,
            has_id,
        )
        .versions(&[0x34, 0x50]),
        asked(
            BindKind::Transmitter,
            (
                "data-sm-empty",
                DATA,
                "data_sm without a text is taken or refused in order",
            ),
            |known| {
                Pdu::DataSm(DataSm {
                    tlvs: Vec::new(),
                    ..pdus::data(known)
                })
            },
            &[
                Status::ESME_RMISSINGTLV,
                Status::ESME_RINVMSGLEN,
                Status::ESME_ROK,
            ],
            |_| Ok(()),
        ),
        asked(
            BindKind::Transmitter,
            (
                "data-sm-nowhere",
                DATA,
                "data_sm without a destination_addr is refused",
            ),
            |known| {
                Pdu::DataSm(DataSm {
                    destination: sms::Address::default(),
                    ..pdus::data(known)
                })
            },
            &[Status::ESME_RINVDSTADR],
            |_| Ok(()),
        ),
    ]
}

fn broadcasts() -> Vec<Check> {
    let v50 = |words, pdu, statuses, look| {
        asked(BindKind::Transmitter, words, pdu, statuses, look)
            .versions(&[0x50])
            .or(NO_SUCH_OR_AREA)
    };
    let had_one = [
        Step::Bind(BindKind::Transmitter),
        Step::Send(|known| Pdu::BroadcastSm(pdus::broadcast(known))),
        Step::Await(Awaited::AnswerOrNack(OK)),
    ];
    let then = |id, section, fact, steps: Vec<Step>| {
        let steps = had_one.iter().cloned().chain(steps).collect();
        Check::new(id, section, fact, steps)
            .versions(&[0x50])
            .or(NO_SUCH_OR_AREA)
    };
    vec![
        v50(
            (
                "broadcast",
                BROADCAST,
                "broadcast_sm to one area succeeds, and has a message_id",
            ),
            |known| Pdu::BroadcastSm(pdus::broadcast(known)),
            OK,
            |known| match known.last() {
                Some(Pdu::BroadcastSmResp(resp)) if !resp.id().is_empty() => Ok(()),
                other => Err(format!("{other:?}")),
            },
        ),
        v50(
            (
                "broadcast-no-area",
                BROADCAST,
                "broadcast_sm without an area is refused",
            ),
            |known| {
                let tlvs: Vec<Tlv> = pdus::broadcast(known).tlvs;
                let tlvs = tlvs
                    .into_iter()
                    .filter(|tlv| tlv.tag != tag::BROADCAST_AREA_IDENTIFIER);
                Pdu::BroadcastSm(BroadcastSm {
                    tlvs: tlvs.collect(),
                    ..pdus::broadcast(known)
                })
            },
            &[
                Status::ESME_RMISSINGTLV,
                Status::ESME_RINVNUMBCAST_AREAS,
                Status::ESME_RINVBCASTAREAFMT,
                Status::ESME_RBCASTFAIL,
            ],
            |_| Ok(()),
        ),
        then(
            "query-broadcast",
            "SMPP v5.0 §4.6.1",
            "query_broadcast_sm tells the state of a broadcast and of its areas",
            vec![
                Step::Send(|known| {
                    Pdu::QueryBroadcastSm(QueryBroadcastSm {
                        message_id: known.message_id().into(),
                        source: known.target.from.clone(),
                        ..QueryBroadcastSm::default()
                    })
                }),
                Step::Await(Awaited::AnswerOrNack(OK)),
                Step::See("query_broadcast_sm_resp", |known| match known.last() {
                    Some(Pdu::QueryBroadcastSmResp(resp))
                        if [tag::MESSAGE_STATE, tag::BROADCAST_AREA_IDENTIFIER]
                            .iter()
                            .all(|wanted| resp.tlvs.iter().any(|tlv| tlv.tag == *wanted)) =>
                    {
                        Ok(())
                    }
                    other => Err(format!("{other:?}")),
                }),
            ],
        ),
        then(
            "cancel-broadcast",
            "SMPP v5.0 §4.6.3",
            "cancel_broadcast_sm ends a broadcast, or says that it is over",
            vec![
                Step::Send(|known| {
                    Pdu::CancelBroadcastSm(CancelBroadcastSm {
                        message_id: known.message_id().into(),
                        source: known.target.from.clone(),
                        ..CancelBroadcastSm::default()
                    })
                }),
                Step::Await(Awaited::AnswerOrNack(&[
                    Status::ESME_ROK,
                    Status::ESME_RBCASTCANCELFAIL,
                ])),
            ],
        ),
        v50(
            (
                "query-broadcast-unknown",
                "SMPP v5.0 §4.6.1",
                "query_broadcast_sm of a broadcast that there is not is refused",
            ),
            |known| {
                Pdu::QueryBroadcastSm(QueryBroadcastSm {
                    message_id: "no-such-message".into(),
                    source: known.target.from.clone(),
                    ..QueryBroadcastSm::default()
                })
            },
            &[
                Status::ESME_RBCASTQUERYFAIL,
                Status::ESME_RINVMSGID,
                Status::ESME_RQUERYFAIL,
            ],
            |_| Ok(()),
        ),
    ]
}
