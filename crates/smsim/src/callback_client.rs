//! POSTs callbacks to the URLs of real apps: [`CallbackClient`].

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use platform::NotifyOutcome;
use rest::CallbackRequest;

/// An answer longer than this is not read to its end; its content means nothing to the platform.
const ANSWER_OCTETS_MAX: usize = 1 << 20;

/// An HTTP client with its connections.
#[derive(Clone, Debug)]
pub struct CallbackClient {
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

impl CallbackClient {
    /// A client that gives up on an app after `timeout`.
    pub fn new(timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout));
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            timeout,
        }
    }

    /// Sends one callback and says what came of it.
    pub async fn post(&self, callback: CallbackRequest) -> NotifyOutcome {
        let request = Request::post(&callback.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, "smsim")
            .body(Full::new(Bytes::from(callback.body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => return NotifyOutcome::Unreachable(format!("{}: {error}", callback.url)),
        };
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => NotifyOutcome::TimedOut,
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> NotifyOutcome {
        match self.client.request(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                // The answer is read so that the connection can serve the next callback.
                let _ = Limited::new(response.into_body(), ANSWER_OCTETS_MAX)
                    .collect()
                    .await;
                NotifyOutcome::Answered(status)
            }
            Err(error) => {
                // The outermost error says only that something went wrong; the innermost says what.
                let mut cause: &dyn std::error::Error = &error;
                while let Some(source) = cause.source() {
                    cause = source;
                }
                let cause = cause.to_string();
                NotifyOutcome::Unreachable(cause)
            }
        }
    }
}
