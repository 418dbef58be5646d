//! The report that machines read: one JSON object a line.

use serde_json::{Value, json};

use crate::diagnostics::{Diagnostic, Label};
use crate::report::{RunReport, TestReport};
use crate::source::{Sources, place};

/// The whole report, of tests whose records were hashed: a line for each test, and one for the run.
pub fn render_run(report: &RunReport, sources: &Sources) -> String {
    let tests = report.tests.iter().map(|test| test_line(test, sources));
    tests
        .chain([summary_line(report)])
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What came of a test.
pub fn test_line(test: &TestReport, sources: &Sources) -> Value {
    json!({
        "event": "test",
        "path": test.path,
        "line": test.line,
        "name": test.name,
        "tags": test.tags,
        "passed": test.passed(),
        "seed": test.seed,
        "virtual_ms": millis(test.virtual_time),
        "elapsed_ms": test.elapsed.map(|elapsed| elapsed.as_secs_f64() * 1e3),
        "records": test.records,
        "records_hash": test.records_hash.map(|hash| format!("{hash:016x}")),
        "diagnostics": test.diagnostics.iter().map(|diagnostic| diagnostic_value(diagnostic, sources)).collect::<Vec<_>>(),
    })
}

/// What came of the run.
pub fn summary_line(report: &RunReport) -> Value {
    json!({
        "event": "summary",
        "files": report.files,
        "tests": report.tests.len(),
        "passed": report.tests.len() - report.failed(),
        "failed": report.failed(),
        "virtual_ms": millis(report.virtual_time()),
        "elapsed_ms": report.elapsed.map(|elapsed| elapsed.as_secs_f64() * 1e3),
    })
}

/// Something wrong, with its place in lines and columns from 1.
pub fn diagnostic_value(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "code": diagnostic.code.name(),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "at": diagnostic.primary.as_ref().map(|label| label_value(label, sources)),
        "also": diagnostic.secondary.iter().map(|label| label_value(label, sources)).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
    })
}

fn label_value(label: &Label, sources: &Sources) -> Value {
    let text = sources.text(&label.path).unwrap_or_default();
    let (start, end) = (place(text, label.span.start), place(text, label.span.end));
    json!({
        "path": label.path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "text": label.text,
    })
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::syntax::Span;

    #[test]
    fn each_line_is_an_object() {
        let mut sources = Sources::new();
        sources.insert("a.sms", "x\n  wait 5\n");
        let diagnostic = Diagnostic::new(Code::E041, "a.sms", Span::new(9, 10), "bare").help("write 5s");
        assert_eq!(
            diagnostic_value(&diagnostic, &sources).to_string(),
            r#"{"code":"E041","severity":"error","message":"bare","at":{"path":"a.sms","line":2,"column":8,"end_line":2,"end_column":9,"text":""},"also":[],"notes":[{"kind":"help","text":"write 5s"}]}"#
        );
        let lines = render_run(&RunReport::default(), &sources);
        let summary: Value = serde_json::from_str(lines.trim_end()).expect("JSON");
        assert_eq!(summary["tests"], 0);
    }
}
