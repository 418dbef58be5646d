//! Tokens, sessions and their secrets.

use std::time::Duration;

use platform::{Answer, Uid};
use sms::Timestamp;

use super::{ALICE, CALL, NEWS, NOW, QUIZ, config, credentials, pairs, responded, rest, signed};
use crate::client;
use crate::config::{Config, Settings};
use crate::properties::IP_LIST_MAX;
use crate::response::Response;
use crate::rest::{Rest, Step};
use crate::value::Value;

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn call(rest: &mut Rest, now: Timestamp, method: &str, params: &[(&str, &str)]) -> Response {
    let mut given = vec![("format", "json")];
    given.extend(params);
    responded(rest.receive(now, CALL, client::request(&credentials(QUIZ), method, &given)))
}

fn value(response: &Response) -> Value {
    client::parse(&response.body).unwrap_or_else(|error| panic!("{error}: {}", response.body))
}

fn text(value: Value) -> String {
    let Value::Text(text) = value else {
        panic!("{value:?} is no text")
    };
    text
}

fn field(value: &Value, name: &str) -> Option<Value> {
    let Value::Fields(fields) = value else {
        panic!("{value:?} has no members")
    };
    let (_, value) = fields.iter().find(|(known, _)| known == name)?;
    Some(value.clone())
}

fn token(rest: &mut Rest) -> String {
    text(value(&call(rest, NOW, "auth.createToken", &[])))
}

#[test]
fn a_token_that_a_user_has_approved_is_good_for_one_session() {
    let mut rest = rest();
    let token = token(&mut rest);
    assert_eq!(token.len(), 32);
    let params = [("auth_token", token.as_str())];
    let code = |rest: &mut Rest, now| call(rest, now, "auth.getSession", &params).error_code;
    assert_eq!(code(&mut rest, NOW), Some(100), "nobody has approved it");
    assert_eq!(rest.log_in(NOW, NEWS, ALICE, Some(&token)), None, "another app's");
    assert_eq!(rest.log_in(NOW, QUIZ, ALICE, Some(&token)), Some(token.clone()));
    assert_eq!(
        rest.log_in(NOW, QUIZ, Uid(5), Some(&token)),
        None,
        "approved already"
    );
    let response = call(&mut rest, NOW, "auth.getSession", &params);
    let session = value(&response);
    let key = text(field(&session, "session_key").expect("a key"));
    assert!(key.ends_with("-609143784"), "{key}");
    assert_eq!(field(&session, "uid"), Some(Value::Text("609143784".to_owned())));
    assert_eq!(field(&session, "secret"), None);
    assert_eq!(response.hidden, [key.as_str()]);
    assert_eq!(code(&mut rest, NOW), Some(100), "it is used");
    for (params, expected) in [
        (vec![], Some(100)),
        (vec![("auth_token", "")], Some(100)),
        (vec![("auth_token", "no such token")], Some(100)),
    ] {
        assert_eq!(
            call(&mut rest, NOW, "auth.getSession", &params).error_code,
            expected
        );
    }
    let user = call(&mut rest, NOW, "users.getLoggedInUser", &[("session_key", &key)]);
    assert_eq!(value(&user), Value::Int(609_143_784));
}

#[test]
fn a_session_lasts_as_long_as_is_set_up_to_the_full_hour() {
    // 1,217,980,800 s is a full hour; a day later the session ends, from half past on an hour later.
    for (login_s, ends_s) in [(0, 86_400), (1, 90_000), (1_800, 90_000), (3_600, 90_000)] {
        let mut rest = rest();
        let token = rest.log_in(at(login_s), QUIZ, ALICE, None).expect("a new token");
        let session = value(&call(
            &mut rest,
            at(login_s),
            "auth.getSession",
            &[("auth_token", &token)],
        ));
        let expires = i64::try_from(1_217_980_800 + ends_s).expect("small");
        assert_eq!(field(&session, "expires"), Some(Value::Int(expires)));
        let key = text(field(&session, "session_key").expect("a key"));
        let mut code =
            |now| call(&mut rest, now, "users.getLoggedInUser", &[("session_key", &key)]).error_code;
        assert_eq!(code(at(ends_s - 1)), None);
        assert_eq!(code(at(ends_s)), Some(102));
    }
    let settings = Settings {
        api_session_ttl: None,
        ..Settings::default()
    };
    let mut rest = Rest::new(Config { settings, ..config() }).expect("valid");
    let token = rest.log_in(NOW, QUIZ, ALICE, None).expect("a new token");
    let session = value(&call(
        &mut rest,
        NOW,
        "auth.getSession",
        &[("auth_token", &token)],
    ));
    assert_eq!(field(&session, "expires"), Some(Value::Int(0)));
    let key = text(field(&session, "session_key").expect("a key"));
    let promoted = call(&mut rest, NOW, "auth.promoteSession", &[("session_key", &key)]);
    assert_eq!(promoted.error_code, Some(100), "a session that never ends");
}

#[test]
fn a_token_is_over_when_its_time_is() {
    for (login_s, redeem_s, expected) in [(0, 3_599, None), (0, 3_600, Some(100)), (3_599, 3_599, None)] {
        let mut rest = rest();
        let token = token(&mut rest);
        rest.log_in(at(login_s), QUIZ, ALICE, Some(&token));
        let response = call(
            &mut rest,
            at(redeem_s),
            "auth.getSession",
            &[("auth_token", &token)],
        );
        assert_eq!(response.error_code, expected, "{login_s} {redeem_s}");
    }
}

#[test]
fn a_login_is_over_when_its_user_removes_the_app() {
    let mut rest = rest();
    let removed = rest.log_in(NOW, QUIZ, ALICE, None).expect("a new token");
    let others = [(NEWS, ALICE), (QUIZ, Uid(5))].map(|(app, user)| {
        let token = rest.log_in(NOW, app, user, None).expect("a new token");
        (app, token)
    });
    rest.end_sessions(QUIZ, ALICE);
    let mut code = |app, token: &str| {
        let request = client::request(&credentials(app), "auth.getSession", &[("auth_token", token)]);
        responded(rest.receive(NOW, CALL, request)).error_code
    };
    assert_eq!(code(QUIZ, &removed), Some(100));
    for (app, token) in others {
        assert_eq!(code(app, &token), None, "another app's, or another user's: {app}");
    }
}

#[test]
fn a_promoted_session_signs_with_one_secret_that_no_record_and_no_echo_holds() {
    let mut rest = rest();
    let token = rest.log_in(NOW, QUIZ, ALICE, None).expect("a new token");
    let params = [("auth_token", token.as_str()), ("generate_session_secret", "1")];
    let response = call(&mut rest, NOW, "auth.getSession", &params);
    let session = value(&response);
    let key = text(field(&session, "session_key").expect("a key"));
    let secret = text(field(&session, "secret").expect("a secret"));
    assert_eq!(response.hidden, [key.clone(), secret.clone()]);
    let promoted = call(&mut rest, NOW, "auth.promoteSession", &[("session_key", &key)]);
    assert_eq!(text(value(&promoted)), secret, "the same one on repeat");
    assert_eq!(promoted.hidden, [secret.as_str()]);
    let api_key = credentials(QUIZ).api_key;
    let params = pairs(&[
        ("method", "users.getLoggedInUser"),
        ("api_key", &api_key),
        ("session_key", &key),
        ("ss", "1"),
    ]);
    let signed = signed(params, &secret);
    assert_eq!(
        responded(rest.receive(NOW, CALL, signed.clone())).error_code,
        None
    );
    let leak = call(
        &mut rest,
        NOW,
        "sms.send",
        &[("uid", "x"), ("message", &format!("0{secret}f"))],
    );
    assert!(!leak.body.contains(&secret), "{}", leak.body);
    let noted = rest.note(&signed, u32::MAX);
    assert!(
        noted
            .params
            .iter()
            .all(|(name, _)| name != "session_key" && name != "sig")
    );
    assert_eq!(noted.hidden, [key.as_str()]);
    let expired = call(&mut rest, NOW, "auth.expireSession", &[("session_key", &key)]);
    assert_eq!(expired.body, "1");
    assert_eq!(responded(rest.receive(NOW, CALL, signed)).error_code, Some(102));
    let again = call(&mut rest, NOW, "auth.expireSession", &[("session_key", &key)]);
    assert_eq!(again.error_code, Some(102));
}

#[test]
fn the_same_chance_makes_the_same_tokens() {
    assert_eq!(token(&mut rest()), token(&mut rest()));
    let other = Config {
        chance: 8,
        ..config()
    };
    let mut other = Rest::new(other).expect("valid");
    assert_ne!(token(&mut other), token(&mut rest()));
    let mut one = rest();
    assert_ne!(token(&mut one), token(&mut one));
}

#[test]
fn an_app_sets_its_properties_all_or_none() {
    let mut rest = rest();
    let get = |rest: &mut Rest| {
        let list = r#"["callback_url","uninstall_url","ip_list","is_mobile","application_name","canvas_name","desktop"]"#;
        let request = client::request(
            &credentials(QUIZ),
            "admin.getAppProperties",
            &[("properties", list), ("format", "json")],
        );
        let Step::Ask { .. } = rest.receive(NOW, CALL, request) else {
            panic!("the platform knows the app's title")
        };
        let info = platform::AppInfo {
            title: "Movie \"Quiz\"".to_owned(),
            canvas: "quiz".to_owned(),
            sms_capable: true,
        };
        text(value(&responded(rest.answer(CALL, &Ok(Answer::App(info))))))
    };
    let rest_of = r#""is_mobile":1,"application_name":"Movie \"Quiz\"","canvas_name":"quiz","desktop":0}"#;
    assert_eq!(
        get(&mut rest),
        format!(r#"{{"callback_url":"","uninstall_url":"","ip_list":"",{rest_of}"#)
    );
    let changes =
        r#"{"callback_url":"http://h/","uninstall_url":"http://h/gone","ip_list":"10.0.0.1, 10.0.0.2"}"#;
    assert_eq!(
        call(
            &mut rest,
            NOW,
            "admin.setAppProperties",
            &[("properties", changes)]
        )
        .body,
        "1"
    );
    let set = r#"{"callback_url":"http://h/","uninstall_url":"http://h/gone","ip_list":"10.0.0.1,10.0.0.2","#;
    assert_eq!(get(&mut rest), format!("{set}{rest_of}"));
    for wrong in [
        r#"{"callback_url":"http://i/","uninstall_url":"nowhere"}"#,
        r#"{"callback_url":"http://i/","application_name":"Quiz"}"#,
        r#"{"callback_url":"http://i/","no_such":1}"#,
        r#"{"callback_url":"http://i/","ip_list":"10.0.0"}"#,
        r#"{"callback_url":"http://i/","is_mobile":2}"#,
        r#"{"callback_url":1}"#,
        "[]",
        "{",
        "",
    ] {
        let response = call(&mut rest, NOW, "admin.setAppProperties", &[("properties", wrong)]);
        assert_eq!(response.error_code, Some(100), "{wrong}");
        assert_eq!(get(&mut rest), format!("{set}{rest_of}"), "{wrong}");
    }
    for (letters, taken) in [(93, Some(100)), (92, None)] {
        let long = format!(r#"{{"uninstall_url":"http://{}/"}}"#, "h".repeat(letters));
        let response = call(&mut rest, NOW, "admin.setAppProperties", &[("properties", &long)]);
        assert_eq!(response.error_code, taken, "{long}");
    }
    for (addresses, taken) in [(IP_LIST_MAX + 1, Some(100)), (IP_LIST_MAX, None)] {
        let long = format!(r#"{{"ip_list":"{}"}}"#, vec!["10.0.0.1"; addresses].join(","));
        let response = call(&mut rest, NOW, "admin.setAppProperties", &[("properties", &long)]);
        assert_eq!(response.error_code, taken, "{addresses}");
    }
    let away = r#"{"callback_url":"","ip_list":[]}"#;
    call(&mut rest, NOW, "admin.setAppProperties", &[("properties", away)]);
    let url = rest.credentials(QUIZ).and_then(|app| app.callback_url.clone());
    assert_eq!(url, None);
}
