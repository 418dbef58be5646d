//! An open document: its text, its path, and places in it as editors count them ([`Document`]).

use scenario::syntax::Span;
use serde_json::{Value, json};

/// A document that an editor has open.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its path, or its whole URI when it is in no file.
    pub path: String,
    /// Its text as it is in the editor.
    pub text: String,
}

impl Document {
    pub fn new(uri: &str, text: &str) -> Self {
        Self {
            path: path(uri),
            text: text.to_owned(),
        }
    }

    /// Takes in a change: the text of a range, or the whole text.
    pub fn change(&mut self, change: &Value) {
        let Some(text) = change["text"].as_str() else {
            return;
        };
        match change.get("range") {
            None | Some(Value::Null) => text.clone_into(&mut self.text),
            Some(range) => {
                let start = octet(&self.text, &range["start"]);
                let end = octet(&self.text, &range["end"]).max(start);
                self.text.replace_range(start..end, text);
            }
        }
    }
}

/// The octet of a position; one past a line's or the text's end is that end.
pub fn octet(text: &str, position: &Value) -> usize {
    let number = |name: &str| {
        let number = position[name].as_u64().unwrap_or(0);
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    let (line, mut units) = (number("line"), number("character"));
    let mut start = 0;
    for _ in 0..line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    let mut at = start;
    for c in text[start..].chars() {
        if c == '\n' || units < c.len_utf16() {
            break;
        }
        units -= c.len_utf16();
        at += c.len_utf8();
    }
    at
}

/// The position of an octet, in UTF-16 units.
pub fn position(text: &str, at: usize) -> Value {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|octet| *octet == b'\n').count();
    let character: usize = before[line_start..].chars().map(char::len_utf16).sum();
    json!({ "line": line, "character": character })
}

/// The range of a stretch of the text.
pub fn range(text: &str, span: Span) -> Value {
    json!({ "start": position(text, span.start as usize), "end": position(text, span.end as usize) })
}

/// The path of a `file:` URI; another URI stands for itself.
pub fn path(uri: &str) -> String {
    let Some(rest) = uri.strip_prefix("file://") else {
        return uri.to_owned();
    };
    // The host, which is this machine, ends at the first slash.
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    let (mut octets, mut left) = (Vec::new(), path.as_bytes());
    while let [first, after @ ..] = left {
        let escaped = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, escaped) {
            (b'%', Some(octet)) => {
                octets.push(octet);
                left = &after[2..];
            }
            _ => {
                octets.push(*first);
                left = after;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// The URI of a path.
pub fn uri(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut uri = "file://".to_owned();
    for octet in path.bytes() {
        if octet.is_ascii_alphanumeric() || b"/-._~".contains(&octet) {
            uri.push(char::from(octet));
        } else {
            uri.push_str(&format!("%{octet:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\u{e9}b\n\u{1f600}x\n";

    #[test]
    fn positions_count_utf_16_units() {
        for (at, line, character) in [(0, 0, 0), (3, 0, 2), (5, 1, 0), (9, 1, 2), (10, 1, 3), (11, 2, 0)] {
            assert_eq!(
                position(TEXT, at),
                json!({ "line": line, "character": character }),
                "{at}"
            );
            assert_eq!(octet(TEXT, &json!({ "line": line, "character": character })), at);
        }
        // Past the end of a line, of the text, within a pair, and nonsense.
        for (line, character, at) in [(0, 99, 4), (9, 0, 11), (1, 1, 5)] {
            assert_eq!(octet(TEXT, &json!({ "line": line, "character": character })), at);
        }
        assert_eq!(octet(TEXT, &json!({ "line": "x", "character": -1 })), 0);
    }

    #[test]
    fn changes_are_taken_in() {
        let mut document = Document::new("untitled:1", TEXT);
        let place = |line: u32, character: u32| json!({ "line": line, "character": character });
        document.change(&json!({ "range": { "start": place(0, 1), "end": place(1, 2) }, "text": "-" }));
        assert_eq!(document.text, "a-x\n");
        document.change(&json!({ "range": { "start": place(9, 9), "end": place(0, 0) }, "text": "end" }));
        assert_eq!(document.text, "a-x\nend");
        document.change(&json!({ "text": "new" }));
        assert_eq!(document.text, "new");
        document.change(&json!({}));
        assert_eq!(document.text, "new");
    }

    #[test]
    fn uris_are_paths_and_back() {
        let uri_of = "file:///a%20b/%C3%A9.sms";
        assert_eq!(path(uri_of), "/a b/\u{e9}.sms");
        assert_eq!(uri(&path(uri_of)), uri_of);
        assert_eq!(path("file://host/a%zz.sms"), "/a%zz.sms");
        assert_eq!(uri(&path("untitled:1")), "untitled:1");
    }
}
