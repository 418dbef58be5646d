//! `cargo fuzz run scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::scenario(octets));
