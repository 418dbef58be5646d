//! Results as values: [`TestReport`], [`RunReport`], and how they are told: to people ([`human`], [`page`], [`mermaid`]) and
//! to machines ([`json`], [`junit`], [`tap`], [`github`]).

pub mod description;
mod escape;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod lanes;
pub mod mermaid;
pub mod page;
pub mod tap;
pub mod trace;

use std::time::Duration;

use world::{Event, Record, World};

use crate::diagnostics::{Code, Diagnostic, NoteKind};
use crate::report::lanes::Lanes;
use crate::report::trace::Trace;
use crate::syntax::{Spanned, Test};

/// Seeds with which a test fails that are told, at most.
const SEEDS_TOLD_MAX: usize = 10;

/// What came of one test.
#[derive(Clone, PartialEq, Debug)]
pub struct TestReport {
    /// The file.
    pub path: String,
    /// The line of the test, from 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The seed that it ran with.
    pub seed: u64,
    /// What is wrong; empty when it passed.
    pub diagnostics: Vec<Diagnostic>,
    /// How long it took in its world.
    pub virtual_time: Duration,
    /// How long it took on the machine, if whoever ran it says so.
    pub elapsed: Option<Duration>,
    /// How many records its world made.
    pub records: u64,
    /// A hash of all its records, if the runner was asked for it: two runs with the same one did the same, byte for byte.
    pub records_hash: Option<u64>,
    /// What happened, one column an actor; of a test that passed only if the runner was asked to keep it.
    pub lanes: Lanes,
    /// What happened in detail, if the runner was asked to keep it.
    pub trace: Option<Trace>,
    /// The records of the PDUs, if the runner was asked to keep them.
    pub pdus: Option<Pdus>,
}

/// The PDUs of a test, as far as its world's ring of records still had them when the test was over.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pdus {
    /// Their records, in order.
    pub records: Vec<Record>,
    /// How many older records, of whatever kind, had left the ring.
    pub left_out: u64,
}

impl TestReport {
    pub(crate) fn new(path: &str, line: usize, test: &Spanned<Test>, seed: u64) -> Self {
        Self {
            path: path.to_owned(),
            line,
            name: test.name.node.clone(),
            tags: test.tags.iter().map(|tag| tag.node.clone()).collect(),
            seed,
            diagnostics: Vec::new(),
            virtual_time: Duration::ZERO,
            elapsed: None,
            records: 0,
            records_hash: None,
            lanes: Lanes::default(),
            trace: None,
            pdus: None,
        }
    }

    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Compares another run of the same test with the same seed: other records are a failure of their own. The runner hashed
    /// the records of both.
    pub fn compare(&mut self, again: &Self) {
        if (self.records, self.records_hash) != (again.records, again.records_hash) {
            let message = format!(
                "two runs of {:?} with seed {} made different records: {} and {} of them",
                self.name, self.seed, self.records, again.records
            );
            self.diagnostics
                .push(Diagnostic::without_place(Code::E306, message));
        }
    }

    /// Notes that the test failed with these of so many seeds.
    pub fn fails_with_seeds(&mut self, failed: &[u64], seeds: u64) {
        let shown: Vec<_> = failed.iter().take(SEEDS_TOLD_MAX).map(u64::to_string).collect();
        let more = if failed.len() > SEEDS_TOLD_MAX {
            ", ..."
        } else {
            ""
        };
        let text = format!(
            "it fails with {} of {seeds} seeds: {}{more}",
            failed.len(),
            shown.join(", ")
        );
        if let Some(first) = self.diagnostics.first_mut() {
            *first = first.clone().note(NoteKind::Plain, text);
        }
    }

    /// Whether the environment failed rather than the test: a real app did not answer.
    pub fn environment_failed(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| matches!(diagnostic.code, Code::E303 | Code::E305))
    }

    /// The file's name without folder and ending, which groups tests.
    pub fn group(&self) -> &str {
        let file = self
            .path
            .rsplit_once('/')
            .map_or(self.path.as_str(), |(_, file)| file);
        file.strip_suffix(".sms").unwrap_or(file)
    }
}

impl Pdus {
    /// Those of a world.
    pub(crate) fn of(world: &World) -> Self {
        let kept = world.records_since(0);
        let left_out = world.next_record() - kept.len() as u64;
        let pdus = kept.filter(|record| matches!(record.event, Event::Pdu { .. }));
        Self {
            records: pdus.collect(),
            left_out,
        }
    }
}

/// What came of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunReport {
    /// Files that were read and checked.
    pub files: usize,
    /// The tests, in the order in which they are told.
    pub tests: Vec<TestReport>,
    /// How long the whole run took on the machine, if whoever ran it says so.
    pub elapsed: Option<Duration>,
}

impl RunReport {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.passed()).count()
    }

    /// How long all tests took in their worlds.
    pub fn virtual_time(&self) -> Duration {
        self.tests.iter().map(|test| test.virtual_time).sum()
    }
}

/// A length of time in two units at most: `2.0s`, `1m04s`, `10h01m`, `4d 22h`.
pub fn length(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    match seconds {
        0..60 => format!("{seconds}.{}s", millis / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How long after the beginning, to the tenth of a second: `+1.0s`, `+1m01.4s`, `+2h03m04.5s`, `+1d02h03m04.5s`.
pub fn offset(time: Duration) -> String {
    let (seconds, tenths) = (time.as_secs(), time.subsec_millis() / 100);
    let (days, hours, minutes, rest) = (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    );
    match (days, hours, minutes) {
        (0, 0, 0) => format!("+{rest}.{tenths}s"),
        (0, 0, _) => format!("+{minutes}m{rest:02}.{tenths}s"),
        (0, ..) => format!("+{hours}h{minutes:02}m{rest:02}.{tenths}s"),
        _ => format!("+{days}d{hours:02}h{minutes:02}m{rest:02}.{tenths}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_offsets_are_told_shortly() {
        let minute = 60_000;
        for (millis, shown, after) in [
            (0, "0.0s", "+0.0s"),
            (2_049, "2.0s", "+2.0s"),
            (61_400, "1m01s", "+1m01.4s"),
            (601 * minute, "10h01m", "+10h01m00.0s"),
            ((4 * 24 + 22) * 60 * minute + 500, "4d 22h", "+4d22h00m00.5s"),
        ] {
            let time = Duration::from_millis(millis);
            assert_eq!((length(time).as_str(), offset(time).as_str()), (shown, after));
        }
    }
}
