//! `smsim run`: plays scenario files in virtual time.

mod captures;
mod files;
mod loading;
pub(super) mod output;
mod people;
mod play;
mod progress;
mod round;
pub(super) mod selection;
mod telling;
mod turns;
mod update;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use scenario::ClockMode;
use scenario::report::{RunReport, TestReport};

use self::output::{Format, ReportFile};
use self::round::Player;
use self::selection::SelectionArgs;
use crate::exit::Exit;
use crate::rules::ConfigArgs;
use crate::sources;

/// The port where real apps call, unless one is said: any.
const HTTP_PORT: u16 = 0;
/// How long the clock is held for a real app, in seconds, unless said.
const HOLD_S: u64 = 10;

/// Play scenario files in virtual time and say what passed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim run tests/scenarios              every test in and below the folder
  smsim run quota.sms:12                 the test at that line
  smsim run tests/scenarios @demo        the tests with that tag
  smsim run tests/scenarios -k stop      the tests whose name has that text
  smsim run tests/scenarios --seeds 20   every test with twenty seeds
  smsim run tests/scenarios --watch      and again what you change, until Ctrl-C
  smsim run tests/scenarios --update     with expectations changed to what happens
  smsim run tests/scenarios --report html=report.html
                                         and a page with phones, callbacks and PDUs
  smsim run tests/scenarios --format tap --report junit=report.xml
                                         for machines
  smsim run tests/scenarios --pcap links.pcapng
                                         and every PDU for Wireshark
  smsim run install.sms --app quiz=http://127.0.0.1:9000/sms --http-port 32665
                                         with your own app in the place of quiz
  smsim run install.sms --human carol    with you at carol's phone
  smsim run reminder.sms --app quiz=http://127.0.0.1:9000/sms --clock x20
                                         with an app that sleeps between its calls

How far a long run is stands on stderr: a bar on a terminal, a line every 10 s elsewhere; SMSIM_PROGRESS_EVERY=1m in the
environment makes the lines rarer, and never turns them off.")]
pub struct Args {
    #[command(flatten)]
    tests: SelectionArgs,
    /// Play every test with so many seeds, each one higher than the last; it passes when it passes with all.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many files are read, and tests played, at once: as many as the machine has processors, unless said. Real apps take
    /// turns.
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
    #[arg(long, value_name = "N", default_value_t = HTTP_PORT)]
    http_port: u16,
    /// How long the world's clock is held for a real app, in seconds of the machine's clock; and how long it may take to answer
    /// a callback.
    #[arg(long, value_name = "SECONDS", default_value_t = HOLD_S)]
    hold: u64,
    /// How time passes in the worlds: virtual (at once), real (with the machine's clock, so that real apps may sleep), or so many
    /// times as fast, x20. It overrides the files' `clock`, which is virtual unless they say otherwise.
    #[arg(long, value_name = "virtual|real|xN")]
    clock: Option<ClockMode>,
    #[command(flatten)]
    config: ConfigArgs,
    /// How the results are told.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// First change what stands after `<` and `=` in the tests that are meant to what really happens; globs, regular expressions
    /// and windows stay. With CI set it refuses.
    #[arg(long, conflicts_with_all = ["app", "seed", "seeds"])]
    update: bool,
    /// Run again what is touched whenever a file changes: a scenario, a file that it uses, the configuration of --config. Ctrl-C
    /// ends it, with the exit code of how everything stands.
    #[arg(long)]
    watch: bool,
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

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let selection = args.tests.selection()?;
    if args.watch {
        return watch::execute(args, &selection);
    }
    let files = sources::scenario_files(&selection.paths())?;
    if args.update {
        update::files(&files, &selection, &args.config, &args.config.rules()?)?;
    }
    let mut read = args.config.sources()?;
    let never = AtomicBool::new(false);
    let report = Player::new(args, &selection, &never).play(&files, &mut read)?;
    for file in &args.report {
        file.write(&report, &read)?;
    }
    output::summarize(&report, &read)?;
    Ok(exit(args, &report))
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

/// `quiz=http://127.0.0.1:9000/sms`.
fn app_and_url(text: &str) -> Result<(String, String), String> {
    let (name, url) = text
        .split_once('=')
        .ok_or("write NAME=URL, for example quiz=http://127.0.0.1:9000/sms")?;
    Ok((name.to_owned(), url.to_owned()))
}
