//! What an app may ask about users and about itself: [`Query`].

use serde::{Deserialize, Serialize};
use sms::{Timestamp, Zone};

use crate::app::AppId;
use crate::input::CallId;
use crate::output::{Answer, Output, Refusal};
use crate::platform::Platform;
use crate::user::{ExtendedPermission, Uid, User};

/// A question of an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// `users.isAppUser`: whether the user has installed the app.
    IsAppUser(Uid),
    /// `users.hasAppPermission`: whether the user has granted the app a permission.
    HasPermission(Uid, ExtendedPermission),
    /// `friends.get`: the friends of a user.
    Friends(Uid),
    /// `users.getInfo`: what is known of users; those that there are not are left out.
    Users(Vec<Uid>),
    /// `admin.getAllocation`: how much the app may send.
    Allocation(Allocation),
    /// `admin.getAppProperties`: what the platform knows of the app.
    App,
}

/// What `admin.getAllocation` tells of ("Admin.getAllocation").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allocation {
    /// Notifications that a user may send with the app a day.
    NotificationsPerDay,
    /// Notifications that the app may send a user a week.
    AnnouncementNotificationsPerWeek,
    /// Requests that a user may send with the app a day; there is no limit, since no method sends any.
    RequestsPerDay,
    /// E-mails that the app may send a user a day.
    EmailsPerDay,
    /// Where an e-mail says how to turn such e-mails off: 1 at the bottom, 2 at the top.
    EmailDisableMessageLocation,
}

/// What is known of a user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UserInfo {
    /// The account.
    pub uid: Uid,
    /// The name.
    pub name: String,
    /// Minutes east of Greenwich at the user's place at the moment.
    pub utc_offset_min: i32,
    /// Whether the user has installed the app that asks.
    pub is_app_user: bool,
}

/// What the platform knows of an app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AppInfo {
    /// The name that users see.
    pub title: String,
    /// The first word of a text that is meant for it.
    pub canvas: String,
    /// Whether it is registered for SMS.
    pub sms_capable: bool,
}

impl Platform {
    /// Answers a question; nothing changes.
    pub(crate) fn tell(&mut self, now: Timestamp, call: CallId, app: AppId, query: &Query) {
        let answer = self.answer_to(now, app, query);
        self.emit(Output::Reply { call, answer });
    }

    fn answer_to(&self, now: Timestamp, app: AppId, query: &Query) -> Result<Answer, Refusal> {
        let known = |user: Uid| self.user(user).ok_or(Refusal::NoSuchUser { user });
        Ok(match query {
            Query::IsAppUser(user) => Answer::Bool(known(*user)?.apps.contains_key(&app)),
            Query::HasPermission(user, permission) => {
                let install = known(*user)?.apps.get(&app);
                let granted = install.is_some_and(|install| install.sms_granted);
                Answer::Bool(granted && *permission == ExtendedPermission::Sms)
            }
            Query::Friends(user) => Answer::Uids(known(*user)?.friends.iter().copied().collect()),
            Query::Users(users) => {
                let info = |user: &User| UserInfo {
                    uid: user.uid,
                    name: user.name.clone(),
                    utc_offset_min: utc_offset_min(now, &user.zone),
                    is_app_user: user.apps.contains_key(&app),
                };
                let users = users.iter().filter_map(|&user| self.user(user));
                Answer::Users(users.map(info).collect())
            }
            Query::Allocation(allocation) => Answer::Number(self.allocation(*allocation)),
            Query::App => {
                let app = self.app(app).ok_or(Refusal::AppNotCapable)?;
                Answer::App(AppInfo {
                    title: app.title.clone(),
                    canvas: app.canvas.clone(),
                    sms_capable: app.sms_capable,
                })
            }
        })
    }

    fn allocation(&self, allocation: Allocation) -> i64 {
        let or_unlimited = |limit: Option<u32>| limit.map_or(-1, i64::from);
        let settings = &self.settings;
        match allocation {
            Allocation::NotificationsPerDay => or_unlimited(settings.notifications_per_day),
            Allocation::AnnouncementNotificationsPerWeek => {
                or_unlimited(settings.announcement_notifications_per_week)
            }
            // Nothing here sends requests, so there is nothing that a limit could hold back.
            Allocation::RequestsPerDay => or_unlimited(None),
            Allocation::EmailsPerDay => or_unlimited(settings.emails_per_day),
            Allocation::EmailDisableMessageLocation => settings.email_disable_message_location.into(),
        }
    }
}

fn utc_offset_min(now: Timestamp, zone: &Zone) -> i32 {
    let minutes = |zone: &Zone| {
        let civil = zone.civil(now);
        let since_midnight = i64::try_from(civil.since_midnight().as_secs()).unwrap_or(0);
        i64::from(civil.day_number()) * 1_440 + since_midnight / 60
    };
    i32::try_from(minutes(zone) - minutes(&Zone::utc())).unwrap_or(0)
}
