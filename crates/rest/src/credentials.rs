//! What identifies an app to the API: [`Credentials`], with its [`Secret`].

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::net::IpAddr;

use platform::AppId;
use serde::{Deserialize, Serialize};
use sms::Timestamp;

use crate::hidden::cover;

/// The longest secret, in octets.
pub const SECRET_OCTETS_MAX: usize = 128;

/// The longest URL of an app, in octets. (The form of the time took 100 characters; test servers need more.)
pub const URL_OCTETS_MAX: usize = 2_048;

/// An application secret or session secret. It never prints: `Debug` and `Serialize` give a placeholder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

/// Text that cannot be a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a secret has 1 to {SECRET_OCTETS_MAX} octets and is not the placeholder for one")]
pub struct InvalidSecret;

impl Secret {
    /// What stands in place of a secret wherever one would print.
    pub const PLACEHOLDER: &'static str = "[secret]";

    /// The secret with that text, of 1 to [`SECRET_OCTETS_MAX`] octets. The placeholder is none, so that a
    /// configuration that was printed is not read back as if it held secrets.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        let text = text.into();
        let valid = (1..=SECRET_OCTETS_MAX).contains(&text.len()) && text != Self::PLACEHOLDER;
        if valid { Ok(Self(text)) } else { Err(InvalidSecret) }
    }

    /// The text itself, for whoever signs with it or shows it to its owner on purpose.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the secret replaced by the placeholder, in whatever form it stands there.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        cover(text, &self.0, Self::PLACEHOLDER)
    }
}

impl Borrow<str> for Secret {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = InvalidSecret;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PLACEHOLDER)
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Self::PLACEHOLDER)
    }
}

/// How an app proves who it is, and where it is called back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The app.
    pub app: AppId,
    /// The name by which scenarios and records call it.
    pub name: String,
    /// The public key: 32 lower-case hex digits, unique.
    pub api_key: String,
    /// The shared secret that signs calls and callbacks.
    pub secret: Secret,
    /// Where users' texts are posted.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Where the post-authorize ping goes.
    #[serde(default)]
    pub authorize_url: Option<String>,
    /// Where the post-remove ping goes.
    #[serde(default)]
    pub uninstall_url: Option<String>,
    /// The addresses from which the app may call; empty allows all. A call that came over no network (a scripted app's)
    /// has no address and is allowed.
    #[serde(default)]
    pub ip_list: Vec<IpAddr>,
}

/// The API session of a user with an app, as callbacks name it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The session key.
    pub key: String,
    /// When it ends; none never does.
    pub expires: Option<Timestamp>,
}

/// Text that is no URL of an app.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no URL for callbacks; write http://, a host, at most {URL_OCTETS_MAX} octets in all, no blanks; https is not posted to"
)]
pub struct InvalidUrl(pub String);

/// Whether `url` can be an app's: `http`, as every app of the time had, a host, no blanks, at most [`URL_OCTETS_MAX`] octets.
pub fn check_url(url: &str) -> Result<(), InvalidUrl> {
    let rest = url.strip_prefix("http://");
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
    let printable = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    if has_host && printable && url.len() <= URL_OCTETS_MAX {
        Ok(())
    } else {
        Err(InvalidUrl(url.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_and_its_placeholder_is_no_secret() {
        let secret = Secret::new("secret123").expect("valid");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(
            serde_json::to_string(&secret).expect("serializes"),
            "\"[secret]\""
        );
        assert!(serde_json::from_str::<Secret>("\"[secret]\"").is_err());
        assert_eq!(
            serde_json::from_str::<Secret>("\"secret123\"").expect("valid"),
            secret
        );
        assert_eq!(secret.redact("a=secret123,b=x"), "a=[secret],b=x");
        let odd = Secret::new("s3cr/é").expect("a secret");
        assert_eq!(odd.redact(r#"["s3cr\/\u00e9"]"#), "[\"[secret]\"]");
    }

    #[test]
    fn a_secret_has_a_length() {
        for (length, valid) in [
            (0, false),
            (1, true),
            (SECRET_OCTETS_MAX, true),
            (SECRET_OCTETS_MAX + 1, false),
        ] {
            assert_eq!(Secret::new("x".repeat(length)).is_ok(), valid, "{length}");
        }
    }

    #[test]
    fn urls_are_checked() {
        let base = "http://h/";
        let at_limit = format!("{base}{}", "x".repeat(URL_OCTETS_MAX - base.len()));
        let beyond = format!("{at_limit}x");
        for (url, valid) in [
            ("http://127.0.0.1:9000/sms", true),
            ("http://quiz.example/sms?a=b", true),
            ("https://quiz.example/sms?a=b", false),
            (at_limit.as_str(), true),
            (beyond.as_str(), false),
            ("ftp://h/", false),
            ("http://", false),
            ("http:///path", false),
            ("http://h/a b", false),
            ("http://h/\r\nX: y", false),
            ("", false),
        ] {
            assert_eq!(check_url(url).is_ok(), valid, "{url}");
        }
    }
}
