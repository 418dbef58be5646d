//! What observers may ask of a platform: users, apps, pools, sessions, cached requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::{Msisdn, Timestamp};

use crate::app::{App, AppId};
use crate::config::InvalidConfig;
use crate::conversation::{LiveSession, LiveState};
use crate::notification::{Email, Mailbox, Notice};
use crate::platform::Platform;
use crate::quota::day;
use crate::request::Request;
use crate::settings::Settings;
use crate::user::{SessionId, Uid, User};

/// A text that waits until its sender confirms, for observers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CachedRequest {
    /// The app that it is for.
    pub app: AppId,
    /// The text without the app's canvas name.
    pub message: String,
    /// Whether the question was put to the user.
    pub asked: bool,
    /// The number that the question came from, while that number still belongs to it.
    pub session: Option<SessionId>,
    /// How long it waits from now.
    pub remaining: Duration,
}

/// For observers: nothing here changes anything.
impl Platform {
    /// The rules in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The user of that account number.
    pub fn user(&self, uid: Uid) -> Option<&User> {
        self.who(uid).map(|who| &self.account(who).user)
    }

    /// The user whose phone has that number, confirmed or not.
    pub fn user_by_phone(&self, phone: Msisdn) -> Option<&User> {
        self.by_phone.get(phone).map(|&who| &self.account(who).user)
    }

    /// The user of that name.
    pub fn user_by_name(&self, name: &str) -> Option<&User> {
        self.by_name.get(name).map(|&who| &self.account(who).user)
    }

    /// Why there cannot be such a user beside those that there are, if there cannot.
    pub fn misfit(&self, user: &User) -> Option<InvalidConfig> {
        let same = |what, value: &str| {
            Some(InvalidConfig::SameUser {
                what,
                value: value.to_owned(),
            })
        };
        if self.user(user.uid).is_some() {
            return same("number", &user.uid.to_string());
        }
        if self.user_by_name(&user.name).is_some() {
            return same("name", &user.name);
        }
        if self.user_by_phone(user.phone).is_some() {
            return same("phone", &user.phone.to_string());
        }
        if let Some(app) = user.apps.keys().find(|app| self.app(**app).is_none()) {
            return Some(InvalidConfig::NoSuchApp {
                by: user.name.clone(),
                app: *app,
            });
        }
        let stranger = user.friends.iter().find(|friend| self.user(**friend).is_none())?;
        Some(InvalidConfig::NoSuchFriend {
            by: user.name.clone(),
            user: *stranger,
        })
    }

    /// Every user, in the order in which they joined; first those of the configuration.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.accounts.iter().map(|account| &account.user)
    }

    /// Whether the user has installed the app.
    pub fn is_installed(&self, user: Uid, app: AppId) -> bool {
        self.user(user).is_some_and(|user| user.apps.contains_key(&app))
    }

    /// Whether the user wants no notifications and e-mails of the app.
    pub fn is_muted(&self, user: Uid, app: AppId) -> bool {
        self.who(user)
            .is_some_and(|who| self.account(who).muted.contains(&app))
    }

    /// Whether one of the two has the other as a friend.
    pub fn are_friends(&self, one: Uid, other: Uid) -> bool {
        let has = |uid, friend| self.user(uid).is_some_and(|user| user.friends.contains(&friend));
        has(one, other) || has(other, one)
    }

    /// The notifications that the user has received and that are kept, the oldest first.
    pub fn notifications_received(&self, user: Uid) -> impl DoubleEndedIterator<Item = &Notice> {
        self.mailbox(user)
            .into_iter()
            .flat_map(|mailbox| &mailbox.received)
    }

    /// The notifications that apps have sent in the user's name and that are kept, the oldest first.
    pub fn notifications_sent(&self, user: Uid) -> impl DoubleEndedIterator<Item = &Notice> {
        self.mailbox(user).into_iter().flat_map(|mailbox| &mailbox.sent)
    }

    /// The e-mails of apps that the user has received and that are kept, the oldest first.
    pub fn emails(&self, user: Uid) -> impl DoubleEndedIterator<Item = &Email> {
        self.mailbox(user).into_iter().flat_map(|mailbox| &mailbox.emails)
    }

    fn mailbox(&self, user: Uid) -> Option<&Mailbox> {
        self.who(user).map(|who| &self.account(who).mailbox)
    }

    /// Whether the live-message system runs.
    pub fn live_messages_on(&self) -> bool {
        self.live_messages_on
    }

    /// The app of that number.
    pub fn app(&self, app: AppId) -> Option<&App> {
        self.apps.get(&app).map(|listing| &listing.app)
    }

    /// The app of that canvas name, whatever its letter case.
    pub fn app_by_canvas(&self, canvas: &str) -> Option<&App> {
        self.canvases
            .get(&canvas.to_lowercase())
            .and_then(|&app| self.app(app))
    }

    /// Every app, in the order of their numbers.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values().map(|listing| &listing.app)
    }

    /// How many users have granted that app `sms`.
    pub fn opted_in(&self, app: AppId) -> Option<u64> {
        self.apps.get(&app).map(|listing| listing.opted_in)
    }

    /// Unsolicited texts that the app may still send today.
    pub fn pool_left(&self, now: Timestamp, app: AppId) -> Option<u64> {
        self.pool_left_on(self.quota_day(now), app)
    }

    /// The same, on the day `today`.
    pub(crate) fn pool_left_on(&self, today: i32, app: AppId) -> Option<u64> {
        let listing = self.apps.get(&app)?;
        Some(listing.day.left(today, self.pool(listing)))
    }

    /// The day by which quotas are counted.
    pub(crate) fn quota_day(&self, now: Timestamp) -> i32 {
        match self.today.has(now) {
            true => self.today.number(),
            false => day(now, &self.settings.quota_day_tz),
        }
    }

    /// Unsolicited texts that the user has got today, by the user's own calendar.
    pub fn unsolicited_today(&self, now: Timestamp, user: Uid) -> Option<u32> {
        let account = self.account(self.who(user)?);
        Some(account.day.got(now, &account.user.zone))
    }

    /// The user's sessions that are alive, open questions too, in the order of their ids.
    pub fn sessions(&self, now: Timestamp, user: Uid) -> Vec<LiveSession> {
        let Some(account) = self.who(user).map(|who| self.account(who)) else {
            return Vec::new();
        };
        let ends = |app| {
            account
                .consent
                .requests()
                .iter()
                .find(|request| request.app == app)
        };
        let mut sessions: Vec<_> = account.conversations.live(now).collect();
        for session in sessions
            .iter_mut()
            .filter(|session| session.state == LiveState::Question)
        {
            session.remaining =
                ends(session.app).map_or(Duration::ZERO, |request| request.expires_at.since(now));
        }
        sessions
    }

    /// The user's texts that wait for a yes, the oldest first.
    pub fn cached_requests(&self, now: Timestamp, user: Uid) -> Vec<CachedRequest> {
        let Some(account) = self.who(user).map(|who| self.account(who)) else {
            return Vec::new();
        };
        let shown = |request: &Request| CachedRequest {
            app: request.app,
            message: request.message.clone(),
            asked: request.asked,
            session: request.slot,
            remaining: request.expires_at.since(now),
        };
        account
            .consent
            .requests()
            .iter()
            .filter(|request| now < request.expires_at)
            .map(shown)
            .collect()
    }

    /// The code that the user's phone was texted and that confirms it, on the page or by reply, until it expires.
    pub fn registration_code(&self, now: Timestamp, user: Uid) -> Option<&str> {
        let registration = self.account(self.who(user)?).consent.registration.as_ref()?;
        (now < registration.expires_at).then_some(registration.code.as_str())
    }

    /// Whether that operator disallows that app.
    pub fn is_blocked(&self, operator: &str, app: AppId) -> bool {
        self.operator_blocks
            .get(operator)
            .is_some_and(|apps| apps.contains(&app))
    }

    /// Which operator disallows which app, in order.
    pub fn operator_blocks(&self) -> impl Iterator<Item = (&str, AppId)> {
        self.operator_blocks
            .iter()
            .flat_map(|(operator, apps)| apps.iter().map(move |&app| (operator.as_str(), app)))
    }
}
