//! The times of PDUs, 16 characters `YYMMDDhhmmsstnnp` (SMPP v3.4 §7.1.1): [`Time`].

use std::fmt;
use std::time::Duration;

use sms::{Civil, Timestamp, Zone};

/// The first two-digit year that is of the century before: 37 is 2037, 38 is 1938 (SMPP v3.4 Appendix C).
pub const ROLLOVER_YEAR: u8 = 38;

/// Difference from UTC: at most 12 hours either way, in quarters of an hour.
const QUARTER_HOURS_MAX: i8 = 48;
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// A `schedule_delivery_time`, `validity_period` or `final_date`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Time {
    /// An instant.
    Absolute(Timestamp),
    /// A time by the calendar from when the message centre takes the PDU.
    Relative {
        /// 0 to 99.
        years: u8,
        /// 0 to 99.
        months: u8,
        /// 0 to 99.
        days: u8,
        /// Hours, minutes and seconds together.
        time: Duration,
    },
}

/// Characters that are no time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is not a time; it has 16 characters YYMMDDhhmmsstnnp, for example 090302140000000+ or 000007000000000R"
)]
pub struct InvalidTime(pub String);

impl Time {
    /// Reads a time; an empty string is none. The tenths and the difference from UTC of a relative time are not looked at.
    ///
    /// # Errors
    ///
    /// [`InvalidTime`] when there are not 16 characters, when one is out of place, and when the calendar has no such day.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidTime> {
        Self::parse_with_rollover(text, ROLLOVER_YEAR)
    }

    /// Reads a time as [`Time::parse`] does, with another [`ROLLOVER_YEAR`].
    ///
    /// # Errors
    ///
    /// Those of [`Time::parse`].
    pub fn parse_with_rollover(text: &str, rollover_year: u8) -> Result<Option<Self>, InvalidTime> {
        if text.is_empty() {
            return Ok(None);
        }
        let time = match text.as_bytes() {
            [digits @ .., b'R'] => Self::relative(digits),
            [digits @ .., b'+'] => Self::absolute(digits, rollover_year, true),
            [digits @ .., b'-'] => Self::absolute(digits, rollover_year, false),
            _ => None,
        };
        time.map(Some).ok_or_else(|| InvalidTime(text.to_owned()))
    }

    fn relative(digits: &[u8]) -> Option<Self> {
        let Fields {
            pairs: [years, months, days, hours, minutes, seconds],
            ..
        } = Fields::read(digits)?;
        let time = u64::from(hours) * 3_600 + u64::from(minutes) * 60 + u64::from(seconds);
        Some(Self::Relative {
            years,
            months,
            days,
            time: Duration::from_secs(time),
        })
    }

    fn absolute(digits: &[u8], rollover_year: u8, is_ahead: bool) -> Option<Self> {
        let Fields {
            pairs,
            tenths,
            quarter_hours,
        } = Fields::read(digits)?;
        if i16::from(quarter_hours) > i16::from(QUARTER_HOURS_MAX) {
            return None;
        }
        let [year, month, day, hour, minute, second] = pairs.map(u8::cast_signed);
        let century = if pairs[0] < rollover_year { 2000 } else { 1900 };
        let civil = Civil::new(century + i16::from(year), month, day, hour, minute, second)?;
        let local = Zone::utc().instant(civil) + Duration::from_millis(u64::from(tenths) * 100);
        let difference = QUARTER_HOUR * u32::from(quarter_hours);
        Some(Self::Absolute(if is_ahead {
            local - difference
        } else {
            local + difference
        }))
    }

    /// The instant that is meant by a PDU that was taken at `now`.
    ///
    /// Years and months are added by the calendar of UTC, the day clamped to the month's last.
    pub fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Absolute(at) => at,
            Self::Relative {
                years,
                months,
                days,
                time,
            } => {
                let utc = Zone::utc();
                let civil = utc
                    .civil(now)
                    .plus_calendar(years.into(), months.into(), days.into(), time);
                civil.map_or(Timestamp::MAX, |civil| utc.instant(civil))
            }
        }
    }

    /// The relative time of `length` in days, hours, minutes and seconds; at most 99 days, 23:59:59.
    pub fn relative_of(length: Duration) -> Self {
        let secs = length.as_secs().min(100 * 86_400 - 1);
        Self::Relative {
            years: 0,
            months: 0,
            days: (secs / 86_400) as u8,
            time: Duration::from_secs(secs % 86_400),
        }
    }

    /// The 16 characters, an absolute time in a zone that is `quarter_hours` ahead of UTC (behind when negative, 48 at
    /// most).
    ///
    /// Years before 1938 and from 2038 on cannot be told from others: only their last two digits are written. An instant that
    /// has such a year in that zone and not in UTC is written in UTC.
    pub fn format(self, quarter_hours: i8) -> String {
        match self {
            Self::Absolute(at) => {
                format_absolute(at, quarter_hours.clamp(-QUARTER_HOURS_MAX, QUARTER_HOURS_MAX))
            }
            Self::Relative {
                years,
                months,
                days,
                time,
            } => {
                let secs = time.as_secs();
                let (hours, minutes, seconds) = (secs / 3_600, secs / 60 % 60, secs % 60);
                format!("{years:02}{months:02}{days:02}{hours:02}{minutes:02}{seconds:02}000R")
            }
        }
    }
}

fn format_absolute(at: Timestamp, quarter_hours: i8) -> String {
    let local = local(at, quarter_hours);
    if !can_be_told(local) && can_be_told(self::local(at, 0)) {
        return format_absolute(at, 0);
    }
    let tenths = at.as_millis().rem_euclid(1_000) / 100;
    format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}{tenths}{:02}{}",
        local.year().rem_euclid(100),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
        quarter_hours.unsigned_abs(),
        if quarter_hours < 0 { '-' } else { '+' },
    )
}

/// What the calendar says in a zone that is so far ahead of UTC.
fn local(at: Timestamp, quarter_hours: i8) -> Civil {
    let difference = QUARTER_HOUR * u32::from(quarter_hours.unsigned_abs());
    Zone::utc().civil(if quarter_hours < 0 {
        at - difference
    } else {
        at + difference
    })
}

/// Whether the last two digits of the year are enough.
fn can_be_told(civil: Civil) -> bool {
    let first = 1900 + i16::from(ROLLOVER_YEAR);
    (first..first + 100).contains(&civil.year())
}

impl fmt::Display for Time {
    /// The 16 characters, an absolute time in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(0))
    }
}

/// The 15 digits before the last character.
struct Fields {
    pairs: [u8; 6],
    tenths: u8,
    quarter_hours: u8,
}

impl Fields {
    fn read(digits: &[u8]) -> Option<Self> {
        let digits: &[u8; 15] = digits.try_into().ok()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let pair = |at: usize| (digits[at] - b'0') * 10 + digits[at + 1] - b'0';
        Some(Self {
            pairs: [pair(0), pair(2), pair(4), pair(6), pair(8), pair(10)],
            tenths: digits[12] - b'0',
            quarter_hours: pair(13),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let numbers: Vec<i16> = text
            .split([' ', '-', ':'])
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [month, day, hour, minute, second] =
            [1, 2, 3, 4, 5].map(|at| i8::try_from(numbers[at]).expect("small"));
        Zone::utc().instant(Civil::new(numbers[0], month, day, hour, minute, second).expect("a date"))
    }

    #[test]
    fn absolute_times_are_read_with_their_difference_from_utc() {
        for (text, expected) in [
            ("090302140000000+", "2009-03-02 14:00:00"),
            ("090302140000004+", "2009-03-02 13:00:00"),
            ("090302140000032-", "2009-03-02 22:00:00"),
            ("090302140000048+", "2009-03-02 02:00:00"),
            ("000101000000001+", "1999-12-31 23:45:00"),
            ("371231235959000+", "2037-12-31 23:59:59"),
            ("380101000000000+", "1938-01-01 00:00:00"),
            ("080229000000000-", "2008-02-29 00:00:00"),
        ] {
            assert_eq!(
                Time::parse(text),
                Ok(Some(Time::Absolute(at(expected)))),
                "{text}"
            );
        }
        let tenths = Time::parse("090302140000700+")
            .expect("a time")
            .expect("not empty");
        assert_eq!(
            tenths.after(Timestamp::EPOCH),
            at("2009-03-02 14:00:00") + Duration::from_millis(700)
        );
    }

    #[test]
    fn the_year_of_rollover_can_be_moved() {
        let of =
            |rollover_year| Time::parse_with_rollover("380101000000000+", rollover_year).expect("a time");
        assert_eq!(of(70), Some(Time::Absolute(at("2038-01-01 00:00:00"))));
        assert_eq!(of(38), Some(Time::Absolute(at("1938-01-01 00:00:00"))));
    }

    #[test]
    fn a_year_that_could_not_be_told_is_written_in_utc() {
        for (instant, quarter_hours, text) in [
            ("2037-12-31 14:59:59", 36, "371231235959036+"),
            ("2037-12-31 15:00:00", 36, "371231150000000+"),
            ("1938-01-01 08:00:00", -32, "380101000000032-"),
            ("1938-01-01 07:59:59", -32, "380101075959000+"),
            ("2038-01-01 00:00:00", 4, "380101010000004+"),
        ] {
            assert_eq!(
                Time::Absolute(at(instant)).format(quarter_hours),
                text,
                "{instant}"
            );
        }
    }

    #[test]
    fn relative_times_are_added_by_the_calendar() {
        for (now, text, expected) in [
            ("2009-03-02 14:00:00", "020610233429000R", "2011-09-13 13:34:29"),
            ("2009-01-31 10:00:00", "000100000000000R", "2009-02-28 10:00:00"),
            ("2008-02-29 10:00:00", "010000000000000R", "2009-02-28 10:00:00"),
            ("2009-03-02 14:00:00", "000007000000000R", "2009-03-09 14:00:00"),
            ("2009-03-02 14:00:00", "000000009900000R", "2009-03-02 15:39:00"),
            ("2009-03-02 14:00:00", "000000000000000R", "2009-03-02 14:00:00"),
        ] {
            let time = Time::parse(text).expect("a time").expect("not empty");
            assert_eq!(time.after(at(now)), at(expected), "{now} {text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(Time::parse(""), Ok(None));
        for text in [
            "2512312359",
            "150401133700-00",
            "999999999999999+",
            "090230000000000+",
            "090302240000000+",
            "090302140000049+",
            "090302140000000Z",
            "090302140000000",
            "0903021400000000+",
            "09030214000000 +",
            "é90302140000000+",
            "R",
        ] {
            assert_eq!(Time::parse(text), Err(InvalidTime(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_length_becomes_a_relative_time() {
        for (secs, text) in [
            (0, "000000000000000R"),
            (86_399, "000000235959000R"),
            (7 * 86_400, "000007000000000R"),
            (100 * 86_400, "000099235959000R"),
        ] {
            assert_eq!(Time::relative_of(Duration::from_secs(secs)).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            // From the beginning of 1938 to the end of 2037.
            tenths in prop_oneof![
                8 => -10_098_432_000i64..21_459_168_000,
                1 => -10_098_432_000i64..-10_098_000_000,
                1 => 21_458_736_000i64..21_459_168_000,
            ],
            quarter_hours in -48i8..=48,
            pairs in prop::array::uniform6(0u8..60),
        ) {
            let absolute = Time::Absolute(Timestamp::from_millis(tenths * 100));
            let text = absolute.format(quarter_hours);
            prop_assert_eq!(Time::parse(&text), Ok(Some(absolute)), "{}", text);
            let [years, months, days, hours, minutes, seconds] = pairs;
            let time = u64::from(hours) * 3_600 + u64::from(minutes) * 60 + u64::from(seconds);
            let relative = Time::Relative { years, months, days, time: Duration::from_secs(time) };
            prop_assert_eq!(Time::parse(&relative.to_string()), Ok(Some(relative)));
        }

        #[test]
        fn any_characters_are_read_or_refused(text in "[0-9R+-]{0,18}|.{0,20}") {
            if let Ok(Some(time)) = Time::parse(&text) {
                let _ = time.after(Timestamp::EPOCH);
                prop_assert_eq!(text.len(), 16);
            }
        }
    }
}
