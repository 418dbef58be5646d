//! The platform's own SMPP link, as bytes: [`OwnLink`]; and what of a link is recorded.
//!
//! The platform's end and the message centre's end speak to each other in octets that went through the same codec as an
//! outside ESME's, so that every scenario exercises it.

use bytes::{Bytes, BytesMut};
use smpp::{Command, Frame, Framer, Header, LinkId, Pdu};
use smsc::{Draft, Scribe};

use crate::record::{Event, Toward};
use crate::ring::Kept;
use crate::wire_pdu::WirePdu;

/// The first name of the platform's own links; each new connection takes the next. Names of outside links are lower.
pub const OWN_LINKS: u64 = 1 << 63;

/// The octets of PDUs that are encoded into one piece of memory before the next is begun.
const ENCODED_TOGETHER_OCTETS: usize = 16 * 1024;

/// Encodes what is sent. Neighbours share memory: a record and a connection keep the same octets, and nearly all that
/// is encoded goes into the ring of records together and out of it together.
#[derive(Debug)]
pub struct Encoder {
    octets: BytesMut,
}

impl Default for Encoder {
    /// An encoder that has encoded nothing.
    fn default() -> Self {
        Self {
            octets: BytesMut::with_capacity(ENCODED_TOGETHER_OCTETS),
        }
    }
}

impl Encoder {
    /// The octets of a PDU.
    pub fn encode(&mut self, command: &Command) -> Bytes {
        smpp::encode_into(command, &mut self.octets);
        self.octets.split().freeze()
    }

    /// The octets of a PDU that is not written yet.
    pub fn write(&mut self, draft: &Draft, scribe: &mut Scribe) -> Bytes {
        draft.write(scribe, &mut self.octets);
        self.octets.split().freeze()
    }
}

/// One connection between the platform's ESME and the message centre.
#[derive(Debug)]
pub struct OwnLink {
    /// Its name.
    pub link: LinkId,
    at_smsc: Framer,
    at_esme: Framer,
}

impl OwnLink {
    /// A fresh connection.
    pub fn new(link: LinkId, command_length_max: u32) -> Self {
        Self {
            link,
            at_smsc: Framer::new(command_length_max),
            at_esme: Framer::new(command_length_max),
        }
    }

    /// Octets arrive at one end, whose framer gives the frames that are whole now.
    pub fn arrive(&mut self, toward: Toward, octets: Bytes) -> &mut Framer {
        let framer = match toward {
            Toward::Smsc => &mut self.at_smsc,
            Toward::Esme => &mut self.at_esme,
        };
        framer.feed_shared(octets);
        framer
    }
}

/// What is kept of a PDU that was sent.
pub(crate) fn sent(link: LinkId, toward: Toward, command: &Command, octets: Bytes) -> Kept {
    Kept::Pdu {
        link: link.0,
        toward,
        pdu: WirePdu::Octets(without_password(command).unwrap_or(octets)),
    }
}

/// What is kept of a frame that arrived, whose octets nobody else wants; nothing of one that cannot even be told from the
/// next.
pub(crate) fn arrived(link: LinkId, toward: Toward, frame: &mut Frame) -> Option<Kept> {
    match frame {
        Frame::Pdu { command, raw, .. } if matches!(command.pdu, Pdu::Bind(_) | Pdu::Outbind(_)) => {
            Some(sent(link, toward, command, std::mem::take(raw)))
        }
        Frame::Pdu { raw, .. } => Some(Kept::Pdu {
            link: link.0,
            toward,
            pdu: WirePdu::Octets(std::mem::take(raw)),
        }),
        Frame::Malformed { header, raw, .. } => Some(Kept::Event(Box::new(Event::Pdu {
            link: link.0,
            toward,
            name: "malformed PDU".into(),
            sequence_number: header.sequence_number,
            command_status: header.command_status.0,
            // A broken bind may hold a password anywhere.
            octets: if holds_password(header.command_id) {
                raw.slice(..raw.len().min(16))
            } else {
                raw.clone()
            },
        }))),
        Frame::Broken { .. } => None,
    }
}

/// The record of a PDU that could be read.
pub(crate) fn pdu_event(link: u64, toward: Toward, octets: Bytes) -> Event {
    let header = octets.first_chunk().map(Header::read);
    let header = header.expect("a PDU that was encoded or read has a header");
    let name = match smpp::command_id::name(header.command_id) {
        Some(name) => name.into(),
        None => format!("{:#010x}", header.command_id).into(),
    };
    Event::Pdu {
        link,
        toward,
        name,
        sequence_number: header.sequence_number,
        command_status: header.command_status.0,
        octets,
    }
}

fn holds_password(command_id: u32) -> bool {
    use smpp::command_id::{BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, OUTBIND};
    [BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER, OUTBIND].contains(&command_id)
}

/// A bind's octets with its password blanked out; none for other PDUs.
fn without_password(command: &Command) -> Option<Bytes> {
    match &command.pdu {
        Pdu::Bind(bind) => {
            let blank = "*".repeat(bind.password.len());
            let masked = Command {
                pdu: Pdu::Bind(smpp::Bind {
                    password: blank.as_str().into(),
                    ..bind.clone()
                }),
                ..command.clone()
            };
            Some(smpp::encode(&masked))
        }
        Pdu::Outbind(outbind) => {
            let blank = "*".repeat(outbind.password.len());
            let masked = Command {
                pdu: Pdu::Outbind(smpp::Outbind {
                    password: blank.as_str().into(),
                    ..outbind.clone()
                }),
                ..command.clone()
            };
            Some(smpp::encode(&masked))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use smpp::{MessageIdResp, ShortMessage};
    use sms::{Address, Encoding, Segment};

    use super::*;

    #[test]
    fn an_encoder_writes_what_the_codec_does_whatever_the_size() {
        let mut encoder = Encoder::default();
        let texts = [1, 160, 60_000, 0, 255, ENCODED_TOGETHER_OCTETS, 16];
        let sent: Vec<(Command, Bytes)> = (1..)
            .zip(texts.iter().cycle().take(200))
            .map(|(sequence_number, octets)| {
                let text = Segment::whole(&"a".repeat(*octets), Encoding::Gsm7);
                let text = ShortMessage::new(Address::default(), Address::default(), &text);
                let command = Command::request(sequence_number, Pdu::DeliverSm(text));
                let octets = encoder.encode(&command);
                (command, octets)
            })
            .collect();
        for (command, octets) in sent {
            assert_eq!(octets, smpp::encode(&command));
        }
    }

    #[test]
    fn memory_is_shared_by_as_many_as_fit_and_not_by_more() {
        let resp = Command::request(1, Pdu::DeliverSmResp(MessageIdResp::nul()));
        let mut encoder = Encoder::default();
        let first = encoder.encode(&resp);
        let mut together = 1;
        while !first.is_unique() {
            together += 1;
            drop(encoder.encode(&resp));
            assert!(together * first.len() <= ENCODED_TOGETHER_OCTETS + first.len());
        }
        assert!(
            together * first.len() > ENCODED_TOGETHER_OCTETS / 2,
            "{together} responses"
        );
    }
}
