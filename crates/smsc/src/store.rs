//! What waits: [`Store`], the messages with a queue for each handset.

use std::collections::{BTreeMap, BTreeSet};

use sms::{Msisdn, NumberRun, NumberSlab, Timestamp};

use crate::message::{Message, NONE};
use crate::port::AttemptId;
use crate::slots::Slots;

/// Which message: its number, and its place in a `submit_multi`.
pub(crate) type Key = (u32, u16);

/// The texts for one handset, in the order of their submission; one of them at most is in the air.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// The first.
    pub head: u32,
    tail: u32,
    /// How many.
    pub len: u32,
    /// What the first waits for.
    pub wait: Wait,
}

/// What a queue waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// Nothing: its first text is to be tried.
    Nothing,
    /// The answer to a page.
    Page {
        /// The page.
        attempt: AttemptId,
        /// Whether the handset became reachable since: if the page fails, the next follows at once.
        available: bool,
    },
    /// An instant. [`crate::timer::Timer::Retry`] is set for it; every other one is stale.
    Retry(Timestamp),
}

impl Queue {
    /// Whether it is empty and has nothing in the air.
    const fn is_idle(&self) -> bool {
        self.len == 0 && self.paging().is_none()
    }

    /// The page that is in the air.
    pub const fn paging(&self) -> Option<AttemptId> {
        match self.wait {
            Wait::Page { attempt, .. } => Some(attempt),
            Wait::Nothing | Wait::Retry(_) => None,
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            head: NONE,
            tail: NONE,
            len: 0,
            wait: Wait::Nothing,
        }
    }
}

/// Where a queue stood once, and most often still stands.
#[derive(Clone, Copy)]
pub(crate) struct QueuePlace(u32);

/// Beyond so many queues, one that is idle is dropped.
const IDLE_QUEUES_MAX: usize = 16 * 1024;

/// Every message that is not final, found by slot, by number and by handset without a search.
#[derive(Default)]
pub(crate) struct Store {
    slots: Slots<Message>,
    /// By number: the slot of the first or only destination.
    by_number: NumberRun<u64, u32>,
    /// The slots of the other destinations of a `submit_multi`.
    others: BTreeMap<Key, u32>,
    queues: NumberSlab<Msisdn, Queue>,
    /// The messages that have just come, and go on to their queues when they are answered.
    arriving: Vec<u32>,
    /// The messages that wait until they are put into their queues.
    unqueued: BTreeSet<(Msisdn, u32)>,
    /// Per carrier, how many messages there are.
    held: Vec<usize>,
    last_number: u32,
}

impl Store {
    /// A number that no message in the store has.
    pub fn next_number(&mut self) -> u32 {
        loop {
            self.last_number = self.last_number.checked_add(1).unwrap_or(1);
            let number = self.last_number;
            let is_free = !self.by_number.contains(number.into());
            if is_free && (self.others.is_empty() || self.slots_of(number).next().is_none()) {
                return number;
            }
        }
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.by_number.len() + self.others.len()
    }

    /// How many messages there are for a carrier's subscribers.
    pub fn held(&self, carrier: u16) -> usize {
        self.held.get(usize::from(carrier)).copied().unwrap_or(0)
    }

    /// Takes a message in, outside its handset's queue.
    pub fn insert(&mut self, message: Message) -> u32 {
        let (key, msisdn) = ((message.id.number, message.member), message.to.msisdn);
        let waits = message.scheduled_at > message.submitted_at;
        *self.held_mut(message.carrier) += 1;
        let slot = self.slots.insert(message);
        if waits {
            self.unqueued.insert((msisdn, slot));
        } else {
            self.arriving.push(slot);
        }
        let before = match key {
            (number, 0) => self.by_number.insert(number.into(), slot),
            _ => self.others.insert(key, slot),
        };
        assert!(before.is_none(), "a number is given once");
        slot
    }

    /// The message in a slot, which the caller knows to be occupied.
    pub fn message(&self, slot: u32) -> &Message {
        self.slots.get(slot).expect("the slot is occupied")
    }

    /// The same, to be changed.
    pub fn message_mut(&mut self, slot: u32) -> &mut Message {
        self.slots.get_mut(slot).expect("the slot is occupied")
    }

    /// Whether the slot still holds the message with that number.
    pub fn holds(&self, slot: u32, number: u32) -> bool {
        self.slots
            .get(slot)
            .is_some_and(|message| message.id.number == number)
    }

    /// The slots of the messages with that number.
    pub fn slots_of(&self, number: u32) -> impl Iterator<Item = u32> {
        let others = (!self.others.is_empty()).then(|| self.others.range((number, 0)..=(number, u16::MAX)));
        let first = self.by_number.get(number.into()).copied();
        let others = others.into_iter().flatten().map(|(_, slot)| *slot);
        first.into_iter().chain(others)
    }

    /// Puts a message at the end of its handset's queue.
    pub fn enqueue(&mut self, slot: u32) -> &mut Queue {
        let msisdn = self.message(slot).to.msisdn;
        self.leave_unqueued(msisdn, slot);
        let Self { slots, queues, .. } = self;
        let mut in_slot = |slot: u32, change: &dyn Fn(&mut Message)| {
            change(slots.get_mut(slot).expect("the slot is occupied"));
        };
        let queue = queues.get_or_default(msisdn);
        let tail = std::mem::replace(&mut queue.tail, slot);
        queue.len += 1;
        if tail == NONE {
            queue.head = slot;
        } else {
            in_slot(tail, &|before| before.next = slot);
        }
        in_slot(slot, &|message| {
            message.previous = tail;
            message.next = NONE;
            message.queued = true;
        });
        queue
    }

    /// Takes a message out, from its queue too if it is in one.
    pub fn remove(&mut self, slot: u32) -> Message {
        let message = self.slots.take(slot).expect("the slot is occupied");
        match (message.id.number, message.member) {
            (number, 0) => self.by_number.remove(number.into()),
            key => self.others.remove(&key),
        };
        *self.held_mut(message.carrier) -= 1;
        if message.queued {
            self.unlink(&message);
        } else {
            self.leave_unqueued(message.to.msisdn, slot);
        }
        message
    }

    fn leave_unqueued(&mut self, msisdn: Msisdn, slot: u32) {
        // Those that arrived last go on first, but for the destinations of a `submit_multi`.
        if self.arriving.pop_if(|last| *last == slot).is_some() {
            return;
        }
        match self.arriving.iter().rposition(|arriving| *arriving == slot) {
            Some(place) => {
                self.arriving.remove(place);
            }
            None => {
                self.unqueued.remove(&(msisdn, slot));
            }
        }
    }

    /// Takes a message out of its handset's queue, to wait until it is put in again.
    pub fn dequeue(&mut self, slot: u32) {
        let message = self.message_mut(slot);
        message.queued = false;
        let message = message.clone();
        self.unqueued.insert((message.to.msisdn, slot));
        self.unlink(&message);
    }

    fn unlink(&mut self, message: &Message) {
        let (previous, next) = (message.previous, message.next);
        if previous != NONE {
            self.message_mut(previous).next = next;
        }
        if next != NONE {
            self.message_mut(next).previous = previous;
        }
        let msisdn = message.to.msisdn;
        let queue = self.queues.get_mut(msisdn).expect("a queued message has a queue");
        if previous == NONE {
            queue.head = next;
        }
        if next == NONE {
            queue.tail = previous;
        }
        queue.len -= 1;
        self.drop_if_idle(msisdn);
    }

    /// Drops a queue that is empty and has nothing in the air, unless there are few: the handset may get the next text soon.
    pub fn drop_if_idle(&mut self, msisdn: Msisdn) {
        let few = self.queues.len() <= IDLE_QUEUES_MAX;
        match self.queues.get_mut(msisdn) {
            Some(queue) if queue.is_idle() && few => queue.wait = Wait::Nothing,
            Some(queue) if queue.is_idle() => {
                self.queues.remove(msisdn);
            }
            Some(_) | None => {}
        }
    }

    /// A handset's queue, if anything waits for it or is in the air.
    pub fn queue(&self, msisdn: Msisdn) -> Option<&Queue> {
        self.queues.get(msisdn).filter(|queue| !queue.is_idle())
    }

    /// Where the queue stands that was looked for last, to be changed.
    pub fn place_of_last_queue(&self) -> QueuePlace {
        QueuePlace(self.queues.last_place() as u32)
    }

    /// Has the next queue looked for in that place first.
    pub fn expect_queue_at(&mut self, QueuePlace(place): QueuePlace) {
        self.queues.look_first_at(place as usize);
    }

    /// The same, to be changed.
    pub fn queue_mut(&mut self, msisdn: Msisdn) -> Option<&mut Queue> {
        self.queues.get_mut(msisdn)
    }

    /// The handsets of a carrier that texts wait for and that are not being paged, the one first whose first text is
    /// oldest.
    pub fn waiting_handsets(&self, carrier: u16) -> Vec<Msisdn> {
        let mut waiting: Vec<(Timestamp, u32, Msisdn)> = Vec::new();
        for (_, queue) in self.queues.sorted() {
            if queue.paging().is_none() && queue.head != NONE {
                let head = self.message(queue.head);
                if head.carrier == carrier {
                    waiting.push((head.submitted_at, head.id.number, head.to.msisdn));
                }
            }
        }
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, _, msisdn)| msisdn).collect()
    }

    /// The slots of the messages that wait for a handset, in order.
    pub fn queued(&self, msisdn: Msisdn) -> impl Iterator<Item = u32> {
        let head = self.queues.get(msisdn).map_or(NONE, |queue| queue.head);
        std::iter::successors((head != NONE).then_some(head), |slot| {
            let next = self.message(*slot).next;
            (next != NONE).then_some(next)
        })
    }

    /// The same, the last first.
    pub fn queued_last_first(&self, msisdn: Msisdn) -> impl Iterator<Item = u32> {
        let tail = self.queues.get(msisdn).map_or(NONE, |queue| queue.tail);
        std::iter::successors((tail != NONE).then_some(tail), |slot| {
            let previous = self.message(*slot).previous;
            (previous != NONE).then_some(previous)
        })
    }

    /// The slots of all messages for a handset: those in its queue in order, then those that are in it not yet.
    pub fn all_for(&self, msisdn: Msisdn) -> impl Iterator<Item = u32> {
        let unqueued = self
            .unqueued
            .range((msisdn, 0)..=(msisdn, NONE))
            .map(|(_, slot)| *slot);
        let arriving = self.arriving.iter().copied();
        let arriving = arriving.filter(move |slot| self.message(*slot).to.msisdn == msisdn);
        self.queued(msisdn).chain(arriving).chain(unqueued)
    }

    /// Says that a message's handset has another carrier.
    pub fn move_to(&mut self, slot: u32, carrier: u16) {
        let before = std::mem::replace(&mut self.message_mut(slot).carrier, carrier);
        *self.held_mut(before) -= 1;
        *self.held_mut(carrier) += 1;
    }

    fn held_mut(&mut self, carrier: u16) -> &mut usize {
        let index = usize::from(carrier);
        if self.held.len() <= index {
            self.held.resize(index + 1, 0);
        }
        &mut self.held[index]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use smpp::LinkId;
    use sms::{Address, Npi, Segment, Ton};

    use super::*;
    use crate::carrier::Carrier;
    use crate::message::{Body, Destination, ServiceType, Told};
    use crate::message_id::{MessageId, MessageIdStyle};

    /// A message with that number to +14155550101.
    pub(crate) fn message(number: u32) -> Message {
        let to = Address::new(Ton::International, Npi::Isdn, "14155550101");
        Message {
            id: MessageId {
                number,
                style: MessageIdStyle::Same,
            },
            member: 0,
            account: 0,
            carrier: 0,
            link: LinkId(1),
            source: Address::new(Ton::NetworkSpecific, Npi::Unknown, "32665").into(),
            to: Destination::of(&to).expect("a handset"),
            service_type: ServiceType::default(),
            body: Body::new(
                Segment::whole("hi", sms::Encoding::Gsm7),
                &Carrier::new("att"),
                255,
            )
            .expect("short"),
            registered_delivery: 1,
            user_message_reference: None,
            once: false,
            transaction: false,
            set_dpf: false,
            outcome: None,
            receipt_mode: None,
            queued: false,
            told: Told::Nothing,
            cause: None,
            attempts: 0,
            failures: 0,
            submitted_at: Timestamp::from_secs(i64::from(number)),
            scheduled_at: Timestamp::EPOCH,
            expires_at: Timestamp::MAX,
            previous: NONE,
            next: NONE,
        }
    }

    fn numbers(store: &Store) -> Vec<u32> {
        let msisdn = message(1).to.msisdn;
        store
            .queued(msisdn)
            .map(|slot| store.message(slot).id.number)
            .collect()
    }

    #[test]
    fn a_queue_keeps_its_order_when_messages_leave_it_anywhere() {
        let mut store = Store::default();
        let slots: Vec<u32> = (1..=5).map(|number| store.insert(message(number))).collect();
        for slot in &slots {
            store.enqueue(*slot);
        }
        assert_eq!(numbers(&store), [1, 2, 3, 4, 5]);
        for (index, expected) in [(2, vec![1, 2, 4, 5]), (0, vec![2, 4, 5]), (4, vec![2, 4])] {
            store.remove(slots[index]);
            assert_eq!(numbers(&store), expected);
        }
        assert_eq!((store.len(), store.held(0)), (2, 2));
        store.remove(slots[1]);
        store.remove(slots[3]);
        assert!(store.queue(message(1).to.msisdn).is_none());
        let again = store.insert(message(6));
        assert!(slots.contains(&again), "slots are used again");
        assert!(store.holds(again, 6) && !store.holds(again, 1));
    }

    #[test]
    fn numbers_wrap_past_those_in_use() {
        let mut store = Store {
            last_number: u32::MAX - 1,
            ..Store::default()
        };
        store.insert(message(1));
        assert_eq!(store.next_number(), u32::MAX);
        assert_eq!(store.next_number(), 2);
    }

    #[test]
    fn a_moved_message_counts_for_its_new_carrier() {
        let mut store = Store::default();
        let slot = store.insert(message(1));
        store.move_to(slot, 3);
        assert_eq!((store.held(0), store.held(3)), (0, 1));
        store.enqueue(slot);
        assert_eq!(store.waiting_handsets(3), [message(1).to.msisdn]);
        assert!(store.waiting_handsets(0).is_empty());
        store.remove(slot);
        assert_eq!(store.held(3), 0);
    }
}
