//! Octets as a call of the REST API.

use platform::{AppId, CallId, Refusal, Uid};
use rest::{Config, Credentials, Request, Rest, Secret, Step, client};
use sms::Timestamp;

use super::choice;

/// Answers of the platform to one call, at most: a batch asks once for each of its calls.
const ANSWERS_MAX: usize = 100;

/// Every call is answered, and the client of an app can read what it gets.
pub fn rest(octets: &[u8]) {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(octets)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let quiz = Credentials {
        app: AppId(1),
        name: "quiz".to_owned(),
        api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
        secret: Secret::new("3e4a22bb2f5ed75114b0fc9995ea85f1").expect("valid"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    };
    let mut rest = Rest::new(Config {
        credentials: vec![quiz.clone()],
        ..Config::default()
    })
    .expect("valid");
    let request = if choice(octets) & 1 == 0 {
        Request {
            params: pairs,
            peer: None,
        }
    } else {
        // With a right signature it comes further.
        let method = pairs.iter().find(|(name, _)| name == "method");
        let method = method.map_or("sms.send", |(_, value)| value.as_str());
        let signed = ["method", "api_key", "sig", "v"];
        let params: Vec<(&str, &str)> = pairs
            .iter()
            .filter(|(name, _)| !signed.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        client::request(&quiz, method, &params)
    };
    // What a record holds of a call can be made of every call.
    let _ = rest.note(&request, u32::MAX);
    let mut step = rest.receive(Timestamp::from_secs(1_217_980_800), CallId(1), request);
    for _ in 0..ANSWERS_MAX {
        match step {
            Step::Respond(response) => {
                assert!(!response.content_type.is_empty());
                return;
            }
            Step::Ask { call, .. } => step = rest.answer(call, &Err(Refusal::NoSuchUser { user: Uid(7) })),
        }
    }
    panic!("the call has no answer");
}
