//! What has arrived at an actor, in order: [`Inbox`]. Its next unclaimed item is what `<` is about.

use std::collections::VecDeque;

use platform::{CallId, Uid};
use sms::{Encoding, Timestamp};

use crate::runner::stage::Reply;
use crate::text::quoted;

/// What has arrived at one actor.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    items: VecDeque<Item>,
    /// The first item that may be unclaimed; all before it are claimed.
    first: usize,
}

/// Something that arrived.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its place in the order of all records.
    pub seq: u64,
    pub at: Timestamp,
    pub content: Content,
    pub claimed: bool,
}

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A text on a phone.
    Text {
        from: String,
        text: String,
        parts: u8,
        encoding: Encoding,
    },
    /// A person's text at an app.
    Callback {
        user: Uid,
        session: u32,
        message: String,
        new_user: bool,
        signed: bool,
    },
}

impl Inbox {
    pub fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    /// The items that no line has claimed, oldest first, with their places.
    pub fn unclaimed(&self) -> impl Iterator<Item = (usize, &Item)> {
        (self.first..)
            .zip(self.items.range(self.first..))
            .filter(|(_, item)| !item.claimed)
    }

    /// All items from record `seq` on, oldest first.
    pub fn since(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Item> {
        let first = self.items.partition_point(|item| item.seq < seq);
        self.items.range(first..)
    }

    /// Claims everything; what it was, by record.
    pub fn claim_all(&mut self) {
        for item in self.items.range_mut(self.first..) {
            item.claimed = true;
        }
        self.first = self.items.len();
    }

    /// Drops the oldest items when there are more than `max`.
    pub fn shorten(&mut self, max: usize) {
        if self.items.len() > max {
            let dropped = self.items.len() - max / 2;
            self.items.drain(..dropped);
            self.first = self.first.saturating_sub(dropped);
        }
    }

    /// Drops the items before the first that no line has claimed: no line is about them again.
    pub fn forget_claimed(&mut self) {
        self.items.drain(..self.first);
        self.first = 0;
    }

    /// Claims the item at that place.
    pub fn claim(&mut self, place: usize) {
        if let Some(item) = self.items.get_mut(place) {
            item.claimed = true;
        }
        while self.items.get(self.first).is_some_and(|item| item.claimed) {
            self.first += 1;
        }
    }
}

impl Item {
    pub const fn new(seq: u64, at: Timestamp, content: Content) -> Self {
        Self {
            seq,
            at,
            content,
            claimed: false,
        }
    }
}

impl Content {
    /// A person's text among the fields of a callback; none for a ping.
    pub fn callback(user: Uid, fields: &[(String, String)], signed: bool) -> Option<Self> {
        let field = |name: &str| {
            fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str())
        };
        field("fb_sig_sms")?;
        Some(Self::Callback {
            user,
            session: field("fb_sig_sms_sid")
                .and_then(|session| session.parse().ok())
                .unwrap_or_default(),
            message: field("fb_sig_message").unwrap_or_default().to_owned(),
            new_user: field("fb_sig_sms_new_user").is_some(),
            signed,
        })
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text, .. } => text,
            Self::Callback { message, .. } => message,
        }
    }

    /// As a scenario line says it behind the `<`; `user_name` names a callback's user.
    pub fn line(&self, user_name: &str) -> String {
        match self {
            Self::Text { text, from, .. } => format!("{}, from {from}", quoted(text)),
            Self::Callback {
                message, new_user, ..
            } => {
                format!(
                    "{user_name} {}{}",
                    quoted(message),
                    if *new_user { ", new" } else { "" }
                )
            }
        }
    }
}

/// A call of the API that an app made by itself.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub call: CallId,
    pub at: Timestamp,
    pub params: Vec<(String, String)>,
    pub reply: Option<Reply>,
    pub claimed: bool,
}

impl Said {
    /// A parameter of the call.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(param, _)| param == name)
            .map(|(_, value)| value.as_str())
    }
}
