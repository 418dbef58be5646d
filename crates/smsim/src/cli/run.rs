//! `smsim run`: plays scenario files in virtual time.

mod selection;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use scenario::report::{RunReport, TestReport, human, json};
use scenario::{Colour, RunOptions, Runner, Script, Sources};

use self::selection::Selection;
use crate::clock::Stopwatch;
use crate::exit::{Exit, Wrong};
use crate::sources::{self, NotLoaded};

/// Play scenario files in virtual time and say what passed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim run tests/scenarios              every test in and below the folder
  smsim run quota.sms:12                 the test at that line
  smsim run tests/scenarios @demo        the tests with that tag
  smsim run tests/scenarios -k install   the tests whose name has that text
  smsim run tests --format json          one JSON object a line, for scripts")]
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
    let mut read = Sources::new();
    let loaded = load_all(&files, &mut read)?;
    let runners: Vec<(&Loaded, Runner<'_>)> = loaded
        .iter()
        .map(|file| match Runner::new(&read, &file.script) {
            Ok(runner) => Ok((file, runner)),
            Err(faults) => Err(sources::wrong(&read, &faults)),
        })
        .collect::<anyhow::Result<_>>()?;
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
            let mut test_report = runner.run(test, options);
            test_report.elapsed = Some(stopwatch.elapsed());
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
        _ => Exit::Failed,
    })
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

/// Prints and flushes, so that results are seen as they come; a reader that has gone away (`| head`) ends the run.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Wrong(format!("stdout: {error}")).into())
}
