//! All chance of a world: [`Dice`], one seeded stream for each actor.

use std::collections::BTreeMap;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Seeded chance. Each actor draws from a stream of its own, so that a new actor, or one that draws more often, changes
/// nothing for the others.
#[derive(Debug)]
pub struct Dice {
    seed: u64,
    names: BTreeMap<String, Die>,
    streams: Vec<ChaCha8Rng>,
}

/// The stream of one actor of one world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Die(usize);

impl Dice {
    /// The dice of that seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            names: BTreeMap::new(),
            streams: Vec::new(),
        }
    }

    /// The stream of an actor, for those who draw often.
    pub fn die(&mut self, actor: &str) -> Die {
        if let Some(die) = self.names.get(actor) {
            return *die;
        }
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&fnv1a(actor.as_bytes()).to_le_bytes());
        let die = Die(self.streams.len());
        self.streams.push(ChaCha8Rng::from_seed(key));
        self.names.insert(actor.to_owned(), die);
        die
    }

    /// A number from 0 up to and without 1, drawn from that stream.
    pub fn unit(&mut self, die: Die) -> f64 {
        self.streams[die.0].random()
    }

    /// Any 64-bit number, drawn by that actor.
    pub fn number(&mut self, actor: &str) -> u64 {
        let die = self.die(actor);
        self.streams[die.0].random()
    }
}

/// The 64-bit FNV-1a hash: the same on every machine and for ever, which std's hashes do not promise.
fn fnv1a(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_and_name_only() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        let alone: Vec<u64> = (0..4).map(|_| one.number("att")).collect();
        let among: Vec<u64> = (0..4)
            .map(|_| {
                two.number("sprint");
                two.number("att")
            })
            .collect();
        assert_eq!(alone, among);
        assert_ne!(alone[0], Dice::new(8).number("att"));
        assert_ne!(alone[0], Dice::new(7).number("sprint"));
    }

    #[test]
    fn unit_stays_below_one() {
        let mut dice = Dice::new(1);
        let die = dice.die("x");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&dice.unit(die))));
        assert_eq!(dice.die("x"), die);
    }
}
