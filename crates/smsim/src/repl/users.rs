//! The people of a session: whose phone is in the prompt, users who are added, and the world from its beginning.

use scenario::{Diagnostic, Kind, Script, Sources};

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

    /// `erin on att`: another user, and everything again with it.
    pub(super) fn new_user(&mut self, rest: &str) -> Said {
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

    pub(super) fn undo(&mut self) -> Said {
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

    pub(super) fn reset(&mut self) -> Said {
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
pub(super) fn with_users(
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
