//! Steps tried out: what came of them, and what arrived that no line claims. `fill` and `--update` ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostics::Diagnostic;
use crate::runner::inbox::{Content, Item};
use crate::runner::stage::Stage;
use crate::runner::{Run, Runner};
use crate::syntax::{Spanned, Step};
use crate::world_config::world_fault;

/// Arrivals that a probe waits for, at most.
const ARRIVALS_MAX: usize = 1_000;

/// What came of some steps.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The step that failed, by its place, and how.
    pub failed: Option<(usize, Diagnostic)>,
    /// What the last call of the API returned: `ok`, or a number.
    pub returned: Option<String>,
    /// Of a failed arrival: what is next in that inbox.
    pub next: Option<Claimed>,
    /// What arrived after the steps, each within the world's patience of the one before.
    pub arrived: Vec<Claimed>,
}

/// Something that arrived, as a line would claim it.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    /// At whom.
    pub actor: String,
    /// Of a callback: whose text it is about.
    pub user: Option<String>,
    /// What arrived.
    pub content: Content,
    /// A capture that holds its session.
    pub session: Option<String>,
}

impl Runner {
    /// Plays steps in a new world, and, when all succeed, waits for what arrives at anyone but those in `passed_over`.
    ///
    /// # Errors
    ///
    /// When the world cannot be built.
    pub(crate) fn probe(
        &self,
        steps: &[Spanned<Step>],
        passed_over: &BTreeSet<String>,
    ) -> Result<Probe, Vec<Diagnostic>> {
        let declared = &self.declared.world;
        let stage = Stage::new(declared, declared.config.seed, None)
            .map_err(|error| vec![world_fault(&self.script, &error)])?;
        let path = self.script.path();
        let mut run = Run::new(Arc::clone(&self.script), path, declared.patience, stage);
        let mut probe = Probe {
            failed: None,
            returned: None,
            next: None,
            arrived: Vec::new(),
        };
        for (place, step) in steps.iter().enumerate() {
            run.returned = None;
            if let Err(fault) = run.step(step) {
                probe.failed = Some((place, *fault));
                if let Step::Arrival(arrival) = &step.node {
                    let name = run.actor(&arrival.actor);
                    probe.next = run.next_unclaimed(&name);
                }
                break;
            }
        }
        probe.returned = run.returned.take();
        if probe.failed.is_none() {
            probe.arrived = run.arrivals(passed_over);
        }
        Ok(probe)
    }
}

impl Run<'_> {
    /// What is next in that inbox, waiting for it as a line would.
    fn next_unclaimed(&mut self, name: &str) -> Option<Claimed> {
        let deadline = self.step_end + self.patience;
        loop {
            let inbox = self.stage.inboxes.get(name);
            if let Some((_, item)) = inbox.and_then(|inbox| inbox.unclaimed().next()) {
                return self.claimed(name, item);
            }
            if !self.stage.step_toward(deadline) {
                return None;
            }
        }
    }

    /// Claims everything that arrives, in its order, until nothing comes for as long as the world's patience.
    fn arrivals(&mut self, passed_over: &BTreeSet<String>) -> Vec<Claimed> {
        let mut found = Vec::new();
        let mut deadline = self.step_end + self.patience;
        while found.len() < ARRIVALS_MAX {
            let next = self.stage.inboxes.iter().filter(|(name, _)| {
                let app = self.stage.actors.apps.get(*name);
                let by_itself = app.is_some_and(|app| self.stage.acts_by_itself(*app));
                !by_itself && !self.ignored.contains(*name) && !passed_over.contains(*name)
            });
            let next = next
                .filter_map(|(name, inbox)| Some((inbox.unclaimed().next()?, name.clone())))
                .min_by_key(|((_, item), _)| item.seq)
                .map(|((place, item), name)| (place, item.clone(), name));
            let Some((place, item, name)) = next else {
                if self.stage.step_toward(deadline) {
                    continue;
                }
                return found;
            };
            deadline = deadline.max(item.at + self.patience);
            found.extend(self.claimed(&name, &item));
            if let Some(inbox) = self.stage.inboxes.get_mut(&name) {
                inbox.claim(place);
            }
        }
        found
    }

    fn claimed(&self, name: &str, item: &Item) -> Option<Claimed> {
        let (user, session) = match &item.content {
            Content::Text { .. } => (None, None),
            Content::Callback { user, session, .. } => (
                Some(self.stage.actors.user_name(*user)?.to_owned()),
                self.scope().session_name(*session).map(str::to_owned),
            ),
        };
        Some(Claimed {
            actor: name.to_owned(),
            user,
            content: item.content.clone(),
            session,
        })
    }
}
