//! The one loop that owns a [`World`](world::World) on the machine's clock: [`Engine`].
//!
//! Everything from outside comes through one bounded inbox; everything that the world wants done goes out from here. No
//! one else touches the world, so that there is no lock.

mod calls;
mod handle;
mod journal;
mod keeping;
mod links;
mod pace;
mod programs;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use platform::{AppId, CallId, Uid};
use scenario::{Diagnostic, ProgramAnswer, ProgramId};
use smpp::LinkId;
use sms::NumberRun;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use world::io::CallbackId;
use world::{Input, Output};

use crate::callback_client::{CallbackClient, CallbackEnd};
use crate::clock::Stopwatch;
use crate::observer::Observed;
use crate::pcap::Capture;
use crate::smpp_dialler::Call;
use crate::smpp_listener::LinkSender;

/// Messages that may wait for the world; whoever has more to say waits.
const INBOX_MAX: usize = 4_096;
/// Messages taken from the inbox before the outputs are sent on.
const BATCH_MAX: usize = 256;
/// PDUs of ESMEs taken before the outputs are sent on, in whole reads: the first to be answered are answered while the world
/// works on the others, and send more.
const PDUS_MAX: usize = 64;
/// How long the world's thread looks for more before it sleeps: who asks has the answer and asks again within it, most often,
/// and to wake a thread costs a good part of what a call does.
const LOOK: std::time::Duration = std::time::Duration::from_micros(30);
/// Live messages that a page may be behind; a page that is further behind loses the oldest.
const LIVE_MESSAGES_WAITING_MAX: usize = 1_024;
/// How long the ESMEs have to answer an unbind at the end.
const UNBIND_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

pub use handle::EngineHandle;
use handle::{LiveMessages, Message};
pub use journal::{Journal, NoBranch};
use links::ByLink;
pub use pace::{ClockCommand, ClockError, ClockState, Mode, Pace};
use programs::RealAppWait;

/// Whoever waits for a program of steps.
type Answered = oneshot::Sender<Result<ProgramAnswer, Vec<Diagnostic>>>;

/// A capture that goes to a file.
pub type FileCapture = Capture<BufWriter<File>>;

/// A world that is served.
pub struct Engine {
    served: Journal,
    pace: Pace,
    inbox: mpsc::Receiver<Message>,
    handle: EngineHandle,
    links: BTreeMap<LinkId, LinkSender>,
    /// Who waits for the answer to a call.
    calls: NumberRun<CallId, oneshot::Sender<rest::Response>>,
    next_call: u64,
    /// Who waits for a login, in the order in which the world takes them.
    logins: VecDeque<(AppId, Uid, oneshot::Sender<Option<String>>)>,
    callbacks: CallbackClient,
    /// Callbacks that real apps have not answered.
    posted: BTreeMap<CallbackId, AppId>,
    /// Who waits for steps.
    programs: BTreeMap<ProgramId, Answered>,
    real_app_wait: RealAppWait,
    capture: Option<FileCapture>,
    next_record: watch::Sender<u64>,
    calls_to_make: mpsc::UnboundedSender<Call>,
    /// What its sockets run on.
    io: tokio::runtime::Handle,
}

impl Engine {
    /// An engine and a way to it; `observed` is what was seen of the world so far. Nothing happens before [`Engine::run`], which
    /// may run on a runtime of its own: what needs sockets is done on the present one.
    pub fn new(
        served: Journal,
        pace: Pace,
        observed: Observed,
        callbacks: CallbackClient,
        calls_to_make: mpsc::UnboundedSender<Call>,
    ) -> (Self, EngineHandle) {
        let (sender, inbox) = mpsc::channel(INBOX_MAX);
        let (next_record, watched) = watch::channel(served.world().next_record());
        let messages = LiveMessages {
            messages: broadcast::Sender::new(LIVE_MESSAGES_WAITING_MAX),
            runs: watch::Sender::new(served.world().platform().live_messages_on()),
        };
        let handle = EngineHandle {
            inbox: sender,
            next_record: watched,
            live: messages,
            observed,
            scribe: served.world().smsc().scribe(),
            failure: Arc::default(),
        };
        let engine = Self {
            next_call: served.last_call(),
            served,
            pace,
            inbox,
            handle: handle.clone(),
            links: BTreeMap::new(),
            calls: NumberRun::default(),
            logins: VecDeque::new(),
            callbacks,
            posted: BTreeMap::new(),
            programs: BTreeMap::new(),
            real_app_wait: RealAppWait::default(),
            capture: None,
            calls_to_make,
            next_record,
            io: tokio::runtime::Handle::current(),
        };
        (engine, handle)
    }

    /// Runs until it is stopped.
    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(BATCH_MAX);
        let mut calls = Vec::new();
        loop {
            self.dispatch();
            if !self.has_failed() {
                self.progress();
            }
            self.capture(Capture::flush);
            if self.has_failed() {
                return;
            }
            self.tell_watchers();
            let driven_to = self.driven_to();
            let sleep = match driven_to {
                Some(_) => Some(std::time::Duration::ZERO),
                None => self.sleep(),
            };
            self.look_for_more(sleep);
            let received = tokio::select! {
                biased;
                count = self.inbox.recv_many(&mut messages, BATCH_MAX) => count > 0,
                () = async {
                    match sleep {
                        // Others than this task must have their turn, also while the world's time flies.
                        Some(sleep) if sleep.is_zero() => tokio::task::yield_now().await,
                        Some(sleep) => tokio::time::sleep(sleep).await,
                        None => std::future::pending().await,
                    }
                } => true,
            };
            if !received {
                return;
            }
            if messages.is_empty() {
                if let Some(at) = driven_to {
                    self.pace.leap_to(at);
                }
                self.handle(Input::Tick);
            }
            let mut pdus = 0;
            for message in messages.drain(..) {
                if let Message::LinkReceived { frames, .. } = &message {
                    pdus += frames.len();
                }
                match message {
                    Message::Api { request, reply } => {
                        calls.push((request, reply));
                        continue;
                    }
                    Message::Stop { done } => {
                        self.answer(calls.drain(..));
                        self.unbind_all().await;
                        self.capture(Capture::flush);
                        let _ = done.send(());
                        return;
                    }
                    _ => {}
                }
                self.answer(calls.drain(..));
                self.take(message);
                if pdus >= PDUS_MAX && !self.served.is_written_down() {
                    self.dispatch();
                    pdus = 0;
                }
            }
            self.answer(calls.drain(..));
        }
    }

    /// Waits a little for messages without sleeping; whoever else wants the processor has it.
    fn look_for_more(&self, sleep: Option<std::time::Duration>) {
        let look = sleep.map_or(LOOK, |sleep| sleep.min(LOOK));
        let looking = Stopwatch::start();
        while self.inbox.is_empty() && looking.elapsed() < look {
            std::thread::yield_now();
        }
    }

    /// Says once for all that is new that there are records.
    fn tell_watchers(&mut self) {
        let next_record = self.served.world().next_record();
        self.next_record.send_if_modified(|told| {
            let is_new = *told != next_record;
            *told = next_record;
            is_new
        });
    }

    fn take(&mut self, message: Message) {
        match message {
            // The loop takes calls together.
            Message::Api { request, reply } => self.answer([(request, reply)]),
            Message::LogIn {
                app,
                user,
                token,
                reply,
            } => {
                self.logins.push_back((app, user, reply));
                self.handle(Input::LogIn { app, user, token });
            }
            Message::CallbackOver { callback, end } => {
                self.posted.remove(&callback);
                self.handle(end.into_input(callback));
            }
            Message::LinkOpened {
                link,
                peer,
                sender,
                called,
            } => {
                self.links.insert(link, sender);
                let peer = Some(peer);
                self.handle(match called {
                    Some(system_id) => Input::LinkDialled {
                        link,
                        system_id,
                        peer,
                    },
                    None => Input::LinkOpened { link, peer },
                });
            }
            Message::LinkNotDialled { system_id, why } => {
                self.handle(Input::LinkNotDialled { system_id, why });
            }
            Message::LinkReceived { link, frames } => {
                let pdus = frames.len();
                self.handle(Input::LinkReceived { link, frames });
                if let Some(link) = self.links.get(&link) {
                    link.taken(pdus);
                }
            }
            Message::LinkClosed { link } => {
                self.links.remove(&link);
                self.handle(Input::LinkClosed { link });
            }
            Message::Perform { inputs, done } => {
                let next_record = self.served.world().next_record();
                for input in inputs {
                    self.handle(input);
                }
                if self.is_kept() {
                    // Who asked may have gone away.
                    let _ = done.send(next_record);
                }
            }
            Message::Steps { steps, answered } => self.begin(steps, answered),
            Message::Clock { command, reached } => {
                // What is due by now happens at the speed that it was due at.
                self.handle(Input::Tick);
                let next = self.served.next_wakeup();
                let done = self.pace.command(command, next, reached);
                if let Some((reached, what)) = done.filter(|_| self.is_kept()) {
                    // Whoever asked may have gone away.
                    let _ = reached.send(what);
                }
            }
            Message::Look(look) => {
                if self.is_kept() {
                    look(self);
                }
            }
            Message::Capture(capture) => {
                self.capture = Some(capture);
                self.follow();
            }
            // The loop takes it before it comes here.
            Message::Stop { .. } => {}
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.pace.now();
        self.served.handle(now, input);
        self.follow();
    }

    /// Logs and writes down what is new, before the ring of records can turn it out.
    fn follow(&mut self) {
        self.handle.observed.lock().follow(self.served.world());
        let Some(capture) = &mut self.capture else { return };
        match capture.follow(self.served.world()) {
            Ok(0) => {}
            Ok(records) => tracing::warn!(records, "the capture has a gap: the ring of records is too small"),
            Err(error) => self.end_capture(&error),
        }
    }

    fn capture(&mut self, act: impl FnOnce(&mut FileCapture) -> std::io::Result<()>) {
        if let Some(Err(error)) = self.capture.as_mut().map(act) {
            self.end_capture(&error);
        }
    }

    fn end_capture(&mut self, error: &std::io::Error) {
        tracing::error!(%error, "the capture has ended: its file cannot be written");
        self.capture = None;
    }

    /// Acts on everything that the world wants done.
    fn dispatch(&mut self) {
        let mut pdus = ByLink::default();
        self.served.drain();
        if !self.is_kept() {
            return;
        }
        while let Some(output) = self.served.poll_output() {
            match output {
                Output::ApiReply { call, response, .. } => {
                    if let Some(reply) = self.calls.remove(call) {
                        // A caller that has hung up does not want it any more.
                        let _ = reply.send(*response);
                    }
                }
                Output::Callback {
                    callback,
                    app,
                    request,
                    ..
                } => {
                    self.callback(callback, app, *request);
                }
                // Only scenarios ask for keys.
                Output::SessionKey { .. } => {}
                Output::LoggedIn { app, user, token } => {
                    let waits = |(of, by, _): &(AppId, Uid, _)| (*of, *by) == (app, user);
                    let found = self.logins.iter().position(waits);
                    if let Some((.., reply)) = found.and_then(|index| self.logins.remove(index)) {
                        // A browser that has gone away needs no token.
                        let _ = reply.send(token);
                    }
                }
                Output::LiveMessage(message) => {
                    // With no page open it is lost, as it should be.
                    let _ = self.handle.live.messages.send(*message);
                }
                Output::LinkDial { system_id, address } => {
                    // Whoever dials ends with the server.
                    let engine = self.handle.clone();
                    let _ = self.calls_to_make.send(Call {
                        engine,
                        system_id,
                        address,
                    });
                }
                Output::LinkSend { link, pdu } => pdus.push(link, pdu),
                Output::LinkDisturb { link, how } => {
                    if let Some(sender) = self.links.get(&link) {
                        sender.send(pdus.take(link));
                        sender.disturb(how);
                    }
                }
                Output::LinkClose { link } => {
                    if let Some(sender) = self.links.remove(&link) {
                        sender.send(pdus.take(link));
                        sender.close();
                    }
                }
            }
        }
        for (link, pdus) in pdus {
            if let Some(sender) = self.links.get(&link) {
                sender.send(pdus);
            }
        }
        let runs = self.served.world().platform().live_messages_on();
        self.handle.live.runs.send_if_modified(|told| {
            let changed = *told != runs;
            *told = runs;
            changed
        });
    }

    fn callback(&mut self, callback: CallbackId, app: AppId, request: rest::CallbackRequest) {
        self.posted.insert(callback, app);
        let (client, handle) = (self.callbacks.clone(), self.handle.clone());
        self.io.spawn(async move {
            let url = request.url.clone();
            let end = client.post(request).await;
            if let CallbackEnd::Failed(outcome) = &end {
                tracing::warn!(%url, ?outcome, "an app was not reached; its user is told");
            }
            handle.callback_over(callback, end).await;
        });
    }

    /// Unbinds every ESME, waits a little for their answers, and closes the connections.
    async fn unbind_all(&mut self) {
        self.handle(Input::Stop);
        self.dispatch();
        let all_gone = async {
            while !self.links.is_empty() {
                let Some(message) = self.inbox.recv().await else {
                    break;
                };
                self.take(message);
                self.dispatch();
            }
        };
        // Who does not answer in time is closed all the same.
        let _ = tokio::time::timeout(UNBIND_TIMEOUT, all_gone).await;
        for (_, sender) in std::mem::take(&mut self.links) {
            sender.close();
        }
    }
}
