//! The examples in the help of the tools for scenarios run as they stand.

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

/// The examples at the end of a command's help, without what is said about them.
fn examples(command: &str) -> Vec<Vec<String>> {
    let help = smsim(&top(), &[command, "--help"]);
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let (_, examples) = help
        .split_once("\nExample")
        .unwrap_or_else(|| panic!("`smsim {command} --help` ends with an example:\n{help}"));
    examples
        .lines()
        .filter_map(|line| line.strip_prefix("  smsim "))
        .map(|line| {
            let line = line.split_once("   ").map_or(line, |(words, _)| words);
            line.split_whitespace().map(str::to_owned).collect()
        })
        .collect()
}

/// A copy of the shipped scenarios, with the files that the examples name.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for path in ["tests/scenarios", "simulator-config"] {
        std::fs::create_dir_all(folder.path().join(path)).expect("a folder");
        for entry in std::fs::read_dir(top().join(path)).expect("a folder") {
            let from = entry.expect("an entry").path();
            if from.is_file() {
                let name = from.file_name().expect("a name");
                std::fs::copy(&from, folder.path().join(path).join(name)).expect("copied");
            }
        }
    }
    let quota = folder.path().join("tests/scenarios/quota.sms");
    let text = std::fs::read_to_string(quota).expect("a scenario");
    let text = text.replace("../../", "");
    std::fs::write(folder.path().join("new.sms"), &text).expect("written");
    std::fs::write(folder.path().join("quota.sms"), text).expect("written");
    let json = smsim(folder.path(), &["convert", "quota.sms", "--to", "json"]);
    std::fs::write(folder.path().join("quota.json"), json.stdout).expect("written");
    folder
}

#[test]
fn every_example_of_the_tools_runs() {
    let folder = workshop();
    for command in [
        "fmt",
        "convert",
        "fill",
        "review",
        "show",
        "mutants",
        "check",
        "explain",
        "certs",
        "explore",
        "apps",
        "completions",
    ] {
        let examples = examples(command);
        assert!(!examples.is_empty(), "{command}");
        for example in examples {
            let arguments: Vec<&str> = example.iter().map(String::as_str).collect();
            let output = smsim(folder.path(), &arguments);
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "smsim {}: {told}", example.join(" "));
        }
    }
}

#[test]
fn the_doctor_says_of_each_thing_how_it_is_and_fails_when_one_does() {
    let folder = workshop();
    for example in examples("doctor") {
        let arguments: Vec<&str> = example.iter().map(String::as_str).collect();
        let output = smsim(folder.path(), &arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        // Another server may have the ports that are everybody's.
        let fails = text.contains("FAIL");
        assert_eq!(output.status.code(), Some(i32::from(fails)), "{text}");
    }
    let free = [
        "--smpp-port",
        "0",
        "--http-port",
        "0",
        "--smpps-port",
        "0",
        "--json",
    ];
    let doctor = |more: &[&str]| {
        let arguments: Vec<&str> = ["doctor"].iter().chain(&free).chain(more).copied().collect();
        let output = smsim(folder.path(), &arguments);
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an array");
        (output.status.code(), found)
    };
    let (code, found) = doctor(&["--config", "simulator-config"]);
    assert_eq!(code, Some(0), "{found}");
    assert!(found.as_array().expect("an array").len() > 8);
    let (code, found) = doctor(&["--config", "nowhere"]);
    assert_eq!(code, Some(1));
    let fails: Vec<_> = found
        .as_array()
        .expect("an array")
        .iter()
        .filter(|one| one["verdict"] == "FAIL")
        .collect();
    assert_eq!(fails.len(), 1, "{found}");
    assert!(fails[0]["says"].to_string().contains("nowhere/platform.toml") && fails[0]["todo"].is_string());
}

#[test]
fn every_example_of_run_that_needs_nobody_else_runs() {
    let folder = workshop();
    let examples = examples("run");
    assert!(examples.len() > 6);
    for example in examples {
        let arguments: Vec<&str> = example.iter().map(String::as_str).collect();
        // Nor a person, nor one that runs until Ctrl-C.
        if ["--app", "--human", "--watch"]
            .iter()
            .any(|option| arguments.contains(option))
        {
            continue;
        }
        let output = smsim(folder.path(), &arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        // No shipped scenario need have a tag.
        let nothing_selected = arguments.contains(&"@demo") && output.status.code() == Some(4);
        assert!(
            output.status.success() || nothing_selected,
            "smsim {}: {told}",
            example.join(" ")
        );
    }
}

#[test]
fn check_sees_what_keeps_a_world_from_being_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("world.sms");
    std::fs::write(
        &path,
        "carrier att\nesme a, system_id fbook, password secret, code 12345\n",
    )
    .expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_smsim"))
        .arg("check")
        .arg(&path)
        .output()
        .expect("smsim runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("two ESMEs bind as \"fbook\""), "{told}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "Checked 1 file, 1 with faults\n"
    );
}
