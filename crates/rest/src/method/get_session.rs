//! `auth.getSession` ("Auth.getSession"): an approved token for a session, once.

use super::{Call, Method, MethodError, Outcome, Own, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.getSession",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Own(Own::GetSession {
        token: call.required("auth_token")?.to_owned(),
        with_secret: call.params.bool("generate_session_secret"),
    }))
}
