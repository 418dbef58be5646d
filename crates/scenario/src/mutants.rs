//! How much a scenario notices: [`mutants`] changes it in one place at a time and sees whether a test then fails.

mod change;

use crate::diagnostics::Diagnostic;
use crate::runner::{RunOptions, Runner};
use crate::script::{Script, load, load_with};
use crate::source::{Sources, place};
use crate::syntax::{File, Item, Span, Spanned, Step};
use crate::world_config::Rules;
use change::{Change, changes};

/// A change of a scenario, and whether a test noticed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mutant {
    /// The line that was changed, from 1.
    pub line: usize,
    /// What was changed, for example `code removed`.
    pub what: &'static str,
    /// The line as it stands in the file.
    pub text: String,
    /// Whether a test failed, or the file could no longer be checked.
    pub killed: bool,
}

/// Every mutant of the scenario `path`: each expectation changed, and deleted where that can be noticed; each code removed;
/// each wait moved across its border. Steps of scenes count with the tests of their file.
///
/// # Errors
///
/// What is wrong with the file, or with a test that fails as it stands.
pub fn mutants(sources: &Sources, path: &str, rules: &Rules) -> Result<Vec<Mutant>, Vec<Diagnostic>> {
    let script = load(sources, path)?;
    let failed = failures(sources, &script, rules, None)?;
    if !failed.is_empty() {
        return Err(failed);
    }
    let text = sources.text(path).unwrap_or_default();
    let Some(own) = script.files().last() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (item, steps) in own.file.items.iter().map(item_steps).enumerate() {
        let mut places = Vec::new();
        all_places(steps, &mut Vec::new(), &mut places);
        for (at, step) in places {
            for change in changes(&step.node) {
                let killed = change
                    .alternatives
                    .iter()
                    .any(|alternative| kills(sources, path, rules, item, &at, alternative.as_ref()));
                found.push(mutant(text, step.span, &change, killed));
            }
        }
    }
    Ok(found)
}

fn mutant(text: &str, span: Span, change: &Change, killed: bool) -> Mutant {
    let line = text
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default();
    Mutant {
        line: place(text, span.start).line,
        what: change.what,
        text: line.to_owned(),
        killed,
    }
}

/// Whether a test fails with the step at that place changed, or deleted.
fn kills(
    sources: &Sources,
    path: &str,
    rules: &Rules,
    item: usize,
    at: &[usize],
    step: Option<&Step>,
) -> bool {
    let mut emptied = false;
    let changed = load_with(sources, path, |file| emptied = replace(file, item, at, step));
    let Ok(script) = changed else { return true };
    if emptied {
        return true;
    }
    // A test is played alone; what a scene does shows in any of them.
    let only = script
        .files()
        .last()
        .and_then(|own| own.file.items.get(item))
        .and_then(|item| match &item.node {
            Item::Test(test) => Some(test.name.node.clone()),
            Item::Scene(_) => None,
        });
    failures(sources, &script, rules, only.as_deref()).map_or(true, |failures| !failures.is_empty())
}

/// What fails in the tests, or in the one of that name.
fn failures(
    sources: &Sources,
    script: &Script,
    rules: &Rules,
    only: Option<&str>,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let runner = Runner::with_rules(sources, script, rules)?;
    for test in runner.tests() {
        if only.is_some_and(|only| only != test.name.node) {
            continue;
        }
        let report = runner.run(test, RunOptions::default());
        if !report.passed() {
            return Ok(report.diagnostics);
        }
    }
    Ok(Vec::new())
}

fn item_steps(item: &Spanned<Item>) -> &[Spanned<Step>] {
    match &item.node {
        Item::Scene(scene) => &scene.steps,
        Item::Test(test) => &test.steps,
    }
}

/// Every step with the way to it: its place, and within blocks the places there.
fn all_places<'s>(
    steps: &'s [Spanned<Step>],
    way: &mut Vec<usize>,
    found: &mut Vec<(Vec<usize>, &'s Spanned<Step>)>,
) {
    for (place, step) in steps.iter().enumerate() {
        way.push(place);
        found.push((way.clone(), step));
        if let Step::Block(_, steps) = &step.node {
            all_places(steps, way, found);
        }
        way.pop();
    }
}

/// Puts a step in the place of another, or takes it out. True when nothing is left of its block.
fn replace(file: &mut File, item: usize, at: &[usize], step: Option<&Step>) -> bool {
    let Some(item) = file.items.get_mut(item) else {
        return false;
    };
    let mut steps = match &mut item.node {
        Item::Scene(scene) => &mut scene.node.steps,
        Item::Test(test) => &mut test.node.steps,
    };
    let Some((last, way)) = at.split_last() else {
        return false;
    };
    for place in way {
        match steps.get_mut(*place).map(|step| &mut step.node) {
            Some(Step::Block(_, inner)) => steps = inner,
            _ => return false,
        }
    }
    match step {
        Some(step) => steps[*last].node = step.clone(),
        None => {
            steps.remove(*last);
        }
    }
    steps.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str =
        "carrier att, latency 200ms\napp quiz \"Quiz\"\nuser alice +14155550101 on att, apps quiz\n\n";

    fn survivors(test: &str) -> Vec<(usize, &'static str)> {
        let mut sources = Sources::new();
        sources.insert("a.sms", format!("{WORLD}{test}"));
        let all = mutants(&sources, "a.sms", &Rules::default()).expect("the test passes");
        assert!(!all.is_empty());
        let left = all.into_iter().filter(|mutant| !mutant.killed);
        left.map(|mutant| (mutant.line, mutant.what)).collect()
    }

    #[test]
    fn a_strict_test_lets_no_mutant_live() {
        let strict = "test \"x\":\n  quiz  > alice \"Who?\", ask $s\n  alice < \"Who?\"\n  alice > \"Me\"\n  \
                      quiz  < alice \"Me\", in $s\n  wait 61s\n  quiz  > alice \"Late\", in $s = 850\n";
        assert_eq!(survivors(strict), []);
    }

    #[test]
    fn what_a_test_does_not_notice_survives() {
        let slack = "test \"x\":\n  quiz  > alice \"Hi\"\n  alice < \"Hi\"\n  wait 5m\n";
        assert_eq!(survivors(slack), [(8, "wait moved")]);
    }

    #[test]
    fn a_test_that_fails_has_no_mutants() {
        let mut sources = Sources::new();
        sources.insert("a.sms", format!("{WORLD}test \"x\":\n  alice < \"Hi\"\n"));
        assert!(mutants(&sources, "a.sms", &Rules::default()).is_err());
    }
}
