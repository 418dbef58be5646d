//! What became of the platform's own acts: callbacks answered or failed, receipts of texts.

use sms::MessageState;

use crate::decision::DecisionCode as Code;
use crate::input::NotifyOutcome;
use crate::output::{NotificationId, Output, SubmissionId};
use crate::platform::{OpenNotification, Platform, Subject};
use crate::text::Text;

impl Platform {
    /// An app's callback URL answered, or did not. Its window is open either way: the app may have read the text.
    pub(crate) fn notified(&mut self, id: NotificationId, outcome: NotifyOutcome) {
        let Some(OpenNotification {
            notification,
            retries_left,
        }) = self.notifications.remove(&id)
        else {
            let why = format!("callback {} is not awaited", id.0);
            return self.decide(Code::UnknownSubject, Subject::default(), why);
        };
        let (user, app, session) = (notification.user, notification.app, notification.session);
        let subject = Subject {
            user: Some(user),
            app: Some(app),
            session: Some(session),
        };
        let title = self.title(app);
        let failure = match outcome {
            NotifyOutcome::Answered(status) if status < 500 => {
                let why = format!("the callback of {title} answered {status}");
                return self.decide(Code::CallbackAnswered, subject, why);
            }
            NotifyOutcome::Answered(status) => format!("answered {status}"),
            NotifyOutcome::TimedOut => "did not answer in time".to_owned(),
            NotifyOutcome::Unreachable(why) => format!("could not be reached ({why})"),
            NotifyOutcome::NoUrl => "has no URL".to_owned(),
        };
        if let Some(retries_left) = retries_left.checked_sub(1) {
            let why = format!("the callback of {title} {failure}; tried again");
            self.decide(Code::CallbackRetried, subject, why);
            let open = OpenNotification {
                notification: notification.clone(),
                retries_left,
            };
            self.notifications.insert(id, open);
            return self.emit(Output::Notify(notification));
        }
        let why = format!("the callback of {title} {failure}");
        self.decide(Code::CallbackFailed, subject, why);
        if let Some(who) = self.who(user) {
            self.say(who, Text::AppDidNotAnswer, Some(app));
        }
    }

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
