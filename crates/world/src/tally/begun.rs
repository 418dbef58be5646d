//! When requests came that are not answered yet: [`Begun`].

use std::collections::VecDeque;
use std::time::Duration;

use sms::Timestamp;

/// On which link a request came, and its sequence number.
pub(super) type Request = (u64, u32);

/// Requests that are timed at once, at most: when one more comes, the oldest is not timed.
const BEGUN_MAX: usize = 4_096;

/// When requests came, oldest first. Nearly all are answered before the next one comes, so that nothing is searched for.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun(VecDeque<(Request, Timestamp)>);

impl Begun {
    /// A request comes.
    pub fn begin(&mut self, request: Request, at: Timestamp) {
        if self.0.len() == BEGUN_MAX {
            self.0.pop_front();
        }
        self.0.push_back((request, at));
    }

    /// A request is answered: how long that took; none when it is not known when it came.
    pub fn end(&mut self, request: Request, now: Timestamp) -> Option<Duration> {
        let (_, at) = match self.0.pop_back_if(|(newest, _)| *newest == request) {
            Some(newest) => newest,
            None => {
                let place = self.0.iter().rposition(|(of, _)| *of == request)?;
                self.0.remove(place)?
            }
        };
        Some(now.since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_end_their_own_requests_in_any_order() {
        let (mut begun, at) = (Begun::default(), Timestamp::from_secs);
        for (request, came_at) in [((1, 1), 10), ((2, 1), 11), ((1, 2), 12)] {
            begun.begin(request, at(came_at));
        }
        assert_eq!(begun.end((1, 1), at(20)), Some(Duration::from_secs(10)));
        assert_eq!(begun.end((1, 1), at(20)), None, "it is answered");
        assert_eq!(begun.end((1, 2), at(20)), Some(Duration::from_secs(8)));
        assert_eq!(begun.end((2, 1), at(20)), Some(Duration::from_secs(9)));
        assert_eq!(begun.end((2, 2), at(20)), None, "it never came");
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_not_timed() {
        let mut begun = Begun::default();
        for sequence_number in 0..=4_096 {
            begun.begin((1, sequence_number), Timestamp::EPOCH);
        }
        assert_eq!(begun.end((1, 0), Timestamp::EPOCH), None);
        for sequence_number in 1..=4_096 {
            assert!(begun.end((1, sequence_number), Timestamp::EPOCH).is_some());
        }
    }
}
