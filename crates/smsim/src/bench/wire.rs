//! SMPP with as little work as can be: what a load generator spends, its server cannot show.
//!
//! The requests are encoded once, by the crate `smpp`, and patched. Of what arrives only the fields that count are read.

use bytes::{Buf, BufMut, BytesMut};
use smpp::framing::HEADER_OCTETS;
use smpp::{Command, Header, Pdu, QuerySm, ShortMessage, command_id, esm_class, registered_delivery, tag};
use sms::{Address, Encoding, MessageState, Segment};

use super::Destinations;

/// The longest PDU that is read.
const COMMAND_LENGTH_MAX: u32 = smpp::framing::COMMAND_LENGTH_MAX;

/// A `submit_sm`, encoded once.
#[derive(Debug)]
pub struct SubmitTemplate {
    octets: Vec<u8>,
    destinations: Destinations,
    /// Where the digits of `destination_addr` are.
    digits: std::ops::Range<usize>,
}

impl SubmitTemplate {
    /// The `submit_sm` of that text. What does not fit in `short_message` goes into a `message_payload`.
    pub fn new(source: Address, destinations: Destinations, text: &str, receipts: bool) -> Self {
        let segment = Segment::whole(text, Encoding::of(text));
        let mut message = ShortMessage::new(source, destinations.address(), &segment);
        message.registered_delivery = if receipts { registered_delivery::FINAL } else { 0 };
        let before = [&message.service_type, &message.source.digits];
        // Each of the two strings ends with a NUL, and before each of the two addresses stand its TON and NPI.
        let start = HEADER_OCTETS + before.iter().map(|text| text.len() + 1).sum::<usize>() + 4;
        let digits = start..start + message.destination.digits.len();
        let octets = smpp::encode(&Command::request(0, Pdu::SubmitSm(message))).to_vec();
        Self {
            octets,
            destinations,
            digits,
        }
    }

    /// Writes the message `nth`.
    pub fn write(&self, sequence_number: u32, nth: u64, out: &mut BytesMut) {
        let start = out.len();
        out.extend_from_slice(&self.octets);
        let pdu = &mut out[start..];
        pdu[12..16].copy_from_slice(&sequence_number.to_be_bytes());
        let mut number = self.destinations.number(nth);
        for digit in pdu[self.digits.clone()].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
}

/// Writes a PDU that is its header.
pub fn write_header(command_id: u32, sequence_number: u32, out: &mut BytesMut) {
    for word in [HEADER_OCTETS as u32, command_id, 0, sequence_number] {
        out.put_u32(word);
    }
}

/// Writes the `deliver_sm_resp` that accepts: its message id is NUL.
pub fn write_deliver_sm_resp(sequence_number: u32, out: &mut BytesMut) {
    for word in [
        HEADER_OCTETS as u32 + 1,
        command_id::DELIVER_SM_RESP,
        0,
        sequence_number,
    ] {
        out.put_u32(word);
    }
    out.put_u8(0);
}

/// Writes a `query_sm`.
pub fn write_query_sm(sequence_number: u32, message_id: &str, source: &Address, out: &mut BytesMut) {
    let query = QuerySm {
        message_id: message_id.into(),
        source: source.clone(),
    };
    smpp::encode_into(&Command::request(sequence_number, Pdu::QuerySm(query)), out);
}

/// A stream in which no PDU can be told from the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the SMSC sent a command_length of {0}")]
pub struct Broken(u32);

/// Gives every whole PDU in `octets` to `each`, as its header and its body, and leaves the rest.
pub fn take_pdus(octets: &mut BytesMut, mut each: impl FnMut(Header, &[u8])) -> Result<(), Broken> {
    while let Some(header) = octets.first_chunk::<HEADER_OCTETS>().map(Header::read) {
        let length = header.command_length as usize;
        if length < HEADER_OCTETS || header.command_length > COMMAND_LENGTH_MAX {
            return Err(Broken(header.command_length));
        }
        let Some(pdu) = octets.get(..length) else {
            break;
        };
        each(header, &pdu[HEADER_OCTETS..]);
        octets.advance(length);
    }
    Ok(())
}

/// The message id of a `submit_sm_resp`; empty when there is none.
pub fn message_id(body: &[u8]) -> &str {
    text(Fields(body).c_octet_string().unwrap_or_default())
}

/// The state in a `query_sm_resp`.
pub fn queried_state(body: &[u8]) -> Option<MessageState> {
    let mut fields = Fields(body);
    fields.c_octet_string()?;
    fields.c_octet_string()?;
    MessageState::from_code(fields.octet()?)
}

/// What a `deliver_sm` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivered<'a> {
    /// A receipt of a final state.
    Receipt {
        /// Of which message.
        message_id: &'a str,
        /// What became of it.
        state: MessageState,
    },
    /// An intermediate notification, or a receipt that cannot be read.
    Notification,
    /// A text.
    Text,
}

impl<'a> Delivered<'a> {
    /// Reads the body of a `deliver_sm`.
    pub fn read(body: &'a [u8]) -> Self {
        match Self::fields(body) {
            Some((kind, _, _)) if kind & esm_class::TYPE == 0 => Self::Text,
            Some((kind, short_message, tlvs)) if kind & esm_class::TYPE == esm_class::RECEIPT => {
                receipt(text(short_message), Fields(tlvs)).unwrap_or(Self::Notification)
            }
            Some(_) | None => Self::Notification,
        }
    }

    /// `esm_class`, `short_message` and the optional parameters.
    fn fields(body: &[u8]) -> Option<(u8, &[u8], &[u8])> {
        let mut fields = Fields(body);
        fields.c_octet_string()?;
        for _address in 0..2 {
            fields.octets(2)?;
            fields.c_octet_string()?;
        }
        let kind = fields.octet()?;
        fields.octets(2)?;
        fields.c_octet_string()?;
        fields.c_octet_string()?;
        fields.octets(4)?;
        let length = usize::from(fields.octet()?);
        Some((kind, fields.octets(length)?, fields.0))
    }
}

/// What a receipt says: in its optional parameters, or else in words (SMPP v3.4 Appendix B).
fn receipt<'a>(words: &'a str, mut tlvs: Fields<'a>) -> Option<Delivered<'a>> {
    let (mut message_id, mut state) = (None, None);
    while let Some((tag, value)) = tlvs.tlv() {
        match tag {
            tag::RECEIPTED_MESSAGE_ID => message_id = Some(text(value.strip_suffix(&[0]).unwrap_or(value))),
            tag::MESSAGE_STATE => state = value.first().copied().and_then(MessageState::from_code),
            _ => {}
        }
    }
    let message_id = message_id.or_else(|| word(words, "id:"))?;
    let state = state.or_else(|| word(words, "stat:").and_then(MessageState::from_stat))?;
    state
        .is_final()
        .then_some(Delivered::Receipt { message_id, state })
}

fn word<'a>(words: &'a str, label: &str) -> Option<&'a str> {
    words.split(' ').find_map(|word| word.strip_prefix(label))
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap_or_default()
}

/// A body that is read from its start.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (octets, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(octets)
    }

    fn octet(&mut self) -> Option<u8> {
        self.octets(1).map(|octets| octets[0])
    }

    fn c_octet_string(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let text = self.octets(end)?;
        self.octet()?;
        Some(text)
    }

    fn tlv(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.octets(4)?;
        let tag = u16::from_be_bytes([head[0], head[1]]);
        let length = u16::from_be_bytes([head[2], head[3]]);
        Some((tag, self.octets(usize::from(length))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smpp::{Frame, Framer, MessageIdResp, QuerySmResp, Status, Tlv};

    fn body(command: &Command) -> Vec<u8> {
        smpp::encode(command)[HEADER_OCTETS..].to_vec()
    }

    fn read_back(octets: &[u8]) -> Vec<Command> {
        let mut framer = Framer::default();
        framer.feed(octets);
        let frames = std::iter::from_fn(|| framer.next_frame());
        frames
            .map(|frame| match frame {
                Frame::Pdu {
                    command, trailing: 0, ..
                } => command,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_patched_submit_sm_is_what_would_have_been_encoded() {
        let destinations: Destinations = "+14155560000..+14155569999".parse().expect("a range");
        let source = sms::ShortCode::new(32_665).expect("a code").address();
        for text in ["hello".to_owned(), "a".repeat(160), "я".repeat(300)] {
            let template = SubmitTemplate::new(source.clone(), destinations, &text, true);
            let mut out = BytesMut::new();
            template.write(7, 42, &mut out);
            template.write(8, 43, &mut out);
            let commands = read_back(&out);
            let expected = |sequence_number, number| {
                let destination = sms::Msisdn::new(number).expect("a number").address();
                let segment = Segment::whole(&text, Encoding::of(&text));
                let mut message = ShortMessage::new(source.clone(), destination, &segment);
                message.registered_delivery = 1;
                Command::request(sequence_number, Pdu::SubmitSm(message))
            };
            assert_eq!(
                commands,
                [expected(7, 14_155_560_042), expected(8, 14_155_560_043)]
            );
        }
    }

    #[test]
    fn answers_are_the_specifications() {
        let mut out = BytesMut::new();
        write_header(command_id::ENQUIRE_LINK_RESP, 3, &mut out);
        write_deliver_sm_resp(4, &mut out);
        write_query_sm(5, "2a", &Address::default(), &mut out);
        let query = QuerySm {
            message_id: "2a".into(),
            source: Address::default(),
        };
        assert_eq!(
            read_back(&out),
            [
                Command::response(3, Status::ESME_ROK, Pdu::EnquireLinkResp),
                Command::response(4, Status::ESME_ROK, Pdu::DeliverSmResp(MessageIdResp::nul())),
                Command::request(5, Pdu::QuerySm(query)),
            ]
        );
    }

    #[test]
    fn a_receipt_is_read_from_its_parameters_or_its_words() {
        let words = "id:0000000042 sub:001 dlvrd:001 submit date:0903021400 done date:0903021401 stat:UNDELIV err:001 Text:x";
        let with = |esm_class, tlvs| {
            let message = ShortMessage {
                esm_class,
                short_message: words.as_bytes().into(),
                tlvs,
                ..ShortMessage::default()
            };
            body(&Command::request(1, Pdu::DeliverSm(message)))
        };
        let both = vec![
            Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, "2a"),
            Tlv::octet(tag::MESSAGE_STATE, 2),
        ];
        for (octets, expected) in [
            (
                with(0x04, Vec::new()),
                Delivered::Receipt {
                    message_id: "0000000042",
                    state: MessageState::Undeliverable,
                },
            ),
            (
                with(0x04, both.clone()),
                Delivered::Receipt {
                    message_id: "2a",
                    state: MessageState::Delivered,
                },
            ),
            (
                with(0x04, vec![Tlv::octet(tag::MESSAGE_STATE, 1)]),
                Delivered::Notification,
            ),
            (with(0x20, both), Delivered::Notification),
            (with(0x00, Vec::new()), Delivered::Text),
            (vec![0, 1], Delivered::Notification),
        ] {
            assert_eq!(Delivered::read(&octets), expected);
        }
    }

    #[test]
    fn responses_give_their_ids_and_states() {
        let resp = Command::response(1, Status::ESME_ROK, Pdu::SubmitSmResp(MessageIdResp::new("2a")));
        assert_eq!(message_id(&body(&resp)), "2a");
        assert_eq!(message_id(&[]), "");
        let resp = QuerySmResp {
            message_id: "2a".into(),
            message_state: 1,
            ..QuerySmResp::default()
        };
        let resp = Command::response(1, Status::ESME_ROK, Pdu::QuerySmResp(resp));
        assert_eq!(queried_state(&body(&resp)), Some(MessageState::Enroute));
    }

    #[test]
    fn pdus_are_taken_whole_and_an_impossible_length_ends_the_stream() {
        let mut octets = BytesMut::new();
        write_header(command_id::ENQUIRE_LINK, 1, &mut octets);
        write_header(command_id::UNBIND, 2, &mut octets);
        let rest = octets.split_off(20);
        let mut seen = Vec::new();
        take_pdus(&mut octets, |header, _| seen.push(header.sequence_number)).expect("whole");
        assert_eq!((seen.as_slice(), octets.len()), (&[1][..], 4));
        octets.unsplit(rest);
        take_pdus(&mut octets, |header, _| seen.push(header.sequence_number)).expect("whole");
        assert_eq!((seen.as_slice(), octets.len()), (&[1, 2][..], 0));
        for length in [15_u32, COMMAND_LENGTH_MAX + 1] {
            let mut octets = BytesMut::new();
            write_header(command_id::UNBIND, 2, &mut octets);
            octets[..4].copy_from_slice(&length.to_be_bytes());
            assert_eq!(take_pdus(&mut octets, |_, _| {}), Err(Broken(length)));
        }
    }
}
