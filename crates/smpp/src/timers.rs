//! The timers of a session as a value: [`Timers`].

use std::time::Duration;

/// How long a session waits for what (SMPP v3.4 §7.2, v5.0 §2.7); none switches a timer off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    /// From the connection to the bind, in the states open and outbound.
    pub session_init: Option<Duration>,
    /// From the last PDU of the peer to an `enquire_link`, while bound.
    pub enquire_link: Option<Duration>,
    /// From the last PDU of the peer to the end of the session, while bound.
    pub inactivity: Option<Duration>,
    /// From a request to its response; after an unbind, to the end of the connection.
    pub response: Option<Duration>,
    /// From the first octet of a PDU to its last; the owner of the [`Framer`](crate::Framer) keeps it.
    pub pdu_read: Option<Duration>,
}

impl Timers {
    /// Every timer off.
    pub const OFF: Self = Self {
        session_init: None,
        enquire_link: None,
        inactivity: None,
        response: None,
        pdu_read: None,
    };

    /// The shortest of those that a [`Session`](crate::Session) keeps; without any, as long as can be.
    pub(crate) fn shortest(&self) -> Duration {
        let others = [self.session_init, self.response].into_iter().flatten();
        others
            .chain([self.shortest_idle()])
            .min()
            .unwrap_or(Duration::MAX)
    }

    /// The shortest of those that a [`Session`](crate::Session) keeps while it is bound and waits for no response.
    pub(crate) fn shortest_idle(&self) -> Duration {
        let all = [self.enquire_link, self.inactivity];
        all.into_iter().flatten().min().unwrap_or(Duration::MAX)
    }
}

impl Default for Timers {
    /// What is usual among message centres: session_init and enquire_link 30 s, inactivity 300 s, response 10 s,
    /// pdu_read 10 s.
    fn default() -> Self {
        Self {
            session_init: Some(Duration::from_secs(30)),
            enquire_link: Some(Duration::from_secs(30)),
            inactivity: Some(Duration::from_secs(300)),
            response: Some(Duration::from_secs(10)),
            pdu_read: Some(Duration::from_secs(10)),
        }
    }
}
