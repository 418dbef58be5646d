//! Octets to PDUs: [`Framer`]. What is a PDU, what gets an error response, and what ends the connection.

use bytes::{Bytes, BytesMut};

use crate::decode::{Reader, decode, decode_liberally};
use crate::pdu::Command;
use crate::status::Status;

/// The size of the header.
pub const HEADER_OCTETS: usize = 16;

/// The greatest `command_length` that a [`Framer`] takes by default: a `message_payload` of 64 KiB with room to spare.
pub const COMMAND_LENGTH_MAX: u32 = 70_000;

/// The header of a PDU (SMPP v3.4 §3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The octets of the PDU, the header's 16 among them.
    pub command_length: u32,
    /// The number of the operation.
    pub command_id: u32,
    /// What became of the request; 0 in requests.
    pub command_status: Status,
    /// Pairs a response with its request.
    pub sequence_number: u32,
}

impl Header {
    /// Reads a header from its 16 octets.
    pub fn read(octets: &[u8; HEADER_OCTETS]) -> Self {
        let (words, _) = octets.as_chunks::<4>();
        let [command_length, command_id, command_status, sequence_number] =
            [words[0], words[1], words[2], words[3]].map(u32::from_be_bytes);
        Self {
            command_length,
            command_id,
            command_status: Status(command_status),
            sequence_number,
        }
    }
}

/// What a stream of octets turned out to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A PDU that could be read.
    Pdu {
        /// What it says.
        command: Command,
        /// Its octets, header and all: a slice of what was fed together.
        raw: Bytes,
        /// How many octets after the last known field were passed over.
        trailing: usize,
    },
    /// A PDU of a known operation with a body that could not be read. A request gets its own response with `status`.
    Malformed {
        /// Its header.
        header: Header,
        /// The status for the field that is wrong.
        status: Status,
        /// The specification's name of that field.
        field: &'static str,
        /// Its octets, header and all.
        raw: Bytes,
    },
    /// A `command_length` that cannot be, or a PDU that never came to its end: the stream is lost. It gets a `generic_nack`
    /// of ESME_RINVCMDLEN, and the connection is closed. Nothing more comes out of this framer.
    Broken {
        /// The header, when it could be read and its length is above the limit; none for a length below 16 and for a PDU
        /// that never came to its end, whose sequence number is nothing to go by.
        header: Option<Header>,
    },
}

impl Frame {
    /// A request that is refused for its optional parameters alone, as it is without those that are wrong; anything else as
    /// it was.
    #[must_use]
    pub fn without_wrong_tlvs(self) -> Self {
        match self {
            Self::Malformed {
                header, status, raw, ..
            } if status == Status::ESME_RINVTLVSTREAM || status == Status::ESME_RINVTLVLEN => {
                decode_liberally(header, raw)
            }
            other => other,
        }
    }
}

/// Cuts the octets of one direction of a connection into frames.
///
/// The owner feeds it whatever it read, then takes frames until there is none. However the octets are cut when they are
/// fed, the frames are the same.
#[derive(Debug)]
pub struct Framer {
    octets: BytesMut,
    /// What others share and was fed last, behind `octets`.
    shared: Bytes,
    /// Where a body that is not read as it lies is taken apart; nothing outside keeps a part of it, so that its memory
    /// serves every body.
    scratch: BytesMut,
    reader: Reader,
    command_length_max: u32,
    is_broken: bool,
}

impl Framer {
    /// A framer that takes PDUs of at most `command_length_max` octets.
    pub fn new(command_length_max: u32) -> Self {
        Self {
            octets: BytesMut::new(),
            shared: Bytes::new(),
            scratch: BytesMut::new(),
            reader: Reader::Plain,
            command_length_max,
            is_broken: false,
        }
    }

    /// The same, but rusmpp reads every body: what another is measured against. The frames are the same.
    pub fn by_library(self) -> Self {
        Self {
            reader: Reader::Library,
            ..self
        }
    }

    /// Takes octets as they were read.
    pub fn feed(&mut self, octets: &[u8]) {
        if !self.is_broken {
            self.own();
            self.octets.extend_from_slice(octets);
        }
    }

    /// Takes octets that others share. Whole PDUs among them are not copied when nothing waits before them.
    pub fn feed_shared(&mut self, octets: Bytes) {
        if !self.is_broken {
            self.own();
            self.shared = octets;
        }
    }

    /// The next frame; none until more octets are fed.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.is_broken {
            return None;
        }
        if !self.octets.is_empty() {
            self.own();
        }
        let octets: &[u8] = match self.octets.is_empty() {
            true => &self.shared,
            false => &self.octets,
        };
        let command_length = u32::from_be_bytes(*octets.first_chunk()?);
        if (command_length as usize) < HEADER_OCTETS {
            return Some(self.break_off(None));
        }
        let header = Header::read(octets.first_chunk()?);
        if command_length > self.command_length_max {
            return Some(self.break_off(Some(header)));
        }
        if octets.len() < command_length as usize {
            return None;
        }
        let raw = if self.octets.is_empty() {
            self.shared.split_to(command_length as usize)
        } else if self.octets.len() == command_length as usize {
            // A connection that falls silent holds nothing.
            std::mem::take(&mut self.octets).freeze()
        } else {
            self.octets.split_to(command_length as usize).freeze()
        };
        Some(decode(header, raw, self.reader, &mut self.scratch))
    }

    /// Copies what is shared behind what is not.
    fn own(&mut self) {
        if !self.shared.is_empty() {
            self.octets.extend_from_slice(&std::mem::take(&mut self.shared));
        }
    }

    /// Whether a PDU has begun and not ended. An owner that sees this for longer than its patience calls
    /// [`Framer::give_up`].
    pub fn is_within_pdu(&self) -> bool {
        !self.octets.is_empty() || !self.shared.is_empty()
    }

    /// Gives up the PDU that has begun and not ended; none when there is none.
    pub fn give_up(&mut self) -> Option<Frame> {
        if !self.is_within_pdu() {
            return None;
        }
        Some(self.break_off(None))
    }

    fn break_off(&mut self, header: Option<Header>) -> Frame {
        self.is_broken = true;
        self.shared = Bytes::new();
        self.octets = BytesMut::new();
        Frame::Broken { header }
    }
}

impl Default for Framer {
    /// A framer that takes PDUs of at most [`COMMAND_LENGTH_MAX`] octets.
    fn default() -> Self {
        Self::new(COMMAND_LENGTH_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageIdResp, Pdu, ShortMessage, encode, encode_into};

    /// Three PDUs, one behind the other.
    fn three() -> Bytes {
        let mut octets = BytesMut::new();
        for sequence_number in 1..=3 {
            let resp = Pdu::DeliverSmResp(MessageIdResp::nul());
            encode_into(&Command::request(sequence_number, resp), &mut octets);
        }
        octets.freeze()
    }

    #[test]
    fn shared_octets_give_the_same_frames_however_they_are_cut() {
        let octets = three();
        let mut whole = Framer::default();
        whole.feed(&octets);
        let expected: Vec<Frame> = std::iter::from_fn(|| whole.next_frame()).collect();
        assert_eq!(expected.len(), 3);
        for cut in 0..=octets.len() {
            for second_is_shared in [true, false] {
                let mut framer = Framer::default();
                framer.feed_shared(octets.slice(..cut));
                let mut frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame()).collect();
                assert_eq!(framer.is_within_pdu(), cut % (octets.len() / 3) != 0, "{cut}");
                match second_is_shared {
                    true => framer.feed_shared(octets.slice(cut..)),
                    false => framer.feed(&octets[cut..]),
                }
                frames.extend(std::iter::from_fn(|| framer.next_frame()));
                assert_eq!(frames, expected, "cut at {cut}");
                assert!(!framer.is_within_pdu() && framer.give_up().is_none());
            }
        }
    }

    #[test]
    fn whole_pdus_that_are_shared_are_not_copied() {
        let octets = three();
        let mut framer = Framer::default();
        framer.feed_shared(octets.clone());
        let first = framer.next_frame();
        let Some(Frame::Pdu { raw, .. }) = first else {
            panic!("{first:?}")
        };
        assert_eq!(raw.as_ptr(), octets.as_ptr());
        framer.give_up();
        drop(raw);
        assert!(octets.is_unique(), "nothing keeps them");
    }

    #[test]
    fn what_a_command_keeps_is_no_slice_of_what_was_fed() {
        let text = ShortMessage {
            short_message: b"hello".into(),
            ..ShortMessage::default()
        };
        let unknown = Pdu::Other {
            command_id: 0x0001_0203,
            body: Bytes::from_static(b"body"),
        };
        let pdus = [
            Pdu::SubmitSm(text),
            unknown,
            Pdu::DeliverSmResp(MessageIdResp::nul()),
        ];
        let mut octets = BytesMut::new();
        for (sequence_number, pdu) in (1..).zip(&pdus) {
            encode_into(&Command::request(sequence_number, pdu.clone()), &mut octets);
        }
        let mut framer = Framer::default();
        framer.feed(&octets);
        let frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame()).collect();
        let (mut commands, mut raws) = (Vec::new(), Vec::new());
        for frame in frames {
            let Frame::Pdu { command, raw, .. } = frame else {
                panic!("{frame:?}")
            };
            assert_eq!(encode(&command), raw);
            commands.push(command.pdu);
            raws.push(raw);
        }
        assert_eq!(commands, pdus);
        let last = raws.pop().expect("three");
        assert!(!last.is_unique(), "the frames of one feed share its octets");
        drop(raws);
        assert!(
            last.is_unique(),
            "neither a command nor an idle framer keeps them"
        );
    }
}
