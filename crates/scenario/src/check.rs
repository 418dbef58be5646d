//! What names mean: checks of files whose lines can be read.

mod capture;
mod clause;
mod names;
mod setting;
mod step;
mod value;

use std::fmt;

pub use names::{Declared, Names};
pub(crate) use value::{date, percent};

use crate::diagnostics::Diagnostic;
use crate::script::ScriptFile;

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
    names::collect(files, diagnostics)
}

/// Checks declarations, scenes and tests against the names.
pub(crate) fn meaning(files: &[ScriptFile], names: &Names, diagnostics: &mut Vec<Diagnostic>) {
    for file in files {
        clause::declarations(&file.path, &file.file, names, diagnostics);
    }
    step::items(files, names, diagnostics);
    capture::items(files, diagnostics);
}
