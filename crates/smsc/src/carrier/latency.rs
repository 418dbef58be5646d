//! How long a text is in the air: [`Latency`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A distribution of times in the air.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Anything from `min` to `max`, each equally likely.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// Log-normal, which measured delays fit (Hung et al., IEEE TWC 2004).
    LogNormal {
        /// Half of all texts are faster.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
        /// The longest; slower ones take this long.
        cap: Duration,
    },
}

impl Latency {
    /// The latency at the quantile `u`, 0 to 1, in whole microseconds: with `u` drawn uniformly, the results have this
    /// distribution.
    pub fn sample(&self, u: f64) -> Duration {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match *self {
            Self::Fixed(latency) => latency,
            Self::Uniform { min, max } => min + scaled(max.saturating_sub(min), u),
            Self::LogNormal { median, sigma, cap } => {
                scaled(median, (sigma * normal_quantile(u)).exp()).min(cap)
            }
        }
    }

    /// The longest latency that [`Latency::sample`] can give.
    pub fn longest(&self) -> Duration {
        match *self {
            Self::Fixed(latency) => latency,
            Self::Uniform { min, max } => max.max(min),
            Self::LogNormal { cap, .. } => cap,
        }
    }
}

/// `duration` times `factor`, in whole microseconds; saturates.
fn scaled(duration: Duration, factor: f64) -> Duration {
    let micros = duration.as_secs_f64() * 1e6 * factor;
    // A cast from a float saturates; not a number becomes 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Duration::from_micros(micros.round() as u64)
}

/// The quantile function of the standard normal distribution, by P. J. Acklam's rational approximation (relative error
/// below 1.15e-9). Its ends are cut at u = 1e-12.
fn normal_quantile(u: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    const TAIL: f64 = 0.024_25;

    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / (polynomial(&D, q) * q + 1.0)
    };
    let u = u.clamp(1e-12, 1.0 - 1e-12);
    if u < TAIL {
        tail(u)
    } else if u > 1.0 - TAIL {
        -tail(1.0 - u)
    } else {
        let q = u - 0.5;
        let r = q * q;
        q * polynomial(&A, r) / (polynomial(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_standard_normal_distribution_are_the_tables() {
        for (u, expected) in [
            (0.5, 0.0),
            (0.841_344_746, 1.0),
            (0.158_655_254, -1.0),
            (0.975, 1.959_963_985),
            (0.01, -2.326_347_874),
            (0.999, 3.090_232_306),
        ] {
            assert!(
                (normal_quantile(u) - expected).abs() < 1e-6,
                "{u}: {}",
                normal_quantile(u)
            );
        }
    }

    #[test]
    fn samples_stay_between_the_ends_and_grow_with_u() {
        let ms = Duration::from_millis;
        for (latency, least, half, longest) in [
            (Latency::Fixed(ms(200)), ms(200), ms(200), ms(200)),
            (
                Latency::Uniform {
                    min: ms(1_000),
                    max: ms(3_000),
                },
                ms(1_000),
                ms(2_000),
                ms(3_000),
            ),
            // At u = 1e-12 the quantile is -7.03, and 6 s * exp(0.6 * -7.03) is 88 ms.
            (
                Latency::LogNormal {
                    median: ms(6_000),
                    sigma: 0.6,
                    cap: ms(600_000),
                },
                ms(88),
                ms(6_000),
                ms(600_000),
            ),
        ] {
            assert_eq!(
                Duration::from_millis(latency.sample(0.0).as_millis() as u64),
                least,
                "{latency:?}"
            );
            assert_eq!(latency.sample(0.5), half, "{latency:?}");
            assert_eq!(latency.longest(), longest, "{latency:?}");
            let samples: Vec<Duration> = (0..=100)
                .map(|step| latency.sample(f64::from(step) / 100.0))
                .collect();
            assert!(samples.is_sorted(), "{latency:?}");
            assert!(samples.iter().all(|sample| *sample <= longest), "{latency:?}");
        }
    }

    #[test]
    fn a_log_normal_latency_is_capped_and_odd_quantiles_are_harmless() {
        let latency = Latency::LogNormal {
            median: Duration::from_secs(25),
            sigma: 1.2,
            cap: Duration::from_secs(600),
        };
        assert_eq!(latency.sample(1.0), Duration::from_secs(600));
        assert_eq!(latency.sample(f64::NAN), latency.sample(0.5));
        assert_eq!(latency.sample(7.0), latency.sample(1.0));
    }
}
