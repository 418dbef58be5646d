//! Tree to text: [`format()`], the one way to lay a scenario out.
//!
//! Two spaces a level, actors padded to the longest one, declarations of one kind in columns, one empty line where there
//! were some, one before every test. What was printed reads back as the same tree.

mod line;

use crate::lexer::Trivia;
use crate::syntax::{Action, Clause, Decl, File, Item, Rule, Span, Spanned, Step};

/// The characters to which actors are padded, at most; a longer name stands out.
const ACTOR_CHARS_MAX: usize = 12;

/// The characters to which a column of declarations is padded, at most; what is longer stands out. One long title would
/// otherwise be paid for in every other line.
const COLUMN_CHARS_MAX: usize = 40;

/// The tree as text, with the comments and empty lines of `trivia`.
pub fn format(file: &File, trivia: &Trivia) -> String {
    let steps = file.items.iter().flat_map(|item| match &item.node {
        Item::Scene(scene) => &scene.steps,
        Item::Test(test) => &test.steps,
    });
    let width = steps.map(longest_actor).max().unwrap_or(0);
    let mut printer = Printer {
        trivia,
        comment: 0,
        out: String::new(),
        last: 0,
        level: 0,
        actor_width: width,
    };
    printer.decls(&file.decls);
    for item in &file.items {
        printer.item(item);
    }
    printer.comments_of_block(u32::MAX);
    printer.comments(u32::MAX, 0, false);
    printer.out
}

/// Steps as text, without comments, each line indented by `indent` levels.
pub fn format_steps(steps: &[Spanned<Step>], indent: usize) -> String {
    let width = steps.iter().map(longest_actor).max().unwrap_or(0);
    let trivia = Trivia::default();
    let mut printer = Printer {
        trivia: &trivia,
        comment: 0,
        out: String::new(),
        last: 0,
        level: 0,
        actor_width: width,
    };
    printer.steps(steps, indent);
    printer.out
}

/// A step as one line, the actor padded as in a file with those steps.
pub(crate) fn step_beside(step: &Step, steps: &[Spanned<Step>]) -> String {
    line::step(step, steps.iter().map(longest_actor).max().unwrap_or(0))
}

/// A pattern as it is written.
pub(crate) use line::pattern as pattern_text;

fn longest_actor(step: &Spanned<Step>) -> usize {
    let own = line::actor(&step.node).map_or(0, |actor| actor.chars().count());
    let own = if own > ACTOR_CHARS_MAX { 0 } else { own };
    match &step.node {
        Step::Block(_, steps) => steps.iter().map(longest_actor).max().unwrap_or(0),
        _ => own,
    }
}

struct Printer<'f> {
    trivia: &'f Trivia,
    /// The first comment that was not printed yet.
    comment: usize,
    out: String,
    /// The octet of the source up to which everything was printed.
    last: u32,
    /// The level of the line that was printed last.
    level: usize,
    actor_width: usize,
}

impl Printer<'_> {
    fn decls(&mut self, decls: &[Spanned<Decl>]) {
        let mut rest = decls;
        while let Some(first) = rest.first() {
            let rows: Vec<Vec<String>> = rest
                .iter()
                .take_while(|decl| std::mem::discriminant(&decl.node) == std::mem::discriminant(&first.node))
                .map(|decl| cells(&decl.node))
                .collect();
            let widths = widths(&rows);
            for (decl, row) in rest.iter().zip(&rows) {
                self.line(decl.span, 0, &columns(row, &widths, " "));
                if let Decl::App { rules, .. } = &decl.node {
                    self.rules(rules);
                }
            }
            rest = &rest[rows.len()..];
        }
    }

    fn rules(&mut self, rules: &[Spanned<Rule>]) {
        let rows: Vec<_> = rules.iter().map(|rule| rule_cells(&rule.node)).collect();
        let widths = widths(&rows);
        for (rule, row) in rules.iter().zip(&rows) {
            self.line(rule.span, 1, &columns(row, &widths, "  "));
        }
    }

    fn item(&mut self, item: &Spanned<Item>) {
        // What stands as deep as the last line belongs to the block of that line, and what an empty line parts from the header
        // is not about it.
        self.comments_of_block(item.span.start);
        let blanks = &self.trivia.blanks;
        let last_blank = blanks[..blanks.partition_point(|&at| at < item.span.start)].last();
        self.comments(last_blank.copied().unwrap_or(0), 0, true);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let (header, steps) = match &item.node {
            Item::Scene(scene) => (line::scene(scene), &scene.steps),
            Item::Test(test) => (line::test(test), &test.steps),
        };
        self.comments(item.span.start, 0, false);
        self.last = item.span.start;
        self.level = 0;
        self.line(item.span, 0, &header);
        self.steps(steps, 1);
    }

    fn steps(&mut self, steps: &[Spanned<Step>], indent: usize) {
        for step in steps {
            let text = line::step(&step.node, self.actor_width);
            self.line(step.span, indent, &text);
            if let Step::Block(_, steps) = &step.node {
                self.steps(steps, indent + 1);
            }
        }
    }

    /// Prints a line with the comments and the empty line before it and the comment behind it.
    fn line(&mut self, span: Span, indent: usize, text: &str) {
        if indent < self.level {
            self.comments_of_block(span.start);
        }
        self.comments(span.start, indent, true);
        self.blank(span.start);
        self.push(indent, text);
        self.last = self.last.max(span.end);
        self.level = indent;
        if span == Span::default() {
            return;
        }
        if let Some(comment) = self.trivia.comments.get(self.comment)
            && comment.behind == Some(span.start)
        {
            self.comment += 1;
            self.out.pop();
            self.out.push_str(&format!("  {}\n", hashed(&comment.text)));
            self.last = comment.span.end;
        }
    }

    /// Prints the comments that stand before the octet `until` and belong to the block of the line that was printed last: as far
    /// as they stand as deep as that line.
    fn comments_of_block(&mut self, until: u32) {
        let comments = self.trivia.comments[self.comment..].iter();
        let of_block = comments
            .take_while(|comment| comment.span.start < until && comment.is_as_deep && self.level > 0)
            .last();
        if let Some(last) = of_block {
            self.comments(last.span.end, self.level, true);
        }
    }

    /// Prints the comments that stand before the octet `until`.
    fn comments(&mut self, until: u32, indent: usize, blank_first: bool) {
        let mut blank = blank_first || until == u32::MAX;
        while let Some(comment) = self
            .trivia
            .comments
            .get(self.comment)
            .filter(|comment| comment.span.start < until)
        {
            if blank {
                self.blank(comment.span.start);
            }
            blank = true;
            self.push(indent, &hashed(&comment.text));
            self.last = comment.span.end;
            self.comment += 1;
        }
    }

    /// Prints an empty line if there was one between what was printed last and `until`.
    fn blank(&mut self, until: u32) {
        let next = self.trivia.blanks.partition_point(|&at| at < self.last);
        let between = self.trivia.blanks.get(next).is_some_and(|&at| at < until);
        if between && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn push(&mut self, indent: usize, text: &str) {
        self.out.push_str(&"  ".repeat(indent));
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}

fn hashed(comment: &str) -> String {
    if comment.is_empty() {
        "#".to_owned()
    } else {
        format!("# {comment}")
    }
}

/// The parts of a declaration that stand in columns; all but the last end in what separates them.
fn cells(decl: &Decl) -> Vec<String> {
    let mut cells = match decl {
        Decl::Use(path) => vec![format!("use {}", crate::text::quoted(path))],
        Decl::World(found) => vec![format!("world {}", clauses(found))],
        Decl::Carrier { name, .. } => vec![format!("carrier {}", name.node)],
        Decl::App { name, title, .. } => vec![format!("app {}", name.node), crate::text::quoted(title)],
        Decl::User {
            name,
            msisdn,
            carrier,
            ..
        } => {
            vec![
                format!("user {}", name.node),
                format!("{} on {}", msisdn.node, carrier.node),
            ]
        }
        Decl::Handsets {
            first, last, carrier, ..
        } => {
            vec![format!(
                "handsets {}..{} on {}",
                first.node, last.node, carrier.node
            )]
        }
        Decl::Esme { name, .. } => vec![format!("esme {}", name.node)],
    };
    let (found, opens) = match decl {
        Decl::Use(_) | Decl::World(_) => return cells,
        Decl::App { clauses, rules, .. } => (clauses, !rules.is_empty()),
        Decl::Carrier { clauses, .. }
        | Decl::User { clauses, .. }
        | Decl::Handsets { clauses, .. }
        | Decl::Esme { clauses, .. } => (clauses, false),
    };
    if !found.is_empty() {
        if let Some(last) = cells.last_mut() {
            last.push(',');
        }
        cells.push(clauses(found));
    }
    if opens && let Some(last) = cells.last_mut() {
        last.push(':');
    }
    cells
}

fn clauses(clauses: &[Clause]) -> String {
    clauses.iter().map(line::clause).collect::<Vec<_>>().join(", ")
}

fn rule_cells(rule: &Rule) -> Vec<String> {
    let pattern = rule
        .pattern
        .as_ref()
        .map_or_else(|| "any".to_owned(), |pattern| line::pattern(pattern));
    let actions: Vec<_> = rule
        .actions
        .iter()
        .map(|action| match &action.node {
            Action::Reply(text) => format!("reply {text}"),
            Action::After(dur) => format!("after {dur}"),
            Action::Http(status) => format!("http {status}"),
            Action::Hang => "hang".to_owned(),
        })
        .collect();
    vec![format!("on {pattern}"), actions.join(", ")]
}

/// The width of each column but a row's last cell, which nothing follows.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter(|row| column + 1 < row.len())
            .filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count());
        widths
            .filter(|&width| width <= COLUMN_CHARS_MAX)
            .max()
            .unwrap_or(0)
    };
    (0..columns).map(width).collect()
}

fn columns(row: &[String], widths: &[usize], gap: &str) -> String {
    let padded = row
        .iter()
        .zip(widths)
        .map(|(cell, &width)| format!("{cell:width$}"));
    padded.collect::<Vec<_>>().join(gap).trim_end().to_owned()
}
