//! The folder in which a world is kept: [`Folder`], held by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::store::Store;

/// The file of the journal in it.
const JOURNAL: &str = "journal.sqlite";
/// What SQLite puts beside it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];
/// The file by whose lock a process holds the folder. A lock goes with its process, whatever becomes of that.
const LOCK: &str = "lock";
/// Journals that are set aside in one folder, at most.
const SET_ASIDE_MAX: u32 = 1_000;

/// A folder that this process holds.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held as long as this is.
    lock: File,
}

impl Folder {
    /// Holds the folder, and makes it if it is not there. What is in it is for its owner alone: texts, passwords, secrets.
    ///
    /// # Errors
    ///
    /// When another process has it, or it cannot be used.
    pub fn hold(path: &Path) -> Result<Self, DataError> {
        let unusable = |error| DataError::Folder {
            folder: path.to_owned(),
            error,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unusable)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(LOCK))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // Who it is helps, and is not needed.
                let _ = lock.read_to_string(&mut process);
                let process = process.trim();
                return Err(DataError::InUse {
                    folder: path.to_owned(),
                    process: (!process.is_empty()).then(|| process.to_owned()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let told = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        told.map_err(unusable)?;
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// Gives the journal that is there another name, so that a new one can begin; that name, if there is a journal.
    pub fn set_aside(&self) -> Result<Option<PathBuf>, DataError> {
        let unusable = |error| DataError::Folder {
            folder: self.path.clone(),
            error,
        };
        let journal = self.path.join(JOURNAL);
        if !journal.try_exists().map_err(unusable)? {
            return Ok(None);
        }
        let names = (1..=SET_ASIDE_MAX).map(|number| self.path.join(format!("journal-{number}.sqlite")));
        let mut free = names.filter(|name| !name.exists());
        let aside = free.next().ok_or_else(|| {
            let why = format!("{SET_ASIDE_MAX} journals are set aside there already; delete some");
            unusable(std::io::Error::other(why))
        })?;
        // The log goes first: a journal without its log lacks its end, and a log without its journal is nobody's.
        for beside in BESIDE {
            let from = with_ending(&journal, beside);
            if from.try_exists().map_err(unusable)? {
                std::fs::rename(from, with_ending(&aside, beside)).map_err(unusable)?;
            }
        }
        std::fs::rename(&journal, &aside).map_err(unusable)?;
        Ok(Some(aside))
    }

    /// Opens its journal, or makes one.
    pub fn journal(self) -> Result<HeldStore, DataError> {
        let file = self.path.join(JOURNAL);
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file);
        // That it is there must be on the disk as well.
        let kept = made.and_then(|_| File::open(&self.path)?.sync_all());
        kept.map_err(|error| DataError::Folder {
            folder: self.path.clone(),
            error,
        })?;
        let store = Store::open(&file)?;
        Ok(HeldStore {
            store,
            _lock: self.lock,
        })
    }
}

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct HeldStore {
    /// Its file. It is closed before the lock goes.
    pub store: Store,
    _lock: File,
}

/// The journal at a path: a folder, or the file itself.
///
/// # Errors
///
/// When there is none.
pub fn journal_at(path: &Path) -> Result<PathBuf, DataError> {
    let file = match path.is_dir() {
        true => path.join(JOURNAL),
        false => path.to_owned(),
    };
    match file.is_file() {
        true => Ok(file),
        false => Err(DataError::Absent { file }),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_process_at_a_time_has_a_folder_and_nobody_else_reads_it() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("a/b");
        let held = Folder::hold(&path).expect("it is free");
        let told = Folder::hold(&path).expect_err("it is held").to_string();
        let own = std::process::id();
        assert!(
            told.ends_with(&format!("is in use by another smsim, process {own}")),
            "{told}"
        );
        let journal = held.journal().expect("a journal");
        for name in ["", JOURNAL, LOCK] {
            let mode = std::fs::metadata(path.join(name))
                .expect("it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
        assert!(Folder::hold(&path).is_err(), "the journal holds it as well");
        drop(journal);
        Folder::hold(&path).expect("it is free again");
    }

    #[test]
    fn a_folder_that_cannot_be_one_is_told() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("file");
        std::fs::write(&path, "").expect("written");
        let told = Folder::hold(&path).expect_err("it is a file").to_string();
        assert!(told.contains("file: cannot keep a world there: "), "{told}");
    }

    #[test]
    fn a_journal_is_set_aside_with_its_log() {
        let above = tempfile::tempdir().expect("a folder");
        let folder = Folder::hold(above.path()).expect("it is free");
        assert_eq!(folder.set_aside().expect("nothing is there"), None);
        for (count, aside) in [(1, "journal-1.sqlite"), (2, "journal-2.sqlite")] {
            std::fs::write(above.path().join(JOURNAL), format!("{count}")).expect("written");
            std::fs::write(above.path().join("journal.sqlite-wal"), "log").expect("written");
            let aside = above.path().join(aside);
            assert_eq!(folder.set_aside().expect("set aside"), Some(aside.clone()));
            assert_eq!(std::fs::read_to_string(&aside).expect("there"), count.to_string());
            assert!(with_ending(&aside, "-wal").exists());
            assert!(!above.path().join(JOURNAL).exists());
        }
    }

    #[test]
    fn so_many_journals_are_set_aside_and_no_more() {
        let above = tempfile::tempdir().expect("a folder");
        let folder = Folder::hold(above.path()).expect("it is free");
        for number in 1..SET_ASIDE_MAX {
            std::fs::write(above.path().join(format!("journal-{number}.sqlite")), "").expect("written");
        }
        std::fs::write(above.path().join(JOURNAL), "").expect("written");
        assert!(folder.set_aside().expect("set aside").is_some());
        std::fs::write(above.path().join(JOURNAL), "").expect("written");
        let told = folder.set_aside().expect_err("one too many").to_string();
        assert!(
            told.contains("1000 journals are set aside there already"),
            "{told}"
        );
        assert!(above.path().join(JOURNAL).exists());
    }
}
