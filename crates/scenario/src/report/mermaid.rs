//! Tests as sequence diagrams: Markdown with one Mermaid block a test, which GitHub and many editors draw.

use std::fmt::Write as _;

use crate::report::escape::markdown;
use crate::report::lanes::LaneEvent;
use crate::report::{RunReport, TestReport, offset};

/// Events that one diagram shows, at most: the last ones.
pub const DIAGRAM_EVENTS_MAX: usize = 200;

/// A heading and a diagram for each test.
pub fn render_run(report: &RunReport) -> String {
    let tests = report.tests.iter().map(|test| {
        let word = if test.passed() { "passed" } else { "failed" };
        format!(
            "## {} ({word})\n\n```mermaid\n{}```\n",
            markdown(&test.name),
            render_test(test)
        )
    });
    tests.collect::<Vec<_>>().join("\n")
}

/// The diagram of one test, each line ended.
pub fn render_test(test: &TestReport) -> String {
    let events = &test.lanes.events;
    let shown = &events[events.len().saturating_sub(DIAGRAM_EVENTS_MAX)..];
    let mut actors: Vec<&str> = Vec::new();
    for event in shown {
        let actor = event.actor.as_str();
        if actor != "note" && actor != "fbook" && !actors.contains(&actor) {
            actors.push(actor);
        }
    }
    let mut out = String::from("sequenceDiagram\n");
    for (number, actor) in actors.iter().enumerate() {
        // Writing to a String cannot fail. An actor may be called `end`, which is a word of Mermaid's.
        let _ = writeln!(out, "  participant a{number} as {}", message(actor));
    }
    out.push_str("  participant fbook\n");
    for event in shown {
        let number = actors.iter().position(|actor| *actor == event.actor);
        let at = offset(event.at.since(test.lanes.start));
        let _ = writeln!(out, "  {}", line(number, &at, event));
    }
    out
}

/// An arrow to or from the platform, or a note.
fn line(number: Option<usize>, at: &str, event: &LaneEvent) -> String {
    let Some(number) = number else {
        return format!("Note over fbook: {at} {}", message(&event.text));
    };
    let text = |rest: &str| message(&format!("{at} {rest}"));
    match event.text.split_at_checked(2) {
        Some(("> ", rest)) => format!("a{number}->>fbook: {}", text(rest)),
        Some(("? ", _)) => format!("a{number}->>fbook: {}", text(&event.text)),
        Some(("< ", rest)) => format!("fbook->>a{number}: {}", text(rest)),
        _ => format!("Note over a{number}: {}", text(&event.text)),
    }
}

/// A text that is nothing but a text to Mermaid.
fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' => out.push_str("#35;"),
            ';' => out.push_str("#59;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '`' => out.push_str("#96;"),
            '%' => out.push_str("#37;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
