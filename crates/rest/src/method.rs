//! The methods of the API: the table [`METHODS`]. One file under `method/` reads the parameters of one method.

mod can_send;
mod get_logged_in_user;
mod send;

use platform::{Answer, AppId, CallId, Input, Uid};

use crate::params::{InvalidParam, Params};
use crate::value::Value;

/// The longest `message` that goes to the platform, in octets. A longer one is cut, and is still longer than any number of
/// parts can carry, so that the platform refuses it for its length in its own order of checks.
pub const MESSAGE_OCTETS_MAX: usize = 131_072;

/// Every method, in the order of their names.
pub static METHODS: &[Method] = &[can_send::METHOD, send::METHOD, get_logged_in_user::METHOD];

/// A method, and what a call of it needs before it is looked at.
#[derive(Debug)]
pub struct Method {
    /// Its name as documented, for example `sms.canSend`.
    pub name: &'static str,
    /// Whether it needs a session; otherwise one may be given.
    pub needs_session: bool,
    /// Whether it may be signed with a session secret (`ss=1`).
    pub takes_session_secret: bool,
    /// Reads the parameters.
    read: fn(&Call<'_>) -> Result<Outcome, InvalidParam>,
}

/// A call that has passed the checks which all methods share.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// Its name.
    pub(crate) id: CallId,
    /// The app that calls.
    pub(crate) app: AppId,
    /// The user of the session, if the call came with one.
    pub(crate) session_user: Option<Uid>,
    /// All its parameters.
    pub(crate) params: &'a Params,
}

/// What becomes of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It has its answer.
    Value(Value),
    /// The platform decides.
    Ask(Input),
}

impl Method {
    /// The method that a caller means: `sms.send`, `facebook.sms.send` and `SMS_send` are the same.
    pub fn find(name: &str) -> Option<&'static Self> {
        let spelt = |b: u8| if b == b'.' { b'_' } else { b.to_ascii_lowercase() };
        let called = without_prefix(name);
        METHODS
            .iter()
            .find(|method| method.name.bytes().map(spelt).eq(called.bytes().map(spelt)))
    }

    /// Reads the parameters of a call.
    pub(crate) fn read(&self, call: &Call<'_>) -> Result<Outcome, InvalidParam> {
        (self.read)(call)
    }
}

/// The name of the root element of the answer to a method that was found, spelt as the caller spelt the method.
pub(crate) fn response_element(name: &str) -> String {
    format!("{}_response", without_prefix(name).replace('.', "_"))
}

fn without_prefix(name: &str) -> &str {
    const PREFIX: &str = "facebook.";
    match name.get(..PREFIX.len()) {
        Some(start) if start.eq_ignore_ascii_case(PREFIX) => &name[PREFIX.len()..],
        _ => name,
    }
}

/// The value by which a positive answer goes on the wire.
pub(crate) fn value(answer: &Answer) -> Value {
    match answer {
        Answer::Sent { session, .. } => Value::Int(session.map_or(0, |session| i64::from(session.0))),
        Answer::CanSend => Value::Int(0),
    }
}

impl Call<'_> {
    /// The user that the call is about: `uid`, or else the session's user.
    fn user(&self) -> Result<Uid, InvalidParam> {
        let uid = self.params.uid()?.map(Uid);
        uid.or(self.session_user).ok_or(InvalidParam {
            name: "uid",
            fault: "missing, and there is no session",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_found_however_it_is_spelt() {
        for (name, expected) in [
            ("sms.send", Some("sms.send")),
            ("facebook.sms.send", Some("sms.send")),
            ("Facebook.SMS.Send", Some("sms.send")),
            ("sms_send", Some("sms.send")),
            ("facebook.sms_cansend", Some("sms.canSend")),
            ("facebook_sms.send", None),
            ("facebook.facebook.sms.send", None),
            ("sms.send ", None),
            ("sms.sendMessage", None),
            ("facebook.", None),
            ("", None),
        ] {
            assert_eq!(Method::find(name).map(|method| method.name), expected, "{name:?}");
        }
    }

    #[test]
    fn the_root_element_keeps_the_callers_spelling() {
        for (name, element) in [
            ("facebook.sms.cansend", "sms_cansend_response"),
            ("sms.canSend", "sms_canSend_response"),
            ("users_getLoggedInUser", "users_getLoggedInUser_response"),
        ] {
            assert_eq!(response_element(name), element);
        }
    }

    #[test]
    fn method_names_are_unique_and_sorted() {
        assert!(METHODS.is_sorted_by(|a, b| a.name < b.name));
    }
}
