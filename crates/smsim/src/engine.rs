//! The one loop that owns a [`World`] on the machine's clock: [`Engine`].
//!
//! Everything from outside comes through one bounded inbox; everything that the world wants done goes out from here. No
//! one else touches the world, so that there is no lock.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::BufWriter;
use std::net::IpAddr;

use bytes::Bytes;
use platform::{AppId, CallId, LiveMessage, Uid};
use scenario::stub_app::StubApps;
use smpp::{Frame, LinkId};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use world::io::CallbackId;
use world::{Input, Output, World};

use crate::callback_client::{CallbackClient, CallbackEnd};
use crate::clock::Clock;
use crate::pcap::Capture;
use crate::smpp_listener::LinkSender;

/// Messages that may wait for the world; whoever has more to say waits.
const INBOX_MAX: usize = 4_096;
/// Messages taken from the inbox before the outputs are sent on.
const BATCH_MAX: usize = 256;
/// Live messages that a page may be behind; a page that is further behind loses the oldest.
const LIVE_MESSAGES_WAITING_MAX: usize = 1_024;
/// How long the ESMEs have to answer an unbind at the end.
const UNBIND_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

/// What the shells say to the engine.
enum Message {
    /// An app calls the API.
    Api {
        request: rest::Request,
        reply: oneshot::Sender<rest::Response>,
    },
    /// A user logs in to an app on a page.
    LogIn {
        app: AppId,
        user: Uid,
        token: Option<String>,
        reply: oneshot::Sender<Option<String>>,
    },
    /// A callback is over.
    CallbackOver { callback: CallbackId, end: CallbackEnd },
    /// An outside ESME has connected.
    LinkOpened {
        link: LinkId,
        peer: IpAddr,
        sender: LinkSender,
    },
    /// It has sent something.
    LinkReceived { link: LinkId, frames: Vec<Frame> },
    /// It is gone.
    LinkClosed { link: LinkId },
    /// Someone acts in the world.
    Perform {
        inputs: Vec<Input>,
        done: oneshot::Sender<u64>,
    },
    /// Someone who watches has a question.
    Look(Box<dyn FnOnce(&World) + Send>),
    /// What crosses links is to be written down.
    Capture(FileCapture),
    /// The end: unbind everyone, then answer.
    Stop { done: oneshot::Sender<()> },
}

/// A capture that goes to a file.
pub type FileCapture = Capture<BufWriter<File>>;

/// A way to the engine, for every shell its own.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    inbox: mpsc::Sender<Message>,
    live: Live,
}

/// What open pages hear from the engine.
#[derive(Clone, Debug)]
struct Live {
    messages: broadcast::Sender<LiveMessage>,
    /// Whether the live-message system runs.
    runs: watch::Sender<bool>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl EngineHandle {
    /// Calls the API; none when the engine has ended.
    pub async fn api(&self, request: rest::Request) -> Option<rest::Response> {
        let (reply, response) = oneshot::channel();
        self.inbox.send(Message::Api { request, reply }).await.ok()?;
        response.await.ok()
    }

    /// Lets a user log in to an app. The token is that with which the browser returns to the app, none when the given one is
    /// no good; nothing at all when the engine has ended.
    pub async fn log_in(&self, app: AppId, user: Uid, token: Option<String>) -> Option<Option<String>> {
        let (reply, answer) = oneshot::channel();
        let message = Message::LogIn {
            app,
            user,
            token,
            reply,
        };
        self.inbox.send(message).await.ok()?;
        answer.await.ok()
    }

    /// Every live message from now on, of all apps and to everybody.
    pub fn live_messages(&self) -> broadcast::Receiver<LiveMessage> {
        self.live.messages.subscribe()
    }

    /// Whether the live-message system runs, and each change of that.
    pub fn live_messages_run(&self) -> watch::Receiver<bool> {
        self.live.runs.subscribe()
    }

    /// Waits until the engine has ended.
    pub async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// Says that an ESME has connected; false when the engine has ended.
    pub async fn link_opened(&self, link: LinkId, peer: IpAddr, sender: LinkSender) -> bool {
        self.inbox
            .send(Message::LinkOpened { link, peer, sender })
            .await
            .is_ok()
    }

    /// Hands on what an ESME has sent; false when the engine has ended.
    pub async fn link_received(&self, link: LinkId, frames: Vec<Frame>) -> bool {
        self.inbox
            .send(Message::LinkReceived { link, frames })
            .await
            .is_ok()
    }

    /// Says that an ESME is gone.
    pub async fn link_closed(&self, link: LinkId) {
        let _ = self.inbox.send(Message::LinkClosed { link }).await;
    }

    /// Writes down what crosses links, from the first record that the world still has, to the end.
    pub async fn capture(&self, capture: FileCapture) {
        // An engine that has ended has nothing to write down.
        let _ = self.inbox.send(Message::Capture(capture)).await;
    }

    /// Gives the world inputs and says which number its next record had before; none when the engine has ended.
    pub async fn perform(&self, inputs: Vec<Input>) -> Option<u64> {
        let (done, performed) = oneshot::channel();
        self.inbox.send(Message::Perform { inputs, done }).await.ok()?;
        performed.await.ok()
    }

    /// Looks at the world and gives what was seen; none when the engine has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&World) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Box::new(move |world: &World| {
            // Who asked and went away does not want it any more.
            let _ = reply.send(look(world));
        });
        self.inbox.send(Message::Look(look)).await.ok()?;
        answer.await.ok()
    }

    /// Ends the engine: every ESME is unbound first.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.inbox.send(Message::Stop { done }).await.is_ok() {
            let _ = ended.await;
        }
    }

    async fn callback_over(&self, callback: CallbackId, end: CallbackEnd) {
        let _ = self.inbox.send(Message::CallbackOver { callback, end }).await;
    }
}

/// A world on the machine's clock.
pub struct Engine {
    world: World,
    clock: Clock,
    inbox: mpsc::Receiver<Message>,
    handle: EngineHandle,
    links: BTreeMap<LinkId, LinkSender>,
    /// Who waits for the answer to a call; apps that answer by rules do not.
    calls: BTreeMap<CallId, oneshot::Sender<rest::Response>>,
    next_call: u64,
    /// Who waits for a login, in the order in which the world takes them.
    logins: VecDeque<(AppId, Uid, oneshot::Sender<Option<String>>)>,
    callbacks: CallbackClient,
    /// Apps that answer by rules.
    stubs: StubApps,
    capture: Option<FileCapture>,
}

impl Engine {
    /// An engine and a way to it. Nothing happens before [`Engine::run`].
    pub fn new(
        world: World,
        clock: Clock,
        callbacks: CallbackClient,
        stubs: StubApps,
    ) -> (Self, EngineHandle) {
        let (sender, inbox) = mpsc::channel(INBOX_MAX);
        let live = Live {
            messages: broadcast::Sender::new(LIVE_MESSAGES_WAITING_MAX),
            runs: watch::Sender::new(world.platform().live_messages_on()),
        };
        let handle = EngineHandle { inbox: sender, live };
        let engine = Self {
            world,
            clock,
            inbox,
            handle: handle.clone(),
            links: BTreeMap::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            logins: VecDeque::new(),
            callbacks,
            stubs,
            capture: None,
        };
        (engine, handle)
    }

    /// Runs until it is stopped.
    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(BATCH_MAX);
        loop {
            self.dispatch();
            self.capture(Capture::flush);
            let wakeup = [self.world.next_wakeup(), self.stubs.next_wakeup()]
                .into_iter()
                .flatten()
                .min();
            let sleep = wakeup.map(|at| self.clock.until(at));
            let received = tokio::select! {
                biased;
                count = self.inbox.recv_many(&mut messages, BATCH_MAX) => count > 0,
                () = async {
                    match sleep {
                        Some(sleep) => tokio::time::sleep(sleep).await,
                        None => std::future::pending().await,
                    }
                } => true,
            };
            if !received {
                return;
            }
            if messages.is_empty() {
                self.handle(Input::Tick);
            }
            for message in messages.drain(..) {
                if let Message::Stop { done } = message {
                    self.unbind_all().await;
                    self.capture(Capture::flush);
                    let _ = done.send(());
                    return;
                }
                self.take(message);
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Api { request, reply } => self.api(request, reply),
            Message::LogIn {
                app,
                user,
                token,
                reply,
            } => {
                self.logins.push_back((app, user, reply));
                self.handle(Input::LogIn { app, user, token });
            }
            Message::CallbackOver { callback, end } => self.handle(end.into_input(callback)),
            Message::LinkOpened { link, peer, sender } => {
                self.links.insert(link, sender);
                self.handle(Input::LinkOpened {
                    link,
                    peer: Some(peer),
                });
            }
            Message::LinkReceived { link, frames } => self.handle(Input::LinkReceived { link, frames }),
            Message::LinkClosed { link } => {
                self.links.remove(&link);
                self.handle(Input::LinkClosed { link });
            }
            Message::Perform { inputs, done } => {
                let next_record = self.world.next_record();
                for input in inputs {
                    self.handle(input);
                }
                // Who asked may have gone away.
                let _ = done.send(next_record);
            }
            Message::Look(look) => look(&self.world),
            Message::Capture(capture) => {
                self.capture = Some(capture);
                self.follow();
            }
            // The loop takes it before it comes here.
            Message::Stop { .. } => {}
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.now();
        self.world.handle(now, input);
        self.follow();
    }

    /// Writes down what is new, before the ring of records can turn it out.
    fn follow(&mut self) {
        let Some(capture) = &mut self.capture else { return };
        match capture.follow(&self.world) {
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

    fn api(&mut self, request: rest::Request, reply: oneshot::Sender<rest::Response>) {
        let call = self.new_call();
        self.calls.insert(call, reply);
        self.handle(Input::Api { call, request });
    }

    fn new_call(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }

    /// Acts on everything that the world wants done.
    fn dispatch(&mut self) {
        // What goes to one link goes together, so that its writer is woken once.
        let mut pdus: BTreeMap<LinkId, Vec<Bytes>> = BTreeMap::new();
        self.answer_due_stubs();
        while let Some(output) = self.world.poll_output() {
            match output {
                Output::ApiReply { call, response, .. } => {
                    if let Some(reply) = self.calls.remove(&call) {
                        // A caller that has hung up does not want it any more.
                        let _ = reply.send(response);
                    }
                }
                Output::Callback {
                    callback,
                    app,
                    request,
                    ..
                } => {
                    self.callback(callback, app, request);
                    self.answer_due_stubs();
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
                    let _ = self.handle.live.messages.send(message);
                }
                Output::LinkSend { link, octets } => pdus.entry(link).or_default().push(octets),
                Output::LinkDisturb { link, how } => {
                    if let Some(sender) = self.links.get(&link) {
                        sender.send(pdus.remove(&link).unwrap_or_default());
                        sender.disturb(how);
                    }
                }
                Output::LinkClose { link } => {
                    if let Some(sender) = self.links.remove(&link) {
                        sender.send(pdus.remove(&link).unwrap_or_default());
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
        let runs = self.world.platform().live_messages_on();
        self.handle.live.runs.send_if_modified(|told| {
            let changed = *told != runs;
            *told = runs;
            changed
        });
    }

    /// Lets the apps that answer by rules say what is due.
    fn answer_due_stubs(&mut self) {
        for (_, request) in self.stubs.due(self.clock.now()) {
            let call = self.new_call();
            self.handle(Input::Api { call, request });
        }
    }

    fn callback(&mut self, callback: CallbackId, app: AppId, request: rest::CallbackRequest) {
        let now = self.clock.now();
        let is_stub = self.stubs.answers_at(app, &request.url);
        if let Some(outcome) = is_stub.then(|| self.stubs.callback(now, app, &request)).flatten() {
            if let Some(outcome) = outcome {
                self.handle(Input::CallbackDone { callback, outcome });
            }
            return;
        }
        let (client, handle) = (self.callbacks.clone(), self.handle.clone());
        tokio::spawn(async move {
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
