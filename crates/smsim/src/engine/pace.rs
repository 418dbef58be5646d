//! How a served world's time passes: [`Pace`] keeps its clock, who holds it, and how far it is to be driven.

use std::collections::BTreeSet;

use scenario::ClockMode;
use serde::{Deserialize, Serialize};
use sms::Timestamp;
use tokio::sync::oneshot;

use crate::clock::Clock;

/// How many times faster than on the wall a world's time may pass.
pub const SPEED_MAX: f64 = scenario::SPEED_MAX as f64;
/// Holds by name on one clock, at most.
pub const HOLDS_MAX: usize = 64;

/// How time passes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// With the machine's clock.
    Running,
    /// Not at all, unless it is driven.
    Paused,
    /// As far as steps wait, at once.
    Virtual,
}

/// What somebody wants of a clock.
#[derive(Clone, PartialEq, Debug)]
pub enum ClockCommand {
    /// Stand still.
    Pause,
    /// Run that many times as fast as the machine's clock; none: as fast as before.
    Run(Option<f64>),
    /// Pass as far as steps wait, at once.
    Virtual,
    /// Go to the next event, at once.
    Step,
    /// Go so much further, at once, through everything that is due on the way.
    Advance(std::time::Duration),
    /// Go to that instant, at once.
    Jump(Timestamp),
    /// Stand still until the hold of that name is released.
    Hold(String),
    /// Release the hold.
    Release(String),
}

/// How a clock goes, so that another can go the same way.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClockState {
    /// How time passes.
    pub mode: Mode,
    /// How many times faster than on the wall, while it runs.
    pub speed: f64,
    /// Who holds it.
    pub holds: BTreeSet<String>,
}

/// Why a clock does not do what it is told.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ClockError {
    /// Not that fast.
    #[error("a speed is more than 0 and at most {SPEED_MAX}; to stand still, pause")]
    Speed,
    /// That was before.
    #[error("time does not go backward")]
    Past,
    /// Somebody holds it.
    #[error("the clock is held by {0}; release that first")]
    Held(String),
    /// Nothing is to come.
    #[error("nothing will happen by itself in this world: there is no event to step to")]
    NothingToCome,
    /// Nobody holds it under that name.
    #[error("no hold is called {0:?}")]
    NoSuchHold(String),
    /// Too many.
    #[error("a clock has at most {HOLDS_MAX} holds")]
    TooManyHolds,
    /// The world has ended.
    #[error("the world has ended")]
    Ended,
}

/// Whoever commanded a clock, and what they are to hear.
pub type DoneAtOnce = (oneshot::Sender<Result<(), ClockError>>, Result<(), ClockError>);

/// Who waits for a clock to be somewhere.
#[derive(Debug)]
struct Goal {
    at: Timestamp,
    reached: oneshot::Sender<Result<(), ClockError>>,
}

/// A world's time.
#[derive(Debug)]
pub struct Pace {
    clock: Clock,
    mode: Mode,
    speed: f64,
    holds: BTreeSet<String>,
    goals: Vec<Goal>,
}

impl Pace {
    /// A clock that shows `start` now, and goes on as the world says.
    pub fn new(start: Timestamp, mode: ClockMode) -> Self {
        let (mode, speed) = match mode.speed() {
            None => (Mode::Virtual, 1.0),
            Some(speed) => (Mode::Running, speed),
        };
        let holds = BTreeSet::new();
        Self::resumed(start, ClockState { mode, speed, holds })
    }

    /// A clock that shows `at` now and goes on as this one does; nobody holds it.
    pub fn going_on_at(&self, at: Timestamp) -> Self {
        let (mode, speed) = (self.mode, self.speed);
        let holds = BTreeSet::new();
        Self::resumed(at, ClockState { mode, speed, holds })
    }

    /// A clock that shows `at` now and goes as that state says. Where it does not run, not even the time of making it passes.
    pub fn resumed(at: Timestamp, state: ClockState) -> Self {
        let ClockState { mode, speed, holds } = state;
        let runs = mode == Mode::Running && holds.is_empty();
        Self {
            clock: Clock::starting_at(at, if runs { speed } else { 0.0 }),
            mode,
            speed,
            holds,
            goals: Vec::new(),
        }
    }

    /// How it goes.
    pub fn state(&self) -> ClockState {
        ClockState {
            mode: self.mode,
            speed: self.speed,
            holds: self.holds.clone(),
        }
    }

    /// Whether it goes as that state says.
    pub fn goes_as(&self, state: &ClockState) -> bool {
        self.mode == state.mode && self.speed == state.speed && self.holds == state.holds
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How time passes.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many times faster than on the wall, while it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Who holds it.
    pub fn holds(&self) -> impl Iterator<Item = &str> {
        self.holds.iter().map(String::as_str)
    }

    /// How long until that instant on the machine's clock; none when it does not come by itself.
    pub fn until(&self, at: Timestamp) -> Option<std::time::Duration> {
        self.clock.until(at)
    }

    /// How far the clock is to be driven, when steps wait until `waits` at the earliest.
    pub fn driven_to(&self, waits: Option<Timestamp>) -> Option<Timestamp> {
        if !self.holds.is_empty() {
            return None;
        }
        let goal = self.goals.iter().map(|goal| goal.at).min();
        let waits = waits.filter(|_| self.mode == Mode::Virtual);
        [goal, waits].into_iter().flatten().min()
    }

    /// Shows `at` now.
    pub fn leap_to(&mut self, at: Timestamp) {
        self.clock.leap_to(at);
    }

    /// Tells those whose goal the world's time has reached.
    pub fn tell_reached(&mut self, now: Timestamp) {
        let mut waiting = Vec::new();
        for goal in self.goals.drain(..) {
            match goal.at <= now {
                true => {
                    // Whoever asked may have gone away.
                    let _ = goal.reached.send(Ok(()));
                }
                false => waiting.push(goal),
            }
        }
        self.goals = waiting;
    }

    /// Does what is commanded; `next` is when something will happen by itself. What is done at once the caller tells;
    /// otherwise `reached` hears when it is done.
    pub fn command(
        &mut self,
        command: ClockCommand,
        next: Option<Timestamp>,
        reached: oneshot::Sender<Result<(), ClockError>>,
    ) -> Option<DoneAtOnce> {
        match self.goal_of(command, next) {
            Ok(Some(at)) => {
                self.goals.push(Goal { at, reached });
                None
            }
            Ok(None) => Some((reached, Ok(()))),
            Err(error) => Some((reached, Err(error))),
        }
    }

    fn goal_of(
        &mut self,
        command: ClockCommand,
        next: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, ClockError> {
        let now = self.now();
        let goal = match command {
            ClockCommand::Pause => return self.go_on(Mode::Paused, self.speed),
            ClockCommand::Virtual => return self.go_on(Mode::Virtual, self.speed),
            ClockCommand::Run(speed) => {
                let speed = speed.unwrap_or(self.speed);
                if !(speed > 0.0 && speed <= SPEED_MAX) {
                    return Err(ClockError::Speed);
                }
                return self.go_on(Mode::Running, speed);
            }
            ClockCommand::Hold(name) => {
                if self.holds.len() >= HOLDS_MAX && !self.holds.contains(&name) {
                    return Err(ClockError::TooManyHolds);
                }
                self.holds.insert(name);
                self.apply();
                return Ok(None);
            }
            ClockCommand::Release(name) => {
                if !self.holds.remove(&name) {
                    return Err(ClockError::NoSuchHold(name));
                }
                self.apply();
                return Ok(None);
            }
            ClockCommand::Step => next.ok_or(ClockError::NothingToCome)?,
            ClockCommand::Advance(by) => now + by,
            ClockCommand::Jump(at) if at < now => return Err(ClockError::Past),
            ClockCommand::Jump(at) => at,
        };
        match self.holds.is_empty() {
            true => Ok(Some(goal)),
            false => Err(ClockError::Held(self.holds().collect::<Vec<_>>().join(", "))),
        }
    }

    fn go_on(&mut self, mode: Mode, speed: f64) -> Result<Option<Timestamp>, ClockError> {
        (self.mode, self.speed) = (mode, speed);
        self.apply();
        Ok(None)
    }

    fn apply(&mut self) {
        let runs = self.mode == Mode::Running && self.holds.is_empty();
        self.clock.run(if runs { self.speed } else { 0.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_does_not_run_shows_its_beginning_however_long_it_takes_to_make_it() {
        let start = Timestamp::from_secs(1_236_031_200);
        // Each is made within a microsecond, most often: of so many some are not.
        for _ in 0..20_000 {
            let pace = Pace::new(start, ClockMode::Virtual);
            assert_eq!(pace.now(), start);
            assert_eq!(pace.going_on_at(start).now(), start);
        }
    }
}
