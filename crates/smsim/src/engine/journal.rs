//! What was done with a served world, so that it can be done again: [`Journal`], [`Past`].
//!
//! A world that gets the same inputs at the same times makes the same records. The journal keeps every call that changes the
//! world; [`Past::until`] makes them again in a new one. What comes from outside of the simulation cannot be asked to come
//! again: there the journal ends. A world that has a [`Keeper`] has everything written down as well, what comes from outside
//! included.

use std::ops::Deref;
use std::path::Path;

use platform::AppId;
use scenario::{Diagnostic, ProgramAnswer, ProgramId, ServedWorld, Steps};
use sms::Timestamp;
use world::{Input, Output};

use super::{EngineHandle, Message, Pace};
use crate::data::{Call, DataError, Keeper};

/// Calls that a journal keeps, at most.
const JOURNAL_CALLS_MAX: usize = 200_000;
/// Octets of texts and steps that a journal keeps, at most.
const JOURNAL_OCTETS_MAX: usize = 16 << 20;

/// Where a journal ends before the present, and why.
#[derive(Clone, Debug)]
struct End {
    /// The number that the next record had.
    next_record: u64,
    why: String,
}

/// A served world with the journal of what was done with it.
#[derive(Debug)]
pub struct Journal {
    served: ServedWorld,
    calls: Vec<Call>,
    octets: usize,
    end: Option<End>,
    /// Who writes down everything, if anybody does.
    keeper: Option<Box<Keeper>>,
    /// The highest names that calls of apps and links had.
    last_call: u64,
    last_link: u64,
}

impl Deref for Journal {
    type Target = ServedWorld;

    fn deref(&self) -> &ServedWorld {
        &self.served
    }
}

impl From<ServedWorld> for Journal {
    fn from(served: ServedWorld) -> Self {
        Self {
            served,
            calls: Vec::new(),
            octets: 0,
            end: None,
            keeper: None,
            last_call: 0,
            last_link: 0,
        }
    }
}

impl Journal {
    /// Has everything written down from now on.
    pub fn keep_in(&mut self, keeper: Keeper) {
        self.keeper = Some(Box::new(keeper));
    }

    /// Whether everything is written down, which takes its time whenever something is sent on.
    pub fn is_written_down(&self) -> bool {
        self.keeper.is_some()
    }

    /// Where everything is written down, if it is.
    pub fn kept_in(&self) -> Option<&Path> {
        self.keeper.as_ref().map(|keeper| keeper.file())
    }

    /// The highest name of a call that an app has made; 0 when none has.
    pub fn last_call(&self) -> u64 {
        self.last_call
    }

    /// The highest name of an outside ESME's link; 0 when there was none.
    pub fn last_link(&self) -> u64 {
        self.last_link
    }

    /// Has everything on the disk that was done, if it is written down at all.
    ///
    /// # Errors
    ///
    /// When it cannot be: then nothing that has come of it may leave the process.
    pub fn commit(&mut self, pace: &Pace) -> Result<(), DataError> {
        match &mut self.keeper {
            Some(keeper) => keeper.commit(self.served.world(), pace),
            None => Ok(()),
        }
    }

    /// Gives the world an input.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        if let Some(keeper) = &mut self.keeper {
            keeper.group().handle(now, &input);
        }
        match &input {
            Input::Tick => self.keep(Call::Tick(now), 0),
            Input::LinkOpened { link, .. } | Input::LinkDialled { link, .. } => {
                self.last_link = self.last_link.max(link.0);
                self.ends("an ESME outside of the simulation took part");
            }
            Input::LinkReceived { .. } => self.ends("an ESME outside of the simulation took part"),
            Input::Api { .. } | Input::CallbackDone { .. } | Input::CallbackAnswered { .. } => {
                self.ends("an app outside of the simulation took part");
            }
            Input::Compose { text, .. } => {
                let octets = text.len();
                self.keep(Call::Handle(now, Box::new(input.clone())), octets);
            }
            Input::LogIn { .. }
            | Input::AskForCode { .. }
            | Input::ConfirmPhone { .. }
            | Input::MintSession { .. }
            | Input::LinkNotDialled { .. }
            | Input::LinkClosed { .. }
            | Input::Change(_)
            | Input::Stop => self.keep(Call::Handle(now, Box::new(input.clone())), 0),
        }
        self.served.handle(now, input);
    }

    /// Calls of apps, which come from outside.
    pub fn decide_first(&mut self, now: Timestamp, calls: Vec<Input>) {
        if let Some(keeper) = &mut self.keeper {
            keeper.group().decide(now, &calls);
        }
        let names = calls.iter().filter_map(|input| match input {
            Input::Api { call, .. } => Some(call.0),
            _ => None,
        });
        self.last_call = names.fold(self.last_call, u64::max);
        self.ends("an app outside of the simulation took part");
        self.served.decide_first(now, calls);
    }

    /// Says that everything that the world wants done is taken now; [`Journal::poll_output`] gives it.
    pub fn drain(&mut self) {
        // Nothing is left to be taken twice.
        if !matches!(self.calls.last(), Some(Call::Drain)) {
            self.keep(Call::Drain, 0);
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.group().drain();
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.served.poll_output()
    }

    pub fn begin(&mut self, steps: Steps) -> Result<ProgramId, Vec<Diagnostic>> {
        let octets = steps.steps.last().map_or(0, |step| step.span.end as usize);
        if let Some(keeper) = &mut self.keeper {
            keeper.group().begin(&steps);
        }
        self.keep(Call::Begin(Box::new(steps.clone())), octets);
        self.served.begin(steps)
    }

    pub fn progress(&mut self) -> Vec<(ProgramId, ProgramAnswer)> {
        if let Some(keeper) = &mut self.keeper {
            keeper.group().progress();
        }
        self.keep(Call::Progress, 0);
        self.served.progress()
    }

    /// Gives a program of steps up.
    pub fn abandon(&mut self, id: ProgramId) {
        if let Some(keeper) = &mut self.keeper {
            keeper.group().abandon(id);
        }
        self.keep(Call::Abandon(id), 0);
        self.served.abandon(id);
    }

    pub fn give_up_on_real_apps(&mut self) -> Vec<(ProgramId, ProgramAnswer)> {
        if let Some(keeper) = &mut self.keeper {
            keeper.group().give_up();
        }
        self.ends("a line waited for an app outside of the simulation");
        self.served.give_up_on_real_apps()
    }

    fn keep(&mut self, call: Call, octets: usize) {
        if self.end.is_some() {
            return;
        }
        if self.calls.len() >= JOURNAL_CALLS_MAX || self.octets + octets > JOURNAL_OCTETS_MAX {
            return self.ends("so much has happened that it is not all kept");
        }
        self.octets += octets;
        self.calls.push(call);
    }

    /// What is done from now on is not kept.
    fn ends(&mut self, why: &str) {
        let next_record = self.served.world().next_record();
        self.end.get_or_insert_with(|| End {
            next_record,
            why: why.to_owned(),
        });
    }

    /// Makes a call again; `see` is shown what the world wants done outside.
    pub fn again(&mut self, call: Call, mut see: impl FnMut(Output)) {
        match call {
            Call::Tick(now) => self.handle(now, Input::Tick),
            Call::Handle(now, input) => self.handle(now, *input),
            Call::Decide(now, inputs) => self.decide_first(now, inputs),
            Call::Drain => {
                self.drain();
                while let Some(output) = self.poll_output() {
                    see(output);
                }
            }
            Call::Begin(steps) => {
                // They were as wrong before, if they are.
                let _ = self.begin(*steps);
            }
            Call::Progress => {
                self.progress();
            }
            Call::Abandon(id) => self.abandon(id),
            Call::GiveUp => {
                self.give_up_on_real_apps();
            }
            // Who owns the world lets its time pass.
            Call::Clock(_) => {}
        }
    }

    /// The first app that is outside of the simulation.
    fn real_app(&self) -> Option<&str> {
        let mut apps = self.served.actors().apps.iter();
        let is_real = |(_, app): &(&String, &AppId)| self.served.is_real(**app);
        apps.find(is_real).map(|(name, _)| name.as_str())
    }
}

/// What was done with a world.
#[derive(Debug)]
pub struct Past {
    calls: Vec<Call>,
    end: Option<End>,
    next_record: u64,
    pace: Pace,
}

/// Why no world can be made to stand where another stood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoBranch {
    /// That has not happened yet.
    #[error("record {0} is not there yet: the next one is {1}")]
    NotYet(u64, u64),
    /// Something from outside took part before then, or too much has happened.
    #[error(
        "this cannot happen again: {why} before record {record}; a branch is possible up to record {}",
        next_record.saturating_sub(1)
    )]
    Outside {
        /// The record that is wanted.
        record: u64,
        /// The first that cannot be had.
        next_record: u64,
        /// What took part.
        why: String,
    },
    /// It would call an app that speaks to the other world.
    #[error(
        "{0} is an app outside of the simulation, whose calls go to the world that it was connected to; disconnect it before \
         the record to branch from: set {0} url none"
    )]
    RealApp(String),
}

impl Past {
    /// Does it all again in a world like that one at its start, up to the call that made the record; what has been begun is
    /// given up there. The clock shows what it showed then, and goes on as the other one goes.
    ///
    /// # Errors
    ///
    /// When it cannot be had again.
    pub fn until(self, record: u64, served: ServedWorld) -> Result<(Journal, Pace), NoBranch> {
        if record >= self.next_record {
            return Err(NoBranch::NotYet(record, self.next_record));
        }
        if let Some(End { next_record, why }) = self.end.filter(|end| record >= end.next_record) {
            return Err(NoBranch::Outside {
                record,
                next_record,
                why,
            });
        }
        let mut journal = Journal::from(served);
        journal.served.yield_behind(Some(record));
        for call in self.calls {
            if journal.world().next_record() > record {
                break;
            }
            journal.again(call, drop);
        }
        journal.served.yield_behind(None);
        let open: Vec<ProgramId> = journal.waits().map(|(id, _)| id).collect();
        for id in open {
            journal.abandon(id);
        }
        if let Some(app) = journal.real_app() {
            return Err(NoBranch::RealApp(app.to_owned()));
        }
        let pace = self.pace.going_on_at(journal.world().now());
        Ok((journal, pace))
    }
}

impl EngineHandle {
    /// What was done with the world so far; none when the engine has ended.
    pub async fn past(&self) -> Option<Past> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let look = Box::new(move |engine: &super::Engine| {
            let journal = &engine.served;
            let past = Past {
                calls: journal.calls.clone(),
                end: journal.end.clone(),
                next_record: journal.world().next_record(),
                pace: engine.pace.going_on_at(engine.pace.now()),
            };
            // Who asked and went away does not want it any more.
            let _ = reply.send(past);
        });
        self.inbox.send(Message::Look(look)).await.ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scenario::syntax::Span;
    use scenario::{ClockMode, Sources};

    use super::*;

    /// A world with one phone, at its start.
    fn served() -> ServedWorld {
        let mut sources = Sources::new();
        sources.insert("w.sms", "carrier att\nuser alice +14155550101 on att\n");
        let script = scenario::load(&sources, "w.sms").expect("a script");
        let declared = scenario::world_config(&script).expect("a world");
        ServedWorld::new(Arc::new(script), &declared).expect("a world")
    }

    /// Alice's text, as if it stood in a body of so many octets.
    fn text(octets: usize) -> Steps {
        let mut steps = Steps::read("steps", "alice > \"help\"").expect("a step");
        for step in &mut steps.steps {
            step.span = Span::new(0, octets);
        }
        steps
    }

    fn live(journal: &mut Journal, steps: Steps) {
        journal.begin(steps).expect("steps");
        journal.progress();
        journal.drain();
    }

    fn past(journal: &Journal) -> Past {
        Past {
            calls: journal.calls.clone(),
            end: journal.end.clone(),
            next_record: journal.world().next_record(),
            pace: Pace::new(journal.world().now(), ClockMode::Virtual),
        }
    }

    /// Up to which record there is a branch: before and behind it.
    fn branches_up_to(journal: &Journal, record: u64) {
        assert!(past(journal).until(record - 1, served()).is_ok());
        let refused = past(journal).until(record, served()).expect_err("it is not kept");
        let told = refused.to_string();
        assert!(told.contains("so much has happened"), "{told}");
        assert!(told.contains(&format!("up to record {}", record - 1)), "{told}");
    }

    #[test]
    fn a_journal_keeps_so_many_octets() {
        let mut journal = Journal::from(served());
        live(&mut journal, text(JOURNAL_OCTETS_MAX));
        assert!(journal.end.is_none());
        let record = journal.world().next_record();
        live(&mut journal, text(1));
        assert!(journal.world().next_record() > record);
        branches_up_to(&journal, record);
    }

    #[test]
    fn a_journal_keeps_so_many_calls() {
        let mut journal = Journal::from(served());
        let now = journal.world().now();
        for _ in 0..JOURNAL_CALLS_MAX {
            journal.handle(now, Input::Tick);
        }
        assert!(journal.end.is_none());
        let record = journal.world().next_record();
        live(&mut journal, text(1));
        assert_eq!(journal.calls.len(), JOURNAL_CALLS_MAX);
        branches_up_to(&journal, record);
    }

    #[test]
    fn what_is_taken_twice_is_kept_once() {
        let mut journal = Journal::from(served());
        journal.drain();
        journal.drain();
        assert_eq!(journal.calls.len(), 1);
    }
}
