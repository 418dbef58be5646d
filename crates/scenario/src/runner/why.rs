//! Reasons: what the platform and the network decided, from their own records.

use sms::Timestamp;
use world::Event;

use crate::diagnostics::Diagnostic;
use crate::report::offset;
use crate::runner::Run;

/// Reasons that stand under a failure, at most; the last ones are the nearest.
const REASONS_MAX: usize = 4;

impl Run<'_, '_> {
    /// How long after the beginning of the test `at` is, as `+1m01.4s`.
    pub(super) fn offset(&self, at: Timestamp) -> String {
        offset(at.since(self.start))
    }

    /// The failure with what was decided about these actors since the last action; of the network, what it says about
    /// phones.
    pub(super) fn with_reasons(&self, fault: Diagnostic, actors: &[&str]) -> Diagnostic {
        let known = &self.stage.actors;
        let users: Vec<_> = actors.iter().filter_map(|name| known.users.get(*name)).collect();
        let apps: Vec<_> = actors.iter().filter_map(|name| known.apps.get(*name)).collect();
        let mut reasons = Vec::new();
        for record in self.stage.world.records_since(self.action_seq) {
            let reason = match &record.event {
                Event::Decision(decision) => {
                    let user = decision
                        .user
                        .is_some_and(|uid| users.iter().any(|person| person.uid == uid));
                    let app = decision.app.is_some_and(|app| apps.contains(&&app));
                    // With both given, both must be meant: other people's affairs explain nothing.
                    let meant = match (users.is_empty(), apps.is_empty()) {
                        (false, false) => user && (app || decision.app.is_none()),
                        (false, true) => user,
                        (true, _) => app,
                    };
                    meant.then(|| decision.text().to_owned())
                }
                Event::Smsc(event) => {
                    let text = event.to_string();
                    let phones = || users.iter().map(|person| person.phone.number().to_string());
                    phones().any(|phone| text.contains(&phone)).then_some(text)
                }
                Event::NotComposed { handset, why } => users
                    .iter()
                    .any(|person| person.phone == *handset)
                    .then(|| why.clone()),
                _ => None,
            };
            reasons.extend(reason.map(|reason| format!("{} {reason}", self.offset(record.at))));
        }
        let skipped = reasons.len().saturating_sub(REASONS_MAX);
        reasons.into_iter().skip(skipped).fold(fault, Diagnostic::why)
    }
}
