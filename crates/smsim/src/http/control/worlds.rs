//! The worlds of a server: which there are, new ones, and their end.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use scenario::ClockMode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::steps::told;
use super::{Control, Refused, snapshot};
use crate::worlds::{NewWorld, RunningWorld, WorldError};

/// How a world is asked for.
const USAGE: &str = "post the .sms text itself with ?id=NAME&seed=N&clock=virtual, or JSON: {\"source\":\"carrier att\\n...\",\
    \"id\":\"mine\",\"seed\":7,\"clock\":\"virtual\"}";

/// What a request says of a new world.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    clock: Option<String>,
}

/// Every world, by name.
pub async fn list(State(control): State<Control>) -> Json<Value> {
    let mut worlds = Vec::new();
    for world in control.worlds.all() {
        worlds.push(brief(&world).await);
    }
    Json(json!({ "worlds": worlds }))
}

/// Makes a world.
pub async fn create(
    State(control): State<Control>,
    query: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let Query(query) = query.map_err(|why| Refused::wrong(format!("{}; {USAGE}", why.body_text())))?;
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let wanted = match kind.is_some_and(|kind| kind.starts_with("application/json")) {
        true => serde_json::from_slice(&body).map_err(|why| Refused::wrong(format!("{why}; {USAGE}")))?,
        false => Wanted {
            source: Some(
                String::from_utf8(body.to_vec()).map_err(|_| Refused::wrong("a source is text in UTF-8"))?,
            ),
            ..query
        },
    };
    let clock = wanted
        .clock
        .as_deref()
        .map(str::parse::<ClockMode>)
        .transpose()
        .map_err(Refused::wrong)?;
    let new = NewWorld {
        id: wanted.id,
        source: wanted.source.ok_or_else(|| Refused::wrong(USAGE))?,
        seed: wanted.seed,
        clock,
    };
    match control.worlds.add(new) {
        Ok(world) => {
            let shown = snapshot::of(&world).await?;
            Ok((StatusCode::CREATED, Json(shown)).into_response())
        }
        Err(WorldError::Source(faults, sources)) => {
            let faults: Vec<Value> = faults.iter().map(|fault| told(fault, &sources)).collect();
            Ok((StatusCode::BAD_REQUEST, Json(json!({ "errors": faults }))).into_response())
        }
        Err(why) => Err(why.into()),
    }
}

/// What a request says of a branch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    record: u64,
    #[serde(default)]
    id: Option<String>,
}

/// Makes a world that stands where another one stood.
pub async fn branch(
    State(control): State<Control>,
    Path(world): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let wanted: Branch = serde_json::from_slice(&body).map_err(|why| {
        Refused::wrong(format!(
            "{why}; write {{\"record\":120}}, and {{\"record\":120,\"id\":\"mine\"}} to name the branch"
        ))
    })?;
    let branch = control.worlds.branch(&world, wanted.record, wanted.id).await?;
    let shown = snapshot::of(&branch).await?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// Ends a world.
pub async fn delete(
    State(control): State<Control>,
    Path(world): Path<String>,
) -> Result<StatusCode, Refused> {
    control.worlds.remove(&world).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn brief(world: &RunningWorld) -> Value {
    let config = &world.declared.config;
    let names = |names: Vec<&str>| json!(names);
    let users = world
        .engine
        .look_around(|served, _, _| served.actors().users.keys().cloned().collect::<Vec<_>>())
        .await;
    json!({
        "id": world.id,
        "seed": config.seed,
        "branch_of": world.branch_of,
        // Users may have joined; a world that is ending has none any more.
        "users": users.unwrap_or_default(),
        "apps": names(config.apps.iter().map(|app| app.credentials.name.as_str()).collect()),
        "api_keys": names(config.apps.iter().map(|app| app.credentials.api_key.as_str()).collect()),
        "system_ids": names(config.accounts.iter().map(|account| account.system_id.as_str()).collect()),
    })
}

impl From<WorldError> for Refused {
    fn from(why: WorldError) -> Self {
        let status = match &why {
            WorldError::Source(..) | WorldError::Config(_) | WorldError::Id => StatusCode::BAD_REQUEST,
            WorldError::Taken(_)
            | WorldError::ApiKeyTaken(..)
            | WorldError::SystemIdTaken(..)
            | WorldError::NoBranch(_)
            | WorldError::Own => StatusCode::CONFLICT,
            WorldError::Ended => StatusCode::SERVICE_UNAVAILABLE,
            WorldError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            WorldError::Unknown(..) => StatusCode::NOT_FOUND,
        };
        Self::new(status, why.to_string())
    }
}
