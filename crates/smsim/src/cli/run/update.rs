//! Brings the expectations of files up to date before they are run.

use std::path::PathBuf;

use scenario::Rules;

use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Updates each file in its place, and says which changed.
pub fn files(files: &[PathBuf], config: &ConfigArgs, rules: &Rules) -> anyhow::Result<()> {
    for file in files {
        sources::may_write("--update", file)?;
    }
    for file in files {
        let path = sources::slashes(file);
        let mut read = config.sources()?;
        match sources::load(&mut read, file) {
            Ok(_) => {}
            Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        }
        let updated =
            scenario::update(&read, &path, rules).map_err(|faults| sources::wrong(&read, &faults))?;
        if updated.changes > 0 {
            sources::write(file, &updated.text)?;
            eprintln!("{path}: {} expectations updated", updated.changes);
        }
    }
    Ok(())
}
