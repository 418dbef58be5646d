//! `smsim explore`: random but legal behaviour on a file's world, until a rule breaks.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenario::LIVE_PATH;
use scenario::explore::{ACTS_MAX, Coverage, Explorer, Invariant, Violation};
use serde_json::json;

use crate::cli::lines::Lines;
use crate::cli::stop::Stop;
use crate::exit::{Exit, Wrong};
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Violations that are looked for, at most: they mostly have one cause.
const VIOLATIONS_MAX: usize = 10;
/// Names of one kind that the summary tells, at most.
const NAMES_TOLD_MAX: usize = 12;

/// Do what people, apps and carriers might do, at random, on the world of a file, and see whether it keeps its rules.
///
/// It holds the world to what the documents say (and to what the file's own `world` line changes of that): nobody is texted
/// who has not agreed (consent), no more is sent than quotas, limits and quiet hours allow (quota), answers come within their
/// session (session), what was accepted arrives once everything works again (nothing lost), and the same seed does the same
/// (determinism). What breaks a rule is made as short as possible and written to a scenario file that fails by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim explore simulator-config/demo.sms --seeds 20
  smsim explore simulator-config/demo.sms --seeds 5 --acts 200 --format json")]
pub struct Args {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed; the others follow it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How much is done with each seed, up to 10000.
    #[arg(long, value_name = "N", default_value_t = 80, value_parser = acts)]
    acts: usize,
    /// Where files that break a rule are written: DIR/explore-SEED.sms.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// How the results are told: for people, or as one JSON object.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    config: ConfigArgs,
    /// The file that declares the world; its tests are not played.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

fn acts(text: &str) -> Result<usize, String> {
    let acts = text.parse().ok().filter(|acts| (1..=ACTS_MAX).contains(acts));
    acts.ok_or_else(|| format!("write a number from 1 to {ACTS_MAX}"))
}

/// What was found so far.
#[derive(Default)]
struct Found {
    seeds: u64,
    coverage: Coverage,
    /// Each with the file that it was written to.
    violations: Vec<(Violation, PathBuf)>,
    stopped: bool,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let rules = args.config.rules()?;
    let mut read = args.config.sources()?;
    match sources::load(&mut read, &args.file) {
        Ok(_) => {}
        Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
        Err(NotLoaded::Unreadable(error)) => return Err(error),
    }
    let path = sources::slashes(&args.file);
    let explorer = Explorer::new(&read, &path, &rules).map_err(|faults| sources::wrong(&read, &faults))?;
    anyhow::ensure!(
        explorer.has_cast(),
        Wrong(format!(
            "{path} declares no user, or no app that a script plays: nobody could do anything"
        ))
    );
    if !explorer.idealized().is_empty() {
        eprintln!(
            "note: played as ideal carriers: {}; the model of the rules does not know what a network loses, doubles, delays or \
             changes",
            explorer.idealized().join(", ")
        );
    }
    let stop = Stop::listen()?;
    eprintln!(
        "exploring {path}: {} seeds, {} acts each; Ctrl-C ends it with a summary",
        args.seeds, args.acts
    );
    let (bar, mut lines) = (progress(args), Lines::on_stderr());
    let mut found = Found::default();
    for seed in (args.seed..).take(usize::try_from(args.seeds).unwrap_or(usize::MAX)) {
        if stop.asked().load(Ordering::Relaxed) {
            found.stopped = true;
            break;
        }
        let explored = explorer.explore(seed, args.acts);
        found.seeds += 1;
        found.coverage.add(&explored.coverage);
        if let Some(violation) = explored.violation {
            let file = args.out.join(format!("explore-{seed}.sms"));
            let text = laid_out(&violation.file);
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
            found.violations.push((violation, file));
            if found.violations.len() == VIOLATIONS_MAX {
                break;
            }
        }
        let so_far = format!(
            "{} lines, {} broken",
            found.coverage.lines,
            found.violations.len()
        );
        lines.tell(|taken| format!("{} of {} seeds after {taken}, {so_far}", found.seeds, args.seeds));
        bar.set_message(so_far);
        bar.inc(1);
    }
    bar.finish_and_clear();
    match args.format {
        Format::Human => super::say(&human(args, &found, &read))?,
        Format::Json => super::say(&format!("{}\n", json_form(&found)))?,
    }
    Ok(match (found.violations.is_empty(), found.stopped) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Environment,
        (true, false) => Exit::Ok,
    })
}

/// A bar on a terminal.
fn progress(args: &Args) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(args.seeds), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} seeds, {msg}, {eta} to go");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The file in the canonical layout.
fn laid_out(text: &str) -> String {
    let parsed = scenario::parse(LIVE_PATH, text);
    scenario::format(&parsed.file, &parsed.trivia)
}

fn human(args: &Args, found: &Found, read: &scenario::Sources) -> String {
    let mut out = String::new();
    for (violation, file) in &found.violations {
        let mut read = read.clone();
        read.insert(LIVE_PATH, violation.file.as_str());
        out.push_str(&format!(
            "BROKEN {} with seed {}: {} of {} acts are left\n",
            violation.invariant.name(),
            violation.seed,
            violation.acts.1,
            violation.acts.0
        ));
        out.push_str(
            &sources::rendered(&violation.diagnostics, &read).replace(LIVE_PATH, &sources::slashes(file)),
        );
        out.push_str(&format!(
            "  replay: smsim run {} --seed {}{}",
            scenario::shell_word(&sources::slashes(file)),
            violation.seed,
            args.config.option()
        ));
        out.push_str(match violation.invariant {
            Invariant::Determinism => " --check-determinism\n\n",
            Invariant::Consent | Invariant::Quota | Invariant::Session | Invariant::NothingLost => "\n\n",
        });
    }
    let coverage = &found.coverage;
    let of = if found.stopped {
        format!(" of {}, stopped", args.seeds)
    } else {
        String::new()
    };
    out.push_str(&format!(
        "Explored {} seeds{of}, {} lines; {} broken rules\n",
        found.seeds,
        coverage.lines,
        found.violations.len()
    ));
    for (what, counts) in covered(coverage) {
        let shown = counts
            .iter()
            .take(NAMES_TOLD_MAX)
            .map(|(name, count)| format!("{name} {count}"));
        let shown: Vec<String> = shown.collect();
        let more = match counts.len().saturating_sub(NAMES_TOLD_MAX) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        out.push_str(&format!("  {what:<9} {}{more}\n", shown.join(", ")));
    }
    out
}

/// The counts, each kind with the most frequent first.
fn covered(coverage: &Coverage) -> [(&'static str, Vec<(&str, u64)>); 5] {
    [
        ("acts", &coverage.acts),
        ("results", &coverage.results),
        ("keywords", &coverage.keywords),
        ("states", &coverage.states),
        ("decisions", &coverage.decisions),
    ]
    .map(|(what, counts)| {
        let mut counts: Vec<(&str, u64)> = counts
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        (what, counts)
    })
}

fn json_form(found: &Found) -> serde_json::Value {
    let violations = found.violations.iter().map(|(violation, file)| {
        json!({
            "invariant": violation.invariant.name(),
            "seed": violation.seed,
            "file": sources::slashes(file),
            "acts_drawn": violation.acts.0,
            "acts_left": violation.acts.1,
            "codes": violation.diagnostics.iter().map(|fault| fault.code.name()).collect::<Vec<_>>(),
        })
    });
    json!({
        "seeds": found.seeds,
        "stopped": found.stopped,
        "violations": violations.collect::<Vec<_>>(),
        "coverage": found.coverage,
    })
}
