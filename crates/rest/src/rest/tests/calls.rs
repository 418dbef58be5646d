use platform::{Input, Refusal, SessionId, Uid};
use proptest::prelude::*;

use super::{
    ALICE, CALL, KEY, NOW, QUIZ, asked, call, credentials, pairs, responded, rest, send, set, signed,
    until_answered,
};
use crate::client::{self, CallError};
use crate::method::{MESSAGE_OCTETS_MAX, METHODS};
use crate::params::{PARAMS_MAX, Params};
use crate::rest::{Request, Step};
use crate::signature;

#[test]
fn a_send_is_read_from_its_parameters() {
    let uid = "609143784";
    for (params, expected) in [
        (vec![("uid", uid), ("message", "hi")], send()),
        (vec![("session_key", KEY), ("message", "hi")], send()),
        (
            vec![
                ("session_key", ""),
                ("uid", uid),
                ("message", "hi"),
                ("session_id", "0"),
                ("req_session", "false"),
            ],
            send(),
        ),
        (
            vec![
                ("uid", uid),
                ("message", "hi"),
                ("session_id", ""),
                ("req_session", ""),
            ],
            send(),
        ),
        (
            vec![("uid", uid)],
            platform::Send {
                message: String::new(),
                ..send()
            },
        ),
        (
            vec![("uid", uid), ("message", "hi"), ("req_session", "True")],
            platform::Send {
                wants_session: true,
                ..send()
            },
        ),
        (
            vec![
                ("uid", uid),
                ("message", "hi"),
                ("session_id", "7"),
                ("req_session", "1"),
            ],
            platform::Send {
                session: Some(SessionId(7)),
                wants_session: true,
                ..send()
            },
        ),
        (
            vec![("uid", uid), ("message", "hi"), ("session_id", "-1")],
            platform::Send {
                session: Some(SessionId(u32::MAX)),
                ..send()
            },
        ),
        (
            vec![("uid", uid), ("message", "hi"), ("session_id", "4294967296")],
            platform::Send {
                session: Some(SessionId(u32::MAX)),
                ..send()
            },
        ),
        (
            vec![("uid", "5"), ("session_key", KEY), ("message", "hi")],
            platform::Send { to: Uid(5), ..send() },
        ),
    ] {
        let input = asked(call(&mut rest(), "facebook.sms.send", &params));
        assert_eq!(input, Input::Send(expected), "{params:?}");
    }
}

#[test]
fn a_can_send_is_about_the_sessions_user_or_another() {
    for (uid, user) in [("", ALICE), ("5", Uid(5))] {
        let input = asked(call(
            &mut rest(),
            "sms.canSend",
            &[("session_key", KEY), ("uid", uid)],
        ));
        assert_eq!(
            input,
            Input::CanSend {
                call: CALL,
                app: QUIZ,
                user
            }
        );
    }
}

#[test]
fn a_message_is_cut_only_beyond_its_limit() {
    for (length, expected) in [
        (MESSAGE_OCTETS_MAX, MESSAGE_OCTETS_MAX),
        (MESSAGE_OCTETS_MAX + 1, MESSAGE_OCTETS_MAX),
    ] {
        let message = "x".repeat(length);
        let step = call(&mut rest(), "sms.send", &[("uid", "1"), ("message", &message)]);
        let Input::Send(send) = asked(step) else {
            panic!("sms.send asks to send")
        };
        assert_eq!(send.message.len(), expected);
    }
}

#[test]
fn the_logged_in_user_is_a_number() {
    for (format, body) in [
        ("json", "609143784".to_owned()),
        ("", "facebook.xsd\">609143784</".to_owned()),
    ] {
        let step = call(
            &mut rest(),
            "users.getLoggedInUser",
            &[("session_key", KEY), ("format", format)],
        );
        let response = responded(step);
        assert!(response.body.contains(&body), "{}", response.body);
        assert_eq!(
            (response.error_code, response.summary.method.as_ref()),
            (None, "users.getLoggedInUser")
        );
    }
}

#[test]
fn a_value_that_arrives_later_replaces_one_that_arrived_before() {
    let mut params = pairs(&[
        ("method", "sms.send"),
        ("uid", "1"),
        ("message", "query"),
        ("api_key", &credentials(QUIZ).api_key),
    ]);
    set(&mut params, "message", "body");
    let mut request = signed(params, credentials(QUIZ).secret.expose());
    request
        .params
        .insert(0, ("message".to_owned(), "query".to_owned()));
    let Input::Send(send) = asked(rest().receive(NOW, CALL, request)) else {
        panic!("sms.send asks to send")
    };
    assert_eq!(send.message, "body");
}

#[test]
fn parameters_have_a_limit() {
    for (count, expected) in [(PARAMS_MAX, None), (PARAMS_MAX + 1, Some(105))] {
        let mut params = pairs(&[
            ("method", "sms.send"),
            ("uid", "1"),
            ("api_key", &credentials(QUIZ).api_key),
        ]);
        params.extend((0..count - 4).map(|n| (format!("p{n}"), String::new())));
        let request = signed(params, credentials(QUIZ).secret.expose());
        assert_eq!(request.params.len(), count);
        let answered = match rest().receive(NOW, CALL, request) {
            Step::Respond(response) => response.error_code,
            Step::Ask { .. } => None,
        };
        assert_eq!(answered, expected, "{count}");
    }
}

/// Names that the server knows, among others.
fn any_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "method",
        "api_key",
        "v",
        "call_id",
        "session_key",
        "format",
        "callback",
        "ss",
        "uid",
        "message",
        "session_id",
        "req_session",
        "sig",
        "to_ids",
        "notification",
        "type",
        "recipients",
        "recipient",
        "subject",
        "text",
        "fbml",
        "event_name",
        "auth_token",
        "ext_perm",
        "perm",
        "uids",
        "fields",
        "properties",
        "integration_point_name",
        "method_feed",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_value() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "0",
        "1",
        "json",
        "xml",
        "sms.send",
        "facebook.sms.canSend",
        KEY,
        "over",
        "1,2",
        "[\"1\",2]",
        "[",
        "{\"is_mobile\":1}",
        "[\"is_mobile\"]",
        "[\"method=sms.send&uid=1\",\"%\"]",
        "app_to_user",
        "name,uid",
    ]);
    let methods: Vec<_> = METHODS.iter().map(|method| method.name).collect();
    prop_oneof![
        3 => known.prop_map(str::to_owned),
        2 => prop::sample::select(methods).prop_map(str::to_owned),
        2 => any::<String>()
    ]
}

proptest! {
    #[test]
    fn no_pairs_panic_and_every_answer_reads_back(
        given in prop::collection::vec((any_name(), any_value()), 0..16),
        with_key: bool,
        with_sig: bool,
        with_method in prop::option::of(prop::sample::select(METHODS.iter().collect::<Vec<_>>())),
        with_session: bool,
    ) {
        let mut params: Vec<_> = given;
        if let Some(method) = with_method {
            set(&mut params, "method", method.name);
        }
        if with_session {
            set(&mut params, "session_key", KEY);
        }
        if with_key {
            set(&mut params, "api_key", &credentials(QUIZ).api_key);
        }
        if with_sig {
            params.retain(|(name, _)| name != "sig");
            let merged = Params::merge(params.clone());
            let sig = signature::sign(merged.pairs(), &credentials(QUIZ).secret);
            params.push(("sig".to_owned(), sig));
        }
        let merged = Params::merge(params.clone());
        let mut rest = rest();
        let response = match rest.receive(NOW, CALL, Request { params, peer: None }) {
            Step::Respond(response) => response,
            Step::Ask { .. } => until_answered(&mut rest, &Err(Refusal::TextsOff)),
        };
        prop_assert!(!(with_key && with_sig && response.error_code == Some(104) && !merged.bool("ss")));
        if response.content_type == "text/javascript" {
            prop_assert!(response.body.ends_with(");"));
        } else {
            match client::parse(&response.body) {
                Ok(_) => prop_assert_eq!(response.error_code, None),
                Err(CallError::Api { code, .. }) => prop_assert_eq!(response.error_code, Some(code)),
                Err(CallError::Malformed(why)) => prop_assert!(false, "{}: {}", why, response.body),
            }
        }
    }
}
