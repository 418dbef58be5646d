//! Rules and changes in the words that a scenario has for them.

use std::fmt;
use std::time::Duration;

use smpp::{Status, command_id};

use super::{Effect, Fault};
use crate::carrier::{Latency, ReceiptMode};
use crate::port::{Change, PageOutcome};

impl fmt::Display for Change {
    /// As after `set CARRIER`: `latency 2s`, `answer ESME_RTHROTTLED for 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkUp => f.write_str("link up"),
            Self::LinkDown => f.write_str("link down"),
            Self::Latency(latency) => write!(f, "latency {latency}"),
            Self::Loss(percent) => write!(f, "loss {percent}%"),
            Self::BlockCode(code) => write!(f, "blocked_codes with {code}"),
            Self::UnblockCode(code) => write!(f, "blocked_codes without {code}"),
            Self::Answer { status, count } => {
                write!(f, "answer {}", Named(*status))?;
                match count {
                    Some(count) if !status.is_ok() => write!(f, " for {count}"),
                    Some(_) | None => Ok(()),
                }
            }
            Self::Fault(fault) => write!(f, "answer {fault}"),
            Self::NoFaults => f.write_str("answer ESME_ROK"),
            Self::Throttle(Some(per_s)) => write!(f, "throttle {per_s}"),
            Self::Throttle(None) => f.write_str("throttle none"),
            Self::Receipts(mode) => write!(f, "receipts {}", mode.name()),
        }
    }
}

impl fmt::Display for Latency {
    /// `2s`, `uniform 1s 3s`, `log_normal 6s 0.6 10m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fixed(latency) => write!(f, "{}", Length(latency)),
            Self::Uniform { min, max } => write!(f, "uniform {} {}", Length(min), Length(max)),
            Self::LogNormal { median, sigma, cap } => {
                write!(f, "log_normal {} {sigma} {}", Length(median), Length(cap))
            }
        }
    }
}

impl ReceiptMode {
    /// Its name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Early => "early",
            Self::Sibling => "sibling",
            Self::WrongId => "wrong_id",
            Self::OnePart => "one_part",
        }
    }
}

impl fmt::Display for Fault {
    /// As after `answer`: `late 2s on query_sm for 1 account acme`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.effect)?;
        if !self.operations.is_empty() {
            f.write_str(" on")?;
        }
        for operation in &self.operations {
            write!(f, " {}", command_id::name(*operation).unwrap_or("unknown"))?;
        }
        if let Some(count) = self.count {
            write!(f, " for {count}")?;
        }
        if self.percent < 100.0 {
            write!(f, " chance {}%", self.percent)?;
        }
        if self.every > 1 {
            write!(f, " every {}", self.every)?;
        }
        if let Some(account) = &self.account {
            write!(f, " account {account}")?;
        }
        match self.numbers {
            Some((first, last)) if first == last => write!(f, " to {first}")?,
            Some((first, last)) => write!(f, " to {first} {last}")?,
            None => {}
        }
        match &self.text {
            Some(pattern) => write!(f, " text {:?}", pattern.as_str()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Effect {
    /// `none`, `late 2s`, `ESME_RTHROTTLED`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Answer(status) => write!(f, "{}", Named(status)),
            Self::NoAnswer => f.write_str("none"),
            Self::LateAnswer(by) => write!(f, "late {}", Length(by)),
            Self::OutOfOrder => f.write_str("out_of_order"),
            Self::WrongSequence => f.write_str("wrong_sequence"),
            Self::Nack => f.write_str("nack"),
            Self::NackWithoutSequence => f.write_str("nack_without_sequence"),
            Self::Malformed => f.write_str("malformed"),
            Self::WrongLength => f.write_str("wrong_length"),
            Self::Cut => f.write_str("cut"),
            Self::NoBody => f.write_str("no_body"),
            Self::Unbind => f.write_str("unbind"),
            Self::Reset => f.write_str("reset"),
            Self::Silence => f.write_str("silence"),
            Self::Slow(octets_per_s) => write!(f, "slow {octets_per_s}"),
            Self::Receipt(mode) => write!(f, "receipt {}", mode.name()),
            Self::Outcome(PageOutcome::Delivered) => f.write_str("delivered"),
            Self::Outcome(PageOutcome::Failed(cause)) => write!(f, "failed {}", cause.name()),
        }
    }
}

/// A status by its name, or `0x401`.
struct Named(Status);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#05x}", self.0.0),
        }
    }
}

/// A length of time in the largest unit that fits.
struct Length(Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
            if millis > 0 && millis.is_multiple_of(unit) {
                return write!(f, "{}{name}", millis / unit);
            }
        }
        write!(f, "{millis}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Cause;
    use crate::fault::TextPattern;

    #[test]
    fn changes_are_told_as_they_are_set() {
        let secs = Duration::from_secs;
        let fault = |fault| Change::Fault(Box::new(fault));
        for (change, words) in [
            (Change::LinkDown, "link down"),
            (Change::Latency(Latency::Fixed(secs(2))), "latency 2s"),
            (
                Change::Latency(Latency::LogNormal {
                    median: secs(6),
                    sigma: 0.6,
                    cap: secs(600),
                }),
                "latency log_normal 6s 0.6 10m",
            ),
            (Change::Latency(Latency::Fixed(Duration::ZERO)), "latency 0ms"),
            (Change::Loss(2.5), "loss 2.5%"),
            (
                Change::Answer {
                    status: Status::ESME_RTHROTTLED,
                    count: Some(3),
                },
                "answer ESME_RTHROTTLED for 3",
            ),
            (
                Change::Answer {
                    status: Status(0x401),
                    count: None,
                },
                "answer 0x401",
            ),
            (Change::NoFaults, "answer ESME_ROK"),
            (Change::Throttle(None), "throttle none"),
            (Change::Receipts(ReceiptMode::WrongId), "receipts wrong_id"),
            (
                fault(Fault {
                    operations: vec![command_id::QUERY_SM, command_id::ENQUIRE_LINK],
                    account: Some("acme".into()),
                    count: Some(1),
                    ..Fault::always(Effect::LateAnswer(Duration::from_millis(1_500)))
                }),
                "answer late 1500ms on query_sm enquire_link for 1 account acme",
            ),
            (
                fault(Fault {
                    numbers: Some((
                        "+14155550101".parse().expect("a number"),
                        "+14155550110".parse().expect("a number"),
                    )),
                    text: Some(TextPattern::new("(?i)win").expect("an expression")),
                    every: 2,
                    percent: 20.0,
                    ..Fault::always(Effect::Outcome(PageOutcome::Failed(Cause::MemoryFull)))
                }),
                "answer failed memory_full chance 20% every 2 to +14155550101 +14155550110 text \"(?i)win\"",
            ),
        ] {
            assert_eq!(change.to_string(), words);
        }
    }
}
