//! Notifications and e-mails that apps send to users ("notifications.send", "notifications.sendEmail"), and the pages on
//! which they are kept.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sms::Timestamp;

use crate::app::AppId;
use crate::decision::DecisionCode as Code;
use crate::fbml::{self, Names, Piece, profile_url};
use crate::input::CallId;
use crate::output::{Answer, Output};
use crate::platform::{Platform, Subject};
use crate::quota::{day, week};
use crate::user::Uid;

/// `notifications.send`, with its parameters read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotifyUsers {
    /// The call to answer.
    pub call: CallId,
    /// The app that sends.
    pub app: AppId,
    /// In whose name.
    pub kind: NoticeKind,
    /// To whom. Empty: to the acting user, without a name in front.
    pub to: Vec<Uid>,
    /// The FBML.
    pub markup: String,
}

/// In whose name a notification is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// `user_to_user`: of a user who has acted, to friends and to users of the app.
    UserToUser {
        /// The acting user.
        from: Uid,
    },
    /// `app_to_user`: of the app, to its users.
    AppToUser,
}

/// `notifications.sendEmail`, with its parameters read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendEmail {
    /// The call to answer.
    pub call: CallId,
    /// The app that sends.
    pub app: AppId,
    /// To whom.
    pub to: Vec<Uid>,
    /// The subject.
    pub subject: String,
    /// The body; its markup is reduced to text and links.
    pub body: String,
}

/// An entry of a user's notifications page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// When it was sent.
    pub at: Timestamp,
    /// The app.
    pub app: AppId,
    /// In whose name.
    pub kind: NoticeKind,
    /// To whom it was sent: on the recipient's page the recipient alone, on the sender's page everybody.
    pub to: Vec<Uid>,
    /// What it says; of a user's notification the first piece is the user's name, with a link.
    pub body: Vec<Piece>,
}

/// An e-mail in a user's mailbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Email {
    /// When it was sent.
    pub at: Timestamp,
    /// The app.
    pub app: AppId,
    /// The subject.
    pub subject: String,
    /// What it says.
    pub body: Vec<Piece>,
}

/// What a user has got and sent, the oldest first; of more than the setting allows the oldest are gone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mailbox {
    pub(crate) received: VecDeque<Notice>,
    pub(crate) sent: VecDeque<Notice>,
    pub(crate) emails: VecDeque<Email>,
}

fn keep<T>(entries: &mut VecDeque<T>, entry: T, kept_max: usize) {
    while entries.len() >= kept_max {
        entries.pop_front();
    }
    entries.push_back(entry);
}

/// The names behind the tags of a notification.
struct NamesOf<'a> {
    platform: &'a Platform,
    app: AppId,
}

impl Names for NamesOf<'_> {
    fn user(&self, uid: Uid) -> Option<String> {
        self.platform.user(uid).map(|user| user.name.clone())
    }

    fn app(&self) -> String {
        self.platform.title(self.app).to_owned()
    }
}

impl Platform {
    /// `notifications.send`: to the first of the recipients that may get it, as many as the allocation allows.
    pub(crate) fn notify_users(&mut self, now: Timestamp, notify: &NotifyUsers) {
        let (app, kind) = (notify.app, notify.kind);
        let body = self.reduced(app, &notify.markup);
        let (named, recipients) = match kind {
            NoticeKind::UserToUser { from } if notify.to.is_empty() => (body.clone(), vec![from]),
            NoticeKind::UserToUser { from } => (self.with_name(from, &body), distinct(&notify.to)),
            NoticeKind::AppToUser => (body.clone(), distinct(&notify.to)),
        };
        let mut sent = Vec::new();
        for &to in &recipients {
            if self.may_notify(app, kind, to) && self.spend_notification(now, app, kind, to) {
                let entry = Notice {
                    at: now,
                    app,
                    kind,
                    to: vec![to],
                    body: named.clone(),
                };
                let kept_max = self.settings.notifications_kept_max;
                if let Some(who) = self.who(to) {
                    keep(&mut self.account_mut(who).mailbox.received, entry, kept_max);
                }
                sent.push(to);
            }
        }
        if let NoticeKind::UserToUser { from } = kind
            && !notify.to.is_empty()
            && !sent.is_empty()
        {
            let entry = Notice {
                at: now,
                app,
                kind,
                to: sent.clone(),
                body: named,
            };
            let kept_max = self.settings.notifications_kept_max;
            if let Some(who) = self.who(from) {
                keep(&mut self.account_mut(who).mailbox.sent, entry, kept_max);
            }
        }
        self.tell_sent(
            Code::NotificationSent,
            notify.call,
            app,
            "notification",
            &recipients,
            sent,
        );
    }

    /// `notifications.sendEmail`: to those of the recipients who use the app and have not had their share today.
    pub(crate) fn send_email(&mut self, now: Timestamp, email: &SendEmail) {
        let body = self.reduced(email.app, &email.body);
        let recipients = distinct(&email.to);
        let today = day(now, &self.settings.quota_day_tz);
        let mut sent = Vec::new();
        for &to in &recipients {
            let emails_max = self.settings.emails_per_day;
            let takes = self.is_installed(to, email.app) && !self.is_muted(to, email.app);
            let Some(listing) = self.apps.get_mut(&email.app).filter(|_| takes) else {
                continue;
            };
            if !listing.emailed.take(today, to, emails_max) {
                continue;
            }
            let entry = Email {
                at: now,
                app: email.app,
                subject: email.subject.clone(),
                body: body.clone(),
            };
            let kept_max = self.settings.notifications_kept_max;
            if let Some(who) = self.who(to) {
                keep(&mut self.account_mut(who).mailbox.emails, entry, kept_max);
            }
            sent.push(to);
        }
        self.tell_sent(
            Code::EmailSent,
            email.call,
            email.app,
            "e-mail",
            &recipients,
            sent,
        );
    }

    fn reduced(&self, app: AppId, markup: &str) -> Vec<Piece> {
        fbml::reduce(markup, &NamesOf { platform: self, app })
    }

    /// The acting user's name in front of the text.
    fn with_name(&self, from: Uid, body: &[Piece]) -> Vec<Piece> {
        let name = Piece::Link {
            href: profile_url(from),
            text: self.name_of(from),
        };
        [name, Piece::Text(" ".to_owned())]
            .into_iter()
            .chain(body.iter().cloned())
            .collect()
    }

    /// A user's notification goes to friends and users of the app, an app's to its users alone; nobody gets one of an app
    /// that they have muted.
    fn may_notify(&self, app: AppId, kind: NoticeKind, to: Uid) -> bool {
        let Some(user) = self.user(to) else {
            return false;
        };
        let allowed = user.apps.contains_key(&app)
            || match kind {
                NoticeKind::UserToUser { from } => from == to || self.are_friends(from, to),
                NoticeKind::AppToUser => false,
            };
        allowed && !self.is_muted(to, app)
    }

    /// Takes one from the acting user's notifications of the day, or from the recipient's of the week.
    fn spend_notification(&mut self, now: Timestamp, app: AppId, kind: NoticeKind, to: Uid) -> bool {
        let zone = &self.settings.quota_day_tz;
        let (today, this_week) = (day(now, zone), week(now, zone));
        let (a_day, a_week) = (
            self.settings.notifications_per_day,
            self.settings.announcement_notifications_per_week,
        );
        let Some(listing) = self.apps.get_mut(&app) else {
            return false;
        };
        match kind {
            NoticeKind::UserToUser { from } => listing.notified.take(today, from, a_day),
            NoticeKind::AppToUser => listing.announced.take(this_week, to, a_week),
        }
    }

    fn tell_sent(
        &mut self,
        code: Code,
        call: CallId,
        app: AppId,
        what: &str,
        recipients: &[Uid],
        sent: Vec<Uid>,
    ) {
        let why = format!(
            "{what} of {} sent to {} of {} users; the others are no friends, do not use it, have muted it, or are over the \
             allocation",
            self.title(app),
            sent.len(),
            recipients.len()
        );
        let why = match sent.len() == recipients.len() {
            true => format!("{what} of {} sent to {} users", self.title(app), sent.len()),
            false => why,
        };
        self.decide(code, Subject::default().app(app), why);
        let answer = Ok(Answer::Uids(sent));
        self.emit(Output::Reply { call, answer });
    }
}

/// The list without repetitions, in its order.
fn distinct(users: &[Uid]) -> Vec<Uid> {
    let mut seen = std::collections::BTreeSet::new();
    users.iter().copied().filter(|&user| seen.insert(user)).collect()
}
