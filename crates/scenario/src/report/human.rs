//! The report that people read.

use std::fmt::Write as _;
use std::time::Duration;

use crate::diagnostics::{Colour, Paint, render_all};
use crate::report::{RunReport, TestReport, length};
use crate::source::Sources;

/// The whole report, each line ended.
pub fn render_run(report: &RunReport, sources: &Sources, colour: Colour) -> String {
    let mut out = head(report.files, report.tests.len(), colour);
    let groups = report
        .tests
        .iter()
        .map(|test| test.group().chars().count())
        .max()
        .unwrap_or(0);
    for test in &report.tests {
        out.push_str(&render_test(test, groups, sources, colour));
    }
    out + &summary(report, colour)
}

/// `Checked 5 files, 14 tests`.
pub fn head(files: usize, tests: usize, colour: Colour) -> String {
    format!(
        "{} {}, {}\n",
        colour.paint(Paint::Green, "    Checked"),
        counted(files, "file"),
        counted(tests, "test")
    )
}

/// A line of its own among those of a run: `word`, in their column, and what it says.
pub fn line(word: &str, rest: &str, colour: Colour) -> String {
    format!("{} {rest}\n", colour.paint(Paint::Green, &format!("{word:>12}")))
}

/// The line of a test, and what is wrong with it. Groups are padded to `group_chars`.
pub fn render_test(test: &TestReport, group_chars: usize, sources: &Sources, colour: Colour) -> String {
    let (word, paint) = if test.passed() {
        ("PASS", Paint::Green)
    } else {
        ("FAIL", Paint::Red)
    };
    let elapsed = test.elapsed.map_or_else(|| "-".to_owned(), millis);
    let mut out = format!(
        "        {} [{elapsed:>8} | virtual {:>6}] {:group_chars$}  {}\n",
        colour.paint(paint, word),
        length(test.virtual_time),
        test.group(),
        own_name(test)
    );
    out.push_str(&render_all(&test.diagnostics, sources, colour));
    if !test.passed() {
        let lanes = test.lanes.render();
        let gap = if lanes.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{lanes}");
    }
    out
}

/// `Summary [ 0.012s | virtual 4d 22h] 14 tests: 13 passed, 1 failed`.
pub fn summary(report: &RunReport, colour: Colour) -> String {
    let failed = report.failed();
    let elapsed = report.elapsed.map_or_else(
        || "-".to_owned(),
        |elapsed| format!("{:.3}s", elapsed.as_secs_f64()),
    );
    let paint = if failed == 0 { Paint::Green } else { Paint::Red };
    format!(
        "{} [{elapsed:>7} | virtual {}] {}: {} passed, {failed} failed\n",
        colour.paint(paint, "     Summary"),
        length(report.virtual_time()),
        counted(report.tests.len(), "test"),
        report.tests.len() - failed
    )
}

/// The name of a test, without its group where it begins with it (`quota: ...` in `quota.sms`).
fn own_name(test: &TestReport) -> &str {
    let group = test.group();
    match test.name.split_once(": ") {
        Some((word, rest)) if word.starts_with(group) || group.starts_with(word) => rest,
        _ => &test.name,
    }
}

fn millis(elapsed: Duration) -> String {
    format!("{:.1}ms", elapsed.as_secs_f64() * 1e3)
}

/// `1 test`, `14 tests`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, Diagnostic};
    use crate::syntax::Span;

    fn test(name: &str) -> TestReport {
        TestReport {
            path: "tests/scenarios/quota.sms".to_owned(),
            line: 3,
            name: name.to_owned(),
            tags: Vec::new(),
            seed: 7,
            diagnostics: Vec::new(),
            virtual_time: Duration::from_secs(36_060),
            elapsed: Some(Duration::from_micros(400)),
            records: 10,
            records_hash: None,
            lanes: Default::default(),
            trace: None,
            pdus: None,
        }
    }

    #[test]
    fn the_report_is_laid_out_as_documented() {
        let mut failed = test("Stop");
        failed.virtual_time = Duration::from_secs(2);
        failed.elapsed = None;
        let mut sources = Sources::new();
        sources.insert("tests/scenarios/quota.sms", "one\n");
        failed.diagnostics.push(Diagnostic::new(
            Code::E200,
            "tests/scenarios/quota.sms",
            Span::new(0, 3),
            "other",
        ));
        let report = RunReport {
            files: 5,
            tests: vec![test("quota: two texts a day"), failed],
            elapsed: Some(Duration::from_millis(12)),
        };
        assert_eq!(
            render_run(&report, &sources, Colour::Never),
            "    Checked 5 files, 2 tests\n\
             \x20       PASS [   0.4ms | virtual 10h01m] quota  two texts a day\n\
             \x20       FAIL [       - | virtual   2.0s] quota  Stop\n\
             error[E200]: other\n --> tests/scenarios/quota.sms:1:1\n  |\n1 | one\n  | ^^^\n\n\
             \x20    Summary [ 0.012s | virtual 10h01m] 2 tests: 1 passed, 1 failed\n"
        );
    }
}
