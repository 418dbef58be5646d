//! A message centre played by hand: what the ESME says, in few words, and what the other end of its link
//! answers.

use std::time::Duration;

use esme::{Config, Esme, Event, Input, Output};
use smpp::{BindResp, Command, Frame, MessageIdResp, Pdu, ShortMessage, Status, esm_class};
use sms::{Address, Msisdn, Segment, ShortCode, Timestamp};

/// An ESME with the time that has passed for it.
pub struct Link {
    pub esme: Esme,
    pub now: Timestamp,
    /// The sequence number of the next request of the message centre.
    next_request: u32,
}

pub fn code() -> Address {
    ShortCode::new(32_665).expect("a short code").address()
}

pub fn phone() -> Address {
    Msisdn::new(14_155_550_101).expect("a number").address()
}

pub fn submit(token: u64, text: &str) -> Input {
    Input::Submit {
        token,
        from: code(),
        to: phone(),
        text: text.to_owned(),
    }
}

/// What a phone texted, as one `deliver_sm`.
pub fn mobile_originated(segment: &Segment) -> Pdu {
    Pdu::DeliverSm(ShortMessage::new(phone(), code(), segment))
}

/// A receipt with this text and no TLV.
pub fn receipt(text: &str) -> Pdu {
    let segment = Segment {
        data_coding: 0,
        udhi: false,
        user_data: text.as_bytes().into(),
    };
    let message = ShortMessage::new(phone(), code(), &segment);
    Pdu::DeliverSm(ShortMessage {
        esm_class: esm_class::RECEIPT,
        ..message
    })
}

impl Link {
    /// An ESME that was never called.
    pub fn new(config: Config) -> Self {
        Self {
            esme: Esme::new(config),
            now: Timestamp::from_secs(1_236_000_000),
            next_request: 1_000,
        }
    }

    /// An ESME that is bound; its requests are numbered from 2 on.
    pub fn bound(config: Config) -> Self {
        let mut link = Self::new(config);
        assert_eq!(link.tick(), ["connect"]);
        link.bind();
        link
    }

    /// Opens the connection that the ESME asked for, and accepts its bind.
    pub fn bind(&mut self) -> Vec<String> {
        let opened = self.esme.handle(self.now, Input::Opened);
        let [Output::Send(bind)] = &opened[..] else {
            panic!("a bind, not {opened:?}")
        };
        let Pdu::Bind(fields) = &bind.pdu else {
            panic!("a bind, not {bind:?}")
        };
        let resp = BindResp::new(fields.kind, "smsc", Some(0x34));
        let bound = self.answers(bind.sequence_number, Status::ESME_ROK, Pdu::BindResp(resp));
        assert_eq!(bound[0], "bound");
        bound
    }

    /// One input, and what the ESME says.
    pub fn gives(&mut self, input: Input) -> Vec<String> {
        said(&self.esme.handle(self.now, input))
    }

    pub fn tick(&mut self) -> Vec<String> {
        self.gives(Input::Tick)
    }

    /// Lets time pass and then wakes the ESME, once.
    pub fn after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.tick()
    }

    /// Lets time pass up to the ESME's own wake-up and wakes it.
    pub fn at_wakeup(&mut self) -> Vec<String> {
        self.now = self.esme.next_wakeup().expect("something is due").max(self.now);
        self.tick()
    }

    /// A response of the message centre.
    pub fn answers(&mut self, sequence_number: u32, status: Status, pdu: Pdu) -> Vec<String> {
        self.gives(Input::Received(frame(Command {
            status,
            sequence_number,
            pdu,
        })))
    }

    /// `submit_sm_resp` of success with that id.
    pub fn takes(&mut self, sequence_number: u32, message_id: &str) -> Vec<String> {
        let resp = MessageIdResp::new(message_id);
        self.answers(sequence_number, Status::ESME_ROK, Pdu::SubmitSmResp(resp))
    }

    /// `submit_sm_resp` of failure.
    pub fn rejects(&mut self, sequence_number: u32, status: Status) -> Vec<String> {
        self.answers(sequence_number, status, Pdu::SubmitSmResp(MessageIdResp::empty()))
    }

    /// A request of the message centre, which the ESME has to answer with ESME_ROK; gives what it says beside
    /// that.
    pub fn delivers(&mut self, pdu: Pdu) -> Vec<String> {
        let sequence_number = self.next_request;
        self.next_request += 1;
        let name = pdu.name();
        let mut outputs = self.answers(sequence_number, Status::ESME_ROK, pdu);
        assert_eq!(outputs.remove(0), format!("{name}_resp #{sequence_number}"));
        outputs
    }
}

/// A PDU as the ESME gets it.
pub fn frame(command: Command) -> Frame {
    let raw = smpp::encode(&command);
    Frame::Pdu {
        command,
        raw,
        trailing: 0,
    }
}

pub fn said(outputs: &[Output]) -> Vec<String> {
    outputs.iter().map(words).collect()
}

fn words(output: &Output) -> String {
    match output {
        Output::Connect => "connect".to_owned(),
        Output::Close => "close".to_owned(),
        Output::Bound => "bound".to_owned(),
        Output::Unbound => "unbound".to_owned(),
        Output::Send(command) => sent(command),
        Output::Mo {
            from,
            to,
            text,
            parts,
            ..
        } => format!("mo {from} {to} {parts} {text}"),
        Output::Submitted { token, message_ids } => format!("submitted {token} {}", message_ids.join(" ")),
        Output::Refused { token, status } => format!("refused {token} {status}"),
        Output::Receipt {
            token,
            message_id,
            state,
            err,
            is_final,
        } => {
            format!(
                "receipt {token} {message_id} {state} {err}{}",
                if *is_final { "" } else { " for now" }
            )
        }
        Output::Noted(event) => format!("noted {}", name(event)),
    }
}

fn sent(command: &Command) -> String {
    let Command {
        status,
        sequence_number,
        pdu,
    } = command;
    match pdu {
        Pdu::SubmitSm(message) => {
            let segment = message.segment();
            match segment.concatenation() {
                Some(part) => format!("submit_sm #{sequence_number} {}/{}", part.number, part.total),
                None => format!("submit_sm #{sequence_number} {}", segment.text()),
            }
        }
        pdu if status.is_ok() => format!("{} #{sequence_number}", pdu.name()),
        pdu => format!("{} #{sequence_number} {status}", pdu.name()),
    }
}

/// The event's name with the fields that tell texts and messages apart.
fn name(event: &Event) -> String {
    let json = serde_json::to_value(event).expect("events are plain data");
    let field = |name: &str| {
        json.get(name)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let fields = [
        "esme",
        "token",
        "message_id",
        "status",
        "attempt",
        "part",
        "cause",
        "unanswered",
        "missing",
    ];
    fields
        .iter()
        .filter_map(|name| field(name))
        .collect::<Vec<_>>()
        .join(" ")
}
