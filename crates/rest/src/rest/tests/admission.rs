use std::net::IpAddr;
use std::time::Duration;

use platform::{Answer, Refusal};

use super::{
    CALL, KEY, NEWS, NOW, QUIZ, SESSION_SECRET, asked, call, config, credentials, pairs, responded, rest,
    set, signed,
};
use crate::call_id::CALL_ID_OCTETS_MAX;
use crate::client;
use crate::config::{CallIdCheck, Config, Seconds, Settings};
use crate::params::PARAMS_MAX;
use crate::rest::{Request, Rest, Step};

/// The number of the error that a call is answered with, none when it got past the checks of this crate. Each call is made
/// of a fresh server.
fn code(method: &str, params: &[(&str, &str)]) -> Option<u16> {
    match call(&mut rest(), method, params) {
        Step::Respond(response) => response.error_code,
        Step::Ask { .. } => None,
    }
}

#[test]
fn each_check_has_its_number() {
    for (method, params, expected) in [
        ("sms.send", vec![("uid", "1")], None),
        ("sms.send", vec![], Some(100)),
        ("sms.send", vec![("uid", "1,2")], Some(100)),
        ("sms.send", vec![("uid[]", "1"), ("session_key", KEY)], Some(100)),
        ("sms.send", vec![("uid", "1"), ("api_key", "")], Some(101)),
        ("sms.send", vec![("uid", "1"), ("api_key", "0")], Some(101)),
        ("sms.send", vec![("uid", "1"), ("session_key", "none")], Some(102)),
        ("sms.send", vec![("uid", "1"), ("session_key", "over")], Some(102)),
        (
            "sms.send",
            vec![("uid", "1"), ("session_key", "of-news")],
            Some(102),
        ),
        ("sms.send", vec![("uid", "1"), ("session_key", "")], None),
        ("sms.send", vec![("uid", "1"), ("sig", "")], Some(104)),
        ("sms.send", vec![("uid", "1"), ("sig", "0")], Some(104)),
        ("sms.canSend", vec![("uid", "1")], Some(102)),
        ("sms.canSend", vec![("session_key", KEY)], None),
        ("users.getLoggedInUser", vec![], Some(102)),
        ("", vec![("uid", "1")], Some(3)),
        ("sms.sendMessage", vec![("uid", "1")], Some(3)),
        ("sms.send", vec![("uid", "1"), ("v", "2.0")], None),
    ] {
        assert_eq!(code(method, &params), expected, "{method} {params:?}");
    }
}

/// A fault that a call can have, in the order in which the server looks for them.
type FaultOf = (u16, fn(&mut Vec<(String, String)>, &mut Option<IpAddr>));

/// Every pair of checks: a call with both faults is answered with the earlier one's number.
#[test]
fn an_earlier_check_beats_every_later_one() {
    let faults: [FaultOf; 11] = [
        (105, |params, _| {
            params.extend((0..PARAMS_MAX).map(|n| (format!("p{n}"), String::new())))
        }),
        (101, |params, _| set(params, "api_key", "0")),
        (5, |_, peer| *peer = Some([10, 1, 2, 3].into())),
        (4, |params, _| set(params, "limit_reached", "1")),
        (102, |params, _| {
            set(params, "ss", "1");
            params.retain(|(name, _)| name != "session_key");
        }),
        (3, |params, _| params.retain(|(name, _)| name != "method")),
        (102, |params, _| set(params, "session_key", "none")),
        (104, |params, _| set(params, "wrong_signature", "1")),
        (3, |params, _| set(params, "method", "no.such")),
        (103, |params, _| set(params, "call_id", "5")),
        (100, |params, _| set(params, "uid", "1,2")),
    ];
    let answered = |broken: &[usize]| {
        let mut config = config();
        config.credentials[0].ip_list = vec![[10, 0, 0, 1].into()];
        let limit = broken.iter().any(|at| faults[*at].0 == 4);
        config.settings.requests_per_window_max = limit.then_some(1);
        let mut rest = Rest::new(config).expect("valid");
        let first = client::request(
            &credentials(QUIZ),
            "users.getLoggedInUser",
            &[("session_key", KEY), ("call_id", "5")],
        );
        assert_eq!(responded(rest.receive(NOW, CALL, first)).error_code, None);
        let given = [
            ("method", "sms.canSend"),
            ("session_key", KEY),
            ("call_id", "6"),
            ("api_key", &credentials(QUIZ).api_key),
        ];
        let (mut params, mut peer) = (pairs(&given), Some([10, 0, 0, 1].into()));
        for at in broken {
            faults[*at].1(&mut params, &mut peer);
        }
        let wrong = params.iter().any(|(name, _)| name == "wrong_signature");
        let own = credentials(QUIZ).secret;
        let secret = if wrong { "another" } else { own.expose() };
        match rest.receive(
            NOW,
            CALL,
            Request {
                peer,
                ..signed(params, secret)
            },
        ) {
            Step::Respond(response) => response.error_code,
            Step::Ask { .. } => None,
        }
    };
    assert_eq!(answered(&[]), None);
    for (at, (code, _)) in faults.iter().enumerate() {
        assert_eq!(answered(&[at]), Some(*code), "{code} alone, the fault at {at}");
        for (before, (earlier, _)) in faults[..at].iter().enumerate() {
            let what = format!("{earlier} ({before}) before {code} ({at})");
            assert_eq!(answered(&[at, before]), Some(*earlier), "{what}");
        }
    }
}

#[test]
fn a_missing_session_is_noticed_between_the_method_and_the_signature() {
    assert_eq!(code("sms.canSend", &[("sig", "0")]), Some(102));
    assert_eq!(code("", &[("session_key", "none")]), Some(3));
    assert_eq!(code("sms.canSend", &[("ss", "1")]), Some(102));
}

#[test]
fn an_address_outside_the_list_is_refused_and_named() {
    let mut config = config();
    config.credentials[0].ip_list = vec![
        [10, 0, 0, 1].into(),
        "::ffff:10.0.0.2".parse().expect("an address"),
    ];
    let mut rest = Rest::new(config).expect("valid");
    for (peer, allowed) in [
        (Some("10.0.0.1"), true),
        (Some("::ffff:10.0.0.1"), true),
        (Some("10.0.0.2"), true),
        (None, true),
        (Some("10.1.2.3"), false),
        (Some("::1"), false),
    ] {
        let request = client::request(
            &credentials(QUIZ),
            "users.getLoggedInUser",
            &[("session_key", KEY)],
        );
        let request = Request {
            peer: peer.map(|peer| peer.parse().expect("an address")),
            ..request
        };
        let response = responded(rest.receive(NOW, CALL, request));
        assert_eq!(response.error_code, (!allowed).then_some(5), "{peer:?}");
        if let (Some(peer), false) = (peer, allowed) {
            assert!(
                response
                    .body
                    .contains(&format!("Unauthorized source IP address (ip was: {peer})")),
                "{}",
                response.body
            );
        }
    }
}

#[test]
fn call_ids_grow_within_a_session() {
    for (ids, codes) in [
        (["5", "5", "6"], [None, Some(103), None]),
        (
            ["1217980800.1234", "1217980800.1233", "1217980800.12341"],
            [None, Some(103), None],
        ),
        (
            ["90071992547409930", "90071992547409931", "90071992547409931.0"],
            [None, None, Some(103)],
        ),
        (["5", "8cb1f0aa", "5"], [None, None, Some(103)]),
        (["5", "", "5.0"], [None, None, Some(103)]),
        (["9", "10", "9"], [None, None, Some(103)]),
    ] {
        let mut rest = rest();
        let answered = ids.map(|id| {
            responded(call(
                &mut rest,
                "users.getLoggedInUser",
                &[("session_key", KEY), ("call_id", id)],
            ))
            .error_code
        });
        assert_eq!(answered, codes, "{ids:?}");
    }
}

#[test]
fn call_ids_are_no_matter_without_a_session_across_sessions_or_when_switched_off() {
    let mut rest = rest();
    for id in ["5", "4"] {
        asked(call(&mut rest, "sms.send", &[("uid", "1"), ("call_id", id)]));
        rest.answer(CALL, &Err(Refusal::TextsOff));
    }
    for key in [KEY, "without-secret"] {
        let step = call(
            &mut rest,
            "users.getLoggedInUser",
            &[("session_key", key), ("call_id", "5")],
        );
        assert_eq!(responded(step).error_code, None);
    }
    let settings = Settings {
        call_id_check: CallIdCheck::Off,
        ..Settings::default()
    };
    let mut off = Rest::new(Config { settings, ..config() }).expect("valid");
    for id in ["5", "5"] {
        let step = call(
            &mut off,
            "users.getLoggedInUser",
            &[("session_key", KEY), ("call_id", id)],
        );
        assert_eq!(responded(step).error_code, None);
    }
}

#[test]
fn a_call_that_fails_its_signature_does_not_use_its_call_id() {
    let mut rest = rest();
    let params = [("session_key", KEY), ("call_id", "5")];
    let forged = [params[0], params[1], ("sig", "0")];
    assert_eq!(
        responded(call(&mut rest, "users.getLoggedInUser", &forged)).error_code,
        Some(104)
    );
    assert_eq!(
        responded(call(&mut rest, "users.getLoggedInUser", &params)).error_code,
        None
    );
}

#[test]
fn a_call_id_longer_than_the_limit_is_not_compared() {
    let mut rest = rest();
    for (length, expected) in [
        (CALL_ID_OCTETS_MAX, None),
        (CALL_ID_OCTETS_MAX + 1, None),
        (CALL_ID_OCTETS_MAX, Some(103)),
    ] {
        let id = "7".repeat(length);
        let step = call(
            &mut rest,
            "users.getLoggedInUser",
            &[("session_key", KEY), ("call_id", &id)],
        );
        assert_eq!(responded(step).error_code, expected, "{length}");
    }
}

#[test]
fn a_session_secret_signs_what_it_may_sign() {
    let api_key = credentials(QUIZ).api_key;
    let app_secret = credentials(QUIZ).secret;
    for (method, key, secret, expected) in [
        ("users.getLoggedInUser", KEY, SESSION_SECRET, None),
        ("users.getLoggedInUser", KEY, app_secret.expose(), Some(104)),
        (
            "users.getLoggedInUser",
            "without-secret",
            app_secret.expose(),
            Some(104),
        ),
        ("users.isAppUser", KEY, SESSION_SECRET, None),
        ("users.hasAppPermission", KEY, SESSION_SECRET, Some(100)),
        ("users.getInfo", KEY, SESSION_SECRET, Some(100)),
        ("friends.get", KEY, SESSION_SECRET, None),
        ("batch.run", KEY, SESSION_SECRET, Some(100)),
        ("notifications.send", KEY, SESSION_SECRET, Some(3)),
        ("liveMessage.send", KEY, SESSION_SECRET, Some(3)),
        ("auth.promoteSession", KEY, SESSION_SECRET, Some(3)),
        ("auth.expireSession", KEY, SESSION_SECRET, Some(3)),
        ("admin.setAppProperties", KEY, SESSION_SECRET, Some(3)),
        ("sms.canSend", KEY, SESSION_SECRET, Some(3)),
        ("sms.send", KEY, SESSION_SECRET, Some(3)),
    ] {
        let params = pairs(&[
            ("method", method),
            ("api_key", &api_key),
            ("session_key", key),
            ("ss", "1"),
        ]);
        let answered = match rest().receive(NOW, CALL, signed(params, secret)) {
            Step::Respond(response) => response.error_code,
            Step::Ask { .. } => None,
        };
        assert_eq!(answered, expected, "{method} {key}");
    }
}

#[test]
fn an_app_may_make_so_many_calls_in_a_window_and_only_its_own_count() {
    let seconds = |seconds: u64| Seconds::try_from(seconds).expect("in range");
    let settings = Settings {
        requests_per_window_max: Some(2),
        request_window: seconds(10),
        ..Settings::default()
    };
    let mut rest = Rest::new(Config { settings, ..config() }).expect("valid");
    let mut code = |at_s: u64, app, sig: Option<&str>| {
        let mut params = vec![("integration_point_name", "emails_per_day")];
        params.extend(sig.map(|sig| ("sig", sig)));
        let request = client::request(&credentials(app), "admin.getAllocation", &params);
        match rest.receive(NOW + Duration::from_secs(at_s), CALL, request) {
            Step::Respond(response) => response.error_code,
            Step::Ask { .. } => responded(rest.answer(CALL, &Ok(Answer::Number(5)))).error_code,
        }
    };
    for (at_s, app, sig, expected) in [
        (0, QUIZ, Some("0"), Some(104)),
        (1, QUIZ, None, None),
        (2, QUIZ, Some("0"), Some(104)),
        (9, QUIZ, None, None),
        (9, NEWS, None, None),
        (10, QUIZ, None, Some(4)),
        (10, QUIZ, Some("0"), Some(4)),
        (11, QUIZ, None, None),
        (20, QUIZ, None, None),
        (20, QUIZ, None, Some(4)),
    ] {
        assert_eq!(code(at_s, app, sig), expected, "at {at_s} s");
    }
}
