//! Every limit of the reports and of `fill`: at the limit all is told, one more is left out.

use std::time::Duration;

use scenario::report::lanes::{LaneEvent, Lanes};
use scenario::report::mermaid::DIAGRAM_EVENTS_MAX;
use scenario::report::trace::TRACE_RECORDS_MAX;
use scenario::report::{TestReport, github, mermaid};
use scenario::{Code, Diagnostic, FILLED_LINES_MAX, Rules, RunReport, Runner, Sources};

fn test(name: &str, failed: bool) -> TestReport {
    TestReport {
        path: "a.sms".to_owned(),
        line: 1,
        name: name.to_owned(),
        tags: Vec::new(),
        seed: 7,
        diagnostics: failed
            .then(|| Diagnostic::without_place(Code::E200, "another text"))
            .into_iter()
            .collect(),
        virtual_time: Duration::ZERO,
        elapsed: None,
        records: 0,
        records_hash: None,
        lanes: Lanes::default(),
        trace: None,
        pdus: None,
    }
}

fn run(tests: usize, failed: bool) -> RunReport {
    RunReport {
        files: 1,
        tests: (0..tests).map(|n| test(&format!("t{n}"), failed)).collect(),
        elapsed: None,
    }
}

#[test]
fn a_summary_lists_so_many_tests_and_tells_so_many_failures() {
    let sources = Sources::new();
    for (tests, listed) in [
        (github::TESTS_LISTED_MAX, github::TESTS_LISTED_MAX),
        (github::TESTS_LISTED_MAX + 1, github::TESTS_LISTED_MAX),
    ] {
        let told = github::step_summary(&run(tests, false), &sources);
        assert_eq!(told.matches("| ✅ |").count(), listed);
    }
    for (tests, told) in [
        (github::FAILURES_TOLD_MAX, github::FAILURES_TOLD_MAX),
        (github::FAILURES_TOLD_MAX + 1, github::FAILURES_TOLD_MAX),
    ] {
        let summary = github::step_summary(&run(tests, true), &sources);
        assert_eq!(summary.matches("\n### ").count(), told);
    }
}

#[test]
fn so_many_annotations_are_written_errors_first() {
    let sources = Sources::new();
    let warning = Diagnostic::without_place(Code::E190, "never read");
    let error = Diagnostic::without_place(Code::E200, "another text");
    let faults = |errors: usize| {
        let mut faults = vec![warning.clone()];
        faults.extend(vec![error.clone(); errors]);
        faults
    };
    let lines = |errors| {
        let told = github::annotations(faults(errors).iter(), &sources);
        (
            told.matches("::error ").count(),
            told.matches("::warning ").count(),
        )
    };
    let max = github::ANNOTATIONS_MAX;
    assert_eq!(lines(max - 1), (max - 1, 1));
    assert_eq!(lines(max), (max, 0));
    assert_eq!(lines(max + 1), (max, 0));
}

#[test]
fn a_diagram_shows_the_last_events() {
    for (events, shown) in [
        (DIAGRAM_EVENTS_MAX, DIAGRAM_EVENTS_MAX),
        (DIAGRAM_EVENTS_MAX + 1, DIAGRAM_EVENTS_MAX),
    ] {
        let mut report = test("t", false);
        report.lanes.events = (0..events)
            .map(|n| LaneEvent {
                seq: n as u64,
                at: report.lanes.start,
                actor: "alice".to_owned(),
                text: format!("> \"{n}\""),
            })
            .collect();
        assert_eq!(mermaid::render_test(&report).matches("->>").count(), shown);
    }
}

#[test]
fn seeds_that_fail_are_told_up_to_ten() {
    for (failed, told) in [(10, "9, 10"), (11, "9, 10, ...")] {
        let mut report = test("t", true);
        report.fails_with_seeds(&(1..=failed).collect::<Vec<_>>(), 20);
        let note = &report.diagnostics[0].notes[0].text;
        assert!(note.ends_with(told), "{note}");
    }
}

const WORLD: &str = "carrier att\nuser alice +14155550101 on att\nuser bob +14155550102 on att\n\n";

fn sources(test: &str) -> Sources {
    let mut sources = Sources::new();
    sources.insert("a.sms", format!("{WORLD}test \"x\":\n{test}"));
    sources
}

#[test]
fn a_trace_keeps_the_first_records() {
    let kept = |texts: usize| {
        let sources = sources(&format!(
            "  ignore bob\n  repeat {texts}:\n    alice > \"Hi\", to +14155550102\n    wait 10s\n"
        ));
        let script = scenario::load(&sources, "a.sms").expect("the file is right");
        let mut runner = Runner::new(&sources, &script).expect("a world");
        runner.keep_trace();
        let test = runner.tests().next().expect("a test");
        let report = runner.run(test, scenario::RunOptions::default());
        assert!(report.passed(), "{:?}", report.diagnostics);
        let trace = report.trace.expect("it was asked for");
        assert_eq!((trace.records.len() + trace.left_out) as u64, report.records);
        assert_eq!(trace.records[0]["seq"], 0, "the first ones");
        trace.records.len()
    };
    assert!(kept(10) < TRACE_RECORDS_MAX);
    assert_eq!(kept(TRACE_RECORDS_MAX / 2), TRACE_RECORDS_MAX);
}

#[test]
fn fill_writes_so_many_lines_for_a_test() {
    let filled = |texts: usize| {
        let half = texts / 2;
        let sends = |count| format!("  repeat {count}:\n    alice > \"Hi\", to +14155550102\n    wait 1s\n");
        let sources = sources(&format!("{}{}", sends(half), sends(texts - half)));
        scenario::fill(&sources, "a.sms", &Rules::default())
    };
    let text = filled(FILLED_LINES_MAX).expect("it is filled");
    assert_eq!(
        text.matches("bob < ").count() + text.matches("bob   < ").count(),
        FILLED_LINES_MAX
    );
    let faults = filled(FILLED_LINES_MAX + 1).expect_err("one line too many");
    assert_eq!(faults[0].code, Code::E017);
}
