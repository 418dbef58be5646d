//! What the steps of a check know: [`Known`].

use smpp::{Command, Pdu};
use sms::{Address, Timestamp};

use crate::conform::Target;

/// What a step may use: the target, and what has come so far.
#[derive(Debug)]
pub struct Known<'t> {
    /// The message centre.
    pub target: &'t Target,
    /// The `interface_version` of the binds.
    pub version: u8,
    /// When the check began.
    pub now: Timestamp,
    /// The responses, in order.
    pub responses: Vec<Command>,
    /// The requests of the message centre, in order.
    pub requests: Vec<Command>,
    /// The message ids that were given, in order.
    pub message_ids: Vec<String>,
}

impl Known<'_> {
    /// The last response.
    pub fn last(&self) -> Option<&Pdu> {
        self.responses.last().map(|command| &command.pdu)
    }

    /// The last message id that was given; empty when there is none.
    pub fn message_id(&self) -> &str {
        self.message_ids.last().map_or("", String::as_str)
    }

    /// Where texts go.
    pub fn destination(&self) -> Address {
        self.target.to.address()
    }

    /// Remembers a response.
    pub fn note_response(&mut self, command: Command) {
        let id = match &command.pdu {
            Pdu::SubmitSmResp(resp) | Pdu::DataSmResp(resp) | Pdu::BroadcastSmResp(resp) => resp.id(),
            Pdu::SubmitMultiResp(resp) => resp.message_id.as_str(),
            _ => "",
        };
        if command.status.is_ok() && !id.is_empty() {
            self.message_ids.push(id.to_owned());
        }
        self.responses.push(command);
    }
}
