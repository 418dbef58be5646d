//! `users.getLoggedInUser` ("Users.getLoggedInUser"): the user of the session.

use super::{Call, Method, MethodError, Outcome, number, scalar};

pub(super) const METHOD: Method = Method {
    name: "users.getLoggedInUser",
    needs_session: true,
    takes_session_secret: true,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Value(number(call.of_session())))
}
