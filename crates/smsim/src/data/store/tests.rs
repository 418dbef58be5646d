//! What is written is read, and what is not what was written is told.

use super::*;

struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    /// A journal of so many groups.
    fn journal(&self, groups: u8) -> Store {
        let mut store = Store::open(&self.file()).expect("a journal");
        let source = Source {
            kind: "file".to_owned(),
            path: "w.sms".to_owned(),
            text: "carrier att\n".to_owned(),
        };
        store
            .begin(&[source], &[("seed", 7)], &[("program", "0.0.7")])
            .expect("begun");
        for group in 1..=groups {
            store.append(&written(group), &[group; 3]).expect("written");
        }
        store
    }

    fn change(&self, sql: &str) {
        let database = Connection::open(self.file()).expect("a database");
        database.execute_batch(sql).expect("changed");
    }

    fn told(&self) -> String {
        let store = Store::open(&self.file()).and_then(|store| {
            let mut last = 0;
            while let Some(group) = store.groups_behind(last)?.last() {
                last = group.number;
            }
            Ok(())
        });
        store.expect_err("something is wrong").to_string()
    }
}

fn written(group: u8) -> Written {
    Written {
        at: Timestamp::from_secs(i64::from(group)),
        wall: Timestamp::from_secs(1_000),
        next_record: u64::from(group) * 2,
        hashed_from: 0,
        records_hash: u64::MAX,
    }
}

#[test]
fn what_is_written_is_read_again() {
    let scratch = Scratch::new();
    let store = Store::open(&scratch.file()).expect("a file");
    assert!(store.is_new().expect("it can be read"));
    drop(store);
    // More than are read at once.
    let store = scratch.journal(150);
    let reader = Store::read(&scratch.file()).expect("a second reader");
    assert!(!reader.is_new().expect("it can be read"));
    assert_eq!((store.groups(), reader.groups()), (150, 150));
    drop(store);
    assert_eq!(reader.number("seed").expect("a number"), 7);
    assert_eq!(reader.text("program").expect("words"), "0.0.7");
    assert_eq!(reader.sources().expect("sources")[0].path, "w.sms");
    let (mut last, mut read) = (0, Vec::new());
    loop {
        let groups = reader.groups_behind(last).expect("groups");
        assert!(groups.len() as i64 <= READ_TOGETHER);
        let Some(end) = groups.last() else { break };
        last = end.number;
        read.extend(groups);
    }
    let groups = (1..=150).map(|group| ReadGroup {
        number: i64::from(group),
        written: written(group),
        octets: vec![group; 3],
    });
    assert_eq!(read, groups.collect::<Vec<_>>());
}

#[test]
fn a_group_that_is_not_what_was_written_is_told() {
    for (sql, told) in [
        (
            "UPDATE calls SET octets = x'020202ff' WHERE number = 2",
            "is damaged: group 2 of 3 is not what was written",
        ),
        (
            "UPDATE calls SET next_record = 5 WHERE number = 3",
            "is damaged: group 3 of 3 is not what was written",
        ),
        (
            "DELETE FROM calls WHERE number = 1",
            "is damaged: group 1 of 3 is missing",
        ),
    ] {
        let scratch = Scratch::new();
        drop(scratch.journal(3));
        scratch.change(sql);
        let all = scratch.told();
        assert!(all.contains(told) && all.contains("journal.sqlite"), "{all}");
    }
}

#[test]
fn what_is_no_journal_of_this_smsim_is_told() {
    let scratch = Scratch::new();
    drop(scratch.journal(1));
    scratch.change("PRAGMA user_version = 2");
    let told = scratch.told();
    assert!(
        told.contains("has the format 2, which smsim 0.0.7 wrote"),
        "{told}"
    );
    assert!(told.contains("reads the format 1"), "{told}");
    scratch.change("PRAGMA application_id = 7");
    let told = scratch.told();
    assert!(told.contains("another program's database"), "{told}");

    std::fs::write(
        scratch.file(),
        "a letter to somebody, and nothing that SQLite has written".repeat(99),
    )
    .expect("written");
    let told = scratch.told();
    assert!(told.contains("it is no SQLite database"), "{told}");
}

#[test]
fn a_file_that_was_cut_off_is_told() {
    let scratch = Scratch::new();
    let mut store = scratch.journal(3);
    store.append(&written(4), &[4; 100_000]).expect("written");
    drop(store);
    let octets = std::fs::read(scratch.file()).expect("a file");
    assert!(octets.len() > 100_000);
    std::fs::write(scratch.file(), &octets[..40_000]).expect("written");
    let told = scratch.told();
    assert!(
        told.contains("is damaged: database disk image is malformed"),
        "{told}"
    );
}

#[test]
fn what_its_journal_does_not_say_is_told() {
    let scratch = Scratch::new();
    let store = scratch.journal(0);
    let told = store.number("start_us").expect_err("it is not there").to_string();
    assert!(told.contains("it does not say its start_us"), "{told}");
}

#[test]
fn a_reader_sees_the_journal_as_it_was_when_it_was_opened() {
    let scratch = Scratch::new();
    let mut store = scratch.journal(3);
    let reader = Store::read(&scratch.file()).expect("a reader");
    store.append(&written(4), &[4; 3]).expect("written");
    assert_eq!((store.groups(), reader.groups()), (4, 3));
    assert_eq!(reader.groups_behind(0).expect("groups").len(), 3);
    assert!(reader.groups_behind(3).expect("groups").is_empty());
    let later = Store::read(&scratch.file()).expect("another reader");
    assert_eq!(later.groups_behind(3).expect("groups").len(), 1);
}
