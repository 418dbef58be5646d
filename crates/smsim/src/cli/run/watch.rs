//! `smsim run --watch`: what was touched runs again, until Ctrl-C.
//!
//! Files are looked at a few times a second rather than by the system's notices of changes: they are few and known, editors
//! replace files rather than write them, a file that is used may not be there yet, and notices do not come from network
//! folders and from most folders that a container shares with its host.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use scenario::Sources;
use scenario::report::{RunReport, TestReport, human};
use scenario::source::resolve;
use serde_json::json;

use crate::cli::run::output::{self, Format};
use crate::cli::run::round::{Player, Stopped};
use crate::cli::run::selection::Selection;
use crate::cli::run::{Args, exit};
use crate::cli::stop::Stop;
use crate::cli::{Unsaid, say};
use crate::clock::Stopwatch;
use crate::exit::{Exit, Wrong};
use crate::sources;

/// How often the files are looked at; more seldom where a look takes long.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looking takes no more than one part in so many of the time.
const LOOK_SHARE: u32 = 20;
/// How long a file that has changed must stay as it is: it may still be being written.
const SETTLE: Duration = Duration::from_millis(100);
/// How long files are waited for to stay as they are.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// Names that one line tells, at most.
const NAMES_TOLD_MAX: usize = 8;

/// What a file looks like from outside. Whatever is done to it changes one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Look {
    inode: u64,
    octets: u64,
    changed_at: (i64, i64),
    modified_at: (i64, i64),
}

/// Files by their path, without `.` and `..`; none where there is no such file.
type Looks = BTreeMap<String, Option<Look>>;

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Changed,
    New,
    Gone,
}

/// Refuses what makes no sense together, with the reason.
fn sensible(args: &Args) -> anyhow::Result<()> {
    let why = if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        "--watch runs until somebody presses Ctrl-C, which nobody would do here: CI is set"
    } else if args.update {
        "--watch does not go with --update: each time you save, the expectations would be changed before you see them fail; \
         run --update once, when what happens is what you want"
    } else if !args.human.is_empty() {
        "--watch does not go with --human: at every save somebody would have to type everything again"
    } else if matches!(args.format, Format::Junit | Format::Tap) {
        "--watch does not go with this --format, which is one document of one run; --format json tells every run as lines, \
         and --report junit=FILE or tap=FILE is written anew after each"
    } else if args
        .pcap
        .as_deref()
        .is_some_and(|path| !path.to_string_lossy().contains("{}"))
    {
        "--watch does not go with one --pcap file for all tests, since only what is touched runs again; name a file a test: \
         --pcap links-{}.pcapng"
    } else {
        return Ok(());
    };
    Err(Wrong(why.to_owned()).into())
}

/// Runs, and runs again what changes, until Ctrl-C; then the exit code is that of the last run.
pub fn execute(args: &Args, selection: &Selection) -> anyhow::Result<Exit> {
    sensible(args)?;
    // A slip in the command line ends it at once.
    sources::scenario_files(&selection.paths())?;
    if let Some(folder) = args.config.folder().filter(|folder| !folder.is_dir()) {
        anyhow::bail!(Wrong(format!("{}: no such folder", folder.display())));
    }
    let stop = Stop::listen()?;
    let mut player = Player::new(args, selection, stop.asked());
    let mut watch = Watch::new(args, selection);
    watch.look();
    watch.pending.extend(watch.files.iter().cloned());
    loop {
        watch.run(&mut player)?;
        if stop.asked().load(Ordering::Relaxed) {
            break;
        }
        watch.tell_waiting()?;
        let Some(changes) = watch.next_changes(&stop) else {
            break;
        };
        watch.tell_changes(&changes)?;
        watch.mark(&changes);
    }
    // Before the first run was over there is no code of a last one.
    Ok(watch.verdict.unwrap_or(Exit::Environment))
}

/// The files, and what came of their tests.
struct Watch<'a> {
    args: &'a Args,
    selection: &'a Selection,
    /// The scenario files that the command line means, in order.
    files: Vec<PathBuf>,
    /// What each of them is made of.
    parts: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Every file of the configuration that was ever there: all scenarios depend on it.
    config: BTreeSet<String>,
    /// What the files looked like before they were last read.
    seen: Looks,
    /// The scenario files that changed since their tests last ran.
    pending: BTreeSet<PathBuf>,
    /// What came of the tests of each file, by its path in reports.
    results: BTreeMap<String, Vec<TestReport>>,
    /// Everything that was read, for the reports.
    read: Sources,
    /// The exit code, were it to end now.
    verdict: Option<Exit>,
}

impl<'a> Watch<'a> {
    fn new(args: &'a Args, selection: &'a Selection) -> Self {
        Self {
            args,
            selection,
            files: Vec::new(),
            parts: BTreeMap::new(),
            config: BTreeSet::new(),
            seen: Looks::new(),
            pending: BTreeSet::new(),
            results: BTreeMap::new(),
            read: Sources::new(),
            verdict: None,
        }
    }

    /// Looks at everything that a run depends on: the files of the command line, what those use, and the configuration.
    fn look(&mut self) {
        let mut files = Vec::new();
        for path in self.selection.paths() {
            match sources::scenario_files(std::slice::from_ref(&path)) {
                Ok(found) => files.extend(found),
                // It cannot be looked into, or is gone, for now; the run says so.
                Err(_) if path.is_dir() => {
                    files.extend(self.files.iter().filter(|file| file.starts_with(&path)).cloned());
                }
                Err(_) => files.push(path),
            }
        }
        let mut known = BTreeSet::new();
        files.retain(|file| known.insert(file.clone()));
        self.files = files;
        self.parts.retain(|file, _| known.contains(file));
        for file in &self.files {
            // What the others use is seen when they are run.
            self.parts.entry(file.clone()).or_insert_with(|| parts(file));
        }
        self.seen = self.looks();
    }

    fn looks(&mut self) -> Looks {
        self.config
            .extend(self.args.config.files().iter().map(|path| normal(path)));
        let paths: BTreeSet<&String> = self.parts.values().flatten().chain(&self.config).collect();
        paths
            .into_iter()
            .map(|path| (path.clone(), Look::at(path)))
            .collect()
    }

    /// Waits until something has changed and stays as it is; none when Ctrl-C came first.
    fn next_changes(&mut self, stop: &Stop) -> Option<BTreeMap<String, Change>> {
        let before = self.seen.clone();
        let mut pause = LOOK_EVERY;
        while !stop.wait(pause) {
            let looking = Stopwatch::start();
            self.look();
            pause = LOOK_EVERY.max(looking.elapsed() * LOOK_SHARE);
            let settling = Stopwatch::start();
            let mut last = before.clone();
            while self.seen != last && settling.elapsed() < SETTLE_MAX {
                if stop.wait(SETTLE) {
                    return None;
                }
                last = std::mem::take(&mut self.seen);
                self.look();
            }
            let changes = self.changes_since(&before);
            if !changes.is_empty() {
                return Some(changes);
            }
        }
        None
    }

    /// What has become of the files.
    fn changes_since(&self, before: &Looks) -> BTreeMap<String, Change> {
        let own: BTreeSet<String> = self.files.iter().map(|file| normal(file)).collect();
        let mut changes = BTreeMap::new();
        for (path, look) in &self.seen {
            let change = match (before.get(path), look) {
                (Some(then), now) if then == now => continue,
                (Some(Some(_)), Some(_)) => Change::Changed,
                (Some(_), None) => Change::Gone,
                (Some(None), Some(_)) => Change::New,
                (None, _) if own.contains(path) || self.config.contains(path) => Change::New,
                // It was there; a new file uses it.
                (None, _) => continue,
            };
            changes.insert(path.clone(), change);
        }
        for (path, then) in before {
            let is_gone = then.is_some() && !self.seen.contains_key(path) && Look::at(path).is_none();
            if is_gone {
                changes.insert(path.clone(), Change::Gone);
            }
        }
        changes
    }

    /// Notes which scenario files the changes concern.
    fn mark(&mut self, changes: &BTreeMap<String, Change>) {
        let everything = changes.keys().any(|path| self.config.contains(path));
        for (file, parts) in &self.parts {
            if everything || parts.iter().any(|part| changes.contains_key(part)) {
                self.pending.insert(file.clone());
            }
        }
        self.pending.retain(|file| self.parts.contains_key(file));
        let paths: BTreeSet<String> = self.files.iter().map(|file| sources::slashes(file)).collect();
        self.results.retain(|path, _| paths.contains(path));
    }

    /// Runs what is pending; that it stays, while something is wrong with it.
    fn run(&mut self, player: &mut Player<'_>) -> anyhow::Result<()> {
        let is_pending = |file: &&PathBuf| self.pending.contains(*file);
        let files: Vec<PathBuf> = self.files.iter().filter(is_pending).cloned().collect();
        // What they use now is looked at before it is read for the run, so that no change is missed.
        for file in &files {
            self.parts.insert(file.clone(), parts(file));
        }
        let mut looks = self.looks();
        for (path, look) in &mut looks {
            *look = self.seen.get(path).copied().unwrap_or(*look);
        }
        self.seen = looks;
        let found = sources::scenario_files(&self.selection.paths());
        let ran = found.and_then(|_| match files.is_empty() {
            true => Ok(()),
            false => self.play(player, &files),
        });
        match ran.and_then(|()| self.conclude()) {
            Err(error) if error.is::<Unsaid>() => Err(error),
            Err(error) if error.is::<Stopped>() => Ok(()),
            Err(error) => {
                eprintln!("error: {error:#}");
                self.verdict = Some(Exit::of(&error));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn play(&mut self, player: &mut Player<'_>, files: &[PathBuf]) -> anyhow::Result<()> {
        let mut read = self.args.config.sources()?;
        let report = player.play(files, &mut read)?;
        for path in read.paths() {
            self.read.insert(path, read.text(path).unwrap_or_default());
        }
        for file in files {
            self.results.insert(sources::slashes(file), Vec::new());
        }
        for test in report.tests {
            self.results.entry(test.path.clone()).or_default().push(test);
        }
        self.pending.clear();
        Ok(())
    }

    /// What came of everything, those tests included that did not have to run again.
    fn report(&self) -> RunReport {
        let results = self
            .files
            .iter()
            .filter_map(|file| self.results.get(&sources::slashes(file)));
        RunReport {
            files: self.files.len(),
            tests: results.flatten().cloned().collect(),
            elapsed: None,
        }
    }

    /// Writes the reports, and keeps the exit code.
    fn conclude(&mut self) -> anyhow::Result<()> {
        let report = self.report();
        for file in &self.args.report {
            file.write(&report, &self.read)?;
        }
        self.verdict = Some(exit(self.args, &report));
        Ok(())
    }

    /// Says what has changed, before it runs.
    fn tell_changes(&self, changes: &BTreeMap<String, Change>) -> anyhow::Result<()> {
        if self.args.format == Format::Json {
            let files = changes
                .iter()
                .map(|(path, change)| json!({ "path": path, "change": change.word() }));
            let line = json!({ "event": "changed", "files": files.collect::<Vec<_>>() });
            return say(&format!("{line}\n"));
        }
        let told = changes.iter().map(|(path, change)| match change {
            Change::Changed => path.clone(),
            Change::New | Change::Gone => format!("{path} ({})", change.word()),
        });
        say(&format!(
            "\n{}",
            human::line("Changed", &list(told), output::colour())
        ))
    }

    /// Says how everything stands, and that it goes on.
    fn tell_waiting(&self) -> anyhow::Result<()> {
        let report = self.report();
        let files = self.seen.values().flatten().count();
        let (tests, failed, waiting) = (report.tests.len(), report.failed(), self.pending.len());
        if self.args.format == Format::Json {
            let line = json!({
                "event": "watching", "files": files, "tests": tests, "passed": tests - failed, "failed": failed,
                "not_run": waiting,
            });
            return say(&format!("{line}\n"));
        }
        let failing = report.tests.iter().filter(|test| !test.passed());
        let places = match failed {
            0 => String::new(),
            _ => format!(
                " ({})",
                list(failing.map(|test| format!("{}:{}", test.path, test.line)))
            ),
        };
        let not_run = match waiting {
            0 => String::new(),
            waiting => format!("; {waiting} to run when they are right"),
        };
        let told = format!(
            "{}, {}: {} passed, {failed} failed{places}{not_run}; Ctrl-C ends",
            human::counted(files, "file"),
            human::counted(tests, "test"),
            tests - failed
        );
        say(&human::line("Watching", &told, output::colour()))
    }
}

impl Look {
    /// How the file looks; none where there is none.
    fn at(path: &str) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: found.ino(),
            octets: found.size(),
            changed_at: (found.ctime(), found.ctime_nsec()),
            modified_at: (found.mtime(), found.mtime_nsec()),
        })
    }
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// What a scenario is made of, by the paths under which it is looked at.
fn parts(file: &Path) -> BTreeSet<String> {
    sources::parts(file)
        .iter()
        .map(|path| normal(Path::new(path)))
        .collect()
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> String {
    let path = sources::slashes(path);
    match path.strip_prefix('/') {
        Some(rest) => resolve("/", rest),
        None => resolve("", &path),
    }
}

/// Names with commas, and how many more there are.
fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let shown = names[..names.len().min(NAMES_TOLD_MAX)].join(", ");
    match names.len().saturating_sub(NAMES_TOLD_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
