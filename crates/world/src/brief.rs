//! A record as it is kept, for who reads every one of them: [`Brief`].

use platform::{CallId, SubmissionId};
use sms::{MessageState, Timestamp};

use crate::record::{Event, Toward};
use crate::ring::Kept;
use crate::wire_pdu::WirePdu;
use crate::world::World;

/// A record that is not spelt out. To look at it costs nothing but the look.
#[derive(Clone, Copy, Debug)]
pub enum Brief<'a> {
    /// [`Event::Smsc`].
    Smsc(&'a smsc::Note),
    /// [`Event::Pdu`] of a PDU that could be read and holds no password.
    Pdu {
        /// The link.
        link: u64,
        /// Its direction.
        toward: Toward,
        /// The PDU.
        pdu: &'a WirePdu,
    },
    /// [`Event::OnAir`].
    OnAir,
    /// [`Event::Received`].
    Received,
    /// [`Event::ApiCall`].
    ApiCall {
        /// The call.
        call: CallId,
        /// The method, as the caller spelt it.
        method: &'a str,
    },
    /// [`Event::ApiReply`].
    ApiReply {
        /// The call.
        call: CallId,
        /// The refusal's number.
        error_code: Option<u16>,
    },
    /// [`Event::Receipt`].
    Receipt {
        /// The text.
        submission: SubmissionId,
        /// What became of it.
        state: MessageState,
    },
    /// [`Event::Decision`], [`Event::Submitted`] or [`Event::SubmitAnswered`] about one part that was taken.
    Platform,
    /// Any other, and a PDU that could not be read or holds a password.
    Event(&'a Event),
}

impl World {
    /// What [`World::records_since`] gives, not spelt out.
    pub fn briefs_since(&self, seq: u64) -> impl ExactSizeIterator<Item = (Timestamp, Brief<'_>)> {
        self.records
            .since(seq)
            .map(|(_, (at, kept))| (*at, Brief::from(kept)))
    }

    /// Those of them that not every text or call brings, which are few: [`Brief::Event`], and [`Brief::Smsc`] of an event.
    pub fn events_since(&self, seq: u64) -> impl Iterator<Item = (Timestamp, Brief<'_>)> {
        self.records
            .events_since(seq)
            .map(|(at, kept)| (*at, Brief::from(kept)))
    }
}

impl<'a> From<&'a Kept> for Brief<'a> {
    fn from(kept: &'a Kept) -> Self {
        match kept {
            Kept::Smsc(note) => Brief::Smsc(note),
            Kept::Pdu { link, toward, pdu } => Brief::Pdu {
                link: *link,
                toward: *toward,
                pdu,
            },
            Kept::OnAir { .. } => Brief::OnAir,
            Kept::Received { .. } | Kept::ReceivedWhole { .. } => Brief::Received,
            Kept::ApiCall { call, params } => Brief::ApiCall {
                call: *call,
                method: params.value("method").unwrap_or_default(),
            },
            Kept::ApiReply(kept) => Brief::ApiReply {
                call: kept.call,
                error_code: kept.error_code,
            },
            Kept::Receipt { submission, state } => Brief::Receipt {
                submission: *submission,
                state: *state,
            },
            Kept::Decision(_) | Kept::Submitted { .. } | Kept::Taken { .. } => Brief::Platform,
            Kept::Event(event) => Brief::Event(event),
        }
    }
}
