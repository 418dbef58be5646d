//! What goes in and what comes out: [`Input`], [`Output`].

use std::net::IpAddr;

use bytes::Bytes;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smpp::{Command, Frame, LinkId, Status};
use sms::{Address, Msisdn, Originator, Segment};

use crate::account::Account;
use crate::carrier::{Latency, ReceiptMode};
use crate::cause::Cause;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::note::Note;
use crate::shape::Shape;

/// Something that happens to the message centre.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// An ESME connected.
    Connected {
        /// The new link; a number is never used twice.
        link: LinkId,
        /// From where, if it came over a network.
        peer: Option<IpAddr>,
    },
    /// The connection that [`Output::Dial`] asked for.
    Dialled {
        /// The new link; a number is never used twice.
        link: LinkId,
        /// Whose it is.
        system_id: CompactString,
        /// Where to, if it goes over a network.
        peer: Option<IpAddr>,
    },
    /// There is no such connection.
    NotDialled {
        /// Whose it would be.
        system_id: CompactString,
        /// Why not.
        why: CompactString,
    },
    /// An account has these settings from now on; its `system_id` says whose, and that and its password stay. Sessions that are
    /// bound keep their window. One that there is not is ignored.
    Account(Box<Account>),
    /// A frame came over a link. One over a link that is not open is ignored.
    Received {
        /// Over which link.
        link: LinkId,
        /// What came.
        frame: Frame,
    },
    /// A link is gone.
    Closed {
        /// Which link.
        link: LinkId,
    },
    /// A segment that a handset sent has crossed the air.
    Mo {
        /// The handset.
        from: Msisdn,
        /// The address that it texted.
        to: Address,
        /// The segment.
        segment: Segment,
    },
    /// The network answered a page. An answer to an attempt that is over is ignored.
    PageAnswered {
        /// The page.
        attempt: AttemptId,
        /// What came of it.
        outcome: PageOutcome,
    },
    /// A carrier has sent a broadcast into an area.
    BroadcastAnswered {
        /// The broadcast's number.
        number: u32,
        /// The area's place in it.
        area: u16,
        /// How many handsets there are.
        there: u32,
        /// How many of them had it.
        had: u32,
    },
    /// A handset is reachable again: phone, coverage or memory came back.
    Available {
        /// The handset.
        msisdn: Msisdn,
    },
    /// An operator changes how a carrier behaves.
    Change {
        /// The carrier's name. The message centre ignores one that it does not know.
        carrier: CompactString,
        /// What changes.
        change: Change,
    },
    /// The message centre starts to unbind an ESME's sessions.
    Unbind {
        /// The account.
        system_id: CompactString,
    },
    /// Only time passes.
    Tick,
}

/// How a carrier's behaviour changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The link between the message centre and the carrier comes up; everything waiting is tried at once.
    LinkUp,
    /// That link goes down.
    LinkDown,
    /// Times in the air.
    Latency(Latency),
    /// Losses in the air, per cent.
    Loss(f64),
    /// A code may not reach subscribers nor be reached any more.
    BlockCode(CompactString),
    /// It may again.
    UnblockCode(CompactString),
    /// `submit_sm` to the carrier's subscribers is answered with this status.
    Answer {
        /// The status; `ESME_ROK` ends an earlier change.
        status: Status,
        /// How many times, then normally again; none: until it is changed.
        count: Option<u32>,
    },
    /// One more rule of what goes wrong on demand.
    Fault(Box<Fault>),
    /// No rules any more, nor a status that was asked for.
    NoFaults,
    /// How many `submit_sm` a second are accepted for its subscribers; none: no limit.
    Throttle(Option<u32>),
    /// Whether and when receipts are sent.
    Receipts(ReceiptMode),
}

/// Names a page, so that its answer can be told from others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(pub u64);

impl From<AttemptId> for u64 {
    fn from(attempt: AttemptId) -> Self {
        attempt.0
    }
}

/// Names a carrier by its place in the configuration; see [`crate::Smsc::carrier_at`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CarrierIndex(pub u16);

/// What came of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageOutcome {
    /// The handset has it.
    Delivered,
    /// It has not.
    Failed(Cause),
}

/// Something that the message centre does.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Connect to an ESME; [`Input::Dialled`] or [`Input::NotDialled`] is expected.
    Dial {
        /// Whose it is.
        system_id: CompactString,
        /// Where it listens, `HOST:PORT`.
        address: CompactString,
    },
    /// Send a PDU.
    Send {
        /// Over which link.
        link: LinkId,
        /// The PDU.
        command: Box<Command>,
    },
    /// Send a PDU that is to be written. [`crate::Smsc::handle`] says it as [`Output::Send`].
    Draft {
        /// Over which link.
        link: LinkId,
        /// The PDU.
        draft: Draft,
    },
    /// Do something to a link that no PDU does.
    Disturb {
        /// Which link.
        link: LinkId,
        /// What.
        how: Disturbance,
    },
    /// Close a link. Nothing more comes out for it, and its [`Input::Closed`] may or may not follow.
    Close {
        /// Which link.
        link: LinkId,
    },
    /// Page a handset over a carrier's air; [`Input::PageAnswered`] is expected.
    Page {
        /// Names the page.
        attempt: AttemptId,
        /// The carrier.
        carrier: CarrierIndex,
        /// The handset.
        to: Msisdn,
        /// Who the text is from.
        from: Originator,
        /// The segment.
        segment: Segment,
    },
    /// Send a text once to every handset of a carrier in an area; [`Input::BroadcastAnswered`] is expected.
    Broadcast(Box<Broadcast>),
    /// A text that the network itself sends to a handset, beside all queues, because a text of its went nowhere.
    Bounce {
        /// The handset.
        to: Msisdn,
        /// The code that it texted.
        from: Address,
        /// What it says.
        text: CompactString,
    },
    /// What happened, and why.
    Noted(Note),
}

/// A text for every handset of a carrier in an area.
#[derive(Clone, PartialEq, Debug)]
pub struct Broadcast {
    /// The broadcast's number.
    pub number: u32,
    /// The area's place in it.
    pub area: u16,
    /// The carrier's name.
    pub carrier: CompactString,
    /// The beginning of the numbers in the area; empty: all of the carrier's.
    pub prefix: CompactString,
    /// Where their phones are, if the area is one on the ground.
    pub shape: Option<Shape>,
    /// Who the text is from.
    pub from: Address,
    /// Its segments.
    pub segments: Vec<Segment>,
}

/// What is done to a link on demand, below the PDUs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disturbance {
    /// These octets are sent, whatever they are.
    Octets(Bytes),
    /// The connection is reset. Nothing more comes out for the link, and its [`Input::Closed`] may or may not follow.
    Reset,
    /// From now on octets leave at this rate.
    Slow {
        /// So many a second, at least 1.
        octets_per_s: u32,
    },
}
