//! The HTTP server: what it has besides its parts, and who answers behind it.

pub mod control;
pub mod form;
pub mod metrics;
pub mod page;
pub mod pages;
pub mod restserver;
pub mod serve;
pub mod token;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::real_apps::CallSender;
use crate::worlds::{self, Worlds};

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
                worlds.of_app(key)?.engine.api(request).await
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

/// What the server answers besides [`restserver`].
pub fn router(behind: Behind) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .fallback(nothing_here)
        .with_state(behind)
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

/// Where canvas pages were: `http://apps.facebook.com/quiz/` is `/apps/quiz/` here, for who points that name to this machine.
const CANVAS_HOST: &str = "apps.facebook.com";

async fn nothing_here(State(behind): State<Behind>, headers: HeaderMap, uri: Uri) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.split_once(':').map_or(host, |(name, _)| name));
    let place = uri.path_and_query().map_or("/", |place| place.as_str());
    if name == Some(CANVAS_HOST) && matches!(behind, Behind::Worlds(_)) && !place.starts_with("/apps/") {
        return Redirect::to(&format!("/apps{place}")).into_response();
    }
    let text = "Nothing stands here. The REST API is at /restserver.php, the pages of the time begin at /home.php, what people \
                text goes to /api/v1/worlds/default/steps, what happened stands at /api/v1/worlds/default/records, the server's \
                state at /healthz, /readyz and /metrics; /api/v1/openapi.json says what programs can ask.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}
