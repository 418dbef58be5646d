//! Declarations to [`world::Config`], and the clauses that are keys of the simulator's parts.

mod key;

pub(crate) use key::{carrier_keys, check_carrier_key, check_platform_key, platform_keys};
