//! `notifications.sendEmail` ("Notifications.sendEmail"): an e-mail to users of the app.

use platform::{Input, SendEmail};

use super::{Call, Method, MethodError, Outcome, scalar};

/// The most recipients of an e-mail; one more is error 100.
pub const EMAIL_RECIPIENTS_MAX: usize = 100;

/// The longest subject and the longest body, in octets; a longer one is error 100.
pub const EMAIL_OCTETS_MAX: usize = 65_536;

pub(super) const METHOD: Method = Method {
    name: "notifications.sendEmail",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    call.required("recipients")?;
    let to = call.uids("recipients")?;
    if to.len() > EMAIL_RECIPIENTS_MAX {
        return Err(MethodError::param("recipients are more than 100"));
    }
    let subject = call.required("subject")?;
    for (name, value) in [
        ("subject", Some(subject)),
        ("fbml", call.params.text("fbml")),
        ("text", call.params.text("text")),
    ] {
        if value.is_some_and(|value| value.len() > EMAIL_OCTETS_MAX) {
            return Err(MethodError::param(format!("{name} is too long")));
        }
    }
    let markup = call.params.text("fbml").map(str::to_owned);
    // Plain text has no tags: what looks like one stands for itself.
    let plain = || {
        call.params
            .text("text")
            .map(|text| text.replace('&', "&amp;").replace('<', "&lt;"))
    };
    let body = markup
        .or_else(plain)
        .ok_or_else(|| MethodError::param("neither text nor fbml is given"))?;
    Ok(Outcome::Ask(Input::SendEmail(SendEmail {
        call: call.id,
        app: call.app,
        to,
        subject: subject.to_owned(),
        body,
    })))
}
