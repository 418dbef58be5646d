//! The syntax tree of a scenario file: [`File`], its declarations, tests and steps.
//!
//! Every token that an error may point at is [`Spanned`]. Two trees are equal when they mean the same; where their tokens
//! stand makes no difference, so that a tree which was printed and parsed again equals the first.

#[cfg(test)]
mod schema;
mod span;
mod time;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use sms::Msisdn;

pub use self::span::{Span, Spanned};
pub use self::time::{Dur, InvalidDur, InvalidTime, TimeOfDay, Unit};
pub use crate::pattern::Compiled;
pub use crate::text::{Piece, Text};

/// A scenario file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
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
        #[cfg_attr(test, schemars(with = "schema::Digits"))]
        msisdn: Spanned<Msisdn>,
        /// The carrier of the phone.
        carrier: Name,
        /// The account's properties.
        clauses: Vec<Clause>,
    },
    /// `handsets +14155560000..+14155569999 on att`: phones without names.
    Handsets {
        /// The first number.
        #[cfg_attr(test, schemars(with = "schema::Digits"))]
        first: Spanned<Msisdn>,
        /// The last number.
        #[cfg_attr(test, schemars(with = "schema::Digits"))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The key.
    pub key: Name,
    /// The values, in order.
    pub values: Vec<Spanned<Value>>,
}

impl Clause {
    /// What its values say where nothing is filled in.
    pub(crate) fn words(&self) -> Vec<Cow<'_, str>> {
        self.values.iter().map(|value| value.node.said()).collect()
    }

    /// The place of the whole clause.
    pub fn span(&self) -> Span {
        self.values
            .last()
            .map_or(self.key.span, |value| self.key.span.to(value.span))
    }
}

/// A value of a clause or of a parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

    /// What it says where nothing is filled in: as it was written, with a doubled brace as one.
    pub(crate) fn said(&self) -> Cow<'_, str> {
        match self {
            Self::Quoted(text) if text.template().contains("{{") => {
                Cow::Owned(text.filled(|piece| match piece {
                    Piece::Group(group) => format!("{{{group}}}"),
                    Piece::Capture(name) => format!("{{${name}}}"),
                    Piece::Literal(text) => text.to_owned(),
                }))
            }
            Self::Bare(_) | Self::Quoted(_) | Self::Var(_) => Cow::Borrowed(self.as_str()),
        }
    }

    /// Whether a capture stands in it, which is filled in later.
    pub(crate) fn has_capture(&self) -> bool {
        match self {
            Self::Bare(_) => false,
            Self::Quoted(text) => text.captures().next().is_some(),
            Self::Var(_) => true,
        }
    }
}

/// A capture, written with a `$` before its name; `$_` takes a value that nobody needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which texts; none means any.
    pub pattern: Option<Spanned<Pattern>>,
    /// What the app does, in order.
    pub actions: Vec<Spanned<Action>>,
}

/// What an app does by a rule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Steps that tests run by name.
    Scene(Spanned<Scene>),
    /// A test.
    Test(Spanned<Test>),
}

/// Steps with a name and parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
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
    /// `user erin +14155550177 on att`: a user joins a world that runs. A file declares its users before its tests, so that no
    /// file has this step, and the JSON form of files does not know it.
    #[serde(skip)]
    Join(Box<Decl>),
}

/// To which number a text goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Spanned<Value>,
}

/// An arrival that is expected in an inbox.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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

impl Arrival {
    /// What `as` names, with the places of the clauses.
    pub(crate) fn names(&self) -> impl Iterator<Item = Spanned<&Var>> {
        self.clauses.iter().filter_map(|clause| match &clause.node {
            Expectation::As(var) => Some(Spanned::new(var, clause.span)),
            _ => None,
        })
    }
}

/// What else must hold of an arrival.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
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
        /// The same, compiled.
        #[serde(skip)]
        compiled: Compiled,
    },
}

/// A PDU that is sent or was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// An actor, by its name or as bound by the caller; also any capture.
    Actor(Actor),
    /// A text.
    Text(Text),
    /// A number.
    Number(i64),
}
