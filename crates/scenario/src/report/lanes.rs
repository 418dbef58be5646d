//! What happened as lanes: one column an actor, one line an event.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use platform::{AppId, NotifyOutcome, Uid};
use sms::Timestamp;
use world::{Event, Purpose, World};

use crate::report::offset;
use crate::text::quoted;
use crate::world_config::Actors;

/// Events that are shown, at most: the last ones, where the failure is.
const SHOWN_MAX: usize = 24;
/// The width of a column, at most.
const COLUMN_CHARS_MAX: usize = 30;

/// One thing that an actor did or saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneEvent {
    /// Its place in the order of records.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as a scenario line says it behind the actor.
    pub text: String,
}

/// What happened in a test.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lanes {
    /// When the test began.
    pub start: Timestamp,
    /// The events, in order.
    pub events: Vec<LaneEvent>,
}

impl Lanes {
    pub(crate) const fn new(start: Timestamp) -> Self {
        Self {
            start,
            events: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, seq: u64, at: Timestamp, actor: &str, text: String) {
        self.events.push(LaneEvent {
            seq,
            at,
            actor: actor.to_owned(),
            text,
        });
    }

    /// Drops the oldest events when there are more than `max`.
    pub(crate) fn shorten(&mut self, max: usize) {
        self.events.drain(..self.events.len().saturating_sub(max));
    }

    /// With what the records of the world tell.
    pub(crate) fn with_records(mut self, world: &World, actors: &Actors) -> Self {
        let told = Told::new(world, actors);
        // Calls that were told, with the place of the event.
        let mut calls = BTreeMap::new();
        for record in world.records_since(0) {
            match &record.event {
                Event::ApiCall { call, .. } => {
                    calls.insert(*call, self.events.len());
                }
                Event::ApiReply {
                    call,
                    error_code: Some(code),
                    ..
                } => {
                    let told = calls.get(call).and_then(|place| self.events.get_mut(*place));
                    if let Some(event) = told {
                        event.text = format!("{} = {code}", event.text);
                    }
                }
                _ => {}
            }
            if let Some((actor, text)) = told.event(&record.event) {
                self.add(record.seq, record.at, &actor, text);
            }
        }
        // The runner's own events were added as they happened: each belongs before the records that it caused.
        self.events.sort_by_key(|event| event.seq);
        self
    }

    /// The last events as a table, each line ended, long texts cut; empty when nothing happened.
    pub fn render(&self) -> String {
        self.table(
            &self.events[self.events.len().saturating_sub(SHOWN_MAX)..],
            shortened,
        )
    }

    /// All events as a table, with everything that was said.
    pub fn render_whole(&self) -> String {
        self.table(&self.events, str::to_owned)
    }

    /// A text that is longer than its column goes on into the next ones, which are empty in that line.
    fn table(&self, shown: &[LaneEvent], told: fn(&str) -> String) -> String {
        let mut actors: Vec<&str> = Vec::new();
        for event in shown {
            if !actors.contains(&event.actor.as_str()) {
                actors.push(&event.actor);
            }
        }
        let widths: Vec<usize> = actors.iter().map(|actor| width(actor, shown)).collect();
        let mut out = String::new();
        if shown.is_empty() {
            return out;
        }
        let header: Vec<_> = actors
            .iter()
            .zip(&widths)
            .map(|(actor, width)| format!("{actor:width$}"))
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {:>15}  {}", "", header.join("  ").trim_end());
        if shown.len() < self.events.len() {
            let _ = writeln!(
                out,
                "  {:>15}  ({} earlier)",
                "...",
                self.events.len() - shown.len()
            );
        }
        for event in shown {
            let before: usize = actors
                .iter()
                .zip(&widths)
                .take_while(|(actor, _)| **actor != event.actor)
                .map(|(_, w)| w + 2)
                .sum();
            let at = offset(event.at.since(self.start));
            let text = told(&event.text);
            let _ = writeln!(out, "  {at:>15}  {:before$}{text}", "");
        }
        out
    }
}

fn width(actor: &str, shown: &[LaneEvent]) -> usize {
    let texts = shown
        .iter()
        .filter(|event| event.actor == actor)
        .map(|event| event.text.chars().count());
    texts
        .chain([actor.chars().count()])
        .max()
        .unwrap_or(0)
        .min(COLUMN_CHARS_MAX)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= COLUMN_CHARS_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(COLUMN_CHARS_MAX - 3).collect();
    format!("{kept}...")
}

/// Tells records in the words of scenario lines.
pub(crate) struct Told<'t> {
    world: &'t World,
    actors: &'t Actors,
}

impl<'t> Told<'t> {
    pub const fn new(world: &'t World, actors: &'t Actors) -> Self {
        Self { world, actors }
    }

    /// Who did or saw what, as a scenario line says it behind the actor; none for what no actor sees.
    pub fn event(&self, event: &Event) -> Option<(String, String)> {
        Some(match event {
            Event::Composed { handset, to, text } => {
                let other = if *to == self.world.short_code().to_string() {
                    String::new()
                } else {
                    format!(", to {to}")
                };
                (self.phone(*handset), format!("> {}{other}", quoted(text)))
            }
            Event::NotComposed { handset, why } => (self.phone(*handset), format!("({why})")),
            Event::Received {
                handset, from, text, ..
            } => {
                let other = if *from == self.world.short_code().to_string() {
                    String::new()
                } else {
                    format!(", from {from}")
                };
                (self.phone(*handset), format!("< {}{other}", quoted(text)))
            }
            Event::ApiCall { params, .. } => (self.caller(params), self.call(params)),
            Event::CallbackSent {
                app,
                user,
                purpose,
                fields,
                ..
            } => (self.app(*app), self.callback(*user, *purpose, fields)),
            Event::CallbackDone { app, outcome, .. } => match outcome {
                NotifyOutcome::Answered(200) => return None,
                NotifyOutcome::Answered(status) => (self.app(*app), format!("(HTTP {status})")),
                NotifyOutcome::TimedOut => (self.app(*app), "(no answer in time)".to_owned()),
                NotifyOutcome::Unreachable(why) => (self.app(*app), format!("(unreachable: {why})")),
                NotifyOutcome::NoUrl => (self.app(*app), "(no url)".to_owned()),
            },
            Event::Receipt { state, .. } => ("fbook".to_owned(), format!("< receipt {}", state.stat())),
            _ => return None,
        })
    }

    pub fn call(&self, params: &[(String, String)]) -> String {
        let param = |name: &str| {
            params
                .iter()
                .find(|(param, _)| param == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let whom = || {
            param("uid")
                .parse()
                .ok()
                .and_then(|uid| self.actors.user_name(Uid(uid)))
                .unwrap_or(param("uid"))
        };
        match param("method") {
            "sms.send" if !whom().is_empty() => format!("> {} {}", whom(), quoted(param("message"))),
            "sms.canSend" if !whom().is_empty() => format!("? {}", whom()),
            method => format!("> {method}"),
        }
    }

    fn callback(&self, user: Uid, purpose: Purpose, fields: &[(String, String)]) -> String {
        let user = self.actors.user_name(user).unwrap_or("?");
        let text = fields
            .iter()
            .find(|(name, _)| name == "fb_sig_message")
            .map_or("", |(_, value)| value.as_str());
        match purpose {
            Purpose::Sms => format!("< {user} {}", quoted(text)),
            Purpose::Authorize => format!("< {user} (authorized)"),
            Purpose::Remove => format!("< {user} (removed)"),
        }
    }

    pub fn phone(&self, phone: sms::Msisdn) -> String {
        self.actors
            .phone_name(phone)
            .map_or_else(|| phone.to_string(), str::to_owned)
    }

    pub fn app(&self, app: AppId) -> String {
        self.actors
            .app_name(app)
            .map_or_else(|| app.to_string(), str::to_owned)
    }

    pub fn caller(&self, params: &[(String, String)]) -> String {
        let key = params
            .iter()
            .find(|(name, _)| name == "api_key")
            .map(|(_, value)| value);
        let app = self.world.rest().apps().find(|app| Some(&app.api_key) == key);
        app.map_or_else(|| "?".to_owned(), |app| app.name.clone())
    }
}

/// The reason in a note of the REST server: what stands in its brackets.
pub(crate) fn reason(summary: &str) -> Option<&str> {
    let (_, why) = summary.split_once(" (")?;
    why.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_has_a_column_and_each_event_a_line() {
        let mut lanes = Lanes::new(Timestamp::EPOCH);
        lanes.add(0, Timestamp::EPOCH, "alice", "> \"quiz play\"".to_owned());
        lanes.add(1, Timestamp::from_secs(61), "quiz", "< alice \"play\"".to_owned());
        lanes.add(
            2,
            Timestamp::from_secs(62),
            "alice",
            format!("< \"{}\"", "x".repeat(60)),
        );
        assert_eq!(
            lanes.render(),
            "                   alice                           quiz\n\
             \x20           +0.0s  > \"quiz play\"\n\
             \x20        +1m01.0s                                  < alice \"play\"\n\
             \x20        +1m02.0s  < \"xxxxxxxxxxxxxxxxxxxxxxxx...\n"
        );
    }

    #[test]
    fn only_the_last_events_are_shown_unless_all_are_wanted() {
        let mut lanes = Lanes::new(Timestamp::EPOCH);
        for n in 0..=SHOWN_MAX {
            lanes.add(n as u64, Timestamp::EPOCH, "a", format!("> {n}"));
        }
        let text = lanes.render();
        assert!(text.contains("(1 earlier)") && !text.contains("> 0\n"), "{text}");
        let long = format!("< {}", quoted(&"x".repeat(60)));
        lanes.add(99, Timestamp::EPOCH, "b", long.clone());
        let text = lanes.render_whole();
        assert!(text.contains("> 0\n") && text.contains(&long), "{text}");
        assert_eq!(Lanes::default().render(), "");
    }
}
