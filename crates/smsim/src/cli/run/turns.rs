//! Who plays which tests, and what came of them: [`Turns`].

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use scenario::report::TestReport;

/// How often results are looked for: a player that had to say so of each would wake the thread that tells them for nothing.
pub const TELL_EVERY: Duration = Duration::from_millis(20);

/// Tests that a player takes at a time, at most. They follow each other, so that it mostly stays with one file.
const TURN_TESTS_MAX: usize = 32;
/// A player takes no more than one part in so many of its share of what is left: nobody is to wait long for the last one.
const TURN_SHARE: usize = 8;

/// What came of a test, and what is to be said beside it.
pub type Played = (TestReport, Vec<String>);

/// The tests by their number, given out to threads that play them, and the results on their way back.
pub struct Turns {
    tests: usize,
    players: usize,
    next: AtomicUsize,
    done: Mutex<Vec<(usize, Played)>>,
    /// Players that are not at their end.
    left: AtomicUsize,
    /// Set when results cannot be told any longer.
    pub untold: AtomicBool,
    /// Who made it, and tells the results.
    teller: Thread,
}

/// A player's presence, which ends when it is dropped, also where the player fails.
pub struct Present<'t>(&'t Turns);

impl Turns {
    /// So many tests for so many players; this thread is woken when all are gone.
    pub fn new(tests: usize, players: usize) -> Self {
        Self {
            tests,
            players,
            next: AtomicUsize::new(0),
            done: Mutex::default(),
            left: AtomicUsize::new(players),
            untold: AtomicBool::new(false),
            teller: std::thread::current(),
        }
    }

    /// To be kept for as long as a player plays.
    pub fn begin(&self) -> Present<'_> {
        Present(self)
    }

    /// The numbers of the tests that are next; none when all are given out.
    pub fn next(&self) -> Option<Range<usize>> {
        let left = self.tests.saturating_sub(self.next.load(Ordering::Relaxed));
        let count = (left / (self.players * TURN_SHARE)).clamp(1, TURN_TESTS_MAX);
        let begin = self.next.fetch_add(count, Ordering::Relaxed);
        (begin < self.tests).then(|| begin..self.tests.min(begin + count))
    }

    /// Hands in what came of a test.
    pub fn done(&self, test: usize, played: Played) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push((test, played));
    }

    /// What was handed in since the last time.
    pub fn take(&self) -> Vec<(usize, Played)> {
        std::mem::take(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether no player is left: nothing is handed in any more.
    pub fn is_over(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        if self.0.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.teller.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_has_its_turn_once_and_the_last_ones_come_singly() {
        for (tests, players) in [(0, 1), (1, 4), (5, 2), (177, 2), (10_000, 3)] {
            let turns = Turns::new(tests, players);
            let given: Vec<Range<usize>> = std::iter::from_fn(|| turns.next()).collect();
            assert!(given.iter().all(|turn| turn.len() <= TURN_TESTS_MAX));
            assert!(given.last().is_none_or(|turn| turn.len() == 1));
            let all: Vec<usize> = given.into_iter().flatten().collect();
            assert_eq!(all, (0..tests).collect::<Vec<_>>(), "{tests} for {players}");
        }
        let turns = Turns::new(100_000, 2);
        assert_eq!(turns.next(), Some(0..TURN_TESTS_MAX));
    }

    #[test]
    fn it_is_over_when_the_last_player_is_gone() {
        let turns = Turns::new(3, 2);
        let (one, other) = (turns.begin(), turns.begin());
        drop(one);
        assert!(!turns.is_over());
        drop(other);
        assert!(turns.is_over());
        assert!(turns.take().is_empty());
    }
}
