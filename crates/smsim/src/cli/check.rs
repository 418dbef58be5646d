//! `smsim check`: are the files well written, without running them?

use std::path::PathBuf;

use scenario::{Diagnostic, Rules, Script};
use world::World;

use crate::exit::{Exit, Wrong};
use crate::rules::ConfigArgs;
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
    #[command(flatten)]
    config: ConfigArgs,
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
    let rules = args.config.rules()?;
    let mut faulty = 0;
    for file in &files {
        let mut read = args.config.sources()?;
        let diagnostics = match sources::load(&mut read, file) {
            Ok(script) => {
                let faults = world_faults(&script, &rules);
                faulty += usize::from(!faults.is_empty() || args.strict && !script.warnings.is_empty());
                script.warnings.into_iter().chain(faults).collect()
            }
            Err(sources::NotLoaded::Faults(faults)) => {
                faulty += 1;
                faults
            }
            Err(sources::NotLoaded::Unreadable(error)) => return Err(error),
        };
        eprint!("{}", sources::rendered(&diagnostics, &read));
    }
    let counted = if files.len() == 1 { "file" } else { "files" };
    super::say(&format!(
        "Checked {} {counted}, {faulty} with faults\n",
        files.len()
    ))?;
    Ok(if faulty == 0 { Exit::Ok } else { Exit::Wrong })
}

/// What keeps the declarations from making a world. A file that declares nothing is somebody's scenes, and makes none.
pub(crate) fn world_faults(script: &Script, rules: &Rules) -> Vec<Diagnostic> {
    match scenario::world_config_with(script, rules) {
        Err(faults) => faults,
        Ok(declared) => match World::new(declared.config) {
            Ok(_) => Vec::new(),
            Err(error) => vec![scenario::world_fault(script, &error)],
        },
    }
}
