//! What actors do: texts of users, calls of apps.

use platform::AppId;
use rest::Value;
use rest::client::CallError;
use sms::Address;
use world::{Event, Input};

use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::runner::Run;
use crate::runner::scope::Bound;
use crate::runner::stage::Reply;
use crate::syntax::{
    Actor, CallResult, Destination, Param, Send, Span, Spanned, Text, Value as Written, Var,
};
use crate::text::quoted;
use crate::world_config::Person;

/// What a call came to: its error number (0 for none) and what it returned.
struct Outcome {
    code: i64,
    value: String,
    /// A number that was returned, where one was.
    number: Option<i64>,
}

impl Outcome {
    fn of(reply: &Reply) -> Self {
        match &reply.value {
            Ok(Value::Int(number)) => Self {
                code: 0,
                value: number.to_string(),
                number: Some(*number),
            },
            Ok(Value::Bool(value)) => Self {
                code: 0,
                value: u8::from(*value).to_string(),
                number: Some(i64::from(*value)),
            },
            Ok(Value::Text(text)) => Self {
                code: 0,
                value: text.clone(),
                number: text.parse().ok(),
            },
            Ok(Value::Null) => Self {
                code: 0,
                value: String::new(),
                number: None,
            },
            Ok(value @ (Value::List(_) | Value::Fields(_))) => Self {
                code: 0,
                value: format!("{value:?}"),
                number: None,
            },
            Err(CallError::Api { code, message }) => Self {
                code: i64::from(*code),
                value: message.clone(),
                number: None,
            },
            Err(CallError::Malformed(why)) => Self {
                code: -1,
                value: why.clone(),
                number: None,
            },
        }
    }
}

impl Run<'_> {
    pub(super) fn compose(
        &mut self,
        span: Span,
        user: &Spanned<Actor>,
        text: &Spanned<Text>,
        to: &Destination,
    ) -> Fallible<()> {
        let name = self.actor(user);
        let person = self.person(&name);
        let text = self.scope().text(&text.node);
        let to = match to {
            Destination::ShortCode => self.stage.world.short_code().address(),
            Destination::Session(var) => self.session_number(var, var.span)?,
            Destination::Address(digits) => Address::dialled(digits),
        };
        let code = self.stage.world.short_code().address();
        let elsewhere = (to != code).then(|| to.digits.to_string());
        self.await_person(span, &name, &text, elsewhere.as_deref())?;
        self.begin_action();
        let outbox = |run: &Self| {
            run.stage
                .world
                .handset(person.phone)
                .map_or(0, handset::Handset::outbox_len)
        };
        let held_before = outbox(self);
        self.stage.input(Input::Compose {
            handset: person.phone,
            to,
            text,
        });
        if outbox(self) > held_before {
            return Ok(());
        }
        let refused = self
            .stage
            .world
            .records_since(self.action_seq)
            .find_map(|record| match &record.event {
                Event::NotComposed { handset, why } if *handset == person.phone => Some(why.clone()),
                _ => None,
            });
        match refused {
            None => Ok(()),
            Some(why) => Err(Box::new(
                self.fault(Code::E209, span, format!("{name}'s phone did not send it"))
                    .label(why),
            )),
        }
    }

    pub(super) fn send(&mut self, span: Span, send: &Send) -> Fallible<()> {
        let (app_name, user_name) = (self.actor(&send.app), self.actor(&send.user));
        let app = self.app(&app_name);
        if self.stage.acts_by_itself(app) {
            return self.awaited(span, send, &app_name, &user_name);
        }
        let uid = self.person(&user_name).uid.to_string();
        let text = self.scope().text(&send.text.node);
        let session = match &send.session {
            Some(var) => Some(self.session_id(var, var.span)?),
            None => None,
        };
        let mut params = vec![("uid", uid.as_str()), ("message", text.as_str())];
        params.extend(session.as_deref().map(|session| ("session_id", session)));
        if send.ask.is_some() {
            params.push(("req_session", "1"));
        }
        self.begin_action();
        let Some(reply) = self.stage.call(app, "sms.send", &params, self.patience) else {
            return Err(Box::new(self.fault(
                Code::E304,
                span,
                "sms.send was not answered",
            )));
        };
        self.sent(span, send, &reply, &[&app_name, &user_name])
    }

    /// Compares what `sms.send` returned, and binds what the line names.
    fn sent(&mut self, span: Span, send: &Send, reply: &Reply, actors: &[&str]) -> Fallible<()> {
        let outcome = Outcome::of(reply);
        self.compare(span, "sms.send", send.result.as_ref(), &outcome, reply, actors)?;
        if let (Some(ask), Some(session)) = (&send.ask, outcome.number) {
            let session = u32::try_from(session).unwrap_or_default();
            self.scope_mut().bind(&ask.node, Bound::Session(session));
        }
        if let (Some(name), Some(submission)) = (&send.name, reply.submission) {
            self.scope_mut().bind(&name.node, Bound::Submission(submission));
        }
        Ok(())
    }

    /// Waits until an app that acts by itself has said what the line says.
    fn awaited(&mut self, span: Span, send: &Send, app_name: &str, user_name: &str) -> Fallible<()> {
        let is_real = self.stage.is_real(self.app(app_name));
        if is_real && !self.stage.reaches_outside() {
            let fault = self.fault(
                Code::E303,
                span,
                format!("{app_name} has a `url`, and this run reaches nothing outside"),
            );
            return Err(Box::new(fault.label("awaited from a real app")));
        }
        let deadline = self.step_end + self.patience;
        let holds = is_real && !self.stage.is_paced();
        if holds {
            self.warn_of_sleep(span, app_name);
        }
        let next = loop {
            let said = self
                .stage
                .said
                .get(app_name)
                .into_iter()
                .flatten()
                .position(|said| !said.claimed);
            if said.is_some() {
                break said;
            }
            // A real app needs the machine's time to make up its mind; the world's stands still meanwhile.
            let more = if is_real {
                self.stage.wait_outside(deadline)
            } else {
                self.stage.step_toward(deadline)
            };
            if !more {
                break None;
            }
        };
        if next.is_none() && holds {
            let message = format!("{app_name} did not call sms.send while the clock was held for it");
            return Err(Box::new(
                self.fault(Code::E305, span, message)
                    .label("awaited from a real app"),
            ));
        }
        let Some(place) = next else {
            self.stage.advance_to(deadline);
            let awaited = if is_real {
                "awaited from a real app"
            } else {
                "awaited from its rules"
            };
            let fault = self
                .fault(Code::E201, span, format!("{app_name} said nothing"))
                .label(awaited);
            return Err(Box::new(self.with_network_reasons(fault, &[app_name, user_name])));
        };
        let said = self
            .stage
            .said
            .get_mut(app_name)
            .map(|said| &mut said[place])
            .expect("it was found above");
        said.claimed = true;
        let said = said.clone();
        self.forget_said(app_name);
        let uid = self.person(user_name).uid.to_string();
        let text = self.scope().text(&send.text.node);
        let session = match &send.session {
            Some(var) => Some(self.session_id(var, var.span)?),
            None => None,
        };
        let (to, message) = (
            said.param("uid").unwrap_or_default(),
            said.param("message").unwrap_or_default(),
        );
        let other_session = session.is_some() && said.param("session_id") != session.as_deref();
        if to != uid || message != text || other_session {
            let whom = to
                .parse()
                .ok()
                .and_then(|uid| self.stage.actors.user_name(platform::Uid(uid)))
                .unwrap_or(to);
            let line = format!("{app_name} > {whom} {}", quoted(message));
            let fault = self.fault(Code::E200, span, format!("{app_name} said something else"));
            return Err(Box::new(
                fault.label(format!("at {} it said: {line}", self.offset(said.at))),
            ));
        }
        match &said.reply {
            Some(reply) => self.sent(span, send, reply, &[app_name, user_name]),
            None => Err(Box::new(self.fault(
                Code::E304,
                span,
                "sms.send was not answered",
            ))),
        }
    }

    pub(super) fn can_send(
        &mut self,
        span: Span,
        app: &Spanned<Actor>,
        user: &Spanned<Actor>,
        result: &Spanned<CallResult>,
    ) -> Fallible<()> {
        let (app_name, user_name) = (self.actor(app), self.actor(user));
        let (app, uid) = (self.app(&app_name), self.person(&user_name).uid);
        let key = self.stage.session_key(app, uid);
        let (uid, call_id) = (uid.to_string(), self.stage.call_id());
        let params = [
            ("uid", uid.as_str()),
            ("session_key", key.as_str()),
            ("call_id", call_id.as_str()),
        ];
        self.begin_action();
        let Some(reply) = self.stage.call(app, "sms.canSend", &params, self.patience) else {
            return Err(Box::new(self.fault(
                Code::E304,
                span,
                "sms.canSend was not answered",
            )));
        };
        let mut outcome = Outcome::of(&reply);
        // With `cansend_errors value` the number comes as the value.
        if outcome.code == 0 {
            outcome.code = outcome.number.unwrap_or_default();
        }
        self.compare(
            span,
            "sms.canSend",
            Some(result),
            &outcome,
            &reply,
            &[&app_name, &user_name],
        )
    }

    pub(super) fn call(
        &mut self,
        span: Span,
        app: &Spanned<Actor>,
        method: &str,
        params: &[Param],
        result: Option<&Spanned<CallResult>>,
    ) -> Fallible<()> {
        let app_name = self.actor(app);
        let app = self.app(&app_name);
        let filled: Vec<(String, String)> = params
            .iter()
            .map(|param| (param.name.node.clone(), self.param(app, param)))
            .collect();
        let given: Vec<(&str, &str)> = filled
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.begin_action();
        let Some(reply) = self.stage.call(app, method, &given, self.patience) else {
            return Err(Box::new(self.fault(
                Code::E304,
                span,
                format!("{method} was not answered"),
            )));
        };
        let mut outcome = Outcome::of(&reply);
        // A method that returns numbers is compared with what it returns, where a number is expected.
        if let (0, Some(number), Some(CallResult::Number(_))) =
            (outcome.code, outcome.number, result.map(|r| &r.node))
        {
            outcome.code = number;
        }
        self.compare(span, method, result, &outcome, &reply, &[&app_name])
    }

    /// A parameter's value: a user's name stands for the number of the account, or, as `session_key`, for a key.
    fn param(&mut self, app: AppId, param: &Param) -> String {
        let value = self.scope().value(&param.value.node);
        let named = match &param.value.node {
            Written::Bare(name) => self.stage.actors.users.get(name).copied(),
            Written::Var(_) => self.stage.actors.users.get(&value).copied(),
            Written::Quoted(_) => None,
        };
        match named {
            Some(person) if param.name.node == "session_key" => self.stage.session_key(app, person.uid),
            Some(person) => person.uid.to_string(),
            None => value,
        }
    }

    /// Compares what a call returned with what the line says; a free capture takes it.
    fn compare(
        &mut self,
        span: Span,
        method: &str,
        expected: Option<&Spanned<CallResult>>,
        outcome: &Outcome,
        reply: &Reply,
        actors: &[&str],
    ) -> Fallible<()> {
        let returned = if outcome.code == 0 {
            outcome.value.clone()
        } else {
            outcome.code.to_string()
        };
        let (fits, wanted) = match expected.map(|result| &result.node) {
            None | Some(CallResult::Ok) => (outcome.code == 0, "ok".to_owned()),
            Some(CallResult::Number(number)) => (outcome.code == *number, number.to_string()),
            Some(CallResult::Var(var)) => match self.scope().get(var).map(Bound::text) {
                Some(bound) => (bound == returned, bound),
                None => {
                    self.scope_mut().bind(var, Bound::Value(returned.clone()));
                    (true, String::new())
                }
            },
        };
        let shown = if outcome.code == 0 {
            "ok".to_owned()
        } else {
            returned
        };
        self.returned = Some(shown.clone());
        if fits {
            return Ok(());
        }
        let fault = self.fault(Code::E202, span, format!("{method} returned {shown}"));
        let fault = self.with_reasons(fault.label(format!("expected {wanted}")), actors);
        let fault = self.or_summary(fault, reply);
        Err(Box::new(match (expected, outcome.code) {
            (None, 1..) => fault.help(format!(
                "`smsim explain {shown}` has a page on it; where it is right, append `= {shown}`"
            )),
            _ => fault,
        }))
    }

    /// Where nothing was decided, the call itself was wrong: the REST server's note says how.
    fn or_summary(&self, fault: Diagnostic, reply: &Reply) -> Diagnostic {
        match fault.notes.is_empty() {
            true => fault.why(format!("{} {}", self.offset(self.stage.now()), reply.summary)),
            false => fault,
        }
    }

    /// The id of a session that a capture holds.
    pub(super) fn session_id(&self, var: &Var, span: Span) -> Fallible<String> {
        match self.scope().get(var) {
            Some(Bound::Session(session)) => Ok(session.to_string()),
            Some(Bound::Value(value)) => Ok(value.clone()),
            other => Err(Box::new(self.no_session(var, span, other))),
        }
    }

    /// The number that a session texts from, or that a text came from.
    pub(super) fn session_number(&self, var: &Var, span: Span) -> Fallible<Address> {
        let code = self.stage.world.short_code();
        match self.scope().get(var) {
            Some(Bound::Session(session)) => Ok(Address::dialled(&format!("{code}{session:02}"))),
            Some(Bound::Number(digits)) => Ok(Address::dialled(digits)),
            Some(Bound::Value(value)) if value.parse::<u32>().is_ok() => {
                Ok(Address::dialled(&format!("{code}{value:0>2}")))
            }
            other => Err(Box::new(self.no_session(var, span, other))),
        }
    }

    fn no_session(&self, var: &Var, span: Span, bound: Option<&Bound>) -> Diagnostic {
        let holds = match bound {
            None => "holds nothing: the line that binds it did not succeed, or was not run".to_owned(),
            Some(bound) => format!("holds {}", quoted(&bound.text())),
        };
        self.fault(Code::E107, span, format!("`{var}` {holds}"))
            .label("expected a session")
    }

    pub(super) fn person(&self, name: &str) -> Person {
        *self.stage.actors.users.get(name).expect("the script was checked")
    }

    pub(super) fn app(&self, name: &str) -> AppId {
        *self.stage.actors.apps.get(name).expect("the script was checked")
    }
}
