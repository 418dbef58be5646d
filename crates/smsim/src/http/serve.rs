//! The HTTP server's connections: [`serve`].
//!
//! The REST API stands before everything else: a call costs so little that what a router does for each request would show.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::warn;

use super::restserver::{self, RestServer};

/// How long nobody is let in after the system could not.
const ACCEPT_RETRY_AFTER: Duration = Duration::from_millis(100);

/// All that is served.
pub struct Site {
    /// What answers at [`restserver::PATH`].
    pub rest: RestServer,
    /// What answers everywhere else.
    pub others: Router,
}

/// Lets connections in until `stop`, then waits for the answers to the requests that are under way. What it serves ends
/// when it is dropped.
pub async fn serve(listener: TcpListener, site: Site, stop: impl Future<Output = ()>) {
    let others = TowerToHyperService::new(site.others);
    let rest = Arc::new(site.rest);
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                let (rest, others) = (Arc::clone(&rest), others.clone());
                connections.spawn(connection(stream, peer, rest, others, stopped.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: those that are open go on, and some will close.
                if !std::mem::replace(&mut failing, true) {
                    warn!(%error, "cannot accept an HTTP connection; trying again until it works");
                }
                tokio::time::sleep(ACCEPT_RETRY_AFTER).await;
            }
        }
    }
    drop(listener);
    // Every connection has the other end.
    let _ = stopping.send(true);
    while connections.join_next().await.is_some() {}
}

/// One connection, to its end.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    rest: Arc<RestServer>,
    others: TowerToHyperService<Router>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let rest = Arc::clone(&rest);
        // What answers a call is small, and not in memory of its own.
        let other = (request.uri().path() != restserver::PATH).then(|| others.clone());
        async move {
            match other {
                None => Ok::<_, Infallible>(rest.answer(peer, request).await),
                Some(others) => Box::pin(others.call(request)).await,
            }
        }
    });
    // Answers are short: one piece of memory costs less to send than two.
    let connection = http1::Builder::new()
        .writev(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // Whoever breaks off has told nothing that anybody here needs.
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
