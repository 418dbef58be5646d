//! One line each: steps, headers, clauses and patterns as they are written.

use crate::lexer::is_address;
use crate::syntax::{
    Arg, Arrival, BlockKind, CallResult, Clause, Destination, Expectation, Param, Pattern, PduStep, Scene,
    Send, Sign, Step, Test, Value,
};
use crate::text::quoted;

/// The header of a scene.
pub(super) fn scene(scene: &Scene) -> String {
    let params: Vec<_> = scene.params.iter().map(|param| param.node.to_string()).collect();
    format!("scene {}({}):", scene.name.node, params.join(", "))
}

/// The header of a test.
pub(super) fn test(test: &Test) -> String {
    let tags: String = test.tags.iter().map(|tag| format!(" @{}", tag.node)).collect();
    format!("test {}{tags}:", quoted(&test.name))
}

/// The actor whose line it is, if it is an actor's line.
pub(super) fn actor(step: &Step) -> Option<String> {
    match step {
        Step::Compose { user, .. } => Some(user.node.to_string()),
        Step::Send(send) => Some(send.app.node.to_string()),
        Step::Call { app, .. } | Step::CanSend { app, .. } => Some(app.node.to_string()),
        Step::Arrival(arrival) => Some(arrival.actor.node.to_string()),
        Step::Quiet { actor, .. } => Some(actor.node.to_string()),
        Step::Pdu(pdu) => Some(pdu.actor.node.to_string()),
        Step::Receipt { .. } => Some("fbook".to_owned()),
        Step::Set(..)
        | Step::Check(..)
        | Step::Wait(_)
        | Step::At { .. }
        | Step::Note(_)
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Ignore(_)
        | Step::Fill
        | Step::Join(_) => None,
    }
}

/// A step, the actor padded to `width` characters.
pub(super) fn step(step: &Step, width: usize) -> String {
    match actor(step) {
        Some(actor) => format!("{actor:width$} {}", actor_line(step)),
        None => plain_line(step),
    }
}

/// What an actor's line says behind the actor.
fn actor_line(step: &Step) -> String {
    match step {
        Step::Compose { text, to, .. } => match to {
            Destination::ShortCode => format!("> {}", text.node),
            Destination::Session(var) => format!("> {}, in {}", text.node, var.node),
            Destination::Address(address) => format!("> {}, to {}", text.node, address.node),
        },
        Step::Send(send) => format!("> {}", send_line(send)),
        Step::Call {
            method,
            params: found,
            result: returned,
            ..
        } => {
            let returned = returned.as_ref().map(|returned| result(&returned.node));
            format!(
                "> {}{}{}",
                method.node,
                params(found),
                returned.unwrap_or_default()
            )
        }
        Step::CanSend {
            user,
            result: returned,
            ..
        } => format!("? {}{}", user.node, result(&returned.node)),
        Step::Arrival(arrival) => format!("< {}", arrival_line(arrival)),
        Step::Quiet {
            pattern: None,
            window,
            ..
        } => format!("< nothing for {}", window.node),
        Step::Quiet {
            pattern: Some(unwanted),
            window,
            ..
        } => {
            format!("< no {} for {}", pattern(unwanted), window.node)
        }
        Step::Pdu(pdu) => pdu_line(pdu),
        Step::Receipt { text, state, within } => {
            let within = within.map(|within| format!(", within {}", within.node));
            format!(
                "< receipt {} {}{}",
                text.node,
                state.node,
                within.unwrap_or_default()
            )
        }
        Step::Set(..)
        | Step::Check(..)
        | Step::Wait(_)
        | Step::At { .. }
        | Step::Note(_)
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Ignore(_)
        | Step::Fill
        | Step::Join(_) => unreachable!("no actor's line"),
    }
}

fn plain_line(step: &Step) -> String {
    match step {
        Step::Set(actor, setting) => format!("set {} {}", actor.node, clause(setting)),
        Step::Check(actor, setting) => format!("check {} {}", actor.node, clause(setting)),
        Step::Wait(durs) => {
            let durs: Vec<_> = durs.iter().map(|dur| dur.node.to_string()).collect();
            format!("wait {}", durs.join(" "))
        }
        Step::At { days: None, time } => format!("at {}", time.node),
        Step::At {
            days: Some(days),
            time,
        } => format!("at +{}d {}", days.node, time.node),
        Step::Note(text) => format!("note {}", text.node),
        Step::Run { scene, args } => {
            let args: Vec<_> = args
                .iter()
                .map(|arg| match &arg.node {
                    Arg::Actor(actor) => actor.to_string(),
                    Arg::Text(text) => text.to_string(),
                    Arg::Number(number) => number.to_string(),
                })
                .collect();
            format!("run {}({})", scene.node, args.join(", "))
        }
        Step::Block(kind, _) => block(kind),
        Step::Ignore(actor) => format!("ignore {}", actor.node),
        Step::Fill => "...".to_owned(),
        Step::Join(decl) => super::cells(decl).join(" "),
        Step::Compose { .. }
        | Step::Send(_)
        | Step::Call { .. }
        | Step::CanSend { .. }
        | Step::Arrival(_)
        | Step::Quiet { .. }
        | Step::Pdu(_)
        | Step::Receipt { .. } => unreachable!("an actor's line"),
    }
}

fn block(kind: &BlockKind) -> String {
    match kind {
        BlockKind::Together => "together:".to_owned(),
        BlockKind::AnyOrder => "any order:".to_owned(),
        BlockKind::InOrder => "in order:".to_owned(),
        BlockKind::Repeat(rounds) => format!("repeat {}:", rounds.node),
        BlockKind::For(var, names) => {
            let names: Vec<_> = names.iter().map(|name| name.node.as_str()).collect();
            format!("for {} in {}:", var.node, names.join(", "))
        }
    }
}

fn send_line(send: &Send) -> String {
    let mut line = format!("{} {}", send.user.node, send.text.node);
    for (word, var) in [(", in", &send.session), (", ask", &send.ask), (" as", &send.name)] {
        if let Some(var) = var {
            line.push_str(&format!("{word} {}", var.node));
        }
    }
    line + &send
        .result
        .as_ref()
        .map(|returned| result(&returned.node))
        .unwrap_or_default()
}

fn result(result: &CallResult) -> String {
    match result {
        CallResult::Ok => " = ok".to_owned(),
        CallResult::Number(number) => format!(" = {number}"),
        CallResult::Var(var) => format!(" = {var}"),
    }
}

fn arrival_line(arrival: &Arrival) -> String {
    let user = arrival
        .user
        .as_ref()
        .map(|user| format!("{} ", user.node))
        .unwrap_or_default();
    let content = arrival
        .pattern
        .as_ref()
        .map_or_else(|| "...".to_owned(), |found| pattern(found));
    let clauses: String = arrival
        .clauses
        .iter()
        .map(|clause| format!(", {}", expectation(&clause.node)))
        .collect();
    format!("{user}{content}{clauses}")
}

fn expectation(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Within(dur) => format!("within {dur}"),
        Expectation::After(dur) => format!("after {dur}"),
        Expectation::From(address) if is_address(address) => format!("from {address}"),
        Expectation::From(letters) => format!("from {}", quoted(letters)),
        Expectation::Parts(parts) => format!("parts {parts}"),
        Expectation::Encoding(name) => format!("encoding {name}"),
        Expectation::As(var) => format!("as {var}"),
        Expectation::In(var) => format!("in {var}"),
        Expectation::New => "new".to_owned(),
        Expectation::Signature(true) => "sig ok".to_owned(),
        Expectation::Signature(false) => "sig bad".to_owned(),
    }
}

fn pdu_line(pdu: &PduStep) -> String {
    let sign = match pdu.sign {
        Sign::Does => '>',
        Sign::Sees => '<',
    };
    let status = pdu
        .status
        .as_ref()
        .map(|status| format!(" = {}", status.node))
        .unwrap_or_default();
    format!("{sign} {}{}{status}", pdu.pdu.node, params(&pdu.fields))
}

fn params(params: &[Param]) -> String {
    params
        .iter()
        .map(|param| format!(" {}={}", param.name.node, value(&param.value)))
        .collect()
}

/// A clause: its key and its values.
pub(super) fn clause(clause: &Clause) -> String {
    let values: String = clause
        .values
        .iter()
        .map(|found| format!(" {}", value(found)))
        .collect();
    format!("{}{values}", clause.key.node)
}

fn value(value: &Value) -> String {
    match value {
        Value::Bare(text) if is_bare(text) => text.clone(),
        Value::Bare(text) => crate::syntax::Text::literal(text).to_string(),
        Value::Quoted(text) => text.to_string(),
        Value::Var(var) => var.to_string(),
    }
}

/// Whether `text` reads back as one bare value wherever a value may stand.
fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['$', '#', '=', '/'])
        && !text.ends_with(':')
        && !text.contains([',', '"'])
        && !text.contains(|c| c == ' ' || crate::lexer::is_other_blank(c))
}

/// A pattern.
pub(crate) fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text(text) => text.to_string(),
        Pattern::Glob(text) => format!("~{text}"),
        Pattern::Regex {
            source, ignore_case, ..
        } => {
            let mut escaped = String::with_capacity(source.len());
            let mut chars = source.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' => escaped.extend(['\\'].into_iter().chain(chars.next())),
                    '/' => escaped.push_str("\\/"),
                    c => escaped.push(c),
                }
            }
            format!("/{escaped}/{}", if *ignore_case { "i" } else { "" })
        }
    }
}
