//! The declared names: unique across kinds, `fbook` kept free.

use std::collections::{BTreeMap, BTreeSet};

use sms::Msisdn;

use crate::check::Kind;
use crate::diagnostics::{Code, Diagnostic};
use crate::script::ScriptFile;
use crate::suggestion::nearest;
use crate::syntax::{Decl, Span, Spanned};

/// A declared name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    /// What it stands for.
    pub kind: Kind,
    /// The file of its declaration.
    pub path: String,
    /// The name in the declaration.
    pub span: Span,
}

/// What the declared names stand for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    declared: BTreeMap<String, Declared>,
    /// What ESMEs bind as, where that is not their name.
    system_ids: BTreeSet<String>,
}

impl Names {
    /// What `name` stands for; `fbook` is always the platform.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        match name {
            "fbook" => Some(Kind::Fbook),
            name => self.declared.get(name).map(|declared| declared.kind),
        }
    }

    /// Whether an account is named so: by its ESME, or as it binds.
    pub(crate) fn is_account(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(Kind::Esme | Kind::Fbook)) || self.system_ids.contains(name)
    }

    /// The declaration of `name`.
    pub fn declared(&self, name: &str) -> Option<&Declared> {
        self.declared.get(name)
    }

    /// The names of one kind, in alphabetical order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.declared
            .iter()
            .filter(move |(_, declared)| declared.kind == kind)
            .map(|(name, _)| name.as_str())
    }

    /// With what stands at `path` standing at `place` from now on.
    pub(crate) fn stands_at(mut self, place: &str, path: &str) -> Self {
        for declared in self
            .declared
            .values_mut()
            .filter(|declared| declared.path == path)
        {
            place.clone_into(&mut declared.path);
        }
        self
    }

    /// Says that `name` is not declared; what of `kinds` is near is suggested.
    pub(crate) fn undeclared(&self, path: &str, name: &Spanned<String>, kinds: &[Kind]) -> Diagnostic {
        let fitting = |declared: &Declared| kinds.is_empty() || kinds.contains(&declared.kind);
        let known = self
            .declared
            .iter()
            .filter(|(_, declared)| fitting(declared))
            .map(|(name, _)| name.as_str());
        let meant = nearest(name, known).or_else(|| nearest(name, self.declared.keys().map(String::as_str)));
        Diagnostic::new(
            Code::E100,
            path,
            name.span,
            format!("`{}` is not declared", name.node),
        )
        .label("not declared")
        .did_you_mean(meant)
    }

    /// Demands that `name` is of one of the kinds.
    pub(crate) fn demand(&self, path: &str, name: &Spanned<String>, kinds: &[Kind]) -> Option<Diagnostic> {
        let Some(kind) = self.kind(name) else {
            return Some(self.undeclared(path, name, kinds));
        };
        if kinds.contains(&kind) {
            return None;
        }
        let wanted = kinds.iter().map(Kind::to_string).collect::<Vec<_>>().join(" or ");
        let message = format!("`{}` is {kind}, not {wanted}", name.node);
        let fault = Diagnostic::new(Code::E103, path, name.span, message).label(format!("expected {wanted}"));
        Some(match self.declared.get(&name.node) {
            Some(declared) => fault.also(&declared.path, declared.span, "declared here"),
            None => fault,
        })
    }
}

pub(super) fn collect<'f>(
    files: impl Iterator<Item = &'f ScriptFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Names {
    let mut names = Names::default();
    let mut phones = Vec::new();
    for file in files {
        for decl in &file.file.decls {
            let (name, kind) = match &decl.node {
                Decl::Carrier { name, .. } => (name, Kind::Carrier),
                Decl::App { name, .. } => (name, Kind::App),
                Decl::User { name, msisdn, .. } => {
                    phone(
                        &file.path,
                        msisdn.node,
                        msisdn.node,
                        msisdn.span,
                        &mut phones,
                        diagnostics,
                    );
                    (name, Kind::User)
                }
                Decl::Esme { name, clauses } => {
                    let system_id = clauses.iter().find(|clause| clause.key.node == "system_id");
                    let system_id = system_id.and_then(|clause| clause.values.first());
                    names
                        .system_ids
                        .extend(system_id.map(|id| id.node.as_str().to_owned()));
                    (name, Kind::Esme)
                }
                Decl::Handsets { first, last, .. } => {
                    let span = first.span.to(last.span);
                    phone(&file.path, first.node, last.node, span, &mut phones, diagnostics);
                    continue;
                }
                Decl::Use(_) | Decl::World(_) => continue,
            };
            declare(&mut names, &file.path, name, kind, diagnostics);
        }
    }
    names
}

fn declare(
    names: &mut Names,
    path: &str,
    name: &Spanned<String>,
    kind: Kind,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if name.node == "fbook" {
        let fault = Diagnostic::new(Code::E102, path, name.span, "`fbook` is the platform itself");
        diagnostics.push(fault.label("choose another name"));
    } else if let Some(first) = names.declared.get(&name.node) {
        let message = format!("`{}` is declared twice", name.node);
        let fault = Diagnostic::new(Code::E101, path, name.span, message).label("declared again");
        diagnostics.push(fault.also(
            &first.path,
            first.span,
            format!("declared here as {}", first.kind),
        ));
    } else {
        let declared = Declared {
            kind,
            path: path.to_owned(),
            span: name.span,
        };
        names.declared.insert(name.node.clone(), declared);
    }
}

/// A number, or a range of numbers, that phones have.
struct Phones {
    path: String,
    first: Msisdn,
    last: Msisdn,
    span: Span,
}

fn phone(
    path: &str,
    first: Msisdn,
    last: Msisdn,
    span: Span,
    known: &mut Vec<Phones>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(other) = known
        .iter()
        .find(|other| first <= other.last && other.first <= last)
    {
        let message = match first == last {
            true => format!("{first} belongs to another phone"),
            false => format!("some of {first}..{last} belong to other phones"),
        };
        let fault = Diagnostic::new(Code::E115, path, span, message).label("used again");
        diagnostics.push(fault.also(&other.path, other.span, "used here"));
    }
    known.push(Phones {
        path: path.to_owned(),
        first,
        last,
        span,
    });
}
