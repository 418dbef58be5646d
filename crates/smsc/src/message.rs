//! A text that waits for its handset: [`Message`].

use smpp::LinkId;
use sms::{Address, Concatenation, Encoding, Msisdn, Npi, Segment, Timestamp, Ton};

use crate::carrier::LongText;
use crate::cause::Cause;
use crate::message_id::MessageId;

/// No slot: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// A text from its acceptance to its final state. A million of them may wait, so it holds nothing twice.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Its name.
    pub id: MessageId,
    /// Which destination of a `submit_multi` it is, from 0.
    pub member: u16,
    /// The account that submitted it.
    pub account: u16,
    /// The carrier of its handset.
    pub carrier: u16,
    /// The session that submitted it.
    pub link: LinkId,
    /// From.
    pub source: Address,
    /// To.
    pub to: Destination,
    /// `service_type`, for cancelling and replacing by it.
    pub service_type: ServiceType,
    /// What it says.
    pub body: Body,
    /// What its sender wants to know (SMPP v3.4 §5.2.17).
    pub registered_delivery: u8,
    /// `user_message_reference`, echoed in receipts.
    pub user_message_reference: Option<u16>,
    /// Datagram or transaction mode: one attempt only, and no receipt.
    pub once: bool,
    /// Transaction mode: the response waits for the outcome.
    pub transaction: bool,
    /// `set_dpf`: an alert is wanted when it fails because the handset is away.
    pub set_dpf: bool,
    /// Whether it is in its handset's queue; until it is, it waits for [`Message::scheduled_at`].
    pub queued: bool,
    /// Whether the first failure has been told.
    pub notified: bool,
    /// Why the last attempt failed.
    pub cause: Option<Cause>,
    /// How many attempts there were.
    pub attempts: u32,
    /// How many of them failed one after the other for the same kind of cause.
    pub failures: u32,
    /// When it was submitted (or replaced, SMPP v3.4 Appendix B).
    pub submitted_at: Timestamp,
    /// When it is tried first.
    pub scheduled_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// The message before it in its handset's queue.
    pub previous: u32,
    /// The message after it.
    pub next: u32,
}

impl Message {
    /// Whether a receipt of that success or failure is wanted: bits 1 and 0 are none, both, failure, success (the last
    /// is SMPP v5.0's).
    pub fn wants_receipt(&self, delivered: bool) -> bool {
        match self.registered_delivery & 0x03 {
            0 => false,
            1 => true,
            2 => !delivered,
            _ => delivered,
        }
    }

    /// Whether the first failed attempt is to be told.
    pub const fn wants_notification(&self) -> bool {
        self.registered_delivery & 0x10 != 0
    }
}

/// A `service_type`: at most 5 characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ServiceType([u8; 5]);

impl ServiceType {
    /// The type of those characters; what is beyond 5 is cut.
    pub fn new(text: &str) -> Self {
        let mut octets = [0; 5];
        for (octet, byte) in octets.iter_mut().zip(text.bytes()) {
            *octet = byte;
        }
        Self(octets)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// A handset as its sender wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Destination {
    /// The number.
    pub msisdn: Msisdn,
    ton: u8,
    npi: u8,
    /// Written without its country code 1.
    national: bool,
}

impl Destination {
    /// The handset that an address means.
    pub fn of(address: &Address) -> Option<Self> {
        let msisdn = address.msisdn()?;
        let length = address.digits.trim_start_matches('+').len();
        let national = length == 10 && msisdn.number() >= 10_000_000_000;
        Some(Self {
            msisdn,
            ton: address.ton.into(),
            npi: address.npi.into(),
            national,
        })
    }

    /// The address as the sender wrote it, a `+` apart.
    pub fn address(self) -> Address {
        let number = if self.national {
            self.msisdn.number() % 10_000_000_000
        } else {
            self.msisdn.number()
        };
        let width = if self.national { 10 } else { 0 };
        Address {
            ton: Ton::from(self.ton),
            npi: Npi::from(self.npi),
            digits: compact_str::format_compact!("{number:0width$}"),
        }
    }
}

/// What a text says, and how it is cut for the air.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Body {
    user_data: Box<[u8]>,
    data_coding: u8,
    udhi: bool,
    /// How many segments it has on the air.
    pub segments: u8,
    /// How many of them the handset has.
    pub done: u8,
}

/// A text that the carrier does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the text is longer than the carrier takes")]
pub(crate) struct BodyTooLong;

impl Body {
    /// A body of that segment, which may be longer than one SMS: then `long_text` decides, and at most `segments_max`
    /// segments come of it.
    pub fn new(segment: Segment, long_text: LongText, segments_max: usize) -> Result<Self, BodyTooLong> {
        let fits = segment.fits_one_sms();
        let Segment {
            data_coding,
            udhi,
            user_data,
        } = segment;
        let mut body = Self {
            user_data: user_data.into(),
            data_coding,
            udhi,
            segments: 1,
            done: 0,
        };
        if fits {
            return Ok(body);
        }
        match long_text {
            LongText::Reject => Err(BodyTooLong),
            // A text with a header is a segment already.
            LongText::Split if udhi => Err(BodyTooLong),
            LongText::Split => {
                let segments = body.pieces().count();
                body.segments = u8::try_from(segments).map_err(|_| BodyTooLong)?;
                if segments > segments_max {
                    Err(BodyTooLong)
                } else {
                    Ok(body)
                }
            }
            LongText::Truncate => {
                let kept = body.cut_at(body.single_octets_max());
                body.user_data = body.user_data[..kept].into();
                Ok(body)
            }
        }
    }

    /// The next segment for the air; `reference` is the same for all segments of a text.
    pub fn next_segment(&self, reference: u8) -> Segment {
        if self.segments == 1 {
            return Segment {
                data_coding: self.data_coding,
                udhi: self.udhi,
                user_data: self.user_data.to_vec(),
            };
        }
        let piece = self.pieces().nth(usize::from(self.done)).unwrap_or_default();
        let concatenation = Concatenation {
            reference: u16::from(reference),
            wide: false,
            total: self.segments,
            number: self.done + 1,
        };
        Segment::part(self.data_coding, concatenation, piece)
    }

    /// The first 20 octets of the text for a receipt; empty when it is no text in a one-octet alphabet.
    pub fn beginning(&self) -> String {
        match self.encoding() {
            Encoding::Gsm7 | Encoding::Ascii | Encoding::Latin1 => {
                let segment = Segment {
                    data_coding: self.data_coding,
                    udhi: self.udhi,
                    user_data: self.user_data.to_vec(),
                };
                let body = segment.body();
                segment.encoding().decode(&body[..body.len().min(20)])
            }
            Encoding::Ucs2 | Encoding::Binary => String::new(),
        }
    }

    /// Puts another text in its place, with the same coding (SMPP v3.4 §4.10).
    pub fn replaced(
        &self,
        text: Vec<u8>,
        long_text: LongText,
        segments_max: usize,
    ) -> Result<Self, BodyTooLong> {
        Self::new(
            Segment {
                data_coding: self.data_coding,
                udhi: self.udhi,
                user_data: text,
            },
            long_text,
            segments_max,
        )
    }

    const fn encoding(&self) -> Encoding {
        Encoding::from_data_coding(self.data_coding)
    }

    fn single_octets_max(&self) -> usize {
        match self.encoding() {
            Encoding::Ucs2 => 140,
            other => other.single_max(),
        }
    }

    /// The user data in parts that fit behind a header with an 8-bit reference.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let part_octets = match self.encoding() {
            Encoding::Ucs2 => 2 * Encoding::Ucs2.part_max(false),
            other => other.part_max(false),
        };
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

    fn cut_at(&self, octets_max: usize) -> usize {
        cut(&self.user_data, octets_max, self.encoding())
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
            let body = Body::new(segment.clone(), LongText::Split, 255).expect("short enough");
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
        assert_eq!(Body::new(long(), LongText::Reject, 255), Err(BodyTooLong));
        let truncated = Body::new(long(), LongText::Truncate, 255).expect("cut");
        assert_eq!(sent(truncated)[0].user_data.len(), 160);
        let parts = |count: usize| text(&"a".repeat(153 * count), Encoding::Gsm7);
        assert!(Body::new(parts(3), LongText::Split, 3).is_ok());
        assert_eq!(Body::new(parts(4), LongText::Split, 3), Err(BodyTooLong));
        assert!(Body::new(parts(255), LongText::Split, 255).is_ok());
        assert_eq!(Body::new(parts(256), LongText::Split, 1_000), Err(BodyTooLong));
        let segment = Segment {
            udhi: true,
            user_data: [&[5, 0, 3, 1, 2, 1], &[b'a'; 154][..]].concat(),
            ..long()
        };
        assert_eq!(Body::new(segment, LongText::Split, 255), Err(BodyTooLong));
    }

    #[test]
    fn the_beginning_of_a_text_is_20_octets_of_it_and_of_binary_nothing() {
        let body = |segment| Body::new(segment, LongText::Split, 255).expect("short enough");
        assert_eq!(body(text("short", Encoding::Gsm7)).beginning(), "short");
        assert_eq!(
            body(text("0123456789012345678901", Encoding::Gsm7)).beginning(),
            "01234567890123456789"
        );
        assert_eq!(body(text("я", Encoding::Ucs2)).beginning(), "");
        let part = Segment {
            data_coding: 0,
            udhi: true,
            user_data: vec![5, 0, 3, 1, 2, 1, b'h', b'i'],
        };
        assert_eq!(body(part).beginning(), "hi");
    }

    #[test]
    fn a_destination_is_given_back_as_it_was_written() {
        for (ton, digits, back) in [
            (Ton::International, "14155550101", "14155550101"),
            (Ton::International, "+14155550101", "14155550101"),
            (Ton::National, "4155550101", "4155550101"),
            (Ton::National, "0155550101", "0155550101"),
            (Ton::Unknown, "14155550101", "14155550101"),
        ] {
            let address = Address::new(ton, Npi::Isdn, digits);
            let destination = Destination::of(&address).expect("a handset");
            assert_eq!(destination.address(), Address::new(ton, Npi::Isdn, back));
        }
        assert_eq!(
            Destination::of(&Address::new(Ton::Alphanumeric, Npi::Unknown, "BOB")),
            None
        );
    }

    #[test]
    fn a_waiting_message_is_small() {
        assert!(size_of::<Message>() <= 152, "{}", size_of::<Message>());
    }

    #[test]
    fn receipts_are_sent_as_registered() {
        let mut message = crate::store::tests::message(1);
        for (registered_delivery, on_success, on_failure) in [
            (0, false, false),
            (1, true, true),
            (2, false, true),
            (3, true, false),
            (0x10, false, false),
            (0x11, true, true),
        ] {
            message.registered_delivery = registered_delivery;
            assert_eq!(
                message.wants_receipt(true),
                on_success,
                "{registered_delivery:#x}"
            );
            assert_eq!(
                message.wants_receipt(false),
                on_failure,
                "{registered_delivery:#x}"
            );
        }
        assert!(message.wants_notification());
    }
}
