//! Live messages: from an app or a page to the pages that a user has open ("LiveMessage.send").

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::decision::DecisionCode as Code;
use crate::input::CallId;
use crate::output::{Answer, Output, Refusal};
use crate::platform::{Platform, Subject};
use crate::user::Uid;

/// The longest name of an event, in octets.
pub const EVENT_NAME_OCTETS_MAX: usize = 128;

/// The longest live message, in octets.
pub const LIVE_MESSAGE_OCTETS_MAX: usize = 1_024;

/// `liveMessage.send`, with its parameters read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendLiveMessage {
    /// The call to answer.
    pub call: CallId,
    /// The message.
    pub message: LiveMessage,
}

/// A live message. It is not kept: it reaches the pages that are open, or nobody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LiveMessage {
    /// The app.
    pub app: AppId,
    /// The user of the session.
    pub from: Uid,
    /// The user whose pages get it.
    pub to: Uid,
    /// The event that a page must have registered.
    pub event_name: String,
    /// The content, which only the app understands; the documented sample is no strict JSON.
    pub message: String,
}

impl Platform {
    /// Hands a live message to the recipient's pages, or says why not.
    pub(crate) fn send_live_message(&mut self, send: SendLiveMessage) {
        let SendLiveMessage { call, message } = send;
        let subject = Subject {
            user: Some(message.to),
            app: Some(message.app),
            session: None,
        };
        let what = format!(
            "live message of {} from {} to {}",
            self.title(message.app),
            self.name_of(message.from),
            self.name_of(message.to)
        );
        let answer = match self.may_send_live(&message) {
            Ok(()) => {
                self.decide(Code::LiveMessageSent, subject, format!("{what} sent"));
                self.emit(Output::LiveMessage(message));
                Ok(Answer::Bool(true))
            }
            Err(refusal) => {
                self.decide(
                    Code::LiveMessageRefused,
                    subject,
                    format!("{what} refused: {refusal}"),
                );
                Err(refusal)
            }
        };
        self.emit(Output::Reply { call, answer });
    }

    fn may_send_live(&self, message: &LiveMessage) -> Result<(), Refusal> {
        let octets = message.event_name.len();
        if octets > EVENT_NAME_OCTETS_MAX {
            return Err(Refusal::EventNameLength { octets });
        }
        let octets = message.message.len();
        if octets > LIVE_MESSAGE_OCTETS_MAX {
            return Err(Refusal::LiveMessageLength { octets });
        }
        for user in [message.from, message.to] {
            if !self.is_installed(user, message.app) {
                return Err(Refusal::TermsNotAccepted { user });
            }
        }
        if !self.live_messages_on {
            return Err(Refusal::LiveMessagesStopped);
        }
        Ok(())
    }
}
