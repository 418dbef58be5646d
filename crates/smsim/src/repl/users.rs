//! The people of a session: whose phone is in the prompt, users who join, and the world from its beginning.

use scenario::{Kind, Script};

use crate::exit::Wrong;
use crate::repl::session::{Said, Session, Trouble, unknown};
use crate::repl::wording;

impl Session {
    pub(super) fn other_handset(&mut self, name: &str) -> Said {
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

    pub(super) fn user_or_own<'n>(&'n self, name: &'n str) -> Result<&'n str, Trouble> {
        match name {
            "" => Ok(&self.handset),
            name => self.user(name),
        }
    }

    /// `erin on att`: another user joins.
    pub(super) fn new_user(&mut self, rest: &str) -> Said {
        let (name, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let after = after.trim_start();
        let declaration = match after.starts_with('+') {
            true => format!("user {rest}"),
            false => format!("user {name} {} {after}", self.free_number()),
        };
        self.scenario(&declaration)?;
        Ok(format!("  {declaration}\n"))
    }

    /// The first number after the largest of the named phones that no phone has.
    fn free_number(&self) -> String {
        let phones = self
            .table
            .actors()
            .users
            .values()
            .map(|person| person.phone.number());
        let last = phones.max().unwrap_or(14_155_550_100);
        let free = |number: &sms::Msisdn| self.table.world().handset(*number).is_none();
        let mut numbers = (last + 1..).map_while(sms::Msisdn::new);
        numbers
            .find(free)
            .map_or_else(String::new, |number| number.to_string())
    }

    pub(super) fn undo(&mut self) -> Said {
        let Some(mark) = self.marks.pop() else {
            return Err("nothing was done yet".into());
        };
        self.begin_again(mark.done)?;
        Ok(format!(
            "  undone: {}\n",
            mark.line.lines().next().unwrap_or_default()
        ))
    }

    pub(super) fn reset(&mut self) -> Said {
        self.marks.clear();
        self.begin_again(0)?;
        Ok(String::new())
    }

    fn begin_again(&mut self, keep: usize) -> Result<(), Trouble> {
        self.table.replay(keep).map_err(Trouble::Faults)?;
        self.date = wording::date(&self.table, self.table.now());
        if !self.table.actors().users.contains_key(&self.handset) {
            self.handset = first_handset(self.table.script(), None).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// The phone to begin with: the one that was asked for, that of the first user without an app, or the first one.
pub(super) fn first_handset(script: &Script, wanted: Option<&str>) -> anyhow::Result<String> {
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
