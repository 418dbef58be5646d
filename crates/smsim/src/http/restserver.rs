//! `/restserver.php`: the REST API of the apps.
//!
//! No layer stands around it: a call costs so little that each would show. It times itself for the metrics, and sees to the
//! size of its bodies itself.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::metrics::Requests;
use super::{Behind, form};
use crate::clock::Stopwatch;

/// The largest body of a call.
const BODY_OCTETS_MAX: usize = 1 << 20;

const PATH: &str = "/restserver.php";

/// What a call needs.
struct Server {
    behind: Behind,
    requests: Requests,
}

/// The REST server; `requests` are told how long its calls take.
pub fn router(behind: Behind, requests: Requests) -> Router {
    let server = Arc::new(Server { behind, requests });
    Router::new().route(PATH, any(answer)).with_state(server)
}

async fn answer(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let stopwatch = Stopwatch::start();
    let response = call(&server.behind, peer, request).await;
    server
        .requests
        .observe(PATH, response.status(), stopwatch.elapsed());
    response
}

/// A call: query string and body together, GET or POST, urlencoded or multipart.
async fn call(behind: &Behind, peer: SocketAddr, mut request: Request) -> Response {
    DefaultBodyLimit::max(BODY_OCTETS_MAX).apply(&mut request);
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
