//! `smsim mutants`: do the tests notice when they are wrong?

use std::path::PathBuf;

use crate::exit::{Exit, Wrong};
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Change scenarios in one place at a time and see whether a test then fails; list the changes that nothing noticed.
///
/// Each expectation is changed, and deleted where that can be noticed; each code is removed; each wait is moved across its
/// border. The files stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smsim mutants tests/scenarios")]
pub struct Args {
    /// Fail when fewer than so many of a hundred changes are noticed.
    #[arg(long, value_name = "PERCENT", default_value_t = 95, value_parser = clap::value_parser!(u64).range(0..=100))]
    at_least: u64,
    #[command(flatten)]
    config: ConfigArgs,
    /// Files, and folders in which every .sms file is meant.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let rules = args.config.rules()?;
    let (mut all, mut killed) = (0_u64, 0_u64);
    for file in sources::scenario_files(&args.paths)? {
        let path = sources::slashes(&file);
        let mut read = args.config.sources()?;
        match sources::load(&mut read, &file) {
            Ok(_) => {}
            Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        }
        let mutants = match scenario::mutants(&read, &path, &rules) {
            Ok(mutants) => mutants,
            Err(faults) => {
                eprint!("{}", sources::rendered(&faults, &read));
                eprintln!("error: {path} fails as it stands");
                return Ok(Exit::Failed);
            }
        };
        for mutant in &mutants {
            all += 1;
            killed += u64::from(mutant.killed);
            if !mutant.killed {
                super::say(&format!(
                    "{path}:{}: {}: {}\n",
                    mutant.line, mutant.what, mutant.text
                ))?;
            }
        }
    }
    anyhow::ensure!(all > 0, Wrong("nothing in these files can be changed".to_owned()));
    #[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
    let share = killed as f64 * 100.0 / all as f64;
    super::say(&format!("{all} mutants, {killed} killed ({share:.1} %)\n"))?;
    Ok(if killed * 100 >= all * args.at_least {
        Exit::Ok
    } else {
        Exit::Failed
    })
}
