//! One run over some files: read, check, play, tell ([`Player`]).

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scenario::report::RunReport;
use scenario::{Runner, Script, Sources, Worlds, shell_word};

use crate::cli::run::files::Files;
use crate::cli::run::loading::{Loaded, Loading, Unfit};
use crate::cli::run::output::{self, Kind, Output};
use crate::cli::run::people::Terminal;
use crate::cli::run::play::{self, Rounds};
use crate::cli::run::selection::Selection;
use crate::cli::run::telling::Telling;
use crate::cli::run::{Args, HOLD_S, HTTP_PORT};
use crate::clock::Stopwatch;
use crate::real_apps::RealApps;

/// Threads that read files and play tests, at most.
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
        let worlds = Worlds::new(args.config.rules()?);
        let rounds = Rounds {
            seed: args.tests.seed,
            seeds: args.seeds,
            check_determinism: args.check_determinism,
            clock: args.clock,
        };
        let loading = Loading {
            runner: &|sources, script| runner(args, &worlds, sources, script),
            selected: &|path, runner| self.selection.of(path, runner),
            threads: threads(args),
            stop: self.stop,
        };
        let loaded = loading.load_all(files, read)?;
        let read = &*read;
        let people = Terminal::open(&args.human)?;
        self.open_way_to(&loaded)?;
        let has_real_apps = loaded.iter().any(|file| !file.real_apps.is_empty());
        let takes_time = loaded
            .iter()
            .any(|file| !file.tests.is_empty() && rounds.speed(file.clock).is_some());
        // The same declarations made a world when they were read.
        let make = |script: &Script| match runner(args, &worlds, read, script) {
            Ok(runner) => runner,
            Err(_) => unreachable!("{} was read and checked", script.path()),
        };
        let tests = Files::new(loaded, &make);
        let output = Output {
            format: args.format,
            sources: read,
            colour: output::colour(),
            group_chars: group_chars(files),
        };
        output.head(files.len(), tests.tests())?;
        let mut telling = Telling::new(&output, args.pcap.as_deref(), files.len())?;
        let real_apps = self.real_apps.as_mut().filter(|_| has_real_apps);
        match people {
            Some(mut people) => {
                play::with_people(&tests, rounds, &mut people, real_apps, self.stop, &mut telling)?;
            }
            None => play::at_once(&tests, rounds, threads(args), real_apps, self.stop, &mut telling)?,
        }
        let mut report = telling.finish()?;
        // A test whose time passes with the machine's is hurried to its end, and says nothing then.
        let was_hurried = self.stop.load(Ordering::Relaxed) && takes_time;
        anyhow::ensure!(report.tests.len() == tests.tests() && !was_hurried, Stopped);
        report.elapsed = Some(stopwatch.elapsed());
        output.summary(&report)?;
        output::annotate(report.tests.iter().flat_map(|test| &test.diagnostics), read);
        Ok(report)
    }

    /// Opens the way to real apps where a test has one; no port is opened otherwise.
    fn open_way_to(&mut self, files: &[Loaded]) -> anyhow::Result<()> {
        if files.iter().all(|file| file.real_apps.is_empty()) {
            return Ok(());
        }
        let real_apps = match self.real_apps.take() {
            Some(real_apps) => real_apps,
            None => RealApps::open(self.args.http_port, Duration::from_secs(self.args.hold.max(1)))?,
        };
        eprintln!("real apps call http://{}/restserver.php", real_apps.http);
        for app in files.iter().flat_map(|file| &file.real_apps) {
            eprintln!(
                "  {}: api_key {}  secret {}",
                app.name,
                app.api_key,
                app.secret.expose()
            );
        }
        self.real_apps = Some(real_apps);
        Ok(())
    }
}

fn threads(args: &Args) -> usize {
    args.jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
        .clamp(1, JOBS_MAX)
}

/// A runner of the file, with real apps where the command line puts them.
fn runner(args: &Args, worlds: &Worlds, sources: &Sources, script: &Script) -> Result<Runner, Unfit> {
    let mut runner = worlds.runner(sources, script).map_err(Unfit::Faults)?;
    for (name, url) in &args.app {
        runner.put_real_app(name, url).map_err(Unfit::Wrong)?;
    }
    for name in &args.human {
        runner.put_person(name).map_err(Unfit::Wrong)?;
    }
    let wants = |kind: Kind| args.report.iter().any(|file| file.kind == kind);
    if args.check_determinism || args.format == output::Format::Json || wants(Kind::Json) {
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
    runner.replay_with(&replay_options(args));
    Ok(runner)
}

/// What of the command line decides how a test goes, beside the file and the seed, as a shell reads it.
fn replay_options(args: &Args) -> String {
    let apps = args
        .app
        .iter()
        .map(|(name, url)| ("--app", format!("{name}={url}")));
    let people = args.human.iter().map(|name| ("--human", name.clone()));
    let port = (args.http_port != HTTP_PORT).then(|| ("--http-port", args.http_port.to_string()));
    let hold = (args.hold != HOLD_S).then(|| ("--hold", args.hold.to_string()));
    let clock = args.clock.map(|clock| ("--clock", clock.to_string()));
    let options = apps.chain(people).chain(port).chain(hold).chain(clock);
    let options: String = options
        .map(|(option, value)| format!(" {option} {}", shell_word(&value)))
        .collect();
    options + &args.config.option()
}

/// The width of the column of files.
fn group_chars(files: &[PathBuf]) -> usize {
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map_or(0, |stem| stem.to_string_lossy().chars().count())
    };
    files.iter().map(stem).max().unwrap_or(0)
}
