//! What kinds of values clauses and settings take: [`Slot`].

use sms::{Civil, Zone};

use crate::check::{Kind, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::suggestion::nearest;
use crate::syntax::{Clause, Dur, Spanned, TimeOfDay, Value};
use crate::world_config::{ClockMode, SPEED_MAX};

/// What the address of an app is: such as every app of the time had.
const URL: &str = "an address such as http://127.0.0.1:9000/sms (https is not posted to)";

/// What may stand as one value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number up to this.
    Number(u64),
    /// A whole number up to this, or one of these words.
    NumberOr(u64, &'static [&'static str]),
    /// A length of time.
    Dur,
    /// `0%` to `100%`; the sign may be left out.
    Percent,
    /// Degrees from minus this to this.
    Degrees(u8),
    /// The same, or `none`.
    DegreesOrNone(u8),
    /// `22:00-08:00`.
    Hours,
    /// The same, or `none`.
    HoursOrNone,
    /// A declared name.
    Name(Kind),
    /// An IANA time zone.
    Zone,
    /// `2009-03-02`.
    Date,
    /// `14:00`.
    Time,
    /// So many hex digits.
    Hex(usize),
    /// `virtual`, `real` or `x20`.
    Clock,
    /// The `http` address of an app.
    Url,
    /// The same, or `none`.
    UrlOrNone,
    /// What people text: one word.
    Canvas,
    /// Anything.
    Any,
}

/// What a clause or a setting takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Its key.
    pub key: &'static str,
    /// Its values.
    pub slots: &'static [Slot],
    /// How many there must be at least.
    pub least: usize,
    /// Whether the last slot may be filled any number of times.
    pub many: bool,
}

impl Rule {
    /// Exactly these values.
    pub const fn exact(key: &'static str, slots: &'static [Slot]) -> Self {
        Self {
            key,
            slots,
            least: slots.len(),
            many: false,
        }
    }

    /// One value or more.
    pub const fn many(key: &'static str, slots: &'static [Slot]) -> Self {
        Self {
            key,
            slots,
            least: slots.len(),
            many: true,
        }
    }

    /// These values or the first `least` of them.
    pub const fn optional(key: &'static str, slots: &'static [Slot], least: usize) -> Self {
        Self {
            key,
            slots,
            least,
            many: false,
        }
    }

    /// How many values it takes, in words.
    fn taken(&self) -> String {
        let count = match self.slots.len() {
            1 => "one value".to_owned(),
            count => format!("{count} values"),
        };
        format!(
            "`{}` takes {count}; the next clause of a declaration follows after a comma",
            self.key
        )
    }

    /// Checks the number of the values and each of them.
    pub fn check(&self, path: &str, clause: &Clause, names: &Names, diagnostics: &mut Vec<Diagnostic>) {
        let count = clause.values.len();
        if count < self.least {
            let wanted = self
                .slots
                .get(count)
                .map_or_else(|| "a value".to_owned(), Slot::expected);
            let fault = Diagnostic::new(
                Code::E105,
                path,
                clause.span(),
                format!("`{}` lacks a value", self.key),
            );
            diagnostics.push(fault.label(format!("expected {wanted} after it")));
            return;
        }
        for (index, value) in clause.values.iter().enumerate() {
            let slot = self
                .slots
                .get(index)
                .or_else(|| self.slots.last().filter(|_| self.many));
            let Some(slot) = slot else {
                let fault =
                    Diagnostic::new(Code::E105, path, value.span, format!("`{}` takes less", self.key));
                let fault = fault.label("one value too many");
                diagnostics.push(fault.help(self.taken()));
                return;
            };
            // What a capture holds is known when it is filled in.
            if value.node.has_capture() {
                continue;
            }
            diagnostics.extend(slot.check(path, self.key, value, names));
        }
    }
}

impl Slot {
    fn check(self, path: &str, key: &str, value: &Spanned<Value>, names: &Names) -> Option<Diagnostic> {
        let text = value.node.as_str();
        let fault = |code| {
            let message = format!("`{text}` is no value of `{key}`");
            Diagnostic::new(code, path, value.span, message).label(format!("expected {}", self.expected()))
        };
        let holds = match self {
            Self::Any => true,
            Self::Word(words) => {
                let known = words.contains(&text);
                return (!known)
                    .then(|| fault(Code::E105).did_you_mean(nearest(text, words.iter().copied())));
            }
            Self::Number(max) => number(text, max),
            Self::NumberOr(max, words) => number(text, max) || words.contains(&text),
            Self::Dur => {
                let bare_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
                return match text.parse::<Dur>() {
                    Ok(_) => None,
                    Err(_) if bare_number => {
                        Some(fault(Code::E041).help(format!("write {text}ms, {text}s or {text}m")))
                    }
                    Err(_) => Some(fault(Code::E105)),
                };
            }
            Self::Percent => percent(text).is_some(),
            Self::Degrees(max) => degrees(text, max),
            Self::DegreesOrNone(max) => text == "none" || degrees(text, max),
            Self::Hours => text.parse::<platform::QuietHours>().is_ok(),
            Self::HoursOrNone => text == "none" || text.parse::<platform::QuietHours>().is_ok(),
            Self::Name(kind) => {
                return names.demand(path, &Spanned::new(text.to_owned(), value.span), &[kind]);
            }
            Self::Zone => Zone::named(text).is_ok(),
            Self::Date => return date(text).is_none().then(|| fault(Code::E042)),
            Self::Time => return text.parse::<TimeOfDay>().is_err().then(|| fault(Code::E042)),
            Self::Hex(digits) => text.len() == digits && text.bytes().all(|octet| octet.is_ascii_hexdigit()),
            Self::Clock => text.parse::<ClockMode>().is_ok(),
            Self::Url => rest::check_url(&value.node.said()).is_ok(),
            Self::UrlOrNone => text == "none" || rest::check_url(&value.node.said()).is_ok(),
            Self::Canvas => !text.is_empty() && !text.contains(char::is_whitespace),
        };
        (!holds).then(|| fault(Code::E105))
    }

    fn expected(&self) -> String {
        match self {
            Self::Word(words) => words.join(" or "),
            Self::Number(max) => format!("a whole number up to {max}"),
            Self::NumberOr(max, words) => format!("a whole number up to {max}, or {}", words.join(" or ")),
            Self::Dur => "a length of time such as 10s".to_owned(),
            Self::Percent => "a percentage from 0% to 100%".to_owned(),
            Self::Degrees(max) => format!("degrees from -{max} to {max}"),
            Self::DegreesOrNone(max) => format!("degrees from -{max} to {max}, or none"),
            Self::Hours => "hours such as 22:00-08:00".to_owned(),
            Self::HoursOrNone => "hours such as 22:00-08:00, or none".to_owned(),
            Self::Name(kind) => format!("the name of {kind}"),
            Self::Zone => "an IANA time zone such as America/Los_Angeles".to_owned(),
            Self::Date => "a date such as 2009-03-02".to_owned(),
            Self::Time => "a time of day such as 14:00".to_owned(),
            Self::Hex(digits) => format!("{digits} hex digits"),
            Self::Clock => format!("virtual, real or a speed such as x20, up to x{SPEED_MAX}"),
            Self::Url => URL.to_owned(),
            Self::UrlOrNone => format!("{URL}, or none"),
            Self::Canvas => "one word, without blanks".to_owned(),
            Self::Any => "a value".to_owned(),
        }
    }
}

fn number(text: &str, max: u64) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit()) && text.parse::<u64>().is_ok_and(|number| number <= max)
}

fn degrees(text: &str, max: u8) -> bool {
    text.parse::<f64>()
        .is_ok_and(|degrees| degrees.abs() <= f64::from(max))
}

/// A percentage, 0 to 100, with or without its sign.
pub(crate) fn percent(text: &str) -> Option<f64> {
    let number = text.strip_suffix('%').unwrap_or(text);
    let plain = !number.is_empty()
        && number
            .bytes()
            .all(|octet| octet.is_ascii_digit() || octet == b'.');
    plain
        .then(|| number.parse().ok())
        .flatten()
        .filter(|percent| (0.0..=100.0).contains(percent))
}

/// The midnight that begins `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Option<Civil> {
    let digits =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|octet| octet.is_ascii_digit());
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && digits(year, 4) && digits(month, 2) && digits(day, 2);
    whole
        .then(|| {
            Civil::new(
                year.parse().ok()?,
                month.parse().ok()?,
                day.parse().ok()?,
                0,
                0,
                0,
            )
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_and_dates_are_read() {
        for (text, value) in [
            ("1%", Some(1.0)),
            ("0.5", Some(0.5)),
            ("101%", None),
            ("-1", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(percent(text), value, "{text}");
        }
        for (text, valid) in [
            ("2009-03-02", true),
            ("2009-02-29", false),
            ("2009-3-2", false),
            ("2009-03-02-1", false),
        ] {
            assert_eq!(date(text).is_some(), valid, "{text}");
        }
    }
}
