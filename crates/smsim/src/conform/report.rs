//! How the outcomes of checks are told: to people, and to machines as JSON or JUnit XML.

use std::fmt::Write;

use serde_json::json;

use crate::conform::{Outcome, Verdict};

/// How many checks ended in which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Passed.
    pub passed: usize,
    /// Not supported, in order.
    pub not_supported: usize,
    /// Failed.
    pub failed: usize,
    /// Not performed.
    pub skipped: usize,
}

impl Tally {
    /// The sums over all outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            *match outcome.verdict {
                Verdict::Passed => &mut tally.passed,
                Verdict::NotSupported(_) => &mut tally.not_supported,
                Verdict::Failed(_) => &mut tally.failed,
                Verdict::Skipped(_) => &mut tally.skipped,
            } += 1;
        }
        tally
    }
}

/// A line about a check, for people.
pub fn line(outcome: &Outcome) -> String {
    let check = &outcome.check;
    let told = |mark: &str, more: &str| {
        format!(
            "  {mark:<4} {:<26} {} [{}]{more}\n",
            check.id, check.fact, check.section
        )
    };
    match &outcome.verdict {
        Verdict::Passed => told("ok", ""),
        Verdict::NotSupported(how) => told("--", &format!("\n       not supported: {how}")),
        Verdict::Failed(why) => told("FAIL", &format!("\n       {why}")),
        Verdict::Skipped(why) => told("skip", &format!("\n       {why}")),
    }
}

/// The last line, for people.
pub fn summary(outcomes: &[Outcome]) -> String {
    let Tally {
        passed,
        not_supported,
        failed,
        skipped,
    } = Tally::of(outcomes);
    format!(
        "{} checks: {passed} passed, {not_supported} not supported, {failed} failed, {skipped} skipped\n",
        outcomes.len()
    )
}

/// A JSON object about a check, on a line.
pub fn json_line(outcome: &Outcome) -> String {
    let (verdict, detail) = words(&outcome.verdict);
    let check = &outcome.check;
    let line = json!({
        "event": "check",
        "id": check.id,
        "section": check.section,
        "fact": check.fact,
        "versions": check.versions_told(),
        "verdict": verdict,
        "detail": detail,
        "elapsed_ms": outcome.elapsed.as_secs_f64() * 1_000.0,
    });
    format!("{line}\n")
}

/// The last JSON object, on a line.
pub fn json_summary(outcomes: &[Outcome]) -> String {
    let tally = Tally::of(outcomes);
    let line = json!({
        "event": "summary",
        "checks": outcomes.len(),
        "passed": tally.passed,
        "not_supported": tally.not_supported,
        "failed": tally.failed,
        "skipped": tally.skipped,
    });
    format!("{line}\n")
}

/// All of it as JUnit XML; what is not supported counts as skipped.
pub fn junit(outcomes: &[Outcome]) -> String {
    let tally = Tally::of(outcomes);
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.elapsed.as_secs_f64()).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"SMPP conformance\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\">",
        outcomes.len(),
        tally.failed,
        tally.skipped + tally.not_supported
    );
    for outcome in outcomes {
        let check = &outcome.check;
        let (verdict, detail) = words(&outcome.verdict);
        let _ = write!(
            xml,
            "  <testcase classname=\"{}\" name=\"{}: {}\" time=\"{:.3}\"",
            escaped(check.section),
            check.id,
            escaped(check.fact),
            outcome.elapsed.as_secs_f64()
        );
        let element = match outcome.verdict {
            Verdict::Passed => None,
            Verdict::Failed(_) => Some(("failure", format!(" type=\"{}\"", check.id))),
            Verdict::NotSupported(_) | Verdict::Skipped(_) => Some(("skipped", String::new())),
        };
        let _ = match element {
            None => writeln!(xml, "/>"),
            Some((element, kind)) => {
                let message = escaped(&format!("{verdict}: {detail}"));
                writeln!(xml, "><{element}{kind} message=\"{message}\"/></testcase>")
            }
        };
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn words(verdict: &Verdict) -> (&'static str, &str) {
    match verdict {
        Verdict::Passed => ("passed", ""),
        Verdict::NotSupported(how) => ("not_supported", how),
        Verdict::Failed(why) => ("failed", why),
        Verdict::Skipped(why) => ("skipped", why),
    }
}

/// A text as an XML attribute holds it; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !character.is_control()) {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            other => xml.push(other),
        }
    }
    xml
}
