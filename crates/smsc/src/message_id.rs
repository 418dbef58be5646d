//! The names that the message centre gives to texts: [`MessageId`].

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize, Serializer};

/// How a message's number is written in `submit_sm_resp` and in receipts. The `receipted_message_id` TLV always carries
/// what the response carried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageIdStyle {
    /// A: 8 hexadecimal digits in both, `0000002a`.
    #[default]
    Same,
    /// B: hexadecimal in the response (`2A`), 10 decimal digits in the receipt (`0000000042`).
    HexThenDecimal,
    /// C: decimal in the response (`42`), hexadecimal in the receipt (`2A`).
    DecimalThenHex,
    /// D: the same base, other padding and case: `2a` in the response, `0000002A` in the receipt.
    Padded,
    /// E: the 36 characters of a UUID in both.
    Uuid,
}

impl MessageIdStyle {
    /// Every style, A to E.
    pub const ALL: [Self; 5] = [
        Self::Same,
        Self::HexThenDecimal,
        Self::DecimalThenHex,
        Self::Padded,
        Self::Uuid,
    ];
}

/// A message's number with the style that its ESME sees it in; its `Display` is the form of the response.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MessageId {
    /// Counts accepted messages from 1; wraps after 2^32 - 1, past those still in use.
    pub number: u32,
    /// How it is written.
    pub style: MessageIdStyle,
}

impl MessageId {
    /// The form of the response, as its `Display` writes it.
    pub fn text(self) -> CompactString {
        match self.style {
            // The common one, of every text that is submitted: written digit by digit.
            MessageIdStyle::Same => CompactString::from_utf8(self.octets_in_hex()).expect("digits are UTF-8"),
            MessageIdStyle::HexThenDecimal
            | MessageIdStyle::DecimalThenHex
            | MessageIdStyle::Padded
            | MessageIdStyle::Uuid => compact_str::format_compact!("{self}"),
        }
    }

    fn octets_in_hex(self) -> [u8; 8] {
        let digit = |place: usize| b"0123456789abcdef"[(self.number >> (28 - 4 * place)) as usize & 0xF];
        std::array::from_fn(digit)
    }

    /// The form in a receipt's text, as [`MessageId::in_receipt`] writes it.
    pub fn text_in_receipt(self) -> CompactString {
        match self.style {
            MessageIdStyle::Same | MessageIdStyle::Uuid => self.text(),
            MessageIdStyle::HexThenDecimal | MessageIdStyle::DecimalThenHex | MessageIdStyle::Padded => {
                compact_str::format_compact!("{}", self.in_receipt())
            }
        }
    }

    /// The form in a receipt's text.
    pub fn in_receipt(self) -> impl fmt::Display {
        InReceipt(self)
    }

    /// The numbers that `text` may stand for, in any style; which of them it does is decided by comparing the form of
    /// the message that has the number.
    pub(crate) fn candidates(text: &str) -> impl Iterator<Item = u32> + use<> {
        let hexadecimal = (text.len() <= 8)
            .then(|| u32::from_str_radix(text, 16).ok())
            .flatten();
        let decimal = (text.len() <= 10).then(|| text.parse().ok()).flatten();
        let uuid = (text.len() == 36)
            .then(|| text.get(28..).and_then(|end| u32::from_str_radix(end, 16).ok()))
            .flatten();
        [hexadecimal, decimal, uuid].into_iter().flatten()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        match self.style {
            MessageIdStyle::Same => write!(f, "{number:08x}"),
            MessageIdStyle::HexThenDecimal => write!(f, "{number:X}"),
            MessageIdStyle::DecimalThenHex => write!(f, "{number}"),
            MessageIdStyle::Padded => write!(f, "{number:x}"),
            MessageIdStyle::Uuid => {
                // Looks like a random UUID of version 4; the last 8 digits are the number, so that it can be read back.
                let mixed = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let (high, low) = (mixed >> 32, mixed & 0xFFFF_FFFF);
                write!(
                    f,
                    "{high:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{number:08x}",
                    low >> 16,
                    low & 0xFFF,
                    0x8000 | (high & 0x3FFF),
                    low & 0xFFFF
                )
            }
        }
    }
}

struct InReceipt(MessageId);

impl fmt::Display for InReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.number;
        match self.0.style {
            MessageIdStyle::Same | MessageIdStyle::Uuid => self.0.fmt(f),
            MessageIdStyle::HexThenDecimal => write!(f, "{number:010}"),
            MessageIdStyle::DecimalThenHex => write!(f, "{number:X}"),
            MessageIdStyle::Padded => write!(f, "{number:08X}"),
        }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_styles_differ_as_the_reference_says() {
        for (style, response, receipt) in [
            (MessageIdStyle::Same, "0000002a", "0000002a"),
            (MessageIdStyle::HexThenDecimal, "2A", "0000000042"),
            (MessageIdStyle::DecimalThenHex, "42", "2A"),
            (MessageIdStyle::Padded, "2a", "0000002A"),
        ] {
            let id = MessageId { number: 42, style };
            assert_eq!(id.to_string(), response);
            assert_eq!(id.in_receipt().to_string(), receipt);
        }
        let uuid = MessageId {
            number: 42,
            style: MessageIdStyle::Uuid,
        };
        assert_eq!(uuid.to_string().len(), 36);
        assert_eq!(uuid.to_string(), uuid.in_receipt().to_string());
    }

    #[test]
    fn every_form_of_a_response_leads_back_to_its_number() {
        for style in MessageIdStyle::ALL {
            for number in [1, 9, 10, 42, 0x00B8_BE19, u32::MAX] {
                let text = MessageId { number, style }.to_string();
                let id = MessageId { number, style };
                assert_eq!(id.text(), text);
                assert_eq!(id.text_in_receipt(), id.in_receipt().to_string());
                assert!(
                    MessageId::candidates(&text).any(|candidate| candidate == number),
                    "{text}"
                );
            }
        }
        assert_eq!(MessageId::candidates("nosuchid").count(), 0);
        assert_eq!(MessageId::candidates("").count(), 0);
    }
}
