//! The token: a server that others can reach lets only whoever has it control the worlds.

mod served;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use served::{Served, WORLD};

const TOKEN: &str = "s3cret-token";

/// What a viewer's browser asks for a WebSocket with.
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or(head)
}

/// The status of an answer that does not end.
fn status_of_upgrade(serve: &Served, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", serve.http)).expect("it listens");
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}{UPGRADE}\r\n"
    )
    .expect("sent");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("a status");
    String::from_utf8_lossy(&head[9..]).into_owned()
}

#[test]
fn on_this_machine_alone_no_token_is_wanted() {
    let serve = Served::start(WORLD, &[]);
    assert_eq!(serve.token, None);
    assert_eq!(status(&serve.http("GET /api/v1/worlds", "").0), "200");
    assert_eq!(status(&serve.http("GET /", "").0), "200");
}

#[test]
fn beyond_loopback_a_token_is_made_and_wanted() {
    let serve = Served::start(WORLD, &["--listen", "0.0.0.0"]);
    let token = serve.token.clone().expect("the line names a token");
    assert_eq!(token.len(), 32, "{token}");
    let (head, body) = serve.http("GET /api/v1/worlds", "");
    assert_eq!(status(&head), "401", "{head}");
    assert!(
        body.contains("Authorization: Bearer TOKEN") && body.contains("/?token=TOKEN"),
        "the answer says how: {body}"
    );
    let header = format!("Authorization: Bearer {token}\r\n");
    let (head, _) = serve.http_with("GET /api/v1/worlds", &header, "");
    assert_eq!(status(&head), "200", "{head}");
}

#[test]
fn every_way_into_the_worlds_wants_the_token_and_the_rest_stays_open() {
    let serve = Served::start(WORLD, &["--token", TOKEN]);
    assert_eq!(serve.token.as_deref(), Some(TOKEN));
    let header = format!("Authorization: Bearer {TOKEN}\r\n");
    let wrong = "Authorization: Bearer s3cret-tokem\r\n";
    for (request, body, granted) in [
        ("GET /", "", "200"),
        ("GET /assets/main.js", "", "200"),
        ("GET /page/demos", "", "200"),
        ("GET /page/file", "", "200"),
        ("POST /page/run", "", "200"),
        ("GET /api/v1/worlds", "", "200"),
        ("POST /api/v1/worlds?id=mine", "carrier att\n", "201"),
        ("GET /api/v1/worlds/mine", "", "200"),
        ("DELETE /api/v1/worlds/mine", "", "204"),
        ("GET /api/v1/worlds/default/world", "", "200"),
        (
            "POST /api/v1/worlds/default/steps",
            "alice > \"hi\", to 12345",
            "200",
        ),
        ("GET /api/v1/worlds/default/records?since=0", "", "200"),
        ("GET /api/v1/worlds/default/messages?limit=1", "", "200"),
        ("GET /api/v1/worlds/default/messages/1", "", "404"),
        ("GET /api/v1/worlds/default/clock", "", "200"),
        (
            "POST /api/v1/worlds/default/clock",
            "{\"command\":\"pause\"}",
            "200",
        ),
    ] {
        assert_eq!(status(&serve.http(request, body).0), "401", "{request}");
        assert_eq!(
            status(&serve.http_with(request, wrong, body).0),
            "401",
            "{request}"
        );
        let (head, body) = serve.http_with(request, &header, body);
        assert_eq!(status(&head), granted, "{request}: {head} {body}");
    }
    for (request, answer) in [
        ("GET /healthz", "200"),
        ("GET /readyz", "200"),
        ("GET /metrics", "200"),
        ("POST /restserver.php", "200"),
        ("GET /home.php", "303"),
        ("GET /login.php", "200"),
    ] {
        assert_eq!(status(&serve.http(request, "").0), answer, "{request}");
    }
}

#[test]
fn the_page_opens_with_the_token_in_its_address_and_then_knows_it() {
    let serve = Served::start(WORLD, &["--token", TOKEN]);
    assert_eq!(status(&serve.http("GET /?token=wrong", "").0), "401");
    let (head, _) = serve.http(&format!("GET /?token={TOKEN}"), "");
    assert_eq!(status(&head), "303", "{head}");
    let named = |name: &str| {
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("{name} in {head}")).to_owned()
    };
    assert_eq!(named("location"), "/");
    let cookie = named("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");

    let cookie = format!("Cookie: other=1; {pair}\r\n");
    let records = "/api/v1/worlds/default/records?since=0";
    for request in ["GET /", "GET /page/demos", "GET /api/v1/worlds/default/clock"] {
        let (head, _) = serve.http_with(request, &cookie, "");
        assert_eq!(status(&head), "200", "{request}: {head}");
    }
    assert_eq!(status_of_upgrade(&serve, records, &cookie), "101");
    assert_eq!(
        status_of_upgrade(&serve, &format!("{records}&token={TOKEN}"), ""),
        "101"
    );
    assert_eq!(status_of_upgrade(&serve, records, ""), "401");
}

#[test]
fn whoever_has_the_token_may_call_the_server_by_any_name_but_no_other_page_may() {
    let serve = Served::start(WORLD, &["--token", TOKEN]);
    let asked = |host: &str, more: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", serve.http)).expect("it listens");
        write!(
            stream,
            "GET /api/v1/worlds HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"
        )
        .expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("a status");
        String::from_utf8_lossy(&head[9..]).into_owned()
    };
    let header = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(asked("smsim.test", &header), "200");
    assert_eq!(
        asked("smsim.test", &format!("{header}Origin: http://smsim.test\r\n")),
        "200"
    );
    assert_eq!(
        asked("smsim.test", &format!("{header}Origin: http://evil.test\r\n")),
        "403"
    );
    assert_eq!(asked("smsim.test", "Origin: http://smsim.test\r\n"), "401");
}

#[test]
fn no_log_holds_the_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command.stderr(File::create(&log).expect("a file"));
    let options = ["--token", TOKEN, "--log", "trace", "--log-format", "json"];
    let serve = Served::start_by(command, WORLD, &options);
    let header = format!("Authorization: Bearer {TOKEN}\r\n");
    for request in [
        format!("GET /?token={TOKEN}"),
        format!("GET /api/v1/worlds?token={TOKEN}"),
    ] {
        let (head, _) = serve.http_with(&request, &header, "");
        assert_ne!(status(&head), "401", "{head}");
    }
    let (_, records) = serve.http_with("GET /api/v1/worlds/default/records", &header, "");
    assert!(!records.contains(TOKEN));
    let (_, metrics) = serve.http("GET /metrics", "");
    assert!(metrics.contains("/api/v1/worlds") && !metrics.contains(TOKEN));
    drop(serve);
    let said = std::fs::read_to_string(&log).expect("a log");
    let logged: Vec<&str> = said.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!logged.is_empty(), "{said}");
    for line in logged {
        assert!(!line.contains(TOKEN), "{line}");
    }
}

#[test]
fn what_is_no_token_is_refused_before_a_port_opens() {
    for wrong in ["", "a b", "a&b"] {
        let answer = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["serve", "--port", "0", "--token", wrong])
            .output()
            .expect("smsim runs");
        assert_eq!(answer.status.code(), Some(2), "{wrong:?}");
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(said.contains("a token has 1 to 128 letters"), "{said}");
    }
}
