//! The state machine of one phone: [`Handset`].

use std::collections::VecDeque;
use std::time::Duration;

use sms::{Address, Assembled, Msisdn, Originator, Reassembler, Reference, Segment, Timestamp};

use crate::inbox::{Content, Inbox, InboxText};
use crate::input::{Input, Setting};
use crate::output::{Outcome, Output, Refusal};

/// The limits of a phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// Texts that [`Handset::inbox`] keeps for observers; the oldest makes room.
    pub inbox_max: u16,
    /// Texts that wait while the phone is off the air; one more is refused.
    pub outbox_max: u16,
    /// Texts of which some segments are still to come, at one time; one more, and the oldest is shown as it
    /// is. At least 1.
    pub incomplete_max: u16,
    /// How long a phone waits for the missing segments of a text before it shows what there is of it, and how
    /// long it knows the segments of a whole text when they come again.
    pub hold: Duration,
}

impl Default for Config {
    /// 100 texts in the inbox, 20 in the outbox, 8 incomplete ones, held for 5 minutes.
    fn default() -> Self {
        Self {
            inbox_max: 100,
            outbox_max: 20,
            incomplete_max: 8,
            hold: Duration::from_secs(300),
        }
    }
}

/// One virtual phone. The world owns it and keeps its calls in the order of time.
///
/// A phone on which nothing waits takes little more than a hundred octets: its collections are empty, and the
/// reassembly exists only while some text is incomplete or recent enough for a segment of it to come again.
#[derive(Debug)]
pub struct Handset {
    msisdn: Msisdn,
    config: Config,
    power: bool,
    coverage: bool,
    memory_full: bool,
    barred: bool,
    roaming: bool,
    /// The concatenation reference of the next long text.
    reference: u8,
    inbox: Inbox,
    outbox: VecDeque<Outgoing>,
    reassembly: Option<Box<Reassembly>>,
}

/// The long texts that are incomplete, and those that were complete lately.
#[derive(Debug)]
struct Reassembly {
    reassembler: Reassembler<Address>,
    /// From then on nothing of it is worth keeping, unless some text is incomplete.
    forget_at: Timestamp,
}

/// A text in the outbox.
#[derive(Debug)]
struct Outgoing {
    to: Address,
    segments: Vec<Segment>,
}

impl Handset {
    /// A phone that is switched on, has coverage and room, and has sent and received nothing.
    ///
    /// # Panics
    ///
    /// When `incomplete_max` is 0.
    pub fn new(msisdn: Msisdn, config: Config) -> Self {
        assert!(
            config.incomplete_max > 0,
            "a phone collects at least one long text"
        );
        Self {
            msisdn,
            config,
            power: true,
            coverage: true,
            memory_full: false,
            barred: false,
            roaming: false,
            reference: 0,
            inbox: Inbox::default(),
            outbox: VecDeque::new(),
            reassembly: None,
        }
    }

    /// Takes one input and gives what the phone does about it, in order.
    ///
    /// What is due by `now` comes first, so that a late [`Input::Tick`] changes nothing but the instant that
    /// a text is shown at.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.handle_into(now, input, &mut outputs);
        outputs
    }

    /// Does what [`Handset::handle`] does, and adds to `outputs`, which serves the owner again and again.
    pub fn handle_into(&mut self, now: Timestamp, input: Input, outputs: &mut Vec<Output>) {
        self.show_overdue(now, outputs);
        match input {
            Input::Compose { to, text } => self.compose(to, &text, outputs),
            Input::Page { from, segment } => {
                let place = outputs.len();
                let outcome = self.page_into(now, from, segment, outputs);
                outputs.insert(place, Output::Answer(outcome));
            }
            Input::Set(setting) => self.set(now, setting, outputs),
            Input::Read => self.inbox.read(),
            Input::Tick => {}
        }
    }

    /// The next instant at which [`Input::Tick`] is due: the hold time of an incomplete text is over.
    ///
    /// A phone that is switched off shows nothing; it catches up when it is switched on.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        if !self.power {
            return None;
        }
        self.reassembly.as_ref()?.reassembler.next_wakeup()
    }

    /// The phone's number.
    pub const fn msisdn(&self) -> Msisdn {
        self.msisdn
    }

    /// What the phone has shown.
    pub const fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// The number of texts that wait for the phone to be back on the air.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// Whether it is switched on.
    pub const fn power(&self) -> bool {
        self.power
    }

    /// Whether it is within reach of the network.
    pub const fn coverage(&self) -> bool {
        self.coverage
    }

    /// Whether it has no room for another SMS.
    pub const fn memory_full(&self) -> bool {
        self.memory_full
    }

    /// Whether texts to it are barred; it can still send some.
    pub const fn barred(&self) -> bool {
        self.barred
    }

    /// Whether it is in a network that is not its carrier's.
    pub const fn roaming(&self) -> bool {
        self.roaming
    }

    fn can_take(&self) -> bool {
        self.on_air() && !self.memory_full && !self.barred
    }

    fn on_air(&self) -> bool {
        self.power && self.coverage
    }

    fn compose(&mut self, to: Address, text: &str, outputs: &mut Vec<Output>) {
        let Ok(segments) = Segment::split(text, Reference::Octet(self.reference)) else {
            outputs.push(Output::Refused {
                why: Refusal::TooLong,
            });
            return;
        };
        let outbox_max = self.config.outbox_max;
        if !self.on_air() && self.outbox.len() >= usize::from(outbox_max) {
            outputs.push(Output::Refused {
                why: Refusal::OutboxFull { outbox_max },
            });
            return;
        }
        if segments.len() > 1 {
            self.reference = self.reference.wrapping_add(1);
        }
        if self.on_air() {
            transmit(&to, segments, outputs);
        } else {
            outputs.push(Output::Held {
                to: to.clone(),
                parts: segments.len(),
            });
            self.outbox.push_back(Outgoing { to, segments });
        }
    }

    /// Does what [`Input::Page`] asks for; what would be its [`Output::Answer`] is given.
    pub fn page_into(
        &mut self,
        now: Timestamp,
        from: Originator,
        segment: Segment,
        outputs: &mut Vec<Output>,
    ) -> Outcome {
        self.show_overdue(now, outputs);
        let outcome = match (self.on_air(), self.memory_full) {
            // The network knows that without asking the phone.
            _ if self.barred => Outcome::Barred,
            (false, _) if self.power => Outcome::NoCoverage,
            (false, _) => Outcome::Absent,
            (true, true) => Outcome::MemoryFull,
            (true, false) => Outcome::Delivered,
        };
        if outcome == Outcome::Delivered {
            self.take(now, from, segment, outputs);
        }
        outcome
    }

    fn take(&mut self, now: Timestamp, from: Originator, segment: Segment, outputs: &mut Vec<Output>) {
        if segment.concatenation().is_none() {
            let text = InboxText {
                from,
                encoding: segment.encoding(),
                content: Content::Segment(segment),
                parts: 1,
                missing: 0,
                at: now,
            };
            self.show(text, outputs);
            return;
        }
        let Config {
            hold, incomplete_max, ..
        } = self.config;
        let reassembly = self.reassembly.get_or_insert_with(|| {
            let reassembler = Reassembler::new(hold, usize::from(incomplete_max));
            Box::new(Reassembly {
                reassembler,
                forget_at: now,
            })
        });
        reassembly.forget_at = now + hold;
        let assembled = reassembly.reassembler.push(now, from.address(), &segment);
        // The segment may have pushed out the oldest of too many incomplete texts.
        self.show_overdue(now, outputs);
        if let Some(assembled) = assembled {
            self.show(put_together(now, from, assembled), outputs);
        }
    }

    fn set(&mut self, now: Timestamp, setting: Setting, outputs: &mut Vec<Output>) {
        let (could_take, roamed) = (self.can_take(), self.roaming);
        match setting {
            Setting::Power(on) => self.power = on,
            Setting::Coverage(on) => self.coverage = on,
            Setting::MemoryFull(full) => self.memory_full = full,
            Setting::Barred(barred) => self.barred = barred,
            Setting::Roaming(roaming) => self.roaming = roaming,
        }
        // What fell due while it was switched off is shown now.
        self.show_overdue(now, outputs);
        // A phone that is home again can be had where roaming is not allowed.
        let returned = roamed && !self.roaming;
        if self.can_take() && (!could_take || returned) {
            outputs.push(Output::Available);
        }
        if self.on_air() {
            for Outgoing { to, segments } in std::mem::take(&mut self.outbox) {
                transmit(&to, segments, outputs);
            }
        }
    }

    fn show_overdue(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if !self.power {
            return;
        }
        let Some(reassembly) = &mut self.reassembly else {
            return;
        };
        let overdue = reassembly.reassembler.expire(now);
        if reassembly.reassembler.waiting() == 0 && now >= reassembly.forget_at {
            self.reassembly = None;
        }
        for (from, assembled) in overdue {
            self.show(put_together(now, from.into(), assembled), outputs);
        }
    }

    fn show(&mut self, text: InboxText, outputs: &mut Vec<Output>) {
        outputs.push(Output::Received(text.clone()));
        self.inbox.push(text, self.config.inbox_max);
    }
}

fn put_together(at: Timestamp, from: Originator, assembled: Assembled) -> InboxText {
    let Assembled {
        text,
        parts,
        missing,
        encoding,
    } = assembled;
    InboxText {
        from,
        content: Content::Assembled(text),
        parts,
        missing,
        encoding,
        at,
    }
}

fn transmit(to: &Address, segments: Vec<Segment>, outputs: &mut Vec<Output>) {
    outputs.extend(segments.into_iter().map(|segment| Output::Transmit {
        to: to.clone(),
        segment,
    }));
}
