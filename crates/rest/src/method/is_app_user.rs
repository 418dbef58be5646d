//! `users.isAppUser` ("Users.isAppUser"): whether a user has added the app.

use platform::{Input, Query};

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "users.isAppUser",
    needs_session: false,
    takes_session_secret: true,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::IsAppUser(call.user()?),
    }))
}
