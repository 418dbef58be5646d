//! What an exploration has seen: [`Coverage`].

use std::collections::BTreeMap;

use serde::Serialize;

/// How often each thing was done, decided or returned.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Coverage {
    /// Lines that were played.
    pub lines: u64,
    /// Acts by kind.
    pub acts: BTreeMap<String, u64>,
    /// The platform's decisions by code.
    pub decisions: BTreeMap<String, u64>,
    /// What calls returned: `ok`, or the number of the refusal.
    pub results: BTreeMap<String, u64>,
    /// The words that people texted.
    pub keywords: BTreeMap<String, u64>,
    /// States that phones, carriers and the link were put into.
    pub states: BTreeMap<String, u64>,
}

impl Coverage {
    /// Takes in what another exploration has seen.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        for (mine, theirs) in [
            (&mut self.acts, &other.acts),
            (&mut self.decisions, &other.decisions),
            (&mut self.results, &other.results),
            (&mut self.keywords, &other.keywords),
            (&mut self.states, &other.states),
        ] {
            for (name, count) in theirs {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
    }

    pub(super) fn count(map: &mut BTreeMap<String, u64>, name: &str) {
        *map.entry(name.to_owned()).or_default() += 1;
    }
}
