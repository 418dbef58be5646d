//! What the process's exit code means: [`Exit`].

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: all is well.
    Ok,
    /// 1: a test failed.
    Failed,
    /// 2: the command line or a scenario file is wrong; nothing ran.
    Wrong,
    /// 3: the environment is: a port is taken, an app cannot be reached, a file cannot be read, the clock was held too long.
    Environment,
    /// 4: no test was selected.
    NothingSelected,
}

impl Exit {
    /// The code for an error that ended a command: its own when it has one, otherwise the environment's.
    pub fn of(error: &anyhow::Error) -> Self {
        error
            .downcast_ref::<Wrong>()
            .map_or(Self::Environment, |_| Self::Wrong)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Wrong => 2,
            Exit::Environment => 3,
            Exit::NothingSelected => 4,
        })
    }
}

/// An error of whoever wrote the command line or the file: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);
