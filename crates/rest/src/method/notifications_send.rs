//! `notifications.send` ("notifications.send"): to the notifications pages of users.

use platform::{Input, NoticeKind, NotifyUsers};

use super::{Call, Method, MethodError, Outcome, scalar};
use crate::error_code::ErrorCode;

/// The longest `notification`, in octets; a longer one is error 100.
pub const NOTIFICATION_OCTETS_MAX: usize = 8_192;

pub(super) const METHOD: Method = Method {
    name: "notifications.send",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let to_app_users = match call.params.text("type") {
        None | Some("user_to_user") => false,
        Some("app_to_user") => true,
        Some(_) => return Err(MethodError::param("type is neither user_to_user nor app_to_user")),
    };
    let session_missing = || MethodError {
        code: ErrorCode::ParamSessionKey,
        why: "session_key is missing, and a user's notification needs one".to_owned(),
    };
    let kind = match (to_app_users, call.session_user) {
        (true, _) => NoticeKind::AppToUser,
        (false, Some(from)) => NoticeKind::UserToUser { from },
        (false, None) => return Err(session_missing()),
    };
    let markup = call.required("notification")?;
    if markup.len() > NOTIFICATION_OCTETS_MAX {
        return Err(MethodError::param("notification is too long"));
    }
    let mut to = call.uids("to_ids")?;
    if to.is_empty() && to_app_users {
        to.push(
            call.session_user
                .ok_or_else(|| MethodError::param("to_ids is missing, and there is no session"))?,
        );
    }
    Ok(Outcome::Ask(Input::NotifyUsers(NotifyUsers {
        call: call.id,
        app: call.app,
        kind,
        to,
        markup: markup.to_owned(),
    })))
}
