//! One SMPP connection of a load: [`Connection`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use bytes::BytesMut;
use compact_str::CompactString;
use smpp::{Bind, BindKind, Command, Header, Pdu, command_id};
use sms::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use super::ledger::Ledger;
use super::outstanding::{Asked, Outstanding};
use super::schedule::Schedule;
use super::wire::{self, Delivered, SubmitTemplate};
use crate::clock::Stopwatch;

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// The sequence number of the bind.
const BIND_SEQUENCE_NUMBER: u32 = 1;
/// How long connecting and binding may take.
const BIND_TIMEOUT: Duration = Duration::from_secs(10);

/// What all connections of a load share.
#[derive(Debug)]
pub struct Load {
    /// Which message is sent when.
    pub schedule: Schedule,
    /// What is sent.
    pub template: SubmitTemplate,
    /// From whom.
    pub source: Address,
    /// Requests that may wait for their response on one connection.
    pub window: usize,
    /// Runs from the first message.
    pub watch: Stopwatch,
    /// What has been seen.
    pub ledger: Mutex<Ledger>,
}

impl Load {
    /// The ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        locked(&self.ledger)
    }
}

/// A connection that is bound.
#[derive(Debug)]
pub struct Connection {
    index: usize,
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    wake: Notify,
}

#[derive(Debug)]
struct State {
    /// Answers to the message centre's requests.
    answers: BytesMut,
    outstanding: Outstanding,
    /// Messages sent.
    sent: u64,
    /// Messages to ask after.
    checks: VecDeque<CompactString>,
    unbind: Unbind,
    /// Why the connection has ended.
    ended: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unbind {
    No,
    Wanted,
    Sent,
}

/// Connects and binds as a transceiver; gives what was read beyond the response, too.
pub async fn bind(target: &str, system_id: &str, password: &str) -> anyhow::Result<(TcpStream, BytesMut)> {
    let binding = async {
        let mut stream = TcpStream::connect(target)
            .await
            .with_context(|| format!("cannot connect to {target}"))?;
        stream.set_nodelay(true)?;
        let bind = Pdu::Bind(Bind::new(BindKind::Transceiver, system_id, password));
        stream
            .write_all(&smpp::encode(&Command::request(BIND_SEQUENCE_NUMBER, bind)))
            .await?;
        let mut octets = BytesMut::new();
        loop {
            anyhow::ensure!(
                stream.read_buf(&mut octets).await? > 0,
                "{target} closed the connection instead of answering the bind"
            );
            let Some(header) = octets.first_chunk().map(Header::read) else {
                continue;
            };
            let length = header.command_length as usize;
            if octets.len() >= length {
                anyhow::ensure!(
                    header.command_id == command_id::BIND_TRANSCEIVER_RESP && header.command_status.is_ok(),
                    "{target} refused the bind as {system_id}: {}",
                    header.command_status
                );
                let rest = octets.split_off(length);
                return Ok((stream, rest));
            }
        }
    };
    let timeout = tokio::time::timeout(BIND_TIMEOUT, binding).await;
    timeout.with_context(|| {
        format!(
            "{target} did not answer the bind within {} s",
            BIND_TIMEOUT.as_secs()
        )
    })?
}

impl Connection {
    /// Connection number `index`, counted from 0.
    pub fn new(index: usize) -> Self {
        Self {
            index,
            state: Mutex::new(State {
                answers: BytesMut::new(),
                outstanding: Outstanding::new(BIND_SEQUENCE_NUMBER + 1),
                sent: 0,
                checks: VecDeque::new(),
                unbind: Unbind::No,
                ended: None,
            }),
            wake: Notify::new(),
        }
    }

    /// Sends and receives until it is unbound or lost.
    pub async fn run(&self, load: &Load, stream: TcpStream, read: BytesMut) {
        let (reader, writer) = stream.into_split();
        tokio::join!(self.read(load, reader, read), self.write(load, writer));
    }

    /// Lets the writer look whether there is something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Messages sent.
    pub fn sent(&self) -> u64 {
        self.state().sent
    }

    /// Requests that wait for their response.
    pub fn outstanding(&self) -> usize {
        self.state().outstanding.len()
    }

    /// Whether it has nothing more to send and nothing to wait for.
    pub fn is_over(&self, load: &Load) -> bool {
        let state = self.state();
        let all_sent = || {
            load.schedule
                .is_over(load.watch.elapsed(), self.index, state.sent)
        };
        state.ended.is_some() || (state.outstanding.len() == 0 && state.checks.is_empty() && all_sent())
    }

    /// Why it has ended, if it has.
    pub fn ended(&self) -> Option<String> {
        self.state().ended.clone()
    }

    /// Whether it has asked after everything that it was to ask after, and nothing of that waits for its answer.
    pub fn has_checked(&self) -> bool {
        let state = self.state();
        state.ended.is_some() || (state.outstanding.queries() == 0 && state.checks.is_empty())
    }

    /// Asks after these messages.
    pub fn check(&self, ids: Vec<CompactString>) {
        self.state().checks = ids.into();
        self.wake();
    }

    /// Unbinds.
    pub fn unbind(&self) {
        self.state().unbind = Unbind::Wanted;
        self.wake();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    fn end(&self, why: impl std::fmt::Display) {
        self.state().ended.get_or_insert_with(|| why.to_string());
        self.wake();
    }

    async fn write(&self, load: &Load, mut writer: OwnedWriteHalf) {
        let mut out = BytesMut::new();
        loop {
            let ended = self.fill(load, &mut out);
            if !out.is_empty() {
                if let Err(error) = writer.write_all(&out).await {
                    self.end(format_args!("writing failed: {error}"));
                }
                out.clear();
            } else if ended {
                return;
            } else {
                self.wake.notified().await;
            }
        }
    }

    /// Writes everything that may be sent now; true when the connection has ended.
    fn fill(&self, load: &Load, out: &mut BytesMut) -> bool {
        let mut state = self.state();
        let state = &mut *state;
        if state.ended.is_some() {
            return true;
        }
        out.unsplit(state.answers.split());
        let now = load.watch.elapsed();
        // Messages that are never answered keep the window to themselves; what became of the others is asked all the same.
        while state.outstanding.queries() < load.window
            && let Some(id) = state.checks.pop_front()
        {
            let sequence_number = state.outstanding.add(Asked::Query, now);
            wire::write_query_sm(sequence_number, &id, &load.source, out);
        }
        let room = load.window.saturating_sub(state.outstanding.len());
        if state.unbind == Unbind::Wanted {
            state.unbind = Unbind::Sent;
            let sequence_number = state.outstanding.add(Asked::Query, now);
            wire::write_header(command_id::UNBIND, sequence_number, out);
        } else if state.unbind == Unbind::No {
            for (message, since) in load.schedule.take(now, self.index, state.sent, room) {
                let sequence_number = state.outstanding.add(Asked::Submit, since);
                load.template.write(sequence_number, message, out);
                state.sent += 1;
            }
        }
        false
    }

    async fn read(&self, load: &Load, mut reader: OwnedReadHalf, mut octets: BytesMut) {
        while self.state().ended.is_none() {
            let now = load.watch.elapsed();
            let taken = {
                let (mut state, mut ledger) = (self.state(), load.ledger());
                wire::take_pdus(&mut octets, |header, body| {
                    state.receive(now, &mut ledger, header, body);
                })
            };
            self.wake();
            if let Err(error) = taken {
                return self.end(error);
            }
            octets.reserve(READ_OCTETS);
            match reader.read_buf(&mut octets).await {
                Ok(0) => self.end("the SMSC closed the connection"),
                Ok(_) => {}
                Err(error) => self.end(format_args!("reading failed: {error}")),
            }
        }
    }
}

impl State {
    fn receive(&mut self, now: Duration, ledger: &mut Ledger, header: Header, body: &[u8]) {
        let sequence_number = header.sequence_number;
        match header.command_id {
            command_id::DELIVER_SM => {
                match Delivered::read(body) {
                    Delivered::Receipt { message_id, state } => ledger.report(now, message_id, state),
                    Delivered::Notification => ledger.notifications += 1,
                    Delivered::Text => ledger.texts += 1,
                }
                wire::write_deliver_sm_resp(sequence_number, &mut self.answers);
            }
            command_id::ENQUIRE_LINK => {
                wire::write_header(command_id::ENQUIRE_LINK_RESP, sequence_number, &mut self.answers);
            }
            command_id::UNBIND => {
                wire::write_header(command_id::UNBIND_RESP, sequence_number, &mut self.answers);
                // Nothing more is sent; the message centre closes.
                self.unbind = Unbind::Sent;
            }
            command_id::UNBIND_RESP => {
                self.ended.get_or_insert_with(|| "unbound".to_owned());
            }
            id if command_id::is_response(id) => {
                if let Some((asked, since)) = self.outstanding.take(sequence_number) {
                    answered(now, ledger, header, body, asked, since);
                }
            }
            // A message centre sends an ESME nothing else that needs an answer here.
            _ => {}
        }
    }
}

fn answered(now: Duration, ledger: &mut Ledger, header: Header, body: &[u8], asked: Asked, since: Duration) {
    let status = header.command_status;
    match asked {
        Asked::Submit if status.is_ok() => ledger.accept(now, since, wire::message_id(body)),
        Asked::Submit => ledger.refuse(now, since, status),
        Asked::Query => match wire::queried_state(body).filter(|_| status.is_ok()) {
            Some(state) => *ledger.checked.states.entry(state).or_default() += 1,
            None => ledger.checked.unknown += 1,
        },
    }
}

/// A lock that a panic elsewhere does not poison: its owner is about to end all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
