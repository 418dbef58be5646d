//! What holds whatever the SMSC, the link and the owner do, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use esme::{Config, Control, Esme, Event, Input, Output};
use proptest::prelude::*;
use smpp::{
    BindKind, BindResp, Command, Frame, Header, MessageIdResp, Pdu, ShortMessage, Status, command_id,
    esm_class,
};
use sms::{Reference, Segment, Timestamp};

use crate::peer::{code, frame, mobile_originated, phone, submit};

const WINDOW_MAX: usize = 3;
const QUEUE_MAX: usize = 5;

fn config() -> Config {
    Config {
        window_max: WINDOW_MAX,
        queue_max: QUEUE_MAX,
        enquire_link: Some(Duration::from_secs(30)),
        response_timeout: Duration::from_secs(10),
        reconnect_after: Duration::from_secs(5),
        throttle_pause: Duration::from_secs(1),
        retries_max: 2,
        resends_max: 1,
        losses_max: 2,
        correlations_max: 4,
        early_receipts_max: 2,
        reassembly_hold: Duration::from_secs(60),
        incomplete_max: 2,
        ..Config::default()
    }
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        parts: usize,
    },
    Pass {
        millis: u64,
    },
    Opened,
    Closed,
    /// The SMSC answers one of the requests that it has.
    Answer {
        which: prop::sample::Index,
        status: Status,
        nack: bool,
    },
    /// A receipt for a message with that number, known or not.
    Receipt {
        message: u32,
        stat: &'static str,
    },
    Mo {
        part: usize,
        reference: u8,
    },
    Control(Control),
    Frame(Box<Frame>),
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![
        6 => Just(Status::ESME_ROK),
        1 => Just(Status::ESME_RTHROTTLED),
        1 => Just(Status::ESME_RMSGQFUL),
        1 => Just(Status::ESME_RSYSERR),
        1 => Just(Status::ESME_RINVDSTADR),
    ];
    let header = |command_id| Header {
        command_length: 20,
        command_id,
        command_status: Status::ESME_ROK,
        sequence_number: 3,
    };
    let malformed = prop::sample::select(vec![
        command_id::DELIVER_SM,
        command_id::SUBMIT_SM_RESP,
        command_id::BIND_TRANSCEIVER_RESP,
    ])
    .prop_map(move |id| Frame::Malformed {
        header: header(id),
        status: Status::ESME_RINVMSGLEN,
        field: "sm_length",
        raw: Default::default(),
    });
    let request = prop::sample::select(vec![
        Pdu::EnquireLink,
        Pdu::Unbind,
        Pdu::CancelSm(Default::default()),
    ])
    .prop_map(|pdu| {
        frame(Command {
            status: Status::ESME_ROK,
            sequence_number: 9,
            pdu,
        })
    });
    let stats = vec!["DELIVRD", "UNDELIV", "ENROUTE", "HUH"];
    prop_oneof![
        6 => prop_oneof![4 => Just(1_usize), 1 => Just(2), 1 => Just(5)].prop_map(|parts| Step::Submit { parts }),
        4 => prop_oneof![0..300_u64, Just(1_000), Just(5_000), Just(10_000), 0..90_000_u64]
            .prop_map(|millis| Step::Pass { millis }),
        2 => Just(Step::Opened),
        1 => Just(Step::Closed),
        9 => (any::<prop::sample::Index>(), status, prop::bool::weighted(0.1))
            .prop_map(|(which, status, nack)| Step::Answer { which, status, nack }),
        4 => (0..40_u32, prop::sample::select(stats)).prop_map(|(message, stat)| Step::Receipt { message, stat }),
        1 => (0..3_usize, 0..4_u8).prop_map(|(part, reference)| Step::Mo { part, reference }),
        1 => prop::sample::select(vec![Control::BindUp, Control::BindDown]).prop_map(Step::Control),
        1 => prop_oneof![3 => request, 1 => malformed, 1 => Just(Frame::Broken { header: None })]
            .prop_map(|frame| Step::Frame(Box::new(frame))),
    ]
}

/// An ESME, an SMSC that has whatever was sent to it, and an auditor.
struct Audit {
    esme: Esme,
    now: Timestamp,
    is_open: bool,
    is_bound: bool,
    paused_until: Timestamp,
    /// What the SMSC has and has not answered, by sequence number.
    unanswered: BTreeMap<u32, Pdu>,
    next_message: u32,
    next_token: u64,
    sent: BTreeSet<u64>,
    submitted: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    reported: BTreeSet<u64>,
}

impl Audit {
    fn new() -> Self {
        Self {
            esme: Esme::new(config()),
            now: Timestamp::from_secs(1_000),
            is_open: false,
            is_bound: false,
            paused_until: Timestamp::EPOCH,
            unanswered: BTreeMap::new(),
            next_message: 0,
            next_token: 0,
            sent: BTreeSet::new(),
            submitted: BTreeSet::new(),
            refused: BTreeSet::new(),
            reported: BTreeSet::new(),
        }
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Submit { parts } => {
                self.next_token += 1;
                let text = if parts == 1 {
                    self.next_token.to_string()
                } else {
                    "x".repeat(153 * parts)
                };
                self.give(submit(self.next_token, &text));
            }
            Step::Pass { millis } => {
                let until = self.now + Duration::from_millis(millis);
                while let Some(at) = self.esme.next_wakeup().filter(|at| *at <= until) {
                    self.now = at.max(self.now);
                    self.give(Input::Tick);
                }
                self.now = until;
            }
            Step::Opened => {
                self.unanswered.clear();
                self.is_open = true;
                self.give(Input::Opened);
            }
            Step::Closed => {
                self.unanswered.clear();
                self.is_open = false;
                self.give(Input::Closed);
            }
            Step::Answer { which, status, nack } => {
                let waiting = self.unanswered.len();
                if waiting > 0 {
                    self.answer(which.index(waiting), status, nack);
                }
            }
            Step::Receipt { message, stat } => {
                let user_data = format!("id:{message:08X} stat:{stat} err:001").into_bytes();
                let segment = Segment {
                    data_coding: 0,
                    udhi: false,
                    user_data: user_data.into(),
                };
                let message = ShortMessage::new(phone(), code(), &segment);
                self.deliver(Pdu::DeliverSm(ShortMessage {
                    esm_class: esm_class::RECEIPT,
                    ..message
                }));
            }
            Step::Mo { part, reference } => {
                let parts = Segment::split(&"y".repeat(400), Reference::Octet(reference)).expect("fits");
                self.deliver(mobile_originated(&parts[part]));
            }
            Step::Control(control) => self.give(Input::Control(control)),
            Step::Frame(frame) => self.give(Input::Received(*frame)),
        }
    }

    fn deliver(&mut self, pdu: Pdu) {
        let command = Command {
            status: Status::ESME_ROK,
            sequence_number: 5,
            pdu,
        };
        self.give(Input::Received(frame(command)));
    }

    fn answer(&mut self, nth: usize, status: Status, nack: bool) {
        let sequence_number = *self.unanswered.keys().nth(nth).expect("a request");
        let request = self.unanswered.remove(&sequence_number);
        let pdu = match request {
            Some(Pdu::SubmitSm(_)) => {
                self.next_message += 1;
                Pdu::SubmitSmResp(MessageIdResp::new(&format!("{:x}", self.next_message)))
            }
            Some(Pdu::Bind(_)) => Pdu::BindResp(BindResp::new(BindKind::Transceiver, "smsc", Some(0x34))),
            Some(Pdu::Unbind) => Pdu::UnbindResp,
            _ => Pdu::EnquireLinkResp,
        };
        let pdu = if nack && !status.is_ok() {
            Pdu::GenericNack
        } else {
            pdu
        };
        self.give(Input::Received(frame(Command {
            status,
            sequence_number,
            pdu,
        })));
    }

    fn give(&mut self, input: Input) {
        let outputs = self.esme.handle(self.now, input.clone());
        for output in &outputs {
            self.hear(output);
        }
        assert!(
            self.esme.queued() <= QUEUE_MAX + WINDOW_MAX,
            "{} texts wait",
            self.esme.queued()
        );
        assert!(self.esme.awaiting_receipts() <= config().correlations_max);
        assert_eq!(self.esme.is_bound(), self.is_bound);
        let wakeup = self.esme.next_wakeup();
        assert!(
            wakeup.is_none_or(|at| at > self.now),
            "due at {wakeup:?} after {input:?} at {:?}",
            self.now
        );
    }

    fn hear(&mut self, output: &Output) {
        match output {
            Output::Connect => assert!(!self.is_bound),
            Output::Close => {
                self.is_open = false;
                self.unanswered.clear();
            }
            Output::Send(command) => self.hear_pdu(command),
            Output::Bound => assert!(!std::mem::replace(&mut self.is_bound, true), "bound twice"),
            Output::Unbound => {
                assert!(std::mem::replace(&mut self.is_bound, false), "unbound twice");
            }
            Output::Mo { parts, .. } => assert!((1..=3).contains(parts)),
            Output::Submitted { token, message_ids } => {
                assert!(!message_ids.is_empty());
                assert!(
                    !self.refused.contains(token) && self.submitted.insert(*token),
                    "text {token} ends twice"
                );
            }
            Output::Refused { token, .. } => {
                assert!(
                    !self.submitted.contains(token) && self.refused.insert(*token),
                    "text {token} ends twice"
                );
            }
            Output::Receipt { token, is_final, .. } => {
                assert!(
                    self.submitted.contains(token),
                    "text {token} is not submitted yet"
                );
                assert!(!self.reported.contains(token), "text {token} is final already");
                if *is_final {
                    self.reported.insert(*token);
                }
            }
            Output::Noted(event) => {
                assert!(!event.to_string().is_empty());
                let json = serde_json::to_string(event).expect("events are plain data");
                assert!(json.starts_with(r#"{"esme":""#), "{json}");
                if matches!(event, Event::Throttled { .. } | Event::Retried { .. }) {
                    self.paused_until = self.now + config().throttle_pause;
                }
            }
        }
    }

    fn hear_pdu(&mut self, command: &Command) {
        if command.pdu.is_response() {
            return;
        }
        if let Pdu::SubmitSm(message) = &command.pdu {
            // A text of one part says its token; the first time, texts go out in their order.
            if let Ok(token) = message.segment().text().parse::<u64>()
                && self.sent.insert(token)
            {
                assert_eq!(self.sent.last(), Some(&token), "a later text was first");
            }
            assert!(self.is_bound, "a text is submitted on a link that is not bound");
            assert!(self.now >= self.paused_until, "a text is submitted in a pause");
        }
        assert!(
            self.unanswered
                .insert(command.sequence_number, command.pdu.clone())
                .is_none()
        );
    }

    /// The SMSC takes everything; then every text that was submitted has ended.
    fn settle(&mut self) {
        self.play(Step::Control(Control::BindUp));
        for _ in 0..2_000 {
            if self.submitted.len() + self.refused.len() == usize::try_from(self.next_token).expect("few") {
                assert_eq!(self.esme.queued(), 0);
                return;
            }
            if !self.is_open {
                self.play(Step::Opened);
            } else if self.unanswered.is_empty() {
                self.play(Step::Pass { millis: 500 });
            } else {
                self.answer(0, Status::ESME_ROK, false);
            }
        }
        panic!(
            "text after text ends: {:?} {:?} of {}",
            self.submitted, self.refused, self.next_token
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_text_ends_exactly_once(steps in prop::collection::vec(step(), 1..120)) {
        let mut audit = Audit::new();
        audit.give(Input::Tick);
        for step in steps {
            audit.play(step);
        }
        audit.settle();
    }
}
