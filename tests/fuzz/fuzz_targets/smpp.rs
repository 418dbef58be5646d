//! `cargo fuzz run smpp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz::smpp(octets));
