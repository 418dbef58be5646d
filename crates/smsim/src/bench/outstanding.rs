//! Requests that wait for their response: [`Outstanding`].

use std::collections::VecDeque;
use std::time::Duration;

/// What was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A `submit_sm`.
    Submit,
    /// A `query_sm`.
    Query,
}

/// The requests of one connection by sequence number. The numbers follow each other, so that a place in a queue is enough.
#[derive(Debug)]
pub struct Outstanding {
    /// The sequence number of the first entry.
    first: u32,
    /// None for one that is answered while an older one is not.
    requests: VecDeque<Option<(Asked, Duration)>>,
    waiting: usize,
    /// How many of those that wait are `query_sm`s.
    queries: usize,
}

impl Outstanding {
    /// No requests; the first will have that sequence number.
    pub fn new(first: u32) -> Self {
        Self {
            first,
            requests: VecDeque::new(),
            waiting: 0,
            queries: 0,
        }
    }

    /// Adds a request that counts from `since` and gives its sequence number.
    pub fn add(&mut self, asked: Asked, since: Duration) -> u32 {
        let sequence_number = next(self.first, self.requests.len());
        self.requests.push_back(Some((asked, since)));
        self.waiting += 1;
        self.queries += usize::from(asked == Asked::Query);
        sequence_number
    }

    /// Takes the request with that sequence number out; none when there is none, or it is answered already.
    pub fn take(&mut self, sequence_number: u32) -> Option<(Asked, Duration)> {
        let place = distance(self.first, sequence_number);
        let request = self.requests.get_mut(place)?.take()?;
        self.waiting -= 1;
        self.queries -= usize::from(request.0 == Asked::Query);
        while let Some(None) = self.requests.front() {
            self.requests.pop_front();
            self.first = next(self.first, 1);
        }
        Some(request)
    }

    /// The number of requests that wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// The number of `query_sm`s among them.
    pub fn queries(&self) -> usize {
        self.queries
    }
}

/// Sequence numbers are 1 to 0x7FFFFFFF (SMPP v3.4 §3.2).
const LAST: u64 = 0x7FFF_FFFF;

fn next(from: u32, steps: usize) -> u32 {
    ((u64::from(from) - 1 + steps as u64) % LAST + 1) as u32
}

fn distance(from: u32, to: u32) -> usize {
    ((u64::from(to) + LAST - u64::from(from)) % LAST) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_any_order_once() {
        let mut outstanding = Outstanding::new(2);
        let numbers: Vec<u32> = (0..3)
            .map(|n| outstanding.add(Asked::Submit, Duration::from_micros(n)))
            .collect();
        assert_eq!(numbers, [2, 3, 4]);
        assert_eq!(
            outstanding.take(3),
            Some((Asked::Submit, Duration::from_micros(1)))
        );
        assert_eq!(outstanding.take(3), None);
        assert_eq!(outstanding.take(9), None);
        assert_eq!(outstanding.take(0), None);
        assert_eq!(outstanding.len(), 2);
        assert!(outstanding.take(2).is_some() && outstanding.take(4).is_some());
        assert_eq!(outstanding.len(), 0);
        assert_eq!(outstanding.add(Asked::Query, Duration::ZERO), 5);
        assert_eq!(outstanding.add(Asked::Submit, Duration::ZERO), 6);
        assert_eq!((outstanding.len(), outstanding.queries()), (2, 1));
        assert!(outstanding.take(5).is_some());
        assert_eq!((outstanding.len(), outstanding.queries()), (1, 0));
    }

    #[test]
    fn after_the_last_sequence_number_comes_1() {
        let mut outstanding = Outstanding::new(0x7FFF_FFFE);
        let numbers: Vec<u32> = (0..4)
            .map(|_| outstanding.add(Asked::Submit, Duration::ZERO))
            .collect();
        assert_eq!(numbers, [0x7FFF_FFFE, 0x7FFF_FFFF, 1, 2]);
        assert!(
            numbers
                .iter()
                .rev()
                .all(|number| outstanding.take(*number).is_some())
        );
        assert_eq!(outstanding.len(), 0);
    }
}
