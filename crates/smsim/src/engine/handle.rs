//! The way to an engine: [`EngineHandle`], which every shell has its own of, and what it says to the engine, [`Message`].

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use platform::{AppId, LiveMessage, Uid};
use scenario::{Diagnostic, ProgramAnswer, ServedWorld, Steps};
use smpp::{Frame, LinkId};
use smsc::Scribe;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use world::io::CallbackId;
use world::{Input, World};

use super::{Answered, ClockCommand, ClockError, Engine, FileCapture, Pace};
use crate::callback_client::CallbackEnd;
use crate::observer::Observed;
use crate::smpp_listener::LinkSender;

/// What the shells say to the engine.
pub(super) enum Message {
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
        /// The account that was called, if the connection is ours.
        called: Option<String>,
    },
    /// An outside ESME could not be called.
    LinkNotDialled { system_id: String, why: String },
    /// It has sent something.
    LinkReceived { link: LinkId, frames: Vec<Frame> },
    /// It is gone.
    LinkClosed { link: LinkId },
    /// Someone acts in the world.
    Perform {
        inputs: Vec<Input>,
        done: oneshot::Sender<u64>,
    },
    /// Someone wants steps performed.
    Steps { steps: Steps, answered: Answered },
    /// Someone wants something of the clock.
    Clock {
        command: ClockCommand,
        reached: oneshot::Sender<Result<(), ClockError>>,
    },
    /// Someone who watches has a question.
    Look(Box<dyn FnOnce(&Engine) + Send>),
    /// What crosses links is to be written down.
    Capture(FileCapture),
    /// The end: unbind everyone, then answer.
    Stop { done: oneshot::Sender<()> },
}

/// A way to the engine, for every shell its own.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    pub(super) inbox: mpsc::Sender<Message>,
    /// The number that the next record will have.
    pub(super) next_record: watch::Receiver<u64>,
    pub(super) live: LiveMessages,
    pub(super) observed: Observed,
    pub(super) scribe: Scribe,
    /// Why the engine has ended, when it was not stopped.
    pub(super) failure: Arc<OnceLock<String>>,
}

/// What open pages hear from the engine.
#[derive(Clone, Debug)]
pub(super) struct LiveMessages {
    pub(super) messages: broadcast::Sender<LiveMessage>,
    /// Whether the live-message system runs.
    pub(super) runs: watch::Sender<bool>,
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
        let look = Box::new(move |engine: &Engine| {
            // Who asked and went away does not want it any more.
            let _ = reply.send(look(engine.served.world()));
        });
        self.inbox.send(Message::Look(look)).await.ok()?;
        answer.await.ok()
    }

    /// Looks at the world, its names and its clock, and gives what was seen; none when the engine has ended.
    pub async fn look_around<T: Send + 'static>(
        &self,
        look: impl FnOnce(&ServedWorld, &Pace, &[(CallbackId, AppId)]) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Box::new(move |engine: &Engine| {
            let posted: Vec<_> = engine.posted.iter().map(|(id, app)| (*id, *app)).collect();
            let _ = reply.send(look(&engine.served, &engine.pace, &posted));
        });
        self.inbox.send(Message::Look(look)).await.ok()?;
        answer.await.ok()
    }

    /// Performs steps, and gives what came of them when the last is over or one has failed; what is wrong with them when
    /// they cannot be performed. None when the engine has ended. Whoever does not wait for the end gives the steps up.
    pub async fn steps(&self, steps: Steps) -> Option<Result<ProgramAnswer, Vec<Diagnostic>>> {
        let (answered, answer) = oneshot::channel();
        self.inbox.send(Message::Steps { steps, answered }).await.ok()?;
        answer.await.ok()
    }

    /// Commands the clock, and waits until it is where it is to be.
    ///
    /// # Errors
    ///
    /// When the clock does not do that.
    pub async fn clock(&self, command: ClockCommand) -> Result<(), ClockError> {
        let (reached, done) = oneshot::channel();
        let sent = self.inbox.send(Message::Clock { command, reached }).await;
        sent.map_err(|_| ClockError::Ended)?;
        done.await.unwrap_or(Err(ClockError::Ended))
    }

    /// The number that the next record will have, as it grows: one change for each batch of records.
    pub fn next_record(&self) -> watch::Receiver<u64> {
        self.next_record.clone()
    }

    /// Ends the engine: every ESME is unbound first.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.inbox.send(Message::Stop { done }).await.is_ok() {
            let _ = ended.await;
        }
    }

    /// What was seen of the world so far.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Who writes what the world sends.
    pub fn scribe(&self) -> Scribe {
        self.scribe.clone()
    }

    /// How many messages wait for the world.
    pub fn waiting(&self) -> u64 {
        (self.inbox.max_capacity() - self.inbox.capacity()) as u64
    }

    pub(super) async fn callback_over(&self, callback: CallbackId, end: CallbackEnd) {
        let _ = self.inbox.send(Message::CallbackOver { callback, end }).await;
    }
}
