//! What happened and why: [`Event`], for people and for records.

mod words;

use std::net::IpAddr;

use compact_str::CompactString;
use serde::{Serialize, Serializer};
use smpp::{LinkId, Status};
use sms::{Address, MessageState, Msisdn, Timestamp};

use crate::carrier::ReceiptMode;
use crate::cause::Cause;
use crate::message_id::MessageId;
use crate::port::{AttemptId, PageOutcome};

/// Something that happened in the message centre, with its reason. Its `Display` says it in plain words, without
/// instants, which the reader of records knows better how to write.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An ESME connected.
    LinkOpened {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// From where.
        peer: Option<IpAddr>,
    },
    /// An ESME that something waits for was called, and asked to bind.
    Outbind {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account.
        system_id: CompactString,
    },
    /// An ESME that something waits for could not be called.
    NotDialled {
        /// The account.
        system_id: CompactString,
        /// Why.
        why: CompactString,
    },
    /// A link is gone, or is being closed.
    LinkClosed {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account that was bound on it.
        system_id: Option<CompactString>,
        /// Why.
        reason: CloseReason,
        /// How many unanswered texts and receipts wait again.
        unanswered: usize,
    },
    /// An ESME bound.
    Bound {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account.
        system_id: CompactString,
        /// `transmitter`, `receiver` or `transceiver`.
        kind: &'static str,
        /// The ESME's `interface_version`.
        interface_version: u8,
    },
    /// The `address_range` of a bind is no expression, or too large a one: the session is as one that names no range.
    AddressRangeIgnored {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The range.
        address_range: CompactString,
    },
    /// A bind was refused.
    BindRefused {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The name that it gave.
        system_id: CompactString,
        /// The answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Why.
        reason: BindRefusal,
    },
    /// A session ended by an unbind.
    Unbound {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account.
        system_id: CompactString,
        /// Whether the ESME asked for it.
        by_esme: bool,
    },
    /// A PDU was answered with an error for what it is, not for what it asks.
    PduRefused {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The answer's name, for example `generic_nack`.
        answer: &'static str,
        /// The answer's status.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Why.
        reason: &'static str,
    },
    /// A PDU was ignored.
    PduIgnored {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// Why.
        reason: &'static str,
    },
    /// A text meets what was asked for.
    Disturbed {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// To.
        destination: Address,
        /// What happens, in words.
        effect: &'static str,
    },
    /// A request that brings no text meets what was asked for.
    RequestDisturbed {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// Its name, `query_sm`.
        operation: &'static str,
        /// What happens, in words.
        effect: &'static str,
    },
    /// A text was not accepted.
    SubmitRefused {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account.
        system_id: CompactString,
        /// From.
        source: Address,
        /// To.
        destination: Address,
        /// The answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Why.
        reason: SubmitRefusal,
    },
    /// A text was accepted.
    Accepted {
        /// Its id.
        message_id: MessageId,
        /// The account; none when a handset sent it.
        system_id: Option<CompactString>,
        /// From.
        source: Address,
        /// To.
        to: Msisdn,
        /// The carrier that serves the handset.
        carrier: CompactString,
        /// How many segments it has.
        segments: u8,
        /// When it is tried first, if that is not now.
        scheduled_at: Option<Timestamp>,
        /// When it expires.
        expires_at: Timestamp,
    },
    /// A text waits behind an earlier one for the same handset.
    Waits {
        /// Its id.
        message_id: MessageId,
        /// To.
        to: Msisdn,
        /// How many are before it.
        behind: u32,
        /// When the first of them is tried again; none while it is in the air.
        next_attempt_at: Option<Timestamp>,
    },
    /// A handset is being paged for a text.
    Paged {
        /// Its id.
        message_id: MessageId,
        /// The page.
        attempt: AttemptId,
        /// To.
        to: Msisdn,
        /// Which segment, from 1.
        segment: u8,
        /// Of how many.
        segments: u8,
    },
    /// An attempt failed.
    AttemptFailed {
        /// The text.
        message_id: MessageId,
        /// To.
        to: Msisdn,
        /// Why.
        cause: Cause,
        /// How many attempts there were.
        attempts: u32,
        /// When it is tried again; none: never.
        next_attempt_at: Option<Timestamp>,
    },
    /// A text reached its final state.
    Finished {
        /// The text.
        message_id: MessageId,
        /// To.
        to: Msisdn,
        /// What has become of it.
        state: MessageState,
        /// The last cause, if it did not arrive.
        cause: Option<Cause>,
        /// How many attempts there were.
        attempts: u32,
    },
    /// A text's content was replaced while it waited, or its times were.
    Replaced {
        /// The text.
        message_id: MessageId,
        /// When it is tried first from now on, if that is later than now.
        scheduled_at: Option<Timestamp>,
        /// When its validity ends from now on.
        expires_at: Timestamp,
    },
    /// A broadcast was accepted.
    BroadcastAccepted {
        /// Its id.
        message_id: MessageId,
        /// The account.
        system_id: CompactString,
        /// From.
        source: Address,
        /// Into how many areas.
        areas: usize,
        /// How many times; none: until its validity ends.
        times: Option<u32>,
    },
    /// A broadcast was not accepted.
    BroadcastRefused {
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// The account.
        system_id: CompactString,
        /// The answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Why.
        reason: SubmitRefusal,
    },
    /// A broadcast is on the air.
    Broadcast {
        /// Its id.
        message_id: MessageId,
        /// Over how many carriers, counted for each area.
        carriers: usize,
    },
    /// A broadcast is over.
    BroadcastOver {
        /// Its id.
        message_id: MessageId,
        /// What has become of it.
        state: MessageState,
    },
    /// An answer came for a page that is over: its text expired or was tried again meanwhile.
    LateAnswer {
        /// The page.
        attempt: AttemptId,
        /// What came of it.
        outcome: PageOutcome,
    },
    /// A handset is reachable again.
    Available {
        /// The handset.
        msisdn: Msisdn,
        /// How many texts wait for it.
        waiting: u32,
    },
    /// A carrier's receipt mode kept a receipt back.
    ReceiptWithheld {
        /// The text.
        message_id: MessageId,
        /// The mode, late or lost.
        mode: ReceiptMode,
        /// When it is sent; none: never.
        due_at: Option<Timestamp>,
    },
    /// Something goes to an ESME.
    Sent {
        /// What.
        parcel: Parcel,
        /// The account.
        system_id: CompactString,
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
    },
    /// Something waits for an ESME.
    WaitsForEsme {
        /// What.
        parcel: Parcel,
        /// The account.
        system_id: CompactString,
        /// Why.
        reason: WaitReason,
        /// How many things wait now.
        waiting: usize,
    },
    /// An ESME did not answer in time: it is sent again, and may arrive twice.
    Unanswered {
        /// What.
        parcel: Parcel,
        /// The account.
        system_id: CompactString,
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
    },
    /// An ESME answered.
    Answered {
        /// What.
        parcel: Parcel,
        /// The account.
        system_id: CompactString,
        /// The link.
        #[serde(serialize_with = "link_number")]
        link: LinkId,
        /// Its answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Whether it is sent again.
        again: bool,
    },
    /// Something for an ESME is given up.
    Dropped {
        /// What.
        parcel: Parcel,
        /// The account, if one was found.
        system_id: Option<CompactString>,
        /// Why.
        reason: DropReason,
    },
    /// A MO text waits because its carrier's link is down.
    MoWaits {
        /// The handset.
        from: Msisdn,
        /// The code.
        to: Address,
        /// The carrier.
        carrier: CompactString,
        /// How many wait now.
        waiting: usize,
    },
    /// A handset was told that its text went nowhere.
    Bounced {
        /// The handset.
        to: Msisdn,
        /// The code that it texted.
        from: Address,
        /// Why.
        reason: DropReason,
    },
    /// A handset opted out of a code, or in again, by a word that its carrier acts on.
    OptedOut {
        /// The handset.
        handset: Msisdn,
        /// The code.
        code: CompactString,
        /// The carrier.
        carrier: CompactString,
        /// Whether out.
        out: bool,
    },
    /// A carrier's link came up or went down.
    CarrierLink {
        /// The carrier.
        carrier: CompactString,
        /// Whether it is up.
        up: bool,
        /// How many texts wait for its subscribers.
        waiting: usize,
    },
    /// Another setting of a carrier changed.
    Changed {
        /// The carrier.
        carrier: CompactString,
        /// To what, in words.
        setting: CompactString,
    },
    /// A setting of a carrier that was to change stays as it is.
    NotChanged {
        /// The carrier.
        carrier: CompactString,
        /// To what it was to change, in words.
        setting: CompactString,
        /// Why it did not.
        reason: &'static str,
    },
}

/// Something that goes to an ESME in a `deliver_sm` or an `alert_notification`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "parcel", rename_all = "snake_case")]
pub enum Parcel {
    /// A segment of a MO text.
    Mo {
        /// The handset.
        from: Msisdn,
        /// The code.
        to: Address,
    },
    /// A receipt.
    Receipt {
        /// Of which text.
        message_id: MessageId,
        /// What it says.
        state: MessageState,
    },
    /// An intermediate notification.
    Notification {
        /// Of which text.
        message_id: MessageId,
        /// What it says.
        cause: Option<Cause>,
    },
    /// A handset's acknowledgement that it has a text.
    Acknowledgement {
        /// The handset.
        from: Msisdn,
        /// Of which text.
        message_id: MessageId,
    },
    /// An `alert_notification`.
    Alert {
        /// The handset that is reachable again.
        msisdn: Msisdn,
    },
}

/// Why a link is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The other end closed it, or the network lost it.
    Lost,
    /// The session was unbound.
    Unbound,
    /// What came over it cannot be divided into PDUs.
    Framing,
    /// No bind came in time.
    SessionInit,
    /// Nothing came for too long.
    Inactivity,
    /// An `enquire_link` was not answered in time.
    EnquireLink,
    /// An unbind was not answered in time.
    UnbindUnanswered,
    /// Its bind was refused.
    BindRefused,
    /// There are too many links.
    LinksMax,
    /// A text was accepted with a response that has no body.
    NoBody,
    /// It was reset on demand.
    Reset,
    /// It was closed within a PDU on demand.
    Cut,
}

/// Why a bind is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BindRefusal {
    /// The `system_id` is empty or too long.
    SystemIdLength,
    /// The password is too long.
    PasswordLength,
    /// No such account.
    UnknownSystemId,
    /// Wrong password.
    WrongPassword,
    /// Another `system_type` is wanted.
    SystemType,
    /// The account is switched off.
    Disabled,
    /// It may not bind from there.
    Host,
    /// It may not bind in that way.
    Kind,
    /// It may not speak that version.
    InterfaceVersion,
    /// It has as many sessions as it may have.
    BindsMax,
}

/// Why a text is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitRefusal {
    /// A field's value.
    Field(&'static str),
    /// The account may not send from that address.
    NotItsSource,
    /// The carrier blocks the code.
    BlockedCode,
    /// An operator set this answer.
    ScriptedAnswer,
    /// The session has too many unanswered requests.
    RequestsMax,
    /// The account sends too fast.
    AccountThrottle,
    /// The account has sent as much today as it may.
    DailyMax,
    /// The code has sent as many texts to the carrier's subscribers today as it may.
    CodeDailyMax,
    /// The carrier takes no more this second.
    CarrierThrottle,
    /// The carrier's queue is full.
    Congestion,
    /// The handset opted out of the code at its carrier.
    OptedOut,
    /// The store is full.
    StoreFull,
    /// No such message, or it is not the sender's.
    UnknownMessage,
    /// The message is final already.
    AlreadyFinal,
}

/// Why something waits for an ESME.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// No session of it can receive.
    NotBound,
    /// Its windows are full.
    WindowFull,
    /// It asked for a pause (`ESME_RX_T_APPN`).
    Paused,
}

/// Why something is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Nobody has that code.
    UnknownCode,
    /// The carrier blocks the code.
    BlockedCode,
    /// Too many things wait already.
    WaitingMax,
    /// The segment does not fit one SMS.
    TooLong,
    /// The carrier's air carries text only.
    Binary,
    /// The ESME rejected it for good, or everything that waits for its destination.
    Rejected,
    /// It waited too long.
    Expired,
}

/// Writes a link as its number.
fn link_number<S: Serializer>(link: &LinkId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(link.0)
}

/// Writes a status as its name, or as its number where it has none.
fn status_name<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    match status.name() {
        Some(name) => serializer.serialize_str(name),
        None => serializer.serialize_u32(status.0),
    }
}
