//! `smsim show`: what tests do, lane by lane.

use scenario::report::{TestReport, length, mermaid, offset};
use scenario::{Diagnostic, RunOptions, Runner};
use serde_json::{Value, json};

use crate::cli::run::selection::SelectionArgs;
use crate::cli::say;
use crate::exit::Exit;
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Show what tests do, one column an actor and one line an event, whether they pass or not.
///
/// The tests are played in virtual time, apps with a `url` being silent. A test that fails is shown up to there, with what failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim show tests/scenarios/stop.sms                every test of the file
  smsim show tests/scenarios/stop.sms:12             the test at that line
  smsim show tests/scenarios -k day                  the tests whose name has that text
  smsim show tests/scenarios/stop.sms --format mermaid
                                                     as diagrams, which GitHub and many editors draw")]
pub struct Args {
    #[command(flatten)]
    tests: SelectionArgs,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Format {
    /// As lanes.
    Human,
    /// One JSON object a test and line.
    Json,
    /// Markdown with a sequence diagram a test.
    Mermaid,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let selection = args.tests.selection()?;
    let files = sources::scenario_files(&selection.paths())?;
    let rules = args.config.rules()?;
    let mut shown = 0;
    for file in &files {
        let mut read = args.config.sources()?;
        let script = match sources::load(&mut read, file) {
            Ok(script) => script,
            Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        };
        let mut runner =
            Runner::with_rules(&read, &script, &rules).map_err(|faults| sources::wrong(&read, &faults))?;
        runner.keep_lanes();
        let tests: Vec<_> = runner.tests().collect();
        for test in selection.of(file, &runner).into_iter().map(|place| tests[place]) {
            let report = runner.run(
                test,
                RunOptions {
                    seed: args.tests.seed,
                },
            );
            let gap = if shown > 0 { "\n" } else { "" };
            say(&match args.format {
                Format::Human => format!("{gap}{}", human(&report, &args.config)),
                Format::Json => format!("{}\n", json_form(&report)),
                Format::Mermaid => format!("{gap}{}", markdown(&report)),
            })?;
            shown += 1;
        }
    }
    if shown == 0 {
        eprintln!("error: no test was selected");
        return Ok(Exit::NothingSelected);
    }
    Ok(Exit::Ok)
}

/// What kept the test from going on.
fn fault(report: &TestReport) -> Option<&Diagnostic> {
    report.diagnostics.iter().find(|diagnostic| diagnostic.is_error())
}

/// The place, the name, the lanes; and why they end.
fn human(report: &TestReport, config: &ConfigArgs) -> String {
    let (path, line) = (&report.path, report.line);
    let mut out = format!(
        "{path}:{line}  {}\n  seed {}, virtual {}\n\n",
        report.name,
        report.seed,
        length(report.virtual_time)
    );
    match report.lanes.events.is_empty() {
        true => out.push_str("  nothing happens\n"),
        false => out.push_str(&report.lanes.render_whole()),
    }
    if let Some(fault) = fault(report) {
        out.push_str(&format!(
            "\n  {}: {}; `smsim run {} --seed {}{}` says why\n",
            fault.code,
            fault.message,
            scenario::shell_word(&format!("{path}:{line}")),
            report.seed,
            config.option()
        ));
    }
    out
}

/// A heading and a diagram.
fn markdown(report: &TestReport) -> String {
    let run = scenario::RunReport {
        files: 1,
        tests: vec![report.clone()],
        elapsed: None,
    };
    mermaid::render_run(&run)
}

fn json_form(report: &TestReport) -> Value {
    let start = report.lanes.start;
    let events = report.lanes.events.iter().map(|event| {
        let after = event.at.since(start);
        json!({
            "after": offset(after),
            "after_ms": u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            "actor": event.actor,
            "text": event.text,
        })
    });
    json!({
        "path": report.path,
        "line": report.line,
        "name": report.name,
        "tags": report.tags,
        "seed": report.seed,
        "virtual_ms": u64::try_from(report.virtual_time.as_millis()).unwrap_or(u64::MAX),
        "events": events.collect::<Vec<_>>(),
        "ends_with": fault(report).map(|fault| json!({ "code": fault.code.name(), "message": fault.message })),
    })
}
