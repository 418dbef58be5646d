//! `/restserver.php`: the REST API of the apps.
//!
//! Neither a router nor a layer stands around it: a call costs so little that each would show. It times itself for the
//! metrics, and sees to the size of its bodies itself.

use std::net::SocketAddr;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;

use super::metrics::Requests;
use super::{Behind, form};
use crate::clock::Stopwatch;

/// The largest body of a call.
const BODY_OCTETS_MAX: usize = 1 << 20;

/// Where it stands.
pub const PATH: &str = "/restserver.php";

/// The REST server.
pub struct RestServer {
    /// Who answers.
    pub behind: Behind,
    /// Who is told how long its calls take.
    pub requests: Requests,
}

impl RestServer {
    /// Answers a call: query string and body together, GET or POST, urlencoded or multipart.
    pub async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response {
        let stopwatch = Stopwatch::start();
        let response = self.call(peer, request).await;
        self.requests
            .observe(PATH, response.status(), stopwatch.elapsed());
        response
    }

    async fn call(&self, peer: SocketAddr, request: Request<Incoming>) -> Response {
        let params = match form::params_within(request, BODY_OCTETS_MAX).await {
            Ok(params) => params,
            Err(error) => return error.into_response(),
        };
        let request = rest::Request {
            params,
            peer: Some(peer.ip()),
        };
        match self.behind.api(request).await {
            Some(response) => {
                ([(header::CONTENT_TYPE, response.content_type)], response.body).into_response()
            }
            None => (StatusCode::SERVICE_UNAVAILABLE, self.behind.gone()).into_response(),
        }
    }
}
