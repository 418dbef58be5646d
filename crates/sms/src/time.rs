//! Instants and the civil calendar: [`Timestamp`], [`Zone`], [`Civil`].
//!
//! Time enters every part as an argument of this type. The time-zone database is compiled in, so that the same
//! instant has the same local hour on every machine.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant in microseconds since 1970-01-01 00:00:00 UTC.
///
/// Arithmetic saturates at the ends of the range, some 292,000 years away, so that no configured duration can
/// overflow it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01 00:00:00 UTC.
    pub const EPOCH: Self = Self(0);
    /// The last instant that can be named: "never".
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The instant `secs` seconds after the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time from `earlier` to this instant; zero when `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl AddAssign<Duration> for Timestamp {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

/// A time zone of the IANA database, for example `America/Los_Angeles`.
#[derive(Clone, PartialEq, Debug)]
pub struct Zone(jiff::tz::TimeZone);

/// A name that is in no time-zone database.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown time zone {0:?}; zones are named as in the IANA database, for example America/Los_Angeles")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }

    /// The zone of that name in the compiled-in IANA database; letter case is ignored.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        jiff::tz::TimeZone::get(name)
            .map(Self)
            .map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The zone's IANA name, `UTC` for [`Zone::utc`].
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The calendar date and the time of day that clocks in this zone show at `at`.
    pub fn civil(&self, at: Timestamp) -> Civil {
        Civil(self.0.to_datetime(instant(at)))
    }

    /// The calendar day of this zone at `at`.
    pub fn day(&self, at: Timestamp) -> Day {
        let instant = instant(at);
        let offset_us = i64::from(self.0.to_offset(instant).seconds()) * 1_000_000;
        let local_us = instant.as_microsecond() + offset_us;
        let number = local_us.div_euclid(DAY_US);
        let midnight = (number + 1) * DAY_US - offset_us;
        let change = self.0.following(instant).next();
        let change = change.map_or(i64::MAX, |change| change.timestamp().as_microsecond());
        Day {
            number: number as i32,
            since: at,
            until: Timestamp::from_micros(midnight.min(change)),
        }
    }

    /// The instant at which clocks in this zone show `civil`.
    ///
    /// A time that a change of daylight saving skips is read as if the change had not come yet; one that comes twice is
    /// the first of the two (jiff's "compatible" strategy, as RFC 5545 has it).
    pub fn instant(&self, civil: Civil) -> Timestamp {
        self.0
            .to_ambiguous_timestamp(civil.0)
            .compatible()
            .map_or(Timestamp::MAX, |instant| {
                Timestamp::from_micros(instant.as_microsecond())
            })
    }

    /// The zone's usual short name at `at`, for example `PST`.
    pub fn abbreviation(&self, at: Timestamp) -> String {
        jiff::Timestamp::from_microsecond(at.as_micros())
            .map(|instant| self.0.to_offset_info(instant).abbreviation().to_owned())
            .unwrap_or_default()
    }
}

/// Microseconds of a day whose clocks do not change.
const DAY_US: i64 = 86_400_000_000;

/// The same instant, or the nearest that the calendar has.
fn instant(at: Timestamp) -> jiff::Timestamp {
    let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
    let micros = at
        .as_micros()
        .clamp(first.as_microsecond(), last.as_microsecond());
    jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// A calendar day of a zone, and some of the instants that are of it: to ask it costs a comparison, to ask the zone a search
/// through its changes of clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Day {
    number: i32,
    since: Timestamp,
    until: Timestamp,
}

impl Day {
    /// What [`Civil::day_number`] gives on it.
    pub const fn number(self) -> i32 {
        self.number
    }

    /// Whether an instant is known to be of it. Those from the one that it was asked for on are, until midnight or until
    /// clocks change.
    pub fn has(self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).map_err(serde::de::Error::custom)
    }
}

/// A calendar date with a time of day, in no particular zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Civil(jiff::civil::DateTime);

impl Civil {
    /// That date and time of day, or none when the calendar has no such date or the clock no such time.
    pub fn new(year: i16, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> Option<Self> {
        jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0)
            .ok()
            .map(Self)
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The hour, 0 to 23.
    pub fn hour(self) -> i8 {
        self.0.hour()
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> i8 {
        self.0.minute()
    }

    /// The second, 0 to 59.
    pub fn second(self) -> i8 {
        self.0.second()
    }

    /// The time of day since midnight, to the microsecond.
    pub fn since_midnight(self) -> Duration {
        Duration::from_secs(
            u64::from(self.0.hour().unsigned_abs()) * 3_600
                + u64::from(self.0.minute().unsigned_abs()) * 60
                + u64::from(self.0.second().unsigned_abs()),
        ) + Duration::from_micros(u64::try_from(self.0.subsec_nanosecond() / 1_000).unwrap_or(0))
    }

    /// A number that is equal for two instants exactly when they fall on the same calendar day, and grows by one a day.
    pub fn day_number(self) -> i32 {
        let epoch = jiff::civil::date(1970, 1, 1);
        self.0.date().since(epoch).map_or(0, |span| span.get_days())
    }

    /// The same date with another time of day, or none when the clock has no such time.
    pub fn at(self, hour: i8, minute: i8, second: i8) -> Option<Self> {
        Self::new(self.year(), self.month(), self.day(), hour, minute, second)
    }

    /// The date `days` days later (earlier when negative), at the same time of day; none past the calendar's ends.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        self.0
            .checked_add(jiff::Span::new().try_days(days).ok()?)
            .ok()
            .map(Self)
    }

    /// The date and time `years`, `months`, ... later by the calendar: months first, the day clamped to the month's
    /// last (SMPP v3.4 §7.1.1.2, relative time).
    pub fn plus_calendar(self, years: i32, months: i32, days: i32, time: Duration) -> Option<Self> {
        let span = jiff::Span::new()
            .try_years(years)
            .ok()?
            .try_months(months)
            .ok()?
            .try_days(days)
            .ok()?
            .try_seconds(i64::try_from(time.as_secs()).ok()?)
            .ok()?;
        self.0.checked_add(span).ok().map(Self)
    }
}

impl fmt::Display for Civil {
    /// `2009-03-02 14:00:05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            self.year(),
            self.month(),
            self.day(),
            self.hour(),
            self.minute(),
            self.second()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_maps_instants_and_local_times_both_ways() {
        let zone = Zone::named("America/Los_Angeles").expect("in the database");
        let noon = Civil::new(2009, 3, 2, 14, 0, 0).expect("a date");
        let at = zone.instant(noon);
        assert_eq!(at, Timestamp::from_secs(1_236_031_200));
        assert_eq!(zone.civil(at), noon);
        assert_eq!(zone.abbreviation(at), "PST");
        assert_eq!(zone.name(), "America/Los_Angeles");
    }

    #[test]
    fn a_skipped_hour_is_read_as_if_the_change_had_not_come() {
        let zone = Zone::named("America/Los_Angeles").expect("in the database");
        let skipped = Civil::new(2009, 3, 8, 2, 30, 0).expect("a date");
        assert_eq!(
            zone.civil(zone.instant(skipped)).to_string(),
            "2009-03-08 03:30:00"
        );
    }

    #[test]
    fn day_numbers_change_at_local_midnight_only() {
        let zone = Zone::named("America/Los_Angeles").expect("in the database");
        let last = zone.instant(Civil::new(2009, 3, 2, 23, 59, 59).expect("a date"));
        let first = last + Duration::from_secs(1);
        assert_eq!(zone.civil(first).day_number() - zone.civil(last).day_number(), 1);
        assert_eq!(
            Zone::utc().civil(last).day_number(),
            Zone::utc().civil(first).day_number()
        );
        assert_eq!(Zone::utc().civil(Timestamp::EPOCH).day_number(), 0);
    }

    #[test]
    fn a_day_has_the_instants_that_clocks_show_on_it() {
        for name in [
            "UTC",
            "America/Los_Angeles",
            "America/St_Johns",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Africa/Monrovia",
        ] {
            let zone = Zone::named(name).expect("in the database");
            // Days on which clocks change, some of them at midnight, and one that a whole zone leaves out.
            for date in [
                (1969, 12, 31),
                (1972, 1, 7),
                (2006, 10, 28),
                (2009, 3, 8),
                (2011, 12, 29),
                (2026, 11, 1),
            ] {
                let (year, month, day) = date;
                let start = zone.instant(Civil::new(year, month, day, 0, 0, 0).expect("a date"));
                let half_hours = (0..3 * 48).map(|nth| start + Duration::from_secs(nth * 1_800));
                let instants: Vec<_> = half_hours
                    .flat_map(|at| [at, at + Duration::from_secs(59)])
                    .collect();
                for (nth, at) in instants.iter().enumerate() {
                    let known = zone.day(*at);
                    assert!(known.has(*at), "{name} {at:?}");
                    assert_eq!(known.number(), zone.civil(*at).day_number(), "{name} {at:?}");
                    for later in instants[nth..]
                        .iter()
                        .step_by(7)
                        .filter(|later| known.has(**later))
                    {
                        assert_eq!(
                            known.number(),
                            zone.civil(*later).day_number(),
                            "{name} {at:?} {later:?}"
                        );
                    }
                    assert!(!known.has(*at + Duration::from_secs(86_401)));
                }
            }
        }
        assert!(!Day::default().has(Timestamp::EPOCH), "no day is known at first");
    }

    #[test]
    fn an_unknown_zone_is_named_in_the_error() {
        let error = Zone::named("Mars/Olympus").expect_err("no such zone");
        assert!(error.to_string().contains("Mars/Olympus"));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp::EPOCH.since(Timestamp::from_secs(5)), Duration::ZERO);
        assert_eq!(Timestamp::from_micros(-1).as_millis(), -1);
    }
}
