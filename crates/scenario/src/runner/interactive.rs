//! A world at somebody's fingertips: [`Interactive`] performs steps as they are given, and tells what came of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use platform::decision::DecisionCode;
use platform::{AppId, Decision};
use sms::Timestamp;
use world::{Event, World};

use crate::check::{self, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::outside::Outside;
use crate::report::lanes::LaneEvent;
use crate::runner::Run;
use crate::runner::inbox::Content;
use crate::runner::recording::Done;
use crate::runner::scope::Bound;
use crate::runner::stage::Stage;
use crate::runner::telling::Telling;
use crate::script::Script;
use crate::syntax::{CallResult, Destination, Span, Spanned, Step, Text, Var};
use crate::world_config::{Actors, DeclaredWorld, Rules, world_config_with, world_fault};

/// Holds of the clock that one step ends, at most.
const HOLDS_MAX: usize = 16;

/// A world that is driven step by step, with the same meaning of every step as in a test.
///
/// What follows from a step and arrives within the world's patience has arrived when the step is over, and the clock stands
/// at the last arrival; `wait` and `at` move it exactly. What an actor has seen before a step that does something counts as
/// claimed. Every session in which an app gets a text is bound to a capture of its own: `$s1`, `$s2` and so on.
pub struct Interactive {
    pub(super) run: Run<'static>,
    pub(super) done: Vec<Done>,
    /// The record with which the last step that did something began.
    last_seq: u64,
    last_at: Timestamp,
    /// The callbacks whose session a capture holds: the record, and the capture's name.
    pub(super) captured: Vec<(u64, String)>,
    /// The script that the world began with: users who joined are in no file of it.
    script: Arc<Script>,
    declared: DeclaredWorld,
    seed: u64,
}

impl std::fmt::Debug for Interactive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interactive")
            .field("now", &self.now())
            .field("done", &self.done.len())
            .finish_non_exhaustive()
    }
}

impl Interactive {
    /// The world that the script declares under those rules, at its start. The script's tests are not played.
    ///
    /// # Errors
    ///
    /// When the declarations make no world.
    pub fn new(script: Script, rules: &Rules, seed: Option<u64>) -> Result<Self, Vec<Diagnostic>> {
        let declared = world_config_with(&script, rules)?;
        let seed = seed.unwrap_or(declared.config.seed);
        let script = Arc::new(script);
        let run = new_run(Arc::clone(&script), &declared, seed)?;
        Ok(Self {
            script,
            last_at: run.start,
            run,
            done: Vec::new(),
            last_seq: 0,
            captured: Vec::new(),
            declared,
            seed,
        })
    }

    /// Does everything again in a new world. Steps that fail now as they did then are no error. `keep` says how many of the
    /// steps of [`Interactive::done_count`] are done.
    ///
    /// # Errors
    ///
    /// When the declarations make no world; everything stays as it was then.
    pub fn replay(&mut self, keep: usize) -> Result<(), Vec<Diagnostic>> {
        let mut run = new_run(Arc::clone(&self.script), &self.declared, self.seed)?;
        if let Some(outside) = self.run.stage.take_outside() {
            run.stage.open_outside(outside);
        }
        (self.last_seq, self.last_at) = (0, run.start);
        self.run = run;
        self.captured.clear();
        let mut done = std::mem::take(&mut self.done);
        done.truncate(keep);
        for one in done {
            match one {
                Done::Step { step, .. } => {
                    // It failed before, or it did not.
                    let _ = self.perform(&step);
                }
                Done::RealApp { app, url } => self.put_real_app(app, &url),
            }
        }
        Ok(())
    }

    /// How many steps were done, and apps put in.
    pub fn done_count(&self) -> usize {
        self.done.len()
    }

    /// Whether anything behind the first `count` of those did more than look.
    pub fn acted_since(&self, count: usize) -> bool {
        self.done.iter().skip(count).any(|done| match done {
            Done::Step { step, .. } => matches!(step.node, Step::Note(_)) || !looks_only(&step.node),
            Done::RealApp { .. } => true,
        })
    }

    /// What is wrong with a step before it is performed: unknown names, settings and captures.
    pub fn check(&self, path: &str, step: &Spanned<Step>) -> Vec<Diagnostic> {
        check::some_steps(
            &self.run.script,
            path,
            std::slice::from_ref(step),
            self.captures(),
        )
    }

    /// Performs a step that [`Interactive::check`] finds nothing wrong with. A call of an app that says no result may
    /// return anything.
    ///
    /// # Errors
    ///
    /// What a test would fail with at this step.
    pub fn perform(&mut self, step: &Spanned<Step>) -> Result<(), Box<Diagnostic>> {
        let faults = self.check(self.run.scope().path.clone().as_ref(), step);
        if let Some(fault) = faults.into_iter().find(Diagnostic::is_error) {
            return Err(Box::new(fault));
        }
        let looks = looks_only(&step.node);
        if !looks {
            self.run
                .stage
                .inboxes
                .values_mut()
                .for_each(|inbox| inbox.claim_all());
        }
        let claimed_before = self.claimed();
        let (from_seq, from_at) = (self.next_record(), self.now());
        if !looks {
            (self.last_seq, self.last_at) = (from_seq, from_at);
        }
        self.run.step_end = from_at;
        let outcome = self.run.step(&open_result(step));
        let failed = outcome.is_err() && self.run.stage.held.is_none();
        if !looks && !moves_exactly(&step.node) {
            let deadline = self.now() + self.run.patience;
            self.run.stage.land(deadline);
        }
        let held = self.released(step.span);
        self.capture_sessions();
        let covered = self.claimed().difference(&claimed_before).copied().collect();
        self.done.push(Done::Step {
            step: step.clone(),
            failed,
            from_seq,
            from_at,
            to_at: self.now(),
            covered,
        });
        outcome.and(held)
    }

    /// Lets the clock go on when a real app keeps it from that, and says so.
    fn released(&mut self, span: Span) -> Result<(), Box<Diagnostic>> {
        let mut held = Ok(());
        // What follows from one app's silence may be for another one that is silent too.
        for _ in 0..HOLDS_MAX {
            let Some(why) = self.run.stage.release() else {
                break;
            };
            let message = format!("the clock was held: {why}");
            held = held.and(Err(Box::new(self.run.fault(Code::E305, span, message))));
            let deadline = self.now() + self.run.patience;
            self.run.stage.land(deadline);
        }
        held
    }

    /// A user's text to the platform's short code.
    ///
    /// # Errors
    ///
    /// When the phone does not send it.
    pub fn text(&mut self, user: &str, text: &str) -> Result<(), Box<Diagnostic>> {
        let step = Step::Compose {
            user: spanned(crate::syntax::Actor::Name(user.to_owned())),
            text: spanned(Text::literal(text)),
            to: Destination::ShortCode,
        };
        self.perform(&spanned(step))
    }

    /// The source under whose path faults of the next steps are told.
    pub fn stand_in(&mut self, path: &str) {
        self.run.scope_mut().path = path.into();
    }

    /// Puts a real app in the place of a declared one from now on. [`Interactive::open_outside`] comes first.
    pub fn put_real_app(&mut self, app: AppId, url: &str) {
        self.run.stage.put_real_app(app, url);
        let url = url.to_owned();
        self.done.push(Done::RealApp { app, url });
    }

    /// Opens the way to real apps.
    pub fn open_outside(&mut self, outside: Box<dyn Outside>) {
        self.run.stage.open_outside(outside);
    }

    /// Takes what real apps have sent meanwhile, and lets arrive what follows. Whether there was anything.
    pub fn poll_outside(&mut self) -> bool {
        let (from_seq, from_at) = (self.next_record(), self.now());
        let mut any = false;
        while self.run.stage.poll_outside() {
            any = true;
        }
        if any {
            (self.last_seq, self.last_at) = (from_seq, from_at);
            let deadline = self.now() + self.run.patience;
            self.run.stage.land(deadline);
            // Whoever asked an app for nothing is told by what is shown.
            let _ = self.released(Span::default());
            self.capture_sessions();
        }
        any
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.run.stage.now()
    }

    /// The world, to look at.
    pub fn world(&self) -> &World {
        &self.run.stage.world
    }

    /// Who bears which name.
    pub fn actors(&self) -> &Actors {
        &self.run.stage.actors
    }

    /// What the declared names are.
    pub fn names(&self) -> &Names {
        self.run.script.names()
    }

    /// The script whose world this is.
    pub fn script(&self) -> &Script {
        &self.run.script
    }

    /// The captures that hold something, without the `$`.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.run.scope().names()
    }

    /// Whether the app is outside of the simulation.
    pub fn is_real(&self, app: AppId) -> bool {
        self.run.stage.is_real(app)
    }

    /// The number that the next record will have.
    pub fn next_record(&self) -> u64 {
        self.run.stage.world.next_record()
    }

    /// The record with which the last step that did something began.
    pub fn last_action(&self) -> u64 {
        self.last_seq
    }

    /// When that step began.
    pub fn last_action_at(&self) -> Timestamp {
        self.last_at
    }

    /// What actors saw, and what apps did and were answered, from record `seq` on, in order.
    pub fn happened_since(&self, seq: u64) -> Vec<LaneEvent> {
        Telling::new(&self.run, &self.captured).since(seq)
    }

    /// Everything that was recorded from record `seq` on, in words, in order.
    pub fn trace_since(&self, seq: u64) -> Vec<(Timestamp, String)> {
        Telling::new(&self.run, &self.captured).trace(seq)
    }

    /// The PDUs that crossed the platform's link from record `seq` on, in words, in order.
    pub fn pdus_since(&self, seq: u64) -> Vec<(Timestamp, String)> {
        Telling::new(&self.run, &self.captured).pdus(seq)
    }

    /// What the platform decided from record `seq` on, with the time, in order.
    pub fn decisions_since(&self, seq: u64) -> Vec<(Timestamp, String)> {
        let records = self.run.stage.world.records_since(seq);
        records
            .filter_map(|record| match &record.event {
                // That something arrived is no decision.
                Event::Decision(Decision {
                    code: DecisionCode::Receipt | DecisionCode::CallbackAnswered,
                    ..
                }) => None,
                Event::Decision(decision) => Some((record.at, decision.text().to_owned())),
                Event::NotComposed { why, .. } => Some((record.at, why.clone())),
                _ => None,
            })
            .collect()
    }

    fn claimed(&self) -> BTreeSet<u64> {
        let inboxes = self.run.stage.inboxes.values();
        let items = inboxes.flat_map(|inbox| inbox.since(self.last_seq));
        items.filter(|item| item.claimed).map(|item| item.seq).collect()
    }

    /// Binds a capture of its own to the session of every callback that has none.
    fn capture_sessions(&mut self) {
        let after = self.captured.last().map_or(0, |(seq, _)| seq + 1);
        let mut sessions: Vec<(u64, u32)> = Vec::new();
        for inbox in self.run.stage.inboxes.values() {
            for item in inbox.since(after) {
                if let Content::Callback { session, .. } = item.content {
                    sessions.push((item.seq, session));
                }
            }
        }
        sessions.sort_unstable();
        for (seq, session) in sessions {
            let name = format!("s{}", self.captured.len() + 1);
            self.run
                .scope_mut()
                .bind(&Var(name.clone()), Bound::Session(session));
            self.captured.push((seq, name));
        }
    }
}

fn new_run(
    script: Arc<Script>,
    declared: &DeclaredWorld,
    seed: u64,
) -> Result<Run<'static>, Vec<Diagnostic>> {
    let stage = Stage::new(declared, seed, None).map_err(|error| vec![world_fault(&script, &error)])?;
    let path = script.path().to_owned();
    let mut run = Run::new(script, &path, declared.patience, stage);
    run.keeps_past = true;
    Ok(run)
}

fn spanned<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

/// Whether the step only looks at what there is: what it expects was brought forth by a step before it.
fn looks_only(step: &Step) -> bool {
    match step {
        Step::Arrival(_)
        | Step::Receipt { .. }
        | Step::Check(..)
        | Step::Note(_)
        | Step::Ignore(_)
        | Step::Fill => true,
        Step::Pdu(pdu) => pdu.sign == crate::syntax::Sign::Sees,
        Step::Compose { .. }
        | Step::Send(_)
        | Step::Call { .. }
        | Step::CanSend { .. }
        | Step::Quiet { .. }
        | Step::Set(..)
        | Step::Wait(_)
        | Step::At { .. }
        | Step::Run { .. }
        | Step::Join(_) => false,
        Step::Block(_, steps) => steps.iter().all(|step| looks_only(&step.node)),
    }
}

/// Whether the step says itself where the clock stands afterwards.
fn moves_exactly(step: &Step) -> bool {
    matches!(step, Step::Wait(_) | Step::At { .. } | Step::Quiet { .. })
}

/// The step, with a call that says no result open to any.
fn open_result(step: &Spanned<Step>) -> Spanned<Step> {
    let mut step = step.clone();
    let result = match &mut step.node {
        Step::Send(send) => &mut send.result,
        Step::Call { result, .. } => result,
        _ => return step,
    };
    if result.is_none() {
        *result = Some(spanned(CallResult::Var(Var("_".to_owned()))));
    }
    step
}
