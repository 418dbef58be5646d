//! What a phone is told: [`Input`], [`Setting`].

use serde::{Deserialize, Serialize};
use sms::{Address, Originator, Segment};

/// Everything that can happen to a phone.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// Its owner writes a text and presses "send".
    Compose {
        /// Whom it is for.
        to: Address,
        /// What it says, of any length up to 255 segments.
        text: String,
    },
    /// The network pages the phone with one SMS. It is answered by exactly one
    /// [`Output::Answer`](crate::Output).
    Page {
        /// Who sent it.
        from: Originator,
        /// The SMS.
        segment: Segment,
    },
    /// Something about the phone changes.
    Set(Setting),
    /// Its owner reads the inbox: nothing is unread any more.
    Read,
    /// The instant of `next_wakeup` has come.
    Tick,
}

/// What can change about a phone. A setting that it has already changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "setting", content = "on", rename_all = "snake_case")]
pub enum Setting {
    /// Switched on (true) or off.
    Power(bool),
    /// Within reach of the network (true) or not.
    Coverage(bool),
    /// No room for another SMS (true) or room again.
    MemoryFull(bool),
    /// Texts to it are barred (true) by its owner's contract or not.
    Barred(bool),
    /// In a network that is not its carrier's (true) or at home.
    Roaming(bool),
}
