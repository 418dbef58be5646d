//! Brings the expectations of files up to date before they are run.

use std::path::PathBuf;

use scenario::{Diagnostic, Rules, Runner};

use crate::cli::run::selection::Selection;
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Updates the tests that are meant of each file in its place, and says which changed.
pub fn files(
    files: &[PathBuf],
    selection: &Selection,
    config: &ConfigArgs,
    rules: &Rules,
) -> anyhow::Result<()> {
    for file in files {
        sources::may_write("--update", file)?;
    }
    for file in files {
        let path = sources::slashes(file);
        let mut read = config.sources()?;
        let script = match sources::load(&mut read, file) {
            Ok(script) => script,
            Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        };
        let wrong = |faults: Vec<Diagnostic>| sources::wrong(&read, &faults);
        let runner = Runner::with_rules(&read, &script, rules).map_err(wrong)?;
        let meant = selection.of(file, &runner);
        let updated = scenario::update(&read, &path, rules, Some(&meant)).map_err(wrong)?;
        if updated.changes > 0 {
            sources::write(file, &updated.text)?;
            eprintln!("{path}: {} expectations updated", updated.changes);
        }
    }
    Ok(())
}
