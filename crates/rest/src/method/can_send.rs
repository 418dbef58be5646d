//! `sms.canSend` ("Sms.canSend"): whether the app may text a user. It needs a session; the user may be another than the
//! session's.

use platform::Input;

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "sms.canSend",
    needs_session: true,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::CanSend {
        call: call.id,
        app: call.app,
        user: call.user()?,
    }))
}
