//! Who may connect to the SMPP port, how many at once, and what happens when the machine has no room for more.

mod served;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use served::{Served, WORLD, ask, bind, receive, submit};

fn open(serve: &Served) -> TcpStream {
    TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens")
}

/// Whether the server ends a connection on which nothing was sent.
fn is_turned_away(mut stream: TcpStream) -> bool {
    let mut octet = [0];
    // A reset is an end too.
    !matches!(stream.read(&mut octet), Ok(count) if count > 0)
}

/// Attempts after which something that takes the server a moment is taken to fail.
const ATTEMPTS_MAX: usize = 20_000;

fn can_bind(serve: &Served) -> bool {
    bind(&mut open(serve)).is_ok_and(|status| status == 0)
}

#[test]
fn connections_beyond_the_limits_are_closed_and_make_room_when_they_end() {
    for limit in ["--connections-max", "--connections-per-ip-max"] {
        let serve = Served::start(WORLD, &[limit, "2", "--tls-certs", "certs"]);
        let (mut first, mut second) = (open(&serve), open(&serve));
        assert_eq!(bind(&mut first).expect("an answer"), 0);
        assert_eq!(bind(&mut second).expect("an answer"), 0);
        assert!(!can_bind(&serve), "{limit}");
        assert_eq!(ask(&mut first, 2, smpp::Pdu::EnquireLink).expect("an answer"), 0);
        drop(second);
        assert!((0..ATTEMPTS_MAX).any(|_| can_bind(&serve)), "{limit}");
    }
}

#[test]
fn a_tls_handshake_that_has_not_ended_counts_as_a_connection() {
    let serve = Served::start(WORLD, &["--connections-max", "1", "--tls-certs", "certs"]);
    let port = serve.smpps.expect("TLS is on");
    let handshake = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    assert!((0..ATTEMPTS_MAX).any(|_| !can_bind(&serve)));
    drop(handshake);
    assert!((0..ATTEMPTS_MAX).any(|_| can_bind(&serve)));
}

#[test]
fn only_those_who_are_allowed_may_connect() {
    let serve = Served::start(WORLD, &["--allow", "192.0.2.0/24"]);
    assert!(is_turned_away(open(&serve)));
    let serve = Served::start(WORLD, &["--allow", "192.0.2.0/24", "--allow", "127.0.0.1"]);
    assert_eq!(bind(&mut open(&serve)).expect("an answer"), 0);
}

#[test]
fn a_server_without_file_descriptors_goes_on_and_accepts_again_when_there_are_some() {
    let mut shell = Command::new("sh");
    let limited = "ulimit -n 64; exec \"$0\" \"$@\"";
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_smsim")]);
    let serve = Served::start_by(shell, WORLD, &[]);
    let mut first = open(&serve);
    assert_eq!(bind(&mut first).expect("an answer"), 0);
    let many: Vec<TcpStream> = (0..200).map(|_| open(&serve)).collect();
    assert_eq!(ask(&mut first, 2, smpp::Pdu::EnquireLink).expect("an answer"), 0);
    drop(many);
    assert!((0..ATTEMPTS_MAX).any(|_| can_bind(&serve)));
}

/// The `command_id` and the `command_status` of the next PDU.
fn next(stream: &mut TcpStream) -> (u32, u32) {
    let octets = receive(stream).expect("a PDU");
    (word(&octets, 4), word(&octets, 8))
}

/// The word of a header at that place.
fn word(octets: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(octets[at..at + 4].try_into().expect("four octets"))
}

#[test]
fn a_line_has_the_message_centre_unbind_a_client() {
    let serve = Served::start(WORLD, &[]);
    let mut stream = open(&serve);
    assert_eq!(bind(&mut stream).expect("an answer"), 0);
    let holds = |line: &str| {
        let (_, told) = serve.http("POST /api/v1/worlds/default/steps", line);
        told.contains("\"ok\":true")
    };
    assert!(holds("check gate bind up"));
    assert!(holds("set gate bind down"));
    let unbind = receive(&mut stream).expect("a PDU");
    let [id, sequence_number] = [4, 12].map(|at| word(&unbind, at));
    assert_eq!(id, smpp::command_id::UNBIND);
    let answer = smpp::Command::response(sequence_number, smpp::Status::ESME_ROK, smpp::Pdu::UnbindResp);
    stream.write_all(&smpp::encode(&answer)).expect("sent");
    assert!(receive(&mut stream).is_err(), "then the connection is closed");
    assert!((0..ATTEMPTS_MAX).any(|_| holds("check gate bind down")));
}

#[test]
fn a_world_says_how_long_a_pdu_may_be_and_take_and_how_long_a_password_is() {
    let world = "world command_length_max 4096, pdu_read 50ms\ncarrier att\nuser alice +14155550101 on att\n\
                 esme gate, password 123456789012, password_max 12\n";
    let serve = Served::start(world, &[]);
    let bind = |password: &str| {
        let mut stream = open(&serve);
        let bind = smpp::Bind::new(smpp::BindKind::Transceiver, "gate", password);
        let status = ask(&mut stream, 1, smpp::Pdu::Bind(bind)).expect("an answer");
        (stream, smpp::Status(status))
    };
    for (password, status) in [
        ("123456789012", smpp::Status::ESME_ROK),
        ("123456789", smpp::Status::ESME_RINVPASWD),
        ("1234567890123", smpp::Status::ESME_RINVPASWD),
    ] {
        assert_eq!(bind(password).1, status, "{password}");
    }
    let broken = (smpp::command_id::GENERIC_NACK, smpp::Status::ESME_RINVCMDLEN.0);
    let (mut stream, _) = bind("123456789012");
    let smpp::Pdu::SubmitSm(mut long) = submit("+14155550101", "") else {
        panic!("a submit_sm")
    };
    long.tlvs
        .push(smpp::Tlv::new(smpp::tag::MESSAGE_PAYLOAD, [b'a'; 4_096]));
    let long = smpp::encode(&smpp::Command::request(2, smpp::Pdu::SubmitSm(long)));
    stream.write_all(&long).expect("sent");
    assert_eq!(next(&mut stream), broken);
    // The beginning of a PDU whose end does not come.
    let (mut stream, _) = bind("123456789012");
    stream.write_all(&[0, 0, 0, 20]).expect("sent");
    assert_eq!(next(&mut stream), broken);
}
