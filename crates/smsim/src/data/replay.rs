//! Makes the calls of a journal again: [`Player`], and [`restore`] for a world that goes on behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::NotifyOutcome;
use scenario::{ProgramId, ServedWorld};
use smpp::LinkId;
use sms::Timestamp;
use world::io::CallbackId;
use world::{Input, Output};

use super::call::{Call, Calls};
use super::error::DataError;
use super::keeper::records_hash;
use super::store::{ReadGroup, Store, Written};
use crate::engine::{ClockState, Journal, Mode, Pace};
use crate::observer::{Observed, Observer};

/// Why a link or a callback of the process that has ended is over.
const ENDED: &str = "smsim ended, and was started again";

/// What was outside when the process ended, and is gone with it.
#[derive(Debug, Default)]
struct Outside {
    links: BTreeSet<LinkId>,
    /// The ESMEs that are being called, and how often.
    called: BTreeMap<String, u32>,
    callbacks: BTreeSet<CallbackId>,
}

impl Outside {
    fn hear(&mut self, input: &Input) {
        match input {
            Input::LinkOpened { link, .. } => {
                self.links.insert(*link);
            }
            Input::LinkDialled { link, system_id, .. } => {
                self.links.insert(*link);
                self.not_called(system_id);
            }
            Input::LinkNotDialled { system_id, .. } => self.not_called(system_id),
            Input::LinkClosed { link } => {
                self.links.remove(link);
            }
            Input::CallbackDone { callback, .. } | Input::CallbackAnswered { callback, .. } => {
                self.callbacks.remove(callback);
            }
            Input::Tick
            | Input::Compose { .. }
            | Input::Api { .. }
            | Input::LogIn { .. }
            | Input::AskForCode { .. }
            | Input::ConfirmPhone { .. }
            | Input::MintSession { .. }
            | Input::LinkReceived { .. }
            | Input::Change(_)
            | Input::Stop => {}
        }
    }

    fn not_called(&mut self, system_id: &str) {
        if let Some(count) = self.called.get_mut(system_id) {
            *count = count.saturating_sub(1);
        }
    }

    fn see(&mut self, output: &Output) {
        match output {
            Output::Callback { callback, .. } => {
                self.callbacks.insert(*callback);
            }
            Output::LinkDial { system_id, .. } => {
                *self.called.entry(system_id.clone()).or_default() += 1;
            }
            Output::ApiReply { .. }
            | Output::SessionKey { .. }
            | Output::LoggedIn { .. }
            | Output::LiveMessage(_)
            | Output::LinkSend { .. }
            | Output::LinkDisturb { .. }
            | Output::LinkClose { .. } => {}
        }
    }
}

/// A world in which calls are made again. Nothing of what comes of them leaves the process.
#[derive(Debug)]
pub struct Player {
    journal: Journal,
    outside: Outside,
    clock: Option<ClockState>,
    /// What the world wants done is to be taken before the next call: a group is written before any of it is.
    drains: bool,
    calls: u64,
    observer: Observer,
}

impl Player {
    /// Plays from that world's start on.
    pub fn new(served: ServedWorld) -> Self {
        Self {
            journal: Journal::from(served),
            outside: Outside::default(),
            clock: None,
            drains: false,
            calls: 0,
            observer: Observer::default(),
        }
    }

    /// The world as it is now.
    pub fn served(&self) -> &ServedWorld {
        &self.journal
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Makes a call again.
    pub fn play(&mut self, call: Call) {
        self.calls += 1;
        match &call {
            Call::Clock(clock) => {
                // The world does not know of it.
                self.clock = Some(clock.clone());
                return;
            }
            Call::Handle(_, input) => self.outside.hear(input),
            Call::Tick(_)
            | Call::Decide(..)
            | Call::Drain
            | Call::Begin(_)
            | Call::Progress
            | Call::Abandon(_)
            | Call::GiveUp => {}
        }
        self.finish();
        match call {
            Call::Drain => {
                self.journal.drain();
                self.drains = true;
            }
            call => self.journal.again(call, drop),
        }
    }

    /// Takes what the world wants done, when the last call says so.
    pub fn finish(&mut self) {
        while self.drains
            && let Some(output) = self.journal.poll_output()
        {
            self.outside.see(&output);
        }
        self.drains = false;
    }

    /// Sees who has which session now; to be called before the ring of records turns out what is new.
    pub fn look(&mut self) {
        self.observer.follow_again(self.journal.world());
    }

    /// Lets time come to there, with all that is due by then.
    pub fn pass(&mut self, at: Timestamp) {
        self.play(Call::Tick(at));
        self.play(Call::Drain);
        self.finish();
    }

    /// Where the world parts from what was written behind a group, in words; none when it does not.
    pub fn difference(&self, written: &Written) -> Option<String> {
        let world = self.journal.world();
        if world.next_record() != written.next_record {
            return Some(format!(
                "there were {} records, and now there are {}",
                written.next_record,
                world.next_record()
            ));
        }
        if world.now() != written.at {
            return Some(format!(
                "it was {} us, and now it is {} us of the world's time",
                written.at.as_micros(),
                world.now().as_micros()
            ));
        }
        None
    }

    /// Whether the records of a group that were hashed are the same now.
    pub fn has_same_records(&self, written: &Written) -> bool {
        records_hash(self.journal.world(), written.hashed_from) == written.records_hash
    }
}

/// Hands on every group of a journal, in order, as long as `take` wants more.
pub fn each_group(
    store: &Store,
    mut take: impl FnMut(ReadGroup) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    let mut last = 0;
    loop {
        let groups = store.groups_behind(last)?;
        let Some(end) = groups.last() else { break };
        last = end.number;
        for group in groups {
            if !take(group)? {
                return Ok(());
            }
        }
    }
    match last == store.groups() {
        true => Ok(()),
        false => Err(store.damaged(format!("groups behind {last} of {} are missing", store.groups()))),
    }
}

/// The calls of a group.
pub fn calls(store: &Store, group: &ReadGroup) -> Result<Vec<Call>, DataError> {
    let calls = Calls::new(&group.octets).collect::<Result<Vec<Call>, _>>();
    calls.map_err(|why| store.damaged(format!("group {}: {why}", group.number)))
}

/// A world that stands where its journal ends.
#[derive(Debug)]
pub struct Restored {
    player: Player,
    written: Option<Written>,
}

/// Plays a whole journal. `reached` hears the number of each group that is played.
///
/// # Errors
///
/// When it cannot be read, or the records are not those that were made.
pub fn restore(
    store: &Store,
    served: ServedWorld,
    mut reached: impl FnMut(i64),
) -> Result<Restored, DataError> {
    let mut player = Player::new(served);
    let mut written = None;
    each_group(store, |group| {
        player.finish();
        for call in calls(store, &group)? {
            player.play(call);
        }
        player.look();
        let same_records = || group.number < store.groups() || player.has_same_records(&group.written);
        let what = player.difference(&group.written);
        if let Some(what) = what.or_else(|| (!same_records()).then(|| "the last ones are others".to_owned()))
        {
            return Err(DataError::OtherRecords {
                file: store.file().to_owned(),
                what: format!("at the end of group {} {what}", group.number),
                program: store.text("program")?,
            });
        }
        reached(group.number);
        written = Some(group.written);
        Ok(true)
    })?;
    player.finish();
    player.look();
    Ok(Restored { player, written })
}

impl Restored {
    /// How many calls were made again.
    pub fn calls(&self) -> u64 {
        self.player.calls
    }

    /// How the clock went at the end, and the number of the next record.
    pub fn end(&self) -> (Option<ClockState>, u64) {
        (
            self.player.clock.clone(),
            self.player.journal.world().next_record(),
        )
    }

    /// The world with its clock, at the machine's time `wall`. A clock that ran has gone on meanwhile; `fresh` is one for a world
    /// that has never run.
    pub fn resumed(self, wall: Timestamp, fresh: Pace) -> Resumed {
        let Player {
            journal,
            outside,
            clock,
            observer,
            ..
        } = self.player;
        let observed = Observed::from(observer);
        let (Some(clock), Some(written)) = (clock, self.written) else {
            return Resumed {
                journal,
                pace: fresh,
                // Nothing has been seen of it.
                observed: Observed::default(),
                loss: Loss::default(),
            };
        };
        let runs = clock.mode == Mode::Running && clock.holds.is_empty();
        let away = wall.since(written.wall).as_secs_f64();
        let passed = match runs {
            true => Duration::try_from_secs_f64(away * clock.speed).unwrap_or_default(),
            false => Duration::ZERO,
        };
        let under_way: BTreeSet<CallbackId> = journal
            .world()
            .callbacks_under_way()
            .map(|(callback, _)| callback)
            .collect();
        let loss = Loss {
            links: outside.links.into_iter().collect(),
            calls: outside
                .called
                .into_iter()
                .flat_map(|(system_id, count)| (0..count).map(move |_| system_id.clone()))
                .collect(),
            callbacks: outside.callbacks.intersection(&under_way).copied().collect(),
            programs: journal.waits().map(|(program, _)| program).collect(),
        };
        Resumed {
            pace: Pace::resumed(journal.world().now() + passed, clock),
            journal,
            observed,
            loss,
        }
    }
}

/// A world that goes on.
#[derive(Debug)]
pub struct Resumed {
    /// The world.
    pub journal: Journal,
    /// Its clock.
    pub pace: Pace,
    /// What was seen of it.
    pub observed: Observed,
    /// What the world does not know yet.
    pub loss: Loss,
}

/// What the process that has ended took with it.
#[derive(Debug, Default)]
pub struct Loss {
    links: Vec<LinkId>,
    calls: Vec<String>,
    callbacks: Vec<CallbackId>,
    programs: Vec<ProgramId>,
}

impl Loss {
    /// Lets the world know of it, when it was lost.
    pub fn tell(self, journal: &mut Journal) {
        let at = journal.world().now();
        for link in self.links {
            journal.handle(at, Input::LinkClosed { link });
        }
        for system_id in self.calls {
            let why = ENDED.to_owned();
            journal.handle(at, Input::LinkNotDialled { system_id, why });
        }
        for callback in self.callbacks {
            let outcome = NotifyOutcome::Unreachable(ENDED.to_owned());
            journal.handle(at, Input::CallbackDone { callback, outcome });
        }
        for program in self.programs {
            journal.abandon(program);
        }
    }
}
