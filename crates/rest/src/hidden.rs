//! What may stand in no record, found in whatever form it stands: [`cover`].

use std::borrow::Cow;
use std::collections::BTreeSet;

/// `text` with every occurrence of `secret` replaced, also where JSON, XML or a form have escaped it, and where an answer
/// within an answer has escaped that again.
pub(crate) fn cover<'a>(text: &'a str, secret: &str, placeholder: &str) -> Cow<'a, str> {
    if secret.is_empty() {
        return Cow::Borrowed(text);
    }
    if secret.bytes().all(is_never_escaped) {
        return match text.contains(secret) {
            true => Cow::Owned(text.replace(secret, placeholder)),
            false => Cow::Borrowed(text),
        };
    }
    let mut covered = String::new();
    let mut rest = text;
    let first = secret.chars().next();
    'text: while !rest.is_empty() {
        // Whatever form the first character has, it begins with itself or with one of these.
        let begins = |c| Some(c) == first || matches!(c, '\\' | '&' | '%' | '+');
        for (place, _) in rest.match_indices(begins) {
            if let Some(after) = behind(&rest[place..], secret) {
                covered.push_str(&rest[..place]);
                covered.push_str(placeholder);
                rest = after;
                continue 'text;
            }
        }
        break;
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    covered.push_str(rest);
    Cow::Owned(covered)
}

const fn is_never_escaped(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_')
}

/// What stands behind the secret with which the text begins.
fn behind<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    // The ways to read the text that are still to be tried, the next one last. Those that meet go on as one: of a secret that
    // somebody has made up, there may be more of them than could ever be tried.
    let mut ways = vec![(secret, text)];
    let mut met = BTreeSet::new();
    while let Some((secret, text)) = ways.pop() {
        let Some(c) = secret.chars().next() else {
            return Some(text);
        };
        if met.insert((secret.len(), text.len())) {
            let backslashes = behind_all_backslashes(text, secret);
            let later = &secret[c.len_utf8()..];
            let forms = behind_character(text, c).map(|after| Some((later, after?)));
            ways.extend(backslashes.into_iter().chain(forms).rev().flatten());
        }
    }
    None
}

/// The ways on behind the backslashes with which the secret begins, all of them together. However many stand for each, they are
/// no fewer; the last may belong to what follows.
fn behind_all_backslashes<'s, 't>(text: &'t str, secret: &'s str) -> [Option<(&'s str, &'t str)>; 2] {
    let later = secret.trim_start_matches('\\');
    let needed = secret.len() - later.len();
    let found = text.len() - text.trim_start_matches('\\').len();
    let is_enough = |end: &usize| needed > 0 && *end >= needed;
    [Some(found), found.checked_sub(1)].map(|end| Some((later, &text[end.filter(is_enough)?..])))
}

/// What stands behind a character in each of its forms.
fn behind_character(text: &str, c: char) -> [Option<&str>; 5] {
    [
        // What escapes others may stand for itself.
        text.strip_prefix(c).filter(|_| c != '\\'),
        behind_backslashes(text, c),
        behind_entity(text, "&", c),
        // An answer around it has escaped the ampersand again.
        behind_entity(text, "&amp;", c),
        behind_percent(text, c),
    ]
}

/// A character behind the backslashes of JSON and JavaScript, as itself or by its number.
fn behind_backslashes(text: &str, c: char) -> Option<&str> {
    let escaped = text.trim_start_matches('\\');
    if escaped.len() == text.len() {
        return None;
    }
    let letter = match c {
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        c => c,
    };
    if let Some(after) = escaped.strip_prefix(letter) {
        return Some(after);
    }
    c.encode_utf16(&mut [0; 2]).iter().try_fold(text, |text, unit| {
        let digits = text.trim_start_matches('\\').strip_prefix('u')?;
        let (number, after) = digits.split_at_checked(4)?;
        (u16::from_str_radix(number, 16).ok()? == *unit).then_some(after)
    })
}

/// A character by its name in XML, behind that ampersand.
fn behind_entity<'t>(text: &'t str, ampersand: &str, c: char) -> Option<&'t str> {
    let name = match c {
        '<' => "lt;",
        '>' => "gt;",
        '&' => "amp;",
        '"' => "quot;",
        '\'' => "apos;",
        '\r' => "#13;",
        _ => return None,
    };
    text.strip_prefix(ampersand)?.strip_prefix(name)
}

/// A character by its octets in a form or an address.
fn behind_percent(text: &str, c: char) -> Option<&str> {
    if c == ' '
        && let Some(after) = text.strip_prefix('+')
    {
        return Some(after);
    }
    c.encode_utf8(&mut [0; 4]).bytes().try_fold(text, |text, octet| {
        let (number, after) = text.strip_prefix('%')?.split_at_checked(2)?;
        (u8::from_str_radix(number, 16).ok()? == octet).then_some(after)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::params::Params;
    use crate::response::Form;
    use crate::value::Value;

    #[test]
    fn a_secret_is_covered_in_every_form() {
        for (secret, text, covered) in [
            ("key", "a key, a key", "a [x], a [x]"),
            ("key", "kez", "kez"),
            ("", "nothing", "nothing"),
            ("a/b", "a/b a\\/b a\\\\\\/b a%2Fb a%2fb", "[x] [x] [x] [x] [x]"),
            (
                "clé",
                "{\"k\":\"cl\\u00e9\"} cl\\u00E9 cl\\\\u00e9 clé cl%C3%A9",
                "{\"k\":\"[x]\"} [x] [x] [x] [x]",
            ),
            ("k😀", "k\\ud83d\\ude00 k\\\\ud83d\\\\ude00 k😀", "[x] [x] [x]"),
            ("a<&\"b", "a&lt;&amp;&quot;b a<&\\\"b", "[x] [x]"),
            ("a\\/b", "a\\\\\\/b a\\/b", "[x] [x]"),
            ("a b", "a+b a%20b a b", "[x] [x] [x]"),
            ("a&amp;b", "a&amp;b a&amp;amp;b", "[x] [x]"),
            ("a<&b", "a&amp;lt;&amp;amp;b", "[x]"),
            ("\\é", "a\\\\\\u00e9b a\\éb", "a[x]b a[x]b"),
            ("\\\\", "a\\b a\\\\b a\\\\\\\\b %5C%5c", "a\\b a[x]b a[x]b [x]"),
            ("100%", "100% 100%25", "[x] [x]25"),
            ("a/b", "a\\u00 a%2 a\\", "a\\u00 a%2 a\\"),
            ("aa/", "aaa/ aa", "a[x] aa"),
            ("é", "e\\u00e", "e\\u00e"),
        ] {
            assert_eq!(cover(text, secret, "[x]"), covered, "{secret} in {text}");
        }
        assert!(matches!(cover("none", "a/b", "[x]"), Cow::Borrowed("none")));
    }

    #[test]
    fn a_secret_that_can_be_read_in_very_many_ways_is_looked_for_once() {
        let (secret, other) = ("\\/".repeat(60), "\\\\/".repeat(60));
        let covered = |end: &str| cover(&format!("{other}{end}"), &format!("{secret}x"), "[x]").into_owned();
        assert_eq!(covered("y"), format!("{other}y"));
        assert_eq!(covered("x"), "[x]");
    }

    /// A text of what is escaped somewhere and what is not; XML has all of it.
    fn text() -> impl Strategy<Value = String> {
        proptest::string::string_regex("[a/\\\\\"'<>&%+; \nné😀\u{2028}]{1,5}").expect("an expression")
    }

    proptest! {
        #[test]
        fn a_secret_is_covered_wherever_an_answer_has_it(before in text(), secret in text(), after in text()) {
            let said = format!("{before}{secret}{after}");
            let form = |pairs: &[(&str, &str)]| {
                let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                Form::of(&Params::merge(pairs.collect()), str::to_owned)
            };
            let mut forms = vec![said.clone()];
            for (format, callback) in [("json", ""), ("json", "f"), ("xml", ""), ("xml", "f")] {
                let (plain, asked) = (form(&[("format", format)]), form(&[("format", format), ("callback", callback)]));
                let value = Value::Text(said.clone());
                forms.push(asked.body("x", &value));
                // In the answer to a batch.
                let within = Value::Text(plain.body("x", &value));
                forms.push(asked.body("x", &Value::List(vec![within])));
            }
            for form in forms {
                let covered = cover(&form, &secret, "\u{1}");
                prop_assert!(covered.contains('\u{1}'), "{:?} in {}", secret, form);
            }
        }
    }
}
