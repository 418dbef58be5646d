//! One run over some files: read, check, play, tell ([`Player`]).

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scenario::report::{RunReport, TestReport};
use scenario::{Rules, Runner, Script, Sources};

use crate::cli::run::Args;
use crate::cli::run::captures::Captures;
use crate::cli::run::output::{self, Format, Kind, Output};
use crate::cli::run::people::Terminal;
use crate::cli::run::play::{self, Job, Rounds};
use crate::cli::run::selection::Selection;
use crate::clock::Stopwatch;
use crate::exit::Wrong;
use crate::real_apps::RealApps;
use crate::sources::{self, NotLoaded};

/// Threads that play tests, at most.
const JOBS_MAX: usize = 256;

/// What the runs of one command share.
pub struct Player<'a> {
    args: &'a Args,
    selection: &'a Selection,
    /// When it is true no further test begins.
    stop: &'a AtomicBool,
    /// Once a test has needed them: they know where to call, so that stays.
    real_apps: Option<RealApps>,
}

/// A run that was to stop before all tests had been played.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub struct Stopped;

/// A file that was read and checked.
struct Loaded {
    path: PathBuf,
    script: Script,
}

impl<'a> Player<'a> {
    /// Plays what the command line says, and begins no further test when `stop` is true.
    pub fn new(args: &'a Args, selection: &'a Selection, stop: &'a AtomicBool) -> Self {
        Self {
            args,
            selection,
            stop,
            real_apps: None,
        }
    }

    /// Reads the files into `read`, plays the tests that are selected, and tells them as they come.
    pub fn play(&mut self, files: &[PathBuf], read: &mut Sources) -> anyhow::Result<RunReport> {
        let stopwatch = Stopwatch::start();
        let args = self.args;
        let rules = args.config.rules()?;
        let loaded = load_all(files, read)?;
        let read = &*read;
        let runners = loaded
            .iter()
            .map(|file| runner(args, &rules, file, read))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let people = Terminal::open(&args.human)?;
        self.open_way_to(&runners)?;
        let output = Output {
            format: args.format,
            sources: read,
            colour: output::colour(),
            group_chars: group_chars(files),
        };
        let jobs = jobs(self.selection, &runners);
        output.head(files.len(), jobs.len())?;
        let mut report = RunReport {
            files: files.len(),
            ..RunReport::default()
        };
        let mut captures = args.pcap.as_deref().map(Captures::new).transpose()?;
        let tell = |mut test: TestReport| {
            output.test(report.tests.len() + 1, &test)?;
            if let Some(captures) = &mut captures {
                captures.add(&mut test)?;
            }
            report.tests.push(test);
            Ok(())
        };
        let rounds = Rounds {
            seed: args.seed,
            seeds: args.seeds,
            check_determinism: args.check_determinism,
            clock: args.clock,
        };
        let has_real_apps = runners.iter().any(|(_, runner)| runner.has_real_apps());
        let real_apps = self.real_apps.as_mut().filter(|_| has_real_apps);
        match people {
            Some(mut people) => play::with_people(&jobs, rounds, &mut people, real_apps, self.stop, tell)?,
            None => play::at_once(&jobs, rounds, threads(args), real_apps, self.stop, tell)?,
        }
        if let Some(captures) = captures {
            captures.finish()?;
        }
        // A test whose time passes with the machine's is hurried to its end, and says nothing then.
        let was_hurried =
            self.stop.load(Ordering::Relaxed) && jobs.iter().any(|job| rounds.speed(job).is_some());
        anyhow::ensure!(report.tests.len() == jobs.len() && !was_hurried, Stopped);
        report.elapsed = Some(stopwatch.elapsed());
        output.summary(&report)?;
        output::annotate(report.tests.iter().flat_map(|test| &test.diagnostics), read);
        Ok(report)
    }

    /// Opens the way to real apps where a test has one; no port is opened otherwise.
    fn open_way_to(&mut self, runners: &[(&Loaded, Runner<'_>)]) -> anyhow::Result<()> {
        if !runners.iter().any(|(_, runner)| runner.has_real_apps()) {
            return Ok(());
        }
        let real_apps = match self.real_apps.take() {
            Some(real_apps) => real_apps,
            None => RealApps::open(self.args.http_port, Duration::from_secs(self.args.hold.max(1)))?,
        };
        eprintln!("real apps call http://{}/restserver.php", real_apps.http);
        for (_, runner) in runners {
            for app in runner.real_apps() {
                eprintln!(
                    "  {}: api_key {}  secret {}",
                    app.name,
                    app.api_key,
                    app.secret.expose()
                );
            }
        }
        self.real_apps = Some(real_apps);
        Ok(())
    }
}

/// The tests that the command line means, in the order of the files.
fn jobs<'s>(selection: &Selection, runners: &'s [(&'s Loaded, Runner<'s>)]) -> Vec<Job<'s>> {
    let tests = runners.iter().flat_map(|(file, runner)| {
        let wanted = runner
            .tests()
            .filter(|test| selection.wants(&file.path, runner, test));
        wanted.map(move |test| Job {
            path: file.script.path(),
            runner,
            test,
        })
    });
    tests.collect()
}

fn threads(args: &Args) -> usize {
    args.jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
        .clamp(1, JOBS_MAX)
}

/// A runner of the file, with real apps where the command line puts them.
fn runner<'s>(
    args: &Args,
    rules: &Rules,
    file: &'s Loaded,
    read: &'s Sources,
) -> anyhow::Result<(&'s Loaded, Runner<'s>)> {
    let mut runner =
        Runner::with_rules(read, &file.script, rules).map_err(|faults| sources::wrong(read, &faults))?;
    for (name, url) in &args.app {
        runner.put_real_app(name, url).map_err(Wrong)?;
    }
    for name in &args.human {
        runner.put_person(name).map_err(Wrong)?;
    }
    let wants = |kind: Kind| args.report.iter().any(|file| file.kind == kind);
    if args.check_determinism || args.format == Format::Json || wants(Kind::Json) {
        runner.hash_records();
    }
    if wants(Kind::Mermaid) {
        runner.keep_lanes();
    }
    if wants(Kind::Html) {
        runner.keep_trace();
    }
    if args.pcap.is_some() {
        runner.keep_pdus();
    }
    Ok((file, runner))
}

/// Reads and checks every file; one bad file stops the run, after all have been looked at.
fn load_all(files: &[PathBuf], read: &mut Sources) -> anyhow::Result<Vec<Loaded>> {
    let (mut loaded, mut faults) = (Vec::new(), Vec::new());
    for path in files {
        match sources::load(read, path) {
            Ok(script) => {
                eprint!("{}", sources::rendered(&script.warnings, read));
                loaded.push(Loaded {
                    path: path.clone(),
                    script,
                });
            }
            Err(NotLoaded::Faults(found)) => faults.extend(found),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(loaded)
    } else {
        output::annotate(faults.iter(), read);
        Err(sources::wrong(read, &faults))
    }
}

/// The width of the column of files.
fn group_chars(files: &[PathBuf]) -> usize {
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map_or(0, |stem| stem.to_string_lossy().chars().count())
    };
    files.iter().map(stem).max().unwrap_or(0)
}
