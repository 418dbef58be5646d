//! The prompt, read from a pipe: what it prints, what it saves, and what it exits with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a session printed, and its exit code.
struct Session {
    told: String,
    errors: String,
    code: Option<i32>,
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Types the lines in that folder.
fn typed(folder: &Path, arguments: &[&str], lines: &[&str]) -> Session {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
        .arg("repl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("smsim starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A session that quits early does not read the rest.
    let _ = stdin.write_all((lines.join("\n") + "\n").as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("smsim ends");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("UTF-8");
    Session {
        told: text(output.stdout),
        errors: text(output.stderr),
        code: output.status.code(),
    }
}

/// The same, in a folder of its own.
fn anywhere(lines: &[&str]) -> Session {
    let folder = tempfile::tempdir().expect("a folder");
    typed(folder.path(), &[], lines)
}

/// `smsim run FILE` in that folder: what it printed, and whether everything passed.
fn run(folder: &Path, file: &str) -> (String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(["run", file])
        .current_dir(folder)
        .output()
        .expect("smsim runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (told, output.status.success())
}

#[test]
fn the_transcript_of_the_readme_is_what_is_printed() {
    let readme = std::fs::read_to_string(top().join("README.md")).expect("a README");
    let (_, after) = readme
        .split_once("smsim repl\n```\n")
        .expect("the section of the prompt");
    let transcript = after
        .split("```")
        .nth(1)
        .expect("a transcript")
        .trim_start_matches('\n');
    let prompt = |line: &str| line.split_once("@sprint> ").map(|(_, typed)| typed.to_owned());
    let lines: Vec<String> = transcript.lines().filter_map(prompt).collect();
    let printed: String = transcript
        .lines()
        .filter(|line| prompt(line).is_none())
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(lines.len(), 6, "the README types six lines");
    let session = anywhere(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((session.told, session.errors), (printed, String::new()));
    assert_eq!(session.code, Some(0));
}

#[test]
fn what_is_saved_runs_and_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = typed(
        folder.path(),
        &[],
        &[
            "quiz play",
            "/expect ~\"*Movie Quiz*Reply Y*\"",
            "Y",
            "/expect quiz < carol \"play\", new",
            "/app quiz > carol \"Who directed Jaws?\", in $s1",
            "/check carol app quiz installed",
            "/set carol quiet-hours 22:00-08:00",
            "/at 23:30",
            "/app quiz > carol \"Late\"",
            "/app quiz ? carol",
            "/note an {odd} \"note\"",
            "/wait 1500ms",
            "/as alice",
            "news scores",
            "/save night.sms \"nobody is disturbed at night\"",
        ],
    );
    assert_eq!(
        session.told.lines().last(),
        Some("  wrote night.sms, 15 lines; it passes (virtual 9h30m)"),
        "{}",
        session.told
    );
    let saved = std::fs::read_to_string(folder.path().join("night.sms")).expect("a scenario");
    let (_, test) = saved.split_once("\ntest ").expect("a test");
    assert_eq!(
        test,
        r#""nobody is disturbed at night":
  carol > "quiz play"
  carol < ~"*Movie Quiz*Reply Y*"
  carol > "Y"
  quiz  < carol "play", new, as $s1
  quiz  > carol "Who directed Jaws?", in $s1
  carol < "Who directed Jaws?"
  check carol app quiz installed
  set carol quiet-hours 22:00-08:00
  at 23:30
  quiz  > carol "Late" = 853
  quiz  ? carol = 853
  note "an {{odd} \"note\""
  wait 1500ms
  alice > "news scores"
  news  < alice "scores"
"#
    );
    let (told, passed) = run(folder.path(), "night.sms");
    assert!(passed, "{told}");
}
