//! Patterns ready to be compared with texts: [`Matcher`], and regular expressions that are compiled once: [`Compiled`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex::{Regex, RegexBuilder};

use crate::syntax::{Pattern, Piece, Text};

/// The octets that a regular expression may need when it is compiled, at most.
pub const REGEX_OCTETS_MAX: usize = 1 << 20;

/// Expressions that are kept compiled for the next pattern that says the same, at most; of more, all are forgotten.
pub const COMPILED_KEPT_MAX: usize = 64;

/// A pattern with its captures filled in.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// Exactly this text.
    Exact(String),
    /// These parts in this order, with anything between them; the first begins the text and the last ends it.
    Glob(Vec<String>),
    /// What a regular expression says.
    Regex(Regex),
}

impl Matcher {
    /// The pattern, with `fill` for the captures by name. What they hold is no pattern: a `*` in it is a star.
    pub fn new(pattern: &Pattern, fill: impl Fn(&str) -> String) -> Self {
        match pattern {
            Pattern::Text(text) => Self::Exact(filled(text, &fill)),
            Pattern::Glob(text) => Self::Glob(glob(text, &fill)),
            Pattern::Regex {
                source,
                ignore_case,
                compiled,
            } => Self::Regex(compiled.get(source, *ignore_case)),
        }
    }

    /// Whether the text fits.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Glob(parts) => glob_fits(parts, text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// What matched and its groups, if the text fits; a group that took no part is empty.
    pub fn groups(&self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Exact(_) | Self::Glob(_) => self.matches(text).then(|| vec![text.to_owned()]),
            Self::Regex(regex) => {
                let captures = regex.captures(text)?;
                Some(
                    captures
                        .iter()
                        .map(|group| group.map_or("", |group| group.as_str()).to_owned())
                        .collect(),
                )
            }
        }
    }
}

/// The compiled form of a regular expression: made when it is first needed, and shared by every copy of its pattern. It is no
/// part of what a pattern says.
#[derive(Clone, Debug, Default)]
pub struct Compiled(Arc<OnceLock<Regex>>);

impl Compiled {
    /// The expression compiled.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub(crate) fn new(source: &str, ignore_case: bool) -> Result<Self, regex::Error> {
        let regex = KEPT.get(source, ignore_case, compile)?;
        Ok(Self(Arc::new(OnceLock::from(regex))))
    }

    /// The expression compiled; that of a file was compiled when it was read, so it can be.
    pub(crate) fn get(&self, source: &str, ignore_case: bool) -> Regex {
        let compile = || match Self::new(source, ignore_case) {
            Ok(compiled) => compiled.get(source, ignore_case),
            Err(_) => Regex::new("[^\\s\\S]").expect("an expression that nothing matches"),
        };
        self.0.get_or_init(compile).clone()
    }
}

fn compile(source: &str, ignore_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .case_insensitive(ignore_case)
        .size_limit(REGEX_OCTETS_MAX)
        .build()
}

/// Those that were compiled last: files of one folder say the same again and again, and to compile takes longer than to
/// read all the rest of a file.
static KEPT: Kept = Kept(Mutex::new(BTreeMap::new()));

/// Expressions by what they say, and whether letter case counts for nothing.
struct Kept(Mutex<BTreeMap<(String, bool), Regex>>);

impl Kept {
    fn get(
        &self,
        source: &str,
        ignore_case: bool,
        compile: impl FnOnce(&str, bool) -> Result<Regex, regex::Error>,
    ) -> Result<Regex, regex::Error> {
        let key = (source.to_owned(), ignore_case);
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(regex) = known {
            return Ok(regex);
        }
        let regex = compile(source, ignore_case)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= COMPILED_KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, regex.clone());
        Ok(regex)
    }
}

impl PartialEq for Compiled {
    /// Two patterns are one when they say the same, whether or not they have been needed.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A text with its captures filled in.
pub(crate) fn filled(text: &Text, fill: &impl Fn(&str) -> String) -> String {
    text.filled(|piece| match piece {
        Piece::Capture(name) => fill(name),
        Piece::Group(_) | Piece::Literal(_) => String::new(),
    })
}

/// The parts of a glob between its stars: `*` is anything, `\*` a star.
fn glob(text: &Text, fill: &impl Fn(&str) -> String) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    for piece in text.pieces() {
        match piece {
            Piece::Capture(name) => part.push_str(&fill(name)),
            Piece::Group(_) => {}
            Piece::Literal(literal) => {
                let mut chars = literal.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '*' => parts.push(std::mem::take(&mut part)),
                        '\\' if matches!(chars.peek(), Some('*' | '\\')) => part.extend(chars.next()),
                        c => part.push(c),
                    }
                }
            }
        }
    }
    parts.push(part);
    parts
}

/// Whether the parts stand in the text in their order. To take each as early as it comes leaves the most room for the others.
fn glob_fits(parts: &[String], text: &str) -> bool {
    let (first, last, between) = match parts {
        [] => return text.is_empty(),
        [only] => return only == text,
        [first, between @ .., last] => (first, last, between),
    };
    let Some(rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else {
        return false;
    };
    for part in between {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob_of(template: &str) -> Matcher {
        let text = Text::new(template.to_owned()).expect("a text");
        Matcher::new(&Pattern::Glob(text), |_| "a*b".to_owned())
    }

    #[test]
    fn globs_match_the_whole_text() {
        for (template, text, fits) in [
            ("*", "", true),
            ("*Quiz*Y*", "Add Quiz\n? Y or N", true),
            ("Quiz*", "a Quiz", false),
            ("a.c", "abc", false),
            ("\\*x", "*x", true),
            ("\\*x", "yx", false),
            ("{$x}!", "a*b!", true),
            ("{$x}!", "aXb!", false),
            ("*b*a*", "ab", false),
            ("*ab*b", "ab", false),
            ("a*a", "a", false),
            ("a**a", "aa", true),
            ("*aab*", "aaab", true),
            ("\\\\*", "\\x", true),
            ("\u{e9}*\u{e9}", "\u{e9}\u{e9}", true),
        ] {
            assert_eq!(glob_of(template).matches(text), fits, "{template} {text}");
        }
    }

    #[test]
    fn regular_expressions_match_anywhere_and_give_groups() {
        let pattern = Pattern::Regex {
            source: "(a)(b)?".to_owned(),
            ignore_case: true,
            compiled: Compiled::default(),
        };
        let matcher = Matcher::new(&pattern, |_| String::new());
        assert_eq!(
            matcher.groups("xAx"),
            Some(vec!["A".to_owned(), "A".to_owned(), String::new()])
        );
        assert!(!matcher.matches("xyz"));
    }

    #[test]
    fn an_expression_is_compiled_once_for_all_copies_of_its_pattern() {
        let compiled = Compiled::default();
        let copy = compiled.clone();
        assert!(copy.get("a+", false).is_match("aa"));
        assert!(compiled.0.get().is_some());
        assert_eq!(compiled, Compiled::default());
    }

    #[test]
    fn what_was_compiled_last_is_kept_up_to_its_limit() {
        let (kept, compilations) = (Kept(Mutex::new(BTreeMap::new())), std::cell::Cell::new(0));
        let get = |source: &str| {
            let count = |source: &str, ignore_case: bool| {
                compilations.set(compilations.get() + 1);
                compile(source, ignore_case)
            };
            kept.get(source, false, count).map(|regex| regex.is_match(source))
        };
        for _ in 0..2 {
            for n in 0..COMPILED_KEPT_MAX {
                assert_eq!(get(&n.to_string()), Ok(true));
            }
        }
        assert_eq!(
            compilations.get(),
            COMPILED_KEPT_MAX,
            "the second time all were there"
        );
        assert_eq!(get("one more"), Ok(true));
        assert_eq!(get("0"), Ok(true));
        assert_eq!(compilations.get(), COMPILED_KEPT_MAX + 2, "nothing was left");
        assert!(get("(").is_err() && get("(").is_err(), "a fault is told again");
    }
}
