//! What FBOOK 32665 decides: who may text whom, what a text means, and what becomes of it.
//!
//! Pure policy. This crate cannot fail, cannot wait, and knows no PDU, no HTTP, no signature and no error number: a "no"
//! is an output, a [`Refusal`] with its reason and its numbers.

pub mod app;
pub mod input;
pub mod output;
pub mod settings;
pub mod user;

pub use app::{App, AppId};
pub use input::{CallId, Change, Input, NotifyOutcome, Send};
pub use output::{Answer, Decision, Notification, NotificationId, Output, Refusal, SubmissionId};
pub use settings::Settings;
pub use user::{Install, QuietHours, SessionId, Uid, User};
