//! The server's side of a call: [`Rest`].

mod admission;
mod batch;
mod own;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use platform::{Answer, AppId, CallId, Input, Refusal, Uid};
use serde::{Deserialize, Serialize};
use sms::{NumberRun, Timestamp};

use self::admission::{Admitted, Fault};
use self::batch::Batch;
use crate::config::{CansendErrors, Config, ConfigError, Settings};
use crate::credentials::{Credentials, InvalidUrl, Secret, SessionInfo, check_url};
use crate::error_code::ErrorCode;
use crate::method::{self, Call, Method, Outcome, Spelling};
use crate::noted::{self, Noted, Pairs};
use crate::params::{Params, cut};
use crate::request_limit::RequestWindow;
use crate::response::{Form, Response, Summary};
use crate::session_key::Sessions;
use crate::token::Tokens;
use crate::value::Value;

/// The most calls that wait for the platform; a call beyond that is answered with error 2.
pub const CALLS_PENDING_MAX: usize = 65_536;

/// How much of a method's unknown name a summary holds, in octets.
pub const SUMMARY_METHOD_OCTETS_MAX: usize = 128;

/// How much of a reason a summary holds, in octets.
pub const SUMMARY_WHY_OCTETS_MAX: usize = 1_024;

/// The REST server: the apps with their secrets, the API sessions, and the calls that wait for the platform.
#[derive(Clone, Debug)]
pub struct Rest {
    settings: Settings,
    apps: BTreeMap<AppId, Credentials>,
    app_of_key: BTreeMap<String, AppId>,
    /// How long the shortest secret of an app is: shorter texts hold none.
    app_secret_octets_min: usize,
    sessions: Sessions,
    tokens: Tokens,
    requests: BTreeMap<AppId, RequestWindow>,
    pending: NumberRun<CallId, Pending>,
    batches: BTreeMap<CallId, Batch>,
    /// Seeded chance, and how much of it is used.
    chance: (u64, u64),
}

/// A call as it came off the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// The pairs, decoded, in the order of their arrival: those of the query string, then those of the body.
    pub params: Vec<(String, String)>,
    /// Where the call came from; none when it came over no network.
    pub peer: Option<IpAddr>,
}

/// What becomes of a call at first.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// It has its answer.
    Respond(Response),
    /// The platform decides; what it says goes to [`Rest::answer`].
    Ask {
        /// The call.
        call: CallId,
        /// The question.
        input: Input,
        /// The method, by its documented name.
        method: &'static str,
    },
}

/// A call that waits for the platform.
#[derive(Clone, Debug)]
struct Pending {
    app: AppId,
    method: &'static Method,
    element: String,
    form: Form,
    params: Params,
}

/// A call that is looked at.
struct Received<'a> {
    now: Timestamp,
    call: CallId,
    params: &'a Params,
    peer: Option<IpAddr>,
    /// Whether it stands in a batch.
    in_batch: bool,
}

/// What the checks and the method have made of a call.
enum Begun {
    Value(Value, Vec<String>),
    Ask(Input),
    Batch(Vec<String>),
}

impl Rest {
    /// A server for those apps and sessions.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let Config {
            settings,
            credentials,
            sessions,
            chance,
        } = config;
        let secrets = credentials.iter().map(|app| app.secret.expose().len());
        Ok(Self {
            settings,
            app_secret_octets_min: secrets.min().unwrap_or(0),
            app_of_key: credentials
                .iter()
                .map(|app| (app.api_key.clone(), app.app))
                .collect(),
            apps: credentials.into_iter().map(|app| (app.app, app)).collect(),
            sessions: Sessions::new(sessions),
            tokens: Tokens::default(),
            requests: BTreeMap::new(),
            pending: NumberRun::default(),
            batches: BTreeMap::new(),
            chance: (chance, 0),
        })
    }

    /// Checks a call and reads its parameters. `call` names it until it is answered.
    ///
    /// # Panics
    /// When a call of that name waits already.
    pub fn receive(&mut self, now: Timestamp, call: CallId, request: Request) -> Step {
        assert!(
            !self.pending.contains(call) && !self.batches.contains_key(&call),
            "call {} is being answered",
            call.0
        );
        let params = Params::merge(request.params);
        let form = Form::of(&params, |name| self.redact(name).into_owned());
        self.begin(now, call, params, request.peer, form, false)
    }

    /// Spells what the platform says to a call. A batch may go on to ask about its next call.
    ///
    /// # Panics
    /// When no call of that name waits.
    pub fn answer(&mut self, call: CallId, answer: &Result<Answer, Refusal>) -> Step {
        let pending = self.pending.remove(call);
        let pending = pending.unwrap_or_else(|| panic!("call {} waits for no answer", call.0));
        let response = self.spell(pending, answer);
        if self.batches.contains_key(&call) {
            self.go_on(call, Some(response))
        } else {
            Step::Respond(response)
        }
    }

    /// Makes the checks of a call, and answers it or asks.
    fn begin(
        &mut self,
        now: Timestamp,
        call: CallId,
        params: Params,
        peer: Option<IpAddr>,
        form: Form,
        in_batch: bool,
    ) -> Step {
        let name = params.text("method").unwrap_or_default();
        let element = match form.has_element() {
            true => method::response_element(name),
            false => String::new(),
        };
        let received = Received {
            now,
            call,
            params: &params,
            peer,
            in_batch,
        };
        let fault = match self.outcome(&received) {
            Ok((app, method, Begun::Value(value, hidden))) => {
                let summary = Summary {
                    app: Some(app),
                    method: method.name.into(),
                    why: None,
                };
                let response = respond(&form, &element, &value, summary);
                return Step::Respond(Response { hidden, ..response });
            }
            Ok((app, method, Begun::Ask(input))) => {
                let pending = Pending {
                    app,
                    method,
                    element,
                    form,
                    params,
                };
                self.pending.insert(call, pending);
                let method = method.name;
                return Step::Ask { call, input, method };
            }
            Ok((app, _, Begun::Batch(items))) => {
                let batch = Batch::new(now, app, peer, element, form, items);
                self.batches.insert(call, batch);
                return self.go_on(call, None);
            }
            Err(fault) => fault,
        };
        let app = self.caller(&params).map(|credentials| credentials.app);
        let method = match Method::find(name) {
            Some(method) => method.name.into(),
            None => cut(&self.redact(name), SUMMARY_METHOD_OCTETS_MAX)
                .to_owned()
                .into(),
        };
        // What is cut would not be found any more by whoever seeks it.
        let why = self.redact(&fault.why);
        let why = Noted::without(&noted::passwords(params.pairs()), &why);
        let why = Some(cut(&why, SUMMARY_WHY_OCTETS_MAX).to_owned());
        let message = format!("{}{}", fault.code.text(), fault.suffix);
        let summary = Summary { app, method, why };
        Step::Respond(self.refuse(&form, &params, fault.code, &message, summary))
    }

    fn spell(&self, pending: Pending, answer: &Result<Answer, Refusal>) -> Response {
        let Pending {
            app,
            method,
            element,
            form,
            params,
        } = pending;
        let summary = Summary {
            app: Some(app),
            method: method.name.into(),
            why: None,
        };
        let refusal = match answer {
            Ok(answer) => {
                let value = method.value(&Spelling {
                    answer,
                    params: &params,
                    credentials: &self.apps[&app],
                    settings: &self.settings,
                });
                return respond(&form, &element, &value, summary);
            }
            Err(refusal) => refusal,
        };
        let code = ErrorCode::of(refusal, &self.settings);
        if self.is_value(method.name, code) {
            let value = Value::Int(i64::from(code.code()));
            return Response {
                error_code: Some(code.code()),
                ..respond(&form, &element, &value, summary)
            };
        }
        self.refuse(&form, &params, code, code.text(), summary)
    }

    /// Opens a session of the user with the app, which never ends, and returns its key: a function of the arguments
    /// and of the keys there are. `chance` is seeded chance. Beyond [`SESSIONS_PER_USER_MAX`] the oldest ends.
    ///
    /// [`SESSIONS_PER_USER_MAX`]: crate::session_key::SESSIONS_PER_USER_MAX
    ///
    /// # Panics
    /// When there is no such app.
    pub fn mint_session(&mut self, now: Timestamp, app: AppId, user: Uid, chance: u64) -> String {
        assert!(self.apps.contains_key(&app), "app {app} is configured");
        self.sessions.mint(now, app, user, None, chance)
    }

    /// The newest live session of the user with the app.
    pub fn session_of(&self, now: Timestamp, app: AppId, user: Uid) -> Option<SessionInfo> {
        self.sessions.newest(now, app, user)
    }

    /// Ends every session of the user with the app, as removing the app does; a login that has not become a session yet
    /// becomes none.
    pub fn end_sessions(&mut self, app: AppId, user: Uid) {
        self.sessions.end(app, user);
        self.tokens.disapprove(app, user);
    }

    /// A user logs in to an app: gives the token with which the app gets a session of the user, once.
    ///
    /// `token` is the app's own, of `auth.createToken`; none is given back when it is not the app's, over, or approved
    /// already. Without one a new token is made, with which the browser returns to the app.
    ///
    /// # Panics
    /// When there is no such app.
    pub fn log_in(&mut self, now: Timestamp, app: AppId, user: Uid, token: Option<&str>) -> Option<String> {
        assert!(self.apps.contains_key(&app), "app {app} is configured");
        let token = match token {
            Some(token) => token.to_owned(),
            None => self.create_token(now, app),
        };
        self.tokens.approve(now, app, &token, user).then_some(token)
    }

    /// The rules of the wire.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a record may hold of a call, with its parameters as far as they have `octets_max` octets together.
    pub fn note(&self, request: &Request, octets_max: u32) -> Noted {
        let hidden = noted::passwords(&request.params);
        let octets: usize = request
            .params
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let mut params = Pairs::with_capacity(request.params.len(), octets.min(octets_max as usize));
        for (name, value) in &request.params {
            if name == "sig" || noted::is_password(name) {
                continue;
            }
            let (name, value) = (self.redact(name), self.redact(value));
            // One character more than there is room for, so that what is cut is known to be.
            let shown = Noted::beginning_without(&hidden, &value, (octets_max as usize).saturating_add(4));
            if !params.push(&name, &shown, octets_max) {
                break;
            }
        }
        Noted { params, hidden }
    }

    /// The app of that number.
    pub fn credentials(&self, app: AppId) -> Option<&Credentials> {
        self.apps.get(&app)
    }

    /// Every app, in the order of their numbers.
    pub fn apps(&self) -> impl Iterator<Item = &Credentials> {
        self.apps.values()
    }

    /// Sets or takes away where users' texts for an app are posted.
    ///
    /// # Panics
    /// When there is no such app.
    pub fn set_callback_url(&mut self, app: AppId, url: Option<String>) -> Result<(), InvalidUrl> {
        url.as_deref().map_or(Ok(()), check_url)?;
        let credentials = self
            .apps
            .get_mut(&app)
            .unwrap_or_else(|| panic!("app {app} is configured"));
        credentials.callback_url = url;
        Ok(())
    }

    /// Takes every secret out of a text. An app that sends its secret by mistake, in place of its key for example, must
    /// not find it in records and error documents, from where it would get around.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut redacted = Cow::Borrowed(text);
        let mut take_out = |secret: &Secret| {
            if let Cow::Owned(without) = secret.redact(&redacted) {
                redacted = Cow::Owned(without);
            }
        };
        if text.len() >= self.app_secret_octets_min {
            self.apps.values().for_each(|app| take_out(&app.secret));
        }
        self.sessions.secrets_in(text).iter().for_each(take_out);
        redacted
    }

    fn outcome(&mut self, received: &Received<'_>) -> Result<(AppId, &'static Method, Begun), Fault> {
        let Admitted { app, session, method } = self.admit(received.now, received.params, received.peer)?;
        let outcome = method.read(&Call {
            id: received.call,
            app,
            session_user: session.as_ref().map(|(_, user)| *user),
            params: received.params,
        });
        let outcome = outcome.map_err(|error| Fault::new(error.code, error.why))?;
        if !matches!(outcome, Outcome::Value(_))
            && !received.in_batch
            && self.pending.len() + self.batches.len() >= CALLS_PENDING_MAX
        {
            return Err(Fault::new(
                ErrorCode::Service,
                format!("{CALLS_PENDING_MAX} calls wait for the platform"),
            ));
        }
        let begun = match outcome {
            Outcome::Value(value) => Begun::Value(value, Vec::new()),
            Outcome::Ask(input) => Begun::Ask(input),
            Outcome::Own(own) => self.carry_out(received, app, session, own)?,
        };
        Ok((app, method, begun))
    }

    /// Seeded chance that is used once.
    fn draw(&mut self) -> String {
        let (seed, used) = &mut self.chance;
        *used += 1;
        format!("{seed} {used}")
    }

    /// The app whose key the call carries.
    fn caller(&self, params: &Params) -> Option<&Credentials> {
        self.apps.get(self.app_of_key.get(params.text("api_key")?)?)
    }

    /// Whether the error is given as the value (see [`CansendErrors`]).
    fn is_value(&self, method: &str, code: ErrorCode) -> bool {
        match self.settings.cansend_errors {
            CansendErrors::ErrorResponse => false,
            CansendErrors::Value => method == "sms.canSend" && code > ErrorCode::ParamSignature,
        }
    }

    fn refuse(
        &self,
        form: &Form,
        params: &Params,
        code: ErrorCode,
        message: &str,
        summary: Summary,
    ) -> Response {
        let args: Vec<_> = params
            .pairs()
            .iter()
            .map(|(name, value)| (self.redact(name), self.redact(value)))
            .collect();
        Response {
            content_type: form.content_type(),
            body: form.error_body(code, message, &args),
            error_code: Some(code.code()),
            summary,
            hidden: Vec::new(),
        }
    }
}

fn respond(form: &Form, element: &str, value: &Value, summary: Summary) -> Response {
    Response {
        content_type: form.content_type(),
        body: form.body(element, value),
        error_code: None,
        summary,
        hidden: Vec::new(),
    }
}
