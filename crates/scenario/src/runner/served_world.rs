//! A world that somebody else drives, with steps in it that wait for what will happen: [`ServedWorld`].
//!
//! The owner gives the world its inputs and lets its time pass. Steps mean what they mean in a test, but a step that has to
//! wait does not move the clock: it is tried again when something has happened, until it succeeds or its time is over.
//! Several programs of steps may be under way; captures and what lines have claimed are shared, and last.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sms::Timestamp;
use world::{ConfigError, Input, Output, World};

use crate::check::{self, Names};
use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::parser::parse_steps;
use crate::report::lanes::Lanes;
use crate::runner::Run;
use crate::runner::pdu::UnderWay;
use crate::runner::scope::{Bound, Scope};
use crate::runner::served::{KEPT_MAX, Wait};
use crate::runner::stage::Stage;
use crate::runner::telling::Telling;
use crate::script::Script;
use crate::syntax::{Actor, BlockKind, Span, Spanned, Step, Var};
use crate::world_config::{Actors, DeclaredWorld};

/// Programs that are under way in one world, at most.
pub const PROGRAMS_MAX: usize = 256;
/// Steps of one program that are performed before others have their turn.
const STEPS_PER_TURN_MAX: usize = 1_000;
/// How far back is read what has happened while no step was waiting, in records: what came before is nobody's any more.
const READ_BACK_MAX: u64 = 50_000;
/// How far back PDUs are looked for, in records.
const PDUS_BACK_MAX: u64 = 20_000;

/// Names a program that is under way: the number of programs that began before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ProgramId(u64);

impl From<ProgramId> for u64 {
    fn from(id: ProgramId) -> Self {
        id.0
    }
}

impl From<u64> for ProgramId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// Steps that somebody wants performed, in order.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The name under which faults are told.
    pub path: String,
    /// The lines as they were given.
    pub text: Arc<str>,
    /// The steps that they are.
    pub steps: Vec<Spanned<Step>>,
    /// How long a line waits that does not say; none: as long as the world's own lines.
    pub patience: Option<Duration>,
    /// Whether what has arrived before counts as claimed.
    pub fresh: bool,
}

impl Steps {
    /// The steps of those lines.
    ///
    /// # Errors
    ///
    /// What cannot be understood of them.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            path: path.to_owned(),
            text: text.into(),
            steps: parse_steps(path, text)?,
            patience: None,
            fresh: false,
        })
    }
}

/// What came of a step that is over.
#[derive(Clone, Debug)]
pub struct PerformedStep {
    /// Where it stands in its text.
    pub span: Span,
    /// When it was over.
    pub at: Timestamp,
    /// The number of the first record since it began.
    pub from: u64,
    /// The number after the last record before it was over.
    pub to: u64,
    /// What it failed with, if it failed.
    pub fault: Option<Box<Diagnostic>>,
}

/// What came of a program.
#[derive(Clone, Debug)]
pub struct ProgramAnswer {
    /// Its steps, as far as they were performed: the first that fails is the last.
    pub steps: Vec<PerformedStep>,
    /// What its lines captured, by name.
    pub captures: BTreeMap<String, String>,
}

/// A world, and the programs in it.
pub struct ServedWorld {
    run: Run<'static>,
    patience: Duration,
    programs: BTreeMap<ProgramId, Program>,
    next_program: u64,
    /// The record behind which no program performs another step.
    yields_behind: Option<u64>,
}

impl std::fmt::Debug for ServedWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServedWorld")
            .field("world", self.world())
            .field("programs", &self.programs.len())
            .finish_non_exhaustive()
    }
}

/// Steps that are under way.
#[derive(Debug)]
struct Program {
    frames: Vec<Frame>,
    /// The scopes of scenes, over the world's own.
    scopes: Vec<Scope>,
    path: Arc<str>,
    patience: Duration,
    step_end: Timestamp,
    action_seq: u64,
    pdus_from: u64,
    under_way: Option<UnderWay>,
    wait: Option<Wait>,
    /// The first record of the outermost step that is being performed.
    from: u64,
    done: Vec<PerformedStep>,
    captures_before: BTreeMap<String, String>,
}

/// A list of steps, and how far it is done.
#[derive(Debug)]
struct Frame {
    steps: Arc<[Spanned<Step>]>,
    next: usize,
    rounds: Rounds,
    /// Whether they are those of a scene, with a scope of their own.
    is_scene: bool,
}

#[derive(Debug)]
enum Rounds {
    Left(u32),
    /// The variable of a `for`, whom it stands for now, and who is still to come.
    Names(Var, String, VecDeque<String>),
}

/// How far a program came.
enum Turn {
    Waits,
    Yields,
    Over,
}

impl ServedWorld {
    /// The world that the script declares, at its start.
    ///
    /// # Errors
    ///
    /// When the declarations make no world.
    pub fn new(script: Arc<Script>, declared: &DeclaredWorld) -> Result<Self, ConfigError> {
        let mut stage = Stage::new(declared, declared.config.seed, None)?;
        stage.serve();
        let path = script.path().to_owned();
        Ok(Self {
            run: Run::new(script, &path, declared.patience, stage),
            patience: declared.patience,
            programs: BTreeMap::new(),
            next_program: 0,
            yields_behind: None,
        })
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

    /// Whether callbacks of the app go out to a real one.
    pub fn is_real(&self, app: platform::AppId) -> bool {
        let credentials = self.world().rest().credentials(app);
        let url = credentials.and_then(|app| app.callback_url.as_deref());
        url.is_some_and(|url| !self.run.stage.stubs.answers_at(app, url))
    }

    /// Everything that was recorded from record `seq` on, in words, in order: the record's number, its time, and what it says.
    pub fn told_since(&self, seq: u64) -> Vec<(u64, Timestamp, String)> {
        Telling::new(&self.run, &[]).numbered(seq)
    }

    /// Gives the world an input.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.run.stage.world.handle(now, input);
    }

    /// Gives the world inputs that came together, and lets it decide on them before anything that they bring forth, which
    /// happens with the next input.
    pub fn decide_first(&mut self, now: Timestamp, inputs: impl IntoIterator<Item = Input>) {
        self.run.stage.world.decide_first(now, inputs);
    }

    /// The next thing to do outside, in order; what concerns steps, simulated apps and scripted ESMEs alone is done. Whoever
    /// takes some takes all: when there is none left, nothing more happens at this time by itself.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            let output = self.run.stage.poll_output();
            // While a step is under way, it is the steps that say what a scripted ESME answers.
            let goes_on = output.is_none() && self.programs.is_empty() && self.run.stage.esmes_answer();
            if !goes_on {
                return output;
            }
        }
    }

    /// When something will happen in the world without any input: drive it with [`Input::Tick`] then, and take its outputs.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let due = [self.world().next_wakeup(), self.run.stage.stubs.next_wakeup()];
        due.into_iter().flatten().min()
    }

    /// Begins to perform steps; [`ServedWorld::progress`] performs them.
    ///
    /// # Errors
    ///
    /// What is wrong with the steps themselves, before any is performed.
    pub fn begin(&mut self, steps: Steps) -> Result<ProgramId, Vec<Diagnostic>> {
        let faults = check::some_steps(
            &self.run.script,
            &steps.path,
            &steps.steps,
            self.run.scope().names(),
        );
        let faults: Vec<Diagnostic> = faults.into_iter().filter(Diagnostic::is_error).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        if self.programs.len() >= PROGRAMS_MAX {
            let message = format!("{PROGRAMS_MAX} programs of steps are under way in this world");
            return Err(vec![Diagnostic::without_place(Code::E305, message)]);
        }
        let first = self.world().next_record().saturating_sub(READ_BACK_MAX);
        self.run.stage.read_to = self.run.stage.read_to.max(first);
        self.run.stage.read_records();
        if steps.fresh {
            let inboxes = self.run.stage.inboxes.values_mut();
            inboxes.for_each(|inbox| {
                inbox.claim_all();
            });
        }
        let now = self.world().now();
        let next_record = self.world().next_record();
        let id = ProgramId(self.next_program);
        self.next_program += 1;
        let program = Program {
            frames: vec![Frame {
                steps: steps.steps.into(),
                next: 0,
                rounds: Rounds::Left(0),
                is_scene: false,
            }],
            scopes: Vec::new(),
            path: steps.path.as_str().into(),
            patience: steps.patience.unwrap_or(self.patience),
            step_end: now,
            action_seq: next_record,
            pdus_from: next_record.saturating_sub(PDUS_BACK_MAX),
            under_way: None,
            wait: None,
            from: next_record,
            done: Vec::new(),
            captures_before: self.captures(),
        };
        self.programs.insert(id, program);
        Ok(id)
    }

    /// Lets programs perform no more steps once that record is there; none: as many as they have.
    pub fn yield_behind(&mut self, record: Option<u64>) {
        self.yields_behind = record;
    }

    /// Gives a program up: nobody wants its answer any more.
    pub fn abandon(&mut self, id: ProgramId) {
        self.programs.remove(&id);
    }

    /// Whether any program is under way.
    pub fn has_programs(&self) -> bool {
        !self.programs.is_empty()
    }

    /// What the programs wait for; none for one that has had its turn and goes on at once.
    pub fn waits(&self) -> impl Iterator<Item = (ProgramId, Option<Wait>)> {
        self.programs.iter().map(|(id, program)| (*id, program.wait))
    }

    /// Lets the programs go on with what has happened, at the world's present time; those that are over give their answers.
    pub fn progress(&mut self) -> Vec<(ProgramId, ProgramAnswer)> {
        self.run.stage.read_records();
        let mut over = Vec::new();
        let ids: Vec<ProgramId> = self.programs.keys().copied().collect();
        for id in ids {
            let Some(mut program) = self.programs.remove(&id) else {
                continue;
            };
            match self.turn(&mut program) {
                Turn::Over => over.push((id, self.answer(program))),
                Turn::Waits | Turn::Yields => {
                    self.programs.insert(id, program);
                }
            }
        }
        over
    }

    /// Ends the programs that wait for a real app, whose time on the machine's clock is over, and gives their answers.
    pub fn give_up_on_real_apps(&mut self) -> Vec<(ProgramId, ProgramAnswer)> {
        self.run.stage.be_impatient(true);
        let over = self.progress();
        self.run.stage.be_impatient(false);
        over
    }

    fn captures(&self) -> BTreeMap<String, String> {
        let texts = self.run.scopes[0].texts();
        texts.map(|(name, text)| (name.to_owned(), text)).collect()
    }

    fn answer(&self, program: Program) -> ProgramAnswer {
        let mut captures = self.captures();
        captures.retain(|name, text| program.captures_before.get(name) != Some(text));
        ProgramAnswer {
            steps: program.done,
            captures,
        }
    }

    /// Performs steps of a program until one has to wait.
    fn turn(&mut self, program: &mut Program) -> Turn {
        program.wait = None;
        for _ in 0..STEPS_PER_TURN_MAX {
            let next_record = self.world().next_record();
            if self.yields_behind.is_some_and(|record| next_record > record) {
                break;
            }
            let Some(step) = program.next_step(&self.run) else {
                return Turn::Over;
            };
            program.bind_loops(&mut self.run);
            let outcome = match &step.node {
                Step::Run { .. } | Step::Block(BlockKind::Repeat(_) | BlockKind::For(..), _) => {
                    self.enter(program, &step)
                }
                _ => match self.attempt(program, &step) {
                    Ok(Some(wait)) => {
                        program.wait = Some(wait);
                        return Turn::Waits;
                    }
                    Ok(None) => {
                        program.step_is_over(&self.run);
                        Ok(())
                    }
                    Err(fault) => Err(fault),
                },
            };
            if let Err(fault) = outcome {
                program.step_has_failed(&self.run, fault);
                return Turn::Over;
            }
        }
        Turn::Yields
    }

    /// Tries a step; what it waits for, if it is not over.
    fn attempt(&mut self, program: &mut Program, step: &Spanned<Step>) -> Fallible<Option<Wait>> {
        let run = &mut self.run;
        let outside_path = std::mem::replace(&mut run.scopes[0].path, Arc::clone(&program.path));
        run.scopes.append(&mut program.scopes);
        let patience = std::mem::replace(&mut run.patience, program.patience);
        run.step_end = program.step_end;
        run.action_seq = program.action_seq;
        run.pdus_from = program.pdus_from;
        run.under_way = program.under_way.take();
        run.stage.restless = false;
        let _ = run.stage.take_wait();

        let outcome = run.step(step);

        let wait = run.stage.take_wait();
        program.action_seq = run.action_seq;
        program.under_way = run.under_way.take();
        program.scopes = run.scopes.split_off(1);
        run.scopes[0].path = outside_path;
        run.patience = patience;
        // What was done is on record; a world that runs for days keeps no second one.
        run.lanes = Lanes::new(run.start);
        while run.pdus_matched.len() > KEPT_MAX {
            run.pdus_matched.pop_first();
        }
        if wait.is_some() {
            return Ok(wait);
        }
        program.step_end = run.stage.now();
        outcome.map(|()| None)
    }

    /// Goes into the steps of a scene or a loop.
    fn enter(&mut self, program: &mut Program, step: &Spanned<Step>) -> Fallible<()> {
        let scope = program.scopes.last().unwrap_or(&self.run.scopes[0]);
        let mut scene_scope = None;
        let (steps, rounds) = match &step.node {
            Step::Run { scene, args } => {
                let script = Arc::clone(&self.run.script);
                let found = script.scene(scene).expect("the steps were checked");
                scene_scope = Some(Scope::of_scene(found.path, &found.part.params, args, scope));
                (found.part.steps.clone(), Rounds::Left(1))
            }
            Step::Block(BlockKind::Repeat(rounds), steps) => (steps.clone(), Rounds::Left(rounds.node)),
            Step::Block(BlockKind::For(var, names), steps) => {
                let names = names
                    .iter()
                    .map(|name| scope.actor(&Actor::Name(name.node.clone())));
                let rounds = Rounds::Names(var.node.clone(), String::new(), names.collect());
                (steps.clone(), rounds)
            }
            _ => return Ok(()),
        };
        let is_scene = scene_scope.is_some();
        program.scopes.extend(scene_scope);
        program.frames.push(Frame {
            // Its first round begins when its next step is asked for.
            next: steps.len(),
            steps: steps.into(),
            rounds,
            is_scene,
        });
        Ok(())
    }
}

impl Program {
    /// The step that is next; on the way loops go round, and scenes and loops end.
    fn next_step(&mut self, run: &Run<'static>) -> Option<Spanned<Step>> {
        loop {
            let frame = self.frames.last_mut()?;
            if let Some(step) = frame.steps.get(frame.next) {
                return Some(step.clone());
            }
            let goes_on = match &mut frame.rounds {
                Rounds::Left(left) => {
                    let goes_on = *left > 0;
                    *left = left.saturating_sub(1);
                    goes_on
                }
                Rounds::Names(_, now, names) => match names.pop_front() {
                    Some(name) => {
                        *now = name;
                        true
                    }
                    None => false,
                },
            };
            match goes_on {
                true => frame.next = 0,
                false => self.leave(run),
            }
        }
    }

    /// Has the variables of the loops around the next step stand for whom they do. They are bound anew for each step: outside of
    /// scenes the scope is the world's, in which the lines of other programs may have bound the same names meanwhile.
    fn bind_loops(&mut self, run: &mut Run<'static>) {
        let scope = self.scopes.last_mut().unwrap_or(&mut run.scopes[0]);
        let scene = self.frames.iter().rposition(|frame| frame.is_scene);
        for frame in &self.frames[scene.unwrap_or(0)..] {
            if let Rounds::Names(var, now, _) = &frame.rounds {
                scope.bind(var, Bound::Actor(now.clone()));
            }
        }
    }

    /// Ends a scene or a loop, and with it the step that it stands in.
    fn leave(&mut self, run: &Run<'static>) {
        if self.frames.pop().is_some_and(|frame| frame.is_scene) {
            self.scopes.pop();
        }
        if !self.frames.is_empty() {
            self.step_is_over(run);
        }
    }

    fn step_is_over(&mut self, run: &Run<'static>) {
        if self.frames.len() == 1 {
            self.tell(run, None);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.next += 1;
        }
    }

    fn step_has_failed(&mut self, run: &Run<'static>, fault: Box<Diagnostic>) {
        let outermost = self.outermost();
        let fault = match self.frames.iter().any(|frame| frame.is_scene) {
            true => Box::new(fault.also(&self.path, outermost, "run from here")),
            false => fault,
        };
        self.tell(run, Some(fault));
    }

    fn tell(&mut self, run: &Run<'static>, fault: Option<Box<Diagnostic>>) {
        let to = run.stage.world.next_record();
        self.done.push(PerformedStep {
            span: self.outermost(),
            at: run.stage.now(),
            from: self.from,
            to,
            fault,
        });
        self.from = to;
    }

    /// Where the step stands that was given, and not one of a scene's or a loop's.
    fn outermost(&self) -> Span {
        let frame = self.frames.first();
        let step = frame.and_then(|frame| frame.steps.get(frame.next));
        step.map_or_else(Span::default, |step| step.span)
    }
}
