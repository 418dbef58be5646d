//! The tests of scenario files as named cases of a test harness: [`cases`].
//!
//! With `libtest-mimic` they become tests of `cargo test` and nextest, one a `test`. This is the whole of a file that stands
//! under `[[test]]` with `harness = false`:
//!
//! ```no_run
//! # mod libtest_mimic {
//! #     pub struct Arguments; impl Arguments { pub fn from_args() -> Self { Self } }
//! #     pub struct Trial; impl Trial { pub fn test(_: String, _: impl FnOnce() -> Result<(), String>) -> Self { Self } }
//! #     pub struct Conclusion; impl Conclusion { pub fn exit(&self) {} }
//! #     pub fn run(_: &Arguments, _: Vec<Trial>) -> Conclusion { Conclusion }
//! # }
//! use libtest_mimic::{Arguments, Trial};
//!
//! fn main() {
//!     let files = ["tests/quota.sms", "tests/stop.sms"];
//!     let cases = scenario::cases::cases(files, |path| std::fs::read_to_string(path)).unwrap_or_else(|why| panic!("{why}"));
//!     let trial = |case: scenario::cases::Case| Trial::test(case.name(), move || Ok(case.play()?));
//!     libtest_mimic::run(&Arguments::from_args(), cases.into_iter().map(trial).collect()).exit();
//! }
//! ```

use std::fmt::Display;
use std::sync::Arc;

use crate::diagnostics::{Colour, Diagnostic, render_all};
use crate::report::TestReport;
use crate::runner::{RunOptions, Runner};
use crate::script::{load, missing};
use crate::source::Sources;

/// One `test` of a scenario file.
#[derive(Clone, Debug)]
pub struct Case {
    sources: Arc<Sources>,
    path: String,
    index: usize,
    name: String,
}

/// The tests of the files, in order. `read` reads a file; the paths are those of the list, and what `use` makes of them.
///
/// # Errors
///
/// A file that cannot be read, and everything that is wrong with one that can, warnings too, as text.
pub fn cases<P: Into<String>, E: Display>(
    files: impl IntoIterator<Item = P>,
    mut read: impl FnMut(&str) -> Result<String, E>,
) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for path in files {
        let path = path.into();
        let mut sources = Sources::new();
        loop {
            let missing = missing(&sources, &path);
            if missing.is_empty() {
                break;
            }
            for path in missing {
                let text = read(&path).map_err(|error| format!("{path}: {error}"))?;
                sources.insert(path, text);
            }
        }
        let script = load(&sources, &path).map_err(|faults| told(&faults, &sources))?;
        if !script.warnings.is_empty() {
            return Err(told(&script.warnings, &sources));
        }
        let names: Vec<String> = script.tests().map(|test| test.name.node.clone()).collect();
        let sources = Arc::new(sources);
        let case = |(index, name)| Case {
            sources: Arc::clone(&sources),
            path: path.clone(),
            index,
            name,
        };
        cases.extend(names.into_iter().enumerate().map(case));
    }
    Ok(cases)
}

impl Case {
    /// The file's name without its ending, and the test's name: `quota::a refusal costs nothing`.
    pub fn name(&self) -> String {
        let file = self.path.rsplit('/').next().unwrap_or(&self.path);
        format!("{}::{}", file.strip_suffix(".sms").unwrap_or(file), self.name)
    }

    /// The file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Plays the test twice: it must pass, and both runs must leave the same records, to the octet.
    ///
    /// # Errors
    ///
    /// What a person would be told, with the line, what happened instead, and why.
    pub fn play(&self) -> Result<(), String> {
        let mut report = self.run()?;
        report.compare(&self.run()?);
        match report.passed() {
            true => Ok(()),
            false => Err(told(&report.diagnostics, &self.sources)),
        }
    }

    fn run(&self) -> Result<TestReport, String> {
        let told = |faults: Vec<Diagnostic>| told(&faults, &self.sources);
        let script = load(&self.sources, &self.path).map_err(told)?;
        let mut runner = Runner::new(&self.sources, &script).map_err(told)?;
        runner.hash_records();
        let test = runner.tests().nth(self.index).expect("the test was there");
        Ok(runner.run(test, RunOptions::default()))
    }
}

fn told(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    render_all(diagnostics, sources, Colour::Never)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Result<String, String> {
        match path {
            "t/world.sms" => Ok("carrier att\nuser alice +14155550101 on att\n".to_owned()),
            "t/a.sms" => Ok("use \"world.sms\"\ntest \"one\":\n  alice < nothing for 1h\n\
                             test \"two\":\n  alice < \"Hi\"\n"
                .to_owned()),
            "t/bad.sms" => Ok("wait 5\n".to_owned()),
            "t/gone.sms" => Err("no such file".to_owned()),
            other => Err(format!("{other} was not asked for")),
        }
    }

    #[test]
    fn each_test_of_each_file_is_a_case() {
        let cases = cases(["t/a.sms"], read).expect("two cases");
        let names: Vec<_> = cases.iter().map(Case::name).collect();
        assert_eq!(names, ["a::one", "a::two"]);
        assert_eq!(cases[0].play(), Ok(()));
        let why = cases[1].play().expect_err("nothing arrives");
        assert!(
            why.contains("error[E201]") && why.contains("t/a.sms:5:3"),
            "{why}"
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        for (path, part) in [
            ("t/bad.sms", "error[E011]"),
            ("t/gone.sms", "t/gone.sms: no such file"),
        ] {
            let why = cases([path], read).expect_err(path);
            assert!(why.contains(part), "{why}");
        }
    }
}
