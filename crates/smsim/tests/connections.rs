//! Who may connect to the SMPP port, how many at once, and what happens when the machine has no room for more.

mod served;

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;

use served::{Served, WORLD, ask, bind};

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
