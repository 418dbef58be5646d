//! Patterns ready to be compared with texts: [`Matcher`].

use regex::{Regex, RegexBuilder};

use crate::syntax::{Pattern, Piece, Text};

/// A pattern with its captures filled in.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// Exactly this text.
    Exact(String),
    /// What the pieces of a glob or a regular expression say.
    Regex(Regex),
}

impl Matcher {
    /// The pattern, with `fill` for the captures by name. What they hold is no pattern: a `*` in it is a star.
    pub fn new(pattern: &Pattern, fill: impl Fn(&str) -> String) -> Self {
        match pattern {
            Pattern::Text(text) => Self::Exact(filled(text, &fill)),
            Pattern::Glob(text) => Self::Regex(compiled(&glob(text, &fill), false)),
            Pattern::Regex { source, ignore_case } => Self::Regex(compiled(source, *ignore_case)),
        }
    }

    /// Whether the text fits.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// What matched and its groups, if the text fits; a group that took no part is empty.
    pub fn groups(&self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Exact(_) => self.matches(text).then(|| vec![text.to_owned()]),
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

/// A text with its captures filled in.
pub(crate) fn filled(text: &Text, fill: &impl Fn(&str) -> String) -> String {
    text.filled(|piece| match piece {
        Piece::Capture(name) => fill(name),
        Piece::Group(_) | Piece::Literal(_) => String::new(),
    })
}

/// A glob as a regular expression: `*` is anything, `\*` a star.
fn glob(text: &Text, fill: &impl Fn(&str) -> String) -> String {
    let mut source = String::from("(?s)^");
    for piece in text.pieces() {
        match piece {
            Piece::Capture(name) => source.push_str(&regex::escape(&fill(name))),
            Piece::Group(_) => {}
            Piece::Literal(literal) => {
                let mut chars = literal.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '*' => source.push_str(".*"),
                        '\\' if matches!(chars.peek(), Some('*' | '\\')) => {
                            source.extend(chars.next().map(|c| regex::escape(&c.to_string())));
                        }
                        c => source.push_str(&regex::escape(&c.to_string())),
                    }
                }
            }
        }
    }
    source + "$"
}

/// The expression compiled. Those of a file were compiled once when it was read, so they can be.
fn compiled(source: &str, ignore_case: bool) -> Regex {
    RegexBuilder::new(source)
        .case_insensitive(ignore_case)
        .build()
        .unwrap_or_else(|_| Regex::new("[^\\s\\S]").expect("an expression that nothing matches"))
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
        ] {
            assert_eq!(glob_of(template).matches(text), fits, "{template} {text}");
        }
    }

    #[test]
    fn regular_expressions_match_anywhere_and_give_groups() {
        let pattern = Pattern::Regex {
            source: "(a)(b)?".to_owned(),
            ignore_case: true,
        };
        let matcher = Matcher::new(&pattern, |_| String::new());
        assert_eq!(
            matcher.groups("xAx"),
            Some(vec!["A".to_owned(), "A".to_owned(), String::new()])
        );
        assert!(!matcher.matches("xyz"));
    }
}
