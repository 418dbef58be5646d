//! An outside ESME as an actor: [`EsmeActor`], one end of one link, and the PDUs that its lines describe.
//!
//! It answers `enquire_link` and `unbind` by itself. What the message centre brings waits for a line that answers it, and
//! is taken with ESME_ROK when the clock goes on without one.

mod fields;
mod request;

use smpp::{Command, Frame, Framer, LinkId, MessageIdResp, Pdu, Received, Session, SessionLimits, Status};
use sms::{Address, Timestamp};
use smsc::Codings;

pub(crate) use request::{request, seen_fields};

/// The octets of a PDU that it takes, at most.
const COMMAND_LENGTH_MAX: u32 = 1 << 20;
/// The first sequence number of requests that are out of turn; a session's own are far below.
const OUT_OF_TURN: u32 = 0x4000_0000;

/// The account of an outside ESME, as it was declared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EsmeAccount {
    /// Its `system_id`.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// Its short code, from which it texts unless a line says otherwise.
    pub code: Address,
    /// What its `data_coding` octets mean, where that is not what SMPP says.
    pub codings: Codings,
}

/// An outside ESME.
#[derive(Debug)]
pub(crate) struct EsmeActor {
    /// Its account.
    pub account: EsmeAccount,
    /// Its connection, while there is one.
    pub link: Option<LinkId>,
    session: Session<()>,
    from_smsc: Framer,
    to_smsc: Framer,
    /// The octets of a PDU that the message centre takes, at most.
    command_length_max: u32,
    out_of_turn: u32,
    /// Requests of the message centre that no line has answered.
    unanswered: Vec<Command>,
}

impl EsmeActor {
    /// An ESME that is not connected, of a message centre that takes PDUs of at most so many octets.
    pub fn new(account: EsmeAccount, command_length_max: u32) -> Self {
        Self {
            account,
            link: None,
            session: Session::esme(Timestamp::EPOCH, SessionLimits::default()),
            from_smsc: Framer::new(COMMAND_LENGTH_MAX),
            to_smsc: Framer::new(command_length_max),
            command_length_max,
            out_of_turn: OUT_OF_TURN,
            unanswered: Vec::new(),
        }
    }

    /// Starts anew on a fresh connection.
    pub fn open(&mut self, now: Timestamp, link: LinkId) {
        let account = std::mem::take(&mut self.account);
        *self = Self {
            link: Some(link),
            session: Session::esme(now, SessionLimits::default()),
            ..Self::new(account, self.command_length_max)
        };
    }

    /// Notes that the connection is gone.
    pub fn close(&mut self) {
        self.link = None;
        self.session.close();
        self.unanswered.clear();
    }

    /// Whether it is bound.
    pub fn is_bound(&self) -> bool {
        self.link.is_some() && self.session.state().is_bound()
    }

    /// Makes a request, also one that its session does not allow: a test may want to see it refused. Gives its sequence
    /// number, and the octets as the message centre reads them.
    pub fn send(&mut self, now: Timestamp, pdu: Pdu) -> (u32, Vec<Frame>) {
        let command = match self.session.send(now, pdu, ()) {
            Ok(command) => command,
            Err(smpp::CannotSend::WindowFull { pdu, .. } | smpp::CannotSend::WrongState { pdu, .. }) => {
                self.out_of_turn += 1;
                Command::request(self.out_of_turn, *pdu)
            }
        };
        (command.sequence_number, self.frames(&command))
    }

    /// Takes the octets that the message centre sent; gives what it gets at once.
    pub fn receive(&mut self, now: Timestamp, octets: &[u8]) -> Vec<Frame> {
        self.from_smsc.feed(octets);
        let mut answers = Vec::new();
        while let Some(frame) = self.from_smsc.next_frame() {
            match self.session.receive(now, frame) {
                Received::Request(request) => match &request.pdu {
                    Pdu::EnquireLink => {
                        let answer = self
                            .session
                            .respond(&request, Status::ESME_ROK, Pdu::EnquireLinkResp);
                        answers.extend(self.frames(&answer));
                    }
                    Pdu::Unbind => {
                        let answer = self.session.respond(&request, Status::ESME_ROK, Pdu::UnbindResp);
                        answers.extend(self.frames(&answer));
                    }
                    Pdu::AlertNotification(_) | Pdu::Outbind(_) => {}
                    _ => self.unanswered.push(request),
                },
                Received::Answer { command, .. } => answers.extend(self.frames(&command)),
                Received::Response { .. } | Received::Ignored { .. } => {}
            }
        }
        answers
    }

    /// Answers the request with that sequence number; nothing when it has its answer.
    pub fn answer(&mut self, sequence_number: u32, status: Status) -> Vec<Frame> {
        let place = self
            .unanswered
            .iter()
            .position(|request| request.sequence_number == sequence_number);
        let Some(place) = place else { return Vec::new() };
        let request = self.unanswered.remove(place);
        let answer = match (&request.pdu, status.is_ok()) {
            (Pdu::DeliverSm(_), true) => {
                let pdu = Pdu::DeliverSmResp(MessageIdResp::nul());
                self.session.respond(&request, status, pdu)
            }
            (Pdu::DataSm(_), true) => {
                let pdu = Pdu::DataSmResp(MessageIdResp::nul());
                self.session.respond(&request, status, pdu)
            }
            _ => self.session.refuse(&request, status),
        };
        self.frames(&answer)
    }

    /// Takes whatever waits for an answer.
    pub fn answer_all(&mut self) -> Vec<Frame> {
        let waiting: Vec<u32> = self
            .unanswered
            .iter()
            .map(|request| request.sequence_number)
            .collect();
        waiting
            .into_iter()
            .flat_map(|number| self.answer(number, Status::ESME_ROK))
            .collect()
    }

    /// A PDU as the message centre reads it, through the codec.
    fn frames(&mut self, command: &Command) -> Vec<Frame> {
        self.to_smsc.feed(&smpp::encode(command));
        std::iter::from_fn(|| self.to_smsc.next_frame()).collect()
    }
}
