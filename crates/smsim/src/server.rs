//! A world on real ports: [`Server`].

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::engine::EngineHandle;
use crate::http::control::Access;
use crate::http::metrics::Requests;
use crate::http::restserver::RestServer;
use crate::http::serve::Site;
use crate::http::token::Token;
use crate::smpp_listener::admission::Admission;
use crate::smpp_listener::{Links, Reading};
use crate::tls::Tls;
use crate::tls::caller::Caller;
use crate::worlds::{self, Begun, Worlds};
use crate::{http, smpp_dialler, smpp_listener};

/// Connections that may wait to be accepted, on each port.
const BACKLOG: u32 = 1_024;

/// Where to listen; port 0 picks a free one.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The address.
    pub listen: IpAddr,
    /// For ESMEs.
    pub smpp: u16,
    /// For apps.
    pub http: u16,
}

/// Ports that are taken, and on which nobody is let in yet.
#[derive(Debug)]
pub struct Sockets {
    smpp: TcpSocket,
    smpps: Option<TcpSocket>,
    http: TcpSocket,
}

impl Sockets {
    /// Takes the ports; `smpps` is the one for SMPP over TLS.
    ///
    /// # Errors
    ///
    /// When somebody else has one.
    pub fn take(ports: Ports, smpps: Option<u16>) -> anyhow::Result<Self> {
        Ok(Self {
            smpp: taken(ports.listen, ports.smpp, "SMPP", "--smpp-port")?,
            http: taken(ports.listen, ports.http, "HTTP", "--http-port")?,
            smpps: smpps
                .map(|port| taken(ports.listen, port, "SMPP over TLS", "--smpps-port"))
                .transpose()?,
        })
    }
}

/// A running server.
pub struct Server {
    /// Where ESMEs connect.
    pub smpp: SocketAddr,
    /// Where they connect over TLS.
    pub smpps: Option<SocketAddr>,
    /// Where apps call.
    pub http: SocketAddr,
    /// The way to the world.
    pub engine: EngineHandle,
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
    worlds: Worlds,
}

impl Server {
    /// Opens the ports and lets the world run; with a token, only whoever has it controls the worlds. The page's
    /// demos wait for `humans`.
    pub async fn start(
        world: Begun,
        sockets: Sockets,
        tls: Option<Tls>,
        caller: Caller,
        admission: Admission,
        token: Option<Token>,
        humans: &[String],
    ) -> anyhow::Result<Self> {
        let smpp_socket = open(sockets.smpp)?;
        let http_socket = open(sockets.http)?;
        let tls_socket = sockets.smpps.map(open).transpose()?;
        let (smpp, http) = (smpp_socket.local_addr()?, http_socket.local_addr()?);
        let smpps = tls_socket.as_ref().map(TcpListener::local_addr).transpose()?;
        let config = &world.loaded.declared.config;
        let reading = Reading {
            command_length_max: config.command_length_max,
            pdu_read: config.smsc.session.timers.pdu_read,
        };
        let next_link = world.journal.last_link() + 1;
        let (calls_to_make, calls) = mpsc::unbounded_channel();
        let worlds = Worlds::new(world, calls_to_make);
        let handle = worlds
            .world(worlds::DEFAULT)
            .map(|world| world.engine.clone())
            .map_err(|error| crate::exit::Wrong(error.to_string()))?;
        let (stop, stopped) = watch::channel(false);
        let links = Links::new(worlds.clone(), reading, admission.clone(), next_link);
        let dialler = smpp_dialler::dial(calls, links.clone(), caller, stopped.clone());
        let esmes = smpp_listener::listen(smpp_socket, None, links.clone(), stopped.clone());
        let esmes_over_tls = tls_socket.zip(tls).map(|(socket, tls)| {
            let acceptor = TlsAcceptor::from(tls.config);
            smpp_listener::listen(socket, Some(acceptor), links, stopped.clone())
        });
        let access = Access::new(token, http.port());
        let (behind, requests) = (http::Behind::Worlds(worlds.clone()), Requests::default());
        let app = http::router(behind.clone())
            .merge(http::pages::router(handle.clone()))
            .merge(http::page::router(worlds.clone(), access.clone(), humans))
            .merge(http::control::router(worlds.clone(), access));
        let site = Site {
            others: http::metrics::with_metrics(app, requests.clone(), worlds.clone(), admission),
            rest: RestServer { behind, requests },
        };
        let mut stopped_http = stopped;
        let apps = async move {
            let stopping = async move {
                let _ = stopped_http.wait_for(|stop| *stop).await;
            };
            http::serve::serve(http_socket, site, stopping).await;
        };
        let mut running = vec![tokio::spawn(esmes), tokio::spawn(dialler), tokio::spawn(apps)];
        running.extend(esmes_over_tls.map(tokio::spawn));
        Ok(Self {
            smpp,
            smpps,
            http,
            engine: handle,
            stop,
            running,
            worlds,
        })
    }

    /// Stops accepting, unbinds every ESME, lets calls under way finish, and closes the ports. Whoever does not let go in
    /// time is cut off.
    pub async fn stop(self) {
        /// How long calls and links may take to end.
        const GRACE: std::time::Duration = std::time::Duration::from_secs(3);
        let _ = self.stop.send(true);
        self.worlds.end().await;
        for task in self.running {
            let abort = task.abort_handle();
            if tokio::time::timeout(GRACE, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

fn taken(listen: IpAddr, port: u16, what: &str, option: &str) -> anyhow::Result<TcpSocket> {
    bound(SocketAddr::new(listen, port)).with_context(|| {
        format!("cannot open {what} port {port} on {listen}; give another with {option}, or any free one with --port 0")
    })
}

fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A server that was stopped can be started again at once, though its old connections linger in the kernel.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Lets connections in; it fails when somebody else was quicker, after both had taken the port.
fn open(socket: TcpSocket) -> anyhow::Result<TcpListener> {
    let address = socket.local_addr()?;
    socket.listen(BACKLOG).with_context(|| {
        format!("cannot listen on {address}; give other ports, or any free ones with --port 0")
    })
}
