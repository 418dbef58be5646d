//! Programs of steps in a served world: who waits for them, and what their waiting means for its clock.

use std::time::Duration;

use scenario::Steps;
use sms::Timestamp;

use crate::clock::Stopwatch;
use crate::engine::{Answered, Engine};

/// How long, on the machine's clock, a step waits for a real app while the world's time stands still.
const REAL_APP_WAIT_MAX: Duration = Duration::from_secs(10);
/// How often it is seen whether that is over.
const REAL_APP_LOOK: Duration = Duration::from_millis(100);

/// Since when a step waits for a real app.
#[derive(Debug, Default)]
pub struct RealAppWait(Option<Stopwatch>);

impl RealAppWait {
    /// Notes whether some step waits.
    fn note(&mut self, waits: bool) {
        match waits {
            true => {
                self.0.get_or_insert_with(Stopwatch::start);
            }
            false => self.0 = None,
        }
    }

    fn is_over(&self) -> bool {
        self.0.is_some_and(|since| since.elapsed() >= REAL_APP_WAIT_MAX)
    }
}

impl Engine {
    /// Begins to perform steps.
    pub(super) fn begin(&mut self, steps: Steps, answered: Answered) {
        self.forget_abandoned();
        // The steps begin now, and not when something happened last.
        self.handle(world::Input::Tick);
        match self.served.begin(steps) {
            Ok(id) => {
                self.programs.insert(id, answered);
            }
            Err(faults) => {
                // Whoever asked may have gone away.
                let _ = answered.send(Err(faults));
            }
        }
    }

    /// Gives up the programs that nobody waits for any more.
    fn forget_abandoned(&mut self) {
        let served = &mut self.served;
        self.programs.retain(|id, answered| {
            let is_wanted = !answered.is_closed();
            if !is_wanted {
                served.abandon(*id);
            }
            is_wanted
        });
    }

    /// Lets the steps go on with what has happened, and whoever waits for the clock know where it is.
    pub(super) fn progress(&mut self) {
        if self.served.has_programs() {
            self.forget_abandoned();
            let mut over = self.served.progress();
            let waits = self
                .served
                .waits()
                .any(|(_, wait)| wait.is_some_and(|wait| wait.for_real_app));
            self.real_app_wait.note(waits);
            if self.real_app_wait.is_over() {
                over.extend(self.served.give_up_on_real_apps());
                self.real_app_wait.note(false);
            }
            self.follow();
            // What the steps have done is on its way before they are said to be done.
            self.dispatch();
            if self.has_failed() {
                return;
            }
            for (id, answer) in over {
                if let Some(answered) = self.programs.remove(&id) {
                    let _ = answered.send(Ok(answer));
                }
            }
        }
        self.pace.tell_reached(self.served.world().now());
    }

    /// Where the clock is to be next, when its time is driven: as far as somebody wants it, or, of virtual time, as far as
    /// steps wait. It stands still while a real app has a callback, and while a step waits for one.
    pub(super) fn driven_to(&self) -> Option<Timestamp> {
        if !self.posted.is_empty() || self.has_eager() {
            return None;
        }
        let waits = self.served.waits().filter_map(|(_, wait)| wait);
        let waits: Vec<_> = waits.collect();
        let until = match waits.iter().any(|wait| wait.for_real_app) {
            true => None,
            false => waits.iter().map(|wait| wait.until).min(),
        };
        let goal = self.pace.driven_to(until)?;
        let next = self.served.next_wakeup();
        Some(next.map_or(goal, |next| next.min(goal)))
    }

    /// Whether some program goes on without waiting for anything.
    fn has_eager(&self) -> bool {
        self.served.waits().any(|(_, wait)| wait.is_none())
    }

    /// How long until something is to be done, on the machine's clock; none when nothing is.
    pub(super) fn sleep(&self) -> Option<Duration> {
        if self.has_eager() {
            return Some(Duration::ZERO);
        }
        let waits = self.served.waits().filter_map(|(_, wait)| wait);
        let (mut until, mut for_real_app) = (self.served.next_wakeup(), false);
        for wait in waits {
            until = Some(until.map_or(wait.until, |until| until.min(wait.until)));
            for_real_app |= wait.for_real_app;
        }
        let sleep = until.and_then(|at| self.pace.until(at));
        match for_real_app {
            true => Some(sleep.map_or(REAL_APP_LOOK, |sleep| sleep.min(REAL_APP_LOOK))),
            false => sleep,
        }
    }
}
