//! `smsim serve --data DIR`: whatever ends the process, a new one goes on, and nothing that was answered is lost.

mod served;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use served::{Served, ask, bind, receive, submit};

const ALICE: &str = "+14155550101";
const BOB: &str = "+14155550102";
const WORLD: &str = "carrier att, latency 1ms\nuser alice +14155550101 on att\nuser bob +14155550102 on att\nesme gate, code 12345\n";
const DATA: &[&str] = &["--data", "data"];

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command.args(arguments).current_dir(folder);
    command.output().expect("smsim runs")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Why the world cannot be served, with the exit code.
fn refused(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["serve", "world.sms", "--port", "0"], arguments].concat();
    let output = smsim(folder, &arguments);
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn steps(serve: &Served, lines: &str) {
    let (_, answer) = serve.http("POST /api/v1/worlds/default/steps", lines);
    assert!(answer.contains("\"ok\":true,\"performed\""), "{answer}");
}

fn get(serve: &Served, path: &str) -> Value {
    let (head, body) = serve.http(&format!("GET /api/v1/worlds/default{path}"), "");
    assert!(head.contains("200 OK"), "{head} {body}");
    serde_json::from_str(&body).expect("JSON")
}

fn records(serve: &Served) -> Vec<Value> {
    let mut records = Vec::new();
    loop {
        let more = get(serve, &format!("/records?since={}", records.len()));
        let more = more["records"].as_array().expect("records");
        if more.is_empty() {
            return records;
        }
        records.extend(more.iter().cloned());
    }
}

/// The record that `wanted` is about, as soon as it is there.
fn awaited(serve: &Served, wanted: impl Fn(&Value) -> bool) -> Value {
    let looks = (0..2_000).find_map(|_| records(serve).into_iter().find(&wanted));
    looks.unwrap_or_else(|| panic!("{:#?}", records(serve)))
}

fn bound(serve: &Served) -> TcpStream {
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(bind(&mut link).expect("an answer"), 0);
    link
}

/// The ids of all messages that the message centre has accepted, and how many of them are for whom in which state.
fn messages(serve: &Served) -> (Vec<String>, Value) {
    let (mut ids, mut states, mut after) = (Vec::new(), json!({}), String::new());
    loop {
        let found = get(serve, &format!("/messages?limit=1000{after}"));
        for message in found["messages"].as_array().expect("messages") {
            ids.push(message["id"].as_str().expect("an id").to_owned());
            let word = |name: &str| message[name].as_str().expect("a word");
            let state = format!("{} {}", word("destination"), word("state"));
            states[&state] = json!(states[&state].as_u64().unwrap_or(0) + 1);
        }
        if found["next"].is_null() {
            return (ids, states);
        }
        after = format!("&after={}", found["next"]);
    }
}

/// Waits until all messages for Alice are delivered, and all for Bob are in that state; each look is a round trip, and their
/// number is bounded.
fn settled(serve: &Served, bobs: &str) {
    let is_settled = || {
        let (ids, states) = messages(serve);
        let of = |name: &str, state: &str| states[format!("{name} {state}")].as_u64().unwrap_or(0);
        of(ALICE, "delivered") + of(BOB, bobs) == ids.len() as u64
    };
    assert!((0..500).any(|_| is_settled()), "{}", messages(serve).1);
}

/// Sends texts without waiting for answers, and kills the server once so many are answered; the ids of all that were answered.
fn killed_under_load(serve: &mut Served, answers: usize) -> Vec<String> {
    const TEXTS: u32 = 2_000;
    let mut link = bound(serve);
    let mut writer = link.try_clone().expect("a second handle");
    #[expect(clippy::disallowed_methods, reason = "who writes does not wait for answers")]
    let writing = std::thread::spawn(move || {
        for number in 0..TEXTS {
            let to = [ALICE, BOB][number as usize % 2];
            let text = smpp::Command::request(number + 10, submit(to, "hello"));
            // The server is killed while this goes on.
            if writer.write_all(&smpp::encode(&text)).is_err() {
                break;
            }
        }
    });
    let mut ids = Vec::new();
    while let Ok(pdu) = receive(&mut link) {
        if pdu[4..12] == [0x80, 0, 0, 4, 0, 0, 0, 0] {
            let id = pdu[16..].split(|octet| *octet == 0).next().unwrap_or_default();
            ids.push(String::from_utf8(id.to_vec()).expect("an id"));
            if ids.len() == answers {
                serve.kill();
            }
        }
    }
    writing.join().expect("the writer ends");
    assert!(ids.len() >= answers, "{}", ids.len());
    ids
}

#[test]
fn a_server_that_is_killed_under_load_loses_nothing_that_it_has_accepted() {
    let mut serve = Served::start(WORLD, DATA);
    steps(&serve, "set bob phone off");
    let mut accepted = Vec::new();
    for answers in [1, 40, 1_000] {
        accepted.extend(killed_under_load(&mut serve, answers));
        serve = serve.started_again(DATA);
        let (ids, _) = messages(&serve);
        let lost: Vec<_> = accepted.iter().filter(|id| !ids.contains(id)).collect();
        assert!(
            lost.is_empty(),
            "{} of {} are lost: {lost:?}",
            lost.len(),
            accepted.len()
        );
    }
    // Alice's arrive, Bob's wait for his phone: submitted = delivered + failed + stored.
    settled(&serve, "enroute");
    steps(&serve, "set bob phone on");
    settled(&serve, "delivered");
    // What the server says is what its journal says.
    let told = records(&serve);
    serve.kill();
    let again = stdout(&smsim(serve.folder.path(), &["replay", "data", "--json"]));
    let again: Vec<Value> = again
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(again[..told.len()], told[..]);
    let checked = stdout(&smsim(serve.folder.path(), &["replay", "data", "--check"]));
    assert!(checked.starts_with("the same: "), "{checked}");
}

#[test]
fn what_waits_for_an_esme_comes_when_it_is_back_and_receipts_too() {
    let serve = Served::start(WORLD, DATA);
    let mut link = bound(&serve);
    steps(&serve, "set bob phone off");
    assert_eq!(
        ask(&mut link, 2, submit(BOB, "Are you there?")).expect("an answer"),
        0
    );
    let serve = serve.killed_and_started_again(DATA);
    // The world has seen the link go, and keeps a text that comes meanwhile.
    let is_closed = |record: &Value| record["event"] == "link_closed";
    awaited(&serve, is_closed);
    steps(&serve, "alice > \"While you were away\", to 12345");
    steps(&serve, "set bob phone on");
    let serve = serve.killed_and_started_again(DATA);
    let mut link = bound(&serve);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let pdu = receive(&mut link).expect("what waited");
        assert_eq!(pdu[4..8], [0, 0, 0, 5], "{pdu:?}");
        texts.push(String::from_utf8_lossy(&pdu[16..]).into_owned());
    }
    texts.sort_unstable();
    assert!(
        texts.iter().any(|text| text.contains("While you were away")),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.contains("stat:DELIVRD")),
        "{texts:?}"
    );
}

/// An app on a port of its own, which is asked, and not waited for.
fn app() -> TcpListener {
    let app = TcpListener::bind("127.0.0.1:0").expect("a port");
    app.set_nonblocking(true).expect("set");
    app
}

/// The connection over which the app is called back; each look is a round trip to the server, and their number is bounded.
fn called_back(serve: &Served, app: &TcpListener) -> TcpStream {
    let accepted = (0..2_000).find_map(|_| {
        get(serve, "/clock");
        app.accept().ok()
    });
    let (stream, _) = accepted.unwrap_or_else(|| panic!("{:#?}", records(serve)));
    stream.set_nonblocking(false).expect("set");
    stream
}

/// Reads one request of an app's callback and answers it.
fn answered(serve: &Served, app: &TcpListener) -> String {
    let mut stream = called_back(serve, app);
    let mut request = vec![0; 16 * 1024];
    let count = stream.read(&mut request).expect("a request");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .expect("answered");
    String::from_utf8_lossy(&request[..count]).into_owned()
}

#[test]
fn sessions_settings_and_inboxes_come_back_and_no_app_is_called_twice() {
    let app = app();
    let world = format!(
        "{WORLD}app quiz \"Movie Quiz\", canvas quiz, url \"http://{}/sms\"\n",
        app.local_addr().expect("an address")
    );
    let serve = Served::start(&world, DATA);
    steps(
        &serve,
        "alice > \"quiz play\"\nalice < ~\"*Movie Quiz*Reply Y*\"\nalice > \"Y\"",
    );
    assert!(answered(&serve, &app).contains("fb_sig_message=play"));
    awaited(&serve, |record| record["event"] == "callback_done");
    steps(&serve, "set alice daily-limit 3");
    let before = records(&serve);

    let serve = serve.killed_and_started_again(DATA);
    assert_eq!(records(&serve)[..before.len()], before[..]);
    // She has installed the app, and is nobody new to it; her next text begins a session behind those that there were.
    steps(&serve, "alice > \"quiz Spielberg\"");
    let request = answered(&serve, &app);
    assert!(request.contains("fb_sig_message=Spielberg"), "{request}");
    assert!(
        request.contains("fb_sig_sms_sid=3") && !request.contains("new_user"),
        "{request}"
    );
    let state = get(&serve, "");
    let alice = state["users"]
        .as_array()
        .expect("users")
        .iter()
        .find(|user| user["name"] == "alice");
    assert_eq!(alice.expect("alice")["daily_limit"], json!(3), "{state}");
    let twice = app.accept();
    assert!(twice.is_err(), "an app is called back again: {twice:?}");
}

#[test]
fn a_callback_that_was_out_when_the_process_ended_has_failed() {
    let app = app();
    let world = format!(
        "{WORLD}app quiz \"Movie Quiz\", canvas quiz, url \"http://{}/sms\"\nuser carol +14155550103 on att, apps quiz\n",
        app.local_addr().expect("an address")
    );
    let serve = Served::start(&world, DATA);
    steps(&serve, "carol > \"quiz play\"");
    let _never_answered = called_back(&serve, &app);
    let serve = serve.killed_and_started_again(DATA);
    let done = awaited(&serve, |record| record["event"] == "callback_done");
    let why = "smsim ended, and was started again";
    assert_eq!(done["outcome"], json!({ "unreachable": why }), "{done}");
}

#[test]
fn a_clock_that_was_paused_is_paused_and_stands_where_it_stood() {
    let world = format!("world start 2009-03-02 14:00, tz America/Los_Angeles\n{WORLD}");
    let serve = Served::start(&world, DATA);
    let command = |body: &str| {
        let (_, answer) = serve.http_with(
            "POST /api/v1/worlds/default/clock",
            "Content-Type: application/json\r\n",
            body,
        );
        serde_json::from_str::<Value>(&answer).expect("JSON")
    };
    command(r#"{"command":"pause"}"#);
    let before = command(r#"{"command":"jump","to":"2009-03-02 15:00:00"}"#);
    assert_eq!(before["mode"], "paused", "{before}");
    let serve = serve.killed_and_started_again(DATA);
    let after = get(&serve, "/clock");
    assert_eq!(
        (&after["now"], &after["mode"]),
        (&before["now"], &before["mode"]),
        "{after}"
    );
}

#[test]
fn a_world_that_is_stopped_goes_on_as_well() {
    let mut serve = Served::start(WORLD, DATA);
    let mut link = bound(&serve);
    steps(&serve, "set bob phone off");
    assert_eq!(ask(&mut link, 2, submit(BOB, "hello")).expect("an answer"), 0);
    serve.interrupt();
    // It unbinds; a peer that answers lets it go.
    let unbind = receive(&mut link).expect("an unbind");
    assert_eq!(unbind[4..8], [0, 0, 0, 6], "{unbind:?}");
    assert!(serve.wait().success());
    let files = std::fs::read_dir(serve.path("data")).expect("a folder");
    let mut names: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["journal.sqlite", "lock"], "the log is in the journal");
    let serve = serve.started_again(DATA);
    let mut link = bound(&serve);
    steps(&serve, "set bob phone on");
    let receipt = receive(&mut link).expect("a receipt");
    assert!(String::from_utf8_lossy(&receipt).contains("stat:DELIVRD"));
    // What the world has counted goes on, too.
    let (_, metrics) = serve.http("GET /metrics", "");
    for counted in [
        r#"smsim_binds_total{world="default",system_id="gate",bind="transceiver"} 2"#,
        r#"smsim_links_closed_total{world="default",reason="unbound"} 1"#,
        r#"smsim_receipt_seconds_count{world="default"} 1"#,
    ] {
        assert!(metrics.contains(counted), "{counted} in {metrics}");
    }
}

#[test]
fn one_process_at_a_time_has_a_folder() {
    let serve = Served::start(WORLD, DATA);
    let (code, told) = refused(serve.folder.path(), DATA);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("error: data is in use by another smsim, process "),
        "{told}"
    );
    assert!(
        told.contains("stop that one, or give another folder with --data"),
        "{told}"
    );
    // Who only reads may.
    steps(&serve, "alice > \"hello\", to 12345");
    let played = stdout(&smsim(serve.folder.path(), &["replay", "data"]));
    assert!(played.contains("alice > \"hello\", to 12345"), "{played}");
}

#[test]
fn another_world_is_refused_and_a_fresh_one_begins_beside_it() {
    let mut serve = Served::start(WORLD, DATA);
    steps(&serve, "alice > \"hello\", to 12345");
    serve.kill();
    let folder = serve.folder.path();
    let change = |world: &str| std::fs::write(folder.join("world.sms"), world).expect("written");
    change(&WORLD.replace("latency 1ms", "latency 2ms"));
    let (code, told) = refused(folder, DATA);
    assert_eq!(code, Some(2), "{told}");
    for words in [
        "data/journal.sqlite is the journal of another world: ",
        "it has `carrier att, latency 1ms` where the world now has `carrier att, latency 2ms`",
        "--fresh sets the journal aside and begins anew",
        "--data OTHER keeps another world",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    change(WORLD);
    let (code, told) = refused(folder, &["--data", "data", "--seed", "5"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("it has the seed 0, and not 5"), "{told}");

    change(&WORLD.replace("latency 1ms", "latency 2ms"));
    let fresh = serve.started_again(&["--data", "data", "--fresh"]);
    assert!(!records(&fresh).iter().any(|record| record["event"] == "composed"));
    let before = stdout(&smsim(fresh.folder.path(), &["replay", "data/journal-1.sqlite"]));
    assert!(before.contains("alice > \"hello\", to 12345"), "{before}");
    let (code, told) = refused(fresh.folder.path(), &["--fresh"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--data <DIR>"), "{told}");
}

#[test]
fn a_journal_that_cannot_be_used_is_told_with_a_way_out() {
    let mut serve = Served::start(WORLD, DATA);
    steps(&serve, "alice > \"hello\", to 12345");
    serve.interrupt();
    assert!(serve.wait().success());
    let (folder, journal) = (serve.folder.path(), serve.path("data/journal.sqlite"));
    let octets = std::fs::read(&journal).expect("a journal");
    let write = |octets: &[u8]| std::fs::write(&journal, octets).expect("written");

    // The format stands in the header of the database, behind 60 octets.
    let mut later = octets.clone();
    later[63] = 2;
    write(&later);
    let (code, told) = refused(folder, DATA);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("data/journal.sqlite has the format 2, which smsim 0.1.0 wrote"),
        "{told}"
    );
    assert!(told.contains("serve it with that smsim; or --fresh"), "{told}");

    write(&octets[..octets.len() / 2]);
    let (code, told) = refused(folder, DATA);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("data/journal.sqlite is damaged: "), "{told}");
    assert!(told.contains("put a copy in its place, or --fresh"), "{told}");

    // A text of somebody's that has changed on the disk.
    let place = octets
        .windows(5)
        .position(|octets| octets == b"hello")
        .expect("the text");
    let mut changed = octets.clone();
    changed[place] = b'j';
    write(&changed);
    let (code, told) = refused(folder, DATA);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("is not what was written"), "{told}");
    let played = smsim(folder, &["replay", "data"]);
    assert_eq!(played.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&played.stdout).contains("SMSC: link"),
        "{played:?}"
    );
    assert!(
        String::from_utf8_lossy(&played.stderr).contains("is not what was written"),
        "{played:?}"
    );

    write(&b"no journal, but a letter to somebody\n".repeat(100));
    let (code, told) = refused(folder, DATA);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("data/journal.sqlite is no journal of smsim: it is no SQLite database"),
        "{told}"
    );

    std::fs::write(serve.path("file"), "").expect("written");
    let (code, told) = refused(folder, &["--data", "file"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("file: cannot keep a world there: "), "{told}");
    assert!(told.contains("give another folder with --data"), "{told}");
    write(&octets);
    let again = serve.started_again(DATA);
    awaited(&again, |record| record["event"] == "composed");
}

#[test]
fn a_full_disk_ends_the_server_with_the_reason_and_what_was_answered_is_kept() {
    // Files of at most 256 blocks of 512 octets stand for the disk; what would end the process silently is not let.
    let mut limited = Command::new("sh");
    let smsim_with_a_full_disk = format!(
        "trap '' XFSZ; ulimit -f 256; exec {} \"$@\"",
        env!("CARGO_BIN_EXE_smsim")
    );
    limited
        .args(["-c", &smsim_with_a_full_disk, "sh"])
        .stderr(Stdio::piped());
    let mut serve = Served::start_by(limited, WORLD, DATA);
    let mut link = bound(&serve);
    let mut accepted = 0;
    for number in 2.. {
        match ask(&mut link, number, submit(ALICE, &"x".repeat(140))) {
            Ok(0) => accepted += 1,
            Ok(status) => panic!("refused with {status}"),
            Err(_) => break,
        }
    }
    assert!(accepted > 10, "{accepted}");
    assert_eq!(serve.wait().code(), Some(3));
    let told = serve.stderr();
    assert!(
        told.contains("error: data/journal.sqlite: cannot write the journal: "),
        "{told}"
    );
    assert!(
        told.contains("all that was answered is in it; make room"),
        "{told}"
    );
    let again = serve.started_again(DATA);
    let (ids, _) = messages(&again);
    assert!(ids.len() >= accepted, "{} of {accepted}", ids.len());
}
