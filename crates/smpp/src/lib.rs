//! The wire: octets to PDUs and back, and the rules of one SMPP session.
//!
//! The decoding of the mandatory parameters is rusmpp's, which nothing outside this crate names, but for texts and their
//! answers that are plainly well made. This crate knows no socket, no account, no carrier, no route and no policy: a
//! [`Session`] is one end of one link, a value that its owner feeds with frames and asks when to wake it.

mod bind;
pub mod command_id;
mod decode;
mod encode;
mod error_bodies;
pub mod framing;
mod operation;
mod outcome;
mod outstanding;
pub mod pdu;
pub mod session;
mod short_message;
mod state;
pub mod status;
pub mod time;
pub mod timers;
pub mod tlv;
mod version;

pub use bind::{PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_USUAL};
pub use encode::{PlainDelivery, encode, encode_accepted_into, encode_delivery_into, encode_into};
pub use error_bodies::ErrorBodies;
pub use framing::{Frame, Framer, Header};
pub use pdu::{
    AlertNotification, Bind, BindKind, BindResp, BroadcastSm, CancelBroadcastSm, CancelSm, Command, DataSm,
    DestAddress, MessageIdResp, Outbind, Pdu, QueryBroadcastSm, QuerySm, QuerySmResp, ReplaceSm,
    ShortMessage, SubmitMulti, SubmitMultiResp, UnsuccessSme,
};
pub use session::{CannotSend, Received, Role, Session, SessionLimits, State, TimerEvent};
pub use short_message::{SHORT_MESSAGE_OCTETS_MAX, esm_class, registered_delivery};
pub use status::Status;
pub use timers::Timers;
pub use tlv::{Tlv, Tlvs, tag};
pub use version::fit;

/// One SMPP connection.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct LinkId(pub u64);

impl From<LinkId> for u64 {
    fn from(link: LinkId) -> Self {
        link.0
    }
}

impl std::fmt::Display for LinkId {
    /// `link 7`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "link {}", self.0)
    }
}
