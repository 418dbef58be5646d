//! What a record may hold of a call: [`Noted`], with its [`Pairs`].

use std::borrow::Cow;

use crate::hidden::cover;
use crate::params::{cut, urldecoded};

/// What a record may hold of a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    /// The parameters without the signature and without whatever works like a password.
    pub params: Pairs,
    /// Session keys and tokens of the call, which an answer may repeat and a record may not.
    pub hidden: Vec<String>,
}

/// Names and values in one piece of memory, however many they are: records are kept by the thousand, and most are never
/// read.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pairs {
    /// Of each pair, the lengths of its name and its value, and then both.
    octets: Vec<u8>,
    /// How many octets the names and values have together.
    text_octets: u32,
}

/// What the lengths of a pair take.
const LENGTHS: usize = 2 * size_of::<u32>();

impl Noted {
    /// `text` with each of `hidden` replaced, in whatever form it stands there.
    pub fn without<'a>(hidden: &[String], text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for hidden in hidden {
            if let Cow::Owned(covered) = cover(&shown, hidden, "[session key]") {
                shown = Cow::Owned(covered);
            }
        }
        shown
    }
}

/// The session keys and tokens of a call, and of the calls of its batch.
pub(crate) fn passwords(pairs: &[(String, String)]) -> Vec<String> {
    let mut passwords = Vec::new();
    for (name, value) in pairs {
        if is_password(name) {
            passwords.push(value.clone());
        } else if name == "method_feed" {
            let within = pairs_in(value).into_iter();
            passwords.extend(
                within
                    .filter(|(name, _)| is_password(name))
                    .map(|(_, value)| value),
            );
        }
    }
    passwords.retain(|password| !password.is_empty());
    passwords
}

/// All pairs of all calls of a `method_feed`; none when it is no list of texts.
fn pairs_in(feed: &str) -> Vec<(String, String)> {
    let items: Vec<String> = serde_json::from_str(feed).unwrap_or_default();
    items.iter().flat_map(|item| urldecoded(item)).collect()
}

/// Whether the value of that parameter works like a password.
pub(crate) fn is_password(name: &str) -> bool {
    matches!(name, "session_key" | "auth_token")
}

impl Pairs {
    /// Memory for so many pairs of so many octets.
    pub(crate) fn with_capacity(pairs: usize, octets: usize) -> Self {
        Self {
            octets: Vec::with_capacity(pairs * LENGTHS + octets),
            text_octets: 0,
        }
    }

    /// Adds a pair, as far as all of them together stay within `octets_max`; false when it was cut, or left out.
    pub(crate) fn push(&mut self, name: &str, value: &str, octets_max: u32) -> bool {
        let room = (octets_max - self.text_octets) as usize;
        if room == 0 {
            return false;
        }
        let name_kept = cut(name, room);
        let value_kept = cut(value, room - name_kept.len());
        for kept in [name_kept, value_kept] {
            let length = kept.len() as u32;
            self.text_octets += length;
            self.octets.extend_from_slice(&length.to_le_bytes());
        }
        self.octets.extend_from_slice(name_kept.as_bytes());
        self.octets.extend_from_slice(value_kept.as_bytes());
        name_kept.len() + value_kept.len() == name.len() + value.len()
    }

    /// The pairs, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.octet_pairs().map(|(name, value)| (text(name), text(value)))
    }

    /// The first value of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.octet_pairs()
            .find(|(known, _)| *known == name.as_bytes())
            .map(|(_, value)| text(value))
    }

    /// All of them as they are kept.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn octet_pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = self.octets.as_slice();
        std::iter::from_fn(move || {
            let (name_length, after) = rest.split_first_chunk()?;
            let (value_length, after) = after.split_first_chunk()?;
            let (name, after) = after.split_at_checked(u32::from_le_bytes(*name_length) as usize)?;
            let (value, after) = after.split_at_checked(u32::from_le_bytes(*value_length) as usize)?;
            rest = after;
            Some((name, value))
        })
    }
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("only whole characters are put in")
}

impl std::fmt::Debug for Pairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_out_as_they_were_put_in_up_to_their_limit() {
        let mut pairs = Pairs::default();
        for (name, value, is_whole) in [
            ("method", "sms.send", true),
            ("uid", "", true),
            ("", "x", true),
            ("message", "d\u{e9}j\u{e0} vu", false),
            ("v", "1.0", false),
        ] {
            assert_eq!(pairs.push(name, value, 28), is_whole, "{name}");
        }
        let kept = [
            ("method", "sms.send"),
            ("uid", ""),
            ("", "x"),
            ("message", "d\u{e9}"),
        ];
        assert_eq!(pairs.iter().collect::<Vec<_>>(), kept);
        assert_eq!((pairs.value("uid"), pairs.value("v")), (Some(""), None));
    }

    #[test]
    fn what_is_hidden_stands_in_no_text() {
        let hidden = ["key".to_owned(), String::new()];
        assert_eq!(
            Noted::without(&hidden, "a key, a key"),
            "a [session key], a [session key]"
        );
        assert!(matches!(Noted::without(&hidden, "none"), Cow::Borrowed("none")));
        let hidden = ["k/é".to_owned()];
        assert_eq!(
            Noted::without(&hidden, r#"{"session_key":"k\/\u00e9"}"#),
            r#"{"session_key":"[session key]"}"#
        );
    }
}
