//! `notifications.get` ("Notifications.get"): messages, pokes, shares and invitations that wait for the session's user.
//!
//! There are none of these in the simulator, so the numbers are 0 and the lists empty. What apps have sent is on the
//! notifications page, which this method never told of.

use super::{Call, Method, MethodError, Outcome, scalar};
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "notifications.get",
    needs_session: true,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(_: &Call<'_>) -> Result<Outcome, MethodError> {
    let nothing = || {
        Value::Fields(vec![
            ("unread".to_owned(), Value::Int(0)),
            ("most_recent".to_owned(), Value::Int(0)),
        ])
    };
    let counts = ["messages", "pokes", "shares"].map(|name| (name.to_owned(), nothing()));
    let lists = ["friend_requests", "group_invites", "event_invites"]
        .map(|name| (name.to_owned(), Value::List(Vec::new())));
    Ok(Outcome::Value(Value::Fields(
        counts.into_iter().chain(lists).collect(),
    )))
}
