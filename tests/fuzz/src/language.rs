//! Octets as a scenario file.

use scenario::{Colour, Sources, format, load, parse, render_all, world_config};

/// The longest text that is looked at.
const OCTETS_MAX: usize = 32 * 1024;

/// A file is read or its faults are told; what can be read has one layout, which says the same, and its declarations make a
/// world or are told what is wrong.
pub fn scenario(octets: &[u8]) {
    let text = String::from_utf8_lossy(&octets[..octets.len().min(OCTETS_MAX)]);
    let parsed = parse("fuzz.sms", &text);
    if parsed.diagnostics.is_empty() {
        let formatted = format(&parsed.file, &parsed.trivia);
        let again = parse("fuzz.sms", &formatted);
        assert!(
            again.diagnostics.is_empty(),
            "{formatted}\n{:?}",
            again.diagnostics
        );
        assert_eq!(format(&again.file, &again.trivia), formatted);
    }
    let mut sources = Sources::new();
    sources.insert("fuzz.sms", text.into_owned());
    // What is read makes a world, or it is told why not.
    let faults = match load(&sources, "fuzz.sms") {
        Ok(script) => match world_config(&script) {
            Ok(declared) => {
                let _ = declared.config.checked().map_err(|error| error.to_string());
                return;
            }
            Err(faults) => faults,
        },
        Err(faults) => faults,
    };
    assert!(!faults.is_empty());
    let told = render_all(&faults, &sources, Colour::Never);
    assert!(!told.is_empty());
}
