//! What the ESME is told: [`Input`].

use serde::{Deserialize, Serialize};
use sms::Address;

/// Everything that can happen to the ESME.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// The connection that it asked for is open.
    Opened,
    /// A PDU came, or what should have been one.
    Received(smpp::Frame),
    /// The connection is closed, or could not be opened.
    Closed,
    /// A text to send. Each ends in exactly one of [`Output::Submitted`](crate::Output) and
    /// [`Output::Refused`](crate::Output).
    Submit {
        /// The name by which the outputs call it, unique among the texts under way.
        token: u64,
        /// The number that it comes from: the short code, or a session's number.
        from: Address,
        /// The phone.
        to: Address,
        /// What it says, of any length up to 255 segments.
        text: String,
    },
    /// Whoever runs the simulation takes the link down or brings it up.
    Control(Control),
    /// The instant of `next_wakeup` has come.
    Tick,
}

/// An order about the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Connect and bind, and stay bound.
    BindUp,
    /// Unbind and close, and stay unbound.
    BindDown,
}
