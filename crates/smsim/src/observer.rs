//! Follows a running world's records, to count and to log: [`Observer`].
//!
//! What it costs is paid by the thread that owns the world, once a record: a match, and an addition in an array or in a small
//! map. Records are not spelt out for it, and nothing is formatted or allocated for an ordinary PDU.

pub mod histogram;
pub mod sessions;
pub mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use world::World;

use self::sessions::Sessions;
use self::tally::Tally;

/// What is seen of a world from its first record on.
#[derive(Debug, Default)]
pub struct Observer {
    next_record: u64,
    /// Counts and times.
    pub tally: Tally,
    /// The SMPP sessions that are open.
    pub sessions: Sessions,
    /// Records that the ring turned out before they were seen.
    pub unseen: u64,
}

impl Observer {
    /// Takes in what is new.
    pub fn follow(&mut self, world: &World) {
        let next = world.next_record();
        let records = world.briefs_since(self.next_record);
        self.unseen += (next - self.next_record).saturating_sub(records.len() as u64);
        for (at, brief) in records {
            self.tally.count(world.smsc(), at, brief);
            self.sessions.follow(brief);
        }
        self.next_record = next;
    }

    /// Takes in what is new of a world in which everything happens again: who has which session is known afterwards, and nothing
    /// is counted or logged a second time.
    pub fn follow_again(&mut self, world: &World) {
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), || {
            for (_, brief) in world.briefs_since(self.next_record) {
                self.sessions.follow(brief);
            }
        });
        self.next_record = world.next_record();
    }
}

/// An observer that the thread of the world and whoever asks share.
#[derive(Clone, Debug, Default)]
pub struct Observed(Arc<Mutex<Observer>>);

impl From<Observer> for Observed {
    fn from(observer: Observer) -> Self {
        Self(Arc::new(Mutex::new(observer)))
    }
}

impl Observed {
    /// The observer, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Observer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
