//! The registration of a phone: a code by text, confirmed by reply or on a page.

use sms::Timestamp;

use crate::conversation::FBOOK;
use crate::decision::{DecisionCode as Code, Quoted};
use crate::platform::{Platform, Timer, Who};
use crate::request::{Registration, code};
use crate::text::{Text, fill};
use crate::user::Uid;

/// Wrong codes that may be typed on a page before the code is no good any more; a new one must be asked for then.
pub const WRONG_CODES_MAX: u32 = 5;

impl Platform {
    /// Texts a code to a phone that is not confirmed; the same code while it is good.
    pub(crate) fn ask_to_register(&mut self, now: Timestamp, who: Who, chance: u64) {
        if !self.account(who).user.texts_on {
            return;
        }
        let expires_at = now + self.settings.cached_request_ttl;
        let (code, wrong_codes) = match self.forget_registration(who) {
            Some(open) => (open.code, open.wrong_codes),
            None => (code(chance), 0),
        };
        let wording = fill(Text::Registration.wording(&self.settings), None, &code);
        self.account_mut(who).consent.registration = Some(Registration {
            code,
            wrong_codes,
            expires_at,
        });
        self.start_timer(expires_at, who, Timer::Registration);
        let (subject, user) = (self.subject(who), &self.account(who).user);
        let (phone, until) = (user.phone, user.zone.civil(expires_at));
        let why = format!(
            "{} is texted a code to confirm {phone}, good until {until}",
            user.name
        );
        self.decide(Code::RegistrationAsked, subject, why);
        self.submit(phone, FBOOK, wording, subject);
    }

    /// The phone replied with its code.
    pub(crate) fn registered_by_code(&mut self, now: Timestamp, who: Who) {
        self.code_was_right(now, who, "replied with the code");
    }

    /// A person asks on the page for a code.
    pub(crate) fn ask_for_code(&mut self, now: Timestamp, user: Uid, chance: u64) {
        let Some(who) = self.who(user) else {
            return self.unknown_user(user);
        };
        let user = &self.account(who).user;
        let obstacle = match (user.registered, user.texts_on) {
            (true, _) => "the phone is registered already",
            (false, false) => "nothing is texted while Mobile Texts are off",
            (false, true) => return self.ask_to_register(now, who, chance),
        };
        let why = format!("{} asks for a code, but {obstacle}", user.name);
        self.decide(Code::RegistrationNotAsked, self.subject(who), why);
    }

    /// A person types a code on the page. After [`WRONG_CODES_MAX`] wrong ones the code is no good any more, so that it cannot
    /// be guessed.
    pub(crate) fn confirm_phone(&mut self, now: Timestamp, user: Uid, typed: &str) {
        let Some(who) = self.who(user) else {
            return self.unknown_user(user);
        };
        let subject = self.subject(who);
        let account = self.account_mut(who);
        let name = account.user.name.clone();
        let Some(open) = &mut account.consent.registration else {
            let why = format!("{name} typed a code, but none is awaited");
            return self.decide(Code::WrongCode, subject, why);
        };
        if open.code == typed.trim() {
            return self.code_was_right(now, who, "typed the code");
        }
        open.wrong_codes += 1;
        let left = WRONG_CODES_MAX.saturating_sub(open.wrong_codes);
        if left == 0 {
            self.forget_registration(who);
        }
        let why = format!("{name} typed a wrong code; {left} more may be tried");
        self.decide(Code::WrongCode, subject, why);
    }

    /// What was kept comes next; only when nothing was does a text confirm the registration.
    fn code_was_right(&mut self, now: Timestamp, who: Who, how: &str) {
        let why = format!("{} {how}: the phone is registered", self.account(who).user.name);
        self.decide(Code::Registered, self.subject(who), why);
        let nothing_kept = self.account(who).consent.requests().is_empty();
        self.set_registered(now, who, true);
        if nothing_kept {
            self.say(who, Text::Registered, None);
        }
    }

    /// The phone was confirmed, by reply or on the page, or Facebook Mobile was removed.
    pub(crate) fn set_registered(&mut self, now: Timestamp, who: Who, registered: bool) {
        let was = std::mem::replace(&mut self.account_mut(who).user.registered, registered);
        if registered {
            self.forget_registration(who);
            self.ask_what_is_kept(now, who);
        } else if was {
            for slot in self.account_mut(who).consent.unask() {
                self.converse(who, slot, |table| table.close_question(slot));
            }
        }
    }

    /// A no to the registration is a no to everything that waits for it.
    pub(crate) fn drop_registration(&mut self, who: Who) {
        let name = self.account(who).user.name.clone();
        let subject = self.subject(who);
        self.forget_registration(who);
        self.decide(
            Code::RegistrationDropped,
            subject,
            format!("{name} does not want to register"),
        );
        let dropped = self.account_mut(who).consent.take_all();
        for request in &dropped {
            self.request_gone(who, request);
            let why = format!(
                "{} to {} dropped: {name} said no",
                Quoted(&request.message),
                self.title(request.app)
            );
            self.decide(Code::RequestDropped, subject.app(request.app), why);
        }
        if let Some(newest) = dropped.last() {
            self.say(who, Text::Declined, Some(newest.app));
        }
    }

    pub(crate) fn registration_expired(&mut self, who: Who) {
        self.account_mut(who).consent.registration = None;
        let why = format!("the code of {} is no good any more", self.account(who).user.name);
        self.decide(Code::RegistrationExpired, self.subject(who), why);
    }

    pub(crate) fn forget_registration(&mut self, who: Who) -> Option<Registration> {
        let registration = self.account_mut(who).consent.registration.take()?;
        self.stop_timer(registration.expires_at, who, Timer::Registration);
        Some(registration)
    }
}
