//! The GSM 7 bit default alphabet with its extension table, unpacked and packed (3GPP TS 23.038 §6).
//!
//! SMPP carries this alphabet unpacked, one septet an octet; the air interface packs it, eight septets in seven octets.

/// The code that announces a character of the extension table.
pub const ESCAPE: u8 = 0x1B;

/// What stands for an octet that is no code of the alphabet.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The basic table; the place of [`ESCAPE`] holds the space that a lone escape is displayed as.
#[rustfmt::skip]
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: what the code after an escape means.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// No code: the character is not in the alphabet.
const NONE: u16 = u16::MAX;
/// Set in the codes of the extension table.
const EXTENDED: u16 = (ESCAPE as u16) << 8;
/// One past the last character of [`CODES`]; only the euro sign lies beyond.
const CODES_END: usize = 0x400;
/// The code of each character below [`CODES_END`], with [`EXTENDED`] for the extension table.
const CODES: [u16; CODES_END] = codes();

const fn codes() -> [u16; CODES_END] {
    let mut codes = [NONE; CODES_END];
    let mut code = 0;
    while code < BASIC.len() {
        if code != ESCAPE as usize {
            codes[BASIC[code] as usize] = code as u16;
        }
        code += 1;
    }
    let mut entry = 0;
    while entry < EXTENSION.len() {
        let (code, character) = EXTENSION[entry];
        if (character as usize) < CODES_END {
            codes[character as usize] = EXTENDED | code as u16;
        }
        entry += 1;
    }
    codes
}

/// The code of `character`: below 0x80 in the basic table, with [`EXTENDED`] set in the extension table.
fn code(character: char) -> Option<u16> {
    let code = match CODES.get(character as usize) {
        Some(code) => *code,
        None if character == '€' => EXTENDED | 0x65,
        None => NONE,
    };
    (code != NONE).then_some(code)
}

/// How many septets `character` takes: 1, 2 in the extension table, none when the alphabet lacks it.
pub fn septets(character: char) -> Option<usize> {
    code(character).map(|code| if code >= EXTENDED { 2 } else { 1 })
}

/// The codes of `text`, one septet an octet; none when a character is not in the alphabet.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    encode_by(text, code)
}

/// The codes of `text` with a question mark for each character that the alphabet lacks.
pub fn encode_lossy(text: &str) -> Vec<u8> {
    encode_by(text, |character| code(character).or(Some(u16::from(b'?')))).unwrap_or_default()
}

/// What [`encode_lossy`] gives, in the memory of `text` itself where its octets are their own codes.
pub(crate) fn into_octets(text: String) -> Vec<u8> {
    if is_all_plain(text.as_bytes()) {
        text.into_bytes()
    } else {
        encode_lossy(&text)
    }
}

fn encode_by(text: &str, code: impl Fn(char) -> Option<u16>) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, beyond) = rest.split_at(plain_octets(rest.as_bytes()));
        septets.extend_from_slice(plain.as_bytes());
        let mut characters = beyond.chars();
        for character in characters.by_ref().take(LANES) {
            push(&mut septets, code(character)?);
        }
        rest = characters.as_str();
    }
    Some(septets)
}

fn push(septets: &mut Vec<u8>, code: u16) {
    let [high, low] = code.to_be_bytes();
    if high == ESCAPE {
        septets.push(ESCAPE);
    }
    septets.push(low);
}

/// The text of unpacked `septets`.
///
/// As 3GPP TS 23.038 §6.2.1 has it: an escape before a code that the extension table lacks is dropped, so that the
/// basic character shows; two escapes, or one at the end, show as a space. An octet above 0x7F becomes U+FFFD.
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets;
    while !rest.is_empty() {
        let (plain, beyond) = rest.split_at(plain_octets(rest));
        text.push_str(str::from_utf8(plain).expect("plain octets are ASCII"));
        let mut octets = beyond.iter();
        for _ in 0..LANES {
            let character = match octets.next() {
                None => break,
                Some(&ESCAPE) => octets.next().map_or(' ', |&code| extension(code)),
                Some(&octet) => basic(octet),
            };
            text.push(character);
        }
        rest = octets.as_slice();
    }
    text
}

/// How many octets are looked at together for being plain; the compiler makes one instruction of them. Where they are
/// not, as many are read one by one before it is tried again.
const LANES: usize = 16;

/// How many octets at the beginning of `octets`, which are codes of the alphabet or UTF-8, are plain: copied as they stand. It
/// may leave out the last few before one that is not. Nearly every text is plain from end to end.
pub(crate) fn plain_octets(octets: &[u8]) -> usize {
    let (chunks, rest) = octets.as_chunks::<LANES>();
    let plain = chunks
        .iter()
        .take_while(|chunk| chunk.iter().fold(true, |plain, octet| plain & is_plain(*octet)))
        .count();
    if plain < chunks.len() {
        return plain * LANES;
    }
    plain * LANES + rest.iter().take_while(|octet| is_plain(**octet)).count()
}

/// The text of octets that mean the same in this alphabet, in ASCII and in ISO 8859-1; none when there is another among them.
pub fn plain(octets: &[u8]) -> Option<&str> {
    let plain = is_all_plain(octets);
    plain.then(|| std::str::from_utf8(octets).ok()).flatten()
}

/// Whether [`plain`] gives a text of those octets.
pub fn is_all_plain(octets: &[u8]) -> bool {
    plain_octets(octets) == octets.len()
}

/// Whether an octet means the same character in the basic table and in ASCII.
const fn is_plain(octet: u8) -> bool {
    // Without branches, for the sake of `plain_octets`.
    (octet.wrapping_sub(b'a') < 26)
        | (octet.wrapping_sub(b'A') < 26)
        | (octet.wrapping_sub(b' ') < 32) & (octet != b'$')
        | (octet == b'\n')
        | (octet == b'\r')
}

fn basic(octet: u8) -> char {
    BASIC.get(usize::from(octet)).copied().unwrap_or(REPLACEMENT)
}

fn extension(code: u8) -> char {
    EXTENSION
        .iter()
        .find(|(known, _)| *known == code)
        .map_or_else(|| basic(code), |(_, character)| *character)
}

/// The fill bits that bring the first septet after a user data header of `header_octets` to a septet boundary
/// (3GPP TS 23.040 §9.2.3.24).
pub const fn fill_bits(header_octets: usize) -> u8 {
    ((7 - header_octets * 8 % 7) % 7) as u8
}

/// The octets that hold `septets`, low bits first, after `fill` zero bits. Bit 7 of a septet is ignored.
///
/// # Panics
///
/// When `fill` is above 6.
pub fn pack(septets: &[u8], fill: u8) -> Vec<u8> {
    assert!(fill < 7, "a septet boundary is at most six bits away");
    let mut octets = Vec::with_capacity((septets.len() * 7 + 14) / 8);
    let mut bits: u16 = 0;
    let mut held = u32::from(fill);
    for septet in septets {
        bits |= u16::from(septet & 0x7F) << held;
        held += 7;
        if held >= 8 {
            octets.push((bits & 0xFF) as u8);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        octets.push((bits & 0xFF) as u8);
    }
    octets
}

/// The `count` septets that `octets` hold after `fill` bits; fewer when the octets end before.
///
/// # Panics
///
/// When `fill` is above 6.
pub fn unpack(octets: &[u8], fill: u8, count: usize) -> Vec<u8> {
    assert!(fill < 7, "a septet boundary is at most six bits away");
    let held = (octets.len() * 8).saturating_sub(usize::from(fill)) / 7;
    (0..count.min(held))
        .map(|index| {
            let bit = usize::from(fill) + index * 7;
            let low = u16::from(octets[bit / 8]);
            let high = octets.get(bit / 8 + 1).map_or(0, |octet| u16::from(*octet));
            (((high << 8 | low) >> (bit % 8)) & 0x7F) as u8
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_all_unicode_exactly_137_characters_are_encodable_and_come_back() {
        let mut encodable = 0;
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            if let Some(septets) = encode(&text) {
                encodable += 1;
                assert_eq!(decode(&septets), text, "{character:?}");
                assert_eq!(super::septets(character), Some(septets.len()), "{character:?}");
            } else {
                assert_eq!(septets(character), None, "{character:?}");
                assert_eq!(encode_lossy(&text), b"?", "{character:?}");
            }
        }
        assert_eq!(encodable, 137);
    }

    #[test]
    fn every_code_decodes_to_the_character_that_encodes_to_it() {
        for code in (0..0x80).filter(|code| *code != ESCAPE) {
            assert_eq!(
                encode(&decode(&[code])).as_deref(),
                Some(&[code][..]),
                "{code:#04x}"
            );
        }
        for (code, character) in EXTENSION {
            assert_eq!(decode(&[ESCAPE, code]), character.to_string());
            assert_eq!(encode(&character.to_string()), Some(vec![ESCAPE, code]));
        }
    }

    #[test]
    fn an_octet_is_plain_where_the_basic_table_and_ascii_agree() {
        for octet in 0..=u8::MAX {
            let agree = octet.is_ascii() && octet != ESCAPE && basic(octet) == char::from(octet);
            assert_eq!(is_plain(octet), agree, "{octet:#04x}");
        }
    }

    #[test]
    fn a_character_that_is_not_plain_is_read_wherever_it_stands() {
        for length in 0..3 * LANES {
            let plain = "k".repeat(length);
            assert_eq!(into_octets(plain.clone()), plain.as_bytes());
            for at in 0..=length {
                for (character, codes) in [("@", &[0x00][..]), ("€", &[ESCAPE, 0x65]), ("Ω", &[0x15])] {
                    let (before, after) = ("a".repeat(at), "z".repeat(length - at));
                    let text = format!("{before}{character}{after}");
                    let septets = [before.as_bytes(), codes, after.as_bytes()].concat();
                    assert_eq!(encode(&text).as_ref(), Some(&septets), "{text}");
                    assert_eq!(encode_lossy(&text), septets, "{text}");
                    assert_eq!(into_octets(text.clone()), septets, "{text}");
                    assert_eq!(decode(&septets), text);
                }
                let absent = format!("{}\u{4e2d}{}", "a".repeat(at), "z".repeat(length - at));
                assert_eq!(encode(&absent), None, "{absent}");
                assert_eq!(into_octets(absent.clone()), encode_lossy(&absent), "{absent}");
                assert_eq!(encode_lossy(&absent), absent.replace('\u{4e2d}', "?").as_bytes());
            }
        }
    }

    #[test]
    fn codes_that_trap_are_right() {
        for (code, character) in [
            (0x00, "@"),
            (0x02, "$"),
            (0x09, "Ç"),
            (0x11, "_"),
            (0x24, "¤"),
            (0x40, "¡"),
            (0x5F, "§"),
            (0x60, "¿"),
        ] {
            assert_eq!(decode(&[code]), character);
        }
        for absent in ["`", "ç", "Α", "\u{1B}", "\t"] {
            assert_eq!(encode(absent), None, "{absent:?}");
        }
    }

    #[test]
    fn unknown_escapes_fall_back_as_23_038_says() {
        for (septets, text) in [
            (&[0x1B, 0x41][..], "A"),
            (&[0x1B, 0x1B, 0x41], " A"),
            (&[0x41, 0x1B], "A "),
            (&[0x1B, 0x0D], "\r"),
            (&[0x1B, 0x0A], "\u{0C}"),
            (&[0x80, 0x41, 0x1B, 0xFF], "\u{FFFD}A\u{FFFD}"),
        ] {
            assert_eq!(decode(septets), text, "{septets:02x?}");
        }
    }

    #[test]
    fn textbook_vectors_pack_and_unpack() {
        for (text, octets) in [
            ("hello", &[0xE8, 0x32, 0x9B, 0xFD, 0x06][..]),
            (
                "hellohello",
                &[0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37],
            ),
            (
                "How are you?",
                &[0xC8, 0xF7, 0x1D, 0x14, 0x96, 0x97, 0x41, 0xF9, 0x77, 0xFD, 0x07],
            ),
            ("a", &[0x61]),
            ("1234567", &[0x31, 0xD9, 0x8C, 0x56, 0xB3, 0xDD, 0x00]),
            ("", &[]),
        ] {
            let septets = encode(text).expect("in the alphabet");
            assert_eq!(pack(&septets, 0), octets, "{text}");
            assert_eq!(decode(&unpack(octets, 0, septets.len())), text);
        }
    }

    #[test]
    fn fill_bits_end_at_a_septet_boundary() {
        for (header_octets, fill) in [(0, 0), (6, 1), (7, 0), (12, 2), (3, 4), (139, 1)] {
            assert_eq!(fill_bits(header_octets), fill, "{header_octets}");
            assert_eq!((header_octets * 8 + usize::from(fill)) % 7, 0);
        }
    }

    proptest! {
        #[test]
        fn packing_is_undone_with_every_fill(septets in prop::collection::vec(0u8..0x80, 0..400), fill in 0u8..7) {
            let octets = pack(&septets, fill);
            prop_assert_eq!(octets.len(), (septets.len() * 7 + usize::from(fill)).div_ceil(8));
            prop_assert_eq!(unpack(&octets, fill, septets.len()), septets);
        }

        #[test]
        fn any_octets_decode_and_unpack(octets in prop::collection::vec(any::<u8>(), 0..200), fill in 0u8..7, count in 0usize..400) {
            prop_assert!(decode(&octets).chars().count() <= octets.len());
            prop_assert!(unpack(&octets, fill, count).len() <= count);
        }
    }
}
