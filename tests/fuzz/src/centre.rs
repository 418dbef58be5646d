//! Octets as what an ESME sends to a message centre.

use std::collections::BTreeMap;

use smpp::{Bind, BindKind, Command, Frame, Framer, LinkId, Pdu, command_id};
use sms::{Address, Msisdn, Npi, Segment, Timestamp, Ton};
use smsc::{
    Account, Alphabet, Carrier, Cause, Coding, Config, Input, LongText, MessageIdStyle, Output, PageOutcome,
    Smsc,
};

use super::choice;

const LINK: LinkId = LinkId(1);
/// The steps of time after which everything that was asked must be answered.
const WAKEUPS_MAX: usize = 2_000;

/// A message centre with a link, and what is not answered on it.
struct Bench {
    smsc: Smsc,
    now: Timestamp,
    /// How many requests of each sequence number have no answer.
    unanswered: BTreeMap<u32, usize>,
    is_closed: bool,
    /// What comes of each page.
    outcome: PageOutcome,
}

/// Every request gets one answer with its sequence number, or the link is closed.
pub fn smsc(octets: &[u8]) {
    let chosen = choice(octets);
    let mut account = Account::new("fuzz", "fuzz");
    account.default_source = Some(Address::new(Ton::NetworkSpecific, Npi::Unknown, "32665"));
    if chosen & 16 != 0 {
        for (data_coding, shift) in [(0, 8), (1, 16), (8, 24)] {
            let (_, coding) = Coding::ALL[(chosen >> shift) as usize % Coding::ALL.len()];
            account.codings.set(data_coding, coding);
        }
    }
    let mut config = Config::new(vec![account], vec![carrier(chosen)]);
    config.session.timers = smpp::Timers::OFF;
    let mut bench = Bench {
        smsc: Smsc::new(config),
        now: Timestamp::from_secs(1_236_031_200),
        unanswered: BTreeMap::new(),
        is_closed: false,
        outcome: match chosen % 3 {
            0 => PageOutcome::Delivered,
            1 => PageOutcome::Failed(Cause::Absent),
            _ => PageOutcome::Failed(Cause::UnknownSubscriber),
        },
    };
    bench.handle(Input::Connected {
        link: LINK,
        peer: None,
    });
    if chosen & 8 != 0 {
        let mut bind = Bind::new(BindKind::Transceiver, "fuzz", "fuzz");
        if chosen & 256 != 0 {
            bind.interface_version = 0x50;
        }
        bench.receive(&smpp::encode(&Command::request(1, Pdu::Bind(bind))));
    }
    bench.receive(octets);
    if chosen & 32 != 0 && !bench.is_closed {
        // The octets as what a phone texts.
        let segment = Segment {
            data_coding: octets.first().copied().unwrap_or_default(),
            udhi: chosen & 64 != 0,
            user_data: octets.get(1..141).unwrap_or_default().into(),
        };
        let to = Address::new(Ton::NetworkSpecific, Npi::Unknown, "32665");
        bench.handle(Input::Mo {
            from: Msisdn::new(14_155_550_101).expect("a number"),
            to,
            segment,
        });
    }
    for _ in 0..WAKEUPS_MAX {
        let Some(at) = bench.smsc.next_wakeup().filter(|_| !bench.unanswered.is_empty()) else {
            break;
        };
        bench.now = at;
        bench.handle(Input::Tick);
    }
    let unanswered = &bench.unanswered;
    assert!(
        bench.is_closed || unanswered.is_empty(),
        "no answer to {unanswered:?}"
    );
    bench.handle(Input::Closed { link: LINK });
    assert_eq!(bench.smsc.bound_sessions("fuzz"), 0);
}

/// A carrier, in half of the cases one that shapes texts in another way than is usual.
fn carrier(chosen: u64) -> Carrier {
    let mut carrier = Carrier::new("att");
    if chosen & 128 != 0 {
        let pick = |shift: u32, ways: usize| (chosen >> shift) as usize % ways;
        carrier.alphabet = [Alphabet::Gsm7Ucs2, Alphabet::Gsm7, Alphabet::Ascii][pick(32, 3)];
        let long_texts = [
            LongText::Split,
            LongText::Separate,
            LongText::Reject,
            LongText::Truncate,
        ];
        carrier.long_text = long_texts[pick(36, long_texts.len())];
        carrier.concatenation = pick(40, 2) == 0;
        carrier.message_ids = MessageIdStyle::ALL[pick(44, MessageIdStyle::ALL.len())];
        carrier.length_max = [160, 136, 20][pick(48, 3)];
        carrier.mangled = ["", "&\u{e9}"][pick(52, 2)].into();
    }
    carrier
}

impl Bench {
    fn receive(&mut self, octets: &[u8]) {
        let mut framer = Framer::default();
        framer.feed(octets);
        while let Some(frame) = framer.next_frame() {
            if self.is_closed {
                return;
            }
            self.expect_answer(&frame);
            self.handle(Input::Received { link: LINK, frame });
        }
    }

    fn expect_answer(&mut self, frame: &Frame) {
        let (id, sequence_number) = match frame {
            Frame::Pdu { command, .. } => (command.pdu.command_id(), command.sequence_number),
            Frame::Malformed { header, .. } => (header.command_id, header.sequence_number),
            Frame::Broken { header } => {
                *self
                    .unanswered
                    .entry(header.map_or(0, |header| header.sequence_number))
                    .or_default() += 1;
                return;
            }
        };
        if !command_id::is_response(id) && !command_id::is_unanswered(id) {
            *self.unanswered.entry(sequence_number).or_default() += 1;
        }
    }

    /// Handles an input and every page that comes of it.
    fn handle(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in self.smsc.handle(self.now, input) {
                match output {
                    Output::Send { command, .. } if command.pdu.is_response() => self.answered(&command),
                    Output::Page { attempt, .. } => {
                        let outcome = self.outcome;
                        inputs.push(Input::PageAnswered { attempt, outcome });
                    }
                    Output::Close { .. } => self.is_closed = true,
                    _ => {}
                }
            }
            assert!(
                self.smsc.next_wakeup().is_none_or(|at| at > self.now),
                "a timer that stays due"
            );
        }
    }

    fn answered(&mut self, command: &Command) {
        assert!(!self.is_closed, "{command} after the end");
        let count = self.unanswered.get_mut(&command.sequence_number);
        let count = count.unwrap_or_else(|| panic!("{command} answers nothing"));
        *count -= 1;
        if *count == 0 {
            self.unanswered.remove(&command.sequence_number);
        }
    }
}
