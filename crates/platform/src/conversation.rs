//! SMS sessions: a person's table of sender numbers, and who may answer in which until when.
//!
//! Session `n` of a person texts from 32665 followed by two digits. The number is a slot: it is given to the next session
//! in turn, so that the slot opened longest ago is reused first. That is why a session's id is unique only within its
//! user.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::{ShortCode, Timestamp};

use crate::app::AppId;
use crate::output::SessionFault;
use crate::user::SessionId;

/// 32665, the number that people text and that unsolicited texts come from.
pub const FBOOK: ShortCode = match ShortCode::new(32_665) {
    Some(code) => code,
    None => panic!("five digits are a short code"),
};

/// The most slots of a table: two digits, without 00.
pub const SLOTS_MAX: u32 = 99;

/// The number that a session texts from: 3266507 for session 7; none for a session past [`SLOTS_MAX`].
pub fn number(session: SessionId) -> Option<ShortCode> {
    (1..=SLOTS_MAX)
        .contains(&session.0)
        .then(|| ShortCode::new(FBOOK.number() * 100 + session.0))
        .flatten()
}

/// The session whose number that is: 7 for 3266507; none for 32665 itself and every other number.
pub fn session_of(to: ShortCode) -> Option<SessionId> {
    let session = to.number().checked_sub(FBOOK.number() * 100)?;
    (1..=SLOTS_MAX).contains(&session).then_some(SessionId(session))
}

/// A session that is alive, for observers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LiveSession {
    /// Its id.
    pub session: SessionId,
    /// The app that converses in it.
    pub app: AppId,
    /// Whose turn it is.
    pub state: LiveState,
    /// How long that state lasts from now.
    pub remaining: Duration,
}

/// What a live session waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveState {
    /// The platform has asked whether to install the app.
    Question,
    /// The app has asked for the session; it waits for the user's text.
    WaitsForUser,
    /// The user has texted, and the callback that says so waits for its turn.
    CallbackWaits,
    /// The window is open: the app may answer.
    WaitsForApp {
        /// Answers left.
        answers: u32,
    },
    /// The app has answered; a text to the session's number still belongs to it.
    Answered,
}

/// What a slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The question whether to install the app.
    Question,
    /// A question that was answered, dropped or forgotten.
    ClosedQuestion,
    /// An app's session that waits for the user.
    Waiting { until: Timestamp },
    /// The user has texted, and the app has not been told yet.
    Unsent,
    /// The window after a user's text; with no answers left it is used.
    Window { until: Timestamp, answers: u32 },
    /// Nobody texted or answered in time.
    Expired { at: Timestamp },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Slot {
    app: AppId,
    /// Counts the sessions of the user, so that the newest is known.
    order: u64,
    state: State,
}

/// What a number of the platform belongs to at the moment, for a text that arrives there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Addressee {
    /// Nothing that lives: the text is treated as one to 32665.
    Bare,
    /// The question about that app.
    Question(AppId),
    /// A question that is not open any more. A yes to it must not answer another one.
    ClosedQuestion,
    /// A live session.
    Session(SessionId, AppId),
}

/// A session that another one has pushed from its number while it was alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Replaced {
    pub(crate) app: AppId,
    pub(crate) question: bool,
}

/// A session that was just opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Opened {
    pub(crate) session: SessionId,
    pub(crate) replaced: Option<Replaced>,
}

/// One user's table of sender numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Conversations {
    slots: Vec<Slot>,
    opened: u64,
}

impl Conversations {
    /// Opens a slot for the question about an app.
    pub(crate) fn open_question(&mut self, now: Timestamp, app: AppId, slots_max: u32) -> Opened {
        self.open(now, app, State::Question, slots_max)
    }

    /// Opens a session that waits for the user.
    pub(crate) fn open_waiting(
        &mut self,
        now: Timestamp,
        app: AppId,
        idle: Duration,
        slots_max: u32,
    ) -> Opened {
        self.open(now, app, State::Waiting { until: now + idle }, slots_max)
    }

    /// Opens a session for a text that belongs to no session yet; its window opens when the text is handed over.
    pub(crate) fn open_unsent(&mut self, now: Timestamp, app: AppId, slots_max: u32) -> Opened {
        self.open(now, app, State::Unsent, slots_max)
    }

    fn open(&mut self, now: Timestamp, app: AppId, state: State, slots_max: u32) -> Opened {
        let session = self.next_session(slots_max);
        let slot = Slot {
            app,
            order: self.opened,
            state,
        };
        self.opened += 1;
        let index = usize::try_from(session.0).expect("below 100") - 1;
        if index == self.slots.len() {
            self.slots.push(slot);
            return Opened {
                session,
                replaced: None,
            };
        }
        let old = std::mem::replace(&mut self.slots[index], slot);
        let replaced = old.live(now).map(|_| Replaced {
            app: old.app,
            question: old.state == State::Question,
        });
        Opened { session, replaced }
    }

    /// What the number of that session belongs to at `now`.
    pub(crate) fn addressee(&self, now: Timestamp, to: Option<SessionId>) -> Addressee {
        let Some((session, slot)) = to.and_then(|session| Some((session, self.slot(session)?))) else {
            return Addressee::Bare;
        };
        match slot.state {
            State::Question => Addressee::Question(slot.app),
            State::ClosedQuestion => Addressee::ClosedQuestion,
            State::Unsent => Addressee::Session(session, slot.app),
            State::Waiting { until } | State::Window { until, .. } if now < until => {
                Addressee::Session(session, slot.app)
            }
            State::Waiting { .. } | State::Window { .. } | State::Expired { .. } => Addressee::Bare,
        }
    }

    /// The newest session that waits for the user, among those whose app passes `may`.
    pub(crate) fn newest_waiting(
        &self,
        now: Timestamp,
        may: impl Fn(AppId) -> bool,
    ) -> Option<(SessionId, AppId)> {
        self.numbered()
            .filter(|(_, slot)| {
                matches!(slot.state, State::Waiting { until } if now < until) && may(slot.app)
            })
            .max_by_key(|(_, slot)| slot.order)
            .map(|(session, slot)| (session, slot.app))
    }

    /// The user has texted in that session: it does not wait for that any more. Gives what names this use of the slot
    /// when the text is handed over.
    pub(crate) fn texted(&mut self, session: SessionId) -> u64 {
        let Some(slot) = self.slot_mut(session) else {
            return 0;
        };
        match slot.state {
            State::Waiting { .. } | State::Expired { .. } => slot.state = State::Unsent,
            State::Unsent | State::Window { .. } | State::Question | State::ClosedQuestion => {}
        }
        slot.order
    }

    /// The user's text is handed to the app: opens the window, or prolongs it and adds the answers of this text. Nothing
    /// happens when the slot has gone to a newer session meanwhile.
    pub(crate) fn handed_over(
        &mut self,
        now: Timestamp,
        session: SessionId,
        order: u64,
        window: Duration,
        answers_each: u32,
    ) {
        let Some(slot) = self.slot_mut(session).filter(|slot| slot.order == order) else {
            return;
        };
        let left = match slot.state {
            State::Window { until, answers } if now < until => answers,
            State::Window { .. }
            | State::Waiting { .. }
            | State::Unsent
            | State::Expired { .. }
            | State::Question
            | State::ClosedQuestion => 0,
        };
        slot.state = State::Window {
            until: now + window,
            answers: left.saturating_add(answers_each),
        };
    }

    /// The user's text is not handed over at all: a session that it opened is over.
    pub(crate) fn not_handed_over(&mut self, now: Timestamp, session: SessionId, order: u64) {
        if let Some(slot) = self.slot_mut(session)
            && slot.order == order
            && slot.state == State::Unsent
        {
            slot.state = State::Expired { at: now };
        }
    }

    /// What keeps `app` from answering in that session at `now`, if anything does.
    pub(crate) fn fault(&self, now: Timestamp, session: SessionId, app: AppId) -> Option<SessionFault> {
        let expired = |at: Timestamp| {
            let ago = now.since(at).as_millis();
            Some(SessionFault::Expired {
                ago_ms: u64::try_from(ago).unwrap_or(u64::MAX),
            })
        };
        let Some(slot) = self.slot(session).filter(|slot| slot.app == app) else {
            return Some(SessionFault::Unknown);
        };
        match slot.state {
            State::Question | State::ClosedQuestion => Some(SessionFault::Unknown),
            State::Waiting { until } if now < until => Some(SessionFault::NotAnswered),
            State::Unsent => Some(SessionFault::NotSent),
            State::Window { answers: 0, .. } => Some(SessionFault::Used),
            State::Window { until, .. } if now < until => None,
            State::Waiting { until } | State::Window { until, .. } => expired(until),
            State::Expired { at } => expired(at),
        }
    }

    /// The app has answered in that session: one answer less.
    pub(crate) fn answered(&mut self, session: SessionId) {
        if let Some(Slot {
            state: State::Window { answers, .. },
            ..
        }) = self.slot_mut(session)
        {
            *answers = answers.saturating_sub(1);
        }
    }

    /// The question of that slot is open no more.
    pub(crate) fn close_question(&mut self, session: SessionId) {
        if let Some(slot) = self
            .slot_mut(session)
            .filter(|slot| slot.state == State::Question)
        {
            slot.state = State::ClosedQuestion;
        }
    }

    /// When the session ends unless something happens to it; none when nothing is left to wait for.
    pub(crate) fn due(&self, session: SessionId) -> Option<Timestamp> {
        match self.slot(session)?.state {
            State::Waiting { until } => Some(until),
            State::Window { until, answers } => (answers > 0).then_some(until),
            State::Question | State::ClosedQuestion | State::Unsent | State::Expired { .. } => None,
        }
    }

    /// When the session ends whose slot is the next to be opened.
    pub(crate) fn next_due(&self, slots_max: u32) -> Option<Timestamp> {
        self.due(self.next_session(slots_max))
    }

    fn next_session(&self, slots_max: u32) -> SessionId {
        assert!((1..=SLOTS_MAX).contains(&slots_max), "checked with the settings");
        SessionId(u32::try_from(self.opened % u64::from(slots_max)).expect("below 99") + 1)
    }

    /// Ends the session at its time; gives its app, and whether it waited for the user (else for the app).
    pub(crate) fn expire(&mut self, session: SessionId) -> Option<(AppId, bool)> {
        let at = self.due(session)?;
        let slot = self.slot_mut(session)?;
        let waited_for_user = matches!(slot.state, State::Waiting { .. });
        slot.state = State::Expired { at };
        Some((slot.app, waited_for_user))
    }

    /// Every session that is alive at `now`, questions too, in the order of their ids.
    pub(crate) fn live(&self, now: Timestamp) -> impl Iterator<Item = LiveSession> {
        self.numbered().filter_map(move |(session, slot)| {
            let (state, until) = slot.live(now)?;
            Some(LiveSession {
                session,
                app: slot.app,
                state,
                remaining: until.since(now),
            })
        })
    }

    fn numbered(&self) -> impl Iterator<Item = (SessionId, &Slot)> {
        (1..).map(SessionId).zip(&self.slots)
    }

    fn slot(&self, session: SessionId) -> Option<&Slot> {
        self.slots.get(usize::try_from(session.0).ok()?.checked_sub(1)?)
    }

    fn slot_mut(&mut self, session: SessionId) -> Option<&mut Slot> {
        self.slots
            .get_mut(usize::try_from(session.0).ok()?.checked_sub(1)?)
    }
}

impl Slot {
    /// What it waits for at `now` and until when; a question's end is its request's, and a callback that waits has none.
    fn live(&self, now: Timestamp) -> Option<(LiveState, Timestamp)> {
        match self.state {
            State::Question => Some((LiveState::Question, Timestamp::MAX)),
            State::Unsent => Some((LiveState::CallbackWaits, now)),
            State::Waiting { until } => (now < until).then_some((LiveState::WaitsForUser, until)),
            State::Window { until, answers: 0 } => (now < until).then_some((LiveState::Answered, until)),
            State::Window { until, answers } => {
                (now < until).then_some((LiveState::WaitsForApp { answers }, until))
            }
            State::ClosedQuestion | State::Expired { .. } => None,
        }
    }
}
