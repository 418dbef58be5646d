//! Reasons: what the platform and the network decided, from their own records.

use platform::decision::DecisionCode;
use platform::{AppId, Decision};
use sms::{Msisdn, Timestamp};
use world::Event;

use crate::diagnostics::Diagnostic;
use crate::report::offset;
use crate::runner::Run;
use crate::world_config::Person;

/// Reasons that stand under a failure, at most; the last ones are the nearest.
const REASONS_MAX: usize = 4;

impl Run<'_> {
    /// How long after the beginning of the test `at` is, as `+1m01.4s`.
    pub(super) fn offset(&self, at: Timestamp) -> String {
        offset(at.since(self.start))
    }

    /// The failure with what the platform decided about these actors since the last action.
    pub(super) fn with_reasons(&self, fault: Diagnostic, actors: &[&str]) -> Diagnostic {
        self.with_some_reasons(fault, actors, false)
    }

    /// The same, and where the platform's decisions leave room, what the network did about the users' phones.
    pub(super) fn with_network_reasons(&self, fault: Diagnostic, actors: &[&str]) -> Diagnostic {
        self.with_some_reasons(fault, actors, true)
    }

    fn with_some_reasons(&self, fault: Diagnostic, actors: &[&str], network: bool) -> Diagnostic {
        let known = &self.stage.actors;
        let concerned = Concerned {
            users: actors
                .iter()
                .filter_map(|name| known.users.get(*name))
                .copied()
                .collect(),
            apps: actors
                .iter()
                .filter_map(|name| known.apps.get(*name))
                .copied()
                .collect(),
        };
        let (mut decided, mut done) = (Vec::new(), Vec::new());
        for record in self.stage.world.records_since(self.action_seq) {
            let told = |text: &str| (record.seq, format!("{} {text}", self.offset(record.at)));
            match &record.event {
                Event::Decision(decision) if concerned.decision(decision) => {
                    decided.push(told(decision.text()))
                }
                Event::NotComposed { handset, why } if concerned.phone(*handset) => decided.push(told(why)),
                Event::Smsc(event) if network => {
                    let text = event.to_string();
                    if concerned.mentioned(&text) {
                        done.push(told(&text));
                    }
                }
                _ => {}
            }
        }
        let mut reasons = last(decided, REASONS_MAX);
        let room = REASONS_MAX - reasons.len();
        reasons.extend(last(done, room));
        reasons.sort();
        reasons
            .into_iter()
            .fold(fault, |fault, (_, reason)| fault.why(reason))
    }
}

fn last<T>(mut all: Vec<T>, count: usize) -> Vec<T> {
    all.split_off(all.len().saturating_sub(count))
}

/// Whose affair a failure is.
struct Concerned {
    users: Vec<Person>,
    apps: Vec<AppId>,
}

impl Concerned {
    /// Whether a decision explains anything about them. With users and apps given both must be meant: other people's
    /// affairs explain nothing.
    fn decision(&self, decision: &Decision) -> bool {
        if matches!(
            decision.code,
            DecisionCode::Receipt | DecisionCode::CallbackAnswered
        ) {
            return false;
        }
        let user = decision
            .user
            .is_some_and(|uid| self.users.iter().any(|person| person.uid == uid));
        let app = decision.app.is_some_and(|app| self.apps.contains(&app));
        match (self.users.is_empty(), self.apps.is_empty()) {
            (false, false) => user && (app || decision.app.is_none()),
            (false, true) => user,
            (true, _) => app,
        }
    }

    fn phone(&self, phone: Msisdn) -> bool {
        self.users.iter().any(|person| person.phone == phone)
    }

    fn mentioned(&self, text: &str) -> bool {
        self.users
            .iter()
            .any(|person| text.contains(&person.phone.to_string()))
    }
}
