//! The way between apps and the parts: calls and their answers, callbacks and what came of them, logins.

use platform::{CallId, NotifyOutcome};
use rest::Step;

use crate::io::{CallbackId, Output, Purpose};
use crate::record::{ANSWER_OCTETS_MAX, CALL_OCTETS_MAX, Event};
use crate::ring::{ApiReply, Kept};
use crate::world::{Callback, Hop, World};

impl World {
    pub(super) fn api_call(&mut self, call: CallId, request: rest::Request) {
        let rest::Noted { params, hidden } = self.rest.note(&request, CALL_OCTETS_MAX as u32);
        if !hidden.is_empty() {
            self.session_keys.insert(call, hidden);
        }
        self.keep(Kept::ApiCall { call, params });
        let step = self.rest.receive(self.now, call, request);
        self.api_step(call, step, None);
    }

    pub(super) fn api_step(&mut self, call: CallId, step: Step, submission: Option<platform::SubmissionId>) {
        match step {
            Step::Respond(response) => self.api_reply(call, response, submission),
            Step::Ask { input, .. } => self.platform_at_once(input),
        }
    }

    pub(super) fn api_reply(
        &mut self,
        call: CallId,
        response: rest::Response,
        submission: Option<platform::SubmissionId>,
    ) {
        // An error document repeats what the caller sent, the session key with it, and an answer may bring a new key; the
        // record has neither.
        let mut hidden = self.session_keys.remove(&call).unwrap_or_default();
        hidden.extend(response.hidden.iter().cloned());
        self.keep(Kept::ApiReply(Box::new(ApiReply::new(call, &response, &hidden))));
        self.outputs.push_back(Output::ApiReply {
            call,
            response: response.into(),
            submission,
        });
    }

    pub(super) fn callback(
        &mut self,
        notification: platform::NotificationId,
        app: platform::AppId,
        user: platform::Uid,
        purpose: Purpose,
        request: Option<rest::CallbackRequest>,
    ) {
        let Some(request) = request else {
            return self.platform_at_once(platform::Input::Notified {
                notification,
                outcome: NotifyOutcome::NoUrl,
            });
        };
        let callback = CallbackId(self.next_callback);
        self.next_callback += 1;
        let is_key = |name: &str| name == "fb_sig_session_key";
        let key = request.fields.iter().find(|(name, _)| is_key(name));
        let session_key = key.map(|(_, key)| key.clone());
        let about = Callback {
            app,
            notification,
            session_key,
        };
        self.callbacks.insert(callback, about);
        self.record(Event::CallbackSent {
            callback,
            app,
            user,
            purpose,
            url: request.url.clone(),
            fields: request
                .fields
                .iter()
                .filter(|(name, _)| !is_key(name))
                .cloned()
                .collect(),
        });
        self.schedule(self.config.callback_timeout, Hop::CallbackTimeout(callback));
        self.outputs.push_back(Output::Callback {
            callback,
            app,
            purpose,
            request: request.into(),
        });
    }

    pub(super) fn callback_done(&mut self, callback: CallbackId, outcome: NotifyOutcome, body: Option<&str>) {
        // A late answer finds its callback gone: the time-out has spoken for it.
        let Some(Callback {
            app,
            notification,
            session_key,
        }) = self.callbacks.remove(&callback)
        else {
            return;
        };
        let hidden: Vec<_> = session_key.into_iter().collect();
        // What is cut would not be found any more.
        let answer = body.map(|body| {
            let body = self.rest.redact(body);
            let body = rest::Noted::without(&hidden, &body);
            body[..body.floor_char_boundary(ANSWER_OCTETS_MAX)].to_owned()
        });
        self.record(Event::CallbackDone {
            callback,
            app,
            outcome: outcome.clone(),
            answer,
        });
        self.platform_at_once(platform::Input::Notified {
            notification,
            outcome,
        });
    }

    pub(super) fn log_in(&mut self, app: platform::AppId, user: platform::Uid, token: Option<&str>) {
        let token = self.rest.log_in(self.now, app, user, token);
        let accepted = token.is_some();
        self.record(Event::LoggedIn { app, user, accepted });
        if accepted {
            let change = platform::Change::AcceptApp(user, app);
            self.platform_at_once(platform::Input::Change(change));
        }
        self.outputs.push_back(Output::LoggedIn { app, user, token });
    }

    /// What a callback tells the app of the user.
    pub(super) fn standing(&mut self, app: platform::AppId, user: platform::Uid) -> rest::Standing {
        let install = self.platform.user(user).and_then(|user| user.apps.get(&app));
        rest::Standing {
            sms_granted: install.is_some_and(|install| install.sms_granted),
            session: self.session(app, user),
            locale: self.rest.settings().callback_locale,
        }
    }

    /// The user's API session with the app, which a callback names; a new one where there is none.
    fn session(&mut self, app: platform::AppId, user: platform::Uid) -> rest::SessionInfo {
        match self.rest.session_of(self.now, app, user) {
            Some(session) => session,
            None => rest::SessionInfo {
                key: self.mint_session(app, user),
                expires: None,
            },
        }
    }

    pub(super) fn mint_session(&mut self, app: platform::AppId, user: platform::Uid) -> String {
        let chance = self.dice.number("session keys");
        self.rest.mint_session(self.now, app, user, chance)
    }
}
