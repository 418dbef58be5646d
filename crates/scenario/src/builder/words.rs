//! What is said and what is expected: [`Message`], [`Expected`], and how they are written.

use std::time::Duration;

use crate::syntax::{Compiled, Pattern, Text};

/// A text, as it is sent or as it must arrive, exactly.
pub fn text(text: &str) -> Message {
    Message {
        text: text.to_owned(),
        session: None,
        refused: None,
    }
}

/// Exactly this text; clauses may follow.
pub fn exactly(text: &str) -> Expected {
    Expected::new(quoted(text))
}

/// A pattern in which `*` stands for anything.
pub fn glob(glob: &str) -> Expected {
    Expected::new(format!("~{}", quoted(glob)))
}

/// A regular expression, which may match anywhere in the text.
pub fn regex(source: &str) -> Expected {
    let pattern = Pattern::Regex {
        source: source.to_owned(),
        ignore_case: false,
        compiled: Compiled::default(),
    };
    Expected::new(crate::format::pattern_text(&pattern))
}

/// What an app sends.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) text: String,
    pub(super) session: Option<String>,
    pub(super) refused: Option<i64>,
}

impl Message {
    /// In that session.
    pub fn inside(mut self, session: &Session) -> Self {
        self.session = Some(session.capture.clone());
        self
    }

    /// It must be refused with that error number.
    pub fn refused(mut self, code: i64) -> Self {
        self.refused = Some(code);
        self
    }
}

impl From<&str> for Message {
    fn from(said: &str) -> Self {
        text(said)
    }
}

/// A text that an app has sent, for its receipts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub(super) capture: String,
}

/// A session between an app and a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    pub(super) capture: String,
    pub(super) id: String,
}

impl Session {
    /// Its number, as the API tells it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What must arrive: a pattern with clauses.
#[derive(Clone, Debug)]
pub struct Expected {
    pub(super) line: String,
}

impl Expected {
    fn new(pattern: String) -> Self {
        Self { line: pattern }
    }

    fn clause(mut self, clause: &str) -> Self {
        self.line.push_str(", ");
        self.line.push_str(clause);
        self
    }

    /// No later than this after the previous verb; without it, the world's patience. Whole milliseconds count.
    pub fn within(self, time: Duration) -> Self {
        self.clause(&format!("within {}", length(time)))
    }

    /// No sooner than this after the previous verb.
    pub fn after(self, time: Duration) -> Self {
        self.clause(&format!("after {}", length(time)))
    }

    /// From that number.
    pub fn from_number(self, address: &str) -> Self {
        self.clause(&format!("from {address}"))
    }

    /// Assembled from so many segments.
    pub fn parts(self, parts: u8) -> Self {
        self.clause(&format!("parts {parts}"))
    }

    /// In that encoding, for example `ucs2`.
    pub fn encoding(self, name: &str) -> Self {
        self.clause(&format!("encoding {name}"))
    }

    /// In that session, or from its number.
    pub fn inside(self, session: &Session) -> Self {
        self.clause(&format!("in ${}", session.capture))
    }

    /// With the sign that the user is new to the app.
    pub fn new_user(self) -> Self {
        self.clause("new")
    }
}

impl From<&str> for Expected {
    fn from(said: &str) -> Self {
        Self::new(quoted(said))
    }
}

impl From<Message> for Expected {
    fn from(said: Message) -> Self {
        Self::new(quoted(&said.text))
    }
}

/// A text in quotes that says exactly this.
pub(super) fn quoted(said: &str) -> String {
    Text::literal(said).to_string()
}

/// A length of time in the largest unit that fits; less than a millisecond is not told.
pub(super) fn length(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
        (1, "ms"),
    ];
    let fits = |(unit, _): &&(u128, &str)| millis > 0 && millis.is_multiple_of(*unit);
    match units.iter().find(fits) {
        Some((unit, suffix)) => format!("{}{suffix}", millis / unit),
        None => "0s".to_owned(),
    }
}

/// The same in two parts, whole seconds and the rest, so that no number of milliseconds is too large.
pub(super) fn lengths(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis()) {
        (_, 0) => length(time),
        (0, _) => length(time),
        (seconds, millis) => format!("{} {millis}ms", length(Duration::from_secs(seconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_the_largest_unit_that_fits() {
        for (millis, written) in [
            (0, "0s"),
            (250, "250ms"),
            (61_000, "61s"),
            (120_000, "2m"),
            (61_500, "61s 500ms"),
            (90_000_000, "25h"),
            (172_800_000, "2d"),
        ] {
            assert_eq!(lengths(Duration::from_millis(millis)), written);
        }
    }
}
