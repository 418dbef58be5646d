//! Clauses of `world` that are keys of `platform.toml`: the platform's and the REST server's rules.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value as Json};
use world::Config;

use crate::syntax::{Clause, Value};
use crate::world_config::SMSC_KEYS;

/// What a `world` line has beside its own clauses: the keys of `platform.toml`, in its order, and those of the message centre.
pub(crate) fn world_keys() -> &'static [String] {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let platform = object(&platform::Settings::default()).into_iter();
        let keys = platform.chain(object(&rest::Settings::default()));
        let smsc = SMSC_KEYS.iter().map(|key| (*key).to_owned());
        keys.map(|(key, _)| key).chain(smsc).collect()
    });
    &KEYS
}

/// Whether the value of a key of `platform.toml` fits; if not, why not.
pub(crate) fn check_platform_key(clause: &Clause) -> Result<(), String> {
    set_platform_key(&mut Config::default(), clause)
}

/// Sets a key of `platform.toml`.
pub(crate) fn set_platform_key(config: &mut Config, clause: &Clause) -> Result<(), String> {
    let platform = changed(&*config.platform, clause);
    let rest = changed(&config.rest, clause);
    match (platform, rest) {
        (Some(settings), _) => config.platform = Arc::new(settings?),
        (None, Some(settings)) => config.rest = settings?,
        (None, None) => return Err("not a key of platform.toml".to_owned()),
    }
    Ok(())
}

/// The settings with one key changed; none when they have no such key.
fn changed<T>(settings: &T, clause: &Clause) -> Option<Result<T, String>>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut keys = object(settings);
    let slot = keys.get_mut(&clause.key.node)?;
    *slot = json(clause, slot.is_array());
    Some(serde_json::from_value(Json::Object(keys)).map_err(|error| error.to_string()))
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
        // A brace in a text of the platform is one: `{app}` is its own place, not a capture.
        Value::Quoted(text) => Json::from(text.filled(|_| String::new())),
        Value::Var(var) => Json::from(var.0.clone()),
    }
}
