//! `smsim fill` and `smsim run --update`: expectations that are written for their author.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
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

/// The scenarios of `tests/scenarios`, by name.
fn shipped() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(top().join("tests/scenarios")).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sms"))
        .map(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            (
                name.expect("a name"),
                std::fs::read_to_string(&path).expect("a scenario"),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() > 6);
    files
}

/// The scenario without its `<` lines. A test or a scene of which nothing is left keeps `...`.
fn stripped(text: &str) -> String {
    let is_seen = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().is_some_and(|word| !word.starts_with('#')) && words.next() == Some("<")
    };
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !is_seen(line)) {
        if line.is_empty() && kept.last().is_some_and(|last| last.ends_with(':')) {
            kept.push("  ...");
        }
        kept.push(line);
    }
    if kept.last().is_some_and(|last| last.ends_with(':')) {
        kept.push("  ...");
    }
    kept.join("\n") + "\n"
}

/// A folder with a scenario in `tests/scenarios`, and what shipped scenarios use beside it.
fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for path in ["tests/scenarios", "simulator-config"] {
        std::fs::create_dir_all(folder.path().join(path)).expect("a folder");
    }
    let demo = "simulator-config/demo.sms";
    std::fs::copy(top().join(demo), folder.path().join(demo)).expect("copied");
    std::fs::write(folder.path().join("tests/scenarios").join(name), text).expect("written");
    folder
}

#[test]
fn every_shipped_scenario_without_its_expectations_is_filled_and_passes() {
    for (name, text) in shipped() {
        let bare = stripped(&text);
        assert_ne!(bare, text, "{name}");
        let folder = folder_with(&name, &bare);
        let path = format!("tests/scenarios/{name}");
        let filled = smsim(folder.path(), &["fill", &path]);
        assert!(filled.status.success(), "{name}: {}\n{bare}", told(&filled));
        let run = smsim(folder.path(), &["run", &path]);
        assert!(run.status.success(), "{name}: {}", told(&run));
        let text = std::fs::read_to_string(folder.path().join(&path)).expect("a scenario");
        assert!(text.lines().count() > bare.lines().count(), "{name}: {text}");
        let again = smsim(folder.path(), &["fill", &path]);
        assert!(again.status.success(), "{name}: {}", told(&again));
        assert_eq!(
            std::fs::read_to_string(folder.path().join(&path)).expect("a scenario"),
            text,
            "{name}: what is filled has nothing to fill"
        );
    }
}

#[test]
fn what_is_complete_stays_as_it_is() {
    for (name, text) in shipped() {
        let path = format!("tests/scenarios/{name}");
        let filled = smsim(&top(), &["fill", "--stdout", &path]);
        assert!(filled.status.success(), "{name}: {}", told(&filled));
        assert_eq!(String::from_utf8_lossy(&filled.stdout), text, "{name}");
    }
}

const WORLD: &str = "carrier att, latency 200ms

app news \"Daily News\"
app quiz \"Movie Quiz\"

user alice +14155550101 on att, apps news quiz
user bob   +14155550102 on att
";

#[test]
fn lines_results_and_captures_are_written_and_comments_stay() {
    let bare = "
# About it.
test \"open\":  # tagged later
  alice > \"quiz play\"  # she begins
  quiz  > alice \"Q1\", in $s, ask $t
  alice > \"A1\", in $t
  quiz  > alice \"Q2\", in $u
  news  > alice \"Kings\"
  # Too many.
  news  > alice \"More\"
  alice > \"{{\", in $number
  bob   > \"quiz go\"
  bob   < ...
  bob   > \"Y\"
  ...
";
    let full = "
# About it.
test \"open\":  # tagged later
  alice > \"quiz play\"  # she begins
  quiz  < alice \"play\", as $s
  quiz  > alice \"Q1\", in $s, ask $t
  alice < \"Q1\"
  alice > \"A1\", in $t
  quiz  < alice \"A1\", in $t, as $u
  quiz  > alice \"Q2\", in $u
  alice < \"Q2\"
  news  > alice \"Kings\"
  alice < \"Kings\", as $number
  # Too many.
  news  > alice \"More\" = 854
  alice > \"{{\", in $number
";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    std::fs::write(&path, format!("{WORLD}{bare}")).expect("written");
    let output = smsim(folder.path(), &["fill", "a.sms"]);
    assert!(output.status.success(), "{}", told(&output));
    let filled = std::fs::read_to_string(&path).expect("a file");
    assert!(filled.starts_with(&format!("{WORLD}{full}")), "{filled}");
    for line in [
        "  bob   < \"Add Movie Quiz to your Facebook account? Reply Y to confirm",
        "  quiz  < bob \"go\", new\n",
    ] {
        assert!(filled.contains(line), "{line} in\n{filled}");
    }
    assert!(!filled.contains("..."), "{filled}");
    let output = smsim(folder.path(), &["run", "a.sms"]);
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn a_file_with_line_ends_of_windows_keeps_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    let text = format!("{WORLD}\ntest \"x\":\n  news  > alice \"Kings\"\n  ...\n").replace('\n', "\r\n");
    std::fs::write(&path, &text).expect("written");
    let output = smsim(folder.path(), &["fill", "a.sms"]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(
        told(&output).contains("a.sms: 1 line written"),
        "{}",
        told(&output)
    );
    let filled = std::fs::read_to_string(&path).expect("a file");
    let expected = text.replace("  ...", "  alice < \"Kings\"");
    assert_eq!(filled, expected);
}

#[test]
fn what_is_open_in_a_block_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    for block in ["repeat 1:", "any order:"] {
        let text = format!("{WORLD}\ntest \"x\":\n  news  > alice \"Kings\"\n  {block}\n    alice < ...\n");
        std::fs::write(&path, &text).expect("written");
        let output = smsim(folder.path(), &["fill", "a.sms"]);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(
            told(&output).contains("in a block or a scene nothing is filled in"),
            "{}",
            told(&output)
        );
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
    }
}

#[test]
fn update_changes_the_tests_that_are_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    let test = |name: &str, text: &str| {
        format!("\ntest \"{name}\":\n  news  > alice \"Kings\"\n  alice < \"{text}\"\n")
    };
    let stale = format!("{WORLD}{}{}", test("one", "Sharks"), test("two", "Sharks"));
    std::fs::write(&path, &stale).expect("written");
    let line = WORLD.lines().count() + 2;
    let output = smsim(folder.path(), &["run", &format!("a.sms:{line}"), "--update"]);
    assert!(output.status.success(), "{}", told(&output));
    let updated = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(
        updated,
        format!("{WORLD}{}{}", test("one", "Kings"), test("two", "Sharks"))
    );
    let output = smsim(folder.path(), &["run", "a.sms", "-k", "two", "--update"]);
    assert!(output.status.success(), "{}", told(&output));
    let updated = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(
        updated,
        format!("{WORLD}{}{}", test("one", "Kings"), test("two", "Kings"))
    );
}

#[test]
fn a_line_that_fails_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    let text = format!("{WORLD}\ntest \"x\":\n  news  > alice \"Kings\" = 850\n  alice > \"hi\"\n");
    std::fs::write(&path, &text).expect("written");
    let output = smsim(folder.path(), &["fill", "a.sms"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(
        told(&output).contains("sms.send returned ok"),
        "{}",
        told(&output)
    );
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
}

#[test]
fn update_changes_what_stands_after_the_signs_and_nothing_else() {
    let stale = "
test \"stale\":   # Layout and comments are the author's.
  news  > alice \"Kings win\"  # first
  alice <    \"Kings lose\", from 999, encoding ucs2, parts 2   # seen
  alice >  \"quiz play\"
  quiz  <  alice \"stop\", new, as $s
  quiz  > alice \"Who?\", in $s = 850
  alice < ~\"W*\"
  news  > alice \"More\"
  news  ? alice = 850
";
    let fresh = "
test \"stale\":   # Layout and comments are the author's.
  news  > alice \"Kings win\"  # first
  alice <    \"Kings win\", from 32665, encoding gsm7, parts 1   # seen
  alice >  \"quiz play\"
  quiz  <  alice \"play\", as $s
  quiz  > alice \"Who?\", in $s = ok
  alice < ~\"W*\"
  news  > alice \"More\" = 854
  news  ? alice = ok
";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    std::fs::write(&path, format!("{WORLD}{stale}")).expect("written");
    let output = smsim(folder.path(), &["run", "a.sms", "--update"]);
    assert_eq!(
        std::fs::read_to_string(&path).expect("a file"),
        format!("{WORLD}{fresh}"),
        "{}",
        told(&output)
    );
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn update_keeps_globs_captures_and_windows_and_the_test_fails() {
    for line in [
        "alice < ~\"Queens*\"",
        "alice < /^Queens/",
        "alice < \"Kings\", within 1ms",
        "alice < \"Kings\", after 5s",
        "alice < nothing for 1h",
        "bob < \"Kings\"",
    ] {
        let text = format!("{WORLD}\ntest \"x\":\n  news > alice \"Kings\"\n  {line}\n");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.sms"), &text).expect("written");
        let output = smsim(folder.path(), &["run", "a.sms", "--update"]);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", told(&output));
        let left = std::fs::read_to_string(folder.path().join("a.sms")).expect("a file");
        assert_eq!(left, text, "{line}");
    }
}

#[test]
fn on_a_ci_server_both_refuse() {
    let text = format!("{WORLD}\ntest \"x\":\n  news > alice \"Kings\"\n");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.sms"), &text).expect("written");
    for arguments in [&["fill", "a.sms"][..], &["run", "a.sms", "--update"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(arguments)
            .env("CI", "true")
            .current_dir(folder.path())
            .output()
            .expect("smsim runs");
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains("CI is set"), "{}", told(&output));
        let left = std::fs::read_to_string(folder.path().join("a.sms")).expect("a file");
        assert_eq!(left, text);
    }
}

#[test]
fn profiles_of_a_folder_are_known_to_all_who_run_scenarios() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("mine/carriers")).expect("a folder");
    std::fs::write(
        folder.path().join("mine/carriers/village.toml"),
        "latency = \"3s\"\n",
    )
    .expect("written");
    std::fs::copy(
        top().join("simulator-config/platform.toml"),
        folder.path().join("mine/platform.toml"),
    )
    .expect("copied");
    let scenario = "\
world seed 7

carrier hill, profile village
user alice +14155550101 on hill
user bob   +14155550102 on hill

test \"hello\":
  alice > \"Hello\", to +14155550102
  bob   < \"Hello\"
";
    std::fs::write(folder.path().join("village.sms"), scenario).expect("written");
    for command in [
        &["fill", "--stdout", "village.sms"][..],
        &["run", "--update", "village.sms"],
        &["mutants", "--at-least", "0", "village.sms"],
        &["run", "village.sms"],
    ] {
        let without = smsim(folder.path(), command);
        assert!(told(&without).contains("village"), "{}", told(&without));
        assert!(!without.status.success(), "{command:?}: {}", told(&without));
        let with = [command, &["--config", "mine"]].concat();
        let with = smsim(folder.path(), &with);
        assert!(with.status.success(), "{command:?}: {}", told(&with));
    }
}
