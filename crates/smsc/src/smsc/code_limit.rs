//! What a carrier lets one code send to its subscribers in a day: [`CodeCounts`].

use std::collections::BTreeMap;

use compact_str::CompactString;
use smpp::Status;
use sms::{Originator, Timestamp, Zone};

use super::Smsc;
use super::state::code_of;
use super::submit::HANDSET;
use crate::carrier::CodeOverLimit;
use crate::cause::Cause;
use crate::check::Refusal;
use crate::event::SubmitRefusal;
use crate::port::PageOutcome;

/// How many codes a carrier counts the texts of one by one; those of further ones count together, as if they were one code's.
pub const CODES_COUNTED_MAX: usize = 100_000;

/// What comes of a text that its carrier rejects because its code has sent enough: no phone is paged for it.
pub(super) const OVER_VOLUME: PageOutcome = PageOutcome::Failed(Cause::Volume);

/// The texts of codes on one day, those that wait for a later day included.
#[derive(Debug, Default)]
pub(super) struct CodeCounts {
    day: Option<i32>,
    by_code: BTreeMap<CompactString, u32>,
}

impl CodeCounts {
    /// How many texts of a code count on a day. `max` of those that wait go with each day that has passed.
    fn on(&mut self, day: i32, code: &str, max: u32) -> u32 {
        let passed = self.day.map_or(0, |before| day.saturating_sub(before));
        if passed != 0 {
            let gone = u32::try_from(passed).unwrap_or(0).saturating_mul(max);
            self.by_code.retain(|_, count| {
                *count = count.saturating_sub(gone);
                *count > 0
            });
        }
        self.day = Some(day);
        self.by_code.get(self.counted_as(code)).copied().unwrap_or(0)
    }

    fn count(&mut self, code: &str) {
        let counted_as = CompactString::new(self.counted_as(code));
        let count = self.by_code.entry(counted_as).or_default();
        *count = count.saturating_add(1);
    }

    /// The code that a text counts as: no code's name is empty.
    fn counted_as<'c>(&self, code: &'c str) -> &'c str {
        if self.by_code.len() < CODES_COUNTED_MAX || self.by_code.contains_key(code) {
            code
        } else {
            ""
        }
    }
}

/// The midnight so many days after the day of an instant.
fn midnight(zone: &Zone, now: Timestamp, days: u32) -> Timestamp {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let day = zone.civil(now).plus_days(days);
    let midnight = day.and_then(|day| day.at(0, 0, 0));
    midnight.map_or(Timestamp::MAX, |civil| zone.instant(civil))
}

impl Smsc {
    /// Whether a carrier takes one text more of a code today; one that lets it wait, or rejects it later, does.
    pub(super) fn admit_code(
        &mut self,
        now: Timestamp,
        account: u16,
        source: &Originator,
        carrier: u16,
    ) -> Result<(), Refusal> {
        let carrier_of_it = &self.carriers[usize::from(carrier)].carrier;
        let Some(max) = carrier_of_it.code_daily_max else {
            return Ok(());
        };
        let status = match carrier_of_it.code_over_limit {
            CodeOverLimit::QueueFull => Status::ESME_RMSGQFUL,
            CodeOverLimit::Throttle => Status::ESME_RTHROTTLED,
            // A code that may send nothing never has its day.
            CodeOverLimit::Queue if max == 0 => Status::ESME_RTHROTTLED,
            CodeOverLimit::Queue | CodeOverLimit::Reject => return Ok(()),
        };
        if self.sent_by_code(now, account, source, carrier, max) < max {
            return Ok(());
        }
        let reason = SubmitRefusal::CodeDailyMax;
        Err(Refusal { status, reason })
    }

    /// Counts an accepted text of a code: before when it may not go, and what is to come of it if it goes nowhere.
    pub(super) fn count_for_code(
        &mut self,
        now: Timestamp,
        account: u16,
        source: &Originator,
        carrier: u16,
    ) -> (Timestamp, Option<PageOutcome>) {
        let carrier_of_it = &self.carriers[usize::from(carrier)].carrier;
        let limit = carrier_of_it.code_daily_max.filter(|_| account != HANDSET);
        let (Some(max), over_limit) = (limit, carrier_of_it.code_over_limit) else {
            return (now, None);
        };
        let sent = self.sent_by_code(now, account, source, carrier, max);
        if over_limit == CodeOverLimit::Reject && sent >= max {
            return (now, Some(OVER_VOLUME));
        }
        let owner = self.esmes.get(usize::from(account)).map(|esme| &esme.account);
        let digits = source.digits();
        let code = code_of(&digits, owner);
        self.carriers[usize::from(carrier)].by_code.count(code);
        match sent.checked_div(max) {
            Some(days @ 1..) => (midnight(&self.config.zone, now, days), None),
            Some(0) | None => (now, None),
        }
    }

    fn sent_by_code(
        &mut self,
        now: Timestamp,
        account: u16,
        source: &Originator,
        carrier: u16,
        max: u32,
    ) -> u32 {
        let today = self.config.zone.civil(now).day_number();
        let owner = self.esmes.get(usize::from(account)).map(|esme| &esme.account);
        let digits = source.digits();
        let code = code_of(&digits, owner);
        self.carriers[usize::from(carrier)].by_code.on(today, code, max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_the_limit_count_together() {
        let mut counts = CodeCounts::default();
        for number in 0..CODES_COUNTED_MAX {
            assert_eq!(counts.on(1, &number.to_string(), 9), 0);
            counts.count(&number.to_string());
        }
        assert_eq!(counts.on(1, "0", 9), 1);
        for (sent, code) in ["one more", "another"].into_iter().enumerate() {
            assert_eq!(counts.on(1, code, 9) as usize, sent);
            counts.count(code);
        }
        assert_eq!(counts.by_code.len(), CODES_COUNTED_MAX + 1);
        assert_eq!(counts.on(2, "0", 9), 0);
        assert!(counts.by_code.is_empty());
    }

    #[test]
    fn what_waits_goes_so_many_a_day() {
        let mut counts = CodeCounts::default();
        for sent in 0..5 {
            assert_eq!(counts.on(7, "12345", 2), sent);
            counts.count("12345");
        }
        assert_eq!(counts.on(8, "12345", 2), 3);
        assert_eq!(counts.on(10, "12345", 2), 0);
    }
}
