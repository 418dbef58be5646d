//! A check as data: [`Check`], its [`Step`]s and what they wait for.

use smpp::{BindKind, Pdu, Status};

use crate::conform::Target;
use crate::conform::known::Known;

/// One thing that a message centre has to do.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name on the command line and in the conformance table.
    pub id: &'static str,
    /// Where the specification says so.
    pub section: &'static str,
    /// What has to be so.
    pub fact: &'static str,
    /// The `interface_version`s with which it is tried.
    pub versions: &'static [u8],
    /// Statuses by which a message centre says in order that it does not offer this.
    pub unsupported: &'static [Status],
    /// What it needs to know of the message centre.
    pub need: Need,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// What a check needs besides an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A number whose texts fail.
    NumberThatFails,
    /// A number whose phone is off.
    NumberThatIsAbsent,
    /// A number, a text for which makes the message centre unbind.
    NumberThatUnbinds,
    /// The time for which to be silent.
    Idle,
}

/// One step of a check. Requests go over the connection that was opened last, unless [`Step::On`] says otherwise.
#[derive(Clone, Debug)]
pub enum Step {
    /// Opens a connection.
    Connect,
    /// Goes on with the connection of that number, from 0.
    On(usize),
    /// Opens a connection and binds; it must succeed.
    Bind(BindKind),
    /// Sends a request.
    Send(fn(&Known) -> Pdu),
    /// Sends a request with that `sequence_number`.
    SendAs(u32, fn(&Known) -> Pdu),
    /// Sends a request in as many packets as it has octets.
    SendSlowly(fn(&Known) -> Pdu),
    /// Sends several requests in one write.
    SendTogether(fn(&Known) -> Vec<Pdu>),
    /// Sends octets as they are. With a sequence number, an answer is waited for as for a request of that command id.
    Octets(fn(&Known) -> Vec<u8>, Option<(u32, u32)>),
    /// Leaves what the message centre sends unanswered from now on.
    FallSilent,
    /// Ends the connection without a word.
    Hang,
    /// Binds and unbinds on so many connections at a time, so many times each.
    Storm { links: usize, rounds: usize },
    /// Waits.
    Await(Awaited),
    /// Looks at what has come; the name of what is looked at, and what is wrong with it.
    See(&'static str, fn(&Known) -> Result<(), String>),
}

/// What a step waits for.
#[derive(Clone, Debug)]
pub enum Awaited {
    /// Each request that was sent gets its own response with one of these statuses.
    Answer(&'static [Status]),
    /// The same, but a `generic_nack` with the request's number and one of these statuses does as well.
    AnswerOrNack(&'static [Status]),
    /// The same, but the connection may be closed instead.
    AnswerOrEnd(&'static [Status]),
    /// A `generic_nack` with one of these statuses and one of these sequence numbers.
    Nack(&'static [Status], &'static [u32]),
    /// The message centre closes the connection.
    End,
    /// It goes on: an `enquire_link` is answered, and nothing else comes before.
    Alive,
    /// A request of the message centre's that fits; the words say what is waited for.
    Request(&'static str, fn(&Known, &Pdu) -> bool),
    /// The same, for as long as the command line says.
    RequestWhenIdle(&'static str, fn(&Known, &Pdu) -> bool),
}

impl Check {
    /// A check of v3.4 whose answers all have to come as they stand.
    pub fn new(id: &'static str, section: &'static str, fact: &'static str, steps: Vec<Step>) -> Self {
        Self {
            id,
            section,
            fact,
            versions: &[0x34],
            unsupported: &[],
            need: Need::Nothing,
            steps,
        }
    }

    /// The same with other versions.
    pub fn versions(self, versions: &'static [u8]) -> Self {
        Self { versions, ..self }
    }

    /// The same where a message centre may say that it does not offer this.
    pub fn or(self, unsupported: &'static [Status]) -> Self {
        Self { unsupported, ..self }
    }

    /// The same with a need.
    pub fn needs(self, need: Need) -> Self {
        Self { need, ..self }
    }

    /// The versions as people write them: `3.3 3.4 5.0`.
    pub fn versions_told(&self) -> String {
        let versions: Vec<String> = self
            .versions
            .iter()
            .map(|version| format!("{}.{}", version >> 4, version & 0x0F))
            .collect();
        versions.join(" ")
    }
}

impl Need {
    /// The option that would give what is needed, when it is not there.
    pub fn missing(self, target: &Target) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::NumberThatFails => target.to_fail.is_none().then_some("it needs --to-fail"),
            Self::NumberThatIsAbsent => target.to_absent.is_none().then_some("it needs --to-absent"),
            Self::NumberThatUnbinds => target.to_unbind.is_none().then_some("it needs --to-unbind"),
            Self::Idle => target.idle.is_none().then_some("it needs --idle"),
        }
    }
}
