//! Which text a receipt is about: [`Correlations`].

use std::borrow::Cow;
use std::collections::VecDeque;

use compact_str::CompactString;
use sms::{MessageState, NumberRun};

use crate::config::MessageIdBases;
use crate::receipt::Receipt;

/// The texts whose receipts are awaited, and those whose receipts came lately, by the message ids of their
/// parts.
#[derive(Debug)]
pub(crate) struct Correlations {
    /// Of each kind: awaited, and complete.
    texts_max: usize,
    bases: MessageIdBases,
    texts: NumberRun<u64, Text>,
    next_text: u64,
    awaited: usize,
    /// No text before this one is awaited.
    oldest_awaited: u64,
    complete: VecDeque<u64>,
    /// By the number of a message id in its folded form, in the order of their texts. Ids that only share the number are
    /// told apart by themselves.
    names: NumberRun<Folded, Names>,
}

#[derive(Debug)]
struct Text {
    token: u64,
    is_awaited: bool,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    message_id: CompactString,
    /// The state and error code of its final receipt.
    outcome: Option<(MessageState, CompactString)>,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    text: u64,
    part: usize,
}

/// A message id as a number: the same for ids that fold alike, and hardly ever for others.
#[derive(Clone, Copy, Debug)]
struct Folded(u64);

/// The parts under one number, nearly always a single one.
#[derive(Debug)]
struct Names {
    first: Name,
    more: Vec<Name>,
}

/// What a receipt is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// No message that is known.
    Unknown,
    /// A message that was final already.
    Again {
        token: u64,
        message_id: CompactString,
        was: MessageState,
    },
    /// A message that is not final yet.
    Underway { token: u64, message_id: CompactString },
    /// One part of a text; so many others are not final yet.
    Part {
        token: u64,
        message_id: CompactString,
        to_come: usize,
    },
    /// The last part of a text that was not final. The other fields are of the part that fared worst.
    Whole {
        token: u64,
        message_id: CompactString,
        state: MessageState,
        err: CompactString,
    },
}

impl Correlations {
    pub(crate) fn new(texts_max: usize, bases: MessageIdBases) -> Self {
        Self {
            texts_max,
            bases,
            texts: NumberRun::default(),
            next_text: 0,
            awaited: 0,
            oldest_awaited: 0,
            complete: VecDeque::new(),
            names: NumberRun::default(),
        }
    }

    /// Awaits the receipts of a text; returns the token of the oldest text when that has to be given up for
    /// it.
    pub(crate) fn await_receipts(&mut self, token: u64, message_ids: &[String]) -> Option<u64> {
        let text = self.next_text;
        self.next_text += 1;
        for (part, message_id) in message_ids.iter().enumerate() {
            let name = Name { text, part };
            match self.names.get_mut(Folded::of(message_id)) {
                Some(names) => names.more.push(name),
                None => {
                    let more = Vec::new();
                    self.names
                        .insert(Folded::of(message_id), Names { first: name, more });
                }
            }
        }
        let parts = message_ids
            .iter()
            .map(|id| Part {
                message_id: id.into(),
                outcome: None,
            })
            .collect();
        let is_awaited = true;
        self.texts.insert(
            text,
            Text {
                token,
                is_awaited,
                parts,
            },
        );
        self.awaited += 1;
        if self.awaited <= self.texts_max {
            return None;
        }
        let oldest = self.oldest_awaited;
        self.no_more(oldest);
        self.forget(oldest)
    }

    /// The number of texts whose receipts are awaited.
    pub(crate) const fn awaited(&self) -> usize {
        self.awaited
    }

    /// Whether a receipt names a message that is known.
    pub(crate) fn knows(&self, receipt: &Receipt) -> bool {
        self.find(receipt).is_some()
    }

    /// Takes a receipt for the message that it names.
    pub(crate) fn take(&mut self, receipt: &Receipt) -> Found {
        let Some(Name { text: number, part }) = self.find(receipt) else {
            return Found::Unknown;
        };
        let Some(text) = self.texts.get_mut(number) else {
            return Found::Unknown;
        };
        let token = text.token;
        let message_id = text.parts[part].message_id.clone();
        if let Some((was, _)) = text.parts[part].outcome {
            return Found::Again {
                token,
                message_id,
                was,
            };
        }
        // A final state by the specification, but carriers say it first and another one later.
        if !receipt.state.is_final() || receipt.state == MessageState::Accepted {
            return Found::Underway { token, message_id };
        }
        text.parts[part].outcome = Some((receipt.state, receipt.err.clone()));
        let to_come = text.parts.iter().filter(|part| part.outcome.is_none()).count();
        if to_come > 0 {
            return Found::Part {
                token,
                message_id,
                to_come,
            };
        }
        let found = text.whole();
        self.retire(number);
        found
    }

    /// The part that the receipt names: of several with one id the newest that is not final. The same string
    /// comes before one that differs in letter case or leading zeros.
    fn find(&self, receipt: &Receipt) -> Option<Name> {
        let id = self.id_of_response(receipt);
        let ranked = self.names.get(Folded::of(&id))?.all().filter_map(|name| {
            let part = self.texts.get(name.text)?.parts.get(name.part)?;
            let rank = (part.message_id == id, part.outcome.is_none(), name.text);
            folded(&part.message_id).eq(folded(&id)).then_some((rank, name))
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, name)| name)
    }

    /// The receipt's id as the response would have written it.
    fn id_of_response<'a>(&self, receipt: &'a Receipt) -> Cow<'a, str> {
        let id = &receipt.message_id;
        let converted = match (receipt.id_is_exact, self.bases) {
            (true, _) | (false, MessageIdBases::Alike) => None,
            (false, MessageIdBases::ResponseHex) => {
                id.parse::<u128>().ok().map(|number| format!("{number:x}"))
            }
            (false, MessageIdBases::ResponseDecimal) => {
                u128::from_str_radix(id, 16).ok().map(|number| number.to_string())
            }
        };
        converted.map_or(Cow::Borrowed(id), Cow::Owned)
    }

    /// Remembers a text only to know a receipt that comes again, for as long as there is room.
    fn retire(&mut self, text: u64) {
        self.no_more(text);
        self.complete.push_back(text);
        if self.complete.len() > self.texts_max
            && let Some(oldest) = self.complete.pop_front()
        {
            self.forget(oldest);
        }
    }

    /// Awaits a text no more that is awaited.
    fn no_more(&mut self, number: u64) {
        if let Some(text) = self.texts.get_mut(number) {
            text.is_awaited = false;
            self.awaited -= 1;
        }
        let is_awaited = |text: u64| self.texts.get(text).is_some_and(|text| text.is_awaited);
        while self.oldest_awaited < self.next_text && !is_awaited(self.oldest_awaited) {
            self.oldest_awaited += 1;
        }
    }

    fn forget(&mut self, number: u64) -> Option<u64> {
        let text = self.texts.remove(number)?;
        for part in &text.parts {
            let folded = Folded::of(&part.message_id);
            if let Some(names) = self.names.get_mut(folded)
                && !names.forget(number)
            {
                self.names.remove(folded);
            }
        }
        Some(text.token)
    }
}

impl Text {
    /// The part that fared worst, of equals the first.
    fn whole(&self) -> Found {
        let outcomes = self.parts.iter().rev().filter_map(|part| {
            part.outcome
                .as_ref()
                .map(|(state, err)| (part.message_id.clone(), *state, err.clone()))
        });
        let worst = outcomes.max_by_key(|(_, state, _)| severity(*state));
        match worst {
            Some((message_id, state, err)) => Found::Whole {
                token: self.token,
                message_id,
                state,
                err,
            },
            None => Found::Unknown,
        }
    }
}

/// How bad an end is: of a text of several parts the worst counts.
const fn severity(state: MessageState) -> u8 {
    match state {
        MessageState::Delivered => 0,
        MessageState::Accepted => 1,
        MessageState::Scheduled | MessageState::Enroute | MessageState::Unknown => 2,
        MessageState::Skipped => 3,
        MessageState::Deleted => 4,
        MessageState::Expired => 5,
        MessageState::Undeliverable => 6,
        MessageState::Rejected => 7,
    }
}

/// The id without what SMSCs change between response and receipt: letter case and leading zeros.
fn folded(message_id: &str) -> impl Iterator<Item = u8> + '_ {
    let significant = message_id.trim_start_matches('0');
    significant.bytes().map(|octet| octet.to_ascii_lowercase())
}

/// The digits of a [`Folded`] number.
const FOLDED_DIGITS_MAX: usize = 15;

impl Folded {
    /// The number that the id is in hex, so that ids which are counted up have numbers in a row; of any other, FNV-1a of 64
    /// bits over the folded id, with the highest bit.
    fn of(message_id: &str) -> Self {
        let digits = message_id.trim_start_matches('0').as_bytes();
        let digit = |octet: &u8| char::from(*octet).to_digit(16);
        let number = digits.iter().try_fold(0, |number: u64, octet| {
            Some(number << 4 | u64::from(digit(octet)?))
        });
        match number.filter(|_| digits.len() <= FOLDED_DIGITS_MAX) {
            Some(number) => Self(number),
            None => {
                let hash = folded(message_id).fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| {
                    (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3)
                });
                Self(hash | 1 << 63)
            }
        }
    }
}

impl From<Folded> for u64 {
    fn from(Folded(number): Folded) -> Self {
        number
    }
}

impl Names {
    fn all(&self) -> impl Iterator<Item = Name> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// Forgets the names of a text; false when there is no other.
    fn forget(&mut self, text: u64) -> bool {
        self.more.retain(|name| name.text != text);
        if self.first.text == text {
            if self.more.is_empty() {
                return false;
            }
            self.first = self.more.remove(0);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use MessageIdBases::{Alike, ResponseDecimal, ResponseHex};
    use MessageState::{Accepted, Deleted, Delivered, Enroute, Expired, Rejected, Undeliverable, Unknown};

    fn receipt(message_id: &str, id_is_exact: bool, state: MessageState) -> Receipt {
        let err = if state == Delivered {
            "000".to_owned()
        } else {
            state.code().to_string()
        };
        Receipt {
            message_id: message_id.into(),
            id_is_exact,
            state,
            err: err.into(),
        }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn token_of(found: &Found) -> Option<u64> {
        match found {
            Found::Unknown => None,
            Found::Again { token, .. }
            | Found::Underway { token, .. }
            | Found::Part { token, .. }
            | Found::Whole { token, .. } => Some(*token),
        }
    }

    #[test]
    fn ids_match_as_the_smsc_writes_them() {
        for (bases, response, in_receipt, is_exact, matches) in [
            (Alike, "0000002a", "0000002a", false, true),
            (Alike, "2a", "0000002A", false, true),
            (Alike, "00B8BE19", "b8be19", false, true),
            (Alike, "0", "0000", false, true),
            (Alike, "2A", "0000000042", false, false),
            (Alike, "2a", "2b", true, false),
            (ResponseHex, "2A", "0000000042", false, true),
            (ResponseHex, "39f99dd5", "0972660181", false, true),
            (ResponseHex, "2A", "2A", true, true),
            (ResponseHex, "42", "0000000042", false, false),
            (ResponseHex, "a-b", "a-b", false, true),
            (ResponseDecimal, "42", "2A", false, true),
            (ResponseDecimal, "42", "0000002a", false, true),
            (ResponseDecimal, "42", "42", false, false),
            (ResponseDecimal, "42", "42", true, true),
            (ResponseDecimal, "x-y", "x-y", false, true),
        ] {
            let mut correlations = Correlations::new(10, bases);
            assert_eq!(correlations.await_receipts(1, &ids(&[response])), None);
            let found = correlations.take(&receipt(in_receipt, is_exact, Delivered));
            assert_eq!(
                token_of(&found),
                matches.then_some(1),
                "{bases:?} {response} {in_receipt} {is_exact}"
            );
        }
    }

    #[test]
    fn the_same_string_comes_before_one_that_only_folds_alike() {
        let mut correlations = Correlations::new(10, Alike);
        for (token, id) in [(1, "2a"), (2, "2A"), (3, "02a")] {
            correlations.await_receipts(token, &ids(&[id]));
        }
        for (id, token) in [("2A", 2), ("2a", 1), ("02a", 3)] {
            assert_eq!(
                token_of(&correlations.take(&receipt(id, false, Delivered))),
                Some(token)
            );
        }
    }

    #[test]
    fn an_id_used_again_means_the_newest_text_that_is_not_final() {
        let mut correlations = Correlations::new(10, Alike);
        for token in [1, 2] {
            correlations.await_receipts(token, &ids(&["7"]));
        }
        let taken = [0; 3].map(|_| token_of(&correlations.take(&receipt("7", true, Delivered))));
        assert_eq!(taken, [Some(2), Some(1), Some(2)]);
    }

    #[test]
    fn the_worst_part_is_the_end_of_the_text() {
        for (states, message_id, state) in [
            (vec![Delivered, Delivered], "0", Delivered),
            (vec![Delivered, Expired, Delivered], "1", Expired),
            (vec![Rejected, Delivered], "0", Rejected),
            (vec![Expired, Undeliverable, Expired], "1", Undeliverable),
            (vec![Deleted, Expired, Expired], "1", Expired),
        ] {
            let mut correlations = Correlations::new(10, Alike);
            let names: Vec<String> = (0..states.len()).map(|part| part.to_string()).collect();
            correlations.await_receipts(1, &names);
            let found = states
                .iter()
                .zip(&names)
                .map(|(state, name)| correlations.take(&receipt(name, true, *state)));
            let found: Vec<_> = found.collect();
            let (last, before) = found.split_last().expect("parts");
            let parts = |found: &Found| matches!(found, Found::Part { token: 1, .. });
            assert!(before.iter().all(parts), "{states:?}: {before:?}");
            let err = receipt("", true, state).err;
            assert_eq!(
                *last,
                Found::Whole {
                    token: 1,
                    message_id: message_id.into(),
                    state,
                    err
                },
                "{states:?}"
            );
            let again = correlations.take(&receipt("0", true, Delivered));
            assert_eq!(
                again,
                Found::Again {
                    token: 1,
                    message_id: "0".into(),
                    was: states[0]
                }
            );
        }
    }

    #[test]
    fn a_state_that_is_not_final_leaves_the_text_awaited() {
        let mut correlations = Correlations::new(10, Alike);
        correlations.await_receipts(1, &ids(&["7"]));
        for state in [Enroute, Unknown, Accepted, Enroute] {
            let found = correlations.take(&receipt("7", true, state));
            assert_eq!(
                found,
                Found::Underway {
                    token: 1,
                    message_id: "7".into()
                }
            );
        }
        assert!(matches!(
            correlations.take(&receipt("7", true, Delivered)),
            Found::Whole { .. }
        ));
        assert!(matches!(
            correlations.take(&receipt("7", true, Enroute)),
            Found::Again { was: Delivered, .. }
        ));
    }

    #[test]
    fn of_each_kind_texts_max_are_kept_and_no_more() {
        let mut correlations = Correlations::new(2, Alike);
        let given_up =
            [1, 2, 3].map(|token| correlations.await_receipts(token, &ids(&[&format!("id{token}")])));
        assert_eq!(given_up, [None, None, Some(1)]);
        assert_eq!(correlations.awaited(), 2);
        assert_eq!(
            correlations.take(&receipt("id1", true, Delivered)),
            Found::Unknown
        );
        correlations.take(&receipt("id2", true, Delivered));
        correlations.take(&receipt("id3", true, Delivered));
        assert_eq!(correlations.awaited(), 0);
        assert!(matches!(
            correlations.take(&receipt("id2", true, Delivered)),
            Found::Again { .. }
        ));
        correlations.await_receipts(4, &ids(&["id4"]));
        correlations.take(&receipt("id4", true, Delivered));
        assert_eq!(
            correlations.take(&receipt("id2", true, Delivered)),
            Found::Unknown
        );
        assert!(matches!(
            correlations.take(&receipt("id3", true, Delivered)),
            Found::Again { .. }
        ));
    }

    proptest! {
        #[test]
        fn each_text_is_whole_once_and_nothing_is_left_behind(
            texts in prop::collection::vec(prop::collection::vec(0..30_u32, 1..4), 1..20),
            receipts in prop::collection::vec((0..32_u32, prop::sample::select(MessageState::ALL.to_vec())), 0..200),
            texts_max in 0..6_usize,
        ) {
            let mut correlations = Correlations::new(texts_max, Alike);
            let mut whole = BTreeSet::new();
            let mut receipts = receipts.into_iter();
            for (token, text) in (0..).zip(texts) {
                let names: Vec<_> = text.iter().map(u32::to_string).collect();
                correlations.await_receipts(token, &names);
                for (id, state) in receipts.by_ref().take(10) {
                    if let Found::Whole { token, .. } = correlations.take(&receipt(&id.to_string(), true, state)) {
                        prop_assert!(whole.insert(token), "text {} is whole twice", token);
                    }
                }
                prop_assert!(correlations.awaited() <= texts_max);
                prop_assert!(correlations.complete.len() <= texts_max);
                let texts = correlations.texts.sorted();
                let awaited = texts.iter().filter(|(_, text)| text.is_awaited);
                prop_assert_eq!(awaited.clone().count(), correlations.awaited);
                let oldest = awaited.map(|(number, _)| *number).next();
                prop_assert_eq!(oldest.unwrap_or(correlations.next_text), correlations.oldest_awaited);
                let parts: usize = texts.iter().map(|(_, text)| text.parts.len()).sum();
                let names = correlations.names.sorted();
                let names: usize = names.iter().map(|(_, names)| names.all().count()).sum();
                prop_assert_eq!(parts, names);
                prop_assert_eq!(correlations.texts.len(), correlations.awaited + correlations.complete.len());
            }
        }
    }
}
