//! Real apps in a scenario run: [`RealApps`] POSTs their callbacks, takes their calls, and waits on the machine's clock while
//! the world's stands still.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use rest::{CallbackRequest, Request, Response};
use scenario::outside::{Arrived, Outside, OutsideCall};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use world::io::CallbackId;

use crate::callback_client::CallbackClient;
use crate::clock::Stopwatch;
use crate::http;

/// How long an app must be silent behind a test in which it was called back.
const LATE_CALL_WAIT: Duration = Duration::from_millis(50);
/// How long late calls are listened to, at most.
const LATE_CALLS_MAX: Duration = Duration::from_secs(1);

/// What arrives from the tasks that do the I/O.
enum FromApp {
    /// The answer to a callback of that test.
    Answered(u64, Arrived),
    Called(Request, oneshot::Sender<Response>),
}

/// A way for HTTP handlers to bring a call into the run.
#[derive(Clone, Debug)]
pub struct CallSender(mpsc::Sender<FromApp>);

impl CallSender {
    /// Calls the API; none when the run is over.
    pub async fn api(&self, request: Request) -> Option<Response> {
        let (reply, response) = oneshot::channel();
        self.0.send(FromApp::Called(request, reply)).ok()?;
        response.await.ok()
    }
}

impl std::fmt::Debug for FromApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FromApp")
    }
}

/// A way to real apps, with an HTTP server that their calls come to.
pub struct RealApps {
    runtime: Runtime,
    client: CallbackClient,
    sender: mpsc::Sender<FromApp>,
    arrivals: mpsc::Receiver<FromApp>,
    replies: BTreeMap<OutsideCall, oneshot::Sender<Response>>,
    next_call: u64,
    hold_max: Duration,
    /// Counts the tests: an answer to a callback of an earlier one means nothing to this one.
    test: u64,
    /// Whether this test has called any app back.
    has_posted: bool,
    /// Where apps call.
    pub http: SocketAddr,
}

impl RealApps {
    /// Opens `http_port` on loopback (0 picks one). The clock is held for an app no longer than `hold_max`.
    pub fn open(http_port: u16, hold_max: Duration) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("cannot start the I/O runtime")?;
        let (sender, arrivals) = mpsc::channel();
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, http_port)))
            .with_context(|| format!("cannot open HTTP port {http_port}; give another with --http-port"))?;
        let http = listener.local_addr()?;
        let app = http::router(http::Behind::Run(CallSender(sender.clone())));
        runtime.spawn(async move {
            let service = app.into_make_service_with_connect_info::<SocketAddr>();
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the HTTP server ended");
            }
        });
        Ok(Self {
            runtime,
            client: CallbackClient::new(hold_max),
            sender,
            arrivals,
            replies: BTreeMap::new(),
            next_call: 0,
            hold_max,
            test: 0,
            has_posted: false,
            http,
        })
    }
}

impl RealApps {
    /// Begins another test: what is left of the last one is dropped, and its calls are refused. An app that was called back in
    /// the last test has a moment for what it still had to say, so that it does not say it in the next.
    pub fn begin_test(&mut self) {
        self.test += 1;
        self.replies.clear();
        let since = Stopwatch::start();
        let is_late = |arrivals: &mpsc::Receiver<FromApp>| match self.has_posted {
            true => arrivals.recv_timeout(LATE_CALL_WAIT).ok(),
            false => arrivals.try_recv().ok(),
        };
        while let Some(arrived) = is_late(&self.arrivals) {
            if let FromApp::Called(request, _) = arrived {
                let method = request.params.iter().find(|(name, _)| name == "method");
                let method = method.map_or("a call", |(_, method)| method.as_str());
                tracing::warn!(
                    method,
                    "a real app called after its test had ended; it is refused"
                );
            }
            if since.elapsed() >= LATE_CALLS_MAX {
                break;
            }
        }
        self.has_posted = false;
    }

    /// What arrived, with a name for a call until it is answered; none for what belongs to an earlier test.
    fn named(&mut self, arrived: FromApp) -> Option<Arrived> {
        match arrived {
            FromApp::Answered(test, arrived) => (test == self.test).then_some(arrived),
            FromApp::Called(request, reply) => {
                self.next_call += 1;
                let call = OutsideCall(self.next_call);
                self.replies.insert(call, reply);
                Some(Arrived::Called { call, request })
            }
        }
    }
}

impl Outside for RealApps {
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest) {
        let (client, sender, request) = (self.client.clone(), self.sender.clone(), request.clone());
        let test = self.test;
        self.has_posted = true;
        self.runtime.spawn(async move {
            let outcome = client.post(request).await.outcome();
            // Nobody listens any more when the run is over.
            let _ = sender.send(FromApp::Answered(test, Arrived::Answered { callback, outcome }));
        });
    }

    fn wait(&mut self) -> Option<Arrived> {
        // A little longer than the client waits, so that its own word about the app comes first.
        let wait = self.hold_max + Duration::from_millis(200);
        loop {
            let arrived = self.arrivals.recv_timeout(wait).ok()?;
            if let Some(arrived) = self.named(arrived) {
                return Some(arrived);
            }
        }
    }

    fn poll(&mut self) -> Option<Arrived> {
        loop {
            let arrived = self.arrivals.try_recv().ok()?;
            if let Some(arrived) = self.named(arrived) {
                return Some(arrived);
            }
        }
    }

    fn reply(&mut self, call: OutsideCall, response: &Response) {
        if let Some(reply) = self.replies.remove(&call) {
            // An app that hung up does not want it any more.
            let _ = reply.send(response.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_comes_after_its_test_is_refused_and_reaches_no_other() {
        for has_posted in [false, true] {
            let mut apps = RealApps::open(0, Duration::from_secs(1)).expect("a port");
            apps.has_posted = has_posted;
            let (reply, mut response) = oneshot::channel();
            let request = Request {
                params: vec![("method".to_owned(), "sms.send".to_owned())],
                peer: None,
            };
            let sent = apps.sender.send(FromApp::Called(request, reply));
            assert!(sent.is_ok());
            apps.begin_test();
            assert!(apps.poll().is_none());
            assert_eq!(response.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        }
    }
}
