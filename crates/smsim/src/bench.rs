//! Measuring over SMPP: a load generator ([`load`]), the server that it is compared with ([`baseline`]), and the comparison
//! ([`compare`]).

pub mod baseline;
pub mod compare;
mod connection;
mod destinations;
mod histogram;
mod ledger;
pub mod load;
mod outcome;
mod outstanding;
pub mod schedule;
mod wire;

pub use destinations::Destinations;
