//! `friends.get` ("Friends.get"): the friends of the session's user.

use platform::{Answer, Input, Query};

use super::{Call, Method, MethodError, Outcome, Spelling, number, scalar};
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "friends.get",
    needs_session: true,
    takes_session_secret: true,
    read,
    value,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::Friends(call.of_session()),
    }))
}

fn value(spelling: &Spelling<'_>) -> Value {
    let Answer::Uids(users) = spelling.answer else {
        return scalar(spelling);
    };
    Value::List(users.iter().map(|&user| number(user)).collect())
}
