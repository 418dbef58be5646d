//! The requests that wait for their responses: [`Outstanding`].

use std::collections::VecDeque;

use sms::{NumberMap, Timestamp};

/// The requests of one end that wait for their responses, by sequence number and in the order in which they were sent.
#[derive(Clone, Debug)]
pub(crate) struct Outstanding<T> {
    by_sequence_number: NumberMap<u32, Request<T>>,
    /// In the order of sending; entries whose request is gone are passed over.
    in_order: VecDeque<(u32, u64)>,
    sent: u64,
}

#[derive(Clone, Debug)]
struct Request<T> {
    command_id: u32,
    sent_at: Timestamp,
    order: u64,
    token: T,
}

impl<T> Default for Outstanding<T> {
    fn default() -> Self {
        Self {
            by_sequence_number: NumberMap::default(),
            in_order: VecDeque::new(),
            sent: 0,
        }
    }
}

impl<T> Outstanding<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.by_sequence_number.len()
    }

    /// Which operation the request with that sequence number is.
    pub(crate) fn command_id(&self, sequence_number: u32) -> Option<u32> {
        self.by_sequence_number
            .get(sequence_number)
            .map(|request| request.command_id)
    }

    pub(crate) fn insert(&mut self, sent_at: Timestamp, sequence_number: u32, command_id: u32, token: T) {
        self.sent += 1;
        let request = Request {
            command_id,
            sent_at,
            order: self.sent,
            token,
        };
        self.by_sequence_number.insert(sequence_number, request);
        self.in_order.push_back((sequence_number, self.sent));
    }

    pub(crate) fn remove(&mut self, sequence_number: u32) -> Option<(T, Timestamp)> {
        let request = self.by_sequence_number.remove(sequence_number)?;
        self.forget_gone();
        Some((request.token, request.sent_at))
    }

    /// The request that was sent first, and when.
    pub(crate) fn first(&self) -> Option<(u32, Timestamp)> {
        let (sequence_number, _) = self.in_order.front()?;
        let request = self.by_sequence_number.get(*sequence_number)?;
        Some((*sequence_number, request.sent_at))
    }

    pub(crate) fn take_all(&mut self) -> Vec<T> {
        let requests = std::mem::take(&mut self.in_order).into_iter();
        let tokens = requests.filter_map(|(sequence_number, order)| {
            self.by_sequence_number
                .get(sequence_number)
                .filter(|request| request.order == order)?;
            let request = self.by_sequence_number.remove(sequence_number)?;
            Some(request.token)
        });
        tokens.collect()
    }

    /// Keeps a waiting request at the front of the order, and the order no longer than twice what waits.
    fn forget_gone(&mut self) {
        let by_sequence_number = &self.by_sequence_number;
        let waits = |(sequence_number, order): &(u32, u64)| {
            by_sequence_number
                .get(*sequence_number)
                .is_some_and(|request| request.order == *order)
        };
        while self.in_order.front().is_some_and(|entry| !waits(entry)) {
            self.in_order.pop_front();
        }
        if self.in_order.len() > 2 * by_sequence_number.len() + 16 {
            self.in_order.retain(waits);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_sending_is_kept_whatever_is_answered(answers in prop::collection::vec(any::<prop::sample::Index>(), 0..300)) {
            let mut outstanding = Outstanding::default();
            let mut model: Vec<u32> = Vec::new();
            for (number, answer) in (1u32..).zip(answers) {
                outstanding.insert(Timestamp::from_secs(i64::from(number)), number, 4, number);
                model.push(number);
                if number % 3 != 0 {
                    let answered = model.remove(answer.index(model.len()));
                    let sent_at = Timestamp::from_secs(i64::from(answered));
                    prop_assert_eq!(outstanding.remove(answered), Some((answered, sent_at)));
                    prop_assert_eq!(outstanding.remove(answered), None);
                }
                prop_assert_eq!(outstanding.first().map(|(number, _)| number), model.first().copied());
                prop_assert_eq!(outstanding.len(), model.len());
                prop_assert!(outstanding.in_order.len() <= 2 * model.len() + 17);
            }
            prop_assert_eq!(outstanding.take_all(), model);
        }
    }
}
