//! What a text says on the air of its carrier: [`Body`].

use sms::{Concatenation, Encoding, Octets, Segment};

use crate::carrier::{Carrier, LongText};

/// How much of a text a receipt repeats, in octets (SMPP v3.4 Appendix B).
const BEGINNING_OCTETS: usize = 20;

/// What a text says, and how it is cut for the air.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Body {
    user_data: Octets,
    data_coding: u8,
    /// In which `data_coding` its sender wrote it, and writes what replaces it.
    pub asked_coding: u8,
    udhi: bool,
    /// How many octets of it each segment holds, if there are several.
    part_octets: u8,
    /// Whether its segments are numbered in words, "(1/2) ", instead of by a header.
    labelled: bool,
    /// How many segments it has on the air.
    pub segments: u8,
    /// How many of them the handset has.
    pub done: u8,
}

/// Why a carrier does not take a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BodyRefusal {
    /// It is too long.
    #[error("the text is longer than the carrier takes")]
    TooLong,
    /// It is binary, and the carrier's air carries text only.
    #[error("the carrier takes no binary text")]
    Binary,
}

impl Body {
    /// A body of that segment as the carrier's air carries it. The segment may be longer than one SMS: then the carrier's
    /// `long_text` decides, and at most `segments_max` segments come of it.
    pub fn new(segment: Segment, carrier: &Carrier, segments_max: usize) -> Result<Self, BodyRefusal> {
        let asked_coding = segment.data_coding;
        let segment = carrier.mangle(segment).ok_or(BodyRefusal::Binary)?;
        let segment = if carrier.concatenation {
            segment
        } else {
            alone(segment)
        };
        let fits = segment.fits_one_sms();
        let Segment {
            data_coding,
            udhi,
            user_data,
        } = segment;
        let mut body = Self {
            user_data,
            data_coding,
            asked_coding,
            udhi,
            part_octets: 0,
            labelled: false,
            segments: 1,
            done: 0,
        };
        let single_max = body.single_octets_max(carrier.length_max);
        if fits && (udhi || body.user_data.len() <= single_max) {
            return Ok(body);
        }
        let wide = body.encoding() == Encoding::Ucs2;
        match carrier.long_text {
            // A text with a header is a segment already.
            LongText::Split | LongText::Separate if udhi => Err(BodyRefusal::TooLong),
            LongText::Reject => Err(BodyRefusal::TooLong),
            LongText::Split if carrier.concatenation => {
                let part_max = body.encoding().part_max(false);
                let header = body.encoding().single_max() - part_max;
                let part = if wide {
                    2 * part_max
                } else {
                    single_max.saturating_sub(header)
                };
                body.split(part, segments_max)
            }
            LongText::Split | LongText::Separate => {
                body.labelled = true;
                // The more parts, the longer their label, the shorter what is left for the text.
                (1..=3)
                    .find_map(|digits: usize| {
                        let label = (2 * digits + 4) * if wide { 2 } else { 1 };
                        let body = body
                            .clone()
                            .split(single_max.checked_sub(label)?, segments_max)
                            .ok()?;
                        (body.segments.to_string().len() <= digits).then_some(body)
                    })
                    .ok_or(BodyRefusal::TooLong)
            }
            LongText::Truncate => {
                let kept = cut(&body.user_data, single_max, body.encoding());
                body.user_data = body.user_data[..kept].into();
                Ok(body)
            }
        }
    }

    /// In segments of at most `part_octets`.
    fn split(mut self, part_octets: usize, segments_max: usize) -> Result<Self, BodyRefusal> {
        // Less than a pair of UCS-2 surrogates, or an escape with its code, could not be cut.
        if part_octets < 4 {
            return Err(BodyRefusal::TooLong);
        }
        self.part_octets = u8::try_from(part_octets).unwrap_or(u8::MAX);
        let segments = self.pieces().count();
        self.segments = u8::try_from(segments).map_err(|_| BodyRefusal::TooLong)?;
        if segments > segments_max {
            Err(BodyRefusal::TooLong)
        } else {
            Ok(self)
        }
    }

    /// Every segment for the air, in order.
    pub fn into_segments(mut self, reference: u8) -> Vec<Segment> {
        let segments = (0..self.segments).map(|done| {
            self.done = done;
            self.next_segment(reference)
        });
        segments.collect()
    }

    /// The next segment for the air; `reference` is the same for all segments of a text.
    pub fn next_segment(&self, reference: u8) -> Segment {
        if self.segments == 1 {
            return self.whole();
        }
        let piece = self.pieces().nth(usize::from(self.done)).unwrap_or_default();
        if self.labelled {
            let label = label(self.done + 1, self.segments);
            return Segment {
                data_coding: self.data_coding,
                udhi: false,
                user_data: [&self.encoding().encode(&label), piece].concat().into(),
            };
        }
        let concatenation = Concatenation {
            reference: u16::from(reference),
            wide: false,
            total: self.segments,
            number: self.done + 1,
        };
        Segment::part(self.data_coding, concatenation, piece)
    }

    /// Adds the first 20 octets of the text for a receipt; nothing when it is no text in a one-octet alphabet.
    pub fn write_beginning(&self, text: &mut String) {
        if matches!(self.encoding(), Encoding::Ucs2 | Encoding::Binary) {
            return;
        }
        let header = if self.udhi {
            self.whole().header_octets()
        } else {
            0
        };
        let octets = self.user_data.get(header..).unwrap_or_default();
        let octets = &octets[..octets.len().min(BEGINNING_OCTETS)];
        match sms::gsm7::plain(octets) {
            Some(plain) => text.push_str(plain),
            None => text.push_str(&self.encoding().decode(octets)),
        }
    }

    /// Other octets in its place, with the coding and the header's flag of before (SMPP v3.4 §4.10).
    pub const fn in_its_place(&self, text: Octets) -> Segment {
        Segment {
            data_coding: self.asked_coding,
            udhi: self.udhi,
            user_data: text,
        }
    }

    /// Which part of a longer text it is, from 1, if its sender cut that.
    pub fn part_number(&self) -> Option<u8> {
        Some(self.whole().concatenation()?.number)
    }

    /// All of it, as if it were one segment.
    fn whole(&self) -> Segment {
        Segment {
            data_coding: self.data_coding,
            udhi: self.udhi,
            user_data: self.user_data.clone(),
        }
    }

    /// How its text is coded.
    pub const fn encoding(&self) -> Encoding {
        Encoding::from_data_coding(self.data_coding)
    }

    fn single_octets_max(&self, length_max: u8) -> usize {
        match self.encoding() {
            Encoding::Ucs2 => 140,
            other => other.single_max().min(usize::from(length_max)),
        }
    }

    /// The user data in parts that fit beside a header with an 8-bit reference, or a label.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let part_octets = usize::from(self.part_octets);
        let mut rest = &self.user_data[..];
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (piece, after) = rest.split_at(cut(rest, part_octets, self.encoding()));
            rest = after;
            Some(piece)
        })
    }
}

/// The number of a part in words, for an air without headers.
fn label(number: u8, total: u8) -> String {
    format!("({number}/{total}) ")
}

/// A segment for an air without headers: a part of a longer text becomes a text of its own.
fn alone(segment: Segment) -> Segment {
    let Some(part) = segment.concatenation() else {
        return segment;
    };
    let encoding = segment.encoding();
    let label = match encoding {
        Encoding::Binary => Vec::new(),
        Encoding::Gsm7 | Encoding::Ascii | Encoding::Latin1 | Encoding::Ucs2 => {
            encoding.encode(&label(part.number, part.total))
        }
    };
    Segment {
        data_coding: segment.data_coding,
        udhi: false,
        user_data: [&label, segment.body()].concat().into(),
    }
}

/// Where to cut `octets` so that at most `octets_max` are before the cut, and no character is cut in two.
fn cut(octets: &[u8], octets_max: usize, encoding: Encoding) -> usize {
    if octets.len() <= octets_max {
        return octets.len();
    }
    let at = octets_max;
    match encoding {
        // An escape belongs to the code after it; of several in a row the last but one is a pair with its predecessor.
        Encoding::Gsm7 => {
            let escapes = octets[..at]
                .iter()
                .rev()
                .take_while(|octet| **octet == sms::gsm7::ESCAPE)
                .count();
            if escapes % 2 == 1 { at - 1 } else { at }
        }
        // A high surrogate belongs to the unit after it.
        Encoding::Ucs2 => {
            let at = at & !1;
            if at >= 2 && (0xD8..=0xDB).contains(&octets[at - 2]) {
                at - 2
            } else {
                at
            }
        }
        Encoding::Latin1 | Encoding::Ascii | Encoding::Binary => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, encoding: Encoding) -> Segment {
        Segment::whole(text, encoding)
    }

    fn body_of(segment: Segment, long_text: LongText, segments_max: usize) -> Result<Body, BodyRefusal> {
        let carrier = Carrier {
            long_text,
            ..Carrier::new("att")
        };
        Body::new(segment, &carrier, segments_max)
    }

    fn sent(mut body: Body) -> Vec<Segment> {
        let mut segments = Vec::new();
        while body.done < body.segments {
            segments.push(body.next_segment(7));
            body.done += 1;
        }
        segments
    }

    #[test]
    fn a_text_is_cut_where_one_sms_is_full() {
        for (segment, expected) in [
            (text(&"a".repeat(160), Encoding::Gsm7), vec![160]),
            (text(&"a".repeat(161), Encoding::Gsm7), vec![153, 8]),
            (
                text(&format!("{}€{}", "a".repeat(152), "b".repeat(20)), Encoding::Gsm7),
                vec![152, 22],
            ),
            (text(&"я".repeat(70), Encoding::Ucs2), vec![140]),
            (text(&"я".repeat(71), Encoding::Ucs2), vec![134, 8]),
            (
                text(&format!("{}😀{}", "я".repeat(66), "я".repeat(9)), Encoding::Ucs2),
                vec![132, 22],
            ),
            (text(&"é".repeat(141), Encoding::Latin1), vec![134, 7]),
            (text("", Encoding::Gsm7), vec![0]),
        ] {
            let body = body_of(segment.clone(), LongText::Split, 255).expect("short enough");
            let segments = sent(body);
            assert_eq!(
                segments.iter().map(|part| part.body().len()).collect::<Vec<_>>(),
                expected
            );
            assert!(segments.iter().all(Segment::fits_one_sms));
            let whole: String = segments.iter().map(Segment::text).collect();
            assert_eq!(whole, segment.text());
            if segments.len() > 1 {
                let first = segments[0].concatenation().expect("a part");
                assert_eq!(
                    (first.reference, usize::from(first.total), first.number),
                    (7, segments.len(), 1)
                );
            }
        }
    }

    #[test]
    fn a_long_text_is_split_rejected_or_truncated() {
        let long = || text(&"a".repeat(161), Encoding::Gsm7);
        assert_eq!(body_of(long(), LongText::Reject, 255), Err(BodyRefusal::TooLong));
        let truncated = body_of(long(), LongText::Truncate, 255).expect("cut");
        assert_eq!(sent(truncated)[0].user_data.len(), 160);
        let parts = |count: usize| text(&"a".repeat(153 * count), Encoding::Gsm7);
        assert!(body_of(parts(3), LongText::Split, 3).is_ok());
        assert_eq!(body_of(parts(4), LongText::Split, 3), Err(BodyRefusal::TooLong));
        assert!(body_of(parts(255), LongText::Split, 255).is_ok());
        assert_eq!(
            body_of(parts(256), LongText::Split, 1_000),
            Err(BodyRefusal::TooLong)
        );
        let segment = Segment {
            udhi: true,
            user_data: [&[5, 0, 3, 1, 2, 1], &[b'a'; 154][..]].concat().into(),
            ..long()
        };
        assert_eq!(body_of(segment, LongText::Split, 255), Err(BodyRefusal::TooLong));
    }

    #[test]
    fn without_headers_each_part_is_a_text_with_its_number() {
        let carrier = Carrier {
            concatenation: false,
            alphabet: crate::carrier::Alphabet::Ascii,
            ..Carrier::new("sprint")
        };
        let texts = |segment: Segment, carrier: &Carrier| -> Vec<String> {
            let body = Body::new(segment, carrier, 255).expect("short enough");
            let segments = sent(body);
            assert!(
                segments
                    .iter()
                    .all(|segment| segment.fits_one_sms() && !segment.udhi)
            );
            segments.iter().map(Segment::text).collect()
        };
        let parts = texts(text(&"a".repeat(161), Encoding::Gsm7), &carrier);
        assert_eq!(
            parts,
            [
                format!("(1/2) {}", "a".repeat(154)),
                format!("(2/2) {}", "a".repeat(7))
            ]
        );
        assert_eq!(texts(text(&"a".repeat(160), Encoding::Gsm7), &carrier).len(), 1);
        // Nine parts hold 154 septets each; a tenth makes every label two octets longer.
        assert_eq!(
            texts(text(&"a".repeat(9 * 154), Encoding::Gsm7), &carrier).len(),
            9
        );
        let ten = texts(text(&"a".repeat(9 * 154 + 1), Encoding::Gsm7), &carrier);
        assert_eq!((ten.len(), ten[0].len()), (10, 159));
        assert!(ten[9].starts_with("(10/10) "));
        // A part that its sender cut.
        let concatenation = Concatenation {
            reference: 7,
            wide: false,
            total: 2,
            number: 2,
        };
        let part = Segment::part(0, concatenation, b"world");
        assert_eq!(texts(part, &carrier), ["(2/2) world"]);
        // 136 characters, as in Canada.
        let short = Carrier {
            length_max: 136,
            ..carrier.clone()
        };
        assert_eq!(texts(text(&"a".repeat(136), Encoding::Gsm7), &short).len(), 1);
        assert_eq!(
            texts(text(&"a".repeat(137), Encoding::Gsm7), &short),
            [
                format!("(1/2) {}", "a".repeat(130)),
                format!("(2/2) {}", "a".repeat(7)),
            ]
        );
        let binary = text("", Encoding::Binary);
        assert_eq!(Body::new(binary, &carrier, 255), Err(BodyRefusal::Binary));
    }

    #[test]
    fn characters_that_the_air_does_not_carry_are_mangled() {
        let carrier = |alphabet, mangled: &str| Carrier {
            alphabet,
            mangled: mangled.into(),
            substitute: '$',
            ..Carrier::new("sprint")
        };
        use crate::carrier::Alphabet::{Ascii, Gsm7, Gsm7Ucs2};
        for (alphabet, mangled, words, expected) in [
            (Ascii, "", "El Niño", "El Ni$o"),
            (Ascii, "&", "AT&T", "AT$T"),
            (Ascii, "", "AT&T", "AT&T"),
            (Ascii, "", "Привет", "$$$$$$"),
            (Ascii, "", "10 €", "10 $"),
            (Gsm7, "", "El Niño 10 €", "El Niño 10 €"),
            (Gsm7, "", "Привет", "$$$$$$"),
            (Gsm7Ucs2, "", "Привет", "Привет"),
            (Gsm7Ucs2, "&", "A&B", "A$B"),
        ] {
            let carrier = carrier(alphabet, mangled);
            let segment = carrier.mangle(text(words, Encoding::of(words))).expect("a text");
            assert_eq!(segment.text(), expected, "{alphabet:?}");
        }
        // A header stays where it is.
        let concatenation = Concatenation {
            reference: 7,
            wide: false,
            total: 2,
            number: 2,
        };
        let part = Segment::part(8, concatenation, &Encoding::Ucs2.encode("ñ!"));
        let mangled = carrier(Ascii, "").mangle(part).expect("a text");
        assert_eq!(
            (mangled.concatenation(), mangled.text()),
            (Some(concatenation), "$!".to_owned())
        );
    }

    #[test]
    fn the_beginning_of_a_text_is_20_octets_of_it_and_of_binary_nothing() {
        let body = |segment| {
            let mut beginning = String::new();
            let body = body_of(segment, LongText::Split, 255).expect("short enough");
            body.write_beginning(&mut beginning);
            beginning
        };
        assert_eq!(body(text("short", Encoding::Gsm7)), "short");
        assert_eq!(
            body(text("0123456789012345678901", Encoding::Gsm7)),
            "01234567890123456789"
        );
        assert_eq!(body(text("я", Encoding::Ucs2)), "");
        let part = Segment {
            data_coding: 0,
            udhi: true,
            user_data: [5, 0, 3, 1, 2, 1, b'h', b'i'].into(),
        };
        assert_eq!(body(part), "hi");
    }
}
