//! Plays the selected tests, several at once where that is asked for, and tells them in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use scenario::outside::Outside;
use scenario::people::People;
use scenario::report::TestReport;
use scenario::syntax::{Spanned, Test};
use scenario::{ClockMode, FIRST_UID, Reached, RunOptions, Runner};

use crate::cli::run::people::Terminal;
use crate::cli::run::progress::{PROGRESS_EVERY, Progress};
use crate::clock::Stopwatch;
use crate::pacer::Pacer;
use crate::real_apps::RealApps;

/// A test to play.
pub struct Job<'s> {
    /// Its file.
    pub path: &'s str,
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
    /// How time passes, in place of what the files say.
    pub clock: Option<ClockMode>,
}

/// What came of a test, and what is to be said beside it.
type Played = (TestReport, Vec<String>);

/// Plays tests one after the other, with a person at the terminal; real apps may take part. No further one begins when `stop`
/// is true.
pub fn with_people(
    jobs: &[Job<'_>],
    rounds: Rounds,
    people: &mut Terminal,
    mut real_apps: Option<&mut RealApps>,
    stop: &AtomicBool,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for job in jobs {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        people.begin_test(&job.test.name);
        let (report, said) = rounds.play_one(job, real_apps.as_deref_mut(), Some(people), stop, None);
        said.iter().for_each(|said| eprintln!("{said}"));
        tell(report)?;
    }
    Ok(())
}

/// Plays tests on so many threads, and tells them in their order. Where real apps take part, tests take turns on one. No
/// further test begins when `stop` is true.
pub fn at_once(
    jobs: &[Job<'_>],
    rounds: Rounds,
    threads: usize,
    mut real_apps: Option<&mut RealApps>,
    stop: &AtomicBool,
    mut tell: impl FnMut(TestReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (next, untold) = (AtomicUsize::new(0), AtomicBool::new(false));
    let threads = if real_apps.is_some() { 1 } else { threads };
    let players: Vec<Player> = (0..threads.clamp(1, jobs.len().max(1)))
        .map(|_| Player::default())
        .collect();
    let (done, results) = channel::<(usize, Played)>();
    std::thread::scope(|scope| {
        for player in &players {
            let (done, next, untold) = (done.clone(), &next, &untold);
            let mut real_apps = real_apps.take();
            scope.spawn(move || {
                while !untold.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { return };
                    player.playing.store(index, Ordering::Relaxed);
                    let real_apps = real_apps.as_deref_mut();
                    let played = rounds.play_one(job, real_apps, None, stop, Some(&player.reached));
                    if done.send((index, played)).is_err() {
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
                Ok((index, played)) => {
                    waiting.insert(index, played);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            while let Some((report, said)) = waiting.remove(&told) {
                told += 1;
                let is_told = progress.over(|| {
                    said.iter().for_each(|said| eprintln!("{said}"));
                    tell(report)
                });
                if let Err(error) = is_told {
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

impl Job<'_> {
    /// The test as people find it.
    fn name(&self) -> String {
        let line = self.runner.line_of(self.test);
        format!("{}:{line} {}", self.path, self.test.name.node)
    }
}

impl Rounds {
    /// Plays one test, with whoever takes part in it.
    fn play_one(
        self,
        job: &Job<'_>,
        mut real_apps: Option<&mut RealApps>,
        mut people: Option<&mut Terminal>,
        stop: &AtomicBool,
        reached: Option<&Reached>,
    ) -> Played {
        let mut accounts = FIRST_UID;
        let report = self.play(job, |options, is_again| {
            let people = people.as_deref_mut().map(|people| people as &mut dyn People);
            let Some(real_apps) = real_apps.as_deref_mut() else {
                let mut pacer = self.pacer(job, job.runner, None, stop);
                let outside = pacer.as_mut().map(|pacer| pacer as &mut dyn Outside);
                return job.runner.play(job.test, options, outside, people, reached);
            };
            // Two runs that are compared have the same accounts.
            if !is_again {
                accounts = real_apps.next_accounts();
            }
            let mut runner = job.runner.with_accounts_from(accounts);
            real_apps.begin_test(&job.name(), accounts, runner.accounts().collect());
            let Some(speed) = self.speed(job) else {
                return runner.play(job.test, options, Some(real_apps), people, reached);
            };
            runner.allow_callbacks(speed);
            let mut pacer = Pacer::new(runner.start(), speed, Some(real_apps), stop);
            runner.play(job.test, options, Some(&mut pacer), people, reached)
        });
        let said = real_apps.map(RealApps::take_warnings).unwrap_or_default();
        (report, said)
    }

    /// What lets the test's time pass, unless it passes at once.
    fn pacer<'a>(
        self,
        job: &Job<'_>,
        runner: &Runner<'_>,
        real_apps: Option<&'a mut RealApps>,
        stop: &'a AtomicBool,
    ) -> Option<Pacer<'a>> {
        let speed = self.speed(job)?;
        Some(Pacer::new(runner.start(), speed, real_apps, stop))
    }

    /// How many times faster than the machine's the test's time passes; none when it passes at once.
    pub fn speed(self, job: &Job<'_>) -> Option<f64> {
        self.clock.or(job.runner.clock())?.speed()
    }

    /// Plays one test with every seed. The report is that of the first seed with which it fails, or of the last.
    /// `run` is told whether it is to do the same again.
    fn play(self, job: &Job<'_>, mut run: impl FnMut(RunOptions, bool) -> TestReport) -> TestReport {
        let stopwatch = Stopwatch::start();
        let mut once = |seed: Option<u64>| {
            let options = RunOptions { seed };
            let mut report = run(options, false);
            if self.check_determinism {
                report.compare(&run(options, true));
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
