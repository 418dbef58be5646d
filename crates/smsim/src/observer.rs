//! Follows a running world's records, to log: [`Observer`].
//!
//! What it costs is paid by the thread that owns the world. It looks at what not every text brings, unless single PDUs are to be
//! logged; records are not spelt out for it.

pub mod sessions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use world::World;

use self::sessions::Sessions;

/// What is seen of a world from its first record on.
#[derive(Debug, Default)]
pub struct Observer {
    next_record: u64,
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
        if tracing::enabled!(tracing::Level::TRACE) {
            records.for_each(|(_, brief)| self.sessions.follow(brief));
        } else {
            let events = world.events_since(self.next_record);
            events.for_each(|(_, brief)| self.sessions.follow(brief));
        }
        self.next_record = next;
    }

    /// Takes in what is new of a world in which everything happens again: who has which session is known afterwards, and nothing
    /// is logged a second time.
    pub fn follow_again(&mut self, world: &World) {
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), || {
            for (_, brief) in world.events_since(self.next_record) {
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
