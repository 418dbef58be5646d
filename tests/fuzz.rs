//! The fuzz targets on the stable toolchain: every file of their corpora as it stands, and so many changed by a seeded
//! mutator. A failure prints its target and its seed.

#[path = "fuzz/src/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use support::top;
use targets::{TARGETS, Target};

/// Changed inputs of each target.
const ITERATIONS: u64 = 2_000;
/// The longest input that a change makes.
const OCTETS_MAX: usize = 16 * 1024;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides.max(1) as u64) as usize
    }
}

/// The files of a target's corpus, by name.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = top().join("tests").join(target.corpus);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let octets = std::fs::read(&path).expect("readable");
        (path, octets)
    };
    files.into_iter().map(read).collect()
}

/// Runs a target; its panic is told with what led to it.
fn run(target: &Target, octets: &[u8], how: &str) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(octets))).is_err() {
        panic!("fuzz target {} fails with {how}: {}", target.name, shown(octets));
    }
}

/// The octets as `xxd -r -p` reads them.
fn shown(octets: &[u8]) -> String {
    octets
        .iter()
        .take(4_096)
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

/// An input made of one or several of the corpus.
fn changed(dice: &mut Dice, corpus: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    let mut octets = Vec::new();
    for _ in 0..=dice.roll(3) {
        octets.extend_from_slice(&corpus[dice.roll(corpus.len())].1);
    }
    for _ in 0..dice.roll(6) {
        change(dice, &mut octets);
    }
    octets.truncate(OCTETS_MAX);
    octets
}

fn change(dice: &mut Dice, octets: &mut Vec<u8>) {
    if octets.is_empty() {
        return;
    }
    let at = dice.roll(octets.len());
    match dice.roll(8) {
        0 => octets[at] ^= 1 << dice.roll(8),
        1 => octets[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)],
        2 => octets.truncate(at),
        3 => octets.insert(at, dice.roll(256) as u8),
        4 => {
            octets.remove(at);
        }
        5 => {
            let to = at + dice.roll(octets.len() - at);
            octets.drain(at..to);
        }
        6 => {
            let to = at + dice.roll((octets.len() - at).min(64));
            let copy = octets[at..to].to_vec();
            let place = dice.roll(octets.len());
            octets.splice(place..place, copy);
        }
        _ => {
            // The length of the first PDU is put right again, so that its body is looked at.
            if let Some(length) = octets.first_chunk_mut() {
                *length = [0, 0, 0, dice.roll(128) as u8];
            }
        }
    }
}

#[test]
fn every_file_of_the_corpora_passes_its_targets() {
    for target in TARGETS {
        let files = corpus(target);
        assert!(files.len() >= 8, "{} has {} files", target.corpus, files.len());
        for (path, octets) in files {
            run(target, &octets, &path.display().to_string());
        }
    }
}

#[test]
fn changed_files_of_the_corpora_pass_their_targets() {
    for target in TARGETS {
        let files = corpus(target);
        for seed in 0..ITERATIONS {
            let octets = changed(&mut Dice(seed), &files);
            run(target, &octets, &format!("seed {seed}"));
        }
    }
}

/// The vectors of the `smpp` crate as files, which cargo-fuzz can start from. `UPDATE_GOLDEN=1` writes them.
#[test]
fn the_corpus_of_pdus_holds_every_vector() {
    let vectors = std::fs::read_to_string(top().join("crates/smpp/tests/vectors.json")).expect("the vectors");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&vectors).expect("JSON");
    for vector in &vectors {
        let name: String = vector["name"]
            .as_str()
            .expect("a name")
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() {
                    character
                } else {
                    '_'
                }
            })
            .collect();
        let hex = vector["hex"].as_str().expect("octets");
        let octets: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
            .collect();
        let path = top().join("tests/fuzz/corpus/pdus").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &octets).expect("written");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(
            kept == octets,
            "{} is not the vector; UPDATE_GOLDEN=1 writes it",
            path.display()
        );
    }
}
