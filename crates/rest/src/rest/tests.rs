//! Calls as they come off the wire: how they are read ([`calls`], [`parameters`]), checked ([`admission`]) and answered
//! ([`answers`], [`methods`], [`batch`]), how users log in ([`login`]), and what the server starts with ([`setup`]).

mod admission;
mod answers;
mod batch;
mod calls;
mod login;
mod methods;
mod parameters;
mod setup;

use super::*;
use crate::client;
use crate::config::Session;
use crate::credentials::Secret;

const NOW: Timestamp = Timestamp::from_secs(1_217_980_800);
const CALL: CallId = CallId(1);
const QUIZ: AppId = AppId(1);
const NEWS: AppId = AppId(2);
const ALICE: Uid = Uid(609_143_784);
const KEY: &str = "5f34e11bfb97c762e439e6a5-609143784";
const SESSION_SECRET: &str = "3e4a22bb2f5ed75114b0fc9995ea85f1";

fn credentials(app: AppId) -> Credentials {
    Credentials {
        app,
        name: format!("app{app}"),
        api_key: format!("{:032x}", app.0),
        secret: Secret::new(format!("secret-of-{app}")).expect("valid"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    }
}

fn config() -> Config {
    let session = |app, key: &str, expires, secret: Option<&str>| Session {
        app,
        user: ALICE,
        key: key.to_owned(),
        expires,
        secret: secret.map(|secret| Secret::new(secret).expect("valid")),
    };
    Config {
        settings: Settings::default(),
        credentials: vec![credentials(QUIZ), credentials(NEWS)],
        sessions: vec![
            session(QUIZ, KEY, None, Some(SESSION_SECRET)),
            session(QUIZ, "without-secret", None, None),
            session(QUIZ, "over", Some(NOW), None),
            session(NEWS, "of-news", None, None),
        ],
        chance: 7,
    }
}

fn rest() -> Rest {
    Rest::new(config()).expect("valid")
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn call(rest: &mut Rest, method: &str, params: &[(&str, &str)]) -> Step {
    rest.receive(NOW, CALL, client::request(&credentials(QUIZ), method, params))
}

fn asked(step: Step) -> Input {
    match step {
        Step::Ask { input, .. } => input,
        Step::Respond(response) => panic!("answered at once: {response}"),
    }
}

fn responded(step: Step) -> Response {
    match step {
        Step::Respond(response) => response,
        Step::Ask { input, .. } => panic!("asked the platform: {input:?}"),
    }
}

/// Answers every question of the call that waits, and gives the call's answer.
fn until_answered(rest: &mut Rest, answer: &Result<Answer, Refusal>) -> Response {
    loop {
        if let Step::Respond(response) = rest.answer(CALL, answer) {
            return response;
        }
    }
}

fn send() -> platform::Send {
    let (message, wants_session) = ("hi".to_owned(), false);
    platform::Send {
        call: CALL,
        app: QUIZ,
        to: ALICE,
        message,
        session: None,
        wants_session,
    }
}

/// Signs with a secret of the caller's choice, leaving every pair as it is.
fn signed(mut params: Vec<(String, String)>, secret: &str) -> Request {
    let sig = crate::signature::sign(&params, &Secret::new(secret).expect("valid"));
    params.push(("sig".to_owned(), sig));
    Request { params, peer: None }
}

fn set(params: &mut Vec<(String, String)>, name: &str, value: &str) {
    params.retain(|(known, _)| known != name);
    params.push((name.to_owned(), value.to_owned()));
}
