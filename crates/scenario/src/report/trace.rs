//! What a test's world did in detail: [`Trace`], for the report that people look through.

use serde_json::Value;
use world::World;

use crate::report::description::describe;
use crate::world_config::DeclaredWorld;

/// Records that a trace keeps of one test, at most; the first ones.
pub const TRACE_RECORDS_MAX: usize = 20_000;

/// What happened in a test, in detail.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    /// The world at its start, as [`describe`] tells it, without secrets.
    pub world: Value,
    /// Its records, in order.
    pub records: Vec<Value>,
    /// How many records past [`TRACE_RECORDS_MAX`] were left out.
    pub left_out: usize,
}

impl Trace {
    /// What the records of a world tell.
    pub(crate) fn of(world: &World, declared: &DeclaredWorld, seed: u64) -> Self {
        let mut description = describe(declared);
        description["seed"] = seed.into();
        let records = world.records_since(0);
        Self {
            world: description,
            left_out: records.len().saturating_sub(TRACE_RECORDS_MAX),
            records: records
                .take(TRACE_RECORDS_MAX)
                .filter_map(|record| serde_json::to_value(record).ok())
                .collect(),
        }
    }
}
