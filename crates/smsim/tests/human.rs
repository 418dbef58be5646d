//! A person in the place of a user: without a terminal nobody could type, and names are users' names.

use std::path::Path;
use std::process::{Command, Output, Stdio};

const TEST: &str = "carrier sprint
user carol +14155550103 on sprint
test \"one text\":
  carol > \"help\"
  carol < ~\"*Facebook Texts*\"
";

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("smsim runs")
}

#[test]
fn nobody_types_without_a_terminal_or_under_another_name() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.sms"), TEST).expect("written");
    for (arguments, code, told) in [
        (
            vec!["run", "t.sms", "--human", "carol"],
            3,
            "error: carol is to be a person, and nobody can type: stdin is no terminal. Run it in one, or play the guided demos of \
             `smsim demo --human carol` in a browser",
        ),
        (
            vec!["run", "t.sms", "--human", "carrol"],
            2,
            "error: t.sms declares no user \"carrol\"; did you mean carol?",
        ),
        (
            vec!["run", "t.sms", "--human", "carol", "--seeds", "3"],
            2,
            "cannot be used with",
        ),
        (
            vec!["serve", "t.sms", "--port", "0", "--human", "bob"],
            2,
            "error: --human bob: this world has no such user; it has carol",
        ),
    ] {
        let output = smsim(folder.path(), &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(told), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "nothing ran");
    }
}
