//! The records that are kept: [`Ring`], and [`Kept`], the short form that they have in it.
//!
//! Most records are never read. What every text brings is kept as it is at hand, and spelt out when somebody reads it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;

use compact_str::CompactString;
use handset::InboxText;
use platform::{AppId, CallId, Decision, DecisionCode, SessionId, SubmissionId, Uid};
use sms::{MessageState, Msisdn, Number, Octets, Originator, ShortCode, Timestamp};
use smsc::CarrierIndex;

use crate::ahead;
use crate::record::{CALL_OCTETS_MAX, Event, Toward};
use crate::wire_pdu::WirePdu;

/// What is kept of a record.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// [`Event::Smsc`].
    Smsc(smsc::Note),
    /// [`Event::Pdu`] of a PDU that could be read and holds no password: everything else is in it.
    Pdu { link: u64, toward: Toward, pdu: WirePdu },
    /// [`Event::OnAir`].
    OnAir {
        handset: Msisdn,
        carrier: CarrierIndex,
        mobile_originated: bool,
        latency_us: u64,
        lost: bool,
    },
    /// [`Event::Received`] of a text that came in one segment, from a number.
    Received {
        handset: Msisdn,
        from: Number,
        octets: Octets,
        data_coding: u8,
        udhi: bool,
    },
    /// [`Event::Received`] of any other.
    ReceivedWhole { handset: Msisdn, text: Box<InboxText> },
    /// [`Event::ApiCall`].
    ApiCall {
        call: CallId,
        params: rest::noted::Pairs,
    },
    /// [`Event::ApiReply`].
    ApiReply(Box<ApiReply>),
    /// [`Event::Decision`].
    Decision(Decided),
    /// [`Event::Submitted`].
    Submitted {
        submission: SubmissionId,
        to: Msisdn,
        from: ShortCode,
        text: Box<str>,
    },
    /// [`Event::SubmitAnswered`] about a text of one part that was taken.
    Taken {
        submission: SubmissionId,
        message_id: CompactString,
    },
    /// [`Event::Receipt`].
    Receipt {
        submission: SubmissionId,
        state: MessageState,
    },
    /// Any other.
    Event(Box<Event>),
}

impl Kept {
    /// Whether it is what not every text or call brings.
    const fn is_event(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Smsc(smsc::Note::Event(_)))
    }

    /// Of a text that a phone shows.
    pub(crate) fn received(handset: Msisdn, text: InboxText) -> Self {
        let Originator::Number(from) = text.from else {
            let text = Box::new(text);
            return Self::ReceivedWhole { handset, text };
        };
        match text.into_segment() {
            Ok((_, segment)) => Self::Received {
                handset,
                from,
                octets: segment.user_data,
                data_coding: segment.data_coding,
                udhi: segment.udhi,
            },
            Err(text) => Self::ReceivedWhole {
                handset,
                text: Box::new(text),
            },
        }
    }

    /// Of a text whose parts the message centre has taken under those names.
    pub(crate) fn taken(submission: SubmissionId, message_ids: Vec<String>) -> Self {
        match message_ids.as_slice() {
            [message_id] => Self::Taken {
                submission,
                message_id: message_id.into(),
            },
            _ => Self::Event(Box::new(Event::SubmitAnswered {
                submission,
                message_ids,
                command_status: 0,
            })),
        }
    }
}

/// What is kept of an answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiReply {
    pub(crate) call: CallId,
    app: Option<AppId>,
    pub(crate) error_code: Option<u16>,
    /// The summary, and behind it the body.
    text: CompactString,
    summary_end: usize,
}

impl ApiReply {
    /// Of an answer to that call, without what is `hidden`.
    pub(crate) fn new(call: CallId, response: &rest::Response, hidden: &[String]) -> Self {
        let body = rest::Noted::beginning_without(hidden, &response.body, CALL_OCTETS_MAX);
        let mut text = CompactString::default();
        // Writing to a string cannot fail.
        let _ = write!(text, "{response}");
        if let Cow::Owned(shown) = rest::Noted::without(hidden, &text) {
            text = shown.into();
        }
        let summary_end = text.len();
        text.push_str(&body);
        Self {
            call,
            app: response.summary.app,
            error_code: response.error_code,
            text,
            summary_end,
        }
    }

    pub(crate) fn event(&self) -> Event {
        let (summary, body) = self.text.split_at(self.summary_end);
        Event::ApiReply {
            call: self.call,
            app: self.app,
            error_code: self.error_code,
            summary: summary.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// What is kept of a decision, without a box around it.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    code: DecisionCode,
    /// Whether user, app and session are some.
    known: [bool; 3],
    session: SessionId,
    user: Uid,
    app: AppId,
    pub(crate) text: Box<str>,
}

impl From<Decision> for Decided {
    fn from(decision: Decision) -> Self {
        let Decision {
            code,
            user,
            app,
            session,
            text,
        } = decision;
        Self {
            code,
            known: [user.is_some(), app.is_some(), session.is_some()],
            session: session.unwrap_or(SessionId(0)),
            user: user.unwrap_or(Uid(0)),
            app: app.unwrap_or(AppId(0)),
            text: text.into(),
        }
    }
}

impl Decided {
    pub(crate) fn event(&self) -> Event {
        let [user, app, session] = self.known;
        Event::Decision(Decision {
            code: self.code,
            user: user.then_some(self.user),
            app: app.then_some(self.app),
            session: session.then_some(self.session),
            text: self.text.to_string(),
        })
    }
}

/// The last `records_max` records, and the number of all.
#[derive(Debug)]
pub(crate) struct Ring {
    kept: Vec<(Timestamp, Kept)>,
    /// The place of the next: behind all of them, or that of the oldest, once there is no room for more.
    next: usize,
    records_max: usize,
    next_seq: u64,
    /// The numbers of the events among the records.
    events: VecDeque<u64>,
}

impl Ring {
    /// An empty ring.
    pub fn new(records_max: usize) -> Self {
        Self {
            kept: Vec::new(),
            next: 0,
            records_max: records_max.max(1),
            next_seq: 0,
            events: VecDeque::new(),
        }
    }

    /// Adds a record; the oldest goes when the ring is full.
    pub fn push(&mut self, at: Timestamp, kept: Kept) {
        if kept.is_event() {
            self.note_event();
        }
        self.next_seq += 1;
        if self.next.is_multiple_of(ahead::RECORDS_TOGETHER) {
            let leaving = self.kept.get(self.next..).unwrap_or_default();
            ahead::kept(&leaving[..leaving.len().min(ahead::RECORDS_TOGETHER)]);
        }
        match self.kept.get_mut(self.next) {
            Some(oldest) => *oldest = (at, kept),
            None => self.kept.push((at, kept)),
        }
        self.next += 1;
        if self.next == self.records_max {
            self.next = 0;
        }
    }

    /// The next record is an event.
    #[cold]
    fn note_event(&mut self) {
        let oldest = self.oldest_seq();
        while self.events.pop_front_if(|seq| *seq < oldest).is_some() {}
        self.events.push_back(self.next_seq);
    }

    /// The number of the oldest record.
    fn oldest_seq(&self) -> u64 {
        self.next_seq - self.kept.len() as u64
    }

    /// The number that the next record will have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The records from number `seq` on, as far as they are still in the ring, oldest first, with their numbers.
    pub fn since(
        &self,
        seq: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, &(Timestamp, Kept))> + ExactSizeIterator {
        let oldest = self.oldest_seq();
        let skip = usize::try_from(seq.saturating_sub(oldest))
            .unwrap_or(usize::MAX)
            .min(self.kept.len());
        let first = oldest + skip as u64;
        let count = self.kept.len() - skip;
        (0..count).map(move |nth| (first + nth as u64, self.nth(skip + nth)))
    }

    /// Those of them that are events, without their numbers.
    pub fn events_since(&self, seq: u64) -> impl Iterator<Item = &(Timestamp, Kept)> {
        let oldest = self.oldest_seq();
        let newest_first = self.events.iter().rev();
        let wanted = newest_first.take_while(|event| **event >= seq.max(oldest));
        let first = self.events.len() - wanted.count();
        let events = self.events.range(first..);
        events.map(move |event| self.nth((event - oldest) as usize))
    }

    /// The record in that place behind the oldest.
    fn nth(&self, place: usize) -> &(Timestamp, Kept) {
        let place = self.next + place;
        let place = place.checked_sub(self.kept.len()).unwrap_or(place);
        &self.kept[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest_and_counts_all() {
        let mut records = Ring::new(3);
        for n in 0..5 {
            records.push(Timestamp::EPOCH, changed(n));
        }
        let kept: Vec<u64> = records.since(0).map(|(seq, _)| seq).collect();
        assert_eq!(kept, [2, 3, 4]);
        assert_eq!(records.next_seq(), 5);
        assert_eq!(records.since(4).len(), 1);
        assert_eq!(records.since(9).len(), 0);
    }

    fn changed(n: u64) -> Kept {
        let what = n.to_string();
        Kept::Event(Box::new(Event::Changed { what }))
    }

    fn receipt(n: u64) -> Kept {
        Kept::Receipt {
            submission: SubmissionId(n),
            state: MessageState::Delivered,
        }
    }

    #[test]
    fn events_are_found_among_what_every_text_brings() {
        const RECORDS_MAX: u64 = 100;
        let mut ring = Ring::new(RECORDS_MAX as usize);
        for n in 0..10 * RECORDS_MAX {
            let kept = if n.is_multiple_of(7) {
                changed(n)
            } else {
                receipt(n)
            };
            ring.push(Timestamp::EPOCH, kept);
            for seq in [0, n.saturating_sub(50), n, n + 1] {
                let events = ring.events_since(seq).map(|(_, kept)| format!("{kept:?}"));
                let first = seq.max((n + 1).saturating_sub(RECORDS_MAX));
                let expected = (first..=n).filter(|n| n.is_multiple_of(7));
                let expected = expected.map(|n| format!("{:?}", changed(n)));
                assert_eq!(events.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            }
            assert!(ring.events.len() as u64 <= RECORDS_MAX / 7 + 2);
        }
    }

    #[test]
    fn what_is_kept_is_small() {
        assert!(size_of::<Kept>() <= 48, "{}", size_of::<Kept>());
    }
}
