//! The prompt of a person: line editing, history, completion.

use std::path::PathBuf;

use anyhow::Context;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Config, Editor};

use crate::exit::Exit;
use crate::repl::say;
use crate::repl::session::{Options, Session};

/// Lines that are kept from session to session, at most.
const HISTORY_MAX: usize = 1_000;

/// Reads lines from a terminal until Ctrl-D or `/quit`. Ctrl-C clears the line.
pub fn at_terminal(options: Options) -> anyhow::Result<Exit> {
    let (mut session, greeting) = Session::open(options)?;
    let config = Config::builder().max_history_size(HISTORY_MAX)?.build();
    let mut editor: Editor<(), DefaultHistory> =
        Editor::with_config(config).context("the terminal cannot be used")?;
    let history = history_file();
    if let Some(path) = &history {
        // The first session has none, and one that cannot be read is no reason to stop.
        let _ = editor.load_history(path);
    }
    say(&greeting)?;
    say("A line is a text to 32665; /help tells the rest, Ctrl-D leaves.\n")?;
    loop {
        match editor.readline(&session.prompt()) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    let _ = editor.add_history_entry(line.as_str());
                }
                let answer = session.line(&line);
                say(&answer.text)?;
                if answer.over {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
    if let Some(path) = &history {
        // A history that cannot be kept is no error.
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(path);
    }
    Ok(Exit::Ok)
}

/// Where the platform keeps what a program remembers: `smsim/history` in the XDG state folder, or in the local application
/// data of Windows.
fn history_file() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = folder("XDG_STATE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("smsim").join("history"))
}
