//! What can be done in a world: [`Act`], drawn from a seed for the [`Cast`] of a file.

use std::collections::BTreeMap;

use platform::{AppId, QuietHours, Uid};
use world::dice::Dice;

use crate::check::Kind;
use crate::script::Script;
use crate::syntax::Decl;
use crate::world_config::DeclaredWorld;

/// What an exploration does. Where it cannot be done (a phone is off, no session is there) it is passed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// A user texts 32665.
    Text(String, String),
    /// A user texts the number of the last session that an app asked in.
    Answer(String),
    /// An app texts a user; perhaps it asks for an answer.
    Send(String, String, bool),
    /// An app answers in the last session with that user that it was told of; perhaps it asks again.
    Reply(String, String, bool),
    /// An app asks whether it may text a user.
    CanSend(String, String),
    /// A setting of a user's account.
    User(String, UserChange),
    /// An app is registered for SMS, or no longer.
    Capable(String, bool),
    /// A carrier blocks an app, or no longer.
    Block(String, String, bool),
    /// A phone, a carrier or the link gets into a state: the actor and the words of `set`; the words that end it.
    Fault(String, String, String),
    /// So many seconds pass.
    Wait(u64),
    /// The next day begins.
    Tomorrow,
}

/// What is changed of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserChange {
    /// All texts.
    Texts(bool),
    /// One app: `on`, `off`, `installed`, `absent`.
    App(String, &'static str),
    /// Quiet hours.
    Quiet(Option<QuietHours>),
    /// The user's own limit.
    Daily(Option<u32>),
    /// Whether the phone is confirmed.
    Registered(bool),
}

/// Who there is.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Users with their accounts and carriers.
    pub users: BTreeMap<String, (Uid, String)>,
    /// The apps that a script plays, with their canvas names.
    pub apps: BTreeMap<String, (AppId, String)>,
    /// Carriers.
    pub carriers: Vec<String>,
}

impl Cast {
    /// Who the script declares.
    pub fn of(script: &Script, declared: &DeclaredWorld) -> Self {
        let mut cast = Self {
            carriers: script.names().of_kind(Kind::Carrier).map(str::to_owned).collect(),
            ..Self::default()
        };
        for decl in script.decls() {
            match &decl.part.node {
                Decl::User { name, carrier, .. } => {
                    if let Some(person) = declared.actors.users.get(&name.node) {
                        cast.users
                            .insert(name.node.clone(), (person.uid, carrier.node.clone()));
                    }
                }
                Decl::App {
                    name, clauses, rules, ..
                } => {
                    let by_itself =
                        !rules.is_empty() || clauses.iter().any(|clause| clause.key.node == "url");
                    let canvas = clauses.iter().find(|clause| clause.key.node == "canvas");
                    let canvas = canvas.and_then(|clause| clause.values.first());
                    let canvas = canvas.map_or(name.node.as_str(), |value| value.node.as_str());
                    if let (Some(id), false) = (declared.actors.apps.get(&name.node), by_itself) {
                        cast.apps.insert(name.node.clone(), (*id, canvas.to_owned()));
                    }
                }
                Decl::Use(_)
                | Decl::World(_)
                | Decl::Carrier { .. }
                | Decl::Handsets { .. }
                | Decl::Esme { .. } => {}
            }
        }
        cast
    }

    /// Whether there is a user and an app.
    pub fn is_whole(&self) -> bool {
        !self.users.is_empty() && !self.apps.is_empty()
    }
}

/// The acts of a seed.
pub fn draw(cast: &Cast, seed: u64, count: usize) -> Vec<Act> {
    if !cast.is_whole() {
        return Vec::new();
    }
    let mut hat = Hat {
        dice: Dice::new(seed),
        users: cast.users.keys().map(String::as_str).collect(),
        apps: cast.apps.keys().map(String::as_str).collect(),
        cast,
    };
    (0..count).map(|_| hat.act()).collect()
}

struct Hat<'c> {
    dice: Dice,
    users: Vec<&'c str>,
    apps: Vec<&'c str>,
    cast: &'c Cast,
}

impl Hat<'_> {
    fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(1);
        usize::try_from(self.dice.number("acts") % count).unwrap_or(0)
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn user(&mut self) -> String {
        let place = self.below(self.users.len());
        self.users[place].to_owned()
    }

    fn app(&mut self) -> String {
        let place = self.below(self.apps.len());
        self.apps[place].to_owned()
    }

    fn act(&mut self) -> Act {
        match self.below(40) {
            0..=6 => {
                let app = self.app();
                let canvas = self.cast.apps.get(&app).map_or("", |(_, canvas)| canvas);
                let rest = self.one_of(&["play", "scores", "again"]);
                Act::Text(self.user(), format!("{canvas} {rest}"))
            }
            7..=9 => Act::Text(self.user(), self.one_of(&["Y", "yes", "N"]).to_owned()),
            10 => Act::Text(self.user(), self.one_of(&["Stop", "Off"]).to_owned()),
            11 => Act::Text(
                self.user(),
                self.one_of(&["On", "Help", "hello there"]).to_owned(),
            ),
            12..=13 => Act::Answer(self.user()),
            14..=19 => {
                let asks = self.below(3) == 0;
                Act::Send(self.app(), self.user(), asks)
            }
            20..=24 => {
                let asks = self.below(3) == 0;
                Act::Reply(self.app(), self.user(), asks)
            }
            25..=26 => Act::CanSend(self.app(), self.user()),
            27..=29 => Act::User(self.user(), self.change()),
            30 => Act::Capable(self.app(), self.below(3) > 0),
            31 => {
                let carriers: Vec<&str> = self.cast.carriers.iter().map(String::as_str).collect();
                let carrier = self.one_of(&carriers).to_owned();
                Act::Block(carrier, self.app(), self.below(2) == 0)
            }
            32..=34 => self.fault(),
            35..=38 => Act::Wait(self.one_of(&[1, 5, 30, 45, 55, 65, 600, 3_600, 28_800])),
            _ => Act::Tomorrow,
        }
    }

    fn change(&mut self) -> UserChange {
        match self.below(8) {
            0 => UserChange::Texts(false),
            1 => UserChange::Texts(true),
            2 | 3 => UserChange::App(
                self.app(),
                self.one_of(&["on", "on", "off", "installed", "absent"]),
            ),
            4 => UserChange::Quiet(Some(self.one_of(&[
                QuietHours {
                    from: 22 * 60,
                    to: 8 * 60,
                },
                QuietHours {
                    from: 13 * 60,
                    to: 15 * 60,
                },
            ]))),
            5 => UserChange::Quiet(None),
            6 => UserChange::Daily(self.one_of(&[Some(0), Some(1), Some(2), None])),
            _ => UserChange::Registered(self.below(3) > 0),
        }
    }

    fn fault(&mut self) -> Act {
        let user = self.user();
        let carriers: Vec<&str> = self.cast.carriers.iter().map(String::as_str).collect();
        let carrier = self.one_of(&carriers).to_owned();
        let (who, begins, ends) = match self.below(8) {
            0 => (user, "phone off", "phone on"),
            1 => (user, "coverage off", "coverage on"),
            2 => (user, "memory full", "memory ok"),
            3 => (carrier, "link down", "link up"),
            4 => (carrier, "answer ESME_RTHROTTLED for 2", ""),
            5 => (carrier, "receipts late", "receipts normal"),
            6 => (carrier, "loss 30%", "loss 0%"),
            _ => ("fbook".to_owned(), "bind down", "bind up"),
        };
        Act::Fault(who, begins.to_owned(), ends.to_owned())
    }
}
