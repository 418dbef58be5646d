//! Each `test` of each file in `tests/scenarios` and its folders is one test here, by its name; each is played twice, and the records of
//! both times must be the same to the byte.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use scenario::cases::{Case, cases};
use support::top;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = cases(scenario_files(), |path| std::fs::read_to_string(top().join(path)));
    let cases = cases.unwrap_or_else(|why| panic!("{why}"));
    let trial = |case: Case| Trial::test(case.name(), move || Ok(case.play()?));
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit_code()
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
