//! The platform's own end of its SMPP link: [`Esme`] turns texts into `submit_sm`, and `deliver_sm` into
//! texts and receipts.
//!
//! It keeps the link bound, keeps to the window, waits when it is throttled, queues while it is unbound, and
//! finds the text that a receipt is about. It decides nothing about a text: it knows no user, no app, no
//! session and no HTTP. It knows no octets of a PDU either (those are `smpp`'s), no socket and no clock. The
//! owner opens and closes the connection when asked to, calls [`Esme::handle`] for everything that happens
//! and again, with [`Input::Tick`], when [`Esme::next_wakeup`] comes.

mod config;
mod correlation;
mod delivery;
mod early_receipts;
mod esme;
mod event;
mod input;
mod outgoing;
mod output;
mod receipt;
mod submission;

pub use config::{Config, MessageIdBases};
pub use esme::Esme;
pub use event::Event;
pub use input::{Control, Input};
pub use output::Output;
pub use receipt::Receipt;
