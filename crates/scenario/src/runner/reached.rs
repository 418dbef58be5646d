//! How far a running test has come, for who looks on from another thread: [`Reached`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The virtual time that the test which is being run has come to. It only tells: nothing in a world depends on it.
#[derive(Debug, Default)]
pub struct Reached(AtomicU64);

impl Reached {
    /// How long the test has taken in its world so far, in whole milliseconds.
    pub fn virtual_time(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, virtual_time: Duration) {
        let millis = u64::try_from(virtual_time.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
    }
}
