//! Plays the selected tests, several at once where that is asked for, and tells them in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use scenario::outside::Outside;
use scenario::people::People;
use scenario::report::TestReport;
use scenario::syntax::{Spanned, Test};
use scenario::{Reached, RunOptions, Runner};

use crate::cli::run::people::Terminal;
use crate::cli::run::progress::{PROGRESS_EVERY, Progress};
use crate::clock::Stopwatch;
use crate::real_apps::RealApps;

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

/// Plays tests one after the other; real apps take part in some, or people. No further one begins when `stop` is true.
pub fn in_turn(
    jobs: &[Job<'_>],
    rounds: Rounds,
    mut real_apps: Option<&mut RealApps>,
    mut people: Option<Terminal>,
    stop: &AtomicBool,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for job in jobs {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        tell(rounds.play(job, |options| {
            if let Some(real_apps) = &mut real_apps {
                real_apps.begin_test();
            }
            if let Some(people) = &mut people {
                people.begin_test(&job.test.name);
            }
            let outside = real_apps.as_mut().map(|apps| &mut **apps as &mut dyn Outside);
            let people = people.as_mut().map(|people| people as &mut dyn People);
            job.runner.run_with(job.test, options, outside, people)
        }))?;
    }
    Ok(())
}

/// Plays tests on so many threads, and tells them in their order. No further one begins when `stop` is true.
pub fn at_once(
    jobs: &[Job<'_>],
    rounds: Rounds,
    threads: usize,
    stop: &AtomicBool,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (next, untold) = (AtomicUsize::new(0), AtomicBool::new(false));
    let players: Vec<Player> = (0..threads.clamp(1, jobs.len().max(1)))
        .map(|_| Player::default())
        .collect();
    let (done, results) = channel();
    std::thread::scope(|scope| {
        for player in &players {
            let (done, next, untold) = (done.clone(), &next, &untold);
            scope.spawn(move || {
                while !untold.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { return };
                    player.playing.store(index, Ordering::Relaxed);
                    let report = rounds.play(job, |options| {
                        job.runner.run_watched(job.test, options, &player.reached)
                    });
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
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            while let Some(report) = waiting.remove(&told) {
                told += 1;
                if let Err(error) = progress.over(|| tell(report)) {
                    untold.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            progress.show(told + waiting.len(), || {
                let job = jobs.get(told)?;
                let player = players.iter().find(|player| player.plays(told))?;
                Some((job.test.name.node.as_str(), player.reached.virtual_time()))
            });
        }
    })
}

/// A thread that plays tests, as the others see it.
#[derive(Debug, Default)]
struct Player {
    /// The place of the test that it plays.
    playing: AtomicUsize,
    /// How far the clock of that test's world has come.
    reached: Reached,
}

impl Player {
    fn plays(&self, place: usize) -> bool {
        self.playing.load(Ordering::Relaxed) == place
    }
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
