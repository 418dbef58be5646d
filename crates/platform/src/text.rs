//! The texts that the platform itself sends, with their places filled in.

use sms::{Encoding, ShortCode};

use crate::app::{App, AppId};
use crate::conversation::FBOOK;
use crate::decision::DecisionCode;
use crate::platform::{Platform, Who};
use crate::settings::Settings;

/// The longest text of the platform after filling in, in septets (in UCS-2 units for an app whose name needs them).
pub const TEXT_LENGTH_MAX: usize = 160;

/// One of the platform's own texts; its wording is the setting [`Text::key`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Text {
    Confirmation,
    Registration,
    Registered,
    UnknownPhone,
    Declined,
    Stop,
    On,
    Help,
    UnknownApp,
    UnknownCommand,
    NothingPending,
    AppDidNotAnswer,
}

/// Why a text of the platform cannot be sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidText {
    /// Nothing to send.
    #[error("the text is empty")]
    Empty,
    /// A place that nothing can be filled into.
    #[error("{{{0}}} is no place in this text; its places are: {1}")]
    UnknownPlace(String, String),
    /// A brace that is not closed.
    #[error("a {{ is not closed")]
    UnclosedPlace,
    /// A text that must say something does not.
    #[error("{{{0}}} is missing")]
    MissingPlace(&'static str),
    /// Too long for one SMS.
    #[error("{units} {unit} after filling in for {app}; at most {TEXT_LENGTH_MAX} may be sent")]
    TooLong {
        /// How long it is.
        units: usize,
        /// Septets or UCS-2 units.
        unit: &'static str,
        /// The app it was filled in for, or `any app`.
        app: String,
    },
}

impl Text {
    pub(crate) const ALL: [Self; 12] = [
        Self::Confirmation,
        Self::Registration,
        Self::Registered,
        Self::UnknownPhone,
        Self::Declined,
        Self::Stop,
        Self::On,
        Self::Help,
        Self::UnknownApp,
        Self::UnknownCommand,
        Self::NothingPending,
        Self::AppDidNotAnswer,
    ];

    /// The setting that words it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Confirmation => "text_confirmation",
            Self::Registration => "text_registration",
            Self::Registered => "text_registered",
            Self::UnknownPhone => "text_unknown_phone",
            Self::Declined => "text_declined",
            Self::Stop => "text_stop",
            Self::On => "text_on",
            Self::Help => "text_help",
            Self::UnknownApp => "text_unknown_app",
            Self::UnknownCommand => "text_unknown_command",
            Self::NothingPending => "text_nothing_pending",
            Self::AppDidNotAnswer => "text_app_did_not_answer",
        }
    }

    /// Its wording, with the places open.
    pub(crate) fn wording(self, settings: &Settings) -> &str {
        match self {
            Self::Confirmation => &settings.text_confirmation,
            Self::Registration => &settings.text_registration,
            Self::Registered => &settings.text_registered,
            Self::UnknownPhone => &settings.text_unknown_phone,
            Self::Declined => &settings.text_declined,
            Self::Stop => &settings.text_stop,
            Self::On => &settings.text_on,
            Self::Help => &settings.text_help,
            Self::UnknownApp => &settings.text_unknown_app,
            Self::UnknownCommand => &settings.text_unknown_command,
            Self::NothingPending => &settings.text_nothing_pending,
            Self::AppDidNotAnswer => &settings.text_app_did_not_answer,
        }
    }

    /// The places that this text may have.
    fn places(self) -> &'static [&'static str] {
        match self {
            Self::Confirmation | Self::Declined | Self::UnknownApp | Self::AppDidNotAnswer => {
                &["app", "canvas"]
            }
            Self::Registration => &["code"],
            Self::Registered
            | Self::UnknownPhone
            | Self::Stop
            | Self::On
            | Self::Help
            | Self::UnknownCommand
            | Self::NothingPending => &[],
        }
    }

    /// Checks its places, and its length as filled in for each of `apps`.
    pub(crate) fn check(self, settings: &Settings, apps: &[App]) -> Result<(), InvalidText> {
        let wording = self.wording(settings);
        if wording.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        let allowed = self.places();
        let mut rest = wording;
        while let Some((_, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(InvalidText::UnclosedPlace)?;
            if !allowed.contains(&name) {
                let names: Vec<_> = allowed.iter().map(|name| format!("{{{name}}}")).collect();
                let names = if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                };
                return Err(InvalidText::UnknownPlace(name.to_owned(), names));
            }
            rest = after;
        }
        if self == Self::Registration && !wording.contains("{code}") {
            return Err(InvalidText::MissingPlace("code"));
        }
        if self == Self::Confirmation && !wording.contains("{app}") {
            return Err(InvalidText::MissingPlace("app"));
        }
        if allowed.contains(&"app") {
            apps.iter()
                .try_for_each(|app| fits(&fill(wording, Some(app), ""), &app.name))
        } else {
            fits(&fill(wording, None, "00000"), "any app")
        }
    }
}

fn fits(text: &str, app: &str) -> Result<(), InvalidText> {
    let encoding = Encoding::of(text);
    let units = encoding.units(text);
    if units <= TEXT_LENGTH_MAX {
        return Ok(());
    }
    Err(InvalidText::TooLong {
        units,
        unit: unit(encoding),
        app: app.to_owned(),
    })
}

/// What lengths in that encoding are counted in.
pub(crate) fn unit(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "septets",
        Encoding::Ucs2 => "UCS-2 units",
        Encoding::Latin1 | Encoding::Ascii | Encoding::Binary => "octets",
    }
}

/// The wording with its places filled in. What is filled in is not searched for places again.
pub(crate) fn fill(wording: &str, app: Option<&App>, code: &str) -> String {
    let mut filled = String::with_capacity(wording.len() + 32);
    let mut rest = wording;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match (name, app) {
            ("app", Some(app)) => filled.push_str(&app.title),
            ("canvas", Some(app)) => filled.push_str(&app.canvas),
            ("code", _) => filled.push_str(code),
            _ => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl Platform {
    /// Texts a person from 32665 on the platform's own behalf, in answer to what the person has just texted.
    pub(crate) fn say(&mut self, who: Who, text: Text, app: Option<AppId>) {
        self.say_from(FBOOK, who, text, app);
    }

    /// Texts a person from that number on the platform's own behalf; no quota counts it.
    ///
    /// While Mobile Texts are off, only the answers to Stop, On and Help go out.
    pub(crate) fn say_from(&mut self, from: ShortCode, who: Who, text: Text, app: Option<AppId>) {
        let mut subject = self.subject(who);
        subject.app = app;
        let user = &self.account(who).user;
        if !user.texts_on && !matches!(text, Text::Stop | Text::On | Text::Help) {
            let why = format!("{} not sent: Mobile Texts of {} are off", text.key(), user.name);
            return self.decide(DecisionCode::Withheld, subject, why);
        }
        let to = user.phone;
        let wording = fill(
            text.wording(&self.settings),
            app.and_then(|app| self.app(app)),
            "",
        );
        self.submit(to, from, wording, subject);
    }
}
