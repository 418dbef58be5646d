use platform::{Answer, CallId, Refusal, SessionFault, SessionId, SubmissionId};

use super::{ALICE, CALL, KEY, NOW, QUIZ, SESSION_SECRET, asked, call, config, credentials, responded, rest};
use crate::client::{self, CallError};
use crate::config::{CansendErrors, Config, Settings};
use crate::rest::{CALLS_PENDING_MAX, Rest, SUMMARY_METHOD_OCTETS_MAX, SUMMARY_WHY_OCTETS_MAX};
use crate::value::Value;

#[test]
fn answers_are_spelt_in_the_form_that_was_asked_for() {
    let (submission, no_session) = (SubmissionId(9), None);
    let sent = Answer::Sent {
        submission,
        session: no_session,
    };
    let with_session = Answer::Sent {
        submission,
        session: Some(SessionId(7)),
    };
    let refused = |refusal: Refusal| Err(refusal);
    for (method, params, answer, begins) in [
        (
            "sms.send",
            vec![("uid", "1"), ("format", "JSON")],
            Ok(sent.clone()),
            "0",
        ),
        (
            "sms.send",
            vec![("uid", "1"), ("format", "json")],
            Ok(with_session.clone()),
            "7",
        ),
        (
            "sms.send",
            vec![("uid", "1"), ("format", "json"), ("callback", "f")],
            Ok(with_session.clone()),
            "f(7);",
        ),
        (
            "sms.canSend",
            vec![("session_key", KEY), ("format", "json")],
            Ok(Answer::CanSend),
            "0",
        ),
        (
            "sms.send",
            vec![("uid", "1"), ("format", "json")],
            refused(Refusal::TextsOff),
            "{\"error_code\":856,\"error_msg\":\"User has SMS notifications turned off\",\
             \"request_args\":[{\"key\":\"method\",\"value\":\"sms.send\"},{\"key\":\"api_key\",",
        ),
    ] {
        let mut rest = rest();
        asked(call(&mut rest, method, &params));
        let response = responded(rest.answer(CALL, &answer));
        assert!(response.body.starts_with(begins), "{}", response.body);
        assert_eq!(response.error_code.is_some(), answer.is_err());
        assert_eq!(response.summary.app, Some(QUIZ));
    }
}

#[test]
fn the_xml_root_is_spelt_as_the_caller_spelt_the_method() {
    for (method, root) in [
        ("facebook.sms.cansend", "sms_cansend_response"),
        ("sms.canSend", "sms_canSend_response"),
        ("SMS_canSend", "SMS_canSend_response"),
    ] {
        let mut rest = rest();
        asked(call(&mut rest, method, &[("session_key", KEY)]));
        let body = responded(rest.answer(CALL, &Ok(Answer::CanSend))).body;
        assert!(body.contains(&format!("\n<{root} xmlns=")), "{body}");
        assert!(body.ends_with(&format!("facebook.xsd\">0</{root}>\n")), "{body}");
        assert_eq!(client::parse(&body), Ok(Value::Int(0)));
    }
}

#[test]
fn refusals_of_can_send_are_errors_or_values() {
    for (cansend_errors, method, refusal, is_value, code) in [
        (
            CansendErrors::ErrorResponse,
            "sms.canSend",
            Refusal::TextsOff,
            false,
            856,
        ),
        (CansendErrors::Value, "sms.canSend", Refusal::TextsOff, true, 856),
        (
            CansendErrors::Value,
            "sms.canSend",
            Refusal::NotGranted,
            true,
            270,
        ),
        (
            CansendErrors::Value,
            "sms.canSend",
            Refusal::NoSuchUser { user: ALICE },
            false,
            100,
        ),
        (CansendErrors::Value, "sms.send", Refusal::TextsOff, false, 856),
    ] {
        let settings = Settings {
            cansend_errors,
            ..Settings::default()
        };
        let mut rest = Rest::new(Config { settings, ..config() }).expect("valid");
        asked(call(&mut rest, method, &[("session_key", KEY)]));
        let response = responded(rest.answer(CALL, &Err(refusal)));
        let parsed = client::parse(&response.body);
        assert_eq!(response.error_code, Some(code));
        match parsed {
            Ok(value) => assert_eq!((value, is_value), (Value::Int(i64::from(code)), true)),
            Err(CallError::Api { code: parsed, .. }) => assert_eq!((parsed, is_value), (code, false)),
            Err(CallError::Malformed(why)) => panic!("{why}"),
        }
    }
}

#[test]
fn a_dead_session_is_850_with_its_text() {
    let mut rest = rest();
    asked(call(&mut rest, "sms.send", &[("uid", "1"), ("session_id", "7")]));
    let fault = SessionFault::Expired { ago_ms: 1_000 };
    let session = SessionId(7);
    let response = responded(rest.answer(CALL, &Err(Refusal::Session { session, fault })));
    let message = "Invalid sms session.".to_owned();
    assert_eq!(
        client::parse(&response.body),
        Err(CallError::Api { code: 850, message })
    );
    assert_eq!(response.to_string(), "sms.send = 850 Invalid sms session.");
}

#[test]
fn arguments_are_echoed_in_order_with_sig_and_without_any_secret() {
    let secret = credentials(QUIZ).secret;
    let leak = format!("my secret is {} and {SESSION_SECRET}", secret.expose());
    let params = [
        ("uid", ""),
        ("message", leak.as_str()),
        ("format", "json"),
        ("sig", "ab"),
    ];
    let response = responded(call(&mut rest(), "sms.send", &params));
    let message = "{\"key\":\"message\",\"value\":\"my secret is [secret] and [secret]\"}";
    let begins =
        "{\"error_code\":104,\"error_msg\":\"Incorrect signature\",\"request_args\":[{\"key\":\"method\",";
    assert!(response.body.starts_with(begins), "{}", response.body);
    assert!(
        response
            .body
            .contains(&format!("{{\"key\":\"uid\",\"value\":\"\"}},{message}")),
        "{}",
        response.body
    );
    assert!(
        response.body.ends_with(",{\"key\":\"sig\",\"value\":\"ab\"}]}"),
        "{}",
        response.body
    );
    assert!(
        response
            .summary
            .why
            .as_ref()
            .is_some_and(|why| why.contains("my secret is [secret]"))
    );
}

#[test]
fn a_secret_in_place_of_the_key_or_a_name_gets_nowhere() {
    let secret = credentials(QUIZ).secret;
    for name in [
        "api_key",
        "method",
        "callback",
        "session_key",
        "format",
        secret.expose(),
    ] {
        let response = responded(call(&mut rest(), "sms.send", &[(name, secret.expose())]));
        let whole = format!("{response:?}{response}");
        assert!(!whole.contains(secret.expose()), "{name}: {whole}");
    }
    let mut pending = rest();
    asked(call(&mut pending, "sms.send", &[("uid", "1")]));
    let shown = format!("{pending:?}");
    assert!(
        !shown.contains(secret.expose()) && !shown.contains(SESSION_SECRET),
        "{shown}"
    );
    let shown = serde_json::to_string(&config()).expect("serializes");
    assert!(
        !shown.contains(secret.expose()) && !shown.contains(SESSION_SECRET),
        "{shown}"
    );
}

#[test]
fn a_summary_has_limits() {
    let long = "m".repeat(SUMMARY_METHOD_OCTETS_MAX + 1);
    let text = "x".repeat(SUMMARY_WHY_OCTETS_MAX + 1);
    let response = responded(call(&mut rest(), &long, &[("text", &text), ("sig", "0")]));
    assert_eq!(response.summary.method.len(), SUMMARY_METHOD_OCTETS_MAX);
    assert_eq!(
        response.summary.why.map(|why| why.len()),
        Some(SUMMARY_WHY_OCTETS_MAX)
    );
}

#[test]
fn a_summary_holds_no_part_of_a_session_key() {
    let mut rest = rest();
    for octets in SUMMARY_WHY_OCTETS_MAX - 200..SUMMARY_WHY_OCTETS_MAX {
        let text = "x".repeat(octets);
        let params = [("message", text.as_str()), ("session_key", KEY), ("sig", "0")];
        let why = responded(call(&mut rest, "sms.send", &params)).summary.why;
        let why = why.expect("the signature is wrong");
        assert!(!why.contains(&KEY[..4]), "{why}");
    }
}

#[test]
fn one_call_more_than_may_wait_is_told_to_come_back() {
    let mut rest = rest();
    let request = client::request(&credentials(QUIZ), "sms.send", &[("uid", "1")]);
    for n in 0..CALLS_PENDING_MAX as u64 {
        asked(rest.receive(NOW, CallId(n), request.clone()));
    }
    let beyond = CallId(CALLS_PENDING_MAX as u64);
    assert_eq!(
        responded(rest.receive(NOW, beyond, request.clone())).error_code,
        Some(2)
    );
    rest.answer(CallId(0), &Err(Refusal::TextsOff));
    asked(rest.receive(NOW, beyond, request));
}
