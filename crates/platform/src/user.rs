//! The people who text: [`User`], what they have installed, and their own settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::{Msisdn, Zone};

use crate::app::AppId;

/// The number of a user's account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub u64);

impl From<Uid> for u64 {
    fn from(Uid(number): Uid) -> Self {
        number
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of an SMS session, unique within its user only; from 1. It is also the slot in the user's table of sender
/// numbers: session 7 texts from 32665 followed by 07.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u32);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An account, with its phone and its settings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct User {
    /// The account's number.
    pub uid: Uid,
    /// The name by which scenarios and records call it.
    pub name: String,
    /// The phone that belongs to the person.
    pub phone: Msisdn,
    /// The operator of that phone, by its name.
    pub operator: String,
    /// Whether the phone is confirmed for Facebook Mobile.
    pub registered: bool,
    /// Mobile Texts on or off, for all apps.
    pub texts_on: bool,
    /// The user's own time zone: it decides when their day starts and when it is quiet.
    pub zone: Zone,
    /// Hours in which no unsolicited text may come.
    pub quiet_hours: Option<QuietHours>,
    /// Unsolicited texts a day, of all apps together.
    pub daily_max: Option<u32>,
    /// The apps that the user has installed.
    pub apps: BTreeMap<AppId, Install>,
    /// Friends, by account.
    pub friends: BTreeSet<Uid>,
}

/// An app that a user has installed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Install {
    /// Whether the user has granted it the extended permission `sms`.
    pub sms_granted: bool,
}

macro_rules! permissions {
    ($($name:ident = $text:literal,)*) => {
        /// An extended permission that a user can grant an app. The platform keeps `sms` alone; nobody ever grants the
        /// others here.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub enum ExtendedPermission {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $name,)*
        }

        impl ExtendedPermission {
            /// Every permission ("Extended permission").
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in calls, for example `sms`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

permissions! {
    CreateEvent = "create_event",
    CreateListing = "create_listing",
    CreateNote = "create_note",
    Email = "email",
    OfflineAccess = "offline_access",
    PhotoUpload = "photo_upload",
    PublishStream = "publish_stream",
    ReadStream = "read_stream",
    RsvpEvent = "rsvp_event",
    ShareItem = "share_item",
    Sms = "sms",
    StatusUpdate = "status_update",
    VideoUpload = "video_upload",
}

impl ExtendedPermission {
    /// The permission of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == name)
    }
}

/// A span of hours of the day, from its start up to and without its end; it may pass midnight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    /// Minutes since midnight at which it starts, 0 to 1439.
    pub from: u16,
    /// Minutes since midnight at which it is over, 0 to 1439.
    pub to: u16,
}

impl QuietHours {
    /// Whether that time of day lies in the span. A span that ends where it starts is the whole day.
    pub fn contains(self, since_midnight: Duration) -> bool {
        let from = Duration::from_secs(u64::from(self.from) * 60);
        let to = Duration::from_secs(u64::from(self.to) * 60);
        if from < to {
            (from..to).contains(&since_midnight)
        } else {
            since_midnight >= from || since_midnight < to
        }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            self.from / 60,
            self.from % 60,
            self.to / 60,
            self.to % 60
        )
    }
}

/// Text that names no span of hours.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a span of hours; write HH:MM-HH:MM, for example 22:00-08:00")]
pub struct InvalidHours(pub String);

impl FromStr for QuietHours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn number(text: &str) -> Option<u16> {
            // Rust reads a number with a plus sign as well.
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        }
        fn minutes(text: &str) -> Option<u16> {
            let (hours, minutes) = text.split_once(':')?;
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        }
        text.split_once('-')
            .and_then(|(from, to)| {
                Some(Self {
                    from: minutes(from)?,
                    to: minutes(to)?,
                })
            })
            .ok_or_else(|| InvalidHours(text.to_owned()))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = InvalidHours;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_digits() {
        for (text, read) in [
            ("22:00-08:00", Some("22:00-08:00")),
            ("8:00-9:30", Some("08:00-09:30")),
            ("+8:00-9:00", None),
            ("8:00-+9:00", None),
            ("008:00-9:00", None),
            ("8-9", None),
            ("24:00-08:00", None),
            ("22:60-08:00", None),
            ("", None),
        ] {
            let hours = text.parse::<QuietHours>().map(|hours| hours.to_string());
            assert_eq!(hours.as_deref().ok(), read, "{text}");
        }
    }
}
