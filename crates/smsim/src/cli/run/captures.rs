//! The PDUs of a run as files for Wireshark: [`Captures`].

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use scenario::report::{Pdus, TestReport};

use crate::pcap::Capture;

/// What stands in the name of a file for the name of a test.
const EACH_TEST: &str = "{}";

/// Where the PDUs of tests go.
pub enum Captures {
    /// All into one file, each test on an interface of its own.
    Together {
        /// The file's name.
        path: PathBuf,
        /// The file.
        capture: Capture<BufWriter<File>>,
    },
    /// Each into a file of its own.
    Each {
        /// The files' name, with [`EACH_TEST`] in it.
        pattern: String,
    },
}

impl Captures {
    /// Opens the file, unless each test has one.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        match path.to_str() {
            Some(pattern) if pattern.contains(EACH_TEST) => Ok(Self::Each {
                pattern: pattern.to_owned(),
            }),
            _ => Ok(Self::Together {
                path: path.to_owned(),
                capture: open(path)?,
            }),
        }
    }

    /// Writes the PDUs of a test, and takes them out of its report: they are many.
    pub fn add(&mut self, test: &mut TestReport) -> anyhow::Result<()> {
        let pdus = test.pdus.take().unwrap_or_default();
        if pdus.left_out > 0 {
            eprintln!(
                "warning: {}:{} made more records than a world keeps; the PDUs among the first {} are not captured",
                test.path, test.line, pdus.left_out
            );
        }
        match self {
            Self::Together { path, capture } => write(path, capture, test, &pdus),
            Self::Each { pattern } => {
                let name = format!("{}-{}", test.group(), test.line);
                let path = PathBuf::from(pattern.replace(EACH_TEST, &name));
                let mut capture = open(&path)?;
                write(&path, &mut capture, test, &pdus)?;
                flush(&path, &mut capture)
            }
        }
    }

    /// Sees that everything is in its file.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Together { path, mut capture } => flush(&path, &mut capture),
            Self::Each { .. } => Ok(()),
        }
    }
}

fn open(path: &Path) -> anyhow::Result<Capture<BufWriter<File>>> {
    File::create(path)
        .and_then(|file| Capture::of_worlds(BufWriter::new(file)))
        .with_context(|| cannot_write(path))
}

fn write<W: Write>(
    path: &Path,
    capture: &mut Capture<W>,
    test: &TestReport,
    pdus: &Pdus,
) -> anyhow::Result<()> {
    capture
        .begin(&format!("{}:{} {}", test.path, test.line, test.name))
        .and_then(|()| capture.write_all(&pdus.records))
        .with_context(|| cannot_write(path))
}

fn flush<W: Write>(path: &Path, capture: &mut Capture<W>) -> anyhow::Result<()> {
    capture.flush().with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
