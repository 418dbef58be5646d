//! `users.getLoggedInUser` ("Users.getLoggedInUser"): the user of the session.

use super::{Call, Method, Outcome};
use crate::params::InvalidParam;
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "users.getLoggedInUser",
    needs_session: true,
    takes_session_secret: true,
    read,
};

fn read(call: &Call<'_>) -> Result<Outcome, InvalidParam> {
    let user = call
        .session_user
        .expect("the method needs a session, and the server has checked it");
    Ok(Outcome::Value(
        i64::try_from(user.0).map_or_else(|_| Value::Text(user.to_string()), Value::Int),
    ))
}
