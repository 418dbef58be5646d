//! Clauses that are keys of a part of the simulator: of `platform.toml`, or of a carrier profile.

use serde_json::{Map, Value as Json};

use crate::syntax::{Clause, Value};

/// The keys of `platform.toml`, in its order.
pub(crate) fn platform_keys() -> Vec<String> {
    object(&platform::Settings::default())
        .into_iter()
        .map(|(key, _)| key)
        .collect()
}

/// Whether the value of a key of `platform.toml` fits; if not, why not.
pub(crate) fn check_platform_key(clause: &Clause) -> Result<(), String> {
    let mut settings = platform::Settings::default();
    set_platform_key(&mut settings, clause)
}

/// Sets a key of `platform.toml`.
pub(crate) fn set_platform_key(settings: &mut platform::Settings, clause: &Clause) -> Result<(), String> {
    let mut keys = object(settings);
    let Some(slot) = keys.get_mut(&clause.key.node) else {
        return Err("not a key of platform.toml".to_owned());
    };
    *slot = json(clause, slot.is_array());
    *settings = serde_json::from_value(Json::Object(keys)).map_err(|error| error.to_string())?;
    Ok(())
}

/// The keys of a carrier profile that are no clauses of their own.
pub(crate) fn carrier_keys() -> Vec<String> {
    Vec::new()
}

/// Whether the value of a key of a carrier profile fits; if not, why not.
pub(crate) fn check_carrier_key(clause: &Clause) -> Result<(), String> {
    Err(format!("{} is no key of a carrier profile", clause.key.node))
}

/// What serializes as an object, as one.
fn object<T: serde::Serialize>(settings: &T) -> Map<String, Json> {
    match serde_json::to_value(settings) {
        Ok(Json::Object(keys)) => keys,
        other => unreachable!("settings serialize as an object, not {other:?}"),
    }
}

/// The values of a clause as one: a list where a list is meant, `true` where nothing stands.
fn json(clause: &Clause, list: bool) -> Json {
    let mut values: Vec<Json> = clause.values.iter().map(|value| scalar(&value.node)).collect();
    match values.len() {
        _ if list => Json::Array(values),
        0 => Json::Bool(true),
        1 => values.remove(0),
        _ => Json::Array(values),
    }
}

fn scalar(value: &Value) -> Json {
    match value {
        Value::Bare(text) => match text.as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            text => text.parse::<u64>().map_or_else(|_| Json::from(text), Json::from),
        },
        Value::Quoted(text) => Json::from(text.filled(|_| String::new())),
        Value::Var(var) => Json::from(var.0.clone()),
    }
}
