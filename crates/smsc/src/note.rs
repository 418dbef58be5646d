//! What happened, in a form that is cheap to keep: [`Note`], which [`Smsc::event`] spells out.

use smpp::{LinkId, Status};
use sms::{Address, MessageState, Msisdn, Timestamp};

use crate::Smsc;
use crate::cause::Cause;
use crate::event::{Event, Parcel, WaitReason};
use crate::message_id::MessageId;
use crate::port::{AttemptId, CarrierIndex};

/// An [`Event`] with numbers in the place of names, if it is one of those that every text brings.
#[derive(Clone, PartialEq, Debug)]
pub enum Note {
    /// [`Event::Accepted`] of an account's text that is not scheduled, from a number.
    Accepted {
        /// Its id.
        message_id: MessageId,
        /// The account.
        account: AccountIndex,
        /// From.
        source: Number,
        /// To.
        to: Msisdn,
        /// The carrier.
        carrier: CarrierIndex,
        /// How many segments it has on the air.
        segments: u8,
        /// When its validity ends.
        expires_at: Timestamp,
    },
    /// [`Event::Paged`].
    Paged {
        /// Its id.
        message_id: MessageId,
        /// The page.
        attempt: AttemptId,
        /// To.
        to: Msisdn,
        /// Which segment, from 1.
        segment: u8,
        /// Of how many.
        segments: u8,
    },
    /// [`Event::Finished`].
    Finished {
        /// The text.
        message_id: MessageId,
        /// To.
        to: Msisdn,
        /// What has become of it.
        state: MessageState,
        /// The last cause, if it did not arrive.
        cause: Option<Cause>,
        /// How many attempts there were.
        attempts: u32,
        /// When it was submitted, or replaced.
        submitted_at: Timestamp,
    },
    /// [`Event::WaitsForEsme`] of a receipt.
    ReceiptWaits {
        /// Of which text.
        message_id: MessageId,
        /// What it says.
        state: MessageState,
        /// The account.
        account: AccountIndex,
        /// Why.
        reason: WaitReason,
        /// How many things wait now.
        waiting: u32,
    },
    /// [`Event::Sent`] of a receipt.
    ReceiptSent {
        /// Of which text.
        message_id: MessageId,
        /// What it says.
        state: MessageState,
        /// The account.
        account: AccountIndex,
        /// The link.
        link: LinkId,
        /// When the text was submitted, or replaced.
        submitted_at: Timestamp,
    },
    /// [`Event::Answered`] of a receipt that was taken.
    ReceiptTaken {
        /// Of which text.
        message_id: MessageId,
        /// What it says.
        state: MessageState,
        /// The account.
        account: AccountIndex,
        /// The link.
        link: LinkId,
    },
    /// Any other.
    Event(Box<Event>),
}

/// Names an account by its place in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountIndex(pub(crate) u16);

/// An [`Address`] that is written in decimal digits, in few octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Number {
    /// What its digits write with a 1 before them, which keeps leading zeros; as octets, so that a note has no gaps.
    digits: [u8; 8],
    ton: u8,
    npi: u8,
}

impl Number {
    /// An address in short; none for one with anything but 1 to 18 decimal digits.
    pub fn of(address: &Address) -> Option<Self> {
        let length = u32::try_from(address.digits.len()).ok()?;
        let number = sms::address::number(&address.digits).filter(|_| length <= 18)?;
        Some(Self {
            digits: (10_u64.pow(length) + number).to_ne_bytes(),
            ton: address.ton.into(),
            npi: address.npi.into(),
        })
    }

    /// The address.
    pub fn address(self) -> Address {
        let digits = sms::address::decimal(u64::from_ne_bytes(self.digits), 0);
        Address::new(self.ton.into(), self.npi.into(), &digits[1..])
    }
}

impl Smsc {
    /// Spells out a note of this message centre's.
    pub fn event(&self, note: &Note) -> Event {
        let system_id = |account: AccountIndex| self.esmes[usize::from(account.0)].account.system_id.clone();
        match *note {
            Note::Accepted {
                message_id,
                account,
                source,
                to,
                carrier,
                segments,
                expires_at,
            } => Event::Accepted {
                message_id,
                system_id: Some(system_id(account)),
                source: source.address(),
                to,
                carrier: self.carrier_at(carrier).name.clone(),
                segments,
                scheduled_at: None,
                expires_at,
            },
            Note::Paged {
                message_id,
                attempt,
                to,
                segment,
                segments,
            } => Event::Paged {
                message_id,
                attempt,
                to,
                segment,
                segments,
            },
            Note::Finished {
                message_id,
                to,
                state,
                cause,
                attempts,
                submitted_at: _,
            } => Event::Finished {
                message_id,
                to,
                state,
                cause,
                attempts,
            },
            Note::ReceiptWaits {
                message_id,
                state,
                account,
                reason,
                waiting,
            } => Event::WaitsForEsme {
                parcel: Parcel::Receipt { message_id, state },
                system_id: system_id(account),
                reason,
                waiting: waiting as usize,
            },
            Note::ReceiptSent {
                message_id,
                state,
                account,
                link,
                submitted_at: _,
            } => Event::Sent {
                parcel: Parcel::Receipt { message_id, state },
                system_id: system_id(account),
                link,
            },
            Note::ReceiptTaken {
                message_id,
                state,
                account,
                link,
            } => Event::Answered {
                parcel: Parcel::Receipt { message_id, state },
                system_id: system_id(account),
                link,
                status: Status::ESME_ROK,
                again: false,
            },
            Note::Event(ref event) => Event::clone(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_small() {
        assert!(size_of::<Note>() <= 40, "{}", size_of::<Note>());
    }

    #[test]
    fn a_number_in_short_is_the_address_again() {
        use sms::{Npi, Ton};
        for digits in ["1", "0", "007", "32665", "14155550101", "999999999999999999"] {
            let address = Address::new(Ton::Reserved(9), Npi::Other(3), digits);
            assert_eq!(Number::of(&address).map(Number::address), Some(address));
        }
        for digits in ["", "BOB", "+1415", "1234567890123456789"] {
            assert_eq!(
                Number::of(&Address::new(Ton::Unknown, Npi::Unknown, digits)),
                None,
                "{digits}"
            );
        }
    }
}
