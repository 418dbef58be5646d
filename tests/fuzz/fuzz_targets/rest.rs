//! `cargo fuzz run rest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::rest(octets));
