//! Every failure message: each `tests/failing/NAME.sms` says what stands beside it in `NAME.stderr`.
//!
//! With `UPDATE_GOLDEN=1` in the environment the second files are written anew; a person then reads the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rest::{CallbackRequest, Response};
use scenario::diagnostics::{Class, NoteKind};
use scenario::outside::{Arrived, Outside, OutsideCall};
use scenario::report::{TestReport, human};
use scenario::syntax::{Spanned, Test};
use scenario::{Code, Colour, Diagnostic, RunOptions, RunReport, Runner, Sources};
use world::io::CallbackId;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failing")
}

/// The scenarios, by name.
fn scenarios() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name in UTF-8")
        })
        .filter_map(|name| name.strip_suffix(".sms").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What is wrong with a scenario of the folder.
fn diagnostics(name: &str, sources: &mut Sources) -> Vec<Diagnostic> {
    let path = format!("tests/failing/{name}.sms");
    let text = fs::read_to_string(folder().join(format!("{name}.sms"))).expect("a scenario");
    sources.insert(path.clone(), text);
    for name in ["wrong_key", "wrong_value", "wrong_syntax"] {
        let file = format!("carriers/{name}.toml");
        let text = fs::read_to_string(folder().join(&file)).expect("a profile");
        sources.insert_profile(name, format!("tests/failing/{file}"), text);
    }
    match scenario::load(sources, &path) {
        Err(diagnostics) => diagnostics,
        Ok(script) => script.warnings,
    }
}

/// What is said about a scenario of the folder: what is wrong with the file, or what came of its tests.
fn said(name: &str) -> (String, BTreeSet<Code>) {
    let mut sources = Sources::new();
    let faults = diagnostics(name, &mut sources);
    let path = format!("tests/failing/{name}.sms");
    let codes = |faults: &[Diagnostic]| faults.iter().map(|fault| fault.code).collect();
    let script = match scenario::load(&sources, &path) {
        Ok(script) if faults.is_empty() => script,
        _ => {
            return (
                scenario::render_all(&faults, &sources, Colour::Never),
                codes(&faults),
            );
        }
    };
    let mut runner = match Runner::new(&sources, &script) {
        Ok(runner) => runner,
        Err(faults) => {
            return (
                scenario::render_all(&faults, &sources, Colour::Never),
                codes(&faults),
            );
        }
    };
    if name.starts_with("twice_") {
        runner.hash_records();
    }
    let tests: Vec<_> = runner.tests().map(|test| play(name, &runner, test)).collect();
    let faults: Vec<_> = tests.iter().flat_map(|test| test.diagnostics.clone()).collect();
    let report = RunReport {
        files: 1,
        tests,
        elapsed: None,
    };
    (
        human::render_run(&report, &sources, Colour::Never),
        codes(&faults),
    )
}

/// Plays one test. Files named `held_` meet a real app that never answers; those named `twice_` are compared with a run of
/// another seed, as if the simulator were not the same twice.
fn play(name: &str, runner: &Runner, test: &Spanned<Test>) -> TestReport {
    if name.starts_with("held_") {
        return runner.run_with(test, RunOptions::default(), Some(&mut Mute), None);
    }
    let mut report = runner.run(test, RunOptions::default());
    if name.starts_with("twice_") {
        let again = runner.run(
            test,
            RunOptions {
                seed: Some(report.seed + 1),
            },
        );
        report.compare(&again);
    }
    report
}

/// A way to real apps that never say a word.
struct Mute;

impl Outside for Mute {
    fn post(&mut self, _: CallbackId, _: &CallbackRequest) {}

    fn wait(&mut self) -> Option<Arrived> {
        None
    }

    fn reply(&mut self, _: OutsideCall, _: &Response) {}
}

#[test]
fn every_failure_says_what_stands_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for name in scenarios() {
        let (said, codes) = said(&name);
        if codes.is_empty() {
            wrong.push(format!("{name}: nothing is wrong with it"));
        }
        let golden = folder().join(format!("{name}.stderr"));
        if update {
            fs::write(&golden, &said).expect("the folder can be written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{name}: expected\n{expected}\nbut it says\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_fault_of_a_file_says_what_would_be_right() {
    for name in scenarios() {
        for fault in diagnostics(&name, &mut Sources::new()) {
            let label = fault.primary.as_ref().is_some_and(|label| !label.text.is_empty());
            let help = fault.notes.iter().any(|note| note.kind == NoteKind::Help);
            let is_of_file = matches!(fault.code.class(), Class::Syntax | Class::Names);
            assert!(!is_of_file || label || help, "{name}: {fault:?}");
        }
    }
}

#[test]
fn every_code_has_a_golden_file() {
    // A world that never rests needs two parts that contradict each other, which none of ours do.
    let unreachable = [Code::E304];
    let seen: BTreeSet<Code> = scenarios().iter().flat_map(|name| said(name).1).collect();
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !seen.contains(code) && !unreachable.contains(code))
        .collect();
    assert!(missing.is_empty(), "no golden file for {missing:?}");
}
