//! `smsim explore`: a world that keeps its rules, and one that does not.

use std::io::BufRead;
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

/// The demo world, and a configuration in which a session lasts longer than the documents say.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(
        top().join("simulator-config/demo.sms"),
        folder.path().join("demo.sms"),
    )
    .expect("copied");
    let rules = std::fs::read_to_string(top().join("simulator-config/platform.toml")).expect("the rules");
    assert!(rules.contains("session_window_ms = 60000"), "{rules}");
    std::fs::create_dir(folder.path().join("broken")).expect("a folder");
    std::fs::write(
        folder.path().join("broken/platform.toml"),
        rules.replace("session_window_ms = 60000", "session_window_ms = 90000"),
    )
    .expect("written");
    folder
}

#[test]
fn a_world_that_keeps_its_rules_passes_with_a_summary() {
    let folder = workshop();
    let output = smsim(folder.path(), &["explore", "demo.sms", "--seeds", "12"]);
    let told = stdout(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.starts_with("Explored 12 seeds, ") && told.contains("; 0 broken rules"),
        "{told}"
    );
    for part in ["acts ", "results ", "keywords ", "states ", "decisions "] {
        assert!(told.contains(&format!("\n  {part}")), "{part} in\n{told}");
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.lines().count(),
        1,
        "no bar where there is no terminal: {said}"
    );
}

#[test]
fn a_rule_that_is_broken_is_told_and_its_file_fails_by_itself() {
    let folder = workshop();
    let broken = ["--config", "broken"];
    let arguments = [
        &["explore", "demo.sms", "--seeds", "40", "--format", "json"],
        &broken[..],
    ]
    .concat();
    let output = smsim(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let violation = &found["violations"][0];
    assert_eq!(violation["invariant"], "session");
    assert_eq!(violation["codes"][0], "E202");
    assert!(violation["acts_left"].as_u64() < violation["acts_drawn"].as_u64());
    assert!(found["coverage"]["decisions"]["forwarded"].as_u64() > Some(0));
    let file = violation["file"].as_str().expect("a file");
    let seed = violation["seed"].to_string();
    let run = |more: &[&str]| smsim(folder.path(), &[&["run", file, "--seed", &seed], more].concat());
    assert_eq!(run(&broken).status.code(), Some(1), "{}", stdout(&run(&broken)));
    assert_eq!(
        run(&[]).status.code(),
        Some(0),
        "under the documents' rules the same file passes"
    );
    assert!(smsim(folder.path(), &["fmt", "--check", file]).status.success());

    let human = smsim(
        folder.path(),
        &[&["explore", "demo.sms", "--seeds", "40"], &broken[..]].concat(),
    );
    let told = stdout(&human);
    assert!(
        told.contains("BROKEN session with seed ") && told.contains("replay: smsim run "),
        "{told}"
    );
}

#[test]
fn a_world_without_anybody_is_refused() {
    let folder = workshop();
    std::fs::write(folder.path().join("empty.sms"), "carrier att\n").expect("written");
    let output = smsim(folder.path(), &["explore", "empty.sms"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("declares no user"));
    assert_eq!(
        smsim(folder.path(), &["explore", "demo.sms", "--acts", "10001"])
            .status
            .code(),
        Some(2)
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_tells_what_was_seen_so_far() {
    let folder = workshop();
    let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(["explore", "demo.sms", "--seeds", "1000000", "--acts", "40"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("smsim runs");
    let mut line = String::new();
    let stderr = child.stderr.as_mut().expect("piped");
    std::io::BufReader::new(stderr)
        .read_line(&mut line)
        .expect("a line");
    assert!(line.contains("Ctrl-C"), "{line}");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .expect("kill runs")
            .success()
    );
    let output = child.wait_with_output().expect("it ends");
    let told = stdout(&output);
    assert!(told.contains(" of 1000000, stopped, "), "{told}");
    assert_eq!(output.status.code(), Some(3));
}
