//! What GitHub Actions shows beside the source and on a run's page: annotations and a step summary.

use std::fmt::Write as _;

use crate::diagnostics::{Colour, Diagnostic, render};
use crate::report::escape::markdown;
use crate::report::{RunReport, length};
use crate::source::{Sources, place};

/// Annotations of one run, at most: GitHub shows no more of a step.
pub const ANNOTATIONS_MAX: usize = 10;
/// Tests that a summary lists, at most.
pub const TESTS_LISTED_MAX: usize = 1_000;
/// Failed tests that a summary tells in full, at most.
pub const FAILURES_TOLD_MAX: usize = 50;
/// Octets of what is told of one failed test in a summary, at most; GitHub takes a mebibyte in all.
const FAILURE_OCTETS_MAX: usize = 16 << 10;

/// Workflow commands that annotate the places of these faults, errors before warnings, at most [`ANNOTATIONS_MAX`].
pub fn annotations<'d>(faults: impl Iterator<Item = &'d Diagnostic>, sources: &Sources) -> String {
    let (errors, warnings): (Vec<_>, Vec<_>) = faults.partition(|fault| fault.is_error());
    let told = errors.into_iter().chain(warnings).take(ANNOTATIONS_MAX);
    told.map(|fault| annotation(fault, sources)).collect()
}

fn annotation(fault: &Diagnostic, sources: &Sources) -> String {
    let word = if fault.is_error() { "error" } else { "warning" };
    let mut out = format!("::{word} title={}", property(fault.code.name()));
    if let Some(label) = &fault.primary {
        let text = sources.text(&label.path).unwrap_or_default();
        let (start, end) = (place(text, label.span.start), place(text, label.span.end));
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            ",file={},line={},endLine={},col={},endColumn={}",
            property(&label.path),
            start.line,
            end.line,
            start.column,
            end.column
        );
    }
    let notes: String = fault
        .notes
        .iter()
        .map(|note| format!("\n{}", note.text))
        .collect();
    let _ = writeln!(out, "::{}", data(&format!("{}{notes}", fault.message)));
    out
}

/// A run as Markdown, for the file that `GITHUB_STEP_SUMMARY` names.
pub fn step_summary(report: &RunReport, sources: &Sources) -> String {
    let failed = report.failed();
    let mut out = format!(
        "## Scenarios: {} passed, {failed} failed\n\n| | file | test | virtual time |\n|---|---|---|---|\n",
        report.tests.len() - failed
    );
    for test in report.tests.iter().take(TESTS_LISTED_MAX) {
        let sign = if test.passed() { "✅" } else { "❌" };
        let _ = writeln!(
            out,
            "| {sign} | {} | {} | {} |",
            markdown(test.group()),
            markdown(&test.name),
            length(test.virtual_time)
        );
    }
    for test in report
        .tests
        .iter()
        .filter(|test| !test.passed())
        .take(FAILURES_TOLD_MAX)
    {
        let told: Vec<_> = test
            .diagnostics
            .iter()
            .map(|fault| render(fault, sources, Colour::Never))
            .collect();
        let mut told = format!("{}\n{}", told.join("\n"), test.lanes.render());
        told.truncate(told.floor_char_boundary(FAILURE_OCTETS_MAX));
        // An indented block ends nowhere but with its indentation, whatever stands in it.
        let block: String = told.lines().map(|line| format!("    {line}\n")).collect();
        let _ = write!(out, "\n### {}\n\n{block}", markdown(&test.name));
    }
    out
}

/// A workflow command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A workflow command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
