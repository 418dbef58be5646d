//! The report that CI servers read: JUnit XML, one `testsuite` a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::diagnostics::{Colour, render_all};
use crate::report::escape::xml;
use crate::report::{RunReport, TestReport};
use crate::source::Sources;

/// The whole report, each line ended. Elements and attributes are those that Jenkins' schema `junit-10.xsd` allows.
pub fn render_run(report: &RunReport, sources: &Sources) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"smsim\" {} time=\"{}\">",
        counts(&report.tests.iter().collect::<Vec<_>>()),
        seconds(report.elapsed.unwrap_or_default())
    );
    for (path, tests) in suites(report) {
        let elapsed = tests.iter().filter_map(|test| test.elapsed).sum();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" {} skipped=\"0\" time=\"{}\">",
            xml(path),
            counts(&tests),
            seconds(elapsed)
        );
        for test in tests {
            case(&mut out, test, sources);
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

/// The tests by file, files in the order of their first test.
fn suites(report: &RunReport) -> Vec<(&str, Vec<&TestReport>)> {
    let mut suites: Vec<(&str, Vec<&TestReport>)> = Vec::new();
    let mut places = BTreeMap::new();
    for test in &report.tests {
        let place = *places.entry(test.path.as_str()).or_insert_with(|| {
            suites.push((&test.path, Vec::new()));
            suites.len() - 1
        });
        suites[place].1.push(test);
    }
    suites
}

/// A test whose environment failed is an error, any other that did not pass a failure.
fn counts(tests: &[&TestReport]) -> String {
    let errors = tests.iter().filter(|test| test.environment_failed()).count();
    let failed = tests.iter().filter(|test| !test.passed()).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{errors}\"",
        tests.len(),
        failed - errors
    )
}

fn case(out: &mut String, test: &TestReport, sources: &Sources) {
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{}\"",
        xml(&test.name),
        xml(test.group()),
        seconds(test.elapsed.unwrap_or_default())
    );
    let Some(first) = test.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) else {
        out.push_str("/>\n");
        return;
    };
    let element = if test.environment_failed() {
        "error"
    } else {
        "failure"
    };
    let told = render_all(&test.diagnostics, sources, Colour::Never);
    let _ = write!(
        out,
        ">\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
        first.code.name(),
        xml(&first.message),
        xml(&format!("{told}\n{}", test.lanes.render())).replace("&#10;", "\n")
    );
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}
