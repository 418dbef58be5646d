//! Connections to ESMEs that the message centre calls: the other way round than [`crate::smpp_listener`], and then the same.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tracing::info;

use crate::engine::EngineHandle;
use crate::smpp_listener::Links;

/// How long a connection may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// An ESME to connect to.
#[derive(Clone, Debug)]
pub struct Call {
    /// The way to the world that wants it.
    pub engine: EngineHandle,
    /// Its account.
    pub system_id: String,
    /// Where it listens, `HOST:PORT`.
    pub address: String,
}

/// Makes calls until `stop` says so.
pub async fn dial(mut calls: mpsc::UnboundedReceiver<Call>, links: Links, mut stop: watch::Receiver<bool>) {
    loop {
        let call = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            call = calls.recv() => call,
        };
        match call {
            Some(call) => drop(tokio::spawn(make(call, links.clone()))),
            None => return,
        }
    }
}

async fn make(
    Call {
        engine,
        system_id,
        address,
    }: Call,
    links: Links,
) {
    let connected = tokio::time::timeout(DIAL_TIMEOUT, TcpStream::connect(&address)).await;
    let why = match connected {
        Ok(Ok(stream)) => match stream.peer_addr() {
            Ok(peer) => return links.serve_call(stream, peer, engine, system_id).await,
            Err(error) => error.to_string(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no connection within {} s", DIAL_TIMEOUT.as_secs()),
    };
    info!(system_id, address, why, "an ESME could not be called");
    let why = format!("{address}: {why}");
    engine.link_not_dialled(system_id, why).await;
}
