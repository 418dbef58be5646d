//! The one reader of the machine's clock: [`Clock`].
#![expect(
    clippy::disallowed_methods,
    reason = "this file is where the machine's clock enters"
)]

use std::time::{Duration, Instant, SystemTime};

use sms::Timestamp;

/// A world's time, running with the machine's clock from a given instant on. It never goes back.
#[derive(Debug)]
pub struct Clock {
    /// The machine's monotonic time at which the world's time was `start`.
    origin: Instant,
    start: Timestamp,
}

impl Clock {
    /// A clock that shows `start` now and runs from there.
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            origin: Instant::now(),
            start,
        }
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.start + self.origin.elapsed()
    }

    /// How long, on the machine's clock, until the world's time is `at`; zero when it has come.
    pub fn until(&self, at: Timestamp) -> Duration {
        at.since(self.now())
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
