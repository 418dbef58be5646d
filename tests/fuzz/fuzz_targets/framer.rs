//! `cargo fuzz run framer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::framer(octets));
