//! What is fuzzed: functions that take any octets, and panic when something is not as it must be.
//!
//! cargo-fuzz runs them with octets of its own finding, `tests/fuzz.rs` with changed files of the corpus.

mod call;
mod centre;
mod language;
mod text;
mod wire;

pub use call::rest;
pub use centre::smsc;
pub use language::scenario;
pub use text::text;
pub use wire::{framer, session, smpp};

/// A target: its name, where its corpus stands below the folder `tests`, and the function.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// The folder of its corpus.
    pub corpus: &'static str,
    /// What is run.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "smpp",
        corpus: "fuzz/corpus/pdus",
        run: smpp,
    },
    Target {
        name: "framer",
        corpus: "fuzz/corpus/pdus",
        run: framer,
    },
    Target {
        name: "session",
        corpus: "fuzz/corpus/pdus",
        run: session,
    },
    Target {
        name: "smsc",
        corpus: "fuzz/corpus/pdus",
        run: smsc,
    },
    Target {
        name: "rest",
        corpus: "fuzz/corpus/calls",
        run: rest,
    },
    Target {
        name: "scenario",
        corpus: "scenarios",
        run: scenario,
    },
    Target {
        name: "text",
        corpus: "fuzz/corpus/texts",
        run: text,
    },
];

/// A number that the octets alone decide, so that a file of a corpus needs no room for choices.
fn choice(octets: &[u8]) -> u64 {
    // FNV-1a.
    octets.iter().fold(0xCBF2_9CE4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01B3)
    })
}
