//! The checks that every call passes, in the order of the service.

use std::net::IpAddr;

use platform::{AppId, Uid};
use sms::Timestamp;

use super::Rest;
use crate::call_id::CallNumber;
use crate::config::CallIdCheck;
use crate::credentials::{Credentials, Secret};
use crate::error_code::ErrorCode;
use crate::method::Method;
use crate::params::Params;
use crate::signature;

/// What the checks that all methods share have found out.
pub(super) struct Admitted {
    pub(super) app: AppId,
    /// The session of the call, if it came with one, and its user.
    pub(super) session: Option<(String, Uid)>,
    pub(super) method: &'static Method,
}

/// A call that the platform never sees.
pub(super) struct Fault {
    pub(super) code: ErrorCode,
    /// What `error_msg` says behind the text of the code.
    pub(super) suffix: String,
    /// Why, for records.
    pub(super) why: String,
}

impl Fault {
    pub(super) fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self {
            code,
            suffix: String::new(),
            why: why.into(),
        }
    }
}

impl Rest {
    /// Makes the checks that all methods share, in the order of the service.
    pub(super) fn admit(
        &mut self,
        now: Timestamp,
        params: &Params,
        peer: Option<IpAddr>,
    ) -> Result<Admitted, Fault> {
        if params.too_many() {
            return Err(Fault::new(
                ErrorCode::ParamTooMany,
                "more parameters than a call may have",
            ));
        }
        let credentials = self.caller(params);
        let credentials = credentials
            .ok_or_else(|| Fault::new(ErrorCode::ParamApiKey, "api_key is missing or no app's"))?;
        check_peer(credentials, peer)?;
        let app = credentials.app;
        self.check_request_limit(now, app)?;
        let key = params.text("session_key");
        let uses_session_secret = params.bool("ss");
        if uses_session_secret && key.is_none() {
            return Err(Fault::new(ErrorCode::ParamSessionKey, "ss without session_key"));
        }
        let name = params
            .text("method")
            .ok_or_else(|| Fault::new(ErrorCode::Method, "method is missing"))?;
        let method = Method::find(name);
        if key.is_none() && method.is_some_and(|method| method.needs_session) {
            return Err(Fault::new(ErrorCode::ParamSessionKey, "session_key is missing"));
        }
        let mut session = match key {
            Some(key) => Some(self.sessions.find(now, app, key).ok_or_else(|| {
                Fault::new(
                    ErrorCode::ParamSessionKey,
                    "session_key is over, or no session's of this app",
                )
            })?),
            None => None,
        };
        let secret = match &session {
            Some(session) if uses_session_secret => session.secret.as_ref(),
            _ => self.apps.get(&app).map(|credentials| &credentials.secret),
        };
        check_signature(params, secret)?;
        if self.settings.requests_per_window_max.is_some() {
            let length = self.settings.request_window.duration();
            self.requests.entry(app).or_default().count(now, length);
        }
        let method = method
            .filter(|method| method.takes_session_secret || !uses_session_secret)
            .ok_or_else(|| Fault::new(ErrorCode::Method, "no such method, or not with a session secret"))?;
        if let (CallIdCheck::PerSession, Some(session)) = (self.settings.call_id_check, &mut session) {
            check_call_id(params, &mut session.last_call)?;
        }
        Ok(Admitted {
            app,
            session: key.map(str::to_owned).zip(session.map(|session| session.user)),
            method,
        })
    }

    /// Only calls with a good signature count, so that nobody but the app itself can use its calls up.
    fn check_request_limit(&self, now: Timestamp, app: AppId) -> Result<(), Fault> {
        let (Some(calls_max), Some(window)) =
            (self.settings.requests_per_window_max, self.requests.get(&app))
        else {
            return Ok(());
        };
        if window.allows(now, calls_max) {
            return Ok(());
        }
        let why = format!("the app has made {calls_max} calls in this window of time");
        Err(Fault::new(ErrorCode::TooManyCalls, why))
    }
}

fn check_peer(credentials: &Credentials, peer: Option<IpAddr>) -> Result<(), Fault> {
    let Some(peer) = peer.map(|peer| peer.to_canonical()) else {
        return Ok(());
    };
    let listed = credentials
        .ip_list
        .iter()
        .any(|listed| listed.to_canonical() == peer);
    if listed || credentials.ip_list.is_empty() {
        return Ok(());
    }
    let why = format!("{peer} is not in the app's list of addresses");
    Err(Fault {
        code: ErrorCode::BadIp,
        suffix: format!(" (ip was: {peer})"),
        why,
    })
}

/// Checks `sig`. A session without a secret has no valid signature by one.
fn check_signature(params: &Params, secret: Option<&Secret>) -> Result<(), Fault> {
    let sig = params.text("sig").unwrap_or_default();
    if secret.is_some_and(|secret| signature::verify(params.pairs(), secret, sig)) {
        return Ok(());
    }
    let base = signature::base_string(params.pairs());
    Err(Fault::new(
        ErrorCode::ParamSignature,
        format!("sig is not that of the secret behind: {base}"),
    ))
}

/// Checks that `call_id`, if it is a decimal number, is greater than the session's greatest so far.
fn check_call_id(params: &Params, last: &mut Option<CallNumber>) -> Result<(), Fault> {
    let Some(number) = params.text("call_id").and_then(CallNumber::parse) else {
        return Ok(());
    };
    match last {
        Some(last) if number <= *last => Err(Fault::new(
            ErrorCode::ParamCallId,
            format!("call_id {number} is not greater than {last}"),
        )),
        last => {
            *last = Some(number);
            Ok(())
        }
    }
}
