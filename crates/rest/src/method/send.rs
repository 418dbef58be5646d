//! `sms.send` ("Sms.send"): a text to one user. It needs no session.

use platform::{Input, SessionId};

use super::{Call, MESSAGE_OCTETS_MAX, Method, MethodError, Outcome, scalar};
use crate::params::cut;

pub(super) const METHOD: Method = Method {
    name: "sms.send",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let message = call.params.text("message").unwrap_or_default();
    Ok(Outcome::Ask(Input::Send(platform::Send {
        call: call.id,
        app: call.app,
        to: call.user()?,
        message: cut(message, MESSAGE_OCTETS_MAX).to_owned(),
        session: session(call),
        wants_session: call.params.bool("req_session"),
    })))
}

/// The session that is answered in; 0 and text without digits are none, as one client sends 0 for "not given". A number
/// that no session can have is given on as the greatest, which none has either: the platform then says so in its turn.
fn session(call: &Call<'_>) -> Option<SessionId> {
    let number = call.params.int("session_id").filter(|number| *number != 0)?;
    Some(SessionId(u32::try_from(number).unwrap_or(u32::MAX)))
}
