//! Values that no two declarations of a world may have in common: numbers of accounts and apps, canvas names, API keys.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Diagnostic};
use crate::script::{ScriptFile, decls};
use crate::syntax::{Clause, Decl, Span};

/// What is unique, by the clause that says it.
struct Unique {
    key: &'static str,
    /// Who may not share it.
    whose: &'static str,
    /// What it is called.
    what: &'static str,
    help: &'static str,
}

const UID: Unique = Unique {
    key: "uid",
    whose: "users",
    what: "account number",
    help: "leave `uid` out where the number does not matter: a free one is taken",
};

const OF_APPS: [Unique; 3] = [
    Unique {
        key: "id",
        whose: "apps",
        what: "number",
        help: "leave `id` out where the number does not matter: a free one is taken",
    },
    Unique {
        key: "canvas",
        whose: "apps",
        what: "canvas name",
        help: "it is the word that people text: give each app one of its own (without `canvas` it is the app's name)",
    },
    Unique {
        key: "key",
        whose: "apps",
        what: "API key",
        help: "leave `key` out where it does not matter: one is made of the app's name",
    },
];

/// Where a value was first given.
type Given<'f> = BTreeMap<(&'static str, String), (&'f str, Span)>;

/// Checks the declarations of all files.
pub(super) fn declarations(files: &[ScriptFile], diagnostics: &mut Vec<Diagnostic>) {
    let mut given = Given::new();
    for decl in decls(files) {
        match &decl.part.node {
            Decl::User { clauses, .. } => {
                let of_users = std::slice::from_ref(&UID);
                check(of_users, decl.path, clauses, None, &mut given, diagnostics);
            }
            Decl::App { name, clauses, .. } => {
                let canvas = Some((name.node.as_str(), name.span));
                check(&OF_APPS, decl.path, clauses, canvas, &mut given, diagnostics);
            }
            _ => {}
        }
    }
}

/// Checks the clauses of one declaration; `canvas` is what its canvas name is without a clause.
fn check<'f>(
    unique: &[Unique],
    path: &'f str,
    clauses: &[Clause],
    canvas: Option<(&str, Span)>,
    given: &mut Given<'f>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for Unique {
        key,
        whose,
        what,
        help,
    } in unique
    {
        let clause = clauses.iter().find(|clause| clause.key.node == *key);
        let said = clause.and_then(|clause| clause.values.first());
        let said = said.map(|value| (value.node.as_str(), value.span));
        let Some((text, span)) = said.or(canvas.filter(|_| *key == "canvas")) else {
            continue;
        };
        // 007 is 7, and letter case counts in none of them.
        let value = text
            .parse::<u64>()
            .map_or_else(|_| text.to_lowercase(), |number| number.to_string());
        if let Some((first_path, first)) = given.get(&(*key, value.clone())) {
            let message = format!("two {whose} have the {what} {text:?}");
            let fault = Diagnostic::new(Code::E105, path, span, message).label("given again");
            let fault = fault.also(first_path, *first, "given here");
            diagnostics.push(fault.help(*help));
            continue;
        }
        given.insert((*key, value), (path, span));
    }
}
