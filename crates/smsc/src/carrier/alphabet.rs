//! Which characters cross a carrier's air: [`Alphabet`].

use serde::{Deserialize, Serialize};
use sms::{Encoding, Segment, gsm7};

use super::Carrier;

/// The characters that a carrier's air carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// GSM 03.38, UCS-2 and binary.
    #[default]
    Gsm7Ucs2,
    /// GSM 03.38 alone.
    Gsm7,
    /// 7-bit ASCII alone, as CDMA and iDEN networks of 2008.
    Ascii,
}

impl Alphabet {
    fn has(self, character: char) -> bool {
        let in_gsm = gsm7::septets(character).is_some();
        match self {
            Self::Gsm7Ucs2 => true,
            Self::Gsm7 => in_gsm,
            Self::Ascii => in_gsm && character.is_ascii(),
        }
    }
}

/// What texts from a carrier's handsets are in when they reach an ESME.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoAlphabet {
    /// What the handset chose.
    #[default]
    AsSent,
    /// ISO 8859-1, where that has every character of a text.
    Latin1,
}

impl Carrier {
    /// A segment from a handset as an ESME gets it.
    pub fn convert_mo(&self, segment: Segment) -> Segment {
        if self.mo_alphabet == MoAlphabet::AsSent || segment.encoding() != Encoding::Gsm7 {
            return segment;
        }
        let text = segment.text();
        if !text.chars().all(|character| u8::try_from(character).is_ok()) {
            return segment;
        }
        in_another_encoding(segment, Encoding::Latin1, &text)
    }

    /// A segment from a handset as it comes out of the air: where that carries no headers, a part is a text of its own.
    pub fn without_header(&self, segment: Segment) -> Segment {
        if self.concatenation || segment.concatenation().is_none() {
            return segment;
        }
        Segment {
            data_coding: segment.data_coding,
            udhi: false,
            user_data: segment.body().into(),
        }
    }

    /// The segment as it crosses the air; none when it is binary and the air carries text only.
    pub fn mangle(&self, segment: Segment) -> Option<Segment> {
        let text_only = self.alphabet != Alphabet::Gsm7Ucs2;
        if !text_only && self.mangled.is_empty() {
            return Some(segment);
        }
        let encoding = segment.encoding();
        if encoding == Encoding::Binary {
            return (!text_only).then_some(segment);
        }
        let text = segment.text();
        let crosses = |character: &char| self.alphabet.has(*character) && !self.mangled.contains(*character);
        if text.chars().all(|character| crosses(&character)) && (encoding != Encoding::Ucs2 || !text_only) {
            // An air of text alone knows no message classes.
            let data_coding = if text_only {
                encoding.data_coding()
            } else {
                segment.data_coding
            };
            return Some(Segment {
                data_coding,
                ..segment
            });
        }
        let mangled: String = text
            .chars()
            .map(|character| {
                if crosses(&character) {
                    character
                } else {
                    self.substitute
                }
            })
            .collect();
        Some(in_another_encoding(segment, Encoding::of(&mangled), &mangled))
    }
}

/// A segment with another text, its header kept.
fn in_another_encoding(segment: Segment, encoding: Encoding, text: &str) -> Segment {
    let header_octets = segment.user_data.len() - segment.body().len();
    let user_data = [&segment.user_data[..header_octets], &encoding.encode(text)].concat();
    Segment {
        data_coding: encoding.data_coding(),
        udhi: segment.udhi,
        user_data: user_data.into(),
    }
}
