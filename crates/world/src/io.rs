//! What goes into a world and what comes out: [`Input`], [`Output`].

use std::net::IpAddr;

use platform::{AppId, CallId, LiveMessage, NotifyOutcome, SubmissionId, Uid};
use serde::{Deserialize, Serialize};
use sms::{Address, Msisdn};

use crate::wire_pdu::WirePdu;

/// Names one callback that is under way; counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallbackId(pub u64);

/// Everything that can happen to a world.
///
/// It can be written down, so that it can happen again; what an ESME has sent is octets, and is written as those.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Only time has passed.
    Tick,
    /// A person texts.
    Compose {
        /// Whose phone.
        handset: Msisdn,
        /// To which number.
        to: Address,
        /// The text.
        text: String,
    },
    /// An app calls the REST API.
    Api {
        /// Names the call; its answer bears the same name. The driver must not use a name twice.
        call: CallId,
        /// The call.
        request: rest::Request,
    },
    /// An app's URL answered a callback, or did not.
    CallbackDone {
        /// The callback.
        callback: CallbackId,
        /// What came of it.
        outcome: NotifyOutcome,
    },
    /// An app's URL answered a callback, with this body, of which a record keeps the beginning. It is
    /// [`Input::CallbackDone`] for drivers that have read the answer.
    CallbackAnswered {
        /// The callback.
        callback: CallbackId,
        /// The HTTP status.
        status: u16,
        /// The body; it means nothing to the platform.
        body: String,
    },
    /// A user logs in to an app on a page, and thereby accepts it; [`Output::LoggedIn`] brings the token.
    LogIn {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
        /// The app's token of `auth.createToken`, if the page was opened with one.
        token: Option<String>,
    },
    /// A person asks on a page for a code by text, to confirm their phone with.
    AskForCode {
        /// Whose phone.
        user: Uid,
    },
    /// A person types a code on a page.
    ConfirmPhone {
        /// Whose phone.
        user: Uid,
        /// What was typed.
        code: String,
    },
    /// A session key for that user and app is wanted; [`Output::SessionKey`] brings it.
    MintSession {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
    },
    /// An outside ESME has connected. Names of links are the driver's, and are not used twice.
    LinkOpened {
        /// The connection.
        link: smpp::LinkId,
        /// Where it comes from.
        peer: Option<IpAddr>,
    },
    /// The connection to an outside ESME that [`Output::LinkDial`] asked for. Names of links are the driver's.
    LinkDialled {
        /// The connection.
        link: smpp::LinkId,
        /// Whose it is.
        system_id: String,
        /// Where it goes to.
        peer: Option<IpAddr>,
    },
    /// That connection could not be made.
    LinkNotDialled {
        /// Whose it would be.
        system_id: String,
        /// Why not.
        why: String,
    },
    /// An outside ESME has sent this.
    #[serde(skip)]
    LinkReceived {
        /// The connection.
        link: smpp::LinkId,
        /// What arrived, in order.
        frames: Vec<smpp::Frame>,
    },
    /// An outside ESME's connection is gone.
    LinkClosed {
        /// The connection.
        link: smpp::LinkId,
    },
    /// A setting is changed.
    Change(Change),
    /// The end is near: the message centre unbinds every outside ESME.
    Stop,
}

/// A change of a setting, by whoever runs the simulation or on a user's behalf.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Of a user, an app, or an operator's policy.
    Platform(platform::Change),
    /// Of a carrier, at the message centre.
    Carrier(String, smsc::Change),
    /// Of an outside ESME's account, at the message centre.
    Account {
        /// The ESME's name.
        esme: String,
        /// What is changed, in the words of a scenario.
        setting: String,
        /// The account with the change.
        account: Box<smsc::Account>,
    },
    /// Which carrier serves a number: it takes its number with it, and with it what waits, and the
    /// platform looks it up again.
    Ported(Msisdn, String),
    /// A new user with a phone, if [`World::misfit`](crate::World::misfit) finds nothing against it.
    Join {
        /// The account.
        user: Box<platform::User>,
        /// Where the phone is; none: where its carrier says.
        place: Option<sms::Place>,
    },
    /// Where a phone is, for broadcasts into areas by their coordinates; none: where its carrier says.
    Place(Msisdn, Option<sms::Place>),
    /// Of a phone.
    Handset(Msisdn, handset::Setting),
    /// Where an app receives its callbacks; none: nowhere.
    CallbackUrl(AppId, Option<String>),
    /// Whether the platform keeps its SMPP link bound.
    Bind(bool),
    /// The message centre unbinds every session of an outside ESME, which answers and disconnects.
    Unbind {
        /// The ESME's name.
        esme: String,
        /// What it binds as.
        system_id: String,
    },
}

/// Everything that a world wants done outside.
#[derive(Clone, Debug)]
pub enum Output {
    /// The answer to a call of the REST API.
    ApiReply {
        /// The call.
        call: CallId,
        /// What to send back. The HTTP status is 200.
        response: Box<rest::Response>,
        /// The text that the call sent, if it sent one; of a batch, the text of its last call.
        submission: Option<SubmissionId>,
    },
    /// POST this to an app, and say [`Input::CallbackDone`] when it is over.
    Callback {
        /// The callback.
        callback: CallbackId,
        /// The app.
        app: AppId,
        /// Why it is sent.
        purpose: Purpose,
        /// What to send, and where.
        request: Box<rest::CallbackRequest>,
    },
    /// A session key that was asked for.
    SessionKey {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
        /// The key.
        key: String,
    },
    /// A user has logged in to an app.
    LoggedIn {
        /// The app.
        app: AppId,
        /// The user.
        user: Uid,
        /// The `auth_token` with which the browser returns to the app; none when the given one is not the app's, over, or
        /// approved already.
        token: Option<String>,
    },
    /// A live message for the pages that the user has open.
    LiveMessage(Box<LiveMessage>),
    /// Connect to an outside ESME, and say [`Input::LinkDialled`] or [`Input::LinkNotDialled`].
    LinkDial {
        /// Whose it is.
        system_id: String,
        /// Where it listens, `HOST:PORT`.
        address: String,
    },
    /// Send this to an outside ESME.
    LinkSend {
        /// The connection.
        link: smpp::LinkId,
        /// The PDU.
        pdu: WirePdu,
    },
    /// Do something to an outside ESME's connection that no PDU does, after everything before is sent.
    LinkDisturb {
        /// The connection.
        link: smpp::LinkId,
        /// What.
        how: smsc::Disturbance,
    },
    /// Close an outside ESME's connection when everything before is sent.
    LinkClose {
        /// The connection.
        link: smpp::LinkId,
    },
}

/// Why a callback is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A person's text.
    Sms,
    /// The user has installed the app.
    Authorize,
    /// The user has removed the app.
    Remove,
}
