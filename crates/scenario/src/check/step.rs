//! Who does what: the kinds of actors in steps, scenes and their arguments.

use std::collections::BTreeMap;

use crate::check::{Kind, Names, setting};
use crate::diagnostics::{Code, Diagnostic};
use crate::script::{Located, ScriptFile, scenes};
use crate::suggestion::nearest;
use crate::syntax::{
    Actor, Arg, Arrival, BlockKind, Expectation, Item, PduStep, Scene, Span, Spanned, Step, Var,
};

/// The kinds that a parameter of a scene must be of, with the place that demands them.
type Demands = BTreeMap<String, (Vec<Kind>, Span)>;

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
    let mut demands = BTreeMap::new();
    for scene in scenes(files) {
        demands_of(scene, files, &mut demands, &mut Vec::new());
    }
    for file in files {
        let mut tests = BTreeMap::new();
        let mut known = BTreeMap::new();
        for item in &file.file.items {
            let mut check = Check {
                path: &file.path,
                files,
                names,
                demands: &demands,
                bound: BTreeMap::new(),
                diagnostics,
            };
            match &item.node {
                Item::Scene(scene) => {
                    check.unique(&mut known, &scene.name, Code::E101, "scene");
                    check.circle(scene);
                    check.bound = scene
                        .params
                        .iter()
                        .map(|var| (var.node.0.clone(), Bound::Param))
                        .collect();
                    check.steps(&scene.steps);
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
    files: &[ScriptFile],
    names: &Names,
    path: &str,
    step: &Spanned<Step>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut demands = BTreeMap::new();
    for scene in scenes(files) {
        demands_of(scene, files, &mut demands, &mut Vec::new());
    }
    let mut check = Check {
        path,
        files,
        names,
        demands: &demands,
        bound: BTreeMap::new(),
        diagnostics,
    };
    check.step(step);
}

/// The PDUs that scenarios are most often about, to suggest.
const PDUS: [&str; 15] = [
    "submit_sm",
    "submit_sm_resp",
    "deliver_sm",
    "deliver_sm_resp",
    "data_sm",
    "submit_multi",
    "query_sm",
    "cancel_sm",
    "replace_sm",
    "broadcast_sm",
    "query_broadcast_sm",
    "cancel_broadcast_sm",
    "bind_transceiver",
    "enquire_link",
    "unbind",
];

struct Check<'c> {
    path: &'c str,
    files: &'c [ScriptFile],
    names: &'c Names,
    demands: &'c BTreeMap<String, Demands>,
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
            self.diagnostics.push(
                fault
                    .label("called so again")
                    .also(self.path, first, "called so here"),
            );
        }
    }

    fn circle(&mut self, scene: &Scene) {
        let Some(run) =
            runs(&scene.steps).find(|(name, _)| reaches(self.files, name, &scene.name, &mut Vec::new()))
        else {
            return;
        };
        let message = format!("the scene `{}` runs itself", scene.name.node);
        self.diagnostics
            .push(Diagnostic::new(Code::E110, self.path, run.1, message).label("by this step"));
    }

    fn steps(&mut self, steps: &[Spanned<Step>]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Spanned<Step>) {
        for (actor, kinds) in actors(&step.node) {
            self.actor(actor, kinds);
        }
        match &step.node {
            Step::Arrival(arrival) => self.arrival(arrival),
            Step::Set(actor, clause) | Step::Check(actor, clause) => {
                let sets = matches!(step.node, Step::Set(..));
                for kind in self.kinds(actor) {
                    let before = self.diagnostics.len();
                    setting::check(self.path, kind, sets, clause, self.names, self.diagnostics);
                    if self.diagnostics.len() > before {
                        break;
                    }
                }
            }
            Step::Run { scene, args } => self.run(step.span, scene, args),
            Step::Pdu(pdu) => self.pdu(pdu),
            Step::Block(kind, steps) => self.block(kind, steps),
            _ => {}
        }
    }

    /// PDUs and statuses bear the names of the specification.
    fn pdu(&mut self, step: &PduStep) {
        if smpp::command_id::from_name(&step.pdu).is_none() {
            let message = format!("`{}` is no PDU", step.pdu.node);
            let fault = Diagnostic::new(Code::E116, self.path, step.pdu.span, message).label("not known");
            self.diagnostics
                .push(fault.did_you_mean(nearest(&step.pdu, PDUS)));
        }
        if let Some(status) = &step.status
            && smpp::Status::from_name(status).is_none()
        {
            let message = format!("`{}` is no command_status", status.node);
            let fault = Diagnostic::new(Code::E116, self.path, status.span, message).label("not known");
            let known = smpp::Status::ALL.iter().filter_map(|status| status.name());
            self.diagnostics.push(fault.did_you_mean(nearest(status, known)));
        }
    }

    fn block(&mut self, kind: &BlockKind, steps: &[Spanned<Step>]) {
        let BlockKind::For(var, names) = kind else {
            return self.steps(steps);
        };
        for name in names {
            if self.names.kind(name).is_none() {
                self.diagnostics.push(self.names.undeclared(self.path, name, &[]));
            }
        }
        let shadowed = self.bound.insert(var.node.0.clone(), Bound::Names(names.clone()));
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
            Actor::Var(var) => match self.bound.get(&var.0) {
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
            self.diagnostics
                .push(fault.label(format!("the line expects {here}")));
        }
    }

    fn run(&mut self, span: Span, name: &Spanned<String>, args: &[Spanned<Arg>]) {
        let Some(scene) = scenes(self.files).find(|scene| scene.part.name.node == name.node) else {
            let known = scenes(self.files).map(|scene| scene.part.name.node.as_str());
            let fault = Diagnostic::new(
                Code::E114,
                self.path,
                name.span,
                format!("there is no scene `{}`", name.node),
            );
            self.diagnostics
                .push(fault.label("not there").did_you_mean(nearest(name, known)));
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
            self.diagnostics
                .push(fault.also(scene.path, scene.part.name.span, "the scene"));
            return;
        }
        for (param, arg) in params.iter().zip(args) {
            let demand = self
                .demands
                .get(name.node.as_str())
                .and_then(|demands| demands.get(&param.node.0));
            self.arg(scene.path, &param.node, demand, arg);
        }
    }

    fn arg(&mut self, scene_path: &str, param: &Var, demand: Option<&(Vec<Kind>, Span)>, arg: &Spanned<Arg>) {
        let Some((kinds, place)) = demand else {
            // It is not used as an actor: a name must still be one.
            if let Arg::Actor(actor @ Actor::Name(_)) = &arg.node {
                self.actor(&Spanned::new(actor.clone(), arg.span), &[]);
            }
            return;
        };
        let before = self.diagnostics.len();
        match &arg.node {
            Arg::Actor(actor) => self.actor(&Spanned::new(actor.clone(), arg.span), kinds),
            Arg::Text(_) | Arg::Number(_) => {
                let message = format!("`{param}` stands for an actor");
                let fault = Diagnostic::new(Code::E103, self.path, arg.span, message);
                self.diagnostics.push(fault.label("expected a name"));
            }
        }
        for fault in self.diagnostics.iter_mut().skip(before) {
            *fault = fault
                .clone()
                .also(scene_path, *place, format!("`{param}` is used here"));
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

/// The scenes that steps run, with the places.
fn runs(steps: &[Spanned<Step>]) -> Box<dyn Iterator<Item = (&str, Span)> + '_> {
    Box::new(steps.iter().flat_map(|step| match &step.node {
        Step::Run { scene, .. } => Box::new(std::iter::once((scene.node.as_str(), step.span))),
        Step::Block(_, steps) => runs(steps),
        _ => Box::new(std::iter::empty()),
    }))
}

/// Whether running the scene `from` runs the scene `to`.
fn reaches<'f>(files: &'f [ScriptFile], from: &'f str, to: &str, seen: &mut Vec<&'f str>) -> bool {
    if from == to {
        return true;
    }
    if seen.contains(&from) {
        return false;
    }
    seen.push(from);
    let scene = scenes(files).find(|scene| scene.part.name.node == from);
    scene.is_some_and(|scene| runs(&scene.part.steps).any(|(name, _)| reaches(files, name, to, seen)))
}

/// Collects what the scene demands of its parameters, through the scenes that it runs.
fn demands_of(
    scene: Located<'_, Scene>,
    files: &[ScriptFile],
    known: &mut BTreeMap<String, Demands>,
    open: &mut Vec<String>,
) {
    let name = scene.part.name.node.clone();
    if known.contains_key(&name) || open.contains(&name) {
        return;
    }
    open.push(name.clone());
    let mut found = Demands::new();
    let params: Vec<_> = scene
        .part
        .params
        .iter()
        .map(|param| param.node.0.as_str())
        .collect();
    collect_demands(&scene.part.steps, files, known, open, &mut |var, kinds, span| {
        if params.contains(&var.0.as_str()) {
            found
                .entry(var.0.clone())
                .or_insert_with(|| (kinds.to_vec(), span));
        }
    });
    known.insert(name, found);
    open.pop();
}

fn collect_demands(
    steps: &[Spanned<Step>],
    files: &[ScriptFile],
    known: &mut BTreeMap<String, Demands>,
    open: &mut Vec<String>,
    demand: &mut dyn FnMut(&Var, &[Kind], Span),
) {
    for step in steps {
        for (actor, kinds) in actors(&step.node) {
            if let Actor::Var(var) = &actor.node {
                demand(var, kinds, actor.span);
            }
        }
        match &step.node {
            Step::Block(_, steps) => collect_demands(steps, files, known, open, demand),
            Step::Run { scene: name, args } => {
                let Some(scene) = scenes(files).find(|scene| scene.part.name.node == name.node) else {
                    continue;
                };
                demands_of(scene, files, known, open);
                let Some(inner) = known.get(&name.node) else {
                    continue;
                };
                for (param, arg) in scene.part.params.iter().zip(args) {
                    if let (Arg::Actor(Actor::Var(var)), Some((kinds, _))) =
                        (&arg.node, inner.get(&param.node.0))
                    {
                        demand(var, kinds, arg.span);
                    }
                }
            }
            _ => {}
        }
    }
}
