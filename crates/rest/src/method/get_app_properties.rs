//! `admin.getAppProperties` ("Admin.getAppProperties"): the app's own settings, as a text of JSON in either format.

use platform::{Answer, Input, Query};
use serde_json::{Map, Value as Json};

use super::{Call, Method, MethodError, Outcome, Spelling, scalar};
use crate::properties::Property;
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "admin.getAppProperties",
    needs_session: false,
    takes_session_secret: false,
    read,
    value,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    Property::list(call.required("properties")?)?;
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::App,
    }))
}

fn value(spelling: &Spelling<'_>) -> Value {
    let Answer::App(info) = spelling.answer else {
        return scalar(spelling);
    };
    let asked = spelling.params.text("properties").unwrap_or_default();
    let properties = Property::list(asked).unwrap_or_default();
    let values = properties.into_iter().map(|property| {
        let value = property.value(info, spelling.credentials);
        (property.name().to_owned(), value)
    });
    Value::Text(Json::Object(values.collect::<Map<_, _>>()).to_string())
}
