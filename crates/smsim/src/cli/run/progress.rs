//! How far a long run is, on a terminal's stderr and nowhere else: [`Progress`].

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenario::report::offset;

use crate::clock::Stopwatch;

/// How often progress is shown, and how long a run takes until it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Characters of a test's name that are shown, at most.
const NAME_CHARS_MAX: usize = 48;

/// A bar with the tests that are done, the test that is awaited, and the time that its world has come to.
pub struct Progress {
    bar: ProgressBar,
    /// Whether results go to a terminal too: then the bar makes room for them.
    results_on_terminal: bool,
    shown: bool,
    since_shown: Stopwatch,
}

impl Progress {
    /// No bar is drawn until [`PROGRESS_EVERY`] has passed.
    pub fn new(tests: usize) -> Self {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self::on(target, tests)
    }

    fn on(target: ProgressDrawTarget, tests: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(tests as u64), target);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} tests, {elapsed}{msg}");
        Self {
            bar: match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            },
            results_on_terminal: std::io::stdout().is_terminal(),
            shown: false,
            since_shown: Stopwatch::start(),
        }
    }

    /// Shows how many tests are done and what the oldest of the others is about, when it is time to.
    pub fn show(&mut self, done: usize, running: impl FnOnce() -> Option<(String, Duration)>) {
        if self.bar.is_hidden() || self.since_shown.elapsed() < PROGRESS_EVERY {
            return;
        }
        (self.shown, self.since_shown) = (true, Stopwatch::start());
        let running = running().map(|(name, reached)| message(&name, reached));
        self.bar.set_message(running.unwrap_or_default());
        self.bar.set_position(done as u64);
        self.bar.tick();
    }

    /// Does what may write to the terminal, without the bar in its way.
    pub fn over<T>(&self, tell: impl FnOnce() -> T) -> T {
        match self.shown && self.results_on_terminal {
            true => self.bar.suspend(tell),
            false => tell(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            self.bar.finish_and_clear();
        }
    }
}

/// What is said about the running test.
fn message(name: &str, reached: Duration) -> String {
    let shown = name.chars().filter(|c| !c.is_control());
    let mut shown: String = shown.take(NAME_CHARS_MAX + 1).collect();
    if shown.chars().count() > NAME_CHARS_MAX {
        shown = shown
            .chars()
            .take(NAME_CHARS_MAX - 3)
            .chain("...".chars())
            .collect();
    }
    format!(", {shown:?} at {}", offset(reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_test_is_named_with_the_time_of_its_world() {
        let message = message("a day\x1b[2J of texts", Duration::from_secs(3_661));
        assert_eq!(message, ", \"a day[2J of texts\" at +1h01m01.0s");
    }

    #[test]
    fn a_name_is_cut_at_its_limit() {
        let whole = "n".repeat(NAME_CHARS_MAX);
        assert!(message(&whole, Duration::ZERO).contains(&whole));
        let cut = message(&format!("{whole}n"), Duration::ZERO);
        assert!(!cut.contains(&whole) && cut.contains("n...\""), "{cut}");
    }

    #[test]
    fn nothing_is_shown_where_there_is_no_terminal() {
        let mut progress = Progress::on(ProgressDrawTarget::hidden(), 3);
        progress.since_shown = Stopwatch::start();
        progress.show(1, || unreachable!("nobody asks what runs"));
        assert!(!progress.shown && progress.bar.is_hidden());
        assert_eq!(progress.over(|| 7), 7);
    }
}
