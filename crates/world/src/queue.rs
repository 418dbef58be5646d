//! What will happen when: [`Queue`], ordered by due time and, within an instant, by the order of scheduling.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sms::{NumberSlab, Timestamp};

/// The empty instants whose memory is kept for later ones.
const SPARE_MAX: usize = 64;

/// A queue of hops. What is due at the same instant comes out in the order in which it was put in.
#[derive(Debug)]
pub struct Queue<T> {
    /// The instants at which something is due later, each once.
    instants: BinaryHeap<Reverse<Timestamp>>,
    /// What is due at each: the texts of one read have one latency, most often, and so one instant, which is found again at
    /// once.
    later: NumberSlab<Instant, VecDeque<T>>,
    later_len: usize,
    /// Due at the instant that is being played; saves the many hops that take no time a way through the instants.
    at_once: VecDeque<T>,
    /// Everything of [`Queue::later`] is due after this.
    brought_until: Timestamp,
    spare: Vec<VecDeque<T>>,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self {
            instants: BinaryHeap::new(),
            later: NumberSlab::default(),
            later_len: 0,
            at_once: VecDeque::new(),
            brought_until: Timestamp::EPOCH,
            spare: Vec::new(),
        }
    }

    /// Schedules `hop` for `due`; for this very instant when `due` is not after `now`.
    pub fn schedule(&mut self, now: Timestamp, due: Timestamp, hop: T) {
        if due <= now {
            self.at_once.push_back(hop);
            return;
        }
        match self.later.get_mut(Instant(due)) {
            Some(hops) => hops.push_back(hop),
            None => {
                let mut hops = self.spare.pop().unwrap_or_default();
                hops.push_back(hop);
                self.later.insert(Instant(due), hops);
                self.instants.push(Reverse(due));
            }
        }
        self.later_len += 1;
        self.brought_until = self.brought_until.min(now);
    }

    /// The next hop of the instant `now`, which nothing earlier may be waiting before.
    pub fn take(&mut self, now: Timestamp) -> Option<T> {
        if self.brought_until < now {
            self.bring(now);
        }
        self.at_once.pop_front()
    }

    /// What is due at the instant that is being played, in order.
    pub fn at_once(&self) -> impl Iterator<Item = &T> {
        self.at_once.iter()
    }

    /// The next hop of the instant `now`, if it is `wanted`.
    pub fn take_if(&mut self, now: Timestamp, wanted: impl Fn(&T) -> bool) -> Option<T> {
        if self.brought_until < now {
            self.bring(now);
        }
        self.at_once.pop_front_if(|hop| wanted(hop))
    }

    /// Brings what was scheduled for this instant before it came. It goes ahead of what the instant itself has brought
    /// forth, so that a hop never overtakes one that was put in earlier.
    fn bring(&mut self, now: Timestamp) {
        self.brought_until = now;
        let brought_forth = self.at_once.len();
        while let Some(due) = self.first_later().filter(|due| *due <= now) {
            self.instants.pop();
            let mut hops = self.later.remove(Instant(due)).unwrap_or_default();
            self.later_len -= hops.len();
            if self.at_once.is_empty() {
                std::mem::swap(&mut self.at_once, &mut hops);
            } else {
                self.at_once.append(&mut hops);
            }
            if self.spare.len() < SPARE_MAX {
                self.spare.push(hops);
            }
        }
        self.at_once.rotate_left(brought_forth);
    }

    /// Whether nothing is due at once.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.at_once.is_empty() && self.first_later().is_none_or(|due| due > now)
    }

    /// When the next hop is due; `now` or earlier when something is due at once.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.at_once.is_empty() {
            self.first_later()
        } else {
            Some(now)
        }
    }

    /// The next hop, and when it is due; `now` when at once.
    pub fn peek(&self, now: Timestamp) -> Option<(Timestamp, &T)> {
        if let Some(hop) = self.at_once.front() {
            return Some((now, hop));
        }
        let due = self.first_later()?;
        Some((due, self.later.get(Instant(due))?.front()?))
    }

    /// When the next of the hops that `wanted` is about is due; `now` or earlier when one is due at once. Looks at all hops.
    pub fn next_due_of(&self, now: Timestamp, wanted: impl Fn(&T) -> bool) -> Option<Timestamp> {
        if self.at_once.iter().any(&wanted) {
            return Some(now);
        }
        let later = self.instants.iter().map(|Reverse(due)| *due);
        later
            .filter(|due| {
                self.later
                    .get(Instant(*due))
                    .is_some_and(|hops| hops.iter().any(&wanted))
            })
            .min()
    }

    fn first_later(&self) -> Option<Timestamp> {
        self.instants.peek().map(|Reverse(due)| *due)
    }

    /// Moves everything that is due at once to `due`, in order.
    pub fn postpone(&mut self, now: Timestamp, due: Timestamp) {
        for hop in std::mem::take(&mut self.at_once) {
            self.schedule(now, due, hop);
        }
    }

    /// The number of hops that wait.
    pub fn len(&self) -> usize {
        self.later_len + self.at_once.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A [`Timestamp`] as the number that it is found by.
#[derive(Clone, Copy)]
struct Instant(Timestamp);

impl From<Instant> for u64 {
    fn from(Instant(at): Instant) -> Self {
        at.as_micros().cast_unsigned()
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::EPOCH;
    const T1: Timestamp = Timestamp::from_secs(1);
    const T2: Timestamp = Timestamp::from_secs(2);

    #[test]
    fn ties_come_out_in_the_order_of_scheduling() {
        let mut queue = Queue::new();
        queue.schedule(T0, T2, "d");
        queue.schedule(T0, T1, "a");
        queue.schedule(T0, T1, "b");
        queue.schedule(T1, T1, "c");
        assert_eq!(queue.next_due_of(T0, |hop| *hop == "d"), Some(T2));
        assert_eq!(queue.next_due_of(T0, |hop| *hop == "c"), Some(T0));
        assert_eq!(queue.next_due_of(T0, |hop| *hop == "e"), None);
        assert_eq!(queue.take_if(T1, |hop| *hop == "b"), None);
        assert_eq!(queue.take_if(T1, |hop| *hop == "a"), Some("a"));
        let order: Vec<&str> = std::iter::from_fn(|| queue.take(T1)).collect();
        assert_eq!(order, ["b", "c"]);
        assert_eq!(queue.next_due(T1), Some(T2));
        assert!(queue.is_idle(T1) && !queue.is_idle(T2));
        assert_eq!(queue.take(T2), Some("d"));
        assert!(queue.is_empty());
    }

    #[test]
    fn what_an_instant_brings_forth_comes_after_what_was_due_before() {
        let mut queue = Queue::new();
        queue.schedule(T0, T1, "first");
        queue.schedule(T0, T1, "second");
        assert_eq!(queue.take(T1), Some("first"));
        queue.schedule(T1, T1, "brought forth by first");
        assert_eq!(queue.take(T1), Some("second"));
        assert_eq!(queue.take(T1), Some("brought forth by first"));
        assert_eq!(queue.take(T1), None);
    }

    #[test]
    fn an_instant_that_is_over_may_come_again() {
        let mut queue = Queue::new();
        queue.schedule(T0, T2, "c");
        assert_eq!(queue.take(T1), None);
        queue.schedule(T0, T1, "b");
        queue.schedule(T1, T1, "d");
        assert_eq!(queue.len(), 3);
        let order: Vec<&str> = std::iter::from_fn(|| queue.take(T1)).collect();
        assert_eq!(order, ["b", "d"]);
        assert_eq!((queue.take(T2), queue.len()), (Some("c"), 0));
    }

    #[test]
    fn postponed_hops_keep_their_order() {
        let mut queue = Queue::new();
        queue.schedule(T1, T1, 1);
        queue.schedule(T1, T1, 2);
        queue.postpone(T1, T2);
        assert_eq!(queue.next_due(T1), Some(T2));
        assert_eq!(
            [queue.take(T2), queue.take(T2), queue.take(T2)],
            [Some(1), Some(2), None]
        );
    }
}
