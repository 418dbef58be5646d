//! The HTTP server: the REST API of the apps, and whether the server is well.

pub mod control;
pub mod form;
pub mod metrics;
pub mod page;
pub mod pages;
pub mod token;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::real_apps::CallSender;
use crate::worlds::{self, Worlds};

/// The largest body of a call.
const BODY_OCTETS_MAX: usize = 1 << 20;

/// Who answers behind the server.
#[derive(Clone, Debug)]
pub enum Behind {
    /// The worlds of a server.
    Worlds(Worlds),
    /// A scenario run that real apps take part in.
    Run(CallSender),
}

impl Behind {
    async fn api(&self, request: rest::Request) -> Option<rest::Response> {
        match self {
            Self::Worlds(worlds) => {
                let key = request.params.iter().find(|(name, _)| name == "api_key");
                let key = key.map_or("", |(_, key)| key.as_str());
                worlds.of_app(key)?.api(request).await
            }
            Self::Run(run) => run.api(request).await,
        }
    }

    /// Why a call is not answered.
    fn gone(&self) -> &'static str {
        match self {
            Self::Worlds(_) => "shutting down\n",
            Self::Run(_) => "the test that this call belongs to has ended\n",
        }
    }

    /// Whether a text would get through; none when nobody is there any more.
    async fn is_ready(&self) -> Option<bool> {
        match self {
            Self::Worlds(worlds) => {
                let own = worlds.world(worlds::DEFAULT).ok()?;
                own.engine.look(|world| world.esme().is_bound()).await
            }
            Self::Run(_) => Some(true),
        }
    }
}

/// What the server answers.
pub fn router(behind: Behind) -> Router {
    Router::new()
        .route("/restserver.php", any(restserver))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(BODY_OCTETS_MAX))
        .with_state(behind)
}

/// The REST server: query string and body together, GET or POST, urlencoded or multipart.
async fn restserver(
    State(behind): State<Behind>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let params = match form::params(request).await {
        Ok(params) => params,
        Err(error) => return error.into_response(),
    };
    let request = rest::Request {
        params,
        peer: Some(peer.ip()),
    };
    match behind.api(request).await {
        Some(response) => ([(header::CONTENT_TYPE, response.content_type)], response.body).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, behind.gone()).into_response(),
    }
}

/// Ready when the platform's own link is bound, so that a text would get through.
async fn readyz(State(behind): State<Behind>) -> Response {
    match behind.is_ready().await {
        Some(true) => "ready\n".into_response(),
        Some(false) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the platform's SMPP link is not bound\n",
        )
            .into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response(),
    }
}

async fn nothing_here() -> Response {
    let text = "Nothing stands here. The REST API is at /restserver.php, the pages of the time begin at /home.php, what people text goes to /api/v1/worlds/default/steps, what happened \
                stands at /api/v1/worlds/default/records, the server's state at /healthz, /readyz and /metrics; /api/v1/openapi.json says what programs can ask.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}
