//! Everything simulated, with one owner: [`World`].
//!
//! The world holds the message centre, its carriers and handsets, the platform with its end of the SMPP link, and the
//! REST server, and one queue of hops between them. It has no clock: whoever drives it (a scenario, the REPL, a server on
//! the wall clock, a replay) says what time it is. The same configuration, seed and inputs give the same records, byte for
//! byte.
//!
//! # Driving a world
//!
//! ```text
//! loop:
//!     while let Some(output) = world.poll_output() { act on it }
//!     wait for an input, or until world.next_wakeup()
//!     world.handle(now, input)            (Input::Tick when only time has passed)
//! ```

mod ahead;
mod air;
pub mod brief;
mod coming;
pub mod config;
pub mod dice;
pub mod io;
mod joining;
pub mod link;
pub mod queue;
pub mod record;
mod ring;
pub mod tally;
pub mod wire_pdu;
mod wiring;
#[allow(clippy::module_inception)]
pub mod world;

pub use brief::Brief;
pub use coming::Coming;
pub use config::{
    AppConfig, CARRIERS_MAX, Checked, Config, ConfigError, ESMES_MAX, OWN_SYSTEM_ID, UserConfig,
};
pub use io::{Change, Input, Output, Purpose};
pub use record::{Event, Record, Toward};
pub use tally::Tally;
pub use wire_pdu::WirePdu;
pub use world::World;
