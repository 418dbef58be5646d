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

#[test]
fn a_slip_is_told_with_what_was_meant() {
    for (line, told) in [
        ("/wiat 5s", "  /wiat is no command; did you mean /wait?\n"),
        (
            "/frobnicate",
            "  /frobnicate is no command; /help tells the commands\n",
        ),
        ("/as alcie", "  alcie is not a user; did you mean alice?\n"),
        ("/as", "  nothing is not a user; there are alice, bob, carol\n"),
        (
            "/app weather > bob \"Hi\"",
            "  weather is not an app; there are news, quiz\n",
        ),
        (
            "/app quiz url ftp://x",
            "  \"ftp://x\" is no URL for callbacks; write http://, a host, at most 2048 octets in all, no blanks; https is not posted to\n",
        ),
        ("/pdu maybe", "  write /pdu on or /pdu off\n"),
        ("/undo", "  nothing was done yet\n"),
        ("/save x.sms", "  nothing has happened that could be saved\n"),
        (
            "/expect carol > \"Hi\"",
            "  that is done, not seen; write / and the line to do it\n",
        ),
        (
            "/new dave on verizon",
            "error[E100]: `verizon` is not declared\n --> line 1:1:27\n  |\n\
             1 | user dave +14155550104 on verizon\n  |                           ^^^^^^^ not declared\n  \
             = help: declared as a carrier: att, sprint\n",
        ),
        (
            "/set alcie texts off",
            "error[E100]: `alcie` is not declared\n --> line 1:1:5\n  |\n1 | set alcie texts off\n  |     ^^^^^ not declared\n  \
             = help: did you mean `alice`?\n",
        ),
        (
            "/wait 61",
            "error[E041]: a bare number where a length of time is meant\n --> line 1:1:6\n  |\n1 | wait 61\n  |      ^^ which \
             unit?\n  = help: write 61ms, 61s, 61m, 61h or 61d\n",
        ),
        (
            "/app quiz > carol \"Hi\", in $s1",
            "error[E107]: `$s1` holds nothing yet\n --> line 1:1:23\n  |\n1 | quiz > carol \"Hi\", in $s1\n  |                       ^^^ \
             read here, never bound before\n  = help: an earlier line of the test or scene binds it: `as $s1` behind a `<` line, \
             `ask $s1` or `= $s1` behind a call\n",
        ),
        ("/ carol < Hi", "error[E010]: "),
    ] {
        let session = anywhere(&[line]);
        let fits = match told.ends_with('\n') {
            true => session.told == told,
            false => session.told.starts_with(told),
        };
        assert!(fits, "{line}: expected\n{told}got\n{}", session.told);
        assert_eq!(session.code, Some(2), "{line}");
    }
}

#[test]
fn an_expectation_that_fails_is_exit_code_1() {
    for (lines, told, code) in [
        (&["quiz play", "/expect ~\"*Reply Y*\""][..], "  yes\n", 0),
        (
            &["quiz play", "/expect \"Hello\""],
            "error[E200]: carol received a different text",
            1,
        ),
        (&["/expect \"Hello\""], "error[E201]: carol got no text", 1),
        (
            &["/check carol app quiz installed"],
            "error[E205]: carol has app quiz absent",
            1,
        ),
        (&["/check carol app quiz absent", "quiz play"], "  yes\n", 0),
        (&["/ carol < nothing for 1h"], "", 0),
        (&["quiz play", "/ carol < nothing for 1h"], "carol < Add", 0),
        (&["/quit", "/check carol texts off"], "", 0),
        (
            &["/at 13:00"],
            "error[E206]: it is 2009-03-02 14:00:00 already",
            1,
        ),
    ] {
        let session = anywhere(lines);
        assert!(
            session.told.contains(told),
            "{lines:?}: expected {told:?} in\n{}",
            session.told
        );
        assert_eq!(session.code, Some(code), "{lines:?}\n{}", session.told);
    }
}

#[test]
fn undone_lines_never_were() {
    let session = anywhere(&[
        "quiz play",
        "/wait 1d",
        "/set carol texts off",
        "/check carol texts off",
        "/undo",
        "/check carol texts on",
        "/undo",
        "Y",
        "/new dave on att, apps quiz",
        "/as dave",
        "quiz hello",
        "/undo",
        "/undo",
        "/as dave",
        "/reset",
        "/callbacks",
    ]);
    assert_eq!(
        session.told,
        "14:00:02   carol < Add Movie Quiz to your Facebook account? Reply Y to confirm or N to cancel. \
         Std msg rates apply.\n\
         --- 2009-03-03\n\
         \x20 yes\n\
         \x20 undone: /set carol texts off\n\
         \x20 yes\n\
         \x20 undone: /wait 1d\n\
         14:00:03   quiz  < carol \"play\", new, as $s1   session 2\n\
         \x20 user dave +14155550104 on att, apps quiz\n\
         14:00:03   quiz  < dave \"hello\", as $s2   session 1\n\
         \x20 undone: quiz hello\n\
         \x20 undone: /new dave on att, apps quiz\n\
         \x20 dave is not a user; there are alice, bob, carol\n\
         \x20 no app got a text\n"
    );
}

#[test]
fn the_same_lines_print_the_same() {
    let lines = [
        "/pdu on",
        "quiz play",
        "/trace",
        "Y",
        "/trace",
        "/inbox",
        "/wait 1d",
        "/why",
    ];
    let (first, second) = (anywhere(&lines), anywhere(&lines));
    assert_eq!(first.told, second.told);
    for shown in [
        "14:00:01   SMSC > deliver_sm sequence_number=1 source_addr=+14155550103 destination_addr=32665",
        "sprint: a segment from carol is on the air for 1.0s",
        "fbook: \"quiz\" is the canvas name of Movie Quiz; carol has not installed it",
        "  14:00:02  from 3266501  Add Movie Quiz",
    ] {
        assert!(first.told.contains(shown), "{shown} in\n{}", first.told);
    }
}

#[test]
fn lines_of_a_block_end_with_an_empty_one() {
    let lines = [
        "/app news > bob \"Kings win\"",
        "/app news > alice \"Kings win\"",
        "/ for $fan in alice, bob:",
        "  note \"{$fan} saw it\"",
        "",
        "/ any order:",
        "  alice < \"Kings win\"",
        "",
        "/check alice inbox 1",
    ];
    let session = anywhere(&lines);
    assert_eq!(
        session.told,
        "14:00:00   news  = 0\n14:00:01   bob   < Kings win\n14:00:01   news  = 0\n14:00:01   alice < Kings win\n  yes\n"
    );
}

#[test]
fn a_world_of_a_file_is_used_by_what_is_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("worlds")).expect("a folder");
    let world = "carrier att, latency 1500ms\n\
                 app weather \"Weather\", canvas weather:\n  on \"94110\" reply \"SF 58F fog\", after 2s\n\
                 user zoe +14155550101 on att, apps weather\n";
    std::fs::write(folder.path().join("worlds/w.sms"), world).expect("a world");
    let session = typed(
        folder.path(),
        &["worlds/w.sms"],
        &[
            "weather 94110",
            "/set zoe phone off",
            "weather 94110",
            "/set zoe phone on",
            "/save fog.sms \"fog\"",
        ],
    );
    assert_eq!(
        session.told,
        "14:00:01   weather < zoe \"94110\", as $s1   session 1\n\
         14:00:03   weather > zoe \"SF 58F fog\"\n\
         14:00:05   zoe     < SF 58F fog\n\
         \x20 the text waits on zoe's phone\n\
         14:00:06   weather < zoe \"94110\", as $s2   session 2\n\
         14:00:08   weather > zoe \"SF 58F fog\"\n\
         14:00:10   zoe     < SF 58F fog\n\
         \x20 wrote fog.sms, 10 lines; it passes (virtual 20.0s)\n",
        "{}",
        session.errors
    );
    let saved = std::fs::read_to_string(folder.path().join("fog.sms")).expect("a scenario");
    assert_eq!(
        saved,
        "use \"worlds/w.sms\"\n\ntest \"fog\":\n  \
         zoe     > \"weather 94110\"\n  weather < zoe \"94110\"\n  weather > zoe \"SF 58F fog\"\n  zoe     < \"SF 58F fog\"\n  \
         set zoe phone off\n  zoe     > \"weather 94110\"\n  set zoe phone on\n  \
         weather < zoe \"94110\"\n  weather > zoe \"SF 58F fog\"\n  zoe     < \"SF 58F fog\"\n"
    );
    let again = typed(
        folder.path(),
        &["worlds/w.sms"],
        &["weather 94110", "/save fog.sms"],
    );
    assert!(
        again
            .told
            .ends_with("  fog.sms is there already; choose another name\n"),
        "{}",
        again.told
    );
    let other = typed(folder.path(), &["worlds/none.sms"], &[]);
    assert_eq!(other.code, Some(2), "{}", other.errors);
    let nobody = typed(folder.path(), &["worlds/w.sms", "--as", "zack"], &[]);
    assert_eq!(
        (nobody.code, nobody.told.as_str()),
        (Some(2), ""),
        "{}",
        nobody.errors
    );
}

#[test]
fn a_file_is_run_and_its_failures_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = "carrier att\nuser zoe +14155550101 on att\n";
    let test = |name: &str, step: &str| format!("{world}\ntest \"{name}\":\n  {step}\n");
    std::fs::write(
        folder.path().join("good.sms"),
        test("good", "zoe < nothing for 1s"),
    )
    .expect("written");
    std::fs::write(folder.path().join("bad.sms"), test("bad", "zoe < \"Hi\"")).expect("written");
    let good = typed(folder.path(), &[], &["/run good.sms"]);
    assert_eq!(
        (good.told.as_str(), good.code),
        ("  PASS good (virtual 11.0s)\n", Some(0))
    );
    let bad = typed(folder.path(), &[], &["/run bad.sms"]);
    assert!(
        bad.told
            .starts_with("  FAIL bad (virtual 10.0s)\nerror[E201]: zoe got no text"),
        "{}",
        bad.told
    );
    assert_eq!(bad.code, Some(1));
}

#[test]
fn what_moves_a_cursor_is_not_printed_as_it_is() {
    let session = anywhere(&["/as alice", "/app news > alice \"a\\u001b[2Jb\\nc\""]);
    assert!(session.told.contains("alice < a"), "{}", session.told);
    assert!(!session.told.contains('\u{1b}'), "{:?}", session.told);
    assert_eq!(session.told.lines().count(), 2, "{}", session.told);
}

#[test]
fn a_real_app_that_is_not_there_is_told_and_the_session_goes_on() {
    let lines = [
        "/as bob",
        "/app news url http://127.0.0.1:1/sms",
        "news scores",
        "/set bob texts off",
    ];
    let session = anywhere(&lines);
    for shown in [
        "real apps call http://127.0.0.1:",
        "news: api_key ",
        "news  < bob \"scores\", as $s1   session 1",
        "error[E305]: the clock was held: news cannot be reached",
    ] {
        assert!(session.told.contains(shown), "{shown} in\n{}", session.told);
    }
    assert_eq!(session.told.matches("error[").count(), 1, "{}", session.told);
    assert_eq!(session.code, Some(3));
    let sends = anywhere(&["/app news url http://127.0.0.1:1/sms", "/app news > bob \"Hi\""]);
    assert!(
        sends
            .told
            .ends_with("  news is a real app and sends by itself; what it sends shows here\n"),
        "{}",
        sends.told
    );
}

#[test]
fn a_line_has_a_limit() {
    let longest = "/".to_owned() + &"x".repeat((1 << 16) - 1);
    assert!(anywhere(&[&longest]).told.contains("is no command"));
    let session = anywhere(&[&(longest + "x")]);
    assert_eq!(session.told, "  a line has at most 65536 octets\n");
    assert_eq!(session.code, Some(2));
}

#[test]
fn the_clock_stands_steps_and_runs() {
    let session = anywhere(&[
        "/clock",
        "/set carol phone off",
        "/as alice",
        "/app news > alice \"Scores\"",
        "news hello",
        "/clock step",
        "/clock x100000",
        "/clock pause",
        "/clock backward",
        "/clock x0",
    ]);
    for part in [
        "  the clock stands while you type; ",
        "; next: 1",
        "  the clock runs x100000; ",
        "write /clock pause, step, real or, for example, x20",
    ] {
        assert!(session.told.contains(part), "{part} in\n{}", session.told);
    }
    assert_eq!(session.code, Some(2), "two lines could not be understood");
}

#[test]
fn a_test_of_a_file_is_played_in_the_world_of_the_prompt() {
    let folder = tempfile::tempdir().expect("a folder");
    let tests = "test \"one\":\n  carol > \"quiz play\"\n  carol < ~\"*Reply Y*\"\n\ntest \"two\":\n  carol > \"Y\"\n  \
                 quiz  < carol \"play\", new\n\ntest \"three\":\n  carol < \"never\"\n";
    let world = std::fs::read_to_string(top().join("simulator-config/demo.sms")).expect("a world");
    std::fs::write(folder.path().join("tests.sms"), format!("{world}\n{tests}")).expect("written");
    let two = format!("/play tests.sms:{}", world.lines().count() + 6);
    let three = format!("/play tests.sms:{}", world.lines().count() + 11);
    let session = typed(
        folder.path(),
        &[],
        &[
            "/play tests.sms",
            &two,
            "/check carol app quiz on",
            &three,
            "/play",
            "/play no.sms",
        ],
    );
    for part in [
        "played \"one\", 2 steps",
        "quiz  < carol \"play\", new",
        "played \"two\", 2 steps",
        "  yes\n",
        "error[E20",
    ] {
        assert!(session.told.contains(part), "{part} in\n{}", session.told);
    }
    assert!(
        session.told.contains("write /play FILE, or /play FILE:LINE"),
        "{}",
        session.told
    );
    assert_eq!(
        session.code,
        Some(1),
        "what the third test expects did not happen"
    );
}
