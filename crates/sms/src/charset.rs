//! Alphabets of one octet a character that message centres have beside those of SMPP: [`Charset`].

use serde::{Deserialize, Serialize};

/// An alphabet whose first 128 codes are those of ASCII.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// Nothing more: seven bits.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// ISO 8859-15: ISO 8859-1 with the euro sign and the letters that French and Finnish lack there.
    Latin9,
    /// Hewlett-Packard's Roman-8.
    HpRoman8,
}

/// Where ISO 8859-15 differs from ISO 8859-1.
const LATIN9: [(u8, char); 8] = [
    (0xA4, '€'),
    (0xA6, 'Š'),
    (0xA8, 'š'),
    (0xB4, 'Ž'),
    (0xB8, 'ž'),
    (0xBC, 'Œ'),
    (0xBD, 'œ'),
    (0xBE, 'Ÿ'),
];

/// The codes of Roman-8 from 0xA0 to 0xFE; those of 0x80 to 0x9F are control characters, and 0xFF is nothing.
const HP_ROMAN8: &str =
    "\u{A0}ÀÂÈÊËÎÏ´ˋˆ¨˜ÙÛ₤¯Ýý°ÇçÑñ¡¿¤£¥§ƒ¢âêôûáéóúàèòùäëöüÅîØÆåíøæÄìÖÜÉïßÔÁÃãÐðÍÌÓÒÕõŠšÚŸÿÞþ·µ¶¾—¼½ªº«■»±";
const HP_ROMAN8_FROM: u8 = 0xA0;

impl Charset {
    /// The text of octets; U+FFFD stands for a code that means nothing.
    pub fn decode(self, octets: &[u8]) -> String {
        let character = |octet: &u8| self.character(*octet).unwrap_or(char::REPLACEMENT_CHARACTER);
        octets.iter().map(character).collect()
    }

    /// The octets of a text; none when the alphabet lacks one of its characters.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        text.chars().map(|character| self.octet(character)).collect()
    }

    /// The octets of a text, with a question mark for each character that the alphabet lacks.
    pub fn encode_lossy(self, text: &str) -> Vec<u8> {
        let octet = |character| self.octet(character).unwrap_or(b'?');
        text.chars().map(octet).collect()
    }

    fn character(self, octet: u8) -> Option<char> {
        if octet.is_ascii() {
            return Some(char::from(octet));
        }
        match self {
            Self::Ascii => None,
            Self::Latin1 => Some(char::from(octet)),
            Self::Latin9 => {
                let other = LATIN9.iter().find(|(code, _)| *code == octet);
                Some(other.map_or(char::from(octet), |(_, character)| *character))
            }
            Self::HpRoman8 => match octet.checked_sub(HP_ROMAN8_FROM) {
                Some(place) => HP_ROMAN8.chars().nth(usize::from(place)),
                None => Some(char::from(octet)),
            },
        }
    }

    fn octet(self, character: char) -> Option<u8> {
        if character.is_ascii() {
            return u8::try_from(character).ok();
        }
        match self {
            Self::Ascii => None,
            Self::Latin1 => u8::try_from(character).ok(),
            Self::Latin9 => match LATIN9.iter().find(|(_, other)| *other == character) {
                Some((code, _)) => Some(*code),
                None => u8::try_from(character)
                    .ok()
                    .filter(|octet| LATIN9.iter().all(|(code, _)| code != octet)),
            },
            Self::HpRoman8 => {
                let place = HP_ROMAN8.chars().position(|other| other == character);
                let code = place.and_then(|place| u8::try_from(place).ok()?.checked_add(HP_ROMAN8_FROM));
                code.or_else(|| {
                    u8::try_from(character)
                        .ok()
                        .filter(|octet| *octet < HP_ROMAN8_FROM)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Charset; 4] = [
        Charset::Ascii,
        Charset::Latin1,
        Charset::Latin9,
        Charset::HpRoman8,
    ];

    #[test]
    fn codes_are_those_of_each_alphabet() {
        for (charset, octets, text) in [
            (Charset::Ascii, &b"@_$`"[..], "@_$`"),
            (Charset::Latin1, b"\xE9\xA4\xFF", "é¤ÿ"),
            (Charset::Latin9, b"\xE9\xA4\xA6\xBE", "é€ŠŸ"),
            (Charset::HpRoman8, b"\xA1\xC5\xBB\xF6\xFE\xDE", "Àé£—±ß"),
        ] {
            assert_eq!(charset.decode(octets), text, "{charset:?}");
            assert_eq!(charset.encode(text).as_deref(), Some(octets), "{charset:?}");
        }
        assert_eq!(HP_ROMAN8.chars().count(), 95);
    }

    #[test]
    fn every_code_comes_back_and_what_an_alphabet_lacks_is_a_question_mark() {
        for charset in ALL {
            for octet in 0..=u8::MAX {
                let text = charset.decode(&[octet]);
                match text.as_str() {
                    "\u{FFFD}" => assert!(!octet.is_ascii(), "{charset:?} {octet}"),
                    text => assert_eq!(charset.encode(text), Some(vec![octet]), "{charset:?} {octet}"),
                }
            }
            assert_eq!(charset.encode("a你"), None);
            assert_eq!(charset.encode_lossy("a你b"), b"a?b");
        }
        assert_eq!(Charset::Ascii.decode(b"\x80"), "\u{FFFD}");
        assert_eq!(Charset::HpRoman8.decode(b"\xFF"), "\u{FFFD}");
        assert_eq!(
            (Charset::Latin1.encode("€"), Charset::Latin9.encode("¤")),
            (None, None)
        );
    }
}
