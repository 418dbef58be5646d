//! How many a second: [`Throttle`], a token bucket.

use sms::Timestamp;

/// A token bucket that holds the tokens of one second; a limit of 0 takes nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Throttle {
    per_s: Option<u32>,
    /// In millionths of a token.
    level: u64,
    filled_at: Timestamp,
}

const TOKEN: u64 = 1_000_000;

impl Throttle {
    /// A full bucket.
    pub fn new(per_s: Option<u32>, now: Timestamp) -> Self {
        Self {
            per_s,
            level: u64::from(per_s.unwrap_or(0)) * TOKEN,
            filled_at: now,
        }
    }

    /// Takes a token, if one is there.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let Some(per_s) = self.per_s else { return true };
        let elapsed = u64::try_from(now.since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        let flowed = elapsed.saturating_mul(u64::from(per_s));
        self.level = self.level.saturating_add(flowed).min(u64::from(per_s) * TOKEN);
        self.filled_at = self.filled_at.max(now);
        let taken = self.level >= TOKEN;
        if taken {
            self.level -= TOKEN;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    fn no_limit_takes_everything_and_zero_nothing() {
        let now = Timestamp::from_secs(1_000);
        assert!((0..1_000).all(|_| Throttle::default().take(now)));
        assert!(!Throttle::new(Some(0), now).take(now + Duration::from_secs(10)));
    }
}
