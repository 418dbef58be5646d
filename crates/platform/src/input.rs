//! What the platform is told: [`Input`].

use serde::{Deserialize, Serialize};
use sms::{MessageState, Msisdn, ShortCode};

use crate::app::AppId;
use crate::live_message::SendLiveMessage;
use crate::notification::{NotifyUsers, SendEmail};
use crate::output::{NotificationId, SubmissionId};
use crate::query::Query;
use crate::user::{ExtendedPermission, QuietHours, SessionId, Uid, User};

/// Names one call of the API, so that its answer finds its way back; chosen by the caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl From<CallId> for u64 {
    fn from(call: CallId) -> Self {
        call.0
    }
}

/// Everything that can happen to the platform.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A person texted one of the platform's numbers.
    Mo {
        /// The phone.
        from: Msisdn,
        /// 32665, or 32665 with the two digits of a session.
        to: ShortCode,
        /// The whole text, reassembled.
        text: String,
        /// Seeded chance, for a registration code if one must be made.
        chance: u64,
    },
    /// `sms.send`.
    Send(Send),
    /// `sms.canSend`.
    CanSend {
        /// The call to answer.
        call: CallId,
        /// The app that asks.
        app: AppId,
        /// The user it asks about.
        user: Uid,
    },
    /// `notifications.send`.
    NotifyUsers(NotifyUsers),
    /// `notifications.sendEmail`.
    SendEmail(SendEmail),
    /// `liveMessage.send`.
    SendLiveMessage(SendLiveMessage),
    /// A call that only asks.
    Query {
        /// The call to answer.
        call: CallId,
        /// The app that asks.
        app: AppId,
        /// What it asks.
        query: Query,
    },
    /// `auth.revokeExtendedPermission`: the app gives up a permission of a user.
    RevokePermission {
        /// The call to answer.
        call: CallId,
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
        /// What it gives up.
        permission: ExtendedPermission,
    },
    /// `auth.revokeAuthorization`: the app removes itself from a user.
    RevokeAuthorization {
        /// The call to answer.
        call: CallId,
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
    },
    /// `admin.setAppProperties`, as far as it concerns the platform: the app registers for SMS or takes that back.
    SetSmsCapable {
        /// The call to answer.
        call: CallId,
        /// The app.
        app: AppId,
        /// Whether it is registered from now on.
        capable: bool,
    },
    /// The app's callback URL answered, or did not.
    Notified {
        /// The callback.
        notification: NotificationId,
        /// What came of it.
        outcome: NotifyOutcome,
    },
    /// A person asks on a page for a code by text, to confirm their phone with.
    AskForCode {
        /// Whose phone.
        user: Uid,
        /// Seeded chance, for the code.
        chance: u64,
    },
    /// A person types a code on a page.
    ConfirmPhone {
        /// Whose phone.
        user: Uid,
        /// What was typed.
        code: String,
    },
    /// What became of a text that the platform submitted.
    Receipt {
        /// The text.
        submission: SubmissionId,
        /// Its state.
        state: MessageState,
    },
    /// A setting was changed, by its owner or by whoever runs the simulation.
    Change(Change),
    /// Nothing but time has passed: what is due by now is done.
    Tick,
}

/// `sms.send`, with its parameters read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Send {
    /// The call to answer.
    pub call: CallId,
    /// The app that sends.
    pub app: AppId,
    /// The user to text.
    pub to: Uid,
    /// The text; empty when the parameter was absent.
    pub message: String,
    /// The session that the text answers in.
    pub session: Option<SessionId>,
    /// Whether a new session is asked for.
    pub wants_session: bool,
}

/// How a callback to an app ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyOutcome {
    /// The app answered with this HTTP-like status; 500 and above is a failure.
    Answered(u16),
    /// It did not answer in time.
    TimedOut,
    /// It could not be reached; the text says why.
    Unreachable(String),
    /// It has no callback URL.
    NoUrl,
}

/// A change of a setting.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Mobile Texts on or off.
    Texts(Uid, bool),
    /// Facebook Mobile: the phone confirmed, or removed.
    Registered(Uid, bool),
    /// Installs an app (or leaves it installed) and takes back or leaves out its `sms` grant.
    InstallWithoutSms(Uid, AppId),
    /// Installs an app if need be, as logging in to it does; leaves its `sms` grant as it is.
    AcceptApp(Uid, AppId),
    /// Installs an app if need be, and grants it `sms`.
    GrantSms(Uid, AppId),
    /// Takes the `sms` grant back; the app stays installed.
    RevokeSms(Uid, AppId),
    /// Removes an app.
    RemoveApp(Uid, AppId),
    /// Quiet hours.
    QuietHours(Uid, Option<QuietHours>),
    /// The user's number has moved to another operator.
    Operator(Uid, String),
    /// The user's own daily limit.
    DailyMax(Uid, Option<u32>),
    /// Two users become friends, or are friends no more.
    Friends(Uid, Uid, bool),
    /// A new account with its phone, when [`Platform::misfit`](crate::Platform::misfit) finds nothing against it.
    Join(Box<User>),
    /// The user wants no notifications and e-mails of an app (`true`), or takes them again.
    MuteApp(Uid, AppId, bool),
    /// The live-message system stops or recovers; while it is stopped every live message fails.
    LiveMessages(bool),
    /// The operator disallows an app (or allows it again).
    OperatorBlock {
        /// The operator's name.
        operator: String,
        /// The app.
        app: AppId,
        /// Whether it is blocked from now on.
        blocked: bool,
    },
    /// Registers an app for SMS, or takes that back.
    SmsCapable(AppId, bool),
    /// Sets what is left of an app's pool of today.
    Pool(AppId, u32),
}
