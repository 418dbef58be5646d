//! `smsim review`: what `run --update` would change, change by change.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use scenario::{ChangedLine, Rules, with_changed_lines};

use crate::cli::run::output;
use crate::cli::say;
use crate::exit::{Exit, Wrong};
use crate::rules::ConfigArgs;
use crate::sources::{self, NotLoaded};

/// Go through what `smsim run --update` would change, and take what is right.
///
/// On a terminal it asks about one line after the other; what is accepted is written when its file has been gone through. Elsewhere,
/// and with --list, it prints the changes and writes nothing. The exit code is 1 while there are changes that were not accepted. With CI
/// set it writes nothing and refuses, unless it is to --list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim review tests/scenarios           accept or reject each change
  smsim review tests/scenarios --list    print them all; exit code 1 if there are any")]
pub struct Args {
    /// Print the changes and write nothing.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    config: ConfigArgs,
    /// Files, and folders in which every .sms file is reviewed.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// What is said of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Accept,
    Reject,
    /// This one and the rest of the file.
    AcceptAll,
    RejectAll,
    Quit,
}

/// A scenario with the changes that its tests ask for.
struct Review {
    file: PathBuf,
    path: String,
    /// What it says.
    text: String,
    changes: Vec<ChangedLine>,
    /// The names of its tests and the lines where they begin.
    tests: Vec<(usize, String)>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let files = sources::scenario_files(&args.paths)?;
    for file in &files {
        match args.list {
            true => sources::is_sms("smsim review", file)?,
            false => sources::may_write("smsim review", file)?,
        }
    }
    let rules = args.config.rules()?;
    let asks = !args.list && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (mut found, mut accepted, mut quit) = (0, 0, false);
    for file in &files {
        if quit {
            break;
        }
        let review = Review::of(file, &args.config, &rules)?;
        found += review.changes.len();
        if !asks {
            for place in 0..review.changes.len() {
                say(&review.told(place))?;
            }
            continue;
        }
        let (taken, goes_on) = review.ask()?;
        quit = !goes_on;
        accepted += taken.len();
        review.write(&taken)?;
    }
    let changes = if found == 1 { "change" } else { "changes" };
    let rest = if quit {
        ", and the rest was not looked at"
    } else {
        ""
    };
    say(&match (asks, found) {
        (_, 0) => format!("nothing would change{rest}\n"),
        (true, _) => format!("{accepted} of {found} {changes} accepted{rest}\n"),
        (false, _) => format!("{found} {changes}; on a terminal, without --list, each can be accepted\n"),
    })?;
    Ok(if accepted == found && !quit {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

impl Review {
    fn of(file: &Path, config: &ConfigArgs, rules: &Rules) -> anyhow::Result<Self> {
        let path = sources::slashes(file);
        let mut read = config.sources()?;
        let script = match sources::load(&mut read, file) {
            Ok(script) => script,
            Err(NotLoaded::Faults(faults)) => return Err(sources::wrong(&read, &faults)),
            Err(NotLoaded::Unreadable(error)) => return Err(error),
        };
        let updated =
            scenario::update(&read, &path, rules, None).map_err(|faults| sources::wrong(&read, &faults))?;
        let text = read.text(&path).unwrap_or_default().to_owned();
        let line = |at: u32| scenario::source::place(&text, at).line;
        Ok(Self {
            file: file.to_owned(),
            changes: updated.changed_lines(&text),
            tests: script
                .tests()
                .map(|test| (line(test.span.start), test.name.node.clone()))
                .collect(),
            path,
            text,
        })
    }

    /// A change as people read it, each line ended.
    fn told(&self, place: usize) -> String {
        let ChangedLine { line, before, after } = &self.changes[place];
        let colour = output::colour();
        let test = self.tests.iter().rev().find(|(begins, _)| begins <= line);
        let test = test.map_or_else(String::new, |(_, name)| format!("  {name}"));
        format!(
            "{}:{line}  ({} of {}){test}\n{}\n{}\n",
            self.path,
            place + 1,
            self.changes.len(),
            colour.removed(&format!("-{before}")),
            colour.added(&format!("+{after}")),
        )
    }

    /// Asks about each change. Those that are accepted, and whether to go on with the next file.
    fn ask(&self) -> anyhow::Result<(Vec<ChangedLine>, bool)> {
        let mut taken = Vec::new();
        for (place, change) in self.changes.iter().enumerate() {
            say(&format!("\n{}", self.told(place)))?;
            match answer()? {
                Answer::Accept => taken.push(change.clone()),
                Answer::Reject => {}
                Answer::AcceptAll => {
                    taken.extend_from_slice(&self.changes[place..]);
                    break;
                }
                Answer::RejectAll => break,
                Answer::Quit => return Ok((taken, false)),
            }
        }
        Ok((taken, true))
    }

    /// Writes what was accepted, unless the file has become another one meanwhile.
    fn write(&self, taken: &[ChangedLine]) -> anyhow::Result<()> {
        if taken.is_empty() {
            return Ok(());
        }
        let now = sources::read_scenario(&self.file)?;
        anyhow::ensure!(
            now == self.text,
            Wrong(format!(
                "{} was changed meanwhile; it is left as it is",
                self.path
            ))
        );
        sources::write(&self.file, &with_changed_lines(&self.text, taken))
    }
}

/// Reads an answer, and asks again until it is one. Where nothing more comes (Ctrl-D), that means to quit.
fn answer() -> anyhow::Result<Answer> {
    loop {
        print!("Accept? y yes, n no, a all of this file, d none of this file, q quit: ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            println!();
            return Ok(Answer::Quit);
        }
        match parsed(&line) {
            Some(answer) => return Ok(answer),
            None => println!("{:?} is no answer; write y, n, a, d or q", line.trim()),
        }
    }
}

fn parsed(line: &str) -> Option<Answer> {
    Some(match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Accept,
        "n" | "no" => Answer::Reject,
        "a" | "all" => Answer::AcceptAll,
        "d" | "none" => Answer::RejectAll,
        "q" | "quit" => Answer::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_letter_or_its_word() {
        for (line, answer) in [
            ("y\n", Some(Answer::Accept)),
            (" YES \r\n", Some(Answer::Accept)),
            ("n\n", Some(Answer::Reject)),
            ("a\n", Some(Answer::AcceptAll)),
            ("d\n", Some(Answer::RejectAll)),
            ("quit\n", Some(Answer::Quit)),
            ("\n", None),
            ("yo\n", None),
        ] {
            assert_eq!(parsed(line), answer, "{line:?}");
        }
    }
}
