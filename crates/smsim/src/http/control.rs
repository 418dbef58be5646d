//! The control API: running worlds, driven over HTTP in the scenario language's own lines.
//!
//! It can text in anybody's name, so it answers only requests that were meant for it: a page of another site cannot reach it
//! through a person's browser.

mod clock;
mod guard;
mod records;
mod snapshot;
mod steps;

pub(super) use guard::{is_address, only_for_us};

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use scenario::DeclaredWorld;
use serde_json::json;

use crate::engine::EngineHandle;

/// The one world of a server.
const WORLD: &str = "default";

/// What the handlers share.
#[derive(Clone, Debug)]
struct Control {
    engine: EngineHandle,
    declared: Arc<DeclaredWorld>,
}

/// A world that a request is about.
#[derive(Clone, Debug)]
struct Target {
    id: String,
    engine: EngineHandle,
    declared: Arc<DeclaredWorld>,
}

impl Control {
    /// The world of that name, or the answer that there is none.
    fn world(&self, id: &str) -> Result<Target, Refused> {
        if id != WORLD {
            let message = format!("there is no world {id:?}; this server has {WORLD:?}");
            return Err(Refused::new(StatusCode::NOT_FOUND, message));
        }
        Ok(Target {
            id: id.to_owned(),
            engine: self.engine.clone(),
            declared: Arc::clone(&self.declared),
        })
    }
}

/// The control API of one world.
pub fn router(engine: EngineHandle, declared: Arc<DeclaredWorld>) -> Router {
    Router::new()
        .route("/api/v1/worlds/{world}/world", get(snapshot::show))
        .route("/api/v1/worlds/{world}/steps", post(steps::perform))
        .route("/api/v1/worlds/{world}/records", get(records::show))
        .route(
            "/api/v1/worlds/{world}/clock",
            get(clock::show).post(clock::command),
        )
        .layer(middleware::from_fn(only_for_us))
        .with_state(Control { engine, declared })
}

/// A request that is not granted, with its reason: a JSON object with `errors`, each with a `message`.
#[derive(Clone, Debug)]
struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// The request itself is wrong.
    fn wrong(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The world has ended.
    fn ended() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the world has ended")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (
            self.status,
            Json(json!({ "errors": [{ "message": self.message }] })),
        )
            .into_response()
    }
}
