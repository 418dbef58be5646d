//! Lengths of time and times of day as they are written: [`Dur`], [`TimeOfDay`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time as it is written: a whole number with a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dur {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

/// The unit of a length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
    /// `d`: 24 hours.
    Days,
}

impl Unit {
    /// The units with their suffixes.
    pub const ALL: [(&'static str, Self); 5] = [
        ("ms", Self::Milliseconds),
        ("s", Self::Seconds),
        ("m", Self::Minutes),
        ("h", Self::Hours),
        ("d", Self::Days),
    ];

    /// How it is written.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
        }
    }
}

impl Dur {
    /// The length of time.
    pub const fn duration(self) -> Duration {
        let amount = self.amount as u64;
        match self.unit {
            Unit::Milliseconds => Duration::from_millis(amount),
            Unit::Seconds => Duration::from_secs(amount),
            Unit::Minutes => Duration::from_secs(amount * 60),
            Unit::Hours => Duration::from_secs(amount * 3_600),
            Unit::Days => Duration::from_secs(amount * 86_400),
        }
    }
}

impl fmt::Display for Dur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit.suffix())
    }
}

/// Text that is no length of time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidDur {
    /// A number without a unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// A unit that is none.
    #[error("`{0}` is not a unit of time")]
    UnknownUnit(String),
    /// No number.
    #[error("`{0}` is not a length of time")]
    NotANumber(String),
    /// A number past 4294967295.
    #[error("`{0}` is too long a time")]
    TooLarge(String),
}

impl std::str::FromStr for Dur {
    type Err = InvalidDur;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, suffix) = text.split_at(digits);
        if amount.is_empty() {
            return Err(InvalidDur::NotANumber(text.to_owned()));
        }
        let amount = amount
            .parse()
            .map_err(|_| InvalidDur::TooLarge(text.to_owned()))?;
        if suffix.starts_with(|c: char| !c.is_alphabetic()) {
            return Err(InvalidDur::NotANumber(text.to_owned()));
        }
        if suffix.is_empty() {
            return Err(InvalidDur::NoUnit(text.to_owned()));
        }
        let unit = Unit::ALL.iter().find(|(word, _)| *word == suffix);
        unit.map(|&(_, unit)| Self { amount, unit })
            .ok_or_else(|| InvalidDur::UnknownUnit(suffix.to_owned()))
    }
}

impl TryFrom<String> for Dur {
    type Error = InvalidDur;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dur> for String {
    fn from(dur: Dur) -> Self {
        dur.to_string()
    }
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// 0 to 59.
    pub second: i8,
}

/// Text that is no time of day.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a time of day; write HH:MM or HH:MM:SS, for example 23:30")]
pub struct InvalidTime(pub String);

impl std::str::FromStr for TimeOfDay {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str, below: i8| -> Option<i8> {
            let two_digits = part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
            two_digits
                .then(|| part.parse().ok())
                .flatten()
                .filter(|&number| number < below)
        };
        let mut parts = text.split(':');
        let time = (|| {
            let (hour, minute) = (number(parts.next()?, 24)?, number(parts.next()?, 60)?);
            let second = parts.next().map_or(Some(0), |part| number(part, 60))?;
            parts.next().is_none().then_some(Self { hour, minute, second })
        })();
        time.ok_or_else(|| InvalidTime(text.to_owned()))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        if self.second == 0 {
            Ok(())
        } else {
            write!(f, ":{:02}", self.second)
        }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}
