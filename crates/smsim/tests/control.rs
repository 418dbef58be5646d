//! The control API as a program uses it: steps with an answer a line, a driven clock, pushed records, worlds of one's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const WORLD: &str = "world seed 7, start 2009-03-02 14:00, tz America/Los_Angeles, clock virtual
carrier sprint, latency 1s
app quiz \"Movie Quiz\", canvas quiz
app echo \"Echo\", canvas echo:
  on any reply \"you said {0}\", after 1s
user carol +14155550103 on sprint
user alice +14155550101 on sprint, apps echo
esme acme, system_id acme, password secret, code 12345
scene ask($user):
  $user > \"quiz play\"
  $user < ~\"*Reply Y*\"
";

/// A server on free ports; it is stopped when it goes out of scope.
struct Serve {
    child: Child,
    http: u16,
    smpp: u16,
}

impl Serve {
    fn start() -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("world.sms"), WORLD).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["serve", "world.sms", "--port", "0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("smsim runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ports: Value = serde_json::from_str(&line).expect("one JSON line");
        let port = |name: &str| u16::try_from(ports[name].as_u64().expect("a port")).expect("a port");
        let (http, smpp) = (port("http"), port("smpp"));
        (Self { child, http, smpp }, folder)
    }

    fn send(&self, request: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        stream
    }

    /// The status and the body of an answer.
    fn ask(&self, request: &str, body: &str) -> (u16, Value) {
        let mut stream = self.send(request, "Connection: close\r\n", body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in UTF-8");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        (
            status.expect("a status"),
            serde_json::from_str(body).unwrap_or_default(),
        )
    }

    fn steps(&self, world: &str, lines: &str) -> Value {
        self.ask(&format!("POST /api/v1/worlds/{world}/steps"), lines).1
    }

    fn clock(&self, command: &Value) -> (u16, Value) {
        self.ask("POST /api/v1/worlds/default/clock", &command.to_string())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_wait_and_are_answered_one_by_one() {
    let (serve, _folder) = Serve::start();
    let answer = serve.steps(
        "default",
        "run ask(carol)\ncarol > \"Y\"\nquiz < carol \"play\", new, as $s\nquiz > carol \"Welcome!\", in $s, as $m\n\
         carol < \"Welcome!\"\nfbook < receipt $m DELIVRD, within 1m\nwait 61s\nquiz > carol \"Too late\", in $s = 850",
    );
    assert_eq!(
        (&answer["ok"], &answer["performed"]),
        (&json!(true), &json!(8)),
        "{answer}"
    );
    // What one request has captured another knows.
    let answer = serve.steps("default", "quiz > carol \"Still too late\", in $s = 850");
    assert_eq!(answer["ok"], true, "{answer}");
    let answer = serve.steps(
        "default",
        "alice > \"echo hi\"\necho > alice \"you said hi\"\nalice < \"you said hi\"",
    );
    assert_eq!(answer["ok"], true, "{answer}");
    let answer = serve.steps(
        "default",
        "wait 1s\ncarol < \"nothing like it\", within 2s\nwait 1s",
    );
    let lines = answer["lines"].as_array().expect("lines");
    assert_eq!(
        (&lines[0]["ok"], &lines[1]["ok"], &lines[2]["ok"]),
        (&json!(true), &json!(false), &json!(null))
    );
    let rendered = lines[1]["diagnostic"]["rendered"].as_str().expect("a diagnostic");
    assert!(
        rendered.contains("steps:2:1") && rendered.contains("^^^"),
        "{rendered}"
    );
}

#[test]
fn scripted_esmes_and_blocks_wait_too() {
    let (serve, _folder) = Serve::start();
    let answer = serve.steps(
        "default",
        "acme > bind_transceiver\nacme > submit_sm destination_addr=14155550101 short_message=\"Hi\" message_id=$id\n\
         alice < \"Hi\", from 12345\nalice > \"yo\", to 12345\nacme < deliver_sm short_message=\"yo\"\n\
         set sprint latency 100ms\nfor $u in alice, carol:\n  $u > \"help\"\nany order:\n  carol < ~\"*Facebook Texts*\"\n  alice < ~\"*Facebook Texts*\"\n\
         alice < nothing for 1m",
    );
    assert_eq!(answer["ok"], true, "{answer}");
}

#[test]
fn a_clock_is_commanded_and_says_what_comes_next() {
    let (serve, _folder) = Serve::start();
    let text = "alice > \"echo hi\"";
    serve.steps("default", text);
    let (_, before) = serve.ask("GET /api/v1/worlds/default/clock", "");
    assert_eq!(
        (&before["mode"], &before["next"]["in_ms"]),
        (&json!("virtual"), &json!(1000)),
        "{before}"
    );
    let (status, after) = serve.clock(&json!({ "command": "step" }));
    assert_eq!(
        (status, &after["time"]),
        (200, &json!("2009-03-02 14:00:01")),
        "{after}"
    );
    let (_, after) = serve.clock(&json!({ "command": "advance", "by": "1h 1s" }));
    assert_eq!(after["time"], "2009-03-02 15:00:02");
    let (_, after) = serve.clock(&json!({ "command": "jump", "to": "+1d 09:00" }));
    assert_eq!(after["time"], "2009-03-03 09:00:00");
    for (command, status, why) in [
        (
            json!({ "command": "jump", "to": "2009-03-03 08:59" }),
            400,
            "backward",
        ),
        (json!({ "command": "jump", "to": "tomorrow" }), 400, "instant"),
        (json!({ "command": "advance", "by": "5" }), 400, "duration"),
        (json!({ "command": "run", "speed": 0 }), 400, "pause"),
        (json!({ "command": "release", "name": "me" }), 400, "no hold"),
        (json!({ "command": "leap" }), 400, "advance"),
        (json!({ "command": "hold", "name": "me" }), 200, ""),
        (json!({ "command": "advance", "by": "1s" }), 409, "held by me"),
        (json!({ "command": "release", "name": "me" }), 200, ""),
        (json!({ "command": "run", "speed": 20 }), 200, ""),
        (json!({ "command": "pause" }), 200, ""),
    ] {
        let (found, answer) = serve.clock(&command);
        let why_not = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(
            found == status && why_not.contains(why),
            "{command}: {found} {answer}"
        );
    }
}

#[test]
fn records_are_pushed_as_events_with_their_numbers() {
    let (serve, _folder) = Serve::start();
    let stream = serve.send(
        "GET /api/v1/worlds/default/records",
        "Accept: text/event-stream\r\nLast-Event-ID: 1\r\n",
        "",
    );
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    assert!(lines.any(|line| line == "id: 2"), "resumed behind the last");
    serve.steps("default", "alice > \"seen by a viewer\"");
    assert!(lines.any(|line| line.starts_with("data: ") && line.contains("seen by a viewer")));
}

/// The text of the next message of a WebSocket, which a server does not mask.
fn message(stream: &mut TcpStream) -> Value {
    let mut head = [0; 2];
    stream.read_exact(&mut head).expect("a frame");
    let length = match head[1] {
        126 => {
            let mut octets = [0; 2];
            stream.read_exact(&mut octets).expect("a length");
            usize::from(u16::from_be_bytes(octets))
        }
        127 => {
            let mut octets = [0; 8];
            stream.read_exact(&mut octets).expect("a length");
            usize::try_from(u64::from_be_bytes(octets)).expect("short")
        }
        short => usize::from(short),
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn records_are_pushed_over_a_websocket() {
    let (serve, _folder) = Serve::start();
    let mut stream = serve.send(
        "GET /api/v1/worlds/default/records?since=0",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "",
    );
    let (mut answer, mut octet) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet).expect("a head");
        answer.push(octet[0]);
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let first = message(&mut stream);
    let next = first["next"].as_u64().expect("a number");
    assert_eq!(
        first["records"].as_array().map(|records| records.len() as u64),
        Some(next)
    );
    serve.steps("default", "alice > \"seen by a viewer\"");
    let second = message(&mut stream);
    assert_eq!(second["records"][0]["seq"], next, "{second}");
    assert!(second.to_string().contains("seen by a viewer"), "{second}");
}

#[test]
fn a_user_joins_a_running_world() {
    let (serve, _folder) = Serve::start();
    let answer = serve.steps(
        "default",
        "wait 1h\nuser erin +14155550177 on sprint, apps echo\nerin > \"echo hi\"\necho > erin \"you said hi\"\nerin < \"you said hi\"",
    );
    assert_eq!(
        (&answer["ok"], &answer["performed"]),
        (&json!(true), &json!(5)),
        "{answer}"
    );
    // She is there for later requests, for whoever looks, and on the pages of the time.
    assert_eq!(serve.steps("default", "run ask(erin)")["ok"], true);
    let (_, world) = serve.ask("GET /api/v1/worlds/default", "");
    let erin = world["users"]
        .as_array()
        .expect("users")
        .iter()
        .find(|user| user["name"] == "erin");
    assert_eq!(erin.map(|erin| &erin["uid"]), Some(&json!(1003)), "{world}");
    let (_, worlds) = serve.ask("GET /api/v1/worlds", "");
    assert_eq!(worlds["worlds"][0]["users"], json!(["alice", "carol", "erin"]));
    let (_, records) = serve.ask("GET /api/v1/worlds/default/records?since=0", "");
    let joined = records["records"]
        .as_array()
        .expect("records")
        .iter()
        .find(|record| record["event"] == "joined");
    let joined = joined.expect("a record");
    assert_eq!(
        joined["what"],
        "user erin +14155550177 on sprint, uid 1003, apps echo"
    );
    assert_eq!(joined["user"]["phone"], "+14155550177");

    for (line, why) in [
        ("user erin +14155550178 on sprint", "`erin` is declared twice"),
        (
            "user dan +14155550177 on sprint",
            "+14155550177 belongs to another phone",
        ),
        ("user dan +14155550178 on cingular", "`cingular` is not declared"),
        (
            "carrier verizon",
            "`carrier` stands in the file that a world is made of",
        ),
    ] {
        let (status, answer) = serve.ask("POST /api/v1/worlds/default/steps", line);
        let told = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert_eq!((status, told), (400, why), "{answer}");
    }
}

#[test]
fn worlds_are_apart_and_end() {
    let (serve, _folder) = Serve::start();
    let source = WORLD.replace("system_id acme", "system_id other");
    let (status, mine) = serve.ask("POST /api/v1/worlds?id=mine&seed=9&clock=virtual", &source);
    assert_eq!((status, &mine["seed"]), (201, &json!(9)), "{mine}");
    let (_, own) = serve.ask("GET /api/v1/worlds/default", "");
    assert_ne!(
        own["apps"][0]["api_key"], mine["apps"][0]["api_key"],
        "an app finds its own world by its key"
    );
    let answer = serve.steps(
        "mine",
        "alice > \"echo hi\"\necho > alice \"you said hi\"\nwait 30d",
    );
    assert_eq!(answer["ok"], true, "{answer}");
    let (_, own) = serve.ask("GET /api/v1/worlds/default", "");
    assert_eq!(
        own["clock"]["time"], "2009-03-02 14:00:00",
        "another world's time stands still"
    );

    let mut stream = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    let bind = smpp::Bind::new(smpp::BindKind::Transceiver, "other", "secret");
    let bind = smpp::encode(&smpp::Command::request(1, smpp::Pdu::Bind(bind)));
    // In two pieces, as a network may cut it.
    stream.write_all(&bind[..18]).expect("sent");
    stream.write_all(&bind[18..]).expect("sent");
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer[4..12], [0x80, 0, 0, 9, 0, 0, 0, 0], "{answer:?}");
    let (_, mine) = serve.ask("GET /api/v1/worlds/mine", "");
    assert_eq!(mine["esmes"][0]["sessions_bound"], 1, "{mine}");

    for (request, body, status, why) in [
        (
            "POST /api/v1/worlds?id=mine",
            "carrier att",
            409,
            "delete it first",
        ),
        ("POST /api/v1/worlds?id=a/b", "carrier att", 400, "letters"),
        ("POST /api/v1/worlds", WORLD, 409, "system_id \"acme\""),
        ("POST /api/v1/worlds", "carier att", 400, "carier"),
        ("POST /api/v1/worlds?clock=x0", "carrier att", 400, "x20"),
        ("DELETE /api/v1/worlds/default", "", 409, "server's own"),
        ("DELETE /api/v1/worlds/nobody", "", 404, "default, mine"),
        ("DELETE /api/v1/worlds/mine", "", 204, ""),
        ("GET /api/v1/worlds/mine", "", 404, "this server has default"),
    ] {
        let (found, answer) = serve.ask(request, body);
        let why_not = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(
            found == status && why_not.contains(why),
            "{request}: {found} {answer}"
        );
    }
}

#[test]
fn a_server_has_so_many_worlds_and_no_more() {
    let (serve, _folder) = Serve::start();
    let made = (0..64).map(|_| serve.ask("POST /api/v1/worlds", "carrier att").0);
    let made: Vec<u16> = made.collect();
    assert_eq!(
        (made.iter().filter(|status| **status == 201).count(), made[63]),
        (63, 429),
        "{made:?}"
    );
}
