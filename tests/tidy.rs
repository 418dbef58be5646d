//! The house is in order: what each crate may know, what stands at the top level, what no source may hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::top;

/// Which of our crates each crate may name, and which outside ones. A crate may leave out what it is allowed.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    ("sms", &[], &["compact_str", "jiff", "serde", "thiserror"]),
    (
        "smpp",
        &["sms"],
        &["bytes", "compact_str", "rusmpp", "serde", "thiserror"],
    ),
    (
        "smsc",
        &["sms", "smpp"],
        &["bytes", "compact_str", "regex", "serde", "thiserror"],
    ),
    ("handset", &["sms"], &["serde", "thiserror"]),
    (
        "esme",
        &["sms", "smpp"],
        &["bytes", "compact_str", "serde", "thiserror"],
    ),
    ("platform", &["sms"], &["serde", "thiserror"]),
    (
        "rest",
        &["sms", "platform"],
        &[
            "hex",
            "md-5",
            "quick-xml",
            "serde",
            "serde_json",
            "subtle",
            "thiserror",
        ],
    ),
    (
        "world",
        &["sms", "smpp", "smsc", "handset", "esme", "platform", "rest"],
        &["bytes", "compact_str", "rand", "serde", "serde_json", "thiserror"],
    ),
    (
        "scenario",
        &[
            "sms", "smpp", "smsc", "handset", "esme", "platform", "rest", "world",
        ],
        &["compact_str", "regex", "serde", "serde_json", "thiserror", "toml"],
    ),
];

/// Everything that may stand at the top level, besides dotfiles.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "simulator-config",
    "tests",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// What no Rust source may hold, in pieces so that this file does not hold it either.
const LEFT_OVERS: &[(&str, &str)] = &[
    ("todo", "!("),
    ("unimplemented", "!("),
    ("#[", "ignore"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("unsafe", " {"),
];

#[test]
fn crates_know_only_what_the_table_allows() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(top())
        .output()
        .expect("cargo metadata runs");
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.stdout).expect("cargo metadata prints JSON");
    let packages: BTreeMap<&str, &serde_json::Value> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| (package["name"].as_str().expect("a name"), package))
        .collect();
    for (name, ours, outside) in ALLOWED {
        let package = packages
            .get(name)
            .unwrap_or_else(|| panic!("crate {name} is gone; mend the table"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            if !dependency["kind"].is_null() {
                continue;
            }
            let dependency = dependency["name"].as_str().expect("a name");
            assert!(
                ours.contains(&dependency) || outside.contains(&dependency),
                "crate {name} may not depend on {dependency}: see the map in crates/README.md"
            );
        }
    }
    let listed = ALLOWED.iter().map(|(name, ..)| *name).chain(["smsim", "tests"]);
    let mut listed: Vec<&str> = listed.collect();
    listed.sort_unstable();
    assert_eq!(
        packages.keys().copied().collect::<Vec<_>>(),
        listed,
        "every member stands in the table"
    );
}

#[test]
fn nothing_else_stands_at_the_top_level() {
    let tracked = Command::new("git").args(["ls-files"]).current_dir(top()).output();
    // A source archive without git has nothing to say here.
    let Ok(tracked) = tracked else { return };
    if !tracked.status.success() {
        return;
    }
    for path in String::from_utf8_lossy(&tracked.stdout).lines() {
        let first = path.split('/').next().unwrap_or(path);
        assert!(
            first.starts_with('.') || TOP_LEVEL.contains(&first),
            "{path} stands at the top level"
        );
    }
}

#[test]
fn no_source_holds_left_overs() {
    for file in rust_files(&top().join("crates"))
        .into_iter()
        .chain(rust_files(&top().join("tests")))
    {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        for (one, two) in LEFT_OVERS {
            let left_over = format!("{one}{two}");
            assert!(!text.contains(&left_over), "{} holds {left_over}", file.display());
        }
    }
}

#[test]
fn only_the_smpp_crate_names_rusmpp() {
    for file in rust_files(&top().join("crates")) {
        if file.starts_with(top().join("crates/smpp")) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a readable source");
        assert!(
            !text.contains("rusmpp::"),
            "{} names rusmpp; the smpp crate stands in front of it",
            file.display()
        );
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name != "target" && name != "node_modules")
        {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
