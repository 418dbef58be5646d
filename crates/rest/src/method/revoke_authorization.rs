//! `auth.revokeAuthorization` ("Auth.revokeAuthorization"): the app removes itself from a user; false where it was not added.

use platform::Input;

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.revokeAuthorization",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::RevokeAuthorization {
        call: call.id,
        app: call.app,
        user: call.user()?,
    }))
}
