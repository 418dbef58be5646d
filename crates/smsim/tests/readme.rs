//! Every command and every scenario of the README does what the README says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn readme() -> String {
    std::fs::read_to_string(top().join("README.md")).expect("a README")
}

/// The code blocks of that language, in order.
fn blocks(language: &str) -> Vec<String> {
    let (mut blocks, mut block) = (Vec::new(), None::<String>);
    for line in readme().lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(opening)) if opening == language => block = Some(String::new()),
            (None, _) => {}
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What stands in the README as a command, and the test that runs it.
#[derive(Debug, PartialEq)]
enum RunBy {
    /// `main_job`, `first_scenario` or another test of this file, or `cli.rs`.
    ATestHere,
    /// `.ci/run`, which calls it.
    Ci,
    /// `tests/run`, with a real peer.
    Peers,
    /// `data.rs`, which keeps worlds in a folder, and `replay.rs`, which runs every such line of the README.
    DataAndReplay,
}

#[test]
fn every_command_is_run_by_a_test() {
    let ci = std::fs::read_to_string(top().join(".ci/run")).expect("a CI script");
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let run_by = match line {
            "cargo run -- run tests/scenarios" | "smsim run hello.sms" | "smsim repl" => RunBy::ATestHere,
            "cargo test --workspace" | "tests/run" => RunBy::Ci,
            "smsim serve world.sms --data data" => RunBy::DataAndReplay,
            _ if line.starts_with("smsim replay data") => RunBy::DataAndReplay,
            "smsim serve world.sms" | "cargo run --release -- demo" => RunBy::Peers,
            _ if line.starts_with("curl --data ") && line.ends_with("/api/v1/worlds/default/steps") => {
                RunBy::Peers
            }
            _ if line.starts_with("smsim run tests/peers/install_real_app.sms --app quiz=") => RunBy::Peers,
            other => panic!("the README says {other:?}, and no test runs it"),
        };
        if run_by == RunBy::Ci {
            assert!(ci.contains("tests/run"), ".ci/run runs the README's test command");
        }
    }
}

#[test]
fn the_main_job_plays_the_four_workflows() {
    let told = stdout(&smsim(&top(), &["run", "tests/scenarios"]));
    for workflow in ["notification", "conversation", "query", "installation"] {
        assert!(
            told.lines()
                .any(|line| line.contains("PASS") && line.contains(workflow)),
            "{workflow} in\n{told}"
        );
    }
    assert!(told.contains(" 0 failed"), "{told}");
}

#[test]
fn the_first_scenario_passes_as_it_stands() {
    let scenarios: Vec<String> = blocks("sms")
        .into_iter()
        .filter(|block| block.contains("\ntest "))
        .collect();
    assert_eq!(scenarios.len(), 1, "one whole scenario stands in the README");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hello.sms"), &scenarios[0]).expect("written");
    let told = stdout(&smsim(folder.path(), &["run", "hello.sms"]));
    assert!(told.contains("1 passed, 0 failed"), "{told}");
}

#[test]
fn every_declaration_is_good() {
    let folder = tempfile::tempdir().expect("a folder");
    for (index, block) in blocks("sms").into_iter().enumerate() {
        let path = format!("block{index}.sms");
        std::fs::write(folder.path().join(&path), block).expect("written");
        stdout(&smsim(folder.path(), &["check", &path]));
    }
}

#[test]
fn the_receiver_is_the_one_that_the_peers_test_runs() {
    let receiver = std::fs::read_to_string(top().join("tests/peers/receiver.py")).expect("a receiver");
    assert_eq!(receiver.lines().count(), 12, "twelve lines, as the README says");
    assert!(
        blocks("python").contains(&receiver),
        "the README shows tests/peers/receiver.py as it stands"
    );
}
