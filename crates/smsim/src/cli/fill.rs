//! `smsim fill`: writes what a scenario leaves out.

use std::path::PathBuf;

use scenario::diagnostics::Class;

use crate::cli::say;
use crate::exit::Exit;
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Run a scenario's `>` lines and write the `<` lines and results that belong to them.
///
/// Lines that are there stay as they are, and so do comments. Sessions and numbers that later lines read become captures.
/// The result passes when it is run; a file whose own lines fail stays as it was. With CI set it refuses.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim fill --stdout tests/scenarios/quota.sms   print the filled scenario
  smsim fill new.sms                              fill the file itself")]
pub struct Args {
    /// Print the filled scenario and leave the file as it is.
    #[arg(long)]
    stdout: bool,
    #[command(flatten)]
    config: ConfigArgs,
    /// The scenario.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    sources::may_write("smsim fill", &args.file)?;
    let path = sources::slashes(&args.file);
    let rules = args.config.rules()?;
    let mut read = args.config.sources()?;
    // What its lines read may be bound by lines that are still to be written: faults are told by `fill` itself.
    if let Err(NotLoaded::Unreadable(error)) = sources::load(&mut read, &args.file) {
        return Err(error);
    }
    let text = read.text(&path).unwrap_or_default().to_owned();
    let filled = match scenario::fill(&read, &path, &rules) {
        Ok(filled) => filled,
        Err(faults) => {
            eprint!("{}", sources::rendered(&faults, &read));
            eprintln!("error: {path} was left as it is");
            let failed = faults
                .iter()
                .any(|fault| fault.code.class() == Class::Expectation);
            return Ok(if failed { Exit::Failed } else { Exit::Wrong });
        }
    };
    if args.stdout {
        say(&filled)?;
        return Ok(Exit::Ok);
    }
    // A line that only stands for what is missing goes.
    let open = text.lines().filter(|line| line.trim_start().starts_with("..."));
    let lines = (filled.lines().count() + open.count()).saturating_sub(text.lines().count());
    let written = if lines == 1 { "line" } else { "lines" };
    if filled != text {
        sources::write(&args.file, &filled)?;
    }
    say(&format!("{path}: {lines} {written} written\n"))?;
    Ok(Exit::Ok)
}
