//! One SMS of a text: [`Segment`], its user data header, and the cutting of a text into segments.
//!
//! [`Reassembler`] puts the segments of a text together again.

use serde::{Deserialize, Serialize};

use crate::alphabet::{AIR_OCTETS_MAX, Encoding};
use crate::gsm7;
use crate::octets::Octets;

pub use crate::reassembler::{Assembled, Reassembler};

/// The most segments of one text: the count is one octet (3GPP TS 23.040 §9.2.3.24.1).
pub const SEGMENTS_MAX: usize = 255;

/// Information element: concatenated short message, 8 bit reference (3GPP TS 23.040 §9.2.3.24.1).
const IEI_CONCATENATED: u8 = 0x00;
/// Information element: concatenated short message, 16 bit reference (3GPP TS 23.040 §9.2.3.24.8).
const IEI_CONCATENATED_WIDE: u8 = 0x08;

/// One SMS as SMPP carries it, GSM 7 bit unpacked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Segment {
    /// The `data_coding` octet: what the octets after the header mean.
    pub data_coding: u8,
    /// Whether `user_data` begins with a user data header (esm_class 0x40).
    pub udhi: bool,
    /// The user data header when there is one, then the text.
    pub user_data: Octets,
}

/// The number that the segments of one text share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// 8 bits, the usual kind: a header of six octets.
    Octet(u8),
    /// 16 bits: a header of seven octets.
    Wide(u16),
}

impl Reference {
    const fn is_wide(self) -> bool {
        match self {
            Self::Octet(_) => false,
            Self::Wide(_) => true,
        }
    }
}

/// Which part of which text a segment is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Concatenation {
    /// The number that the parts share.
    pub reference: u16,
    /// Whether the reference has 16 bits; 8 bit references are another number space.
    pub wide: bool,
    /// How many parts there are, 1 to 255.
    pub total: u8,
    /// Which part this is, 1 to `total`.
    pub number: u8,
}

impl Concatenation {
    /// Whether the numbers make sense: neither is zero, and the part is one of the parts.
    pub const fn is_valid(self) -> bool {
        self.number >= 1 && self.number <= self.total
    }

    fn header(self) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        if self.wide {
            vec![6, IEI_CONCATENATED_WIDE, 4, high, low, self.total, self.number]
        } else {
            vec![5, IEI_CONCATENATED, 3, low, self.total, self.number]
        }
    }
}

/// A text that needs more than [`SEGMENTS_MAX`] segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the text needs {segments} segments, and one text has at most {SEGMENTS_MAX}")]
pub struct TooLong {
    /// How many segments it would take.
    pub segments: usize,
}

impl Segment {
    /// Cuts `text` into segments, in the encoding that [`Encoding::of`] chooses: one without a header when it fits, else
    /// parts that share `reference`.
    ///
    /// No cut falls within an escape pair or a surrogate pair.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when it takes more than [`SEGMENTS_MAX`] segments.
    pub fn split(text: &str, reference: Reference) -> Result<Vec<Self>, TooLong> {
        Self::split_as(text, Encoding::of(text), reference)
    }

    /// Cuts `text` as [`Segment::split`] does, in an encoding that the caller chooses; a question mark stands for each
    /// character that it lacks.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when it takes more than [`SEGMENTS_MAX`] segments.
    pub fn split_as(text: &str, encoding: Encoding, reference: Reference) -> Result<Vec<Self>, TooLong> {
        if encoding.units(text) <= encoding.single_max() {
            return Ok(vec![Self::whole(text, encoding)]);
        }
        let pieces = pieces(text, encoding, encoding.part_max(reference.is_wide()));
        let total = u8::try_from(pieces.len()).map_err(|_| TooLong {
            segments: pieces.len(),
        })?;
        let (wide, reference) = match reference {
            Reference::Octet(reference) => (false, u16::from(reference)),
            Reference::Wide(reference) => (true, reference),
        };
        Ok((1..=total)
            .zip(pieces)
            .map(|(number, piece)| {
                let concatenation = Concatenation {
                    reference,
                    wide,
                    total,
                    number,
                };
                Self::part(encoding.data_coding(), concatenation, &encoding.encode(piece))
            })
            .collect())
    }

    /// The whole of `text` as one segment without a header, however long; a question mark stands for each character that
    /// the encoding lacks.
    pub fn whole(text: &str, encoding: Encoding) -> Self {
        Self {
            data_coding: encoding.data_coding(),
            udhi: false,
            user_data: encoding.encode(text).into(),
        }
    }

    /// What [`Segment::whole`] makes of `text` in GSM 7 bit, without a copy where the codes are the text's own octets.
    pub fn whole_in_gsm7(text: String) -> Self {
        Self {
            data_coding: Encoding::Gsm7.data_coding(),
            udhi: false,
            user_data: gsm7::into_octets(text).into(),
        }
    }

    /// The segment that is one part of a text: its header, then the octets of `body`.
    pub fn part(data_coding: u8, concatenation: Concatenation, body: &[u8]) -> Self {
        let mut user_data = concatenation.header();
        user_data.extend_from_slice(body);
        Self {
            data_coding,
            udhi: true,
            user_data: user_data.into(),
        }
    }

    /// The encoding that the data coding names.
    pub const fn encoding(&self) -> Encoding {
        Encoding::from_data_coding(self.data_coding)
    }

    /// The text after the header.
    pub fn text(&self) -> String {
        self.encoding().decode(self.body())
    }

    /// The octets after the header; none when the header claims more octets than there are.
    pub fn body(&self) -> &[u8] {
        self.user_data.get(self.header_octets()..).unwrap_or_default()
    }

    /// The size of the user data header with its length octet, as it claims; 0 without a header.
    pub fn header_octets(&self) -> usize {
        if self.udhi {
            1 + usize::from(self.user_data.first().copied().unwrap_or(0))
        } else {
            0
        }
    }

    /// Whether the user data header, when there is one, lies within the user data.
    pub fn has_whole_header(&self) -> bool {
        self.header_octets() <= self.user_data.len()
    }

    /// The information elements of the header, each with its identifier; one that runs past the header ends them.
    pub fn information_elements(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let header = if self.udhi {
            self.user_data.get(1..self.header_octets())
        } else {
            None
        };
        let mut rest = header.unwrap_or_default();
        std::iter::from_fn(move || {
            let [iei, length, after @ ..] = rest else {
                return None;
            };
            let (element, next) = after.split_at_checked(usize::from(*length))?;
            rest = next;
            Some((*iei, element))
        })
    }

    /// Which part of which text this is; none when the header does not say, or says what cannot be (no parts, or a part
    /// beyond them). Of several such elements the last one counts (3GPP TS 23.040 §9.2.3.24).
    pub fn concatenation(&self) -> Option<Concatenation> {
        self.information_elements()
            .filter_map(|element| match element {
                (IEI_CONCATENATED, &[reference, total, number]) => Some(Concatenation {
                    reference: u16::from(reference),
                    wide: false,
                    total,
                    number,
                }),
                (IEI_CONCATENATED_WIDE, &[high, low, total, number]) => Some(Concatenation {
                    reference: u16::from_be_bytes([high, low]),
                    wide: true,
                    total,
                    number,
                }),
                _ => None,
            })
            .last()
            .filter(|concatenation| concatenation.is_valid())
    }

    /// The octets of user data that the segment takes on the air, where seven-bit text is packed.
    pub fn air_octets(&self) -> usize {
        if !self.encoding().is_seven_bit() {
            return self.user_data.len();
        }
        let header = self.header_octets().min(self.user_data.len());
        match self.body().len() {
            0 => header,
            septets => (header * 8 + usize::from(gsm7::fill_bits(header)) + septets * 7).div_ceil(8),
        }
    }

    /// Whether the segment fits in one SMS on the air (140 octets, that is 160 septets).
    pub fn fits_one_sms(&self) -> bool {
        self.air_octets() <= AIR_OCTETS_MAX
    }
}

/// Cuts `text` into pieces of at most `units_max` units, as long as they can be.
fn pieces(text: &str, encoding: Encoding, units_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut units) = (0, 0);
    for (at, character) in text.char_indices() {
        let more = encoding.character_units(character);
        if units + more > units_max {
            pieces.push(&text[start..at]);
            (start, units) = (at, 0);
        }
        units += more;
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(text: &str, reference: Reference) -> Vec<usize> {
        let segments = Segment::split(text, reference).expect("not too long");
        segments.iter().map(|segment| segment.body().len()).collect()
    }

    #[test]
    fn a_text_is_cut_at_the_limits_of_one_sms() {
        let octet = Reference::Octet(7);
        let wide = Reference::Wide(0x1234);
        for (text, reference, expected) in [
            (String::new(), octet, vec![0]),
            ("a".repeat(160), octet, vec![160]),
            ("a".repeat(161), octet, vec![153, 8]),
            ("a".repeat(306), octet, vec![153, 153]),
            ("a".repeat(307), octet, vec![153, 153, 1]),
            ("a".repeat(161), wide, vec![152, 9]),
            ("ж".repeat(70), octet, vec![140]),
            ("ж".repeat(71), octet, vec![134, 8]),
            ("ж".repeat(71), wide, vec![132, 10]),
            (format!("{}€", "a".repeat(158)), octet, vec![160]),
            (format!("{}€", "a".repeat(159)), octet, vec![153, 8]),
        ] {
            assert_eq!(sizes(&text, reference), expected, "{text}");
        }
    }

    #[test]
    fn no_cut_falls_within_an_escape_or_surrogate_pair() {
        assert_eq!(
            sizes(
                &format!("{}€{}", "a".repeat(152), "b".repeat(20)),
                Reference::Octet(1)
            ),
            [152, 22]
        );
        assert_eq!(
            sizes(
                &format!("{}👍{}", "ж".repeat(66), "ж".repeat(10)),
                Reference::Octet(1)
            ),
            [132, 24]
        );
        for segment in Segment::split(&"€".repeat(200), Reference::Octet(1)).expect("not too long") {
            assert!(segment.text().chars().all(|character| character == '€'));
        }
    }

    #[test]
    fn a_text_has_at_most_255_segments() {
        let most = "a".repeat(153 * 255);
        assert_eq!(
            Segment::split(&most, Reference::Octet(0))
                .expect("at the limit")
                .len(),
            SEGMENTS_MAX
        );
        let error = Segment::split(&format!("{most}a"), Reference::Octet(0)).expect_err("past the limit");
        assert_eq!(error, TooLong { segments: 256 });
    }

    #[test]
    fn a_part_says_which_it_is() {
        for (reference, wide, number) in [
            (Reference::Octet(0xAB), false, 0xAB),
            (Reference::Wide(0xABCD), true, 0xABCD),
        ] {
            let segments = Segment::split(&"a".repeat(400), reference).expect("not too long");
            for (index, segment) in (1..).zip(&segments) {
                let expected = Concatenation {
                    reference: number,
                    wide,
                    total: 3,
                    number: index,
                };
                assert_eq!(segment.concatenation(), Some(expected));
                assert!(segment.fits_one_sms());
            }
        }
    }

    #[test]
    fn headers_are_read_with_care() {
        let part = |number, total| Concatenation {
            reference: 0x5C,
            wide: false,
            total,
            number,
        };
        for (header, expected) in [
            (&[5, 0, 3, 0x5C, 2, 1][..], Some(part(1, 2))),
            // A port element before, an unknown one after.
            (
                &[0x0E, 5, 4, 1, 2, 3, 4, 0, 3, 0x5C, 2, 2, 0x77, 1, 9],
                Some(part(2, 2)),
            ),
            // Twice: the last one counts.
            (&[10, 0, 3, 9, 9, 9, 0, 3, 0x5C, 2, 1], Some(part(1, 2))),
            (&[5, 0, 3, 0x5C, 2, 3], None),
            (&[5, 0, 3, 0x5C, 2, 0], None),
            (&[5, 0, 3, 0x5C, 0, 0], None),
            (&[5, 0, 2, 0x5C, 2, 1], None),
            (&[5, 0, 9, 0x5C, 2, 1], None),
            (&[9, 0, 3, 0x5C, 2, 1], None),
            (&[0], None),
            (&[], None),
        ] {
            let segment = Segment {
                data_coding: 0,
                udhi: true,
                user_data: header.into(),
            };
            assert_eq!(segment.concatenation(), expected, "{header:02x?}");
            assert_eq!(segment.text(), "", "{header:02x?}");
        }
        let bare = Segment {
            data_coding: 0,
            udhi: false,
            user_data: [5, 0, 3, 0x5C, 2, 1].into(),
        };
        assert_eq!(bare.concatenation(), None);
        assert_eq!(bare.text().chars().count(), 6);
    }

    #[test]
    fn a_header_past_the_end_leaves_no_text() {
        let segment = Segment {
            data_coding: 0,
            udhi: true,
            user_data: [200, 0, 3].into(),
        };
        assert!(!segment.has_whole_header());
        assert_eq!(segment.text(), "");
        assert_eq!(segment.air_octets(), 3);
    }

    #[test]
    fn the_air_packs_seven_bit_text_after_the_header() {
        for (segment, octets) in [
            (Segment::whole(&"a".repeat(160), Encoding::Gsm7), 140),
            (Segment::whole(&"a".repeat(161), Encoding::Gsm7), 141),
            (Segment::whole(&"ж".repeat(70), Encoding::Ucs2), 140),
            (
                Segment::split(&"a".repeat(161), Reference::Octet(1))
                    .expect("two parts")
                    .remove(0),
                140,
            ),
            (
                Segment::split(&"a".repeat(161), Reference::Wide(1))
                    .expect("two parts")
                    .remove(0),
                140,
            ),
        ] {
            assert_eq!(segment.air_octets(), octets);
            assert_eq!(segment.fits_one_sms(), octets <= 140);
        }
    }

    proptest! {
        #[test]
        fn segments_spell_the_text(text in ".{0,500}", wide in any::<bool>()) {
            let reference = if wide { Reference::Wide(700) } else { Reference::Octet(70) };
            let segments = Segment::split(&text, reference).expect("not too long");
            prop_assert_eq!(segments.iter().map(Segment::text).collect::<String>(), text);
            prop_assert!(segments.iter().all(Segment::fits_one_sms));
        }

        #[test]
        fn segments_say_what_the_encoding_can_and_are_as_few_as_can_be(
            text in "[a-z€é\\[жक👍]{0,400}",
            encoding in prop::sample::select(vec![Encoding::Gsm7, Encoding::Ucs2, Encoding::Latin1, Encoding::Ascii]),
            wide in any::<bool>(),
        ) {
            let reference = if wide { Reference::Wide(700) } else { Reference::Octet(70) };
            let segments = Segment::split_as(&text, encoding, reference).expect("not too long");
            let said: Vec<String> = segments.iter().map(Segment::text).collect();
            prop_assert_eq!(said.concat(), encoding.decode(&encoding.encode(&text)));
            prop_assert!(segments.iter().all(|segment| segment.encoding() == encoding && segment.fits_one_sms()));
            let numbers: Vec<_> = segments.iter().filter_map(Segment::concatenation).map(|part| part.number).collect();
            match &said[..] {
                [_] => prop_assert!(numbers.is_empty() && encoding.units(&text) <= encoding.single_max()),
                said => {
                    prop_assert!(numbers.into_iter().eq(1..=said.len() as u8));
                    prop_assert!(encoding.units(&text) > encoding.single_max());
                    for pair in said.windows(2) {
                        let next = pair[1].chars().next().expect("no part is empty");
                        let longer = encoding.units(&pair[0]) + encoding.character_units(next);
                        prop_assert!(longer > encoding.part_max(wide), "{:?}", pair);
                    }
                }
            }
        }

        #[test]
        fn any_user_data_is_read(data_coding in any::<u8>(), udhi in any::<bool>(), user_data in prop::collection::vec(any::<u8>(), 0..200)) {
            let segment = Segment { data_coding, udhi, user_data: user_data.into() };
            let _ = segment.text();
            prop_assert!(segment.concatenation().is_none_or(Concatenation::is_valid));
            prop_assert!(segment.body().len() <= segment.user_data.len());
            prop_assert!(segment.air_octets() <= segment.user_data.len() + 1);
        }
    }
}
