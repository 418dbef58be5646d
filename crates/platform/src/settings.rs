//! The platform's policy as numbers, words and texts: [`Settings`], one field for each key of `platform.toml`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sms::Zone;

use crate::app::App;
use crate::keyword;
use crate::settings_serde::{MaxOrUnits, millis, none_or, seconds};
use crate::text::{InvalidText, Text};
use crate::user::QuietHours;

/// Every rule of the platform that can be set, with the defaults of the simulator.
///
/// A default marked "seed" is the documents' own; the others are readings where the documents are silent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Words that answer the confirmation SMS with a yes.
    pub confirm_words: Vec<String>,
    /// Words that drop the cached request.
    pub decline_words: Vec<String>,
    /// How long a cached request waits for its answer; also how long a registration code is good.
    #[serde(rename = "cached_request_ttl_s", with = "seconds")]
    pub cached_request_ttl: Duration,
    /// Cached requests of one user, 1 to 64; one more drops the oldest.
    pub cached_requests_per_user_max: usize,

    /// Sender numbers of one user, 1 to 99: 32665 followed by two digits.
    pub sessions_per_user_max: u32,
    /// How long a session that an app has asked for waits for the user.
    #[serde(rename = "session_idle_ttl_s", with = "seconds")]
    pub session_idle_ttl: Duration,
    /// How long an app may answer a text, from the moment its callback is handed to HTTP (seed: one minute).
    #[serde(rename = "session_window_ms", with = "millis")]
    pub session_window: Duration,
    /// Answers that one text of a user allows (seed: 1).
    pub answers_per_message_max: u32,
    /// How long a text without an addressee goes to the app that sent the last unsolicited text; zero: never.
    #[serde(rename = "generic_reply_ttl_s", with = "seconds")]
    pub generic_reply_ttl: Duration,
    /// How often a callback that failed is tried again, at once; at most 10.
    pub callback_retries: u32,
    /// Callbacks of one app that are under way at a time, 1 to 1,000; the others wait in their order.
    pub callbacks_in_flight_max: usize,

    /// Unsolicited texts a day that each opted-in user adds to an app's pool (seed: 1).
    pub app_daily_pool_per_user: u32,
    /// Unsolicited texts that an app may send in any one second, 1 to 10,000; none: no such limit.
    #[serde(with = "none_or")]
    pub app_rate_per_s: Option<u32>,
    /// Where midnight starts an app's day.
    pub quota_day_tz: Zone,
    /// The daily limit of users who have set none.
    #[serde(with = "none_or")]
    pub user_daily_max: Option<u32>,
    /// The quiet hours of users who have set none.
    #[serde(with = "none_or")]
    pub user_quiet_hours: Option<QuietHours>,
    /// The longest text of one part.
    pub message_length_max: MessageLengthMax,
    /// SMS that one text of an app may take, 1 to 255.
    pub message_parts_max: u8,
    /// What becomes of an app's text with a URL outside m.facebook.com.
    pub foreign_url_policy: ForeignUrlPolicy,

    /// Notifications that one user may send with an app a day; none: no limit.
    #[serde(with = "none_or")]
    pub notifications_per_day: Option<u32>,
    /// Notifications that an app may send one user a week; none: no limit.
    #[serde(with = "none_or")]
    pub announcement_notifications_per_week: Option<u32>,
    /// E-mails that an app may send one user a day; none: no limit.
    #[serde(with = "none_or")]
    pub emails_per_day: Option<u32>,
    /// Where an e-mail says how to turn such e-mails off: 1 at the bottom, 2 at the top.
    pub email_disable_message_location: u8,
    /// Notifications received, notifications sent and e-mails that are kept of each user, 1 to 10,000 of each.
    pub notifications_kept_max: usize,

    /// The question whether to install an app.
    pub text_confirmation: String,
    /// Asks an unregistered person to register, with the code to reply.
    pub text_registration: String,
    /// Confirms a registration when no question follows.
    pub text_registered: String,
    /// Answers a phone that belongs to no account.
    pub text_unknown_phone: String,
    /// Confirms that a question was declined.
    pub text_declined: String,
    /// Confirms that Mobile Texts are off.
    pub text_stop: String,
    /// Confirms that Mobile Texts are on.
    pub text_on: String,
    /// Answers `help`.
    pub text_help: String,
    /// Answers a text to an app that is not registered for SMS.
    pub text_unknown_app: String,
    /// Answers a text that means nothing.
    pub text_unknown_command: String,
    /// Answers a yes or no when no question is open.
    pub text_nothing_pending: String,
    /// Tells the person that the app's callback failed.
    pub text_app_did_not_answer: String,
}

/// The longest text that fits one SMS by policy: in `platform.toml` a table, or one number of septets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "MaxOrUnits")]
pub struct MessageLengthMax {
    /// For a text in GSM 03.38: septets, 1 to 160.
    pub septets: usize,
    /// For any other text: UCS-2 units, 1 to 70.
    pub ucs2_units: usize,
}

/// What becomes of an app's text with a URL outside m.facebook.com.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignUrlPolicy {
    /// It is sent, and a decision says so.
    Flag,
    /// It is refused.
    Refuse,
}

impl Default for Settings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let day = Duration::from_secs(86_400);
        Self {
            confirm_words: words(&["y", "yes", "ok", "confirm"]),
            decline_words: words(&["n", "no", "cancel"]),
            cached_request_ttl: day,
            cached_requests_per_user_max: 8,
            sessions_per_user_max: 99,
            session_idle_ttl: day,
            session_window: Duration::from_secs(60),
            answers_per_message_max: 1,
            generic_reply_ttl: day,
            callback_retries: 0,
            callbacks_in_flight_max: 16,
            app_daily_pool_per_user: 1,
            app_rate_per_s: None,
            quota_day_tz: Zone::named("America/Los_Angeles").expect("in the compiled-in database"),
            user_daily_max: None,
            user_quiet_hours: None,
            message_length_max: MessageLengthMax { septets: 160, ucs2_units: 70 },
            message_parts_max: 1,
            foreign_url_policy: ForeignUrlPolicy::Flag,
            notifications_per_day: Some(40),
            announcement_notifications_per_week: Some(3),
            emails_per_day: Some(5),
            email_disable_message_location: 1,
            notifications_kept_max: 200,
            text_confirmation: "Add {app} to your Facebook account? Reply Y to confirm or N to cancel. Std msg rates \
                                apply."
                .to_owned(),
            text_registration: "{code} is your Facebook confirmation code. Reply with it to add this phone to your \
                                account. Std msg rates apply."
                .to_owned(),
            text_registered: "Confirmed! To turn off Facebook Texts, reply \"stop\". SMS charges may apply. Reply \
                              \"help\" for other options."
                .to_owned(),
            text_unknown_phone: "This phone is not on a Facebook account yet. Add it at m.facebook.com and text again."
                .to_owned(),
            text_declined: "OK, {app} was not added.".to_owned(),
            text_stop: "Facebook Texts are now off. You will get no more texts. Reply \"on\" to turn them on again."
                .to_owned(),
            text_on: "Facebook Texts are now on. Reply \"stop\" to turn them off, \"help\" for other options. SMS \
                      charges may apply."
                .to_owned(),
            text_help: "Facebook Texts: text an app's name and your query to 32665. \"stop\" turns texts off, \"on\" \
                        turns them on. SMS charges may apply."
                .to_owned(),
            text_unknown_app: "{app} cannot be used by text message.".to_owned(),
            text_unknown_command: "Sorry, that was not understood. Text an app's name and your query, or \"help\"."
                .to_owned(),
            text_nothing_pending: "There is nothing to confirm. It may have expired; please text the app again."
                .to_owned(),
            text_app_did_not_answer: "{app} could not be reached. Please try again later.".to_owned(),
        }
    }
}

/// A setting that the platform cannot work with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidSetting {
    /// A number outside its range.
    #[error("{key} is {value}; it must be {min} to {max}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value given.
        value: u64,
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A list of words without a word.
    #[error("{key} is empty; at least one word must answer the question")]
    NoWords {
        /// The key.
        key: &'static str,
    },
    /// A word that no text can equal, because blanks and punctuation around it are ignored.
    #[error("{key} has {word:?}, which consists of blanks and punctuation only")]
    EmptyWord {
        /// The key.
        key: &'static str,
        /// The word.
        word: String,
    },
    /// A word that already means something else.
    #[error("{key} has {word:?}, which already means something else")]
    AmbiguousWord {
        /// The key.
        key: &'static str,
        /// The word.
        word: String,
    },
    /// A text of the platform that cannot be sent.
    #[error("{key}: {fault}")]
    Text {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        fault: InvalidText,
    },
}

impl InvalidSetting {
    /// The key that is wrong.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Range { key, .. }
            | Self::NoWords { key }
            | Self::EmptyWord { key, .. }
            | Self::AmbiguousWord { key, .. }
            | Self::Text { key, .. } => key,
        }
    }
}

/// Everything that is wrong with the settings, one line each.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct InvalidSettings(pub Vec<InvalidSetting>);

impl Settings {
    /// Checks every number, word and text; the texts as filled in for each of `apps`.
    pub fn check(&self, apps: &[App]) -> Result<(), InvalidSettings> {
        let mut faults = self.numbers_out_of_range();
        faults.extend(self.faulty_words());
        for text in Text::ALL {
            if let Err(fault) = text.check(self, apps) {
                faults.push(InvalidSetting::Text {
                    key: text.key(),
                    fault,
                });
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(InvalidSettings(faults))
        }
    }

    fn numbers_out_of_range(&self) -> Vec<InvalidSetting> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let seconds_max = 10 * 365 * 86_400;
        let length = self.message_length_max;
        [
            (
                "cached_request_ttl_s",
                self.cached_request_ttl.as_secs(),
                1,
                seconds_max,
            ),
            (
                "cached_requests_per_user_max",
                self.cached_requests_per_user_max as u64,
                1,
                64,
            ),
            ("sessions_per_user_max", self.sessions_per_user_max.into(), 1, 99),
            (
                "session_idle_ttl_s",
                self.session_idle_ttl.as_secs(),
                1,
                seconds_max,
            ),
            (
                "session_window_ms",
                micros(self.session_window) / 1_000,
                1,
                seconds_max * 1_000,
            ),
            (
                "answers_per_message_max",
                self.answers_per_message_max.into(),
                1,
                1_000,
            ),
            (
                "generic_reply_ttl_s",
                self.generic_reply_ttl.as_secs(),
                0,
                seconds_max,
            ),
            ("callback_retries", self.callback_retries.into(), 0, 10),
            (
                "callbacks_in_flight_max",
                self.callbacks_in_flight_max as u64,
                1,
                1_000,
            ),
            (
                "email_disable_message_location",
                self.email_disable_message_location.into(),
                1,
                2,
            ),
            (
                "notifications_kept_max",
                self.notifications_kept_max as u64,
                1,
                10_000,
            ),
            (
                "app_daily_pool_per_user",
                self.app_daily_pool_per_user.into(),
                0,
                1_000_000,
            ),
            (
                "app_rate_per_s",
                self.app_rate_per_s.unwrap_or(1).into(),
                1,
                10_000,
            ),
            ("message_length_max.septets", length.septets as u64, 1, 160),
            ("message_length_max.ucs2_units", length.ucs2_units as u64, 1, 70),
            ("message_parts_max", self.message_parts_max.into(), 1, 255),
        ]
        .into_iter()
        .filter(|&(_, value, min, max)| !(min..=max).contains(&value))
        .map(|(key, value, min, max)| InvalidSetting::Range { key, value, min, max })
        .collect()
    }

    fn faulty_words(&self) -> Vec<InvalidSetting> {
        let mut faults = Vec::new();
        let mut taken: BTreeSet<String> = keyword::RESERVED.iter().map(|&word| word.to_owned()).collect();
        for (key, words) in [
            ("confirm_words", &self.confirm_words),
            ("decline_words", &self.decline_words),
        ] {
            if words.is_empty() {
                faults.push(InvalidSetting::NoWords { key });
            }
            for word in words {
                let folded = keyword::fold(word);
                if folded.is_empty() {
                    faults.push(InvalidSetting::EmptyWord {
                        key,
                        word: word.clone(),
                    });
                } else if !taken.insert(folded) {
                    faults.push(InvalidSetting::AmbiguousWord {
                        key,
                        word: word.clone(),
                    });
                }
            }
        }
        faults
    }
}
