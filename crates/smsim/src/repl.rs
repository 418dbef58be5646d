//! The prompt: lines are texts, commands begin with a slash. [`plain`] reads a pipe, [`at_terminal`] a person.

mod app;
mod command;
mod completion;
mod looking;
mod saving;
mod session;
mod terminal;
mod time;
mod users;
mod wording;

use std::io::{BufRead, Write};

use crate::exit::{Exit, Wrong};

pub use session::Options;
use session::Session;

/// Reads lines from stdin to its end and prints what happens, one event a line.
pub fn plain(options: Options) -> anyhow::Result<Exit> {
    let (mut session, greeting) = Session::open(options)?;
    eprint!("{greeting}");
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Wrong(format!("stdin: {error}")))?;
        let answer = session.line(&line);
        say(&answer.text)?;
        if answer.over {
            break;
        }
    }
    let answer = session.end();
    say(&answer.text)?;
    Ok(match (session.failed, session.held, session.wrong) {
        (0, 0, 0) => Exit::Ok,
        (0, 0, _) => Exit::Wrong,
        (0, ..) => Exit::Environment,
        _ => Exit::Failed,
    })
}

pub use terminal::at_terminal;

/// Prints and flushes; a reader that has gone away ends the session.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Wrong(format!("stdout: {error}")).into())
}
