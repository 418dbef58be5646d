//! How long things took: [`Histogram`].

use std::time::Duration;

/// The upper bounds of the buckets, in microseconds: from a millisecond to a day, since a text may wait for hours.
const BOUNDS_US: [u64; 19] = [
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    3_600_000_000,
    21_600_000_000,
    86_400_000_000,
];

/// Counts of lengths of time.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&mut self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = match took_us {
            // What takes no time of the world's, such as most responses.
            ..=1_000 => 0,
            _ => BOUNDS_US.partition_point(|bound| *bound < took_us),
        };
        self.buckets[bucket] += 1;
        self.sum_us = self.sum_us.saturating_add(took_us);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, in seconds.
    pub fn sum_s(&self) -> f64 {
        Duration::from_micros(self.sum_us).as_secs_f64()
    }

    /// Each bucket's upper bound in seconds with what lies in it; the last has no bound.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_US
            .iter()
            .map(|bound| Duration::from_micros(*bound).as_secs_f64());
        bounds.chain([f64::INFINITY]).zip(self.buckets).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_nothing_is_lost() {
        let mut histogram = Histogram::default();
        for us in [0, 999, 1_000, 1_001, 86_400_000_000, 86_400_000_001] {
            histogram.observe(Duration::from_micros(us));
        }
        let buckets = histogram.buckets();
        assert_eq!(buckets[0], (0.001, 3));
        assert_eq!(buckets[1], (0.0025, 1));
        assert_eq!(buckets[18], (86_400.0, 1));
        assert_eq!(buckets[19], (f64::INFINITY, 1));
        assert_eq!(histogram.count(), 6);
        assert!(
            (histogram.sum_s() - 172_800.003_001).abs() < 1e-6,
            "{}",
            histogram.sum_s()
        );
    }
}
