//! The one reader of the machine's clock: [`Clock`].
#![expect(
    clippy::disallowed_methods,
    reason = "this file is where the machine's clock enters"
)]

use std::time::{Duration, Instant, SystemTime};

use sms::Timestamp;

/// A world's time: it runs with the machine's clock, faster or slower, or stands still. It never goes back.
#[derive(Debug)]
pub struct Clock {
    /// The machine's monotonic time at which the world's time was `start`.
    origin: Instant,
    start: Timestamp,
    /// Seconds of the world in a second of the machine; 0 while it stands still.
    speed: f64,
}

impl Clock {
    /// A clock that shows `start` now and runs from there, that many times as fast as the machine's; 0 stands still.
    pub fn starting_at(start: Timestamp, speed: f64) -> Self {
        Self {
            origin: Instant::now(),
            start,
            speed: speed.max(0.0),
        }
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.start + self.passed(self.origin.elapsed())
    }

    /// Runs that many times as fast as the machine's clock from now on; 0 stands still.
    pub fn run(&mut self, speed: f64) {
        self.start = self.now();
        self.origin = Instant::now();
        self.speed = speed.max(0.0);
    }

    /// Shows `at` now, unless it has been.
    pub fn leap_to(&mut self, at: Timestamp) {
        self.start = self.now().max(at);
        self.origin = Instant::now();
    }

    /// How long, on the machine's clock, until the world's time is `at`; zero when it has come, none when it will not come
    /// by itself.
    pub fn until(&self, at: Timestamp) -> Option<Duration> {
        /// Longer than any machine runs.
        const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
        let left = at.since(self.now());
        if left.is_zero() {
            return Some(left);
        }
        if self.speed == 0.0 {
            return None;
        }
        if self.speed == 1.0 {
            return Some(left);
        }
        Some(
            Duration::try_from_secs_f64(left.as_secs_f64() / self.speed)
                .map_or(NEVER, |left| left.min(NEVER)),
        )
    }

    fn passed(&self, elapsed: Duration) -> Duration {
        if self.speed == 1.0 {
            return elapsed;
        }
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * self.speed).unwrap_or_default()
    }
}

/// The machine's date and time.
pub fn wall() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::EPOCH + since_epoch
}

/// Measures how long something really takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
