//! `smsim check`: are the files well written, without running them?

use std::path::PathBuf;

use scenario::Sources;

use crate::exit::{Exit, Wrong};
use crate::sources;

/// Check scenario files without running them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim check tests/scenarios            what is wrong with them
  smsim check --strict tests/scenarios   and what is worth a look")]
pub struct Args {
    /// Warnings are faults too.
    #[arg(long)]
    strict: bool,
    /// Files, and folders in which every .sms file is checked.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let files = sources::scenario_files(&args.paths)?;
    anyhow::ensure!(
        !files.is_empty(),
        Wrong("no .sms file in what was named".to_owned())
    );
    let mut faulty = 0;
    for file in &files {
        let mut read = Sources::new();
        let diagnostics = match sources::load(&mut read, file) {
            Ok(script) => {
                faulty += usize::from(args.strict && !script.warnings.is_empty());
                script.warnings
            }
            Err(sources::NotLoaded::Faults(faults)) => {
                faulty += 1;
                faults
            }
            Err(sources::NotLoaded::Unreadable(error)) => return Err(error),
        };
        eprint!("{}", sources::rendered(&diagnostics, &read));
    }
    super::say(&format!("Checked {} files, {faulty} with faults\n", files.len()))?;
    Ok(if faulty == 0 { Exit::Ok } else { Exit::Wrong })
}
