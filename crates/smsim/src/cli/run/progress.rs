//! How far a long run is, on stderr: [`Progress`], a bar on a terminal and lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenario::report::offset;

use crate::cli::lines::Lines;
use crate::clock::Stopwatch;

/// How often progress is shown, and how long a run takes until it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Characters of a test's name that are shown, at most.
const NAME_CHARS_MAX: usize = 48;

/// A bar with the tests that are done, the test that is awaited, and the time that its world has come to.
pub struct Progress {
    tests: usize,
    bar: ProgressBar,
    lines: Lines,
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
            tests,
            lines: Lines::on_stderr(),
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
        if self.bar.is_hidden() {
            let tests = self.tests;
            return self.lines.tell(|taken| line(done, tests, taken, running()));
        }
        if self.since_shown.elapsed() < PROGRESS_EVERY {
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

/// `12 of 40 tests after 10.0s, "a day of texts" at +1h01m01.0s`.
fn line(done: usize, tests: usize, taken: &str, running: Option<(String, Duration)>) -> String {
    let running = running.map_or_else(String::new, |(name, reached)| message(&name, reached));
    format!("{done} of {tests} tests after {taken}{running}")
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
    fn no_bar_is_shown_where_there_is_no_terminal() {
        let mut progress = Progress::on(ProgressDrawTarget::hidden(), 3);
        progress.show(1, || None);
        assert!(!progress.shown && progress.bar.is_hidden());
        assert_eq!(progress.over(|| 7), 7);
    }

    #[test]
    fn a_line_says_what_is_done_and_what_runs() {
        let running = ("w.sms:7 a day".to_owned(), Duration::from_secs(60));
        let told = line(1, 3, "10.0s", Some(running));
        assert_eq!(told, "1 of 3 tests after 10.0s, \"w.sms:7 a day\" at +1m00.0s");
        assert_eq!(line(3, 3, "20.0s", None), "3 of 3 tests after 20.0s");
    }
}
