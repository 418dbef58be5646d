//! The syntax tree of a scenario file: [`File`], its declarations, tests and steps.
//!
//! Every token that an error may point at is [`Spanned`]. Two trees are equal when they mean the same; where their tokens
//! stand makes no difference, so that a tree which was printed and parsed again equals the first.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::Msisdn;

pub use crate::text::{Piece, Text};

/// A stretch of a source, in octets from its beginning; `end` is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// The first octet.
    pub start: u32,
    /// The octet after the last.
    pub end: u32,
}

impl Span {
    /// The stretch from `start` up to and without `end`.
    pub fn new(start: usize, end: usize) -> Self {
        let octet = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: octet(start),
            end: octet(end.max(start)),
        }
    }

    /// The stretch from the beginning of this one to the end of `last`.
    pub fn to(self, last: Self) -> Self {
        Self {
            start: self.start,
            end: last.end.max(self.start),
        }
    }
}

/// A part of the tree with the place where it was written.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spanned<T> {
    /// The part.
    pub node: T,
    /// Its place; empty for a tree that was not parsed from text.
    #[serde(skip)]
    pub span: Span,
}

impl<T> Spanned<T> {
    /// That part at that place.
    pub const fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }

    /// Another part at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            node: change(self.node),
            span: self.span,
        }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    /// Compares what is meant, not where it stands.
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.node
    }
}

/// A scenario file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct File {
    /// What there is, in the order of the file.
    pub decls: Vec<Spanned<Decl>>,
    /// What happens: scenes and tests, in the order of the file.
    pub items: Vec<Spanned<Item>>,
}

impl File {
    /// The tests, in the order of the file.
    pub fn tests(&self) -> impl Iterator<Item = &Spanned<Test>> {
        self.items.iter().filter_map(|item| match &item.node {
            Item::Test(test) => Some(test),
            Item::Scene(_) => None,
        })
    }

    /// The scenes, in the order of the file.
    pub fn scenes(&self) -> impl Iterator<Item = &Spanned<Scene>> {
        self.items.iter().filter_map(|item| match &item.node {
            Item::Scene(scene) => Some(scene),
            Item::Test(_) => None,
        })
    }
}

/// A name, without quotes: letters, digits, `_` and `-`, a letter first.
pub type Name = Spanned<String>;

/// A declaration.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decl {
    /// `use "world.sms"`: the declarations and scenes of another file, named relative to this one.
    Use(Spanned<String>),
    /// `world seed 7, tz America/Los_Angeles`.
    World(Vec<Clause>),
    /// `carrier att, latency 200ms`.
    Carrier {
        /// Its name.
        name: Name,
        /// Its properties.
        clauses: Vec<Clause>,
    },
    /// `app quiz "Movie Quiz", canvas quiz`, and rules where it answers by rules.
    App {
        /// Its name.
        name: Name,
        /// What users see.
        title: Spanned<String>,
        /// Its properties.
        clauses: Vec<Clause>,
        /// How it answers; the first rule that matches decides.
        rules: Vec<Spanned<Rule>>,
    },
    /// `user alice +14155550101 on att, apps news`.
    User {
        /// The name.
        name: Name,
        /// The phone.
        msisdn: Spanned<Msisdn>,
        /// The carrier of the phone.
        carrier: Name,
        /// The account's properties.
        clauses: Vec<Clause>,
    },
    /// `handsets +14155560000..+14155569999 on att`: phones without names.
    Handsets {
        /// The first number.
        first: Spanned<Msisdn>,
        /// The last number.
        last: Spanned<Msisdn>,
        /// The carrier of the phones.
        carrier: Name,
        /// Their properties.
        clauses: Vec<Clause>,
    },
    /// `esme acme, system_id acme, password secret, code 12345`: an outside ESME's account.
    Esme {
        /// Its name.
        name: Name,
        /// Its properties.
        clauses: Vec<Clause>,
    },
}

/// A key with its values: a property in a declaration, or what `set` and `check` name. No value means "true".
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Clause {
    /// The key.
    pub key: Name,
    /// The values, in order.
    pub values: Vec<Spanned<Value>>,
}

impl Clause {
    /// The place of the whole clause.
    pub fn span(&self) -> Span {
        self.values
            .last()
            .map_or(self.key.span, |value| self.key.span.to(value.span))
    }
}

/// A value of a clause or of a parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A run of characters without blank or comma; its type is the clause's affair.
    Bare(String),
    /// A quoted text. In a step it may insert captures.
    Quoted(Text),
    /// `$name`.
    Var(Var),
}

impl Value {
    /// The characters as they were written, without quotes and with captures unfilled.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bare(text) => text,
            Self::Quoted(text) => text.template(),
            Self::Var(var) => &var.0,
        }
    }
}

/// A capture, written with a `$` before its name; `$_` takes a value that nobody needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Var(pub String);

impl Var {
    /// Whether it is `$_`.
    pub fn is_blank(&self) -> bool {
        self.0 == "_"
    }
}

impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0)
    }
}

/// Who acts or is looked at: a declared name, or a variable that a scene or a loop binds to one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Actor {
    /// A declared name, or `fbook`.
    Name(String),
    /// A parameter of a scene, or the variable of a `for`.
    Var(Var),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Var(var) => var.fmt(f),
        }
    }
}

impl From<String> for Actor {
    fn from(text: String) -> Self {
        match text.strip_prefix('$') {
            Some(var) => Self::Var(Var(var.to_owned())),
            None => Self::Name(text),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

/// A rule of an app that answers by rules: what it is about, and what the app does then.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Which texts; none means any.
    pub pattern: Option<Spanned<Pattern>>,
    /// What the app does, in order.
    pub actions: Vec<Spanned<Action>>,
}

/// What an app does by a rule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Answers in the session of the text; `{0}` inserts the regex's match, `{1}` its first group.
    Reply(Text),
    /// Says its replies only so long after the callback.
    After(Dur),
    /// Answers HTTP with this status.
    Http(u16),
    /// Never answers HTTP.
    Hang,
}

/// A scene or a test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Steps that tests run by name.
    Scene(Spanned<Scene>),
    /// A test.
    Test(Spanned<Test>),
}

/// Steps with a name and parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scene {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Spanned<Var>>,
    /// Its steps.
    pub steps: Vec<Spanned<Step>>,
}

/// A test: it runs in a world of its own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Test {
    /// What it shows, in words.
    pub name: Spanned<String>,
    /// Its tags, without the `@`.
    pub tags: Vec<Spanned<String>>,
    /// Its steps.
    pub steps: Vec<Spanned<Step>>,
}

/// One step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `alice > "quiz play"`: a person texts.
    Compose {
        /// Who.
        user: Spanned<Actor>,
        /// What.
        text: Spanned<Text>,
        /// To which number.
        to: Destination,
    },
    /// `quiz > alice "Hi", in $s, ask $t as $m = 850`: `sms.send`.
    Send(Box<Send>),
    /// `quiz > users.getInfo uids=1 = ok`: any call of the API.
    Call {
        /// The app that calls.
        app: Spanned<Actor>,
        /// The method.
        method: Spanned<String>,
        /// Its parameters, in order.
        params: Vec<Param>,
        /// What it must return.
        result: Option<Spanned<CallResult>>,
    },
    /// `quiz ? alice = 856`: `sms.canSend`.
    CanSend {
        /// The app that asks.
        app: Spanned<Actor>,
        /// About whom.
        user: Spanned<Actor>,
        /// What it must return.
        result: Spanned<CallResult>,
    },
    /// `alice < "Hi"`: a text that the person's phone shows, or, with a user, a callback that an app gets.
    Arrival(Box<Arrival>),
    /// `alice < nothing for 1h`, `alice < no "Hi" for 1h`.
    Quiet {
        /// Whose inbox.
        actor: Spanned<Actor>,
        /// What must not arrive; none means nothing at all.
        pattern: Option<Spanned<Pattern>>,
        /// For how long.
        window: Spanned<Dur>,
    },
    /// `att < submit_sm short_message="Hi" = ESME_ROK`, `acme > submit_sm ...`.
    Pdu(Box<PduStep>),
    /// `fbook < receipt $m DELIVRD, within 1m`.
    Receipt {
        /// The text.
        text: Spanned<Var>,
        /// Its state, as a receipt spells it.
        state: Spanned<String>,
        /// The longest wait.
        within: Option<Spanned<Dur>>,
    },
    /// `set att link down`.
    Set(Spanned<Actor>, Clause),
    /// `check att queue 1`.
    Check(Spanned<Actor>, Clause),
    /// `wait 1m 30s`.
    Wait(Vec<Spanned<Dur>>),
    /// `at +1d 09:00`.
    At {
        /// Days after the current date.
        days: Option<Spanned<u32>>,
        /// The time of day.
        time: Spanned<TimeOfDay>,
    },
    /// `note "..."`: goes into the report.
    Note(Spanned<Text>),
    /// `run ask_to_install(carol)`.
    Run {
        /// The scene.
        scene: Name,
        /// Its arguments.
        args: Vec<Spanned<Arg>>,
    },
    /// `together:`, `any order:`, `in order:`, `repeat 3:`, `for $x in a, b:`.
    Block(BlockKind, Vec<Spanned<Step>>),
    /// `ignore att`: what this actor leaves unclaimed is no error.
    Ignore(Spanned<Actor>),
    /// `...`: the rest is to be filled in.
    Fill,
}

/// To which number a text goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The platform's short code.
    ShortCode,
    /// The number that the session texts from.
    Session(Spanned<Var>),
    /// Any address.
    Address(Spanned<String>),
}

/// `sms.send`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Send {
    /// The app that sends.
    pub app: Spanned<Actor>,
    /// To whom.
    pub user: Spanned<Actor>,
    /// What.
    pub text: Spanned<Text>,
    /// The session that it answers in.
    pub session: Option<Spanned<Var>>,
    /// The session that it asks for.
    pub ask: Option<Spanned<Var>>,
    /// A name for the text itself.
    pub name: Option<Spanned<Var>>,
    /// What it must return; none means success.
    pub result: Option<Spanned<CallResult>>,
}

/// What a call must return.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// Success.
    Ok,
    /// This error number (or, of a method that returns a number, this number).
    Number(i64),
    /// What the capture holds; a free one captures.
    Var(Var),
}

/// A named value of a call or of a PDU.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Spanned<Value>,
}

/// An arrival that is expected in an inbox.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Whose inbox: a user's, or an app's.
    pub actor: Spanned<Actor>,
    /// Of an app: whose text it is about.
    pub user: Option<Spanned<Actor>>,
    /// What it says; none (`...`) is to be filled in.
    pub pattern: Option<Spanned<Pattern>>,
    /// What else must hold.
    pub clauses: Vec<Spanned<Expectation>>,
}

/// What else must hold of an arrival.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// It comes no later than this after the end of the previous step.
    Within(Dur),
    /// It comes no sooner than this after the end of the previous step.
    After(Dur),
    /// It comes from this number.
    From(String),
    /// It was assembled from so many segments.
    Parts(u8),
    /// What its octets were.
    Encoding(String),
    /// Names its session (of a callback) or the number that it came from (of a text).
    As(Var),
    /// It belongs to that session.
    In(Var),
    /// The callback says that the user is new.
    New,
    /// Whether the callback's signature is right; it must be, unless `bad` is said.
    Signature(bool),
}

/// A text pattern.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Exactly this text.
    Text(Text),
    /// `~"..."`: `*` stands for anything.
    Glob(Text),
    /// `/.../`, anywhere in the text.
    Regex {
        /// The expression.
        source: String,
        /// Whether letter case is ignored (`/.../i`).
        ignore_case: bool,
    },
}

/// A PDU that is sent or was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PduStep {
    /// A carrier or an outside ESME.
    pub actor: Spanned<Actor>,
    /// `>` or `<`.
    pub sign: Sign,
    /// The PDU's name in the specification.
    pub pdu: Spanned<String>,
    /// Its fields.
    pub fields: Vec<Param>,
    /// The answer's `command_status`.
    pub status: Option<Spanned<String>>,
}

/// Which way an actor's line goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sign {
    /// The actor does it.
    #[serde(rename = ">")]
    Does,
    /// The actor sees it.
    #[serde(rename = "<")]
    Sees,
}

/// How the steps of a block are run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// All at the same instant.
    Together,
    /// Arrivals in any order.
    AnyOrder,
    /// Arrivals in this order, also between inboxes.
    InOrder,
    /// So many times.
    Repeat(Spanned<u32>),
    /// Once for each of the names.
    For(Spanned<Var>, Vec<Name>),
}

/// An argument of `run`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// An actor, by its name or as bound by the caller; also any capture.
    Actor(Actor),
    /// A text.
    Text(Text),
    /// A number.
    Number(i64),
}

/// A length of time as it is written: a whole number with a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dur {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

/// The unit of a length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
    /// `d`: 24 hours.
    Days,
}

impl Unit {
    /// The units with their suffixes.
    pub const ALL: [(&'static str, Self); 5] = [
        ("ms", Self::Milliseconds),
        ("s", Self::Seconds),
        ("m", Self::Minutes),
        ("h", Self::Hours),
        ("d", Self::Days),
    ];

    /// How it is written.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
        }
    }
}

impl Dur {
    /// The length of time.
    pub const fn duration(self) -> Duration {
        let amount = self.amount as u64;
        match self.unit {
            Unit::Milliseconds => Duration::from_millis(amount),
            Unit::Seconds => Duration::from_secs(amount),
            Unit::Minutes => Duration::from_secs(amount * 60),
            Unit::Hours => Duration::from_secs(amount * 3_600),
            Unit::Days => Duration::from_secs(amount * 86_400),
        }
    }
}

impl fmt::Display for Dur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit.suffix())
    }
}

/// Text that is no length of time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidDur {
    /// A number without a unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// A unit that is none.
    #[error("`{0}` is not a unit of time")]
    UnknownUnit(String),
    /// No number, or one past 4294967295.
    #[error("`{0}` is not a length of time")]
    NotANumber(String),
}

impl std::str::FromStr for Dur {
    type Err = InvalidDur;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, suffix) = text.split_at(digits);
        let amount = amount
            .parse()
            .map_err(|_| InvalidDur::NotANumber(text.to_owned()))?;
        if suffix.starts_with(|c: char| !c.is_alphabetic()) {
            return Err(InvalidDur::NotANumber(text.to_owned()));
        }
        if suffix.is_empty() {
            return Err(InvalidDur::NoUnit(text.to_owned()));
        }
        let unit = Unit::ALL.iter().find(|(word, _)| *word == suffix);
        unit.map(|&(_, unit)| Self { amount, unit })
            .ok_or_else(|| InvalidDur::UnknownUnit(suffix.to_owned()))
    }
}

impl TryFrom<String> for Dur {
    type Error = InvalidDur;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dur> for String {
    fn from(dur: Dur) -> Self {
        dur.to_string()
    }
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// 0 to 59.
    pub second: i8,
}

/// Text that is no time of day.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a time of day; write HH:MM or HH:MM:SS, for example 23:30")]
pub struct InvalidTime(pub String);

impl std::str::FromStr for TimeOfDay {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str, below: i8| -> Option<i8> {
            let two_digits = part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
            two_digits
                .then(|| part.parse().ok())
                .flatten()
                .filter(|&number| number < below)
        };
        let mut parts = text.split(':');
        let time = (|| {
            let (hour, minute) = (number(parts.next()?, 24)?, number(parts.next()?, 60)?);
            let second = parts.next().map_or(Some(0), |part| number(part, 60))?;
            parts.next().is_none().then_some(Self { hour, minute, second })
        })();
        time.ok_or_else(|| InvalidTime(text.to_owned()))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        if self.second == 0 {
            Ok(())
        } else {
            write!(f, ":{:02}", self.second)
        }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}
