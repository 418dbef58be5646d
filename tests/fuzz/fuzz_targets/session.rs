//! `cargo fuzz run session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::session(octets));
