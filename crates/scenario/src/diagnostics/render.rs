//! Diagnostics as people read them: the place, the line, an underline, the notes.

use std::fmt::Write as _;

use crate::diagnostics::{Diagnostic, Label, NoteKind, Severity};
use crate::source::{Sources, line, place};

/// Characters of a line that are shown, at most: of a longer one those around its place.
const SHOWN_CHARS_MAX: usize = 240;
/// Characters of a longer line that are shown before its place, at most.
const BEFORE_CHARS_MAX: usize = 60;

/// Whether ANSI colours are put in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// With escapes.
    Always,
}

/// A colour that means something.
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    /// An error, a failure.
    Red,
    /// A warning.
    Yellow,
    /// A success.
    Green,
    /// Line numbers and arrows.
    Blue,
    /// What matters most.
    Bold,
}

impl Colour {
    /// A line that goes.
    pub fn removed(self, text: &str) -> String {
        self.paint(Paint::Red, text)
    }

    /// A line that comes.
    pub fn added(self, text: &str) -> String {
        self.paint(Paint::Green, text)
    }

    /// `text` in that colour, or as it is.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        let escape = match paint {
            Paint::Red => "1;31",
            Paint::Yellow => "1;33",
            Paint::Green => "1;32",
            Paint::Blue => "1;34",
            Paint::Bold => "1",
        };
        match self {
            Self::Never => text.to_owned(),
            Self::Always => format!("\x1b[{escape}m{text}\x1b[0m"),
        }
    }
}

/// All of them, with an empty line between two.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, colour: Colour) -> String {
    let rendered: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| render(diagnostic, sources, colour))
        .collect();
    rendered.join("\n")
}

/// The diagnostic as text, each line ended. Places in sources that are not among `sources` are left out.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, colour: Colour) -> String {
    let (word, paint) = match diagnostic.severity {
        Severity::Error => ("error", Paint::Red),
        Severity::Warning => ("warning", Paint::Yellow),
    };
    let head = colour.paint(paint, &format!("{word}[{}]", diagnostic.code));
    let mut out = format!(
        "{head}: {}\n",
        colour.paint(Paint::Bold, &visible(&diagnostic.message))
    );
    let labels: Vec<&Label> = diagnostic.primary.iter().chain(&diagnostic.secondary).collect();
    let width = labels
        .iter()
        .filter_map(|label| number_width(label, sources))
        .max()
        .unwrap_or(1);
    for (index, label) in labels.into_iter().enumerate() {
        let paint = if index == 0 && diagnostic.primary.is_some() {
            paint
        } else {
            Paint::Blue
        };
        excerpt(&mut out, label, sources, width, colour, paint);
    }
    for note in &diagnostic.notes {
        let word = match note.kind {
            NoteKind::Help => "help: ",
            NoteKind::Why => "why: ",
            NoteKind::Plain => "",
        };
        let bar = colour.paint(Paint::Blue, "=");
        for (index, text) in visible(&note.text).lines().enumerate() {
            // Writing to a String cannot fail.
            let _ = match index {
                0 => writeln!(
                    out,
                    "{:width$} {bar} {}{text}",
                    "",
                    colour.paint(Paint::Bold, word)
                ),
                _ => writeln!(out, "{:width$}   {:len$}{text}", "", "", len = word.len()),
            };
        }
    }
    out
}

/// How wide the number of the label's line is; none when its source is not there.
fn number_width(label: &Label, sources: &Sources) -> Option<usize> {
    let text = sources.text(&label.path)?;
    Some(place(text, label.span.start).line.to_string().len())
}

/// The place and the line of a label, with its underline.
fn excerpt(out: &mut String, label: &Label, sources: &Sources, width: usize, colour: Colour, paint: Paint) {
    let Some(text) = sources.text(&label.path) else {
        let _ = writeln!(
            out,
            "{:width$}{} {}",
            "",
            colour.paint(Paint::Blue, "-->"),
            label.path
        );
        return;
    };
    let at = place(text, label.span.start);
    let shown = line(text, at.line);
    let arrow = colour.paint(Paint::Blue, "-->");
    let _ = writeln!(
        out,
        "{:width$}{arrow} {}:{}:{}",
        "", label.path, at.line, at.column
    );
    let bar = colour.paint(Paint::Blue, "|");
    let _ = writeln!(out, "{:width$} {bar}", "");
    let number = colour.paint(Paint::Blue, &format!("{:>width$}", at.line));
    let end = place(text, label.span.end);
    let length = match end.line == at.line {
        true => end.column - at.column,
        false => (shown.trim_end().chars().count() + 1).saturating_sub(at.column),
    };
    let (shown, column) = around(visible(shown).trim_end(), at.column);
    let _ = writeln!(out, "{number} {bar} {shown}");
    let carets = "^".repeat(length.clamp(1, SHOWN_CHARS_MAX));
    let underline = match label.text.is_empty() {
        true => carets,
        false => format!("{carets} {}", visible(&label.text)),
    };
    let underline = colour.paint(paint, &underline);
    let _ = writeln!(
        out,
        "{:width$} {bar} {:indent$}{underline}",
        "",
        "",
        indent = column - 1
    );
}

/// What is shown of a line because of what stands at that column, and the column of it then.
fn around(line: &str, column: usize) -> (String, usize) {
    let chars = line.chars().count();
    if chars <= SHOWN_CHARS_MAX {
        return (line.to_owned(), column);
    }
    let left_out = (column - 1).saturating_sub(BEFORE_CHARS_MAX);
    let shown: String = line.chars().skip(left_out).take(SHOWN_CHARS_MAX).collect();
    let before = if left_out > 0 { "…" } else { "" };
    let after = if left_out + SHOWN_CHARS_MAX < chars {
        "…"
    } else {
        ""
    };
    let column = column - left_out + before.chars().count();
    (format!("{before}{shown}{after}"), column)
}

/// `text` with characters that would move the cursor made visible; a tab is one blank, so that columns stay right.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::syntax::Span;

    fn sources() -> Sources {
        let mut sources = Sources::new();
        sources.insert("a.sms", "one\n  two three\n");
        sources
    }

    #[test]
    fn the_underline_stands_under_the_words() {
        let diagnostic = Diagnostic::new(Code::E010, "a.sms", Span::new(10, 15), "wrong word")
            .label("this one")
            .also("a.sms", Span::new(0, 3), "beside this")
            .help("say\nfour");
        assert_eq!(
            render(&diagnostic, &sources(), Colour::Never),
            "error[E010]: wrong word\n --> a.sms:2:7\n  |\n2 |   two three\n  |       ^^^^^ this one\n --> a.sms:1:1\n  |\n1 | one\n  | ^^^ beside this\n  = help: say\n          four\n"
        );
    }

    #[test]
    fn of_a_very_long_line_what_matters_is_shown() {
        let mut sources = Sources::new();
        let line = format!("{}HERE{}", "a".repeat(1_000), "b".repeat(1_000));
        sources.insert("a.sms", line.as_str());
        let diagnostic = |span| {
            render(
                &Diagnostic::new(Code::E010, "a.sms", span, "x"),
                &sources,
                Colour::Never,
            )
        };
        let text = diagnostic(Span::new(1_000, 1_004));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("a.sms:1:1001"), "{text}");
        assert!(lines[3].contains("…aaa") && lines[3].ends_with("b…"), "{text}");
        assert_eq!(
            lines[3].chars().position(|c| c == 'H'),
            lines[4].chars().position(|c| c == '^')
        );
        assert!(lines[4].ends_with(" ^^^^"), "{text}");
        assert!(text.chars().count() < 800);
        assert!(diagnostic(Span::new(0, 2_004)).chars().count() < 1_200);
    }

    #[test]
    fn an_empty_stretch_and_one_past_the_end_still_get_a_caret() {
        for span in [Span::new(16, 16), Span::new(900, 901), Span::new(4, 16)] {
            let text = render(
                &Diagnostic::new(Code::E010, "a.sms", span, "x"),
                &sources(),
                Colour::Never,
            );
            assert!(text.contains('^'), "{span:?}: {text}");
        }
    }

    #[test]
    fn colours_are_put_in_only_when_asked_for() {
        let diagnostic = Diagnostic::new(Code::E010, "a.sms", Span::new(0, 3), "x");
        assert!(render(&diagnostic, &sources(), Colour::Always).contains("\x1b[1;31merror[E010]\x1b[0m"));
        assert!(!render(&diagnostic, &sources(), Colour::Never).contains('\x1b'));
    }

    #[test]
    fn escapes_in_a_source_do_not_reach_the_terminal() {
        let mut sources = Sources::new();
        sources.insert("a.sms", "x \x1b[2J y");
        let text = render(
            &Diagnostic::new(Code::E010, "a.sms", Span::new(0, 1), "\x07"),
            &sources,
            Colour::Never,
        );
        assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
    }
}
