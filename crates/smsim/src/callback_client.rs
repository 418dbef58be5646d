//! POSTs callbacks to the URLs of real apps: [`CallbackClient`].

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::Request;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use platform::NotifyOutcome;
use rest::CallbackRequest;
use world::Input;
use world::io::CallbackId;

/// An answer longer than this is not read to its end; its content means nothing to the platform.
const ANSWER_OCTETS_MAX: usize = 1 << 20;

/// The longest page of an app that is shown, in octets.
pub const PAGE_OCTETS_MAX: usize = 1 << 20;

/// An HTTP client with its connections.
#[derive(Clone, Debug)]
pub struct CallbackClient {
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

/// How a callback ended.
#[derive(Debug)]
pub enum CallbackEnd {
    /// The app answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body, as far as it was read; it means nothing to the platform, and much to whoever looks for a fault.
        body: String,
    },
    /// It did not.
    Failed(NotifyOutcome),
}

impl CallbackEnd {
    /// What the platform hears of it.
    pub fn outcome(&self) -> NotifyOutcome {
        match self {
            Self::Answered { status, .. } => NotifyOutcome::Answered(*status),
            Self::Failed(outcome) => outcome.clone(),
        }
    }

    /// What a world is told.
    pub fn into_input(self, callback: CallbackId) -> Input {
        match self {
            Self::Answered { status, body } => Input::CallbackAnswered {
                callback,
                status,
                body,
            },
            Self::Failed(outcome) => Input::CallbackDone { callback, outcome },
        }
    }
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
    pub async fn post(&self, callback: CallbackRequest) -> CallbackEnd {
        let request = Request::post(&callback.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, "smsim")
            .body(Full::new(Bytes::from(callback.body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let why = format!("{}: {error}", callback.url);
                return CallbackEnd::Failed(NotifyOutcome::Unreachable(why));
            }
        };
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(end) => end,
            Err(_) => CallbackEnd::Failed(NotifyOutcome::TimedOut),
        }
    }

    /// Asks an app for a page and gives its status and its body.
    ///
    /// # Errors
    ///
    /// In words, when the app is not reached, does not answer in time, or answers at more length than [`PAGE_OCTETS_MAX`].
    pub async fn fetch(&self, page: CallbackRequest) -> Result<(u16, Bytes), String> {
        let request = Request::post(&page.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, "smsim")
            .body(Full::new(Bytes::from(page.body)))
            .map_err(|error| error.to_string())?;
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| cause(&error))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), PAGE_OCTETS_MAX)
                .collect()
                .await;
            let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
                Some(_) => format!("its page has more than {PAGE_OCTETS_MAX} octets"),
                None => cause(&*error),
            })?;
            Ok((status, body.to_bytes()))
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("it did not answer within {:?}", self.timeout)),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> CallbackEnd {
        match self.client.request(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                // The answer is read to its end so that the connection can serve the next callback.
                let read = Limited::new(response.into_body(), ANSWER_OCTETS_MAX)
                    .collect()
                    .await;
                let body = read.map(|body| body.to_bytes()).unwrap_or_default();
                CallbackEnd::Answered {
                    status,
                    body: String::from_utf8_lossy(&body).into_owned(),
                }
            }
            Err(error) => CallbackEnd::Failed(NotifyOutcome::Unreachable(cause(&error))),
        }
    }
}

/// The outermost error says only that something went wrong; the innermost says what.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_app_that_takes_too_long_for_a_page_is_given_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let page = CallbackRequest {
            url: format!("http://{}/", silent.local_addr().expect("a port")),
            body: String::new(),
            fields: Vec::new(),
            base_string: String::new(),
        };
        let client = CallbackClient::new(Duration::from_millis(20));
        assert_eq!(
            client.fetch(page).await,
            Err("it did not answer within 20ms".to_owned())
        );
    }
}
