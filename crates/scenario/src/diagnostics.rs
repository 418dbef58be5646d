//! What is wrong and where: [`Diagnostic`], with a stable [`Code`], a place, and what would help.

mod code;
mod render;

use serde::{Deserialize, Serialize};

pub use code::{Class, Code};
pub(crate) use render::Paint;
pub use render::{Colour, render, render_all};

use crate::syntax::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look; nothing stops.
    Warning,
    /// The run, or the test, stops.
    Error,
}

/// A place in a source, with what is to say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The source.
    pub path: String,
    /// The stretch to underline.
    pub span: Span,
    /// What stands beside the underline; empty for nothing.
    pub text: String,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// What would be right.
    Help,
    /// What the platform or the network decided, and by which rule.
    Why,
    /// Anything else, printed without a word before it.
    Plain,
}

/// A line under the source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// The text; further lines are indented.
    pub text: String,
}

/// Something wrong, with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; none where no source is at fault.
    pub primary: Option<Label>,
    /// Other places that matter, for example where a name was first declared.
    pub secondary: Vec<Label>,
    /// Help and reasons, in order.
    pub notes: Vec<Note>,
}

impl Diagnostic {
    /// What is wrong at that place of that source. Its severity is the code's own.
    pub fn new(code: Code, path: &str, span: Span, message: impl Into<String>) -> Self {
        let primary = Some(Label {
            path: path.to_owned(),
            span,
            text: String::new(),
        });
        Self {
            primary,
            ..Self::without_place(code, message)
        }
    }

    /// What is wrong where no source is at fault.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With a text beside the underline.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// With another place that matters.
    pub fn also(mut self, path: &str, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            path: path.to_owned(),
            span,
            text: text.into(),
        });
        self
    }

    /// With a line that says what would be right.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.note(NoteKind::Help, text)
    }

    /// With a line that says who decided what, and why.
    pub fn why(self, text: impl Into<String>) -> Self {
        self.note(NoteKind::Why, text)
    }

    /// With a line of that kind.
    pub fn note(mut self, kind: NoteKind, text: impl Into<String>) -> Self {
        self.notes.push(Note {
            kind,
            text: text.into(),
        });
        self
    }

    /// With `did you mean`, when a word is near enough.
    pub fn did_you_mean(self, meant: Option<&str>) -> Self {
        match meant {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None => self,
        }
    }

    /// Whether it stops the run or fails the test.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// What an operation of the language gives when it finds something wrong; boxed because it is rare and large.
pub(crate) type Fallible<T> = Result<T, Box<Diagnostic>>;
