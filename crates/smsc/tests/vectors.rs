//! The published test PDUs that an ESME sends: what the message centre answers to each.

mod support;

use serde_json::Value;
use smpp::{Bind, BindKind, Command, Frame, Framer, LinkId, Pdu, Status};
use smsc::{Account, Carrier, Config, Input, Output};
use support::*;

/// One reply that a vector expects.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Reply {
    pdu: Option<String>,
    status: u32,
    sequence_number: u32,
    closes: bool,
}

struct Vector {
    name: String,
    octets: Vec<u8>,
    state: String,
    /// What may come: the usual replies first, then what would do too.
    acceptable: Vec<Vec<Reply>>,
}

fn reply(value: &Value) -> Reply {
    let status = value["status"].as_str().map_or(0, |text| {
        u32::from_str_radix(text.trim_start_matches("0x"), 16).expect("a hexadecimal status")
    });
    Reply {
        pdu: value["pdu"].as_str().map(str::to_owned),
        status,
        sequence_number: value["seq"]
            .as_u64()
            .and_then(|seq| u32::try_from(seq).ok())
            .unwrap_or(0),
        closes: value["close_after"].as_bool().unwrap_or(false),
    }
}

fn replies(value: &Value) -> Vec<Reply> {
    value
        .as_array()
        .map_or_else(Vec::new, |array| array.iter().map(reply).collect())
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

/// All vectors.
fn values() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../smpp/tests/vectors.json");
    let text = std::fs::read_to_string(file).expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// The vectors that say what a server answers.
fn vectors() -> Vec<Vector> {
    let values = values();
    let of_a_server = values.iter().filter(|value| !value["expected_machine"].is_null());
    of_a_server
        .map(|value| {
            let machine = &value["expected_machine"];
            let usual = replies(&machine["replies"]);
            let also = replies(&machine["also_acceptable"])
                .into_iter()
                .map(|reply| vec![reply]);
            Vector {
                name: value["name"].as_str().expect("a name").to_owned(),
                octets: octets(value["hex"].as_str().expect("octets")),
                state: machine["state"].as_str().expect("a state").to_owned(),
                acceptable: std::iter::once(usual).chain(also).collect(),
            }
        })
        .collect()
}

/// An account for whoever binds in these octets, and `fbook`; all without codes.
fn vector_config(octets: &[u8]) -> Config {
    let mut accounts = vec![Account::new("fbook", "fbook")];
    let mut framer = Framer::default();
    framer.feed(octets);
    if let Some(Frame::Pdu {
        command: Command {
            pdu: Pdu::Bind(bind), ..
        },
        ..
    }) = framer.next_frame()
    {
        accounts.push(Account::new(&bind.system_id, &bind.password));
    }
    accounts[0].default_source = Some(code("32665"));
    Config {
        accounts,
        carriers: vec![Carrier::new("att")],
        ..config()
    }
}

/// A message centre in the state that a vector starts from.
fn bench_in(state: &str, octets: &[u8]) -> Bench {
    if state.starts_with("OPEN") {
        let mut bench = Bench::new(vector_config(octets));
        bench.connect(LINK);
        return bench;
    }
    let mut bench = Bench::bound(vector_config(octets));
    if state.contains("after a server unbind") {
        bench.handle(Input::Unbind {
            system_id: "fbook".into(),
        });
    }
    if state.contains("outstanding") {
        for number in 0..101 {
            bench.mo(ALICE, "32665", &number.to_string());
        }
    }
    bench
}

fn answers(bench: &mut Bench, octets: &[u8]) -> Vec<Reply> {
    let mut framer = Framer::default();
    framer.feed(octets);
    let mut outputs: Vec<Output> = Vec::new();
    while let Some(frame) = framer.next_frame().or_else(|| framer.give_up()) {
        outputs.extend(bench.handle(Input::Received { link: LINK, frame }));
    }
    let closes = !closes(&outputs).is_empty();
    let responses = sent(&outputs)
        .into_iter()
        .map(|(_, command)| command)
        .filter(|command| command.pdu.is_response());
    responses
        .map(|command| Reply {
            pdu: Some(command.pdu.name().into_owned()),
            status: command.status.0,
            sequence_number: command.sequence_number,
            closes,
        })
        .collect()
}

#[test]
fn every_pdu_of_an_esme_gets_the_answer_that_its_vector_expects() {
    let mut usual = 0;
    let vectors = vectors();
    for Vector {
        name,
        octets,
        state,
        acceptable,
    } in &vectors
    {
        let got = answers(&mut bench_in(state, octets), octets);
        assert!(
            acceptable.contains(&got),
            "{name}: {got:?}, but expected is one of {acceptable:?}"
        );
        usual += usize::from(acceptable[0] == got);
    }
    assert!(vectors.len() >= 60, "{} vectors", vectors.len());
    // Broadcasts are not offered, and there are no distribution lists: what differs from the usual stays within that.
    assert!(
        vectors.len() - usual <= 8,
        "{} of {} answers are the usual ones",
        usual,
        vectors.len()
    );
}

#[test]
fn submissions_are_refused_in_the_states_that_do_not_submit() {
    let submits = |vector: &&Vector| {
        vector.state == "BOUND_TX|BOUND_TRX"
            && vector.acceptable[0].len() == 1
            && vector.acceptable[0][0].status == 0
    };
    let vectors = vectors();
    let submissions: Vec<&Vector> = vectors.iter().filter(submits).collect();
    assert!(submissions.len() >= 15, "{}", submissions.len());
    for vector in submissions {
        for bound in [false, true] {
            let mut bench = Bench::new(vector_config(&vector.octets));
            bench.connect(LinkId(1));
            if bound {
                bench.request(LINK, Pdu::Bind(Bind::new(BindKind::Receiver, "fbook", "fbook")));
            }
            let got = answers(&mut bench, &vector.octets);
            assert_eq!(got.len(), 1, "{}", vector.name);
            assert_eq!(Status(got[0].status), Status::ESME_RINVBNDSTS, "{}", vector.name);
        }
    }
}

/// The vectors that a message centre sends: their names and octets.
fn outputs_of_a_server() -> Vec<(String, Vec<u8>)> {
    let values = values();
    let of_a_server = values.iter().filter(|value| value["direction"] == "smsc->esme");
    let named = of_a_server.map(|value| {
        let name = value["name"].as_str().expect("a name").to_owned();
        (name, octets(value["hex"].as_str().expect("octets")))
    });
    named.collect()
}

/// What an ESME gets that sends a PDU of the message centre's back to it: nothing for a response and for an outbind, a
/// refusal for a `deliver_sm`.
#[test]
fn the_pdus_of_a_message_centre_are_ignored_or_refused_when_an_esme_sends_them() {
    let vectors = outputs_of_a_server();
    assert!(vectors.len() >= 20, "{}", vectors.len());
    for (name, octets) in vectors {
        let mut framer = Framer::default();
        framer.feed(&octets);
        let (command_id, sequence_number) = match framer.next_frame() {
            Some(Frame::Pdu { command, .. }) => (command.pdu.command_id(), command.sequence_number),
            Some(Frame::Malformed { header, .. }) => (header.command_id, header.sequence_number),
            other => panic!("{name}: {other:?}"),
        };
        let expected = match command_id {
            smpp::command_id::DELIVER_SM => Some(("deliver_sm_resp", Status::ESME_RINVBNDSTS)),
            smpp::command_id::UNBIND => Some(("unbind_resp", Status::ESME_ROK)),
            id if smpp::command_id::is_response(id) || smpp::command_id::is_unanswered(id) => None,
            other => panic!("{name}: {other:#010x} is sent by no message centre"),
        };
        let expected = expected.map(|(pdu, status)| Reply {
            pdu: Some(pdu.to_owned()),
            status: status.0,
            sequence_number,
            closes: false,
        });
        let mut bench = bench_in("BOUND_TRX", &octets);
        assert_eq!(answers(&mut bench, &octets), Vec::from_iter(expected), "{name}");
        let still_bound = command_id != smpp::command_id::UNBIND;
        assert_eq!(
            bench.smsc.bound_sessions("fbook"),
            usize::from(still_bound),
            "{name}"
        );
    }
}

#[test]
fn every_vector_is_about_one_end() {
    let of_a_server = outputs_of_a_server().len();
    let checked = vectors().len();
    assert!(
        of_a_server + checked >= values().len(),
        "{of_a_server} and {checked} of {}",
        values().len()
    );
}
