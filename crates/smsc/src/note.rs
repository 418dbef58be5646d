//! What happened, in a form that is cheap to keep: [`Note`], which [`Smsc::event`] spells out.

use smpp::{LinkId, Status};
use sms::{MessageState, Msisdn, Number, Timestamp};

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
}
