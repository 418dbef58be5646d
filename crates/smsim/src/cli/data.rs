//! The options that keep a world in a folder.

use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::lines::Lines;
use crate::clock::Stopwatch;
use crate::data::{self, DataError, Folder};
use crate::exit::Wrong;
use crate::sources::LoadedWorld;
use crate::worlds::Begun;

/// Where a world is kept.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DataArgs {
    /// Keep the server's own world in this folder: what is answered is on the disk, and a server that is started with the same
    /// world and folder goes on where the last one ended, however that one ended. Worlds of the control API end with
    /// the server. The folder holds passwords, secrets and texts.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Set what is kept in the folder of --data aside, under another name, and begin anew.
    #[arg(long, requires = "data")]
    fresh: bool,
}

/// What became of the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    file: PathBuf,
    aside: Option<PathBuf>,
    /// Calls that were made again, and how long that took.
    again: Option<(u64, Duration)>,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match &self.again {
            Some((calls, took)) => {
                write!(f, ", played again: {calls} calls in {:.1} s", took.as_secs_f64())?;
            }
            None => f.write_str(", new")?,
        }
        match &self.aside {
            Some(aside) => write!(f, "; the one before is {}", aside.display()),
            None => Ok(()),
        }
    }
}

impl DataArgs {
    /// The world at its start, or where it was when its last process ended; and what became of the folder, if there is one.
    pub fn begin(&self, world: LoadedWorld, seed: Option<u64>) -> anyhow::Result<(Begun, Option<Kept>)> {
        let Some(path) = &self.data else {
            let begun = Begun::new(world).map_err(|error| Wrong(error.to_string()))?;
            return Ok((begun, None));
        };
        self.begin_in(path, world, seed)
            .map(|(begun, kept)| (begun, Some(kept)))
            .map_err(with_way_out)
    }

    fn begin_in(&self, path: &Path, world: LoadedWorld, seed: Option<u64>) -> anyhow::Result<(Begun, Kept)> {
        let folder = Folder::hold(path)?;
        let aside = match self.fresh {
            true => folder.set_aside()?,
            false => None,
        };
        let took = Stopwatch::start();
        let mut playing = Playing::new(false);
        let (begun, calls) = data::begin(folder, world, seed, |done, of| playing.show(done, of))?;
        let kept = Kept {
            file: begun.journal.kept_in().map(ToOwned::to_owned).unwrap_or_default(),
            aside,
            again: calls.map(|calls| (calls, took.elapsed())),
        };
        Ok((begun, kept))
    }
}

/// An error with what can be done about it.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    let Some(wrong) = error.downcast_ref::<DataError>() else {
        return error;
    };
    let told = format!("{wrong}; {}", wrong.way_out());
    match wrong {
        DataError::OtherWorld { .. } => Wrong(told).into(),
        _ => anyhow::Error::msg(told),
    }
}

/// How far a journal is played, on stderr: a bar on a terminal, lines elsewhere.
pub struct Playing {
    bar: ProgressBar,
    lines: Lines,
}

impl Playing {
    /// It is shown, on a terminal if that is not wanted for `records`.
    pub fn new(records: bool) -> Self {
        let target = match !records && std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:24} {percent} % of the journal are played, {elapsed}");
        Self {
            bar: match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            },
            lines: Lines::on_stderr(),
        }
    }

    /// Shows how far it is.
    pub fn show(&mut self, done: i64, of: i64) {
        self.lines.tell(|taken| {
            let percent = done.saturating_mul(100) / of.max(1);
            format!("{percent} % of the journal are played after {taken}")
        });
        self.bar.set_length(of.unsigned_abs());
        self.bar.set_position(done.unsigned_abs());
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
