//! Memory that is needed soon, asked for together.
//!
//! What a text meets lies where it was last used: its octets in the cache of the core that read them, a full inbox and what
//! the ring of records turns out in no cache at all. Asked for one after the other, each costs a way to memory; asked for
//! together, they are on their way together. Nothing depends on what is read here.

use std::hint::black_box;

use handset::InboxText;
use smpp::{Frame, Pdu};
use sms::{Msisdn, NumberMap};

use crate::ring::Kept;
use crate::world::{Hop, Phone};

/// How many of what is next are looked at together: about as many ways to memory as a core has open at one time.
pub(crate) const TOGETHER: usize = 16;

/// What the next frames bring.
pub(crate) fn frames(frames: &[Frame]) {
    read(frames.iter().filter_map(|frame| match frame {
        Frame::Pdu { command, raw, .. } => {
            let text = match &command.pdu {
                Pdu::SubmitSm(message) => first(&message.short_message),
                _ => 0,
            };
            Some(text ^ first(raw))
        }
        Frame::Malformed { .. } | Frame::Broken { .. } => None,
    }));
}

/// What the next hops bring to phones, the phones, and what makes room there: first all that is brought and all phones, then
/// all their oldest texts, then the octets of those, so that no way to memory waits for another phone's.
pub(crate) fn hops<'a>(hops: impl Iterator<Item = &'a Hop>, phones: &NumberMap<Msisdn, Phone>) {
    let (mut oldest, mut octets) = ([None; TOGETHER], [None; TOGETHER]);
    let mut brought = 0;
    for (hop, oldest) in hops.zip(&mut oldest) {
        if let Hop::Page { to, segment, .. } = hop {
            brought ^= first(&segment.user_data);
            *oldest = phones.get(*to).and_then(|phone| phone.handset.inbox().oldest());
        }
    }
    black_box(brought);
    for (oldest, octets) in oldest.iter().zip(&mut octets) {
        *octets = oldest.and_then(InboxText::octets);
    }
    read(octets.into_iter().flatten().map(first));
}

/// How many records are looked at together: they stand in a line, and few of them hold memory elsewhere.
pub(crate) const RECORDS_TOGETHER: usize = 4 * TOGETHER;

/// The records that make room for the next.
pub(crate) fn kept<T>(kept: &[(T, Kept)]) {
    read(kept.iter().filter_map(|(_, kept)| match kept {
        Kept::Received { octets, .. } => Some(first(octets)),
        Kept::ApiCall { params, .. } => Some(first(params.octets())),
        Kept::ApiReply(kept) => Some(kept.call.0 as u8),
        Kept::Decision(kept) => Some(first(kept.text.as_bytes())),
        Kept::Submitted { text, .. } => Some(first(text.as_bytes())),
        _ => None,
    }));
}

fn first(octets: &[u8]) -> u8 {
    octets.first().copied().unwrap_or_default()
}

fn read(octets: impl Iterator<Item = u8>) {
    black_box(octets.fold(0, |all, octet| all ^ octet));
}
