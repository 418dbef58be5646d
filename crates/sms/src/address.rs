//! Who sends and who receives: [`Address`], [`Msisdn`], [`ShortCode`], with their TON and NPI.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Type of number (SMPP v3.4 §5.2.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Ton {
    /// 0: nothing is known.
    #[default]
    Unknown,
    /// 1: E.164 with country code.
    International,
    /// 2: without country code.
    National,
    /// 3: of the network, often a short code.
    NetworkSpecific,
    /// 4: subscriber number.
    Subscriber,
    /// 5: letters.
    Alphanumeric,
    /// 6: abbreviated.
    Abbreviated,
    /// Any other octet, reserved.
    Reserved(u8),
}

impl From<u8> for Ton {
    fn from(octet: u8) -> Self {
        match octet {
            0 => Self::Unknown,
            1 => Self::International,
            2 => Self::National,
            3 => Self::NetworkSpecific,
            4 => Self::Subscriber,
            5 => Self::Alphanumeric,
            6 => Self::Abbreviated,
            other => Self::Reserved(other),
        }
    }
}

impl From<Ton> for u8 {
    fn from(ton: Ton) -> Self {
        match ton {
            Ton::Unknown => 0,
            Ton::International => 1,
            Ton::National => 2,
            Ton::NetworkSpecific => 3,
            Ton::Subscriber => 4,
            Ton::Alphanumeric => 5,
            Ton::Abbreviated => 6,
            Ton::Reserved(other) => other,
        }
    }
}

/// Numbering plan indicator (SMPP v3.4 §5.2.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Npi {
    /// 0: nothing is known.
    #[default]
    Unknown,
    /// 1: ISDN, E.163 and E.164.
    Isdn,
    /// 8: national.
    National,
    /// 9: private.
    Private,
    /// Any other octet (data, telex, land mobile, internet, ... or reserved).
    Other(u8),
}

impl From<u8> for Npi {
    fn from(octet: u8) -> Self {
        match octet {
            0 => Self::Unknown,
            1 => Self::Isdn,
            8 => Self::National,
            9 => Self::Private,
            other => Self::Other(other),
        }
    }
}

impl From<Npi> for u8 {
    fn from(npi: Npi) -> Self {
        match npi {
            Npi::Unknown => 0,
            Npi::Isdn => 1,
            Npi::National => 8,
            Npi::Private => 9,
            Npi::Other(other) => other,
        }
    }
}

/// An address as a PDU carries it: characters with a TON and an NPI.
///
/// Two addresses of the same handset may differ in TON and NPI; compare [`Address::digits`] where that matters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Address {
    /// Type of number.
    pub ton: Ton,
    /// Numbering plan.
    pub npi: Npi,
    /// The characters, without a `+`; empty means "not given".
    pub digits: CompactString,
}

impl Address {
    /// An address of those characters.
    pub fn new(ton: Ton, npi: Npi, digits: &str) -> Self {
        Self {
            ton,
            npi,
            digits: CompactString::new(digits),
        }
    }

    /// The address of a number as a person keys it into a phone: a short code, a subscriber number with or without `+`, or,
    /// with nothing known of it, anything else.
    pub fn dialled(number: &str) -> Self {
        match (number.parse::<ShortCode>(), number.parse::<Msisdn>()) {
            (Ok(code), _) => code.address(),
            (Err(_), Ok(msisdn)) => msisdn.address(),
            (Err(_), Err(_)) => Self::new(Ton::Unknown, Npi::Unknown, number),
        }
    }

    /// The subscriber number that this address means, if it means one.
    ///
    /// An 11 to 15 digit number with TON international or unknown is taken as it stands. Ten digits with TON national
    /// or unknown are read as a North American number, and get their country code 1 (SMPP v5.0 §4.2.6 warns that both
    /// forms arrive from the same handset). Eleven with TON national have it already: a 1 is dialled before North American
    /// numbers, and Kannel says national of every number without a `+`.
    pub fn msisdn(&self) -> Option<Msisdn> {
        let digits = self
            .digits
            .as_str()
            .strip_prefix('+')
            .unwrap_or(self.digits.as_str());
        let number = number(digits)?;
        match (self.ton, digits.len()) {
            (Ton::National | Ton::Unknown, 10) => Msisdn::new(10_000_000_000 + number),
            (Ton::National, 11) if digits.starts_with('1') => Msisdn::new(number),
            (Ton::International | Ton::Unknown, _) => Msisdn::new(number),
            _ => None,
        }
    }

    /// The short code that this address means, whatever its TON and NPI, if it has 3 to 8 digits.
    pub fn short_code(&self) -> Option<ShortCode> {
        self.digits.parse().ok()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ton == Ton::International {
            f.write_str("+")?;
        }
        f.write_str(&self.digits)
    }
}

/// An E.164 subscriber number of 7 to 15 digits with its country code, written `+14155550101`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Msisdn(u64);

impl Msisdn {
    /// The number with these digits, if it has 7 to 15 of them.
    pub fn new(number: u64) -> Option<Self> {
        (1_000_000..1_000_000_000_000_000)
            .contains(&number)
            .then_some(Self(number))
    }

    /// The digits as a number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// As an address: TON international, NPI ISDN.
    pub fn address(self) -> Address {
        Address {
            ton: Ton::International,
            npi: Npi::Isdn,
            digits: decimal(self.0, 0),
        }
    }
}

impl From<Msisdn> for u64 {
    fn from(msisdn: Msisdn) -> Self {
        msisdn.0
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

/// The number that decimal digits write; none when there is none, too many for a number, or anything else among them.
pub fn number(digits: &str) -> Option<u64> {
    // 19 digits always fit.
    if digits.is_empty() || digits.len() > 19 {
        return digits
            .bytes()
            .all(|octet| octet.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten();
    }
    let (eights, rest) = digits.as_bytes().as_chunks::<8>();
    if eights.is_empty() {
        return few_digits(rest);
    }
    let mut number = 0;
    for eight in eights {
        number = number * 100_000_000 + eight_digits(u64::from_le_bytes(*eight))?;
    }
    match digits.as_bytes().last_chunk::<8>() {
        Some(last) if !rest.is_empty() => {
            // Those before the rest are read as zeros.
            let before = u64::MAX >> (8 * rest.len());
            let octets = u64::from_le_bytes(*last) & !before | ZEROS & before;
            Some(number * POWERS_OF_TEN[rest.len()] + eight_digits(octets)?)
        }
        _ => Some(number),
    }
}

/// The number that fewer than eight digits write: they are read with zeros before them, four or more of them as the first four
/// and the last four.
fn few_digits(digits: &[u8]) -> Option<u64> {
    let Some((first, last)) = digits.first_chunk::<4>().zip(digits.last_chunk::<4>()) else {
        return digits.iter().try_fold(0, |number, octet| {
            let digit = octet.wrapping_sub(b'0');
            (digit <= 9).then(|| number * 10 + u64::from(digit))
        });
    };
    let zeros = 8 - digits.len();
    let first = u64::from(u32::from_le_bytes(*first)) << (8 * zeros);
    let last = u64::from(u32::from_le_bytes(*last)) << 32;
    eight_digits(first | last | ZEROS & ((1 << (8 * zeros)) - 1))
}

const POWERS_OF_TEN: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number that eight digits write, read together: neighbours become pairs, pairs fours, fours the whole. The
/// first is the lowest octet.
fn eight_digits(octets: u64) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    // An octet from 0x30 to 0x39 keeps its high half when 6 is added.
    if octets & HIGH != ZEROS || octets.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    let ones = octets - ZEROS;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF)
}

/// A number in decimal digits, with leading zeros up to `width`, at most 20.
pub fn decimal(number: u64, width: usize) -> CompactString {
    const DIGITS: usize = 20;
    let (mut octets, mut rest, mut first) = ([b'0'; DIGITS], number, DIGITS);
    while rest >= 10 {
        first -= 2;
        let two = (rest % 100) as u8;
        octets[first] = b'0' + two / 10;
        octets[first + 1] = b'0' + two % 10;
        rest /= 100;
    }
    if rest > 0 {
        first -= 1;
        octets[first] = b'0' + rest as u8;
    }
    let first = first.min(DIGITS - width.clamp(1, DIGITS));
    CompactString::from_utf8(&octets[first..]).expect("digits are UTF-8")
}

/// Text that is no [`Msisdn`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is not a subscriber number; write + and 7 to 15 digits with the country code, for example +14155550101"
)]
pub struct InvalidMsisdn(pub String);

impl FromStr for Msisdn {
    type Err = InvalidMsisdn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let valid = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        valid
            .then(|| digits.parse().ok().and_then(Self::new))
            .flatten()
            .ok_or_else(|| InvalidMsisdn(text.to_owned()))
    }
}

impl TryFrom<String> for Msisdn {
    type Error = InvalidMsisdn;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Msisdn> for String {
    fn from(msisdn: Msisdn) -> Self {
        msisdn.to_string()
    }
}

/// A short code of 3 to 8 digits that does not begin with 0, for example 32665 (FBOOK) or 3266507 (its session 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortCode(u32);

impl ShortCode {
    /// The code with these digits, if it has 3 to 8 of them.
    pub const fn new(number: u32) -> Option<Self> {
        if number >= 100 && number < 100_000_000 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The digits as a number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// As an address: TON network specific, NPI unknown, the commonest form for a short code.
    pub fn address(self) -> Address {
        Address {
            ton: Ton::NetworkSpecific,
            npi: Npi::Unknown,
            digits: compact_str::format_compact!("{}", self.0),
        }
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Text that is no [`ShortCode`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a short code; write 3 to 8 digits, for example 32665")]
pub struct InvalidShortCode(pub String);

impl FromStr for ShortCode {
    type Err = InvalidShortCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = (3..=8).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit());
        valid
            .then(|| text.parse().ok().and_then(Self::new))
            .flatten()
            .ok_or_else(|| InvalidShortCode(text.to_owned()))
    }
}

impl TryFrom<String> for ShortCode {
    type Error = InvalidShortCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ShortCode> for String {
    fn from(code: ShortCode) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ton_and_npi_keep_every_octet() {
        for octet in 0..=u8::MAX {
            assert_eq!(u8::from(Ton::from(octet)), octet);
            assert_eq!(u8::from(Npi::from(octet)), octet);
        }
    }

    #[test]
    fn a_number_in_digits_has_at_least_so_many() {
        let powers = (0..20).map(|digits| 10_u64.pow(digits));
        let numbers = powers.flat_map(|power| [power - 1, power, power + 1, power.wrapping_mul(7) + 42]);
        for number in numbers.chain([0, u64::MAX]) {
            for width in 0..=20 {
                assert_eq!(decimal(number, width), format!("{number:0width$}"));
            }
        }
        assert_eq!(decimal(1, 21).len(), 20);
    }

    #[test]
    fn national_and_international_forms_mean_the_same_handset() {
        let whole = Msisdn::new(14_155_550_101);
        for (ton, digits) in [
            (Ton::International, "14155550101"),
            (Ton::International, "+14155550101"),
            (Ton::Unknown, "14155550101"),
            (Ton::National, "4155550101"),
            (Ton::National, "14155550101"),
            (Ton::Unknown, "4155550101"),
        ] {
            assert_eq!(
                Address::new(ton, Npi::Isdn, digits).msisdn(),
                whole,
                "{ton:?} {digits}"
            );
        }
        for (ton, digits) in [
            (Ton::Alphanumeric, "FBOOK"),
            (Ton::International, "12x"),
            (Ton::National, "24155550101"),
            (Ton::Unknown, "32665"),
        ] {
            assert_eq!(
                Address::new(ton, Npi::Unknown, digits).msisdn(),
                None,
                "{ton:?} {digits}"
            );
        }
    }

    #[test]
    fn digits_are_read_as_the_standard_library_reads_them() {
        let numbers = [
            0,
            7,
            99_999_999,
            100_000_000,
            14_155_550_101,
            u64::MAX / 10,
            u64::MAX,
        ];
        for digits in numbers.map(|digits| digits.to_string()) {
            for digits in [digits.clone(), format!("000{digits}")] {
                assert_eq!(number(&digits), digits.parse().ok(), "{digits}");
            }
        }
        // Every octet in every place of a number that is otherwise right.
        for (length, place) in (1..=19).flat_map(|length| (0..length).map(move |place| (length, place))) {
            for octet in 0..128 {
                let mut digits = b"1415555010123456789"[..length].to_vec();
                digits[place] = octet;
                let digits = str::from_utf8(&digits).expect("ASCII");
                let expected = octet.is_ascii_digit().then(|| digits.parse().expect("digits"));
                assert_eq!(number(digits), expected, "{digits:?}");
            }
        }
        assert_eq!(
            (number(""), number("12345678é"), number("éééé")),
            (None, None, None)
        );
    }

    #[test]
    fn a_dialled_number_is_known_by_its_form() {
        for (number, ton, digits) in [
            ("32665", Ton::NetworkSpecific, "32665"),
            ("+14155550101", Ton::International, "14155550101"),
            ("14155550101", Ton::International, "14155550101"),
            ("FBOOK", Ton::Unknown, "FBOOK"),
            ("12", Ton::Unknown, "12"),
        ] {
            let address = Address::dialled(number);
            assert_eq!((address.ton, address.digits.as_str()), (ton, digits), "{number}");
        }
    }

    #[test]
    fn lengths_of_numbers_and_codes_have_limits() {
        for (text, valid) in [
            ("+1234567", true),
            ("+123456", false),
            ("+123456789012345", true),
            ("+1234567890123456", false),
            ("+0123456789", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Msisdn>().is_ok(), valid, "{text}");
        }
        for (text, valid) in [
            ("123", true),
            ("12", false),
            ("12345678", true),
            ("123456789", false),
            ("0123", false),
            ("32a65", false),
        ] {
            assert_eq!(text.parse::<ShortCode>().is_ok(), valid, "{text}");
        }
    }
}
