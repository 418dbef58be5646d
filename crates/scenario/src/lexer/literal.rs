//! Literals: quoted texts, regular expressions, numbers, lengths of time, times, numbers of phones.

use std::str::FromStr;

use sms::{Msisdn, ShortCode};

use crate::diagnostics::{Code, Fallible};
use crate::lexer::{Cursor, shortened};
use crate::pattern::Compiled;
use crate::suggestion::nearest;
use crate::syntax::{Dur, InvalidDur, Pattern, Span, Spanned, Text, TimeOfDay, Unit};

/// The most letters that a text can come from (3GPP TS 23.040 §9.1.2.5).
const SENDER_CHARACTERS_MAX: usize = 11;

/// What a text is called where the line may also name who gets it.
pub(crate) const SAID: &str = "what is said";

/// Whether the text is an address as lines have it: the number of a phone with its `+`, or the digits of a short code.
pub(crate) fn is_address(text: &str) -> bool {
    match text.starts_with('+') {
        true => text.parse::<Msisdn>().is_ok(),
        false => text.parse::<ShortCode>().is_ok(),
    }
}

impl Cursor<'_> {
    /// Takes a quoted text that inserts nothing.
    pub fn plain_string(&mut self, what: &str) -> Fallible<Spanned<String>> {
        if !self.looks_at("\"") {
            return Err(self.unquoted(what));
        }
        let start = self.at();
        let rest = self.rest();
        let mut length = None;
        let mut escaped = false;
        for (at, octet) in rest.bytes().enumerate().skip(1) {
            match octet {
                b'"' if !escaped => {
                    length = Some(at + 1);
                    break;
                }
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        let Some(length) = length else {
            let fault = self.fault(
                Code::E003,
                Span::new(start, start + rest.len()),
                "a text without its closing quote",
            );
            return Err(Box::new(
                fault
                    .label("it begins here")
                    .help("write a quote inside a text as \\\", and a line break as \\n"),
            ));
        };
        self.advance(length);
        let span = Span::new(start, start + length);
        // Most texts are what stands between the quotes.
        let plain = &rest[1..length - 1];
        if plain.bytes().all(|octet| octet >= b' ' && octet != b'\\') {
            return Ok(Spanned::new(plain.to_owned(), span));
        }
        match serde_json::from_str(&rest[..length]) {
            Ok(text) => Ok(Spanned::new(text, span)),
            Err(error) => {
                // serde_json counts columns in octets from 1, and stops on or behind the character at fault.
                let at = rest[..length].floor_char_boundary(error.column().saturating_sub(1).min(length - 1));
                let at = rest[..at]
                    .rfind('\\')
                    .filter(|slash| at - slash < 6)
                    .unwrap_or(at);
                let end = rest.ceil_char_boundary((at + 2).min(length));
                let fault = self.fault(
                    Code::E004,
                    Span::new(start + at, start + end),
                    "JSON knows no such escape",
                );
                Err(Box::new(fault.label("not an escape of JSON").help(
                    "the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex digits",
                )))
            }
        }
    }

    /// Takes a quoted text that may insert captures.
    pub fn text(&mut self, what: &str) -> Fallible<Spanned<Text>> {
        let text = self.plain_string(what)?;
        let span = text.span;
        match Text::new(text.node) {
            Ok(text) => Ok(Spanned::new(text, span)),
            Err(error) => {
                let fault = self.fault(Code::E005, span, error.to_string());
                Err(Box::new(
                    fault
                        .label("in this text")
                        .help("a brace itself is written `{{`, a capture `{$name}`"),
                ))
            }
        }
    }

    fn unquoted(&mut self, what: &str) -> Box<crate::diagnostics::Diagnostic> {
        let plain = self.peek().is_some_and(|c| c.is_alphanumeric());
        if !plain {
            return self.expected(what);
        }
        let rest = self.rest();
        let length = rest.find(',').unwrap_or(rest.len());
        let words = rest[..length].trim_end();
        let span = Span::new(self.at(), self.at() + words.len());
        let fault = self.fault(
            Code::E013,
            span,
            format!("expected {what}, which stands in quotes"),
        );
        let help = match words.split_once(' ') {
            Some((first, rest)) if what == SAID => format!(
                "write \"{}\", or {first} \"{}\" if an app says it to {first}",
                shortened(words),
                shortened(rest)
            ),
            _ => format!("write \"{}\"", shortened(words)),
        };
        Box::new(fault.label("not quoted").help(help))
    }

    /// Takes a pattern if one stands here: `"..."`, `~"..."` or `/.../`.
    pub fn pattern(&mut self) -> Fallible<Option<Spanned<Pattern>>> {
        match self.peek() {
            Some('"') => Ok(Some(self.text("a text")?.map(Pattern::Text))),
            Some('~') => {
                let start = self.at();
                self.eat("~");
                let text = self.text("a quoted glob after `~`")?;
                Ok(Some(Spanned::new(Pattern::Glob(text.node), self.since(start))))
            }
            Some('/') => self.regex().map(Some),
            _ => Ok(None),
        }
    }

    fn regex(&mut self) -> Fallible<Spanned<Pattern>> {
        let start = self.at();
        let rest = self.rest();
        let mut source = String::new();
        let mut chars = rest.char_indices().skip(1);
        let close = loop {
            match chars.next() {
                None => {
                    let span = Span::new(start, start + rest.len());
                    let fault =
                        self.fault(Code::E006, span, "a regular expression without its closing slash");
                    return Err(Box::new(
                        fault
                            .label("it begins here")
                            .help("a slash inside is written `\\/`"),
                    ));
                }
                Some((at, '/')) => break at,
                Some((_, '\\')) => match chars.next() {
                    Some((_, '/')) => source.push('/'),
                    Some((_, c)) => source.extend(['\\', c]),
                    None => source.push('\\'),
                },
                Some((_, c)) => source.push(c),
            }
        };
        self.advance(close + 1);
        let ignore_case = self.rest().starts_with('i');
        self.advance(usize::from(ignore_case));
        let span = self.since(start);
        match Compiled::new(&source, ignore_case) {
            Ok(compiled) => {
                let pattern = Pattern::Regex {
                    source,
                    ignore_case,
                    compiled,
                };
                Ok(Spanned::new(pattern, span))
            }
            Err(error) => {
                let reason = error.to_string();
                let reason = reason
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned();
                let fault = self.fault(Code::E006, span, "the regular expression cannot be read");
                let fault = fault.label(reason);
                Err(Box::new(fault.help(
                    "a backslash before a sign such as ( [ { * + ? . takes its meaning away; without a regular expression, ~\"...\" \
                     has * for anything",
                )))
            }
        }
    }

    /// Takes a length of time.
    pub fn dur(&mut self) -> Fallible<Spanned<Dur>> {
        let Some(word) = self.bare() else {
            return Err(self.expected("a length of time such as 10s"));
        };
        let error = match Dur::from_str(word.node) {
            Ok(dur) => return Ok(Spanned::new(dur, word.span)),
            Err(error) => error,
        };
        let fault = match &error {
            InvalidDur::NoUnit(number) => self
                .fault(
                    Code::E041,
                    word.span,
                    "a bare number where a length of time is meant",
                )
                .label("which unit?")
                .help(format!(
                    "write {number}ms, {number}s, {number}m, {number}h or {number}d"
                )),
            InvalidDur::UnknownUnit(unit) => self
                .fault(Code::E041, word.span, error.to_string())
                .label("the units are ms, s, m, h and d")
                .did_you_mean(nearest(unit, Unit::ALL.iter().map(|(word, _)| *word))),
            InvalidDur::NotANumber(_) => self
                .fault(Code::E041, word.span, error.to_string())
                .label("a whole number and a unit, such as 10s"),
            InvalidDur::TooLarge(_) => self
                .fault(Code::E041, word.span, error.to_string())
                .label(format!("at most {} of a unit", u32::MAX)),
        };
        Err(Box::new(fault))
    }

    /// Takes a whole number without a sign, `max` at most.
    pub fn number<T>(&mut self, what: &str, max: T) -> Fallible<Spanned<T>>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        self.blanks();
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if length == 0 || rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            let mut fault = self.expected(what);
            fault.code = Code::E040;
            return Err(fault);
        }
        let start = self.at();
        self.advance(length);
        let span = self.since(start);
        match rest[..length].parse() {
            Ok(number) if number <= max => Ok(Spanned::new(number, span)),
            Ok(_) | Err(_) => Err(Box::new(
                self.fault(Code::E040, span, "the number is too large")
                    .label(format!("at most {max} here")),
            )),
        }
    }

    /// Takes the number of a phone.
    pub fn msisdn(&mut self) -> Fallible<Spanned<Msisdn>> {
        self.blanks();
        let rest = self.rest();
        let length = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '+')
                .len();
        if length == 0 {
            return Err(self.expected("the number of a phone, such as +14155550101"));
        }
        let start = self.at();
        self.advance(length);
        let (text, span) = (&rest[..length], self.since(start));
        if !text.starts_with('+') {
            let fault = self.fault(
                Code::E043,
                span,
                "the number of a phone begins with `+` and the country code",
            );
            return Err(Box::new(
                fault
                    .label("no `+`")
                    .help(format!("write +{text} if that is the whole number")),
            ));
        }
        match text.parse() {
            Ok(msisdn) => Ok(Spanned::new(msisdn, span)),
            Err(_) => {
                let fault = self.fault(Code::E043, span, format!("`{text}` is not the number of a phone"));
                Err(Box::new(fault.label(
                    "`+` and 7 to 15 digits, no 0 first, without blanks and hyphens",
                )))
            }
        }
    }

    /// Takes an address: the number of a phone with its `+`, or the digits of a short code.
    pub fn address(&mut self) -> Fallible<Spanned<String>> {
        let Some(word) = self.bare() else {
            return Err(self.expected("an address, such as 32665"));
        };
        if is_address(word.node) {
            return Ok(word.map(str::to_owned));
        }
        let fault = self.fault(
            Code::E043,
            word.span,
            format!("`{}` is not an address", word.node),
        );
        let has_letters = word.node.contains(|character: char| character.is_alphabetic());
        let fault = fault.label("a short code of 3 to 8 digits, or `+` and the number of a phone");
        Err(Box::new(match has_letters {
            true => fault.help(format!("a sender in letters is quoted: \"{}\"", word.node)),
            false => fault,
        }))
    }

    /// Takes whom a text comes from: an address, or letters in quotes.
    pub fn sender(&mut self) -> Fallible<Spanned<String>> {
        if !self.looks_at("\"") {
            return self.address();
        }
        let letters = self.plain_string("a sender")?;
        if (1..=SENDER_CHARACTERS_MAX).contains(&letters.node.chars().count()) {
            return Ok(letters);
        }
        let fault = self.fault(Code::E043, letters.span, "no text comes from that");
        Err(Box::new(
            fault.label(format!("1 to {SENDER_CHARACTERS_MAX} characters")),
        ))
    }

    /// Takes a time of day.
    pub fn time_of_day(&mut self) -> Fallible<Spanned<TimeOfDay>> {
        let Some(word) = self.bare() else {
            return Err(self.expected("a time of day, such as 23:30"));
        };
        match word.node.parse() {
            Ok(time) => Ok(Spanned::new(time, word.span)),
            Err(error @ crate::syntax::InvalidTime(_)) => {
                let message = error.to_string();
                let message = message.split(';').next().unwrap_or_default().to_owned();
                let fault = self.fault(Code::E042, word.span, message);
                Err(Box::new(fault.label("write HH:MM or HH:MM:SS, such as 23:30")))
            }
        }
    }
}
