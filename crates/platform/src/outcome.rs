//! What became of the platform's texts: their receipts.

use sms::MessageState;

use crate::decision::DecisionCode as Code;
use crate::output::SubmissionId;
use crate::platform::{Platform, Subject};

impl Platform {
    /// A receipt changes nothing; the text is remembered until a state that is final.
    pub(crate) fn receipt(&mut self, id: SubmissionId, state: MessageState) {
        let known = if state.is_final() {
            self.submissions.remove(&id)
        } else {
            self.submissions.get(&id).copied()
        };
        match known {
            Some(subject) => self.decide(Code::Receipt, subject, format!("text {} is {state}", id.0)),
            None => {
                let why = format!("a receipt says {state} of text {}, which is not awaited", id.0);
                self.decide(Code::UnknownSubject, Subject::default(), why);
            }
        }
    }
}
