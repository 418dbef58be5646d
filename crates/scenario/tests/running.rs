//! Tests that run: the example of the language, and every file of `tests/scenarios`.

use std::fs;
use std::path::{Path, PathBuf};

use scenario::report::human;
use scenario::{Colour, RunOptions, RunReport, Runner, Sources};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Reads `path` and what it uses, paths being relative to the top of the repository.
fn sources(path: &str) -> Sources {
    let mut sources = Sources::new();
    loop {
        let missing = scenario::missing(&sources, path);
        if missing.is_empty() {
            return sources;
        }
        for path in missing {
            let text =
                fs::read_to_string(top().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            sources.insert(path, text);
        }
    }
}

fn run(path: &str, options: RunOptions) -> (RunReport, String) {
    let sources = sources(path);
    let rendered = |faults: Vec<_>| scenario::render_all(&faults, &sources, Colour::Never);
    let script = scenario::load(&sources, path).unwrap_or_else(|faults| panic!("{}", rendered(faults)));
    let mut runner = Runner::new(&sources, &script).unwrap_or_else(|faults| panic!("{}", rendered(faults)));
    runner.hash_records();
    let tests = runner.tests().map(|test| runner.run(test, options)).collect();
    let report = RunReport {
        files: 1,
        tests,
        elapsed: None,
    };
    let told = human::render_run(&report, &sources, Colour::Never);
    (report, told)
}

#[test]
fn the_example_passes() {
    let (report, told) = run("crates/scenario/tests/good/example.sms", RunOptions::default());
    assert_eq!(report.failed(), 0, "{told}");
    assert_eq!(report.tests.len(), 6);
}

#[test]
fn everything_that_the_runner_does_passes_once() {
    let (report, told) = run("crates/scenario/tests/good/running.sms", RunOptions::default());
    assert_eq!(report.failed(), 0, "{told}");
}

#[test]
fn every_scenario_passes() {
    let mut names: Vec<String> = fs::read_dir(top().join("tests/scenarios"))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".sms"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let failed: Vec<_> = names
        .iter()
        .map(|name| run(&format!("tests/scenarios/{name}"), RunOptions::default()))
        .filter(|(report, _)| report.failed() > 0)
        .map(|(_, told)| told)
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_records_and_another_one_may_not() {
    let path = "crates/scenario/tests/good/example.sms";
    let hashes = |seed| -> Vec<Option<u64>> {
        run(path, RunOptions { seed: Some(seed) })
            .0
            .tests
            .iter()
            .map(|test| test.records_hash)
            .collect()
    };
    assert!(hashes(7).iter().all(Option::is_some));
    assert_eq!(hashes(7), hashes(7));
    assert_ne!(hashes(7), hashes(8), "session keys are drawn from the seed");
}
