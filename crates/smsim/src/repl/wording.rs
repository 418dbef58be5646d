//! How events, times and faults look on a line.

use scenario::Interactive;
use scenario::report::lanes::LaneEvent;
use scenario::report::offset;
use sms::Timestamp;

/// The characters to which actors are padded, at most.
const ACTOR_CHARS_MAX: usize = 12;

/// The time of day in the world: `14:00:02`.
pub fn time(table: &Interactive, at: Timestamp) -> String {
    let civil = table.world().zone().civil(at);
    format!("{:02}:{:02}:{:02}", civil.hour(), civil.minute(), civil.second())
}

/// The date in the world: `2009-03-02`.
pub fn date(table: &Interactive, at: Timestamp) -> String {
    let civil = table.world().zone().civil(at);
    format!("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day())
}

/// `14:00:02   carol < Add Movie Quiz...`.
pub fn event(table: &Interactive, event: &LaneEvent) -> String {
    let actors = table.actors();
    let names = actors.users.keys().chain(actors.apps.keys());
    let width = names
        .map(|name| name.chars().count())
        .filter(|width| *width <= ACTOR_CHARS_MAX)
        .max();
    let width = width.unwrap_or(0);
    format!(
        "{}   {:width$} {}\n",
        time(table, event.at),
        event.actor,
        event.text
    )
}

/// Lines with how long after `since` each was: `  +1.0s  ...`.
pub fn offsets(since: Timestamp, lines: &[(Timestamp, String)]) -> String {
    let offsets: Vec<String> = lines.iter().map(|(at, _)| offset(at.since(since))).collect();
    let width = offsets.iter().map(String::len).max().unwrap_or(0);
    let lines = offsets.iter().zip(lines);
    lines
        .map(|(offset, (_, text))| format!("  {offset:>width$}  {text}\n"))
        .collect()
}
