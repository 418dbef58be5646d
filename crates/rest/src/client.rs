//! What an app does: builds signed calls ([`request`]) and reads the answers ([`parse`]).

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::credentials::Credentials;
use crate::rest::Request;
use crate::signature;
use crate::value::Value;

/// The deepest nesting of an answer that is read.
pub const ELEMENT_DEPTH_MAX: usize = 16;

/// Why a call brought no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// The API refused it.
    #[error("{code} {message}")]
    Api {
        /// `error_code`.
        code: u16,
        /// `error_msg`.
        message: String,
    },
    /// The body is no answer of the API.
    #[error("not an answer of the API: {0}")]
    Malformed(String),
}

/// A call of `method` with those parameters, signed by the app. `method`, `api_key`, `v` and `sig` are added; a parameter
/// of one of these names is left as it is given, so that wrong calls can be made, too.
pub fn request(credentials: &Credentials, method: &str, params: &[(&str, &str)]) -> Request {
    let given = |name: &str| params.iter().any(|(given, _)| *given == name);
    let common = [
        ("method", method),
        ("api_key", credentials.api_key.as_str()),
        ("v", "1.0"),
    ];
    let mut pairs: Vec<(String, String)> = common
        .into_iter()
        .filter(|(name, _)| !given(name))
        .chain(params.iter().copied())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if !given("sig") {
        pairs.push(("sig".to_owned(), signature::sign(&pairs, &credentials.secret)));
    }
    Request {
        params: pairs,
        peer: None,
    }
}

/// Reads the body of an answer, XML or JSON (without JSONP). XML has no types: text that is an integer is read as one.
pub fn parse(body: &str) -> Result<Value, CallError> {
    let (is_error, value) = if body.starts_with('<') {
        parse_xml(body)?
    } else {
        parse_json(body)?
    };
    if is_error {
        Err(api_error(value))
    } else {
        Ok(value)
    }
}

fn api_error(value: Value) -> CallError {
    let Value::Fields(fields) = value else {
        return malformed("an error without members");
    };
    let (mut code, mut message) = (None, None);
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("error_code", Value::Int(number)) => code = u16::try_from(number).ok(),
            ("error_msg", Value::Text(text)) => message = Some(text),
            _ => {}
        }
    }
    match (code, message) {
        (Some(code), Some(message)) => CallError::Api { code, message },
        _ => malformed("an error without error_code and error_msg"),
    }
}

fn malformed(why: impl ToString) -> CallError {
    CallError::Malformed(why.to_string())
}

/// Returns whether the value is an error, and the value.
fn parse_json(body: &str) -> Result<(bool, Value), CallError> {
    let value = json_value(serde_json::from_str(body).map_err(malformed)?);
    let is_error = match &value {
        Value::Fields(fields) => fields.iter().any(|(name, _)| name == "error_code"),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_) => false,
    };
    Ok((is_error, value))
}

fn json_value(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map_or(Value::Text(number.to_string()), Value::Int),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(json_value).collect()),
        serde_json::Value::Object(fields) => Value::Fields(
            fields
                .into_iter()
                .map(|(name, value)| (name, json_value(value)))
                .collect(),
        ),
    }
}

/// Returns whether the root element is an error's, and its value.
fn parse_xml(body: &str) -> Result<(bool, Value), CallError> {
    let mut reader = Reader::from_str(body);
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                if start.name().0 == "error_response" {
                    return Ok((true, error(&mut reader)?));
                }
                return Ok((false, element(&mut reader, is_list(&start), 0)?));
            }
            Event::Empty(start) => return Ok((false, empty(&start))),
            Event::Eof => return Err(malformed("no element")),
            _ => {}
        }
    }
}

/// Reads an error as far as its number and its text. The call's own parameters, which stand behind them, are not looked at:
/// who calls knows them, and they are most of it.
fn error(reader: &mut Reader<&[u8]>) -> Result<Value, CallError> {
    let mut members = Vec::new();
    let has = |members: &[(String, Value)], name: &str| members.iter().any(|(member, _)| member == name);
    while !(has(&members, "error_code") && has(&members, "error_msg")) {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                let name = start.name().0.to_owned();
                members.push((name, element(reader, is_list(&start), 1)?));
            }
            Event::Empty(start) => members.push((start.name().0.to_owned(), empty(&start))),
            Event::End(_) => break,
            Event::Eof => return Err(malformed("an element that does not end")),
            _ => {}
        }
    }
    Ok(Value::Fields(members))
}

/// Reads an element up to its end.
fn element(reader: &mut Reader<&[u8]>, is_list: bool, depth: usize) -> Result<Value, CallError> {
    if depth >= ELEMENT_DEPTH_MAX {
        return Err(malformed("nested too deeply"));
    }
    let (mut text, mut children) = (String::new(), Vec::new());
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                let name = start.name().0.to_owned();
                children.push((name, element(reader, self::is_list(&start), depth + 1)?));
            }
            Event::Empty(start) => {
                children.push((start.name().0.to_owned(), empty(&start)));
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => text.push(referenced(&reference)?),
            Event::End(_) => break,
            Event::Eof => return Err(malformed("an element that does not end")),
            _ => {}
        }
    }
    Ok(match (is_list, children.is_empty()) {
        (true, _) => Value::List(children.into_iter().map(|(_, value)| value).collect()),
        (false, false) => Value::Fields(children),
        (false, true) => match text.parse::<i64>() {
            // A number of a phone or one with zeros before it is a text.
            Ok(number) if number.to_string() == text => Value::Int(number),
            Ok(_) | Err(_) => Value::Text(text),
        },
    })
}

fn is_list(start: &BytesStart<'_>) -> bool {
    matches!(start.try_get_attribute("list"), Ok(Some(attribute)) if attribute.value == "true")
}

/// The value of a self-closed element.
fn empty(start: &BytesStart<'_>) -> Value {
    if is_list(start) {
        Value::List(Vec::new())
    } else {
        Value::Text(String::new())
    }
}

/// The character that a reference in a text stands for.
fn referenced(reference: &BytesRef<'_>) -> Result<char, CallError> {
    if let Some(c) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(c);
    }
    match reference.xml10_content().as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(malformed(format!("unknown entity {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use platform::AppId;
    use proptest::prelude::*;

    use super::*;
    use crate::credentials::Secret;

    fn credentials() -> Credentials {
        Credentials {
            app: AppId(1),
            name: "quiz".to_owned(),
            api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
            secret: Secret::new("secret123").expect("valid"),
            callback_url: None,
            authorize_url: None,
            uninstall_url: None,
            ip_list: Vec::new(),
        }
    }

    #[test]
    fn v1_is_signed_as_published() {
        let params = [
            ("call_id", "1217980800.1234"),
            ("uid", "609143784"),
            ("message", "Café at 8? Reply Y/N"),
            ("req_session", "1"),
        ];
        let request = request(&credentials(), "facebook.sms.send", &params);
        let sig = request
            .params
            .last()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        assert_eq!(sig, Some(("sig", "8a8f1c63337c6b80edc6dad3ad2f0e1f")));
        assert_eq!(request.params.len(), 8);
    }

    #[test]
    fn given_parameters_win() {
        let request = request(
            &credentials(),
            "sms.send",
            &[("api_key", "wrong"), ("sig", "wrong")],
        );
        let values = |name: &str| request.params.iter().filter(|(given, _)| given == name).count();
        assert_eq!((values("api_key"), values("sig"), values("method")), (1, 1, 1));
        assert!(
            request
                .params
                .iter()
                .all(|(name, value)| name != "api_key" || value == "wrong")
        );
    }

    #[test]
    fn answers_are_read_from_xml_and_json() {
        let text = |text: &str| Value::Text(text.to_owned());
        let fields = |fields: &[(&str, Value)]| {
            Value::Fields(
                fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
            )
        };
        for (body, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<sms_send_response xmlns=\"x\">7</sms_send_response>\n",
                Value::Int(7),
            ),
            ("<x>a &lt; b &#233; &amp;</x>", text("a < b é &")),
            ("<x/>", text("")),
            ("<x>-7</x>", Value::Int(-7)),
            ("<x>+14155550101</x>", text("+14155550101")),
            ("<x>007</x>", text("007")),
            ("<x list=\"true\"/>", Value::List(vec![])),
            (
                "<x list=\"true\">\n <y>1</y>\n <y/>\n</x>",
                Value::List(vec![Value::Int(1), text("")]),
            ),
            (
                "<x><uid>5</uid><key>k</key></x>",
                fields(&[("uid", Value::Int(5)), ("key", text("k"))]),
            ),
            ("0", Value::Int(0)),
            ("\"a\"", text("a")),
            ("true", Value::Bool(true)),
            ("null", Value::Null),
            ("[1]", Value::List(vec![Value::Int(1)])),
            ("{\"uid\":\"5\"}", fields(&[("uid", text("5"))])),
        ] {
            assert_eq!(parse(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn errors_are_read_from_xml_and_json() {
        let api = || CallError::Api {
            code: 850,
            message: "Invalid sms session.".to_owned(),
        };
        for body in [
            "{\"error_code\":850,\"error_msg\":\"Invalid sms session.\",\"request_args\":{}}",
            "<error_response><error_code>850</error_code><error_msg>Invalid sms session.</error_msg></error_response>",
            "<error_response>\n<more/><error_msg>Invalid sms session.</error_msg> <error_code>850</error_code></error_response>",
            // What stands behind both is not looked at.
            "<error_response><error_code>850</error_code><error_msg>Invalid sms session.</error_msg><request_args",
        ] {
            assert_eq!(parse(body), Err(api()), "{body}");
        }
        for body in [
            "",
            "<",
            "<a><b></a>",
            "<a>",
            "{",
            "{\"error_code\":\"850\"}",
            "<error_response>1</error_response>",
            "<error_response><error_code>850</error_code>",
            "<error_response><error_code>850</error_code></error_response>",
        ] {
            assert!(matches!(parse(body), Err(CallError::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| format!("{}1{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(&nested(ELEMENT_DEPTH_MAX)).is_ok());
        assert!(parse(&nested(ELEMENT_DEPTH_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(<[a-z/!?&;\"= ]{0,8}>?|&#?[a-z0-9]{0,4};|[a-z{}\\[\\]\":,0-9]){0,24}") {
            let _ = parse(&body);
        }
    }
}
