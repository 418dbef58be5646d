//! Does an SMSC do what the specification says? A table of [`checks()`], each a few PDUs sent over a real connection and what
//! must come back; [`run`] performs them against any message centre.

mod check;
mod checks;
mod known;
mod link;
mod probe;
pub mod report;
mod storm;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use sms::{Address, Msisdn};

pub use check::Check;
pub use checks::checks;

use crate::clock::Stopwatch;
use crate::conform::probe::Probe;

/// The message centre, and what it lets this ESME do.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who binds.
    pub system_id: String,
    /// With which password.
    pub password: String,
    /// `system_type` of every bind.
    pub system_type: String,
    /// Who the texts are from; NULL for the account's own source.
    pub from: Address,
    /// A number that takes texts.
    pub to: Msisdn,
    /// An area that takes broadcasts, by name.
    pub area: String,
    /// A number whose texts fail for good.
    pub to_fail: Option<Msisdn>,
    /// A number whose phone is off: texts for it wait.
    pub to_absent: Option<Msisdn>,
    /// A number, a text for which makes the message centre unbind.
    pub to_unbind: Option<Msisdn>,
    /// How long an answer may take.
    pub patience: Duration,
    /// How long to be silent until the message centre asks with an `enquire_link`.
    pub idle: Option<Duration>,
}

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The message centre does what the specification says.
    Passed,
    /// It says in order that it does not offer this.
    NotSupported(String),
    /// It does something else.
    Failed(String),
    /// The check needs what the command line does not give.
    Skipped(&'static str),
}

/// What came of a check, and how long it took.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// What came of it; of all versions the first that is not passed.
    pub verdict: Verdict,
    /// How long it took on the machine.
    pub elapsed: Duration,
}

/// Performs a check with every version that it is for.
pub fn run(target: &Target, check: Check) -> Outcome {
    let stopwatch = Stopwatch::start();
    let verdict = match check.need.missing(target) {
        Some(what) => Verdict::Skipped(what),
        None => perform(target, &check),
    };
    Outcome {
        verdict,
        elapsed: stopwatch.elapsed(),
        check,
    }
}

fn perform(target: &Target, check: &Check) -> Verdict {
    let verdicts = check.versions.iter().map(|version| {
        let verdict = Probe::new(target, *version, check).perform();
        match verdict {
            Verdict::Failed(why) if check.versions.len() > 1 => {
                Verdict::Failed(format!("bound with interface_version {version:#04x}: {why}"))
            }
            other => other,
        }
    });
    let all: Vec<Verdict> = verdicts.collect();
    let is_failure = |verdict: &&Verdict| matches!(verdict, Verdict::Failed(_));
    let is_less = |verdict: &&Verdict| **verdict != Verdict::Passed;
    let worst = all.iter().find(is_failure).or_else(|| all.iter().find(is_less));
    worst.cloned().unwrap_or(Verdict::Passed)
}
