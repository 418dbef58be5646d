//! Hostility on demand: [`Fault`], a rule that says which request meets which [`Effect`]; and the [`magic`] numbers.

mod words;

use std::time::Duration;

use compact_str::CompactString;
use regex::Regex;
use serde::{Deserialize, Serialize};
use smpp::Status;
use sms::Msisdn;

use crate::carrier::ReceiptMode;
use crate::cause::Cause;
use crate::port::PageOutcome;

/// What happens to a request instead of, or beside, what usually does.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is refused with that status.
    Answer(Status),
    /// It is accepted and never answered.
    NoAnswer,
    /// It is accepted and answered so much later.
    LateAnswer(Duration),
    /// It is accepted and answered after the next one, or after [`SWAPPED_ANSWER_MAX`] if none comes.
    OutOfOrder,
    /// It is accepted and answered with another `sequence_number`.
    WrongSequence,
    /// It is not accepted; a `generic_nack` with its `sequence_number` answers it.
    Nack,
    /// It is not accepted; a `generic_nack` with the `sequence_number` 0 answers it.
    NackWithoutSequence,
    /// It is not accepted; a response whose body has no end answers it.
    Malformed,
    /// It is not accepted; a response whose `command_length` is greater than it is long answers it.
    WrongLength,
    /// It is not accepted; the first half of a response comes, then the connection is closed.
    Cut,
    /// It is accepted; the response that says so ends with its header.
    NoBody,
    /// It is not accepted; the message centre unbinds the session instead of answering.
    Unbind,
    /// It is not accepted; the connection is reset.
    Reset,
    /// It is not accepted; the session stays open and nothing comes over it any more.
    Silence,
    /// It is accepted; from now on the session gets its octets at that rate a second.
    Slow(u32),
    /// It is accepted, and its receipt goes the way of that mode.
    Receipt(ReceiptMode),
    /// It is accepted, and that is what comes of every attempt; no handset is paged.
    Outcome(PageOutcome),
}

impl Effect {
    /// Whether it is something that only texts meet: what becomes of them, or of their receipts.
    pub const fn is_for_texts(self) -> bool {
        matches!(self, Self::Receipt(_) | Self::Outcome(_))
    }

    /// Whether the answer does not come when it would.
    pub const fn holds_answer_back(self) -> bool {
        matches!(self, Self::NoAnswer | Self::LateAnswer(_) | Self::OutOfOrder)
    }

    /// Whether it is met by a destination alone, not by the whole request.
    pub const fn is_of_destination(self) -> bool {
        matches!(self, Self::Answer(_) | Self::Receipt(_) | Self::Outcome(_))
    }

    /// What happens to the text, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Answer(_) => "is refused",
            Self::NoAnswer => "is never answered",
            Self::LateAnswer(_) => "is answered late",
            Self::OutOfOrder => "is answered out of order",
            Self::WrongSequence => "is answered with a wrong sequence_number",
            Self::Nack => "is answered with a generic_nack",
            Self::NackWithoutSequence => "is answered with a generic_nack without sequence_number",
            Self::Malformed => "is answered with a malformed PDU",
            Self::WrongLength => "is answered with a PDU that is shorter than it says",
            Self::Cut => "is answered with half a PDU",
            Self::NoBody => "is answered without a body",
            Self::Unbind => "ends the session with an unbind",
            Self::Reset => "ends the connection with a reset",
            Self::Silence => "is met with silence for ever",
            Self::Slow(_) => "makes the link slow",
            Self::Receipt(_) => "gets an unusual receipt",
            Self::Outcome(_) => "ends as was asked for",
        }
    }
}

/// How long an answer waits for the one that is to overtake it.
pub const SWAPPED_ANSWER_MAX: Duration = Duration::from_secs(1);

/// How many rules a carrier has at most, those apart that act no more; one more is not kept, which is told.
pub const FAULTS_MAX: usize = 1_000;

/// An expression that a text is searched for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TextPattern(Regex);

impl TextPattern {
    /// The pattern of that expression.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn new(expression: &str) -> Result<Self, regex::Error> {
        regex::RegexBuilder::new(expression)
            .size_limit(64 * 1024)
            .build()
            .map(Self)
    }

    /// The expression.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<TextPattern> for String {
    fn from(pattern: TextPattern) -> Self {
        pattern.as_str().to_owned()
    }
}

impl TryFrom<String> for TextPattern {
    type Error = regex::Error;

    fn try_from(expression: String) -> Result<Self, regex::Error> {
        Self::new(&expression)
    }
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A rule: which requests meet an effect, how often, and how many times.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    pub effect: Effect,
    /// Only to requests with these command ids; none: to those that bring a text to numbers (`submit_sm`, `data_sm`,
    /// `submit_multi`).
    pub operations: Vec<u32>,
    /// Only to texts of that account.
    pub account: Option<CompactString>,
    /// Only to texts for a number from the first to the second.
    pub numbers: Option<(Msisdn, Msisdn)>,
    /// Only to texts that say this.
    pub text: Option<TextPattern>,
    /// Only to each so-manieth text of those; 0 counts as 1.
    pub every: u32,
    /// In so many of a hundred cases.
    pub percent: f64,
    /// So many times, then no more; none: always.
    pub count: Option<u32>,
}

impl Fault {
    /// That effect on every text, always.
    pub const fn always(effect: Effect) -> Self {
        Self {
            effect,
            operations: Vec::new(),
            account: None,
            numbers: None,
            text: None,
            every: 1,
            percent: 100.0,
            count: None,
        }
    }

    /// Whether it is about requests that bring no text to a number.
    pub(crate) fn is_about_others(&self) -> bool {
        self.operations.iter().any(|operation| !brings_text(*operation))
    }

    /// Whether it is about a request like that.
    pub(crate) fn is_about(&self, operation: u32, account: &str, to: Option<Msisdn>, text: &str) -> bool {
        let such = match self.operations.is_empty() {
            true => brings_text(operation),
            false => self.operations.contains(&operation),
        };
        let to_one = |(first, last): (Msisdn, Msisdn)| to.is_some_and(|to| (first..=last).contains(&to));
        such && self.account.as_ref().is_none_or(|wanted| wanted == account)
            && self.numbers.is_none_or(to_one)
            && self.text.as_ref().is_none_or(|pattern| pattern.0.is_match(text))
    }
}

/// Whether an operation brings a text to one number or more.
pub(crate) const fn brings_text(operation: u32) -> bool {
    use smpp::command_id::{DATA_SM, SUBMIT_MULTI, SUBMIT_SM};
    matches!(operation, SUBMIT_SM | DATA_SM | SUBMIT_MULTI)
}

/// A rule with what has come of it.
#[derive(Clone, Debug)]
pub(crate) struct Armed {
    pub fault: Fault,
    /// How many texts it was about.
    pub met: u32,
    /// How many times it acts still.
    pub left: Option<u32>,
}

impl Armed {
    pub fn new(fault: Fault) -> Self {
        let left = fault.count;
        Self { fault, met: 0, left }
    }
}

/// The area code of the first block of magic numbers: 990 to 999 are no area codes, and no number of them is anybody's.
const FIRST_AREA: u64 = 19_905_550_100;
const AREA: u64 = 10_000_000;
const NUMBERS_PER_OUTCOME: u64 = 10;

/// How many times a text to a number of a block "fail, then succeed" fails.
pub(crate) const MAGIC_FAILURES: u32 = 2;

const DELIVERED: Effect = Effect::Outcome(PageOutcome::Delivered);

const fn fails(cause: Cause) -> Effect {
    Effect::Outcome(PageOutcome::Failed(cause))
}

/// Ten outcomes an area, ten numbers an outcome.
const MAGIC: [[Effect; 10]; 5] = [
    [
        DELIVERED,
        fails(Cause::UnknownSubscriber),
        fails(Cause::Absent),
        fails(Cause::NoCoverage),
        fails(Cause::MemoryFull),
        fails(Cause::Busy),
        fails(Cause::Barred),
        fails(Cause::Blocked),
        fails(Cause::Equipment),
        fails(Cause::SystemFailure),
    ],
    [
        Effect::Answer(Status::ESME_RTHROTTLED),
        Effect::Answer(Status::ESME_RMSGQFUL),
        Effect::Answer(Status::ESME_RSYSERR),
        Effect::Answer(Status::ESME_RINVSRCADR),
        Effect::Answer(Status::ESME_RINVDSTADR),
        Effect::Answer(Status::ESME_RSUBMITFAIL),
        Effect::Answer(Status::ESME_RINVMSGLEN),
        Effect::Answer(Status::ESME_RINVESMCLASS),
        Effect::Answer(Status(0x401)),
        // The first MAGIC_FAILURES times.
        Effect::Answer(Status::ESME_RTHROTTLED),
    ],
    [
        Effect::NoAnswer,
        Effect::LateAnswer(Duration::from_secs(5)),
        Effect::OutOfOrder,
        Effect::WrongSequence,
        Effect::Nack,
        Effect::NackWithoutSequence,
        Effect::Malformed,
        Effect::Unbind,
        Effect::Reset,
        Effect::Silence,
    ],
    [
        Effect::Slow(20),
        Effect::Receipt(ReceiptMode::Early),
        Effect::Receipt(ReceiptMode::Late),
        Effect::Receipt(ReceiptMode::Lost),
        Effect::Receipt(ReceiptMode::Duplicated),
        Effect::Receipt(ReceiptMode::Sibling),
        Effect::Receipt(ReceiptMode::WrongId),
        Effect::Receipt(ReceiptMode::OnePart),
        Effect::Answer(Status::ESME_RINVSCHED),
        Effect::Answer(Status::ESME_RINVEXPIRY),
    ],
    [
        Effect::Cut,
        Effect::NoBody,
        fails(Cause::Roaming),
        fails(Cause::Volume),
        // These two the first MAGIC_FAILURES times.
        Effect::Answer(Status::ESME_RSYSERR),
        Effect::Answer(Status::ESME_RMSGQFUL),
        Effect::Answer(Status::ESME_RX_T_APPN),
        Effect::Answer(Status::ESME_RINVBNDSTS),
        Effect::Answer(Status::ESME_RUNKNOWNERR),
        Effect::WrongLength,
    ],
];

/// The outcomes of [`MAGIC`] that are met the first [`MAGIC_FAILURES`] times only.
const AT_FIRST: [(usize, usize); 3] = [(1, 9), (4, 4), (4, 5)];

/// A magic number: what happens to a text for it, and whether only the first few times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Magic {
    /// What happens.
    pub effect: Effect,
    /// Only the first two times; then it is delivered.
    pub at_first: bool,
}

/// What happens to a text for that number, if it is a magic one: +1 990 555 0100 to +1 994 555 0199, ten numbers an outcome.
pub fn magic(number: Msisdn) -> Option<Magic> {
    let beyond = number.number().checked_sub(FIRST_AREA)?;
    let (area, line) = (usize::try_from(beyond / AREA).ok()?, beyond % AREA);
    let outcome = usize::try_from(line / NUMBERS_PER_OUTCOME).ok()?;
    let effect = *MAGIC.get(area)?.get(outcome)?;
    Some(Magic {
        effect,
        at_first: AT_FIRST.contains(&(area, outcome)),
    })
}

#[cfg(test)]
mod tests {
    use smpp::command_id;

    use super::*;

    fn number(text: &str) -> Msisdn {
        text.parse().expect("a number")
    }

    #[test]
    fn ten_numbers_an_outcome_are_magic_and_their_neighbours_are_not() {
        for (text, effect) in [
            ("+19905550099", None),
            ("+19905550100", Some(DELIVERED)),
            ("+19905550109", Some(DELIVERED)),
            ("+19905550110", Some(fails(Cause::UnknownSubscriber))),
            ("+19905550199", Some(fails(Cause::SystemFailure))),
            ("+19905550200", None),
            ("+19915550100", Some(Effect::Answer(Status::ESME_RTHROTTLED))),
            ("+19925550199", Some(Effect::Silence)),
            ("+19935550110", Some(Effect::Receipt(ReceiptMode::Early))),
            ("+19935550200", None),
            ("+19945550100", Some(Effect::Cut)),
            ("+19945550200", None),
            ("+19955550100", None),
            ("+14155550101", None),
        ] {
            assert_eq!(magic(number(text)).map(|magic| magic.effect), effect, "{text}");
        }
        let at_first = |area: u64| -> Vec<u64> {
            let first = FIRST_AREA + area * AREA;
            let is_such = |line: &u64| {
                magic(Msisdn::new(first + line).expect("a number")).is_some_and(|magic| magic.at_first)
            };
            (0..100).filter(is_such).collect()
        };
        let of_each: Vec<Vec<u64>> = (0..5).map(at_first).collect();
        let (none, last, middle) = (Vec::new(), (90..100).collect(), (40..60).collect());
        assert_eq!(of_each, [none.clone(), last, none.clone(), none, middle]);
    }

    #[test]
    fn a_rule_is_about_what_all_its_parts_are_about() {
        let rule = Fault {
            account: Some("fbook".into()),
            numbers: Some((number("+14155550101"), number("+14155550110"))),
            text: Some(TextPattern::new("(?i)win").expect("an expression")),
            ..Fault::always(Effect::NoAnswer)
        };
        for (account, to, text, about) in [
            ("fbook", "+14155550101", "Kings win", true),
            ("fbook", "+14155550110", "WIN", true),
            ("other", "+14155550101", "Kings win", false),
            ("fbook", "+14155550100", "Kings win", false),
            ("fbook", "+14155550111", "Kings win", false),
            ("fbook", "+14155550101", "Kings lose", false),
        ] {
            assert_eq!(
                rule.is_about(command_id::SUBMIT_SM, account, Some(number(to)), text),
                about,
                "{account} {to} {text}"
            );
        }
        assert!(!rule.is_about(command_id::SUBMIT_SM, "fbook", None, "Kings win"));
        assert!(Fault::always(Effect::NoAnswer).is_about(command_id::DATA_SM, "any", None, ""));
        assert!(TextPattern::new("(").is_err());
    }

    #[test]
    fn a_rule_without_operations_is_about_those_that_bring_texts() {
        let query = Fault {
            operations: vec![command_id::QUERY_SM, command_id::DATA_SM],
            ..Fault::always(Effect::NoAnswer)
        };
        let any = Fault::always(Effect::NoAnswer);
        for (operation, of_any, of_query) in [
            (command_id::SUBMIT_SM, true, false),
            (command_id::SUBMIT_MULTI, true, false),
            (command_id::DATA_SM, true, true),
            (command_id::QUERY_SM, false, true),
            (command_id::ENQUIRE_LINK, false, false),
        ] {
            assert_eq!(any.is_about(operation, "acme", None, ""), of_any, "{operation}");
            assert_eq!(
                query.is_about(operation, "acme", None, ""),
                of_query,
                "{operation}"
            );
        }
        assert!(query.is_about_others() && !any.is_about_others());
    }
}
