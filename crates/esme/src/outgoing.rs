//! The texts on their way to the SMSC, part by part: [`Outgoing`].

use std::collections::VecDeque;

use sms::{Address, NumberRun, Reference, Segment, TooLong};

use crate::event::Unanswered;

/// One part of one text. Parts are sent in this order: texts as they were submitted, and each from its first
/// part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct PartId {
    text: u64,
    part: u8,
}

impl PartId {
    /// Which part it is, from 1.
    pub(crate) const fn number(self) -> u8 {
        self.part.saturating_add(1)
    }
}

/// The texts of which some part waits to be sent or answered.
#[derive(Debug)]
pub(crate) struct Outgoing {
    limits: Limits,
    /// The concatenation reference of the next long text.
    reference: u8,
    next_text: u64,
    texts: NumberRun<u64, Text>,
    queue: Line<PartId>,
    /// Texts with a part in the queue.
    waiting: usize,
    /// Texts with a part that the SMSC has, or may have: those that a receipt can be about.
    under_way: Line<u64>,
}

/// Things in their order, each once. What comes is mostly the last of them and what goes mostly the first, which costs no
/// search.
#[derive(Debug)]
struct Line<T>(VecDeque<T>);

impl<T: Ord> Line<T> {
    const fn new() -> Self {
        Self(VecDeque::new())
    }

    fn first(&self) -> Option<&T> {
        self.0.front()
    }

    fn last(&self) -> Option<&T> {
        self.0.back()
    }

    fn pop_first(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    /// Puts it in its place; false when it is there already.
    fn insert(&mut self, it: T) -> bool {
        if self.last().is_none_or(|last| *last < it) {
            self.0.push_back(it);
            return true;
        }
        match self.0.binary_search(&it) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, it);
                true
            }
        }
    }

    fn remove(&mut self, it: &T) {
        if self.first() == Some(it) {
            self.0.pop_front();
        } else if let Ok(place) = self.0.binary_search(it) {
            self.0.remove(place);
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue_max: usize,
    pub(crate) retries_max: u8,
    pub(crate) resends_max: u8,
    pub(crate) losses_max: u8,
}

#[derive(Debug)]
struct Text {
    token: u64,
    from: Address,
    to: Address,
    parts: Vec<Part>,
    /// Parts in the queue.
    queued: usize,
    /// Parts that the SMSC has taken.
    accepted: usize,
}

#[derive(Debug)]
struct Part {
    segment: Segment,
    /// Once the SMSC has taken it.
    message_id: Option<String>,
    retries: u8,
    resends: u8,
    losses: u8,
}

/// One part with what a `submit_sm` says about it.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) id: PartId,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) segment: Segment,
}

/// Why a text is not taken at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotTaken {
    QueueFull,
    TooLong(TooLong),
}

/// What an accepted part means for its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Accepted {
    /// The text is over already.
    TooLate,
    /// Other parts are to come.
    Part,
    /// That was the last one.
    Whole { token: u64, message_ids: Vec<String> },
}

/// Whether a part goes out once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Again {
    /// The text is over already.
    TooLate,
    /// It is back in its place; this is its next attempt of that kind, from 2.
    Queued { token: u64, attempt: u8 },
    /// That was once too often; the text is over.
    Refused { token: u64 },
}

impl Outgoing {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            reference: 0,
            next_text: 0,
            texts: NumberRun::default(),
            queue: Line::new(),
            waiting: 0,
            under_way: Line::new(),
        }
    }

    /// Takes a text, cut into its parts.
    pub(crate) fn take(
        &mut self,
        token: u64,
        from: Address,
        to: Address,
        text: &str,
    ) -> Result<(), NotTaken> {
        if self.waiting >= self.limits.queue_max {
            return Err(NotTaken::QueueFull);
        }
        let segments = Segment::split(text, Reference::Octet(self.reference)).map_err(NotTaken::TooLong)?;
        if segments.len() > 1 {
            self.reference = self.reference.wrapping_add(1);
        }
        let number = self.next_text;
        self.next_text += 1;
        self.waiting += 1;
        for (part, _) in (0..=u8::MAX).zip(&segments) {
            self.queue.insert(PartId { text: number, part });
        }
        let queued = segments.len();
        let parts = segments.into_iter().map(Part::new).collect();
        self.texts.insert(
            number,
            Text {
                token,
                from,
                to,
                parts,
                queued,
                accepted: 0,
            },
        );
        Ok(())
    }

    /// The number of texts of which some part waits to be sent.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// The oldest and the youngest text that a receipt can be about.
    pub(crate) fn under_way(&self) -> Option<(u64, u64)> {
        Some((*self.under_way.first()?, *self.under_way.last()?))
    }

    /// Takes the next part out of the queue to send it.
    pub(crate) fn pop(&mut self) -> Option<Submission> {
        let id = self.queue.pop_first()?;
        let text = self.texts.get_mut(id.text)?;
        text.queued -= 1;
        if text.queued == 0 {
            self.waiting -= 1;
        }
        let submission = Submission {
            id,
            from: text.from.clone(),
            to: text.to.clone(),
            segment: text.parts[usize::from(id.part)].segment.clone(),
        };
        self.under_way.insert(id.text);
        Some(submission)
    }

    /// Puts a part back in its place; none when its text is over.
    pub(crate) fn put_back(&mut self, id: PartId) -> Option<u64> {
        let text = self.texts.get_mut(id.text)?;
        if self.queue.insert(id) {
            if text.queued == 0 {
                self.waiting += 1;
            }
            text.queued += 1;
        }
        if text.queued == text.parts.len() {
            self.under_way.remove(&id.text);
        }
        Some(text.token)
    }

    /// Puts a part back after the SMSC has failed, if it may go out again.
    pub(crate) fn retry(&mut self, id: PartId) -> Again {
        let retries_max = self.limits.retries_max;
        self.again(id, |part| (&mut part.retries, retries_max))
    }

    /// Puts a part back that was not answered, if it may go out again.
    pub(crate) fn resend(&mut self, id: PartId, cause: Unanswered) -> Again {
        let Limits {
            resends_max,
            losses_max,
            ..
        } = self.limits;
        self.again(id, |part| match cause {
            Unanswered::TimedOut => (&mut part.resends, resends_max),
            Unanswered::LinkLost => (&mut part.losses, losses_max),
        })
    }

    fn again(&mut self, id: PartId, counter: impl Fn(&mut Part) -> (&mut u8, u8)) -> Again {
        let Some(text) = self.texts.get_mut(id.text) else {
            return Again::TooLate;
        };
        let token = text.token;
        let (count, count_max) = counter(&mut text.parts[usize::from(id.part)]);
        if *count >= count_max {
            self.remove(id);
            return Again::Refused { token };
        }
        *count += 1;
        let attempt = count.saturating_add(1);
        self.put_back(id);
        Again::Queued { token, attempt }
    }

    /// Notes that the SMSC has taken a part.
    pub(crate) fn accept(&mut self, id: PartId, message_id: String) -> Accepted {
        let Some(text) = self.texts.get_mut(id.text) else {
            return Accepted::TooLate;
        };
        if text.parts[usize::from(id.part)]
            .message_id
            .replace(message_id)
            .is_none()
        {
            text.accepted += 1;
        }
        if text.accepted < text.parts.len() {
            return Accepted::Part;
        }
        match self.remove(id) {
            Some(text) => Accepted::Whole {
                token: text.token,
                message_ids: text
                    .parts
                    .into_iter()
                    .filter_map(|part| part.message_id)
                    .collect(),
            },
            None => Accepted::TooLate,
        }
    }

    /// Ends the text of a part: nothing more of it is sent. Gives its token; none when it is over already.
    pub(crate) fn refuse(&mut self, id: PartId) -> Option<u64> {
        self.remove(id).map(|text| text.token)
    }

    fn remove(&mut self, id: PartId) -> Option<Text> {
        let text = self.texts.remove(id.text)?;
        if text.queued > 0 {
            self.waiting -= 1;
            for (part, _) in (0..=u8::MAX).zip(&text.parts) {
                self.queue.remove(&PartId { text: id.text, part });
            }
        }
        self.under_way.remove(&id.text);
        Some(text)
    }
}

impl Part {
    const fn new(segment: Segment) -> Self {
        Self {
            segment,
            message_id: None,
            retries: 0,
            resends: 0,
            losses: 0,
        }
    }
}
