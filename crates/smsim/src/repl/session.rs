//! One session at the prompt: [`Session`] takes lines and gives what is to be printed. It knows no terminal.

use std::path::PathBuf;
use std::time::Duration;

use scenario::completion::Known;
use scenario::diagnostics::Class;
use scenario::syntax::{Spanned, Step, Text};
use scenario::{Colour, Diagnostic, Interactive, Kind, Rules, Sources};
use sms::Timestamp;

use crate::repl::app::SharedApps;
use crate::repl::command::{self, COMMANDS, Command, Line, Verb};
use crate::repl::time::Pace;
use crate::repl::users::first_handset;
use crate::repl::{looking, wording};
use crate::sources;

/// The octets of a line, at most.
const LINE_OCTETS_MAX: usize = 1 << 16;

/// How a session begins.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file that declares the world; none for the demo world.
    pub world: Option<PathBuf>,
    /// Whose phone.
    pub handset: Option<String>,
    /// The carrier profiles that worlds may name.
    pub profiles: Sources,
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
pub(super) struct Mark {
    pub(super) line: String,
    pub(super) done: usize,
}

/// A session.
pub struct Session {
    pub(super) table: Interactive,
    pub(super) sources: Sources,
    pub(super) options: Options,
    pub(super) apps: Option<SharedApps>,
    pub(super) handset: String,
    /// How the clock runs while lines are typed; it stands unless said.
    pub(super) pace: Option<Pace>,
    pub(super) marks: Vec<Mark>,
    lines: usize,
    /// The lines of a block that is not closed yet.
    block: Option<String>,
    shows_pdus: bool,
    /// The date that was shown last.
    pub(super) date: String,
    /// Expectations that failed.
    pub failed: usize,
    /// Lines that the environment failed: a real app did not answer.
    pub held: usize,
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
        let mut sources = options.profiles.clone();
        let world = sources::read_world(&mut sources, options.world.as_deref())?;
        let script = scenario::load(&sources, &world).map_err(|faults| sources::wrong(&sources, &faults))?;
        let handset = first_handset(&script, options.handset.as_deref())?;
        let table = Interactive::new(script, &options.rules, options.seed)
            .map_err(|faults| sources::wrong(&sources, &faults))?;
        let mut session = Self {
            date: wording::date(&table, table.now()),
            table,
            sources,
            options,
            apps: None,
            handset,
            pace: None,
            marks: Vec::new(),
            lines: 0,
            block: None,
            shows_pdus: false,
            failed: 0,
            held: 0,
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

    /// Takes a line. What the clock brought meanwhile is told before what the line does.
    pub fn line(&mut self, line: &str) -> Answer {
        let from = self.table.next_record();
        let before = match self.flow(false) {
            true => self.happened(from),
            false => String::new(),
        };
        let answer = self.taken(line);
        self.run_on();
        Answer {
            text: before + &answer.text,
            ..answer
        }
    }

    fn taken(&mut self, line: &str) -> Answer {
        if line.len() > LINE_OCTETS_MAX {
            let trouble = format!("a line has at most {LINE_OCTETS_MAX} octets");
            return self.answered("", |_| Err(trouble.into()));
        }
        if let Some(block) = &mut self.block {
            if !line.trim().is_empty() {
                if block.len() + line.len() > scenario::SOURCE_OCTETS_MAX {
                    self.block = None;
                    let trouble = format!(
                        "a block has at most {} octets; nothing of it was done",
                        scenario::SOURCE_OCTETS_MAX
                    );
                    return self.answered("", |_| Err(trouble.into()));
                }
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

    /// What real apps did meanwhile, and what the clock brought, if anything.
    pub fn poll(&mut self) -> String {
        let from = self.table.next_record();
        let flowed = self.flow(true);
        match self.table.poll_outside() || flowed {
            true => self.happened(from),
            false => String::new(),
        }
    }

    /// What a line may name now.
    pub fn known(&self) -> Known {
        let files = self.table.script().files();
        let scenes = files.iter().flat_map(|file| file.file.scenes());
        Known {
            names: self.table.names().clone(),
            captures: self.table.captures().map(str::to_owned).collect(),
            scenes: scenes.map(|scene| scene.name.node.clone()).collect(),
        }
    }

    /// Does something, and tells what happened before what it says itself.
    fn answered(&mut self, line: &str, act: impl FnOnce(&mut Self) -> Said) -> Answer {
        let mark = Mark {
            line: line.trim().to_owned(),
            done: self.table.done_count(),
        };
        let from = self.table.next_record();
        let said = act(self);
        if self.table.acted_since(mark.done) {
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
                let class = faults
                    .iter()
                    .map(|fault| fault.code.class())
                    .find(|class| *class >= Class::Expectation);
                match class {
                    Some(Class::Expectation) => self.failed += 1,
                    Some(Class::Environment) => self.held += 1,
                    Some(Class::Syntax | Class::Names) | None => self.wrong += 1,
                }
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
            Verb::Clock => self.clock(rest),
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
            Verb::Play => self.play(rest),
            Verb::Reset => self.reset(),
            Verb::Help => Ok(command::help(rest)),
            Verb::Quit => Ok(String::new()),
        }
    }

    fn text(&mut self, text: &str) -> Said {
        let path = self.typed(text);
        self.table.stand_in(&path);
        match self.table.text(&self.handset, text) {
            Ok(()) => Ok(self.waiting()),
            Err(fault) if fault.code.class() == Class::Environment => Err(Trouble::Faults(vec![*fault])),
            Err(fault) => Err(Trouble::Words(match &fault.primary {
                Some(label) => format!("{}: {}", fault.message, label.text),
                None => fault.message,
            })),
        }
    }

    /// That the phone keeps the text, if it does: it is off, or has no coverage.
    fn waiting(&self) -> String {
        let person = self.table.actors().users.get(&self.handset);
        let phone = person.and_then(|person| self.table.world().handset(person.phone));
        match phone.is_some_and(|phone| phone.outbox_len() > 0) {
            true => format!("  the text waits on {}'s phone\n", self.handset),
            false => String::new(),
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
