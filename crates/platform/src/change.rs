//! Changes of settings: by a user in the panel or on a page, by an app's owner, by an operator.

use sms::Timestamp;

use crate::app::AppId;
use crate::callback::Content;
use crate::decision::DecisionCode as Code;
use crate::input::{CallId, Change};
use crate::output::{Answer, Output, Refusal};
use crate::platform::{Platform, Subject, Who};
use crate::user::{ExtendedPermission, Install, Uid, User};

impl Platform {
    /// Applies a change, and what follows from it.
    pub(crate) fn change(&mut self, now: Timestamp, change: Change) {
        match change {
            Change::OperatorBlock {
                operator,
                app,
                blocked,
            } => self.block(operator, app, blocked),
            Change::SmsCapable(app, capable) => self.set_sms_capable(app, capable),
            Change::Pool(app, left) => self.set_pool(now, app, left),
            Change::Friends(one, other, friends) => self.set_friends(one, other, friends),
            Change::Join(user) => self.join(*user),
            Change::LiveMessages(on) => {
                self.live_messages_on = on;
                let what = if on { "runs" } else { "is stopped" };
                let why = format!("the live-message system {what}");
                self.decide(Code::Changed, Subject::default(), why);
            }
            Change::Texts(uid, _)
            | Change::Registered(uid, _)
            | Change::InstallWithoutSms(uid, _)
            | Change::AcceptApp(uid, _)
            | Change::MuteApp(uid, ..)
            | Change::GrantSms(uid, _)
            | Change::RevokeSms(uid, _)
            | Change::RemoveApp(uid, _)
            | Change::Operator(uid, _)
            | Change::QuietHours(uid, _)
            | Change::DailyMax(uid, _) => match self.who(uid) {
                Some(who) => self.change_user(now, who, change),
                None => self.unknown_user(uid),
            },
        }
    }

    fn change_user(&mut self, now: Timestamp, who: Who, change: Change) {
        match change {
            Change::Texts(_, on) => {
                self.account_mut(who).user.texts_on = on;
                self.changed(who, None, if on { "Mobile Texts on" } else { "Mobile Texts off" });
                if on {
                    self.ask_what_is_kept(now, who);
                }
            }
            Change::Registered(_, registered) => {
                self.changed(
                    who,
                    None,
                    if registered {
                        "phone registered"
                    } else {
                        "Facebook Mobile removed"
                    },
                );
                self.set_registered(now, who, registered);
            }
            Change::InstallWithoutSms(_, app) => {
                self.change_install(
                    now,
                    who,
                    app,
                    Some(Install { sms_granted: false }),
                    "installed, without sms",
                );
            }
            Change::AcceptApp(_, app) => {
                let install = self.account(who).user.apps.get(&app).copied();
                self.change_install(now, who, app, Some(install.unwrap_or_default()), "accepted");
            }
            Change::MuteApp(_, app, muted) => self.mute(who, app, muted),
            Change::GrantSms(_, app) => {
                if self.change_install(
                    now,
                    who,
                    app,
                    Some(Install { sms_granted: true }),
                    "installed, sms granted",
                ) {
                    self.ask_what_is_kept(now, who);
                }
            }
            Change::RevokeSms(_, app) => {
                let installed = self.account(who).user.apps.contains_key(&app);
                let install = installed.then_some(Install { sms_granted: false });
                self.change_install(now, who, app, install, "sms taken back");
            }
            Change::RemoveApp(_, app) => {
                self.change_install(now, who, app, None, "removed");
            }
            Change::Operator(_, operator) => {
                self.changed(who, None, &format!("the phone's operator is {operator}"));
                self.account_mut(who).user.operator = operator;
            }
            Change::QuietHours(_, hours) => {
                self.account_mut(who).user.quiet_hours = hours;
                let hours = hours.map_or_else(|| "none".to_owned(), |hours| hours.to_string());
                self.changed(who, None, &format!("quiet hours {hours}"));
            }
            Change::DailyMax(_, daily_max) => {
                self.account_mut(who).user.daily_max = daily_max;
                let limit = daily_max.map_or_else(|| "none".to_owned(), |daily_max| daily_max.to_string());
                self.changed(who, None, &format!("daily limit {limit}"));
            }
            Change::OperatorBlock { .. }
            | Change::SmsCapable(..)
            | Change::Pool(..)
            | Change::Friends(..)
            | Change::Join(_)
            | Change::LiveMessages(_) => unreachable!("these changes are not of one user"),
        }
    }

    fn changed(&mut self, who: Who, app: Option<AppId>, what: &str) {
        let subject = Subject {
            app,
            ..self.subject(who)
        };
        let name = &self.account(who).user.name;
        let why = match app {
            Some(app) => format!("{name}: {} {what}", self.title(app)),
            None => format!("{name}: {what}"),
        };
        self.decide(Code::Changed, subject, why);
    }

    /// Installs, grants, takes back or removes; says whether there is such an app.
    fn change_install(
        &mut self,
        now: Timestamp,
        who: Who,
        app: AppId,
        install: Option<Install>,
        what: &str,
    ) -> bool {
        if self.app(app).is_none() {
            self.unknown_app(app);
            return false;
        }
        self.changed(who, Some(app), what);
        self.set_install(now, who, app, install);
        true
    }

    /// Sets what a user has of an app, keeps the count of those who have opted in, and tells the app.
    pub(crate) fn set_install(&mut self, now: Timestamp, who: Who, app: AppId, install: Option<Install>) {
        let user = &mut self.account_mut(who).user;
        let uid = user.uid;
        let before = match install {
            Some(install) => user.apps.insert(app, install),
            None => user.apps.remove(&app),
        };
        let granted =
            |install: Option<Install>| u64::from(install.is_some_and(|install| install.sms_granted));
        if let Some(listing) = self.apps.get_mut(&app) {
            listing.opted_in = listing.opted_in + granted(install) - granted(before);
        }
        match (before, install) {
            (None, Some(_)) => self.call_back(now, app, |_| Content::Authorized(uid)),
            (Some(_), None) => {
                self.emit(Output::Unauthorized { app, user: uid });
                self.call_back(now, app, |_| Content::Removed(uid));
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    fn block(&mut self, operator: String, app: AppId, blocked: bool) {
        if self.app(app).is_none() {
            return self.unknown_app(app);
        }
        let what = if blocked { "disallows" } else { "allows" };
        let why = format!("{operator} {what} {}", self.title(app));
        let apps = self.operator_blocks.entry(operator).or_default();
        if blocked {
            apps.insert(app)
        } else {
            apps.remove(&app)
        };
        self.decide(Code::Changed, Subject::default().app(app), why);
    }

    /// Opens an account; the friends that it names have it as a friend too.
    fn join(&mut self, user: User) {
        let subject = Subject {
            user: Some(user.uid),
            ..Subject::default()
        };
        if let Some(fault) = self.misfit(&user) {
            let why = format!("{} does not join: {fault}", user.name);
            return self.decide(Code::UnknownSubject, subject, why);
        }
        let why = format!("{} joins with {} on {}", user.name, user.phone, user.operator);
        for friend in &user.friends {
            if let Some(who) = self.who(*friend) {
                self.account_mut(who).user.friends.insert(user.uid);
            }
        }
        self.add(user);
        self.decide(Code::Changed, subject, why);
    }

    fn mute(&mut self, who: Who, app: AppId, muted: bool) {
        if self.app(app).is_none() {
            return self.unknown_app(app);
        }
        let apps = &mut self.account_mut(who).muted;
        if muted {
            apps.insert(app)
        } else {
            apps.remove(&app)
        };
        let what = if muted {
            "notifications off"
        } else {
            "notifications on"
        };
        self.changed(who, Some(app), what);
    }

    /// Friendship is mutual; nobody is their own friend.
    fn set_friends(&mut self, one: Uid, other: Uid, friends: bool) {
        let (who_is_one, who_is_other) = match (self.who(one), self.who(other)) {
            (Some(who_is_one), Some(who_is_other)) => (who_is_one, who_is_other),
            (None, _) => return self.unknown_user(one),
            (_, None) => return self.unknown_user(other),
        };
        for (who, uid, friend) in [(who_is_one, one, other), (who_is_other, other, one)] {
            let list = &mut self.account_mut(who).user.friends;
            if friends && uid != friend {
                list.insert(friend);
            } else {
                list.remove(&friend);
            }
        }
        let what = if friends {
            "are friends"
        } else {
            "are no friends any more"
        };
        let why = format!("{} and {} {what}", self.name_of(one), self.name_of(other));
        self.decide(Code::Changed, Subject::default(), why);
    }

    /// `auth.revokeExtendedPermission`.
    pub(crate) fn revoke_permission(
        &mut self,
        now: Timestamp,
        call: CallId,
        app: AppId,
        user: Uid,
        permission: ExtendedPermission,
    ) {
        let answer = match self.who(user) {
            Some(who) => {
                let installed = self.account(who).user.apps.contains_key(&app);
                if installed && permission == ExtendedPermission::Sms {
                    let install = Some(Install { sms_granted: false });
                    self.change_install(now, who, app, install, "gave sms up itself");
                }
                Ok(Answer::Bool(true))
            }
            None => Err(Refusal::NoSuchUser { user }),
        };
        self.emit(Output::Reply { call, answer });
    }

    /// `auth.revokeAuthorization`: no when the user has not installed the app.
    pub(crate) fn revoke_authorization(&mut self, now: Timestamp, call: CallId, app: AppId, user: Uid) {
        let answer = match self.who(user) {
            Some(who) => {
                let installed = self.account(who).user.apps.contains_key(&app);
                if installed {
                    self.change_install(now, who, app, None, "removed itself");
                }
                Ok(Answer::Bool(installed))
            }
            None => Err(Refusal::NoSuchUser { user }),
        };
        self.emit(Output::Reply { call, answer });
    }

    pub(crate) fn set_sms_capable(&mut self, app: AppId, capable: bool) {
        let Some(listing) = self.apps.get_mut(&app) else {
            return self.unknown_app(app);
        };
        listing.app.sms_capable = capable;
        let what = if capable {
            "registered for SMS"
        } else {
            "not registered for SMS any more"
        };
        let why = format!("{} is {what}", listing.app.title);
        self.decide(Code::Changed, Subject::default().app(app), why);
    }

    fn set_pool(&mut self, now: Timestamp, app: AppId, left: u32) {
        let Some(pool) = self.apps.get(&app).map(|listing| self.pool(listing)) else {
            return self.unknown_app(app);
        };
        let today = self.quota_day(now);
        if let Some(listing) = self.apps.get_mut(&app) {
            listing.day.set_left(today, pool, left);
        }
        let why = format!("{left} left in the pool of {} today", self.title(app));
        self.decide(Code::Changed, Subject::default().app(app), why);
    }

    pub(crate) fn unknown_user(&mut self, user: Uid) {
        let why = format!("no account has the number {user}; nothing is changed");
        self.decide(
            Code::UnknownSubject,
            Subject {
                user: Some(user),
                ..Subject::default()
            },
            why,
        );
    }

    fn unknown_app(&mut self, app: AppId) {
        self.decide(
            Code::UnknownSubject,
            Subject::default().app(app),
            format!("no app has the number {app}; nothing is changed"),
        );
    }
}
