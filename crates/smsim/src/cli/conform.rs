//! `smsim conform`: does an SMSC do what the specification says?

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use sms::{Address, Msisdn};

use crate::cli::bench::address;
use crate::cli::say;
use crate::conform::report::{self, Tally};
use crate::conform::{Check, Outcome, Target, checks, run};
use crate::exit::{Exit, Wrong};

/// Check an SMSC over SMPP against the specification, ours or another.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim conform --target 127.0.0.1:2775 --system-id acme --password secret
  smsim conform --target 127.0.0.1:2775 --system-id acme --password secret --only window --only length-15
  smsim conform --list

Each check binds by itself. They send some 600 texts in all: only point them at an SMSC that is yours, and at a number that
may get them. What an SMSC says in order that it does not offer is not a failure.
Exit code 1 when a check fails.")]
pub struct Args {
    /// The SMSC.
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "list")]
    target: Option<String>,
    /// Who binds.
    #[arg(long, value_name = "TEXT", default_value = "smsim")]
    system_id: String,
    /// With which password.
    #[arg(long, value_name = "TEXT", default_value = "")]
    password: String,
    /// What kind of ESME every bind says that it is.
    #[arg(long, value_name = "TEXT", default_value = "")]
    system_type: String,
    /// From: a number, a short code, or letters. Without it NULL, for the account's own source, which not every SMSC takes.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    from: Option<Address>,
    /// To: a number that takes texts. Without it, one that every smsim has.
    #[arg(long, value_name = "NUMBER", default_value = "+19905550100")]
    to: Msisdn,
    /// An area for broadcasts, by name. Without it the digits of --to, which every smsim takes for an area.
    #[arg(long, value_name = "NAME")]
    area: Option<String>,
    /// A number whose texts fail for good, for the check of their receipts.
    #[arg(long, value_name = "NUMBER")]
    to_fail: Option<Msisdn>,
    /// A number whose phone is off, for the check of intermediate notifications.
    #[arg(long, value_name = "NUMBER")]
    to_absent: Option<Msisdn>,
    /// A number, a text for which makes the SMSC unbind.
    #[arg(long, value_name = "NUMBER")]
    to_unbind: Option<Msisdn>,
    /// How long an answer may take, in seconds.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    patience: u32,
    /// How long to be silent until the SMSC sends an enquire_link, in seconds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    idle: Option<u32>,
    /// Perform this check only; may be given again.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Show the checks and perform none.
    #[arg(long)]
    list: bool,
    /// How the outcomes are told.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How outcomes are told on stdout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
    /// JUnit XML, when everything has been checked.
    Junit,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let wanted = wanted(&args.only)?;
    if args.list {
        return list(&wanted);
    }
    let target = target(args)?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for check in wanted {
        let outcome = run(&target, check);
        match args.format {
            Format::Human => say(&report::line(&outcome))?,
            Format::Json => say(&report::json_line(&outcome))?,
            Format::Junit => {}
        }
        outcomes.push(outcome);
    }
    match args.format {
        Format::Human => say(&report::summary(&outcomes))?,
        Format::Json => say(&report::json_summary(&outcomes))?,
        Format::Junit => say(&report::junit(&outcomes))?,
    }
    Ok(if Tally::of(&outcomes).failed == 0 {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

fn list(wanted: &[Check]) -> anyhow::Result<Exit> {
    for check in wanted {
        let versions = check.versions_told();
        say(&format!(
            "{:<28} {versions:<12} {} [{}]\n",
            check.id, check.fact, check.section
        ))?;
    }
    Ok(Exit::Ok)
}

/// The checks that were asked for, in the order of the table.
fn wanted(only: &[String]) -> anyhow::Result<Vec<Check>> {
    let all = checks();
    for id in only {
        if !all.iter().any(|check| check.id == id) {
            let message = format!("no check is called {id:?}; smsim conform --list shows them all");
            return Err(Wrong(message).into());
        }
    }
    let is_wanted = |check: &Check| only.is_empty() || only.iter().any(|id| id == check.id);
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn target(args: &Args) -> anyhow::Result<Target> {
    let patience = Duration::from_secs(args.patience.into());
    let target = Target {
        address: reachable(args.target.as_deref().unwrap_or_default(), patience)?,
        system_id: args.system_id.clone(),
        password: args.password.clone(),
        system_type: args.system_type.clone(),
        from: args.from.clone().unwrap_or_default(),
        to: args.to,
        area: args
            .area
            .clone()
            .unwrap_or_else(|| args.to.address().digits.into()),
        to_fail: args.to_fail,
        to_absent: args.to_absent,
        to_unbind: args.to_unbind,
        patience,
        idle: args.idle.map(|seconds| Duration::from_secs(seconds.into())),
    };
    Ok(target)
}

/// The address of a target that can be connected to.
fn reachable(target: &str, timeout: Duration) -> anyhow::Result<SocketAddr> {
    let addresses = target
        .to_socket_addrs()
        .map_err(|error| Wrong(format!("--target {target} is no HOST:PORT: {error}")))?;
    let mut last = None;
    for address in addresses {
        match std::net::TcpStream::connect_timeout(&address, timeout) {
            Ok(_) => return Ok(address),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| anyhow::anyhow!("{target} has no address"), Into::into))
        .with_context(|| format!("cannot connect to {target}; is the SMSC running?"))
}
