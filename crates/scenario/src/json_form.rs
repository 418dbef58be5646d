//! The JSON form of a scenario: the syntax tree as it is, for machines that write scenarios.
//!
//! Its schema is [`SCHEMA`]. Comments and empty lines are no part of the tree.

use crate::lexer::Trivia;
use crate::syntax::File;
use crate::{format, parse};

/// The JSON Schema of the JSON form.
pub const SCHEMA: &str = include_str!("../schema.json");

/// Why a JSON text is no scenario.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidJson {
    /// It is no JSON, or JSON of another shape.
    #[error("{0}")]
    Shape(String),
    /// It has the shape of a tree, but no scenario says this; the text is the nearest line and what is wrong with it.
    #[error("no scenario says this: {0}")]
    Unsayable(String),
}

/// The tree in its JSON form, indented, the last line ended.
pub fn to_json(file: &File) -> String {
    let json = serde_json::to_string_pretty(file).expect("a tree has only text keys");
    json + "\n"
}

/// Reads a tree from its JSON form and says it as a scenario in the canonical layout, which reads back as the same tree.
pub fn from_json(json: &str) -> Result<String, InvalidJson> {
    let file: File = serde_json::from_str(json).map_err(|error| InvalidJson::Shape(error.to_string()))?;
    let text = format(&file, &Trivia::default());
    let again = parse("", &text);
    if let Some(fault) = again.diagnostics.first() {
        let start = fault
            .primary
            .as_ref()
            .map_or(0, |label| label.span.start as usize);
        let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[line..].lines().next().unwrap_or_default().trim();
        return Err(InvalidJson::Unsayable(format!("`{line}`: {}", fault.message)));
    }
    if again.file != file {
        let why = "a name, a number or a text in it means something else when it is written";
        return Err(InvalidJson::Unsayable(why.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_another_shape_or_meaning_is_refused() {
        for (json, why) in [
            ("{", "EOF"),
            ("{}", "missing field `decls`"),
            (r#"{"decls":[],"items":[],"more":1}"#, "unknown field `more`"),
            (
                r#"{"decls":[],"items":[{"test":{"name":"x","tags":[],"steps":[{"wait":["5"]}]}}]}"#,
                "`5` has no unit",
            ),
            (
                r#"{"decls":[],"items":[{"test":{"name":"x","tags":[],"steps":[]}}]}"#,
                "no scenario says this",
            ),
            (
                r#"{"decls":[{"carrier":{"name":"a b","clauses":[]}}],"items":[]}"#,
                "no scenario says this: `carrier a b`",
            ),
            (
                r#"{"decls":[{"carrier":{"name":"a, loss 5%","clauses":[]}}],"items":[]}"#,
                "means something else",
            ),
        ] {
            let error = from_json(json).expect_err(json).to_string();
            assert!(error.contains(why), "{json}: {error}");
        }
    }

    #[test]
    fn a_tree_says_the_same_in_both_forms() {
        let text = "carrier att\n\ntest \"x\":\n  wait 5s\n";
        let json = to_json(&parse("a.sms", text).file);
        assert_eq!(from_json(&json).as_deref(), Ok(text));
        assert!(json.ends_with("}\n"));
    }
}
