//! The files of a run while their tests are played: [`Files`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scenario::syntax::{Spanned, Test};
use scenario::{Runner, Script};

use crate::cli::run::loading::Loaded;

/// The tests of a run, and what their files still have to be kept for.
///
/// A runner is made when the first test of its file is played. When the last one is over it goes, and what the file says with
/// it, so that a run of very many files needs memory for those that wait and for none that are done.
pub struct Files<'a> {
    files: Vec<Mutex<File>>,
    /// The tests, in the order in which they are told.
    tests: Vec<Place>,
    make: &'a (dyn Fn(&Script) -> Runner + Sync),
}

/// A test by its file and its place in it.
#[derive(Clone, Copy)]
struct Place {
    file: usize,
    test: usize,
}

struct File {
    /// What it says, until its last test is over.
    script: Option<Script>,
    /// What plays it, from its first test until its last one is over.
    runner: Option<Arc<Runner>>,
    /// Its tests that are not over.
    left: usize,
}

/// A test to play.
pub struct Job<'r> {
    /// Its file.
    pub path: &'r str,
    /// The runner of its file.
    pub runner: &'r Runner,
    /// The test.
    pub test: &'r Spanned<Test>,
}

impl<'a> Files<'a> {
    /// Of files that were read; `make` makes their runners.
    pub fn new(loaded: Vec<Loaded>, make: &'a (dyn Fn(&Script) -> Runner + Sync)) -> Self {
        let mut tests = Vec::with_capacity(loaded.iter().map(|file| file.tests.len()).sum());
        for (file, loaded) in loaded.iter().enumerate() {
            tests.extend(loaded.tests.iter().map(|&test| Place { file, test }));
        }
        let files = loaded.into_iter().map(|file| {
            Mutex::new(File {
                left: file.tests.len(),
                script: (!file.tests.is_empty()).then_some(file.script),
                runner: None,
            })
        });
        Self {
            files: files.collect(),
            tests,
            make,
        }
    }

    /// How many tests there are.
    pub fn tests(&self) -> usize {
        self.tests.len()
    }

    /// Plays a test, the `index`th, which is over then.
    pub fn play<T>(&self, index: usize, play: impl FnOnce(&Job<'_>) -> T) -> Option<T> {
        let place = self.tests.get(index)?;
        let runner = self.runner(*place)?;
        let test = runner.tests().nth(place.test)?;
        let played = play(&Job {
            path: runner.path(),
            runner: &runner,
            test,
        });
        let finished = {
            let mut file = self.file(*place);
            file.left -= 1;
            (file.left == 0).then(|| (file.script.take(), file.runner.take()))
        };
        drop(finished);
        Some(played)
    }

    /// The name of a test that is not over.
    pub fn name(&self, index: usize) -> Option<String> {
        let place = self.tests.get(index)?;
        let file = self.file(*place);
        let test = file.script.as_ref()?.tests().nth(place.test)?;
        Some(test.name.node.clone())
    }

    fn runner(&self, place: Place) -> Option<Arc<Runner>> {
        let mut file = self.file(place);
        if file.runner.is_none() {
            file.runner = file.script.as_ref().map(|script| Arc::new((self.make)(script)));
        }
        file.runner.clone()
    }

    /// A player that fails takes no other's file with it.
    fn file(&self, place: Place) -> MutexGuard<'_, File> {
        self.files[place.file]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use scenario::{RunOptions, Sources};

    use super::*;

    const TEXT: &str = "carrier att\nuser alice +14155550101 on att\n\
                        test \"one\":\n  alice < nothing for 1s\n\
                        test \"two\":\n  alice < nothing for 2s\n\
                        test \"three\":\n  alice < nothing for 3s\n";

    #[test]
    fn a_file_goes_with_its_last_test_and_no_sooner() {
        let mut sources = Sources::new();
        let loaded = ["a.sms", "b.sms", "none.sms"].map(|path| {
            sources.insert(path, TEXT);
            Loaded {
                script: scenario::load(&sources, path).expect("a script"),
                // The second is not meant.
                tests: if path == "none.sms" { vec![] } else { vec![0, 2] },
                clock: None,
                real_apps: Vec::new(),
            }
        });
        let made = Mutex::new(Vec::new());
        let make = |script: &Script| {
            made.lock().expect("nobody failed").push(script.path().to_owned());
            Runner::new(&sources, script).expect("a world")
        };
        let files = Files::new(loaded.into(), &make);
        assert_eq!(files.tests(), 4);
        let play = |index| {
            files.play(index, |job| {
                let report = job.runner.run(job.test, RunOptions::default());
                assert!(report.passed() && report.path == job.path);
                report.name
            })
        };
        let kept = || -> Vec<bool> {
            let state = files.files.iter().map(|file| file.lock().expect("nobody failed"));
            state
                .map(|file| file.script.is_some() || file.runner.is_some())
                .collect()
        };
        assert_eq!(kept(), [true, true, false]);
        assert_eq!(files.name(2).as_deref(), Some("one"));
        assert_eq!(play(2).as_deref(), Some("one"));
        assert_eq!(play(1).as_deref(), Some("three"));
        assert_eq!(kept(), [true, true, false]);
        assert_eq!(play(3).as_deref(), Some("three"));
        assert_eq!(kept(), [true, false, false]);
        assert_eq!((files.name(2), play(2)), (None, None), "its file is gone");
        assert_eq!(play(0).as_deref(), Some("one"));
        assert_eq!(kept(), [false, false, false]);
        assert_eq!(play(4), None, "there are four");
        assert_eq!(
            *made.lock().expect("nobody failed"),
            ["b.sms", "a.sms"],
            "one runner a file"
        );
    }
}
