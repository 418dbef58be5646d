//! Callbacks to apps: several under way at a time for each app, the others in line, failed ones tried again.

use std::collections::VecDeque;

use sms::Timestamp;

use crate::app::AppId;
use crate::decision::DecisionCode as Code;
use crate::input::NotifyOutcome;
use crate::output::{Notification, NotificationId, Output};
use crate::platform::{Platform, Subject};
use crate::text::Text;
use crate::user::Uid;

/// The most callbacks of one app that wait while others are under way; one more is not sent at all.
pub const CALLBACKS_WAITING_MAX: usize = 10_000;

/// The callbacks of one app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    in_flight: usize,
    waiting: VecDeque<Callback>,
}

/// A callback, waiting or under way.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    id: NotificationId,
    app: AppId,
    content: Content,
    retries_left: u32,
}

/// What a callback says.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A person's text. `order` names the use of the session's slot that it belongs to.
    Text { notification: Notification, order: u64 },
    /// The post-authorize ping.
    Authorized(Uid),
    /// The post-remove ping.
    Removed(Uid),
}

impl Callback {
    fn subject(&self) -> Subject {
        let (user, session) = match &self.content {
            Content::Text { notification, .. } => (notification.user, Some(notification.session)),
            Content::Authorized(user) | Content::Removed(user) => (*user, None),
        };
        Subject {
            user: Some(user),
            app: Some(self.app),
            session,
        }
    }

    fn output(&self) -> Output {
        let (id, app) = (self.id, self.app);
        match &self.content {
            Content::Text { notification, .. } => Output::Notify(notification.clone()),
            Content::Authorized(user) => Output::Authorized { id, app, user: *user },
            Content::Removed(user) => Output::Removed { id, app, user: *user },
        }
    }
}

impl Platform {
    /// Puts a callback in line, and hands over as many as may be under way.
    pub(crate) fn call_back(
        &mut self,
        now: Timestamp,
        app: AppId,
        content: impl FnOnce(NotificationId) -> Content,
    ) {
        self.notifications_made += 1;
        let id = NotificationId(self.notifications_made);
        let callback = Callback {
            id,
            app,
            content: content(id),
            retries_left: self.settings.callback_retries,
        };
        let in_flight_max = self.settings.callbacks_in_flight_max;
        let Some(listing) = self.apps.get_mut(&app) else {
            return;
        };
        let outbox = &mut listing.outbox;
        if outbox.waiting.len() >= CALLBACKS_WAITING_MAX {
            let why = format!("more than {CALLBACKS_WAITING_MAX} callbacks of the app wait");
            return self.drop_callback(now, &callback, &why, true);
        }
        let waits = outbox.in_flight >= in_flight_max;
        let subject = callback.subject();
        outbox.waiting.push_back(callback);
        if waits {
            let why = format!(
                "the callback waits: {in_flight_max} of {} are under way",
                self.title(app)
            );
            self.decide(Code::CallbackWaits, subject, why);
        } else {
            self.hand_over(now, app);
        }
    }

    /// Hands callbacks over to HTTP, in their order, as long as fewer than the limit are under way.
    fn hand_over(&mut self, now: Timestamp, app: AppId) {
        while let Some(callback) = self.next_callback(app) {
            if let Some(why) = self.hindrance(&callback) {
                self.drop_callback(now, &callback, why, false);
                continue;
            }
            if let Content::Text { notification, order } = &callback.content
                && let Some(who) = self.who(notification.user)
            {
                let (session, order) = (notification.session, *order);
                let window = self.settings.session_window;
                let answers = self.settings.answers_per_message_max;
                self.converse(who, session, |table| {
                    table.handed_over(now, session, order, window, answers)
                });
            }
            if let Some(listing) = self.apps.get_mut(&app) {
                listing.outbox.in_flight += 1;
            }
            self.emit(callback.output());
            self.callbacks.insert(callback.id, callback);
        }
    }

    /// Why a callback must not go out any more: while it was in line, or failed, its user has thought better of it.
    fn hindrance(&self, callback: &Callback) -> Option<&'static str> {
        match &callback.content {
            Content::Text { notification, .. } => {
                let may = |who| self.is_granted(self.account(who), callback.app);
                (!self.who(notification.user).is_some_and(may)).then_some("sms is not granted any more")
            }
            Content::Authorized(user) => {
                (!self.is_installed(*user, callback.app)).then_some("the app is not installed any more")
            }
            Content::Removed(_) => None,
        }
    }

    fn next_callback(&mut self, app: AppId) -> Option<Callback> {
        let in_flight_max = self.settings.callbacks_in_flight_max;
        let outbox = &mut self.apps.get_mut(&app)?.outbox;
        if outbox.in_flight >= in_flight_max {
            return None;
        }
        outbox.waiting.pop_front()
    }

    /// A callback is not sent: its session, if it opened one, ends.
    fn drop_callback(&mut self, now: Timestamp, callback: &Callback, why: &str, tell: bool) {
        let why = format!("the callback of {} is not sent: {why}", self.title(callback.app));
        self.decide(Code::CallbackDropped, callback.subject(), why);
        if let Content::Text { notification, order } = &callback.content
            && let Some(who) = self.who(notification.user)
        {
            let (session, order) = (notification.session, *order);
            self.converse(who, session, |table| table.not_handed_over(now, session, order));
            if tell {
                self.say(who, Text::AppDidNotAnswer, Some(callback.app));
            }
        }
    }

    /// An app's URL answered, or did not. A text's window is open either way: the app may have read it.
    pub(crate) fn notified(&mut self, now: Timestamp, id: NotificationId, outcome: NotifyOutcome) {
        let Some(mut callback) = self.callbacks.remove(&id) else {
            let why = format!("callback {} is not awaited", id.0);
            return self.decide(Code::UnknownSubject, Subject::default(), why);
        };
        let (app, subject) = (callback.app, callback.subject());
        let title = self.title(app).to_owned();
        let is_text = matches!(callback.content, Content::Text { .. });
        let failure = match outcome {
            NotifyOutcome::Answered(status) if status < 500 => {
                let why = format!("the callback of {title} answered {status}");
                self.decide(Code::CallbackAnswered, subject, why);
                return self.over(now, app);
            }
            // Where the app wants none, a ping is nobody's loss; a person's text has not arrived.
            NotifyOutcome::NoUrl if !is_text => return self.over(now, app),
            NotifyOutcome::Answered(status) => format!("answered {status}"),
            NotifyOutcome::TimedOut => "did not answer in time".to_owned(),
            NotifyOutcome::Unreachable(why) => format!("could not be reached ({why})"),
            NotifyOutcome::NoUrl => "has no URL".to_owned(),
        };
        if self.hindrance(&callback).is_none()
            && let Some(retries_left) = callback.retries_left.checked_sub(1)
        {
            let why = format!("the callback of {title} {failure}; tried again");
            self.decide(Code::CallbackRetried, subject, why);
            callback.retries_left = retries_left;
            self.emit(callback.output());
            self.callbacks.insert(id, callback);
            return;
        }
        let why = format!("the callback of {title} {failure}");
        self.decide(Code::CallbackFailed, subject, why);
        if let Some(who) = subject.user.filter(|_| is_text).and_then(|user| self.who(user)) {
            self.say(who, Text::AppDidNotAnswer, Some(app));
        }
        self.over(now, app);
    }

    /// One callback of the app less is under way.
    fn over(&mut self, now: Timestamp, app: AppId) {
        if let Some(listing) = self.apps.get_mut(&app) {
            listing.outbox.in_flight = listing.outbox.in_flight.saturating_sub(1);
        }
        self.hand_over(now, app);
    }
}
