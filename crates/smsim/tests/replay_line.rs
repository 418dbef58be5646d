//! The command that stands under a failure: copied into a shell, it does the same again.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

const SCENARIO: &str = "carrier att, latency 1s
app quiz \"Movie Quiz\"
user alice +14155550101 on att, apps quiz

test \"passes\":
  check alice texts on

test \"the rules are those of the folder\":
  quiz  > alice \"Hi\"
  alice < \"Hi\"
";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("SMSIM_CONFIG")
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The command that a report tells.
fn replay(report: &str) -> &str {
    let line = report.lines().find_map(|line| line.split_once("replay: smsim "));
    line.expect("a replay line").1
}

/// The report from the first fault on, without what the machine's clock decides.
fn fault(report: &str) -> &str {
    let at = report.find("error[").expect("a fault");
    let end = report.find("     Summary").expect("a summary");
    &report[at..end]
}

#[test]
fn a_copied_replay_line_does_the_same_again() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("my rules")).expect("a folder");
    let rules = "[platform]\napp_daily_pool_per_user = 0\n";
    std::fs::write(folder.path().join("my rules/platform.toml"), rules).expect("written");
    std::fs::write(folder.path().join("it's a test.sms"), SCENARIO).expect("written");
    let first = run(
        folder.path(),
        &[
            "run",
            "it's a test.sms",
            "--config",
            "my rules",
            "--clock",
            "x10000",
            "--seed",
            "9",
        ],
    );
    assert_eq!(first.status.code(), Some(1), "{}", told(&first));
    let report = told(&first);
    let command = replay(&report);
    assert_eq!(
        command,
        r"run 'it'\''s a test.sms:8' --seed 9 --clock x10000 --config 'my rules'"
    );
    let again = Command::new("sh")
        .arg("-c")
        .arg(format!("{} {command}", env!("CARGO_BIN_EXE_smsim")))
        .env_remove("GITHUB_ACTIONS")
        .env_remove("SMSIM_CONFIG")
        .current_dir(folder.path())
        .output()
        .expect("a shell");
    assert_eq!(again.status.code(), Some(1), "{}", told(&again));
    assert_eq!(fault(&told(&again)), fault(&report));
    assert!(
        told(&again).contains("1 test: 0 passed, 1 failed"),
        "{}",
        told(&again)
    );
}

#[test]
fn real_apps_are_named_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = SCENARIO.replace("texts on", "texts off");
    std::fs::write(folder.path().join("a.sms"), scenario).expect("written");
    let app = "quiz=http://127.0.0.1:9/sms?a=1&b=2";
    let output = run(folder.path(), &["run", "a.sms:5", "--app", app, "--hold", "3"]);
    assert_eq!(
        replay(&told(&output)),
        "run a.sms:5 --seed 0 --app 'quiz=http://127.0.0.1:9/sms?a=1&b=2' --hold 3"
    );
}
