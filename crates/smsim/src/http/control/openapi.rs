//! What the control API is, for programs: the OpenAPI document at `/api/v1/openapi.json`.
//!
//! It is a file that people write, because the answers are values that are put together (`json!`), and no types that a
//! derivation could read; tests hold it to the paths of the router and to what a running server answers (`tests/openapi.rs` for
//! methods, `tests/peers/openapi.py` for every schema).

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// The document; its version stands for `{version}`.
const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub async fn show() -> Response {
    let document = DOCUMENT.replace("{version}", env!("CARGO_PKG_VERSION"));
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};
    use sms::MessageState;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).expect("JSON")
    }

    #[test]
    fn it_describes_every_path_and_no_other() {
        let document = document();
        let described: BTreeSet<&str> = document["paths"]
            .as_object()
            .expect("paths")
            .keys()
            .map(String::as_str)
            .collect();
        let control = super::super::routes().map(|(path, _)| path);
        let page = crate::http::page::asked(Value::Null).map(|(path, _)| path);
        let own = ["/restserver.php", "/healthz", "/readyz", "/metrics"];
        let served: BTreeSet<&str> = control.into_iter().chain(page).chain(own).collect();
        assert_eq!(described, served);
    }

    #[test]
    fn what_it_refers_to_is_there_and_what_is_there_is_referred_to() {
        let document = document();
        let mut referred = BTreeSet::new();
        references(&document, &mut referred);
        let components = document["components"].as_object().expect("components");
        let there: BTreeSet<String> = ["schemas", "responses"]
            .iter()
            .flat_map(|kind| {
                let names = components[*kind].as_object().expect("components").keys();
                names.map(move |name| format!("#/components/{kind}/{name}"))
            })
            .collect();
        assert_eq!(referred, there);
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(to) if name == "$ref" => {
                            found.insert(to.clone());
                        }
                        member => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn it_knows_every_state_of_a_message() {
        let states = &document()["components"]["schemas"]["MessageState"]["enum"];
        assert_eq!(*states, json!(MessageState::ALL));
    }
}
