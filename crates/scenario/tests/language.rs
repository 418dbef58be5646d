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
fn a_comment_stays_in_the_block_whose_lines_it_stands_under() {
    let source = "app quiz \"Quiz\":
  on any reply \"Hi\"
  # a rule less
carrier att # ours

test \"a\":
  # first
  together:
    # second
    alice > \"Hi\"
    # alice > \"Ho\"
  # third

  wait 5s
  # wait 6s

# of the next test
test \"b\":
  wait 5s
  # last
# of the file
";
    let parsed = parse("a.sms", source);
    let printed = format(&parsed.file, &parsed.trivia);
    assert_eq!(
        printed,
        source
            .replace("on any reply", "on any  reply")
            .replace("att # ours", "att  # ours")
    );
}

#[test]
fn a_comment_that_an_empty_line_parts_from_a_test_is_not_about_it() {
    let source = "# About the file.

test \"a\":
  wait 5s
# test \"b\":

# about the tests

# of the next
# test
test \"c\":
  wait 5s
";
    let parsed = parse("a.sms", source);
    assert_eq!(format(&parsed.file, &parsed.trivia), source);
    let declared = "carrier att\n# carrier sprint\n\ntest \"a\":\n  wait 5s\n";
    let parsed = parse("a.sms", declared);
    assert_eq!(format(&parsed.file, &parsed.trivia), declared);
}

#[test]
fn one_long_cell_widens_no_other_line() {
    let long = "Q".repeat(1_000);
    let source = format!(
        "app a   \"{long}\", canvas a\napp quiz \"Quiz\", canvas quiz\napp b    \"B\",    canvas b\n"
    );
    let parsed = parse("a.sms", &source);
    assert_eq!(
        format(&parsed.file, &parsed.trivia),
        format!(
            "app a    \"{long}\", canvas a\napp quiz \"Quiz\", canvas quiz\napp b    \"B\",    canvas b\n"
        )
    );
}

#[test]
fn what_stands_behind_a_line_is_a_comment_or_a_fault() {
    let laid_out = |line: &str| {
        let parsed = parse("a.sms", &format!("test \"a\":\n  {line}\n"));
        let printed = format(&parsed.file, &parsed.trivia);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|fault| fault.code).collect();
        (
            codes,
            printed.lines().nth(1).unwrap_or_default().trim().to_owned(),
        )
    };
    for (line, printed) in [
        ("alice </a # b/  # c", "alice < /a # b/  # c"),
        ("alice < \"a\" # b", "alice < \"a\"  # b"),
        ("alice < \"a\", from \"12\"", "alice < \"a\", from \"12\""),
        ("alice < \"a\", from \"12345\"", "alice < \"a\", from 12345"),
        ("quiz > m.get x=/{$a # b", "quiz > m.get x=\"/{{$a\"  # b"),
        // Only behind an actor does what follows `<` begin an expression.
        ("$x</a # b/ # c", "$x < /a # b/  # c"),
        ("set alice a b</c # d", "set alice a b</c  # d"),
        ("check alice a </c # d", "check alice a </c  # d"),
        (
            "quiz > m.get x=</b y=\"a\\/b\" z=\" # c\"",
            "quiz > m.get x=</b y=\"a/b\" z=\" # c\"",
        ),
        ("att < submit_sm =</a # b", "att < submit_sm = </a  # b"),
    ] {
        assert_eq!(laid_out(line), (vec![], printed.to_owned()), "{line}");
    }
    assert_eq!(laid_out("att < submit_sm =/a # b").0, [scenario::Code::E010]);
    assert_eq!(laid_out("alice < \"a\"#b").0, [scenario::Code::E012]);
    for other_blank in ['\t', '\u{a0}', '\u{2000}', '\u{7f}'] {
        let line = format!("set alice{other_blank}texts on, a{other_blank}b");
        assert_eq!(laid_out(&line).0, [scenario::Code::E001], "{line:?}");
        let line = format!("wait 5s{other_blank}# b");
        assert_eq!(laid_out(&line).0, [scenario::Code::E001], "{line:?}");
    }
}

#[test]
fn what_editors_write_before_a_file_is_no_part_of_it() {
    let source = "carrier att\ntest \"a\":\n  wait 5\n";
    let parsed = parse("a.sms", &format!("\u{feff}{source}"));
    assert_eq!(parsed.file.decls, parse("a.sms", source).file.decls);
    let place = parsed.diagnostics[0]
        .primary
        .as_ref()
        .map(|label| label.span.start as usize);
    assert_eq!(place, source.find('5').map(|at| at + 3));
}

#[test]
fn a_file_with_very_many_empty_lines_and_comments_is_laid_out() {
    let source = format!("test \"a\":\n{}", "  wait 5s\n\n\n  # c\n".repeat(40_000));
    let parsed = parse("a.sms", &source);
    let printed = format(&parsed.file, &parsed.trivia);
    assert_eq!(printed.lines().count(), 1 + 3 * 40_000);
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

fn comments(trivia: &scenario::Trivia) -> Vec<&str> {
    trivia
        .comments
        .iter()
        .map(|comment| comment.text.as_str())
        .collect()
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
        prop_assert_eq!(
            comments(&again.trivia),
            comments(&parsed.trivia),
            "printed as:\n{}",
            printed
        );
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
        lines in prop::collection::vec("( {0,4})(alice|quiz|fbook|set|test|at|on|\\$x|user|app|[<>?=~/\"@:,{}.# ]|nothing|for|receipt|[a-z0-9_]{1,5}| ){0,9}:?", 0..8),
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
