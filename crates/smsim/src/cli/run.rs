//! `smsim run`: plays scenario files in virtual time.

mod selection;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use scenario::report::{RunReport, TestReport, human, json};
use scenario::syntax::{Spanned, Test};
use scenario::{Colour, Rules, RunOptions, Runner, Script, Sources};

use self::selection::Selection;
use crate::cli::say;
use crate::clock::Stopwatch;
use crate::exit::{Exit, Wrong};
use crate::real_apps::RealApps;
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Play scenario files in virtual time and say what passed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim run tests/scenarios              every test in and below the folder
  smsim run quota.sms:12                 the test at that line
  smsim run tests/scenarios @demo        the tests with that tag
  smsim run tests/scenarios -k install   the tests whose name has that text
  smsim run tests --format json          one JSON object a line, for scripts
  smsim run install.sms --app quiz=http://127.0.0.1:9000/sms --http-port 32665
                                         with your own app in the place of quiz")]
pub struct Args {
    /// Files, folders, FILE:LINE, and tags as @TAG.
    #[arg(required = true, value_name = "PATH[:LINE] | @TAG")]
    what: Vec<String>,
    /// Only tests whose name has this text, whatever its case.
    #[arg(short = 'k', value_name = "TEXT")]
    keyword: Option<String>,
    /// The seed of all chance; it overrides the files'.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Play every test twice and compare the records.
    #[arg(long)]
    check_determinism: bool,
    /// Put a real app in the place of a declared one: its callbacks go to the URL, and its `>` lines are awaited.
    #[arg(long, value_name = "NAME=URL", value_parser = app_and_url)]
    app: Vec<(String, String)>,
    /// The port on 127.0.0.1 where real apps call the API while the tests run; 0 picks one and prints it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    http_port: u16,
    /// How long the world's clock is held for a real app, in seconds of the machine's clock.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    hold: u64,
    #[command(flatten)]
    config: ConfigArgs,
    /// How the results are told.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Let a run in which no test was selected pass.
    #[arg(long)]
    allow_empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// A file that was read and checked.
struct Loaded {
    path: PathBuf,
    script: Script,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let stopwatch = Stopwatch::start();
    let selection = Selection::parse(&args.what, args.keyword.as_deref())?;
    let files = sources::scenario_files(&selection.paths())?;
    let rules = args.config.rules()?;
    let mut read = Sources::new();
    let loaded = load_all(&files, &mut read)?;
    let runners = loaded
        .iter()
        .map(|file| runner(args, &rules, file, &read))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut real_apps = RealAppsOrNone::open(args, &runners)?;
    let output = Output {
        format: args.format,
        sources: &read,
        colour: colour(),
        group_chars: group_chars(&files),
    };
    let selected: usize = runners
        .iter()
        .map(|(file, runner)| selection.count(&file.path, runner))
        .sum();
    output.head(files.len(), selected)?;
    let mut report = RunReport {
        files: files.len(),
        ..RunReport::default()
    };
    for (file, runner) in &runners {
        for test in runner
            .tests()
            .filter(|test| selection.wants(&file.path, runner, test))
        {
            let stopwatch = Stopwatch::start();
            let options = RunOptions { seed: args.seed };
            let mut test_report = real_apps.run(runner, test, options);
            test_report.elapsed = Some(stopwatch.elapsed());
            if args.check_determinism {
                test_report.compare(&real_apps.run(runner, test, options));
            }
            output.test(&test_report)?;
            report.tests.push(test_report);
        }
    }
    report.elapsed = Some(stopwatch.elapsed());
    output.summary(&report)?;
    Ok(match (report.tests.is_empty(), report.failed()) {
        (true, _) if !args.allow_empty => {
            eprintln!("error: no test was selected; --allow-empty lets that pass");
            Exit::NothingSelected
        }
        (_, 0) => Exit::Ok,
        _ if report.tests.iter().any(TestReport::environment_failed) => Exit::Environment,
        _ => Exit::Failed,
    })
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
    Ok((file, runner))
}

/// `quiz=http://127.0.0.1:9000/sms`.
fn app_and_url(text: &str) -> Result<(String, String), String> {
    let (name, url) = text
        .split_once('=')
        .ok_or("write NAME=URL, for example quiz=http://127.0.0.1:9000/sms")?;
    Ok((name.to_owned(), url.to_owned()))
}

/// A way to real apps where a test has one; no port is opened otherwise.
struct RealAppsOrNone(Option<RealApps>);

impl RealAppsOrNone {
    fn open(args: &Args, runners: &[(&Loaded, Runner<'_>)]) -> anyhow::Result<Self> {
        if !runners.iter().any(|(_, runner)| runner.has_real_apps()) {
            return Ok(Self(None));
        }
        let real_apps = RealApps::open(args.http_port, Duration::from_secs(args.hold.max(1)))?;
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
        Ok(Self(Some(real_apps)))
    }

    fn run(&mut self, runner: &Runner<'_>, test: &Spanned<Test>, options: RunOptions) -> TestReport {
        match &mut self.0 {
            Some(real_apps) => runner.run_with(test, options, real_apps),
            None => runner.run(test, options),
        }
    }
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
        Err(sources::wrong(read, &faults))
    }
}

fn colour() -> Colour {
    let plain = !std::io::stdout().is_terminal()
        || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain { Colour::Never } else { Colour::Always }
}

/// The width of the column of files.
fn group_chars(files: &[PathBuf]) -> usize {
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map_or(0, |stem| stem.to_string_lossy().chars().count())
    };
    files.iter().map(stem).max().unwrap_or(0)
}

/// Where the results go, as they come.
struct Output<'s> {
    format: Format,
    sources: &'s Sources,
    colour: Colour,
    group_chars: usize,
}

impl Output<'_> {
    fn head(&self, files: usize, tests: usize) -> anyhow::Result<()> {
        match self.format {
            Format::Human => say(&human::head(files, tests, self.colour)),
            Format::Json => Ok(()),
        }
    }

    fn test(&self, test: &TestReport) -> anyhow::Result<()> {
        match self.format {
            Format::Human => say(&human::render_test(
                test,
                self.group_chars,
                self.sources,
                self.colour,
            )),
            Format::Json => say(&format!("{}\n", json::test_line(test, self.sources))),
        }
    }

    fn summary(&self, report: &RunReport) -> anyhow::Result<()> {
        match self.format {
            Format::Human => say(&human::summary(report, self.colour)),
            Format::Json => say(&format!("{}\n", json::summary_line(report))),
        }
    }
}
