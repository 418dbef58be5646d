//! The report of the Test Anything Protocol, version 14.

use std::fmt::Write as _;

use serde_json::Value;

use crate::diagnostics::NoteKind;
use crate::report::{RunReport, TestReport};
use crate::source::{Sources, place};

/// The whole report.
pub fn render_run(report: &RunReport, sources: &Sources) -> String {
    let tests = report.tests.iter().enumerate();
    head(report.tests.len())
        + &tests
            .map(|(index, test)| test_point(index + 1, test, sources))
            .collect::<String>()
}

/// The version and the plan.
pub fn head(tests: usize) -> String {
    format!("TAP version 14\n1..{tests}\n")
}

/// The line of a test, and what is wrong with it as a YAML block. `number` counts from 1.
pub fn test_point(number: usize, test: &TestReport, sources: &Sources) -> String {
    let word = if test.passed() { "ok" } else { "not ok" };
    let mut out = format!(
        "{word} {number} - {}\n",
        described(&format!("{}: {}", test.group(), test.name))
    );
    let Some((first, others)) = test.diagnostics.split_first() else {
        return out;
    };
    let severity = if first.is_error() { "fail" } else { "comment" };
    // Writing to a String cannot fail. JSON scalars are YAML scalars.
    let _ = write!(
        out,
        "  ---\n  message: {}\n  severity: {severity}\n  code: {}\n",
        Value::from(first.message.as_str()),
        first.code.name()
    );
    if let Some(label) = &first.primary {
        let at = place(sources.text(&label.path).unwrap_or_default(), label.span.start);
        let _ = write!(
            out,
            "  at:\n    file: {}\n    line: {}\n    column: {}\n",
            Value::from(label.path.as_str()),
            at.line,
            at.column
        );
    }
    let reasons = first.notes.iter().filter(|note| note.kind == NoteKind::Why);
    let reasons: Vec<_> = reasons.map(|note| note.text.as_str()).collect();
    if !reasons.is_empty() {
        let _ = writeln!(out, "  why: {}", Value::from(reasons));
    }
    let _ = write!(out, "  seed: {}\n  ...\n", test.seed);
    for other in others {
        let _ = writeln!(out, "# also {}: {}", other.code.name(), described(&other.message));
    }
    out
}

/// A description on one line; `#` would begin a directive.
fn described(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
