//! SMPP over TCP and TLS for outside ESMEs: accepts, moves octets, and knows no rule of SMPP's.
//!
//! Octets are decoded here, in the tasks of the connection, so that the world handles typed PDUs in batches; and what the
//! world sends is written to octets here.

pub mod admission;
mod read_buffer;
mod transport;

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use smpp::{BindKind, Frame, Framer, LinkId};
use smsc::Scribe;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Chain};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};
use world::WirePdu;

use self::admission::{Admission, HandshakeFailure, Permit};
use self::read_buffer::ReadBuffer;
pub use self::transport::TlsHalf;
use self::transport::WriteHalf;
use crate::engine::EngineHandle;
use crate::worlds::Worlds;

/// PDUs of a link that may wait, for the world or to be written, before nothing more is read of it: a peer that sends faster
/// than it is answered, or never reads, is slowed down by TCP instead of filling the memory and keeping others waiting.
const WAITING_MAX: usize = 4_096;
/// The octets of a short PDU with a text: so many PDUs are made room for in what one read brings.
const PDU_OCTETS_USUAL: usize = 128;
/// The octets of a bind in which its `system_id` stands: the header, and a name of 15 characters with its NUL.
const BIND_BEGIN_OCTETS: usize = 16 + 16;
/// How long the beginning of a bind may take, from which the world follows that it is for.
const BIND_BEGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a closed connection stays half open, so that the peer reads the last answer before it sees the end.
const LINGER: Duration = Duration::from_millis(100);

/// How long a TLS handshake may take.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long nothing is accepted after an accept has failed.
const ACCEPT_RETRY_AFTER: Duration = Duration::from_millis(100);

/// What every SMPP port of a server shares.
#[derive(Clone, Debug)]
pub struct Links {
    worlds: Worlds,
    reading: Reading,
    admission: Admission,
    next_link: Arc<AtomicU64>,
}

/// How PDUs are read of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The longest that is taken, in octets.
    pub command_length_max: u32,
    /// How long one may take from its first octet to its last; none: for ever.
    pub pdu_read: Option<Duration>,
}

impl Links {
    /// No link is open yet; the next one that opens has the name `next_link`.
    pub fn new(worlds: Worlds, reading: Reading, admission: Admission, next_link: u64) -> Self {
        Self {
            worlds,
            reading,
            admission,
            next_link: Arc::new(AtomicU64::new(next_link)),
        }
    }

    /// Serves a connection to an ESME that the world of `engine` has called.
    pub async fn serve_call(
        self,
        (reader, writer): (impl AsyncRead + Unpin, impl WriteHalf),
        peer: SocketAddr,
        engine: EngineHandle,
        system_id: String,
    ) {
        serve_in(&engine, reader, writer, peer, self, Some(system_id)).await;
    }
}

/// Accepts ESMEs until `stop` says so; with `tls`, each has to shake hands first.
pub async fn listen(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    links: Links,
    mut stop: watch::Receiver<bool>,
) {
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                match links.admission.admit(peer.ip()) {
                    Ok(permit) => {
                        tokio::spawn(open(stream, peer, tls.clone(), links.clone(), permit));
                    }
                    // The first of its kind is worth a look; /metrics counts the others.
                    Err(why) if links.admission.refused(why) == 1 => {
                        warn!(%peer, %why, "an SMPP connection is not let in, nor are others like it");
                    }
                    Err(why) => debug!(%peer, %why, "an SMPP connection is not let in"),
                }
            }
            Err(error) => {
                // Out of file descriptors, most likely: those that are open go on, and some will close.
                if !std::mem::replace(&mut failing, true) {
                    warn!(%error, "cannot accept an SMPP connection; trying again until it works");
                }
                tokio::time::sleep(ACCEPT_RETRY_AFTER).await;
            }
        }
    }
}

/// Serves a connection that was let in, after its TLS handshake if it has one.
async fn open(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, links: Links, _permit: Permit) {
    // Without it two peers answer each other in steps of the delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "no TCP_NODELAY");
    }
    let Some(tls) = tls else {
        let (reader, writer) = stream.into_split();
        return serve(reader, writer, peer, links).await;
    };
    match tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let (reader, writer) = TlsHalf::split(stream.into());
            serve(reader, writer, peer, links).await;
        }
        Ok(Err(error)) => {
            links.admission.handshake_failed(HandshakeFailure::Failed);
            info!(%peer, %error, "the TLS handshake failed");
        }
        Err(_) => {
            links.admission.handshake_failed(HandshakeFailure::TimedOut);
            info!(%peer, "the TLS handshake took too long");
        }
    }
}

async fn serve(reader: impl AsyncRead + Unpin, writer: impl WriteHalf, peer: SocketAddr, links: Links) {
    if let Some((engine, reader)) = which_world(&links.worlds, reader).await {
        serve_in(&engine, reader, writer, peer, links, None).await;
    }
}

/// Serves a connection to a world; `called` is the account that it was made for, if the world asked for it.
async fn serve_in(
    engine: &EngineHandle,
    reader: impl AsyncRead + Unpin,
    writer: impl WriteHalf,
    peer: SocketAddr,
    Links {
        reading, next_link, ..
    }: Links,
    called: Option<String>,
) {
    let link = LinkId(next_link.fetch_add(1, Ordering::Relaxed));
    debug!(link = link.0, %peer, "connection opened");
    let (commands, outgoing) = mpsc::unbounded_channel();
    let waiting = Arc::new(Waiting::default());
    let sender = LinkSender {
        commands,
        waiting: Arc::clone(&waiting),
    };
    if !engine.link_opened(link, peer.ip(), sender, called).await {
        return;
    }
    let mut writing = tokio::spawn(write(writer, outgoing, Arc::clone(&waiting), engine.scribe()));
    // Whichever end is done first ends the connection: one that the message centre has closed does not wait for a peer that
    // never lets go.
    tokio::select! {
        () = read(reader, link, engine, reading, &waiting) => {
            engine.link_closed(link).await;
            let _ = writing.await;
        }
        _ = &mut writing => engine.link_closed(link).await,
    }
    debug!(link = link.0, %peer, "connection closed");
}

/// The way to the world that an ESME is for, and what it sends, from its first octet on. With one world there is no
/// question; with several, the name in its bind says it.
async fn which_world<R: AsyncRead + Unpin>(
    worlds: &Worlds,
    mut reader: R,
) -> Option<(EngineHandle, Chain<Cursor<Vec<u8>>, R>)> {
    let mut begun = Vec::new();
    if worlds.are_many() {
        let reading = async {
            while !says_who(&begun) {
                let mut octets = [0; BIND_BEGIN_OCTETS];
                let room = BIND_BEGIN_OCTETS - begun.len();
                match reader.read(&mut octets[..room]).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => begun.extend_from_slice(&octets[..count]),
                }
            }
        };
        // Who says nothing is the server's own world's affair: it has a time for that.
        let _ = tokio::time::timeout(BIND_BEGIN_TIMEOUT, reading).await;
    }
    let engine = worlds.of_esme(system_id(&begun).unwrap_or_default())?;
    Some((engine, Cursor::new(begun).chain(reader)))
}

/// Whether what has come says who connects, or that it is no bind and will not say so.
fn says_who(begun: &[u8]) -> bool {
    let is_bind = |id: [u8; 4]| {
        let id = u32::from_be_bytes(id);
        BindKind::ALL.iter().any(|kind| kind.command_id() == id)
    };
    let id = begun.get(4..).and_then(|octets| octets.first_chunk().copied());
    begun.len() >= BIND_BEGIN_OCTETS || id.is_some_and(|id| !is_bind(id)) || system_id(begun).is_some()
}

/// The name in what may be the beginning of a bind, as soon as it is whole: it stands behind the header, up to a NUL
/// (SMPP v3.4 §4.1.1).
fn system_id(begun: &[u8]) -> Option<&[u8]> {
    let behind = begun.get(16..)?;
    let end = behind.iter().position(|octet| *octet == 0)?;
    Some(&behind[..end])
}

/// What of one ESME's waits for the world, and what waits to be written to it.
#[derive(Debug, Default)]
struct Waiting {
    pdus: AtomicUsize,
    progress: Notify,
    /// The connection is to be reset: nothing more is read.
    reset: Notify,
}

impl Waiting {
    async fn wait_for_room(&self) {
        loop {
            let progress = self.progress.notified();
            if self.pdus.load(Ordering::Acquire) < WAITING_MAX {
                return;
            }
            progress.await;
        }
    }

    /// So many PDUs do not wait any more.
    fn done(&self, pdus: usize) {
        let before = self.pdus.fetch_sub(pdus, Ordering::AcqRel);
        // Nobody waits below the limit.
        if before >= WAITING_MAX {
            self.progress.notify_one();
        }
    }
}

/// The engine's end of one connection: what is to be sent goes in here and never waits.
#[derive(Clone, Debug)]
pub struct LinkSender {
    commands: mpsc::UnboundedSender<LinkCommand>,
    waiting: Arc<Waiting>,
}

impl LinkSender {
    /// Says that the world has taken so many PDUs of the ESME.
    pub fn taken(&self, pdus: usize) {
        self.waiting.done(pdus);
    }

    /// Queues PDUs, in order. A connection that is gone takes them and forgets them.
    pub fn send(&self, pdus: Vec<WirePdu>) {
        if !pdus.is_empty() {
            self.waiting.pdus.fetch_add(pdus.len(), Ordering::AcqRel);
            let _ = self.commands.send(LinkCommand::Send(pdus));
        }
    }

    /// Does something to the connection that no PDU does, after everything before is sent.
    pub fn disturb(&self, how: smsc::Disturbance) {
        let _ = self.commands.send(LinkCommand::Disturb(how));
    }

    /// Closes the connection when everything before is sent.
    pub fn close(&self) {
        let _ = self.commands.send(LinkCommand::Close);
    }
}

/// What the engine wants of a connection.
#[derive(Debug)]
enum LinkCommand {
    /// Send these PDUs.
    Send(Vec<WirePdu>),
    /// Do this to it.
    Disturb(smsc::Disturbance),
    /// Close it when everything before is sent.
    Close,
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    link: LinkId,
    engine: &EngineHandle,
    reading: Reading,
    waiting: &Waiting,
) {
    let mut framer = Framer::new(reading.command_length_max);
    let mut octets = ReadBuffer::new();
    let mut unfinished_until = None;
    loop {
        waiting.wait_for_room().await;
        let more = reader.read(octets.space());
        let more = async {
            match unfinished_until {
                Some(deadline) => tokio::time::timeout_at(deadline, more).await,
                None => Ok(more.await),
            }
        };
        let count = tokio::select! {
            biased;
            () = waiting.reset.notified() => return,
            count = more => count,
        };
        let frames: Vec<Frame> = match count {
            Ok(Ok(0)) => return,
            Ok(Ok(count)) => {
                framer.feed(octets.filled(count));
                octets.adapt(count);
                let mut frames = Vec::with_capacity(count / PDU_OCTETS_USUAL + 1);
                frames.extend(std::iter::from_fn(|| framer.next_frame()));
                frames
            }
            Ok(Err(error)) => {
                debug!(link = link.0, %error, "reading ended");
                return;
            }
            Err(_) => framer.give_up().into_iter().collect(),
        };
        // The time runs from a PDU's first octet, however slowly the others come.
        unfinished_until = match unfinished_until {
            _ if !framer.is_within_pdu() => None,
            Some(deadline) if frames.is_empty() => Some(deadline),
            Some(_) | None => reading.pdu_read.map(|patience| Instant::now() + patience),
        };
        if frames.is_empty() {
            continue;
        }
        let broken = matches!(frames.last(), Some(Frame::Broken { .. }));
        waiting.pdus.fetch_add(frames.len(), Ordering::AcqRel);
        if !engine.link_received(link, frames).await || broken {
            // After a broken frame nothing can be told apart; what still comes is read and dropped until the peer, or the
            // message centre, closes.
            while broken && matches!(reader.read(octets.space()).await, Ok(count) if count > 0) {}
            return;
        }
    }
}

async fn write(
    mut writer: impl WriteHalf,
    mut outgoing: mpsc::UnboundedReceiver<LinkCommand>,
    waiting: Arc<Waiting>,
    mut scribe: Scribe,
) {
    let mut commands = Vec::new();
    let mut octets = BytesMut::new();
    let mut octets_per_s = None;
    // Everything that waits goes out with one write.
    while outgoing.recv_many(&mut commands, 256).await > 0 {
        let (mut close, mut reset) = (false, false);
        let mut pace = octets_per_s;
        let mut taken = 0;
        for command in commands.drain(..) {
            match command {
                LinkCommand::Send(pdus) => {
                    taken += pdus.len();
                    pdus.iter().for_each(|pdu| pdu.write(&mut scribe, &mut octets));
                }
                LinkCommand::Disturb(smsc::Disturbance::Octets(raw)) => octets.extend_from_slice(&raw),
                LinkCommand::Disturb(smsc::Disturbance::Slow { octets_per_s }) => pace = Some(octets_per_s),
                LinkCommand::Disturb(smsc::Disturbance::Reset) => {
                    reset = true;
                    break;
                }
                LinkCommand::Close => {
                    close = true;
                    break;
                }
            }
        }
        octets_per_s = pace;
        let written = match octets_per_s {
            None => writer.write_all(&octets).await,
            Some(octets_per_s) => write_slowly(&mut writer, &octets, octets_per_s).await,
        };
        // TLS holds back what does not fill a record.
        let written = match written {
            Ok(()) => writer.flush().await,
            Err(error) => Err(error),
        };
        waiting.done(taken);
        if written.is_err() {
            break;
        }
        octets.clear();
        if reset {
            writer.reset();
            waiting.reset.notify_one();
            break;
        }
        if close {
            let _ = writer.shutdown().await;
            tokio::time::sleep(LINGER).await;
            break;
        }
    }
    // What the engine still queues goes nowhere, and must not keep the reader waiting.
    outgoing.close();
    waiting.pdus.store(0, Ordering::Release);
    waiting.progress.notify_one();
}

/// Writes octet by octet, so many a second.
async fn write_slowly(writer: &mut impl WriteHalf, octets: &[u8], octets_per_s: u32) -> std::io::Result<()> {
    let pause = Duration::from_secs(1) / octets_per_s.max(1);
    for octet in octets {
        writer.write_all(std::slice::from_ref(octet)).await?;
        writer.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use scenario::{ClockMode, ServedWorld, Sources};
    use smpp::{Command, Pdu};
    use sms::Timestamp;

    use super::*;
    use crate::callback_client::CallbackClient;
    use crate::engine::{Engine, Pace};
    use crate::observer::Observed;

    /// A way to an engine that takes nothing, as long as the engine is there.
    fn standing_still() -> (Engine, EngineHandle) {
        let mut sources = Sources::new();
        sources.insert("w.sms", "carrier att\n");
        let script = scenario::load(&sources, "w.sms").expect("a script");
        let declared = scenario::world_config(&script).expect("a world");
        let served = ServedWorld::new(Arc::new(script), &declared).expect("a world");
        let pace = Pace::new(Timestamp::EPOCH, ClockMode::Virtual);
        let callbacks = CallbackClient::new(Duration::from_secs(1));
        let (calls_to_make, _) = mpsc::unbounded_channel();
        Engine::new(served.into(), pace, Observed::default(), callbacks, calls_to_make)
    }

    #[test]
    fn who_connects_is_waited_for_as_long_as_it_may_be_said() {
        let bind = smpp::Bind::new(BindKind::Receiver, "acme", "secret");
        let bind = smpp::encode(&Command::request(1, Pdu::Bind(bind)));
        let name_ends = 16 + "acme".len();
        for (octets, says) in [
            (&bind[..7], false),
            (&bind[..name_ends], false),
            (&bind[..=name_ends], true),
            (&smpp::encode(&Command::request(1, Pdu::EnquireLink))[..7], false),
            (&smpp::encode(&Command::request(1, Pdu::EnquireLink))[..8], true),
            (b"GET / HTTP/1.1", true),
        ] {
            assert_eq!(says_who(octets), says, "{octets:?}");
        }
        let endless = [&bind[..16], &[b'a'; 16]].concat();
        assert!(!says_who(&endless[..31]) && says_who(&endless));
    }

    #[tokio::test]
    async fn what_waits_for_the_world_stops_the_reading_and_what_is_taken_lets_it_go_on() {
        let (_engine, handle) = standing_still();
        let (mut peer, reader) = tokio::io::duplex(1 << 16);
        let waiting = Arc::new(Waiting::default());
        let asked = smpp::encode(&Command::request(1, Pdu::EnquireLink)).repeat(WAITING_MAX);
        tokio::spawn(async move { while peer.write_all(&asked).await.is_ok() {} });
        let count = Arc::clone(&waiting);
        let reading = Reading {
            command_length_max: 1 << 16,
            pdu_read: None,
        };
        tokio::spawn(async move { read(reader, LinkId(1), &handle, reading, &waiting).await });
        // As far as both come: the runtime of a test has one thread.
        let come_to_rest = async || {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            count.pdus.load(Ordering::Acquire)
        };
        let first = come_to_rest().await;
        assert!((WAITING_MAX..2 * WAITING_MAX).contains(&first), "{first}");
        assert_eq!(come_to_rest().await, first);
        count.done(first);
        let again = come_to_rest().await;
        assert!((WAITING_MAX..2 * WAITING_MAX).contains(&again), "{again}");
    }
}
