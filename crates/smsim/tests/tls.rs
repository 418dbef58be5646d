//! SMPP over TLS: a real client binds, refuses what it must refuse, and a bad handshake holds nobody up.

mod served;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned,
    SupportedProtocolVersion, version,
};
use served::{Served, WORLD, ask, bind, receive, submit};

type Link = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts the CA of the folder, with the ESME's certificate if it is to show one.
fn client(certs: &Path, versions: &[&'static SupportedProtocolVersion], shows: bool) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certs.join("ca.pem")).expect("a certificate"))
        .expect("a CA");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots);
    Arc::new(if shows {
        let certificate = CertificateDer::from_pem_file(certs.join("client.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(certs.join("client.key")).expect("a key");
        builder
            .with_client_auth_cert(vec![certificate], key)
            .expect("a pair")
    } else {
        builder.with_no_client_auth()
    })
}

fn connect(serve: &Served, config: Arc<ClientConfig>, host: &'static str) -> Link {
    let port = serve.smpps.expect("TLS is on");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let name = ServerName::try_from(host).expect("a name");
    StreamOwned::new(ClientConnection::new(config, name).expect("a client"), stream)
}

/// The TLS error that an I/O error holds.
fn tls_error(error: &std::io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

#[test]
fn an_esme_binds_submits_and_gets_its_receipt_over_tls_12_and_13() {
    let serve = Served::start(WORLD, &["--tls-certs", "certs"]);
    for (versions, host) in [(&version::TLS12, "localhost"), (&version::TLS13, "127.0.0.1")] {
        let mut link = connect(&serve, client(&serve.path("certs"), &[versions], false), host);
        assert_eq!(bind(&mut link).expect("an answer"), 0);
        assert_eq!(
            ask(&mut link, 2, submit("+14155550101", "hello")).expect("an answer"),
            0
        );
        let receipt = receive(&mut link).expect("a receipt");
        assert_eq!(receipt[4..8], [0, 0, 0, 5], "deliver_sm");
        assert!(
            String::from_utf8_lossy(&receipt).contains("stat:DELIVRD"),
            "{receipt:?}"
        );
        assert_eq!(ask(&mut link, 3, smpp::Pdu::Unbind).expect("an answer"), 0);
    }
}

#[test]
fn a_connection_over_tls_is_reset_and_made_slow_like_any_other() {
    let serve = Served::start(WORLD, &["--tls-certs", "certs"]);
    let config = client(&serve.path("certs"), rustls::DEFAULT_VERSIONS, false);
    let mut link = connect(&serve, Arc::clone(&config), "localhost");
    bind(&mut link).expect("an answer");
    let reset = ask(&mut link, 2, submit("+19925550180", "hi")).expect_err("no answer");
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    let mut link = connect(&serve, config, "localhost");
    bind(&mut link).expect("an answer");
    assert_eq!(
        ask(&mut link, 2, submit("+19935550100", "hi")).expect("octet by octet"),
        0
    );
}

#[test]
fn a_client_refuses_what_it_must_refuse() {
    for fault in ["expired", "wrong-host", "self-signed"] {
        let serve = Served::start(WORLD, &["--tls-certs", "certs", "--tls-fault", fault]);
        let config = client(&serve.path("certs"), rustls::DEFAULT_VERSIONS, false);
        let error = bind(&mut connect(&serve, config, "localhost")).expect_err("refused");
        let Some(Error::InvalidCertificate(why)) = tls_error(&error) else {
            panic!("{fault}: {error:?}");
        };
        let right = match fault {
            "expired" => matches!(why, CertificateError::ExpiredContext { .. }),
            "wrong-host" => matches!(why, CertificateError::NotValidForNameContext { .. }),
            _ => matches!(why, CertificateError::UnknownIssuer),
        };
        assert!(right, "{fault}: {why:?}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_lets_nobody_in_without_one() {
    let certs = tempfile::tempdir().expect("a folder");
    let folder = certs.path().to_str().expect("UTF-8");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(["certs", folder])
        .output()
        .expect("smsim runs");
    assert!(made.status.success());
    let ca = format!("{folder}/ca.pem");
    let serve = Served::start(WORLD, &["--tls-certs", folder, "--tls-client-ca", &ca]);
    let versions = rustls::DEFAULT_VERSIONS;
    assert!(
        bind(&mut connect(
            &serve,
            client(certs.path(), versions, false),
            "localhost"
        ))
        .is_err()
    );
    let mut known = connect(&serve, client(certs.path(), versions, true), "localhost");
    assert_eq!(bind(&mut known).expect("an answer"), 0);
}

#[test]
fn a_handshake_that_is_bad_or_never_ends_is_closed_and_holds_nobody_up() {
    let serve = Served::start(WORLD, &["--tls-certs", "certs"]);
    let port = serve.smpps.expect("TLS is on");
    let open = || TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let mut silent: Vec<TcpStream> = (0..50).map(|_| open()).collect();
    // A client without TLS, an HTTP request, half a ClientHello.
    let bad: [&[u8]; 3] = [
        &[0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0x16, 3, 1, 0, 100, 1, 0, 0],
    ];
    let mut bad = bad.map(|octets| {
        let mut stream = open();
        stream.write_all(octets).expect("sent");
        stream
    });
    let config = client(&serve.path("certs"), rustls::DEFAULT_VERSIONS, false);
    assert_eq!(
        bind(&mut connect(&serve, config, "localhost")).expect("an answer"),
        0
    );
    // Each ends by itself: what is no handshake at once, what never becomes one when its time is over.
    for stream in bad.iter_mut().chain(&mut silent) {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 64, "an alert at most: {rest:?}");
    }
}
