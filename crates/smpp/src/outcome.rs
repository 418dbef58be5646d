//! What a session tells its owner: [`Received`], [`TimerEvent`], [`CannotSend`].

use sms::Timestamp;

use crate::pdu::{Command, Pdu};
use crate::state::State;

/// What a frame of the peer is to the owner. `C` is what the frame says, or nothing for an owner who still has the frame.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart at once; a box would cost more"
)]
pub enum Received<T, C = Command> {
    /// A request that the owner answers; `outbind` and `alert_notification` need no answer.
    Request(C),
    /// The response to a request of the owner; a `generic_nack` when the peer did not understand it.
    Response {
        /// What the peer says.
        command: C,
        /// What the owner attached to the request.
        token: T,
        /// When the request was sent.
        sent_at: Timestamp,
    },
    /// The session's own answer, to be sent as it is.
    Answer {
        /// The answer.
        command: Command,
        /// Whether the owner closes the connection once it is sent.
        close: bool,
        /// Why, as a lower-case fragment.
        why: &'static str,
    },
    /// Nothing to do.
    Ignored {
        /// Why, as a lower-case fragment.
        why: &'static str,
    },
}

/// What a timer of the session did.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart at once; a box would cost more"
)]
pub enum TimerEvent<T> {
    /// The peer has been silent: this is to be sent.
    EnquireLink(Command),
    /// The peer has been silent since an `enquire_link`, too: the owner closes the connection.
    EnquireLinkTimedOut,
    /// No bind came in time: the owner closes the connection.
    SessionInitExpired,
    /// The peer has been silent for the whole inactivity time, or has not closed the connection after an unbind: the owner
    /// unbinds or closes.
    InactivityExpired,
    /// A request had no response in time; a response that still comes is ignored.
    ResponseTimedOut(T),
}

/// A request that cannot be sent now, with what came with it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotSend<T> {
    /// As many requests wait for their response as the window holds.
    #[error("the window is full")]
    WindowFull {
        /// The request.
        pdu: Box<Pdu>,
        /// What was to be attached.
        token: T,
    },
    /// The session's state does not allow it.
    #[error("{} is not allowed in {state}", pdu.name())]
    WrongState {
        /// The request.
        pdu: Box<Pdu>,
        /// What was to be attached.
        token: T,
        /// The state.
        state: State,
    },
}
