//! When a carrier's link is down: [`Outage`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::{Timestamp, Zone};

const DAY_MINUTES: u16 = 1_440;
const MINUTE_S: u64 = 60;

/// A stretch of every day, `03:00-04:30` in the message centre's local time; one that ends before it begins goes past
/// midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Outage {
    /// In minutes since midnight.
    from: u16,
    to: u16,
}

impl Outage {
    /// Whether it is under way.
    pub fn covers(self, now: Timestamp, zone: &Zone) -> bool {
        let minute = zone.civil(now).since_midnight().as_secs() / MINUTE_S;
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }

    /// The next instant after `now` at which it begins or ends.
    pub fn next_edge(self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let today = zone.civil(now).at(0, 0, 0)?;
        // To find the instant of a local time costs the most: none is looked for behind the first.
        let next = |minute: u16| {
            let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            let days = (0..=2).filter_map(|days| today.plus_days(days)?.at(hour, minute, 0));
            days.map(|civil| zone.instant(civil)).find(|at| *at > now)
        };
        [self.from, self.to].into_iter().filter_map(next).min()
    }

    /// How long it lasts.
    pub fn length(self) -> Duration {
        let minutes = (self.to + DAY_MINUTES - self.from) % DAY_MINUTES;
        Duration::from_secs(u64::from(minutes) * MINUTE_S)
    }
}

/// Text that is no [`Outage`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no outage; write HH:MM-HH:MM, for example 03:00-04:30")]
pub struct InvalidOutage(pub String);

impl FromStr for Outage {
    type Err = InvalidOutage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidOutage(text.to_owned());
        let (from, to) = text.split_once('-').ok_or_else(invalid)?;
        let (from, to) = (
            minutes(from).ok_or_else(invalid)?,
            minutes(to).ok_or_else(invalid)?,
        );
        if from == to {
            return Err(invalid());
        }
        Ok(Self { from, to })
    }
}

/// The minutes since midnight of `HH:MM`.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl TryFrom<String> for Outage {
    type Error = InvalidOutage;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Outage> for String {
    fn from(outage: Outage) -> Self {
        outage.to_string()
    }
}

#[cfg(test)]
mod tests {
    use sms::Civil;

    use super::*;

    #[test]
    fn an_outage_begins_and_ends_on_its_minutes_every_day() {
        let zone = Zone::named("America/Los_Angeles").expect("in the database");
        let at = |day, hour, minute| zone.instant(Civil::new(2009, 3, day, hour, minute, 0).expect("a date"));
        for (text, now, covered, edge) in [
            ("03:00-04:30", at(2, 2, 59), false, at(2, 3, 0)),
            ("03:00-04:30", at(2, 3, 0), true, at(2, 4, 30)),
            ("03:00-04:30", at(2, 4, 30), false, at(3, 3, 0)),
            ("23:00-01:00", at(2, 23, 30), true, at(3, 1, 0)),
            ("23:00-01:00", at(3, 0, 59), true, at(3, 1, 0)),
            ("23:00-01:00", at(3, 1, 0), false, at(3, 23, 0)),
        ] {
            let outage: Outage = text.parse().expect("an outage");
            assert_eq!(outage.covers(now, &zone), covered, "{text} {now:?}");
            assert_eq!(outage.next_edge(now, &zone), Some(edge), "{text} {now:?}");
            assert_eq!(outage.to_string(), text);
        }
    }

    #[test]
    fn outages_are_two_times_of_day() {
        for text in [
            "",
            "03:00",
            "3:00-4:00",
            "24:00-01:00",
            "03:00-03:00",
            "03:60-04:00",
            "a-b",
        ] {
            assert!(text.parse::<Outage>().is_err(), "{text:?}");
        }
        let outage: Outage = "23:00-01:00".parse().expect("an outage");
        assert_eq!(outage.length(), Duration::from_secs(7_200));
    }
}
