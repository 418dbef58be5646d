//! What FBOOK 32665 decides: who may text whom, what a text means, and what becomes of it.
//!
//! Pure policy. This crate cannot fail, cannot wait, and knows no PDU, no HTTP, no signature and no error number: a "no"
//! is an output, a [`Refusal`] with its reason and its numbers.

pub mod app;
pub mod callback;
mod change;
pub mod config;
mod consent;
pub mod conversation;
pub mod decision;
pub mod fbml;
mod foreign_url;
pub mod input;
mod keyword;
pub mod live_message;
mod mo;
pub mod notification;
pub mod observe;
mod outcome;
pub mod output;
pub mod platform;
pub mod query;
mod quiet_hours;
mod quota;
pub mod registration;
mod request;
mod send;
pub mod settings;
pub mod settings_serde;
pub mod text;
pub mod user;

pub use app::{App, AppId};
pub use config::{Config, InvalidConfig};
pub use conversation::{FBOOK, LiveSession, LiveState};
pub use decision::{Decision, DecisionCode};
pub use fbml::Piece;
pub use input::{CallId, Change, Input, NotifyOutcome, Send};
pub use live_message::{LiveMessage, SendLiveMessage};
pub use notification::{Email, Notice, NoticeKind, NotifyUsers, SendEmail};
pub use observe::CachedRequest;
pub use output::{Answer, Notification, NotificationId, Output, Refusal, SessionFault, SubmissionId};
pub use platform::Platform;
pub use query::{Allocation, AppInfo, Query, UserInfo};
pub use settings::{ForeignUrlPolicy, InvalidSettings, MessageLengthMax, Settings};
pub use user::{ExtendedPermission, Install, QuietHours, SessionId, Uid, User};
