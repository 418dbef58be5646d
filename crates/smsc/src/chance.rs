//! Chance inside the message centre: [`Chance`], a stream that the owner seeds.

/// A stream of numbers that depends on its seed and its name only (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of that name.
    pub fn new(seed: u64, name: &str) -> Self {
        // FNV-1a: the same on every machine and for ever.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed ^ hash)
    }

    /// Whether something happens that happens in so many of a hundred cases; draws only where it may or may not.
    pub fn happens(&mut self, percent: f64) -> bool {
        percent >= 100.0 || (percent > 0.0 && self.unit() * 100.0 < percent)
    }

    /// A number from 0 up to and without 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_happens_about_as_often_as_it_says() {
        let mut chance = Chance::new(7, "att");
        let happened = (0..10_000).filter(|_| chance.happens(20.0)).count();
        assert!((1_850..2_150).contains(&happened), "{happened}");
        assert!(!(0..1_000).any(|_| chance.happens(0.0)));
        assert!((0..1_000).all(|_| chance.happens(100.0)));
    }

    #[test]
    fn streams_depend_on_seed_and_name_only() {
        let draw = |seed, name| {
            let mut chance = Chance::new(seed, name);
            (0..64).map(|_| chance.happens(50.0)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "att"), draw(7, "att"));
        assert_ne!(draw(7, "att"), draw(8, "att"));
        assert_ne!(draw(7, "att"), draw(7, "sprint"));
    }
}
