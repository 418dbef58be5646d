//! The texts that a phone has shown: [`Inbox`], [`InboxText`].

use sms::{Encoding, Originator, Segment, Timestamp};

/// A text as a phone shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct InboxText {
    /// Who sent it.
    pub from: Originator,
    pub(crate) content: Content,
    /// The number of segments that it was assembled from.
    pub parts: u8,
    /// How many segments of it never came; 0 for a whole text.
    pub missing: u8,
    /// What its octets were.
    pub encoding: Encoding,
    /// When it was shown.
    pub at: Timestamp,
}

/// What a text was shown from. Most texts are never read, so that a text of one segment is decoded when somebody reads it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Content {
    /// All that there was.
    Segment(Segment),
    /// Several segments, put together.
    Assembled(String),
}

impl InboxText {
    /// What it says; when segments are missing, what there is of it.
    pub fn text(&self) -> String {
        match &self.content {
            Content::Segment(segment) => segment.text(),
            Content::Assembled(text) => text.clone(),
        }
    }

    /// The octets of the segment that it came in, if it came in one.
    pub fn octets(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Segment(segment) => Some(&segment.user_data),
            Content::Assembled(_) => None,
        }
    }

    /// The segment that it came in, if it came in one; else the text again.
    ///
    /// # Errors
    ///
    /// The text, when it came in several.
    pub fn into_segment(self) -> Result<(Originator, Segment), Self> {
        match self.content {
            Content::Segment(segment) => Ok((self.from, segment)),
            Content::Assembled(_) => Err(self),
        }
    }
}

/// The most recent texts of a phone, oldest first, and how many there were in all.
///
/// It is a window for observers, not the phone's memory: the oldest text makes room for the next one.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// A ring, once there is no room for more.
    texts: Vec<InboxText>,
    /// The place of the oldest.
    oldest: usize,
    received: u64,
    unread: u64,
}

impl Inbox {
    /// The most recent texts, oldest first.
    pub fn texts(&self) -> impl DoubleEndedIterator<Item = &InboxText> + ExactSizeIterator {
        let count = self.texts.len();
        (0..count).map(move |nth| {
            let place = self.oldest + nth;
            &self.texts[place.checked_sub(count).unwrap_or(place)]
        })
    }

    /// The oldest of the texts.
    pub fn oldest(&self) -> Option<&InboxText> {
        self.texts.get(self.oldest)
    }

    /// How many texts the phone has shown, with those that the ring no longer holds.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many texts it has shown since its owner last read them.
    pub const fn unread(&self) -> u64 {
        self.unread
    }

    /// Adds a text to at most `inbox_max`, which is the same every time.
    pub(crate) fn push(&mut self, text: InboxText, inbox_max: u16) {
        self.received += 1;
        self.unread += 1;
        let (count, room) = (self.texts.len(), usize::from(inbox_max));
        if count < room {
            if count == self.texts.capacity() {
                // Twice as much, and never more than there is room for.
                self.texts.reserve_exact(count.max(4).min(room - count));
            }
            self.texts.push(text);
        } else if let Some(oldest) = self.texts.get_mut(self.oldest) {
            *oldest = text;
            self.oldest = if self.oldest + 1 == count {
                0
            } else {
                self.oldest + 1
            };
        }
    }

    pub(crate) const fn read(&mut self) {
        self.unread = 0;
    }
}
