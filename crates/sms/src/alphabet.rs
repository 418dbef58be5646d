//! What the octets of a segment mean: [`Encoding`] and the `data_coding` octet.

use serde::{Deserialize, Serialize};

use crate::gsm7;

/// The most octets of user data that one SMS has on the air, with the header (3GPP TS 23.040 §9.2.3.16).
pub const AIR_OCTETS_MAX: usize = 140;

/// How a segment's octets spell its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// The GSM 7 bit default alphabet, one septet an octet.
    Gsm7,
    /// UTF-16, big end first, without a byte order mark; characters beyond the 16 bits take two units.
    Ucs2,
    /// ISO 8859-1.
    Latin1,
    /// IA5, seven bits.
    Ascii,
    /// Octets that are no text, or text of an alphabet that is not read here.
    Binary,
}

impl Encoding {
    /// The encoding that a sender chooses for `text`: GSM 7 bit when that has every character, else UCS-2.
    pub fn of(text: &str) -> Self {
        let (_, rest) = text.split_at(gsm7::plain_octets(text.as_bytes()));
        if rest.chars().all(|character| gsm7::septets(character).is_some()) {
            Self::Gsm7
        } else {
            Self::Ucs2
        }
    }

    /// The size of `text` in the units that [`Encoding::single_max`] counts: septets (two for a character of the
    /// extension table), UTF-16 units, or octets.
    pub fn units(self, text: &str) -> usize {
        // A plain octet is a character of ASCII, which is one unit everywhere.
        let (plain, rest) = text.split_at(gsm7::plain_octets(text.as_bytes()));
        let rest = rest.chars().map(|character| self.character_units(character));
        plain.len() + rest.sum::<usize>()
    }

    /// The units of one character; one that the encoding lacks counts as the question mark that stands for it.
    pub(crate) fn character_units(self, character: char) -> usize {
        match self {
            Self::Gsm7 => gsm7::septets(character).unwrap_or(1),
            Self::Ucs2 => character.len_utf16(),
            Self::Latin1 | Self::Ascii => 1,
            Self::Binary => character.len_utf8(),
        }
    }

    /// The most units that one SMS without a header holds: 160 septets, 70 UTF-16 units, 140 octets.
    pub const fn single_max(self) -> usize {
        match self {
            Self::Gsm7 | Self::Ascii => 160,
            Self::Ucs2 => 70,
            Self::Latin1 | Self::Binary => AIR_OCTETS_MAX,
        }
    }

    /// The most units that one part of a concatenated text holds, with an 8 bit reference or a 16 bit (`wide`) one:
    /// 153 or 152 septets, 67 or 66 UTF-16 units, 134 or 133 octets.
    pub const fn part_max(self, wide: bool) -> usize {
        match (self, wide) {
            (Self::Gsm7 | Self::Ascii, false) => 153,
            (Self::Gsm7 | Self::Ascii, true) => 152,
            (Self::Ucs2, false) => 67,
            (Self::Ucs2, true) => 66,
            (Self::Latin1 | Self::Binary, false) => 134,
            (Self::Latin1 | Self::Binary, true) => 133,
        }
    }

    /// The `data_coding` octet that says so (SMPP v3.4 §5.2.19).
    pub const fn data_coding(self) -> u8 {
        match self {
            Self::Gsm7 => 0,
            Self::Ascii => 1,
            Self::Latin1 => 3,
            Self::Binary => 4,
            Self::Ucs2 => 8,
        }
    }

    /// What a `data_coding` octet says (SMPP v3.4 §5.2.19, 3GPP TS 23.038 §4 from 0x10 on).
    ///
    /// The alphabets that are not read here (JIS, Cyrillic, Hebrew, pictograms, Kanji, Korean) are
    /// [`Encoding::Binary`]; a reserved octet means the default alphabet.
    pub const fn from_data_coding(data_coding: u8) -> Self {
        match data_coding {
            0x01 => Self::Ascii,
            0x02 | 0x04 => Self::Binary,
            0x03 => Self::Latin1,
            0x05..=0x07 | 0x09 | 0x0A | 0x0D | 0x0E => Self::Binary,
            0x08 => Self::Ucs2,
            // The general group with a message class: bits 3 and 2 name the alphabet.
            0x14..=0x17 => Self::Binary,
            0x18..=0x1B => Self::Ucs2,
            // Message waiting, stored, in UCS-2.
            0xE0..=0xEF => Self::Ucs2,
            // A message class with bit 2 set: eight bits.
            0xF4..=0xF7 | 0xFC..=0xFF => Self::Binary,
            0x00 | 0x0B | 0x0C | 0x0F..=0x13 | 0x1C..=0xDF | 0xF0..=0xF3 | 0xF8..=0xFB => Self::Gsm7,
        }
    }

    /// Whether a unit is a septet, so that eight of them take seven octets on the air.
    pub const fn is_seven_bit(self) -> bool {
        match self {
            Self::Gsm7 | Self::Ascii => true,
            Self::Ucs2 | Self::Latin1 | Self::Binary => false,
        }
    }

    /// The octets of `text`, with a question mark for each character that the encoding lacks; binary is UTF-8.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Gsm7 => gsm7::encode_lossy(text),
            Self::Ucs2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Latin1 => text
                .chars()
                .map(|character| u8::try_from(character).unwrap_or(b'?'))
                .collect(),
            Self::Ascii => text
                .chars()
                .map(|character| {
                    if character.is_ascii() {
                        character as u8
                    } else {
                        b'?'
                    }
                })
                .collect(),
            Self::Binary => text.as_bytes().to_vec(),
        }
    }

    /// The text of `octets`; what cannot be read becomes U+FFFD, also an odd last octet of UCS-2.
    ///
    /// Binary octets are no text: they are shown as lower-case hexadecimal digits.
    pub fn decode(self, octets: &[u8]) -> String {
        match self {
            Self::Gsm7 => gsm7::decode(octets),
            Self::Ucs2 => decode_utf16(octets),
            Self::Latin1 => octets.iter().map(|octet| char::from(*octet)).collect(),
            Self::Ascii => octets.iter().map(|octet| ascii(*octet)).collect(),
            Self::Binary => octets
                .iter()
                .flat_map(|octet| [octet >> 4, octet & 0x0F])
                .map(hex_digit)
                .collect(),
        }
    }
}

fn decode_utf16(octets: &[u8]) -> String {
    let (pairs, odd) = octets.as_chunks::<2>();
    let mut text: String = char::decode_utf16(pairs.iter().map(|pair| u16::from_be_bytes(*pair)))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

const fn ascii(octet: u8) -> char {
    if octet.is_ascii() {
        octet as char
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

const fn hex_digit(nibble: u8) -> char {
    (if nibble < 10 {
        b'0' + nibble
    } else {
        b'a' + nibble - 10
    }) as char
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 5] = [
        Encoding::Gsm7,
        Encoding::Ucs2,
        Encoding::Latin1,
        Encoding::Ascii,
        Encoding::Binary,
    ];

    #[test]
    fn a_text_is_gsm7_when_every_character_is_in_the_alphabet() {
        for (text, encoding, units) in [
            ("", Encoding::Gsm7, 0),
            ("Bob is now your friend", Encoding::Gsm7, 22),
            ("10 € {x}", Encoding::Gsm7, 11),
            ("naïve", Encoding::Ucs2, 5),
            ("`", Encoding::Ucs2, 1),
            ("ok 👍", Encoding::Ucs2, 5),
        ] {
            assert_eq!(Encoding::of(text), encoding, "{text}");
            assert_eq!(encoding.units(text), units, "{text}");
        }
    }

    #[test]
    fn sizes_are_those_of_one_sms() {
        for (encoding, single, octet, wide) in [
            (Encoding::Gsm7, 160, 153, 152),
            (Encoding::Ascii, 160, 153, 152),
            (Encoding::Ucs2, 70, 67, 66),
            (Encoding::Latin1, 140, 134, 133),
            (Encoding::Binary, 140, 134, 133),
        ] {
            assert_eq!(encoding.single_max(), single);
            assert_eq!(encoding.part_max(false), octet);
            assert_eq!(encoding.part_max(true), wide);
        }
    }

    #[test]
    fn data_codings_name_their_alphabet() {
        for encoding in ALL {
            assert_eq!(Encoding::from_data_coding(encoding.data_coding()), encoding);
        }
        for (octets, encoding) in [
            (
                vec![0x00, 0x0B, 0x0F, 0x10, 0x13, 0x1C, 0x20, 0xBF],
                Encoding::Gsm7,
            ),
            (vec![0xC0, 0xCF, 0xD0, 0xDF, 0xF0, 0xF3], Encoding::Gsm7),
            (vec![0x08, 0x18, 0x1B, 0xE0, 0xEF], Encoding::Ucs2),
            (
                vec![0x02, 0x04, 0x05, 0x06, 0x0E, 0x14, 0x17, 0xF4, 0xF7],
                Encoding::Binary,
            ),
        ] {
            for octet in octets {
                assert_eq!(Encoding::from_data_coding(octet), encoding, "{octet:#04x}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_or_written_is_replaced() {
        for (encoding, octets, text) in [
            (Encoding::Ucs2, &[0x00, 0x41, 0x42][..], "A\u{FFFD}"),
            (Encoding::Ucs2, &[0xD8, 0x3D, 0xDC, 0x4D], "👍"),
            (Encoding::Ucs2, &[0xD8, 0x3D, 0x00, 0x41], "\u{FFFD}A"),
            (Encoding::Latin1, &[0x41, 0xE9], "Aé"),
            (Encoding::Ascii, &[0x41, 0xE9], "A\u{FFFD}"),
            (Encoding::Binary, &[0x0A, 0xFF], "0aff"),
        ] {
            assert_eq!(encoding.decode(octets), text);
        }
        for (encoding, text, octets) in [
            (Encoding::Latin1, "é€", &[0xE9, b'?'][..]),
            (Encoding::Ascii, "Aé", b"A?"),
            (Encoding::Gsm7, "@ï", &[0x00, b'?']),
        ] {
            assert_eq!(encoding.encode(text), octets);
        }
    }

    proptest! {
        #[test]
        fn a_text_comes_back_from_the_encoding_chosen_for_it(text in any::<String>()) {
            let encoding = Encoding::of(&text);
            prop_assert_eq!(encoding.decode(&encoding.encode(&text)), text);
        }

        #[test]
        fn units_count_what_is_encoded(text in any::<String>()) {
            for encoding in ALL {
                let octets_per_unit = if encoding == Encoding::Ucs2 { 2 } else { 1 };
                prop_assert_eq!(encoding.encode(&text).len(), encoding.units(&text) * octets_per_unit);
            }
        }

        #[test]
        fn any_octets_decode(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            for encoding in ALL {
                prop_assert!(encoding.decode(&octets).chars().count() <= octets.len() * 2);
            }
        }
    }
}
