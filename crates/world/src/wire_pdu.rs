//! A PDU on a link, as octets or as what they are to be written from: [`WirePdu`].

use bytes::{Bytes, BytesMut};
use smpp::Header;
use smsc::{Draft, Scribe};

/// One whole PDU that was sent or received. To keep one costs little; its octets are written when they are wanted.
#[derive(Clone, Debug)]
pub enum WirePdu {
    /// Its octets.
    Octets(Bytes),
    /// What they are written from.
    Draft(Draft),
}

impl WirePdu {
    /// Its octets, header and all. `scribe` is the message centre's ([`smsc::Smsc::scribe`]).
    pub fn octets(&self, scribe: &mut Scribe) -> Bytes {
        match self {
            Self::Octets(octets) => octets.clone(),
            Self::Draft(draft) => {
                let mut octets = BytesMut::new();
                draft.write(scribe, &mut octets);
                octets.freeze()
            }
        }
    }

    /// Appends its octets to `octets`.
    pub fn write(&self, scribe: &mut Scribe, octets: &mut BytesMut) {
        match self {
            Self::Octets(written) => octets.extend_from_slice(written),
            Self::Draft(draft) => draft.write(scribe, octets),
        }
    }

    /// Its `command_id`, `command_status` and `sequence_number`; none for octets that are too few for a header.
    pub fn words(&self) -> Option<[u32; 3]> {
        match self {
            Self::Octets(octets) => words(octets),
            Self::Draft(draft) => Some([draft.command_id(), 0, draft.sequence_number()]),
        }
    }
}

/// What [`WirePdu::words`] gives, of octets.
pub fn words(octets: &[u8]) -> Option<[u32; 3]> {
    let header = Header::read(octets.first_chunk()?);
    Some([header.command_id, header.command_status.0, header.sequence_number])
}
