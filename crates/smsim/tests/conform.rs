//! `smsim conform` as a program: its formats, its exit codes, and what it says when it cannot check.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use quick_xml::events::Event;

/// A server that is stopped when it goes out of scope.
struct Serve(Child, String);

impl Serve {
    fn start(folder: &tempfile::TempDir) -> Self {
        let world = folder.path().join("world.sms");
        std::fs::write(
            &world,
            "carrier att, latency 1ms\nesme gate, system_id gate, password gate, code 55555\n",
        )
        .expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .arg("serve")
            .arg(&world)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("smsim runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ports: serde_json::Value = serde_json::from_str(&line).expect("one JSON line");
        let target = format!("127.0.0.1:{}", ports["smpp"]);
        Self(child, target)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn conform(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .arg("conform")
        .args(arguments)
        .output()
        .expect("smsim runs")
}

fn told(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

#[test]
fn a_server_of_ours_conforms_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = Serve::start(&folder);
    let chosen = ["--target", &serve.1, "--system-id", "gate", "--password", "gate"];
    let chosen = [
        &chosen[..],
        &[
            "--only",
            "window",
            "--only",
            "length-15",
            "--only",
            "unbind-by-smsc",
        ],
    ]
    .concat();
    let run = |format: &str| {
        let output = conform(&[&chosen[..], &["--format", format]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        told(&output.stdout)
    };
    let human = run("human");
    assert!(
        human.ends_with("3 checks: 2 passed, 0 not supported, 0 failed, 1 skipped\n"),
        "{human}"
    );
    let json: Vec<serde_json::Value> = run("json")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let verdicts: Vec<_> = json
        .iter()
        .map(|line| (line["id"].as_str(), line["verdict"].as_str()))
        .collect();
    let expected = [
        (Some("unbind-by-smsc"), Some("skipped")),
        (Some("length-15"), Some("passed")),
        (Some("window"), Some("passed")),
        (None, None),
    ];
    assert_eq!(verdicts, expected);
    let junit = run("junit");
    let mut reader = quick_xml::Reader::from_str(&junit);
    let mut cases = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => cases += usize::from(tag.name().as_ref() == "testcase"),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(cases, 3, "{junit}");
}

/// The checks whose row in the published table says that they are refused.
fn refused() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../smsc/README.md");
    let readme = std::fs::read_to_string(path).expect("the page of the message centre");
    let rows = readme.lines().filter(|line| line.contains("| refused |"));
    let ids = rows.filter_map(|line| line.trim_matches('|').rsplit('|').next());
    ids.flat_map(str::split_whitespace)
        .map(|id| id.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn our_message_centre_passes_every_check_that_its_table_says_it_supports() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = Serve::start(&folder);
    // Magic numbers of the message centre's page.
    let numbers = [
        ["--to-fail", "+19905550110"],
        ["--to-absent", "+19905550120"],
        ["--to-unbind", "+19925550170"],
    ]
    .concat();
    let account = ["--target", &serve.1, "--system-id", "gate", "--password", "gate"];
    let output = conform(&[&account[..], &numbers, &["--patience", "20", "--format", "json"]].concat());
    let told = told(&output.stdout);
    let lines: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let ids = |verdict: &str| -> BTreeSet<String> {
        let chosen = lines.iter().filter(|line| line["verdict"] == verdict);
        chosen
            .map(|line| line["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(ids("failed"), BTreeSet::new(), "{told}");
    assert_eq!(ids("not_supported"), refused(), "{told}");
    // It takes the silence of half a minute; tests/peers/conform.py has it.
    assert_eq!(
        ids("skipped"),
        BTreeSet::from(["enquire-link-by-smsc".to_owned()])
    );
    assert!(ids("passed").len() > 100, "{told}");
}

#[test]
fn a_check_that_fails_is_told_with_what_came_and_what_should_have_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = Serve::start(&folder);
    let wrong = [
        "--target",
        &serve.1,
        "--system-id",
        "gate",
        "--password",
        "wrong",
        "--only",
        "submit",
    ];
    let output = conform(&wrong);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = told(&output.stdout);
    assert!(
        said.contains("bind_transmitter is answered bind_transmitter_resp ESME_RINVPASWD; expected ESME_ROK"),
        "{said}"
    );
}

#[test]
fn the_list_needs_no_server_and_what_cannot_be_checked_is_told() {
    let list = conform(&["--list"]);
    assert_eq!(list.status.code(), Some(0));
    assert!(told(&list.stdout).lines().count() > 80);
    let unknown = conform(&["--list", "--only", "windows"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown.stderr).contains("no check is called \"windows\""));
    // The port of a listener that is gone.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let nobody = conform(&["--target", &format!("127.0.0.1:{port}")]);
    assert_eq!(nobody.status.code(), Some(3), "{nobody:?}");
    assert!(told(&nobody.stderr).contains("is the SMSC running?"));
    let nothing = conform(&[]);
    assert_eq!(nothing.status.code(), Some(2));
}
