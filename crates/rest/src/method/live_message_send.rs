//! `liveMessage.send` ("LiveMessage.send"): a message to the pages that a user has open.

use platform::{Answer, Input, LiveMessage, SendLiveMessage};

use super::{Call, Method, MethodError, Outcome, Spelling, scalar};
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "liveMessage.send",
    needs_session: true,
    takes_session_secret: false,
    read,
    value,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::SendLiveMessage(SendLiveMessage {
        call: call.id,
        message: LiveMessage {
            app: call.app,
            from: call.of_session(),
            to: call.uid("recipient")?,
            event_name: call.required("event_name")?.to_owned(),
            message: call.required("message")?.to_owned(),
        },
    })))
}

/// In JSON it is `true`: one client of the time takes the number for a no, and every other takes both.
fn value(spelling: &Spelling<'_>) -> Value {
    let Answer::Bool(sent) = spelling.answer else {
        return scalar(spelling);
    };
    Value::Bool(*sent)
}
