//! The report that people open in a browser, as the data of the page that draws it: each test with its world and its records.

use serde_json::{Value, json};

use crate::diagnostics::{Colour, render_all};
use crate::report::{RunReport, TestReport};
use crate::source::Sources;

/// The whole report. The tests were played with their traces kept.
pub fn run_data(report: &RunReport, sources: &Sources) -> Value {
    let failed = report.failed();
    json!({
        "live": false,
        "title": format!("{} passed, {failed} failed", report.tests.len() - failed),
        "sections": report.tests.iter().map(|test| section(test, sources)).collect::<Vec<_>>(),
    })
}

fn section(test: &TestReport, sources: &Sources) -> Value {
    let faults =
        (!test.diagnostics.is_empty()).then(|| render_all(&test.diagnostics, sources, Colour::Never));
    let trace = test.trace.as_ref();
    json!({
        "title": format!("{}: {}", test.group(), test.name),
        "path": test.path,
        "line": test.line,
        "passed": test.passed(),
        "virtual_ms": u64::try_from(test.virtual_time.as_millis()).unwrap_or(u64::MAX),
        "faults": faults,
        "world": trace.map(|trace| &trace.world),
        "records": trace.map_or(&[][..], |trace| &trace.records),
        "left_out": trace.map_or(0, |trace| trace.left_out),
    })
}
