//! A folder of data, by which a served world outlives its process.
//!
//! Every call that changes the world is written down and synced to the disk before anything that came of it leaves the process. A
//! world that gets the same calls makes the same records, so that a new process makes them again and stands where the old one
//! stood, however that one ended.

mod call;
mod error;
mod folder;
mod keeper;
mod origin;
mod recorded;
mod replay;
mod store;
#[cfg(test)]
mod tests;

pub use call::Call;
pub use error::DataError;
pub use folder::Folder;
pub use keeper::Keeper;
pub use recorded::{Played, Recorded, Until};

use sms::Timestamp;

use self::origin::Origin;
use crate::exit::Wrong;
use crate::sources::LoadedWorld;
use crate::worlds::{self, Begun};

/// The world that is kept in the folder, where it was, or at its start if nothing is kept there yet; and how many calls
/// were made again. `reached` hears how many groups of calls of how many are made again.
///
/// # Errors
///
/// When another world is kept there, or what is kept cannot be used.
pub fn begin(
    folder: Folder,
    mut loaded: LoadedWorld,
    seed: Option<u64>,
    mut reached: impl FnMut(i64, i64),
) -> anyhow::Result<(Begun, Option<u64>)> {
    let mut held = folder.journal()?;
    let store = &mut held.store;
    if store.is_new()? {
        let mut begun = Begun::new(loaded).map_err(|error| Wrong(error.to_string()))?;
        let origin = Origin::of(&begun.loaded);
        let config = &begun.loaded.declared.config;
        let numbers = [
            ("seed", config.seed.cast_signed()),
            ("start_us", config.start.as_micros()),
            ("begun_us", crate::clock::wall().as_micros()),
            ("config_hash", origin.hash()),
        ];
        store.begin(
            origin.sources(),
            &numbers,
            &[("program", env!("CARGO_PKG_VERSION"))],
        )?;
        begun.journal.keep_in(Keeper::new(held, None, 0));
        return Ok((begun, None));
    }
    let other = |what: String| DataError::OtherWorld {
        file: store.file().to_owned(),
        what,
    };
    if let Some(what) = Origin::read(store)?.difference(store.file(), &loaded)? {
        return Err(other(what).into());
    }
    let kept_seed = store.number("seed")?.cast_unsigned();
    if let Some(seed) = seed.filter(|seed| *seed != kept_seed) {
        return Err(other(format!("it has the seed {kept_seed}, and not {seed}")).into());
    }
    let config = &mut loaded.declared.config;
    config.seed = kept_seed;
    config.start = Timestamp::from_micros(store.number("start_us")?);
    let (served, fresh) =
        worlds::served(&loaded.script, &mut loaded.declared).map_err(|error| Wrong(error.to_string()))?;
    let groups = store.groups();
    let restored = replay::restore(store, served, |group| reached(group, groups))?;
    let (calls, (clock, next_record)) = (restored.calls(), restored.end());
    let mut resumed = restored.resumed(crate::clock::wall(), fresh);
    resumed.journal.keep_in(Keeper::new(held, clock, next_record));
    resumed.loss.tell(&mut resumed.journal);
    let begun = Begun {
        loaded,
        journal: resumed.journal,
        pace: resumed.pace,
        observed: resumed.observed,
    };
    Ok((begun, Some(calls)))
}
