//! Text to tree: [`parse`]. It goes on behind a line that it cannot read, so that all faults of a file are reported.

mod decl;
mod expect;
mod step;

pub(crate) use self::decl::ACTIONS;
pub(crate) use self::expect::{ENCODINGS, WORDS as EXPECTATION_WORDS};
pub(crate) use self::step::STEP_WORDS;

use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::lexer::{Cursor, Line, Trivia, lines, shortened};
use crate::suggestion::nearest;
use crate::syntax::{Clause, Decl, File, Item, Scene, Span, Spanned, Step, Test, Value};

/// The octets of a file, at most.
pub const SOURCE_OCTETS_MAX: usize = 1 << 20;
/// How deep blocks are nested, at most.
pub const NESTING_MAX: usize = 16;
/// Rounds of a `repeat`, at most.
pub const REPEAT_MAX: u32 = 100_000;
/// Faults reported of a file, at most.
pub const FAULTS_MAX: usize = 50;

/// A file as it was read: what could be, and what is wrong with the rest.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree, without the lines that are at fault.
    pub file: File,
    /// Comments and empty lines.
    pub trivia: Trivia,
    /// What is wrong, in the order of the file; at most [`FAULTS_MAX`].
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the text of one file. `path` only names it in what is said about it.
pub fn parse(path: &str, source: &str) -> Parsed {
    if source.len() > SOURCE_OCTETS_MAX {
        let message = format!("a file of more than {SOURCE_OCTETS_MAX} octets");
        let fault = Diagnostic::new(Code::E017, path, Span::default(), message);
        let fault =
            fault.help("divide it into several files; what they share stands in one that each of them uses");
        return Parsed {
            diagnostics: vec![fault],
            ..Parsed::default()
        };
    }
    let (lines, trivia, diagnostics) = lines(path, source);
    let mut parser = Parser {
        path,
        source,
        lines,
        next: 0,
        depth: 0,
        joins: false,
        diagnostics,
    };
    let file = parser.file();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
    diagnostics.truncate(FAULTS_MAX);
    Parsed {
        file,
        trivia,
        diagnostics,
    }
}

/// Reads steps, as the REPL and the control API get them: lines, and lines that open a block with its lines. A line may also be
/// the declaration of a user, who joins the running world.
pub fn parse_steps(path: &str, source: &str) -> Result<Vec<Spanned<Step>>, Vec<Diagnostic>> {
    if source.len() > SOURCE_OCTETS_MAX {
        let message = format!("more than {SOURCE_OCTETS_MAX} octets");
        let fault = Diagnostic::new(Code::E017, path, Span::default(), message);
        return Err(vec![fault.help("send the steps in several parts")]);
    }
    read_steps(path, source, 0, true)
}

/// Reads the steps from the octet `start` of a source on, where a line begins.
pub(crate) fn parse_steps_from(
    path: &str,
    source: &str,
    start: usize,
) -> Result<Vec<Spanned<Step>>, Vec<Diagnostic>> {
    read_steps(path, source, start, false)
}

fn read_steps(
    path: &str,
    source: &str,
    start: usize,
    joins: bool,
) -> Result<Vec<Spanned<Step>>, Vec<Diagnostic>> {
    let (mut lines, _, mut diagnostics) = lines(path, &source[start..]);
    for line in &mut lines {
        line.octets = line.octets.start + start..line.octets.end + start;
        line.words_end += start;
    }
    for label in diagnostics.iter_mut().filter_map(|fault| fault.primary.as_mut()) {
        label.span = Span::new(label.span.start as usize + start, label.span.end as usize + start);
    }
    let mut parser = Parser {
        path,
        source,
        lines,
        next: 0,
        depth: 0,
        joins,
        diagnostics,
    };
    let steps = parser.steps_at_first_indent();
    if parser.diagnostics.is_empty() {
        Ok(steps)
    } else {
        Err(parser.diagnostics)
    }
}

pub(crate) struct Parser<'s> {
    path: &'s str,
    source: &'s str,
    lines: Vec<Line>,
    next: usize,
    depth: usize,
    /// Whether users may join between the steps.
    joins: bool,
    diagnostics: Vec<Diagnostic>,
}

/// The words that begin a declaration, a scene or a test.
pub(crate) const TOP_WORDS: [&str; 9] = [
    "use", "world", "carrier", "app", "user", "handsets", "esme", "scene", "test",
];

impl<'s> Parser<'s> {
    fn file(&mut self) -> File {
        let mut file = File::default();
        while let Some(mut cursor) = self.take_line() {
            let line = self.next - 1;
            if self.lines[line].indent > 0 {
                self.report_indent(line, "nothing is open here that it could belong to");
                self.skip_deeper(0);
                continue;
            }
            let start = cursor.at();
            match cursor.peek_word() {
                Some("scene") => {
                    if let Some(scene) = self.scene(&mut cursor) {
                        let span = self.header_span(line, start);
                        file.items
                            .push(Spanned::new(Item::Scene(Spanned::new(scene, span)), span));
                    }
                }
                Some("test") => {
                    if let Some(test) = self.test(&mut cursor) {
                        let span = self.header_span(line, start);
                        file.items
                            .push(Spanned::new(Item::Test(Spanned::new(test, span)), span));
                    }
                }
                word => self.top_decl(word, &mut cursor, line, &mut file),
            }
        }
        // A tree is kept for long, and many are kept at a time.
        file.decls.shrink_to_fit();
        file.items.shrink_to_fit();
        file
    }

    fn top_decl(&mut self, word: Option<&str>, cursor: &mut Cursor<'s>, line: usize, file: &mut File) {
        let start = cursor.at();
        let known = word.is_some_and(|word| TOP_WORDS.contains(&word));
        if !known {
            let is_step = step::is_actor_line(cursor) || word.is_some_and(|word| STEP_WORDS.contains(&word));
            let fault = self.unknown_line(cursor, word, &TOP_WORDS, "a declaration, a scene or a test");
            let fault = match is_step {
                true => Box::new(fault.help("a step stands under its `test` line, deeper than it")),
                false => fault,
            };
            self.report(Err::<(), _>(fault));
            self.skip_block();
            return;
        }
        let decl = self.decl(cursor);
        let span = self.header_span(line, start);
        if !file.items.is_empty() {
            let fault = Diagnostic::new(
                Code::E015,
                self.path,
                span,
                "a declaration after a scene or a test",
            );
            self.diagnostics
                .push(fault.label("move it before the first scene or test"));
        }
        if let Some(decl) = decl {
            file.decls.push(Spanned::new(decl, span));
        }
    }

    fn scene(&mut self, cursor: &mut Cursor<'s>) -> Option<Scene> {
        let header = (|| {
            cursor.eat_word("scene");
            let name = cursor.name("the name of the scene")?;
            let params = cursor
                .list("(", ")", |cursor| cursor.var("a parameter such as $user"))
                .map_err(|fault| Box::new(fault.help(written_scene(&name.node))))?;
            opening(cursor)?;
            Ok((name, params))
        })();
        let steps = self.block(header.is_ok());
        let (name, params) = self.report(header)?;
        Some(Scene { name, params, steps })
    }

    fn test(&mut self, cursor: &mut Cursor<'s>) -> Option<Test> {
        let header = (|| {
            cursor.eat_word("test");
            let name = cursor.plain_string("the name of the test")?;
            let mut tags = Vec::new();
            while cursor.eat("@") {
                tags.push(cursor.name("a tag after `@`")?);
            }
            // In `test "x": @demo` the colon stands before the tags; both orders are read.
            let early = cursor.eat(":");
            while cursor.eat("@") {
                tags.push(cursor.name("a tag after `@`")?);
            }
            match early {
                true => cursor.finish()?,
                false => opening(cursor)?,
            }
            Ok((name, tags))
        })();
        let steps = self.block(header.is_ok());
        let (name, tags) = self.report(header)?;
        Some(Test { name, tags, steps })
    }

    /// The lines under the one that was taken last. Of one that is at fault itself it is not said that it has none.
    fn block(&mut self, holds: bool) -> Vec<Spanned<Step>> {
        let header = self.next - 1;
        let parent = self.lines[header].indent;
        if !self.opens_block() {
            if holds {
                self.empty_block(header);
            }
            return Vec::new();
        }
        if self.depth == NESTING_MAX {
            let message = format!("blocks are nested more than {NESTING_MAX} deep");
            let span = self.line_span(self.next);
            let fault = Diagnostic::new(Code::E017, self.path, span, message);
            self.diagnostics
                .push(fault.help("put the inner steps into a scene, and `run` it here"));
            self.skip_deeper(parent);
            return Vec::new();
        }
        self.depth += 1;
        let steps = self.indented(parent, Self::step);
        self.depth -= 1;
        steps
    }

    fn empty_block(&mut self, header: usize) {
        let span = self.line_span(header);
        let last = self.source[..span.end as usize].chars().next_back();
        let start = span.end as usize - last.map_or(0, char::len_utf8);
        let end = Span::new(start, span.end as usize);
        let fault = Diagnostic::new(Code::E014, self.path, end, "a block without lines");
        self.diagnostics
            .push(fault.label("lines that are indented deeper are expected after this one"));
    }

    /// Whether the next line is deeper than the one that was taken last.
    fn opens_block(&self) -> bool {
        let header = self.lines[self.next - 1].indent;
        self.lines.get(self.next).is_some_and(|line| line.indent > header)
    }

    /// The lines deeper than `parent`, each read by `read`; their own indentation must agree.
    fn indented<T>(
        &mut self,
        parent: usize,
        mut read: impl FnMut(&mut Self, &mut Cursor<'s>) -> Option<T>,
    ) -> Vec<Spanned<T>> {
        let mut found = Vec::new();
        let Some(indent) = self.lines.get(self.next).map(|line| line.indent) else {
            return found;
        };
        while let Some(line) = self.lines.get(self.next) {
            if line.indent <= parent {
                break;
            }
            if line.indent != indent {
                self.report_indent(self.next, "the lines of a block begin in the same column");
                self.next += 1;
                self.skip_deeper(indent);
                continue;
            }
            let index = self.next;
            let Some(mut cursor) = self.take_line() else { break };
            let start = cursor.at();
            let node = read(self, &mut cursor);
            if self.opens_block() && self.next == index + 1 {
                self.report_indent(self.next, "the line before opens no block");
                self.skip_deeper(indent);
            }
            if let Some(node) = node {
                found.push(Spanned::new(node, self.header_span(index, start)));
            }
        }
        found.shrink_to_fit();
        found
    }

    fn steps_at_first_indent(&mut self) -> Vec<Spanned<Step>> {
        let mut steps = Vec::new();
        let Some(indent) = self.lines.first().map(|line| line.indent) else {
            return steps;
        };
        while let Some(mut cursor) = self.take_line() {
            let index = self.next - 1;
            if self.lines[index].indent != indent {
                self.report_indent(index, "the lines of a block begin in the same column");
                continue;
            }
            let start = cursor.at();
            let step = match self.joins.then(|| declared_word(&mut cursor)).flatten() {
                Some(word) => self.join(&mut cursor, word),
                None => self.step(&mut cursor),
            };
            if let Some(step) = step {
                steps.push(Spanned::new(step, self.header_span(index, start)));
            }
        }
        steps
    }

    /// A declaration between steps: that of a user is one, the others belong where a world begins.
    fn join(&mut self, cursor: &mut Cursor<'s>, word: &str) -> Option<Step> {
        if word == "user" {
            return self.decl(cursor).map(|decl| Step::Join(Box::new(decl)));
        }
        let message = format!("`{word}` stands in the file that a world is made of");
        let fault = Diagnostic::new(Code::E015, self.path, cursor.next_token(), message);
        let fault = fault.label("a world that runs takes no such line");
        self.diagnostics
            .push(fault.help("users can join it: `user erin +14155550177 on att`"));
        self.skip_deeper(0);
        None
    }

    fn take_line(&mut self) -> Option<Cursor<'s>> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some(Cursor::new(self.path, self.source, line))
    }

    /// What a line says, without indentation, comment and the blanks before it.
    fn header_span(&self, line: usize, start: usize) -> Span {
        let end = self.lines[line].words_end;
        Span::new(start, start + self.source[start..end.max(start)].trim_end().len())
    }

    fn line_span(&self, line: usize) -> Span {
        let Some(found) = self.lines.get(line) else {
            return Span::default();
        };
        self.header_span(line, found.octets.start + found.indent)
    }

    fn report<T>(&mut self, result: Fallible<T>) -> Option<T> {
        match result {
            Ok(found) => Some(found),
            Err(fault) => {
                self.diagnostics.push(*fault);
                None
            }
        }
    }

    fn report_indent(&mut self, line: usize, why: &str) {
        let span = self.line_span(line);
        let fault = Diagnostic::new(
            Code::E002,
            self.path,
            span,
            "the indentation of this line fits nothing",
        );
        self.diagnostics.push(fault.label(why));
    }

    /// Passes lines that are deeper than `indent`.
    fn skip_deeper(&mut self, indent: usize) {
        while self.lines.get(self.next).is_some_and(|line| line.indent > indent) {
            self.next += 1;
        }
    }

    /// Reads the block of a line that was at fault, if it has one, for the faults in it.
    fn skip_block(&mut self) {
        if self.opens_block() {
            self.block(false);
        }
    }

    /// A line begins with something that begins no line.
    fn unknown_line(
        &self,
        cursor: &mut Cursor<'_>,
        word: Option<&str>,
        known: &[&str],
        expected: &str,
    ) -> Box<Diagnostic> {
        let span = cursor.next_token();
        let found = &self.source[span.start as usize..span.end as usize];
        let span = if word.is_some_and(|word| found.starts_with(word)) {
            Span {
                end: span.start + Span::new(0, word.unwrap_or_default().len()).end,
                ..span
            }
        } else {
            span
        };
        let message = match word {
            Some(word) => format!("`{}` begins no line", shortened(word)),
            None => format!("`{}` begins no line", shortened(found)),
        };
        let fault =
            Diagnostic::new(Code::E011, self.path, span, message).label(format!("expected {expected}"));
        let meant = word.and_then(|word| nearest(word, known.iter().copied()));
        Box::new(match meant {
            Some(_) => fault.did_you_mean(meant),
            None => fault.help(format!("{expected} begins with {}", begins(known))),
        })
    }
}

/// The words with which such a line may begin.
fn begins(known: &[&str]) -> String {
    let actors = match known == STEP_WORDS {
        true => "an actor and `>`, `<` or `?`, or with ",
        false => "",
    };
    format!("{actors}{}", known.join(", "))
}

/// How a scene of that name is written.
fn written_scene(name: &str) -> String {
    format!("write `scene {name}():`, or `scene {name}($user):` with a parameter")
}

/// The word of a declaration, if one begins the line; an actor may have such a name too.
fn declared_word<'s>(cursor: &mut Cursor<'s>) -> Option<&'s str> {
    let word = cursor.peek_word().filter(|word| TOP_WORDS.contains(word))?;
    (!step::is_actor_line(cursor)).then_some(word)
}

/// The colon that opens a block, at the end of the line.
pub(crate) fn opening(cursor: &mut Cursor<'_>) -> Fallible<()> {
    if !cursor.eat(":") {
        let fault = cursor.expected("`:`");
        return Err(Box::new(fault.help(
            "a line that opens a block ends in `:`, and the lines of the block stand deeper",
        )));
    }
    cursor
        .finish()
        .map_err(|fault| Box::new(fault.help("the lines of the block stand under this one, deeper than it")))
}

impl Cursor<'_> {
    /// Takes a list with commas between brackets.
    pub(crate) fn list<T>(
        &mut self,
        open: &str,
        close: &str,
        mut read: impl FnMut(&mut Self) -> Fallible<T>,
    ) -> Fallible<Vec<T>> {
        if !self.eat(open) {
            return Err(self.expected(&format!("`{open}`")));
        }
        let mut found = Vec::new();
        if self.eat(close) {
            return Ok(found);
        }
        loop {
            found.push(read(self)?);
            if self.eat(close) {
                return Ok(found);
            }
            if !self.eat(",") {
                return Err(self.expected(&format!("`,` or `{close}`")));
            }
        }
    }

    /// Takes a clause: a key and its values, up to a comma or the end of the line.
    pub(crate) fn clause(&mut self, what: &str) -> Fallible<Clause> {
        let Some(key) = self.word() else {
            return Err(self.expected(what));
        };
        let mut values = Vec::new();
        while self.peek() != Some('/')
            && let Some(value) = self.value()?
        {
            values.push(value);
        }
        // A slash after a blank begins a regular expression, in which no comment begins.
        if self.peek() == Some('/') {
            return Err(self.expected("a value; quote one that begins with `/`"));
        }
        values.shrink_to_fit();
        Ok(Clause {
            key: key.map(str::to_owned),
            values,
        })
    }

    /// Takes a value if one stands here: `$name`, a text, or a run of characters up to a blank or a comma.
    pub(crate) fn value(&mut self) -> Fallible<Option<Spanned<Value>>> {
        match self.peek() {
            None | Some(',') => Ok(None),
            Some('"') => Ok(Some(self.text("a text")?.map(Value::Quoted))),
            Some('$') => Ok(Some(self.var("a capture")?.map(Value::Var))),
            Some('=') => Err(self.expected("a value; quote one that begins with `=`")),
            Some(_) => {
                let bare = self.bare();
                match bare.filter(|bare| bare.node.ends_with(':')) {
                    None => Ok(bare.map(|bare| bare.map(unquoted))),
                    Some(bare) => {
                        let fault = self.fault(Code::E010, bare.span, "a bare value that ends in a colon");
                        Err(Box::new(fault.label("quote it")))
                    }
                }
            }
        }
    }
}

/// What a run of characters is. One that begins with a slash is a text: behind a blank it would open a regular expression.
fn unquoted(text: &str) -> Value {
    match text.starts_with('/') {
        true => Value::Quoted(crate::syntax::Text::literal(text)),
        false => Value::Bare(text.to_owned()),
    }
}

/// What a declaration is called, for messages.
pub(crate) fn decl_word(decl: &Decl) -> &'static str {
    match decl {
        Decl::Use(_) => "use",
        Decl::World(_) => "world",
        Decl::Carrier { .. } => "carrier",
        Decl::App { .. } => "app",
        Decl::User { .. } => "user",
        Decl::Handsets { .. } => "handsets",
        Decl::Esme { .. } => "esme",
    }
}
