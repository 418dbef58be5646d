//! `users.getInfo` ("Users.getInfo"): what is known of users, as far as an SMS app needs it. Documented fields that the
//! simulator knows nothing of are empty.

use platform::{Answer, Input, Query, UserInfo};

use super::{Call, Method, MethodError, Outcome, Spelling, number, scalar};
use crate::error_code::ErrorCode;
use crate::params::list;
use crate::value::Value;

pub(super) const METHOD: Method = Method {
    name: "users.getInfo",
    needs_session: true,
    takes_session_secret: true,
    read,
    value,
};

/// Documented fields without a value here.
const EMPTY_FIELDS: &[&str] = &[
    "about_me",
    "activities",
    "affiliations",
    "birthday",
    "books",
    "current_location",
    "education_history",
    "email_hashes",
    "hometown_location",
    "hs_info",
    "interests",
    "meeting_for",
    "meeting_sex",
    "movies",
    "music",
    "notes_count",
    "pic",
    "pic_big",
    "pic_small",
    "pic_square",
    "political",
    "profile_update_time",
    "proxied_email",
    "quotes",
    "relationship_status",
    "religion",
    "sex",
    "significant_other_id",
    "status",
    "tv",
    "username",
    "wall_count",
    "work_history",
];

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    call.required("uids")?;
    let users = call.uids("uids")?;
    let known = |field: &&str| {
        matches!(
            *field,
            "uid"
                | "name"
                | "first_name"
                | "last_name"
                | "timezone"
                | "locale"
                | "profile_url"
                | "is_app_user"
                | "has_added_app"
        ) || EMPTY_FIELDS.contains(field)
    };
    let fields = list(call.required("fields")?).ok_or_else(|| MethodError {
        code: ErrorCode::ParamFieldList,
        why: "fields is no list".to_owned(),
    })?;
    if let Some(field) = fields.iter().find(|field| !known(&field.as_str())) {
        return Err(MethodError {
            code: ErrorCode::ParamUserField,
            why: format!("there is no field {field:?}"),
        });
    }
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::Users(users),
    }))
}

fn value(spelling: &Spelling<'_>) -> Value {
    let Answer::Users(users) = spelling.answer else {
        return scalar(spelling);
    };
    let asked = spelling.params.text("fields").unwrap_or_default();
    let mut fields = list(asked).unwrap_or_default();
    fields.retain(|field| field != "uid");
    let of_user = |user: &UserInfo| {
        let uid = ("uid".to_owned(), number(user.uid));
        let others = fields
            .iter()
            .map(|field| (field.clone(), field_value(user, field, spelling)));
        Value::Fields(std::iter::once(uid).chain(others).collect())
    };
    Value::List(users.iter().map(of_user).collect())
}

fn field_value(user: &UserInfo, field: &str, spelling: &Spelling<'_>) -> Value {
    let (first, last) = user.name.split_once(' ').unwrap_or((&user.name, ""));
    match field {
        "name" => Value::Text(user.name.clone()),
        "first_name" => Value::Text(first.to_owned()),
        "last_name" => Value::Text(last.to_owned()),
        "timezone" => timezone(user.utc_offset_min),
        "locale" => spelling
            .settings
            .callback_locale
            .as_ref()
            .map_or(Value::Null, |locale| Value::Text(locale.to_string())),
        "profile_url" => Value::Text(platform::fbml::profile_url(user.uid)),
        "is_app_user" | "has_added_app" => Value::Int(i64::from(user.is_app_user)),
        _ => Value::Text(String::new()),
    }
}

/// Hours east of Greenwich; with a fraction where the zone has one.
fn timezone(utc_offset_min: i32) -> Value {
    if utc_offset_min % 60 == 0 {
        Value::Int(i64::from(utc_offset_min / 60))
    } else {
        Value::Text((f64::from(utc_offset_min) / 60.0).to_string())
    }
}
