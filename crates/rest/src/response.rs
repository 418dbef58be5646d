//! The answer to a call in the bytes of the time: [`Response`].
//!
//! The HTTP status is 200 for every answer: a client of the time takes anything else for a broken server.

mod json;
mod xml;

use std::fmt;

use platform::AppId;

use crate::error_code::ErrorCode;
use crate::params::Params;
use crate::value::Value;

/// The longest name of a JSONP function, in octets; the rest of a longer one is dropped.
pub const CALLBACK_NAME_OCTETS_MAX: usize = 128;

/// The answer to a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The number of the error in the body (also where `sms.canSend` gives it as the value), none when all went well.
    pub error_code: Option<u16>,
    /// What to note about the call.
    pub summary: Summary,
}

/// What to note about a call; it holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// The app that called, if the key was one's.
    pub app: Option<AppId>,
    /// The method as documented, or as the caller spelt it when there is none such; empty when none was named.
    pub method: String,
    /// Why the call was refused before the platform saw it, for whoever debugs it; it is not sent.
    pub why: Option<String>,
}

impl fmt::Display for Response {
    /// One line for records: `sms.send = 104 Incorrect signature (why)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.summary.method.is_empty() {
            "call"
        } else {
            &self.summary.method
        };
        match self.error_code {
            None => write!(f, "{method} = ok")?,
            Some(code) => {
                let text = ErrorCode::from_code(code).map_or("", ErrorCode::text);
                write!(f, "{method} = {code} {text}")?;
            }
        }
        self.summary
            .why
            .as_ref()
            .map_or(Ok(()), |why| write!(f, " ({why})"))
    }
}

/// In what form a caller wants the answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    format: Format,
    /// The JSONP function, already safe.
    callback: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Xml,
    Json,
}

impl Form {
    /// The form that `format` and `callback` ask for; an unknown format is XML.
    pub(crate) fn of(params: &Params) -> Self {
        let json = params
            .text("format")
            .is_some_and(|format| format.eq_ignore_ascii_case("json"));
        let format = if json { Format::Json } else { Format::Xml };
        Self {
            format,
            callback: params.text("callback").and_then(callback_name),
        }
    }

    /// The value of `Content-Type`.
    pub(crate) fn content_type(&self) -> &'static str {
        match (&self.callback, self.format) {
            (Some(_), _) => "text/javascript",
            (None, Format::Json) => "application/json",
            (None, Format::Xml) => "text/xml",
        }
    }

    /// The body that carries `value` in the root element `element`.
    pub(crate) fn body(&self, element: &str, value: &Value) -> String {
        match (&self.callback, self.format) {
            (None, Format::Xml) => xml::document(element, value),
            (None, Format::Json) => json::document(value),
            (Some(name), Format::Json) => format!("{name}({});", json::document(value)),
            (Some(name), Format::Xml) => format!("{name}('{}');", quoted(&xml::document(element, value))),
        }
    }

    /// The body that carries an error. The arguments are echoed in the order of their arrival.
    pub(crate) fn error_body(&self, code: ErrorCode, message: String, args: Vec<(String, String)>) -> String {
        let arg = |(key, value)| {
            Value::Fields(vec![
                ("key".to_owned(), Value::Text(key)),
                ("value".to_owned(), Value::Text(value)),
            ])
        };
        let error = Value::Fields(vec![
            ("error_code".to_owned(), Value::Int(i64::from(code.code()))),
            ("error_msg".to_owned(), Value::Text(message)),
            (
                "request_args".to_owned(),
                Value::List(args.into_iter().map(arg).collect()),
            ),
        ]);
        self.body("error_response", &error)
    }
}

/// What of `name` can stand in front of a bracket without being anything but a name: letters, digits and `_ $ . [ ]`.
fn callback_name(name: &str) -> Option<String> {
    let safe = |c: &char| c.is_ascii_alphanumeric() || "_$.[]".contains(*c);
    let name: String = name.chars().filter(safe).take(CALLBACK_NAME_OCTETS_MAX).collect();
    (!name.is_empty()).then_some(name)
}

/// The inside of a JavaScript string in single quotes.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            // Line ends to JavaScript, though not to XML.
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}
