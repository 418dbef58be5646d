//! Lines and what they are made of: [`lines`] cuts a source, a [`Cursor`] reads one line from left to right.
//!
//! The parser asks for what may stand at a place (a name, a text, a length of time, a bare value), because the same
//! characters mean different things at different places: `22:00-08:00` is one value, `quiz:` a name that opens a block.

mod literal;

use std::ops::Range;

use crate::diagnostics::{Code, Diagnostic, Fallible};
pub(crate) use crate::lexer::literal::{SAID, is_address};
use crate::syntax::{Name, Span, Spanned, Var};

/// The characters of a name, at most.
pub const NAME_CHARS_MAX: usize = 64;

/// A line that says something.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its octets, with the indentation, without the line's end.
    pub octets: Range<usize>,
    /// The spaces before its first word.
    pub indent: usize,
    /// Where it ends, or the comment behind it begins.
    pub words_end: usize,
}

/// What stands in a file besides its meaning; a printer keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trivia {
    /// The comments, in order.
    pub comments: Vec<Comment>,
    /// Where an empty line begins.
    pub(crate) blanks: Vec<u32>,
}

/// A comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Its place, with the `#`.
    pub span: Span,
    /// What it says, without the `#` and the blanks around it.
    pub text: String,
    /// Where the line begins behind whose words it stands; none where it has a line of its own.
    pub(crate) behind: Option<u32>,
    /// Whether it stands at least as deep as the last line before it that says something.
    pub(crate) is_as_deep: bool,
}

/// What some editors write before the first character of a file in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The lines of a source that say something, and what stands beside them. Tabs in an indentation are faults.
pub(crate) fn lines(path: &str, source: &str) -> (Vec<Line>, Trivia, Vec<Diagnostic>) {
    let (mut lines, mut trivia, mut faults) = (Vec::<Line>::new(), Trivia::default(), Vec::new());
    let rest = source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source);
    let mut start = source.len() - rest.len();
    for raw in rest.split_inclusive('\n') {
        let text = raw.trim_end_matches(['\n', '\r']);
        let octets = start..start + text.len();
        start += raw.len();
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        let content = &text[indent..];
        if content.trim().is_empty() {
            trivia.blanks.push(Span::new(octets.start, octets.end).start);
            continue;
        }
        if let Some(tab) = text[..indent].find('\t') {
            let at = octets.start + tab;
            faults.push(blank_fault(
                path,
                at,
                '\t',
                "indent with spaces, two for each level",
            ));
        }
        let is_as_deep = lines.last().is_none_or(|line| indent >= line.indent);
        if content.starts_with('#') {
            let at = octets.start + indent;
            trivia.comments.push(comment(at, content, None, is_as_deep));
            continue;
        }
        let mut words_end = octets.end;
        if let Some(at) = trailing_comment(content) {
            let begin = octets.start + indent;
            words_end = begin + at;
            trivia.comments.push(comment(
                words_end,
                &content[at..],
                Some(Span::new(begin, begin).start),
                is_as_deep,
            ));
        }
        lines.push(Line {
            octets,
            indent,
            words_end,
        });
    }
    (lines, trivia, faults)
}

fn comment(at: usize, text: &str, behind: Option<u32>, is_as_deep: bool) -> Comment {
    let text_end = at + text.trim_end().len();
    Comment {
        span: Span::new(at, text_end),
        text: text[1..].trim().to_owned(),
        behind,
        is_as_deep,
    }
}

/// Where a comment begins behind what a line says: at a `#` after a blank, outside of texts and regular expressions.
fn trailing_comment(content: &str) -> Option<usize> {
    let mut chars = content.char_indices();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let closes = match c {
            '#' if before == ' ' => return Some(at),
            '"' => '"',
            // A slash inside a bare value (a zone, a URL) opens nothing.
            '/' if before == ' ' || is_seen(&content[..at]) => '/',
            _ => {
                before = c;
                continue;
            }
        };
        while let Some((_, c)) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                c if c == closes => break,
                _ => {}
            }
        }
        before = closes;
    }
    None
}

/// Whether a line begins with those characters where an actor sees what follows: with a name or a capture, and `<`.
fn is_seen(beginning: &str) -> bool {
    let Some(actor) = beginning.strip_suffix('<') else {
        return false;
    };
    let name = actor.trim_end_matches(' ').trim_start_matches('$');
    name.bytes()
        .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
}

/// Whether `c` passes for a blank on the screen, or is not seen at all, and is none: a tab, what web pages and word processors
/// put between words, a control character.
pub(crate) fn is_other_blank(c: char) -> bool {
    c != ' ' && (c.is_whitespace() || c.is_control())
}

fn blank_fault(path: &str, at: usize, found: char, help: &str) -> Diagnostic {
    let what = match found {
        '\t' => "a tab".to_owned(),
        _ => format!("the character U+{:04X}, which is no blank", u32::from(found)),
    };
    let fault = Diagnostic::new(
        Code::E001,
        path,
        Span::new(at, at + found.len_utf8()),
        what.clone(),
    );
    fault.label(what).help(help)
}

/// Quotes that begin no text: those of other languages, and those that word processors put in.
const OTHER_QUOTES: [char; 9] = [
    '\'', '`', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}',
];

/// Characters of what was found that a message repeats, at most.
const REPEATED_CHARS_MAX: usize = 60;

/// A text as a message repeats it.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Reads one line, up to the comment behind it.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'s> {
    pub(crate) path: &'s str,
    source: &'s str,
    at: usize,
    end: usize,
}

impl<'s> Cursor<'s> {
    /// At the first word of the line.
    pub fn new(path: &'s str, source: &'s str, line: &Line) -> Self {
        let words = &source[line.octets.start..line.words_end];
        let end = line.octets.start + words.trim_end().len();
        Self {
            path,
            source,
            at: line.octets.start + line.indent,
            end,
        }
    }

    /// Everything from here to the end of the line.
    pub fn rest(&self) -> &'s str {
        &self.source[self.at..self.end]
    }

    /// The octet at which the cursor stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The place from `start` to where the cursor stands, without blanks at its end.
    pub fn since(&self, start: usize) -> Span {
        Span::new(start, start + self.source[start..self.at].trim_end().len())
    }

    fn advance(&mut self, octets: usize) {
        self.at += octets;
    }

    /// Passes blanks.
    pub fn blanks(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start_matches(' ').len());
    }

    /// Passes blanks and says whether nothing is left.
    pub fn at_end(&mut self) -> bool {
        self.blanks();
        self.rest().is_empty()
    }

    /// Passes blanks and gives the next character.
    pub fn peek(&mut self) -> Option<char> {
        if self.at_end() {
            None
        } else {
            self.rest().chars().next()
        }
    }

    /// Whether the line goes on with `sign`, which is not a word.
    pub fn looks_at(&mut self, sign: &str) -> bool {
        self.blanks();
        self.rest().starts_with(sign)
    }

    /// Takes `sign`, which is not a word, if it stands here.
    pub fn eat(&mut self, sign: &str) -> bool {
        let found = self.looks_at(sign);
        if found {
            self.advance(sign.len());
        }
        found
    }

    /// The word that stands here, without taking it.
    pub fn peek_word(&mut self) -> Option<&'s str> {
        self.clone().word().map(|word| word.node)
    }

    /// Takes the word `word` if it stands here.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        let found = ahead.word().is_some_and(|found| found.node == word);
        if found {
            *self = ahead;
        }
        found
    }

    /// Takes a word: letters, digits, `_`, `-` and inner dots, a letter or `_` first.
    pub fn word(&mut self) -> Option<Spanned<&'s str>> {
        self.blanks();
        let rest = self.rest();
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        let octets = rest.as_bytes();
        let is_letter = |at: usize| octets.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let mut length = 0;
        while is_letter(length)
            || matches!(octets.get(length), Some(b'_' | b'-'))
            || (octets.get(length) == Some(&b'.') && is_letter(length + 1))
        {
            length += 1;
        }
        let start = self.at;
        self.advance(length);
        Some(Spanned::new(&rest[..length], Span::new(start, self.at)))
    }

    /// Takes a name.
    pub fn name(&mut self, what: &str) -> Fallible<Name> {
        Ok(self.name_word(what)?.map(str::to_owned))
    }

    /// As [`Cursor::name`], for who only looks.
    pub fn name_word(&mut self, what: &str) -> Fallible<Spanned<&'s str>> {
        let Some(word) = self.word() else {
            return Err(self.expected(what));
        };
        let fault = match word.node {
            name if name.starts_with('_') || name.contains('.') => {
                "a name is letters, digits, `_` and `-`, a letter first"
            }
            name if name.len() > NAME_CHARS_MAX => return Err(self.too_long(word.span)),
            _ => return Ok(word),
        };
        let message = format!("`{}` cannot be a name", word.node);
        Err(Box::new(self.fault(Code::E018, word.span, message).label(fault)))
    }

    fn too_long(&self, span: Span) -> Box<Diagnostic> {
        let message = format!("a name of more than {NAME_CHARS_MAX} characters");
        let fault = self.fault(Code::E017, span, message);
        Box::new(fault.help("choose a shorter one"))
    }

    /// Takes `$name`.
    pub fn var(&mut self, what: &str) -> Fallible<Spanned<Var>> {
        Ok(self.var_word(what)?.map(|name| Var(name.to_owned())))
    }

    /// As [`Cursor::var`], for who only looks.
    pub fn var_word(&mut self, what: &str) -> Fallible<Spanned<&'s str>> {
        if !self.looks_at("$") {
            return Err(self.expected(what));
        }
        let start = self.at;
        self.advance(1);
        let rest = self.rest();
        let length = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
                .len();
        let name = &rest[..length];
        self.advance(length);
        let span = Span::new(start, self.at);
        if !crate::text::is_var_name(name) {
            let fault = self.fault(Code::E018, span, "a capture without a name");
            return Err(Box::new(
                fault.label("letters, digits and `_` follow the `$`, no digit first"),
            ));
        }
        if length > NAME_CHARS_MAX {
            return Err(self.too_long(span));
        }
        Ok(Spanned::new(name, span))
    }

    /// Takes a run of characters up to the next blank or comma. None at the end of the line, before a comma, and at a `#`, which
    /// would begin a comment where the line is written in another way.
    pub fn bare(&mut self) -> Option<Spanned<&'s str>> {
        if self.at_end() || self.rest().starts_with('#') {
            return None;
        }
        let rest = self.rest();
        let length = rest
            .find(|c| matches!(c, ' ' | ',' | '"') || is_other_blank(c))
            .unwrap_or(rest.len());
        // The colon that opens a block is no part of the last value.
        let length = match rest[..length].strip_suffix(':') {
            Some(value) if self.ends_after(length) => value.len(),
            _ => length,
        };
        if length == 0 {
            return None;
        }
        let start = self.at;
        self.advance(length);
        Some(Spanned::new(&rest[..length], Span::new(start, self.at)))
    }

    /// Whether nothing stands `octets` from here.
    fn ends_after(&self, octets: usize) -> bool {
        let mut ahead = self.clone();
        ahead.advance(octets);
        ahead.at_end()
    }

    /// Demands that nothing is left.
    pub fn finish(&mut self) -> Fallible<()> {
        if self.at_end() {
            return Ok(());
        }
        let span = self.next_token();
        let rest = self.rest();
        if let Some(fault) = self.other_blank() {
            return Err(Box::new(fault));
        }
        let fault = self.fault(Code::E012, span, "the line goes on after its end");
        let fault = fault.label("nothing more may follow");
        let is_stuck = self.source[..self.at].ends_with(|c: char| c.is_alphanumeric());
        Err(Box::new(match rest.chars().next() {
            Some('#') => fault.help("a comment begins with a `#` after a blank"),
            Some(sign) if is_stuck && sign.is_ascii_punctuation() && sign != ',' => fault.help(format!(
                "a name has letters, digits, `_` and `-`; a value with a `{sign}` in it may have to be quoted"
            )),
            _ => fault,
        }))
    }

    /// Demands that nothing is left of a line with clauses, each of which follows after a comma.
    pub fn finish_clauses(&mut self) -> Fallible<()> {
        let next = self.peek_word();
        self.finish().map_err(|mut fault| {
            if let (Code::E012, Some(word)) = (fault.code, next) {
                fault = Box::new(fault.help(format!("a clause follows after a comma: `, {word} ...`")));
            }
            fault
        })
    }

    /// What is wrong at that place.
    pub fn fault(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.path, span, message)
    }

    /// Something else stands here than `what`.
    pub fn expected(&mut self, what: &str) -> Box<Diagnostic> {
        let span = self.next_token();
        let found = &self.source[span.start as usize..span.end as usize];
        if let Some(fault) = self.other_blank() {
            return Box::new(fault);
        }
        let message = match self.at_end() {
            true => format!("expected {what}, but the line ends"),
            false => format!("expected {what}, found `{}`", shortened(found)),
        };
        let fault = self.fault(Code::E010, span, message);
        let fault = fault.label(format!("expected {what}"));
        Box::new(match found.starts_with(OTHER_QUOTES) {
            true => fault.help("a text stands in straight double quotes: \"...\""),
            false => fault,
        })
    }

    /// What is wrong with what stands here if it passes for a blank.
    fn other_blank(&self) -> Option<Diagnostic> {
        let found = self.rest().chars().next().filter(|&c| is_other_blank(c))?;
        Some(blank_fault(
            self.path,
            self.at,
            found,
            "write a blank in its place",
        ))
    }

    /// The place of whatever stands here; one column past the end when nothing does.
    pub fn next_token(&mut self) -> Span {
        if self.at_end() {
            let end = self.source[..self.at].trim_end_matches(' ').len();
            return Span::new(end, end);
        }
        let rest = self.rest();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = match rest.as_bytes().first() {
            Some(b'"') => rest[1..].find('"').map_or(rest.len(), |close| close + 2),
            _ => rest
                .find(|c| matches!(c, ' ' | ',' | '"' | '(' | ')' | '=') || is_other_blank(c))
                .unwrap_or(rest.len())
                .max(first),
        };
        Span::new(self.at, self.at + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_begin_at_a_hash_after_a_blank_outside_of_texts() {
        for (line, comment) in [
            ("alice > \"#1 # x\" # yes", Some("yes")),
            ("# only", Some("only")),
            ("  on /#\\/ # x/ reply \"a\"", None),
            ("world tz America/Los_Angeles # zone", Some("zone")),
            ("app a \"A\", url http://h/#frag", None),
            ("alice </a # b/ # yes", Some("yes")),
            ("alice > \"x\"#no", None),
            ("note \"a\\\" # b\"", None),
        ] {
            let (_, trivia, _) = lines("a.sms", line);
            assert_eq!(
                trivia.comments.first().map(|comment| comment.text.as_str()),
                comment,
                "{line}"
            );
        }
    }

    #[test]
    fn a_bare_value_runs_to_the_next_blank_or_comma_and_leaves_the_last_colon() {
        let source = "\u{feff}22:00-08:00, a/b,x canvas weather: # c";
        let (found, _, _) = lines("a.sms", source);
        let mut cursor = Cursor::new("a.sms", source, &found[0]);
        let mut values = Vec::new();
        loop {
            match cursor.bare() {
                Some(value) => values.push(value.node),
                None if cursor.eat(",") => values.push(","),
                None => break,
            }
        }
        assert_eq!(values, ["22:00-08:00", ",", "a/b", ",", "x", "canvas", "weather"]);
        assert!(cursor.eat(":") && cursor.at_end());
    }

    #[test]
    fn words_hold_inner_dots_only() {
        for (text, word) in [
            ("users.getInfo x", "users.getInfo"),
            ("a..b", "a"),
            ("quiet-hours", "quiet-hours"),
            ("x.", "x"),
        ] {
            let (found, _, _) = lines("a.sms", text);
            let mut cursor = Cursor::new("a.sms", text, &found[0]);
            assert_eq!(cursor.word().map(|word| word.node), Some(word));
        }
    }
}
