//! Brings expectations up to date: [`update`] changes what stands after `<` and `=` to what really happens.

use std::collections::BTreeSet;

use sms::{Msisdn, ShortCode};

use crate::diagnostics::Diagnostic;
use crate::edit::{Edit, edited};
use crate::format::pattern_text;
use crate::runner::{Claimed, Content, Probe, Runner};
use crate::script::load;
use crate::source::Sources;
use crate::syntax::{Arrival, CallResult, Expectation, Pattern, Span, Spanned, Step, Text};
use crate::world_config::Rules;

/// Changes of one file, at most.
pub const UPDATES_MAX: usize = 10_000;

/// A scenario with its expectations up to date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Updated {
    /// Its text.
    pub text: String,
    /// How many expectations were changed.
    pub changes: usize,
}

/// A line that would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangedLine {
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub before: String,
    /// What it would say.
    pub after: String,
}

impl Updated {
    /// The lines that differ from those of `text`, which was brought up to date. A step stands on one line, so that none comes
    /// or goes.
    pub fn changed_lines(&self, text: &str) -> Vec<ChangedLine> {
        let lines = text.lines().zip(self.text.lines()).enumerate();
        lines
            .filter(|(_, (before, after))| before != after)
            .map(|(index, (before, after))| ChangedLine {
                line: index + 1,
                before: before.to_owned(),
                after: after.to_owned(),
            })
            .collect()
    }
}

/// The text with those of its lines changed.
pub fn with_changed_lines(text: &str, changed: &[ChangedLine]) -> String {
    let lines = text.split_inclusive('\n').enumerate();
    lines
        .map(|(index, line)| {
            let after = changed.iter().find(|change| change.line == index + 1);
            match after {
                Some(change) => line.replacen(&change.before, &change.after, 1),
                None => line.to_owned(),
            }
        })
        .collect()
}

/// The scenario `path` with texts, users, properties and results changed to what really happens, and nothing else. A glob
/// and a regular expression stay, and so do captures, windows and lines inside of blocks and scenes: where one of those
/// does not hold, the test still fails afterwards. `meant` are the tests by their place in the file; without it all are.
///
/// # Errors
///
/// What is wrong with the file.
pub fn update(
    sources: &Sources,
    path: &str,
    rules: &Rules,
    meant: Option<&[usize]>,
) -> Result<Updated, Vec<Diagnostic>> {
    let mut sources = sources.clone();
    let mut updated = Updated {
        text: sources.text(path).unwrap_or_default().to_owned(),
        changes: 0,
    };
    let tests = load(&sources, path)?.tests().count();
    let is_meant = |test: &usize| meant.is_none_or(|meant| meant.contains(test));
    for test in (0..tests).filter(is_meant) {
        while updated.changes < UPDATES_MAX {
            let Some(edit) = next_edit(&sources, path, rules, test)? else {
                break;
            };
            updated.text = edited(&updated.text, &[edit]);
            updated.changes += 1;
            sources.insert(path, updated.text.clone());
        }
    }
    Ok(updated)
}

/// The change that the first failure of a test asks for, if one can mend it.
fn next_edit(
    sources: &Sources,
    path: &str,
    rules: &Rules,
    test: usize,
) -> Result<Option<Edit>, Vec<Diagnostic>> {
    let script = load(sources, path)?;
    let runner = Runner::with_rules(sources, &script, rules)?;
    let Some(test) = script.tests().nth(test) else {
        return Ok(None);
    };
    let probe = runner.probe(&test.steps, &BTreeSet::new())?;
    let failed = probe
        .failed
        .as_ref()
        .and_then(|(place, _)| test.steps.get(*place));
    let text = sources.text(path).unwrap_or_default();
    Ok(failed.and_then(|step| match &step.node {
        Step::Arrival(arrival) => probe
            .next
            .as_ref()
            .and_then(|next| arrival_edit(text, step.span, arrival, next)),
        Step::Send(send) => result_edit(send.result.as_ref(), step.span, &probe),
        Step::Call { result, .. } => result_edit(result.as_ref(), step.span, &probe),
        Step::CanSend { result, .. } => result_edit(Some(result), step.span, &probe),
        _ => None,
    }))
}

/// What a line must say of the item that it is about; none when nothing that may be changed is wrong.
fn arrival_edit(text: &str, line: Span, arrival: &Arrival, next: &Claimed) -> Option<Edit> {
    let pattern = arrival.pattern.as_ref()?;
    if let (Some(user), Some(found)) = (&arrival.user, &next.user)
        && user.node.to_string() != *found
        && matches!(user.node, crate::syntax::Actor::Name(_))
    {
        return Some(Edit::replace(user.span, found.clone()));
    }
    if let Pattern::Text(stated) = &pattern.node {
        let is_plain = stated.captures().next().is_none();
        let wanted = Text::literal(next.content.text());
        if is_plain && *stated != wanted && stated.filled(|_| String::new()) != next.content.text() {
            return Some(Edit::replace(pattern.span, pattern_text(&Pattern::Text(wanted))));
        }
    }
    if let Some(edit) = arrival
        .clauses
        .iter()
        .find_map(|clause| property_edit(clause, &next.content))
    {
        return Some(edit);
    }
    new_edit(text, line, arrival, &next.content)
}

/// A property that differs from the item's.
fn property_edit(clause: &Spanned<Expectation>, content: &Content) -> Option<Edit> {
    let Content::Text {
        from,
        parts,
        encoding,
        ..
    } = content
    else {
        return None;
    };
    let is = match &clause.node {
        Expectation::From(stated) if stated.trim_start_matches('+') == from => None,
        Expectation::From(_) => written(from).map(|from| format!("from {from}")),
        Expectation::Parts(stated) => (stated != parts).then(|| format!("parts {parts}")),
        Expectation::Encoding(stated) => {
            let found = crate::runner::encoding_name(*encoding);
            (stated != found).then(|| format!("encoding {found}"))
        }
        Expectation::Within(_)
        | Expectation::After(_)
        | Expectation::As(_)
        | Expectation::In(_)
        | Expectation::New
        | Expectation::Signature(_) => None,
    };
    is.map(|is| Edit::replace(clause.span, is))
}

/// An address as a line has it: a short code, or a phone's number with its `+`; none where it is neither.
fn written(address: &str) -> Option<String> {
    match address.parse::<ShortCode>() {
        Ok(_) => Some(address.to_owned()),
        Err(_) => Some(Msisdn::new(address.parse().ok()?)?.to_string()),
    }
}

/// `new` put in or taken out, as the callback says.
fn new_edit(text: &str, line: Span, arrival: &Arrival, content: &Content) -> Option<Edit> {
    let Content::Callback { new_user, .. } = content else {
        return None;
    };
    let stated = arrival
        .clauses
        .iter()
        .find(|clause| clause.node == Expectation::New);
    match (stated, new_user) {
        (Some(clause), false) => {
            let start = clause.span.start as usize;
            let comma = text[line.start as usize..start].rfind(',')? + line.start as usize;
            Some(Edit::replace(Span::new(comma, clause.span.end as usize), ""))
        }
        (None, true) => Some(Edit::insert(arrival.pattern.as_ref()?.span.end, ", new")),
        (Some(_), true) | (None, false) => None,
    }
}

/// What a call really returned; a capture stays what it is.
fn result_edit(result: Option<&Spanned<CallResult>>, line: Span, probe: &Probe) -> Option<Edit> {
    let returned = probe.returned.as_ref().filter(|returned| *returned != "-1")?;
    match result {
        Some(Spanned {
            node: CallResult::Var(_),
            ..
        }) => None,
        Some(stated) => {
            let is = match &stated.node {
                CallResult::Ok => "ok".to_owned(),
                CallResult::Number(number) => number.to_string(),
                CallResult::Var(_) => return None,
            };
            (is != *returned).then(|| Edit::replace(stated.span, returned.clone()))
        }
        None => (returned != "ok").then(|| Edit::insert(line.end, format!(" = {returned}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_written_as_lines_have_it() {
        assert_eq!(written("32665").as_deref(), Some("32665"));
        assert_eq!(written("14155550101").as_deref(), Some("+14155550101"));
        assert_eq!(written("Acme"), None);
    }

    #[test]
    fn some_of_the_changes_can_be_taken() {
        let text = "a\r\nb\nc\nd";
        let updated = Updated {
            text: "a\r\nB\nc\nD".to_owned(),
            changes: 2,
        };
        let changed = updated.changed_lines(text);
        assert_eq!(
            changed.iter().map(|change| change.line).collect::<Vec<_>>(),
            [2, 4]
        );
        assert_eq!(with_changed_lines(text, &changed), updated.text);
        assert_eq!(with_changed_lines(text, &changed[1..]), "a\r\nb\nc\nD");
        assert_eq!(with_changed_lines(text, &[]), text);
    }
}
