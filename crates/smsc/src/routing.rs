//! Which carrier serves a number: [`NumberPlan`].

use std::collections::BTreeMap;

use compact_str::CompactString;
use sms::{Msisdn, NumberMap};

/// A longest-prefix table with exact overrides for ported numbers, and carrier 0 for everything else. Carriers are
/// indices into the configuration.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct NumberPlan {
    /// By prefix.
    ranges: BTreeMap<CompactString, u16>,
    numbers: NumberMap<Msisdn, u16>,
    prefix_max: usize,
}

impl NumberPlan {
    /// Assigns every number that begins with those digits. All ranges are assigned before any number.
    pub fn assign_range(&mut self, prefix: &str, carrier: u16) {
        self.prefix_max = self.prefix_max.max(prefix.len());
        self.ranges.insert(CompactString::new(prefix), carrier);
    }

    /// Assigns every number that begins with those digits, unless they are assigned already.
    pub fn assign_range_unless_taken(&mut self, prefix: &str, carrier: u16) {
        if !self.ranges.contains_key(prefix) {
            self.assign_range(prefix, carrier);
        }
    }

    /// Assigns one number.
    pub fn assign(&mut self, msisdn: Msisdn, carrier: u16) {
        // Where nothing else is assigned, the numbers of carrier 0 need no entry of their own.
        if carrier > 0 || !self.ranges.is_empty() || self.numbers.contains(msisdn) {
            self.numbers.insert(msisdn, carrier);
        }
    }

    /// The carrier of a number.
    pub fn carrier(&self, msisdn: Msisdn) -> u16 {
        if let Some(carrier) = self.numbers.get(msisdn) {
            return *carrier;
        }
        if self.ranges.is_empty() {
            return 0;
        }
        let digits = sms::address::decimal(msisdn.number(), 0);
        (0..=self.prefix_max.min(digits.len()))
            .rev()
            .find_map(|length| self.ranges.get(&digits[..length]).copied())
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_and_a_ported_number_beats_it() {
        let mut plan = NumberPlan::default();
        let number = |text: &str| text.parse::<Msisdn>().expect("a number");
        assert_eq!(plan.carrier(number("+14155550101")), 0);
        let mut ported = NumberPlan::default();
        for carrier in [0, 2, 0] {
            ported.assign(number("+14155550101"), carrier);
            assert_eq!(ported.carrier(number("+14155550101")), carrier);
        }
        plan.assign_range("1", 1);
        plan.assign_range("1415", 2);
        plan.assign_range("44", 3);
        plan.assign_range_unless_taken("44", 4);
        plan.assign_range_unless_taken("33", 4);
        plan.assign(number("+14155550102"), 4);
        for (text, carrier) in [
            ("+14155550101", 2),
            ("+14155550102", 4),
            ("+12125550101", 1),
            ("+447700900000", 3),
            ("+33612345678", 4),
            ("+4915100000000", 0),
        ] {
            assert_eq!(plan.carrier(number(text)), carrier, "{text}");
        }
    }
}
