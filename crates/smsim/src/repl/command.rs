//! The commands of the prompt: one table for what they are, how they are written, and what `/help` says.

/// What a command does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Another phone.
    As,
    /// Another user.
    New,
    /// The texts on a phone.
    Inbox,
    /// An app does something, or a real one takes its place.
    App,
    /// The callbacks so far.
    Callbacks,
    /// `set`.
    Set,
    /// `check`.
    Check,
    /// `wait`.
    Wait,
    /// `at`.
    At,
    /// How time passes between lines.
    Clock,
    /// The decisions behind the last line.
    Why,
    /// All records behind the last line.
    Trace,
    /// Whether PDUs are shown.
    Pdu,
    /// What somebody must have seen.
    Expect,
    /// `note`.
    Note,
    /// The last line never was.
    Undo,
    /// A scenario of what happened.
    Save,
    /// The tests of a file.
    Run,
    /// The steps of a test, in this world.
    Play,
    /// Everything from the beginning.
    Reset,
    /// What can be typed.
    Help,
    /// The end.
    Quit,
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its word, with the slash.
    pub word: &'static str,
    /// What it does.
    pub verb: Verb,
    /// What follows the word.
    pub arguments: &'static str,
    /// What it is for.
    pub help: &'static str,
}

/// Every command, in the order of `/help`.
pub const COMMANDS: [Command; 22] = [
    command("/as", Verb::As, "USER", "text from that user's phone"),
    command(
        "/new",
        Verb::New,
        "NAME [+NUMBER] on CARRIER[, CLAUSES]",
        "a user joins, with a phone; without a number the next free one",
    ),
    command("/inbox", Verb::Inbox, "[USER]", "the texts on the phone"),
    command(
        "/app",
        Verb::App,
        "APP > USER \"TEXT\"[, in $s1] | APP ? USER | APP url URL",
        "the app sends, asks, or is a real one from now on",
    ),
    command(
        "/callbacks",
        Verb::Callbacks,
        "[APP]",
        "the texts that apps got, with their sessions",
    ),
    command(
        "/set",
        Verb::Set,
        "WHO SETTING",
        "change a setting: /set alice quiet-hours 22:00-08:00",
    ),
    command(
        "/check",
        Verb::Check,
        "WHO SETTING",
        "compare a setting: /check carol app quiz installed",
    ),
    command("/wait", Verb::Wait, "61s", "let that much time pass"),
    command("/at", Verb::At, "[+1d] 23:30", "jump to that time of day"),
    command(
        "/clock",
        Verb::Clock,
        "[pause | step | real | x20]",
        "let the clock run while you type, stop it, or go on to what is due next",
    ),
    command(
        "/why",
        Verb::Why,
        "",
        "what the platform decided about the last line",
    ),
    command(
        "/trace",
        Verb::Trace,
        "",
        "everything that happened because of the last line",
    ),
    command(
        "/pdu",
        Verb::Pdu,
        "on|off",
        "show the PDUs of the platform's link, or do not",
    ),
    command(
        "/expect",
        Verb::Expect,
        "[WHO <] PATTERN",
        "the last line brought this: /expect ~\"*Reply Y*\", /expect quiz < carol \"play\"",
    ),
    command("/note", Verb::Note, "TEXT", "a note for the saved scenario"),
    command(
        "/undo",
        Verb::Undo,
        "",
        "the last line that did something never was; all before it is played again",
    ),
    command(
        "/save",
        Verb::Save,
        "FILE [\"NAME\"]",
        "write what happened as a scenario, and run it once",
    ),
    command(
        "/run",
        Verb::Run,
        "FILE",
        "run the tests of a scenario file, each in a new world",
    ),
    command(
        "/play",
        Verb::Play,
        "FILE[:LINE]",
        "do here what a test of a file does, step by step",
    ),
    command("/reset", Verb::Reset, "", "begin again"),
    command("/help", Verb::Help, "[COMMAND]", "this"),
    command("/quit", Verb::Quit, "", "leave; so does Ctrl-D"),
];

const fn command(word: &'static str, verb: Verb, arguments: &'static str, help: &'static str) -> Command {
    Command {
        word,
        verb,
        arguments,
        help,
    }
}

/// What a line means.
#[derive(Debug)]
pub enum Line<'l> {
    /// Nothing.
    Empty,
    /// A text.
    Text(&'l str),
    /// A scenario line.
    Scenario(&'l str),
    /// A command with what follows it.
    Command(Command, &'l str),
    /// A word that begins with a slash and is no command.
    Unknown(&'l str),
}

impl<'l> Line<'l> {
    /// Reads a line. A text that begins with a slash is typed with two.
    pub fn read(line: &'l str) -> Self {
        let Some(rest) = line.strip_prefix('/') else {
            return if line.trim().is_empty() {
                Line::Empty
            } else {
                Line::Text(line)
            };
        };
        if rest.starts_with('/') {
            return Line::Text(rest);
        }
        if rest.is_empty() || rest.starts_with(' ') {
            return Line::Scenario(rest.strip_prefix(' ').unwrap_or(rest));
        }
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        let word = &line[..end];
        match COMMANDS.iter().find(|command| command.word == word) {
            Some(command) => Line::Command(*command, line[end..].trim()),
            None => Line::Unknown(word),
        }
    }
}

/// What `/help` says: everything, or about one command.
pub fn help(about: &str) -> String {
    let about = about.trim_start_matches('/');
    if let Some(command) = COMMANDS.iter().find(|command| &command.word[1..] == about) {
        return format!("  {} {}\n    {}\n", command.word, command.arguments, command.help);
    }
    let mut text = String::from(
        "  A line is a text to 32665 from the phone in the prompt (a text that begins with a slash is typed with two).\n  \
         After / and a blank stands any scenario line:  / carol > \"Paris\", in $s1\n\n",
    );
    for command in COMMANDS {
        let usage = format!("{} {}", command.word, command.arguments);
        text.push_str(&match usage.chars().count() {
            0..=30 => format!("  {usage:30}  {}\n", command.help),
            _ => format!("  {usage}\n  {:30}  {}\n", "", command.help),
        });
    }
    text.push_str(
        "\n  Time is the world's: it stands still while you type. What follows from a line arrives at once, within the world's\n  \
         patience, and the clock stands at the last arrival; /wait and /at move it. Each session in which an app gets a text\n  \
         has a name: $s1, $s2 and so on.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_text_unless_it_begins_with_one_slash() {
        for (line, read) in [
            ("quiz play", "Text(\"quiz play\")"),
            ("?", "Text(\"?\")"),
            ("  ", "Empty"),
            ("//etc", "Text(\"/etc\")"),
            ("/ alice > \"Y\"", "Scenario(\"alice > \\\"Y\\\"\")"),
            ("/", "Scenario(\"\")"),
            ("/wiat 5s", "Unknown(\"/wiat\")"),
        ] {
            assert_eq!(format!("{:?}", Line::read(line)), read, "{line:?}");
        }
        let Line::Command(command, rest) = Line::read("/wait  61s ") else {
            panic!("a command");
        };
        assert_eq!((command.verb, rest), (Verb::Wait, "61s"));
    }

    #[test]
    fn help_knows_every_command() {
        let all = help("");
        for command in COMMANDS {
            assert!(all.contains(command.word), "{}", command.word);
            assert!(help(command.word).contains(command.help));
        }
    }
}
