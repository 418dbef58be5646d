//! Quoted texts with places to fill in: [`Text`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// A quoted text. `{$x}` in it inserts a capture, `{0}` a group of a rule's regex, `{{` stands for a brace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text {
    template: String,
}

/// A part of a [`Text`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'t> {
    /// Characters as they stand.
    Literal(&'t str),
    /// The capture with this name, without the `$`.
    Capture(&'t str),
    /// This group of a regex.
    Group(usize),
}

/// A `{` in a text that opens no place to fill in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a place to fill in")]
pub struct InvalidPlace(pub String);

impl Text {
    /// The text with that template, its JSON escapes already resolved.
    pub fn new(template: String) -> Result<Self, InvalidPlace> {
        let mut rest = template.as_str();
        while let Some((_, after)) = next_piece(rest)? {
            rest = after;
        }
        Ok(Self { template })
    }

    /// The text that says exactly `text`.
    pub fn literal(text: &str) -> Self {
        Self {
            template: text.replace('{', "{{"),
        }
    }

    /// The template: places unfilled, a brace doubled.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The parts, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = self.template.as_str();
        std::iter::from_fn(move || {
            let (piece, after) = next_piece(rest).expect("the template was read when the text was made")?;
            rest = after;
            Some(piece)
        })
    }

    /// The captures that it inserts.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.pieces().filter_map(|piece| match piece {
            Piece::Capture(name) => Some(name),
            Piece::Literal(_) | Piece::Group(_) => None,
        })
    }

    /// The text with its places filled in by `fill`, which gets each piece that is no literal.
    pub fn filled(&self, mut fill: impl FnMut(Piece<'_>) -> String) -> String {
        let mut text = String::with_capacity(self.template.len());
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Capture(_) | Piece::Group(_) => text.push_str(&fill(piece)),
            }
        }
        text
    }
}

/// The first piece of a template and what follows it; none at the end.
fn next_piece(template: &str) -> Result<Option<(Piece<'_>, &str)>, InvalidPlace> {
    let Some(brace) = template.find('{') else {
        return Ok((!template.is_empty()).then_some((Piece::Literal(template), "")));
    };
    if brace > 0 {
        return Ok(Some((Piece::Literal(&template[..brace]), &template[brace..])));
    }
    if template[1..].starts_with('{') {
        return Ok(Some((Piece::Literal("{"), &template[2..])));
    }
    let shown = || InvalidPlace(template.chars().take_while(|&c| c != ' ').take(16).collect());
    let close = template.find('}').ok_or_else(shown)?;
    let (place, after) = (&template[1..close], &template[close + 1..]);
    let piece = match place.strip_prefix('$') {
        Some(name) if is_var_name(name) => Piece::Capture(name),
        Some(_) => return Err(shown()),
        None => Piece::Group(
            place
                .parse()
                .ok()
                .filter(|_| place.len() <= 2 && !place.starts_with('+'))
                .ok_or_else(shown)?,
        ),
    };
    Ok(Some((piece, after)))
}

/// Whether `name` can stand after a `$`.
pub(crate) fn is_var_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl TryFrom<String> for Text {
    type Error = InvalidPlace;

    fn try_from(template: String) -> Result<Self, Self::Error> {
        Self::new(template)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.template
    }
}

impl fmt::Display for Text {
    /// As it is written in a scenario: quoted, with JSON escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.template))
    }
}

/// `text` in quotes, with JSON escapes.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_braces_doubled() {
        let text = Text::new("a {{b} {$x} and {0}{12}".to_owned()).expect("a text");
        assert_eq!(
            text.pieces().collect::<Vec<_>>(),
            [
                Piece::Literal("a "),
                Piece::Literal("{"),
                Piece::Literal("b} "),
                Piece::Capture("x"),
                Piece::Literal(" and "),
                Piece::Group(0),
                Piece::Group(12),
            ]
        );
        assert_eq!(text.captures().collect::<Vec<_>>(), ["x"]);
        assert_eq!(text.filled(|_| "!".to_owned()), "a {b} ! and !!");
    }

    #[test]
    fn a_brace_that_opens_nothing_is_an_error() {
        for bad in [
            "{", "a {b}", "{$}", "{$1}", "{$a b}", "{-1}", "{+1}", "{123}", "{}",
        ] {
            assert!(Text::new(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(Text::literal("a {b}").filled(|_| String::new()), "a {b}");
    }
}
