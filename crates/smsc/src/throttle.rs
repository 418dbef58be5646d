//! How many a second: [`Throttle`], a token bucket.

use std::time::Duration;

use sms::Timestamp;

/// A token bucket that holds the tokens of one second; a limit of 0 takes nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Throttle {
    per_s: Option<u32>,
    /// In millionths of a token; below zero when tokens are taken in advance.
    level: i64,
    filled_at: Timestamp,
}

const TOKEN: i64 = 1_000_000;

impl Throttle {
    /// A full bucket.
    pub fn new(per_s: Option<u32>, now: Timestamp) -> Self {
        Self {
            per_s,
            level: i64::from(per_s.unwrap_or(0)) * TOKEN,
            filled_at: now,
        }
    }

    /// Takes a token, if one is there.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let Some(per_s) = self.per_s else { return true };
        self.fill(now, per_s);
        let taken = self.level >= TOKEN;
        if taken {
            self.level -= TOKEN;
        }
        taken
    }

    /// Takes a token, in advance if none is there; the instant from which on it may be used. None when there will never
    /// be one.
    pub fn reserve(&mut self, now: Timestamp) -> Option<Timestamp> {
        let Some(per_s) = self.per_s else { return Some(now) };
        if per_s == 0 {
            return None;
        }
        self.fill(now, per_s);
        self.level = self.level.saturating_sub(TOKEN);
        let lacking = u64::try_from(self.level.saturating_neg()).unwrap_or(0);
        Some(now + Duration::from_micros(lacking.div_ceil(u64::from(per_s))))
    }

    /// How much of it was used when it was last asked, per cent; what is taken in advance counts as all.
    pub fn used_percent(&self) -> u8 {
        match self.per_s {
            None => 0,
            Some(0) => 100,
            Some(per_s) => {
                let left = self.level.max(0) * 100 / (i64::from(per_s) * TOKEN);
                100 - u8::try_from(left).unwrap_or(100).min(100)
            }
        }
    }

    fn fill(&mut self, now: Timestamp, per_s: u32) {
        let elapsed = i64::try_from(now.since(self.filled_at).as_micros()).unwrap_or(i64::MAX);
        let flowed = elapsed.saturating_mul(i64::from(per_s));
        self.level = self.level.saturating_add(flowed).min(i64::from(per_s) * TOKEN);
        self.filled_at = self.filled_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_its_number_and_no_more() {
        let start = Timestamp::from_secs(1_000);
        let mut throttle = Throttle::new(Some(10), start);
        let taken = |throttle: &mut Throttle, at| (0..100).filter(|_| throttle.take(at)).count();
        assert_eq!(taken(&mut throttle, start), 10);
        assert_eq!(taken(&mut throttle, start + Duration::from_millis(99)), 0);
        assert_eq!(taken(&mut throttle, start + Duration::from_millis(100)), 1);
        assert_eq!(taken(&mut throttle, start + Duration::from_secs(3_600)), 10);
        assert_eq!(taken(&mut throttle, start), 0);
    }

    #[test]
    fn what_is_used_is_told_per_cent() {
        let start = Timestamp::from_secs(1_000);
        let mut throttle = Throttle::new(Some(10), start);
        assert_eq!(throttle.used_percent(), 0);
        for used in [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100] {
            throttle.take(start);
            assert_eq!(throttle.used_percent(), used);
        }
        assert_eq!(Throttle::default().used_percent(), 0);
        assert_eq!(Throttle::new(Some(0), start).used_percent(), 100);
    }

    #[test]
    fn tokens_taken_in_advance_come_one_after_the_other() {
        let start = Timestamp::from_secs(1_000);
        let mut throttle = Throttle::new(Some(2), start);
        let waits: Vec<_> = (0..5)
            .map(|_| {
                throttle
                    .reserve(start)
                    .expect("some time")
                    .since(start)
                    .as_millis()
            })
            .collect();
        assert_eq!(waits, [0, 0, 500, 1_000, 1_500]);
        assert_eq!(Throttle::new(Some(0), start).reserve(start), None);
        assert_eq!(Throttle::new(None, start).reserve(start), Some(start));
    }

    #[test]
    fn no_limit_takes_everything_and_zero_nothing() {
        let now = Timestamp::from_secs(1_000);
        assert!((0..1_000).all(|_| Throttle::default().take(now)));
        assert!(!Throttle::new(Some(0), now).take(now + Duration::from_secs(10)));
    }
}
