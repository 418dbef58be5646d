//! Changes of a source's text at places of its tree: [`Edit`].

use crate::syntax::Span;

/// What stands at a place is replaced; an empty place is a gap that is filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Edit {
    /// The place.
    pub span: Span,
    /// What is put there.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of what stands at `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Puts `text` behind the octet `at`.
    pub fn insert(at: u32, text: impl Into<String>) -> Self {
        Self::replace(Span { start: at, end: at }, text)
    }
}

/// The text with the edits done; they do not overlap. Of two at one place the first stands first.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span.start);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for edit in sorted {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        assert!(start >= done, "edits do not overlap");
        out.push_str(&text[done..start]);
        out.push_str(&edit.text);
        done = end;
    }
    out + &text[done..]
}

/// Where the line ends in which the octet `at` stands, before its line feed and the carriage return before that.
pub(crate) fn line_end(text: &str, at: u32) -> u32 {
    let at = at as usize;
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let end = text[at..end]
        .strip_suffix('\r')
        .map_or(end, |line| at + line.len());
    Span::new(end, end).start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_done_in_the_order_of_their_places() {
        let edits = [
            Edit::insert(5, "!"),
            Edit::replace(Span::new(0, 1), "J"),
            Edit::insert(5, "?"),
        ];
        assert_eq!(edited("hello", &edits), "Jello!?");
        assert_eq!(line_end("ab\ncd", 0), 2);
        assert_eq!(line_end("ab\ncd", 4), 5);
        assert_eq!(line_end("ab\r\ncd", 1), 2);
    }
}
