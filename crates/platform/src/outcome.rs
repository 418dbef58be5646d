//! What became of the platform's texts: their receipts.

use sms::MessageState;
use sms::address::decimal;

use crate::decision::DecisionCode as Code;
use crate::output::SubmissionId;
use crate::platform::{Platform, Subject};

/// About as long as what is said of a receipt is.
const RECEIPT_OCTETS: usize = 32;

impl Platform {
    /// A receipt changes nothing; the text is remembered until a state that is final.
    pub(crate) fn receipt(&mut self, id: SubmissionId, state: MessageState) {
        let known = if state.is_final() {
            self.forget_submission(id)
        } else {
            self.submissions.get(id).copied()
        };
        match known {
            Some(subject) => {
                let mut why = String::with_capacity(RECEIPT_OCTETS);
                why.push_str("text ");
                why.push_str(&decimal(id.0, 1));
                why.push_str(" is ");
                why.push_str(state.stat());
                self.decide(Code::Receipt, subject, why);
            }
            None => {
                let why = format!("a receipt says {state} of text {}, which is not awaited", id.0);
                self.decide(Code::UnknownSubject, Subject::default(), why);
            }
        }
    }
}
