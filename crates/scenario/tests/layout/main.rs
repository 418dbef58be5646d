//! Whatever a file says and however it is laid out: it is read, its layout says the same, and the comments stay where they
//! stand.

mod grammar;

use grammar::{BLANK, Line, MAYBE};
use proptest::prelude::*;
use scenario::json_form::{from_json, to_json};
use scenario::syntax::Item;
use scenario::{Trivia, format, format_steps, parse, parse_steps};

/// What people put between the words of a file: how many blanks, which comments, empty lines. Once it is used up, there is no
/// more than must be.
struct Whims {
    octets: std::vec::IntoIter<u8>,
}

impl Whims {
    fn next(&mut self, sides: u8) -> u8 {
        self.octets.next().unwrap_or(0) % sides
    }
}

const COMMENTS: [&str; 6] = ["", "of \"this", "# /that", "alice > \"Hi\"", "é\u{7}\t:", "/"];

/// A line of a file, an empty one left out.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    says_something: bool,
    comment: Option<String>,
}

/// The lines as somebody wrote them, and what stands in them.
#[derive(Default)]
struct Written {
    text: String,
    entries: Vec<Entry>,
}

impl Written {
    fn lines(&mut self, lines: &[Line], indent: usize, whims: &mut Whims) {
        for line in lines {
            self.between(indent, whims);
            self.text.push_str(&" ".repeat(indent));
            for c in line.words.chars() {
                match c {
                    MAYBE => self.text.push_str(["", " ", "  "][usize::from(whims.next(3))]),
                    BLANK => self.text.push_str([" ", "  ", "   "][usize::from(whims.next(3))]),
                    c => self.text.push(c),
                }
            }
            let comment = (whims.next(4) == 1).then(|| {
                self.text.push(' ');
                self.comment(whims)
            });
            self.end(whims);
            self.entries.push(Entry {
                says_something: true,
                comment,
            });
            let deeper = 1 + usize::from(whims.next(3));
            self.lines(&line.block, indent + deeper, whims);
        }
    }

    /// Empty lines and lines of comments.
    fn between(&mut self, indent: usize, whims: &mut Whims) {
        loop {
            match whims.next(8) {
                1 => self.end(whims),
                2 => {
                    let indent =
                        [indent, 0, indent + 1, indent.saturating_sub(1)][usize::from(whims.next(4))];
                    self.text.push_str(&" ".repeat(indent));
                    let comment = Some(self.comment(whims));
                    self.end(whims);
                    self.entries.push(Entry {
                        says_something: false,
                        comment,
                    });
                }
                _ => break,
            }
        }
    }

    fn comment(&mut self, whims: &mut Whims) -> String {
        let comment = COMMENTS[usize::from(whims.next(6))];
        self.text.push_str(["# ", "#", "#  "][usize::from(whims.next(3))]);
        self.text.push_str(comment);
        comment.to_owned()
    }

    fn end(&mut self, whims: &mut Whims) {
        self.text
            .push_str(["\n", " \n", "\r\n"][usize::from(whims.next(3))]);
    }
}

fn written(lines: &[Line], whims: Vec<u8>) -> Written {
    let mut whims = Whims {
        octets: whims.into_iter(),
    };
    let mut written = Written::default();
    written.lines(lines, 0, &mut whims);
    written.between(0, &mut whims);
    written
}

fn whims() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

/// The lines of a text that are not empty: of each what stands in it, whether an empty line stands before it, and whether it
/// begins a scene or a test.
fn entries(text: &str, trivia: &Trivia) -> Vec<(Entry, bool, bool)> {
    let mut entries = Vec::new();
    let (mut at, mut after_blank) = (0, false);
    for line in text.split_inclusive('\n') {
        let octets = at..at + line.len();
        at = octets.end;
        let words = line.trim();
        if words.is_empty() {
            after_blank = true;
            continue;
        }
        let mut comments = trivia.comments.iter();
        let comment = comments.find(|comment| octets.contains(&(comment.span.start as usize)));
        let entry = Entry {
            says_something: !words.starts_with('#'),
            comment: comment.map(|comment| comment.text.clone()),
        };
        let is_item = line.starts_with("test") || line.starts_with("scene");
        entries.push((entry, after_blank, is_item));
        after_blank = false;
    }
    entries
}

/// An empty line stays where it stands, and one that is added stands before a scene or a test and the comments about it.
fn empty_lines_are_kept(text: &[(Entry, bool, bool)], printed: &[(Entry, bool, bool)]) -> bool {
    text.iter()
        .zip(printed)
        .enumerate()
        .skip(1)
        .all(|(n, (before, after))| {
            let mut following = printed[n..].iter();
            let is_before_item = following
                .find(|(entry, ..)| entry.says_something)
                .is_some_and(|(.., is_item)| *is_item);
            before.1 == after.1 || (!before.1 && is_before_item)
        })
}

proptest! {
    #[test]
    fn a_file_is_laid_out_without_a_change_of_what_it_says(lines in grammar::file(), whims in whims()) {
        let Written { text, entries: put } = written(&lines, whims);
        let parsed = parse("a.sms", &text);
        prop_assert_eq!(&parsed.diagnostics, &vec![], "{}", text);
        let found = entries(&text, &parsed.trivia);
        prop_assert_eq!(found.iter().map(|(entry, ..)| entry.clone()).collect::<Vec<_>>(), put, "{}", text);

        let printed = format(&parsed.file, &parsed.trivia);
        let again = parse("a.sms", &printed);
        prop_assert_eq!(&again.diagnostics, &vec![], "{}\nis printed as:\n{}", text, printed);
        prop_assert_eq!(&again.file, &parsed.file, "{}\nis printed as:\n{}", text, printed);
        let stands = entries(&printed, &again.trivia);
        let is_kept = found.iter().map(|(entry, ..)| entry).eq(stands.iter().map(|(entry, ..)| entry));
        prop_assert!(is_kept, "{}\nis printed as:\n{}", text, printed);
        prop_assert!(empty_lines_are_kept(&found, &stands), "{}\nis printed as:\n{}", text, printed);
        prop_assert!(!printed.starts_with('\n') && !printed.contains("\n\n\n"), "{}", printed);
        prop_assert!(printed.split('\n').all(|line| line == line.trim_end()), "{}", printed);
        prop_assert_eq!(format(&again.file, &again.trivia), printed);
    }

    #[test]
    fn what_a_file_says_survives_its_json_form_and_its_steps_their_own(lines in grammar::file(), whims in whims()) {
        let file = parse("a.sms", &written(&lines, whims).text).file;
        let said = from_json(&to_json(&file)).map(|text| parse("a.sms", &text).file);
        prop_assert_eq!(said.as_ref(), Ok(&file));
        for item in &file.items {
            let steps = match &item.node {
                Item::Scene(scene) => &scene.node.steps,
                Item::Test(test) => &test.node.steps,
            };
            let said = parse_steps("", &format_steps(steps, 1));
            prop_assert_eq!(said.as_ref(), Ok(steps));
        }
    }

    #[test]
    fn what_is_typed_is_written_down_as_it_was_meant(lines in grammar::typed(), whims in whims()) {
        let Written { text, .. } = written(&lines, whims);
        let steps = parse_steps("", &text);
        prop_assert!(steps.is_ok(), "{}\n{:?}", text, steps);
        let printed = format_steps(steps.as_deref().unwrap_or_default(), 0);
        prop_assert_eq!(parse_steps("", &printed), steps, "{}", printed);
    }
}
