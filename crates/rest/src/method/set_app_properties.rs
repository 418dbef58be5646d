//! `admin.setAppProperties` ("Admin.setAppProperties"), for what concerns SMS: where the app is called back, from where it
//! may call, and whether it is registered for SMS. All or nothing is set.

use super::{Call, Method, MethodError, Outcome, Own, scalar};
use crate::properties::PropertyChanges;

pub(super) const METHOD: Method = Method {
    name: "admin.setAppProperties",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let changes = PropertyChanges::read(call.required("properties")?)?;
    Ok(Outcome::Own(Own::SetAppProperties(changes)))
}
