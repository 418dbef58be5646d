//! What a test forgets while it goes on, so that a long one takes no more memory than a short one.
//!
//! Reasons (`why:`), lanes and traces are made of the world's records, whose ring has a limit of its own. What is kept here is
//! only for lines that are still to come.

use std::collections::BTreeSet;

use platform::SubmissionId;

use crate::runner::Run;
use crate::runner::scope::Bound;
use crate::runner::stage::Receipt;

/// Receipts that are kept though no capture holds their text, at most: a line that names its text later may still be about
/// them.
const RECEIPTS_KEPT_MAX: usize = 20_000;
/// Events of the runner's own that are kept for the lanes, at most: no report shows as many.
const LANE_EVENTS_KEPT_MAX: usize = 10_000;
/// What an actor has got, or an app has said by itself, without a line about it, where none has to be: the last ones that a
/// line may still claim.
const UNCLAIMED_KEPT_MAX: usize = 50_000;
/// Records between two looks at what can be forgotten.
const RECORDS_BETWEEN: u64 = 10_000;

impl Run<'_> {
    /// Drops, after a step, what no line can be about any more. It costs nothing while little has happened.
    pub(super) fn forget_past(&mut self) {
        let next_record = self.stage.world.next_record();
        if self.keeps_past || next_record < self.forgets_from {
            return;
        }
        self.forgets_from = next_record + RECORDS_BETWEEN;
        self.lanes.shorten(LANE_EVENTS_KEPT_MAX);
        self.forget_pdus();
        self.forget_receipts();
        self.forget_unclaimed();
    }

    /// Drops the texts of an app that acts by itself up to the first that no line has claimed.
    pub(super) fn forget_said(&mut self, app: &str) {
        if self.keeps_past {
            return;
        }
        let said = self.stage.said.get_mut(app);
        if let Some(said) = said {
            while let Some(first) = said.pop_front_if(|said| said.claimed && said.reply.is_some()) {
                self.stage.stub_calls.remove(&first.call);
            }
        }
    }

    /// Drops what was matched of the PDUs that have left the ring.
    fn forget_pdus(&mut self) {
        let oldest = self.stage.world.records_since(0).next().map(|record| record.seq);
        self.pdus_matched = self.pdus_matched.split_off(&oldest.unwrap_or_default());
    }

    /// Drops the oldest of what nobody has to claim.
    fn forget_unclaimed(&mut self) {
        let apps = self.stage.actors.apps.iter();
        let by_themselves = apps.filter(|(_, app)| self.stage.acts_by_itself(**app));
        let names: Vec<String> = by_themselves
            .map(|(name, _)| name)
            .chain(&self.ignored)
            .cloned()
            .collect();
        for name in &names {
            if let Some(inbox) = self.stage.inboxes.get_mut(name) {
                inbox.shorten(UNCLAIMED_KEPT_MAX);
            }
            while let Some(said) = self.stage.said.get_mut(name)
                && said.len() > UNCLAIMED_KEPT_MAX
                && let Some(first) = said.pop_front_if(|said| said.reply.is_some())
            {
                self.stage.stub_calls.remove(&first.call);
            }
        }
    }

    /// Keeps the receipts of texts that captures hold, and the last ones.
    fn forget_receipts(&mut self) {
        if self.stage.receipts.len() <= RECEIPTS_KEPT_MAX {
            return;
        }
        let held: BTreeSet<_> = self
            .scopes
            .iter()
            .flat_map(|scope| scope.bound())
            .filter_map(|bound| match bound {
                Bound::Submission(submission) => Some(*submission),
                _ => None,
            })
            .collect();
        let receipts = std::mem::take(&mut self.stage.receipts);
        self.stage.receipts = shortened(receipts, &held);
    }
}

/// The receipts of the texts in `held`, and the last ones.
fn shortened(mut receipts: Vec<Receipt>, held: &BTreeSet<SubmissionId>) -> Vec<Receipt> {
    let mut left = receipts.len();
    receipts.retain(|receipt| {
        left -= 1;
        left < RECEIPTS_KEPT_MAX || held.contains(&receipt.submission)
    });
    receipts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::runner::stage::Stage;
    use crate::world_config::world_config;
    use crate::{Sources, load};

    /// The run of a test, played to its end.
    fn played(text: &str, look: impl FnOnce(&Run<'_>)) {
        let mut sources = Sources::new();
        sources.insert("a.sms", text);
        let script = load(&sources, "a.sms").expect("a script");
        let declared = world_config(&script).expect("a world");
        let stage = Stage::new(&declared, 1, None).expect("a world");
        let mut run = Run::new(Arc::new(script.clone()), "a.sms", declared.patience, stage);
        let test = script.tests().next().expect("a test");
        run.steps(&test.steps).expect("it passes");
        look(&run);
    }

    const HEAD: &str = "world app_daily_pool_per_user 1000000\ncarrier att, latency 1ms\n\
         user alice +14155550101 on att, apps news\n";

    #[test]
    fn what_a_line_has_claimed_is_not_kept() {
        let text = format!(
            "{HEAD}app news \"News\"\n\ntest \"a\":\n  repeat 500:\n    news > alice \"Hi\", as $m\n    alice < \"Hi\"\n"
        );
        played(&text, |run| {
            let inbox = &run.stage.inboxes["alice"];
            assert_eq!(inbox.since(0).count(), 0);
            assert!(run.stage.said.is_empty() && run.stage.stub_calls.is_empty());
        });
    }

    #[test]
    fn unclaimed_items_before_a_claimed_one_stay() {
        let text = format!(
            "{HEAD}app news \"News\"\n\ntest \"a\":\n  news > alice \"one\"\n  news > alice \"two\"\n  \
             news > alice \"three\"\n  any order:\n    alice < \"two\"\n  alice < \"one\"\n  wait 5s\n"
        );
        played(&text, |run| {
            run.stage.inboxes["alice"].since(0).for_each(|item| {
                assert_eq!((item.content.text(), item.claimed), ("three", false));
            });
            assert_eq!(run.stage.inboxes["alice"].since(0).count(), 1);
        });
    }

    #[test]
    fn receipts_have_a_limit_and_those_of_captures_stay() {
        let text = format!(
            "{HEAD}app news \"News\"\n\ntest \"a\":\n  news > alice \"Hi\", as $m\n  alice < \"Hi\"\n  wait 5s\n"
        );
        played(&text, |run| {
            let mut held = run.stage.receipts.clone();
            assert_eq!(held.len(), 1);
            let others = |n: u64| Receipt {
                submission: SubmissionId(1_000_000 + n),
                ..held[0]
            };
            let many: Vec<_> = (0..RECEIPTS_KEPT_MAX as u64 + 5).map(others).collect();
            held.extend(many);
            let of_capture = held[0].submission;
            let kept = shortened(held, &BTreeSet::from([of_capture]));
            assert_eq!(kept.len(), RECEIPTS_KEPT_MAX + 1);
            assert_eq!(kept[0].submission, of_capture);
            assert_eq!(kept[1].submission.0, 1_000_005);
        });
    }
}
