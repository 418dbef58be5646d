//! Which message is sent when: [`Schedule`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How messages are timed, and when they end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    /// Messages in all, at most.
    pub messages: u64,
    /// How long messages are begun.
    pub duration: Duration,
    /// Messages a second in all, whatever the answers do (open loop); none: as fast as windows allow (closed loop).
    pub rate: Option<f64>,
}

/// Hands out messages to the connections.
#[derive(Debug)]
pub struct Schedule {
    pace: Pace,
    connections: u64,
    /// In a closed loop, the next message, whoever takes it.
    next: AtomicU64,
}

/// A message to send: its number, counted from 0, and the time that its latency counts from.
pub type Due = (u64, Duration);

impl Schedule {
    /// The schedule of that many connections.
    pub fn new(pace: Pace, connections: usize) -> Self {
        Self {
            pace,
            connections: connections.max(1) as u64,
            next: AtomicU64::new(0),
        }
    }

    /// At most `room` messages that connection number `connection`, which has sent `sent`, is to send now.
    ///
    /// In an open loop each message has its time, and the latency counts from it however late there is room: a server that
    /// stalls pays for all that it made wait.
    pub fn take(
        &self,
        now: Duration,
        connection: usize,
        sent: u64,
        room: usize,
    ) -> impl Iterator<Item = Due> + use<> {
        let (first, count, step) = match self.pace.rate {
            None => {
                let count = if now >= self.pace.duration { 0 } else { room as u64 };
                let first = if count == 0 {
                    0
                } else {
                    self.next.fetch_add(count, Ordering::Relaxed)
                };
                (first, count.min(self.pace.messages.saturating_sub(first)), 1)
            }
            Some(rate) => {
                let first = sent * self.connections + connection as u64;
                let due = self.due(now, rate);
                let count = due.saturating_sub(first).div_ceil(self.connections);
                (first, count.min(room as u64), self.connections)
            }
        };
        let rate = self.pace.rate;
        (0..count).map(move |nth| {
            let message = first + nth * step;
            (
                message,
                rate.map_or(now, |rate| Duration::from_secs_f64(message as f64 / rate)),
            )
        })
    }

    /// Whether connection number `connection`, which has sent `sent`, has nothing more to send.
    pub fn is_over(&self, now: Duration, connection: usize, sent: u64) -> bool {
        match self.pace.rate {
            None => now >= self.pace.duration || self.next.load(Ordering::Relaxed) >= self.pace.messages,
            Some(rate) => sent * self.connections + connection as u64 >= self.due(Duration::MAX, rate),
        }
    }

    /// How many messages of an open loop are due by `now`.
    fn due(&self, now: Duration, rate: f64) -> u64 {
        let within = now.min(self.pace.duration);
        // A cast from a float saturates.
        let begun = (within.as_secs_f64() * rate).floor() as u64;
        let all = (self.pace.duration.as_secs_f64() * rate).ceil() as u64;
        begun.saturating_add(1).min(all).min(self.pace.messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(messages: u64, rate: Option<f64>) -> Schedule {
        let pace = Pace {
            messages,
            duration: Duration::from_secs(1),
            rate,
        };
        Schedule::new(pace, 2)
    }

    fn numbers(schedule: &Schedule, millis: u64, connection: usize, sent: u64, room: usize) -> Vec<u64> {
        let due = schedule.take(Duration::from_millis(millis), connection, sent, room);
        due.map(|(message, _)| message).collect()
    }

    #[test]
    fn a_closed_loop_gives_every_message_once_to_whoever_has_room() {
        let schedule = schedule(5, None);
        assert_eq!(numbers(&schedule, 0, 0, 0, 2), [0, 1]);
        assert_eq!(numbers(&schedule, 0, 1, 0, 2), [2, 3]);
        assert!(!schedule.is_over(Duration::ZERO, 0, 2));
        assert_eq!(numbers(&schedule, 1, 0, 2, 9), [4]);
        assert!(schedule.is_over(Duration::ZERO, 0, 3));
        assert!(numbers(&schedule, 2, 0, 3, 9).is_empty());
    }

    #[test]
    fn a_closed_loop_ends_in_time() {
        let schedule = schedule(1_000, None);
        assert!(numbers(&schedule, 1_000, 0, 0, 2).is_empty());
        assert!(schedule.is_over(Duration::from_secs(1), 0, 0));
    }

    #[test]
    fn an_open_loop_counts_latency_from_the_time_that_was_meant() {
        let schedule = schedule(1_000, Some(10.0));
        // At 0.35 s the messages 0 to 3 are due; the first connection has the even ones.
        assert_eq!(numbers(&schedule, 350, 0, 0, 9), [0, 2]);
        assert_eq!(numbers(&schedule, 350, 1, 0, 9), [1, 3]);
        assert_eq!(numbers(&schedule, 350, 1, 1, 9), [3]);
        let late = schedule.take(Duration::from_millis(900), 0, 1, 1).next();
        assert_eq!(late, Some((2, Duration::from_millis(200))));
        // What was due within the time is sent, however late.
        assert_eq!(numbers(&schedule, 60_000, 0, 4, 9), [8]);
        assert!(!schedule.is_over(Duration::from_secs(60), 0, 4));
        assert!(schedule.is_over(Duration::from_secs(60), 0, 5));
        assert!(!schedule.is_over(Duration::from_secs(60), 1, 4));
    }
}
