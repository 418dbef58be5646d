//! Calls within `batch.run`.

use platform::{Answer, Refusal};

use super::{CALL, KEY, NOW, QUIZ, asked, call, credentials, responded, rest, until_answered};
use crate::client;
use crate::credentials::Secret;
use crate::method::BATCH_ITEMS_MAX;
use crate::noted::{Noted, PASSWORDS_MAX};
use crate::response::Response;
use crate::rest::{Rest, Step};
use crate::signature;
use crate::value::Value;

/// A call of a batch, signed by its app and url-encoded.
fn item(method: &str, params: &[(&str, &str)]) -> String {
    let request = client::request(&credentials(QUIZ), method, params);
    let encoded = |text: &str| {
        text.bytes()
            .map(|octet| match octet {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' => char::from(octet).to_string(),
                b' ' => "+".to_owned(),
                octet => format!("%{octet:02x}"),
            })
            .collect::<String>()
    };
    let pairs: Vec<_> = request
        .params
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&")
}

fn feed(items: &[String]) -> String {
    serde_json::to_string(items).expect("texts")
}

fn run(rest: &mut Rest, items: &[String], params: &[(&str, &str)]) -> Step {
    let feed = feed(items);
    let mut given = vec![("method_feed", feed.as_str())];
    given.extend(params);
    call(rest, "batch.run", &given)
}

fn bodies(response: &Response) -> Vec<Value> {
    match client::parse(&response.body).expect("well formed") {
        Value::List(items) => items,
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn the_answers_stand_in_the_order_of_the_calls() {
    let mut rest = rest();
    let items = [
        item(
            "users.getLoggedInUser",
            &[("session_key", KEY), ("format", "xml")],
        ),
        item("users.isAppUser", &[("uid", "1"), ("callback", "f")]),
        item(
            "sms.send",
            &[("uid", "1"), ("message", "Café & more"), ("sig", "0")],
        ),
        item("users.isAppUser", &[("uid", "2")]),
    ];
    let step = run(&mut rest, &items, &[("format", "json"), ("serial_only", "1")]);
    asked(step);
    let Step::Ask { method, .. } = rest.answer(CALL, &Ok(Answer::Bool(true))) else {
        panic!("the last call asks, too")
    };
    assert_eq!(method, "users.isAppUser");
    let response = responded(rest.answer(CALL, &Err(Refusal::TextsOff)));
    assert_eq!(
        (response.error_code, response.summary.method.as_ref()),
        (None, "batch.run")
    );
    let bodies = bodies(&response);
    assert_eq!(bodies.len(), 4);
    assert_eq!(bodies[0], Value::Text("609143784".to_owned()));
    assert_eq!(bodies[1], Value::Text("1".to_owned()));
    for (at, start) in [(2, "{\"error_code\":104,"), (3, "{\"error_code\":856,")] {
        assert!(
            matches!(&bodies[at], Value::Text(body) if body.starts_with(start)),
            "{bodies:?}"
        );
    }
}

#[test]
fn an_answer_in_xml_holds_documents_of_xml() {
    let items = [item("users.getLoggedInUser", &[("session_key", KEY)])];
    let response = responded(run(&mut rest(), &items, &[]));
    let begin = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<batch_run_response xmlns=";
    assert!(response.body.starts_with(begin), "{}", response.body);
    let inside = " list=\"true\">\n  <batch_run_response_elt>&lt;?xml version=&quot;1.0&quot; encoding=&quot;UTF-8&quot;?&gt;\n\
                  &lt;users_getLoggedInUser_response xmlns=&quot;";
    assert!(response.body.contains(inside), "{}", response.body);
    assert!(
        matches!(&bodies(&response)[0], Value::Text(xml) if client::parse(xml) == Ok(Value::Int(609_143_784)))
    );
}

#[test]
fn each_call_needs_its_own_signature() {
    let mut forged = item("sms.send", &[("uid", "1"), ("message", "one")]);
    forged = forged.replace("message=one", "message=two");
    let response = responded(run(&mut rest(), &[forged], &[("format", "json")]));
    assert!(matches!(&bodies(&response)[0], Value::Text(body) if body.starts_with("{\"error_code\":104,")));
}

#[test]
fn a_batch_has_a_limit_and_a_form() {
    let one = || item("users.getLoggedInUser", &[("session_key", KEY)]);
    for (count, expected) in [
        (1, None),
        (BATCH_ITEMS_MAX, None),
        (BATCH_ITEMS_MAX + 1, Some(950)),
    ] {
        let items: Vec<_> = (0..count).map(|_| one()).collect();
        let response = responded(run(&mut rest(), &items, &[("format", "json")]));
        assert_eq!(response.error_code, expected, "{count}");
        if expected.is_none() {
            assert_eq!(bodies(&response).len(), count);
        }
    }
    let empty = responded(run(&mut rest(), &[], &[("format", "json")]));
    assert_eq!(empty.body, "null");
    for (feed, expected) in [
        ("", 100),
        ("[", 144),
        ("{}", 144),
        ("[1]", 144),
        ("\"method=x\"", 144),
    ] {
        let response = responded(call(&mut rest(), "batch.run", &[("method_feed", feed)]));
        assert_eq!(response.error_code, Some(expected), "{feed}");
    }
}

#[test]
fn a_batch_within_a_batch_is_no_method() {
    let inner = item("batch.run", &[("method_feed", "[]")]);
    let response = responded(run(&mut rest(), &[inner], &[("format", "json")]));
    assert!(matches!(&bodies(&response)[0], Value::Text(body) if body.starts_with("{\"error_code\":3,")));
}

#[test]
fn what_a_batch_must_keep_secret_is_kept() {
    let mut rest = rest();
    let items = [
        item("users.getLoggedInUser", &[("session_key", KEY)]),
        item("auth.createToken", &[]),
    ];
    let feed = feed(&items);
    let request = client::request(&credentials(QUIZ), "batch.run", &[("method_feed", &feed)]);
    let noted = rest.note(&request, u32::MAX);
    assert_eq!(noted.hidden, [KEY]);
    assert!(
        noted.params.iter().all(|(_, value)| !value.contains(KEY)),
        "{noted:?}"
    );
    let response = responded(rest.receive(NOW, CALL, request));
    assert_eq!(response.hidden.len(), 1, "the token");
    assert!(response.body.contains(&response.hidden[0]));
}

#[test]
fn a_session_key_of_any_length_is_noted() {
    let long = "\u{e9}".repeat(40_000);
    let request = client::request(
        &credentials(QUIZ),
        "sms.send",
        &[("session_key", &long), ("message", &long)],
    );
    let mut rest = rest();
    let noted = rest.note(&request, 16_384);
    assert!(noted.params.value("session_key").is_none());
    let response = responded(rest.receive(NOW, CALL, request));
    assert_eq!(response.error_code, Some(102));
    let body = Noted::beginning_without(&noted.hidden, &response.body, 16_384);
    assert!(body.contains("[session key]"), "{body}");
}

#[test]
fn of_a_batch_with_more_session_keys_than_are_looked_for_none_is_noted() {
    let calls = |count: usize| -> Vec<String> { (0..count).map(|n| format!("session_key=k/{n}")).collect() };
    for (count, shows) in [(PASSWORDS_MAX, true), (PASSWORDS_MAX + 1, false), (20_000, false)] {
        let params = [
            ("method_feed", feed(&calls(count))),
            ("serial_only", "k".to_owned()),
        ];
        let params = params.each_ref().map(|(name, value)| (*name, value.as_str()));
        let request = client::request(&credentials(QUIZ), "batch.run", &params);
        let mut rest = rest();
        let noted = rest.note(&request, u32::MAX);
        assert_eq!(noted.params.value("serial_only") == Some("k"), shows, "{count}");
        let response = responded(rest.receive(NOW, CALL, request));
        let body = Noted::beginning_without(&noted.hidden, &response.body, 16_384);
        for text in noted.params.iter().map(|(_, value)| value).chain([body.as_ref()]) {
            assert!(!text.contains("k/") && !text.contains("k%2"), "{text}");
        }
    }
}

#[test]
fn a_batch_by_a_session_secret_is_made_of_calls_with_signatures_of_their_own() {
    let secret = Secret::new(super::SESSION_SECRET).expect("valid");
    let with_secret = |method: &str, more: &[(&str, &str)]| {
        let api_key = credentials(QUIZ).api_key;
        let mut pairs = super::pairs(&[
            ("method", method),
            ("api_key", &api_key),
            ("session_key", KEY),
            ("ss", "1"),
        ]);
        pairs.extend(super::pairs(more));
        let sig = signature::sign(&pairs, &secret);
        pairs.push(("sig".to_owned(), sig));
        pairs
    };
    let inner: Vec<_> = with_secret("friends.get", &[])
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let feed = feed(&[inner.join("&")]);
    let params = with_secret("batch.run", &[("method_feed", &feed), ("format", "json")]);
    let mut rest = rest();
    let request = crate::rest::Request { params, peer: None };
    asked(rest.receive(NOW, CALL, request));
    let answer = Ok(Answer::Uids(vec![platform::Uid(5)]));
    assert_eq!(until_answered(&mut rest, &answer).body, "[\"[5]\"]");
}
