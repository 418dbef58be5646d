//! A test whose time passes with the machine's, or so many times as fast: [`Pacer`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rest::{CallbackRequest, Response};
use scenario::outside::{Arrived, Outside, OutsideCall, Passed};
use sms::Timestamp;
use world::io::CallbackId;

use crate::clock::Clock;
use crate::real_apps::RealApps;

/// How long it waits until it looks whether the run is to stop.
const STOP_SEEN_WITHIN: Duration = Duration::from_millis(100);

/// Lets the time of one test pass. Real apps, if there are any, have the time that they take.
pub struct Pacer<'a> {
    apps: Option<&'a mut RealApps>,
    clock: Clock,
    stop: &'a AtomicBool,
}

impl<'a> Pacer<'a> {
    /// A clock that shows `start` and goes so many times as fast as the machine's. When `stop` becomes true nobody waits any
    /// more, so that the test is soon over.
    pub fn new(start: Timestamp, speed: f64, apps: Option<&'a mut RealApps>, stop: &'a AtomicBool) -> Self {
        let clock = Clock::starting_at(start, speed);
        Self { apps, clock, stop }
    }

    /// Waits that long, or until something arrives.
    fn arrived_within(&mut self, wait: Duration) -> Option<Arrived> {
        match &mut self.apps {
            Some(apps) => apps.arrived_within(wait),
            None => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the pace of the machine's clock is kept here"
                )]
                std::thread::sleep(wait);
                None
            }
        }
    }
}

impl Outside for Pacer<'_> {
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest) {
        if let Some(apps) = &mut self.apps {
            apps.post(callback, request);
        }
    }

    fn wait(&mut self) -> Option<Arrived> {
        self.apps.as_mut().and_then(|apps| apps.wait())
    }

    fn poll(&mut self) -> Option<Arrived> {
        self.apps.as_mut().and_then(|apps| apps.poll())
    }

    fn reply(&mut self, call: OutsideCall, response: &Response) {
        if let Some(apps) = &mut self.apps {
            apps.reply(call, response);
        }
    }

    fn is_paced(&self) -> bool {
        true
    }

    fn pass(&mut self, at: Timestamp) -> Passed {
        // What came while the world was busy comes first, however late the world is.
        let mut arrived = self.poll();
        loop {
            if let Some(arrived) = arrived {
                return Passed::Until(self.clock.now(), arrived);
            }
            let left = self.clock.until(at).unwrap_or_default();
            if left.is_zero() || self.stop.load(Ordering::Relaxed) {
                return Passed::Reached;
            }
            arrived = self.arrived_within(left.min(STOP_SEEN_WITHIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_reached_no_sooner_than_the_clock_shows_it() {
        let start = Timestamp::from_secs(1_000);
        let go = AtomicBool::new(false);
        let mut pacer = Pacer::new(start, 10_000.0, None, &go);
        assert!(pacer.is_paced());
        for seconds in [0, 1, 90, 90] {
            let at = start + Duration::from_secs(seconds);
            assert!(matches!(pacer.pass(at), Passed::Reached));
            assert!(pacer.clock.now() >= at);
        }
    }

    #[test]
    fn a_run_that_is_to_stop_waits_for_nothing() {
        let start = Timestamp::from_secs(1_000);
        let stop = AtomicBool::new(true);
        let mut pacer = Pacer::new(start, 1.0, None, &stop);
        let in_a_year = start + Duration::from_secs(365 * 86_400);
        assert!(matches!(pacer.pass(in_a_year), Passed::Reached));
        assert!(pacer.clock.now() < in_a_year);
    }
}
