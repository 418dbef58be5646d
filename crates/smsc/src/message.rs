//! A text that waits for its handset: [`Message`].

mod body;

use smpp::LinkId;
use sms::{Address, Msisdn, Npi, Originator, Timestamp, Ton};

pub(crate) use self::body::{Body, BodyRefusal};
use crate::carrier::ReceiptMode;
use crate::cause::Cause;
use crate::message_id::MessageId;
use crate::port::PageOutcome;

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
    pub source: Originator,
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
    /// What comes of every attempt, on demand; none: what the handset says.
    pub outcome: Option<PageOutcome>,
    /// How its receipt goes, on demand; none: as the carrier's.
    pub receipt_mode: Option<ReceiptMode>,
    /// Whether it is in its handset's queue; until it is, it waits for [`Message::scheduled_at`].
    pub queued: bool,
    /// What its sender has been told while it was under way.
    pub told: Told,
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

/// What the sender of a text has been told of it before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// Its first failure.
    Failure,
    /// That it was delivered, before its time: there is no second final receipt, also of a text that replaces it.
    Delivery,
    /// Both.
    Both,
}

impl Told {
    /// Whether the first failure has been told.
    pub const fn failure(self) -> bool {
        matches!(self, Self::Failure | Self::Both)
    }

    /// Whether a final receipt has been sent.
    pub const fn delivery(self) -> bool {
        matches!(self, Self::Delivery | Self::Both)
    }

    /// This and the first failure.
    pub const fn and_failure(self) -> Self {
        match self {
            Self::Nothing | Self::Failure => Self::Failure,
            Self::Delivery | Self::Both => Self::Both,
        }
    }

    /// This and a final receipt.
    pub const fn and_delivery(self) -> Self {
        match self {
            Self::Nothing | Self::Delivery => Self::Delivery,
            Self::Failure | Self::Both => Self::Both,
        }
    }
}

impl Message {
    /// Whether a receipt of that success or failure is wanted: bits 1 and 0 are none, both, failure, success (the last
    /// is SMPP v5.0's).
    pub fn wants_receipt(&self, delivered: bool) -> bool {
        match self.registered_delivery & 0x03 {
            _ if self.told.delivery() => false,
            0 => false,
            1 => true,
            2 => !delivered,
            _ => delivered,
        }
    }

    /// Whether the handset is to acknowledge that it has it (SMPP v3.4 §5.2.17: SME originated acknowledgement).
    pub const fn wants_acknowledgement(&self) -> bool {
        self.registered_delivery & smpp::registered_delivery::DELIVERY_ACK != 0
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
        let digits = address.digits.as_str();
        let length = digits.strip_prefix('+').unwrap_or(digits).len();
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
            digits: sms::address::decimal(number, width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_given_back_as_it_was_written() {
        for (ton, digits, back) in [
            (Ton::International, "14155550101", "14155550101"),
            (Ton::International, "+14155550101", "14155550101"),
            (Ton::National, "4155550101", "4155550101"),
            (Ton::National, "0155550101", "0155550101"),
            (Ton::National, "14155550101", "14155550101"),
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
