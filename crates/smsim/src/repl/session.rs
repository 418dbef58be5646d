//! One session at the prompt: [`Session`] takes lines and gives what is to be printed. It knows no terminal.

use std::path::PathBuf;
use std::time::Duration;

use scenario::diagnostics::Class;
use scenario::syntax::{Spanned, Step, Text};
use scenario::{Colour, Diagnostic, Interactive, Kind, Rules, Script, Sources};
use sms::Timestamp;

use crate::exit::Wrong;
use crate::repl::app::SharedApps;
use crate::repl::command::{self, COMMANDS, Command, Line, Verb};
use crate::repl::{looking, wording};
use crate::sources;

/// How a session begins.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file that declares the world; none for the demo world.
    pub world: Option<PathBuf>,
    /// Whose phone.
    pub handset: Option<String>,
    /// The rules of the platform.
    pub rules: Rules,
    /// The seed, in place of the world's own.
    pub seed: Option<u64>,
    /// Where real apps call; 0 picks a port.
    pub http_port: u16,
    /// How long the clock is held for a real app.
    pub hold_max: Duration,
}

/// What a line came to.
#[derive(Debug, Default)]
pub struct Answer {
    /// What to print, each line ended.
    pub text: String,
    /// Whether the session is over.
    pub over: bool,
}

/// A line that changed the world, with what there was before it.
#[derive(Debug)]
struct Mark {
    line: String,
    done: usize,
    users: usize,
}

/// A session.
pub struct Session {
    pub(super) table: Interactive,
    pub(super) sources: Sources,
    pub(super) options: Options,
    /// The path of the source that uses the world and holds the users that were added.
    path: String,
    /// The path of the world, as that source names it.
    world: String,
    /// The declarations that were added.
    pub(super) users: Vec<String>,
    pub(super) apps: Option<SharedApps>,
    handset: String,
    marks: Vec<Mark>,
    lines: usize,
    /// The lines of a block that is not closed yet.
    block: Option<String>,
    shows_pdus: bool,
    /// The date that was shown last.
    date: String,
    /// Expectations that failed.
    pub failed: usize,
    /// Lines that could not be understood.
    pub wrong: usize,
}

/// Why a line did nothing more.
pub(super) enum Trouble {
    /// In words.
    Words(String),
    /// With places in what was typed.
    Faults(Vec<Diagnostic>),
    /// Printed as it is: faults of another file.
    Printed(String),
}

impl From<String> for Trouble {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<&str> for Trouble {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

/// What a command prints, or why it does nothing.
pub(super) type Said = Result<String, Trouble>;

impl Session {
    /// A session in the world that the options name, and what is to be said first.
    pub fn open(options: Options) -> anyhow::Result<(Self, String)> {
        let mut sources = Sources::new();
        let world = sources::read_world(&mut sources, options.world.as_deref())?;
        let (folder, file) = world
            .rsplit_once('/')
            .map_or(("", world.as_str()), |(folder, file)| (folder, file));
        let path = match folder {
            "" => "(prompt)".to_owned(),
            folder => format!("{folder}/(prompt)"),
        };
        let script =
            with_users(&mut sources, &path, file, &[]).map_err(|faults| sources::wrong(&sources, &faults))?;
        let handset = first_handset(&script, options.handset.as_deref())?;
        let world = file.to_owned();
        let table = Interactive::new(script, options.rules.clone(), options.seed)
            .map_err(|faults| sources::wrong(&sources, &faults))?;
        let mut session = Self {
            date: wording::date(&table, table.now()),
            table,
            sources,
            options,
            path,
            world,
            users: Vec::new(),
            apps: None,
            handset,
            marks: Vec::new(),
            lines: 0,
            block: None,
            shows_pdus: false,
            failed: 0,
            wrong: 0,
        };
        let greeting = session.open_way_for_declared_apps()?;
        Ok((session, greeting))
    }

    /// What stands before the line that is being typed: the world's time and the phone.
    pub fn prompt(&self) -> String {
        if self.block.is_some() {
            return "  ... ".to_owned();
        }
        let person = self.table.actors().users.get(&self.handset);
        let carrier = person.map_or("?", |person| {
            self.table.world().smsc().carrier_of(person.phone).name.as_str()
        });
        format!(
            "{} {}@{carrier}> ",
            wording::time(&self.table, self.table.now()),
            self.handset
        )
    }

    /// Takes a line.
    pub fn line(&mut self, line: &str) -> Answer {
        if let Some(block) = &mut self.block {
            if !line.trim().is_empty() {
                block.push_str(line);
                block.push('\n');
                return Answer::default();
            }
            let block = self.block.take().unwrap_or_default();
            return self.answered(&block, |session| session.scenario(&block));
        }
        match Line::read(line) {
            Line::Empty => Answer::default(),
            Line::Text(text) => self.answered(line, |session| session.text(text)),
            Line::Scenario(step) if step.trim_end().ends_with(':') => {
                self.block = Some(format!("{step}\n"));
                Answer::default()
            }
            Line::Scenario(step) => self.answered(line, |session| session.scenario(step)),
            Line::Unknown(word) => {
                let near = scenario::nearest(word, COMMANDS.map(|command| command.word));
                let help = near.map_or("/help tells the commands".to_owned(), |near| {
                    format!("did you mean {near}?")
                });
                self.answered(line, |_| Err(format!("{word} is no command; {help}").into()))
            }
            Line::Command(command, _) if command.verb == Verb::Quit => Answer {
                over: true,
                ..Answer::default()
            },
            Line::Command(command, rest) => self.answered(line, |session| session.command(command, rest)),
        }
    }

    /// The input is at its end: a block that is open is performed.
    pub fn end(&mut self) -> Answer {
        if self.block.is_some() {
            return self.line("");
        }
        Answer::default()
    }

    /// Does something, and tells what happened before what it says itself.
    fn answered(&mut self, line: &str, act: impl FnOnce(&mut Self) -> Said) -> Answer {
        let mark = Mark {
            line: line.trim().to_owned(),
            done: self.table.done_count(),
            users: self.users.len(),
        };
        let from = self.table.next_record();
        let said = act(self);
        if self.table.acted_since(mark.done) || self.users.len() > mark.users {
            self.marks.push(mark);
        }
        let mut text = self.happened(from);
        match said {
            Ok(said) => text.push_str(&said),
            Err(trouble) => text.push_str(&self.told(trouble)),
        }
        Answer { text, over: false }
    }

    /// Counts what is wrong, and puts it in words.
    fn told(&mut self, trouble: Trouble) -> String {
        match trouble {
            Trouble::Words(words) => {
                self.wrong += 1;
                format!("  {words}\n")
            }
            Trouble::Printed(text) => {
                self.wrong += 1;
                text
            }
            Trouble::Faults(faults) => {
                let expected = faults
                    .iter()
                    .any(|fault| fault.code.class() == Class::Expectation);
                *(if expected {
                    &mut self.failed
                } else {
                    &mut self.wrong
                }) += 1;
                scenario::render_all(&faults, &self.sources, Colour::Never)
            }
        }
    }

    /// What was seen and done since record `from`, one event a line.
    fn happened(&mut self, from: u64) -> String {
        let from = from.min(self.table.next_record());
        let mut text = String::new();
        if self.shows_pdus {
            for (at, pdu) in self.table.pdus_since(from) {
                text.push_str(&format!("{}   {pdu}\n", wording::time(&self.table, at)));
            }
        }
        for event in self.table.happened_since(from) {
            text.push_str(&self.new_date(event.at));
            text.push_str(&wording::event(&self.table, &event));
        }
        text + &self.new_date(self.table.now())
    }

    /// A line with the date when it is another than before.
    fn new_date(&mut self, at: Timestamp) -> String {
        let date = wording::date(&self.table, at);
        match date == self.date {
            true => String::new(),
            false => {
                self.date = date;
                format!("--- {}\n", self.date)
            }
        }
    }

    fn command(&mut self, command: Command, rest: &str) -> Said {
        match command.verb {
            Verb::As => self.other_handset(rest),
            Verb::New => self.new_user(rest),
            Verb::Inbox => looking::inbox(&self.table, self.user_or_own(rest)?),
            Verb::App => self.app(rest),
            Verb::Callbacks => looking::callbacks(&self.table, self.app_or_all(rest)?),
            Verb::Set => self.scenario(&format!("set {rest}")),
            Verb::Check => {
                self.scenario(&format!("check {rest}"))?;
                Ok("  yes\n".to_owned())
            }
            Verb::Wait => self.scenario(&format!("wait {rest}")),
            Verb::At => self.scenario(&format!("at {rest}")),
            Verb::Why => Ok(looking::why(&self.table)),
            Verb::Trace => Ok(looking::trace(&self.table)),
            Verb::Pdu => self.pdus(rest),
            Verb::Expect => self.expect(rest),
            Verb::Note => {
                let text = match rest.starts_with('"') {
                    true => rest.to_owned(),
                    false => Text::literal(rest).to_string(),
                };
                self.scenario(&format!("note {text}"))
            }
            Verb::Undo => self.undo(),
            Verb::Save => self.save(rest),
            Verb::Run => self.run(rest),
            Verb::Reset => self.reset(),
            Verb::Help => Ok(command::help(rest)),
            Verb::Quit => Ok(String::new()),
        }
    }

    fn text(&mut self, text: &str) -> Said {
        let path = self.typed(text);
        self.table.stand_in(&path);
        match self.table.text(&self.handset, text) {
            Ok(()) => Ok(String::new()),
            Err(fault) => Err(Trouble::Words(match &fault.primary {
                Some(label) => format!("{}: {}", fault.message, label.text),
                None => fault.message,
            })),
        }
    }

    /// Performs lines of a scenario.
    pub(super) fn scenario(&mut self, text: &str) -> Said {
        let path = self.typed(text);
        let steps = scenario::parse_steps(&path, text).map_err(Trouble::Faults)?;
        self.table.stand_in(&path);
        for step in &steps {
            self.step(&path, step)?;
        }
        Ok(String::new())
    }

    fn step(&mut self, path: &str, step: &Spanned<Step>) -> Result<(), Trouble> {
        let faults = self.table.check(path, step);
        if faults.iter().any(Diagnostic::is_error) {
            return Err(Trouble::Faults(faults));
        }
        self.table
            .perform(step)
            .map_err(|fault| Trouble::Faults(vec![*fault]))
    }

    /// Keeps what was typed as a source that faults point into.
    fn typed(&mut self, text: &str) -> String {
        self.lines += 1;
        let path = format!("line {}", self.lines);
        self.sources.insert(&path, text);
        path
    }

    fn other_handset(&mut self, name: &str) -> Said {
        self.handset = self.user(name)?.to_owned();
        Ok(String::new())
    }

    /// The declared user of that name.
    fn user<'n>(&self, name: &'n str) -> Result<&'n str, Trouble> {
        match self.table.actors().users.contains_key(name) {
            true => Ok(name),
            false => Err(unknown(name, "a user", self.table.names().of_kind(Kind::User))),
        }
    }

    fn user_or_own<'n>(&'n self, name: &'n str) -> Result<&'n str, Trouble> {
        match name {
            "" => Ok(&self.handset),
            name => self.user(name),
        }
    }

    fn app_or_all<'n>(&self, name: &'n str) -> Result<Option<&'n str>, Trouble> {
        match name {
            "" => Ok(None),
            name if self.table.actors().apps.contains_key(name) => Ok(Some(name)),
            name => Err(unknown(name, "an app", self.table.names().of_kind(Kind::App))),
        }
    }

    fn pdus(&mut self, rest: &str) -> Said {
        self.shows_pdus = match rest {
            "on" => true,
            "off" => false,
            _ => return Err("write /pdu on or /pdu off".into()),
        };
        Ok(String::new())
    }

    /// A pattern alone is about the phone of the prompt.
    fn expect(&mut self, rest: &str) -> Said {
        let alone =
            rest.starts_with(['"', '~', '/']) || rest.starts_with("nothing") || rest.starts_with("no ");
        let line = match alone {
            true => format!("{} < {rest}", self.handset),
            false => rest.to_owned(),
        };
        let steps = scenario::parse_steps("line", &line).unwrap_or_default();
        let looks = |step: &Spanned<Step>| {
            matches!(
                step.node,
                Step::Arrival(_) | Step::Quiet { .. } | Step::Receipt { .. } | Step::Pdu(_)
            )
        };
        if !steps.is_empty() && !steps.iter().all(looks) {
            return Err("that is done, not seen; write / and the line to do it".into());
        }
        self.scenario(&line)?;
        Ok("  yes\n".to_owned())
    }

    /// `erin on att`: another user, and everything again with it.
    fn new_user(&mut self, rest: &str) -> Said {
        let (name, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let after = after.trim_start();
        let declaration = match after.starts_with('+') {
            true => format!("user {rest}"),
            false => format!("user {name} {} {after}", self.free_number()),
        };
        let mut users = self.users.clone();
        users.push(declaration);
        let script =
            with_users(&mut self.sources, &self.path, &self.world, &users).map_err(Trouble::Faults)?;
        self.table
            .replay(Some(script), usize::MAX)
            .map_err(Trouble::Faults)?;
        let shown = users.last().cloned().unwrap_or_default();
        self.users = users;
        Ok(format!("  {shown}\n"))
    }

    /// The number after the largest of the named phones.
    fn free_number(&self) -> String {
        let phones = self.table.actors().users.values().map(|person| person.phone);
        let digits = phones.max().map_or(String::new(), |phone| phone.to_string());
        let last: u64 = digits.trim_start_matches('+').parse().unwrap_or(14_155_550_100);
        format!("+{}", last + 1)
    }

    fn undo(&mut self) -> Said {
        let Some(mark) = self.marks.pop() else {
            return Err("nothing was done yet".into());
        };
        self.users.truncate(mark.users);
        self.begin_again(mark.done)?;
        Ok(format!(
            "  undone: {}\n",
            mark.line.lines().next().unwrap_or_default()
        ))
    }

    fn reset(&mut self) -> Said {
        self.marks.clear();
        self.users.clear();
        self.begin_again(0)?;
        Ok(String::new())
    }

    fn begin_again(&mut self, keep: usize) -> Result<(), Trouble> {
        let script =
            with_users(&mut self.sources, &self.path, &self.world, &self.users).map_err(Trouble::Faults)?;
        self.table.replay(Some(script), keep).map_err(Trouble::Faults)?;
        self.date = wording::date(&self.table, self.table.now());
        if !self.table.actors().users.contains_key(&self.handset) {
            self.handset = first_handset(self.table.script(), None).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// The script of a source that uses the world and declares more users.
fn with_users(
    sources: &mut Sources,
    path: &str,
    world: &str,
    users: &[String],
) -> Result<Script, Vec<Diagnostic>> {
    let mut text = format!("use {world:?}\n");
    for user in users {
        text.push_str(user);
        text.push('\n');
    }
    sources.insert(path, text);
    scenario::load(sources, path)
}

/// The phone to begin with: the one that was asked for, that of the first user without an app, or the first one.
fn first_handset(script: &Script, wanted: Option<&str>) -> anyhow::Result<String> {
    let users: Vec<(&str, bool)> = script
        .decls()
        .filter_map(|decl| match &decl.part.node {
            scenario::syntax::Decl::User { name, clauses, .. } => {
                let has_apps = clauses
                    .iter()
                    .any(|clause| matches!(clause.key.node.as_str(), "apps" | "installed"));
                Some((name.node.as_str(), has_apps))
            }
            _ => None,
        })
        .collect();
    if let Some(wanted) = wanted {
        let Some((name, _)) = users.iter().find(|(name, _)| *name == wanted) else {
            let known: Vec<&str> = users.iter().map(|(name, _)| *name).collect();
            anyhow::bail!(Wrong(format!(
                "{wanted} is no user of this world; it has {}",
                known.join(", ")
            )));
        };
        return Ok((*name).to_owned());
    }
    let first = users.iter().find(|(_, has_apps)| !has_apps).or(users.first());
    match first {
        Some((name, _)) => Ok((*name).to_owned()),
        None => anyhow::bail!(Wrong("this world declares no user to text from".to_owned())),
    }
}

/// A name that means nothing, with what was meant.
pub(super) fn unknown<'n>(name: &str, what: &str, known: impl Iterator<Item = &'n str>) -> Trouble {
    let known: Vec<&str> = known.collect();
    let name = if name.is_empty() { "nothing" } else { name };
    let near = scenario::nearest(name, known.iter().copied());
    let help = near.map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    Trouble::Words(format!("{name} is not {what}; {help}"))
}
