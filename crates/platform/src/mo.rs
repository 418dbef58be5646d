//! What becomes of a person's text: Stop and On, the questions and their answers, and the way to an app.

use sms::{Msisdn, ShortCode, Timestamp};

use crate::app::AppId;
use crate::callback::Content;
use crate::conversation::FBOOK;
use crate::decision::{DecisionCode as Code, Quoted, Span};
use crate::keyword::{Meaning, is_stop};
use crate::output::Notification;
use crate::platform::{Platform, Subject, Who};
use crate::text::{Text, fill};
use crate::user::{Install, SessionId};

/// A person's text on its way to an app.
pub(crate) struct Query<'a> {
    pub(crate) app: AppId,
    /// The session that it was texted in; none: a fresh one is opened.
    pub(crate) session: Option<SessionId>,
    /// The text without the app's canvas name.
    pub(crate) message: &'a str,
    pub(crate) chance: u64,
}

impl Platform {
    /// A person texted one of the platform's numbers.
    pub(crate) fn mo(&mut self, now: Timestamp, from: Msisdn, to: ShortCode, text: &str, chance: u64) {
        let Some(who) = self.who_has(from) else {
            return self.mo_from_nobody(from, text);
        };
        let subject = self.subject(who);
        let name = self.account(who).user.name.clone();
        let query = |app, session, message| Query {
            app,
            session,
            message,
            chance,
        };
        match self.meaning(now, self.account(who), to, text) {
            Meaning::Stop => self.stop(who),
            Meaning::Answer { app, yes: true } => self.confirm(now, who, app),
            Meaning::Answer { app, yes: false } => self.decline(who, app),
            Meaning::Session { session, app } => {
                let why = format!(
                    "{name} texted the number of session {session}, which is {}'s",
                    self.title(app)
                );
                self.decide(Code::SessionReply, subject.app(app).session(session), why);
                self.query(now, who, &query(app, Some(session), text));
            }
            Meaning::On => self.on(now, who, chance),
            Meaning::Help => {
                self.decide(Code::Help, subject, format!("{name} asks for help"));
                self.say(who, Text::Help, None);
            }
            Meaning::Canvas { app, query: message } => {
                self.query_by_canvas(now, who, text, &query(app, None, message));
            }
            Meaning::Waiting { session, app } => {
                let why = format!(
                    "{name} texted no app; session {session} of {} is the newest that waits for {name}",
                    self.title(app)
                );
                self.decide(Code::WaitingSessionReply, subject.app(app).session(session), why);
                self.query(now, who, &query(app, Some(session), text));
            }
            Meaning::NothingPending => {
                let why = format!("{} answers a question, but none is open for {name}", Quoted(text));
                self.decide(Code::NothingPending, subject, why);
                self.say(who, Text::NothingPending, None);
            }
            Meaning::Generic { app } => {
                let why = format!(
                    "{name} texted no app; {} sent the last unsolicited text within {}",
                    self.title(app),
                    Span(self.settings.generic_reply_ttl)
                );
                self.decide(Code::GenericReply, subject.app(app), why);
                self.query(now, who, &query(app, None, text));
            }
            Meaning::Unknown => {
                let why = format!("{} from {name} means nothing", Quoted(text));
                self.decide(Code::UnknownCommand, subject, why);
                self.say(who, Text::UnknownCommand, None);
            }
            Meaning::Code => self.registered_by_code(now, who),
            Meaning::NoRegistration => self.drop_registration(who),
            Meaning::NotTheCode => {
                let why = format!("{} from {name} is not the code that was texted", Quoted(text));
                self.decide(Code::UnknownCommand, subject, why);
                self.ask_to_register(now, who, chance);
            }
        }
    }

    /// A phone that belongs to no account: there is nobody to keep a request for, and nothing to turn off.
    fn mo_from_nobody(&mut self, from: Msisdn, text: &str) {
        let stop = is_stop(text);
        let why = if stop {
            "; nothing to turn off, and nothing is sent"
        } else {
            ""
        };
        self.decide(
            Code::UnknownPhone,
            Subject::default(),
            format!("no account has the phone {from}{why}"),
        );
        if !stop {
            let wording = fill(Text::UnknownPhone.wording(&self.settings), None, "");
            self.submit(from, FBOOK, wording, Subject::default());
        }
    }

    /// Stop is obeyed at any time, by whomever: also for a phone that is not confirmed, which somebody else may have
    /// entered. It is a no to every open question.
    fn stop(&mut self, who: Who) {
        let subject = self.subject(who);
        let user = &mut self.account_mut(who).user;
        let name = user.name.clone();
        let was_on = std::mem::replace(&mut user.texts_on, false);
        if was_on {
            let why = format!("{name} turns Mobile Texts off for all apps; grants stay");
            self.decide(Code::TextsOff, subject, why);
        } else {
            let why = format!("Mobile Texts of {name} were off already; nothing is sent");
            self.decide(Code::TextsAlreadyOff, subject, why);
        }
        self.forget_registration(who);
        for request in self.account_mut(who).consent.take_all() {
            self.request_gone(who, &request);
            let why = format!(
                "{} to {} dropped: {name} said stop",
                Quoted(&request.message),
                self.title(request.app)
            );
            self.decide(Code::RequestDropped, subject.app(request.app), why);
        }
        if was_on {
            self.say(who, Text::Stop, None);
        }
    }

    /// Turns Mobile Texts on, and takes up what was kept meanwhile. For a phone that is not confirmed, that is where
    /// texts begin.
    fn on(&mut self, now: Timestamp, who: Who, chance: u64) {
        let subject = self.subject(who);
        let user = &mut self.account_mut(who).user;
        let (name, registered) = (user.name.clone(), user.registered);
        user.texts_on = true;
        self.decide(Code::TextsOn, subject, format!("{name} turns Mobile Texts on"));
        if registered {
            self.say(who, Text::On, None);
            self.ask_what_is_kept(now, who);
        } else {
            self.ask_to_register(now, who, chance);
        }
    }

    fn query_by_canvas(&mut self, now: Timestamp, who: Who, text: &str, query: &Query<'_>) {
        let user = &self.account(who).user;
        let name = &user.name;
        let obstacle = match user.apps.get(&query.app) {
            _ if !user.registered => format!("{name}'s phone is not registered"),
            None => format!("{name} has not installed it"),
            Some(Install { sms_granted: false }) => format!("{name} has not granted it sms"),
            Some(Install { sms_granted: true }) => format!("{name} has granted it sms"),
        };
        let canvas = text.split_whitespace().next().unwrap_or_default();
        let why = format!(
            "{} is the canvas name of {}; {obstacle}",
            Quoted(canvas),
            self.title(query.app)
        );
        self.decide(Code::CanvasMatched, self.subject(who).app(query.app), why);
        self.query(now, who, query);
    }

    /// Hands a text to its app, or keeps it until the user has agreed to that.
    fn query(&mut self, now: Timestamp, who: Who, query: &Query<'_>) {
        let app = query.app;
        if !self.app(app).is_some_and(|app| app.sms_capable) {
            let why = format!("{} is not registered for SMS", self.title(app));
            self.decide(Code::UnknownApp, self.subject(who).app(app), why);
            return self.say(who, Text::UnknownApp, Some(app));
        }
        let account = self.account(who);
        if account.user.registered && self.is_granted(account, app) {
            self.forward(now, who, app, query.session, query.message, false);
        } else {
            self.keep(now, who, query);
        }
    }

    /// Notifies the app in that session, or in a fresh one; its window opens when the callback is handed to HTTP.
    ///
    /// A person's text is an explicit query, so it goes out even while their texts are off or their operator disallows
    /// the app. Those rules are about texts to them, and refuse the app's answer.
    pub(crate) fn forward(
        &mut self,
        now: Timestamp,
        who: Who,
        app: AppId,
        session: Option<SessionId>,
        message: &str,
        new_user: bool,
    ) {
        let window = self.settings.session_window;
        let slots_max = self.settings.sessions_per_user_max;
        let session = match session {
            Some(session) => session,
            None => self.open(who, |table| table.open_unsent(now, app, slots_max)),
        };
        let order = self.converse(who, session, |table| table.texted(session));
        let user = &self.account(who).user;
        let uid = user.uid;
        let hindrance = if !user.texts_on {
            format!(
                "; Mobile Texts of {} are off, so an answer will be refused",
                user.name
            )
        } else if self.is_blocked(&user.operator, app) {
            format!(
                "; {} disallows the app, so an answer will be refused",
                user.operator
            )
        } else {
            String::new()
        };
        let why = format!(
            "{} from {} forwarded to {} in session {session}, to be answered within {}{hindrance}",
            Quoted(message),
            user.name,
            self.title(app),
            Span(window)
        );
        self.decide(Code::Forwarded, self.subject(who).app(app).session(session), why);
        let message = message.to_owned();
        self.call_back(now, app, |id| Content::Text {
            notification: Notification {
                id,
                app,
                user: uid,
                session,
                message,
                new_user,
            },
            order,
        });
    }
}
