//! Clauses of `world` that are rules of the message centre.

use std::ops::RangeInclusive;
use std::time::Duration;

use smpp::Timers;
use smsc::BindErrorStyle;
use world::Config;

use super::words::{dur, number, on_off, one, one_of};
use crate::syntax::Clause;

/// Every key, in the order of `simulator-config/README.md`.
pub(crate) const SMSC_KEYS: &[&str] = &[
    "default_message",
    "system_id",
    "bind_errors",
    "bind_error_body",
    "submit_error_body",
    "strict_fields",
    "liberal_tlvs",
    "delivery_resp_bodies",
    "close_on_framing_error",
    "magic_numbers",
    "session_init",
    "enquire_link",
    "inactivity",
    "response",
    "pdu_read",
    "command_length_max",
];

/// The longest name that a message centre can give itself in a bind's response (SMPP v3.4 §5.2.1).
const SYSTEM_ID_CHARACTERS_MAX: usize = 15;

/// The longest PDU that a message centre may take, in octets: no implementation takes less than 4,096, and none needs more
/// than a `message_payload` of 64 KiB and what stands around it.
const COMMAND_LENGTHS_MAX: RangeInclusive<u32> = 4_096..=1_048_576;

/// What a refusal carries: whether there is a NUL string.
const BODIES: [(&str, bool); 2] = [("nul", true), ("none", false)];

/// Whether what accepts a delivery has a body.
const DELIVERY_RESP_BODIES: [(&str, bool); 2] = [("optional", false), ("required", true)];

/// The most characters of a canned text: ten segments.
const DEFAULT_MESSAGE_CHARACTERS_MAX: usize = 1_530;

/// The timers that a world sets; the others are the driver's choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GivenTimers {
    session_init: Option<Option<Duration>>,
    enquire_link: Option<Option<Duration>>,
    inactivity: Option<Option<Duration>>,
    response: Option<Option<Duration>>,
    pdu_read: Option<Option<Duration>>,
}

impl GivenTimers {
    /// Sets those that are given.
    pub fn apply(&self, timers: &mut Timers) {
        for (given, timer) in [
            (self.session_init, &mut timers.session_init),
            (self.enquire_link, &mut timers.enquire_link),
            (self.inactivity, &mut timers.inactivity),
            (self.response, &mut timers.response),
            (self.pdu_read, &mut timers.pdu_read),
        ] {
            if let Some(given) = given {
                *timer = given;
            }
        }
    }
}

/// Whether the value of a key fits; if not, why not.
pub(crate) fn check_smsc_key(clause: &Clause) -> Result<(), String> {
    set_smsc_key(&mut Config::default(), &mut GivenTimers::default(), clause)
}

/// Sets a key of the message centre.
pub(super) fn set_smsc_key(
    world: &mut Config,
    timers: &mut GivenTimers,
    clause: &Clause,
) -> Result<(), String> {
    let words = clause.words();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let config = &mut world.smsc;
    match clause.key.node.as_str() {
        "default_message" => {
            let [number, text] = words[..] else {
                return Err("expected a number from 1 to 255 and a text".to_owned());
            };
            let number = number.parse().ok().filter(|number: &u8| *number > 0);
            let number = number.ok_or("expected a number from 1 to 255 before the text")?;
            if !(1..=DEFAULT_MESSAGE_CHARACTERS_MAX).contains(&text.chars().count()) {
                return Err(format!(
                    "expected a text of 1 to {DEFAULT_MESSAGE_CHARACTERS_MAX} characters"
                ));
            }
            if config.default_messages.insert(number, text.into()).is_some() {
                return Err(format!("there is a text {number} already"));
            }
        }
        "bind_errors" => {
            let styles = [
                ("practice", BindErrorStyle::Practice),
                ("spec50", BindErrorStyle::Spec50),
            ];
            config.bind_error_style = one_of(&words, &styles)?;
        }
        "system_id" => {
            let system_id = one(&words)?;
            if !(1..=SYSTEM_ID_CHARACTERS_MAX).contains(&system_id.chars().count()) {
                return Err(format!("expected 1 to {SYSTEM_ID_CHARACTERS_MAX} characters"));
            }
            config.system_id = system_id.into();
        }
        "bind_error_body" => config.session.error_bodies.bind = one_of(&words, &BODIES)?,
        "submit_error_body" => config.session.error_bodies.submit = one_of(&words, &BODIES)?,
        "strict_fields" => config.strict_fields = on_off(&words)?,
        "liberal_tlvs" => config.liberal_tlvs = on_off(&words)?,
        "delivery_resp_bodies" => config.delivery_resp_bodies = one_of(&words, &DELIVERY_RESP_BODIES)?,
        "close_on_framing_error" => config.close_on_framing_error = on_off(&words)?,
        "magic_numbers" => config.magic_numbers = on_off(&words)?,
        "session_init" => timers.session_init = Some(timer(&words)?),
        "enquire_link" => timers.enquire_link = Some(timer(&words)?),
        "inactivity" => timers.inactivity = Some(timer(&words)?),
        "response" => timers.response = Some(timer(&words)?),
        "pdu_read" => timers.pdu_read = Some(timer(&words)?),
        "command_length_max" => {
            let octets = number(&words, *COMMAND_LENGTHS_MAX.end())?;
            if !COMMAND_LENGTHS_MAX.contains(&octets) {
                let (least, most) = COMMAND_LENGTHS_MAX.into_inner();
                return Err(format!("expected {least} to {most} octets"));
            }
            world.command_length_max = octets;
        }
        _ => return Err("not a key of the message centre".to_owned()),
    }
    Ok(())
}

fn timer(words: &[&str]) -> Result<Option<Duration>, String> {
    match one(words)? {
        "none" => Ok(None),
        word => {
            let length = dur(word)?;
            if length.is_zero() {
                return Err("expected more than nothing, or none".to_owned());
            }
            Ok(Some(length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Span, Spanned, Value};

    fn clause(text: &str) -> Clause {
        let mut words = text.split('|');
        let bare = |word: &str| Spanned::new(Value::Bare(word.to_owned()), Span::default());
        Clause {
            key: Spanned::new(words.next().unwrap_or_default().to_owned(), Span::default()),
            values: words.map(bare).collect(),
        }
    }

    #[test]
    fn values_are_read_or_said_to_be_wrong() {
        for (text, fits) in [
            ("default_message|1|Call me", true),
            ("default_message|255|Call me", true),
            ("default_message|0|Call me", false),
            ("default_message|256|Call me", false),
            ("default_message|1", false),
            ("default_message|1|", false),
            ("bind_errors|spec50", true),
            ("bind_errors|loud", false),
            ("system_id|SMSCSIM", true),
            ("system_id|", false),
            ("system_id|0123456789abcdef", false),
            ("bind_error_body|none", true),
            ("submit_error_body|nul", true),
            ("submit_error_body|full", false),
            ("strict_fields|off", true),
            ("liberal_tlvs|on", true),
            ("delivery_resp_bodies|required", true),
            ("delivery_resp_bodies|on", false),
            ("close_on_framing_error|off", true),
            ("magic_numbers|off", true),
            ("session_init|5s", true),
            ("session_init|0s", false),
            ("enquire_link|none", true),
            ("inactivity|5", false),
            ("response|1m", true),
            ("pdu_read|none", true),
            ("pdu_read|0s", false),
            ("command_length_max|4096", true),
            ("command_length_max|4095", false),
            ("command_length_max|1048577", false),
            ("nonsense|1", false),
        ] {
            assert_eq!(check_smsc_key(&clause(text)).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn only_the_timers_that_are_given_are_set() {
        let mut given = GivenTimers::default();
        let mut config = Config::default();
        for text in ["session_init|5s", "enquire_link|none", "pdu_read|3s"] {
            set_smsc_key(&mut config, &mut given, &clause(text)).expect("it fits");
        }
        let mut timers = Timers::default();
        given.apply(&mut timers);
        assert_eq!(timers.session_init, Some(Duration::from_secs(5)));
        assert_eq!(timers.enquire_link, None);
        assert_eq!(timers.pdu_read, Some(Duration::from_secs(3)));
        assert_eq!(timers.inactivity, Timers::default().inactivity);
    }

    #[test]
    fn every_key_stands_in_the_table_of_the_configuration() {
        let readme = include_str!("../../../../simulator-config/README.md");
        let (_, table) = readme
            .split_once("## The message centre")
            .expect("the table of the message centre");
        let described: Vec<&str> = table
            .lines()
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(described, SMSC_KEYS);
    }
}
