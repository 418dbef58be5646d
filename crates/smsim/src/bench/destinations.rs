//! To which numbers a load goes: [`Destinations`].

use std::str::FromStr;

use sms::{Address, Msisdn};

/// One number, or a range that is walked through again and again. All numbers of a range have as many digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Destinations {
    first: Msisdn,
    last: Msisdn,
}

/// Text that is no [`Destinations`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidDestinations {
    /// One of its ends is no number.
    #[error("{0}")]
    Number(#[from] sms::address::InvalidMsisdn),
    /// It ends before it begins.
    #[error("the range ends before it begins")]
    Backwards,
    /// Its ends are not equally long.
    #[error("the first and the last number need as many digits")]
    Lengths,
}

impl Destinations {
    /// The address of the first number, which shows the form of all.
    pub fn address(&self) -> Address {
        self.first.address()
    }

    /// The number of the message `nth`, counted from 0.
    pub fn number(&self, nth: u64) -> u64 {
        let count = self.last.number() - self.first.number() + 1;
        self.first.number() + nth % count
    }
}

impl FromStr for Destinations {
    type Err = InvalidDestinations;

    /// Reads `+14155560000` or `+14155560000..+14155569999`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last): (Msisdn, Msisdn) = (first.trim().parse()?, last.trim().parse()?);
        if last < first {
            return Err(InvalidDestinations::Backwards);
        }
        if first.number().ilog10() != last.number().ilog10() {
            return Err(InvalidDestinations::Lengths);
        }
        Ok(Self { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_walked_through_again_and_again() {
        let range: Destinations = "+14155560000..+14155560002".parse().expect("a range");
        let numbers: Vec<u64> = (0..5).map(|nth| range.number(nth) % 10).collect();
        assert_eq!(numbers, [0, 1, 2, 0, 1]);
        let one: Destinations = "+14155560000".parse().expect("a number");
        assert_eq!(one.number(7), 14_155_560_000);
    }

    #[test]
    fn a_range_has_two_ends_in_order_and_of_one_length() {
        for (text, error) in [
            ("+14155560001..+14155560000", InvalidDestinations::Backwards),
            ("+9999999999..+14155560000", InvalidDestinations::Lengths),
        ] {
            assert_eq!(text.parse::<Destinations>(), Err(error), "{text}");
        }
        assert!(matches!(
            "..".parse::<Destinations>(),
            Err(InvalidDestinations::Number(_))
        ));
    }
}
