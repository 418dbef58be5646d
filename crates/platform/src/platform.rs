//! The platform: [`Platform`], made from a [`Config`] and told of every [`Input`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sms::{Day, Msisdn, NumberMap, NumberRun, ShortCode, Timestamp};

use crate::app::{App, AppId};
use crate::callback::{Callback, Outbox};
use crate::config::{Config, InvalidConfig};
use crate::conversation::{Conversations, Opened};
use crate::decision::{Decision, DecisionCode, Span};
use crate::input::Input;
use crate::keyword::Words;
use crate::notification::Mailbox;
use crate::output::{Answer, NotificationId, Output, SubmissionId};
use crate::quota::{Allowance, AppDay, Rate, UserDay};
use crate::request::Consent;
use crate::settings::Settings;
use crate::user::{SessionId, Uid, User};

/// Texts whose receipts can still be told apart; of more, the oldest is forgotten.
pub const SUBMISSIONS_OPEN_MAX: usize = 100_000;

/// Where an account stands in [`Platform::accounts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Who(pub(crate) usize);

/// A user, and what is going on between them and the platform.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) consent: Consent,
    pub(crate) conversations: Conversations,
    pub(crate) day: UserDay,
    pub(crate) last_unsolicited: Option<(AppId, Timestamp)>,
    pub(crate) mailbox: Mailbox,
    /// Apps whose notifications and e-mails the user does not want.
    pub(crate) muted: BTreeSet<AppId>,
}

/// An app, and what it has sent.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) app: App,
    /// Users who have granted it `sms`; kept, so that no send has to count them.
    pub(crate) opted_in: u64,
    pub(crate) day: AppDay,
    pub(crate) rate: Rate,
    /// Notifications of the day, by acting user.
    pub(crate) notified: Allowance,
    /// Notifications of the week, by recipient.
    pub(crate) announced: Allowance,
    /// E-mails of the day, by recipient.
    pub(crate) emailed: Allowance,
    pub(crate) outbox: Outbox,
}

/// What is due at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Timer {
    Request(AppId),
    Registration,
    Session(SessionId),
}

/// Whom a decision is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) user: Option<Uid>,
    pub(crate) app: Option<AppId>,
    pub(crate) session: Option<SessionId>,
}

impl Subject {
    pub(crate) fn app(self, app: AppId) -> Self {
        Self {
            app: Some(app),
            ..self
        }
    }

    pub(crate) fn session(self, session: SessionId) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }
}

/// FBOOK 32665: who may text whom, what a text means, and what becomes of it.
///
/// Give it everything that happens with [`Platform::handle`], carry out what that returns, and call again with
/// [`Input::Tick`] no later than [`Platform::next_wakeup`]. Time must not run backward. It never fails: a "no" is a
/// [`Refusal`](crate::Refusal) in a reply, and each yes and no leaves a [`Decision`].
#[derive(Debug)]
pub struct Platform {
    pub(crate) settings: Arc<Settings>,
    pub(crate) words: Words,
    pub(crate) apps: BTreeMap<AppId, Listing>,
    pub(crate) canvases: BTreeMap<String, AppId>,
    pub(crate) accounts: Vec<Account>,
    by_uid: NumberMap<Uid, Who>,
    pub(crate) by_phone: NumberMap<Msisdn, Who>,
    pub(crate) by_name: BTreeMap<String, Who>,
    pub(crate) operator_blocks: BTreeMap<String, BTreeSet<AppId>>,
    timers: BTreeSet<(Timestamp, Who, Timer)>,
    /// The callbacks that are under way: of each app as many as the settings allow.
    pub(crate) callbacks: BTreeMap<NotificationId, Callback>,
    pub(crate) submissions: NumberRun<SubmissionId, Subject>,
    /// No text before this one is remembered.
    oldest_submission: u64,
    /// Whether the live-message system runs.
    pub(crate) live_messages_on: bool,
    pub(crate) notifications_made: u64,
    submissions_made: u64,
    /// The day of the last call to send, by which quotas are counted.
    pub(crate) today: Day,
    out: Vec<Output>,
}

impl Platform {
    /// A platform of that configuration.
    ///
    /// # Panics
    ///
    /// When [`Config::check`] finds a fault.
    pub fn new(config: Config) -> Self {
        Self::checked(config).unwrap_or_else(|fault| panic!("the configuration was not checked: {fault}"))
    }

    /// A platform of that configuration, which is checked first.
    ///
    /// # Errors
    ///
    /// What [`Config::check`] finds.
    pub fn checked(config: Config) -> Result<Self, InvalidConfig> {
        config.check()?;
        Ok(Self::of_checked(config))
    }

    /// A platform of a configuration in which [`Config::check`] has found nothing, and which is not checked again.
    ///
    /// # Panics
    ///
    /// Where a user has an app that does not exist.
    pub fn of_checked(config: Config) -> Self {
        let Config {
            settings,
            apps,
            users,
            operator_blocks,
        } = config;
        let mut platform = Self {
            words: Words::new(&settings),
            canvases: apps
                .iter()
                .map(|app| (app.canvas.to_lowercase(), app.id))
                .collect(),
            apps: apps
                .into_iter()
                .map(|app| {
                    (
                        app.id,
                        Listing {
                            app,
                            opted_in: 0,
                            day: AppDay::default(),
                            rate: Rate::default(),
                            notified: Allowance::default(),
                            announced: Allowance::default(),
                            emailed: Allowance::default(),
                            outbox: Outbox::default(),
                        },
                    )
                })
                .collect(),
            accounts: Vec::with_capacity(users.len()),
            by_uid: NumberMap::default(),
            by_phone: NumberMap::default(),
            by_name: BTreeMap::new(),
            operator_blocks: BTreeMap::new(),
            timers: BTreeSet::new(),
            callbacks: BTreeMap::new(),
            live_messages_on: true,
            submissions: NumberRun::default(),
            oldest_submission: 1,
            notifications_made: 0,
            submissions_made: 0,
            today: Day::default(),
            out: Vec::new(),
            settings,
        };
        for (operator, app) in operator_blocks {
            platform.operator_blocks.entry(operator).or_default().insert(app);
        }
        for user in users {
            platform.add(user);
        }
        platform
    }

    pub(crate) fn add(&mut self, mut user: User) {
        let who = Who(self.accounts.len());
        user.daily_max = user.daily_max.or(self.settings.user_daily_max);
        user.quiet_hours = user.quiet_hours.or(self.settings.user_quiet_hours);
        for (app, _) in user.apps.iter().filter(|(_, install)| install.sms_granted) {
            self.apps
                .get_mut(app)
                .expect("checked with the configuration")
                .opted_in += 1;
        }
        self.by_uid.insert(user.uid, who);
        self.by_phone.insert(user.phone, who);
        self.by_name.insert(user.name.clone(), who);
        self.accounts.push(Account {
            user,
            consent: Consent::default(),
            conversations: Conversations::default(),
            day: UserDay::default(),
            last_unsolicited: None,
            mailbox: Mailbox::default(),
            muted: BTreeSet::new(),
        });
    }

    /// Does what is due by `now`, then takes the input. What it returns is in the order in which it was decided.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.handle_into(now, input, &mut outputs);
        outputs
    }

    /// As [`Platform::handle`]; what was decided is added to `outputs`.
    pub fn handle_into(&mut self, now: Timestamp, input: Input, outputs: &mut Vec<Output>) {
        std::mem::swap(&mut self.out, outputs);
        while let Some(&(at, who, timer)) = self.timers.first().filter(|(at, ..)| *at <= now) {
            self.timers.pop_first();
            self.time_out(at, who, timer);
        }
        match input {
            Input::Mo {
                from,
                to,
                text,
                chance,
            } => self.mo(now, from, to, &text, chance),
            Input::Send(send) => self.send(now, send),
            Input::CanSend { call, app, user } => self.can_send(now, call, app, user),
            Input::Notified {
                notification,
                outcome,
            } => self.notified(now, notification, outcome),
            Input::NotifyUsers(notify) => self.notify_users(now, &notify),
            Input::SendEmail(email) => self.send_email(now, &email),
            Input::SendLiveMessage(send) => self.send_live_message(send),
            Input::Query { call, app, query } => self.tell(now, call, app, &query),
            Input::RevokePermission {
                call,
                app,
                user,
                permission,
            } => self.revoke_permission(now, call, app, user, permission),
            Input::RevokeAuthorization { call, app, user } => self.revoke_authorization(now, call, app, user),
            Input::SetSmsCapable { call, app, capable } => {
                self.set_sms_capable(app, capable);
                let answer = Ok(Answer::Bool(true));
                self.emit(Output::Reply { call, answer });
            }
            Input::AskForCode { user, chance } => self.ask_for_code(now, user, chance),
            Input::ConfirmPhone { user, code } => self.confirm_phone(now, user, &code),
            Input::Receipt { submission, state } => self.receipt(submission, state),
            Input::Change(change) => self.change(now, change),
            Input::Tick => {}
        }
        std::mem::swap(&mut self.out, outputs);
    }

    /// When the platform has something to do on its own: a request, a code or a session expires.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.timers.first().map(|&(at, ..)| at)
    }
}

/// What the other files of the platform build on.
impl Platform {
    pub(crate) fn who(&self, uid: Uid) -> Option<Who> {
        self.by_uid.get(uid).copied()
    }

    pub(crate) fn who_has(&self, phone: Msisdn) -> Option<Who> {
        self.by_phone.get(phone).copied()
    }

    pub(crate) fn account(&self, who: Who) -> &Account {
        &self.accounts[who.0]
    }

    pub(crate) fn account_mut(&mut self, who: Who) -> &mut Account {
        &mut self.accounts[who.0]
    }

    pub(crate) fn title(&self, app: AppId) -> &str {
        self.app(app).map_or("an unknown app", |app| &app.title)
    }

    /// The user's name, or the number where no account has it.
    pub(crate) fn name_of(&self, user: Uid) -> String {
        self.user(user)
            .map_or_else(|| user.to_string(), |user| user.name.clone())
    }

    pub(crate) fn pool(&self, listing: &Listing) -> u64 {
        listing
            .opted_in
            .saturating_mul(u64::from(self.settings.app_daily_pool_per_user))
    }

    /// Whether the app is registered for SMS and the user has granted it `sms`.
    pub(crate) fn is_granted(&self, account: &Account, app: AppId) -> bool {
        self.app(app).is_some_and(|app| app.sms_capable)
            && account
                .user
                .apps
                .get(&app)
                .is_some_and(|install| install.sms_granted)
    }

    /// That user, as the subject of a decision.
    pub(crate) fn subject(&self, who: Who) -> Subject {
        Subject {
            user: Some(self.account(who).user.uid),
            ..Subject::default()
        }
    }

    pub(crate) fn emit(&mut self, output: Output) {
        self.out.push(output);
    }

    pub(crate) fn decide(&mut self, code: DecisionCode, subject: Subject, text: String) {
        let Subject { user, app, session } = subject;
        self.out.push(Output::Decided(Decision {
            code,
            user,
            app,
            session,
            text,
        }));
    }

    /// Hands a text to the message centre.
    pub(crate) fn submit(
        &mut self,
        to: Msisdn,
        from: ShortCode,
        text: String,
        subject: Subject,
    ) -> SubmissionId {
        self.submissions_made += 1;
        let submission = SubmissionId(self.submissions_made);
        self.submissions.insert(submission, subject);
        if self.submissions.len() > SUBMISSIONS_OPEN_MAX {
            self.forget_submission(SubmissionId(self.oldest_submission));
        }
        self.emit(Output::Submit {
            submission,
            from,
            to,
            text,
        });
        submission
    }

    /// Forgets a text whose receipt will not come, or has.
    pub(crate) fn forget_submission(&mut self, submission: SubmissionId) -> Option<Subject> {
        let subject = self.submissions.remove(submission);
        while self.oldest_submission <= self.submissions_made
            && !self.submissions.contains(SubmissionId(self.oldest_submission))
        {
            self.oldest_submission += 1;
        }
        subject
    }

    pub(crate) fn start_timer(&mut self, at: Timestamp, who: Who, timer: Timer) {
        self.timers.insert((at, who, timer));
    }

    pub(crate) fn stop_timer(&mut self, at: Timestamp, who: Who, timer: Timer) {
        self.timers.remove(&(at, who, timer));
    }

    /// Changes a user's table of sender numbers, and keeps the timer of that session in step.
    pub(crate) fn converse<T>(
        &mut self,
        who: Who,
        session: SessionId,
        change: impl FnOnce(&mut Conversations) -> T,
    ) -> T {
        let conversations = &mut self.accounts[who.0].conversations;
        let before = conversations.due(session);
        let result = change(conversations);
        let after = conversations.due(session);
        self.retime(who, session, before, after);
        result
    }

    /// Opens a slot of a user's table, whichever is its turn.
    pub(crate) fn open(&mut self, who: Who, open: impl FnOnce(&mut Conversations) -> Opened) -> SessionId {
        let conversations = &mut self.accounts[who.0].conversations;
        let before = conversations.next_due(self.settings.sessions_per_user_max);
        let Opened { session, replaced } = open(conversations);
        let after = conversations.due(session);
        self.retime(who, session, before, after);
        if let Some(replaced) = replaced {
            let account = &mut self.accounts[who.0];
            if replaced.question {
                account.consent.lose_slot(replaced.app, session);
            }
            let subject = Subject {
                user: Some(account.user.uid),
                app: Some(replaced.app),
                session: Some(session),
            };
            let what = if replaced.question {
                "the question about"
            } else {
                "a session with"
            };
            let text = format!(
                "the number of session {session} of {}, {what} {}, goes to a newer session: all {} are in use",
                self.account(who).user.name,
                self.title(replaced.app),
                self.settings.sessions_per_user_max
            );
            self.decide(DecisionCode::SessionReplaced, subject, text);
        }
        session
    }

    fn retime(&mut self, who: Who, session: SessionId, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before != after {
            if let Some(at) = before {
                self.stop_timer(at, who, Timer::Session(session));
            }
            if let Some(at) = after {
                self.start_timer(at, who, Timer::Session(session));
            }
        }
    }

    fn time_out(&mut self, at: Timestamp, who: Who, timer: Timer) {
        match timer {
            Timer::Request(app) => self.request_expired(who, app),
            Timer::Registration => self.registration_expired(who),
            Timer::Session(session) => self.session_expired(at, who, session),
        }
    }

    fn session_expired(&mut self, at: Timestamp, who: Who, session: SessionId) {
        let account = &mut self.accounts[who.0];
        debug_assert_eq!(
            account.conversations.due(session),
            Some(at),
            "timers follow the table"
        );
        let Some((app, waited_for_user)) = account.conversations.expire(session) else {
            return;
        };
        let subject = Subject {
            user: Some(account.user.uid),
            app: Some(app),
            session: Some(session),
        };
        let name = &self.account(who).user.name;
        let text = if waited_for_user {
            let idle = Span(self.settings.session_idle_ttl);
            format!("session {session} of {name} expired: {name} has not texted for {idle}")
        } else {
            let window = Span(self.settings.session_window);
            format!(
                "session {session} of {name} expired: {} has not answered within {window}",
                self.title(app)
            )
        };
        self.decide(DecisionCode::SessionExpired, subject, text);
    }
}
