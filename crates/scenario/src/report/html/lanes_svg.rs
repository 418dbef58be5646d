//! Lanes as a picture.

use std::fmt::Write as _;

use crate::report::escape::xml;
use crate::report::lanes::Lanes;
use crate::report::offset;

/// Events that one picture shows, at most: the last ones.
const EVENTS_MAX: usize = 500;
/// The characters of a text in a lane, at most.
const TEXT_CHARS_MAX: usize = 34;
const LANE_WIDTH: usize = 240;
const TIME_WIDTH: usize = 110;
const LINE_HEIGHT: usize = 20;

/// One column an actor, one line an event.
pub(super) fn svg(lanes: &Lanes) -> String {
    let shown = &lanes.events[lanes.events.len().saturating_sub(EVENTS_MAX)..];
    let mut actors: Vec<&str> = Vec::new();
    for event in shown {
        if !actors.contains(&event.actor.as_str()) {
            actors.push(&event.actor);
        }
    }
    let width = TIME_WIDTH + LANE_WIDTH * actors.len();
    let height = LINE_HEIGHT * (shown.len() + 2);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\">\n"
    );
    // Writing to a String cannot fail.
    for (lane, actor) in actors.iter().enumerate() {
        let x = TIME_WIDTH + LANE_WIDTH * lane;
        let _ = writeln!(
            out,
            "<line x1=\"{x}\" x2=\"{x}\" y1=\"{LINE_HEIGHT}\" y2=\"{height}\"/><text class=\"actor\" x=\"{x}\" y=\"14\">{}</text>",
            xml(actor)
        );
    }
    for (line, event) in shown.iter().enumerate() {
        let lane = actors.iter().position(|actor| *actor == event.actor).unwrap_or(0);
        let (x, y) = (TIME_WIDTH + LANE_WIDTH * lane, LINE_HEIGHT * (line + 2));
        let _ = writeln!(
            out,
            "<text class=\"at\" x=\"0\" y=\"{y}\">{}</text><circle cx=\"{x}\" cy=\"{}\" r=\"3\"/>\
             <text x=\"{}\" y=\"{y}\"><title>{}</title>{}</text>",
            offset(event.at.since(lanes.start)),
            y - 4,
            x + 8,
            xml(&event.text),
            xml(&shortened(&event.text))
        );
    }
    out + "</svg>"
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_CHARS_MAX - 1).chain(['…']).collect()
}
