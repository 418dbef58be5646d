//! `smsim replay`: what a journal's world did, in words and as JSON, as far as it is wanted, and whether it is still the same.

mod served;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use served::Served;

const WORLD: &str = "world start 2009-03-02 14:00, tz America/Los_Angeles
carrier att, latency 1ms
user alice +14155550101 on att
esme gate, code 12345
";
const PAUSE: &str = r#"{"command":"pause"}"#;
const JUMP: &str = r#"{"command":"jump","to":"2009-03-02 15:00"}"#;

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command.args(arguments).current_dir(folder);
    command.output().expect("smsim runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

fn replayed(serve: &Served, options: &[&str]) -> String {
    let arguments = [&["replay", "data"], options].concat();
    let output = smsim(serve.folder.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

fn refused(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = smsim(folder, &[&["replay"], arguments].concat());
    (output.status.code(), text(&output.stderr))
}

/// A server in whose world a text went at 14:00 and another at 15:00, and that has ended.
fn texted() -> (Served, Vec<Value>) {
    let mut serve = Served::start(WORLD, &["--data", "data"]);
    let json = "Content-Type: application/json\r\n";
    let say = |text: &str| {
        let steps = format!("alice > \"{text}\", to 12345");
        let (_, answer) = serve.http("POST /api/v1/worlds/default/steps", &steps);
        assert!(answer.contains("\"ok\":true,\"performed\""), "{answer}");
    };
    serve.http_with("POST /api/v1/worlds/default/clock", json, PAUSE);
    say("early");
    serve.http_with("POST /api/v1/worlds/default/clock", json, JUMP);
    say("late");
    let (_, body) = serve.http("GET /api/v1/worlds/default/records?since=0", "");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    serve.kill();
    (serve, body["records"].as_array().expect("records").clone())
}

#[test]
fn records_are_those_that_the_control_api_showed() {
    let (serve, records) = texted();
    let played = replayed(&serve, &["--json"]);
    let played: Vec<Value> = played
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(played[..records.len()], records[..]);
}

#[test]
fn records_are_told_in_words_with_their_number_and_time() {
    let (serve, _) = texted();
    let output = smsim(serve.folder.path(), &["replay", "data"]);
    let told = text(&output.stdout);
    let line = told
        .lines()
        .find(|line| line.contains("late"))
        .expect("the second text");
    assert!(
        line.contains("2009-03-02 15:00:00.0") && line.ends_with("alice > \"late\", to 12345"),
        "{line}"
    );
    let first = told.lines().next().expect("a line");
    assert!(
        first
            .trim_start()
            .starts_with("0  2009-03-02 14:00:00.000  SMSC: link "),
        "{first}"
    );
    let said = text(&output.stderr);
    assert!(
        said.starts_with("played ") && said.contains(" records, up to 2009-03-02 15:00:00.0"),
        "{said}"
    );
    // A file by its own name is the same.
    std::fs::copy(serve.path("data/journal.sqlite"), serve.path("copy")).expect("copied");
    std::fs::copy(serve.path("data/journal.sqlite-wal"), serve.path("copy-wal")).expect("copied");
    let copied = smsim(serve.folder.path(), &["replay", "copy"]);
    assert_eq!(text(&copied.stdout), told);
}

#[test]
fn a_journal_is_played_as_far_as_it_is_wanted() {
    let (serve, records) = texted();
    for until in ["14:30", "2009-03-02 14:30", "2009-03-02 14:59:59"] {
        let played = replayed(&serve, &["--until", until]);
        assert!(
            played.contains("early") && !played.contains("late"),
            "{until}: {played}"
        );
    }
    assert_eq!(replayed(&serve, &["--until", "+1d 09:00"]), replayed(&serve, &[]));
    let whole = replayed(&serve, &["--json"]);
    for last in [0, 4, records.len() - 1] {
        let played = replayed(&serve, &["--json", "--until-record", &last.to_string()]);
        assert_eq!(played.lines().count(), last + 1, "{played}");
        assert!(whole.starts_with(&played));
    }
}

#[test]
fn the_same_records_are_said_to_be_the_same() {
    let (serve, records) = texted();
    let told = replayed(&serve, &["--check"]);
    assert!(
        told.starts_with("the same: ") && told.contains("compared octet for octet"),
        "{told}"
    );
    let told: Value = serde_json::from_str(&replayed(&serve, &["--check", "--json"])).expect("JSON");
    assert_eq!(
        (&told["same"], &told["parted"]),
        (&true.into(), &Value::Null),
        "{told}"
    );
    assert!(
        told["compared"].as_u64().expect("a number") >= records.len() as u64,
        "{told}"
    );
    assert_eq!(told["written_by"], told["played_by"]);
}

/// A sum over a row of the journal, as it is written: 64-bit FNV-1a.
fn sum(numbers: [i64; 6], octets: &[u8]) -> i64 {
    let numbers = numbers.into_iter().flat_map(i64::to_le_bytes);
    let octets = numbers.chain(octets.iter().copied());
    octets
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, octet| {
            (sum ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        })
        .cast_signed()
}

/// Has the last group's records be others than they were.
fn forget_the_truth(journal: &Path) {
    let database = rusqlite::Connection::open(journal).expect("a journal");
    let query = "SELECT number, at_us, wall_us, next_record, hashed_from, records_hash, octets, sum
        FROM calls WHERE next_record > hashed_from ORDER BY number DESC LIMIT 1";
    let (numbers, octets, was): ([i64; 6], Vec<u8>, i64) = database
        .query_row(query, [], |row| {
            let numbers = [
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ];
            Ok((numbers, row.get(6)?, row.get(7)?))
        })
        .expect("a group");
    assert_eq!(sum(numbers, &octets), was);
    let [number, at, wall, next_record, hashed_from, hash] = numbers;
    let sum = sum([number, at, wall, next_record, hashed_from, hash ^ 1], &octets);
    let change = "UPDATE calls SET records_hash = ?1, sum = ?2 WHERE number = ?3";
    database
        .execute(change, [hash ^ 1, sum, number])
        .expect("changed");
}

#[test]
fn other_records_are_said_to_be_others() {
    let (serve, _) = texted();
    forget_the_truth(&serve.path("data/journal.sqlite"));
    let output = smsim(serve.folder.path(), &["replay", "data", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(told.starts_with("not the same: some of the records "), "{told}");
    assert!(told.contains("smsim 0.1.0 wrote the journal"), "{told}");
    let output = smsim(serve.folder.path(), &["replay", "data", "--check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["same"], false);
}

#[test]
fn what_is_no_journal_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hello.sms"), WORLD).expect("written");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    for (path, told) in [
        (
            "nowhere",
            "error: nowhere: there is no journal; name the folder of smsim serve --data DIR",
        ),
        ("empty", "error: empty/journal.sqlite: there is no journal"),
        (
            "hello.sms",
            "error: hello.sms is a scenario, and no journal; play it with: smsim run hello.sms",
        ),
    ] {
        let (code, said) = refused(folder.path(), &[path]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.starts_with(told), "{said}");
    }
    std::fs::write(folder.path().join("letter"), "no journal\n".repeat(99)).expect("written");
    let (code, said) = refused(folder.path(), &["letter"]);
    assert_eq!(code, Some(3));
    assert!(
        said.contains("letter is no journal of smsim: it is no SQLite database"),
        "{said}"
    );
}

#[test]
fn a_time_that_is_none_is_refused() {
    let (serve, _) = texted();
    for (until, told) in [
        (
            "soon",
            "--until soon: that is no time; write 23:30, '+1d 09:00' or '2009-03-03 09:00'",
        ),
        (
            "2009-03-01 09:00",
            "--until 2009-03-01 09:00: the world begins at 2009-03-02 14:00",
        ),
    ] {
        let (code, said) = refused(serve.folder.path(), &["data", "--until", until]);
        assert_eq!(code, Some(2));
        assert!(said.contains(told), "{said}");
    }
    let (code, said) = refused(serve.folder.path(), &["data", "--check", "--until", "15:00"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn every_example_runs_as_it_stands() {
    let (serve, _) = texted();
    let help = text(&smsim(serve.folder.path(), &["replay", "--help"]).stdout);
    let (_, examples) = help.split_once("\nExamples:\n").expect("examples");
    let lines = examples.lines().filter_map(|line| line.strip_prefix("  smsim "));
    let commands: Vec<&str> = lines
        .map(|line| line.split("   ").next().unwrap_or(line))
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).expect("a README");
    let in_readme: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("smsim replay"))
        .collect();
    assert!(!in_readme.is_empty(), "the README says how to replay");
    let all = commands.iter().map(|command| format!("smsim {command}"));
    for line in all.chain(in_readme.iter().map(|rest| format!("smsim replay{rest}"))) {
        let line = line.replacen("smsim", env!("CARGO_BIN_EXE_smsim"), 1);
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(serve.folder.path())
            .output()
            .expect("a shell");
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{line}: {output:?}"
        );
    }
}
