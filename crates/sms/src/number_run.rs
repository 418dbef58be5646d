//! A map by numbers that are given in a row: [`NumberRun`].

use std::collections::VecDeque;
use std::fmt;

use crate::number_map::NumberMap;

/// What a [`NumberMap`] is, for numbers that are counted up and mostly go soon: messages, pages. They stand in a line and are
/// found by their place in it, without a search; the few that stay long, and any other, are in a map beside it.
pub struct NumberRun<K, V> {
    /// The number of the first place in the line.
    first: u64,
    line: VecDeque<Option<V>>,
    /// How many values are in the line.
    in_line: usize,
    /// Under numbers before the line.
    others: NumberMap<K, V>,
}

/// The places of a line that may be empty however few values are in it.
const EMPTY_PLACES_MIN: usize = 64;

/// How long a line with so many values may be: one in which few are out of turn goes on, whatever it has to pass over.
const fn line_max(in_line: usize) -> usize {
    EMPTY_PLACES_MIN + 2 * in_line
}

impl<K: Copy + Into<u64>, V> NumberRun<K, V> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.in_line + self.others.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under a number.
    pub fn get(&self, key: K) -> Option<&V> {
        match self.place(key).and_then(|place| self.line.get(place)) {
            Some(value) => value.as_ref(),
            None if self.others.is_empty() => None,
            None => self.others.get(key),
        }
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        match self.place(key).and_then(|place| self.line.get_mut(place)) {
            Some(value) => value.as_mut(),
            None if self.others.is_empty() => None,
            None => self.others.get_mut(key),
        }
    }

    /// All values with their numbers, by number.
    pub fn sorted(&self) -> Vec<(u64, &V)> {
        let line = (self.first..).zip(&self.line);
        let line = line.filter_map(|(number, value)| Some((number, value.as_ref()?)));
        let mut all: Vec<(u64, &V)> = line.chain(self.others.sorted()).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// Whether there is a value under a number.
    pub fn contains(&self, key: K) -> bool {
        self.get(key).is_some()
    }

    /// Puts a value under a number; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.line.is_empty() && (self.others.is_empty() || key.into() > self.first) {
            self.first = key.into();
        }
        let Some(place) = self.place(key) else {
            return self.others.insert(key, value);
        };
        if let Some(there) = self.line.get_mut(place) {
            let before = there.replace(value);
            self.in_line += usize::from(before.is_none());
            return before;
        }
        self.reach(key, place);
        self.line.push_back(Some(value));
        self.in_line += 1;
        self.leave_behind();
        None
    }

    /// Makes the line end just before a number beyond it.
    fn reach(&mut self, key: K, place: usize) {
        if place + 1 > line_max(self.in_line + 1) {
            // It begins anew there.
            while let Some(value) = self.line.pop_front() {
                if let Some(value) = value {
                    self.others.insert_number(self.first, value);
                }
                self.first += 1;
            }
            self.first = key.into();
            self.in_line = 0;
        } else {
            self.line.resize_with(place, || None);
        }
    }

    /// Takes the value from under a number.
    pub fn remove(&mut self, key: K) -> Option<V> {
        match self.place(key).and_then(|place| self.line.get_mut(place)) {
            Some(value) => {
                let value = value.take()?;
                self.in_line -= 1;
                while self.line.pop_front_if(|value| value.is_none()).is_some() {
                    self.first = self.first.saturating_add(1);
                }
                Some(value)
            }
            None if self.others.is_empty() => None,
            None => self.others.remove(key),
        }
    }

    /// The place of a number in the line; none when it is before the line.
    fn place(&self, key: K) -> Option<usize> {
        usize::try_from(key.into().checked_sub(self.first)?).ok()
    }

    /// Moves what stands at the front out of a line that is mostly empty.
    fn leave_behind(&mut self) {
        while self.line.len() > line_max(self.in_line) {
            if let Some(Some(value)) = self.line.pop_front() {
                self.in_line -= 1;
                self.others.insert_number(self.first, value);
            }
            self.first += 1;
        }
    }
}

impl<K, V> Default for NumberRun<K, V> {
    fn default() -> Self {
        Self {
            first: 0,
            line: VecDeque::new(),
            in_line: 0,
            others: NumberMap::default(),
        }
    }
}

impl<K, V: Clone> Clone for NumberRun<K, V> {
    fn clone(&self) -> Self {
        Self {
            first: self.first,
            line: self.line.clone(),
            in_line: self.in_line,
            others: self.others.clone(),
        }
    }
}

impl<K: Copy + Into<u64>, V: fmt::Debug> fmt::Debug for NumberRun<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.sorted()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_an_ordered_map_holds(
            steps in prop::collection::vec((0..7_u8, 0..300_u64, any::<u16>()), 0..1_000),
        ) {
            let (mut run, mut model) = (NumberRun::<u64, u16>::default(), BTreeMap::new());
            let mut next = 1_000_u64;
            for (step, back, value) in steps {
                let key = next.saturating_sub(back);
                match step {
                    0 => prop_assert_eq!(run.remove(key), model.remove(&key)),
                    1 => prop_assert_eq!(run.insert(key, value), model.insert(key, value)),
                    2 => prop_assert_eq!(run.insert(next + back, value), model.insert(next + back, value)),
                    3 => next = back,
                    _ => {
                        next += 1;
                        prop_assert_eq!(run.insert(next, value), model.insert(next, value));
                    }
                }
                prop_assert_eq!(run.get(key), model.get(&key));
                prop_assert_eq!(run.get_mut(key), model.get_mut(&key));
                prop_assert_eq!(run.contains(next), model.contains_key(&next));
                prop_assert_eq!((run.len(), run.is_empty()), (model.len(), model.is_empty()));
                prop_assert!(run.line.len() <= EMPTY_PLACES_MIN + 2 * run.in_line + 1_000);
            }
            prop_assert_eq!(run.sorted(), model.iter().map(|(key, value)| (*key, value)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_that_stays_holds_up_no_line() {
        let mut run = NumberRun::<u64, u64>::default();
        for number in 0..10_000 {
            run.insert(number, number);
            if number > 0 {
                assert_eq!(run.remove(number), Some(number));
            }
        }
        assert_eq!((run.get(0), run.len()), (Some(&0), 1));
        assert!(run.line.len() <= EMPTY_PLACES_MIN + 2);
    }

    #[test]
    fn a_long_line_goes_on_behind_a_gap() {
        let mut run = NumberRun::<u64, u64>::default();
        for number in (0..1_000).chain(1_500..2_000).chain(1_000..1_500) {
            run.insert(number, number);
        }
        assert_eq!((run.len(), run.line.len()), (2_000, 2_000));
        assert!(run.others.is_empty());
        run.insert(10_000, 10_000);
        assert_eq!((run.len(), run.line.len(), run.others.len()), (2_001, 1, 2_000));
    }
}
