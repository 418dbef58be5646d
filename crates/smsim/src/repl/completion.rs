//! What may be typed next: completion and hints for a line of the prompt, from the same grammar that reads it.

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use scenario::Kind;
use scenario::completion::{Known, complete, complete_declaration};

use crate::repl::command::{COMMANDS, Line, Verb};

/// Completes lines and hints at what follows.
pub struct Offers {
    /// What lines may name now.
    pub known: Known,
    files: FilenameCompleter,
}

impl Offers {
    pub fn new(known: Known) -> Self {
        Self {
            known,
            files: FilenameCompleter::new(),
        }
    }

    /// The words that may stand at the end of `before`, and where the word that they would replace begins.
    fn words(&self, before: &str) -> (usize, Vec<String>) {
        match Line::read(before) {
            Line::Empty | Line::Text(_) => (before.len(), Vec::new()),
            Line::Scenario(step) if step.starts_with("user ") => self.joining(before, step),
            Line::Scenario(step) => {
                let (start, mut words) = self.shifted(before, step);
                if !step.is_empty() {
                    words.extend(begun(step, ["user".to_owned()]));
                }
                (start, words)
            }
            Line::Unknown(_) => (0, begun(before, COMMANDS.map(|command| command.word.to_owned()))),
            Line::Command(command, _) if before == command.word => {
                (0, begun(before, COMMANDS.map(|command| command.word.to_owned())))
            }
            Line::Command(command, _) => {
                self.arguments(command.verb, before, &before[command.word.len() + 1..])
            }
        }
    }

    /// Behind a command and a blank.
    fn arguments(&self, verb: Verb, before: &str, rest: &str) -> (usize, Vec<String>) {
        let names = |kind: Kind| {
            self.known
                .names
                .of_kind(kind)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let word = rest.rsplit(' ').next().unwrap_or_default();
        let first = !rest.contains(' ');
        let known = match verb {
            Verb::As | Verb::Inbox if first => names(Kind::User),
            Verb::Callbacks if first => names(Kind::App),
            Verb::Pdu if first => vec!["on".to_owned(), "off".to_owned()],
            Verb::Clock if first => ["pause", "step", "real", "x20"].map(str::to_owned).to_vec(),
            Verb::Help if first => COMMANDS.map(|command| command.word[1..].to_owned()).to_vec(),
            Verb::New if rest.contains(',') => return self.joining(before, &format!("user {rest}")),
            Verb::New if rest.trim_end().ends_with(" on") || rest.contains(" on ") => names(Kind::Carrier),
            Verb::New if !first => vec!["on".to_owned()],
            Verb::App if first => names(Kind::App),
            Verb::App if rest.split(' ').count() == 2 => ["url", ">", "?", "<"].map(str::to_owned).to_vec(),
            Verb::Set => return self.shifted(before, &format!("set {rest}")),
            Verb::Check => return self.shifted(before, &format!("check {rest}")),
            Verb::App | Verb::Expect => return self.shifted(before, rest),
            Verb::As
            | Verb::New
            | Verb::Inbox
            | Verb::Callbacks
            | Verb::Wait
            | Verb::At
            | Verb::Clock
            | Verb::Why
            | Verb::Trace
            | Verb::Pdu
            | Verb::Note
            | Verb::Undo
            | Verb::Save
            | Verb::Run
            | Verb::Play
            | Verb::Reset
            | Verb::Help
            | Verb::Quit => Vec::new(),
        };
        (before.len() - word.len(), begun(word, known))
    }

    /// As a scenario line, whose end is the end of what was typed.
    fn shifted(&self, before: &str, step: &str) -> (usize, Vec<String>) {
        let (start, words) = complete(&self.known, step);
        (before.len() - (step.len() - start), words)
    }

    /// As the declaration of a user who joins.
    fn joining(&self, before: &str, declaration: &str) -> (usize, Vec<String>) {
        let (start, words) = complete_declaration(&self.known, declaration);
        (before.len() - (declaration.len() - start), words)
    }
}

/// Those that begin so.
fn begun(word: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    known
        .into_iter()
        .filter(|candidate| candidate.starts_with(word) && candidate != word)
        .collect()
}

impl Completer for Offers {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..at];
        if let Line::Command(command, _) = Line::read(before)
            && matches!(command.verb, Verb::Save | Verb::Run | Verb::Play)
            && before.len() > command.word.len()
        {
            return self.files.complete(line, at, context);
        }
        let (start, words) = self.words(before);
        let pairs = words.into_iter().map(|word| Pair {
            display: word.clone(),
            replacement: match word.ends_with(['(', ':']) {
                true => word,
                false => word + " ",
            },
        });
        Ok((start, pairs.collect()))
    }
}

impl Hinter for Offers {
    type Hint = String;

    /// The rest of the only word that may stand here, or what a command is followed by.
    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if at < line.len() || !line.starts_with('/') {
            return None;
        }
        let (start, words) = self.words(line);
        if let ([only], true) = (words.as_slice(), start < line.len()) {
            let arguments = COMMANDS.iter().find(|command| command.word == only);
            let arguments = arguments.map_or(String::new(), |command| format!(" {}", command.arguments));
            return Some(format!("{}{arguments}", &only[line.len() - start..]));
        }
        let command = COMMANDS.iter().find(|command| line.trim_end() == command.word)?;
        let gap = if line.ends_with(' ') { "" } else { " " };
        (!command.arguments.is_empty()).then(|| format!("{gap}{}", command.arguments))
    }
}

impl Highlighter for Offers {
    /// Hints are dim.
    fn highlight_hint<'h>(&self, hint: &'h str) -> std::borrow::Cow<'h, str> {
        format!("\x1b[2m{hint}\x1b[0m").into()
    }
}

impl Validator for Offers {}

impl Helper for Offers {}

#[cfg(test)]
mod tests {
    use scenario::Sources;

    use super::*;

    fn offers() -> Offers {
        let mut sources = Sources::new();
        sources.insert("demo.sms", crate::sources::DEMO);
        let script = scenario::load(&sources, "demo.sms").expect("the demo world");
        Offers::new(Known {
            names: script.names().clone(),
            captures: vec!["s1".to_owned()],
            scenes: vec!["ask_to_install".to_owned()],
        })
    }

    #[test]
    fn commands_and_what_follows_them_are_completed() {
        for (before, start, words) in [
            ("quiz pl", 7, ""),
            ("/wa", 0, "/wait"),
            ("/as ", 4, "alice bob carol"),
            ("/as c", 4, "carol"),
            ("/app q", 5, "quiz"),
            ("/app quiz ", 10, "url > ? <"),
            ("/app quiz > ca", 12, "carol"),
            ("/app quiz > carol \"Hi\", in ", 27, "$s1"),
            ("/set alice quiet", 11, "quiet-hours"),
            ("/check carol app quiz ins", 22, "installed"),
            ("/ run a", 6, "ask_to_install("),
            ("/new erin ", 10, "on"),
            ("/new erin on s", 13, "sprint"),
            ("/new erin on att, fr", 18, "friends"),
            ("/ us", 2, "user"),
            ("/ user erin +14155550104 on s", 28, "sprint"),
            ("/ user erin +14155550104 on att, apps q", 38, "quiz"),
            ("/pdu o", 5, "on off"),
            ("/help un", 6, "undo"),
            ("/wait 5", 6, ""),
        ] {
            let (from, offered) = offers().words(before);
            assert_eq!((from, offered.join(" ").as_str()), (start, words), "{before:?}");
        }
    }

    #[test]
    fn a_hint_says_what_is_missing() {
        let history = rustyline::history::DefaultHistory::new();
        for (line, hint) in [
            ("/wai", Some("t 61s")),
            ("/wait", Some(" 61s")),
            ("/wait ", Some("61s")),
            ("/as ca", Some("rol")),
            ("/why", None),
            ("quiz", None),
        ] {
            let found = offers().hint(line, line.len(), &Context::new(&history));
            assert_eq!(found.as_deref(), hint, "{line:?}");
        }
    }
}
