//! What will happen next without any input: [`Coming`], for whoever shows a clock.

use std::fmt;

use platform::AppId;
use serde::Serialize;
use sms::{Msisdn, Timestamp};

use crate::world::{Hop, World};

/// What a world will do next, as far as it can be told without doing it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Coming {
    /// A segment reaches a phone, or fails to.
    Page {
        /// The phone; none when the attempt fails in the network.
        to: Option<Msisdn>,
    },
    /// A segment reaches the message centre, or a PDU the end of a link.
    Network,
    /// An app has had its time to answer a callback.
    CallbackTimeout {
        /// The app.
        app: Option<AppId>,
    },
    /// The message centre acts on a timer: a retry, an expiry, a receipt.
    MessageCentre,
    /// The platform's end of the link acts on a timer.
    Link,
    /// A session, a cached request or a code of the platform expires.
    Platform,
    /// A phone shows what it has of an incomplete text.
    Phone {
        /// The phone.
        phone: Msisdn,
    },
}

impl fmt::Display for Coming {
    /// As `the platform: a session, a cached request or a code expires`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page { to: Some(to) } => write!(f, "a text reaches {to}"),
            Self::Page { to: None } => f.write_str("a text does not reach its phone"),
            Self::Network => f.write_str("a text or PDU is on its way"),
            Self::CallbackTimeout { .. } => f.write_str("an app's time to answer a callback is over"),
            Self::MessageCentre => f.write_str("the SMSC: a retry, an expiry or a receipt"),
            Self::Link => f.write_str("fbook's SMPP link: a timer"),
            Self::Platform => f.write_str("fbook: a session, a cached request or a code expires"),
            Self::Phone { phone } => write!(f, "{phone} shows an incomplete text"),
        }
    }
}

impl World {
    /// When something will happen without any input, and what. It is [`World::next_wakeup`] with the reason; what comes
    /// after that instant is not looked at.
    pub fn coming(&self) -> Option<(Timestamp, Coming)> {
        let at = self.next_wakeup()?;
        let due = |wakeup: Option<Timestamp>| wakeup.is_some_and(|wakeup| wakeup <= at);
        let hop = self.queue.peek(self.now).filter(|(due, _)| *due <= at);
        let what = match hop {
            Some((_, Hop::Page { to, .. } | Hop::NetworkText { to, .. })) => Coming::Page { to: Some(*to) },
            Some((_, Hop::PageFailed { .. })) => Coming::Page { to: None },
            Some((_, Hop::Broadcast(_) | Hop::PageAnswered { .. })) => Coming::Network,
            Some((_, Hop::CallbackTimeout(callback))) => Coming::CallbackTimeout {
                app: self.callbacks.get(callback).map(|callback| callback.app),
            },
            Some((_, Hop::Smsc(_) | Hop::Esme(_) | Hop::Platform(_) | Hop::Octets { .. })) => Coming::Network,
            None if due(self.smsc.next_wakeup()) => Coming::MessageCentre,
            None if due(self.esme.next_wakeup()) => Coming::Link,
            None if due(self.platform.next_wakeup()) => Coming::Platform,
            None => match self.next_phone() {
                Some(phone) => Coming::Phone { phone },
                None => Coming::Network,
            },
        };
        Some((at, what))
    }
}
