//! What a running server tells about itself: its metrics, and its log.

mod served;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use served::{Served, WORLD, ask, bind, receive, submit};

/// The samples of `/metrics`: name with labels, value.
fn metrics(serve: &Served) -> BTreeMap<String, f64> {
    let (head, body) = serve.http("GET /metrics", "");
    assert!(
        head.contains("200 OK") && head.contains("application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(body.ends_with("# EOF\n"), "{body}");
    let samples = body.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// A bound session over which a text was sent and its receipt came.
fn texted(serve: &Served) -> TcpStream {
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(bind(&mut link).expect("an answer"), 0);
    assert_eq!(
        ask(&mut link, 2, submit("+14155550101", "hello")).expect("an answer"),
        0
    );
    assert_eq!(receive(&mut link).expect("a receipt")[4..8], [0, 0, 0, 5]);
    link
}

#[test]
fn the_metrics_count_pdus_binds_messages_and_how_long_they_took() {
    let serve = Served::start(WORLD, &[]);
    let mut link = texted(&serve);
    let smpp::Pdu::SubmitSm(mut nowhere) = submit("+14155550101", "hello") else {
        panic!("a submit_sm");
    };
    nowhere.destination = sms::Address::dialled("");
    assert_ne!(
        ask(&mut link, 3, smpp::Pdu::SubmitSm(nowhere)).expect("an answer"),
        0
    );
    let seen = metrics(&serve);
    for (name, value) in [
        (
            r#"smsim_pdus_total{world="default",link="esme",direction="to_smsc",type="submit_sm",status="ESME_ROK"}"#,
            2.0,
        ),
        (
            r#"smsim_pdus_total{world="default",link="esme",direction="to_esme",type="submit_sm_resp",status="ESME_ROK"}"#,
            1.0,
        ),
        (
            r#"smsim_pdus_total{world="default",link="esme",direction="to_esme",type="submit_sm_resp",status="ESME_RINVDSTADR"}"#,
            1.0,
        ),
        (
            r#"smsim_pdus_total{world="default",link="esme",direction="to_esme",type="deliver_sm",status="ESME_ROK"}"#,
            1.0,
        ),
        (
            r#"smsim_binds_total{world="default",system_id="gate",bind="transceiver"}"#,
            1.0,
        ),
        (
            r#"smsim_sessions_bound{world="default",system_id="gate",bind="transceiver"}"#,
            1.0,
        ),
        (
            r#"smsim_messages_accepted_total{world="default",carrier="att"}"#,
            1.0,
        ),
        (
            r#"smsim_messages_finished_total{world="default",state="delivered"}"#,
            1.0,
        ),
        (r#"smsim_messages_waiting{world="default",carrier="att"}"#, 0.0),
        (r#"smsim_submit_response_seconds_count{world="default"}"#, 2.0),
        (r#"smsim_delivery_seconds_count{world="default"}"#, 1.0),
        (
            r#"smsim_delivery_seconds_bucket{le="86400.0",world="default"}"#,
            1.0,
        ),
        (r#"smsim_delivery_seconds_bucket{le="+Inf",world="default"}"#, 1.0),
        (r#"smsim_receipt_seconds_count{world="default"}"#, 1.0),
        (r#"smsim_records_dropped_total{world="default"}"#, 0.0),
        (r#"smsim_records_unlogged_total{world="default"}"#, 0.0),
        (r#"smsim_callbacks_in_flight{world="default"}"#, 0.0),
        (r#"smsim_engine_inbox{world="default"}"#, 0.0),
    ] {
        assert_eq!(seen.get(name), Some(&value), "{name} in {seen:#?}");
    }
    assert_eq!(ask(&mut link, 4, smpp::Pdu::Unbind).expect("an answer"), 0);
    serve.http("GET /healthz", "");
    let seen = metrics(&serve);
    assert!(
        !seen
            .keys()
            .any(|name| name.starts_with("smsim_sessions_bound") && name.contains("gate")),
        "{seen:#?}"
    );
    assert_eq!(
        seen[r#"smsim_http_request_seconds_count{path="/healthz",status="200"}"#],
        1.0
    );
}

#[test]
fn the_metrics_tell_worlds_apart_and_forget_one_that_is_gone() {
    let serve = Served::start(WORLD, &[]);
    let _link = texted(&serve);
    let second = "carrier rogers\nuser carol +14165550103 on rogers\n";
    let (head, _) = serve.http("POST /api/v1/worlds?id=second", second);
    assert!(head.contains("200") || head.contains("201"), "{head}");
    let seen = metrics(&serve);
    for (name, value) in [
        (
            r#"smsim_messages_accepted_total{world="default",carrier="att"}"#,
            1.0,
        ),
        (r#"smsim_messages_waiting{world="second",carrier="rogers"}"#, 0.0),
        (r#"smsim_delivery_seconds_count{world="default"}"#, 1.0),
        (r#"smsim_delivery_seconds_count{world="second"}"#, 0.0),
    ] {
        assert_eq!(seen.get(name), Some(&value), "{name} in {seen:#?}");
    }
    serve.http("DELETE /api/v1/worlds/second", "");
    let seen = metrics(&serve);
    assert!(
        !seen.keys().any(|name| name.contains(r#"world="second""#)),
        "{seen:#?}"
    );
    assert!(seen.contains_key(r#"smsim_delivery_seconds_count{world="default"}"#));
}

#[test]
fn connections_that_were_not_let_in_are_counted_by_reason() {
    let serve = Served::start(WORLD, &["--allow", "192.0.2.1"]);
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert!(receive(&mut link).is_err());
    assert_eq!(
        metrics(&serve)[r#"smsim_connections_refused_total{reason="not_allowed"}"#],
        1.0
    );
}

#[test]
fn tls_handshakes_that_come_to_nothing_are_counted() {
    let serve = Served::start(WORLD, &["--tls-certs", "certs"]);
    let count = r#"smsim_tls_handshakes_failed_total{reason="failed"}"#;
    assert_eq!(metrics(&serve)[count], 0.0);
    let port = serve.smpps.expect("TLS is on");
    let mut plain = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
    // The end of the connection comes after the count.
    let _ = plain.read_to_end(&mut Vec::new());
    let seen = metrics(&serve);
    assert_eq!(seen[count], 1.0);
    assert_eq!(
        seen[r#"smsim_tls_handshakes_failed_total{reason="timed_out"}"#],
        0.0
    );
}

/// A server that logs into a file, and what it has logged when it was stopped.
fn logged(options: &[&str], act: impl FnOnce(&Served)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command
        .stderr(File::create(&path).expect("a file"))
        .env_remove("RUST_LOG");
    let serve = Served::start_by(command, WORLD, options);
    act(&serve);
    drop(serve);
    let log = std::fs::read_to_string(path).expect("a log");
    // The greeting, which says the password on purpose, has no time or brace before its lines.
    let logged = log
        .lines()
        .filter(|line| line.starts_with(|first: char| first == '{' || first.is_ascii_digit()));
    logged.map(|line| format!("{line}\n")).collect()
}

fn bind_and_fail_to(serve: &Served) {
    let mut link = texted(serve);
    assert_eq!(ask(&mut link, 3, smpp::Pdu::Unbind).expect("an answer"), 0);
    let mut stranger = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    let bind = smpp::Bind::new(smpp::BindKind::Receiver, "gate", "pssst");
    assert_ne!(
        ask(&mut stranger, 1, smpp::Pdu::Bind(bind)).expect("an answer"),
        0
    );
    // When this is answered, what came before is logged.
    metrics(serve);
}

#[test]
fn a_session_is_a_span_and_its_events_say_what_happened_without_a_password() {
    let log = logged(&["--log", "info", "--log-format", "json"], bind_and_fail_to);
    let events: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let of_session: Vec<&serde_json::Value> = events
        .iter()
        .filter(|event| event["span"]["peer"] == "127.0.0.1")
        .collect();
    let messages: Vec<&str> = of_session
        .iter()
        .filter_map(|event| event["message"].as_str())
        .collect();
    assert!(
        messages.starts_with(&["connected", "bound", "unbound"]),
        "{messages:?}"
    );
    assert!(messages.contains(&"bind refused"), "{messages:?}");
    let bound = &of_session[1]["span"];
    assert_eq!(
        [
            &bound["system_id"],
            &bound["bind"],
            &bound["version"],
            &bound["link"]
        ],
        [
            &serde_json::json!("gate"),
            &"transceiver".into(),
            &"3.4".into(),
            &1.into()
        ],
        "{bound}"
    );
    let refused = of_session
        .iter()
        .find(|event| event["message"] == "bind refused")
        .expect("one");
    assert_eq!(
        [&refused["level"], &refused["reason"], &refused["status"]],
        ["WARN", "wrong password", "ESME_RINVPASWD"],
        "{refused}"
    );
    assert!(!log.contains("pssst"), "{log}");
}

#[test]
fn the_log_says_only_what_somebody_should_look_at_unless_it_is_asked_for_more() {
    let log = logged(&[], bind_and_fail_to);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("bind refused") && log.contains("WARN") && !log.contains('\u{1b}'),
        "{log}"
    );
    let log = logged(&["--log", "trace"], bind_and_fail_to);
    assert!(log.contains("submit_sm_resp") && !log.contains("pssst"), "{log}");
}
