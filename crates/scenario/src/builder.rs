//! The language's verbs in Rust, for tests that need an `if`, a loop over data, or a value of their own: [`world()`].
//!
//! Each verb is played when it is called and gives what a test in a file would: `Ok`, or a [`Failure`] with the same
//! diagnostics, which point at the line that the verb stands for. What was played is such a file ([`World::text`]).
//!
//! ```
//! use std::time::Duration;
//!
//! use scenario::builder::{Failure, glob, text, world};
//!
//! fn main() -> Result<(), Failure> {
//!     let world = world(
//!         "carrier att, latency 200ms
//!          app quiz \"Movie Quiz\", canvas quiz
//!          user alice +14155550101 on att, apps quiz
//!          user carol +14155550103 on att",
//!     )?;
//!     let (alice, carol, quiz) = (world.user("alice"), world.user("carol"), world.app("quiz"));
//!
//!     alice.texts("quiz play")?;
//!     let session = quiz.sees(&alice, "play")?;
//!     quiz.sends(&alice, text("Who directed Jaws?").inside(&session))?;
//!     alice.sees("Who directed Jaws?")?;
//!
//!     carol.texts("quiz play")?;
//!     carol.sees(glob("*Reply Y*"))?;
//!     world.wait(Duration::from_secs(61))?;
//!     quiz.sends(&alice, text("Too late").inside(&session).refused(850))?;
//!     world.finish()?;
//!     Ok(())
//! }
//! ```

mod actor;
mod words;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::time::Duration;

pub use self::actor::{App, Carrier, Platform, User};
pub use self::words::{Expected, Message, Sent, Session, exactly, glob, regex, text};
use crate::diagnostics::{Colour, Diagnostic, NoteKind, render_all};
use crate::report::TestReport;
use crate::runner::Live;
use crate::source::Sources;
use crate::world_config::Rules;

/// What was wrong: the diagnostics of the language, and the sources that they point into.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong, each with its code, its line, and why.
    pub diagnostics: Vec<Diagnostic>,
    /// The lines that were played, and the files that they use.
    pub sources: Sources,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render_all(&self.diagnostics, &self.sources, Colour::Never))
    }
}

impl std::error::Error for Failure {}

/// A world in which a test is played. What nobody has claimed is noticed by [`World::finish`].
#[derive(Debug)]
#[must_use = "what no verb has claimed is noticed by `finish`"]
pub struct World {
    live: RefCell<Live>,
    captures: Cell<u32>,
}

/// The world of those declarations, each on a line of its own, however indented.
///
/// # Errors
///
/// What is wrong with them.
#[track_caller]
pub fn world(declarations: &str) -> Result<World, Failure> {
    World::with(Sources::new(), &Rules::default(), declarations)
}

impl World {
    /// As [`world()`], where `use` finds files in `sources`, under those rules.
    ///
    /// # Errors
    ///
    /// As [`world()`].
    #[track_caller]
    pub fn with(sources: Sources, rules: &Rules, declarations: &str) -> Result<Self, Failure> {
        let place = Location::caller();
        let name = format!("{}:{}", place.file().replace('\\', "/"), place.line());
        let live = Live::new(sources, &unindented(declarations), &name, rules, None);
        let live = live.map_err(|(diagnostics, sources)| Failure { diagnostics, sources })?;
        Ok(Self {
            live: RefCell::new(live),
            captures: Cell::new(0),
        })
    }

    /// The user of that name; a name that nobody bears is a fault of the first verb.
    pub fn user(&self, name: &str) -> User<'_> {
        User::new(self, name)
    }

    /// The app of that name.
    pub fn app(&self, name: &str) -> App<'_> {
        App::new(self, name)
    }

    /// The carrier of that name.
    pub fn carrier(&self, name: &str) -> Carrier<'_> {
        Carrier::new(self, name)
    }

    /// The platform, `fbook`.
    pub fn platform(&self) -> Platform<'_> {
        Platform::new(self)
    }

    /// Moves the clock exactly so far; what is due until then happens.
    ///
    /// # Errors
    ///
    /// When the world does not come to rest.
    #[track_caller]
    pub fn wait(&self, time: Duration) -> Result<(), Failure> {
        self.play(&format!("wait {}", words::lengths(time)))
    }

    /// Moves the clock to a time of day, in the world's zone: `23:30`, or days later `+1d 09:00`.
    ///
    /// # Errors
    ///
    /// When that is no time, or has passed.
    #[track_caller]
    pub fn at(&self, time: &str) -> Result<(), Failure> {
        self.play(&format!("at {time}"))
    }

    /// Notes something in the report.
    ///
    /// # Errors
    ///
    /// None that the text could cause.
    #[track_caller]
    pub fn note(&self, note: &str) -> Result<(), Failure> {
        self.play(&format!("note {}", words::quoted(note)))
    }

    /// Plays any line of the language, or a line that opens a block with its lines.
    ///
    /// # Errors
    ///
    /// What is wrong with the line, or what a test would fail with at it.
    #[track_caller]
    pub fn play(&self, line: &str) -> Result<(), Failure> {
        let place = Location::caller();
        let mut live = self.live.borrow_mut();
        live.play(line).map_err(|diagnostics| {
            let note = format!("called at {}:{}", place.file(), place.line());
            let noted = diagnostics
                .into_iter()
                .map(|fault| fault.note(NoteKind::Plain, &note));
            Failure {
                diagnostics: noted.collect(),
                sources: live.sources(),
            }
        })
    }

    /// What was played so far, as a scenario file.
    pub fn text(&self) -> String {
        self.live.borrow().text().to_owned()
    }

    /// Ends the test.
    ///
    /// # Errors
    ///
    /// When a verb has failed, or a text or a callback has arrived that no verb has claimed.
    pub fn finish(self) -> Result<TestReport, Failure> {
        let (report, sources) = self.live.into_inner().finish();
        match report.passed() {
            true => Ok(report),
            false => Err(Failure {
                diagnostics: report.diagnostics,
                sources,
            }),
        }
    }

    /// A capture that nobody has had.
    fn capture(&self, letter: char) -> String {
        self.captures.set(self.captures.get() + 1);
        format!("{letter}{}", self.captures.get())
    }

    fn held(&self, capture: &str) -> String {
        self.live.borrow().capture(capture).unwrap_or_default()
    }
}

/// The lines without the indentation that they share, so that they may stand indented in a program.
fn unindented(lines: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let rest = lines.lines().skip(1).filter(|line| !line.trim().is_empty());
    let shared = rest.map(indent).min().unwrap_or(0);
    let cut = |line: &str| line[indent(line).min(shared)..].to_owned();
    let mut cut: Vec<String> = lines.lines().map(cut).collect();
    if let Some(first) = cut.first_mut() {
        *first = first.trim_start_matches(' ').to_owned();
    }
    cut.join("\n")
}
