//! What happened, in order: [`Record`].
//!
//! The REPL, the page, `why:` lines, reports and the journal all read records. They hold no password, no app secret and
//! no session key.

use bytes::Bytes;
use platform::{AppId, CallId, Decision, NotifyOutcome, SubmissionId, Uid, User};
use serde::{Serialize, Serializer};
use sms::{Encoding, MessageState, Msisdn, Timestamp};

use crate::io::{CallbackId, Purpose};

/// How much of an app's answer to a callback a record keeps, in octets.
pub const ANSWER_OCTETS_MAX: usize = 1_024;

/// How much of a call's parameters together, and of the answer's body, a record keeps, in octets: a ring of records is limited
/// in their number, so that each must be limited in its size.
pub const CALL_OCTETS_MAX: usize = 16 * 1_024;

/// One thing that happened.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Record {
    /// Its place in the order of all records, from 0.
    pub seq: u64,
    /// When, in microseconds since the epoch.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Which way a PDU went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Toward {
    /// From the ESME to the SMSC.
    Smsc,
    /// From the SMSC to the ESME.
    Esme,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A person texted.
    Composed {
        /// Whose phone.
        handset: Msisdn,
        /// To which number.
        to: String,
        /// The text.
        text: String,
    },
    /// A phone could not take a text that its owner wrote.
    NotComposed {
        /// Whose phone.
        handset: Msisdn,
        /// Why.
        why: String,
    },
    /// A phone shows a text.
    Received {
        /// Whose phone.
        handset: Msisdn,
        /// From which number.
        from: String,
        /// The text.
        text: String,
        /// The segments it was assembled from.
        parts: u8,
        /// Their alphabet.
        encoding: Encoding,
    },
    /// A segment crosses the air.
    OnAir {
        /// The phone.
        handset: Msisdn,
        /// The carrier.
        carrier: String,
        /// Whether the phone sent it.
        mobile_originated: bool,
        /// How long it takes, in microseconds.
        latency_us: u64,
        /// Whether the carrier loses it.
        lost: bool,
    },
    /// A PDU crossed a link.
    Pdu {
        /// The link.
        link: u64,
        /// Its direction.
        toward: Toward,
        /// The PDU's name in the specification.
        name: std::borrow::Cow<'static, str>,
        /// Its sequence number.
        sequence_number: u32,
        /// Its status.
        command_status: u32,
        /// Its octets, in hex; a bind's password is blanked out.
        #[serde(serialize_with = "hex")]
        octets: Bytes,
    },
    /// The message centre says why.
    Smsc(smsc::Event),
    /// The platform's end of the link says why.
    Esme(esme::Event),
    /// The platform says why.
    Decision(Decision),
    /// An app called the REST API.
    ApiCall {
        /// The call.
        call: CallId,
        /// Its parameters in the order of their arrival; signature and session key are left out.
        params: Vec<(String, String)>,
    },
    /// The REST server answered.
    ApiReply {
        /// The call.
        call: CallId,
        /// The app that called, when it is known.
        app: Option<AppId>,
        /// The refusal's number; none for success.
        error_code: Option<u16>,
        /// Method, outcome and reason in one line.
        summary: String,
        /// The body.
        body: String,
    },
    /// The platform handed a text to the link.
    Submitted {
        /// The text.
        submission: SubmissionId,
        /// To which phone.
        to: Msisdn,
        /// From which number.
        from: String,
        /// The text.
        text: String,
    },
    /// The message centre took it, or did not.
    SubmitAnswered {
        /// The text.
        submission: SubmissionId,
        /// The message centre's names for its parts; empty when it refused.
        message_ids: Vec<String>,
        /// The refusal's `command_status`.
        command_status: u32,
    },
    /// A receipt reached the platform.
    Receipt {
        /// The text.
        submission: SubmissionId,
        /// What became of it.
        state: MessageState,
    },
    /// A callback was handed to HTTP.
    CallbackSent {
        /// The callback.
        callback: CallbackId,
        /// The app.
        app: AppId,
        /// About whom.
        user: Uid,
        /// Why.
        purpose: Purpose,
        /// Its URL.
        url: String,
        /// Its fields, in order; a session key is left out.
        fields: Vec<(String, String)>,
    },
    /// A callback is over.
    CallbackDone {
        /// The callback.
        callback: CallbackId,
        /// The app.
        app: AppId,
        /// What came of it.
        outcome: NotifyOutcome,
        /// How the body of the app's answer begins, when the driver has read it; at most [`ANSWER_OCTETS_MAX`].
        answer: Option<String>,
    },
    /// A user has logged in to an app.
    LoggedIn {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
        /// Whether the token was good.
        accepted: bool,
    },
    /// A user has joined a world that runs, with a phone.
    Joined {
        /// The declaration that says the same.
        what: String,
        /// The account.
        user: Box<User>,
    },
    /// A setting was changed.
    Changed {
        /// In words.
        what: String,
    },
    /// More happened in one instant than the world allows; the rest happens a millisecond later.
    Busy {
        /// The limit.
        hops_per_instant_max: usize,
    },
}

fn hex<S: Serializer>(octets: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
    serializer.serialize_str(&text)
}
