//! Measuring over SMPP: a load generator ([`load`]), the server that it is compared with ([`baseline`]), the comparison
//! ([`compare`]), and what waiting costs ([`memory`]); and the REST API ([`rest`]).

pub mod baseline;
pub mod compare;
mod connection;
mod destinations;
mod histogram;
mod ledger;
pub mod load;
pub mod memory;
mod outcome;
mod outstanding;
pub mod rest;
pub mod schedule;
mod server;
mod wire;

pub use destinations::Destinations;
