//! `smsim fmt`: the one layout.

use std::path::PathBuf;

use scenario::Sources;

use crate::exit::{Exit, Wrong};
use crate::sources;

/// Lay scenario files out in the one canonical way; comments and empty lines stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim fmt --check tests/scenarios   name the files that are laid out differently
  smsim fmt tests/scenarios           lay them out")]
pub struct Args {
    /// Change nothing; name the files that would change, and exit with 1 when there are any.
    #[arg(long)]
    check: bool,
    /// Files, and folders in which every .sms file is meant.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let files = sources::scenario_files(&args.paths)?;
    anyhow::ensure!(
        !files.is_empty(),
        Wrong("no .sms file in what was named".to_owned())
    );
    let (mut faulty, mut changed) = (0, 0);
    for file in &files {
        let path = sources::slashes(file);
        let text = sources::read(file)?;
        let parsed = scenario::parse(&path, &text);
        if !parsed.diagnostics.is_empty() {
            faulty += 1;
            let mut read = Sources::new();
            read.insert(path, text);
            eprint!("{}", sources::rendered(&parsed.diagnostics, &read));
            continue;
        }
        let laid_out = scenario::format(&parsed.file, &parsed.trivia);
        if laid_out == text {
            continue;
        }
        anyhow::ensure!(
            scenario::parse(&path, &laid_out).file == parsed.file,
            "{path} would mean something else in the canonical layout; it was left as it is"
        );
        changed += 1;
        if args.check {
            super::say(&format!("{path}\n"))?;
        } else {
            sources::write(file, &laid_out)?;
        }
    }
    let done = if args.check { "to be changed" } else { "changed" };
    eprintln!("{} files, {changed} {done}, {faulty} with faults", files.len());
    Ok(match (faulty, changed) {
        (0, 0) => Exit::Ok,
        (0, _) if args.check => Exit::Failed,
        (0, _) => Exit::Ok,
        _ => Exit::Wrong,
    })
}
