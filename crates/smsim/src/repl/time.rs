//! `/clock` and `/play`: how time passes at the prompt, and the steps of a test in its world.

use std::path::Path;

use scenario::source::place;
use sms::Timestamp;

use crate::clock::Stopwatch;
use crate::repl::saving::loaded;
use crate::repl::session::{Said, Session};
use crate::repl::wording;

/// How much faster than the machine's the world's clock can run.
const SPEED_MAX: u32 = 100_000;

/// A clock that runs while lines are typed.
pub(super) struct Pace {
    since: Stopwatch,
    /// The world's time then.
    from: Timestamp,
    speed: u32,
}

impl Session {
    /// `/clock`, `/clock step`, `/clock pause`, `/clock real`, `/clock x20`.
    pub(super) fn clock(&mut self, rest: &str) -> Said {
        match rest {
            "" => Ok(self.clock_told()),
            "step" => self.step_clock(),
            "pause" => {
                self.pace = None;
                Ok(self.clock_told())
            }
            _ => {
                let speed = match rest {
                    "real" => Some(1),
                    _ => rest.strip_prefix('x').and_then(|speed| speed.parse().ok()),
                };
                let speed = speed.filter(|speed| (1..=SPEED_MAX).contains(speed));
                let speed = speed.ok_or("write /clock pause, step, real or, for example, x20")?;
                self.pace = Some(Pace {
                    since: Stopwatch::start(),
                    from: self.table.now(),
                    speed,
                });
                Ok(self.clock_told())
            }
        }
    }

    fn clock_told(&self) -> String {
        let runs = match &self.pace {
            None => "the clock stands while you type".to_owned(),
            Some(pace) => format!("the clock runs x{}", pace.speed),
        };
        let next = self.table.world().next_wakeup().map_or_else(
            || "nothing is due".to_owned(),
            |at| format!("next: {}", wording::time(&self.table, at)),
        );
        format!("  {runs}; {next}\n")
    }

    /// Goes on to whatever is due next.
    fn step_clock(&mut self) -> Said {
        let Some(at) = self.table.world().next_wakeup() else {
            return Err("nothing is due".into());
        };
        self.advance(at)?;
        Ok(String::new())
    }

    /// Lets the world's time pass to that instant, in whole milliseconds.
    fn advance(&mut self, at: Timestamp) -> Said {
        let time = at.since(self.table.now().min(at));
        let millis = time.as_micros().div_ceil(1_000).clamp(1, u128::from(u32::MAX));
        self.scenario(&format!("wait {millis}ms"))
    }

    /// Lets pass what the machine's clock says has passed, if it runs. Between lines (`idle`) only when something is due, so
    /// that a saved scenario waits where something happened. Whether any time passed.
    pub(super) fn flow(&mut self, idle: bool) -> bool {
        let Some(pace) = &self.pace else { return false };
        let target = pace.from + pace.since.elapsed() * pace.speed;
        let due = self.table.world().next_wakeup().is_some_and(|at| at <= target);
        if target <= self.table.now() || idle && !due {
            return false;
        }
        // What it brings forth is printed as it is; a world that does not come to rest says so at the next line.
        let _ = self.advance(target);
        true
    }

    /// The clock runs on from here.
    pub(super) fn run_on(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.since = Stopwatch::start();
            pace.from = self.table.now();
        }
    }

    /// Does in this world what a test of a file does, step by step, up to the first that fails.
    pub(super) fn play(&mut self, rest: &str) -> Said {
        let (file, line) = match rest
            .rsplit_once(':')
            .map(|(file, line)| (file, line.parse::<usize>()))
        {
            Some((file, Ok(line))) => (file, line),
            _ => (rest, 0),
        };
        if file.is_empty() {
            return Err("write /play FILE, or /play FILE:LINE".into());
        }
        let path = Path::new(file);
        let (sources, script) = loaded(&self.options.profiles, path)?;
        let text = sources.text(script.path()).unwrap_or_default().to_owned();
        let mut tests: Vec<_> = script.tests().collect();
        let around = |start: u32| place(&text, start).line <= line;
        let test = match tests.iter().rposition(|test| around(test.span.start)) {
            Some(index) => tests.swap_remove(index),
            None if tests.is_empty() => return Err(format!("{file} has no test").into()),
            None => tests.swap_remove(0),
        };
        for step in &test.steps {
            self.scenario(&scenario::format_steps(std::slice::from_ref(step), 0))?;
        }
        Ok(format!(
            "  played {:?}, {} steps\n",
            test.name.node,
            test.steps.len()
        ))
    }
}
