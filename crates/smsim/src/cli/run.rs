//! `smsim run`: plays scenario files in virtual time.

mod captures;
mod output;
mod people;
mod play;
mod progress;
mod selection;
mod update;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use scenario::report::{RunReport, TestReport};
use scenario::{Colour, Rules, Runner, Script, Sources};

use self::captures::Captures;
use self::output::{Format, Kind, Output, ReportFile};
use self::play::{Job, Rounds};
use self::selection::Selection;
use crate::clock::Stopwatch;
use crate::exit::{Exit, Wrong};
use crate::real_apps::RealApps;
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Threads that play tests, at most.
const JOBS_MAX: usize = 256;

/// Play scenario files in virtual time and say what passed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim run tests/scenarios              every test in and below the folder
  smsim run quota.sms:12                 the test at that line
  smsim run tests/scenarios @demo        the tests with that tag
  smsim run tests/scenarios -k stop      the tests whose name has that text
  smsim run tests/scenarios --seeds 20   every test with twenty seeds
  smsim run tests/scenarios --update     with expectations changed to what happens
  smsim run tests/scenarios --report html=report.html
                                         and a page with phones, callbacks and PDUs
  smsim run tests/scenarios --format tap --report junit=report.xml
                                         for machines
  smsim run tests/scenarios --pcap links.pcapng
                                         and every PDU for Wireshark
  smsim run install.sms --app quiz=http://127.0.0.1:9000/sms --http-port 32665
                                         with your own app in the place of quiz
  smsim run install.sms --human carol    with you at carol's phone")]
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
    /// Play every test with so many seeds, each one higher than the last; it passes when it passes with all.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many tests are played at once: as many as the machine has processors, unless said. Real apps take turns.
    #[arg(short = 'j', long, value_name = "N")]
    jobs: Option<usize>,
    /// Play every test twice and compare the records.
    #[arg(long)]
    check_determinism: bool,
    /// Put a real app in the place of a declared one: its callbacks go to the URL, and its `>` lines are awaited.
    #[arg(long, value_name = "NAME=URL", value_parser = app_and_url)]
    app: Vec<(String, String)>,
    /// Put a person in the place of a user: the texts of the user's `>` lines are typed at this terminal, where the user's phone
    /// is shown.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["update", "seeds", "check_determinism"])]
    human: Vec<String>,
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
    /// First change what stands after `<` and `=` to what really happens; globs, regular expressions and windows stay. With
    /// CI set it refuses.
    #[arg(long, conflicts_with_all = ["app", "seed", "seeds"])]
    update: bool,
    /// Write a report as well: html, mermaid, junit, json or tap.
    #[arg(long, value_name = "KIND=FILE")]
    report: Vec<ReportFile>,
    /// Write the PDUs of every test to this file, for Wireshark (pcapng): an interface a test, times are the world's,
    /// passwords are blanked out. With {} in its name, a file a test: the name of the test's file and its line stand there.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Let a run in which no test was selected pass.
    #[arg(long)]
    allow_empty: bool,
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
    if args.update {
        update::files(&files, &args.config, &rules)?;
    }
    let mut read = args.config.sources()?;
    let loaded = load_all(&files, &mut read)?;
    let runners = loaded
        .iter()
        .map(|file| runner(args, &rules, file, &read))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let people = people::Terminal::open(&args.human)?;
    let real_apps = real_apps(args, &runners)?;
    let output = Output {
        format: args.format,
        sources: &read,
        colour: colour(),
        group_chars: group_chars(&files),
    };
    let jobs = jobs(&selection, &runners);
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
    };
    match (real_apps, people) {
        (None, None) => play::at_once(&jobs, rounds, threads(args), tell)?,
        (real_apps, people) => play::in_turn(&jobs, rounds, real_apps, people, tell)?,
    }
    if let Some(captures) = captures {
        captures.finish()?;
    }
    report.elapsed = Some(stopwatch.elapsed());
    output.summary(&report)?;
    for file in &args.report {
        file.write(&report, &read)?;
    }
    output::annotate(report.tests.iter().flat_map(|test| &test.diagnostics), &read);
    output::summarize(&report, &read)?;
    Ok(exit(args, &report))
}

/// The tests that the command line means, in the order of the files.
fn jobs<'s>(selection: &Selection, runners: &'s [(&'s Loaded, Runner<'s>)]) -> Vec<Job<'s>> {
    let tests = runners.iter().flat_map(|(file, runner)| {
        let wanted = runner
            .tests()
            .filter(|test| selection.wants(&file.path, runner, test));
        wanted.map(move |test| Job { runner, test })
    });
    tests.collect()
}

fn threads(args: &Args) -> usize {
    args.jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
        .clamp(1, JOBS_MAX)
}

fn exit(args: &Args, report: &RunReport) -> Exit {
    match (report.tests.is_empty(), report.failed()) {
        (true, _) if !args.allow_empty => {
            eprintln!("error: no test was selected; --allow-empty lets that pass");
            Exit::NothingSelected
        }
        (_, 0) => Exit::Ok,
        _ if report.tests.iter().any(TestReport::environment_failed) => Exit::Environment,
        _ => Exit::Failed,
    }
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
    if args.report.iter().any(|file| file.kind == Kind::Html) {
        runner.keep_trace();
    }
    if args.pcap.is_some() {
        runner.keep_pdus();
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
fn real_apps(args: &Args, runners: &[(&Loaded, Runner<'_>)]) -> anyhow::Result<Option<RealApps>> {
    if !runners.iter().any(|(_, runner)| runner.has_real_apps()) {
        return Ok(None);
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
    Ok(Some(real_apps))
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
