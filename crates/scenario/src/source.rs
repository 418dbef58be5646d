//! Sources that were read by somebody else: [`Sources`], and how one names another.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostics::Diagnostic;
use crate::parser::parse;
use crate::profile::{self, Profile, SHIPPED};
use crate::syntax::File;

/// The texts of scenario files by path. Paths use `/` and are never opened here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<String, Source>,
    /// The paths of carrier profiles by name, beside those that are built in.
    profiles: BTreeMap<String, String>,
}

/// One of them. Copies share the text, and what it says: that is read once, however many files use it.
#[derive(Clone, Debug)]
struct Source {
    text: Arc<str>,
    said: Arc<Said>,
}

/// What a text says, once somebody has asked.
#[derive(Debug, Default)]
struct Said {
    tree: OnceLock<Arc<Tree>>,
    profile: OnceLock<ReadProfile>,
}

/// A carrier profile, or what is wrong with it.
pub(crate) type ReadProfile = Result<Arc<Profile>, Vec<Diagnostic>>;

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Source {}

/// A text as it was read.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The tree.
    pub file: Arc<File>,
    /// What is wrong with the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Sources {
    /// No sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the text that was read from `path`, in place of an earlier one.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) {
        let source = Source {
            text: text.into(),
            said: Arc::default(),
        };
        self.texts.insert(path.into(), source);
    }

    /// Adds the text that `other` has at `path`, if it has one: whoever reads it first has read it for both.
    pub fn share(&mut self, other: &Self, path: &str) {
        if let Some(source) = other.texts.get(path) {
            self.texts.insert(path.to_owned(), source.clone());
        }
    }

    /// Adds the carrier profile that was read from `path`, in place of one of that name.
    pub fn insert_profile(
        &mut self,
        name: impl Into<String>,
        path: impl Into<String>,
        text: impl Into<Arc<str>>,
    ) {
        let path = path.into();
        self.profiles.insert(name.into(), path.clone());
        self.insert(path, text);
    }

    /// The path and the text of the carrier profile of that name: one that was added, or else one that is built in.
    pub fn profile(&self, name: &str) -> Option<(String, &str)> {
        if let Some(path) = self.profiles.get(name) {
            return Some((path.clone(), self.text(path)?));
        }
        let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some((profile::shipped_path(name), text))
    }

    /// As [`Sources::profile`], read and checked.
    pub(crate) fn read_profile(&self, name: &str) -> Option<ReadProfile> {
        if let Some(path) = self.profiles.get(name) {
            let source = self.texts.get(path)?;
            let read = || profile::read(path, &source.text).map(Arc::new);
            return Some(source.said.profile.get_or_init(read).clone());
        }
        profile::shipped(name)
    }

    /// The names of the carrier profiles, those that are built in first.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        let added = self.profiles.keys().map(String::as_str);
        let added = added.filter(|name| !SHIPPED.iter().any(|(shipped, _)| shipped == name));
        SHIPPED.iter().map(|(name, _)| *name).chain(added)
    }

    /// The text of `path`, if it was read.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(|source| &*source.text)
    }

    /// As [`Sources::text`], for who outlives the sources.
    pub fn shared_text(&self, path: &str) -> Option<Arc<str>> {
        self.texts.get(path).map(|source| Arc::clone(&source.text))
    }

    /// What the text of `path` says, if it was read.
    pub(crate) fn tree(&self, path: &str) -> Option<Arc<Tree>> {
        let source = self.texts.get(path)?;
        let read = || {
            let parsed = parse(path, &source.text);
            Arc::new(Tree {
                file: Arc::new(parsed.file),
                diagnostics: parsed.diagnostics,
            })
        };
        Some(Arc::clone(source.said.tree.get_or_init(read)))
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

/// The path that `used` means in a `use` of the file `by`: relative to its folder, with `.` and `..` resolved.
pub fn resolve(by: &str, used: &str) -> String {
    if used.starts_with('/') {
        return used.to_owned();
    }
    let folder = by.rsplit_once('/').map_or("", |(folder, _)| folder);
    let rooted = by.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(used.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // Above the root there is only the root.
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if rooted { format!("/{path}") } else { path }
}

/// A place in a text as people count: line and column from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// The place of the octet `at` of `text`; an octet past the end is the end.
pub fn place(text: &str, at: u32) -> Place {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: before.bytes().filter(|&octet| octet == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The octets at which the lines of a text begin.
pub(crate) fn line_starts(text: &str) -> Vec<u32> {
    let octets = text.bytes().enumerate();
    let ends = octets.filter(|(_, octet)| *octet == b'\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(ends);
    starts.map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect()
}

/// The line with that number, from 1, without its end.
pub fn line(text: &str, number: usize) -> &str {
    text.lines().nth(number.saturating_sub(1)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_was_added_counts_before_one_that_is_built_in() {
        let mut sources = Sources::new();
        let (path, text) = sources.profile("att").expect("built in");
        assert!(path.ends_with("carriers/att.toml") && text.contains("latency"));
        let count = sources.profile_names().count();
        sources.insert_profile("att", "my/att.toml", "loss = 1");
        sources.insert_profile("mine", "my/mine.toml", "");
        assert_eq!(
            sources.profile("att"),
            Some(("my/att.toml".to_owned(), "loss = 1"))
        );
        assert_eq!(sources.profile_names().count(), count + 1);
        assert_eq!(sources.profile("nobody"), None);
    }

    #[test]
    fn a_used_file_is_named_relative_to_the_one_that_uses_it() {
        for (by, used, path) in [
            (
                "tests/scenarios/quota.sms",
                "world.sms",
                "tests/scenarios/world.sms",
            ),
            (
                "tests/scenarios/quota.sms",
                "../../simulator-config/demo.sms",
                "simulator-config/demo.sms",
            ),
            ("quota.sms", "./a/world.sms", "a/world.sms"),
            ("quota.sms", "../world.sms", "../world.sms"),
            ("/abs/x.sms", "../../../w.sms", "/w.sms"),
            ("a.sms", "/abs/w.sms", "/abs/w.sms"),
        ] {
            assert_eq!(resolve(by, used), path, "{used} from {by}");
        }
    }

    #[test]
    fn places_count_characters_from_one() {
        let text = "a\n\u{e9}\u{e9}b\n";
        assert_eq!(place(text, 0), Place { line: 1, column: 1 });
        assert_eq!(place(text, 6), Place { line: 2, column: 3 });
        assert_eq!(place(text, 99), Place { line: 3, column: 1 });
        assert_eq!(line_starts(text), [0, 2, 8]);
        assert_eq!(line(text, 2), "\u{e9}\u{e9}b");
        assert_eq!(line(text, 3), "");
    }
}
