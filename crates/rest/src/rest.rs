//! The server's side of a call: [`Rest`].

mod admission;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use platform::{Answer, AppId, CallId, Input, Refusal, Uid};
use serde::{Deserialize, Serialize};
use sms::Timestamp;

use self::admission::{Admitted, Fault};
use crate::config::{CansendErrors, Config, ConfigError, Settings};
use crate::credentials::{Credentials, InvalidUrl, Secret, SessionInfo, check_url};
use crate::error_code::ErrorCode;
use crate::method::{self, Call, Method, Outcome};
use crate::params::{Params, cut};
use crate::response::{Form, Response, Summary};
use crate::session_key::Sessions;
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
    /// Every secret, of apps and of sessions: what no record and no answer may hold.
    secrets: Vec<Secret>,
    sessions: Sessions,
    pending: BTreeMap<CallId, Pending>,
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
    method: &'static str,
    element: String,
    form: Form,
    params: Params,
}

impl Rest {
    /// A server for those apps and sessions.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let Config {
            settings,
            credentials,
            sessions,
        } = config;
        let app_secrets = credentials.iter().map(|app| &app.secret);
        let session_secrets = sessions.iter().filter_map(|session| session.secret.as_ref());
        Ok(Self {
            settings,
            secrets: app_secrets.chain(session_secrets).cloned().collect(),
            app_of_key: credentials
                .iter()
                .map(|app| (app.api_key.clone(), app.app))
                .collect(),
            apps: credentials.into_iter().map(|app| (app.app, app)).collect(),
            sessions: Sessions::new(sessions),
            pending: BTreeMap::new(),
        })
    }

    /// Checks a call and reads its parameters. `call` names it until it is answered.
    ///
    /// # Panics
    /// When a call of that name waits already.
    pub fn receive(&mut self, now: Timestamp, call: CallId, request: Request) -> Step {
        assert!(
            !self.pending.contains_key(&call),
            "call {} is being answered",
            call.0
        );
        let params = Params::merge(request.params);
        let form = Form::of(&params, |name| self.redact(name));
        let name = params.text("method").unwrap_or_default();
        let element = method::response_element(name);
        match self.outcome(now, call, &params, request.peer) {
            Ok((app, method, Outcome::Value(value))) => {
                let summary = Summary {
                    app: Some(app),
                    method: method.to_owned(),
                    why: None,
                };
                Step::Respond(respond(&form, &element, &value, summary))
            }
            Ok((app, method, Outcome::Ask(input))) => {
                self.pending.insert(
                    call,
                    Pending {
                        app,
                        method,
                        element,
                        form,
                        params,
                    },
                );
                Step::Ask { call, input, method }
            }
            Err(fault) => {
                let app = self.caller(&params).map(|credentials| credentials.app);
                let method =
                    Method::find(name).map_or_else(|| self.redact(name), |method| method.name.to_owned());
                let method = cut(&method, SUMMARY_METHOD_OCTETS_MAX).to_owned();
                let why = Some(cut(&self.redact(&fault.why), SUMMARY_WHY_OCTETS_MAX).to_owned());
                let message = format!("{}{}", fault.code.text(), fault.suffix);
                Step::Respond(self.refuse(&form, &params, fault.code, message, Summary { app, method, why }))
            }
        }
    }

    /// Spells what the platform says to a call.
    ///
    /// # Panics
    /// When no call of that name waits.
    pub fn answer(&mut self, call: CallId, answer: &Result<Answer, Refusal>) -> Response {
        let pending = self.pending.remove(&call);
        let Pending {
            app,
            method,
            element,
            form,
            params,
        } = pending.unwrap_or_else(|| panic!("call {} waits for no answer", call.0));
        let summary = Summary {
            app: Some(app),
            method: method.to_owned(),
            why: None,
        };
        let refusal = match answer {
            Ok(answer) => return respond(&form, &element, &method::value(answer), summary),
            Err(refusal) => refusal,
        };
        let code = ErrorCode::of(refusal, &self.settings);
        if self.is_value(method, code) {
            let value = Value::Int(i64::from(code.code()));
            return Response {
                error_code: Some(code.code()),
                ..respond(&form, &element, &value, summary)
            };
        }
        self.refuse(&form, &params, code, code.text().to_owned(), summary)
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
        self.sessions.mint(now, app, user, chance)
    }

    /// The newest live session of the user with the app.
    pub fn session_of(&self, now: Timestamp, app: AppId, user: Uid) -> Option<SessionInfo> {
        self.sessions.newest(now, app, user)
    }

    /// Ends every session of the user with the app, as removing the app does.
    pub fn end_sessions(&mut self, app: AppId, user: Uid) {
        self.sessions.end(app, user);
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
    pub fn redact(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for secret in self
            .secrets
            .iter()
            .filter(|secret| text.contains(secret.expose()))
        {
            redacted = secret.redact(&redacted);
        }
        redacted
    }

    fn outcome(
        &mut self,
        now: Timestamp,
        call: CallId,
        params: &Params,
        peer: Option<IpAddr>,
    ) -> Result<(AppId, &'static str, Outcome), Fault> {
        let Admitted {
            app,
            session_user,
            method,
        } = self.admit(now, params, peer)?;
        let outcome = method.read(&Call {
            id: call,
            app,
            session_user,
            params,
        });
        let outcome = outcome.map_err(|error| Fault::new(ErrorCode::Param, error.to_string()))?;
        if matches!(outcome, Outcome::Ask(_)) && self.pending.len() >= CALLS_PENDING_MAX {
            return Err(Fault::new(
                ErrorCode::Service,
                format!("{CALLS_PENDING_MAX} calls wait for the platform"),
            ));
        }
        Ok((app, method.name, outcome))
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
        message: String,
        summary: Summary,
    ) -> Response {
        let args = params
            .pairs()
            .iter()
            .map(|(name, value)| (self.redact(name), self.redact(value)))
            .collect();
        Response {
            content_type: form.content_type(),
            body: form.error_body(code, message, args),
            error_code: Some(code.code()),
            summary,
        }
    }
}

fn respond(form: &Form, element: &str, value: &Value, summary: Summary) -> Response {
    Response {
        content_type: form.content_type(),
        body: form.body(element, value),
        error_code: None,
        summary,
    }
}
