//! Places that are used again: [`Slots`].

/// Values in places that are numbered from 0; who leaves one makes room for the next that comes.
///
/// They stand in pieces of [`PIECE`] places, so that one more never moves the others: to move a million messages takes a third
/// of a second, and room for two million meanwhile.
pub(crate) struct Slots<T> {
    /// All of them are full but the last.
    pieces: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

/// Places in a piece.
const PIECE: usize = 1_024;

impl<T> Slots<T> {
    /// Puts a value into a place; gives its number.
    ///
    /// # Panics
    ///
    /// When there are 2^32 values.
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            *self.place_mut(slot).expect("there is such a place") = Some(value);
            return slot;
        }
        let full = self.pieces.last().is_none_or(|last| last.len() == PIECE);
        if full {
            // The first one grows with what comes: most worlds hold few messages.
            let room = if self.pieces.is_empty() { 0 } else { PIECE };
            self.pieces.push(Vec::with_capacity(room));
        }
        let before = (self.pieces.len() - 1) * PIECE;
        let last = self.pieces.last_mut().expect("there is one");
        last.push(Some(value));
        u32::try_from(before + last.len() - 1).expect("messages_max is below 2^32")
    }

    /// The value in a place, if there is one.
    pub fn get(&self, slot: u32) -> Option<&T> {
        let slot = slot as usize;
        self.pieces.get(slot / PIECE)?.get(slot % PIECE)?.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.place_mut(slot)?.as_mut()
    }

    /// Takes the value out of a place, if there is one.
    pub fn take(&mut self, slot: u32) -> Option<T> {
        let value = self.place_mut(slot)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    fn place_mut(&mut self, slot: u32) -> Option<&mut Option<T>> {
        let slot = slot as usize;
        self.pieces.get_mut(slot / PIECE)?.get_mut(slot % PIECE)
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            free: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_across_pieces_and_used_again() {
        let mut slots = Slots::default();
        let count = 2 * PIECE as u32 + 1;
        for number in 0..count {
            assert_eq!(slots.insert(number), number);
        }
        let at = slots.get(5).map(|value| std::ptr::from_ref(value).addr());
        for number in [0, PIECE as u32 - 1, PIECE as u32, count - 1] {
            assert_eq!(slots.get(number), Some(&number));
            assert_eq!(slots.take(number), Some(number));
            assert_eq!(slots.get(number), None);
            assert_eq!(slots.take(number), None);
            assert_eq!(slots.insert(number + 1), number);
            assert_eq!(slots.get_mut(number).map(|value| *value), Some(number + 1));
        }
        assert_eq!(slots.get(count), None);
        assert_eq!(slots.get_mut(u32::MAX), None);
        for number in count..9 * PIECE as u32 {
            slots.insert(number);
        }
        let now_at = slots.get(5).map(|value| std::ptr::from_ref(value).addr());
        assert_eq!(now_at, at, "none was moved");
    }
}
