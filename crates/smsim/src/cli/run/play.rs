//! Plays the selected tests, several at once where that is asked for, and tells them in their order.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use scenario::report::TestReport;
use scenario::syntax::{Spanned, Test};
use scenario::{RunOptions, Runner};

use crate::clock::Stopwatch;
use crate::real_apps::RealApps;

/// How often progress is shown on a terminal, and how long a test may take until it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// A test to play.
pub struct Job<'s> {
    /// The runner of its file.
    pub runner: &'s Runner<'s>,
    /// The test.
    pub test: &'s Spanned<Test>,
}

/// How every test is played.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// The first seed, in place of the world's own.
    pub seed: Option<u64>,
    /// How many seeds, each one higher than the last.
    pub seeds: u64,
    /// Whether each is played twice and compared.
    pub check_determinism: bool,
}

/// Plays tests one after the other; real apps take part in some.
pub fn in_turn(
    jobs: &[Job<'_>],
    rounds: Rounds,
    real_apps: &mut RealApps,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for job in jobs {
        tell(rounds.play(job, |options| {
            real_apps.begin_test();
            job.runner.run_with(job.test, options, real_apps)
        }))?;
    }
    Ok(())
}

/// Plays tests on so many threads, and tells them in their order.
pub fn at_once(
    jobs: &[Job<'_>],
    rounds: Rounds,
    threads: usize,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, results) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (done, next, stopped) = (done.clone(), &next, &stopped);
            scope.spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { return };
                    let report = rounds.play(job, |options| job.runner.run(job.test, options));
                    if done.send((index, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut progress = Progress::new(jobs.len());
        let (mut waiting, mut told) = (BTreeMap::new(), 0);
        loop {
            match results.recv_timeout(PROGRESS_EVERY) {
                Ok((index, report)) => {
                    waiting.insert(index, report);
                }
                Err(RecvTimeoutError::Timeout) => {
                    progress.show(told + waiting.len(), jobs.get(told));
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            while let Some(report) = waiting.remove(&told) {
                progress.clear();
                told += 1;
                if let Err(error) = tell(report) {
                    stopped.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    })
}

impl Rounds {
    /// Plays one test with every seed. The report is that of the first seed with which it fails, or of the last.
    fn play(self, job: &Job<'_>, mut run: impl FnMut(RunOptions) -> TestReport) -> TestReport {
        let stopwatch = Stopwatch::start();
        let mut once = |seed: Option<u64>| {
            let options = RunOptions { seed };
            let mut report = run(options);
            if self.check_determinism {
                report.compare(&run(options));
            }
            report
        };
        let mut kept = once(self.seed);
        let first = kept.seed;
        let mut virtual_time = kept.virtual_time;
        let mut failed: Vec<u64> = Vec::new();
        failed.extend((!kept.passed()).then_some(first));
        for round in 1..self.seeds {
            let report = once(Some(first.wrapping_add(round)));
            virtual_time += report.virtual_time;
            failed.extend((!report.passed()).then_some(report.seed));
            if kept.passed() {
                kept = report;
            }
        }
        kept.virtual_time = virtual_time;
        kept.elapsed = Some(stopwatch.elapsed());
        if self.seeds > 1 && !failed.is_empty() {
            kept.fails_with_seeds(&failed, self.seeds);
        }
        debug_assert_eq!(kept.name, job.test.name.node);
        kept
    }
}

/// One line on a terminal that says how far a run is.
struct Progress {
    tests: usize,
    on_terminal: bool,
    shown: bool,
    stopwatch: Stopwatch,
}

impl Progress {
    fn new(tests: usize) -> Self {
        Self {
            tests,
            on_terminal: std::io::stderr().is_terminal(),
            shown: false,
            stopwatch: Stopwatch::start(),
        }
    }

    fn show(&mut self, done: usize, oldest: Option<&Job<'_>>) {
        if !self.on_terminal {
            return;
        }
        self.shown = true;
        let name: String = oldest
            .map_or("", |job| &job.test.name.node)
            .chars()
            .filter(|c| !c.is_control())
            .take(60)
            .collect();
        eprint!(
            "\r\x1b[K  {done}/{} tests, {:.0} s  {name}",
            self.tests,
            self.stopwatch.elapsed().as_secs_f64()
        );
        let _ = std::io::stderr().flush();
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}
