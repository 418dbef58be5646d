//! `call_id` as a number of any size and precision: [`CallNumber`].

use std::cmp::Ordering;
use std::fmt;

/// The longest `call_id` that is compared, in octets.
pub const CALL_ID_OCTETS_MAX: usize = 256;

/// A decimal number without sign, exact whatever its length: clients send seconds with a fraction, milliseconds,
/// microseconds or a small counter, and a float would take two of them for the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallNumber {
    /// The digits in front of the point, without leading zeros.
    whole: String,
    /// The digits behind it, without trailing zeros.
    fraction: String,
}

impl CallNumber {
    /// Reads digits with at most one point. Anything else (hex, as one client sends it, an exponent, a sign, more than
    /// [`CALL_ID_OCTETS_MAX`] octets) is no such number; it is then not compared, and not refused either.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let empty = whole.is_empty() && fraction.is_empty();
        if empty || text.len() > CALL_ID_OCTETS_MAX || !digits(whole) || !digits(fraction) {
            return None;
        }
        Some(Self {
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: fraction.trim_end_matches('0').to_owned(),
        })
    }
}

impl Ord for CallNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(&other.whole));
        whole.then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl PartialOrd for CallNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for CallNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.whole.is_empty() { "0" } else { &self.whole })?;
        if self.fraction.is_empty() {
            Ok(())
        } else {
            write!(f, ".{}", self.fraction)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> CallNumber {
        CallNumber::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn numbers_of_any_size_compare_exactly() {
        for (less, more) in [
            ("1", "2"),
            ("9", "10"),
            ("0.5", "1"),
            ("1217980800.1234", "1217980800.12341"),
            ("1217980800.9", "1217980801"),
            ("1217980800.1234", "1217980802000"),
            ("90071992547409930", "90071992547409931"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890.0001",
            ),
            ("0", ".1"),
        ] {
            assert!(number(less) < number(more), "{less} < {more}");
        }
        for (one, other) in [
            ("1", "1.0"),
            ("007", "7"),
            ("5.", "5"),
            ("0", "0.0"),
            ("1.50", "01.5"),
        ] {
            assert_eq!(number(one), number(other), "{one} = {other}");
        }
        for (text, shown) in [("007.50", "7.5"), ("0", "0"), (".1", "0.1")] {
            assert_eq!(number(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_decimal_number_is_not_compared() {
        for text in ["", ".", "8db1f0", "1e9", "-1", "+1", "1.2.3", " 1", "1,5", "٣"] {
            assert_eq!(CallNumber::parse(text), None, "{text:?}");
        }
        assert!(CallNumber::parse(&"1".repeat(CALL_ID_OCTETS_MAX)).is_some());
        assert!(CallNumber::parse(&"1".repeat(CALL_ID_OCTETS_MAX + 1)).is_none());
    }

    proptest! {
        #[test]
        fn integers_order_as_integers(a: u128, b: u128) {
            prop_assert_eq!(number(&a.to_string()).cmp(&number(&b.to_string())), a.cmp(&b));
        }
    }
}
