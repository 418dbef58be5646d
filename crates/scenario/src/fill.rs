//! Writes what a scenario leaves out: [`fill`] runs its `>` lines and writes the `<` lines and results that belong to them.

use std::collections::BTreeSet;

use crate::diagnostics::{Code, Diagnostic};
use crate::edit::{Edit, edited, line_end};
use crate::format::{pattern_text, step_beside};
use crate::runner::{Claimed, Content, Probe, Runner};
use crate::script::{Script, load, load_with};
use crate::source::Sources;
use crate::syntax::{
    Actor, Arg, Arrival, BlockKind, CallResult, Destination, Expectation, File, Item, Pattern, Span, Spanned,
    Step, Test, Text, Var,
};
use crate::world_config::Rules;
use crate::{RunOptions, format, parse};

/// Lines that are written for one test, at most.
pub const FILLED_LINES_MAX: usize = 1_000;

/// The scenario `path` with everything written that its lines bring about and that no line of its own claims. What is there
/// stays as it is, and so do comments; the canonical layout is kept where it was there before. Sessions and numbers that a
/// later line reads become captures.
///
/// # Errors
///
/// What is wrong with the file, or with a line of its own that fails.
pub fn fill(sources: &Sources, path: &str, rules: &Rules) -> Result<String, Vec<Diagnostic>> {
    let text = sources.text(path).unwrap_or_default();
    let parsed = parse(path, text);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parsed.diagnostics);
    }
    let mut edits = Vec::new();
    for test in parsed.file.tests() {
        let mut filling = Filling {
            sources,
            path,
            rules,
            file: &parsed.file,
            test,
            steps: Vec::new(),
            written_for: Vec::new(),
            edits: Vec::new(),
        };
        filling.steps()?;
        edits.extend(filling.into_edits(text));
    }
    let filled = edited(text, &edits);
    let was_laid_out = format(&parsed.file, &parsed.trivia) == text;
    let again = parse(path, &filled);
    let filled = if was_laid_out {
        format(&again.file, &again.trivia)
    } else {
        filled
    };
    passes(sources, path, &filled, rules).map(|()| filled)
}

/// Whether every test of the text passes.
fn passes(sources: &Sources, path: &str, text: &str, rules: &Rules) -> Result<(), Vec<Diagnostic>> {
    let mut sources = sources.clone();
    sources.insert(path, text);
    let script = load(&sources, path)?;
    let runner = Runner::with_rules(&sources, &script, rules)?;
    let failed: Vec<_> = runner
        .tests()
        .map(|test| runner.run(test, RunOptions::default()))
        .filter(|report| !report.passed())
        .flat_map(|report| report.diagnostics)
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}

/// A test being filled.
struct Filling<'f> {
    sources: &'f Sources,
    path: &'f str,
    rules: &'f Rules,
    file: &'f File,
    test: &'f Spanned<Test>,
    /// The steps so far, with those that were written.
    steps: Vec<Spanned<Step>>,
    /// Of each of them: the step of the file behind which it was written; none for the file's own.
    written_for: Vec<Option<usize>>,
    edits: Vec<Edit>,
}

impl Filling<'_> {
    fn steps(&mut self) -> Result<(), Vec<Diagnostic>> {
        for (place, step) in self.test.steps.iter().enumerate() {
            if matches!(step.node, Step::Fill) {
                continue;
            }
            self.steps.push(step.clone());
            self.written_for.push(None);
            let passed_over = self.claimed_later(place + 1);
            let probe = self.until_it_runs(&passed_over)?;
            for claimed in &probe.arrived {
                let line = line(claimed, self.session(claimed));
                self.steps.push(Spanned::new(line, Span::default()));
                self.written_for.push(Some(place));
            }
            if self.steps.len() > self.test.steps.len() + FILLED_LINES_MAX {
                let message = format!("more than {FILLED_LINES_MAX} lines would be written");
                let fault = Diagnostic::new(Code::E017, self.path, step.span, message);
                return Err(vec![
                    fault.help("`ignore` the actors that are not the test's affair"),
                ]);
            }
        }
        if self.steps.is_empty() {
            let fault = Diagnostic::new(
                Code::E302,
                self.path,
                self.test.span,
                "there is nothing to run in it",
            );
            return Err(vec![
                fault.help("write what the actors do, for example `alice > \"hi\"`"),
            ]);
        }
        Ok(())
    }

    /// Tries the steps out, and mends what is left open in the last one, until it runs.
    fn until_it_runs(&mut self, passed_over: &BTreeSet<String>) -> Result<Probe, Vec<Diagnostic>> {
        loop {
            let script = match self.script() {
                Ok(script) => script,
                Err(faults) if self.capture(&faults) => continue,
                Err(faults) => return Err(faults),
            };
            let runner = Runner::with_rules(self.sources, &script, self.rules)?;
            let probe = runner.probe(&self.steps, passed_over)?;
            match &probe.failed {
                None => return Ok(probe),
                Some((place, _)) if place + 1 == self.steps.len() && self.mend(&probe) => {}
                Some((_, fault)) if fault.code == Code::E302 => return Err(vec![not_filled(fault)]),
                Some((_, fault)) => return Err(vec![fault.clone()]),
            }
        }
    }

    /// The file with this test as far as it is written, and no other.
    fn script(&self) -> Result<Script, Vec<Diagnostic>> {
        load_with(self.sources, self.path, |file| {
            file.items.retain(|item| matches!(item.node, Item::Scene(_)));
            let mut test = self.test.clone();
            test.node.steps.clone_from(&self.steps);
            let span = test.span;
            file.items.push(Spanned::new(Item::Test(test), span));
        })
    }

    /// Names, in a line that was written, what the last step reads and nothing holds. False when no line has it.
    fn capture(&mut self, faults: &[Diagnostic]) -> bool {
        let Some(fault) = faults.iter().find(|fault| fault.is_error()) else {
            return false;
        };
        // What is missing is named as in "`$s` holds nothing yet".
        let name = fault
            .message
            .strip_prefix("`$")
            .and_then(|rest| rest.strip_suffix("` holds nothing yet"));
        let (Code::E107, Some(name)) = (fault.code, name) else {
            return false;
        };
        let var = Var(name.to_owned());
        let Some(reader) = self.steps.last().map(|step| step.node.clone()) else {
            return false;
        };
        let free = |arrival: &Arrival| {
            !arrival
                .clauses
                .iter()
                .any(|clause| matches!(clause.node, Expectation::As(_)))
        };
        let written = self.written_for.iter().map(Option::is_some);
        let arrivals =
            self.steps
                .iter_mut()
                .zip(written)
                .filter_map(|(step, written)| match &mut step.node {
                    Step::Arrival(arrival) if written && free(arrival) => Some(arrival),
                    _ => None,
                });
        let nearest = arrivals
            .enumerate()
            .max_by_key(|(place, arrival)| (suits(arrival, &reader, &var), *place));
        let Some((_, arrival)) = nearest else { return false };
        if suits(arrival, &reader, &var) == 0 {
            return false;
        }
        arrival
            .clauses
            .push(Spanned::new(Expectation::As(var), Span::default()));
        true
    }

    /// Writes what the last step left open and the probe has found out. False when nothing was open.
    fn mend(&mut self, probe: &Probe) -> bool {
        let Some(step) = self.steps.last_mut() else {
            return false;
        };
        let end = step.span.end;
        match &mut step.node {
            Step::Send(send) if send.result.is_none() => {
                returned(&mut send.result, probe, end, &mut self.edits)
            }
            Step::Call { result, .. } if result.is_none() => returned(result, probe, end, &mut self.edits),
            Step::Arrival(arrival) if arrival.pattern.is_none() => {
                let Some(next) = &probe.next else { return false };
                let pattern = Pattern::Text(Text::literal(next.content.text()));
                let source = self.sources.text(self.path).unwrap_or_default();
                let stated = &source[step.span.start as usize..end as usize];
                let Some(dots) = stated.find("...") else {
                    return false;
                };
                let start = step.span.start as usize + dots;
                let is_new = matches!(next.content, Content::Callback { new_user: true, .. });
                let says_new = arrival
                    .clauses
                    .iter()
                    .any(|clause| clause.node == Expectation::New);
                let mut text = pattern_text(&pattern);
                if is_new && !says_new {
                    text.push_str(", new");
                    arrival
                        .clauses
                        .push(Spanned::new(Expectation::New, Span::default()));
                }
                self.edits.push(Edit::replace(Span::new(start, start + 3), text));
                arrival.pattern = Some(Spanned::new(pattern, Span::default()));
                true
            }
            _ => false,
        }
    }

    /// The capture that holds the session of a callback, where a line about the same app and user bound it: numbers of
    /// sessions are a user's own.
    fn session(&self, claimed: &Claimed) -> Option<Var> {
        let var = Var(claimed.session.clone()?);
        let is = |actor: &Spanned<Actor>, name: Option<&String>| {
            name.is_some_and(|name| actor.node.to_string() == *name)
        };
        let same = |app: &Spanned<Actor>, user: &Spanned<Actor>| {
            is(app, Some(&claimed.actor)) && is(user, claimed.user.as_ref())
        };
        let bound_here = self.steps.iter().any(|step| match &step.node {
            Step::Send(send) => {
                let asked = send.ask.as_ref().is_some_and(|ask| ask.node == var);
                asked && same(&send.app, &send.user)
            }
            Step::Arrival(arrival) => {
                let named = arrival.clauses.iter();
                let named = named.map(|clause| &clause.node);
                let named = named
                    .filter(|clause| **clause == Expectation::As(var.clone()))
                    .count()
                    > 0;
                named
                    && arrival
                        .user
                        .as_ref()
                        .is_some_and(|user| same(&arrival.actor, user))
            }
            _ => false,
        });
        bound_here.then_some(var)
    }

    /// The actors that a later line of the test's own is about: what arrives at them is its affair.
    fn claimed_later(&self, from: usize) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for step in &self.test.steps[from..] {
            self.claims(&step.node, &mut seen, 0);
        }
        for step in &self.test.steps {
            if let Step::Ignore(actor) = &step.node {
                seen.insert(actor.node.to_string());
            }
        }
        seen
    }

    /// Adds the actors whose arrivals the step claims; of scenes and loops, everyone whom they may be about.
    fn claims(&self, step: &Step, seen: &mut BTreeSet<String>, depth: usize) {
        match step {
            Step::Arrival(arrival) => {
                seen.insert(arrival.actor.node.to_string());
            }
            Step::Block(kind, steps) => {
                if let BlockKind::For(_, names) = kind
                    && steps
                        .iter()
                        .any(|step| matches!(step.node, Step::Arrival(_) | Step::Block(..)))
                {
                    seen.extend(names.iter().map(|name| name.node.clone()));
                }
                for step in steps {
                    self.claims(&step.node, seen, depth);
                }
            }
            Step::Run { scene, args } if depth < crate::NESTING_MAX => {
                let mut own = BTreeSet::new();
                let scenes = self.file.scenes().filter(|found| found.name.node == scene.node);
                for scene in scenes {
                    for step in &scene.steps {
                        self.claims(&step.node, &mut own, depth + 1);
                    }
                }
                if !own.is_empty() {
                    seen.extend(args.iter().filter_map(|arg| match &arg.node {
                        Arg::Actor(Actor::Name(name)) => Some(name.clone()),
                        _ => None,
                    }));
                }
                seen.extend(own);
            }
            _ => {}
        }
    }

    /// The changes of the file's text.
    fn into_edits(mut self, text: &str) -> Vec<Edit> {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        for (place, step) in self.test.steps.iter().enumerate() {
            let written = self.steps.iter().zip(&self.written_for);
            let written = written.filter(|(_, written_for)| **written_for == Some(place));
            let start = step.span.start as usize;
            let indent = start - text[..start].rfind('\n').map_or(0, |end| end + 1);
            let lines: String = written
                .map(|(step, _)| {
                    let line = step_beside(&step.node, &self.test.steps);
                    format!("{newline}{:indent$}{line}", "")
                })
                .collect();
            if matches!(step.node, Step::Fill) {
                // The line goes, with the end of the one before it.
                let before = text[..start].rfind('\n').unwrap_or(0);
                let line_start = text[..before].strip_suffix('\r').map_or(before, str::len);
                self.edits
                    .push(Edit::replace(Span::new(line_start, step.span.end as usize), ""));
            } else if !lines.is_empty() {
                self.edits
                    .push(Edit::insert(line_end(text, last_octet(step)), lines));
            }
        }
        self.edits
    }
}

/// That `...` stands where nothing is written: in a block or a scene, whose steps may be played more than once.
fn not_filled(fault: &Diagnostic) -> Diagnostic {
    let fault = Diagnostic {
        notes: Vec::new(),
        ..fault.clone()
    };
    let fault = fault.label("in a block or a scene nothing is filled in");
    fault.help("write it yourself, `~\"*\"` for any text, or put the line among the steps of the test itself")
}

/// How well an arrival holds what a step reads from a capture; 0 for not at all.
fn suits(arrival: &Arrival, reader: &Step, var: &Var) -> u8 {
    let is_callback = arrival.user.is_some();
    let by = |actor: &Spanned<Actor>| u8::from(arrival.actor.node == actor.node);
    let about =
        |user: &Spanned<Actor>| u8::from(arrival.user.as_ref().is_some_and(|about| about.node == user.node));
    match reader {
        Step::Send(send) if send.session.as_ref().is_some_and(|session| session.node == *var) => {
            u8::from(is_callback) * (1 + 2 * by(&send.app) + about(&send.user))
        }
        Step::Compose {
            user,
            to: Destination::Session(session),
            ..
        } if session.node == *var => 2 * by(user) + about(user),
        _ => 1 + u8::from(is_callback),
    }
}

/// Writes what a call returned.
fn returned(
    result: &mut Option<Spanned<CallResult>>,
    probe: &Probe,
    end: u32,
    edits: &mut Vec<Edit>,
) -> bool {
    let number = probe
        .returned
        .as_ref()
        .and_then(|returned| returned.parse::<i64>().ok());
    let Some(number) = number.filter(|number| *number > 0) else {
        return false;
    };
    *result = Some(Spanned::new(CallResult::Number(number), Span::default()));
    edits.push(Edit::insert(end, format!(" = {number}")));
    true
}

/// The line that claims it.
fn line(claimed: &Claimed, session: Option<Var>) -> Step {
    let name = |name: &str| Spanned::new(Actor::Name(name.to_owned()), Span::default());
    let mut clauses = Vec::new();
    if let Content::Callback { new_user: true, .. } = claimed.content {
        clauses.push(Spanned::new(Expectation::New, Span::default()));
    }
    if let Some(session) = session {
        clauses.push(Spanned::new(Expectation::In(session), Span::default()));
    }
    Step::Arrival(Box::new(Arrival {
        actor: name(&claimed.actor),
        user: claimed.user.as_deref().map(name),
        pattern: Some(Spanned::new(
            Pattern::Text(Text::literal(claimed.content.text())),
            Span::default(),
        )),
        clauses,
    }))
}

/// The last octet of a step, with the steps of its block.
fn last_octet(step: &Spanned<Step>) -> u32 {
    match &step.node {
        Step::Block(_, steps) => steps.iter().map(last_octet).max().unwrap_or(step.span.end),
        _ => step.span.end,
    }
}
