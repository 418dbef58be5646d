//! `smsim convert`: scenarios for machines.

use std::path::PathBuf;

use clap::ValueEnum;
use scenario::{Sources, json_form};

use crate::cli::say;
use crate::exit::{Exit, Wrong};
use crate::sources;

/// Print a scenario in its other form: JSON for machines, .sms for people. Comments are no part of the JSON form.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim convert tests/scenarios/quota.sms --to json    the syntax tree, on stdout
  smsim convert quota.json --to sms                    the scenario that it says
  smsim convert --schema                               the JSON Schema of the JSON form")]
pub struct Args {
    /// The scenario: JSON when its name ends in .json.
    #[arg(required_unless_present = "schema", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Which form to print.
    #[arg(long, value_enum, required_unless_present = "schema")]
    to: Option<Form>,
    /// Print the JSON Schema instead.
    #[arg(long, conflicts_with_all = ["file", "to"])]
    schema: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    /// The syntax tree as JSON.
    Json,
    /// A scenario in the canonical layout.
    Sms,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let (Some(file), Some(to)) = (&args.file, args.to) else {
        say(json_form::SCHEMA)?;
        return Ok(Exit::Ok);
    };
    let path = sources::slashes(file);
    let text = sources::read_scenario(file)?;
    let parsed = scenario::parse(&path, &text);
    if !parsed.diagnostics.is_empty() {
        let mut read = Sources::new();
        read.insert(path, text);
        eprint!("{}", sources::rendered(&parsed.diagnostics, &read));
        anyhow::bail!(Wrong("the file above is no scenario".to_owned()));
    }
    say(&match to {
        Form::Json => json_form::to_json(&parsed.file),
        Form::Sms => scenario::format(&parsed.file, &parsed.trivia),
    })?;
    Ok(Exit::Ok)
}
