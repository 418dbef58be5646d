//! A person at the terminal in the place of a user: [`Terminal`].

use std::io::{BufRead, IsTerminal, Write};

use scenario::people::{Awaited, People, Shown};

/// The terminal, where one person types the texts of one or more users and sees their phones.
///
/// What is shown goes to stderr: results have stdout for themselves.
#[derive(Debug)]
pub struct Terminal {
    users: Vec<String>,
    begun: bool,
}

impl Terminal {
    /// The terminal of those users; none when nobody is a person.
    ///
    /// # Errors
    ///
    /// When nobody could type.
    pub fn open(users: &[String]) -> anyhow::Result<Option<Self>> {
        if users.is_empty() {
            return Ok(None);
        }
        let whose = users.join(" and ");
        anyhow::ensure!(
            std::io::stdin().is_terminal(),
            "{whose} is to be a person, and nobody can type: stdin is no terminal. Run it in one, or play the guided demos of \
             `smsim demo --human {}` in a browser",
            users[0]
        );
        Ok(Some(Self {
            users: users.to_vec(),
            begun: false,
        }))
    }

    /// Says which test begins.
    pub fn begin_test(&mut self, name: &str) {
        if !self.begun {
            self.begun = true;
            let whose = self.users.join(" and ");
            say(&format!(
                "You are {whose}: type each text as it is asked for. What arrives is shown. Ctrl-D gives up.\n"
            ));
        }
        say(&format!("\n{}\n", visible(name)));
    }
}

impl People for Terminal {
    fn types(&mut self, time: &str, awaited: Awaited<'_>) -> Option<String> {
        let Awaited { user, text, to } = awaited;
        let to = to.map_or_else(String::new, |to| format!(" to {to}"));
        let (asked, blank) = (format!("{time} {user}> "), "");
        let width = asked.len();
        say(&format!("{blank:width$}(text{to}: {})\n{asked}", visible(text)));
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(octets) if octets > 0 => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
            Ok(_) | Err(_) => {
                say("\n");
                None
            }
        }
    }

    fn shows(&mut self, time: &str, what: Shown<'_>) {
        say(&match what {
            Shown::Note(text) => format!("{time}   {}\n", visible(text)),
            Shown::Text { user, text, from } => {
                let from = from.map_or_else(String::new, |from| format!("   from {from}"));
                format!("{time}   {user} < {}{from}\n", visible(text))
            }
            Shown::Differs { awaited, typed } => format!(
                "  {} is another text, and is not sent: the scenario expects {}\n",
                visible(typed),
                visible(awaited.text)
            ),
        });
    }
}

/// A text without what would move a terminal's cursor; each of its lines stays one.
fn visible(text: &str) -> String {
    let shown = |c: char| match c.is_control() && c != '\n' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Prints and flushes.
fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    // A terminal that has gone away types nothing either.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_moves_the_cursor_of_the_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb\rc\nd"), "a\\u{1b}[2Jb\\rc\nd");
    }
}
