//! The guide to scenario files, `tests/README.md`: every block of it does what it says, and it leaves out no word.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scenario::{Code, Kind, vocabulary};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn guide() -> String {
    std::fs::read_to_string(top().join("tests/README.md")).expect("a guide")
}

/// A code block: what stands behind its fence, its lines, and the line where it begins.
#[derive(Clone, Debug)]
struct Block {
    info: String,
    text: String,
    line: usize,
}

fn blocks() -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (index, line) in guide().lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "every block is closed");
    blocks
}

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Plays a block and gives what was said; a block marked `fails` must fail.
fn play(folder: &Path, block: &Block) -> String {
    let marks: Vec<&str> = block.info.split(' ').collect();
    let place = format!("tests/README.md:{}", block.line);
    let (name, text) = match marks.as_slice() {
        ["sms", "steps", ..] => {
            let lines: String = block.text.lines().map(|line| format!("  {line}\n")).collect();
            (
                "steps.sms".to_owned(),
                format!("use \"world.sms\"\n\ntest \"steps\":\n{lines}"),
            )
        }
        ["sms", mark, ..] if mark.starts_with("file=") => {
            (mark["file=".len()..].to_owned(), block.text.clone())
        }
        ["sms", ..] => ("whole.sms".to_owned(), block.text.clone()),
        other => panic!("{place}: a block marked {other:?} says nothing that can be run"),
    };
    std::fs::write(folder.join(&name), &text).expect("written");
    if marks.contains(&"unfinished") {
        return told(&smsim(folder, &["check", &name]));
    }
    let command = if text.contains("\ntest ") { "run" } else { "check" };
    let output = smsim(folder, &[command, &name]);
    let said = told(&output);
    assert_eq!(
        output.status.success(),
        !marks.contains(&"fails"),
        "{place}\n{said}"
    );
    if !marks.contains(&"fails") {
        let formatted = smsim(folder, &["fmt", "--check", &name]);
        assert!(
            formatted.status.success(),
            "{place} is laid out otherwise by `smsim fmt`:\n{}",
            {
                smsim(folder, &["fmt", &name]);
                std::fs::read_to_string(folder.join(&name)).expect("a scenario")
            }
        );
    }
    said
}

/// Every line of `expected` stands in `said`, in order.
fn holds(said: &str, expected: &str, place: usize) {
    let mut lines = said.lines();
    for wanted in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(
            lines.any(|line| line.contains(wanted)),
            "tests/README.md:{place}: {wanted:?} is not said, or too early, in\n{said}"
        );
    }
}

#[test]
fn every_block_does_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut said = String::new();
    let mut count = 0;
    for block in blocks() {
        match block.info.split(' ').next() {
            Some("sms") => said = play(folder.path(), &block),
            Some("sh") => {
                said.clear();
                for line in block.text.lines() {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    assert_eq!(words[0], "smsim", "{line}");
                    let output = smsim(folder.path(), &words[1..]);
                    assert!(output.status.success(), "{line}\n{}", told(&output));
                    said.push_str(&told(&output));
                }
            }
            Some("text") => holds(&said, &block.text, block.line),
            // The grammar, and what only works beside a server of one's own.
            Some("ebnf" | "lua" | "") => continue,
            other => panic!("tests/README.md:{}: what is {other:?}?", block.line),
        }
        count += 1;
    }
    assert!(count > 30, "{count} blocks");
}

/// Whether a word stands in the guide as a word of its own, within code.
fn mentioned(guide: &str, word: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    guide
        .match_indices(word)
        .any(|(at, _)| !guide[..at].ends_with(inner) && !guide[at + word.len()..].starts_with(inner))
}

#[test]
fn every_word_of_the_language_is_mentioned() {
    let guide = guide();
    let mut words: Vec<String> = Vec::new();
    let mut all = |found: &[&str]| words.extend(found.iter().map(|word| format!("`{word}")));
    for declaration in vocabulary::top_words() {
        all(&vocabulary::clauses(declaration));
    }
    for kind in [Kind::User, Kind::App, Kind::Carrier, Kind::Esme, Kind::Fbook] {
        all(&vocabulary::settings(kind));
    }
    all(&vocabulary::step_words().collect::<Vec<_>>());
    all(vocabulary::expectation_words());
    all(vocabulary::action_words());
    all(vocabulary::encodings());
    let missing: Vec<_> = words.iter().filter(|word| !mentioned(&guide, word)).collect();
    assert!(missing.is_empty(), "the guide leaves out {missing:?}");
    for kind in [Kind::User, Kind::App, Kind::Carrier, Kind::Esme] {
        for key in vocabulary::settings(kind) {
            for value in vocabulary::setting_values(kind, key) {
                assert!(
                    mentioned(&guide, value),
                    "the guide leaves out {value:?} of {key}"
                );
            }
        }
    }
    for word in vocabulary::top_words() {
        assert!(
            guide.contains(&format!("\"{word}\"")),
            "the grammar leaves out {word}"
        );
    }
}

#[test]
fn every_word_of_the_language_stands_in_a_block_that_runs() {
    let shown: String = blocks()
        .into_iter()
        .filter(|block| block.info.starts_with("sms"))
        .map(|block| block.text)
        .collect();
    let mut words: Vec<&str> = vocabulary::top_words().to_vec();
    words.extend(vocabulary::step_words());
    words.extend(vocabulary::expectation_words());
    words.extend(vocabulary::action_words());
    for declaration in vocabulary::top_words() {
        words.extend(vocabulary::clauses(declaration));
    }
    for kind in [Kind::User, Kind::App, Kind::Carrier, Kind::Esme] {
        words.extend(vocabulary::settings(kind));
    }
    // A real app's address cannot be played here, and the default profile is the only one.
    words.retain(|word| *word != "url");
    let missing: Vec<_> = words.iter().filter(|word| !mentioned(&shown, word)).collect();
    assert!(missing.is_empty(), "no example has {missing:?}");
}

#[test]
fn every_code_is_listed_with_its_title() {
    let guide = guide();
    for code in Code::ALL {
        let row = format!("| {} | {} |", code.name(), code.title());
        assert!(guide.contains(&row), "the guide lacks the row {row}");
    }
}

#[test]
fn every_option_of_run_and_every_command_for_scenarios_is_listed() {
    let guide = guide();
    let help = told(&smsim(&top(), &["run", "--help"]));
    let options = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let (_, long) = line.split_once("--").filter(|(before, _)| before.len() <= 4)?;
        Some(format!("--{}", long.split([' ', '=']).next().unwrap_or_default()))
    });
    let mut count = 0;
    for option in options.filter(|option| option != "--help") {
        count += 1;
        assert!(guide.contains(&option), "the guide leaves out {option}");
    }
    assert!(count > 10, "{count} options of run");
    for command in [
        "run", "check", "fmt", "fill", "convert", "mutants", "explain", "explore", "lsp", "repl",
    ] {
        assert!(
            guide.contains(&format!("`smsim {command}")),
            "the guide leaves out {command}"
        );
    }
}

#[test]
fn every_link_leads_somewhere() {
    let guide = guide();
    let anchors: Vec<String> = guide
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect();
    let mut count = 0;
    for target in guide
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        count += 1;
        match target.strip_prefix('#') {
            Some(anchor) => assert!(
                anchors.iter().any(|known| known == anchor),
                "no heading for #{anchor}"
            ),
            None => {
                let path = target.split('#').next().unwrap_or_default();
                assert!(top().join("tests").join(path).exists(), "{path} is not there");
            }
        }
    }
    assert!(count > 20, "{count} links");
}

#[test]
fn the_grammar_for_editors_knows_every_word() {
    let path = top().join("crates/scenario/editor/sms.tmLanguage.json");
    let grammar = std::fs::read_to_string(path).expect("a grammar");
    let steps: Vec<&str> = vocabulary::step_words().collect();
    for words in [
        vocabulary::top_words(),
        &steps,
        vocabulary::expectation_words(),
        vocabulary::action_words(),
    ] {
        for word in words {
            assert!(mentioned(&grammar, word), "sms.tmLanguage.json leaves out {word}");
        }
    }
}
