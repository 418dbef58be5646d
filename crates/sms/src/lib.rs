//! The nouns of text messaging: addresses, alphabets, segments, texts, places and instants.
//!
//! This crate depends on nothing of ours. It knows no PDU, no HTTP, no carrier, no policy and no clock: every value
//! that it makes is a function of its arguments.

pub mod address;
pub mod alphabet;
mod charset;
pub mod gsm7;
mod number_map;
mod number_run;
mod number_slab;
mod octets;
mod originator;
mod place;
mod reassembler;
pub mod segment;
pub mod state;
pub mod time;

pub use address::{Address, Msisdn, Npi, ShortCode, Ton};
pub use alphabet::Encoding;
pub use charset::Charset;
pub use number_map::NumberMap;
pub use number_run::NumberRun;
pub use number_slab::NumberSlab;
pub use octets::Octets;
pub use originator::{Number, Originator};
pub use place::Place;
pub use segment::{Assembled, Concatenation, Reassembler, Reference, Segment, TooLong};
pub use state::MessageState;
pub use time::{Civil, Day, Timestamp, Zone};
