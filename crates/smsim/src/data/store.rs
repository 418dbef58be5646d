//! The file of a journal: [`Store`], groups of calls in SQLite.
//!
//! One row is one group, and one transaction: it is there as a whole or not at all, whatever happens to the process. A row has a
//! sum over all that stands in it, since SQLite does not see when octets within a row have changed.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use scenario::RecordsHash;
use sms::Timestamp;

use super::error::DataError;

/// The format that is written and read. Whoever changes what a group's octets mean, or the tables, counts it up.
pub const FORMAT: i64 = 1;
/// What tells a journal from other databases: `smsj`.
const APPLICATION: i64 = 0x736d_736a;
/// How long a writer or a reader waits for the other.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Groups that are read at once.
const READ_TOGETHER: i64 = 64;

const TABLES: &str = "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE source (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, text TEXT NOT NULL) STRICT;
    CREATE TABLE calls (
        number INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        wall_us INTEGER NOT NULL,
        next_record INTEGER NOT NULL,
        hashed_from INTEGER NOT NULL,
        records_hash INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        octets BLOB NOT NULL
    ) STRICT;";

/// What is written about a group of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// The world's time behind its last call.
    pub at: Timestamp,
    /// The machine's time when it was written.
    pub wall: Timestamp,
    /// The number that the world's next record has behind it.
    pub next_record: u64,
    /// The first record that the hash is over; the last is the one before `next_record`.
    pub hashed_from: u64,
    /// The hash of those records.
    pub records_hash: u64,
}

impl Written {
    /// A sum over a group.
    fn sum(&self, number: i64, octets: &[u8]) -> i64 {
        let mut sum = RecordsHash::default();
        let numbers = [
            number,
            self.at.as_micros(),
            self.wall.as_micros(),
            self.next_record.cast_signed(),
            self.hashed_from.cast_signed(),
            self.records_hash.cast_signed(),
        ];
        // No octet is refused.
        for number in numbers {
            let _ = sum.write(&number.to_le_bytes());
        }
        let _ = sum.write(octets);
        sum.value().cast_signed()
    }
}

/// A group of calls as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadGroup {
    /// Its number, from 1.
    pub number: i64,
    /// What was written about it.
    pub written: Written,
    /// The calls.
    pub octets: Vec<u8>,
}

/// A source of the world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What it is.
    pub kind: String,
    /// Its path, or its name.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// The file of a journal.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    database: Connection,
    /// The number of the last group.
    last: i64,
}

impl Store {
    /// Opens the file to write on, or makes it.
    pub fn open(file: &Path) -> Result<Self, DataError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut store = Self::connected(file, flags)?;
        store.keeps(|database| {
            // What is committed is on the disk, and who only reads need not wait for who writes.
            database.pragma_update(None, "journal_mode", "WAL")?;
            database.pragma_update(None, "synchronous", "FULL")
        })?;
        store.checked()
    }

    /// Opens the file to read it, as it is now: what is written from now on by whoever has it is not seen.
    pub fn read(file: &Path) -> Result<Self, DataError> {
        let store = Self::connected(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // A read transaction sees one state of the file (SQLite, "Isolation in SQLite"); it begins with the first look.
        store.asks(|database| database.execute_batch("BEGIN"))?;
        store.checked()
    }

    fn connected(file: &Path, flags: OpenFlags) -> Result<Self, DataError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let cannot = |error| read_error(file, error);
        let database = Connection::open_with_flags(file, flags).map_err(cannot)?;
        database.busy_timeout(BUSY_TIMEOUT).map_err(cannot)?;
        Ok(Self {
            file: file.to_owned(),
            database,
            last: 0,
        })
    }

    fn checked(mut self) -> Result<Self, DataError> {
        if self.is_new()? {
            return Ok(self);
        }
        if self.pragma("application_id")? != APPLICATION {
            let what = "it is another program's database";
            return Err(DataError::Foreign {
                file: self.file,
                what,
            });
        }
        let format = self.pragma("user_version")?;
        if format != FORMAT {
            let program = self.text("program").unwrap_or_else(|_| "?".to_owned());
            return Err(DataError::Format {
                file: self.file,
                format,
                program,
            });
        }
        self.last = self.asks(|database| {
            database.query_row("SELECT coalesce(max(number), 0) FROM calls", [], |row| row.get(0))
        })?;
        Ok(self)
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether nothing was written yet.
    pub fn is_new(&self) -> Result<bool, DataError> {
        let tables: i64 = self.asks(|database| {
            database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        })?;
        Ok(tables == 0)
    }

    /// How many groups there are.
    pub fn groups(&self) -> i64 {
        self.last
    }

    /// Writes what the world is made of, and the numbers and words about it.
    pub fn begin(
        &mut self,
        sources: &[Source],
        numbers: &[(&str, i64)],
        words: &[(&str, &str)],
    ) -> Result<(), DataError> {
        self.keeps(|database| {
            let transaction = database.transaction()?;
            transaction.execute_batch(TABLES)?;
            for (name, value) in numbers {
                transaction.execute("INSERT INTO meta VALUES (?1, ?2)", params![name, value])?;
            }
            for (name, value) in words {
                transaction.execute("INSERT INTO meta VALUES (?1, ?2)", params![name, value])?;
            }
            for Source { kind, path, text } in sources {
                let insert = "INSERT INTO source (kind, path, text) VALUES (?1, ?2, ?3)";
                transaction.execute(insert, params![kind, path, text])?;
            }
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()
        })
    }

    /// A number about the world.
    pub fn number(&self, name: &str) -> Result<i64, DataError> {
        self.meta(name)
    }

    /// Words about the world.
    pub fn text(&self, name: &str) -> Result<String, DataError> {
        self.meta(name)
    }

    fn meta<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, DataError> {
        let value = self.asks(|database| {
            let query = "SELECT value FROM meta WHERE name = ?1";
            database.query_row(query, [name], |row| row.get(0)).optional()
        })?;
        value.ok_or_else(|| self.damaged(format!("it does not say its {name}")))
    }

    /// What the world is made of.
    pub fn sources(&self) -> Result<Vec<Source>, DataError> {
        self.asks(|database| {
            let mut rows = database.prepare("SELECT kind, path, text FROM source ORDER BY number")?;
            let source = |row: &rusqlite::Row<'_>| {
                Ok(Source {
                    kind: row.get(0)?,
                    path: row.get(1)?,
                    text: row.get(2)?,
                })
            };
            rows.query_map([], source)?.collect()
        })
    }

    /// Adds a group; it is on the disk when this returns.
    pub fn append(&mut self, written: &Written, octets: &[u8]) -> Result<(), DataError> {
        let number = self.last + 1;
        let sum = written.sum(number, octets);
        self.keeps(|database| {
            let insert = "INSERT INTO calls VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let mut insert = database.prepare_cached(insert)?;
            insert.execute(params![
                number,
                written.at.as_micros(),
                written.wall.as_micros(),
                written.next_record.cast_signed(),
                written.hashed_from.cast_signed(),
                written.records_hash.cast_signed(),
                sum,
                octets
            ])
        })?;
        self.last = number;
        Ok(())
    }

    /// Puts another in the place of the last group.
    #[cfg(test)]
    pub fn replace_last(&mut self, written: &Written, octets: &[u8]) {
        let last = self.last;
        let deleted = self
            .database
            .execute("DELETE FROM calls WHERE number = ?1", [last]);
        assert_eq!(deleted, Ok(1));
        self.last -= 1;
        self.append(written, octets).expect("written");
    }

    /// The groups behind that one, some at once; none when there is none.
    pub fn groups_behind(&self, number: i64) -> Result<Vec<ReadGroup>, DataError> {
        let rows: Vec<(ReadGroup, i64)> = self.asks(|database| {
            let query = "SELECT number, at_us, wall_us, next_record, hashed_from, records_hash, sum, octets
                FROM calls WHERE number > ?1 ORDER BY number LIMIT ?2";
            let mut query = database.prepare_cached(query)?;
            let group = |row: &rusqlite::Row<'_>| {
                let written = Written {
                    at: Timestamp::from_micros(row.get(1)?),
                    wall: Timestamp::from_micros(row.get(2)?),
                    next_record: row.get::<_, i64>(3)?.cast_unsigned(),
                    hashed_from: row.get::<_, i64>(4)?.cast_unsigned(),
                    records_hash: row.get::<_, i64>(5)?.cast_unsigned(),
                };
                let group = ReadGroup {
                    number: row.get(0)?,
                    written,
                    octets: row.get(7)?,
                };
                Ok((group, row.get(6)?))
            };
            query.query_map([number, READ_TOGETHER], group)?.collect()
        })?;
        let mut expected = number;
        let mut groups = Vec::with_capacity(rows.len());
        for (group, sum) in rows {
            expected += 1;
            if group.number != expected {
                return Err(self.damaged(format!("group {expected} of {} is missing", self.last)));
            }
            if group.written.sum(group.number, &group.octets) != sum {
                return Err(self.damaged(format!(
                    "group {expected} of {} is not what was written",
                    self.last
                )));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// That what stands there is not what was written.
    pub fn damaged(&self, what: String) -> DataError {
        DataError::Damaged {
            file: self.file.clone(),
            what,
        }
    }

    fn pragma(&self, name: &str) -> Result<i64, DataError> {
        self.asks(|database| database.pragma_query_value(None, name, |row| row.get(0)))
    }

    fn asks<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DataError> {
        ask(&self.database).map_err(|error| read_error(&self.file, error))
    }

    fn keeps<T>(
        &mut self,
        keep: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DataError> {
        keep(&mut self.database).map_err(|error| match is_damage(&error) {
            true => read_error(&self.file, error),
            false => DataError::Write {
                file: self.file.clone(),
                error,
            },
        })
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn read_error(file: &Path, error: rusqlite::Error) -> DataError {
    let file = file.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => DataError::Foreign {
            file,
            what: "it is no SQLite database, or its first page is damaged",
        },
        Some(ErrorCode::DatabaseCorrupt) => DataError::Damaged {
            file,
            what: error.to_string(),
        },
        _ => DataError::Read { file, error },
    }
}
