//! The language from the outside: good files read, print, and read back; bad ones never panic.

use proptest::prelude::*;
use scenario::{format, parse};

const EXAMPLE: &str = include_str!("good/example.sms");
const WEATHER: &str = include_str!("good/weather.sms");
const EVERYTHING: &str = include_str!("good/everything.sms");

fn faults(path: &str, source: &str) -> String {
    let mut sources = scenario::Sources::new();
    sources.insert(path, source);
    scenario::render_all(
        &parse(path, source).diagnostics,
        &sources,
        scenario::Colour::Never,
    )
}

#[test]
fn good_files_are_read_whole() {
    for (path, source) in [
        ("example.sms", EXAMPLE),
        ("weather.sms", WEATHER),
        ("everything.sms", EVERYTHING),
    ] {
        assert_eq!(faults(path, source), "", "{path}");
    }
    assert_eq!(parse("example.sms", EXAMPLE).file.tests().count(), 6);
}

#[test]
fn the_example_means_something() {
    for (path, source) in [("example.sms", EXAMPLE), ("weather.sms", WEATHER)] {
        let mut sources = scenario::Sources::new();
        sources.insert(path, source);
        let faults = scenario::load(&sources, path).map_or_else(|faults| faults, |script| script.warnings);
        assert_eq!(
            scenario::render_all(&faults, &sources, scenario::Colour::Never),
            ""
        );
    }
}

#[test]
fn good_files_are_laid_out_already() {
    for (path, source) in [
        ("example.sms", EXAMPLE),
        ("weather.sms", WEATHER),
        ("everything.sms", EVERYTHING),
    ] {
        let parsed = parse(path, source);
        assert_eq!(format(&parsed.file, &parsed.trivia), source, "{path}");
    }
}

#[test]
fn a_tree_survives_its_json_form() {
    for source in [EXAMPLE, WEATHER, EVERYTHING] {
        let file = parse("a.sms", source).file;
        let json = serde_json::to_string(&file).expect("a tree is JSON");
        let again: scenario::syntax::File = serde_json::from_str(&json).expect("the JSON is a tree");
        assert_eq!(file, again);
    }
}

/// A good file with a few stretches cut out, doubled or replaced.
fn mutated(source: &'static str) -> impl Strategy<Value = String> {
    let edit = (
        0..source.len(),
        0..20usize,
        prop_oneof!["[ -~\t\n]{0,6}", any::<String>()],
    );
    prop::collection::vec(edit, 1..4).prop_map(move |edits| {
        let mut text = source.to_owned();
        for (at, cut, put) in edits {
            let from = text.floor_char_boundary(at.min(text.len()));
            let to = text.floor_char_boundary((from + cut).min(text.len()));
            text.replace_range(from..to, &put);
        }
        text
    })
}

fn is_read_without_panic_and_prints_back(source: &str) -> Result<(), TestCaseError> {
    let parsed = parse("a.sms", source);
    let mut sources = scenario::Sources::new();
    sources.insert("a.sms", source);
    let _ = scenario::render_all(&parsed.diagnostics, &sources, scenario::Colour::Always);
    let printed = format(&parsed.file, &parsed.trivia);
    if parsed.diagnostics.is_empty() {
        let again = parse("a.sms", &printed);
        prop_assert_eq!(&again.diagnostics, &vec![], "printed as:\n{}", printed);
        prop_assert_eq!(&again.file, &parsed.file, "printed as:\n{}", printed);
        prop_assert_eq!(format(&again.file, &again.trivia), printed);
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_without_panic(source in any::<String>()) {
        is_read_without_panic_and_prints_back(&source)?;
    }

    #[test]
    fn arbitrary_lines_are_read_without_panic(
        lines in prop::collection::vec("( {0,4})(alice|quiz|fbook|set|test|at|on|\\$x|user|app|[<>?=~/\"@:,{}. ]|nothing|for|receipt|[a-z0-9_]{1,5}| ){0,9}:?", 0..8),
    ) {
        is_read_without_panic_and_prints_back(&lines.join("\n"))?;
    }

    #[test]
    fn mutated_examples_are_read_without_panic(source in mutated(EXAMPLE)) {
        is_read_without_panic_and_prints_back(&source)?;
    }

    #[test]
    fn mutated_files_of_everything_are_read_without_panic(source in mutated(EVERYTHING)) {
        is_read_without_panic_and_prints_back(&source)?;
    }
}
