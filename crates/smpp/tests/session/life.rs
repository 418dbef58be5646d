//! What holds whatever happens to a session.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use smpp::{
    Bind, BindKind, Command, Frame, MessageIdResp, Pdu, Received, Session, ShortMessage, Status, TimerEvent,
    command_id,
};
use sms::Timestamp;

use crate::{NOW, every_request, frame, limits};

/// One step of a session's life.
#[derive(Clone, Debug)]
enum Step {
    Receive {
        id: u32,
        status: u32,
        sequence_number: u32,
        body: Vec<u8>,
    },
    Send(usize),
    Answer {
        accept: bool,
    },
    Wait(u64),
    Wake,
}

fn step() -> impl Strategy<Value = Step> {
    let known = vec![
        1u32, 2, 3, 4, 5, 6, 7, 8, 9, 0xB, 0x15, 0x21, 0x102, 0x103, 0x111, 0x112, 0x113, 0, 0x300,
    ];
    let id = (prop::sample::select(known), any::<bool>()).prop_map(|(id, is_response)| {
        if is_response {
            id | command_id::RESPONSE
        } else {
            id
        }
    });
    let body = prop_oneof![
        Just(vec![0; 24]),
        Just(vec![]),
        prop::collection::vec(any::<u8>(), 0..30)
    ];
    prop_oneof![
        4 => (id, 0u32..2, 0u32..12, body).prop_map(|(id, status, sequence_number, body)| Step::Receive { id, status, sequence_number, body }),
        3 => (0usize..20).prop_map(Step::Send),
        2 => any::<bool>().prop_map(|accept| Step::Answer { accept }),
        1 => (0u64..40).prop_map(Step::Wait),
        1 => Just(Step::Wake),
    ]
}

/// A session, what its owner has not answered yet, and the tokens that are under way.
struct Life {
    session: Session<u32>,
    now: Timestamp,
    requests: Vec<Command>,
    tokens: BTreeSet<u32>,
    next_token: u32,
}

impl Life {
    fn step(&mut self, step: Step) {
        match step {
            Step::Receive {
                id,
                status,
                sequence_number,
                body,
            } => {
                let pdu = Pdu::Other {
                    command_id: id,
                    body: body.into(),
                };
                let frame = frame(&Command {
                    status: Status(status),
                    sequence_number,
                    pdu,
                });
                self.receive(id, sequence_number, frame);
            }
            Step::Send(which) => {
                let pdu = every_request().swap_remove(which % every_request().len());
                self.next_token += 1;
                let is_unanswered = command_id::is_unanswered(pdu.command_id());
                if self.session.send(self.now, pdu, self.next_token).is_ok() && !is_unanswered {
                    self.tokens.insert(self.next_token);
                }
            }
            Step::Answer { accept } => {
                if let Some(request) = self.requests.pop() {
                    let answer = match &request.pdu {
                        Pdu::Bind(_) if accept => self.session.accept_bind(self.now, &request, "S"),
                        Pdu::Bind(_) => self.session.refuse_bind(&request, Status::ESME_RBINDFAIL),
                        _ => self.session.refuse(&request, Status::ESME_RSYSERR),
                    };
                    assert_eq!(answer.sequence_number, request.sequence_number);
                    assert!(answer.pdu.is_response());
                }
            }
            Step::Wait(secs) => self.now += Duration::from_secs(secs),
            Step::Wake => {
                for event in self.session.on_timer(self.now) {
                    if let TimerEvent::ResponseTimedOut(token) = event {
                        assert!(self.tokens.remove(&token));
                    }
                }
                assert!(self.session.next_wakeup().is_none_or(|at| at > self.now));
            }
        }
        assert!(self.session.outstanding() <= limits().window_max + 6);
        assert_eq!(self.session.unanswered(), self.requests.len());
    }

    fn receive(&mut self, id: u32, sequence_number: u32, frame: Frame) {
        match self.session.receive(self.now, frame) {
            Received::Answer { command, .. } => {
                assert!(!command_id::is_response(id), "a response is never answered");
                assert!(!command_id::is_unanswered(id));
                assert_eq!(command.sequence_number, sequence_number);
                assert!(command.pdu.is_response());
            }
            Received::Response { token, .. } => {
                assert!(command_id::is_response(id) && self.tokens.remove(&token))
            }
            Received::Request(command) => {
                assert!(!command_id::is_response(id));
                if !command_id::is_unanswered(id) {
                    self.requests.push(command);
                }
            }
            Received::Ignored { .. } => assert!(command_id::is_response(id) || command_id::is_unanswered(id)),
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_tokens_come_back_once_and_responses_are_not_answered(
        is_smsc in any::<bool>(),
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let session = if is_smsc { Session::smsc(NOW, limits()) } else { Session::esme(NOW, limits()) };
        let mut life = Life { session, now: NOW, requests: Vec::new(), tokens: BTreeSet::new(), next_token: 0 };
        for step in steps {
            life.step(step);
        }
        let rest = life.session.close();
        prop_assert_eq!(rest.len(), life.tokens.len());
        prop_assert_eq!(rest.into_iter().collect::<BTreeSet<_>>(), life.tokens);
        prop_assert_eq!(life.session.next_wakeup(), None);
    }

    #[test]
    fn two_sessions_understand_each_other(submits in 1usize..30, kind in prop::sample::select(vec![BindKind::Transmitter, BindKind::Transceiver])) {
        let (mut smsc, mut esme) = (Session::<u32>::smsc(NOW, limits()), Session::<u32>::esme(NOW, limits()));
        let bind = esme.send(NOW, Pdu::Bind(Bind::new(kind, "a", "b")), 0).expect("open");
        smsc.receive(NOW, frame(&bind));
        let resp = smsc.accept_bind(NOW, &bind, "S");
        esme.receive(NOW, frame(&resp));
        prop_assert_eq!(smsc.state(), esme.state());
        let mut answered = 0;
        for token in 1..=submits as u32 {
            let submit = esme.send(NOW, Pdu::SubmitSm(ShortMessage::default()), token).expect("in the window");
            let received = smsc.receive(NOW, frame(&submit));
            let Received::Request(request) = received else { panic!("{received:?}") };
            let resp = smsc.respond(&request, Status::ESME_ROK, Pdu::SubmitSmResp(MessageIdResp::new("x")));
            let received = esme.receive(NOW, frame(&resp));
            prop_assert!(matches!(received, Received::Response { token: back, .. } if back == token), "{:?}", token);
            answered += 1;
        }
        prop_assert_eq!(answered, submits);
    }
}
