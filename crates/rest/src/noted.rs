//! What a record may hold of a call: [`Noted`], with its [`Pairs`].

use std::borrow::Cow;

use crate::params::cut;

/// What a record may hold of a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    /// The parameters without the signature and without whatever works like a password.
    pub params: Pairs,
    /// Session keys and tokens of the call, which an answer may repeat and a record may not.
    pub hidden: Vec<String>,
}

/// Names and values in two pieces of memory, however many they are: records are kept by the thousand, and most are never
/// read.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pairs {
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

impl Noted {
    /// `text` with each of `hidden` replaced.
    pub fn without<'a>(hidden: &[String], text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for hidden in hidden.iter().filter(|hidden| !hidden.is_empty()) {
            if shown.contains(hidden.as_str()) {
                shown = Cow::Owned(shown.replace(hidden.as_str(), "[session key]"));
            }
        }
        shown
    }

    pub(crate) fn hide(&mut self, value: &str) {
        if !value.is_empty() {
            self.hidden.push(value.to_owned());
        }
    }
}

impl Pairs {
    /// Memory for so many pairs of so many octets.
    pub(crate) fn with_capacity(pairs: usize, octets: usize) -> Self {
        Self {
            text: String::with_capacity(octets),
            ends: Vec::with_capacity(pairs),
        }
    }

    /// Adds a pair, as far as all of them together stay within `octets_max`; false when it was cut, or left out.
    pub(crate) fn push(&mut self, name: &str, value: &str, octets_max: u32) -> bool {
        let room = octets_max as usize - self.text.len();
        if room == 0 {
            return false;
        }
        let name_kept = cut(name, room);
        let value_kept = cut(value, room - name_kept.len());
        self.text.push_str(name_kept);
        let name_end = self.text.len() as u32;
        self.text.push_str(value_kept);
        self.ends.push((name_end, self.text.len() as u32));
        name_kept.len() + value_kept.len() == name.len() + value.len()
    }

    /// The pairs, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut begin = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let name = &self.text[begin..name_end as usize];
            begin = value_end as usize;
            (name, &self.text[name_end as usize..begin])
        })
    }

    /// The first value of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
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
    }
}
