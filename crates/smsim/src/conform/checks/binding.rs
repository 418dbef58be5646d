//! Binding and unbinding, and what the versions say to each other.

use smpp::{Bind, BindKind, Pdu, Status, Tlvs, tag};

use super::OK;
use crate::conform::check::{Awaited, Check, Need, Step};
use crate::conform::known::Known;
use crate::conform::probe::bind;

const ALL: &[u8] = &[0x33, 0x34, 0x50];
const SINCE_34: &[u8] = &[0x34, 0x50];
const WRONG_PASSWORD: &[Status] = &[Status::ESME_RINVPASWD, Status::ESME_RBINDFAIL];
const WRONG_SYSTEM_ID: &[Status] = &[Status::ESME_RINVSYSID, Status::ESME_RBINDFAIL];

pub fn checks() -> Vec<Check> {
    [kinds(), refusals(), unbinding()].concat()
}

fn kinds() -> Vec<Check> {
    vec![
        Check::new(
            "bind-transmitter",
            "SMPP v3.4 §4.1.1",
            "bind_transmitter succeeds, and the session lives",
            vec![Step::Bind(BindKind::Transmitter), Step::Await(Awaited::Alive)],
        )
        .versions(ALL),
        Check::new(
            "bind-receiver",
            "SMPP v3.4 §4.1.3",
            "bind_receiver succeeds, and the session lives",
            vec![Step::Bind(BindKind::Receiver), Step::Await(Awaited::Alive)],
        )
        .versions(ALL),
        Check::new(
            "bind-transceiver",
            "SMPP v3.4 §4.1.5",
            "bind_transceiver succeeds, and the session lives",
            vec![Step::Bind(BindKind::Transceiver), Step::Await(Awaited::Alive)],
        )
        .versions(SINCE_34),
        Check::new(
            "bind-resp-v33",
            "SMPP v3.4 §5.2.4",
            "a bind of v3.3 is answered without optional parameters",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::See("bind_transmitter_resp", |known| match known.last() {
                    Some(Pdu::BindResp(resp)) if resp.tlvs.is_empty() => Ok(()),
                    other => Err(format!("{other:?}")),
                }),
            ],
        )
        .versions(&[0x33]),
        Check::new(
            "bind-resp-version",
            "SMPP v3.4 §5.3.2.25",
            "a bind of v3.4 or later is told the message centre's version",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::See("sc_interface_version", |known| match known.last() {
                    Some(Pdu::BindResp(resp)) => match resp.tlvs.tlv_integer(tag::SC_INTERFACE_VERSION) {
                        Some(0x33..=0x50) => Ok(()),
                        other => Err(format!("{other:?}")),
                    },
                    other => Err(format!("{other:?}")),
                }),
            ],
        )
        .versions(SINCE_34),
        Check::new(
            "bind-unknown-version",
            "SMPP v5.0 §2.11",
            "a bind of a version between 3.4 and 5.0, or after it, is accepted as the one below, or refused in order",
            vec![
                Step::Connect,
                Step::Send(|known| of_kind(known, BindKind::Transmitter)),
                Step::Await(Awaited::Answer(&[Status::ESME_ROK, Status::ESME_RBINDFAIL])),
            ],
        )
        .versions(&[0x40, 0x51, 0xFF]),
        Check::new(
            "bind-several",
            "SMPP v3.4 §2.2",
            "a transmitter and a receiver of one account are bound at the same time",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Bind(BindKind::Receiver),
                Step::Await(Awaited::Alive),
                Step::On(0),
                Step::Await(Awaited::Alive),
            ],
        )
        .versions(ALL),
    ]
}

fn refusals() -> Vec<Check> {
    vec![
        Check::new(
            "bind-wrong-password",
            "SMPP v5.0 §4.1.1",
            "a bind with a wrong password is refused",
            vec![
                Step::Connect,
                Step::Send(|known| {
                    let right = bind(known, BindKind::Transmitter);
                    let password = if right.password == "wrong" {
                        "wrong2"
                    } else {
                        "wrong"
                    };
                    Pdu::Bind(Bind {
                        password: password.into(),
                        ..right
                    })
                }),
                Step::Await(Awaited::Answer(WRONG_PASSWORD)),
            ],
        )
        .versions(ALL),
        Check::new(
            "bind-wrong-system-id",
            "SMPP v3.4 §4.1.1",
            "a bind of nobody's system_id is refused",
            vec![
                Step::Connect,
                Step::Send(|known| named(known, "nobody~here")),
                Step::Await(Awaited::Answer(WRONG_SYSTEM_ID)),
            ],
        ),
        Check::new(
            "bind-long-system-id",
            "SMPP v3.4 §5.2.1",
            "a system_id of 16 characters is refused, or not understood, in order",
            vec![
                Step::Connect,
                Step::Send(|known| named(known, "abcdefghijklmnop")),
                Step::Await(Awaited::AnswerOrNack(&[
                    Status::ESME_RINVSYSID,
                    Status::ESME_RBINDFAIL,
                    Status::ESME_RINVCMDLEN,
                ])),
            ],
        ),
        Check::new(
            "bind-no-system-id",
            "SMPP v3.4 §5.2.1",
            "a bind without a system_id is refused",
            vec![
                Step::Connect,
                Step::Send(|known| named(known, "")),
                Step::Await(Awaited::Answer(WRONG_SYSTEM_ID)),
            ],
        ),
        Check::new(
            "bind-long-password",
            "SMPP v3.4 §5.2.2",
            "a password that is longer than any is refused, or not understood, in order",
            vec![
                Step::Connect,
                Step::Send(|known| {
                    let password = "abcdefghijklmnopqrstuvwxyz".into();
                    Pdu::Bind(Bind {
                        password,
                        ..bind(known, BindKind::Transmitter)
                    })
                }),
                Step::Await(Awaited::AnswerOrNack(&[
                    Status::ESME_RINVPASWD,
                    Status::ESME_RBINDFAIL,
                    Status::ESME_RINVCMDLEN,
                ])),
            ],
        ),
        Check::new(
            "bind-again",
            "SMPP v3.4 §5.1.3",
            "a second bind on a session is refused, and the session stays bound",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Send(|known| of_kind(known, BindKind::Transmitter)),
                Step::Await(Awaited::Answer(&[Status::ESME_RALYBND])),
                Step::Await(Awaited::Alive),
            ],
        )
        .versions(ALL),
    ]
}

fn unbinding() -> Vec<Check> {
    vec![
        Check::new(
            "unbind",
            "SMPP v3.4 §4.2",
            "unbind is answered, and the account can bind again",
            vec![
                Step::Bind(BindKind::Transmitter),
                Step::Send(|_| Pdu::Unbind),
                Step::Await(Awaited::Answer(OK)),
                Step::Bind(BindKind::Transmitter),
                Step::Await(Awaited::Alive),
            ],
        )
        .versions(ALL),
        Check::new(
            "unbind-by-smsc",
            "SMPP v3.4 §4.2",
            "the message centre unbinds, and closes once it is answered",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Octets(
                    |known| {
                        let to = known.target.to_unbind.map(|msisdn| msisdn.address());
                        let message = smpp::ShortMessage {
                            destination: to.unwrap_or_default(),
                            ..super::pdus::hello(known)
                        };
                        smpp::encode(&smpp::Command::request(7, Pdu::SubmitSm(message))).to_vec()
                    },
                    None,
                ),
                Step::Await(Awaited::Request("unbind", |_, pdu| *pdu == Pdu::Unbind)),
                Step::Await(Awaited::End),
            ],
        )
        .needs(Need::NumberThatUnbinds),
        Check::new(
            "enquire-link-by-smsc",
            "SMPP v3.4 §4.11",
            "the message centre asks with an enquire_link when the ESME is silent",
            vec![
                Step::Bind(BindKind::Transceiver),
                Step::Await(Awaited::RequestWhenIdle("enquire_link", |_, pdu| {
                    *pdu == Pdu::EnquireLink
                })),
                Step::Await(Awaited::Alive),
            ],
        )
        .needs(Need::Idle),
        Check::new(
            "bind-storm",
            "SMPP v3.4 §2.2",
            "64 ESMEs that bind and unbind 30 times at the same time are all answered, and another can bind then",
            vec![
                Step::Storm {
                    links: 64,
                    rounds: 30,
                },
                Step::Bind(BindKind::Transmitter),
                Step::Await(Awaited::Alive),
            ],
        ),
    ]
}

fn of_kind(known: &Known, kind: BindKind) -> Pdu {
    Pdu::Bind(bind(known, kind))
}

fn named(known: &Known, system_id: &str) -> Pdu {
    Pdu::Bind(Bind {
        system_id: system_id.into(),
        ..bind(known, BindKind::Transmitter)
    })
}
