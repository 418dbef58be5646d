//! The platform's own SMPP link, as bytes: [`OwnLink`]; and what of a link is recorded.
//!
//! The platform's end and the message centre's end speak to each other in octets that went through the same codec as an
//! outside ESME's, so that every scenario exercises it.

use bytes::Bytes;
use smpp::{Command, Frame, Framer, LinkId, Pdu};

use crate::record::{Event, Toward};

/// The first name of the platform's own links; each new connection takes the next. Names of outside links are lower.
pub const OWN_LINKS: u64 = 1 << 63;

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

    /// Octets arrive at one end; gives the frames that are whole now.
    pub fn arrive(&mut self, toward: Toward, octets: &[u8]) -> Vec<Frame> {
        let framer = match toward {
            Toward::Smsc => &mut self.at_smsc,
            Toward::Esme => &mut self.at_esme,
        };
        framer.feed(octets);
        std::iter::from_fn(|| framer.next_frame()).collect()
    }
}

/// The record of a PDU that was sent.
pub fn sent(link: LinkId, toward: Toward, command: &Command, octets: Bytes) -> Event {
    Event::Pdu {
        link: link.0,
        toward,
        name: command.pdu.name(),
        sequence_number: command.sequence_number,
        command_status: command.status.0,
        octets: without_password(command).unwrap_or(octets),
    }
}

/// The record of a frame that arrived; none for one that cannot even be told from the next.
pub fn arrived(link: LinkId, toward: Toward, frame: &Frame) -> Option<Event> {
    match frame {
        Frame::Pdu { command, raw, .. } => Some(sent(link, toward, command, raw.clone())),
        Frame::Malformed { header, raw, .. } => Some(Event::Pdu {
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
        }),
        Frame::Broken { .. } => None,
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
