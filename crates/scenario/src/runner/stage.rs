//! A world that is driven in virtual time, with what has arrived at its actors: [`Stage`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use platform::{AppId, CallId, NotifyOutcome, SubmissionId, Uid};
use rest::client::CallError;
use rest::{Credentials, Request, Value};
use sms::{MessageState, Msisdn, Timestamp};
use world::io::CallbackId;
use world::{ConfigError, Input, Output, World};

use crate::esme_actor::EsmeActor;
use crate::outside::{Arrived, Outside, OutsideCall};
use crate::runner::inbox::{Inbox, Said};
use crate::runner::reached::Reached;
use crate::runner::records::{RecordsHash, caller};
use crate::runner::served::{KEPT_MAX, Served};
use crate::stub_app::StubApps;
use crate::world_config::{Actors, DeclaredWorld, Person};

/// Things to do outside in one instant, at most; a world that wants more does not come to rest.
pub const OUTPUTS_PER_INSTANT_MAX: usize = 100_000;

/// A world with the driver's side of it.
pub(super) struct Stage<'o> {
    pub world: World,
    pub actors: Actors,
    pub inboxes: BTreeMap<String, Inbox>,
    /// What apps that answer by rules have said.
    pub said: BTreeMap<String, VecDeque<Said>>,
    pub receipts: Vec<Receipt>,
    /// Whether the world did not come to rest within an instant.
    pub restless: bool,
    /// Why a real app keeps the clock from going on.
    pub held: Option<String>,
    /// A running hash of all records, where it is wanted.
    pub(super) hash: Option<RecordsHash>,
    pub(super) stubs: StubApps,
    pub(super) credentials: BTreeMap<AppId, Credentials>,
    pub(super) phones: BTreeMap<Msisdn, String>,
    /// The record up to which all were read.
    pub(super) read_to: u64,
    pub(super) next_call: u64,
    replies: BTreeMap<CallId, Reply>,
    pub(super) stub_calls: BTreeMap<CallId, AppId>,
    pub(super) signatures: BTreeMap<CallbackId, bool>,
    session_key: Option<String>,
    pub(super) outside: Option<Box<dyn Outside + 'o>>,
    /// Callbacks that real apps have not answered: while there is one, the clock stands still.
    pub(super) holds: BTreeMap<CallbackId, AppId>,
    /// When each real app was last called back.
    pub(super) called_back: BTreeMap<AppId, Timestamp>,
    /// Calls of real apps that wait for their answer.
    outside_calls: BTreeMap<CallId, OutsideCall>,
    pub(super) esmes: BTreeMap<String, EsmeActor>,
    pub(super) next_link: u64,
    /// What there is more when somebody else lets the time pass.
    pub(super) served: Option<Served>,
    /// When it began, and who is told how far it is.
    watched: Option<(Timestamp, &'o Reached)>,
}

/// A receipt that reached the platform.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    pub at: Timestamp,
    pub submission: SubmissionId,
    pub state: MessageState,
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub value: Result<Value, CallError>,
    pub submission: Option<SubmissionId>,
    /// What the REST server notes about it.
    pub summary: String,
}

impl<'o> Stage<'o> {
    pub fn new(
        declared: &DeclaredWorld,
        seed: u64,
        outside: Option<Box<dyn Outside + 'o>>,
    ) -> Result<Self, ConfigError> {
        let mut config = declared.config.clone();
        config.seed = seed;
        Ok(Self::of(World::new(config)?, declared, outside))
    }

    /// As [`Stage::new`], with the declared world.
    pub fn of(world: World, declared: &DeclaredWorld, outside: Option<Box<dyn Outside + 'o>>) -> Self {
        let apps = declared.config.apps.iter();
        let credentials = apps
            .map(|app| (app.credentials.app, app.credentials.clone()))
            .collect();
        let actors = declared.actors.clone();
        let mut stage = Self {
            world,
            phones: actors
                .users
                .iter()
                .map(|(name, person)| (person.phone, name.clone()))
                .collect(),
            actors,
            inboxes: BTreeMap::new(),
            said: BTreeMap::new(),
            receipts: Vec::new(),
            restless: false,
            held: None,
            hash: None,
            stubs: declared.stubs.clone(),
            credentials,
            read_to: 0,
            next_call: 1,
            replies: BTreeMap::new(),
            stub_calls: BTreeMap::new(),
            signatures: BTreeMap::new(),
            session_key: None,
            outside,
            holds: BTreeMap::new(),
            called_back: BTreeMap::new(),
            outside_calls: BTreeMap::new(),
            esmes: declared
                .actors
                .esmes
                .iter()
                .map(|(name, account)| {
                    let octets_max = declared.config.command_length_max;
                    (name.clone(), EsmeActor::new(account.clone(), octets_max))
                })
                .collect(),
            next_link: 1,
            served: None,
            watched: None,
        };
        stage.settle();
        stage
    }

    /// Hashes all records; to be said before anything but the start has happened.
    pub fn hash_records(&mut self) {
        let mut hash = RecordsHash::default();
        hash.add(self.world.records_since(0));
        self.hash = Some(hash);
    }

    /// The hash of all records so far, if it is made.
    pub fn records_hash(&self) -> Option<u64> {
        self.hash.as_ref().map(RecordsHash::value)
    }

    /// Says from here on how far the clock has come.
    pub fn watch(&mut self, reached: Option<&'o Reached>) {
        self.watched = reached.map(|reached| (self.now(), reached));
    }

    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Lets a user join, by that name; the world finds nothing against it.
    pub fn join(&mut self, name: &str, user: platform::User, place: Option<sms::Place>) {
        let (uid, phone) = (user.uid, user.phone);
        self.actors.users.insert(name.to_owned(), Person { uid, phone });
        self.phones.insert(phone, name.to_owned());
        let user = Box::new(user);
        self.input(Input::Change(world::Change::Join { user, place }));
    }

    /// Whether the app's `>` lines are awaited rather than performed.
    pub fn acts_by_itself(&self, app: AppId) -> bool {
        !self.stubs.contains(app) || self.stubs.has_rules(app)
    }

    /// Gives the world an input now, with all that it brings forth.
    pub fn input(&mut self, input: Input) {
        self.world.handle(self.now(), input);
        self.settle();
    }

    /// Moves the clock to `end`, through everything that is due by then.
    pub fn advance_to(&mut self, end: Timestamp) {
        if self.served.is_some() {
            self.wait_until(end, false);
            return;
        }
        while self.step_toward(end) {}
        if self.now() < end && !self.restless && self.held.is_none() {
            self.world.handle(end, Input::Tick);
            self.settle();
        }
    }

    /// Moves the clock to the next event that is due by `deadline`. False, and nothing moves, when there is none.
    pub fn step_toward(&mut self, deadline: Timestamp) -> bool {
        if self.served.is_some() {
            self.wait_until(deadline, false);
            return false;
        }
        if self.restless || self.held.is_some() {
            return false;
        }
        self.esmes_answer();
        let due = [self.world.next_wakeup(), self.stubs.next_wakeup()]
            .into_iter()
            .flatten()
            .min();
        let due = due.filter(|due| *due <= deadline);
        if self.is_paced() {
            return self.pass(due, deadline);
        }
        let Some(due) = due else {
            return false;
        };
        self.world.handle(due, Input::Tick);
        self.settle();
        true
    }

    /// Lets everything arrive that is on its way, as far as it arrives by `deadline`; what only a timer would bring forth
    /// is not waited for.
    pub fn land(&mut self, deadline: Timestamp) {
        while !self.restless && self.held.is_none() {
            let due = [self.world.next_in_flight(), self.stubs.next_wakeup()];
            let due = due.into_iter().flatten().min();
            match due.filter(|due| *due <= deadline) {
                Some(due) => self.advance_to(due),
                None => return,
            }
        }
    }

    /// Whether the call was made by an app of its own accord.
    pub fn called_by_itself(&self, call: CallId) -> bool {
        self.stub_calls.contains_key(&call)
    }

    /// Calls the API as the app would, and waits for the answer, up to `patience`.
    pub fn call(
        &mut self,
        app: AppId,
        method: &str,
        params: &[(&str, &str)],
        patience: Duration,
    ) -> Option<Reply> {
        let request = rest::client::request(self.credentials.get(&app)?, method, params);
        let call = self.name_call();
        self.input(Input::Api { call, request });
        let deadline = self.now() + patience;
        while !self.replies.contains_key(&call) && self.step_toward(deadline) {}
        // A call is made once: it is answered at once, or counts as not answered.
        let _ = self.take_wait();
        self.replies.remove(&call)
    }

    /// A session key of the user with the app: the newest that lives, or one that is minted now.
    pub fn session_key(&mut self, app: AppId, user: Uid) -> String {
        if let Some(session) = self.world.rest().session_of(self.now(), app, user) {
            return session.key;
        }
        self.minting(true);
        self.input(Input::MintSession { app, user });
        self.minting(false);
        self.session_key.take().unwrap_or_default()
    }

    /// A number that grows from call to call.
    pub fn call_id(&self) -> String {
        self.next_call.to_string()
    }

    pub(super) fn name_call(&mut self) -> CallId {
        let call = CallId(self.next_call);
        self.next_call += 1;
        call
    }

    /// Does what the world wants done outside, and what that brings forth, until the instant is over.
    pub(super) fn settle(&mut self) {
        if let Some((start, reached)) = self.watched {
            reached.note(self.now().since(start));
        }
        for _ in 0..OUTPUTS_PER_INSTANT_MAX {
            if let Some(output) = self.world.poll_output() {
                self.perform(output);
            } else if let Some(calls) = Some(self.stubs.due(self.now())).filter(|calls| !calls.is_empty()) {
                for (app, request) in calls {
                    self.stub_calls_api(app, request);
                }
            } else if self.holds.is_empty() || self.held.is_some() || self.is_paced() {
                self.read_records();
                return;
            } else {
                self.wait_for_holds();
            }
        }
        self.restless = true;
        self.read_records();
    }

    pub(super) fn take(&mut self, arrived: Arrived) {
        match arrived {
            Arrived::Answered { callback, outcome } => {
                if let (Some(app), NotifyOutcome::Unreachable(why)) = (self.holds.remove(&callback), &outcome)
                {
                    let name = self.actors.app_name(app).unwrap_or("the app");
                    self.held = Some(format!("{name} cannot be reached: {why}"));
                }
                self.world
                    .handle(self.now(), Input::CallbackDone { callback, outcome });
            }
            Arrived::Called {
                call: outside_call,
                request,
            } => {
                let call = self.name_call();
                self.outside_calls.insert(call, outside_call);
                if let Some(app) = self.caller(&request) {
                    self.stub_calls.insert(call, app);
                }
                self.world.handle(self.now(), Input::Api { call, request });
            }
        }
    }

    /// The app whose key a call bears.
    fn caller(&self, request: &Request) -> Option<AppId> {
        caller(&self.credentials, &request.params)
    }

    fn stub_calls_api(&mut self, app: AppId, request: Request) {
        let call = self.name_call();
        self.stub_calls.insert(call, app);
        self.world.handle(self.now(), Input::Api { call, request });
    }

    pub(super) fn perform(&mut self, output: Output) {
        if let Output::Callback {
            callback,
            app,
            request,
            ..
        } = &output
        {
            self.signatures.insert(*callback, self.is_signed(*app, request));
            if self.served.is_some() && self.signatures.len() > KEPT_MAX {
                self.signatures.pop_first();
            }
        }
        let Some(output) = self.for_elsewhere(output) else {
            return;
        };
        match output {
            Output::ApiReply {
                call,
                response,
                submission,
            } => {
                if let (Some(outside_call), Some(outside)) =
                    (self.outside_calls.remove(&call), &mut self.outside)
                {
                    outside.reply(outside_call, &response);
                }
                let reply = Reply {
                    value: rest::client::parse(&response.body),
                    submission,
                    summary: response.to_string(),
                };
                match self.stub_calls.contains_key(&call) {
                    true => self.stub_answered(call, reply),
                    false => {
                        self.replies.insert(call, reply);
                    }
                }
            }
            Output::Callback {
                callback,
                app,
                request,
                ..
            } => {
                match (self.stubs.callback(self.now(), app, &request), &mut self.outside) {
                    (Some(Some(outcome)), _) => {
                        self.world
                            .handle(self.now(), Input::CallbackDone { callback, outcome });
                    }
                    (None, Some(outside)) => {
                        self.called_back.insert(app, self.world.now());
                        self.holds.insert(callback, app);
                        outside.post(callback, &request);
                    }
                    // An app that hangs, or a real one that cannot be reached from here: the world's time-out speaks.
                    (Some(None), _) | (None, None) => {}
                }
            }
            Output::SessionKey { key, .. } => self.session_key = Some(key),
            // No line is about a login or a live message.
            Output::LoggedIn { .. } | Output::LiveMessage(_) => {}
            Output::LinkDial { system_id, .. } => self.esme_is_called(system_id),
            Output::LinkSend { link, pdu } => {
                let octets = pdu.octets(&mut self.world.smsc().scribe());
                self.esme_receives(link, &octets);
            }
            Output::LinkDisturb {
                link,
                how: smsc::Disturbance::Reset,
            } => self.esme_is_closed(link),
            // A scripted ESME sees PDUs, and those at once.
            Output::LinkDisturb { .. } => {}
            Output::LinkClose { link } => self.esme_is_closed(link),
        }
    }

    fn is_signed(&self, app: AppId, request: &rest::CallbackRequest) -> bool {
        let Some(credentials) = self.credentials.get(&app) else {
            return false;
        };
        let signature = request
            .fields
            .iter()
            .find(|(name, _)| name == "fb_sig")
            .map_or("", |(_, value)| value.as_str());
        let signed: Vec<(String, String)> = request
            .fields
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("fb_sig_")?.to_owned(), value.clone())))
            .collect();
        rest::signature::verify(&signed, &credentials.secret, signature)
    }

    fn stub_answered(&mut self, call: CallId, reply: Reply) {
        // The records of the call come first, so that there is something to answer.
        self.read_records();
        let Some(app) = self
            .stub_calls
            .get(&call)
            .and_then(|app| self.actors.app_name(*app))
        else {
            return;
        };
        let said = self
            .said
            .get_mut(app)
            .into_iter()
            .flatten()
            .find(|said| said.call == call);
        if let Some(said) = said {
            said.reply = Some(reply);
        }
    }
}
