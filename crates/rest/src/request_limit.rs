//! How many calls an app may make in a window of time (error 4): [`RequestWindow`].

use std::time::Duration;

use sms::Timestamp;

/// The calls of one app in its current window. A window starts with the first call after the last one is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestWindow {
    ends_at: Option<Timestamp>,
    calls: u32,
}

impl RequestWindow {
    /// Whether one more call at `now` keeps to the limit.
    pub(crate) fn allows(&self, now: Timestamp, calls_max: u32) -> bool {
        self.is_over(now) || self.calls < calls_max
    }

    /// Counts a call.
    pub(crate) fn count(&mut self, now: Timestamp, length: Duration) {
        if self.is_over(now) {
            *self = Self {
                ends_at: Some(now + length),
                calls: 0,
            };
        }
        self.calls = self.calls.saturating_add(1);
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|ends_at| ends_at <= now)
    }
}
