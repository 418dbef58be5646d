//! `auth.revokeExtendedPermission` ("Auth.revokeExtendedPermission"): the app gives up a permission of a user.

use platform::Input;

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "auth.revokeExtendedPermission",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::RevokePermission {
        call: call.id,
        app: call.app,
        permission: call.permission("perm")?,
        user: call.user()?,
    }))
}
