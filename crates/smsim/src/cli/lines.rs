//! How far long work is, where there is no terminal for a bar: [`Lines`], one on stderr every now and then, for the log of a CI
//! server.

use std::io::IsTerminal;
use std::time::Duration;

use scenario::report::length;
use scenario::syntax::Dur;

use crate::clock::Stopwatch;

/// What says how often there is a line.
const VARIABLE: &str = "SMSIM_PROGRESS_EVERY";
/// How often, when nothing says otherwise; so long is it silent at first.
const EVERY: Duration = Duration::from_secs(10);

/// Lines about one piece of work.
#[derive(Debug)]
pub struct Lines {
    /// None: there are no lines.
    every: Option<Duration>,
    /// How long the work has taken when the next is due.
    next_at: Duration,
    since: Stopwatch,
}

impl Lines {
    /// Lines on stderr from now on, unless that is a terminal, or nobody wants any.
    pub fn on_stderr() -> Self {
        let every = match std::io::stderr().is_terminal() {
            true => None,
            false => wanted(),
        };
        Self::every(every)
    }

    fn every(every: Option<Duration>) -> Self {
        Self {
            every,
            next_at: every.unwrap_or_default(),
            since: Stopwatch::start(),
        }
    }

    /// Tells how far the work is, when it is time to; `line` is given how long the work has taken.
    pub fn tell(&mut self, line: impl FnOnce(&str) -> String) {
        if self.every.is_none() {
            return;
        }
        let taken = self.since.elapsed();
        if self.is_due(taken) {
            eprintln!("{}", line(&length(taken)));
        }
    }

    /// Whether a line is due when the work has taken that long; the next one is due so much later.
    fn is_due(&mut self, taken: Duration) -> bool {
        match self.every {
            Some(every) if taken >= self.next_at => {
                self.next_at = taken + every;
                true
            }
            _ => false,
        }
    }
}

/// How often lines are wanted; none: never.
fn wanted() -> Option<Duration> {
    let value = std::env::var(VARIABLE).ok().filter(|value| !value.is_empty());
    match value.as_deref().map(read) {
        None => Some(EVERY),
        Some(Ok(every)) => every,
        Some(Err(why)) => {
            eprintln!("warning: {why}");
            Some(EVERY)
        }
    }
}

/// Reads how often, or `never`.
fn read(value: &str) -> Result<Option<Duration>, String> {
    match value.parse::<Dur>() {
        Ok(every) if !every.duration().is_zero() => Ok(Some(every.duration())),
        _ if value == "never" => Ok(None),
        _ => Err(format!(
            "{VARIABLE}={value} is no length of time; write 10s, 1m, or never"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(taken: &[u64], every: Option<Duration>) -> Vec<u64> {
        let mut lines = Lines::every(every);
        let taken = taken.iter().copied();
        taken
            .filter(|taken| lines.is_due(Duration::from_secs(*taken)))
            .collect()
    }

    #[test]
    fn it_is_silent_at_first_and_then_there_is_a_line_every_so_often() {
        let looks = [0, 1, 9, 10, 11, 19, 20, 21, 55, 64, 65, 1_000];
        assert_eq!(seconds(&looks, Some(EVERY)), [10, 20, 55, 65, 1_000]);
        assert_eq!(seconds(&looks, Some(Duration::from_secs(60))), [64, 1_000]);
        assert!(seconds(&looks, None).is_empty());
    }

    #[test]
    fn how_often_is_said_as_everywhere_else() {
        for (value, every) in [
            ("10s", Some(Duration::from_secs(10))),
            ("1m", Some(Duration::from_secs(60))),
            ("500ms", Some(Duration::from_millis(500))),
            ("never", None),
        ] {
            assert_eq!(read(value), Ok(every), "{value}");
        }
        for value in ["soon", "0s", "10"] {
            let told = read(value).expect_err(value);
            assert!(told.contains("write 10s, 1m, or never"), "{told}");
        }
    }
}
