//! The methods of the API: the table [`METHODS`]. One file under `method/` reads the parameters of one method.

mod batch_run;
mod can_send;
mod create_token;
mod expire_session;
mod friends_get;
mod get_allocation;
mod get_app_properties;
mod get_info;
mod get_logged_in_user;
mod get_session;
mod has_app_permission;
mod is_app_user;
mod live_message_send;
mod notifications_get;
mod notifications_send;
mod notifications_send_email;
mod promote_session;
mod revoke_authorization;
mod revoke_extended_permission;
mod send;
mod set_app_properties;

use platform::{Answer, AppId, CallId, ExtendedPermission, Input, Uid};

pub use self::batch_run::BATCH_ITEMS_MAX;
pub use self::notifications_send::NOTIFICATION_OCTETS_MAX;
pub use self::notifications_send_email::{EMAIL_OCTETS_MAX, EMAIL_RECIPIENTS_MAX};
use crate::config::Settings;
use crate::credentials::Credentials;
use crate::error_code::ErrorCode;
use crate::params::{InvalidParam, Params, list};
use crate::properties::PropertyChanges;
use crate::value::Value;

/// The longest `message` that goes to the platform, in octets. A longer one is cut, and is still longer than any number of
/// parts can carry, so that the platform refuses it for its length in its own order of checks.
pub const MESSAGE_OCTETS_MAX: usize = 131_072;

/// Every method, in the order of their names.
pub static METHODS: &[Method] = &[
    get_allocation::METHOD,
    get_app_properties::METHOD,
    set_app_properties::METHOD,
    create_token::METHOD,
    expire_session::METHOD,
    get_session::METHOD,
    promote_session::METHOD,
    revoke_authorization::METHOD,
    revoke_extended_permission::METHOD,
    batch_run::METHOD,
    friends_get::METHOD,
    live_message_send::METHOD,
    notifications_get::METHOD,
    notifications_send::METHOD,
    notifications_send_email::METHOD,
    can_send::METHOD,
    send::METHOD,
    get_info::METHOD,
    get_logged_in_user::METHOD,
    has_app_permission::METHOD,
    is_app_user::METHOD,
];

/// The most users in a list; a longer one is error 114.
pub const UIDS_MAX: usize = 1_000;

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
    read: fn(&Call<'_>) -> Result<Outcome, MethodError>,
    /// Spells what the platform has answered.
    value: fn(&Spelling<'_>) -> Value,
}

/// Why a method refuses its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MethodError {
    pub(crate) code: ErrorCode,
    pub(crate) why: String,
}

impl MethodError {
    /// A parameter that cannot be what it should be: error 100.
    pub(crate) fn param(why: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::Param,
            why: why.into(),
        }
    }
}

impl From<InvalidParam> for MethodError {
    fn from(error: InvalidParam) -> Self {
        Self::param(error.to_string())
    }
}

/// What a method knows when it spells an answer.
#[derive(Debug)]
pub(crate) struct Spelling<'a> {
    /// What the platform says.
    pub(crate) answer: &'a Answer,
    /// The parameters of the call.
    pub(crate) params: &'a Params,
    /// The app that called.
    pub(crate) credentials: &'a Credentials,
    /// The rules of the wire.
    pub(crate) settings: &'a Settings,
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
    /// The server itself does it.
    Own(Own),
}

/// What the server does without the platform: tokens, API sessions, batches and its own part of an app's properties.
#[derive(Debug)]
pub(crate) enum Own {
    CreateToken,
    GetSession { token: String, with_secret: bool },
    PromoteSession,
    ExpireSession,
    SetAppProperties(PropertyChanges),
    Batch(Vec<String>),
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
    pub(crate) fn read(&self, call: &Call<'_>) -> Result<Outcome, MethodError> {
        (self.read)(call)
    }

    /// Spells what the platform has answered to a call.
    pub(crate) fn value(&self, spelling: &Spelling<'_>) -> Value {
        (self.value)(spelling)
    }
}

/// The name of the root element of the answer to a method that was found, spelt as the caller spelt the method.
pub(crate) fn response_element(name: &str) -> String {
    const END: &str = "_response";
    let name = without_prefix(name);
    let mut element = String::with_capacity(name.len() + END.len());
    element.extend(name.chars().map(|c| if c == '.' { '_' } else { c }));
    element + END
}

fn without_prefix(name: &str) -> &str {
    const PREFIX: &str = "facebook.";
    match name.get(..PREFIX.len()) {
        Some(start) if start.eq_ignore_ascii_case(PREFIX) => &name[PREFIX.len()..],
        _ => name,
    }
}

/// The value by which an answer goes on the wire, for methods without a spelling of their own: a yes or no is 1 or 0, users
/// are a text with commas.
fn scalar(spelling: &Spelling<'_>) -> Value {
    match spelling.answer {
        Answer::Sent { session, .. } => Value::Int(session.map_or(0, |session| i64::from(session.0))),
        Answer::CanSend => Value::Int(0),
        Answer::Bool(yes) => Value::Int(i64::from(*yes)),
        Answer::Number(number) => Value::Int(*number),
        Answer::Uids(users) => {
            let users: Vec<_> = users.iter().map(ToString::to_string).collect();
            Value::Text(users.join(","))
        }
        // These two are answers to methods that spell them themselves.
        Answer::Users(_) | Answer::App(_) => Value::Null,
    }
}

/// A user's number; as a text where it is beyond what a signed number of 64 bits holds.
fn number(user: Uid) -> Value {
    i64::try_from(user.0).map_or_else(|_| Value::Text(user.to_string()), Value::Int)
}

impl Call<'_> {
    /// The user of the session, for a method that needs one.
    fn of_session(&self) -> Uid {
        self.session_user
            .expect("the method needs a session, and the server has checked it")
    }

    /// A parameter that may not be missing or empty.
    fn required(&self, name: &'static str) -> Result<&str, InvalidParam> {
        self.params.text(name).ok_or(InvalidParam {
            name,
            fault: "missing",
        })
    }

    /// A parameter that names one user.
    fn uid(&self, name: &'static str) -> Result<Uid, InvalidParam> {
        self.params.user(name)?.map(Uid).ok_or(InvalidParam {
            name,
            fault: "missing",
        })
    }

    /// A list of users, with commas or as JSON; an absent one is empty.
    fn uids(&self, name: &'static str) -> Result<Vec<Uid>, MethodError> {
        let invalid = || MethodError {
            code: ErrorCode::ParamUserIdList,
            why: format!("parameter {name} is no list of at most {UIDS_MAX} users"),
        };
        let Some(text) = self.params.text(name) else {
            return Ok(Vec::new());
        };
        let users = list(text)
            .filter(|users| users.len() <= UIDS_MAX)
            .ok_or_else(invalid)?;
        let number = |user: &String| {
            user.parse()
                .ok()
                .filter(|_| user.bytes().all(|b| b.is_ascii_digit()))
        };
        users
            .iter()
            .map(|user| number(user).map(Uid).ok_or_else(invalid))
            .collect()
    }

    /// A parameter that names an extended permission.
    fn permission(&self, name: &'static str) -> Result<ExtendedPermission, InvalidParam> {
        ExtendedPermission::named(self.required(name)?).ok_or(InvalidParam {
            name,
            fault: "no extended permission",
        })
    }

    /// The user that the call is about: `uid`, or else the session's user.
    fn user(&self) -> Result<Uid, InvalidParam> {
        let uid = self.params.user("uid")?.map(Uid);
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
