//! `smsim serve` as a program: one line says its ports, an app is called back, and what it answers is on record.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A server on free ports; it is stopped when it goes out of scope.
struct Serve {
    child: Child,
    http: u16,
    smpp: u16,
}

impl Serve {
    fn start(world: &str) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("world.sms"), world).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["serve", "world.sms", "--port", "0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("smsim runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ports: serde_json::Value = serde_json::from_str(&line).expect("one JSON line");
        let port = |name: &str| u16::try_from(ports[name].as_u64().expect("a port")).expect("a port");
        let (http, smpp) = (port("http"), port("smpp"));
        assert!(smpp > 0);
        (Self { child, http, smpp }, folder)
    }

    /// Sends a request and gives the answer's body.
    fn http(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("it listens");
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in UTF-8");
        answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
    }

    fn records(&self) -> String {
        self.http("GET /api/v1/worlds/default/records?since=0", "")
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_app_is_called_back_and_its_answer_is_on_record() {
    let app = TcpListener::bind("127.0.0.1:0").expect("a port");
    let world = format!(
        "carrier att, latency 1ms\napp quiz \"Movie Quiz\", url \"http://{}/sms\"\nuser alice +14155550101 on att, apps quiz\n",
        app.local_addr().expect("an address")
    );
    let (serve, _folder) = Serve::start(&world);
    let performed = serve.http("POST /api/v1/worlds/default/steps", "alice > \"quiz play\"");
    assert!(performed.contains("\"performed\":1"), "{performed}");

    let (mut stream, _) = app.accept().expect("the callback");
    let mut request = vec![0; 16 * 1024];
    let count = stream.read(&mut request).expect("a request");
    let request = String::from_utf8_lossy(&request[..count]).into_owned();
    assert!(request.starts_with("POST /sms HTTP/1.1"), "{request}");
    stream
        .write_all(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 11\r\n\r\nno quiz now")
        .expect("answered");

    // The answer comes to the records when the world has heard of it; each look is a round trip, and their number is bounded.
    let on_record = (0..2_000).any(|_| serve.records().contains("no quiz now"));
    assert!(on_record, "{}", serve.records());
}

#[test]
fn what_nobody_may_text_is_refused_with_its_place() {
    let (serve, _folder) = Serve::start("carrier att\nuser alice +14155550101 on att\n");
    let answer = serve.http("POST /api/v1/worlds/default/steps", "alicia > \"hello\"");
    assert!(
        answer.contains("did you mean `alice`?") && answer.contains("\"line\":1"),
        "{answer}"
    );
    let answer = serve.http("POST /api/v1/worlds/other/steps", "alice > \"hello\"");
    assert!(answer.contains("this server has"), "{answer}");
}

/// A bound session, over which a text for that number has just been sent.
fn texting(serve: &Serve, number: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    let bind = smpp::Bind::new(smpp::BindKind::Transceiver, "gate", "gate");
    let bind = smpp::Command::request(1, smpp::Pdu::Bind(bind));
    stream.write_all(&smpp::encode(&bind)).expect("sent");
    let bound = pdu(&mut stream).expect("an answer");
    assert_eq!(bound[4..12], [0x80, 0, 0, 9, 0, 0, 0, 0], "{bound:?}");
    let to = number.parse::<sms::Msisdn>().expect("a number").address();
    let from = sms::ShortCode::new(32_665).expect("a code").address();
    let text = sms::Segment::whole("hi", sms::Encoding::Gsm7);
    let submit = smpp::Pdu::SubmitSm(smpp::ShortMessage::new(from, to, &text));
    let submit = smpp::Command::request(2, submit);
    stream.write_all(&smpp::encode(&submit)).expect("sent");
    stream
}

/// The octets of the next PDU.
fn pdu(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut octets = vec![0; 4];
    stream.read_exact(&mut octets)?;
    let length = u32::from_be_bytes(octets[..4].try_into().expect("four octets"));
    octets.resize(usize::try_from(length).expect("short"), 0);
    stream.read_exact(&mut octets[4..])?;
    Ok(octets)
}

#[test]
fn magic_numbers_reset_the_connection_send_rubbish_and_make_it_slow() {
    let (serve, _folder) = Serve::start("carrier att\nesme gate\n");
    let reset = pdu(&mut texting(&serve, "+19925550180")).expect_err("no answer");
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    let rubbish = pdu(&mut texting(&serve, "+19925550160")).expect("octets");
    assert!(rubbish.ends_with(b"no end"), "{rubbish:?}");
    // A slow peer's octets come one by one, but they all come.
    let slow = pdu(&mut texting(&serve, "+19935550100")).expect("octets");
    assert_eq!(slow[4..12], [0x80, 0, 0, 4, 0, 0, 0, 0], "{slow:?}");
    let mut unbound = texting(&serve, "+19925550170");
    assert_eq!(pdu(&mut unbound).expect("octets")[4..8], [0, 0, 0, 6]);
}

#[test]
fn an_esme_that_a_world_has_a_text_for_is_called_there_and_gets_it() {
    let port = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        (listener, port)
    };
    let (own, own_port) = port();
    let (other, other_port) = port();
    let world = |number: &str, esme: &str, port: u16| {
        format!("carrier att\nuser alice {number} on att\nesme {esme}, code 888, outbind 127.0.0.1:{port}\n")
    };
    let (serve, _folder) = Serve::start(&world("+14155550101", "sleepy", own_port));
    let made = serve.http(
        "POST /api/v1/worlds?id=other",
        &world("+14155550102", "drowsy", other_port),
    );
    assert!(made.contains("other"), "{made}");
    // The other world first: its ESME's text is not in the server's own.
    for (id, listener, esme) in [("other", other, "drowsy"), ("default", own, "sleepy")] {
        let steps = format!("POST /api/v1/worlds/{id}/steps");
        serve.http(&steps, "alice > \"Wake up\", to 888");
        let (mut stream, _) = listener.accept().expect("it is called");
        let outbind = pdu(&mut stream).expect("octets");
        assert_eq!(outbind[4..8], [0, 0, 0, 0x0b], "{outbind:?}");
        assert!(
            outbind.ends_with(format!("smsim\0{esme}\0").as_bytes()),
            "{outbind:?}"
        );
        let bind = smpp::Bind::new(smpp::BindKind::Receiver, esme, esme);
        let bind = smpp::Command::request(1, smpp::Pdu::Bind(bind));
        stream.write_all(&smpp::encode(&bind)).expect("sent");
        let bound = pdu(&mut stream).expect("an answer");
        assert_eq!(bound[4..12], [0x80, 0, 0, 1, 0, 0, 0, 0], "{bound:?}");
        let deliver = pdu(&mut stream).expect("octets");
        assert_eq!(deliver[4..8], [0, 0, 0, 5], "{deliver:?}");
        assert!(deliver.ends_with(b"Wake up"), "{deliver:?}");
    }
}

#[test]
fn an_esme_that_cannot_be_called_is_on_record_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let (serve, _folder) = Serve::start(&format!(
        "carrier att, latency 1ms\nuser alice +14155550101 on att\nesme sleepy, code 888, outbind {address}\n"
    ));
    let texted = serve.http("POST /api/v1/worlds/default/steps", "alice > \"Wake up\", to 888");
    assert!(!texted.contains("error"), "{texted}");
    let reason = format!("{address}: ");
    let on_record = (0..2_000).any(|_| serve.records().contains(&reason));
    assert!(on_record, "{}", serve.records());
}
