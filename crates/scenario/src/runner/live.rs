//! A test that is played while it is written: [`Live`].

use std::sync::Arc;

use sms::Timestamp;
use world::World;

use crate::check;
use crate::diagnostics::{Diagnostic, NoteKind};
use crate::parser::parse_steps_from;
use crate::report::TestReport;
use crate::runner::stage::Stage;
use crate::runner::{Content, Run};
use crate::script::load;
use crate::source::Sources;
use crate::syntax::{Span, Spanned, Test};
use crate::world_config::{Actors, Rules, world_config_with, world_fault};

/// The path under which what is played stands among the sources, beside the files that it uses.
pub const LIVE_PATH: &str = "live.sms";

/// A test that gets its lines one at a time and is as strict as one in a file; what was played is such a file
/// ([`Live::text`]), and faults point into it.
pub struct Live {
    run: Run<'static>,
    sources: Sources,
    text: String,
    name: Spanned<String>,
    line: usize,
    seed: u64,
    faults: Vec<Diagnostic>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// A test of that name in the world of those declarations under those rules. They may use files of `sources`.
    ///
    /// # Errors
    ///
    /// What is wrong with the declarations, and the sources that this points into.
    pub fn new(
        mut sources: Sources,
        declarations: &str,
        name: &str,
        rules: &Rules,
        seed: Option<u64>,
    ) -> Result<Self, (Vec<Diagnostic>, Sources)> {
        let mut text = declarations.trim_end().to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        sources.insert(LIVE_PATH, text.clone());
        let started = load(&sources, LIVE_PATH).and_then(|script| {
            let declared = world_config_with(&script, rules)?;
            let seed = seed.unwrap_or(declared.config.seed);
            let mut stage =
                Stage::new(&declared, seed, None).map_err(|error| vec![world_fault(&script, &error)])?;
            stage.hash_records();
            Ok((
                Run::new(Arc::new(script), LIVE_PATH, declared.patience, stage),
                seed,
            ))
        });
        let (run, seed) = match started {
            Ok(started) => started,
            Err(faults) => return Err((faults, sources)),
        };
        let line = text.lines().count() + 1;
        let quoted = crate::text::quoted(name);
        let start = text.len() + "test ".len();
        let name = Spanned::new(name.to_owned(), Span::new(start, start + quoted.len()));
        text.push_str(&format!("test {quoted}:\n"));
        Ok(Self {
            run,
            sources,
            text,
            name,
            line,
            seed,
            faults: Vec::new(),
        })
    }

    /// Plays a line of the language, or a line that opens a block with its lines.
    ///
    /// # Errors
    ///
    /// What is wrong with the line, or what a test would fail with at it. The test has failed then.
    pub fn play(&mut self, lines: &str) -> Result<(), Vec<Diagnostic>> {
        let start = self.text.len();
        for line in lines.lines() {
            self.text.push_str("  ");
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
        let played = self.perform(start);
        if let Err(faults) = &played {
            self.faults.extend(faults.iter().cloned());
        }
        played
    }

    fn perform(&mut self, start: usize) -> Result<(), Vec<Diagnostic>> {
        for step in parse_steps_from(LIVE_PATH, &self.text, start)? {
            let wrong = check::some_steps(
                &self.run.script,
                LIVE_PATH,
                std::slice::from_ref(&step),
                self.run.scope().names(),
            );
            if wrong.iter().any(Diagnostic::is_error) {
                return Err(wrong);
            }
            self.run.step(&step).map_err(|fault| vec![*fault])?;
        }
        Ok(())
    }

    /// Ends the test: what no line has claimed is a fault, and so is what failed before.
    pub fn finish(mut self) -> (TestReport, Sources) {
        let test = Test {
            name: self.name.clone(),
            tags: Vec::new(),
            steps: Vec::new(),
        };
        let test = Spanned::new(test, self.name.span);
        let mut report = TestReport::new(LIVE_PATH, self.line, &test, self.seed);
        if self.faults.is_empty() {
            self.faults = self.run.end(self.name.span);
        }
        let seed = format!("seed {}", self.seed);
        let told = self
            .faults
            .into_iter()
            .map(|fault| fault.note(NoteKind::Plain, &seed));
        report.diagnostics = told.collect();
        self.run.conclude(&mut report, true);
        self.sources.insert(LIVE_PATH, self.text);
        (report, self.sources)
    }

    /// What was played so far, as a file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sources, with what was played so far among them.
    pub fn sources(&self) -> Sources {
        let mut sources = self.sources.clone();
        sources.insert(LIVE_PATH, self.text.clone());
        sources
    }

    /// The world, to look at.
    pub fn world(&self) -> &World {
        &self.run.stage.world
    }

    /// Who bears which name.
    pub fn actors(&self) -> &Actors {
        &self.run.stage.actors
    }

    /// What has arrived and no line has claimed, with its actor, in order.
    pub(crate) fn unclaimed(&self) -> Vec<(String, Timestamp, Content)> {
        let inboxes = self.run.stage.inboxes.iter();
        let items = inboxes.flat_map(|(actor, inbox)| inbox.unclaimed().map(move |(_, item)| (actor, item)));
        let mut items: Vec<_> = items.collect();
        items.sort_by_key(|(_, item)| item.seq);
        items
            .into_iter()
            .map(|(actor, item)| (actor.clone(), item.at, item.content.clone()))
            .collect()
    }

    /// A hash of all records so far.
    pub(crate) fn records_hash(&self) -> Option<u64> {
        self.run.stage.records_hash()
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.run.stage.now()
    }

    /// What a capture holds, as `{$name}` inserts it.
    pub fn capture(&self, name: &str) -> Option<String> {
        let var = crate::syntax::Var(name.to_owned());
        self.run.scope().get(&var).map(super::scope::Bound::text)
    }
}
