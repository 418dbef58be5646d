//! `auth.expireSession` ("Auth.expireSession"): ends the session.

use super::{Call, Method, MethodError, Outcome, Own, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.expireSession",
    needs_session: true,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(_: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Own(Own::ExpireSession))
}
