//! Each `test` of each file in `tests/scenarios` and its folders is one test here, by its name; each is played twice, and the records of
//! both times must be the same to the byte.

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use scenario::{Colour, RunOptions, Runner, Sources};
use support::top;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = scenario_files()
        .into_iter()
        .flat_map(|path| trials(&path))
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The paths of the scenario files, from the top of the repository.
fn scenario_files() -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec!["tests/scenarios".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(top().join(&folder)).expect("the folder is there") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            let path = format!("{folder}/{name}");
            if entry.file_type().expect("a type").is_dir() {
                folders.push(path);
            } else if name.ends_with(".sms") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(!paths.is_empty(), "there are scenario files");
    paths
}

fn trials(path: &str) -> Vec<Trial> {
    let sources = sources(path);
    let script =
        scenario::load(&sources, path).unwrap_or_else(|faults| panic!("{}", told(&faults, &sources)));
    assert!(script.warnings.is_empty(), "{}", told(&script.warnings, &sources));
    let names: Vec<String> = script.tests().map(|test| test.name.node.clone()).collect();
    let group = Path::new(path)
        .file_stem()
        .expect("a file")
        .to_string_lossy()
        .into_owned();
    let trial = |(index, name): (usize, String)| {
        let path = path.to_owned();
        Trial::test(format!("{group}::{name}"), move || play(&path, index))
    };
    names.into_iter().enumerate().map(trial).collect()
}

/// Plays the test with that place in its file, twice.
fn play(path: &str, index: usize) -> Result<(), Failed> {
    let sources = sources(path);
    let script = scenario::load(&sources, path).map_err(|faults| told(&faults, &sources))?;
    let runner = Runner::new(&sources, &script).map_err(|faults| told(&faults, &sources))?;
    let test = runner.tests().nth(index).expect("the test was there");
    let (one, two) = (
        runner.run(test, RunOptions::default()),
        runner.run(test, RunOptions::default()),
    );
    if !one.passed() {
        return Err(told(&one.diagnostics, &sources).into());
    }
    if (one.records, one.records_hash) != (two.records, two.records_hash) {
        return Err(format!("two runs with seed {} gave different records", one.seed).into());
    }
    Ok(())
}

fn told(diagnostics: &[scenario::Diagnostic], sources: &Sources) -> String {
    scenario::render_all(diagnostics, sources, Colour::Never)
}

/// The file and what it uses.
fn sources(path: &str) -> Sources {
    let mut sources = Sources::new();
    loop {
        let missing = scenario::missing(&sources, path);
        if missing.is_empty() {
            return sources;
        }
        for path in missing {
            let text =
                std::fs::read_to_string(top().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            sources.insert(path, text);
        }
    }
}
