//! Tests in virtual time: [`Runner`] plays each in a new world and says what came of it.
//!
//! There is no clock and no chance here: time is the world's, chance comes from its seed, and the same script with the
//! same seed gives the same records.

mod action;
mod block;
mod check;
mod expectation;
mod human;
mod inbox;
mod interactive;
mod join;
mod link;
mod live;
mod past;
mod pdu;
mod probe;
mod put_in;
mod reached;
mod real_apps;
mod recording;
mod records;
mod scope;
mod served;
mod served_world;
mod setting;
mod stage;
mod telling;
mod why;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sms::Timestamp;
use world::World;

pub(crate) use expectation::encoding_name;
pub(crate) use inbox::Content;
pub use interactive::Interactive;
pub use live::{LIVE_PATH, Live};
pub(crate) use probe::{Claimed, Probe};
pub use reached::Reached;
pub use records::RecordsHash;
pub use served::{CALLS_OF_STEPS, LINKS_OF_STEPS, Wait};
pub use served_world::{PROGRAMS_MAX, PerformedStep, ProgramAnswer, ProgramId, ServedWorld, Steps};
pub use stage::OUTPUTS_PER_INSTANT_MAX;
pub use worlds::{WORLDS_KEPT_MAX, Worlds};

use crate::diagnostics::{Code, Diagnostic, Fallible, NoteKind};
use crate::outside::Outside;
use crate::people::People;
use crate::report::lanes::Lanes;
use crate::report::trace::Trace;
use crate::report::{Pdus, TestReport};
use crate::runner::human::Humans;
use crate::runner::pdu::UnderWay;
use crate::runner::scope::Scope;
use crate::runner::stage::Stage;
use crate::runner::worlds::Declared;
use crate::script::Script;
use crate::shell::shell_word;
use crate::source::{Sources, line_starts};
use crate::syntax::{Actor, Arg, Span, Spanned, Step, Test};
use crate::world_config::{ClockMode, Rules, world_config_from, world_fault};

/// Unclaimed items that are told at the end of a test, at most.
const UNCLAIMED_TOLD_MAX: usize = 8;

/// Where days and times of day end. Beyond that a day has no number, so that no quota could be counted.
const CALENDAR_END: Timestamp = Timestamp::from_secs(253_370_764_800);

/// How tests are run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunOptions {
    /// The seed, in place of the world's own.
    pub seed: Option<u64>,
}

/// Runs the tests of one script.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Where the lines of the script's own file begin.
    lines: Arc<[u32]>,
    script: Arc<Script>,
    rules: Arc<Rules>,
    declared: Arc<Declared>,
    /// The URLs of the real apps that were put in, by name.
    put_in: BTreeMap<String, String>,
    hashes_records: bool,
    keeps_lanes: bool,
    keeps_trace: bool,
    keeps_pdus: bool,
    /// Whose texts people type.
    humans: BTreeSet<String>,
    /// What a command has beside the file and the seed to play a test the same way again.
    replay_options: Arc<str>,
}

impl Runner {
    /// A runner of a checked script. `sources` are those that it was loaded from.
    ///
    /// # Errors
    ///
    /// When its declarations make no world.
    pub fn new(sources: &Sources, script: &Script) -> Result<Self, Vec<Diagnostic>> {
        Self::with_rules(sources, script, &Rules::default())
    }

    /// As [`Runner::new`], over other rules than the built-in ones.
    ///
    /// # Errors
    ///
    /// As [`Runner::new`].
    pub fn with_rules(sources: &Sources, script: &Script, rules: &Rules) -> Result<Self, Vec<Diagnostic>> {
        let declared = Declared::by(script, rules)?;
        Ok(Self::of(sources, script, Arc::new(rules.clone()), declared))
    }

    fn of(sources: &Sources, script: &Script, rules: Arc<Rules>, declared: Arc<Declared>) -> Self {
        Self {
            lines: line_starts(sources.text(script.path()).unwrap_or_default()).into(),
            script: Arc::new(script.clone()),
            rules,
            declared,
            put_in: BTreeMap::new(),
            hashes_records: false,
            keeps_lanes: false,
            keeps_trace: false,
            keeps_pdus: false,
            humans: BTreeSet::new(),
            replay_options: "".into(),
        }
    }

    /// Has the commands that failures tell for their replay end in these options, as a shell reads them, each with a blank before
    /// it: those under which the tests are played now.
    pub fn replay_with(&mut self, options: &str) {
        self.replay_options = options.into();
    }

    /// Has reports bear a hash of the records ([`TestReport::records_hash`]), so that two runs can be compared. A test takes
    /// twice as long with it.
    pub fn hash_records(&mut self) {
        self.hashes_records = true;
    }

    /// Has the reports of tests that pass keep their lanes as well ([`TestReport::lanes`]).
    pub fn keep_lanes(&mut self) {
        self.keeps_lanes = true;
    }

    /// Has reports keep what happened in detail ([`TestReport::trace`]).
    pub fn keep_trace(&mut self) {
        self.keeps_trace = true;
    }

    /// Has reports keep the records of the PDUs ([`TestReport::pdus`]).
    pub fn keep_pdus(&mut self) {
        self.keeps_pdus = true;
    }

    /// The path of the script's own file.
    pub fn path(&self) -> &str {
        self.script.path()
    }

    /// The tests, in the order of the file.
    pub fn tests(&self) -> impl Iterator<Item = &Spanned<Test>> {
        self.script.tests()
    }

    /// The line of a test, from 1.
    pub fn line_of(&self, test: &Spanned<Test>) -> usize {
        self.lines.partition_point(|start| *start <= test.span.start)
    }

    /// The same with other accounts: users without a declared `uid` have the numbers from `first` on. A real app that keeps
    /// something about its users knows nobody of an earlier test then, and what it still says about one of those can be told
    /// from what it says now.
    pub fn with_accounts_from(&self, first: u64) -> Self {
        let declared = world_config_from(&self.script, &self.rules, first);
        let mut other = Self {
            declared: Declared::new(declared.expect("the same declarations made a world before")),
            ..self.clone()
        };
        for (name, url) in &self.put_in {
            let put = other.put_real_app(name, url);
            debug_assert!(put.is_ok(), "the same declarations have the same apps");
        }
        other
    }

    /// Gives apps so many times longer to answer a callback: where a world's time passes faster than the machine's, HTTP does
    /// not.
    pub fn allow_callbacks(&mut self, times: f64) {
        self.declared = self.declared.changed(|world| {
            let timeout = &mut world.config.callback_timeout;
            *timeout = timeout.mul_f64(times.max(1.0));
        });
    }

    /// The numbers of the users' accounts.
    pub fn accounts(&self) -> impl Iterator<Item = u64> {
        self.declared
            .world
            .config
            .users
            .iter()
            .map(|config| config.user.uid.0)
    }

    /// How the script says that time passes, if it does. A test that is only [run](Runner::run) goes as fast as it can.
    pub fn clock(&self) -> Option<ClockMode> {
        self.declared.world.clock
    }

    /// When its worlds begin.
    pub fn start(&self) -> Timestamp {
        self.declared.world.config.start
    }

    /// The apps that are outside of the simulation: those with a `url`, and those that were put in.
    pub fn real_apps(&self) -> impl Iterator<Item = &rest::Credentials> {
        let credentials = self
            .declared
            .world
            .config
            .apps
            .iter()
            .map(|config| &config.credentials);
        credentials.filter(|credentials| !self.declared.world.stubs.contains(credentials.app))
    }

    /// Whether there is such an app.
    pub fn has_real_apps(&self) -> bool {
        self.real_apps().next().is_some()
    }

    /// Plays one test in a new world. Apps with a `url` cannot be reached.
    pub fn run(&self, test: &Spanned<Test>, options: RunOptions) -> TestReport {
        self.play(test, options, None, None, None)
    }

    /// Plays one test in a new world in which real apps take part, and people.
    pub fn run_with(
        &self,
        test: &Spanned<Test>,
        options: RunOptions,
        outside: Option<&mut dyn Outside>,
        people: Option<&mut dyn People>,
    ) -> TestReport {
        self.play(test, options, outside, people, None)
    }

    /// As [`Runner::run`] or [`Runner::run_with`], and says meanwhile how far it is.
    pub fn play(
        &self,
        test: &Spanned<Test>,
        options: RunOptions,
        outside: Option<&mut dyn Outside>,
        people: Option<&mut dyn People>,
        reached: Option<&Reached>,
    ) -> TestReport {
        let seed = options.seed.unwrap_or(self.declared.world.config.seed);
        let path = self.script.path();
        let line = self.line_of(test);
        let mut report = TestReport::new(path, line, test, seed);
        let outside = outside.map(|outside| Box::new(outside) as Box<dyn Outside>);
        let mut stage = match self.declared.checked() {
            Ok(checked) => Stage::of(World::of(checked, seed), &self.declared.world, outside),
            Err(error) => {
                let fault = world_fault(&self.script, error);
                report
                    .diagnostics
                    .push(fault.also(path, test.name.span, "for this test"));
                return report;
            }
        };
        stage.watch(reached);
        if self.hashes_records {
            stage.hash_records();
        }
        let mut run = Run::new(
            Arc::clone(&self.script),
            path,
            self.declared.world.patience,
            stage,
        );
        run.humans = people.map(|people| Humans {
            users: self.humans.clone(),
            people: Box::new(people),
            shown_to: 0,
        });
        let mut faults = match run.steps(&test.steps) {
            Ok(()) => run.end(test.name.span),
            Err(fault) => vec![*fault],
        };
        let warnings = std::mem::take(&mut run.warnings);
        report.trace = self
            .keeps_trace
            .then(|| Trace::of(&run.stage.world, &self.declared.world, seed));
        report.pdus = self.keeps_pdus.then(|| Pdus::of(&run.stage.world));
        for fault in &mut faults {
            let test = shell_word(&format!("{path}:{line}"));
            let options = &self.replay_options;
            let replay = format!("seed {seed}; replay: smsim run {test} --seed {seed}{options}");
            *fault = fault.clone().note(NoteKind::Plain, replay);
        }
        faults.extend(warnings);
        report.diagnostics = faults;
        // What two runs with one seed did differently is only known when both are over.
        let keeps_lanes = self.keeps_lanes || self.hashes_records || !report.passed();
        run.conclude(&mut report, keeps_lanes);
        report
    }
}

/// One test being played.
struct Run<'o> {
    script: Arc<Script>,
    stage: Stage<'o>,
    patience: Duration,
    /// The test's own variables, and over them those of the scenes that are being run.
    scopes: Vec<Scope>,
    start: Timestamp,
    /// When the previous step was over: `within` and `after` count from then.
    step_end: Timestamp,
    /// The record with which the last action began: reasons are looked for from there.
    action_seq: u64,
    ignored: BTreeSet<String>,
    /// The records of PDUs that a line was about.
    pdus_matched: BTreeSet<u64>,
    /// The record from which on PDUs are looked for.
    pdus_from: u64,
    /// Of PDUs by whose they are, over which link, which way and their name: the record before which all are matched.
    pdus_open: BTreeMap<(String, Option<u64>, bool, String), u64>,
    /// What the last call of the API returned: `ok`, or a number.
    returned: Option<String>,
    /// What a step that had to wait has done already.
    under_way: Option<UnderWay>,
    lanes: Lanes,
    /// Whose texts people type.
    humans: Option<Humans<'o>>,
    /// What is worth a look, but fails nothing.
    warnings: Vec<Diagnostic>,
    /// The apps that were warned of.
    warned_of: BTreeSet<String>,
    /// When a step last let time pass on purpose.
    slept_at: Option<Timestamp>,
    /// Whether what lines have claimed is kept: a recording is made of it.
    keeps_past: bool,
    /// The record from which on something may have to be forgotten.
    forgets_from: u64,
}

impl<'o> Run<'o> {
    /// A run whose steps stand in the file `path`.
    fn new(script: Arc<Script>, path: &str, patience: Duration, stage: Stage<'o>) -> Self {
        let start = stage.now();
        Self {
            script,
            patience,
            scopes: vec![Scope::new(path)],
            step_end: start,
            action_seq: 0,
            ignored: BTreeSet::new(),
            pdus_matched: BTreeSet::new(),
            pdus_from: 0,
            pdus_open: BTreeMap::new(),
            returned: None,
            under_way: None,
            lanes: Lanes::new(start),
            humans: None,
            warnings: Vec::new(),
            warned_of: BTreeSet::new(),
            slept_at: None,
            keeps_past: false,
            forgets_from: 0,
            start,
            stage,
        }
    }

    fn steps(&mut self, steps: &[Spanned<Step>]) -> Fallible<()> {
        for step in steps {
            self.step(step)?;
            if self.stage.waits() {
                break;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Spanned<Step>) -> Fallible<()> {
        let span = step.span;
        match &step.node {
            Step::Compose { user, text, to } => self.compose(span, user, text, to)?,
            Step::Send(send) => self.send(span, send)?,
            Step::Call {
                app,
                method,
                params,
                result,
            } => self.call(span, app, method, params, result.as_ref())?,
            Step::CanSend { app, user, result } => self.can_send(span, app, user, result)?,
            Step::Arrival(arrival) => self.arrival(span, arrival)?,
            Step::Quiet {
                actor,
                pattern,
                window,
            } => self.quiet(span, actor, pattern.as_ref(), window)?,
            Step::Receipt { text, state, within } => self.receipt(span, text, state, *within)?,
            Step::Set(actor, setting) => self.set(span, actor, setting)?,
            Step::Check(actor, setting) => self.check(span, actor, setting)?,
            Step::Wait(durs) => {
                let end = durs.iter().fold(self.step_end, |end, dur| end + dur.duration());
                self.stage.advance_to(end);
            }
            Step::At { days, time } => self.at(span, days.map_or(0, |days| days.node), time)?,
            Step::Note(text) => {
                let text = self.scope().text(text);
                self.show_note(&text);
                self.lanes
                    .add(self.stage.world.next_record(), self.stage.now(), "note", text);
            }
            Step::Run { scene, args } => self.scene(span, scene, args)?,
            Step::Block(kind, steps) => self.block(span, kind, steps)?,
            Step::Ignore(actor) => {
                let name = self.actor(actor);
                self.ignored.insert(name);
            }
            Step::Pdu(pdu) => self.pdu(span, pdu)?,
            Step::Join(decl) => self.join(span, decl)?,
            Step::Fill => return Err(Box::new(self.to_be_filled_in(span))),
        }
        if let Some(why) = &self.stage.held {
            let message = format!("the clock is held: {why}");
            return Err(Box::new(self.fault(Code::E305, span, message)));
        }
        if self.stage.restless {
            let message = format!("more than {OUTPUTS_PER_INSTANT_MAX} things happen in one instant");
            return Err(Box::new(self.fault(Code::E304, span, message)));
        }
        self.show_people();
        self.step_end = self.stage.now();
        if self.step_end >= CALENDAR_END {
            let fault = self.fault(Code::E042, span, "the calendar has no such day");
            return Err(Box::new(
                fault.label("no time is simulated from the year 9999 on"),
            ));
        }
        if matches!(step.node, Step::Wait(_) | Step::At { .. } | Step::Quiet { .. }) {
            self.slept_at = Some(self.step_end);
        }
        self.forget_past();
        Ok(())
    }

    fn scope(&self) -> &Scope {
        self.scopes.last().expect("a test has a scope")
    }

    fn scope_mut(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a test has a scope")
    }

    /// The name of an actor.
    fn actor(&self, actor: &Spanned<Actor>) -> String {
        self.scope().actor(&actor.node)
    }

    /// What is wrong at a place of the file whose steps are being run.
    fn fault(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, &self.scope().path, span, message)
    }

    /// Notes that an action begins: reasons are looked for from here.
    fn begin_action(&mut self) {
        self.action_seq = self.stage.world.next_record();
    }

    fn at(&mut self, span: Span, days: u32, time: &crate::syntax::TimeOfDay) -> Fallible<()> {
        let zone = self.stage.world.zone().clone();
        let today = zone.civil(self.step_end);
        let target = i32::try_from(days)
            .ok()
            .and_then(|days| today.plus_days(days))
            .and_then(|day| day.at(time.hour, time.minute, time.second));
        let Some(target) = target else {
            let fault = self.fault(Code::E042, span, "the calendar has no such day");
            return Err(Box::new(
                fault.label("no time is simulated from the year 9999 on"),
            ));
        };
        let at = zone.instant(target);
        if at < self.step_end {
            let message = format!("it is {today} already");
            let fault = self
                .fault(Code::E206, span, message)
                .label("time does not go backward");
            return Err(Box::new(fault.help(format!("name the day: `at +1d {time}`"))));
        }
        self.stage.advance_to(at);
        Ok(())
    }

    fn scene(&mut self, span: Span, name: &Spanned<String>, args: &[Spanned<Arg>]) -> Fallible<()> {
        let script = Arc::clone(&self.script);
        let scene = script.scene(name).expect("the script was checked");
        let scope = Scope::of_scene(scene.path, &scene.part.params, args, self.scope());
        self.scopes.push(scope);
        let done = self.steps(&scene.part.steps);
        self.scopes.pop();
        done.map_err(|fault| Box::new(fault.also(&self.scope().path, span, "run from here")))
    }

    /// Writes into the report what came of the test beside its faults.
    fn conclude(&mut self, report: &mut TestReport, keeps_lanes: bool) {
        if keeps_lanes {
            report.lanes =
                std::mem::take(&mut self.lanes).with_records(&self.stage.world, &self.stage.actors);
        }
        report.virtual_time = self.stage.now().since(self.start);
        report.records = self.stage.world.next_record();
        report.records_hash = self.stage.records_hash();
    }

    /// Runs the world `patience` longer and tells what no line has claimed.
    fn end(&mut self, name: Span) -> Vec<Diagnostic> {
        let end = self.stage.now() + self.patience;
        self.stage.advance_to(end);
        let mut faults = Vec::new();
        for (actor, inbox) in &self.stage.inboxes {
            let by_itself = self
                .stage
                .actors
                .apps
                .get(actor)
                .is_some_and(|app| self.stage.acts_by_itself(*app));
            if by_itself || self.ignored.contains(actor) {
                continue;
            }
            for (_, item) in inbox.unclaimed() {
                let user = match &item.content {
                    Content::Callback { user, .. } => self.stage.actors.user_name(*user).unwrap_or("?"),
                    Content::Text { .. } => actor,
                };
                let what = match &item.content {
                    Content::Callback { .. } => "a callback",
                    Content::Text { .. } => "a text",
                };
                let message = format!("{actor} got {what} that no line claims");
                let line = format!("{actor} < {}", item.content.line(user));
                let fault = self.fault(Code::E204, name, message).label("in this test");
                let fault = fault.help(format!("at {} came: {line}", self.offset(item.at)));
                faults.push(fault.help(format!("claim it with that line, or say `ignore {actor}`")));
            }
        }
        faults.truncate(UNCLAIMED_TOLD_MAX);
        faults
    }
}
