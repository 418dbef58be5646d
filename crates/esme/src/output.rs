//! What the ESME does: [`Output`].

use compact_str::CompactString;
use smpp::{Command, Status};
use sms::{Address, Encoding, MessageState};

use crate::event::Event;

/// Everything that the ESME can do.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// It wants a connection; `Opened` or `Closed` answers.
    Connect,
    /// A PDU goes out on the connection.
    Send(Command),
    /// It wants the connection closed, once what was sent is out.
    Close,
    /// A person's text, reassembled; or what there is of one whose parts stayed away for the hold time.
    Mo {
        /// The phone.
        from: Address,
        /// The number that it was sent to.
        to: Address,
        /// What it says.
        text: String,
        /// The number of segments that it came in.
        parts: u8,
        /// What the octets of the first one were.
        encoding: Encoding,
    },
    /// The SMSC has taken every part of a text.
    Submitted {
        /// The text.
        token: u64,
        /// The SMSC's name of each part, in the order of the parts; empty where it gave none.
        message_ids: Vec<String>,
    },
    /// A text is not sent, or not whole.
    Refused {
        /// The text.
        token: u64,
        /// The SMSC's answer; for the ESME's own limits the status that says the same.
        status: Status,
    },
    /// What became of a text that was submitted.
    Receipt {
        /// The text.
        token: u64,
        /// The part whose receipt this is; of a whole text, the part that fared worst.
        message_id: CompactString,
        /// Its state.
        state: MessageState,
        /// The network's error code in that receipt's own form, empty when it has none.
        err: CompactString,
        /// Whether all parts are final, so that no other receipt follows for this text.
        is_final: bool,
    },
    /// The link is bound: texts flow.
    Bound,
    /// The link is bound no more.
    Unbound,
    /// Something worth knowing happened.
    Noted(Event),
}
