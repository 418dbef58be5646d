//! Signed requests to apps: users' texts and the pings ([`sms`], [`authorize`], [`removed`]).
//!
//! Every field is `fb_sig_` with a name; `fb_sig` signs them under their names without it ("Verifying The Signature"). No
//! field is ever empty: a parser that drops empty fields would find the signature wrong.

use platform::{Notification, Uid};
use sms::Timestamp;

use crate::credentials::{Credentials, Secret, SessionInfo};
use crate::signature;

const PREFIX: &str = "fb_sig_";
const SIGNATURE: &str = "fb_sig";

/// A request to an app: a POST of `application/x-www-form-urlencoded`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallbackRequest {
    /// Where to.
    pub url: String,
    /// The fields, encoded.
    pub body: String,
    /// The fields, in the order of the body, `fb_sig` last.
    pub fields: Vec<(String, String)>,
    /// What is signed, without the secret.
    pub base_string: String,
}

/// A user's text for the app; none when the app has no callback URL.
///
/// An empty text has no `fb_sig_message`, and `fb_sig_sms_new_user` is there only when the text installed the app
/// ("Facebook Platform for Mobile: SMS", Receiving User Generated Messages).
pub fn sms(
    now: Timestamp,
    credentials: &Credentials,
    notification: &Notification,
    session: &SessionInfo,
) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, notification.user, "1");
    add_session(&mut fields, session);
    fields.push(("sms", "1".to_owned()));
    fields.push(("sms_sid", notification.session.to_string()));
    if !notification.message.is_empty() {
        fields.push(("message", notification.message.clone()));
    }
    if notification.new_user {
        fields.push(("sms_new_user", "1".to_owned()));
    }
    Some(request(
        credentials.callback_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// The post-authorize ping: the user has installed the app; none when the app has no such URL ("Post-Authorize Callback
/// URL").
pub fn authorize(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    session: &SessionInfo,
) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, user, "1");
    add_session(&mut fields, session);
    fields.push(("authorize", "1".to_owned()));
    Some(request(
        credentials.authorize_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// The post-remove ping: the user has removed the app, and has no session with it any more; none when the app has no such
/// URL ("Post-Remove Callback URL").
pub fn removed(now: Timestamp, credentials: &Credentials, user: Uid) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, user, "0");
    fields.push(("uninstall", "1".to_owned()));
    Some(request(
        credentials.uninstall_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// Whether the fields carry the signature that belongs to them, as an app verifies a callback. Fields without the prefix
/// are not signed and do not matter.
pub fn verify(fields: &[(String, String)], secret: &Secret) -> bool {
    let sig = fields.iter().find(|(name, _)| name == SIGNATURE);
    let signed: Vec<_> = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())))
        .collect();
    sig.is_some_and(|(_, sig)| signature::verify(&signed, secret, sig))
}

fn base_fields(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    added: &str,
) -> Vec<(&'static str, String)> {
    vec![
        ("added", added.to_owned()),
        ("api_key", credentials.api_key.clone()),
        ("app_id", credentials.app.to_string()),
        ("time", unix_time(now)),
        ("user", user.to_string()),
    ]
}

/// Adds the API session. `expires` is whole seconds, 0 for a session that never ends: one client reads an integer.
fn add_session(fields: &mut Vec<(&'static str, String)>, session: &SessionInfo) {
    fields.push(("session_key", session.key.clone()));
    fields.push((
        "expires",
        session.expires.map_or(0, Timestamp::as_secs).to_string(),
    ));
}

/// Seconds since 1970 with up to four decimals, without trailing zeros: `1249259912.755`.
fn unix_time(now: Timestamp) -> String {
    let tenths_of_ms = now.as_micros().max(0) / 100;
    let text = format!("{}.{:04}", tenths_of_ms / 10_000, tenths_of_ms % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn request(url: &str, fields: Vec<(&'static str, String)>, secret: &Secret) -> CallbackRequest {
    let mut signed: Vec<(String, String)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    signed.sort();
    let sig = signature::sign(&signed, secret);
    let base_string = signature::base_string(&signed);
    let mut fields: Vec<_> = signed
        .into_iter()
        .map(|(name, value)| (format!("{PREFIX}{name}"), value))
        .collect();
    fields.push((SIGNATURE.to_owned(), sig));
    CallbackRequest {
        url: url.to_owned(),
        body: urlencoded(&fields),
        fields,
        base_string,
    }
}

/// The pairs in `application/x-www-form-urlencoded`: a blank is `+`, letters, digits and `- . _` stand for themselves.
fn urlencoded(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode(&mut out, name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

fn encode(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for octet in text.bytes() {
        match octet {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(octet)),
            octet => {
                let digit = |nibble: u8| char::from(HEX[usize::from(nibble)]);
                out.extend(['%', digit(octet >> 4), digit(octet & 0xf)]);
            }
        }
    }
}
