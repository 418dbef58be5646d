//! What the `data_coding` octets of an account mean where they do not mean what SMPP says: [`Codings`].

use serde::{Deserialize, Serialize};
use sms::{Charset, Encoding, Segment, gsm7};

/// What a `data_coding` means to an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// The GSM 7 bit default alphabet, one septet an octet.
    Gsm7,
    /// The same, eight septets in seven octets, which no version of SMPP has.
    Gsm7Packed,
    /// A text of one octet a character.
    Charset(Charset),
    /// UTF-16, big end first.
    Ucs2,
    /// Octets that are no text.
    Binary,
    /// It is not taken: `ESME_RINVDCS`.
    Refused,
}

impl Coding {
    /// Every coding with its name in configurations.
    pub const ALL: [(&'static str, Self); 9] = [
        ("gsm7", Self::Gsm7),
        ("gsm7_packed", Self::Gsm7Packed),
        ("ascii", Self::Charset(Charset::Ascii)),
        ("latin1", Self::Charset(Charset::Latin1)),
        ("latin9", Self::Charset(Charset::Latin9)),
        ("hp_roman8", Self::Charset(Charset::HpRoman8)),
        ("ucs2", Self::Ucs2),
        ("binary", Self::Binary),
        ("refused", Self::Refused),
    ];

    /// What SMPP says that a `data_coding` means.
    const fn of(data_coding: u8) -> Self {
        match Encoding::from_data_coding(data_coding) {
            Encoding::Gsm7 => Self::Gsm7,
            Encoding::Ascii => Self::Charset(Charset::Ascii),
            Encoding::Latin1 => Self::Charset(Charset::Latin1),
            Encoding::Ucs2 => Self::Ucs2,
            Encoding::Binary => Self::Binary,
        }
    }

    /// The encoding of SMPP that is the same, if there is one.
    const fn encoding(self) -> Option<Encoding> {
        match self {
            Self::Gsm7 => Some(Encoding::Gsm7),
            Self::Charset(Charset::Ascii) => Some(Encoding::Ascii),
            Self::Charset(Charset::Latin1) => Some(Encoding::Latin1),
            Self::Ucs2 => Some(Encoding::Ucs2),
            Self::Binary => Some(Encoding::Binary),
            Self::Gsm7Packed | Self::Charset(Charset::Latin9 | Charset::HpRoman8) | Self::Refused => None,
        }
    }

    /// The octets of a text behind a header of so many octets; none when the coding lacks one of its characters.
    fn encode(self, text: &str, header_octets: usize) -> Option<Vec<u8>> {
        match self {
            Self::Gsm7 => gsm7::encode(text),
            Self::Gsm7Packed => Some(pack(gsm7::encode(text)?, gsm7::fill_bits(header_octets))),
            Self::Charset(charset) => charset.encode(text),
            Self::Ucs2 => Some(Encoding::Ucs2.encode(text)),
            Self::Binary | Self::Refused => None,
        }
    }

    /// The octets of a text, with question marks for what the coding lacks; where it does not have ASCII in one octet a
    /// character, in ASCII all the same, as receipts are.
    pub(crate) fn write_plain(self, text: &str) -> Vec<u8> {
        match self {
            Self::Gsm7 => gsm7::encode_lossy(text),
            Self::Charset(charset) => charset.encode_lossy(text),
            Self::Gsm7Packed | Self::Ucs2 | Self::Binary | Self::Refused => Charset::Ascii.encode_lossy(text),
        }
    }
}

/// What the `data_coding` octets of an account mean, as far as that is not what SMPP says. The default says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Codings(Vec<(u8, Coding)>);

impl Codings {
    /// Says what a `data_coding` means; false when that is said already.
    pub fn set(&mut self, data_coding: u8, coding: Coding) -> bool {
        let place = self.0.binary_search_by_key(&data_coding, |(known, _)| *known);
        if let Err(place) = place {
            self.0.insert(place, (data_coding, coding));
        }
        place.is_err()
    }

    /// Whether nothing is said, so that every `data_coding` means what SMPP says.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a `data_coding` means.
    pub fn of(&self, data_coding: u8) -> Coding {
        let said = self.0.iter().find(|(known, _)| *known == data_coding);
        said.map_or_else(|| Coding::of(data_coding), |(_, coding)| *coding)
    }

    /// A segment that comes from the ESME, in one of the encodings of SMPP: as a phone can have it.
    ///
    /// A text becomes GSM 7 bit where that has every character, as an SMSC brings it to the air; else it keeps its alphabet
    /// where SMPP has that, or is UCS-2. A part of a longer text that would not fit in one SMS so has question marks instead.
    pub fn read(&self, segment: Segment) -> Segment {
        let Some((_, coding)) = self.0.iter().find(|(known, _)| *known == segment.data_coding) else {
            return segment;
        };
        let text = match coding {
            Coding::Gsm7 | Coding::Ucs2 | Coding::Binary | Coding::Refused => {
                return match coding.encoding() {
                    Some(encoding) => Segment {
                        data_coding: encoding.data_coding(),
                        ..segment
                    },
                    None => segment,
                };
            }
            Coding::Gsm7Packed => {
                let septets = unpack(segment.body(), gsm7::fill_bits(segment.header_octets()));
                return with_body(&segment, Encoding::Gsm7.data_coding(), &septets);
            }
            Coding::Charset(charset) => charset.decode(segment.body()),
        };
        let in_encoding =
            |encoding: Encoding| with_body(&segment, encoding.data_coding(), &encoding.encode(&text));
        let encodings = [
            Some(Encoding::Gsm7).filter(|_| Encoding::of(&text) == Encoding::Gsm7),
            coding.encoding(),
            Some(Encoding::Ucs2),
        ];
        let mut candidates = encodings.into_iter().flatten().map(in_encoding);
        candidates
            .find(|candidate| !candidate.udhi || candidate.fits_one_sms())
            .unwrap_or_else(|| in_encoding(Encoding::Gsm7))
    }

    /// A segment from a phone as the ESME reads it: in `data_coding` 0 if what that means has every character, else in the
    /// first other one that has; with question marks where none has. One that means the same as in SMPP stays as it is.
    ///
    /// Only what has no more than `octets_max` octets is an answer, if there is one.
    pub fn write(&self, segment: Segment, octets_max: usize) -> Segment {
        let said = self.0.iter().find(|(known, _)| *known == segment.data_coding);
        let is_same = |coding: Coding| coding.encoding() == Some(segment.encoding());
        if segment.encoding() == Encoding::Binary || said.is_none_or(|(_, coding)| is_same(*coding)) {
            return segment;
        }
        let (text, header) = (segment.text(), segment.user_data.len() - segment.body().len());
        let data_codings = [0]
            .into_iter()
            .chain(self.0.iter().map(|(known, _)| *known))
            .chain([8]);
        let mut found = data_codings.filter_map(|data_coding| {
            let body = self.of(data_coding).encode(&text, header)?;
            Some(with_body(&segment, data_coding, &body)).filter(|found| found.user_data.len() <= octets_max)
        });
        let written = found.next();
        written.unwrap_or_else(|| with_body(&segment, 0, &self.of(0).write_plain(&text)))
    }

    /// The octets of a text in what a `data_coding` means, with question marks for what that lacks; binary is UTF-8.
    pub fn spell(&self, text: &str, data_coding: u8) -> Vec<u8> {
        match self.of(data_coding) {
            Coding::Gsm7 => gsm7::encode_lossy(text),
            Coding::Gsm7Packed => pack(gsm7::encode_lossy(text), 0),
            Coding::Charset(charset) => charset.encode_lossy(text),
            Coding::Ucs2 => Encoding::Ucs2.encode(text),
            Coding::Binary => Encoding::Binary.encode(text),
            Coding::Refused => Encoding::from_data_coding(data_coding).encode(text),
        }
    }
}

/// A segment with the same header and another body.
fn with_body(segment: &Segment, data_coding: u8, body: &[u8]) -> Segment {
    let header = segment.user_data.len() - segment.body().len();
    Segment {
        data_coding,
        udhi: segment.udhi,
        user_data: [&segment.user_data[..header], body].concat().into(),
    }
}

/// The spare bits behind the last septet that would be read as one more.
const SPARE_BITS: usize = 7;
/// What fills them (3GPP TS 23.038 §6.1.2.3.1).
const FILLER: u8 = b'\r';

fn pack(mut septets: Vec<u8>, fill: u8) -> Vec<u8> {
    let bits = usize::from(fill) + septets.len() * 7;
    if !septets.is_empty() && bits.next_multiple_of(8) - bits == SPARE_BITS {
        septets.push(FILLER);
    }
    gsm7::pack(&septets, fill)
}

/// The septets of packed octets; one at their very end that may be filling is none.
fn unpack(octets: &[u8], fill: u8) -> Vec<u8> {
    let mut septets = gsm7::unpack(octets, fill, octets.len() * 8 / 7);
    let is_whole = usize::from(fill) + septets.len() * 7 == octets.len() * 8;
    if is_whole && septets.last().is_some_and(|last| matches!(*last, 0 | FILLER)) {
        septets.pop();
    }
    septets
}

#[cfg(test)]
mod tests {
    use sms::Concatenation;

    use super::*;

    fn codings(of: &[(u8, &str)]) -> Codings {
        let mut codings = Codings::default();
        for (data_coding, name) in of {
            let coding = Coding::ALL.iter().find(|(known, _)| known == name);
            assert!(codings.set(*data_coding, coding.expect("a coding").1));
        }
        codings
    }

    fn segment(data_coding: u8, octets: &[u8]) -> Segment {
        Segment {
            data_coding,
            udhi: false,
            user_data: octets.into(),
        }
    }

    fn part(data_coding: u8, octets: &[u8]) -> Segment {
        let concatenation = Concatenation {
            reference: 7,
            wide: false,
            total: 2,
            number: 1,
        };
        Segment::part(data_coding, concatenation, octets)
    }

    #[test]
    fn what_an_esme_sends_is_read_as_its_account_has_it() {
        for (name, octets, data_coding, text) in [
            ("gsm7", &b"\x00\x02"[..], 0, "@$"),
            ("gsm7_packed", b"\xE8\x32\x9B\xFD\x06", 0, "hello"),
            ("ascii", b"@_$", 0, "@_$"),
            ("ascii", b"`", 1, "`"),
            ("latin1", b"Caf\xE9 \xA35", 0, "Café £5"),
            ("latin1", b"na\xEFve", 3, "naïve"),
            ("latin9", b"5 \xA4", 0, "5 €"),
            ("latin9", b"\xBD", 8, "œ"),
            ("hp_roman8", b"\xC5", 0, "é"),
            ("hp_roman8", b"\xBE", 8, "ƒ"),
            ("ucs2", b"\x04\x2F", 8, "Я"),
            ("binary", b"\x01\x02", 4, "0102"),
        ] {
            let read = codings(&[(0, name)]).read(segment(0, octets));
            assert_eq!(
                (read.data_coding, read.text().as_str()),
                (data_coding, text),
                "{name}"
            );
        }
        let untouched = segment(3, b"\xE9");
        assert_eq!(codings(&[(0, "ucs2")]).read(untouched.clone()), untouched);
    }

    #[test]
    fn a_part_keeps_its_header_and_fits_in_one_sms() {
        let latin = codings(&[(0, "latin9")]);
        let read = latin.read(part(0, b"Caf\xE9"));
        assert_eq!((read.text().as_str(), read.data_coding), ("Café", 0));
        assert_eq!(read.concatenation().map(|part| part.number), Some(1));
        // 134 letters of which one is in no alphabet but UCS-2: too long in that.
        let long = [&[b'a'; 133][..], b"\xBD"].concat();
        let read = latin.read(part(0, &long));
        assert!(
            read.fits_one_sms() && read.text().ends_with("a?"),
            "{}",
            read.text()
        );
        let short = latin.read(part(0, &long[100..]));
        assert!(short.data_coding == 8 && short.text().ends_with("aœ"));
        // In ISO 8859-1 it is as long as it was.
        let long = [&[b'a'; 133][..], b"\xEF"].concat();
        let read = codings(&[(0, "latin1")]).read(part(0, &long));
        assert!(read.data_coding == 3 && read.fits_one_sms() && read.text().ends_with("aï"));
    }

    #[test]
    fn what_a_phone_sends_is_written_as_the_account_has_it() {
        for (of, text, data_coding, octets) in [
            (&[(0, "latin1")][..], "Café £5", 0, &b"Caf\xE9 \xA35"[..]),
            (&[(0, "latin1")], "5 €", 8, b"\0\x35\0\x20\x20\xAC"),
            (&[(0, "latin9"), (1, "gsm7")], "5 €", 0, b"5 \xA4"),
            (&[(0, "latin9"), (1, "gsm7")], "Δ", 1, b"\x10"),
            (&[(0, "ascii")], "@_", 0, b"@_"),
            (&[(0, "ascii"), (8, "refused")], "né", 0, b"n?"),
            (&[(0, "ucs2")], "hi", 0, b"\0h\0i"),
            (&[(0, "gsm7_packed")], "hello", 0, b"\xE8\x32\x9B\xFD\x06"),
            (&[(1, "gsm7")], "@", 0, b"\0"),
            (&[(0, "gsm7"), (8, "refused")], "@", 0, b"\0"),
        ] {
            let sent = Segment::whole(text, Encoding::of(text));
            let written = codings(of).write(sent, 254);
            assert_eq!(
                (written.data_coding, &*written.user_data),
                (data_coding, octets),
                "{of:?} {text}"
            );
        }
        // UCS-2 that the account does not take any more.
        let sent = Segment::whole("Я", Encoding::Ucs2);
        assert_eq!(
            codings(&[(8, "refused")]).write(sent.clone(), 254),
            segment(0, b"?")
        );
        assert_eq!(
            codings(&[(0, "ucs2"), (8, "refused")]).write(sent, 254),
            segment(0, b"\x04\x2F")
        );
        let binary = segment(4, b"\x01\x02");
        assert_eq!(codings(&[(4, "refused")]).write(binary.clone(), 254), binary);
        // What does not fit is written in what does.
        let long = Segment::whole(&"a".repeat(160), Encoding::Gsm7);
        let wide = codings(&[(0, "ucs2"), (1, "ascii")]);
        assert_eq!(wide.write(long.clone(), 254).data_coding, 1);
        assert_eq!(wide.write(long, 320).data_coding, 0);
    }

    #[test]
    fn packed_septets_come_back_behind_every_header() {
        let packed = codings(&[(0, "gsm7_packed")]);
        for length in 0..=153 {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let sent = Segment::whole(&text, Encoding::Gsm7);
            let written = packed.write(sent.clone(), 254);
            assert_eq!(written.user_data.len(), (length * 7).div_ceil(8), "{length}");
            assert_eq!(packed.read(written), sent, "{length}");
            let sent = part(0, text.as_bytes());
            let written = packed.write(sent.clone(), 254);
            assert!(written.user_data.len() <= 140, "{length}");
            assert_eq!(packed.read(written), sent, "{length}");
        }
    }

    #[test]
    fn a_text_is_spelt_in_a_data_coding() {
        let codings = codings(&[(0, "latin9"), (1, "gsm7_packed"), (3, "refused")]);
        for (data_coding, text, octets) in [
            (0, "5 €Я", &b"5 \xA4?"[..]),
            (1, "hello", b"\xE8\x32\x9B\xFD\x06"),
            (2, "é", "é".as_bytes()),
            (3, "é", b"\xE9"),
            (8, "Я", b"\x04\x2F"),
            (0xF0, "@", b"\0"),
        ] {
            assert_eq!(codings.spell(text, data_coding), octets, "{data_coding} {text}");
        }
    }

    #[test]
    fn what_a_data_coding_means_is_said_once() {
        let mut codings = codings(&[(8, "refused"), (0, "ucs2")]);
        assert_eq!((codings.of(0), codings.of(8)), (Coding::Ucs2, Coding::Refused));
        assert_eq!(codings.of(3), Coding::Charset(Charset::Latin1));
        assert!(!codings.set(0, Coding::Gsm7));
        assert_eq!(codings.of(0), Coding::Ucs2);
        assert!(!codings.is_empty() && Codings::default().is_empty());
    }
}
