//! Opting in by text: cached install requests, and the question about them.
//!
//! A text to an app that may not have it yet is kept. What stands between is asked in turn: the phone is confirmed with a
//! code (`registration.rs`), then each kept text is put as a question, from a number of its own. A yes installs the app and
//! releases the text.

use sms::{ShortCode, Timestamp};

use crate::app::AppId;
use crate::conversation::{FBOOK, number};
use crate::decision::{DecisionCode as Code, Quoted, Span};
use crate::mo::Query;
use crate::platform::{Platform, Timer, Who};
use crate::request::Request;
use crate::text::{Text, fill};
use crate::user::Install;

impl Platform {
    /// Caches a text: the newest for its app, and asks whatever must be asked first.
    pub(crate) fn keep(&mut self, now: Timestamp, who: Who, query: &Query<'_>) {
        let (app, expires_at) = (query.app, now + self.settings.cached_request_ttl);
        let requests_max = self.settings.cached_requests_per_user_max;
        let subject = self.subject(who);
        let request = Request {
            app,
            message: query.message.to_owned(),
            expires_at,
            granted_before: self.is_granted(self.account(who), app),
            asked: false,
            slot: None,
        };
        let cached = self.account_mut(who).consent.cache(request, requests_max);
        if let Some(replaced) = cached.replaced {
            self.stop_timer(replaced.expires_at, who, Timer::Request(app));
        }
        if let Some(dropped) = cached.dropped {
            self.request_gone(who, &dropped);
            let why = format!(
                "{} to {} dropped: more than {requests_max} requests of {} are open",
                Quoted(&dropped.message),
                self.title(dropped.app),
                self.account(who).user.name
            );
            self.decide(Code::RequestDropped, subject.app(dropped.app), why);
        }
        self.start_timer(expires_at, who, Timer::Request(app));
        let user = &self.account(who).user;
        let until = user.zone.civil(expires_at);
        let next = match (user.texts_on, user.registered) {
            (false, _) => "nothing is asked while Mobile Texts are off",
            (true, false) => "registration code sent",
            (true, true) => "confirmation sent",
        };
        let why = format!("{} cached until {until}; {next}", Quoted(query.message));
        let registered = user.registered;
        self.decide(Code::RequestCached, subject.app(app), why);
        if registered {
            self.ask_to_install(now, who, app);
        } else {
            self.ask_to_register(now, who, query.chance);
        }
    }

    /// Puts the question about a cached request, from a number of its own.
    fn ask_to_install(&mut self, now: Timestamp, who: Who, app: AppId) {
        if !self.account(who).user.texts_on {
            return;
        }
        let held = self
            .account(who)
            .consent
            .requests()
            .iter()
            .find(|request| request.app == app);
        let Some(request) = held else { return };
        let slots_max = self.settings.sessions_per_user_max;
        let session = match request.slot {
            Some(session) => session,
            None => self.open(who, |table| table.open_question(now, app, slots_max)),
        };
        self.account_mut(who).consent.asked(app, session);
        let subject = self.subject(who).app(app).session(session);
        let why = format!(
            "{} is asked from the number of session {session} whether to install {}",
            self.account(who).user.name,
            self.title(app)
        );
        self.decide(Code::QuestionAsked, subject, why);
        let wording = fill(Text::Confirmation.wording(&self.settings), self.app(app), "");
        let from = number(session).expect("a slot has a number");
        let to = self.account(who).user.phone;
        self.submit(to, from, wording, subject);
    }

    /// After registering or turning texts on: forwards kept texts that nothing hinders any more, asks about the rest.
    pub(crate) fn ask_what_is_kept(&mut self, now: Timestamp, who: Who) {
        let account = self.account(who);
        if !account.user.registered {
            return;
        }
        let kept: Vec<_> = account
            .consent
            .requests()
            .iter()
            .map(|request| (request.app, request.asked))
            .collect();
        for (app, asked) in kept {
            if self.is_granted(self.account(who), app) {
                self.release(now, who, app, false);
            } else if !asked {
                self.ask_to_install(now, who, app);
            }
        }
    }

    pub(crate) fn confirm(&mut self, now: Timestamp, who: Who, app: AppId) {
        let name = self.account(who).user.name.clone();
        let subject = self.subject(who).app(app);
        if !self.app(app).is_some_and(|app| app.sms_capable) {
            let why = format!(
                "{name} said yes, but {} is not registered for SMS any more",
                self.title(app)
            );
            self.decide(Code::UnknownApp, subject, why);
            let from = self.answered_question(who, app);
            return self.say_from(from, who, Text::UnknownApp, Some(app));
        }
        let why = format!(
            "{name} said yes: {} is installed and granted sms",
            self.title(app)
        );
        self.decide(Code::Confirmed, subject, why);
        self.set_install(now, who, app, Some(Install { sms_granted: true }));
        self.release(now, who, app, true);
    }

    /// Forwards the cached text for an app, once. It is a new user's unless the grant was there before the text, and still
    /// is.
    fn release(&mut self, now: Timestamp, who: Who, app: AppId, confirmed: bool) {
        if let Some(request) = self.account_mut(who).consent.take(app) {
            self.request_gone(who, &request);
            let new_user = confirmed || !request.granted_before;
            self.forward(now, who, app, None, &request.message, new_user);
        }
    }

    pub(crate) fn decline(&mut self, who: Who, app: AppId) {
        let why = format!(
            "{} said no: {} is not installed",
            self.account(who).user.name,
            self.title(app)
        );
        self.decide(Code::Declined, self.subject(who).app(app), why);
        let from = self.answered_question(who, app);
        self.say_from(from, who, Text::Declined, Some(app));
    }

    /// Takes away the request whose question was answered; gives the number that the question came from.
    fn answered_question(&mut self, who: Who, app: AppId) -> ShortCode {
        let Some(request) = self.account_mut(who).consent.take(app) else {
            return FBOOK;
        };
        self.request_gone(who, &request);
        request.slot.and_then(number).unwrap_or(FBOOK)
    }

    /// A request was taken away: its timer stops and its question is open no more.
    pub(crate) fn request_gone(&mut self, who: Who, request: &Request) {
        self.stop_timer(request.expires_at, who, Timer::Request(request.app));
        if let Some(slot) = request.slot {
            self.converse(who, slot, |table| table.close_question(slot));
        }
    }

    pub(crate) fn request_expired(&mut self, who: Who, app: AppId) {
        let Some(request) = self.account_mut(who).consent.take(app) else {
            return;
        };
        self.request_gone(who, &request);
        let why = format!(
            "{} to {} expired: {} has not confirmed it within {}",
            Quoted(&request.message),
            self.title(app),
            self.account(who).user.name,
            Span(self.settings.cached_request_ttl)
        );
        self.decide(Code::RequestExpired, self.subject(who).app(app), why);
    }
}
