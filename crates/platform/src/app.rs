//! The applications that text through the platform: [`App`], [`AppId`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of an application, `app_id` in callbacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(pub u64);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the platform knows of an application. Its keys, secrets and URLs are the REST server's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct App {
    /// Its number.
    pub id: AppId,
    /// The name by which scenarios and records call it.
    pub name: String,
    /// The name that users see, for example `Movie Quiz`.
    pub title: String,
    /// The first word of a text that is meant for it; compared without regard to case.
    pub canvas: String,
    /// Whether it is registered for SMS ("mobile capabilities" in its properties).
    pub sms_capable: bool,
}
