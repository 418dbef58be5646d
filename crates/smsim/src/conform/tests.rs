//! The checks against servers that answer wrong and against the published table. `tests/conform.rs` holds ours to them.
#![expect(
    clippy::disallowed_methods,
    reason = "the servers that answer wrong run beside the checks"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use smpp::{Command, Frame, Framer, MessageIdResp, Pdu, QuerySmResp, Status};

use super::{Target, Verdict, checks, run};

/// Bounds how long a dead server can hold a test up; no check of a living one comes near it.
const PATIENCE: Duration = Duration::from_secs(20);

fn target(address: SocketAddr, patience: Duration) -> Target {
    // Magic numbers of the message centre's page.
    let number = |digits: &str| digits.parse().expect("a number");
    Target {
        address,
        system_id: "gate".to_owned(),
        password: "gate".to_owned(),
        system_type: String::new(),
        from: sms::Address::default(),
        to: number("+19905550100"),
        area: "att".to_owned(),
        to_fail: Some(number("+19905550110")),
        to_absent: Some(number("+19905550120")),
        to_unbind: Some(number("+19925550170")),
        patience,
        idle: None,
    }
}

/// A row of the table of conformance.
struct Row {
    feature: String,
    /// What is said of 3.3, 3.4 and 5.0.
    versions: [String; 3],
    ids: Vec<String>,
}

/// The published table.
fn table() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../smsc/README.md");
    let readme = std::fs::read_to_string(path).expect("the page of the message centre");
    let (_, section) = readme
        .split_once("\n## Conformance\n")
        .expect("a section on conformance");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [feature, v33, v34, v50, ids] = cells[..] else {
            panic!("five columns in {line}")
        };
        Row {
            feature: feature.to_owned(),
            versions: [v33, v34, v50].map(str::to_owned),
            ids: ids
                .split_whitespace()
                .map(|id| id.trim_matches('`').to_owned())
                .collect(),
        }
    })
    .collect()
}

#[test]
fn the_table_of_conformance_names_every_check_once_and_no_other() {
    let mut listed: Vec<String> = table().into_iter().flat_map(|row| row.ids).collect();
    listed.sort_unstable();
    let mut ids: Vec<String> = checks().into_iter().map(|check| check.id.to_owned()).collect();
    ids.sort_unstable();
    assert_eq!(listed, ids);
    for row in table() {
        for (version, told) in [0x33, 0x34, 0x50].into_iter().zip(&row.versions) {
            assert!(
                ["yes", "refused", "–"].contains(&told.as_str()),
                "{}: {told}",
                row.feature
            );
            let tried = checks()
                .into_iter()
                .any(|check| row.ids.contains(&check.id.to_owned()) && check.versions.contains(&version));
            assert!(
                !tried || told != "–",
                "{}: version {version:#x} is tried",
                row.feature
            );
        }
    }
}

/// A server that is wrong in one way.
#[derive(Clone, Copy, Debug)]
enum Toy {
    /// It never says anything.
    Deaf,
    /// It says ESME_ROK to everything that it can read, always with the same message id, and closes without a word on the rest.
    Parrot,
    /// As the parrot, but its sequence numbers are one too high.
    OffByOne,
    /// As the parrot, but each response ends within its second field.
    Cut,
}

/// Serves every connection until the test is over.
fn serve(toy: Toy) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || converse(toy, stream));
        }
    });
    address
}

fn converse(toy: Toy, mut stream: TcpStream) -> Option<()> {
    let (mut framer, mut octets) = (Framer::default(), [0; 4_096]);
    loop {
        let count = stream.read(&mut octets).ok().filter(|count| *count > 0)?;
        framer.feed(&octets[..count]);
        while let Some(frame) = framer.next_frame() {
            let (command_id, sequence_number) = match frame {
                Frame::Pdu { command, .. } => (command.pdu.command_id(), command.sequence_number),
                Frame::Malformed { header, .. } => (header.command_id, header.sequence_number),
                Frame::Broken { .. } => return None,
            };
            let Some(resp) = happily(command_id) else { continue };
            let answer = match toy {
                Toy::Deaf => continue,
                Toy::Parrot | Toy::Cut => Command::response(sequence_number, Status::ESME_ROK, resp),
                Toy::OffByOne => Command::response(sequence_number.wrapping_add(1), Status::ESME_ROK, resp),
            };
            let mut answer = smpp::encode(&answer).to_vec();
            if matches!(toy, Toy::Cut) && answer.len() > 17 {
                answer.truncate(17);
                answer[3] = 17;
            }
            stream.write_all(&answer).ok()?;
        }
    }
}

/// The response that says yes to everything.
fn happily(command_id: u32) -> Option<Pdu> {
    let id = || MessageIdResp::new("1");
    Some(match Pdu::error_response(command_id)? {
        Pdu::SubmitSmResp(_) => Pdu::SubmitSmResp(id()),
        Pdu::DataSmResp(_) => Pdu::DataSmResp(id()),
        Pdu::QuerySmResp(_) => Pdu::QuerySmResp(QuerySmResp {
            message_id: "1".into(),
            message_state: 2,
            ..QuerySmResp::default()
        }),
        other => other,
    })
}

#[test]
fn servers_that_answer_wrong_fail_the_checks_that_are_about_it() {
    // A toy that says nothing is not waited for long: it fails all the same.
    let short = Duration::from_millis(200);
    for (toy, patience, ids) in [
        (
            Toy::Deaf,
            short,
            ["bind-transmitter", "open-submit-sm", "length-15"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["bind-wrong-password", "bind-again", "submit"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["open-submit-sm", "open-query-sm", "receiver-submit-sm"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["length-0", "length-ffffffff", "unknown-command"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["submit-255", "submit-nowhere", "submit-cut"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["query-unknown", "query-pending", "cancel-unknown"],
        ),
        (
            Toy::Parrot,
            PATIENCE,
            ["schedule-malformed", "validity-over", "tlv-cut"],
        ),
        (Toy::Parrot, short, ["receipt", "receipt-waits", "receipt-tlvs"]),
        (
            Toy::OffByOne,
            PATIENCE,
            ["bind-transmitter", "enquire-link", "open-enquire-link"],
        ),
        (Toy::Cut, PATIENCE, ["submit", "query-pending", "window"]),
    ] {
        let target = target(serve(toy), patience);
        for id in ids {
            let check = checks()
                .into_iter()
                .find(|check| check.id == id)
                .expect("a check");
            let outcome = run(&target, check);
            let Verdict::Failed(why) = &outcome.verdict else {
                panic!("{toy:?} passes {id}: {:?}", outcome.verdict)
            };
            assert!(!why.is_empty());
        }
    }
}

#[test]
fn an_operation_that_is_refused_in_order_is_not_supported() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = target(listener.local_addr().expect("an address"), PATIENCE);
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let (mut framer, mut octets) = (Framer::default(), [0; 4_096]);
        while let Ok(count @ 1..) = stream.read(&mut octets) {
            framer.feed(&octets[..count]);
            while let Some(Frame::Pdu { command, .. }) = framer.next_frame() {
                let id = command.pdu.command_id();
                let answer = match &command.pdu {
                    Pdu::QuerySm(_) => Command::generic_nack(command.sequence_number, Status::ESME_RINVCMDID),
                    _ => Command::response(
                        command.sequence_number,
                        Status::ESME_ROK,
                        happily(id).expect("a request"),
                    ),
                };
                stream.write_all(&smpp::encode(&answer)).expect("sent");
            }
        }
    });
    let check = checks()
        .into_iter()
        .find(|check| check.id == "query-unknown")
        .expect("a check");
    let verdict = run(&target, check).verdict;
    let how = "query_sm is answered generic_nack ESME_RINVCMDID";
    assert_eq!(verdict, Verdict::NotSupported(how.to_owned()));
    server.join().expect("it ends with the connection");
}
