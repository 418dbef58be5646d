//! Users whose texts a person types: their `>` lines are awaited, and what arrives at their phones is shown.

use std::collections::BTreeSet;

use sms::Timestamp;
use world::Event;

use crate::diagnostics::{Code, Fallible};
use crate::people::{Awaited, People, Shown};
use crate::runner::Run;
use crate::syntax::Span;

/// The people of a run.
pub(super) struct Humans<'o> {
    /// Whose texts are typed.
    pub users: BTreeSet<String>,
    pub people: Box<dyn People + 'o>,
    /// The record up to which everything was shown.
    pub shown_to: u64,
}

impl Run<'_> {
    /// Waits until the person types the text of a line, where a person does that. Another text is not sent: it is said what is
    /// awaited, and the person types again.
    pub(super) fn await_person(
        &mut self,
        span: Span,
        user: &str,
        text: &str,
        to: Option<&str>,
    ) -> Fallible<()> {
        let awaits = |humans: &Humans<'_>| humans.users.contains(user);
        if !self.humans.as_ref().is_some_and(awaits) {
            return Ok(());
        }
        self.show_people();
        let time = self.time_of_day(self.stage.now());
        let awaited = Awaited { user, text, to };
        while let Some(humans) = &mut self.humans {
            let Some(typed) = humans.people.types(&time, awaited) else {
                break;
            };
            if typed.trim() == text.trim() {
                return Ok(());
            }
            let typed = typed.as_str();
            humans.people.shows(&time, Shown::Differs { awaited, typed });
        }
        let message = format!("nobody types {user}'s texts any more");
        let fault = self
            .fault(Code::E303, span, message)
            .label("awaited from a person");
        Err(Box::new(fault))
    }

    /// Shows a person what the scenario notes.
    pub(super) fn show_note(&mut self, text: &str) {
        self.show_people();
        let time = self.time_of_day(self.stage.now());
        if let Some(humans) = &mut self.humans {
            humans.people.shows(&time, Shown::Note(text));
        }
    }

    /// Shows what has arrived at the phones of people.
    pub(super) fn show_people(&mut self) {
        let Some(humans) = &mut self.humans else { return };
        let world = &self.stage.world;
        let code = world.short_code().to_string();
        for record in world.records_since(humans.shown_to) {
            let Event::Received {
                handset, from, text, ..
            } = &record.event
            else {
                continue;
            };
            let user = self.stage.actors.phone_name(*handset);
            let Some(user) = user.filter(|user| humans.users.contains(*user)) else {
                continue;
            };
            let time = time_of_day(world, record.at);
            let from = (*from != code).then_some(from.as_str());
            humans.people.shows(&time, Shown::Text { user, text, from });
        }
        humans.shown_to = world.next_record();
    }

    fn time_of_day(&self, at: Timestamp) -> String {
        time_of_day(&self.stage.world, at)
    }
}

/// `14:00:02`.
fn time_of_day(world: &world::World, at: Timestamp) -> String {
    let civil = world.zone().civil(at).to_string();
    civil.split(' ').next_back().unwrap_or_default().to_owned()
}
