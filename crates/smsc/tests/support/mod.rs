//! A message centre on the bench: links, binds, requests as octets, and what came of them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use smpp::{Bind, BindKind, Command, Frame, Framer, LinkId, MessageIdResp, Pdu, ShortMessage, Status};
use sms::{Address, Encoding, Msisdn, Npi, Segment, Timestamp, Ton};
use smsc::{
    Account, AttemptId, Carrier, Cause, Change, Config, Event, Input, Note, Output, PageOutcome, Smsc,
};

pub const LINK: LinkId = LinkId(1);
pub const ALICE: &str = "14155550101";
pub const BOB: &str = "14155550102";

pub fn msisdn(digits: &str) -> Msisdn {
    digits.parse().expect("a number")
}

pub fn handset(digits: &str) -> Address {
    msisdn(digits).address()
}

pub fn code(digits: &str) -> Address {
    Address::new(Ton::NetworkSpecific, Npi::Unknown, digits)
}

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub fn text(text: &str) -> Segment {
    Segment::whole(text, Encoding::of(text))
}

/// 2009-03-02 22:00:00 UTC.
pub fn start() -> Timestamp {
    Timestamp::from_secs(1_236_031_200)
}

/// An account `fbook`/`fbook` with the codes 32665*, and a carrier `att` for every number.
pub fn config() -> Config {
    let mut account = Account::new("fbook", "fbook");
    account.codes = vec!["32665*".parse().expect("a code")];
    let mut config = Config::new(vec![account], vec![Carrier::new("att")]);
    config.session.timers = smpp::Timers::OFF;
    config.session.window_max = 1_000;
    config.accounts[0].window_max = 1_000;
    config
}

pub struct Bench {
    pub smsc: Smsc,
    pub now: Timestamp,
    sequence_number: u32,
}

/// A page that is out.
#[derive(Clone, PartialEq, Debug)]
pub struct Paged {
    pub attempt: AttemptId,
    pub to: Msisdn,
    pub from: Address,
    pub segment: Segment,
}

impl Bench {
    pub fn new(config: Config) -> Self {
        Self {
            smsc: Smsc::new(config),
            now: start(),
            sequence_number: 0,
        }
    }

    /// With `fbook` bound as transceiver on [`LINK`].
    pub fn bound(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.bind(LINK, BindKind::Transceiver);
        bench
    }

    /// The same, of that `interface_version`.
    pub fn bound_as(config: Config, interface_version: u8) -> Self {
        let mut bench = Self::new(config);
        bench.connect(LINK);
        let bind = Bind {
            interface_version,
            ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
        };
        assert_eq!(status(&bench.request(LINK, Pdu::Bind(bind))), Status::ESME_ROK);
        bench
    }

    pub fn handle(&mut self, input: Input) -> Vec<Output> {
        let outputs = self.smsc.handle(self.now, input);
        assert!(
            self.smsc.next_wakeup().is_none_or(|at| at > self.now),
            "the next wake-up is in the future"
        );
        outputs
    }

    /// Lets time pass, waking the message centre whenever it wants.
    pub fn wait(&mut self, length: Duration) -> Vec<Output> {
        let end = self.now + length;
        let mut outputs = Vec::new();
        while let Some(at) = self.smsc.next_wakeup().filter(|at| *at <= end) {
            self.now = at;
            outputs.extend(self.handle(Input::Tick));
        }
        self.now = end;
        outputs
    }

    /// Takes frames of [`LINK`], or answers to pages, that come together; what is said is spelt out.
    pub fn together(&mut self, frames: &[Frame], answers: &[(AttemptId, PageOutcome)]) -> Vec<Output> {
        let (mut outputs, mut ends) = (Vec::new(), vec![0; frames.len()]);
        self.smsc
            .receive_into(self.now, LINK, frames, &mut ends, &mut outputs);
        assert_eq!(ends.last().copied().unwrap_or_default(), outputs.len());
        let mut more = Vec::new();
        self.smsc.pages_answered_into(self.now, answers, &mut more);
        outputs.extend(more);
        self.smsc.settle();
        let mut scribe = self.smsc.scribe();
        for output in &mut outputs {
            match output {
                Output::Noted(note) => *note = Note::Event(Box::new(self.smsc.event(note))),
                Output::Draft { link, draft } => {
                    let command = Box::new(draft.command(&mut scribe));
                    *output = Output::Send { link: *link, command };
                }
                _ => {}
            }
        }
        outputs
    }

    pub fn connect(&mut self, link: LinkId) {
        self.handle(Input::Connected { link, peer: None });
    }

    pub fn bind(&mut self, link: LinkId, kind: BindKind) -> Vec<Output> {
        self.connect(link);
        let outputs = self.request(link, Pdu::Bind(Bind::new(kind, "fbook", "fbook")));
        assert_eq!(answer(&outputs).status, Status::ESME_ROK);
        outputs
    }

    /// A request of the ESME, through the octets.
    pub fn request(&mut self, link: LinkId, pdu: Pdu) -> Vec<Output> {
        self.sequence_number += 1;
        let command = Command::request(self.sequence_number, pdu);
        self.command(link, &command)
    }

    pub fn command(&mut self, link: LinkId, command: &Command) -> Vec<Output> {
        self.octets(link, &smpp::encode(command))
    }

    pub fn octets(&mut self, link: LinkId, octets: &[u8]) -> Vec<Output> {
        let mut framer = Framer::default();
        framer.feed(octets);
        let mut outputs = Vec::new();
        while let Some(frame) = framer.next_frame() {
            outputs.extend(self.handle(Input::Received { link, frame }));
        }
        outputs
    }

    pub fn submit(&mut self, message: ShortMessage) -> Vec<Output> {
        self.request(LINK, Pdu::SubmitSm(message))
    }

    /// Submits a text with a receipt to [`ALICE`]; its message id and the page, if one went out.
    pub fn send(&mut self, words: &str) -> (String, Option<Paged>) {
        let outputs = self.submit(to_alice(words));
        (message_id(&outputs), pages(&outputs).into_iter().next())
    }

    pub fn answer_page(&mut self, page: &Paged, outcome: PageOutcome) -> Vec<Output> {
        self.handle(Input::PageAnswered {
            attempt: page.attempt,
            outcome,
        })
    }

    pub fn deliver(&mut self, page: &Paged) -> Vec<Output> {
        self.answer_page(page, PageOutcome::Delivered)
    }

    pub fn fail(&mut self, page: &Paged, cause: Cause) -> Vec<Output> {
        self.answer_page(page, PageOutcome::Failed(cause))
    }

    pub fn change(&mut self, change: Change) -> Vec<Output> {
        self.handle(Input::Change {
            carrier: "att".into(),
            change,
        })
    }

    pub fn mo(&mut self, from: &str, to: &str, words: &str) -> Vec<Output> {
        self.handle(Input::Mo {
            from: msisdn(from),
            to: code(to),
            segment: text(words),
        })
    }

    /// Answers a `deliver_sm`.
    pub fn acknowledge(&mut self, link: LinkId, deliver: &Command, status: Status) -> Vec<Output> {
        let resp = Command::response(
            deliver.sequence_number,
            status,
            Pdu::DeliverSmResp(MessageIdResp::nul()),
        );
        self.command(link, &resp)
    }
}

/// A text from 32665 to [`ALICE`] with a receipt.
pub fn to_alice(words: &str) -> ShortMessage {
    ShortMessage {
        registered_delivery: 1,
        ..ShortMessage::new(code("32665"), handset(ALICE), &text(words))
    }
}

pub fn sent(outputs: &[Output]) -> Vec<(LinkId, Command)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send { link, command } => Some((*link, Command::clone(command))),
            _ => None,
        })
        .collect()
}

/// The responses among the outputs.
pub fn responses(outputs: &[Output]) -> Vec<Command> {
    let commands = sent(outputs).into_iter().map(|(_, command)| command);
    commands.filter(|command| command.pdu.is_response()).collect()
}

/// The one response among the outputs.
pub fn answer(outputs: &[Output]) -> Command {
    let responses: Vec<Command> = sent(outputs)
        .into_iter()
        .map(|(_, command)| command)
        .filter(|command| command.pdu.is_response())
        .collect();
    assert_eq!(responses.len(), 1, "{outputs:?}");
    responses[0].clone()
}

pub fn status(outputs: &[Output]) -> Status {
    answer(outputs).status
}

pub fn message_id(outputs: &[Output]) -> String {
    match answer(outputs).pdu {
        Pdu::SubmitSmResp(resp) | Pdu::DataSmResp(resp) => resp.id().to_owned(),
        other => panic!("{other:?}"),
    }
}

pub fn pages(outputs: &[Output]) -> Vec<Paged> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Page {
                attempt,
                to,
                from,
                segment,
                ..
            } => Some(Paged {
                attempt: *attempt,
                to: *to,
                from: from.address(),
                segment: segment.clone(),
            }),
            _ => None,
        })
        .collect()
}

pub fn page(outputs: &[Output]) -> Paged {
    let pages = pages(outputs);
    assert_eq!(pages.len(), 1, "{outputs:?}");
    pages[0].clone()
}

/// The `deliver_sm` among the outputs.
pub fn delivers(outputs: &[Output]) -> Vec<(Command, ShortMessage)> {
    sent(outputs)
        .into_iter()
        .filter_map(|(_, command)| match command.pdu.clone() {
            Pdu::DeliverSm(message) => Some((command, message)),
            _ => None,
        })
        .collect()
}

/// The words of the `deliver_sm` among the outputs.
pub fn words(outputs: &[Output]) -> Vec<String> {
    delivers(outputs)
        .into_iter()
        .map(|(_, message)| message.segment().text())
        .collect()
}

/// The `stat:` words of the receipts among the outputs.
pub fn stats(outputs: &[Output]) -> Vec<String> {
    words(outputs)
        .into_iter()
        .filter_map(|text| text.split_once("stat:").map(|(_, rest)| rest[..7].to_owned()))
        .collect()
}

pub fn notes(outputs: &[Output]) -> Vec<Event> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Noted(Note::Event(event)) => Some(Event::clone(event)),
            _ => None,
        })
        .collect()
}

pub fn closes(outputs: &[Output]) -> Vec<LinkId> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Close { link } => Some(*link),
            _ => None,
        })
        .collect()
}
