//! What the server does without the platform: tokens, API sessions, and its own part of an app's properties.

use md5::{Digest, Md5};
use platform::{AppId, Input, Uid};
use sms::Timestamp;

use super::admission::Fault;
use super::{Begun, Received, Rest};
use crate::error_code::ErrorCode;
use crate::method::Own;
use crate::properties::PropertyChanges;
use crate::value::Value;

impl Rest {
    /// Carries out what a method asks of the server. `session` is the call's, with its user.
    pub(super) fn carry_out(
        &mut self,
        received: &Received<'_>,
        app: AppId,
        session: Option<(String, Uid)>,
        own: Own,
    ) -> Result<Begun, Fault> {
        let now = received.now;
        match own {
            Own::CreateToken => {
                let token = self.create_token(now, app);
                Ok(Begun::Value(Value::Text(token.clone()), vec![token]))
            }
            Own::GetSession { token, with_secret } => self.redeem(now, app, &token, with_secret),
            Own::PromoteSession => self.promote(now, app, &key_of(session)),
            Own::ExpireSession => {
                self.sessions.end_one(&key_of(session));
                Ok(Begun::Value(Value::Int(1), Vec::new()))
            }
            Own::SetAppProperties(changes) => Ok(self.set_properties(received, app, changes)),
            Own::Batch(_) if received.in_batch => {
                Err(Fault::new(ErrorCode::Method, "a batch within a batch"))
            }
            Own::Batch(items) => Ok(Begun::Batch(items)),
        }
    }

    /// A new token of the app.
    pub(super) fn create_token(&mut self, now: Timestamp, app: AppId) -> String {
        let chance = self.draw();
        let token = hex::encode(Md5::digest(format!("token {chance}")));
        let ttl = self.settings.auth_token_ttl.duration();
        self.tokens.create(now, app, token.clone(), ttl);
        token
    }

    fn redeem(&mut self, now: Timestamp, app: AppId, token: &str, with_secret: bool) -> Result<Begun, Fault> {
        let user = self.tokens.redeem(now, app, token).ok_or_else(|| {
            let why = "auth_token is no token of the app that a user has approved and nobody has used";
            Fault::new(ErrorCode::Param, why)
        })?;
        let ttl = self.settings.api_session_ttl;
        let expires = ttl.map(|ttl| up_to_the_hour(now + ttl.duration()));
        let chance = self.draw_number();
        let key = self.sessions.mint(now, app, user, expires, chance);
        let ends = expires.map_or(0, Timestamp::as_secs);
        let mut fields = vec![
            ("session_key".to_owned(), Value::Text(key.clone())),
            ("uid".to_owned(), Value::Text(user.to_string())),
            ("expires".to_owned(), Value::Int(ends)),
        ];
        let mut hidden = vec![key.clone()];
        let secret = with_secret.then(|| self.sessions.secret(&key, chance)).flatten();
        if let Some(secret) = secret {
            fields.push(("secret".to_owned(), Value::Text(secret.expose().to_owned())));
            hidden.push(secret.expose().to_owned());
        }
        Ok(Begun::Value(Value::Fields(fields), hidden))
    }

    /// The session's secret. A session that never ends gets none: its secret would lie in a page for ever.
    fn promote(&mut self, now: Timestamp, app: AppId, key: &str) -> Result<Begun, Fault> {
        let session = self.sessions.find(now, app, key);
        if session.is_none_or(|session| session.expires.is_none()) {
            let why = "the session never ends, so that it gets no secret";
            return Err(Fault::new(ErrorCode::Param, why));
        }
        let chance = self.draw_number();
        let secret = self.sessions.secret(key, chance).expect("the session is live");
        let secret = secret.expose().to_owned();
        Ok(Begun::Value(Value::Text(secret.clone()), vec![secret]))
    }

    fn set_properties(&mut self, received: &Received<'_>, app: AppId, changes: PropertyChanges) -> Begun {
        let PropertyChanges {
            callback_url,
            authorize_url,
            uninstall_url,
            ip_list,
            is_mobile,
        } = changes;
        if let Some(credentials) = self.apps.get_mut(&app) {
            if let Some(url) = callback_url {
                credentials.callback_url = url;
            }
            if let Some(url) = authorize_url {
                credentials.authorize_url = url;
            }
            if let Some(url) = uninstall_url {
                credentials.uninstall_url = url;
            }
            if let Some(list) = ip_list {
                credentials.ip_list = list;
            }
        }
        match is_mobile {
            Some(capable) => Begun::Ask(Input::SetSmsCapable {
                call: received.call,
                app,
                capable,
            }),
            None => Begun::Value(Value::Int(1), Vec::new()),
        }
    }

    fn draw_number(&mut self) -> u64 {
        let digest = Md5::digest(self.draw());
        let octets: [u8; 8] = digest[..8].try_into().expect("16 octets have 8");
        u64::from_be_bytes(octets)
    }
}

fn key_of(session: Option<(String, Uid)>) -> String {
    let (key, _) = session.expect("the method needs a session, and the server has checked it");
    key
}

/// The first full hour not before `at`.
fn up_to_the_hour(at: Timestamp) -> Timestamp {
    const HOUR_US: i64 = 3_600_000_000;
    let us = at.as_micros();
    Timestamp::from_micros(us.saturating_add((HOUR_US - us.rem_euclid(HOUR_US)) % HOUR_US))
}
