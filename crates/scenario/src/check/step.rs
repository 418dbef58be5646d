//! Who does what: the kinds of actors in steps, scenes and their arguments.

mod pdu;

use std::collections::BTreeMap;

use crate::check::scenes::{SCENES_DEEP_MAX, Scenes};
use crate::check::{Kind, Names, setting};
use crate::diagnostics::{Code, Diagnostic};
use crate::script::ScriptFile;
use crate::suggestion::nearest;
use crate::syntax::{
    Actor, Arg, Arrival, BlockKind, Clause, Expectation, Item, Scene, Span, Spanned, Step, Value, Var,
};

/// What a scene demands of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// The kinds that it must be of; no kind means any.
    pub kinds: Vec<Kind>,
    /// The place that demands it.
    pub span: Span,
    /// Whether the parameter acts or is looked at there; otherwise it is a value, which may be a text as well.
    pub is_actor: bool,
}

impl Demand {
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.kinds == other.kinds && self.is_actor == other.is_actor
    }
}

/// What a variable stands for where an actor is meant.
#[derive(Clone)]
enum Bound {
    /// A parameter of a scene: what it is, whoever runs the scene decides.
    Param,
    /// One of these names.
    Names(Vec<Spanned<String>>),
}

/// Checks the steps of all scenes and tests.
pub(super) fn items(files: &[ScriptFile], names: &Names, diagnostics: &mut Vec<Diagnostic>) {
    let scenes = Scenes::of(files, names);
    for file in files {
        let mut tests = BTreeMap::new();
        let mut known = BTreeMap::new();
        for item in &file.file.items {
            let mut check = Check {
                path: &file.path,
                names,
                scenes: &scenes,
                scene: None,
                bound: BTreeMap::new(),
                diagnostics,
            };
            match &item.node {
                Item::Scene(scene) => {
                    check.unique(&mut known, &scene.name, Code::E101, "scene");
                    check.scene(scene);
                }
                Item::Test(test) => {
                    check.unique(&mut tests, &test.name, Code::E113, "test");
                    check.steps(&test.steps);
                }
            }
        }
    }
}

/// Checks one step that stands in no file.
pub(super) fn one(
    scenes: &Scenes<'_>,
    names: &Names,
    path: &str,
    step: &Spanned<Step>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut check = Check {
        path,
        names,
        scenes,
        scene: None,
        bound: BTreeMap::new(),
        diagnostics,
    };
    check.step(step);
}

/// What is wrong with a step of a block whose arrivals come in another order.
pub(crate) const NOT_SEEN: &str = "this block holds what actors see, and nothing else";

/// Scenes that are told of those that there are, at most.
const SCENES_TOLD_MAX: usize = 8;

struct Check<'c> {
    path: &'c str,
    names: &'c Names,
    scenes: &'c Scenes<'c>,
    /// The scene whose steps they are.
    scene: Option<&'c Scene>,
    bound: BTreeMap<String, Bound>,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl<'c> Check<'c> {
    fn unique<'n>(
        &mut self,
        known: &mut BTreeMap<&'n str, Span>,
        name: &'n Spanned<String>,
        code: Code,
        what: &str,
    ) {
        if let Some(first) = known.insert(&name.node, name.span) {
            let fault = Diagnostic::new(
                code,
                self.path,
                name.span,
                format!("two {what}s are called `{}`", name.node),
            );
            let fault = fault.label("called so again");
            let fault = fault.also(self.path, first, "called so here");
            self.diagnostics.push(fault.help("give one of them another name"));
        }
    }

    fn scene(&mut self, scene: &'c Scene) {
        if let Some(span) = self.scenes.circle(self.path, scene) {
            let message = format!("the scene `{}` runs itself", scene.name.node);
            let fault = Diagnostic::new(Code::E110, self.path, span, message).label("by this step");
            self.diagnostics.push(
                fault.help("nothing could end that; what is to happen several times stands in `repeat N:`"),
            );
        }
        if let Some(span) = self.scenes.too_deep(self.path, scene) {
            let message = format!("scenes run scenes more than {SCENES_DEEP_MAX} deep");
            let fault = Diagnostic::new(Code::E017, self.path, span, message);
            self.diagnostics
                .push(fault.help("write the steps of one of them in the place of its `run`"));
        }
        for (place, param) in scene.params.iter().enumerate() {
            let name = &param.node.0;
            let first = scene.params[..place]
                .iter()
                .find(|first| first.node == param.node);
            if let Some(first) = first {
                let message = format!("two parameters are called `{}`", param.node);
                let fault = Diagnostic::new(Code::E101, self.path, param.span, message);
                let fault = fault.label("called so again");
                let fault = fault.also(self.path, first.span, "called so here");
                self.diagnostics.push(fault.help("give one of them another name"));
            }
            self.bound.insert(name.clone(), Bound::Param);
        }
        self.scene = Some(scene);
        self.steps(&scene.steps);
    }

    fn steps(&mut self, steps: &[Spanned<Step>]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Spanned<Step>) {
        let before = self.diagnostics.len();
        for (actor, kinds) in actors(&step.node) {
            self.actor(actor, kinds);
        }
        if let (true, Some(help)) = (self.diagnostics.len() > before, self.meant(&step.node))
            && let Some(fault) = self.diagnostics.pop()
        {
            self.diagnostics.push(fault.help(help));
        }
        for var in rebinds(&step.node) {
            self.rebound(var);
        }
        match &step.node {
            Step::Arrival(arrival) => self.arrival(arrival),
            Step::Set(actor, clause) | Step::Check(actor, clause) => {
                let sets = matches!(step.node, Step::Set(..));
                self.setting(actor, sets, clause);
            }
            Step::Run { scene, args } => self.run(step.span, scene, args),
            Step::Pdu(pdu) => self.pdu(pdu),
            Step::Block(kind, steps) => self.block(kind, steps),
            _ => {}
        }
    }

    /// What was meant by a line that people write like an app's, or an app's that is written like theirs.
    fn meant(&self, step: &Step) -> Option<String> {
        let is = |actor: &Spanned<Actor>, kind: Kind| self.kinds(actor) == [kind];
        let user = self.names.of_kind(Kind::User).next().unwrap_or("alice");
        match step {
            Step::Compose { user: app, .. } if is(app, Kind::App) => {
                Some(format!("an app says to whom: `{} > {user} \"...\"`", app.node))
            }
            Step::Send(send) if is(&send.app, Kind::User) && is(&send.user, Kind::App) => Some(format!(
                "a person texts the platform, and the first word of the text names the app: `{} > \"{} ...\"`",
                send.app.node, send.user.node
            )),
            Step::Send(send) if is(&send.app, Kind::User) && is(&send.user, Kind::User) => Some(format!(
                "a person texts a number: `{} > \"...\", to +14155550102`",
                send.app.node
            )),
            Step::Arrival(arrival) => match &arrival.user {
                None if is(&arrival.actor, Kind::App) => Some(format!(
                    "an app sees whose text it is: `{} < {user} \"...\"`",
                    arrival.actor.node
                )),
                Some(_) if is(&arrival.actor, Kind::User) => Some(format!(
                    "a phone shows the text alone: `{} < \"...\"`",
                    arrival.actor.node
                )),
                _ => None,
            },
            _ => None,
        }
    }

    /// The setting must be one of whoever the line is about; of a scene's parameter, of anybody.
    fn setting(&mut self, actor: &Spanned<Actor>, sets: bool, clause: &Clause) {
        let is_param = match &actor.node {
            Actor::Name(_) => false,
            Actor::Var(var) => matches!(self.bound.get(&var.0), Some(Bound::Param)),
        };
        if is_param {
            let faults = setting::of_nobody(self.path, sets, clause, self.names);
            return self.diagnostics.extend(faults);
        }
        for kind in self.kinds(actor) {
            let before = self.diagnostics.len();
            setting::check(self.path, kind, sets, clause, self.names, self.diagnostics);
            if self.diagnostics.len() > before {
                break;
            }
        }
    }

    /// What stands for an actor cannot become a capture: later steps would act as nobody.
    fn rebound(&mut self, var: Spanned<&Var>) {
        let is_actor = match (self.bound.get(&var.node.0), self.scene) {
            (Some(Bound::Names(_)), _) => true,
            (Some(Bound::Param), Some(scene)) => self.scenes.demands_actor(self.path, scene, &var.node.0),
            (Some(Bound::Param), None) | (None, _) => false,
        };
        if is_actor {
            let message = format!("`{}` stands for an actor here", var.node);
            let fault = Diagnostic::new(Code::E101, self.path, var.span, message);
            self.diagnostics.push(
                fault
                    .label("bound again as a capture")
                    .help("give the capture another name"),
            );
        }
    }

    /// What a block can hold whose steps come in another order, or all at one instant.
    fn holds(&mut self, kind: &BlockKind, steps: &[Spanned<Step>]) {
        for step in steps {
            let fault = |code, message| Diagnostic::new(code, self.path, step.span, message);
            let fault = match (kind, &step.node) {
                // What is to be filled in is told when it is run.
                (
                    BlockKind::AnyOrder | BlockKind::InOrder,
                    Step::Arrival(_) | Step::Fill | Step::Block(BlockKind::InOrder, _),
                ) => continue,
                (BlockKind::AnyOrder | BlockKind::InOrder, _) => {
                    fault(Code::E300, NOT_SEEN).label("only `<` lines with texts, and `in order:`")
                }
                (BlockKind::Together, Step::Wait(_) | Step::Quiet { .. }) => {
                    let fault = fault(Code::E210, "a step of this block would have to wait");
                    fault
                        .label("all of it happens at the same instant")
                        .help("put it behind the block")
                }
                _ => continue,
            };
            self.diagnostics.push(fault);
        }
    }

    fn block(&mut self, kind: &BlockKind, steps: &[Spanned<Step>]) {
        self.holds(kind, steps);
        let BlockKind::For(var, names) = kind else {
            return self.steps(steps);
        };
        for name in names {
            if self.names.kind(name).is_none() {
                self.diagnostics.push(self.names.undeclared(self.path, name, &[]));
            }
        }
        let shadowed = self.bound.insert(var.node.0.clone(), Bound::Names(names.clone()));
        if shadowed.is_some() {
            let message = format!("`{}` stands for an actor already", var.node);
            let fault = Diagnostic::new(Code::E101, self.path, var.span, message);
            self.diagnostics
                .push(fault.label("bound again").help("give this one another name"));
        }
        self.steps(steps);
        match shadowed {
            Some(bound) => self.bound.insert(var.node.0.clone(), bound),
            None => self.bound.remove(&var.node.0),
        };
    }

    /// Demands that an actor is of one of the kinds.
    fn actor(&mut self, actor: &Spanned<Actor>, kinds: &[Kind]) {
        match &actor.node {
            Actor::Name(name) => {
                let name = Spanned::new(name.clone(), actor.span);
                let fault = match kinds.is_empty() {
                    true if self.names.kind(&name).is_none() => {
                        Some(self.names.undeclared(self.path, &name, kinds))
                    }
                    true => None,
                    false => self.names.demand(self.path, &name, kinds),
                };
                self.diagnostics.extend(fault);
            }
            Actor::Var(var) => match self.bound.get(&var.0).filter(|_| !var.is_blank()) {
                Some(Bound::Param) => {}
                Some(Bound::Names(names)) => {
                    let wrong = names.iter().find(|name| {
                        !kinds.is_empty() && self.names.kind(name).is_some_and(|kind| !kinds.contains(&kind))
                    });
                    let fault = wrong.and_then(|name| self.names.demand(self.path, name, kinds));
                    let fault = fault.map(|fault| fault.also(self.path, actor.span, "for this step"));
                    self.diagnostics.extend(fault);
                }
                None => {
                    let message = format!("`{var}` is no actor");
                    let fault = Diagnostic::new(Code::E107, self.path, actor.span, message);
                    let help = "only a scene's parameter or the variable of a `for` can stand for an actor";
                    self.diagnostics
                        .push(fault.label("nothing binds it here").help(help));
                }
            },
        }
    }

    /// The kinds that an actor can be of, as far as they are known.
    fn kinds(&self, actor: &Spanned<Actor>) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = match &actor.node {
            Actor::Name(name) => self.names.kind(name).into_iter().collect(),
            Actor::Var(var) => match self.bound.get(&var.0) {
                Some(Bound::Names(names)) => names.iter().filter_map(|name| self.names.kind(name)).collect(),
                Some(Bound::Param) | None => Vec::new(),
            },
        };
        kinds.dedup();
        kinds
    }

    fn arrival(&mut self, arrival: &Arrival) {
        let callback = arrival.user.is_some();
        for clause in &arrival.clauses {
            let about = match &clause.node {
                Expectation::From(_) | Expectation::Parts(_) | Expectation::Encoding(_) if callback => {
                    "a text on a phone"
                }
                Expectation::New | Expectation::Signature(_) if !callback => "a callback",
                _ => continue,
            };
            let here = if callback {
                "a callback"
            } else {
                "a text on a phone"
            };
            let fault = Diagnostic::new(
                Code::E112,
                self.path,
                clause.span,
                format!("this clause is about {about}"),
            );
            let fault = fault.label(format!("the line expects {here}"));
            self.diagnostics.push(fault.help("leave it out"));
        }
    }

    fn run(&mut self, span: Span, name: &Spanned<String>, args: &[Spanned<Arg>]) {
        let Some((scene, demands)) = self.scenes.named(&name.node) else {
            let fault = Diagnostic::new(
                Code::E114,
                self.path,
                name.span,
                format!("there is no scene `{}`", name.node),
            );
            let fault = fault.label("not there");
            let meant = nearest(name, self.scenes.names());
            let known: Vec<&str> = self.scenes.names().take(SCENES_TOLD_MAX).collect();
            self.diagnostics.push(match (meant, known.is_empty()) {
                (Some(_), _) => fault.did_you_mean(meant),
                (None, false) => fault.help(format!("there are {}", known.join(", "))),
                (None, true) => fault.help(format!(
                    "write one before the tests, `scene {}():`, or `use` the file that has it",
                    name.node
                )),
            });
            return;
        };
        let params = &scene.part.params;
        if params.len() != args.len() {
            let message = format!(
                "`{}` takes {}, not {}",
                name.node,
                counted(params.len()),
                args.len()
            );
            let fault = Diagnostic::new(Code::E108, self.path, span, message);
            let fault = fault.also(scene.path, scene.part.name.span, "the scene");
            let wanted: Vec<String> = params.iter().map(|param| param.node.to_string()).collect();
            self.diagnostics.push(fault.help(format!(
                "write `run {}({})` with something for each",
                name.node,
                wanted.join(", ")
            )));
            return;
        }
        for (param, arg) in params.iter().zip(args) {
            let demands = demands.get(&param.node.0).map_or(&[][..], Vec::as_slice);
            self.arg(scene.path, &param.node, demands, arg);
        }
    }

    fn arg(&mut self, scene_path: &str, param: &Var, demands: &[Demand], arg: &Spanned<Arg>) {
        let before = self.diagnostics.len();
        if demands.is_empty() {
            // It is not used as an actor: a name must still be one.
            if let Arg::Actor(actor @ Actor::Name(_)) = &arg.node {
                self.actor(&Spanned::new(actor.clone(), arg.span), &[]);
            }
            return;
        }
        for demand in demands {
            match &arg.node {
                // What a capture holds is known when it is filled in.
                Arg::Actor(Actor::Var(var)) if !demand.is_actor && !self.bound.contains_key(&var.0) => {}
                Arg::Actor(actor) => self.actor(&Spanned::new(actor.clone(), arg.span), &demand.kinds),
                Arg::Text(_) | Arg::Number(_) if demand.is_actor => {
                    let message = format!("`{param}` stands for an actor");
                    let fault = Diagnostic::new(Code::E103, self.path, arg.span, message);
                    self.diagnostics.push(fault.label("expected a name"));
                }
                Arg::Text(_) | Arg::Number(_) => {}
            }
            if self.diagnostics.len() > before {
                for fault in self.diagnostics.iter_mut().skip(before) {
                    *fault = fault
                        .clone()
                        .also(scene_path, demand.span, format!("`{param}` is used here"));
                }
                return;
            }
        }
    }
}

fn counted(count: usize) -> String {
    match count {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

/// The actors of a step and the kinds that they may be of; no kind means any.
fn actors(step: &Step) -> Vec<(&Spanned<Actor>, &'static [Kind])> {
    const USER: &[Kind] = &[Kind::User];
    const APP: &[Kind] = &[Kind::App];
    const LINK: &[Kind] = &[Kind::Carrier, Kind::Esme];
    const INBOX: &[Kind] = &[Kind::User, Kind::App];
    match step {
        Step::Compose { user, .. } => vec![(user, USER)],
        Step::Send(send) => vec![(&send.app, APP), (&send.user, USER)],
        Step::Call { app, .. } => vec![(app, APP)],
        Step::CanSend { app, user, .. } => vec![(app, APP), (user, USER)],
        Step::Arrival(arrival) => match &arrival.user {
            Some(user) => vec![(&arrival.actor, APP), (user, USER)],
            None => vec![(&arrival.actor, USER)],
        },
        Step::Quiet { actor, .. } | Step::Ignore(actor) => vec![(actor, INBOX)],
        Step::Pdu(pdu) => vec![(&pdu.actor, LINK)],
        Step::Set(actor, _) | Step::Check(actor, _) => vec![(actor, &[])],
        Step::Receipt { .. }
        | Step::Wait(_)
        | Step::At { .. }
        | Step::Note(_)
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Fill
        | Step::Join(_) => Vec::new(),
    }
}

/// The captures that a step binds whatever they held before.
fn rebinds(step: &Step) -> Vec<Spanned<&Var>> {
    match step {
        Step::Send(send) => {
            let named = [&send.ask, &send.name].into_iter().flatten();
            named.map(|var| Spanned::new(&var.node, var.span)).collect()
        }
        Step::Arrival(arrival) => arrival.names().collect(),
        _ => Vec::new(),
    }
}

/// What steps demand of variables, through the scenes that they run: those have been looked into before.
pub(super) fn collect_demands(
    steps: &[Spanned<Step>],
    scenes: &Scenes<'_>,
    names: &Names,
    demand: &mut dyn FnMut(&Var, Demand),
) {
    let mut of = |var: &Var, kinds: &[Kind], span: Span, is_actor: bool| {
        let kinds = kinds.to_vec();
        demand(
            var,
            Demand {
                kinds,
                span,
                is_actor,
            },
        );
    };
    for step in steps {
        for (actor, kinds) in actors(&step.node) {
            let Actor::Var(var) = &actor.node else { continue };
            match &step.node {
                Step::Set(_, clause) | Step::Check(_, clause) => {
                    let sets = matches!(step.node, Step::Set(..));
                    of(var, &setting::kinds_with(sets, clause, names), actor.span, true);
                }
                _ => of(var, kinds, actor.span, true),
            }
        }
        match &step.node {
            Step::Set(_, clause) | Step::Check(_, clause) => {
                for value in &clause.values {
                    if let Value::Var(var) = &value.node {
                        let kinds = setting::kinds_of_value(clause, value);
                        if !kinds.is_empty() {
                            of(var, &kinds, value.span, false);
                        }
                    }
                }
            }
            Step::Run { scene, args } => {
                let Some((scene, inner)) = scenes.named(&scene.node) else {
                    continue;
                };
                for (param, arg) in scene.part.params.iter().zip(args) {
                    let Arg::Actor(Actor::Var(var)) = &arg.node else {
                        continue;
                    };
                    for inner in inner.get(&param.node.0).into_iter().flatten() {
                        of(var, &inner.kinds, arg.span, inner.is_actor);
                    }
                }
            }
            Step::Block(_, steps) => collect_demands(steps, scenes, names, &mut |var, inner| {
                of(var, &inner.kinds, inner.span, inner.is_actor);
            }),
            _ => {}
        }
    }
}
