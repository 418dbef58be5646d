//! Connections to ESMEs that the message centre calls: the other way round than [`crate::smpp_listener`], and then the same.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_rustls::{TlsStream, client};
use tracing::{debug, info};

use crate::engine::EngineHandle;
use crate::smpp_listener::{Links, TlsHalf};
use crate::tls::caller::Caller;

/// How long a connection may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// An ESME to connect to.
#[derive(Clone, Debug)]
pub struct Call {
    /// The way to the world that wants it.
    pub engine: EngineHandle,
    /// Its account.
    pub system_id: String,
    /// Where it listens, `HOST:PORT`, over TLS `smpps://HOST:PORT`.
    pub address: String,
}

/// Makes calls until `stop` says so; `caller` is for those over TLS.
pub async fn dial(
    mut calls: mpsc::UnboundedReceiver<Call>,
    links: Links,
    caller: Caller,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let call = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            call = calls.recv() => call,
        };
        match call {
            Some(call) => drop(tokio::spawn(make(call, links.clone(), caller.clone()))),
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
    caller: Caller,
) {
    let why = match tokio::time::timeout(DIAL_TIMEOUT, connect(&address, &caller)).await {
        Ok(Ok((Connection::Plain(stream), peer))) => {
            return links
                .serve_call(stream.into_split(), peer, engine, system_id)
                .await;
        }
        Ok(Ok((Connection::Tls(stream), peer))) => {
            let halves = TlsHalf::split(TlsStream::from(*stream));
            return links.serve_call(halves, peer, engine, system_id).await;
        }
        Ok(Err(why)) => why,
        Err(_) => format!("no connection within {} s", DIAL_TIMEOUT.as_secs()),
    };
    info!(system_id, address, why, "an ESME could not be called");
    let why = format!("{address}: {why}");
    engine.link_not_dialled(system_id, why).await;
}

/// What an ESME was reached over.
enum Connection {
    Plain(TcpStream),
    Tls(Box<client::TlsStream<TcpStream>>),
}

/// Connects to an address, and shakes hands where it is one over TLS.
async fn connect(address: &str, caller: &Caller) -> Result<(Connection, SocketAddr), String> {
    let said = |error: std::io::Error| error.to_string();
    let over_tls = address.strip_prefix(smsc::OUTBIND_TLS);
    let stream = TcpStream::connect(over_tls.unwrap_or(address))
        .await
        .map_err(said)?;
    let peer = stream.peer_addr().map_err(said)?;
    // Without it two peers answer each other in steps of the delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "no TCP_NODELAY");
    }
    let Some(host) = over_tls.and_then(|address| Some(address.rsplit_once(':')?.0)) else {
        return Ok((Connection::Plain(stream), peer));
    };
    let stream = caller.shake_hands(host, stream).await?;
    Ok((Connection::Tls(Box::new(stream)), peer))
}
