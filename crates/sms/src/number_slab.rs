//! A map by numbers of which one is asked for again and again: [`NumberSlab`].

use std::fmt;

use crate::number_map::NumberMap;

/// What a [`NumberMap`] is, for values that stay where they are and are looked up many times in a row: the one that was found
/// last is found again without a search.
pub struct NumberSlab<K, V> {
    places: NumberMap<K, usize>,
    values: Vec<Option<(u64, V)>>,
    free: Vec<usize>,
    last: usize,
}

impl<K: Copy + Into<u64>, V> NumberSlab<K, V> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The value under a number.
    pub fn get(&self, key: K) -> Option<&V> {
        let place = self.place(key)?;
        self.values[place].as_ref().map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.last = self.place(key)?;
        self.values[self.last].as_mut().map(|(_, value)| value)
    }

    /// The place of the value that was found last to be changed, for [`NumberSlab::look_first_at`].
    pub fn last_place(&self) -> usize {
        self.last
    }

    /// Has the next value looked for in a place where it was once. If it is there no more, it is searched for.
    pub fn look_first_at(&mut self, place: usize) {
        self.last = place;
    }

    /// Whether there is a value under a number.
    pub fn contains(&self, key: K) -> bool {
        self.place(key).is_some()
    }

    /// Puts a value under a number; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(before) = self.get_mut(key) {
            return Some(std::mem::replace(before, value));
        }
        self.put(key, value);
        None
    }

    /// The value under a number, after putting the default one there if there is none.
    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        match self.place(key) {
            Some(place) => self.last = place,
            None => self.put(key, V::default()),
        }
        let entry = self.values[self.last].as_mut();
        entry.map(|(_, value)| value).expect("found or put above")
    }

    /// Takes the value from under a number.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.places.remove(key)?;
        self.free.push(place);
        self.values[place].take().map(|(_, value)| value)
    }

    /// All values with their numbers, by number.
    pub fn sorted(&self) -> Vec<(u64, &V)> {
        let mut all: Vec<(u64, &V)> = self
            .values
            .iter()
            .flatten()
            .map(|(key, value)| (*key, value))
            .collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// The look at the last one stands where it is called; the search does not.
    #[inline]
    fn place(&self, key: K) -> Option<usize> {
        match self.values.get(self.last) {
            Some(Some((of, _))) if *of == key.into() => Some(self.last),
            _ => self.find(key),
        }
    }

    #[inline(never)]
    fn find(&self, key: K) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// Puts a value under a number that has none; it is the last one then.
    fn put(&mut self, key: K, value: V) {
        let entry = Some((key.into(), value));
        self.last = match self.free.pop() {
            Some(place) => {
                self.values[place] = entry;
                place
            }
            None => {
                self.values.push(entry);
                self.values.len() - 1
            }
        };
        self.places.insert(key, self.last);
    }
}

impl<K, V> Default for NumberSlab<K, V> {
    fn default() -> Self {
        Self {
            places: NumberMap::default(),
            values: Vec::new(),
            free: Vec::new(),
            last: 0,
        }
    }
}

impl<K: Copy + Into<u64>, V: fmt::Debug> fmt::Debug for NumberSlab<K, V> {
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
        fn it_holds_what_an_ordered_map_holds(steps in prop::collection::vec((0..8_u64, 0..6_u8, any::<u16>()), 0..400)) {
            let (mut slab, mut model) = (NumberSlab::<u64, u16>::default(), BTreeMap::new());
            let mut most = 0;
            for (key, step, value) in steps {
                match step {
                    0 => prop_assert_eq!(slab.remove(key), model.remove(&key)),
                    1 => *slab.get_or_default(key) = *model.entry(key).insert_entry(value).get(),
                    2 => prop_assert_eq!(slab.get_mut(key), model.get_mut(&key)),
                    3 => slab.look_first_at(usize::from(value) % 8),
                    _ => prop_assert_eq!(slab.insert(key, value), model.insert(key, value)),
                }
                most = most.max(model.len());
                prop_assert_eq!(slab.get(key), model.get(&key));
                prop_assert_eq!(slab.contains(key), model.contains_key(&key));
                prop_assert_eq!((slab.len(), slab.is_empty()), (model.len(), model.is_empty()));
                prop_assert!(slab.values.len() <= most, "places are used again");
            }
            prop_assert_eq!(slab.sorted(), model.iter().map(|(key, value)| (*key, value)).collect::<Vec<_>>());
        }
    }
}
