//! What follows `<`: what an actor sees, or does not see.

use crate::diagnostics::{Code, Fallible};
use crate::lexer::Cursor;
use crate::parser::step::{actor, is_pdu_like, pdu};
use crate::suggestion::nearest;
use crate::syntax::{Actor, Arrival, Dur, Expectation, Pattern, Sign, Spanned, Step};

/// The words of an expectation's clauses.
pub(crate) const WORDS: [&str; 9] = [
    "within", "after", "from", "parts", "encoding", "as", "in", "new", "sig",
];

/// A pattern, or `...`.
enum Content {
    Pattern(Spanned<Pattern>),
    Fill,
}

/// Reads the rest of a line of `who`, behind its `<`.
pub(super) fn sees(cursor: &mut Cursor<'_>, who: Spanned<Actor>) -> Fallible<Step> {
    if let Some(content) = content(cursor)? {
        return arrival(cursor, who, None, content);
    }
    let mut ahead = cursor.clone();
    let second = actor(&mut ahead, "a text, a pattern, `nothing for` or a user")
        .map_err(|_| cursor.expected("a text in quotes, a pattern, `nothing for`, `no ... for` or a user"))?;
    if let Some(found) = content(&mut ahead)?
        && second.node != Actor::Name("no".to_owned())
    {
        *cursor = ahead;
        return arrival(cursor, who, Some(second), found);
    }
    match &second.node {
        Actor::Name(word) if word == "nothing" => quiet(&mut ahead, who, None),
        Actor::Name(word) if word == "no" => no_pattern(cursor, who),
        Actor::Name(word) if word == "receipt" => receipt(&mut ahead, &who),
        Actor::Name(word) if is_pdu_like(word) => pdu(cursor, who, Sign::Sees),
        // `quiz < alice` lacks the text, `alice < hello you` its quotes.
        Actor::Var(_) => Err(ahead.expected("the text in quotes, or `...`")),
        Actor::Name(_) if ahead.at_end() => Err(ahead.expected("the text in quotes, or `...`")),
        Actor::Name(_) => match cursor.text("a text") {
            Err(fault) => Err(fault),
            Ok(_) => Err(cursor.expected("a text")),
        },
    }
}

fn content(cursor: &mut Cursor<'_>) -> Fallible<Option<Content>> {
    if cursor.eat("...") {
        return Ok(Some(Content::Fill));
    }
    Ok(cursor.pattern()?.map(Content::Pattern))
}

fn no_pattern(cursor: &mut Cursor<'_>, who: Spanned<Actor>) -> Fallible<Step> {
    cursor.eat_word("no");
    let Some(pattern) = cursor.pattern()? else {
        return Err(cursor.expected("a pattern after `no`; for nothing at all write `nothing for`"));
    };
    quiet(cursor, who, Some(pattern))
}

/// `for D`, behind what must not arrive.
fn quiet(
    cursor: &mut Cursor<'_>,
    actor: Spanned<Actor>,
    pattern: Option<Spanned<Pattern>>,
) -> Fallible<Step> {
    if !cursor.eat_word("for") {
        let mut fault = cursor.expected("`for` and a length of time");
        fault.code = Code::E016;
        let word = if pattern.is_some() { "no ..." } else { "nothing" };
        return Err(Box::new(
            fault.help(format!("say for how long, for example `{word} for 10s`")),
        ));
    }
    let window = cursor.dur()?;
    cursor.finish()?;
    Ok(Step::Quiet {
        actor,
        pattern,
        window,
    })
}

fn receipt(cursor: &mut Cursor<'_>, who: &Spanned<Actor>) -> Fallible<Step> {
    if who.node != Actor::Name("fbook".to_owned()) {
        let fault = cursor.fault(
            Code::E103,
            who.span,
            "receipts reach the platform, whose name is `fbook`",
        );
        return Err(Box::new(fault.help("write `fbook < receipt $m DELIVRD`")));
    }
    let text = cursor.var("the text, as it was named by `as $m`")?;
    let Some(state) = cursor.word() else {
        return Err(cursor.expected("a state, such as DELIVRD"));
    };
    let known = sms::MessageState::ALL.map(sms::MessageState::stat);
    if !known.contains(&state.node) {
        let fault = cursor.fault(
            Code::E116,
            state.span,
            format!("`{}` is not a state in a receipt", state.node),
        );
        let fault = fault.label(format!("one of {}", unique(&known).join(", ")));
        return Err(Box::new(fault.did_you_mean(nearest(state.node, known))));
    }
    let within = match cursor.eat(",") {
        true if cursor.eat_word("within") => Some(cursor.dur()?),
        true => return Err(cursor.expected("`within` and a length of time, such as `within 1m`")),
        false => None,
    };
    cursor.finish_clauses()?;
    Ok(Step::Receipt {
        text,
        state: state.map(str::to_owned),
        within,
    })
}

fn unique(words: &[&'static str]) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for word in words {
        if !found.contains(word) {
            found.push(word);
        }
    }
    found
}

fn arrival(
    cursor: &mut Cursor<'_>,
    actor: Spanned<Actor>,
    user: Option<Spanned<Actor>>,
    content: Content,
) -> Fallible<Step> {
    let pattern = match content {
        Content::Pattern(pattern) => Some(pattern),
        Content::Fill => None,
    };
    let mut clauses: Vec<Spanned<Expectation>> = Vec::new();
    while cursor.eat(",") {
        let clause = expectation(cursor)?;
        if clauses
            .iter()
            .any(|other| std::mem::discriminant(&other.node) == std::mem::discriminant(&clause.node))
        {
            let fault = cursor.fault(Code::E111, clause.span, "this clause stands here twice");
            return Err(Box::new(fault.label("leave one of them out")));
        }
        clauses.push(clause);
    }
    cursor.finish_clauses()?;
    Ok(Step::Arrival(Box::new(Arrival {
        actor,
        user,
        pattern,
        clauses,
    })))
}

fn expectation(cursor: &mut Cursor<'_>) -> Fallible<Spanned<Expectation>> {
    let Some(word) = cursor.word() else {
        return Err(cursor.expected("a clause such as `within 5s`"));
    };
    let start = word.span.start as usize;
    let clause = match word.node {
        "within" => Expectation::Within(dur(cursor)?),
        "after" => Expectation::After(dur(cursor)?),
        "from" => Expectation::From(cursor.sender()?.node),
        "parts" => Expectation::Parts(cursor.number("the number of segments, such as 2", u8::MAX)?.node),
        "encoding" => Expectation::Encoding(encoding(cursor)?),
        "as" => Expectation::As(cursor.var("a capture such as $s")?.node),
        "in" => Expectation::In(cursor.var("a session such as $s")?.node),
        "new" => Expectation::New,
        "sig" => match cursor.peek_word() {
            Some(word @ ("ok" | "bad")) => {
                cursor.word();
                Expectation::Signature(word == "ok")
            }
            _ => return Err(cursor.expected("`ok` or `bad`")),
        },
        other => {
            let fault = cursor.fault(
                Code::E010,
                word.span,
                format!("`{other}` is no clause of what is seen"),
            );
            let fault = fault.label(format!("one of {}", WORDS.join(", ")));
            return Err(Box::new(fault.did_you_mean(nearest(other, WORDS))));
        }
    };
    Ok(Spanned::new(clause, cursor.since(start)))
}

fn dur(cursor: &mut Cursor<'_>) -> Fallible<Dur> {
    Ok(cursor.dur()?.node)
}

/// The encodings by the names that scenarios and records use.
pub(crate) const ENCODINGS: [&str; 5] = ["gsm7", "ucs2", "latin1", "ascii", "binary"];

fn encoding(cursor: &mut Cursor<'_>) -> Fallible<String> {
    let Some(word) = cursor.word() else {
        return Err(cursor.expected("an encoding, such as gsm7"));
    };
    if ENCODINGS.contains(&word.node) {
        return Ok(word.node.to_owned());
    }
    let fault = cursor.fault(Code::E105, word.span, format!("`{}` is no encoding", word.node));
    let fault = fault.label(format!("one of {}", ENCODINGS.join(", ")));
    Err(Box::new(fault.did_you_mean(nearest(word.node, ENCODINGS))))
}
