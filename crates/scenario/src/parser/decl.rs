//! Declarations: what there is in a world.

use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::lexer::Cursor;
use crate::parser::Parser;
use crate::suggestion::nearest;
use crate::syntax::{Action, Clause, Decl, Rule, Spanned};

impl<'s> Parser<'s> {
    /// A declaration whose first word is known to be one.
    pub(super) fn decl(&mut self, cursor: &mut Cursor<'s>) -> Option<Decl> {
        let word = cursor.word().map_or("", |word| word.node);
        let decl = match word {
            "use" => use_decl(cursor),
            "world" => world(cursor),
            "carrier" => carrier(cursor),
            "app" => return self.app(cursor),
            "user" => user(cursor),
            "handsets" => handsets(cursor),
            "esme" => esme(cursor),
            other => unreachable!("{other} begins no declaration"),
        };
        let decl = self.report(decl);
        if self.opens_block() {
            self.report_indent(
                self.next,
                "a declaration opens no block, except for the rules of an app",
            );
            self.skip_deeper(0);
        }
        decl
    }

    fn app(&mut self, cursor: &mut Cursor<'s>) -> Option<Decl> {
        let header = (|| {
            let name = cursor.name("the name of the app, such as `quiz`")?;
            let title = title(cursor, &name)?;
            let clauses = clauses(cursor, "a property of the app, such as `canvas quiz`")?;
            let opens = cursor.eat(":");
            match opens {
                true => cursor.finish()?,
                false => cursor.finish_clauses()?,
            }
            Ok((name, title, clauses, opens))
        })();
        let line = self.next - 1;
        let indented = self.opens_block();
        let opens = header.as_ref().map_or(indented, |header| header.3);
        let rules = match (opens, indented) {
            (true, true) => self.indented(0, |parser, cursor| {
                let rule = rule(cursor);
                parser.report(rule)
            }),
            (true, false) => {
                self.empty_block(line);
                Vec::new()
            }
            (false, true) => {
                self.report_indent(self.next, "the rules of an app follow a line that ends in `:`");
                self.skip_deeper(0);
                Vec::new()
            }
            (false, false) => Vec::new(),
        };
        let (name, title, clauses, _) = self.report(header)?;
        Some(Decl::App {
            name,
            title,
            clauses,
            rules,
        })
    }
}

/// What users see of an app.
fn title(cursor: &mut Cursor<'_>, name: &str) -> Fallible<Spanned<String>> {
    cursor
        .plain_string("the title of the app")
        .map_err(|fault| match fault.code {
            Code::E010 => Box::new(fault.help(format!(
                "users see it in the platform's texts; write it behind the name: app {name} \"My App\""
            ))),
            _ => fault,
        })
}

fn use_decl(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let path = cursor.plain_string("the file to use")?;
    cursor.finish()?;
    Ok(Decl::Use(path))
}

const WORLD_PROPERTY: &str = "a property of the world, such as `seed 7`";

fn world(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let mut found = vec![declared_clause(cursor, WORLD_PROPERTY)?];
    found.extend(clauses(cursor, WORLD_PROPERTY)?);
    cursor.finish_clauses()?;
    Ok(Decl::World(found))
}

fn carrier(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let name = cursor.name("the name of the carrier, such as `att`")?;
    let clauses = clauses(cursor, "a property of the carrier, such as `latency 200ms`")?;
    cursor.finish_clauses()?;
    Ok(Decl::Carrier { name, clauses })
}

fn user(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let name = cursor.name("the name of the user, such as `alice`")?;
    let msisdn = cursor.msisdn()?;
    let carrier = on_carrier(cursor)?;
    let clauses = clauses(cursor, "a property of the user, such as `apps quiz`")?;
    cursor.finish_clauses()?;
    Ok(Decl::User {
        name,
        msisdn,
        carrier,
        clauses,
    })
}

fn handsets(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let first = cursor.msisdn()?;
    if !cursor.eat("..") {
        return Err(cursor.expected("`..` and the last number, such as `..+14155569999`"));
    }
    let last = cursor.msisdn()?;
    if last.node < first.node {
        let fault = cursor.fault(Code::E043, last.span, "the range ends before it begins");
        return Err(Box::new(fault.label(format!("less than {}", first.node))));
    }
    let carrier = on_carrier(cursor)?;
    let clauses = clauses(cursor, "a property of the phones, such as `apps quiz`")?;
    cursor.finish_clauses()?;
    Ok(Decl::Handsets {
        first,
        last,
        carrier,
        clauses,
    })
}

fn on_carrier(cursor: &mut Cursor<'_>) -> Fallible<Spanned<String>> {
    if !cursor.eat_word("on") {
        return Err(cursor.expected("`on` and the carrier, such as `on att`"));
    }
    cursor.name("the name of a carrier")
}

fn esme(cursor: &mut Cursor<'_>) -> Fallible<Decl> {
    let name = cursor.name("the name of the ESME, such as `acme`")?;
    let clauses = clauses(cursor, "a property of the account, such as `code 12345`")?;
    cursor.finish_clauses()?;
    Ok(Decl::Esme { name, clauses })
}

/// What follows the first part of a declaration: clauses, each after a comma.
fn clauses(cursor: &mut Cursor<'_>, what: &str) -> Fallible<Vec<Clause>> {
    let mut found = Vec::new();
    while cursor.eat(",") {
        found.push(declared_clause(cursor, what)?);
    }
    found.shrink_to_fit();
    Ok(found)
}

/// A clause of a declaration: nothing is captured yet, so no value can be a capture.
fn declared_clause(cursor: &mut Cursor<'_>, what: &str) -> Fallible<Clause> {
    let clause = cursor.clause(what)?;
    let var = clause.values.iter().find(|value| match &value.node {
        crate::syntax::Value::Var(_) => true,
        crate::syntax::Value::Quoted(text) => text.captures().next().is_some(),
        crate::syntax::Value::Bare(_) => false,
    });
    match var {
        None => Ok(clause),
        Some(value) => {
            let fault = cursor.fault(Code::E010, value.span, "a capture in a declaration");
            Err(Box::new(fault.label("nothing is captured before the first step")))
        }
    }
}

/// The words of a rule.
pub(crate) const ACTIONS: [&str; 4] = ["reply", "after", "http", "hang"];

fn rule(cursor: &mut Cursor<'_>) -> Fallible<Rule> {
    if !cursor.eat_word("on") {
        return Err(cursor.expected("`on` and a pattern, or `on any`"));
    }
    let pattern = match cursor.eat_word("any") {
        true => None,
        false => Some(
            cursor
                .pattern()?
                .ok_or_else(|| cursor.expected("a pattern, or `any`"))?,
        ),
    };
    let mut actions = Vec::new();
    while !cursor.at_end() {
        cursor.eat(",");
        actions.push(action(cursor)?);
    }
    Ok(Rule { pattern, actions })
}

fn action(cursor: &mut Cursor<'_>) -> Fallible<Spanned<Action>> {
    let Some(word) = cursor.word() else {
        return Err(cursor.expected("reply, after, http or hang"));
    };
    let start = word.span.start as usize;
    let action = match word.node {
        "reply" => Action::Reply(cursor.text("the text of the answer")?.node),
        "after" => Action::After(cursor.dur()?.node),
        "http" => Action::Http(http_status(cursor)?),
        "hang" => Action::Hang,
        other => {
            let fault = unknown_action(cursor, &word, other);
            return Err(Box::new(fault));
        }
    };
    Ok(Spanned::new(action, cursor.since(start)))
}

fn http_status(cursor: &mut Cursor<'_>) -> Fallible<u16> {
    let status = cursor.number::<u16>("an HTTP status, such as 500", u16::MAX)?;
    if (100..600).contains(&status.node) {
        return Ok(status.node);
    }
    let fault = cursor.fault(
        Code::E040,
        status.span,
        format!("{} is not an HTTP status", status.node),
    );
    Err(Box::new(fault.label("100 to 599")))
}

fn unknown_action(cursor: &Cursor<'_>, word: &Spanned<&str>, found: &str) -> Diagnostic {
    cursor
        .fault(Code::E010, word.span, format!("an app cannot `{found}`"))
        .label("expected reply, after, http or hang")
        .did_you_mean(nearest(found, ACTIONS))
}
