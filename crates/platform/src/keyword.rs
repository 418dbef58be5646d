//! What a text to one of the platform's numbers means, in the order of the rules.

use std::collections::BTreeSet;

use sms::{ShortCode, Timestamp};

use crate::app::AppId;
use crate::conversation::{Addressee, session_of};
use crate::platform::{Account, Platform};
use crate::settings::Settings;
use crate::user::SessionId;

const STOP: [&str; 2] = ["stop", "off"];
const ON: [&str; 2] = ["on", "start"];
const HELP: [&str; 2] = ["help", "info"];

/// Words that no confirm or decline word may be.
pub(crate) const RESERVED: [&str; 6] = ["stop", "off", "on", "start", "help", "info"];

/// What a text means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Meaning<'a> {
    /// Mobile Texts off.
    Stop,
    /// A yes (or a no) to the question about that app.
    Answer { app: AppId, yes: bool },
    /// A reply to the number of a live session of that app.
    Session { session: SessionId, app: AppId },
    /// Mobile Texts on.
    On,
    /// A list of options.
    Help,
    /// A query to that app, by its canvas name.
    Canvas { app: AppId, query: &'a str },
    /// A reply to the newest session that waits.
    Waiting { session: SessionId, app: AppId },
    /// A yes or no, and no question is open.
    NothingPending,
    /// A reply to the app that sent the last unsolicited text.
    Generic { app: AppId },
    /// Nothing.
    Unknown,
    /// The code that an unregistered phone was texted.
    Code,
    /// A no to the registration.
    NoRegistration,
    /// Something else while a registration is open.
    NotTheCode,
}

/// The confirm and decline words, folded for comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Words {
    confirm: BTreeSet<String>,
    decline: BTreeSet<String>,
}

impl Words {
    pub(crate) fn new(settings: &Settings) -> Self {
        let folded = |words: &[String]| words.iter().map(|word| fold(word)).collect();
        Self {
            confirm: folded(&settings.confirm_words),
            decline: folded(&settings.decline_words),
        }
    }

    /// Whether the folded text is a yes or a no.
    fn answer(&self, folded: &str) -> Option<bool> {
        match (self.confirm.contains(folded), self.decline.contains(folded)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

/// The text as keywords are compared: in small letters, without the blanks and punctuation around it.
pub(crate) fn fold(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Whether the text is Stop or Off.
pub(crate) fn is_stop(text: &str) -> bool {
    STOP.contains(&fold(text).as_str())
}

/// The first word, folded in letter case only, and the rest without the blanks between them.
pub(crate) fn split_canvas(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let (first, query) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first.to_lowercase(), query.trim_start())
}

impl Platform {
    /// What the text of a person means.
    pub(crate) fn meaning<'a>(
        &self,
        now: Timestamp,
        account: &Account,
        to: ShortCode,
        text: &'a str,
    ) -> Meaning<'a> {
        let folded = fold(text);
        if STOP.contains(&folded.as_str()) {
            return Meaning::Stop;
        }
        if account.user.registered {
            self.meaning_from_registered(now, account, to, text, &folded)
        } else {
            self.meaning_from_unregistered(account, text, &folded)
        }
    }

    fn meaning_from_registered<'a>(
        &self,
        now: Timestamp,
        account: &Account,
        to: ShortCode,
        text: &'a str,
        folded: &str,
    ) -> Meaning<'a> {
        let answer = self.words.answer(folded);
        let addressee = account.conversations.addressee(now, session_of(to));
        let question = match addressee {
            Addressee::Bare => account.consent.newest_asked(),
            Addressee::Question(app) => Some(app),
            Addressee::ClosedQuestion | Addressee::Session(..) => None,
        };
        match (answer, question, addressee) {
            (Some(yes), Some(app), _) => return Meaning::Answer { app, yes },
            (Some(_), None, Addressee::ClosedQuestion) => return Meaning::NothingPending,
            (_, _, Addressee::Session(session, app)) => return Meaning::Session { session, app },
            (None, _, _) | (Some(_), None, Addressee::Bare | Addressee::Question(_)) => {}
        }
        if let Some(meaning) = self.command(text, folded) {
            return meaning;
        }
        let may = |app| self.is_granted(account, app);
        if let Some((session, app)) = account.conversations.newest_waiting(now, may) {
            return Meaning::Waiting { session, app };
        }
        if answer.is_some() {
            return Meaning::NothingPending;
        }
        match account.last_unsolicited {
            Some((app, at)) if now.since(at) < self.settings.generic_reply_ttl && may(app) => {
                Meaning::Generic { app }
            }
            Some(_) | None => Meaning::Unknown,
        }
    }

    fn meaning_from_unregistered<'a>(&self, account: &Account, text: &'a str, folded: &str) -> Meaning<'a> {
        let answer = self.words.answer(folded);
        if let Some(registration) = &account.consent.registration {
            if folded == registration.code {
                return Meaning::Code;
            }
            if answer == Some(false) {
                return Meaning::NoRegistration;
            }
        }
        if let Some(meaning) = self.command(text, folded) {
            return meaning;
        }
        match (&account.consent.registration, answer) {
            (Some(_), _) => Meaning::NotTheCode,
            (None, Some(_)) => Meaning::NothingPending,
            (None, None) => Meaning::Unknown,
        }
    }

    /// On, Help, or a query by canvas name.
    fn command<'a>(&self, text: &'a str, folded: &str) -> Option<Meaning<'a>> {
        if ON.contains(&folded) {
            return Some(Meaning::On);
        }
        if HELP.contains(&folded) {
            return Some(Meaning::Help);
        }
        let (canvas, query) = split_canvas(text);
        self.app_by_canvas(&canvas)
            .map(|app| Meaning::Canvas { app: app.id, query })
    }
}
