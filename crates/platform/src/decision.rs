//! Why the platform did what it did: [`Decision`], and the plain words of a [`Refusal`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::live_message::{EVENT_NAME_OCTETS_MAX, LIVE_MESSAGE_OCTETS_MAX};
use crate::output::{Refusal, SessionFault};
use crate::text::unit;
use crate::user::{SessionId, Uid};

/// One yes or no of the platform, with its reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided, for machines.
    pub code: DecisionCode,
    /// The user whom it concerns.
    pub user: Option<Uid>,
    /// The app that it concerns.
    pub app: Option<AppId>,
    /// The session that it concerns.
    pub session: Option<SessionId>,
    /// What was decided and why, in plain words with its numbers; a fragment without a full stop.
    pub text: String,
}

impl Decision {
    /// What was decided and why, in plain words.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was decided, one code for each kind of decision.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum DecisionCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl DecisionCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as a word, for example `request_cached`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The text is Stop or Off: Mobile Texts are off now.
    TextsOff = "texts_off",
    /// The text is Stop or Off, and Mobile Texts were off already: nothing is sent.
    TextsAlreadyOff = "texts_already_off",
    /// The text is On or Start: Mobile Texts are on.
    TextsOn = "texts_on",
    /// The text is Help or Info.
    Help = "help",
    /// The first word is an app's canvas name.
    CanvasMatched = "canvas_matched",
    /// The text is kept until the user confirms, registers or turns texts on.
    RequestCached = "request_cached",
    /// A kept text was dropped: too many, declined, or stopped.
    RequestDropped = "request_dropped",
    /// A kept text was not confirmed in time.
    RequestExpired = "request_expired",
    /// A question was put to the user.
    QuestionAsked = "question_asked",
    /// The user said yes: the app is installed and granted `sms`.
    Confirmed = "confirmed",
    /// The user said no.
    Declined = "declined",
    /// A yes or no, and no question is open.
    NothingPending = "nothing_pending",
    /// A registration code was texted.
    RegistrationAsked = "registration_asked",
    /// A registration code was asked for on a page, and none was texted.
    RegistrationNotAsked = "registration_not_asked",
    /// A code was typed on a page, and it is not the one that was texted.
    WrongCode = "wrong_code",
    /// The phone is confirmed.
    Registered = "registered",
    /// The registration code is no good any more.
    RegistrationExpired = "registration_expired",
    /// The user does not want to register.
    RegistrationDropped = "registration_dropped",
    /// The text was sent to the number of a live session.
    SessionReply = "session_reply",
    /// The text answers the newest session that waits.
    WaitingSessionReply = "waiting_session_reply",
    /// The text goes to the app that sent the last unsolicited text.
    GenericReply = "generic_reply",
    /// The text went to the app's callback.
    Forwarded = "forwarded",
    /// The app is not registered for SMS.
    UnknownApp = "unknown_app",
    /// The text means nothing.
    UnknownCommand = "unknown_command",
    /// No account has that phone.
    UnknownPhone = "unknown_phone",
    /// A text of the platform was not sent, because Mobile Texts are off.
    Withheld = "withheld",
    /// A session's window or waiting time is over.
    SessionExpired = "session_expired",
    /// A live session's number was given to a newer one.
    SessionReplaced = "session_replaced",
    /// `sms.send` was accepted as the answer to the user's text.
    SentAnswer = "sent_answer",
    /// `sms.send` was accepted, unsolicited.
    SentUnsolicited = "sent_unsolicited",
    /// `sms.send` was refused.
    SendRefused = "send_refused",
    /// The text has a URL outside m.facebook.com.
    ForeignUrl = "foreign_url",
    /// `sms.canSend`: yes.
    CanSend = "can_send",
    /// `sms.canSend`: no.
    CanSendRefused = "can_send_refused",
    /// The app's callback was answered.
    CallbackAnswered = "callback_answered",
    /// The app's callback failed.
    CallbackFailed = "callback_failed",
    /// The app's callback failed and is tried again.
    CallbackRetried = "callback_retried",
    /// The app's callback waits until others of the app are over.
    CallbackWaits = "callback_waits",
    /// The app's callback was not sent at all.
    CallbackDropped = "callback_dropped",
    /// `notifications.send`: to whom it went, and to whom not.
    NotificationSent = "notification_sent",
    /// `notifications.sendEmail`: to whom it went, and to whom not.
    EmailSent = "email_sent",
    /// `liveMessage.send` was accepted.
    LiveMessageSent = "live_message_sent",
    /// `liveMessage.send` was refused.
    LiveMessageRefused = "live_message_refused",
    /// A receipt reached the platform.
    Receipt = "receipt",
    /// A setting was changed.
    Changed = "changed",
    /// Something names a user, an app or a callback that the platform does not know.
    UnknownSubject = "unknown_subject",
}

impl fmt::Display for DecisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchUser { user } => write!(f, "no account has the number {user}"),
            Self::Session { session, fault } => match fault {
                SessionFault::Unknown => write!(f, "the user has no session {session} with this app"),
                SessionFault::NotAnswered => write!(f, "session {session} still waits for the user's text"),
                SessionFault::NotSent => {
                    write!(
                        f,
                        "the user's text in session {session} has not been handed to the app yet"
                    )
                }
                SessionFault::Used => write!(f, "session {session} has been answered already"),
                SessionFault::Expired { ago_ms } => {
                    write!(
                        f,
                        "session {session} expired {} ago",
                        Span(Duration::from_millis(*ago_ms))
                    )
                }
            },
            Self::AppNotCapable => f.write_str("the app is not registered for SMS"),
            Self::NotInstalled => f.write_str("the user has not installed the app"),
            Self::NotGranted => f.write_str("the user has not granted the app sms"),
            Self::NotRegistered => {
                f.write_str("the user's phone is not registered for Facebook Mobile Texts")
            }
            Self::TextsOff => f.write_str("the user has turned Mobile Texts off"),
            Self::OperatorBlocked { operator } => write!(f, "the operator {operator} disallows the app"),
            Self::Length { units: 0, .. } => f.write_str("the message is empty"),
            Self::Length {
                units,
                units_max,
                encoding,
            } => {
                write!(
                    f,
                    "the message has {units} {}; at most {units_max} may be sent",
                    unit(*encoding)
                )
            }
            Self::ForeignUrl { url } => write!(f, "{} is outside m.facebook.com", Quoted(url)),
            Self::QuietHours { hours, local } => {
                write!(f, "it is {local} for the user, whose quiet hours are {hours}")
            }
            Self::UserQuota { daily_max } => {
                write!(
                    f,
                    "the user has had {daily_max} unsolicited texts today, the user's own limit"
                )
            }
            Self::AppPool { pool, opted_in } => {
                let users = if *opted_in == 1 { "user has" } else { "users have" };
                write!(
                    f,
                    "the app's pool of {pool} for today is used up; {opted_in} {users} opted in"
                )
            }
            Self::AppRate { per_s } => write!(f, "the app sends more than {per_s} texts a second"),
            Self::TermsNotAccepted { user } => {
                write!(f, "the user {user} has not accepted the terms of the app")
            }
            Self::EventNameLength { octets } => write!(
                f,
                "the event name has {octets} octets; at most {EVENT_NAME_OCTETS_MAX} may be sent"
            ),
            Self::LiveMessageLength { octets } => write!(
                f,
                "the live message has {octets} octets; at most {LIVE_MESSAGE_OCTETS_MAX} may be sent"
            ),
            Self::LiveMessagesStopped => f.write_str("the live-message system is stopped"),
        }
    }
}

/// A length of time for people: `1.0 s`, `2 h 5 min`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{:.1} s", self.0.as_millis() as f64 / 1_000.0),
            60..3_600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            3_600.. => write!(f, "{} h {} min", seconds / 3_600, seconds / 60 % 60),
        }
    }
}

/// A text in quotes, cut after [`Quoted::CHARS_MAX`] characters.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Quoted<'_> {
    const CHARS_MAX: usize = 60;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Self::CHARS_MAX) {
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}
