//! What captures and variables hold while steps run: [`Scope`].

use std::collections::BTreeMap;
use std::sync::Arc;

use platform::SubmissionId;

use crate::pattern::{Matcher, filled};
use crate::syntax::{Actor, Arg, Pattern, Spanned, Text, Value, Var};

/// What a variable holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// A parameter of a scene or a `for`: somebody's name.
    Actor(String),
    /// A session by its id.
    Session(u32),
    /// The number that a text came from.
    Number(String),
    /// A text that was sent.
    Submission(SubmissionId),
    /// Anything else.
    Value(String),
}

impl Bound {
    /// As `{$x}` inserts it.
    pub fn text(&self) -> String {
        match self {
            Self::Actor(text) | Self::Number(text) | Self::Value(text) => text.clone(),
            Self::Session(session) => session.to_string(),
            Self::Submission(submission) => submission.0.to_string(),
        }
    }
}

/// The variables of a test, or of a scene that it runs, and the file that their steps stand in.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub path: Arc<str>,
    bound: BTreeMap<String, Bound>,
}

impl Scope {
    pub fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            bound: BTreeMap::new(),
        }
    }

    /// The scope of a scene that is run with these arguments from `caller`.
    pub fn of_scene(path: &str, params: &[Spanned<Var>], args: &[Spanned<Arg>], caller: &Self) -> Self {
        let mut scope = Self::new(path);
        for (param, arg) in params.iter().zip(args) {
            let bound = match &arg.node {
                Arg::Actor(Actor::Name(name)) => Bound::Actor(name.clone()),
                Arg::Actor(Actor::Var(var)) => {
                    let bound = caller.get(var).cloned();
                    bound.unwrap_or_else(|| Bound::Value(String::new()))
                }
                Arg::Text(text) => Bound::Value(caller.text(text)),
                Arg::Number(number) => Bound::Value(number.to_string()),
            };
            scope.bind(&param.node, bound);
        }
        scope
    }

    pub fn bind(&mut self, var: &Var, bound: Bound) {
        if !var.is_blank() {
            self.bound.insert(var.0.clone(), bound);
        }
    }

    /// The names that are bound.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.bound.keys().map(String::as_str)
    }

    /// What the names hold.
    pub fn bound(&self) -> impl Iterator<Item = &Bound> {
        self.bound.values()
    }

    /// What is bound, as `{$x}` inserts it, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.bound
            .iter()
            .map(|(name, bound)| (name.as_str(), bound.text()))
    }

    pub fn get(&self, var: &Var) -> Option<&Bound> {
        self.bound.get(&var.0)
    }

    /// The name of an actor.
    pub fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Name(name) => name.clone(),
            Actor::Var(var) => self.get(var).map(Bound::text).unwrap_or_default(),
        }
    }

    /// A text with its captures inserted.
    pub fn text(&self, text: &Text) -> String {
        filled(text, &|name: &str| self.named(name))
    }

    /// A value with its captures inserted.
    pub fn value(&self, value: &Value) -> String {
        match value {
            Value::Bare(text) => text.clone(),
            Value::Quoted(text) => self.text(text),
            Value::Var(var) => self.get(var).map(Bound::text).unwrap_or_default(),
        }
    }

    /// The name of a variable that holds this session.
    pub fn session_name(&self, session: u32) -> Option<&str> {
        let mut bound = self.bound.iter();
        bound.find_map(|(name, bound)| (*bound == Bound::Session(session)).then_some(name.as_str()))
    }

    /// A pattern with its captures inserted.
    pub fn matcher(&self, pattern: &Pattern) -> Matcher {
        Matcher::new(pattern, |name| self.named(name))
    }

    fn named(&self, name: &str) -> String {
        self.bound.get(name).map(Bound::text).unwrap_or_default()
    }
}
