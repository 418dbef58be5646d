//! What names mean: checks of files whose lines can be read.

mod capture;
mod clause;
mod names;
mod scenes;
mod setting;
mod step;
mod unique;
mod value;

use std::fmt;

pub(crate) use capture::{captures, is_of_answer};
pub(crate) use clause::clause_keys;
pub use names::{Declared, Names};
pub use scenes::SCENES_DEEP_MAX;
pub(crate) use setting::{check as check_setting, setting_keys, setting_words};
pub(crate) use step::NOT_SEEN;
pub(crate) use value::{date, percent};

use crate::diagnostics::Diagnostic;
use crate::script::{Script, ScriptFile};
use crate::syntax::{Spanned, Step};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A person with a phone.
    User,
    /// An application.
    App,
    /// An operator's radio network.
    Carrier,
    /// An outside ESME.
    Esme,
    /// The platform itself.
    Fbook,
}

impl fmt::Display for Kind {
    /// With its article: `a user`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "a user",
            Self::App => "an app",
            Self::Carrier => "a carrier",
            Self::Esme => "an ESME",
            Self::Fbook => "the platform",
        })
    }
}

/// Collects the names that the files declare.
pub(crate) fn names(files: &[ScriptFile], diagnostics: &mut Vec<Diagnostic>) -> Names {
    names::collect(files.iter(), diagnostics)
}

/// Checks steps that stand in no file, with the captures that are bound before them.
pub(crate) fn some_steps<'b>(
    script: &Script,
    path: &str,
    steps: &[Spanned<Step>],
    bound: impl Iterator<Item = &'b str>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    // Who joins brings no scenes.
    let scenes = scenes::Scenes::of(script.files(), script.names());
    // Behind the line with which a user joins they may be named.
    let mut joined = None;
    for step in steps {
        let script = joined.as_ref().unwrap_or(script);
        match &step.node {
            Step::Join(decl) => match script.with(path, decl, step.span) {
                Ok(script) => joined = Some(script),
                Err(faults) => diagnostics.extend(faults),
            },
            _ => step::one(&scenes, script.names(), path, step, &mut diagnostics),
        }
    }
    capture::some(path, steps, bound, &mut diagnostics);
    diagnostics
}

/// Checks a declaration that stands in no file against those of the files, and gives the names with its own.
pub(crate) fn one_decl(files: &[ScriptFile], added: &ScriptFile, diagnostics: &mut Vec<Diagnostic>) -> Names {
    let names = names::collect(files.iter().chain([added]), diagnostics);
    clause::declarations(&added.path, &added.file, &names, diagnostics);
    names
}

/// Checks declarations, scenes and tests against the names.
pub(crate) fn meaning(files: &[ScriptFile], names: &Names, diagnostics: &mut Vec<Diagnostic>) {
    for file in files {
        clause::declarations(&file.path, &file.file, names, diagnostics);
    }
    unique::declarations(files, diagnostics);
    step::items(files, names, diagnostics);
    capture::items(files, diagnostics);
}
