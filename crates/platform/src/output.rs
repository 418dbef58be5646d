//! What the platform says: [`Output`].

use serde::{Deserialize, Serialize};
use sms::{Msisdn, ShortCode};

use crate::app::AppId;
use crate::decision::Decision;
use crate::input::CallId;
use crate::live_message::LiveMessage;
use crate::query::{AppInfo, UserInfo};
use crate::user::{SessionId, Uid};

/// Names one text that the platform has sent; counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(pub u64);

impl From<SubmissionId> for u64 {
    fn from(submission: SubmissionId) -> Self {
        submission.0
    }
}

/// Names one callback to an app; counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationId(pub u64);

/// Everything that the platform can say.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// The answer to a call.
    Reply {
        /// The call.
        call: CallId,
        /// Yes, or why not.
        answer: Result<Answer, Refusal>,
    },
    /// A text to a person.
    Submit {
        /// Its name.
        submission: SubmissionId,
        /// 32665, or a session's number.
        from: ShortCode,
        /// The phone.
        to: Msisdn,
        /// The text.
        text: String,
    },
    /// A person's text for an app. The window of its session is open from this instant.
    Notify(Notification),
    /// The post-authorize ping: the user has installed the app. It ends with [`Input::Notified`](crate::Input::Notified)
    /// like a text's callback, with [`NotifyOutcome::NoUrl`](crate::NotifyOutcome::NoUrl) when the app wants none.
    Authorized {
        /// Its name.
        id: NotificationId,
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
    },
    /// The post-remove ping: the user has removed the app. It ends like the post-authorize ping.
    Removed {
        /// Its name.
        id: NotificationId,
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
    },
    /// The user has removed the app at this instant, whenever the ping goes out: their API sessions with it end.
    Unauthorized {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
    },
    /// A live message for the user's open pages; with none open it is lost.
    LiveMessage(LiveMessage),
    /// Why the platform did what it did.
    Decided(Decision),
}

/// A positive answer to a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// `sms.send`: the text is on its way.
    Sent {
        /// The text.
        submission: SubmissionId,
        /// The session that was asked for.
        session: Option<SessionId>,
    },
    /// `sms.canSend`: it may.
    CanSend,
    /// Yes or no, or done or not done.
    Bool(bool),
    /// A number, -1 for an allocation without a limit.
    Number(i64),
    /// Users: those to whom something was sent, or a user's friends.
    Uids(Vec<Uid>),
    /// `users.getInfo`: what is known of users.
    Users(Vec<UserInfo>),
    /// `admin.getAppProperties`: what the platform knows of the app.
    App(AppInfo),
}

/// A callback about a person's text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notification {
    /// Its name.
    pub id: NotificationId,
    /// The app.
    pub app: AppId,
    /// Who texted.
    pub user: Uid,
    /// The session to answer in.
    pub session: SessionId,
    /// The text without the app's canvas name.
    pub message: String,
    /// Whether the user has added the app by the text that this is.
    pub new_user: bool,
}

/// Why the platform says no. It costs no quota. The number that stands for it on the wire is the REST server's business.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// No account has that number.
    NoSuchUser {
        /// The number asked for.
        user: Uid,
    },
    /// The session cannot be answered in.
    Session {
        /// The session given.
        session: SessionId,
        /// What is wrong with it.
        fault: SessionFault,
    },
    /// The app is not registered for SMS.
    AppNotCapable,
    /// The user has not installed the app.
    NotInstalled,
    /// The user has installed the app but not granted it `sms`.
    NotGranted,
    /// The user has no confirmed phone, or has removed Facebook Mobile.
    NotRegistered,
    /// The user has turned Mobile Texts off.
    TextsOff,
    /// The user's operator disallows the app.
    OperatorBlocked {
        /// The operator.
        operator: String,
    },
    /// Empty, or longer than the limit.
    Length {
        /// How long it is, in `unit`s.
        units: usize,
        /// The longest that may be sent.
        units_max: usize,
        /// Septets, or UCS-2 units.
        encoding: sms::Encoding,
    },
    /// A URL outside m.facebook.com, where the policy refuses those.
    ForeignUrl {
        /// The URL as found in the text.
        url: String,
    },
    /// The user's quiet hours.
    QuietHours {
        /// The hours.
        hours: crate::user::QuietHours,
        /// The user's local time, `HH:MM`.
        local: String,
    },
    /// The user's own daily limit is used up.
    UserQuota {
        /// The limit.
        daily_max: u32,
    },
    /// The app's pool of the day is used up.
    AppPool {
        /// What it held.
        pool: u64,
        /// Users opted in to the app's SMS.
        opted_in: u64,
    },
    /// One side of a live message has not accepted the terms of the app: has not installed it.
    TermsNotAccepted {
        /// The sender or the recipient.
        user: Uid,
    },
    /// The name of a live message's event is too long.
    EventNameLength {
        /// How long it is.
        octets: usize,
    },
    /// A live message is too long.
    LiveMessageLength {
        /// How long it is.
        octets: usize,
    },
    /// The live-message system is stopped.
    LiveMessagesStopped,
    /// The app sends faster than its rate.
    AppRate {
        /// Texts a second.
        per_s: u32,
    },
}

/// What is wrong with a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum SessionFault {
    /// The user has no session of that number, or it is another app's.
    Unknown,
    /// It waits for the user, who has not texted yet.
    NotAnswered,
    /// The user's text has not been handed to the app yet: other callbacks of the app go first.
    NotSent,
    /// Its answer has been sent already.
    Used,
    /// Its window is over.
    Expired {
        /// For how long, in milliseconds.
        ago_ms: u64,
    },
}
