//! What is done with a served world, as octets: a [`Group`] is written, [`Calls`] reads it.
//!
//! Most of a busy world's calls are octets of ESMEs and time that passes; those are written as they are, in few octets. Everything
//! else is JSON.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use scenario::{Diagnostic, ProgramId, Steps};
use serde::{Deserialize, Serialize};
use smpp::framing::HEADER_OCTETS;
use smpp::{Frame, Framer, Header, LinkId};
use sms::Timestamp;
use world::Input;

use crate::engine::ClockState;

/// A call that changes a served world, or says how its time passes.
#[derive(Clone, Debug)]
pub enum Call {
    /// Time has come to there.
    Tick(Timestamp),
    /// Something happened.
    Handle(Timestamp, Box<Input>),
    /// Apps called side by side.
    Decide(Timestamp, Vec<Input>),
    /// Everything that the world wanted done was taken.
    Drain,
    /// Somebody wants steps performed.
    Begin(Box<Steps>),
    /// The programs of steps went on.
    Progress,
    /// Nobody wants the answer of a program any more.
    Abandon(ProgramId),
    /// The time of real apps that lines wait for was over.
    GiveUp,
    /// Time passes like that from now on.
    Clock(ClockState),
}

/// Why octets are no calls.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCalls {
    /// They end within a call.
    #[error("a call has no end")]
    CutOff,
    /// There is no such kind of call.
    #[error("there is no kind of call {0}")]
    Kind(u8),
    /// What stands in a call makes no sense.
    #[error("{0}")]
    Content(String),
}

mod kind {
    pub const TICK: u8 = 0;
    pub const HANDLE: u8 = 1;
    pub const DECIDE: u8 = 2;
    pub const DRAIN: u8 = 3;
    pub const BEGIN: u8 = 4;
    pub const PROGRESS: u8 = 5;
    pub const ABANDON: u8 = 6;
    pub const GIVE_UP: u8 = 7;
    pub const CLOCK: u8 = 8;
    pub const RECEIVED: u8 = 9;
}

/// How what an ESME sent ended.
mod end {
    /// Nothing is wrong.
    pub const WHOLE: u8 = 0;
    /// The stream is lost.
    pub const BROKEN: u8 = 1;
    /// The stream is lost, behind a header that could be read.
    pub const BROKEN_BEHIND_HEADER: u8 = 2;
}

/// Steps as they are written.
#[derive(Serialize, Deserialize)]
struct WrittenSteps {
    path: String,
    text: String,
    patience_us: Option<u64>,
    fresh: bool,
}

/// Calls that are written together.
#[derive(Debug, Default)]
pub struct Group {
    octets: Vec<u8>,
    /// The time of the last call that has one.
    at: Timestamp,
    ends_drained: bool,
}

impl Group {
    /// Whether there is no call.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The calls as octets.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Makes room for other calls.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.at = Timestamp::EPOCH;
    }

    /// [`Call::Tick`].
    pub fn tick(&mut self, now: Timestamp) {
        self.timed(kind::TICK, now);
    }

    /// [`Call::Handle`].
    pub fn handle(&mut self, now: Timestamp, input: &Input) {
        match input {
            Input::Tick => self.tick(now),
            Input::LinkReceived { link, frames } => {
                self.timed(kind::RECEIVED, now);
                self.number(link.0);
                self.frames(frames);
            }
            input => {
                self.timed(kind::HANDLE, now);
                self.json(input);
            }
        }
    }

    /// [`Call::Decide`].
    pub fn decide(&mut self, now: Timestamp, calls: &[Input]) {
        self.timed(kind::DECIDE, now);
        self.json(&calls);
    }

    /// [`Call::Drain`]; nothing is left to be taken twice.
    pub fn drain(&mut self) {
        if !self.ends_drained {
            self.kind(kind::DRAIN);
            self.ends_drained = true;
        }
    }

    /// [`Call::Begin`].
    pub fn begin(&mut self, steps: &Steps) {
        self.kind(kind::BEGIN);
        let micros = |patience: Duration| u64::try_from(patience.as_micros()).unwrap_or(u64::MAX);
        self.json(&WrittenSteps {
            path: steps.path.clone(),
            text: steps.text.to_string(),
            patience_us: steps.patience.map(micros),
            fresh: steps.fresh,
        });
    }

    /// [`Call::Progress`].
    pub fn progress(&mut self) {
        self.kind(kind::PROGRESS);
    }

    /// [`Call::Abandon`].
    pub fn abandon(&mut self, id: ProgramId) {
        self.kind(kind::ABANDON);
        self.number(id.into());
    }

    /// [`Call::GiveUp`].
    pub fn give_up(&mut self) {
        self.kind(kind::GIVE_UP);
    }

    /// [`Call::Clock`].
    pub fn clock(&mut self, clock: &ClockState) {
        self.kind(kind::CLOCK);
        self.json(clock);
    }

    fn kind(&mut self, kind: u8) {
        self.ends_drained = false;
        self.octets.push(kind);
    }

    fn timed(&mut self, kind: u8, now: Timestamp) {
        self.kind(kind);
        let passed = now.as_micros().wrapping_sub(self.at.as_micros());
        self.at = now;
        // The sign goes last, so that a short time is a small number.
        self.number(((passed << 1) ^ (passed >> 63)).cast_unsigned());
    }

    /// Seven bits an octet, the lowest first; the eighth says that more follow.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.octets.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.octets.push(number as u8);
    }

    fn json(&mut self, value: &impl Serialize) {
        let octets = serde_json::to_vec(value).expect("what is written has a form in JSON");
        self.number(octets.len() as u64);
        self.octets.extend_from_slice(&octets);
    }

    fn frames(&mut self, frames: &[Frame]) {
        let raw = |frame: &Frame| match frame {
            Frame::Pdu { raw, .. } | Frame::Malformed { raw, .. } => raw.clone(),
            Frame::Broken { .. } => Bytes::new(),
        };
        let octets = frames.iter().map(|frame| raw(frame).len()).sum::<usize>();
        self.number(octets as u64);
        for frame in frames {
            self.octets.extend_from_slice(&raw(frame));
        }
        match frames.last() {
            Some(Frame::Broken { header: None }) => self.octets.push(end::BROKEN),
            Some(Frame::Broken { header: Some(header) }) => {
                self.octets.push(end::BROKEN_BEHIND_HEADER);
                let Header {
                    command_length,
                    command_id,
                    command_status,
                    sequence_number,
                } = header;
                for word in [*command_length, *command_id, command_status.0, *sequence_number] {
                    self.octets.extend_from_slice(&word.to_be_bytes());
                }
            }
            _ => self.octets.push(end::WHOLE),
        }
    }
}

/// The calls of a group, in order.
#[derive(Debug)]
pub struct Calls<'o> {
    octets: &'o [u8],
    at: Timestamp,
}

impl<'o> Calls<'o> {
    /// Those that the octets are.
    pub fn new(octets: &'o [u8]) -> Self {
        Self {
            octets,
            at: Timestamp::EPOCH,
        }
    }

    fn read(&mut self) -> Result<Call, NoCalls> {
        Ok(match self.octet()? {
            kind::TICK => Call::Tick(self.time()?),
            kind::HANDLE => Call::Handle(self.time()?, Box::new(self.json()?)),
            kind::DECIDE => Call::Decide(self.time()?, self.json()?),
            kind::DRAIN => Call::Drain,
            kind::BEGIN => Call::Begin(Box::new(self.steps()?)),
            kind::PROGRESS => Call::Progress,
            kind::ABANDON => Call::Abandon(self.number()?.into()),
            kind::GIVE_UP => Call::GiveUp,
            kind::CLOCK => Call::Clock(self.json()?),
            kind::RECEIVED => {
                let (now, link) = (self.time()?, LinkId(self.number()?));
                let frames = self.frames()?;
                Call::Handle(now, Box::new(Input::LinkReceived { link, frames }))
            }
            other => return Err(NoCalls::Kind(other)),
        })
    }

    fn time(&mut self) -> Result<Timestamp, NoCalls> {
        let number = self.number()?;
        let passed = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        self.at = Timestamp::from_micros(self.at.as_micros().wrapping_add(passed));
        Ok(self.at)
    }

    fn number(&mut self) -> Result<u64, NoCalls> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let octet = self.octet()?;
            number |= u64::from(octet & 0x7f) << shift;
            if octet < 0x80 {
                return Ok(number);
            }
        }
        Err(NoCalls::Content("a number has no end".to_owned()))
    }

    fn octet(&mut self) -> Result<u8, NoCalls> {
        let (octet, rest) = self.octets.split_first().ok_or(NoCalls::CutOff)?;
        self.octets = rest;
        Ok(*octet)
    }

    fn taken(&mut self, octets: u64) -> Result<&'o [u8], NoCalls> {
        let octets = usize::try_from(octets).map_err(|_| NoCalls::CutOff)?;
        let (taken, rest) = self.octets.split_at_checked(octets).ok_or(NoCalls::CutOff)?;
        self.octets = rest;
        Ok(taken)
    }

    fn json<T: Deserialize<'o>>(&mut self) -> Result<T, NoCalls> {
        let octets = self.number()?;
        let octets = self.taken(octets)?;
        serde_json::from_slice(octets).map_err(|error| NoCalls::Content(error.to_string()))
    }

    fn steps(&mut self) -> Result<Steps, NoCalls> {
        let written: WrittenSteps = self.json()?;
        let told = |faults: Vec<Diagnostic>| {
            let fault = faults.first().map_or("", |fault| fault.message.as_str());
            NoCalls::Content(format!("steps cannot be understood any more: {fault}"))
        };
        let steps = Steps::read(&written.path, &written.text).map_err(told)?;
        Ok(Steps {
            patience: written.patience_us.map(Duration::from_micros),
            fresh: written.fresh,
            ..steps
        })
    }

    fn frames(&mut self) -> Result<Vec<Frame>, NoCalls> {
        let octets = self.number()?;
        // What was too long for the world then was not written as a PDU.
        let mut framer = Framer::new(u32::MAX);
        framer.feed(self.taken(octets)?);
        let mut frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame()).collect();
        if framer.is_within_pdu() {
            return Err(NoCalls::Content("a PDU has no end".to_owned()));
        }
        match self.octet()? {
            end::WHOLE => {}
            end::BROKEN => frames.push(Frame::Broken { header: None }),
            end::BROKEN_BEHIND_HEADER => {
                let header = self.taken(HEADER_OCTETS as u64)?;
                let header = header.first_chunk().map(Header::read);
                frames.push(Frame::Broken { header });
            }
            other => return Err(NoCalls::Content(format!("octets of an ESME end with {other}"))),
        }
        Ok(frames)
    }
}

impl Iterator for Calls<'_> {
    type Item = Result<Call, NoCalls>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.octets.is_empty() {
            return None;
        }
        let call = self.read();
        if call.is_err() {
            // Where the next one begins is not known.
            self.octets = &[];
        }
        Some(call)
    }
}
