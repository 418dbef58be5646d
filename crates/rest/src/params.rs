//! The parameters of a call: [`Params`], with the casts of the API.

/// The most pairs that a call may have; a call with more is answered with error 105 and the first ones.
pub const PARAMS_MAX: usize = 256;

/// The pairs of a call. Of pairs with the same name the last value counts, at the place of the first: so a value in the
/// body replaces one in the query string.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    too_many: bool,
}

/// A parameter that cannot be what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("parameter {name} is {fault}")]
pub struct InvalidParam {
    /// The parameter.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
}

impl Params {
    /// Merges pairs that stand in the order of their arrival. What comes after [`PARAMS_MAX`] pairs is not read.
    pub fn merge(arrived: Vec<(String, String)>) -> Self {
        let too_many = arrived.len() > PARAMS_MAX;
        let comes_again = |(at, (name, _)): (usize, &(String, String))| {
            arrived[..at].iter().any(|(known, _)| known == name)
        };
        if !too_many && !arrived.iter().enumerate().any(comes_again) {
            let pairs = arrived;
            return Self { pairs, too_many };
        }
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(arrived.len().min(PARAMS_MAX));
        for (name, value) in arrived.into_iter().take(PARAMS_MAX) {
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => pairs.push((name, value)),
            }
        }
        Self { pairs, too_many }
    }

    /// The merged pairs, those with an empty value and `sig` among them.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether more than [`PARAMS_MAX`] pairs arrived.
    pub fn too_many(&self) -> bool {
        self.too_many
    }

    /// The value of that name; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// A boolean: true unless it is absent, `0` or exactly `false`, in the way of the API's own cast.
    pub fn bool(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| value != "0" && value != "false")
    }

    /// An integer in the way of PHP's cast: leading blanks, a sign and digits count, what follows does not, and text
    /// without digits is 0. Saturates.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name).map(int_cast)
    }

    /// The number of one user. Text that is not one number of decimal digits is refused, and so is an array of them
    /// (`uid[]`): a text goes to one user ("Facebook prohibits multiple user-routing").
    pub fn user(&self, name: &'static str) -> Result<Option<u64>, InvalidParam> {
        let is_array = |given: &str| given.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
        if self.pairs.iter().any(|(given, _)| is_array(given)) {
            return Err(InvalidParam {
                name,
                fault: "an array; it is one user",
            });
        }
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let valid = text.bytes().all(|b| b.is_ascii_digit());
        let uid = text.parse().ok().filter(|_| valid);
        uid.map(Some).ok_or(InvalidParam {
            name,
            fault: "not the number of one user",
        })
    }
}

fn int_cast(text: &str) -> i64 {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let mut number = 0i64;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        let digit = i64::from(digit - b'0');
        number = number.saturating_mul(10);
        number = if negative {
            number.saturating_sub(digit)
        } else {
            number.saturating_add(digit)
        };
    }
    number
}

/// The items of a list, with commas between them or as a JSON array of texts and numbers; none for JSON of another kind.
/// Blanks around an item do not count, and empty items are left out.
pub(crate) fn list(text: &str) -> Option<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Some(items.map(str::to_owned).collect());
    }
    let items: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    items
        .into_iter()
        .map(|item| match item {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        })
        .collect()
}

/// The pairs of `application/x-www-form-urlencoded`. A broken escape stands for itself, octets that are no UTF-8 for the
/// replacement character.
pub(crate) fn urldecoded(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            rest = after;
            let escaped = || {
                let hex = std::str::from_utf8(after.get(..2)?).ok()?;
                let digits = hex.bytes().all(|b| b.is_ascii_hexdigit());
                u8::from_str_radix(hex, 16).ok().filter(|_| digits)
            };
            match first {
                b'+' => octets.push(b' '),
                b'%' => match escaped() {
                    Some(octet) => {
                        octets.push(octet);
                        rest = &after[2..];
                    }
                    None => octets.push(b'%'),
                },
                &octet => octets.push(octet),
            }
        }
        String::from_utf8_lossy(&octets).into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// The start of `text`, at most `octets_max` octets long, whole characters only.
pub(crate) fn cut(text: &str, octets_max: usize) -> &str {
    &text[..text.floor_char_boundary(octets_max)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::merge(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn the_last_value_counts_at_the_place_of_the_first() {
        let params = params(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(
            params.pairs(),
            [("a".to_owned(), "3".to_owned()), ("b".to_owned(), "2".to_owned())]
        );
    }

    #[test]
    fn pairs_have_a_limit() {
        for (count, too_many) in [(PARAMS_MAX, false), (PARAMS_MAX + 1, true)] {
            let arrived = (0..count).map(|n| (format!("p{n}"), String::new())).collect();
            let params = Params::merge(arrived);
            assert_eq!(
                (params.too_many(), params.pairs().len()),
                (too_many, PARAMS_MAX),
                "{count}"
            );
        }
    }

    #[test]
    fn booleans_are_true_unless_absent_0_or_false() {
        for (value, expected) in [
            ("1", true),
            ("true", true),
            ("True", true),
            ("False", true),
            ("no", true),
            ("0", false),
            ("false", false),
            ("", false),
        ] {
            assert_eq!(params(&[("b", value)]).bool("b"), expected, "{value:?}");
        }
        assert!(!params(&[]).bool("b"));
    }

    #[test]
    fn integers_are_cast_as_php_casts_them() {
        for (value, expected) in [
            ("7", Some(7)),
            ("12abc", Some(12)),
            ("abc", Some(0)),
            ("", None),
            (" -3", Some(-3)),
            ("+4", Some(4)),
            ("-", Some(0)),
            ("1.9", Some(1)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
        ] {
            assert_eq!(params(&[("n", value)]).int("n"), expected, "{value:?}");
        }
    }

    #[test]
    fn a_uid_is_one_number() {
        for (name, value, expected) in [
            ("uid", "609143784", Ok(Some(609_143_784))),
            ("uid", "18446744073709551615", Ok(Some(u64::MAX))),
            ("uid", "", Ok(None)),
            ("uids", "1", Ok(None)),
            ("uid", "18446744073709551616", Err("uid")),
            ("uid", "1,2", Err("uid")),
            ("uid", "[1]", Err("uid")),
            ("uid", "+1", Err("uid")),
            ("uid", "-1", Err("uid")),
            ("uid", "12abc", Err("uid")),
            ("uid[]", "1", Err("uid")),
        ] {
            assert_eq!(
                params(&[(name, value)]).user("uid").map_err(|error| error.name),
                expected,
                "{name}={value}"
            );
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 5)), ("a", "aé", ""));
    }

    proptest! {
        #[test]
        fn merging_is_the_last_value_at_the_place_of_the_first(
            arrived in proptest::collection::vec(("[a-e]{0,1}", "[0-9]{0,2}"), 0..12),
        ) {
            let mut names: Vec<&str> = Vec::new();
            for (name, _) in &arrived {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            let last = |name: &&str| arrived.iter().rev().find(|(known, _)| known == name).cloned();
            let expected: Vec<_> = names.iter().filter_map(last).collect();
            let merged = Params::merge(arrived);
            prop_assert_eq!(merged.pairs(), expected);
        }

        #[test]
        fn any_text_is_read_as_a_form(text in "(%[0-9a-fA-Fg]{0,3}|[&=+a-zé]|.){0,30}") {
            let pairs = urldecoded(&text);
            prop_assert_eq!(pairs.len(), text.split('&').filter(|pair| !pair.is_empty()).count());
        }

        #[test]
        fn any_number_is_cast_as_it_is_written(number: i64, blanks in "[ \\t\\n]{0,3}", rest in "([a-z.].{0,5})?") {
            prop_assert_eq!(int_cast(&format!("{blanks}{number}{rest}")), number);
        }
    }
}
