//! How often what latency was seen: [`Histogram`].

/// Sub-buckets of one power of two, as a power of two: a value is kept to 1 part in 128.
const PRECISION_BITS: u32 = 7;

/// Counts values in buckets that are as wide as their values are large, after Gil Tene's HdrHistogram: no value is too
/// large, none costs more than another, and a quantile is never more than 0.8 % above the truth.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Histogram {
    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        let bucket = bucket(value);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// Counts all that another has counted.
    pub fn add(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// The greatest value; 0 when there was none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value that `quantile` of all values, 0 to 1, are not above; 0 when there was none.
    pub fn quantile(&self, quantile: f64) -> u64 {
        // Ranks are far below 2^52, where an f64 is exact.
        let rank = ((self.total as f64) * quantile).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return greatest(bucket).min(self.max);
            }
        }
        self.max
    }
}

/// The bucket of a value: small values have one each, and each power of two above them as many as the first.
fn bucket(value: u64) -> usize {
    let bits = u64::BITS - value.leading_zeros();
    let shift = bits.saturating_sub(PRECISION_BITS + 1);
    ((u64::from(shift) << PRECISION_BITS) + (value >> shift)) as usize
}

/// The greatest value of a bucket.
fn greatest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> PRECISION_BITS).saturating_sub(1);
    let least = (bucket - (shift << PRECISION_BITS)) << shift;
    least + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for bucket_number in 0..7_000 {
            let last = greatest(bucket_number);
            assert_eq!(bucket(last), bucket_number);
            assert_eq!(bucket(last + 1), bucket_number + 1);
        }
        let last = bucket(u64::MAX);
        assert_eq!(greatest(last), u64::MAX);
    }

    #[test]
    fn quantiles_are_at_most_a_128th_above_the_truth() {
        let mut histogram = Histogram::default();
        for value in 1..=100_000 {
            histogram.record(value);
        }
        for (quantile, truth) in [
            (0.0, 1),
            (0.5, 50_000),
            (0.95, 95_000),
            (0.99, 99_000),
            (1.0, 100_000),
        ] {
            let found = histogram.quantile(quantile);
            assert!(
                found >= truth && found <= truth + truth / 128,
                "{quantile}: {found}"
            );
        }
        assert_eq!(histogram.max(), 100_000);
    }

    #[test]
    fn two_together_are_as_one() {
        let (mut low, mut high, mut all) = (Histogram::default(), Histogram::default(), Histogram::default());
        for value in 1..=1_000 {
            if value <= 500 {
                low.record(value)
            } else {
                high.record(value)
            };
            all.record(value);
        }
        low.add(&high);
        for quantile in [0.1, 0.5, 0.9, 1.0] {
            assert_eq!(low.quantile(quantile), all.quantile(quantile));
        }
    }

    #[test]
    fn an_empty_one_says_0() {
        assert_eq!(Histogram::default().quantile(0.5), 0);
        assert_eq!(Histogram::default().max(), 0);
    }
}
