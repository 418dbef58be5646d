//! The message centre: [`Smsc`] stores texts, routes, retries, expires and reports them; its [`Carrier`]s emulate the
//! radio networks behind it.
//!
//! Pure: [`Smsc::handle`] takes the instant and an [`Input`] and gives [`Output`]s; [`Smsc::next_wakeup`] says when it
//! wants a [`Input::Tick`]. The owner applies a carrier's latency and loss to what crosses the air, because the dice
//! are the owner's; what the message centre and its carriers do by chance they draw from [`Config::seed`]. The crate
//! knows no clock, no unseeded chance, no socket, no handset's inside and no application.

pub mod account;
mod broadcast;
pub mod carrier;
pub mod cause;
mod chance;
mod check;
pub mod config;
mod draft;
pub mod event;
pub mod fault;
mod finals;
mod message;
pub mod message_id;
mod note;
pub mod port;
pub mod receipt;
pub mod retry;
mod routing;
mod shape;
mod slots;
pub mod smsc;
mod store;
mod throttle;
mod timer;

pub use account::{
    Account, CodeRange, Coding, Codings, DISTRIBUTION_LIST_ADDRESSES_MAX, DISTRIBUTION_LISTS_MAX, HostRange,
    Hosts, InterfaceVersion, OUTBIND_TLS, ReceiptRoute,
};
pub use carrier::{
    Alphabet, BlockedReaction, Carrier, CodeOverLimit, Latency, LongText, MoAlphabet, Outage, OverLimit,
    ReceiptMode, StopMode, UnprovisionedMo,
};
pub use cause::{Cause, ErrTable};
pub use config::{BindErrorStyle, Config};
pub use draft::{Draft, Scribe};
pub use event::{BindRefusal, CloseReason, DropReason, Event, Parcel, SubmitRefusal};
pub use fault::{Effect, Fault, TextPattern};
pub use message_id::{MessageId, MessageIdStyle};
pub use note::{AccountIndex, Note};
pub use port::{AttemptId, Broadcast, CarrierIndex, Change, Disturbance, Input, Output, PageOutcome};
pub use receipt::ReceiptStyle;
pub use retry::RetryLadders;
pub use shape::{Polygon, Shape};
pub use smsc::{MessageStatus, Smsc};
