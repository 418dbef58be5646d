//! Puts the segments of a text together: [`Reassembler`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::alphabet::Encoding;
use crate::segment::{Concatenation, Segment};
use crate::time::Timestamp;

/// A text with the segments that it came in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Assembled {
    /// The text; when parts are missing, what there is of it.
    pub text: String,
    /// How many segments it came in.
    pub parts: u8,
    /// How many more it should have come in; 0 for a whole text.
    pub missing: u8,
    /// The encoding of its first segment.
    pub encoding: Encoding,
}

/// Collects the segments of concatenated texts until each is whole.
///
/// Segments that share the key, the reference, its kind and the number of parts belong together. They may come in any
/// order. A second copy of a part is dropped. A copy of a part that comes after its text was whole is never reported as
/// an incomplete text; when copies of all the parts come, that is the same text sent again.
///
/// At most `sets_max` texts are collected at a time: one more, and the oldest is given up, which [`Reassembler::expire`]
/// then returns. The owner calls `expire` at [`Reassembler::next_wakeup`].
#[derive(Clone, Debug)]
pub struct Reassembler<K> {
    hold: Duration,
    sets_max: usize,
    /// The texts that wait for parts.
    sets: Shelf<K, Parts>,
    /// What came whole lately, part by part as fingerprints.
    whole: Shelf<K, Vec<u64>>,
    given_up: Vec<(K, Assembled)>,
    given_up_at: Timestamp,
}

/// What the segments of one text have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct SetKey<K> {
    key: K,
    reference: u16,
    wide: bool,
    total: u8,
}

/// The parts of one text, by their number.
type Parts = BTreeMap<u8, Part>;

#[derive(Clone, Debug)]
struct Part {
    segment: Segment,
    /// Whether it is a copy of a part of a text that came whole lately.
    copy: bool,
}

impl<K: Ord + Clone> Reassembler<K> {
    /// A reassembler that waits `hold` for the missing parts of a text, counted from its first part, and collects at most
    /// `sets_max` texts at a time.
    ///
    /// # Panics
    ///
    /// When `sets_max` is 0.
    pub fn new(hold: Duration, sets_max: usize) -> Self {
        assert!(sets_max > 0, "a reassembler collects at least one text");
        Self {
            hold,
            sets_max,
            sets: Shelf::default(),
            whole: Shelf::default(),
            given_up: Vec::new(),
            given_up_at: Timestamp::EPOCH,
        }
    }

    /// Takes a segment from `key`, usually a source and a destination; returns the text that it completes, at once when
    /// it is not one part of several.
    pub fn push(&mut self, now: Timestamp, key: K, segment: &Segment) -> Option<Assembled> {
        let Some(Concatenation {
            reference,
            wide,
            total,
            number,
        }) = segment.concatenation()
        else {
            return Some(assemble([segment], 1));
        };
        if total == 1 {
            return Some(assemble([segment], 1));
        }
        let key = SetKey {
            key,
            reference,
            wide,
            total,
        };
        if self
            .sets
            .get(&key)
            .and_then(|parts| parts.get(&number))
            .is_some_and(|part| part.segment == *segment)
        {
            return None;
        }
        self.make_room(now, &key, number);
        let part = Part {
            segment: segment.clone(),
            copy: self.is_copy(&key, number, segment),
        };
        let parts = self.sets.get_or_insert_default(now + self.hold, &key);
        parts.insert(number, part);
        if parts.len() < usize::from(total) {
            return None;
        }
        let parts = self.sets.remove(&key)?;
        self.remember(now, key, &parts);
        Some(assemble(parts.values().map(|part| &part.segment), total))
    }

    /// When [`Reassembler::expire`] has something to return.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        if self.given_up.is_empty() {
            self.sets.first_deadline()
        } else {
            Some(self.given_up_at)
        }
    }

    /// The texts that have been given up by `now`, with what there is of them, those first that were given up first.
    pub fn expire(&mut self, now: Timestamp) -> Vec<(K, Assembled)> {
        while let Some((key, parts)) = self.sets.pop_due(now) {
            self.note_incomplete(key, &parts);
        }
        while self.whole.pop_due(now).is_some() {}
        std::mem::take(&mut self.given_up)
    }

    /// How many texts wait for parts.
    pub fn waiting(&self) -> usize {
        self.sets.len()
    }

    /// Gives up what is in the way of part `number` of the text `key`: another text with the same reference, or the
    /// oldest text when there are `sets_max`.
    fn make_room(&mut self, now: Timestamp, key: &SetKey<K>, number: u8) {
        while self.whole.pop_due(now).is_some() {}
        match self.sets.get(key).map(|parts| parts.get(&number)) {
            // A late copy only has to make way for the part of a new text.
            Some(None | Some(Part { copy: true, .. })) => {}
            // The sender's references have come round: the old text stays incomplete.
            Some(Some(Part { copy: false, .. })) => self.give_up(now, key),
            None => {
                if self.sets.len() == self.sets_max
                    && let Some(oldest) = self.sets.first_key().cloned()
                {
                    self.give_up(now, &oldest);
                }
            }
        }
    }

    fn is_copy(&self, key: &SetKey<K>, number: u8, segment: &Segment) -> bool {
        let prints = self.whole.get(key).map_or(&[][..], Vec::as_slice);
        prints
            .get(usize::from(number) - 1)
            .is_some_and(|print| *print == fingerprint(segment))
    }

    fn remember(&mut self, now: Timestamp, key: SetKey<K>, parts: &Parts) {
        self.whole.remove(&key);
        if self.whole.len() == self.sets_max
            && let Some(oldest) = self.whole.first_key().cloned()
        {
            self.whole.remove(&oldest);
        }
        self.whole.insert(
            now + self.hold,
            key,
            parts.values().map(|part| fingerprint(&part.segment)).collect(),
        );
    }

    fn give_up(&mut self, now: Timestamp, key: &SetKey<K>) {
        if let Some(parts) = self.sets.remove(key) {
            if self.given_up.is_empty() {
                self.given_up_at = now;
            }
            self.note_incomplete(key.clone(), &parts);
        }
    }

    fn note_incomplete(&mut self, key: SetKey<K>, parts: &Parts) {
        // The owner empties this list at every wake-up; it is bounded all the same.
        let is_news = parts.values().any(|part| !part.copy);
        if is_news && self.given_up.len() < self.sets_max.saturating_mul(2) {
            self.given_up.push((
                key.key,
                assemble(parts.values().map(|part| &part.segment), key.total),
            ));
        }
    }
}

/// The text of `parts`. Neighbours in one encoding are read as one, since some senders cut within a pair.
fn assemble<'a>(parts: impl IntoIterator<Item = &'a Segment>, total: u8) -> Assembled {
    let mut text = String::new();
    let mut octets: Vec<u8> = Vec::new();
    let mut run: Option<(Encoding, Option<u8>)> = None;
    let mut first = None;
    let mut count: u8 = 0;
    for part in parts {
        let encoding = part.encoding();
        let number = part.concatenation().map(|concatenation| concatenation.number);
        first.get_or_insert(encoding);
        count = count.saturating_add(1);
        if let Some((of, last)) = run
            && (of != encoding || last.map(|last| last.saturating_add(1)) != number)
        {
            text.push_str(&of.decode(&octets));
            octets.clear();
        }
        run = Some((encoding, number));
        octets.extend_from_slice(part.body());
    }
    if let Some((of, _)) = run {
        text.push_str(&of.decode(&octets));
    }
    Assembled {
        text,
        parts: count,
        missing: total.saturating_sub(count),
        encoding: first.unwrap_or(Encoding::Gsm7),
    }
}

/// FNV-1a, 64 bits: tells a copy of a part from another part.
fn fingerprint(segment: &Segment) -> u64 {
    let octets = [segment.data_coding]
        .into_iter()
        .chain(segment.user_data.iter().copied());
    octets.fold(0xCBF2_9CE4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Values by set, each until its deadline; of equal deadlines the value that came first is due first.
#[derive(Clone, Debug)]
struct Shelf<K, V> {
    by_key: BTreeMap<SetKey<K>, ((Timestamp, u64), V)>,
    by_deadline: BTreeMap<(Timestamp, u64), SetKey<K>>,
    inserted: u64,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self {
            by_key: BTreeMap::new(),
            by_deadline: BTreeMap::new(),
            inserted: 0,
        }
    }
}

impl<K: Ord + Clone, V> Shelf<K, V> {
    fn len(&self) -> usize {
        self.by_key.len()
    }

    fn get(&self, key: &SetKey<K>) -> Option<&V> {
        self.by_key.get(key).map(|(_, value)| value)
    }

    /// The value of `key`; when there is none, a default one until `deadline`.
    fn get_or_insert_default(&mut self, deadline: Timestamp, key: &SetKey<K>) -> &mut V
    where
        V: Default,
    {
        if !self.by_key.contains_key(key) {
            self.insert(deadline, key.clone(), V::default());
        }
        &mut self
            .by_key
            .entry(key.clone())
            .or_insert_with(|| ((deadline, 0), V::default()))
            .1
    }

    fn insert(&mut self, deadline: Timestamp, key: SetKey<K>, value: V) {
        self.remove(&key);
        self.inserted += 1;
        self.by_deadline.insert((deadline, self.inserted), key.clone());
        self.by_key.insert(key, ((deadline, self.inserted), value));
    }

    fn remove(&mut self, key: &SetKey<K>) -> Option<V> {
        let (deadline, value) = self.by_key.remove(key)?;
        self.by_deadline.remove(&deadline);
        Some(value)
    }

    fn first_deadline(&self) -> Option<Timestamp> {
        self.by_deadline.keys().next().map(|(deadline, _)| *deadline)
    }

    fn first_key(&self) -> Option<&SetKey<K>> {
        self.by_deadline.values().next()
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<(SetKey<K>, V)> {
        if self.first_deadline()? > now {
            return None;
        }
        let (_, key) = self.by_deadline.pop_first()?;
        let (_, value) = self.by_key.remove(&key)?;
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::segment::Reference;

    const HOLD: Duration = Duration::from_secs(3600);
    const T0: Timestamp = Timestamp::from_secs(1_000_000);

    fn parts(text: &str, reference: u8) -> Vec<Segment> {
        Segment::split(text, Reference::Octet(reference)).expect("not too long")
    }

    fn long(character: &str) -> String {
        character.repeat(400)
    }

    #[test]
    fn a_single_segment_passes_at_once() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let text = reassembler.push(T0, "a", &parts("hi", 1)[0]).expect("whole");
        assert_eq!(
            text,
            Assembled {
                text: "hi".into(),
                parts: 1,
                missing: 0,
                encoding: Encoding::Gsm7
            }
        );
        assert_eq!(reassembler.next_wakeup(), None);
    }

    #[test]
    fn texts_of_two_senders_do_not_mix() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let (a, b) = (parts(&long("a"), 1), parts(&long("b"), 1));
        for index in 0..2 {
            assert_eq!(reassembler.push(T0, "a", &a[index]), None);
            assert_eq!(reassembler.push(T0, "b", &b[index]), None);
        }
        assert_eq!(reassembler.push(T0, "a", &a[2]).expect("whole").text, long("a"));
        assert_eq!(reassembler.push(T0, "b", &b[2]).expect("whole").text, long("b"));
    }

    #[test]
    fn copies_of_parts_count_once_also_after_the_text_was_whole() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let parts = parts(&long("a"), 1);
        for index in [0, 0, 1, 1] {
            assert_eq!(reassembler.push(T0, "a", &parts[index]), None);
        }
        assert_eq!(reassembler.push(T0, "a", &parts[2]).expect("whole").parts, 3);
        assert_eq!(reassembler.push(T0, "a", &parts[2]), None);
        assert_eq!(reassembler.expire(T0 + HOLD), []);
        assert_eq!(reassembler.waiting(), 0);
    }

    #[test]
    fn the_same_text_sent_again_arrives_again() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let texts = (0..2)
            .flat_map(|_| parts(&long("a"), 1))
            .filter_map(|part| reassembler.push(T0, "a", &part));
        assert_eq!(texts.count(), 2);
    }

    #[test]
    fn a_text_whose_hold_is_over_comes_out_with_what_there_is() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let parts = parts(&format!("{}{}", "a".repeat(153), "b".repeat(200)), 1);
        assert_eq!(reassembler.push(T0, "a", &parts[0]), None);
        assert_eq!(
            reassembler.push(T0 + Duration::from_secs(60), "a", &parts[2]),
            None
        );
        assert_eq!(reassembler.next_wakeup(), Some(T0 + HOLD));
        assert_eq!(reassembler.expire(T0 + HOLD - Duration::from_micros(1)), []);
        let text = format!("{}{}", "a".repeat(153), "b".repeat(47));
        let rest = Assembled {
            text,
            parts: 2,
            missing: 1,
            encoding: Encoding::Gsm7,
        };
        assert_eq!(reassembler.expire(T0 + HOLD), [("a", rest)]);
        assert_eq!(reassembler.next_wakeup(), None);
    }

    #[test]
    fn one_text_more_than_sets_max_gives_up_the_oldest() {
        let mut reassembler = Reassembler::new(HOLD, 2);
        for (reference, character) in [(1, "a"), (2, "b"), (3, "c")] {
            let at = T0 + Duration::from_secs(u64::from(reference));
            assert_eq!(
                reassembler.push(at, "a", &parts(&long(character), reference)[0]),
                None
            );
        }
        assert_eq!(reassembler.waiting(), 2);
        assert_eq!(reassembler.next_wakeup(), Some(T0 + Duration::from_secs(3)));
        let given_up = reassembler.expire(T0 + Duration::from_secs(3));
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].1.text, "a".repeat(153));
        assert_eq!(
            reassembler.next_wakeup(),
            Some(T0 + Duration::from_secs(2) + HOLD)
        );
    }

    #[test]
    fn a_reference_that_comes_round_starts_another_text() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        assert_eq!(reassembler.push(T0, "a", &parts(&long("a"), 1)[0]), None);
        let second: Vec<_> = parts(&long("b"), 1)
            .iter()
            .filter_map(|part| reassembler.push(T0, "a", part))
            .collect();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].text, long("b"));
        assert_eq!(reassembler.expire(T0)[0].1.text, "a".repeat(153));
    }

    #[test]
    fn a_late_copy_makes_way_for_a_new_text() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        let (old, new) = (parts(&long("a"), 1), parts(&long("b"), 1));
        let texts: Vec<_> = old
            .iter()
            .chain([&old[0]])
            .chain(&new)
            .filter_map(|part| reassembler.push(T0, "a", part))
            .map(|assembled| assembled.text)
            .collect();
        assert_eq!(texts, [long("a"), long("b")]);
        assert_eq!(reassembler.expire(T0 + HOLD), []);
    }

    #[test]
    fn a_pair_cut_by_a_careless_sender_is_read_whole() {
        let mut reassembler = Reassembler::new(HOLD, 4);
        for (data_coding, first, second, text) in [
            (8, &[0xD8, 0x3D][..], &[0xDC, 0x4D][..], "👍"),
            (0, &[0x41, 0x1B], &[0x65, 0x41], "A€A"),
        ] {
            let part = |number, body: &[u8]| {
                Segment::part(
                    data_coding,
                    Concatenation {
                        reference: 9,
                        wide: true,
                        total: 2,
                        number,
                    },
                    body,
                )
            };
            assert_eq!(reassembler.push(T0, "a", &part(2, second)), None);
            assert_eq!(
                reassembler.push(T0, "a", &part(1, first)).expect("whole").text,
                text
            );
        }
    }

    proptest! {
        #[test]
        fn any_order_with_copies_gives_the_text_once(
            text in "[a-z€ж👍 ]{161,900}",
            seed in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let mut order = parts(&text, 3);
            for (index, other) in seed.iter().enumerate() {
                let (a, b) = (index % order.len(), other.index(order.len()));
                order.swap(a, b);
            }
            let mut reassembler = Reassembler::new(HOLD, 1);
            let mut whole = Vec::new();
            for part in &order {
                whole.extend(reassembler.push(T0, (), part));
                whole.extend(reassembler.push(T0, (), part));
            }
            prop_assert_eq!(whole.len(), 1);
            prop_assert_eq!(&whole[0].text, &text);
            prop_assert_eq!(usize::from(whole[0].parts), order.len());
            prop_assert!(reassembler.expire(T0 + HOLD).is_empty());
        }

        #[test]
        fn texts_that_come_mixed_are_whole_once_or_told_to_lack_parts(
            texts in prop::collection::vec(("[a-z€]{161,500}|[ж👍]{71,200}", 0u8..3, prop::collection::vec(any::<bool>(), 5)), 1..6),
            mixed in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            // Of each text a sender, a reference of its own, and which of its parts come; all but one come twice.
            let mut waiting: Vec<(u8, Segment)> = Vec::new();
            let (mut whole, mut incomplete) = (Vec::new(), Vec::new());
            for (reference, (text, sender, comes)) in (1..).zip(&texts) {
                let all = parts(text, reference);
                let came: Vec<&Segment> = all.iter().zip(comes).filter(|(_, comes)| **comes).map(|(part, _)| part).collect();
                let coming = came.iter().chain(came.iter().skip(1));
                waiting.extend(coming.map(|part| (*sender, (*part).clone())));
                match came.len() {
                    0 => {}
                    count if count == all.len() => whole.push((*sender, text.clone())),
                    count => incomplete.push((*sender, count, all.len() - count)),
                }
            }
            let mut reassembler = Reassembler::new(HOLD, 2 * texts.len());
            let mut got = Vec::new();
            for index in mixed.iter().cycle() {
                if waiting.is_empty() {
                    break;
                }
                let (sender, part) = waiting.swap_remove(index.index(waiting.len()));
                got.extend(reassembler.push(T0, sender, &part).map(|text| (sender, text.text)));
            }
            got.sort();
            whole.sort();
            prop_assert_eq!(got, whole);
            let given_up = reassembler.expire(T0 + HOLD);
            let mut lacking: Vec<_> = given_up
                .iter()
                .map(|(sender, text)| (*sender, usize::from(text.parts), usize::from(text.missing)))
                .collect();
            lacking.sort_unstable();
            incomplete.sort_unstable();
            prop_assert_eq!(lacking, incomplete);
            prop_assert_eq!((reassembler.waiting(), reassembler.next_wakeup()), (0, None));
        }

        #[test]
        fn limits_hold_whatever_comes(
            pushes in prop::collection::vec((0u8..3, any::<u8>(), 0u8..6, 0u8..6, any::<bool>(), 0u64..2000), 0..200),
        ) {
            let mut reassembler = Reassembler::new(HOLD, 3);
            let mut now = T0;
            for (key, reference, total, number, wide, after) in pushes {
                now += Duration::from_secs(after);
                let concatenation = Concatenation { reference: u16::from(reference % 4), wide, total, number };
                let _ = reassembler.push(now, key, &Segment::part(0, concatenation, &[reference]));
                prop_assert!(reassembler.waiting() <= 3);
                if reassembler.next_wakeup().is_some_and(|at| at <= now) {
                    for (_, text) in reassembler.expire(now) {
                        prop_assert!(text.missing > 0);
                    }
                }
                prop_assert!(reassembler.next_wakeup().is_none_or(|at| at > now));
            }
        }
    }
}
