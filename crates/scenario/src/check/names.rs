//! The declared names: unique across kinds, `fbook` kept free.

use std::collections::{BTreeMap, BTreeSet};

use sms::Msisdn;

use crate::check::Kind;
use crate::diagnostics::{Code, Diagnostic};
use crate::script::ScriptFile;
use crate::suggestion::nearest;
use crate::syntax::{Decl, Span, Spanned};

/// Names that are told of those that there are, at most.
const NAMES_TOLD_MAX: usize = 8;

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
        let fault = Diagnostic::new(
            Code::E100,
            path,
            name.span,
            format!("`{}` is not declared", name.node),
        );
        let fault = fault.label("not declared");
        match meant {
            Some(_) => fault.did_you_mean(meant),
            None => self.with_names(fault, kinds, Some(&name.node)),
        }
    }

    /// The fault with the names that would do, and how one is declared.
    fn with_names(&self, fault: Diagnostic, kinds: &[Kind], wanted: Option<&str>) -> Diagnostic {
        let kinds = if kinds.is_empty() {
            &[Kind::User][..]
        } else {
            kinds
        };
        let known = self.declared.iter();
        let known = known.filter(|(_, declared)| kinds.contains(&declared.kind));
        let known: Vec<&str> = known
            .map(|(name, _)| name.as_str())
            .take(NAMES_TOLD_MAX)
            .collect();
        if !known.is_empty() {
            let wanted = kinds.iter().map(Kind::to_string).collect::<Vec<_>>().join(" or ");
            return fault.help(format!("declared as {wanted}: {}", known.join(", ")));
        }
        let name = wanted.unwrap_or("NAME");
        let carrier = self.of_kind(Kind::Carrier).next().unwrap_or("att");
        let declaration = match kinds.first() {
            Some(Kind::User) => format!("user {name} +14155550199 on {carrier}"),
            Some(Kind::App) => format!("app {name} \"My App\""),
            Some(Kind::Carrier) => format!("carrier {name}"),
            Some(Kind::Esme) => format!("esme {name}, code 12345"),
            Some(Kind::Fbook) | None => return fault,
        };
        match wanted {
            Some(_) => fault.help(format!("declare it before the first test: `{declaration}`")),
            None => fault,
        }
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
        let fault = match self.declared.get(&name.node) {
            Some(declared) => fault.also(&declared.path, declared.span, "declared here"),
            None => fault,
        };
        Some(self.with_names(fault, kinds, None))
    }
}

pub(super) fn collect<'f>(
    files: impl Iterator<Item = &'f ScriptFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Names {
    let mut names = Names::default();
    let mut phones = BTreeMap::new();
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
        let fault = fault.label("choose another name");
        diagnostics
            .push(fault.help("it is in every world and is never declared: `fbook < receipt $m DELIVRD`"));
    } else if let Some(first) = names.declared.get(&name.node) {
        let message = format!("`{}` is declared twice", name.node);
        let fault = Diagnostic::new(Code::E101, path, name.span, message).label("declared again");
        let first_kind = format!("declared here as {}", first.kind);
        let fault = fault.also(&first.path, first.span, first_kind);
        diagnostics
            .push(fault.help("a line names its actor by the name alone: give one of them another name"));
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
    last: Msisdn,
    span: Span,
}

fn phone(
    path: &str,
    first: Msisdn,
    last: Msisdn,
    span: Span,
    known: &mut BTreeMap<Msisdn, Phones>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // None of those that are known overlap: only the last that begins by the end of this one can.
    let other = known.range(..=last).next_back().map(|(_, other)| other);
    if let Some(other) = other.filter(|other| first <= other.last) {
        let message = match first == last {
            true => format!("{first} belongs to another phone"),
            false => format!("some of {first}..{last} belong to other phones"),
        };
        let fault = Diagnostic::new(Code::E115, path, span, message).label("used again");
        let fault = fault.also(&other.path, other.span, "used here");
        diagnostics.push(fault.help("give each phone a number of its own"));
        return;
    }
    let path = path.to_owned();
    known.insert(first, Phones { path, last, span });
}
