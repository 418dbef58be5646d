//! `admin.getAllocation` ("Admin.getAllocation"): how much the app may send.

use platform::{Allocation, Input, Query};

use super::{Call, Method, MethodError, Outcome, scalar};

pub(super) const METHOD: Method = Method {
    name: "admin.getAllocation",
    needs_session: false,
    takes_session_secret: false,
    read,
    value: scalar,
};

fn read(call: &Call<'_>) -> Result<Outcome, MethodError> {
    let name = call.required("integration_point_name")?;
    let allocation = match name {
        "notifications_per_day" => Allocation::NotificationsPerDay,
        "announcement_notifications_per_week" => Allocation::AnnouncementNotificationsPerWeek,
        "requests_per_day" => Allocation::RequestsPerDay,
        "emails_per_day" => Allocation::EmailsPerDay,
        "email_disable_message_location" => Allocation::EmailDisableMessageLocation,
        _ => return Err(MethodError::param("integration_point_name is no allocation")),
    };
    Ok(Outcome::Ask(Input::Query {
        call: call.id,
        app: call.app,
        query: Query::Allocation(allocation),
    }))
}
