//! Reads and checks the files of a run, several at once: [`Loading`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use scenario::{ClockMode, Diagnostic, Runner, Script, Sources};

use crate::cli::run::output;
use crate::cli::run::round::Stopped;
use crate::exit::Wrong;
use crate::sources::{self, Common, NotLoaded};

/// Files that a thread reads before it asks for more.
const FILES_AT_ONCE: usize = 16;

/// A file that was read and checked.
pub struct Loaded {
    /// What it says.
    pub script: Script,
    /// The tests that are meant, by their place among those of the file.
    pub tests: Vec<usize>,
    /// How it says that time passes, if it does.
    pub clock: Option<ClockMode>,
    /// Its apps that are outside of the simulation.
    pub real_apps: Vec<rest::Credentials>,
}

/// Why the declarations of a file make no world for the command line.
pub enum Unfit {
    /// They are wrong.
    Faults(Vec<Diagnostic>),
    /// They do not have what the command line names.
    Wrong(String),
}

/// What came of a file.
struct Read {
    /// The texts that were read for it, by path, its own first.
    texts: Vec<(String, Arc<str>)>,
    outcome: Result<(Script, Result<Fit, Unfit>), NotLoaded>,
}

/// What is to be known of a file before it is played.
struct Fit {
    tests: Vec<usize>,
    clock: Option<ClockMode>,
    real_apps: Vec<rest::Credentials>,
}

/// How files are made ready.
pub struct Loading<'a> {
    /// Makes the runner of a file.
    pub runner: &'a (dyn Fn(&Sources, &Script) -> Result<Runner, Unfit> + Sync),
    /// Which of a file's tests are meant.
    pub selected: &'a (dyn Fn(&Path, &Runner) -> Vec<usize> + Sync),
    /// How many threads read.
    pub threads: usize,
    /// When it is true no further file is read.
    pub stop: &'a AtomicBool,
}

impl Loading<'_> {
    /// Reads and checks every file, and adds the texts to `read`. What is told stands in the order of the files, and is told
    /// when all have been looked at; one bad file stops the run.
    pub fn load_all(&self, files: &[PathBuf], read: &mut Sources) -> anyhow::Result<Vec<Loaded>> {
        let (mut loaded, mut faults, mut unfit) = (Vec::with_capacity(files.len()), Vec::new(), None);
        for file in self.read_all(files, read) {
            let mut texts = file.texts.into_iter();
            if let Some((path, text)) = texts.next() {
                read.insert(path, text);
            }
            for (path, text) in texts {
                if read.text(&path).is_none() {
                    read.insert(path, text);
                }
            }
            let (script, fit) = match file.outcome {
                Ok(done) => done,
                Err(NotLoaded::Faults(found)) => {
                    faults.extend(found);
                    continue;
                }
                Err(NotLoaded::Unreadable(error)) => return Err(error),
            };
            if !script.warnings.is_empty() {
                eprint!("{}", sources::rendered(&script.warnings, read));
            }
            match fit {
                Ok(fit) => loaded.push(Loaded {
                    script,
                    tests: fit.tests,
                    clock: fit.clock,
                    real_apps: fit.real_apps,
                }),
                Err(why) => {
                    unfit.get_or_insert(why);
                }
            }
        }
        anyhow::ensure!(!self.stop.load(Ordering::Relaxed), Stopped);
        if !faults.is_empty() {
            output::annotate(faults.iter(), read);
            return Err(sources::wrong(read, &faults));
        }
        match unfit {
            None => Ok(loaded),
            Some(Unfit::Faults(faults)) => Err(sources::wrong(read, &faults)),
            Some(Unfit::Wrong(why)) => Err(Wrong(why).into()),
        }
    }

    /// What came of each file, in their order, as far as nobody wanted it to stop.
    fn read_all(&self, files: &[PathBuf], profiles: &Sources) -> Vec<Read> {
        let common = Common::new(profiles);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let begin = next.fetch_add(FILES_AT_ONCE, Ordering::Relaxed);
                if begin >= files.len() || self.stop.load(Ordering::Relaxed) {
                    return done;
                }
                let end = files.len().min(begin + FILES_AT_ONCE);
                let read = files[begin..end].iter().map(|path| self.read(path, &common));
                done.push((begin, read.collect::<Vec<_>>()));
            }
        };
        let threads = self.threads.clamp(1, files.len().div_ceil(FILES_AT_ONCE).max(1));
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                match other.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(begin, _)| *begin);
        done.into_iter().flat_map(|(_, read)| read).collect()
    }

    fn read(&self, path: &Path, common: &Common) -> Read {
        let mut own = common.sources();
        let outcome = common.load(&mut own, path).map(|script| {
            let fit = (self.runner)(&own, &script).map(|runner| Fit {
                tests: (self.selected)(path, &runner),
                clock: runner.clock(),
                real_apps: runner.real_apps().cloned().collect(),
            });
            (script, fit)
        });
        let own_path = sources::slashes(path);
        let text = |path: &str| Some((path.to_owned(), own.shared_text(path)?));
        let is_used = |path: &&str| *path != own_path && !common.is_profile(path);
        let others = own.paths().filter(is_used).filter_map(text);
        Read {
            texts: text(&own_path).into_iter().chain(others).collect(),
            outcome,
        }
    }
}
