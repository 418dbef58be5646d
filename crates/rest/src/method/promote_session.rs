//! `auth.promoteSession` ("Auth.promoteSession"): a secret for the session, with which a page may sign calls of its own; the
//! same one each time.

use super::{Call, Method, MethodError, Outcome, Own, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.promoteSession",
    needs_session: true,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(_: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Own(Own::PromoteSession))
}
