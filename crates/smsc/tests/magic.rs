//! The published table of magic numbers: each of its numbers, tried, and told in the table's words.

mod support;

use smpp::{BindKind, Command, LinkId, Pdu, ShortMessage, Status, Tlvs as _, tag};
use sms::{Concatenation, Segment};
use smsc::{Disturbance, Output};
use support::*;

const SIBLING: LinkId = LinkId(2);
const HOURS: u64 = 3_600;

/// A receipt: over which link, with which words, and about which message.
struct Receipt {
    link: LinkId,
    words: String,
    id: String,
}

impl Receipt {
    /// The `stat:` and the `err:`.
    fn outcome(&self) -> (&str, &str) {
        let after = |label: &str| {
            let (_, rest) = self.words.split_once(label).expect(label);
            rest.split(' ').next().unwrap_or_default()
        };
        (after("stat:"), after("err:"))
    }
}

fn receipts(outputs: &[Output]) -> Vec<Receipt> {
    let sent = sent(outputs)
        .into_iter()
        .filter_map(|(link, command)| match command.pdu {
            Pdu::DeliverSm(message) => Some((link, message)),
            _ => None,
        });
    let receipt = |(link, message): (LinkId, ShortMessage)| Receipt {
        link,
        words: message.segment().text(),
        id: message
            .tlvs
            .tlv_text(tag::RECEIPTED_MESSAGE_ID)
            .unwrap_or_default()
            .into(),
    };
    sent.map(receipt).collect()
}

fn submit(number: &str, segment: &Segment) -> Pdu {
    Pdu::SubmitSm(ShortMessage {
        registered_delivery: 1,
        ..ShortMessage::new(code("32665"), handset(number), segment)
    })
}

/// A message centre with two sessions of the account.
fn bench() -> Bench {
    let mut bench = Bench::bound(config());
    bench.bind(SIBLING, BindKind::Receiver);
    bench
}

/// What becomes of a text for that number, in the words of the table.
fn told(number: &str) -> String {
    let mut bench = bench();
    let request = Command::request(77, submit(number, &text("hi")));
    let outputs = bench.command(LINK, &request);
    for output in &outputs {
        match output {
            Output::Disturb {
                how: Disturbance::Octets(_),
                ..
            } if !closes(&outputs).is_empty() => {
                return "half a `submit_sm_resp`, then the connection is closed".into();
            }
            Output::Disturb {
                how: Disturbance::Octets(octets),
                ..
            } if octets.len() < usize::from(octets[3]) => {
                return "a `submit_sm_resp` that is shorter than its `command_length`".into();
            }
            Output::Disturb {
                how: Disturbance::Octets(_),
                ..
            } => return "a malformed `submit_sm_resp`".into(),
            Output::Disturb {
                how: Disturbance::Reset,
                ..
            } => return "the connection is reset".into(),
            Output::Disturb {
                how: Disturbance::Slow { octets_per_s },
                ..
            } => {
                return format!("{octets_per_s} octets a second from then on");
            }
            Output::Send { command, .. } if command.pdu == Pdu::Unbind => {
                return "`unbind` instead of an answer".into();
            }
            _ => {}
        }
    }
    match &responses(&outputs)[..] {
        [] => told_without_answer(&mut bench),
        [nack] if nack.pdu == Pdu::GenericNack => match nack.sequence_number {
            77 => "`generic_nack` with its `sequence_number`".into(),
            other => format!("`generic_nack` with `sequence_number` {other}"),
        },
        [resp] if resp.sequence_number != 77 => "answered with a wrong `sequence_number`".into(),
        [resp] if resp.status.is_ok() && !has_message_id(resp) => {
            "accepted, answered without a `message_id`".into()
        }
        [resp] if resp.status.is_ok() => told_of_receipts(number, &mut bench, &outputs),
        [resp] => told_of_status(number, &mut bench, resp.status),
        several => panic!("{number}: {several:?}"),
    }
}

fn has_message_id(resp: &Command) -> bool {
    matches!(&resp.pdu, Pdu::SubmitSmResp(resp) if resp.message_id.is_some())
}

fn told_without_answer(bench: &mut Bench) -> String {
    let enquiry = Command::request(78, Pdu::EnquireLink);
    if responses(&bench.command(LINK, &enquiry)).is_empty() {
        return "silence, over an open connection".into();
    }
    let next = Command::request(79, submit("14155550102", &text("hi")));
    let order: Vec<u32> = responses(&bench.command(LINK, &next))
        .iter()
        .map(|response| response.sequence_number)
        .collect();
    if order == [79, 77] {
        return "answered after the next `submit_sm` (1 s at most)".into();
    }
    let late = bench.wait(secs(5));
    match &responses(&late)[..] {
        [response] if response.sequence_number == 77 => "answered after 5 s".into(),
        _ => {
            let outputs = [late, bench.wait(secs(72 * HOURS))].concat();
            assert!(responses(&outputs).is_empty());
            "accepted, never answered".into()
        }
    }
}

fn told_of_status(number: &str, bench: &mut Bench, status: Status) -> String {
    let again: Vec<Status> = (0..2)
        .map(|_| answer(&bench.request(LINK, submit(number, &text("hi")))).status)
        .collect();
    match (status, &again[..]) {
        (Status(0x401), [Status(0x401), Status(0x401)]) => "0x401, a vendor's status".into(),
        (first, [second, third]) if first == *second && first == *third => first.to_string(),
        (first, [second, Status::ESME_ROK]) if first == *second => {
            assert_eq!(stats(&bench.wait(secs(60))), ["DELIVRD"], "{number}");
            format!("{first} twice for each number, then delivered")
        }
        other => panic!("{number}: {other:?}"),
    }
}

fn told_of_receipts(number: &str, bench: &mut Bench, outputs: &[Output]) -> String {
    let id = message_id(outputs);
    let places = |of: fn(&Pdu) -> bool| sent(outputs).iter().position(|(_, command)| of(&command.pdu));
    let receipt = places(|pdu| matches!(pdu, Pdu::DeliverSm(_)));
    if receipt.is_some_and(|receipt| Some(receipt) < places(Pdu::is_response)) {
        return "receipt before `submit_sm_resp`".into();
    }
    let soon = [outputs.to_vec(), bench.wait(secs(60))].concat();
    let late = bench.wait(secs(80 * HOURS));
    assert!(
        pages(&soon).is_empty() && pages(&late).is_empty(),
        "no phone is behind {number}"
    );
    let is_soon = !receipts(&soon).is_empty();
    let all = receipts(&[soon, late].concat());
    let [only] = &all[..] else {
        return if all.is_empty() {
            "receipt lost"
        } else {
            "receipt twice"
        }
        .into();
    };
    if only.link == SIBLING {
        return "receipt to another session of the account".into();
    }
    if only.id != id {
        return "receipt with a wrong id".into();
    }
    if reported_parts(number) == 1 {
        return "receipt for the first part of a text in parts only".into();
    }
    let words = match only.outcome() {
        ("DELIVRD", "000") if is_soon => "delivered",
        ("DELIVRD", "000") => "receipt late (the carrier's `receipts_late_by`)",
        ("UNDELIV", "001") => "UNDELIV, unknown subscriber",
        ("UNDELIV", "013") => "UNDELIV, barred",
        ("UNDELIV", "032") => "UNDELIV, the phone rejects it",
        ("REJECTD", "013") => "REJECTD, blocked",
        ("EXPIRED", "006") => "absent until the validity ends: EXPIRED",
        ("EXPIRED", "027") => "no coverage until then: EXPIRED",
        ("EXPIRED", "032") => "memory full until then: EXPIRED",
        ("EXPIRED", "008") => "roaming where it may not until then: EXPIRED",
        ("REJECTD", "051") => "REJECTD, the code has sent its share",
        ("EXPIRED", "031") => "busy until then: EXPIRED",
        ("EXPIRED", "034") => "system failure until the validity ends: EXPIRED",
        other => panic!("{number}: {other:?}"),
    };
    words.into()
}

/// How many of the two parts of a text get a receipt.
fn reported_parts(number: &str) -> usize {
    let mut bench = bench();
    let mut outputs = Vec::new();
    for part in 1..=2 {
        let concatenation = Concatenation {
            reference: 7,
            wide: false,
            total: 2,
            number: part,
        };
        outputs.extend(bench.request(LINK, submit(number, &Segment::part(0, concatenation, b"hi"))));
    }
    outputs.extend(bench.wait(secs(80 * HOURS)));
    receipts(&outputs).len()
}

#[test]
fn each_of_the_ten_numbers_of_an_outcome_does_what_the_table_says() {
    let readme = include_str!("../README.md");
    let rows: Vec<(String, &str)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| +1 99")?.split_once("x | "))
        .map(|(number, outcome)| {
            (
                format!("199{}", number.replace(' ', "")),
                outcome.trim_end_matches(" |"),
            )
        })
        .collect();
    assert_eq!(rows.len(), 50, "ten outcomes in each of five areas");
    for (beginning, outcome) in rows {
        for last in 0..10 {
            let number = format!("{beginning}{last}");
            assert_eq!(told(&number), outcome, "+{number}");
        }
    }
}
