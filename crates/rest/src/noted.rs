//! What a record may hold of a call: [`Noted`], with its [`Pairs`].

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::hidden::cover;
use crate::params::{cut, urldecoded};
use crate::session_key::SESSION_KEY_OCTETS_MAX;

/// The session keys and tokens of a call that are looked for in what is noted of it, at most. The twenty calls of a batch have
/// no more than forty; of a call that has more, nothing in which one could stand is noted.
pub const PASSWORDS_MAX: usize = 64;

/// What stands in place of a session key or token.
const PLACEHOLDER: &str = "[session key]";

/// The octets of what is hidden in its longest form, where an answer within an answer has escaped it twice.
const FORM_OCTETS_MAX: usize = 16 * SESSION_KEY_OCTETS_MAX;

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
        if hidden.len() > PASSWORDS_MAX {
            return Cow::Borrowed(PLACEHOLDER);
        }
        let mut shown = Cow::Borrowed(text);
        for hidden in hidden {
            if let Cow::Owned(covered) = cover(&shown, hidden, PLACEHOLDER) {
                shown = Cow::Owned(covered);
            }
        }
        shown
    }

    /// The beginning of `text`, at most `octets_max` octets, with each of `hidden` replaced. What is not kept is not looked
    /// through either: an answer may be a megabyte.
    pub fn beginning_without<'a>(hidden: &[String], text: &'a str, octets_max: usize) -> Cow<'a, str> {
        // What is hidden may begin in what is kept, and end behind it.
        let looked_through = cut(text, octets_max.saturating_add(FORM_OCTETS_MAX));
        match Self::without(hidden, looked_through) {
            Cow::Borrowed(shown) => Cow::Borrowed(cut(shown, octets_max)),
            Cow::Owned(mut shown) => {
                shown.truncate(shown.floor_char_boundary(octets_max));
                Cow::Owned(shown)
            }
        }
    }
}

/// The session keys and tokens of a call, and of the calls of its batch, each once; one more than [`PASSWORDS_MAX`], at most.
/// Of what is too long for one, only as much as one could be.
pub(crate) fn passwords(pairs: &[(String, String)]) -> Vec<String> {
    let mut passwords = BTreeSet::new();
    let mut add = |password: &str| {
        if !password.is_empty() && passwords.len() <= PASSWORDS_MAX {
            passwords.insert(cut(password, SESSION_KEY_OCTETS_MAX).to_owned());
        }
    };
    for (name, value) in pairs {
        if is_password(name) {
            add(value);
        } else if name == "method_feed" {
            let within = pairs_in(value);
            let passwords = within.iter().filter(|(name, _)| is_password(name));
            passwords.for_each(|(_, password)| add(password));
        }
    }
    passwords.into_iter().collect()
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
    fn a_call_has_so_many_passwords_and_each_is_so_long() {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let keys = |count: usize| -> Vec<_> {
            let key = |n: usize| pair("session_key", format!("k/{n}"));
            (0..count).flat_map(|n| [key(n), key(n)]).collect()
        };
        assert_eq!(passwords(&keys(PASSWORDS_MAX)).len(), PASSWORDS_MAX);
        let most = passwords(&keys(PASSWORDS_MAX));
        assert_eq!(Noted::without(&most, "uid"), "uid");
        let more = passwords(&keys(PASSWORDS_MAX + 10));
        assert_eq!(more.len(), PASSWORDS_MAX + 1);
        assert_eq!(Noted::without(&more, "uid"), PLACEHOLDER);
        let feed = vec!["session_key=a&auth_token=b&uid=c"; 3];
        let feed = serde_json::to_string(&feed).expect("JSON");
        assert_eq!(passwords(&[pair("method_feed", feed)]), ["a", "b"]);
        let long = passwords(&[pair("session_key", "é".repeat(SESSION_KEY_OCTETS_MAX))]);
        assert_eq!(long, ["é".repeat(SESSION_KEY_OCTETS_MAX / 2)]);
    }

    #[test]
    fn what_is_hidden_stands_in_no_text() {
        let hidden = ["key".to_owned(), String::new()];
        assert_eq!(
            Noted::without(&hidden, "a key, a key"),
            "a [session key], a [session key]"
        );
        assert!(matches!(Noted::without(&hidden, "none"), Cow::Borrowed("none")));
        for (text, octets_max, beginning) in [
            ("the key is", 20, "the [session key] is"),
            ("the key is", 5, "the ["),
            ("the é", 5, "the "),
            ("the", 5, "the"),
        ] {
            assert_eq!(Noted::beginning_without(&hidden, text, octets_max), beginning);
        }
        let hidden = ["k/é".to_owned()];
        assert_eq!(
            Noted::without(&hidden, r#"{"session_key":"k\/\u00e9"}"#),
            r#"{"session_key":"[session key]"}"#
        );
    }
}
