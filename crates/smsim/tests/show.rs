//! `smsim show` and `smsim review`: what tests do, and what their expectations would become.

use std::path::Path;
use std::process::{Command, Output};

const WORLD: &str =
    "world seed 7\ncarrier att, latency 1s\nuser alice +14155550101 on att\nuser bob +14155550102 on att\n";

fn smsim(folder: &Path, arguments: &[&str], ci: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .env("CI", ci)
        .env_remove("GITHUB_ACTIONS")
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn folder_with(name: &str, tests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), format!("{WORLD}{tests}")).expect("written");
    folder
}

const TALK: &str = r#"
test "a talk" @demo:
  alice > "Are you there? I have been waiting for an hour.", to +14155550102
  bob   < ~"Are you*"
  bob   > "Yes", to +14155550101
  alice < "Yes"

test "it goes wrong":
  alice > "Hi", to +14155550102
  bob   < "Hello"
"#;

#[test]
fn a_test_is_shown_lane_by_lane_whether_it_passes_or_not() {
    let folder = folder_with("talk.sms", TALK);
    let output = smsim(folder.path(), &["show", "talk.sms"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        stdout(&output),
        r#"talk.sms:6  a talk
  seed 7, virtual 14.0s

                   alice                           bob
            +0.0s  > "Are you there? I have been waiting for an hour.", to 14155550102
            +2.0s                                  < "Are you there? I have been waiting for an hour.", from 14155550101
            +2.0s                                  > "Yes", to 14155550101
            +4.0s  < "Yes", from 14155550102

talk.sms:12  it goes wrong
  seed 7, virtual 2.0s

                   alice                   bob
            +0.0s  > "Hi", to 14155550102
            +2.0s                          < "Hi", from 14155550101

  E200: bob received a different text; `smsim run talk.sms:12 --seed 7` says why
"#
    );
    let output = smsim(folder.path(), &["show", "talk.sms:13"], "");
    assert!(
        stdout(&output).starts_with("talk.sms:12  it goes wrong\n"),
        "{}",
        stdout(&output)
    );
    assert!(!stdout(&output).contains("a talk"));
    let output = smsim(folder.path(), &["show", ".", "@demo", "--seed", "9"], "");
    assert!(stdout(&output).contains("seed 9") && !stdout(&output).contains("goes wrong"));
}

#[test]
fn it_is_shown_to_machines_and_as_diagrams() {
    let folder = folder_with("talk.sms", TALK);
    let output = smsim(folder.path(), &["show", "talk.sms", "--format", "json"], "");
    let tests: Vec<serde_json::Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(tests.len(), 2);
    assert_eq!(tests[0]["name"], "a talk");
    assert_eq!(tests[0]["ends_with"], serde_json::Value::Null);
    let event = &tests[0]["events"][3];
    assert_eq!(event["after_ms"], 4_000);
    assert_eq!(event["actor"], "alice");
    assert_eq!(event["text"], "< \"Yes\", from 14155550102");
    assert_eq!(tests[1]["ends_with"]["code"], "E200");
    let output = smsim(folder.path(), &["show", "talk.sms:6", "--format", "mermaid"], "");
    let diagram = stdout(&output);
    assert!(
        diagram.contains("```mermaid\nsequenceDiagram\n  participant a0 as alice\n"),
        "{diagram}"
    );
    assert!(diagram.ends_with("```\n"), "{diagram}");
}

#[test]
fn what_cannot_be_shown_is_said() {
    let folder = folder_with("talk.sms", TALK);
    std::fs::write(folder.path().join("broken.sms"), "wait 5\n").expect("written");
    for (arguments, code, says) in [
        (
            &["show", "talk.sms", "-k", "nobody"][..],
            4,
            "no test was selected",
        ),
        (&["show", "nowhere.sms"], 2, "nowhere.sms: no such file or folder"),
        (&["show", "broken.sms"], 2, "error[E011]"),
        (&["show", "@demo"], 2, "name a file or a folder"),
    ] {
        let output = smsim(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            stderr(&output).contains(says),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

const STALE: &str = r#"
test "first":
  alice > "Hi", to +14155550102
  bob   < "Hello"  # what he sees
  bob   > "Yes", to +14155550101
  alice < "No", from 32665

test "second":
  alice < nothing for 1s
"#;

#[test]
fn where_nobody_can_answer_the_changes_are_listed_and_nothing_is_written() {
    let folder = folder_with("stale.sms", STALE);
    let listed = r#"stale.sms:8  (1 of 2)  first
-  bob   < "Hello"  # what he sees
+  bob   < "Hi"  # what he sees
stale.sms:10  (2 of 2)  first
-  alice < "No", from 32665
+  alice < "Yes", from +14155550102
2 changes; on a terminal, without --list, each can be accepted
"#;
    for (arguments, ci) in [
        (&["review", "stale.sms"][..], ""),
        (&["review", "stale.sms", "--list"], ""),
        (&["review", "stale.sms", "--list"], "true"),
    ] {
        let output = smsim(folder.path(), arguments, ci);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(stdout(&output), listed);
    }
    let text = std::fs::read_to_string(folder.path().join("stale.sms")).expect("it is there");
    assert_eq!(text, format!("{WORLD}{STALE}"));
    // What it lists is what `--update` does.
    assert!(
        smsim(folder.path(), &["run", "stale.sms", "--update"], "")
            .status
            .success()
    );
    let output = smsim(folder.path(), &["review", "stale.sms"], "");
    assert_eq!(
        (stdout(&output).as_str(), output.status.code()),
        ("nothing would change\n", Some(0))
    );
}

#[test]
fn review_writes_nothing_where_nobody_would_review() {
    let folder = folder_with("stale.sms", STALE);
    std::fs::write(folder.path().join("a.json"), "{}").expect("written");
    for (arguments, ci, says) in [
        (&["review", "stale.sms"][..], "true", "CI is set"),
        (&["review", "a.json"], "", "writes .sms files only"),
        (&["review", "a.json", "--list"], "", "writes .sms files only"),
        (&["review", "nowhere"], "", "no such file"),
    ] {
        let output = smsim(folder.path(), arguments, ci);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).contains(says),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}
