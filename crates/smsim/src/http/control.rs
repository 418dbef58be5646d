//! The control API: running worlds, driven over HTTP in the scenario language's own lines.
//!
//! It can text in anybody's name, so it answers only requests that were meant for it: a page of another site cannot reach it
//! through a person's browser, and a server that others can reach wants its token.

mod clock;
mod guard;
mod messages;
mod openapi;
mod records;
mod snapshot;
mod steps;
mod worlds;

pub use guard::Access;
pub(super) use guard::{is_address, only_for_us};

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde_json::json;

use crate::worlds::{RunningWorld, Worlds};

/// The largest body of a request.
const BODY_OCTETS_MAX: usize = 1 << 20;

/// What the handlers share.
#[derive(Clone, Debug)]
struct Control {
    worlds: Worlds,
}

impl Control {
    /// The world of that name, or the answer that there is none.
    fn world(&self, id: &str) -> Result<Arc<RunningWorld>, Refused> {
        Ok(self.worlds.world(id)?)
    }
}

/// Every path with what answers there; `control/openapi.json` describes them.
fn routes() -> [(&'static str, MethodRouter<Control>); 10] {
    [
        ("/api/v1/openapi.json", get(openapi::show)),
        ("/api/v1/worlds", get(worlds::list).post(worlds::create)),
        (
            "/api/v1/worlds/{world}",
            get(snapshot::show).delete(worlds::delete),
        ),
        ("/api/v1/worlds/{world}/world", get(snapshot::show)),
        ("/api/v1/worlds/{world}/branch", post(worlds::branch)),
        ("/api/v1/worlds/{world}/steps", post(steps::perform)),
        ("/api/v1/worlds/{world}/records", get(records::show)),
        ("/api/v1/worlds/{world}/messages", get(messages::search)),
        ("/api/v1/worlds/{world}/messages/{id}", get(messages::show)),
        (
            "/api/v1/worlds/{world}/clock",
            get(clock::show).post(clock::command),
        ),
    ]
}

/// The control API of a server's worlds.
pub fn router(worlds: Worlds, access: Access) -> Router {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(path, methods);
    }
    router
        .layer(DefaultBodyLimit::max(BODY_OCTETS_MAX))
        .layer(middleware::from_fn_with_state(access, only_for_us))
        .with_state(Control { worlds })
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
