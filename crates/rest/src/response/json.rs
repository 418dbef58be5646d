//! JSON as the service rendered it: no blanks, `/` and everything beyond ASCII escaped, an empty list as `{}`.

use std::fmt::Write;

use super::Echoed;
use crate::value::Value;

/// The document that is `value`, without a line end.
pub(super) fn document(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// The document that an error is: what [`document`] makes of it as a value, without the value. Refused calls are many where an
/// app does not stop.
pub(super) fn error_document(code: u16, message: &str, args: &[Echoed<'_>]) -> String {
    const BESIDE_ARGS: usize = 64;
    const BESIDE_ARG: usize = 24;
    let octets = args
        .iter()
        .map(|(key, value)| key.len() + value.len() + BESIDE_ARG);
    let octets = octets.sum::<usize>() + message.len() + BESIDE_ARGS;
    let mut out = String::with_capacity(octets);
    write!(out, "{{\"error_code\":{code},\"error_msg\":").expect("a String takes what is written to it");
    write_string(&mut out, message);
    out.push_str(",\"request_args\":");
    for (n, (key, value)) in args.iter().enumerate() {
        out.push_str(if n == 0 { "[{\"key\":" } else { ",{\"key\":" });
        write_string(&mut out, key);
        out.push_str(",\"value\":");
        write_string(&mut out, value);
        out.push('}');
    }
    out.push_str(if args.is_empty() { "{}}" } else { "]}" });
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => write!(out, "{value}").expect("a String takes what is written to it"),
        Value::Text(text) => write_string(out, text),
        // The renderer of the time took a list without a first item for a map.
        Value::List(items) if items.is_empty() => out.push_str("{}"),
        Value::List(items) => {
            for (n, item) in items.iter().enumerate() {
                out.push(if n == 0 { '[' } else { ',' });
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Fields(fields) => {
            out.push('{');
            for (n, (name, value)) in fields.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write_value(out, value);
            }
            out.push('}');
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let is_plain = |octet: &u8| matches!(octet, b' '..=b'\x7f') && !matches!(octet, b'"' | b'\\' | b'/');
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest
            .bytes()
            .position(|octet| !is_plain(&octet))
            .unwrap_or(rest.len());
        let (plain, escaped) = rest.split_at(plain);
        out.push_str(plain);
        let mut chars = escaped.chars();
        let Some(c) = chars.next() else { break };
        rest = chars.as_str();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("a String takes what is written to it");
                }
            }
        }
    }
    out.push('"');
}
