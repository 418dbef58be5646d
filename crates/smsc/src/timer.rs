//! What is due when: [`Timers`], with lazy deletion.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use smpp::LinkId;
use sms::{Msisdn, Timestamp};

use crate::port::AttemptId;

/// Something that is due at an instant.
///
/// The order of the variants is the order of what is due at the same instant: a text expires before its handset is
/// tried again, and leaves the queue before one that is scheduled for the same instant enters it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// What was asked for comes of a page that no handset hears.
    OutcomeDue { attempt: AttemptId },
    /// An answer that was held back is sent.
    LateAnswer { number: u64 },
    /// A message's validity ends.
    Expiry { slot: u32, number: u32 },
    /// A page was not answered.
    PageUnanswered { attempt: AttemptId },
    /// A scheduled message enters its queue.
    Scheduled { slot: u32, number: u32 },
    /// A handset is tried again.
    Retry { msisdn: Msisdn },
    /// A receipt that was held back is sent.
    LateReceipt { number: u64 },
    /// The first thing that waits for an account may have waited too long.
    Waiting { account: u16 },
    /// An account that something waits for may be called again.
    Outbind { account: u16 },
    /// A session's own timers.
    Session { link: LinkId },
    /// A link that asked for a pause is used again.
    Resume { link: LinkId },
    /// A link whose bind was refused, or whose unbind was not answered, is closed.
    Linger { link: LinkId },
    /// A broadcast is sent, or ends.
    Broadcast { number: u32 },
    /// An outage of a carrier begins or ends.
    Outage { carrier: u16 },
}

impl Timer {
    /// The place of its kind among those that are due at the same instant.
    const fn kind(&self) -> u8 {
        match self {
            Self::OutcomeDue { .. } => 0,
            Self::LateAnswer { .. } => 1,
            Self::Expiry { .. } => 2,
            Self::PageUnanswered { .. } => 3,
            Self::Scheduled { .. } => 4,
            Self::Retry { .. } => 5,
            Self::LateReceipt { .. } => 6,
            Self::Waiting { .. } => 7,
            Self::Outbind { .. } => 8,
            Self::Session { .. } => 9,
            Self::Resume { .. } => 10,
            Self::Linger { .. } => 11,
            Self::Broadcast { .. } => 12,
            Self::Outage { .. } => 13,
        }
    }
}

/// Timers in the order of their instants, then of their kind, then of their making.
#[derive(Default)]
pub(crate) struct Timers {
    heap: Heap,
    /// The ends of validities, days away, which would make the way of everything else through one heap long.
    expiries: Line,
    /// Patience with pages: nearly all of them are stale before they are due.
    pages: Line,
    made: u32,
    stale: usize,
    /// When the first of all is due.
    due_at: Option<Timestamp>,
}

type Heap = BinaryHeap<Reverse<Entry>>;

/// A timer that is set.
#[derive(Clone, Copy, Debug)]
struct Entry {
    due_at: Timestamp,
    /// Counts the timers that were set before it.
    made: u32,
    timer: Timer,
}

impl Entry {
    /// What entries are in the order of.
    fn order(&self) -> (Timestamp, u8, u32) {
        (self.due_at, self.timer.kind(), self.made)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

/// Timers of one kind, which are mostly set in the order in which they are due: those that are stand in a line, the others in
/// a heap.
#[derive(Default)]
struct Line {
    line: VecDeque<Entry>,
    heap: Heap,
}

impl Line {
    #[inline]
    fn push(&mut self, entry: Entry) {
        // One that was set later comes later at the same instant.
        if self.line.back().is_none_or(|last| last.due_at <= entry.due_at) {
            self.line.push_back(entry);
        } else {
            self.heap.push(Reverse(entry));
        }
    }

    fn first(&self) -> Option<&Entry> {
        sooner(self.line.front(), in_heap(&self.heap))
    }

    fn pop(&mut self) -> Option<Entry> {
        match (self.line.front(), in_heap(&self.heap)) {
            (Some(first), Some(entry)) if entry < first => self.heap.pop().map(|Reverse(entry)| entry),
            (None, _) => self.heap.pop().map(|Reverse(entry)| entry),
            (Some(_), _) => self.line.pop_front(),
        }
    }

    fn len(&self) -> usize {
        self.line.len() + self.heap.len()
    }

    /// Drops from the front what means nothing any more; gives how many that were.
    fn discard_stale(&mut self, is_live: impl Fn(Timestamp, &Timer) -> bool) -> usize {
        let before = self.len();
        let is_stale = |entry: &mut Entry| !is_live(entry.due_at, &entry.timer);
        while self.line.pop_front_if(is_stale).is_some() {}
        discard_stale(&mut self.heap, &is_live);
        before - self.len()
    }

    fn retain(&mut self, is_live: impl Fn(Timestamp, &Timer) -> bool) {
        self.line.retain(|entry| is_live(entry.due_at, &entry.timer));
        self.line.shrink_to(self.line.len() * 2);
        retain(&mut self.heap, is_live);
    }
}

fn in_heap(heap: &Heap) -> Option<&Entry> {
    heap.peek().map(|Reverse(entry)| entry)
}

fn sooner<'e>(one: Option<&'e Entry>, other: Option<&'e Entry>) -> Option<&'e Entry> {
    match (one, other) {
        (Some(first), Some(second)) if second < first => other,
        (Some(_), _) => one,
        (None, _) => other,
    }
}

fn discard_stale(heap: &mut Heap, is_live: impl Fn(Timestamp, &Timer) -> bool) {
    while in_heap(heap).is_some_and(|entry| !is_live(entry.due_at, &entry.timer)) {
        heap.pop();
    }
}

fn retain(heap: &mut Heap, is_live: impl Fn(Timestamp, &Timer) -> bool) {
    heap.retain(|Reverse(entry)| is_live(entry.due_at, &entry.timer));
    heap.shrink_to(heap.len() * 2);
}

/// The heap is swept when more entries than this are stale, and they are the majority.
const STALE_MIN: usize = 1_024;

impl Timers {
    /// Sets a timer.
    pub fn set(&mut self, due_at: Timestamp, timer: Timer) {
        self.made = self.made.wrapping_add(1);
        let entry = Entry {
            due_at,
            made: self.made,
            timer,
        };
        self.due_at = Some(self.due_at.map_or(due_at, |first| first.min(due_at)));
        match timer {
            Timer::Expiry { .. } => self.expiries.push(entry),
            Timer::PageUnanswered { .. } => self.pages.push(entry),
            _ => self.heap.push(Reverse(entry)),
        }
    }

    /// Counts one timer that means nothing any more; the owner sweeps when [`Timers::wants_sweep`] says so.
    pub fn forget(&mut self) {
        self.stale += 1;
    }

    /// Whether most of the heap is stale.
    pub fn wants_sweep(&self) -> bool {
        self.stale > STALE_MIN && self.stale * 2 > self.len()
    }

    /// Keeps only the timers that are live.
    pub fn sweep(&mut self, is_live: impl Fn(Timestamp, &Timer) -> bool) {
        self.expiries.retain(&is_live);
        self.pages.retain(&is_live);
        retain(&mut self.heap, is_live);
        self.stale = 0;
        self.due_at = self.first_entry().map(|entry| entry.due_at);
    }

    /// Drops from the front of every line and heap what means nothing any more, so that the first timer is live.
    pub fn discard_stale(&mut self, is_live: impl Fn(Timestamp, &Timer) -> bool) {
        let before = self.heap.len();
        discard_stale(&mut self.heap, &is_live);
        let discarded = before - self.heap.len()
            + self.expiries.discard_stale(&is_live)
            + self.pages.discard_stale(&is_live);
        self.stale = self.stale.saturating_sub(discarded);
        self.due_at = self.first_entry().map(|entry| entry.due_at);
    }

    /// When the first timer is due.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    fn first_entry(&self) -> Option<&Entry> {
        sooner(
            in_heap(&self.heap),
            sooner(self.pages.first(), self.expiries.first()),
        )
    }

    /// Takes the first timer if it is due.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Timer> {
        if self.due_at? > now {
            return None;
        }
        self.take_first()
    }

    /// Takes the first timer.
    pub fn take_first(&mut self) -> Option<Timer> {
        let entry = match self.first_entry()?.timer {
            Timer::Expiry { .. } => self.expiries.pop(),
            Timer::PageUnanswered { .. } => self.pages.pop(),
            _ => self.heap.pop().map(|Reverse(entry)| entry),
        };
        self.due_at = self.first_entry().map(|entry| entry.due_at);
        entry.map(|entry| entry.timer)
    }

    /// How many timers there are, stale ones included.
    pub fn len(&self) -> usize {
        self.heap.len() + self.expiries.len() + self.pages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_by_instant_then_kind_then_order() {
        let mut timers = Timers::default();
        let (early, late) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
        let retry = Timer::Retry {
            msisdn: Msisdn::new(14_155_550_101).expect("a number"),
        };
        let expiry = Timer::Expiry { slot: 9, number: 9 };
        let session = Timer::Session { link: LinkId(1) };
        timers.set(late, session);
        timers.set(late, retry);
        timers.set(late, expiry);
        timers.set(early, session);
        assert_eq!(timers.due_at(), Some(early));
        assert_eq!(timers.take_due(early), Some(session));
        assert_eq!(timers.take_due(early), None);
        assert_eq!(timers.take_due(late), Some(expiry));
        assert_eq!(timers.take_due(late), Some(retry));
        assert_eq!(timers.take_due(late), Some(session));
        assert_eq!(timers.take_due(late), None);
    }

    #[test]
    fn a_sweep_keeps_what_is_live() {
        let mut timers = Timers::default();
        let total = 2 * u32::try_from(STALE_MIN).expect("small") + 2;
        for number in 0..total {
            timers.set(
                Timestamp::from_secs(i64::from(number)),
                Timer::Expiry { slot: number, number },
            );
        }
        for _ in 0..=STALE_MIN {
            assert!(!timers.wants_sweep());
            timers.forget();
        }
        assert!(!timers.wants_sweep());
        timers.forget();
        assert!(timers.wants_sweep());
        timers.sweep(|_, timer| matches!(timer, Timer::Expiry { number, .. } if number % 2 == 0));
        assert_eq!(timers.len(), STALE_MIN + 1);
        assert!(!timers.wants_sweep());
    }
}
