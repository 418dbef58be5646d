//! What will happen when: [`Queue`], ordered by due time and, within an instant, by the order of scheduling.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sms::Timestamp;

/// A queue of hops. What is due at the same instant comes out in the order in which it was put in.
#[derive(Debug)]
pub struct Queue<T> {
    /// The order of what is due later. A hop is large, and a heap moves its entries about: the hops stay in their places.
    later: BinaryHeap<Reverse<Entry>>,
    places: Vec<Option<T>>,
    free: Vec<u32>,
    /// Due at the instant that is being played; saves the heap the many hops that take no time.
    at_once: VecDeque<T>,
    next_seq: u64,
}

/// Ordered by its fields: `seq` is used once only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    due: Timestamp,
    seq: u64,
    place: u32,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self {
            later: BinaryHeap::new(),
            places: Vec::new(),
            free: Vec::new(),
            at_once: VecDeque::new(),
            next_seq: 0,
        }
    }

    /// Schedules `hop` for `due`; for this very instant when `due` is not after `now`.
    pub fn schedule(&mut self, now: Timestamp, due: Timestamp, hop: T) {
        if due <= now {
            self.at_once.push_back(hop);
        } else {
            let place = self.keep(hop);
            self.later.push(Reverse(Entry {
                due,
                seq: self.next_seq,
                place,
            }));
            self.next_seq += 1;
        }
    }

    /// The next hop of the instant `now`, which nothing earlier may be waiting before.
    pub fn take(&mut self, now: Timestamp) -> Option<T> {
        // What was scheduled for this instant before it came goes ahead of what the instant itself has brought forth,
        // so that a hop never overtakes one that was put in earlier.
        if self.at_once.is_empty() || self.later.peek().is_some_and(|Reverse(entry)| entry.due <= now) {
            let brought_forth = self.at_once.len();
            while let Some(Reverse(entry)) = self
                .later
                .peek()
                .copied()
                .filter(|Reverse(entry)| entry.due <= now)
            {
                self.later.pop();
                self.free.push(entry.place);
                self.at_once.extend(self.places[entry.place as usize].take());
            }
            self.at_once.rotate_left(brought_forth);
        }
        self.at_once.pop_front()
    }

    fn keep(&mut self, hop: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(hop);
            return place;
        }
        let place = u32::try_from(self.places.len()).expect("memory ends before four billion hops");
        self.places.push(Some(hop));
        place
    }

    /// When the next hop is due; `now` or earlier when something is due at once.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.at_once.is_empty() {
            self.later.peek().map(|Reverse(entry)| entry.due)
        } else {
            Some(now)
        }
    }

    /// When the next of the hops that `wanted` is about is due; `now` or earlier when one is due at once. Looks at all hops.
    pub fn next_due_of(&self, now: Timestamp, wanted: impl Fn(&T) -> bool) -> Option<Timestamp> {
        if self.at_once.iter().any(&wanted) {
            return Some(now);
        }
        let later = self
            .later
            .iter()
            .filter(|Reverse(entry)| self.places[entry.place as usize].as_ref().is_some_and(&wanted));
        later.map(|Reverse(entry)| entry.due).min()
    }

    /// Moves everything that is due at once to `due`, in order.
    pub fn postpone(&mut self, now: Timestamp, due: Timestamp) {
        for hop in std::mem::take(&mut self.at_once) {
            self.schedule(now, due, hop);
        }
    }

    /// The number of hops that wait.
    pub fn len(&self) -> usize {
        self.later.len() + self.at_once.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
        let order: Vec<&str> = std::iter::from_fn(|| queue.take(T1)).collect();
        assert_eq!(order, ["a", "b", "c"]);
        assert_eq!(queue.next_due(T1), Some(T2));
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
