//! The answer to a call in the bytes of the time: [`Response`].
//!
//! The HTTP status is 200 for every answer: a client of the time takes anything else for a broken server.

mod json;
mod xml;

use std::borrow::Cow;
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
    /// What stands in the body and may stand in no record: a new token, session key or session secret.
    pub hidden: Vec<String>,
}

/// What to note about a call; it holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// The app that called, if the key was one's.
    pub app: Option<AppId>,
    /// The method as documented, or as the caller spelt it when there is none such; empty when none was named.
    pub method: Cow<'static, str>,
    /// Why the call was refused before the platform saw it, for whoever debugs it; it is not sent.
    pub why: Option<String>,
}

impl fmt::Display for Response {
    /// One line for records: `sms.send = 104 Incorrect signature (why)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.summary.method.is_empty() {
            "call"
        } else {
            self.summary.method.as_ref()
        };
        match self.error_code {
            None => {
                f.write_str(method)?;
                f.write_str(" = ok")?;
            }
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
    /// The form that `format` and `callback` ask for; an unknown format is XML. `redact` takes secrets out of a name.
    pub(crate) fn of(params: &Params, redact: impl Fn(&str) -> String) -> Self {
        let json = params
            .text("format")
            .is_some_and(|format| format.eq_ignore_ascii_case("json"));
        let format = if json { Format::Json } else { Format::Xml };
        Self {
            format,
            callback: params
                .text("callback")
                .and_then(|name| callback_name(&redact(name))),
        }
    }

    /// The form of an answer within the answer to a batch.
    pub(crate) fn without_callback(&self) -> Self {
        Self {
            format: self.format,
            callback: None,
        }
    }

    /// Whether an answer has a root element.
    pub(crate) fn has_element(&self) -> bool {
        self.format == Format::Xml
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
    pub(crate) fn error_body(&self, code: ErrorCode, message: &str, args: &[Echoed<'_>]) -> String {
        let json = || json::error_document(code.code(), message, args);
        match (&self.callback, self.format) {
            (None, Format::Json) => json(),
            (Some(name), Format::Json) => format!("{name}({});", json()),
            (None | Some(_), Format::Xml) => self.body("error_response", &error(code, message, args)),
        }
    }
}

/// An argument of a call, without secrets.
pub(crate) type Echoed<'a> = (Cow<'a, str>, Cow<'a, str>);

/// An error as a value.
fn error(code: ErrorCode, message: &str, args: &[Echoed<'_>]) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let arg = |(key, value): &Echoed<'_>| {
        Value::Fields(vec![
            ("key".to_owned(), text(key)),
            ("value".to_owned(), text(value)),
        ])
    };
    Value::Fields(vec![
        ("error_code".to_owned(), Value::Int(i64::from(code.code()))),
        ("error_msg".to_owned(), text(message)),
        (
            "request_args".to_owned(),
            Value::List(args.iter().map(arg).collect()),
        ),
    ])
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    const NAMESPACES: &str = "xmlns=\"http://api.facebook.com/1.0/\" \
        xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
        xsi:schemaLocation=\"http://api.facebook.com/1.0/ http://api.facebook.com/1.0/facebook.xsd\"";

    fn form(pairs: &[(&str, &str)]) -> Form {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Form::of(&Params::merge(pairs), str::to_owned)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn session() -> Value {
        Value::Fields(vec![
            ("session_key".to_owned(), text("5f34e11bfb97c762e439e6a5-8055")),
            ("uid".to_owned(), text("8055")),
            ("expires".to_owned(), Value::Int(1_173_309_298)),
        ])
    }

    #[test]
    fn every_shape_of_value_has_its_bytes_in_xml() {
        for (element, value, expected) in [
            (
                "sms_send_response",
                Value::Int(0),
                "<sms_send_response NS>0</sms_send_response>\n",
            ),
            (
                "sms_send_response",
                Value::Int(7),
                "<sms_send_response NS>7</sms_send_response>\n",
            ),
            (
                "sms_cansend_response",
                Value::Int(0),
                "<sms_cansend_response NS>0</sms_cansend_response>\n",
            ),
            ("x", Value::Bool(true), "<x NS>1</x>\n"),
            ("x", Value::Bool(false), "<x NS>0</x>\n"),
            ("x", Value::Null, "<x NS/>\n"),
            ("x", text(""), "<x NS/>\n"),
            ("x", text("\u{0}\u{fffe}"), "<x NS/>\n"),
            ("x", text("1160,211031"), "<x NS>1160,211031</x>\n"),
            (
                "x",
                text("<a> & \"b\" 'c' é\r\n\u{1}"),
                "<x NS>&lt;a&gt; &amp; &quot;b&quot; 'c' é&#13;\n</x>\n",
            ),
            ("x", Value::List(vec![]), "<x NS list=\"true\"/>\n"),
            ("x", Value::Fields(vec![]), "<x NS/>\n"),
            (
                "x",
                Value::List(vec![Value::Int(1), text("")]),
                "<x NS list=\"true\">\n  <x_elt>1</x_elt>\n  <x_elt/>\n</x>\n",
            ),
            (
                "auth_getSession_response",
                session(),
                "<auth_getSession_response NS>\n  \
                   <session_key>5f34e11bfb97c762e439e6a5-8055</session_key>\n  \
                   <uid>8055</uid>\n  \
                   <expires>1173309298</expires>\n\
                 </auth_getSession_response>\n",
            ),
        ] {
            let expected = format!("{HEAD}{}", expected.replace("NS", NAMESPACES));
            assert_eq!(form(&[]).body(element, &value), expected, "{value:?}");
        }
    }

    #[test]
    fn every_shape_of_value_has_its_bytes_in_json() {
        for (value, expected) in [
            (Value::Int(0), "0"),
            (Value::Int(-7), "-7"),
            (Value::Bool(true), "true"),
            (Value::Bool(false), "false"),
            (Value::Null, "null"),
            (text("1160,211031"), "\"1160,211031\""),
            (text(""), "\"\""),
            (
                text("a/b \\ \" \u{8}\u{c}\n\r\t\u{1}\u{7f} é €\u{1f600}"),
                "\"a\\/b \\\\ \\\" \\b\\f\\n\\r\\t\\u0001\u{7f} \\u00e9 \\u20ac\\ud83d\\ude00\"",
            ),
            (Value::List(vec![]), "{}"),
            (Value::List(vec![Value::Int(1), text("a")]), "[1,\"a\"]"),
            (
                session(),
                "{\"session_key\":\"5f34e11bfb97c762e439e6a5-8055\",\"uid\":\"8055\",\"expires\":1173309298}",
            ),
        ] {
            assert_eq!(form(&[("format", "JSON")]).body("x", &value), expected);
        }
    }

    #[test]
    fn an_error_has_its_bytes() {
        let args = [("sig".into(), "ab".into()), ("uid".into(), "".into())];
        let code = ErrorCode::ParamSignature;
        let xml = form(&[]).error_body(code, code.text(), &args);
        let expected = "<error_response NS>\n  \
              <error_code>104</error_code>\n  \
              <error_msg>Incorrect signature</error_msg>\n  \
              <request_args list=\"true\">\n    \
                <arg>\n      <key>sig</key>\n      <value>ab</value>\n    </arg>\n    \
                <arg>\n      <key>uid</key>\n      <value/>\n    </arg>\n  \
              </request_args>\n\
            </error_response>\n";
        assert_eq!(xml, format!("{HEAD}{}", expected.replace("NS", NAMESPACES)));
        let json = form(&[("format", "json")]).error_body(code, code.text(), &args);
        assert_eq!(
            json,
            "{\"error_code\":104,\"error_msg\":\"Incorrect signature\",\"request_args\":\
             [{\"key\":\"sig\",\"value\":\"ab\"},{\"key\":\"uid\",\"value\":\"\"}]}"
        );
    }

    #[test]
    fn jsonp_wraps_both_formats() {
        let json = form(&[("format", "json"), ("callback", "f")]);
        assert_eq!(json.body("x", &Value::Int(0)), "f(0);");
        let xml = form(&[("callback", "obj.f")]).body("x", &text("it's\u{2028}\\"));
        let inside = format!("{HEAD}<x {NAMESPACES}>it's\u{2028}\\</x>\n");
        let escaped = inside
            .replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('"', "\\\"");
        let escaped = escaped.replace('\n', "\\n").replace('\u{2028}', "\\u2028");
        assert_eq!(xml, format!("obj.f('{escaped}');"));
    }

    #[test]
    fn format_and_content_type_follow_the_parameters() {
        for (format, callback, content_type) in [
            ("", "", "text/xml"),
            ("XML", "", "text/xml"),
            ("yaml", "", "text/xml"),
            ("json", "", "application/json"),
            ("Json", "", "application/json"),
            ("json", "f", "text/javascript"),
            ("xml", "f", "text/javascript"),
            ("json", "();", "application/json"),
        ] {
            let form = form(&[("format", format), ("callback", callback)]);
            assert_eq!(form.content_type(), content_type, "{format} {callback}");
        }
    }

    #[test]
    fn a_callback_name_is_only_a_name_and_has_a_limit() {
        let longest = "f".repeat(CALLBACK_NAME_OCTETS_MAX);
        let longer = format!("{longest}f");
        for (given, expected) in [
            ("jQuery1_2", Some("jQuery1_2")),
            ("a.b[0].$c", Some("a.b[0].$c")),
            ("alert(1)//", Some("alert1")),
            ("</script>", Some("script")),
            ("f\u{2028}é", Some("f")),
            ("()", None),
            (longest.as_str(), Some(longest.as_str())),
            (longer.as_str(), Some(longest.as_str())),
        ] {
            assert_eq!(callback_name(given).as_deref(), expected, "{given}");
        }
    }

    /// What XML can say of a text: the characters it has.
    fn in_xml(text: &str) -> String {
        text.chars()
            .filter(|c| {
                matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
            })
            .collect()
    }

    fn any_text() -> impl Strategy<Value = String> {
        proptest::collection::vec(proptest::char::any(), 0..24).prop_map(String::from_iter)
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any_text().prop_map(Value::Text),
            "[<>&\"' \\r\\n\\t0-9+-]{0,6}".prop_map(Value::Text),
        ];
        scalar.prop_recursive(3, 24, 5, |inner| {
            let fields = proptest::collection::btree_map("[a-z_]{1,8}", inner.clone(), 0..5);
            prop_oneof![
                proptest::collection::vec(inner, 0..5).prop_map(Value::List),
                fields.prop_map(|fields| Value::Fields(fields.into_iter().collect())),
            ]
        })
    }

    /// What an app reads of a value in XML, which has no types, and in JSON, in which an empty list is a map.
    fn read_of(value: &Value, is_xml: bool) -> Value {
        let items = |items: &[Value]| items.iter().map(|item| read_of(item, is_xml)).collect();
        match value {
            Value::Null if is_xml => text(""),
            Value::Bool(value) if is_xml => Value::Int(i64::from(*value)),
            Value::Text(written) if is_xml => {
                let written = in_xml(written);
                let number = written.parse::<i64>().ok();
                let number = number.filter(|number| number.to_string() == written);
                number.map_or(Value::Text(written), Value::Int)
            }
            Value::Fields(fields) if is_xml && fields.is_empty() => text(""),
            Value::List(listed) if !is_xml && listed.is_empty() => Value::Fields(vec![]),
            Value::List(listed) => Value::List(items(listed)),
            Value::Fields(fields) => {
                let read = |(name, value): &(String, Value)| (name.clone(), read_of(value, is_xml));
                Value::Fields(fields.iter().map(read).collect())
            }
            other => other.clone(),
        }
    }

    /// What a browser makes of the inside of a string in JavaScript.
    fn unquoted(text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let number = |chars: &mut std::str::Chars<'_>| {
                let digits: String = chars.take(4).collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
            };
            match c {
                '\\' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some('u') => out.extend(number(&mut chars)),
                    other => out.extend(other),
                },
                c => out.push(c),
            }
        }
        out
    }

    fn echoed(args: &[(String, String)]) -> Vec<Echoed<'_>> {
        args.iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    }

    proptest! {
        #[test]
        fn any_value_reads_back(value in any_value()) {
            for (format, is_xml) in [("xml", true), ("json", false)] {
                let body = form(&[("format", format)]).body("x", &value);
                prop_assert_eq!(crate::client::parse(&body), Ok(read_of(&value, is_xml)), "{}", body);
            }
        }

        #[test]
        fn what_a_script_gets_is_one_call_with_the_answer(value in any_value()) {
            let plain = |format| form(&[("format", format)]).body("x", &value);
            let script = |format| form(&[("format", format), ("callback", "f")]).body("x", &value);
            prop_assert_eq!(script("json"), format!("f({});", plain("json")));
            let xml = script("xml");
            let inside = xml.strip_prefix("f('").and_then(|rest| rest.strip_suffix("');")).expect("a call");
            let mut rest = inside.chars();
            while let Some(c) = rest.next() {
                prop_assert!(!matches!(c, '\'' | '\n' | '\r' | '\u{2028}' | '\u{2029}'), "{}", inside);
                if c == '\\' {
                    prop_assert!(rest.next().is_some(), "{}", inside);
                }
            }
            prop_assert_eq!(unquoted(inside), plain("xml"));
        }

        #[test]
        fn any_error_reads_back_from_json(args in proptest::collection::vec((any_text(), any_text()), 0..8)) {
            let echoed = echoed(&args);
            let message = ErrorCode::Param.text();
            let body = form(&[("format", "json")]).error_body(ErrorCode::Param, message, &echoed);
            prop_assert_eq!(&body, &json::document(&error(ErrorCode::Param, message, &echoed)));
            prop_assert_eq!(body.find("{\"error_code\":"), Some(0));
            prop_assert!(body.is_ascii());
            let value: serde_json::Value = serde_json::from_str(&body).expect("well formed");
            // An empty list is `{}`.
            let read = value["request_args"].as_array().map_or(&[][..], Vec::as_slice);
            let read: Vec<_> = read
                .iter()
                .map(|arg| (arg["key"].as_str().expect("text").to_owned(), arg["value"].as_str().expect("text").to_owned()))
                .collect();
            prop_assert_eq!(read, args);
        }

        #[test]
        fn any_error_reads_back_from_xml(args in proptest::collection::vec((any_text(), any_text()), 0..8)) {
            let body = form(&[]).error_body(ErrorCode::Param, ErrorCode::Param.text(), &echoed(&args));
            let mut reader = Reader::from_str(&body);
            reader.config_mut().check_end_names = true;
            loop {
                match reader.read_event().expect("well formed") {
                    Event::Eof => break,
                    Event::Text(part) => prop_assert!(!part.contains(['<', '>', '&'])),
                    _ => {}
                }
            }
            let mut echoed = Vec::new();
            for part in body.split("<arg>").skip(1) {
                let inside = |name: &str| {
                    let (_, rest) = part.split_once(&format!("<{name}>"))?;
                    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
                };
                let unescaped = |text: String| {
                    let text = text.replace("&#13;", "\r").replace("&quot;", "\"");
                    text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
                };
                echoed.push((
                    unescaped(inside("key").unwrap_or_default()),
                    unescaped(inside("value").unwrap_or_default()),
                ));
            }
            let expected: Vec<_> = args.iter().map(|(key, value)| (in_xml(key), in_xml(value))).collect();
            prop_assert_eq!(echoed, expected);
        }
    }
}
