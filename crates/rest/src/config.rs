//! What the REST server starts with: [`Config`], [`Settings`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use platform::settings_serde::none_or;
use platform::{AppId, Uid};
use serde::{Deserialize, Serialize};
use sms::Timestamp;

use crate::credentials::{Credentials, InvalidUrl, Secret, check_url};
use crate::error_code::ErrorCode;
use crate::session_key::{SESSION_KEY_OCTETS_MAX, SESSIONS_PER_USER_MAX};

/// The rules of `platform.toml` that concern the wire only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The number for a refusal because of quiet hours.
    pub quiet_hours_code: QuietHoursCode,
    /// How `sms.canSend` says no.
    pub cansend_errors: CansendErrors,
    /// Whether `call_id` must grow.
    pub call_id_check: CallIdCheck,
    /// Calls that one app may make in a window; none: no limit.
    #[serde(with = "none_or")]
    pub requests_per_window_max: Option<u32>,
    /// How long such a window lasts, 1 to 315,360,000 seconds.
    #[serde(rename = "request_window_s")]
    pub request_window: Seconds,
    /// How long a token waits for its user and for `auth.getSession`, 1 to 315,360,000 seconds.
    #[serde(rename = "auth_token_ttl_s")]
    pub auth_token_ttl: Seconds,
    /// How long a session of `auth.getSession` lasts before its end is rounded up to the full hour, 1 to 315,360,000
    /// seconds; none: it never ends.
    #[serde(rename = "api_session_ttl_s", with = "none_or")]
    pub api_session_ttl: Option<Seconds>,
    /// The locale that callbacks name; none: they name none.
    #[serde(with = "none_or")]
    pub callback_locale: Option<Locale>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quiet_hours_code: QuietHoursCode::default(),
            cansend_errors: CansendErrors::default(),
            call_id_check: CallIdCheck::default(),
            requests_per_window_max: None,
            request_window: Seconds(60),
            auth_token_ttl: Seconds(3_600),
            api_session_ttl: Some(Seconds(86_400)),
            callback_locale: Some(Locale(*b"en_US")),
        }
    }
}

/// A length of time in whole seconds, 1 to [`Seconds::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seconds(u64);

impl Seconds {
    /// The longest, ten years.
    pub const MAX: u64 = 315_360_000;

    /// The length of time.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// A number of seconds out of range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} seconds are not 1 to {max}", max = Seconds::MAX)]
pub struct InvalidSeconds(pub u64);

impl TryFrom<u64> for Seconds {
    type Error = InvalidSeconds;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if (1..=Self::MAX).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(InvalidSeconds(seconds))
        }
    }
}

impl From<Seconds> for u64 {
    fn from(seconds: Seconds) -> Self {
        seconds.0
    }
}

/// A locale of the time: two small letters, an underscore, two capitals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale([u8; 5]);

/// Text that is no locale.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no locale; write one like en_US")]
pub struct InvalidLocale(pub String);

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl TryFrom<String> for Locale {
    type Error = InvalidLocale;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let octets: Option<[u8; 5]> = text.as_bytes().try_into().ok();
        octets
            .filter(|[a, b, line, c, d]| {
                [a, b].iter().all(|octet| octet.is_ascii_lowercase())
                    && *line == b'_'
                    && [c, d].iter().all(|octet| octet.is_ascii_uppercase())
            })
            .map(Self)
            .ok_or(InvalidLocale(text))
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.to_string()
    }
}

/// The number for a refusal because of quiet hours, 853 or 856 in a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum QuietHoursCode {
    /// 853, the platform's own constant for it (`API_EC_SMS_USER_ASLEEP`).
    #[default]
    UserAsleep,
    /// 856, for those who hold to the shorter table of the `Sms.send` page.
    NotificationsOff,
}

impl QuietHoursCode {
    /// The error that it stands for.
    pub const fn error(self) -> ErrorCode {
        match self {
            Self::UserAsleep => ErrorCode::SmsUserAsleep,
            Self::NotificationsOff => ErrorCode::SmsNotificationsOff,
        }
    }
}

/// A number that does not stand for quiet hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("quiet_hours_code is 853 or 856, not {0}")]
pub struct InvalidQuietHoursCode(pub u16);

impl TryFrom<u16> for QuietHoursCode {
    type Error = InvalidQuietHoursCode;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        match code {
            853 => Ok(Self::UserAsleep),
            856 => Ok(Self::NotificationsOff),
            other => Err(InvalidQuietHoursCode(other)),
        }
    }
}

impl From<QuietHoursCode> for u16 {
    fn from(code: QuietHoursCode) -> Self {
        code.error().code()
    }
}

/// How `sms.canSend` says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CansendErrors {
    /// With an error document: every client library of the time raises on it.
    #[default]
    ErrorResponse,
    /// With the code as the value, as the words "returns 0 on success, or an error code" can be read. Errors that every
    /// method shares (1 to 104) stay error documents.
    Value,
}

/// Whether `call_id` must grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallIdCheck {
    /// Within one session key; a call without a session is never checked.
    #[default]
    PerSession,
    /// Never checked.
    Off,
}

/// A session key that works from the start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The app that may use it.
    pub app: AppId,
    /// The user whose session it is.
    pub user: Uid,
    /// The key.
    pub key: String,
    /// When it ends; none never does. At that instant it is over.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// The secret that signs calls made with `ss=1`, if the session has one.
    #[serde(default)]
    pub secret: Option<Secret>,
}

/// What the REST server starts with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The rules of the wire.
    pub settings: Settings,
    /// The apps.
    pub credentials: Vec<Credentials>,
    /// Session keys that work from the start.
    pub sessions: Vec<Session>,
    /// Seeded chance, from which tokens, session keys and session secrets are made.
    pub chance: u64,
}

/// Why a [`Config`] cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The key is not 32 lower-case hex digits.
    #[error("api_key {api_key:?} of app {name} is not 32 lower-case hex digits")]
    ApiKey {
        /// The app's name.
        name: String,
        /// The key.
        api_key: String,
    },
    /// Two apps have the same key.
    #[error("api_key {0:?} belongs to two apps")]
    ApiKeyTwice(String),
    /// Two apps have the same number.
    #[error("app id {0} belongs to two apps")]
    AppTwice(AppId),
    /// A URL cannot be called.
    #[error("{key} of app {name}: {source}")]
    Url {
        /// The app's name.
        name: String,
        /// Which URL.
        key: &'static str,
        /// What is wrong with it.
        source: InvalidUrl,
    },
    /// A session is of an app that there is not.
    #[error("session of user {user} is with app {app}, which is not configured")]
    SessionApp {
        /// The user.
        user: Uid,
        /// The app's number.
        app: AppId,
    },
    /// A session key is empty or too long.
    #[error("a session key of user {user} has {octets} octets; it needs 1 to {SESSION_KEY_OCTETS_MAX}")]
    SessionKey {
        /// The user.
        user: Uid,
        /// Its length.
        octets: usize,
    },
    /// A user has more sessions with an app than are kept.
    #[error("user {user} has more than {SESSIONS_PER_USER_MAX} sessions with app {app}")]
    SessionsTooMany {
        /// The user.
        user: Uid,
        /// The app's number.
        app: AppId,
    },
    /// Two sessions have the same key.
    #[error("a session key of user {0} is used twice")]
    SessionKeyTwice(Uid),
}

impl Config {
    /// Whether the parts fit together.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let mut keys = BTreeSet::new();
        let mut apps = BTreeSet::new();
        for credentials in &self.credentials {
            check_credentials(credentials)?;
            if !keys.insert(&credentials.api_key) {
                return Err(ConfigError::ApiKeyTwice(credentials.api_key.clone()));
            }
            if !apps.insert(credentials.app) {
                return Err(ConfigError::AppTwice(credentials.app));
            }
        }
        self.check_sessions(&apps)
    }

    fn check_sessions(&self, apps: &BTreeSet<AppId>) -> Result<(), ConfigError> {
        let mut keys = BTreeSet::new();
        let mut counts = BTreeMap::new();
        for session in &self.sessions {
            let (user, app, octets) = (session.user, session.app, session.key.len());
            if !apps.contains(&app) {
                return Err(ConfigError::SessionApp { user, app });
            }
            if !(1..=SESSION_KEY_OCTETS_MAX).contains(&octets) {
                return Err(ConfigError::SessionKey { user, octets });
            }
            if !keys.insert(&session.key) {
                return Err(ConfigError::SessionKeyTwice(user));
            }
            let count = counts.entry((app, user)).or_insert(0usize);
            *count += 1;
            if *count > SESSIONS_PER_USER_MAX {
                return Err(ConfigError::SessionsTooMany { user, app });
            }
        }
        Ok(())
    }
}

fn check_credentials(credentials: &Credentials) -> Result<(), ConfigError> {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if credentials.api_key.len() != 32 || !credentials.api_key.bytes().all(hex) {
        let (name, api_key) = (credentials.name.clone(), credentials.api_key.clone());
        return Err(ConfigError::ApiKey { name, api_key });
    }
    let urls = [
        ("callback_url", &credentials.callback_url),
        ("authorize_url", &credentials.authorize_url),
        ("uninstall_url", &credentials.uninstall_url),
    ];
    for (key, url) in urls {
        if let Some(Err(source)) = url.as_deref().map(check_url) {
            return Err(ConfigError::Url {
                name: credentials.name.clone(),
                key,
                source,
            });
        }
    }
    Ok(())
}
