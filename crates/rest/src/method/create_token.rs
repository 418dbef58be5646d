//! `auth.createToken` ("Auth.createToken"): a token that a user's login approves.

use super::{Call, Method, MethodError, Outcome, Own, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.createToken",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(_: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Own(Own::CreateToken))
}
