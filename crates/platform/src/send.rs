//! `sms.send` and `sms.canSend`: who may text whom, in the order of the rules.

use std::fmt::Write as _;

use sms::address::decimal;
use sms::segment::Reference;
use sms::{Encoding, Segment, Timestamp};

use crate::app::AppId;
use crate::conversation::{FBOOK, number};
use crate::decision::{DecisionCode as Code, Quoted};
use crate::foreign_url;
use crate::input::{CallId, Send};
use crate::output::{Answer, Output, Refusal};
use crate::platform::{Account, Platform, Subject, Who};
use crate::quiet_hours;
use crate::settings::{ForeignUrlPolicy, Settings};
use crate::user::Uid;

impl Platform {
    /// `sms.send`: carries it out, or says why not; a refusal costs nothing.
    pub(crate) fn send(&mut self, now: Timestamp, send: Send) {
        if !self.today.has(now) {
            self.today = self.settings.quota_day_tz.day(now);
        }
        let subject = Subject {
            user: Some(send.to),
            app: Some(send.app),
            session: send.session,
        };
        match self.may_send(now, &send) {
            Ok(who) => self.carry_out(now, who, send, subject),
            Err(refusal) => {
                let call = self.call_name("sms.send", send.app, send.to);
                self.decide(Code::SendRefused, subject, format!("{call} refused: {refusal}"));
                self.emit(Output::Reply {
                    call: send.call,
                    answer: Err(refusal),
                });
            }
        }
    }

    /// `sms.canSend`: the checks of an unsolicited send that have to do with the user, none of them spent.
    pub(crate) fn can_send(&mut self, now: Timestamp, call: CallId, app: AppId, user: Uid) {
        let subject = Subject {
            user: Some(user),
            app: Some(app),
            session: None,
        };
        let answer = self.reachable(app, user).and_then(|who| {
            self.wanted(now, self.account(who))?;
            Ok(Answer::CanSend)
        });
        let name = self.call_name("sms.canSend", app, user);
        match &answer {
            Ok(_) => self.decide(Code::CanSend, subject, format!("{name}: yes")),
            Err(refusal) => self.decide(
                Code::CanSendRefused,
                subject,
                format!("{name} refused: {refusal}"),
            ),
        }
        self.emit(Output::Reply { call, answer });
    }

    /// Every check of `sms.send`, the first that says no wins.
    fn may_send(&self, now: Timestamp, send: &Send) -> Result<Who, Refusal> {
        let who = self.who(send.to).ok_or(Refusal::NoSuchUser { user: send.to })?;
        if self.settings.foreign_url_policy == ForeignUrlPolicy::Refuse
            && let Some(url) = foreign_url::find(&send.message)
        {
            return Err(Refusal::ForeignUrl { url: url.to_owned() });
        }
        if let Some(session) = send.session
            && let Some(fault) = self.account(who).conversations.fault(now, session, send.app)
        {
            return Err(Refusal::Session { session, fault });
        }
        self.reachable(send.app, send.to)?;
        check_length(&self.settings, &send.message)?;
        if send.session.is_none() {
            self.wanted(now, self.account(who))?;
            self.within_quota(now, send.app)?;
        }
        Ok(who)
    }

    /// Consent, phone, and operator: what stands in the way of any text of that app to that user.
    fn reachable(&self, app: AppId, user: Uid) -> Result<Who, Refusal> {
        let who = self.who(user).ok_or(Refusal::NoSuchUser { user })?;
        let user = &self.account(who).user;
        if !self.app(app).is_some_and(|app| app.sms_capable) {
            return Err(Refusal::AppNotCapable);
        }
        let install = user.apps.get(&app).ok_or(Refusal::NotInstalled)?;
        if !install.sms_granted {
            return Err(Refusal::NotGranted);
        }
        if !user.registered {
            return Err(Refusal::NotRegistered);
        }
        if !user.texts_on {
            return Err(Refusal::TextsOff);
        }
        if self.is_blocked(&user.operator, app) {
            return Err(Refusal::OperatorBlocked {
                operator: user.operator.clone(),
            });
        }
        Ok(who)
    }

    /// The user's own restrictions on unsolicited texts.
    fn wanted(&self, now: Timestamp, account: &Account) -> Result<(), Refusal> {
        quiet_hours::check(now, &account.user)?;
        match account.user.daily_max {
            Some(daily_max) if account.day.got(now, &account.user.zone) >= daily_max => {
                Err(Refusal::UserQuota { daily_max })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The app's own restrictions on unsolicited texts.
    fn within_quota(&self, now: Timestamp, app: AppId) -> Result<(), Refusal> {
        let Some(listing) = self.apps.get(&app) else {
            return Err(Refusal::AppNotCapable);
        };
        let pool = self.pool(listing);
        if listing.day.left(self.quota_day(now), pool) == 0 {
            return Err(Refusal::AppPool {
                pool,
                opted_in: listing.opted_in,
            });
        }
        match self.settings.app_rate_per_s {
            Some(per_s) if !listing.rate.allows(now, per_s) => Err(Refusal::AppRate { per_s }),
            Some(_) | None => Ok(()),
        }
    }

    fn carry_out(&mut self, now: Timestamp, who: Who, send: Send, subject: Subject) {
        let mut why = self.call_name("sms.send", send.app, send.to);
        let foreign = foreign_url::find(&send.message)
            .map(|url| format!("{why}: {} is outside m.facebook.com", Quoted(url)));
        if let Some(session) = send.session {
            self.converse(who, session, |table| table.answered(session));
            // Writing to a String cannot fail.
            let _ = write!(why, " sent as the answer in session {session}");
            self.decide(Code::SentAnswer, subject, why);
        } else {
            let today = self.quota_day(now);
            self.spend(now, today, who, send.app);
            let left = self.pool_left_on(today, send.app).unwrap_or(0);
            why.push_str(" sent unsolicited; ");
            why.push_str(&decimal(left, 1));
            why.push_str(" left in the app's pool today");
            self.decide(Code::SentUnsolicited, subject, why);
        }
        if let Some(why) = foreign {
            self.decide(Code::ForeignUrl, subject, why);
        }
        let slots_max = self.settings.sessions_per_user_max;
        let idle = self.settings.session_idle_ttl;
        let opened = send
            .wants_session
            .then(|| self.open(who, |table| table.open_waiting(now, send.app, idle, slots_max)));
        let from = opened.or(send.session).and_then(number).unwrap_or(FBOOK);
        let to = self.account(who).user.phone;
        let subject = Subject {
            session: opened.or(send.session),
            ..subject
        };
        let submission = self.submit(to, from, send.message, subject);
        let answer = Ok(Answer::Sent {
            submission,
            session: opened,
        });
        self.emit(Output::Reply {
            call: send.call,
            answer,
        });
    }

    /// Counts an unsolicited text, for the app on the day `today` of its quota, and for the user.
    fn spend(&mut self, now: Timestamp, today: i32, who: Who, app: AppId) {
        let account = self.account_mut(who);
        account.day.count(now, &account.user.zone);
        account.last_unsolicited = Some((app, now));
        if let Some(listing) = self.apps.get_mut(&app) {
            listing.day.take(today);
            if let Some(per_s) = self.settings.app_rate_per_s {
                listing.rate.count(now, per_s);
            }
        }
    }

    fn call_name(&self, method: &str, app: AppId, user: Uid) -> String {
        let mut name = String::with_capacity(CALL_OCTETS);
        name.push_str(method);
        name.push('(');
        match self.app(app) {
            Some(app) => name.push_str(&app.name),
            None => name.push_str(&app.to_string()),
        }
        name.push_str(" to ");
        match self.user(user) {
            Some(user) => name.push_str(&user.name),
            None => name.push_str(&user.to_string()),
        }
        name.push(')');
        name
    }
}

/// About as long as what is said of a call becomes.
const CALL_OCTETS: usize = 96;

/// Refuses a text that is empty or does not fit the parts that the policy allows.
fn check_length(settings: &Settings, message: &str) -> Result<(), Refusal> {
    let encoding = Encoding::of(message);
    let units = encoding.units(message);
    let single_max = match encoding {
        Encoding::Gsm7 | Encoding::Latin1 | Encoding::Ascii | Encoding::Binary => {
            settings.message_length_max.septets
        }
        Encoding::Ucs2 => settings.message_length_max.ucs2_units,
    };
    let parts_max = usize::from(settings.message_parts_max);
    let in_parts = if parts_max > 1 {
        parts_max * encoding.part_max(false).min(single_max)
    } else {
        0
    };
    let units_max = single_max.max(in_parts);
    // An escape sequence or a surrogate pair is never cut in two, so a text may need one part more than its length says.
    let too_many_parts =
        || Segment::split(message, Reference::Octet(0)).map_or(true, |segments| segments.len() > parts_max);
    if units == 0 || units > units_max || units > single_max && too_many_parts() {
        return Err(Refusal::Length {
            units,
            units_max,
            encoding,
        });
    }
    Ok(())
}
