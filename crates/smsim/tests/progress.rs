//! Long work in the log of a CI server: how far it is stands there as lines, and never among the results.

mod served;

use std::path::Path;
use std::process::{Command, Output};

use served::Served;

const WORLD: &str = "world start 2009-03-02 14:00, tz America/Los_Angeles
carrier att, latency 1ms
app quiz \"Movie Quiz\", canvas quiz
user alice +14155550101 on att, apps quiz
";
const TESTS: &str = "
test \"a short test\":
  alice < nothing for 1s

test \"a long test\":
  alice < nothing for 10s
";

fn smsim(folder: &Path, every: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command.args(arguments).current_dir(folder);
    command.env("SMSIM_PROGRESS_EVERY", every);
    command.output().expect("smsim runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("long.sms"), format!("{WORLD}{TESTS}")).expect("written");
    folder
}

#[test]
fn a_long_run_says_how_far_it_is_beside_its_results() {
    let folder = workshop();
    let run = ["run", "long.sms", "--clock", "x20", "-j", "1", "--format", "json"];
    let output = smsim(folder.path(), "1ms", &run);
    assert!(output.status.success(), "{output:?}");
    let told = text(&output.stderr);
    let line = told.lines().find(|line| line.starts_with("1 of 2 tests after "));
    let line = line.unwrap_or_else(|| panic!("no line in {told:?}"));
    assert!(line.contains(", \"a long test\" at +"), "{line}");
    for line in text(&output.stdout).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("nothing but JSON");
    }
}

#[test]
fn an_exploration_says_how_far_it_is_too() {
    let folder = workshop();
    let explore = [
        "explore", "long.sms", "--seeds", "3", "--acts", "40", "--format", "json",
    ];
    let output = smsim(folder.path(), "1ms", &explore);
    let told = text(&output.stderr);
    assert!(
        told.contains("\n3 of 3 seeds after ") && told.contains(" lines, 0 broken"),
        "{told}"
    );
    serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("nothing but JSON");
}

#[test]
fn a_journal_that_is_played_says_how_far_it_is_too() {
    let mut serve = Served::start(WORLD, &["--data", "data"]);
    for _ in 0..3 {
        let texts = "repeat 100:\n  alice > \"quiz again\"\n";
        let (_, answer) = serve.http("POST /api/v1/worlds/default/steps", texts);
        assert!(answer.contains("\"ok\":true,\"performed\""), "{answer}");
    }
    serve.kill();
    let output = smsim(serve.folder.path(), "1ms", &["replay", "data", "--check"]);
    let told = text(&output.stderr);
    assert!(output.status.success(), "{output:?}");
    assert!(told.contains(" % of the journal are played after "), "{told:?}");
    assert!(text(&output.stdout).starts_with("the same: "), "{output:?}");
    let output = smsim(serve.folder.path(), "never", &["replay", "data", "--check"]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn nobody_is_told_who_does_not_want_to_be() {
    let folder = workshop();
    let run = ["run", "long.sms", "--clock", "x20"];
    for silent in ["never", "1h"] {
        let output = smsim(folder.path(), silent, &run);
        assert_eq!(text(&output.stderr), "", "{silent}");
    }
    let output = smsim(folder.path(), "soon", &run);
    assert!(output.status.success());
    let warning = "warning: SMSIM_PROGRESS_EVERY=soon is no length of time; write 10s, 1m, or never\n";
    assert_eq!(text(&output.stderr), warning);
}
