//! The JSON Schema of the JSON form, made of the syntax tree's own types and held equal to `schema.json`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Actor, Dur, File, Spanned, Text, TimeOfDay};

/// How a phone's number is written in JSON.
pub(super) struct Digits;

/// A schema of texts that match an expression.
macro_rules! written {
    ($type:ty, $name:literal, $description:literal, $pattern:literal) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $description, "type": "string", "pattern": $pattern })
            }
        }
    };
}

written!(
    Digits,
    "Msisdn",
    "A phone's number: a plus sign and its digits.",
    r"^\+?[0-9]{7,15}$"
);
written!(
    Dur,
    "Dur",
    "A whole number with a unit: `500ms`, `10s`, `5m`, `2h`, `1d`.",
    "^[0-9]{1,10}(ms|s|m|h|d)$"
);
written!(
    TimeOfDay,
    "TimeOfDay",
    "`HH:MM` or `HH:MM:SS`.",
    "^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"
);
written!(
    Actor,
    "Actor",
    "A declared name, or a variable that a scene or a loop binds: `alice`, `$user`.",
    r"^(\$[A-Za-z_][A-Za-z0-9_]*|[A-Za-z][A-Za-z0-9_-]*)$"
);

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text; `{$x}` inserts a capture, `{0}` a group of a rule's expression, `{{` a brace.",
            "type": "string",
        })
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[test]
fn the_published_schema_is_that_of_the_syntax_tree() {
    let schema = schemars::schema_for!(File);
    let generated = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &generated).expect("written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == generated,
        "schema.json is another one; UPDATE_GOLDEN=1 writes it"
    );
}
