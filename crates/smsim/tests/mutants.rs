//! `smsim mutants` and `smsim check --strict`: files that say less than they seem to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn of_the_four_workflows_every_mutant_dies() {
    for name in ["notification", "conversation", "installation", "quota"] {
        let path = format!("tests/scenarios/{name}.sms");
        let output = smsim(&top(), &["mutants", "--at-least", "100", &path]);
        assert!(output.status.success(), "{}", stdout(&output));
        assert!(
            stdout(&output).ends_with("killed (100.0 %)\n"),
            "{}",
            stdout(&output)
        );
    }
}

/// A row of `tests/survivors.md`: file, change and line, in which `*` stands for anything.
fn survivors_listed() -> Vec<[String; 3]> {
    let table = std::fs::read_to_string(top().join("tests/survivors.md")).expect("a table");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(
            cells.len() == 4 && cells[3].len() > 5,
            "a row has a reason: {row}"
        );
        [cells[0], cells[1], cells[2].trim_matches('`')].map(str::to_owned)
    })
    .collect()
}

/// Whether the text is the pattern, with `*` for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    let whole = format!("^{}$", parts.join(".*"));
    regex::Regex::new(&whole).expect("an expression").is_match(text)
}

#[test]
fn the_shipped_scenarios_kill_95_of_a_hundred_and_every_survivor_is_listed_with_a_reason() {
    let output = smsim(&top(), &["mutants", "--at-least", "95", "tests/scenarios"]);
    assert!(output.status.success(), "{}", stdout(&output));
    let rows = survivors_listed();
    let mut needed = vec![false; rows.len()];
    let told = stdout(&output);
    for line in told
        .lines()
        .filter_map(|line| line.strip_prefix("tests/scenarios/"))
    {
        let parts: Vec<&str> = line.splitn(3, ": ").collect();
        let file = parts[0].rsplit_once(':').expect("a line number").0;
        let found: [&str; 3] = [file, parts[1], parts[2].lines().next().unwrap_or_default()];
        let fitting = |row: &[String; 3]| row.iter().zip(found).all(|(pattern, text)| fits(pattern, text));
        let listed: Vec<usize> = (0..rows.len()).filter(|index| fitting(&rows[*index])).collect();
        assert!(
            !listed.is_empty(),
            "{line} survives and is not listed in tests/survivors.md"
        );
        listed.into_iter().for_each(|index| needed[index] = true);
    }
    for (row, needed) in rows.iter().zip(needed) {
        assert!(
            needed,
            "tests/survivors.md lists {row:?}, which no longer survives"
        );
    }
}

const WORLD: &str = "carrier att\napp quiz \"Quiz\"\nuser alice +14155550101 on att, apps quiz\n\n";

#[test]
fn survivors_are_listed_and_fail_the_run_below_the_share() {
    let slack = "test \"x\":\n  quiz  > alice \"Hi\"\n  alice < \"Hi\"\n  wait 5m\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.sms"), format!("{WORLD}{slack}")).expect("written");
    let told = "a.sms:8: wait moved: wait 5m\n4 mutants, 3 killed (75.0 %)\n";
    for (at_least, code) in [("75", 0), ("76", 1)] {
        let output = smsim(folder.path(), &["mutants", "a.sms", "--at-least", at_least]);
        assert_eq!(output.status.code(), Some(code), "{at_least}");
        assert_eq!(stdout(&output), told);
    }
}

#[test]
fn a_file_that_fails_or_has_no_test_is_refused() {
    for (test, code) in [("test \"x\":\n  alice < \"Hi\"\n", 1), ("", 2)] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.sms"), format!("{WORLD}{test}")).expect("written");
        let output = smsim(folder.path(), &["mutants", "a.sms"]);
        assert_eq!(output.status.code(), Some(code), "{test}");
    }
}

#[test]
fn a_strict_check_takes_warnings_for_faults() {
    let unused = "test \"x\":\n  quiz  > alice \"Hi\", ask $s\n  alice < \"Hi\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.sms"), format!("{WORLD}{unused}")).expect("written");
    assert_eq!(smsim(folder.path(), &["check", "a.sms"]).status.code(), Some(0));
    let output = smsim(folder.path(), &["check", "--strict", "a.sms"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning[E190]"));
    let shipped = smsim(&top(), &["check", "--strict", "tests/scenarios"]);
    assert!(
        shipped.status.success(),
        "{}",
        String::from_utf8_lossy(&shipped.stderr)
    );
}
