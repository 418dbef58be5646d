//! The prompt of a person: line editing, history, completion, and texts that arrive above the line being typed.
//!
//! The session has a thread of its own: while a line is being typed, real apps may call, and what follows is printed at once.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::Context;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter};
use scenario::completion::Known;

use crate::exit::Exit;
use crate::repl::completion::Offers;
use crate::repl::say;
use crate::repl::session::{Answer, Options, Session};

/// Lines that are kept from session to session, at most.
const HISTORY_MAX: usize = 1_000;
/// How often it is looked whether a real app has called.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Prints above the line that is being typed.
trait Above: Send {
    /// Prints whole lines.
    fn print(&mut self, lines: String);
}

impl<P: ExternalPrinter + Send> Above for P {
    fn print(&mut self, lines: String) {
        // A terminal that has gone away ends the session where lines are read.
        let _ = ExternalPrinter::print(self, lines);
    }
}

/// What the session says to whoever reads the lines.
struct Turn {
    answer: Answer,
    prompt: String,
    known: Known,
}

impl Turn {
    fn of(session: &Session, answer: Answer) -> Self {
        Self {
            answer,
            prompt: session.prompt(),
            known: session.known(),
        }
    }
}

/// Reads lines from a terminal until Ctrl-D or `/quit`. Ctrl-C clears the line.
pub fn at_terminal(options: Options) -> anyhow::Result<Exit> {
    let config = Config::builder()
        .max_history_size(HISTORY_MAX)?
        .completion_type(CompletionType::List)
        .build();
    let mut editor: Editor<Offers, DefaultHistory> =
        Editor::with_config(config).context("the terminal cannot be used")?;
    let history = history_file();
    if let Some(path) = &history {
        // The first session has none, and one that cannot be read is no reason to stop.
        let _ = editor.load_history(path);
    }
    let above: Option<Box<dyn Above>> = match editor.create_external_printer() {
        Ok(printer) => Some(Box::new(printer)),
        Err(_) => None,
    };
    let (lines, typed) = mpsc::channel();
    let (turns, told) = mpsc::channel();
    let session = std::thread::Builder::new()
        .name("session".to_owned())
        .spawn(move || hold_session(options, &typed, &turns, above))?;
    while let Ok(turn) = told.recv() {
        say(&turn.answer.text)?;
        if turn.answer.over {
            break;
        }
        editor.set_helper(Some(Offers::new(turn.known)));
        let Some(line) = line(&mut editor, &turn.prompt)? else {
            break;
        };
        if lines.send(line).is_err() {
            break;
        }
    }
    drop(lines);
    keep(&mut editor, history);
    session
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(Exit::Ok)
}

/// The next line; none at the end.
fn line(editor: &mut Editor<Offers, DefaultHistory>, prompt: &str) -> anyhow::Result<Option<String>> {
    loop {
        match editor.readline(prompt) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    let _ = editor.add_history_entry(line.as_str());
                }
                return Ok(Some(line));
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(None),
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
}

/// The session's thread: a turn for each line, and what real apps do between lines.
fn hold_session(
    options: Options,
    typed: &mpsc::Receiver<String>,
    turns: &mpsc::Sender<Turn>,
    mut above: Option<Box<dyn Above>>,
) -> anyhow::Result<()> {
    let (mut session, greeting) = Session::open(options)?;
    let greeting = format!("{greeting}A line is a text to 32665; /help tells the rest, Ctrl-D leaves.\n");
    let mut turn = Turn::of(
        &session,
        Answer {
            text: greeting,
            over: false,
        },
    );
    while turns.send(turn).is_ok() {
        let line = loop {
            match typed.recv_timeout(LOOK_EVERY) {
                Ok(line) => break line,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(above) = &mut above {
                let happened = session.poll();
                if !happened.is_empty() {
                    above.print(happened);
                }
            }
        };
        let answer = session.line(&line);
        turn = Turn::of(&session, answer);
    }
    Ok(())
}

/// Keeps the history; one that cannot be kept is no error.
fn keep(editor: &mut Editor<Offers, DefaultHistory>, history: Option<PathBuf>) {
    if let Some(path) = history {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.append_history(&path);
    }
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
