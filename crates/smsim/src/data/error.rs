//! What can be wrong with a folder of data: [`DataError`].

use std::path::PathBuf;

use super::store::FORMAT;

/// Why a world cannot live in a folder, or not any more. What it says is the place and the cause; [`DataError::way_out`] is what
/// whoever serves a world can do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be used at all.
    #[error("{}: cannot keep a world there: {error}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "{} is in use by another smsim{}",
        .folder.display(), .process.as_ref().map_or_else(String::new, |process| format!(", process {process}"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Which, as far as it says so.
        process: Option<String>,
    },
    /// Nothing was kept there.
    #[error("{}: there is no journal", .file.display())]
    Absent {
        /// Where it would be.
        file: PathBuf,
    },
    /// It is something else.
    #[error("{} is no journal of smsim: {what}", .file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// It was written by a program that writes otherwise.
    #[error(
        "{} has the format {format}, which smsim {program} wrote; this is smsim {}, which reads the format {FORMAT}",
        .file.display(), env!("CARGO_PKG_VERSION")
    )]
    Format {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: i64,
        /// Who wrote it.
        program: String,
    },
    /// What stands there is not what was written.
    #[error("{} is damaged: {what}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The command line and the files make another world than the one that is kept.
    #[error("{} is the journal of another world: {what}", .file.display())]
    OtherWorld {
        /// The file.
        file: PathBuf,
        /// What is different.
        what: String,
    },
    /// The same calls made other records.
    #[error(
        "{}: the same calls do not make the same records any more: {what}; smsim {program} wrote it, and this is smsim {}",
        .file.display(), env!("CARGO_PKG_VERSION")
    )]
    OtherRecords {
        /// The file.
        file: PathBuf,
        /// Where they part.
        what: String,
        /// Who wrote it.
        program: String,
    },
    /// It cannot be read.
    #[error("{}: cannot read the journal: {error}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
    /// It cannot be written.
    #[error("{}: cannot write the journal: {error}; all that was answered is in it", .file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
}

impl DataError {
    /// What whoever serves a world can do.
    pub const fn way_out(&self) -> &'static str {
        match self {
            Self::Folder { .. } | Self::Absent { .. } | Self::Foreign { .. } => {
                "give another folder with --data"
            }
            Self::InUse { .. } => "stop that one, or give another folder with --data",
            Self::Format { .. } => {
                "serve it with that smsim; or --fresh sets it aside and begins anew, and --data OTHER keeps another world"
            }
            Self::Damaged { .. } => {
                "smsim replay plays what is good of it; put a copy in its place, or --fresh sets it aside and begins anew"
            }
            Self::OtherWorld { .. } => {
                "serve the world as it was; or --fresh sets the journal aside and begins anew, and --data OTHER keeps another \
                 world"
            }
            Self::OtherRecords { .. } => {
                "serve it with the smsim that wrote it; or --fresh sets it aside and begins anew"
            }
            Self::Read { .. } => "see to it that it can be read, or give another folder with --data",
            Self::Write { .. } => "make room or mend the disk, and start again with the same command",
        }
    }
}
