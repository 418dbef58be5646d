//! The scenes of a script and which run which: circles, how deep they go, and what each demands of its parameters.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Names;
use crate::check::step::{Demand, collect_demands};
use crate::parser::NESTING_MAX;
use crate::script::{Located, ScriptFile, scenes};
use crate::syntax::{Scene, Span, Spanned, Step};

/// How deep scenes that run scenes go, at most.
pub const SCENES_DEEP_MAX: usize = NESTING_MAX;

/// What a scene demands of its parameters, by their names.
pub(super) type Demands = BTreeMap<String, Vec<Demand>>;

/// The scenes, and what follows from which of them run which.
pub(super) struct Scenes<'f> {
    all: Vec<Located<'f, Scene>>,
    /// What `run` means by a name: a file's own scene before those of used files.
    by_name: BTreeMap<&'f str, usize>,
    /// Each by its file and where its name stands there.
    by_place: BTreeMap<(&'f str, u32), usize>,
    /// Of each: the scenes that it runs, with the steps that do.
    runs: Vec<Vec<(usize, Span)>>,
    /// Of each: the group of scenes that run each other, in which it is.
    groups: Vec<usize>,
    /// Of each: how deep it goes, itself included; a circle counts once.
    deep: Vec<usize>,
    demands: Vec<Demands>,
}

impl<'f> Scenes<'f> {
    /// Those of these files.
    pub fn of(files: &'f [ScriptFile], names: &Names) -> Self {
        let all: Vec<Located<'f, Scene>> = scenes(files).collect();
        let mut by_name = BTreeMap::new();
        let mut by_place = BTreeMap::new();
        for (place, scene) in all.iter().enumerate() {
            by_name.entry(scene.part.name.node.as_str()).or_insert(place);
            by_place.insert((scene.path, scene.part.name.span.start), place);
        }
        let runs: Vec<Vec<(usize, Span)>> = all
            .iter()
            .map(|scene| {
                let mut found = Vec::new();
                collect_runs(&scene.part.steps, &by_name, &mut found);
                found
            })
            .collect();
        let order = Order::of(&runs);
        let mut found = Self {
            deep: vec![1; all.len()],
            demands: vec![Demands::new(); all.len()],
            groups: order.groups,
            all,
            by_name,
            by_place,
            runs,
        };
        for place in order.callees_first {
            found.look_into(place, names);
        }
        found
    }

    /// What a scene demands and how deep it goes, from those that it runs.
    fn look_into(&mut self, place: usize, names: &Names) {
        let below = self.runs[place].iter().map(|(run, _)| self.deep[*run]);
        self.deep[place] = 1 + below.max().unwrap_or(0);
        let scene = &self.all[place].part.node;
        let params: BTreeSet<&str> = scene.params.iter().map(|param| param.node.0.as_str()).collect();
        let mut demands = Demands::new();
        collect_demands(&scene.steps, self, names, &mut |var, demand| {
            if params.contains(var.0.as_str()) {
                let known = demands.entry(var.0.clone()).or_default();
                if !known.iter().any(|known| known.says_the_same(&demand)) {
                    known.push(demand);
                }
            }
        });
        self.demands[place] = demands;
    }

    /// The scene that `run` means by that name.
    pub fn named(&self, name: &str) -> Option<(Located<'f, Scene>, &Demands)> {
        let place = *self.by_name.get(name)?;
        Some((self.all[place], &self.demands[place]))
    }

    /// The names of the scenes.
    pub fn names(&self) -> impl Iterator<Item = &'f str> {
        self.by_name.keys().copied()
    }

    /// The step by which a scene, however indirectly, runs itself.
    pub fn circle(&self, path: &str, scene: &Scene) -> Option<Span> {
        let place = self.place(path, scene)?;
        let around = |run: &&(usize, Span)| self.groups[run.0] == self.groups[place];
        self.runs[place].iter().find(around).map(|(_, span)| *span)
    }

    /// The step at which a scene becomes one that goes too deep.
    pub fn too_deep(&self, path: &str, scene: &Scene) -> Option<Span> {
        let place = self.place(path, scene)?;
        let is_first = self.deep[place] == SCENES_DEEP_MAX + 1;
        let deepest = self.runs[place].iter().max_by_key(|(run, _)| self.deep[*run]);
        deepest.filter(|_| is_first).map(|(_, span)| *span)
    }

    /// What a scene demands of a parameter of its own as an actor.
    pub fn demands_actor(&self, path: &str, scene: &Scene, param: &str) -> bool {
        let place = self.place(path, scene);
        let demands = place.and_then(|place| self.demands[place].get(param));
        demands.is_some_and(|demands| demands.iter().any(|demand| demand.is_actor))
    }

    fn place(&self, path: &str, scene: &Scene) -> Option<usize> {
        self.by_place.get(&(path, scene.name.span.start)).copied()
    }
}

fn collect_runs(steps: &[Spanned<Step>], by_name: &BTreeMap<&str, usize>, found: &mut Vec<(usize, Span)>) {
    for step in steps {
        match &step.node {
            Step::Run { scene, .. } => {
                found.extend(by_name.get(scene.node.as_str()).map(|place| (*place, step.span)));
            }
            Step::Block(_, steps) => collect_runs(steps, by_name, found),
            _ => {}
        }
    }
}

/// The scenes so that each comes after those that it runs, and the groups of those that run each other (Tarjan's strongly
/// connected components). It keeps its own stack: a file may have a chain of scenes that is longer than the thread's.
struct Order {
    callees_first: Vec<usize>,
    groups: Vec<usize>,
}

impl Order {
    fn of(runs: &[Vec<(usize, Span)>]) -> Self {
        const UNSEEN: usize = usize::MAX;
        let mut order = Self {
            callees_first: Vec::with_capacity(runs.len()),
            groups: vec![UNSEEN; runs.len()],
        };
        let (mut index, mut low) = (vec![UNSEEN; runs.len()], vec![0; runs.len()]);
        let (mut next, mut open) = (0, Vec::new());
        for root in 0..runs.len() {
            // A scene that is being looked into, and how many of those that it runs are done.
            let mut path = vec![(root, 0)];
            if index[root] != UNSEEN {
                continue;
            }
            while let Some((place, done)) = path.last_mut() {
                let place = *place;
                if *done == 0 && index[place] == UNSEEN {
                    (index[place], low[place]) = (next, next);
                    next += 1;
                    open.push(place);
                }
                if let Some((run, _)) = runs[place].get(*done) {
                    *done += 1;
                    if index[*run] == UNSEEN {
                        path.push((*run, 0));
                    } else if order.groups[*run] == UNSEEN {
                        low[place] = low[place].min(index[*run]);
                    }
                    continue;
                }
                path.pop();
                if let Some((caller, _)) = path.last() {
                    low[*caller] = low[*caller].min(low[place]);
                }
                if low[place] == index[place] {
                    while let Some(member) = open.pop() {
                        order.groups[member] = place;
                        order.callees_first.push(member);
                        if member == place {
                            break;
                        }
                    }
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(runs: &[&[usize]]) -> Order {
        let span = Span::default();
        let runs: Vec<Vec<_>> = runs
            .iter()
            .map(|runs| runs.iter().map(|run| (*run, span)).collect())
            .collect();
        Order::of(&runs)
    }

    #[test]
    fn who_is_run_comes_first_and_circles_are_groups() {
        let chain = order(&[&[1], &[2], &[]]);
        assert_eq!(chain.callees_first, [2, 1, 0]);
        assert!(chain.groups[0] != chain.groups[1] && chain.groups[1] != chain.groups[2]);
        let circle = order(&[&[1], &[2], &[1], &[3, 0]]);
        assert_eq!(circle.groups[1], circle.groups[2]);
        assert!(circle.groups[0] != circle.groups[1] && circle.groups[3] != circle.groups[0]);
        let place = |scene| circle.callees_first.iter().position(|at| *at == scene);
        assert!(place(1) < place(0) && place(0) < place(3));
        let diamond = order(&[&[1, 2], &[3], &[3], &[]]);
        assert_eq!(diamond.callees_first.first(), Some(&3));
        assert_eq!(diamond.callees_first.last(), Some(&0));
    }
}
