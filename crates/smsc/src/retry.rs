//! When a text is tried again: [`RetryLadders`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cause::{Cause, Ladder};

/// The shortest wait between two attempts, whatever a ladder says, so that time passes between them.
const WAIT_MIN: Duration = Duration::from_millis(1);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// The waits between attempts, per kind of cause; the last one repeats until the text's validity ends.
///
/// The defaults follow the published schedules of message centres: absent 1 min, 5 min, 15 min, 1 h, 4 h, 12 h; memory
/// full 5 min, 30 min, 2 h, 8 h; busy 2 min; network 30 s, 1 min, 5 min, 15 min.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RetryLadders {
    /// After [`Cause::Absent`] and [`Cause::NoCoverage`].
    pub absent: Vec<Duration>,
    /// After [`Cause::MemoryFull`].
    pub memory_full: Vec<Duration>,
    /// After [`Cause::Busy`].
    pub busy: Vec<Duration>,
    /// After [`Cause::NoAnswer`] and [`Cause::SystemFailure`].
    pub no_answer: Vec<Duration>,
    /// After [`Cause::LinkDown`].
    pub link_down: Vec<Duration>,
}

impl Default for RetryLadders {
    fn default() -> Self {
        let network = vec![Duration::from_secs(30), MINUTE, 5 * MINUTE, 15 * MINUTE];
        Self {
            absent: vec![MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR],
            memory_full: vec![5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR],
            busy: vec![2 * MINUTE],
            no_answer: network.clone(),
            link_down: network,
        }
    }
}

impl RetryLadders {
    /// One ladder for every cause.
    pub fn uniform(waits: &[Duration]) -> Self {
        let waits = waits.to_vec();
        Self {
            absent: waits.clone(),
            memory_full: waits.clone(),
            busy: waits.clone(),
            no_answer: waits.clone(),
            link_down: waits,
        }
    }

    /// How long to wait after the `failures`-th failure (from 1) for that cause. None when the cause is permanent or
    /// its ladder is empty: then there is no further attempt.
    pub fn wait(&self, cause: Cause, failures: u32) -> Option<Duration> {
        let ladder = match cause.ladder()? {
            Ladder::Absent => &self.absent,
            Ladder::MemoryFull => &self.memory_full,
            Ladder::Busy => &self.busy,
            Ladder::NoAnswer => &self.no_answer,
            Ladder::LinkDown => &self.link_down,
        };
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        ladder
            .get(step)
            .or(ladder.last())
            .map(|wait| (*wait).max(WAIT_MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_climbed_and_its_last_step_repeats() {
        let ladders = RetryLadders::default();
        for (cause, failures, seconds) in [
            (Cause::Absent, 1, 60),
            (Cause::NoCoverage, 2, 300),
            (Cause::Absent, 6, 43_200),
            (Cause::Absent, 7, 43_200),
            (Cause::MemoryFull, 1, 300),
            (Cause::MemoryFull, 99, 28_800),
            (Cause::Busy, 5, 120),
            (Cause::NoAnswer, 1, 30),
            (Cause::LinkDown, 4, 900),
        ] {
            assert_eq!(
                ladders.wait(cause, failures),
                Some(Duration::from_secs(seconds)),
                "{cause:?} {failures}"
            );
        }
    }

    #[test]
    fn permanent_causes_and_empty_ladders_end_at_once_and_no_wait_is_nothing() {
        assert_eq!(RetryLadders::default().wait(Cause::UnknownSubscriber, 1), None);
        assert_eq!(RetryLadders::uniform(&[]).wait(Cause::Absent, 1), None);
        assert_eq!(
            RetryLadders::uniform(&[Duration::ZERO]).wait(Cause::Absent, 1),
            Some(WAIT_MIN)
        );
    }
}
