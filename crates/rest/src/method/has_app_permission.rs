//! `users.hasAppPermission` ("Users.hasAppPermission"): whether a user has granted the app a permission. In JSON it is 1 or
//! 0: one client of the time refuses anything else, and every other takes both.

use platform::{Input, Query};

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "users.hasAppPermission",
    needs_session: false,
    takes_session_secret: true,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let permission = call.permission("ext_perm")?;
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::HasPermission(call.user()?, permission),
    }))
}
