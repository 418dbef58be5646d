//! A map by numbers for paths that every message takes: [`NumberMap`].

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;

/// The map inside; its order is nobody's business.
#[expect(
    clippy::disallowed_types,
    reason = "the hash is fixed, and no order of iteration leaves this file"
)]
type Inner<V> = std::collections::HashMap<u64, V, BuildHasherDefault<Mix>>;

/// Values found by a number at a cost that does not grow with their count. `K` is what the numbers are the numbers of.
///
/// It cannot be walked through, so that nothing depends on an order; [`NumberMap::sorted`] is for the rare need.
pub struct NumberMap<K, V> {
    inner: Inner<V>,
    keys: PhantomData<fn(K)>,
}

impl<K: Copy + Into<u64>, V> NumberMap<K, V> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// The value under a number.
    pub fn get(&self, key: K) -> Option<&V> {
        self.inner.get(&key.into())
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.inner.get_mut(&key.into())
    }

    /// Whether there is a value under a number.
    pub fn contains(&self, key: K) -> bool {
        self.inner.contains_key(&key.into())
    }

    /// Puts a value under a number; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.inner.insert(key.into(), value)
    }

    /// Puts a value under what a key is the number of.
    pub(crate) fn insert_number(&mut self, number: u64, value: V) {
        self.inner.insert(number, value);
    }

    /// The value under a number, after putting the default one there if there is none.
    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.inner.entry(key.into()).or_default()
    }

    /// Takes the value from under a number.
    pub fn remove(&mut self, key: K) -> Option<V> {
        self.inner.remove(&key.into())
    }

    /// All values with their numbers, by number.
    pub fn sorted(&self) -> Vec<(u64, &V)> {
        let mut all: Vec<(u64, &V)> = self.inner.iter().map(|(key, value)| (*key, value)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

impl<K, V> Default for NumberMap<K, V> {
    fn default() -> Self {
        Self {
            inner: Inner::default(),
            keys: PhantomData,
        }
    }
}

impl<K: Copy + Into<u64>, V: fmt::Debug> fmt::Debug for NumberMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.sorted()).finish()
    }
}

impl<K, V: Clone> Clone for NumberMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            keys: PhantomData,
        }
    }
}

impl<K, V: PartialEq> PartialEq for NumberMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<K: Copy + Into<u64>, V> FromIterator<(K, V)> for NumberMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self {
            inner: pairs
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
            keys: PhantomData,
        }
    }
}

/// Mixes one number: all but its last bits are multiplied, the halves of the product folded, and that multiplied again, so
/// that numbers in a row and numbers with the same end spread alike; the last bits count up from there. Sixteen numbers in a
/// row, such as messages or subscribers have, are neighbours in memory then, and who finds one has the others at hand. It
/// has no secret: who chooses the numbers of a simulation owns the simulation.
#[derive(Clone, Copy, Default)]
struct Mix(u64);

/// 2^64 divided by the golden ratio, to multiply with.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The bits of a number within its block of neighbours.
const NEIGHBOUR_BITS: u32 = 4;

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        let (block, neighbour) = (number >> NEIGHBOUR_BITS, number & ((1 << NEIGHBOUR_BITS) - 1));
        let product = u128::from(block ^ self.0) * u128::from(SPREAD);
        let [low, high] = [product as u64, (product >> 64) as u64];
        let mixed = (low ^ high).wrapping_mul(SPREAD) ^ (low >> 32);
        // The map finds the place by the low bits and tells the entries there apart by the highest.
        self.0 = mixed.wrapping_add(neighbour) ^ (neighbour << (64 - NEIGHBOUR_BITS));
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_an_ordered_map_holds(steps in prop::collection::vec((0..64_u64, 0..64_u64, 0..4_u8, any::<u16>()), 0..400)) {
            let (mut map, mut model) = (NumberMap::<u64, u16>::default(), BTreeMap::new());
            for (high, low, step, value) in steps {
                let key = high << 58 | low;
                match step {
                    0 => prop_assert_eq!(map.remove(key), model.remove(&key)),
                    1 => *map.get_or_default(key) = *model.entry(key).insert_entry(value).get(),
                    _ => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                }
                prop_assert_eq!(map.get(key), model.get(&key));
                prop_assert_eq!(map.contains(key), model.contains_key(&key));
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(map.sorted(), model.iter().map(|(key, value)| (*key, value)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn numbers_in_a_row_and_numbers_with_the_same_end_spread_alike() {
        for shift in [0, 8, 16, 32, 48] {
            let buckets = |take: fn(u64) -> u64| {
                let taken = (0..4_096_u64).map(|number| {
                    let mut mix = Mix::default();
                    mix.write_u64(number << shift);
                    take(mix.finish())
                });
                taken.collect::<std::collections::BTreeSet<_>>().len()
            };
            // Thrown at random, 4 096 numbers meet some 2 600 of 4 096 buckets.
            let (low, high) = (buckets(|hash| hash & 4_095), buckets(|hash| hash >> 52));
            assert!(low > 2_000 && high > 2_000, "{shift}: {low} and {high}");
        }
    }
}
