//! The messages of a running server, found by what they are and told with their lives.

mod served;

use std::net::TcpStream;

use serde_json::{Value, json};
use served::{Served, ask, bind, receive, submit};

const WORLD: &str =
    "carrier att, latency 1ms\nuser alice +14155550101 on att\nuser bob +14155550102 on att\nesme gate\n";

fn found(serve: &Served, query: &str) -> Value {
    let (head, body) = serve.http(&format!("GET /api/v1/worlds/default/messages{query}"), "");
    assert!(head.contains("200 OK"), "{head} {body}");
    serde_json::from_str(&body).expect("JSON")
}

fn texts(found: &Value) -> Vec<&str> {
    let messages = found["messages"].as_array().expect("messages");
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap_or("?"))
        .collect()
}

/// A server that has delivered "Who directed Jaws?" and "Nobody" to Alice, and "hello" to Bob.
fn texted() -> (Served, TcpStream) {
    let serve = Served::start(WORLD, &[]);
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(bind(&mut link).expect("an answer"), 0);
    let sent = [
        ("+14155550101", "Who directed Jaws?"),
        ("+14155550101", "Nobody"),
        ("+14155550102", "hello"),
    ];
    for (number, (to, text)) in (2..).zip(sent) {
        assert_eq!(ask(&mut link, number, submit(to, text)).expect("an answer"), 0);
        while receive(&mut link).expect("a receipt")[4..8] != [0, 0, 0, 5] {}
    }
    (serve, link)
}

#[test]
fn messages_are_found_by_address_text_state_and_time() {
    let (serve, _link) = texted();
    let (all, none): (&[&str], &[&str]) = (&["Who directed Jaws?", "Nobody", "hello"], &[]);
    for (query, expected) in [
        ("", all),
        ("?address=1415555", all),
        ("?address=%2B14155550102", &["hello"]),
        ("?address=12345", all),
        ("?address=415", none),
        ("?text=JAWS", &["Who directed Jaws?"]),
        ("?text=o&address=14155550101", &["Who directed Jaws?", "Nobody"]),
        ("?state=delivered", all),
        ("?state=expired", none),
        ("?since=0", all),
        ("?until=0", none),
        ("?limit=0", none),
    ] {
        assert_eq!(texts(&found(&serve, query)), expected, "{query}");
    }
}

#[test]
fn pages_of_messages_follow_each_other_to_the_end() {
    let (serve, _link) = texted();
    let first = found(&serve, "?limit=2");
    assert_eq!(texts(&first), ["Who directed Jaws?", "Nobody"]);
    let second = found(&serve, &format!("?limit=2&after={}", first["next"]));
    assert_eq!((texts(&second), &second["next"]), (vec!["hello"], &Value::Null));
}

#[test]
fn a_text_for_several_and_one_in_the_alphabet_of_its_account_are_read() {
    let world = WORLD.replace("esme gate", "esme gate, data_coding 0 latin1");
    let serve = Served::start(&world, &[]);
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(bind(&mut link).expect("an answer"), 0);
    let smpp::Pdu::SubmitSm(one) = submit("+14155550101", "") else {
        panic!("a submit_sm")
    };
    let message = smpp::ShortMessage {
        short_message: b"Caf\xE9".into(),
        registered_delivery: 0,
        ..one.clone()
    };
    let to =
        |digits: &str| smpp::DestAddress::Sme(digits.parse::<sms::Msisdn>().expect("a number").address());
    let multi = smpp::SubmitMulti {
        message,
        destinations: vec![to("+14155550101"), to("+14155550102")],
    };
    assert_eq!(
        ask(&mut link, 2, smpp::Pdu::SubmitMulti(multi)).expect("an answer"),
        0
    );
    assert_eq!(texts(&found(&serve, "?text=caf%C3%A9")), ["Café", "Café"]);
    assert_eq!(
        texts(&found(&serve, "?text=CAF%C3%89&address=14155550102")),
        ["Café"]
    );
}

#[test]
fn a_text_that_is_replaced_is_told_as_it_has_become() {
    let serve = Served::start(WORLD, &[]);
    let mut link = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(bind(&mut link).expect("an answer"), 0);
    let (_, told) = serve.http("POST /api/v1/worlds/default/steps", "set att link down");
    assert!(told.contains("\"ok\":true"), "{told}");
    assert_eq!(
        ask(&mut link, 2, submit("+14155550101", "One")).expect("an answer"),
        0
    );
    let before = found(&serve, "?text=one")["messages"][0].clone();
    let replace = smpp::ReplaceSm {
        message_id: before["id"].as_str().expect("an id").into(),
        source: sms::Address::dialled("12345"),
        schedule_delivery_time: "000004000000000R".into(),
        short_message: b"Two".into(),
        ..smpp::ReplaceSm::default()
    };
    let replace = smpp::Pdu::ReplaceSm(replace);
    assert_eq!(ask(&mut link, 3, replace).expect("an answer"), 0);
    assert_eq!(texts(&found(&serve, "?text=one")), [] as [&str; 0]);
    let after = found(&serve, "?text=two&state=scheduled")["messages"][0].clone();
    assert_eq!(after["id"], before["id"]);
    let at = |message: &Value, key: &str| message[key].as_i64().expect("an instant");
    assert!(at(&after, "scheduled_at") > at(&before, "expires_at"), "{after}");
    assert!(at(&after, "expires_at") > at(&after, "scheduled_at"), "{after}");
}

#[test]
fn a_message_is_told_by_its_id_with_its_life() {
    let (serve, _link) = texted();
    let listed = &found(&serve, "?text=jaws")["messages"][0];
    let id = listed["id"].as_str().expect("an id");
    let (_, body) = serve.http(&format!("GET /api/v1/worlds/default/messages/{id}"), "");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    for (field, expected) in [
        ("system_id", json!("gate")),
        ("source", json!("12345")),
        ("carrier", json!("att")),
        ("state", json!("delivered")),
        ("segments", json!(1)),
        ("attempts", json!(1)),
        ("failed_attempts", json!([])),
        ("text", json!("Who directed Jaws?")),
    ] {
        assert_eq!(told[field], expected, "{field} of {told}");
    }
    let at = |field: &str| told[field].as_i64().expect(field);
    assert!(
        at("accepted_at") <= at("finished_at") && at("finished_at") <= at("receipt_sent_at"),
        "{told}"
    );
    assert!(at("expires_at") > at("finished_at"), "{told}");
}

#[test]
fn what_cannot_be_found_or_asked_is_said() {
    let (serve, _link) = texted();
    for (path, status, said) in [
        ("messages/nothing", "404", "submit_sm_resp"),
        ("messages?state=lost", "400", "delivered"),
        ("messages?adress=1", "400", "address, text, state"),
    ] {
        let (head, body) = serve.http(&format!("GET /api/v1/worlds/default/{path}"), "");
        assert!(
            head.contains(status) && body.contains(said),
            "{path}: {head} {body}"
        );
    }
}
