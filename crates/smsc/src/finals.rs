//! The final states that are remembered: [`Finals`].

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;

use sms::{MessageState, NumberRun, Originator, Timestamp};

use crate::cause::Cause;
use crate::message_id::MessageId;
use crate::store::Key;

/// What is remembered of a message that is final.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Final {
    /// Its name.
    pub id: MessageId,
    /// The account that submitted it.
    pub account: u16,
    /// From.
    pub source: Originator,
    /// What became of it.
    pub state: MessageState,
    /// Why, if it did not arrive.
    pub cause: Option<Cause>,
    /// When.
    pub done_at: Timestamp,
}

/// How many are asked for together: about as many ways to memory as a core has open at one time.
const TOGETHER: u32 = 16;

/// The last final states, found by number.
#[derive(Default)]
pub(crate) struct Finals {
    /// Of which messages, the oldest first.
    order: VecDeque<Key>,
    /// How many were forgotten; it starts again from 0 after 2^32.
    forgotten: u32,
    /// By number: the state of the first or only destination, and how many were remembered before it.
    by_number: NumberRun<u64, (u32, Final)>,
    /// The states of the other destinations of a `submit_multi`.
    others: BTreeMap<Key, (u32, Final)>,
}

impl Finals {
    /// Remembers a final state; beyond `finals_max` the oldest is forgotten.
    pub fn remember(&mut self, member: u16, last: Final, finals_max: usize) {
        if finals_max == 0 {
            return;
        }
        while self.order.len() >= finals_max {
            if self.forgotten.is_multiple_of(TOGETHER) {
                self.ask_for_oldest();
            }
            self.forget_oldest();
        }
        let count = self.forgotten.wrapping_add(self.order.len() as u32);
        let number = last.id.number;
        self.order.push_back((number, member));
        // After 2^32 messages a number comes again: the newer message has it.
        match member {
            0 => self.by_number.insert(number.into(), (count, last)),
            _ => self.others.insert((number, member), (count, last)),
        };
    }

    /// Asks for the memory of those that will be forgotten next, which was last used long ago: asked for together, it comes
    /// together. Nothing depends on what is read.
    fn ask_for_oldest(&self) {
        let oldest = self.order.iter().take(TOGETHER as usize);
        let counts = oldest.filter_map(|(number, _)| self.by_number.get(u64::from(*number)));
        black_box(counts.fold(0, |all, (count, _)| all ^ count));
    }

    fn forget_oldest(&mut self) {
        let Some(key) = self.order.pop_front() else {
            return;
        };
        let count = self.forgotten;
        self.forgotten = count.wrapping_add(1);
        let is_it = |(of, _): &(u32, Final)| *of == count;
        match key {
            (number, 0) => {
                let number = u64::from(number);
                if self.by_number.get(number).is_some_and(is_it) {
                    self.by_number.remove(number);
                }
            }
            _ if self.others.get(&key).is_some_and(is_it) => {
                self.others.remove(&key);
            }
            _ => {}
        }
    }

    /// The remembered final state of a message; of a `submit_multi`, its first destination's.
    pub fn remembered(&self, number: u32) -> Option<&Final> {
        let first = || self.others.range((number, 0)..=(number, u16::MAX)).next();
        let found = self.by_number.get(number.into());
        let (_, last) = found.or_else(|| first().map(|(_, last)| last))?;
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use sms::Address;

    use super::*;
    use crate::message_id::MessageIdStyle;

    fn last(number: u32, state: MessageState) -> Final {
        Final {
            id: MessageId {
                number,
                style: MessageIdStyle::Same,
            },
            account: 0,
            source: Address::default().into(),
            state,
            cause: None,
            done_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn the_oldest_final_state_is_forgotten_first() {
        let mut finals = Finals::default();
        for number in 1..=3 {
            finals.remember(0, last(number, MessageState::Delivered), 2);
        }
        assert!(finals.remembered(1).is_none());
        assert!(finals.remembered(2).is_some() && finals.remembered(3).is_some());
        finals.remember(0, last(4, MessageState::Delivered), 0);
        assert!(finals.remembered(4).is_none());
    }

    #[test]
    fn a_number_that_comes_again_is_the_newer_messages() {
        let mut finals = Finals::default();
        finals.remember(0, last(1, MessageState::Expired), 2);
        finals.remember(0, last(1, MessageState::Delivered), 2);
        finals.remember(0, last(2, MessageState::Delivered), 2);
        let state = finals.remembered(1).map(|last| last.state);
        assert_eq!(state, Some(MessageState::Delivered));
        finals.remember(0, last(3, MessageState::Delivered), 2);
        assert!(finals.remembered(1).is_none());
    }

    #[test]
    fn of_a_submit_multi_the_first_destination_speaks() {
        let mut finals = Finals::default();
        finals.remember(2, last(1, MessageState::Expired), 3);
        finals.remember(1, last(1, MessageState::Rejected), 3);
        let state = |finals: &Finals| finals.remembered(1).map(|last| last.state);
        assert_eq!(state(&finals), Some(MessageState::Rejected));
        finals.remember(0, last(1, MessageState::Delivered), 3);
        assert_eq!(state(&finals), Some(MessageState::Delivered));
        for number in 2..=4 {
            finals.remember(0, last(number, MessageState::Delivered), 3);
        }
        assert_eq!(state(&finals), None);
    }
}
