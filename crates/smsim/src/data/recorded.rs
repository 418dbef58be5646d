//! A journal that is played again, and not gone on with: [`Recorded`].

use std::path::Path;

use scenario::ServedWorld;
use sms::Timestamp;

use super::call::Call;
use super::error::DataError;
use super::folder::journal_at;
use super::origin::Origin;
use super::replay::{Player, calls, each_group};
use super::store::Store;
use crate::exit::Wrong;
use crate::worlds;

/// A journal, and the world that it is played in.
#[derive(Debug)]
pub struct Recorded {
    store: Store,
    player: Player,
    program: String,
}

/// How far a journal is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// To its end.
    End,
    /// To that instant, with all that is due by then.
    Time(Timestamp),
    /// To that record.
    Record(u64),
}

/// What was played.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Played {
    /// Groups of calls, to their ends.
    pub groups: i64,
    /// Calls.
    pub calls: u64,
    /// Records that were compared with those that were made, octet for octet.
    pub compared: u64,
    /// Where the records are others than those that were made.
    pub parted: Option<String>,
}

impl Recorded {
    /// The journal in a folder, or of that file; and its world at its start.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be used.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let store = Store::read(&journal_at(path)?)?;
        if store.is_new()? {
            let file = store.file().to_owned();
            return Err(DataError::Absent { file }.into());
        }
        let mut loaded = Origin::read(&store)?.world(store.file())?;
        let config = &mut loaded.declared.config;
        config.seed = store.number("seed")?.cast_unsigned();
        config.start = Timestamp::from_micros(store.number("start_us")?);
        let (served, _) =
            worlds::served(&loaded.script, &mut loaded.declared).map_err(|error| Wrong(error.to_string()))?;
        Ok(Self {
            program: store.text("program")?,
            player: Player::new(served),
            store,
        })
    }

    /// The version of the smsim that wrote it.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// How many groups of calls it has.
    pub fn groups(&self) -> i64 {
        self.store.groups()
    }

    /// The world as it is now.
    pub fn served(&self) -> &ServedWorld {
        self.player.served()
    }

    /// Plays it. `see` is shown the world at its start and after each call, with the number of the group; with `compare`, every
    /// record that was hashed is compared.
    ///
    /// # Errors
    ///
    /// Those of `see`, and what is wrong with the journal, when it comes to that.
    pub fn play(
        &mut self,
        until: Until,
        compare: bool,
        mut see: impl FnMut(&ServedWorld, i64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Played> {
        let (store, player) = (&self.store, &mut self.player);
        let mut played = Played::default();
        let mut failed = None;
        let mut is_over = false;
        see(player.served(), 0)?;
        each_group(store, |group| {
            player.finish();
            for call in calls(store, &group)? {
                is_over = match until {
                    Until::End => false,
                    Until::Time(until) => time(&call).is_some_and(|at| at > until),
                    Until::Record(record) => player.served().world().next_record() > record,
                };
                if is_over {
                    if let Until::Time(until) = until {
                        player.pass(until);
                        failed = see(player.served(), group.number).err();
                    }
                    return Ok(false);
                }
                player.play(call);
                failed = see(player.served(), group.number).err();
                if failed.is_some() {
                    return Ok(false);
                }
            }
            played.groups = group.number;
            let written = &group.written;
            if played.parted.is_none() {
                let what = player.difference(written);
                played.parted = what.map(|what| format!("at the end of group {} {what}", group.number));
            }
            if compare && played.parted.is_none() {
                played.compared += written.next_record - written.hashed_from;
                if !player.has_same_records(written) {
                    played.parted = Some(format!(
                        "some of the records {} to {} are others",
                        written.hashed_from,
                        written.next_record.saturating_sub(1)
                    ));
                }
            }
            Ok(true)
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        player.finish();
        see(player.served(), played.groups)?;
        played.calls = player.calls();
        Ok(played)
    }
}

/// When a call was made, if it says so.
fn time(call: &Call) -> Option<Timestamp> {
    match call {
        Call::Tick(now) | Call::Handle(now, _) | Call::Decide(now, _) => Some(*now),
        Call::Drain | Call::Begin(_) | Call::Progress | Call::Abandon(_) | Call::GiveUp | Call::Clock(_) => {
            None
        }
    }
}
