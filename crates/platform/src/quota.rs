//! How much an app may send unsolicited and a person wants to get: [`AppDay`], [`Rate`], [`UserDay`], [`Allowance`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use sms::{Day, Timestamp, Zone};

use crate::user::Uid;

/// What an app has sent today, and the pool that it draws from.
///
/// The pool is users opted in × a number each, counted at the time of the send: a sum for the app, not one a user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AppDay {
    day: i32,
    used: u64,
    /// What was added to today's pool (or taken from it) by setting what is left.
    adjustment: i128,
}

impl AppDay {
    /// What is left on the day `today` of a pool that holds `pool` by the number of users.
    pub(crate) fn left(&self, today: i32, pool: u64) -> u64 {
        let (used, adjustment) = if self.day == today {
            (self.used, self.adjustment)
        } else {
            (0, 0)
        };
        let left = i128::from(pool) + adjustment - i128::from(used);
        u64::try_from(left.max(0)).unwrap_or(u64::MAX)
    }

    /// Takes one text from the pool of the day `today`.
    pub(crate) fn take(&mut self, today: i32) {
        self.turn(today);
        self.used += 1;
    }

    /// Sets what is left on the day `today`, for a pool that holds `pool` by the number of users.
    pub(crate) fn set_left(&mut self, today: i32, pool: u64, left: u32) {
        self.turn(today);
        self.adjustment = i128::from(left) + i128::from(self.used) - i128::from(pool);
    }

    fn turn(&mut self, today: i32) {
        if self.day != today {
            *self = Self {
                day: today,
                used: 0,
                adjustment: 0,
            };
        }
    }
}

/// Unsolicited texts that a person has got today, by the calendar of the person's own zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct UserDay {
    day: Day,
    got: u32,
}

impl UserDay {
    /// How many it is today.
    pub(crate) fn got(&self, now: Timestamp, zone: &Zone) -> u32 {
        let is_today = self.day.has(now) || self.day.number() == zone.day(now).number();
        if is_today { self.got } else { 0 }
    }

    /// Counts one more.
    pub(crate) fn count(&mut self, now: Timestamp, zone: &Zone) {
        if !self.day.has(now) {
            let day = zone.day(now);
            if self.day.number() != day.number() {
                self.got = 0;
            }
            self.day = day;
        }
        self.got = self.got.saturating_add(1);
    }
}

/// The instants of an app's latest unsolicited texts: never more of them than the rate in any one second.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rate {
    sent_at: VecDeque<Timestamp>,
}

impl Rate {
    /// Whether one more at `now` keeps to `per_s` in the second that ends at `now`.
    pub(crate) fn allows(&self, now: Timestamp, per_s: u32) -> bool {
        let within = self
            .sent_at
            .iter()
            .rev()
            .take_while(|&&at| now.since(at) < Duration::from_secs(1));
        within.take(per_s as usize).count() < per_s as usize
    }

    /// Remembers one at `now`; instants that no limit can need are forgotten.
    pub(crate) fn count(&mut self, now: Timestamp, per_s: u32) {
        while self.sent_at.len() >= per_s as usize {
            self.sent_at.pop_front();
        }
        self.sent_at.push_back(now);
    }
}

/// How many of something each user has had in a period (a day, a week). A new period forgets the last one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Allowance {
    period: i32,
    used: BTreeMap<Uid, u32>,
}

impl Allowance {
    /// Takes one for that user, if fewer than `max` were taken in that period; none: there is no limit.
    pub(crate) fn take(&mut self, period: i32, user: Uid, max: Option<u32>) -> bool {
        if self.period != period {
            *self = Self {
                period,
                used: BTreeMap::new(),
            };
        }
        let used = self.used.entry(user).or_default();
        let allowed = max.is_none_or(|max| *used < max);
        *used = used.saturating_add(u32::from(allowed));
        allowed
    }
}

pub(crate) fn day(now: Timestamp, zone: &Zone) -> i32 {
    zone.day(now).number()
}

/// Weeks since the one of 1970-01-01; they begin on Monday.
pub(crate) fn week(now: Timestamp, zone: &Zone) -> i32 {
    // The first of January 1970 was a Thursday.
    (day(now, zone) + 3).div_euclid(7)
}
