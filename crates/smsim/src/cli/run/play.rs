//! Plays the selected tests, several at once where that is asked for, and tells them in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use scenario::outside::Outside;
use scenario::people::People;
use scenario::report::TestReport;
use scenario::{ClockMode, FIRST_UID, Reached, RunOptions};

use crate::cli::run::files::{Files, Job};
use crate::cli::run::people::Terminal;
use crate::cli::run::progress::Progress;
use crate::cli::run::telling::Telling;
use crate::cli::run::turns::{Played, TELL_EVERY, Turns};
use crate::clock::Stopwatch;
use crate::pacer::Pacer;
use crate::real_apps::RealApps;

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

/// Plays tests one after the other, with a person at the terminal; real apps may take part. No further one begins when `stop`
/// is true.
pub fn with_people(
    tests: &Files<'_>,
    rounds: Rounds,
    people: &mut Terminal,
    mut real_apps: Option<&mut RealApps>,
    stop: &AtomicBool,
    telling: &mut Telling<'_>,
) -> anyhow::Result<()> {
    for index in 0..tests.tests() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let played = tests.play(index, |job| {
            people.begin_test(&job.test.name);
            rounds.play_one(job, real_apps.as_deref_mut(), Some(people), stop, None)
        });
        if let Some((report, said)) = played {
            telling.test(report, &said)?;
            telling.flush()?;
        }
    }
    Ok(())
}

/// Plays tests on so many threads, and tells them in their order. Where real apps take part, tests take turns on one. No
/// further test begins when `stop` is true.
pub fn at_once(
    tests: &Files<'_>,
    rounds: Rounds,
    threads: usize,
    mut real_apps: Option<&mut RealApps>,
    stop: &AtomicBool,
    telling: &mut Telling<'_>,
) -> anyhow::Result<()> {
    let threads = if real_apps.is_some() { 1 } else { threads };
    let threads = threads.clamp(1, tests.tests().max(1));
    let turns = Turns::new(tests.tests(), threads);
    let players: Vec<Player> = (0..threads).map(|_| Player::default()).collect();
    std::thread::scope(|scope| {
        for player in &players {
            let mut real_apps = real_apps.take();
            let turns = &turns;
            scope.spawn(move || {
                let _playing = turns.begin();
                for index in std::iter::from_fn(|| turns.next()).flatten() {
                    if turns.untold.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    player.playing.store(index, Ordering::Relaxed);
                    let played = tests.play(index, |job| {
                        let real_apps = real_apps.as_deref_mut();
                        rounds.play_one(job, real_apps, None, stop, Some(&player.reached))
                    });
                    if let Some(played) = played {
                        turns.done(index, played);
                    }
                }
            });
        }
        let mut progress = Progress::new(tests.tests());
        let (mut waiting, mut told) = (BTreeMap::new(), 0);
        loop {
            let is_over = turns.is_over();
            waiting.extend(turns.take());
            let ready = std::iter::from_fn(|| {
                let played = waiting.remove(&told)?;
                told += 1;
                Some(played)
            });
            let ready: Vec<Played> = ready.collect();
            if !ready.is_empty() {
                let is_told = progress.over(|| {
                    for (report, said) in ready {
                        telling.test(report, &said)?;
                    }
                    telling.flush()
                });
                if let Err(error) = is_told {
                    turns.untold.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            if is_over {
                return Ok(());
            }
            progress.show(told + waiting.len(), || {
                let player = players.iter().find(|player| player.plays(told))?;
                Some((tests.name(told)?, player.reached.virtual_time()))
            });
            std::thread::park_timeout(TELL_EVERY);
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
                let mut pacer = self.pacer(job, stop);
                let outside = pacer.as_mut().map(|pacer| pacer as &mut dyn Outside);
                return job.runner.play(job.test, options, outside, people, reached);
            };
            // Two runs that are compared have the same accounts.
            if !is_again {
                accounts = real_apps.next_accounts();
            }
            let mut runner = job.runner.with_accounts_from(accounts);
            real_apps.begin_test(&job.name(), accounts, runner.accounts().collect());
            let Some(speed) = self.speed(job.runner.clock()) else {
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
    fn pacer<'s>(self, job: &Job<'_>, stop: &'s AtomicBool) -> Option<Pacer<'s>> {
        let speed = self.speed(job.runner.clock())?;
        Some(Pacer::new(job.runner.start(), speed, None, stop))
    }

    /// How many times faster than the machine's the time of a file's tests passes, which may say so itself; none when it passes
    /// at once.
    pub fn speed(self, said: Option<ClockMode>) -> Option<f64> {
        self.clock.or(said)?.speed()
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
