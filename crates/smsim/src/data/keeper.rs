//! Writes down what is done with a world: [`Keeper`].

use std::path::Path;

use scenario::RecordsHash;
use sms::Timestamp;
use world::World;

use super::call::Group;
use super::error::DataError;
use super::folder::HeldStore;
use super::store::Written;
use crate::engine::{ClockState, Pace};

/// Records of one group that are hashed, at most; the last ones. A busy world's are too many to spell out.
pub(super) const RECORDS_HASHED_MAX: u64 = 256;

/// Keeps the calls of a world, in groups that are on the disk before anything that came of them leaves the process.
#[derive(Debug)]
pub struct Keeper {
    held: HeldStore,
    group: Group,
    /// How the clock goes by what is written.
    clock: Option<ClockState>,
    /// The record up to which the last group's hash went.
    hashed_to: u64,
}

impl Keeper {
    /// Goes on where the journal ends; `clock` and `next_record` are what it says there.
    pub fn new(held: HeldStore, clock: Option<ClockState>, next_record: u64) -> Self {
        Self {
            held,
            group: Group::default(),
            clock,
            hashed_to: next_record,
        }
    }

    /// Where it keeps them.
    pub fn file(&self) -> &Path {
        self.held.store.file()
    }

    /// The calls that are not on the disk yet, to add one.
    pub fn group(&mut self) -> &mut Group {
        &mut self.group
    }

    /// Has everything on the disk that was done with the world.
    ///
    /// # Errors
    ///
    /// When it cannot be written: then nothing that has come of it may leave the process.
    pub fn commit(&mut self, world: &World, pace: &Pace) -> Result<(), DataError> {
        if !self.clock.as_ref().is_some_and(|clock| pace.goes_as(clock)) {
            let clock = pace.state();
            self.group.clock(&clock);
            self.clock = Some(clock);
        }
        if self.group.is_empty() {
            return Ok(());
        }
        self.write(world, crate::clock::wall())
    }

    fn write(&mut self, world: &World, wall: Timestamp) -> Result<(), DataError> {
        let next_record = world.next_record();
        let hashed_from = self.hashed_to.max(next_record.saturating_sub(RECORDS_HASHED_MAX));
        let written = Written {
            at: world.now(),
            wall,
            next_record,
            hashed_from,
            records_hash: records_hash(world, hashed_from),
        };
        self.held.store.append(&written, self.group.octets())?;
        self.group.clear();
        self.hashed_to = next_record;
        Ok(())
    }
}

/// The hash of a world's records from that one on.
pub fn records_hash(world: &World, from: u64) -> u64 {
    let mut hash = RecordsHash::default();
    hash.add(world.records_since(from));
    hash.value()
}
