//! The virtual phone: [`Handset`] composes, splits and sends texts, and takes, reassembles and shows what is
//! paged to it.
//!
//! A handset knows its own number, its radio and its memory. It knows no carrier, no message centre, no PDU
//! and no clock: the air between it and the network, with its delay and its loss, is its owner's, and so is
//! the time, which enters as `now`. The owner calls [`Handset::handle`] for everything that happens and
//! again, with [`Input::Tick`], when [`Handset::next_wakeup`] comes.

mod handset;
mod inbox;
mod input;
mod output;

pub use handset::{Config, Handset};
pub use inbox::{Inbox, InboxText};
pub use input::{Input, Setting};
pub use output::{Outcome, Output, Refusal};
