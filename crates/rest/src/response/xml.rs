//! XML as the service rendered it: two blanks of indent, scalars without white space around them.

use crate::value::Value;

const NAMESPACES: &str = " xmlns=\"http://api.facebook.com/1.0/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xsi:schemaLocation=\"http://api.facebook.com/1.0/ http://api.facebook.com/1.0/facebook.xsd\"";

/// The document whose root element is `root`, with a line end. The name must be one that XML allows.
pub(super) fn document(root: &str, value: &Value) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    write_element(&mut out, root, NAMESPACES, value, 0);
    out
}

fn write_element(out: &mut String, name: &str, attributes: &str, value: &Value, depth: usize) {
    indent(out, depth);
    out.push('<');
    out.push_str(name);
    out.push_str(attributes);
    match value {
        Value::Null => out.push_str("/>"),
        Value::Bool(value) => write_scalar(out, name, if *value { "1" } else { "0" }),
        Value::Int(value) => write_scalar(out, name, &value.to_string()),
        Value::Text(text) => write_scalar(out, name, text),
        Value::List(items) => {
            out.push_str(" list=\"true\"");
            let item_name = item_name(name);
            write_children(
                out,
                name,
                depth,
                items.iter().map(|item| (item_name.as_str(), item)),
            );
        }
        Value::Fields(fields) => {
            write_children(
                out,
                name,
                depth,
                fields.iter().map(|(name, value)| (name.as_str(), value)),
            );
        }
    }
    out.push('\n');
}

/// The name of the items of a list, as the schema has it.
fn item_name(list: &str) -> String {
    match list.to_ascii_lowercase().as_str() {
        "request_args" => "arg".to_owned(),
        "friends_get_response" | "friend_requests" => "uid".to_owned(),
        "users_getinfo_response" => "user".to_owned(),
        "group_invites" => "gid".to_owned(),
        "event_invites" => "eid".to_owned(),
        _ => format!("{list}_elt"),
    }
}

fn write_children<'a>(
    out: &mut String,
    name: &str,
    depth: usize,
    children: impl ExactSizeIterator<Item = (&'a str, &'a Value)>,
) {
    if children.len() == 0 {
        out.push_str("/>");
        return;
    }
    out.push_str(">\n");
    for (child, value) in children {
        write_element(out, child, "", value, depth + 1);
    }
    indent(out, depth);
    close(out, name);
}

fn write_scalar(out: &mut String, name: &str, text: &str) {
    let start = out.len();
    out.push('>');
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c if is_allowed(c) => out.push(c),
            _ => {}
        }
    }
    if out.len() == start + 1 {
        out.truncate(start);
        out.push_str("/>");
    } else {
        close(out, name);
    }
}

/// Whether XML 1.0 §2.2 has the character at all; the others are dropped, as there is no way to write them.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}
