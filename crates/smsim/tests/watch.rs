//! `smsim run --watch`: files change under it, and it is read line by line, never by the clock.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a line is waited for before the test is given up.
const LINE_MAX: Duration = Duration::from_secs(60);

const WORLD: &str = "carrier att, latency 1s\nuser alice +14155550101 on att\n";
const FIRST: &str = "use \"world.sms\"\n\ntest \"first\":\n  alice > \"Help\"\n  alice < ~\"*\"\n";
const SECOND: &str = "use \"world.sms\"\n\ntest \"second\":\n  alice < nothing for 1s\n";
/// A third file, which uses nothing.
const ALONE: &str = "carrier att\nuser bob +14155550102 on att\n\ntest \"alone\":\n  bob < nothing for 1s\n";
/// A test of `FIRST`'s world that fails.
const FAILING: &str = "use \"world.sms\"\n\ntest \"first\":\n  alice < \"Hello\", within 1s\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("world.sms", WORLD),
        ("first.sms", FIRST),
        ("second.sms", SECOND),
        ("alone.sms", ALONE),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

/// A run that watches, and what it prints.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// `smsim run . --watch` in the folder.
    fn start(folder: &Path, options: &[&str]) -> Self {
        // Both outputs in one pipe, so that their lines keep their order.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 2>&1", env!("CARGO_BIN_EXE_smsim")])
            .args(["run", ".", "--watch"])
            .args(options)
            .env_remove("CI")
            .env_remove("GITHUB_ACTIONS")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("smsim runs");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "a line that never comes must not be waited for without end"
        )]
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The test may be over.
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// Reads on until a line has the text; everything that was read up to it.
    fn until(&self, text: &str) -> String {
        let mut told = String::new();
        loop {
            match self.lines.recv_timeout(LINE_MAX) {
                Ok(line) => {
                    told.push_str(&line);
                    told.push('\n');
                    if line.contains(text) {
                        return told;
                    }
                }
                Err(error) => panic!("no line has {text:?} ({error}) in:\n{told}"),
            }
        }
    }

    /// What is told until it waits for the next change.
    fn round(&self) -> String {
        self.until("Watching ")
    }

    /// Presses Ctrl-C; the exit code.
    fn ctrl_c(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let killed = Command::new("kill")
            .args(["-INT", &id])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It has mostly ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn only_what_is_touched_runs_again() {
    let folder = folder();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let watching = Watching::start(folder.path(), &[]);
    let told = watching.round();
    assert!(told.contains("Checked 4 files, 3 tests"), "{told}");
    assert!(
        told.ends_with("    Watching 4 files, 3 tests: 3 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );

    write("first.sms", FAILING);
    let told = watching.round();
    assert!(
        told.starts_with("\n     Changed first.sms\n    Checked 1 file, 1 test\n"),
        "{told}"
    );
    assert!(told.contains("error[E201]"), "{told}");
    assert!(
        told.ends_with("3 tests: 2 passed, 1 failed (./first.sms:3); Ctrl-C ends\n"),
        "{told}"
    );

    // What the other files came to is not forgotten.
    write("alone.sms", &ALONE.replace("1s", "2s"));
    let told = watching.round();
    assert!(
        told.contains("Changed alone.sms\n    Checked 1 file, 1 test\n"),
        "{told}"
    );
    assert!(told.contains("1 test: 1 passed, 0 failed\n"), "{told}");
    assert!(
        told.ends_with("3 tests: 2 passed, 1 failed (./first.sms:3); Ctrl-C ends\n"),
        "{told}"
    );

    // Who uses a file runs with it, and the file itself, which has no tests.
    write("world.sms", &WORLD.replace("1s", "2s"));
    let told = watching.round();
    assert!(
        told.contains("Changed world.sms\n    Checked 3 files, 2 tests\n"),
        "{told}"
    );
    assert_eq!(watching.ctrl_c(), Some(1));
}

#[test]
fn a_file_may_be_broken_replaced_renamed_removed_and_made() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("written");
    let watching = Watching::start(folder.path(), &[]);
    watching.round();

    write("first.sms", "test \"first\":\n  wait 5\n");
    let told = watching.round();
    assert!(told.contains("error[E041]"), "{told}");
    assert!(
        told.ends_with("; 1 to run when they are right; Ctrl-C ends\n"),
        "{told}"
    );

    // As editors do: a new file takes its place.
    write("first.new", FIRST);
    std::fs::rename(path("first.new"), path("first.sms")).expect("renamed");
    let told = watching.round();
    assert!(
        told.contains("Changed first.sms\n    Checked 1 file, 1 test\n"),
        "{told}"
    );
    assert!(
        told.ends_with("3 tests: 3 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );

    std::fs::rename(path("alone.sms"), path("moved.sms")).expect("renamed");
    let told = watching.round();
    assert!(
        told.contains("Changed alone.sms (gone), moved.sms (new)\n"),
        "{told}"
    );
    assert!(
        told.ends_with("3 tests: 3 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );

    std::fs::remove_file(path("moved.sms")).expect("removed");
    let told = watching.round();
    assert!(!told.contains("Checked"), "nothing has to run: {told}");
    assert!(
        told.ends_with("2 tests: 2 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );

    // A file that others use is removed, and comes back.
    std::fs::remove_file(path("world.sms")).expect("removed");
    let told = watching.round();
    assert!(
        told.contains("world.sms (gone)") && told.contains("error[E109]"),
        "{told}"
    );
    write("world.sms", WORLD);
    let told = watching.round();
    assert!(told.contains("Changed world.sms (new)\n"), "{told}");
    assert!(
        told.ends_with("2 tests: 2 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );

    std::fs::create_dir(path("more")).expect("a folder");
    write("more/new.sms", ALONE);
    let told = watching.round();
    assert!(
        told.contains("Changed more/new.sms (new)\n    Checked 1 file, 1 test\n"),
        "{told}"
    );

    std::fs::write(path("first.sms"), b"\xff").expect("written");
    let told = watching.round();
    assert!(told.contains("is not UTF-8"), "{told}");
    assert_eq!(watching.ctrl_c(), Some(2), "the last run could not be read");
}

#[test]
fn a_file_that_is_used_from_now_on_is_watched_from_now_on() {
    let folder = folder();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let watching = Watching::start(folder.path(), &[]);
    watching.round();
    write(
        "alone.sms",
        &ALONE.replace("carrier att\n", "use \"other/carriers.inc\"\n"),
    );
    let told = watching.round();
    assert!(told.contains("error[E109]"), "{told}");
    std::fs::create_dir(folder.path().join("other")).expect("a folder");
    write("other/carriers.inc", "carrier att\n");
    let told = watching.round();
    assert!(
        told.contains("Changed other/carriers.inc (new)\n    Checked 1 file, 1 test\n"),
        "{told}"
    );
    write("other/carriers.inc", "carrier att, loss 101%\n");
    let told = watching.round();
    assert!(
        told.contains("Changed other/carriers.inc\n") && told.contains("error["),
        "{told}"
    );
    write("other/carriers.inc", "carrier att, loss 1%\n");
    let told = watching.round();
    assert!(
        told.ends_with("3 tests: 3 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );
    assert_eq!(watching.ctrl_c(), Some(0));
}

#[test]
fn the_configuration_concerns_every_file() {
    let folder = folder();
    let config = folder.path().join("config");
    std::fs::create_dir_all(config.join("carriers")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(config.join(name), text).expect("written");
    write("platform.toml", "");
    let watching = Watching::start(folder.path(), &["--config", "config"]);
    watching.round();
    for (name, text, told) in [
        (
            "platform.toml",
            "[platform]\nsession_window_ms = 1000\n",
            "config/platform.toml\n",
        ),
        (
            "carriers/mine.toml",
            "loss = 1\n",
            "config/carriers/mine.toml (new)\n",
        ),
        ("carriers/mine.toml", "loss = 2\n", "config/carriers/mine.toml\n"),
    ] {
        write(name, text);
        let round = watching.round();
        assert!(
            round.contains(&format!("Changed {told}    Checked 4 files, 3 tests\n")),
            "{round}"
        );
    }
    write("platform.toml", "[platform]\nsesion = 1\n");
    let told = watching.round();
    assert!(told.contains("config/platform.toml:2:1"), "{told}");
    assert!(
        told.ends_with("; 4 to run when they are right; Ctrl-C ends\n"),
        "{told}"
    );
    assert_eq!(watching.ctrl_c(), Some(2));
}

#[test]
fn machines_read_lines_and_reports_of_everything() {
    let folder = folder();
    let watching = Watching::start(folder.path(), &["--format", "json", "--report", "tap=report.tap"]);
    let first = watching.until(r#""event":"watching""#);
    assert!(
        first.ends_with(
            "{\"event\":\"watching\",\"files\":4,\"tests\":3,\"passed\":3,\"failed\":0,\"not_run\":0}\n"
        ),
        "{first}"
    );
    std::fs::write(folder.path().join("first.sms"), FAILING).expect("written");
    let told = watching.until(r#""event":"watching""#);
    for line in told.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("one JSON object a line");
        assert!(line["event"].is_string());
    }
    assert!(
        told.starts_with(
            "{\"event\":\"changed\",\"files\":[{\"path\":\"first.sms\",\"change\":\"changed\"}]}\n"
        ),
        "{told}"
    );
    let report = std::fs::read_to_string(folder.path().join("report.tap")).expect("a report");
    assert_eq!(report.matches("\nok ").count(), 2, "{report}");
    assert_eq!(report.matches("\nnot ok ").count(), 1, "{report}");
    assert_eq!(watching.ctrl_c(), Some(1));
}

#[test]
fn a_folder_that_cannot_be_looked_into_is_told_and_loses_nothing() {
    let folder = folder();
    let watching = Watching::start(folder.path(), &[]);
    watching.round();
    let link = folder.path().join("more");
    std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
    std::fs::write(folder.path().join("first.sms"), FAILING).expect("written");
    let told = watching.round();
    assert!(told.contains("folders are nested too deep"), "{told}");
    assert!(told.contains("3 tests: 3 passed, 0 failed; 1 to run"), "{told}");
    std::fs::remove_file(link).expect("removed");
    std::fs::write(folder.path().join("first.sms"), FIRST).expect("written");
    let told = watching.round();
    assert!(
        told.ends_with("3 tests: 3 passed, 0 failed; Ctrl-C ends\n"),
        "{told}"
    );
    assert_eq!(watching.ctrl_c(), Some(0));
}

#[test]
fn ctrl_c_ends_a_test_that_goes_at_the_walls_pace() {
    let folder = folder();
    let name = folder.path().join("alone.sms");
    std::fs::write(name, ALONE.replace("1s", "365d")).expect("written");
    let watching = Watching::start(folder.path(), &["--clock", "real"]);
    watching.until("Checked ");
    // No run was over: there is no exit code of a last one.
    assert_eq!(watching.ctrl_c(), Some(3));
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let folder = folder();
    let refused = |options: &[&str], ci: &str| -> Output {
        Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["run", ".", "--watch"])
            .args(options)
            .env("CI", ci)
            .current_dir(folder.path())
            .output()
            .expect("smsim runs")
    };
    for (options, ci, reason) in [
        (&["--update"][..], "", "before you see them fail"),
        (&["--human", "alice"], "", "type everything again"),
        (&["--format", "junit"], "", "--report junit=FILE"),
        (&["--format", "tap"], "", "one document of one run"),
        (&["--pcap", "all.pcapng"], "", "--pcap links-{}.pcapng"),
        (&["--config", "nowhere"], "", "nowhere: no such folder"),
        (&["nowhere.sms"], "", "nowhere.sms: no such file or folder"),
        (&[], "true", "CI is set"),
    ] {
        let output = refused(options, ci);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(reason), "{options:?}: {told}");
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(output.stdout.is_empty(), "{options:?}");
    }
}
