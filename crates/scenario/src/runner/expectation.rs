//! What actors see: arrivals, quiet, receipts.

use std::time::Duration;

use sms::{MessageState, Timestamp};
use world::Event;

use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::runner::Run;
use crate::runner::inbox::{Content, Item};
use crate::runner::scope::Bound;
use crate::syntax::{Actor, Arrival, Dur, Expectation, Pattern, Span, Spanned, Text, Var};
use crate::text::quoted;

impl Run<'_> {
    pub(super) fn arrival(&mut self, span: Span, arrival: &Arrival) -> Fallible<()> {
        if arrival.pattern.is_none() {
            return Err(Box::new(self.to_be_filled_in(span)));
        }
        let name = self.actor(&arrival.actor);
        let (place, item) = match self.next_item(&name, self.deadline(arrival)) {
            Some(found) => found,
            None => return Err(Box::new(self.nothing_arrived(span, &name, arrival))),
        };
        if let Some(fault) = self.misfit(span, arrival, &name, &item) {
            return Err(Box::new(fault));
        }
        self.claim(&name, place, arrival, &item);
        Ok(())
    }

    /// That something is missing at that place.
    pub(super) fn to_be_filled_in(&self, span: Span) -> Diagnostic {
        let fault = self.fault(Code::E302, span, "`...` is to be filled in first");
        fault.help("`smsim fill` writes what happens here")
    }

    /// Until when the arrival may come.
    pub(super) fn deadline(&self, arrival: &Arrival) -> Timestamp {
        let within = arrival.clauses.iter().find_map(|clause| match &clause.node {
            Expectation::Within(dur) => Some(dur.duration()),
            _ => None,
        });
        let after = arrival.clauses.iter().find_map(|clause| match &clause.node {
            Expectation::After(dur) => Some(dur.duration()),
            _ => None,
        });
        // Patience begins when the arrival may come.
        self.step_end + within.unwrap_or_else(|| self.patience + after.unwrap_or_default())
    }

    /// The next item of an inbox, moving the clock as far as its arrival; at the deadline when none comes.
    fn next_item(&mut self, name: &str, deadline: Timestamp) -> Option<(usize, Item)> {
        loop {
            let next = self
                .stage
                .inboxes
                .get(name)
                .and_then(|inbox| inbox.unclaimed().next());
            if let Some((place, item)) = next {
                return Some((place, item.clone()));
            }
            if !self.stage.step_toward(deadline) {
                self.stage.advance_to(deadline);
                return None;
            }
        }
    }

    /// Claims an item and binds what the line names.
    pub(super) fn claim(&mut self, name: &str, place: usize, arrival: &Arrival, item: &Item) {
        if let Some(inbox) = self.stage.inboxes.get_mut(name) {
            inbox.claim(place);
            if !self.keeps_past {
                inbox.forget_claimed();
            }
        }
        self.bind(arrival, item);
    }

    /// Binds what the line names of its item.
    pub(super) fn bind(&mut self, arrival: &Arrival, item: &Item) {
        for clause in &arrival.clauses {
            if let Expectation::As(var) = &clause.node {
                let bound = match &item.content {
                    Content::Text { from, .. } => Bound::Number(from.clone()),
                    Content::Callback { session, .. } => Bound::Session(*session),
                };
                self.scope_mut().bind(var, bound);
            }
        }
    }

    /// Whether the item is what the line says, in every respect. It looks for no reasons: lines of a block are compared with
    /// everything that has come.
    pub(super) fn fits(&self, span: Span, arrival: &Arrival, item: &Item) -> bool {
        self.differs(arrival, item) == (false, false) && self.wrong_property(span, arrival, item).is_none()
    }

    /// Whether the item is about another user than the line, and whether it says something else.
    fn differs(&self, arrival: &Arrival, item: &Item) -> (bool, bool) {
        let other_user = arrival.user.as_ref().is_some_and(|user| {
            let named = match &item.content {
                Content::Callback { user, .. } => self.stage.actors.user_name(*user).unwrap_or("?"),
                Content::Text { .. } => "",
            };
            self.actor(user) != named
        });
        let other_text = arrival
            .pattern
            .as_ref()
            .is_some_and(|pattern| !self.matches(&pattern.node, item.content.text()));
        (other_user, other_text)
    }

    /// What is wrong with the item, if it is not what the line says.
    fn misfit(&self, span: Span, arrival: &Arrival, name: &str, item: &Item) -> Option<Diagnostic> {
        let sender = match &item.content {
            Content::Callback { user, .. } => self.stage.actors.user_name(*user).unwrap_or("?").to_owned(),
            Content::Text { .. } => String::new(),
        };
        let (wrong_user, wrong_text) = self.differs(arrival, item);
        if wrong_text || wrong_user {
            let (what, got) = match &item.content {
                Content::Text { .. } => ("text", "received"),
                Content::Callback { .. } => ("callback", "got"),
            };
            let place = match (&arrival.pattern, wrong_text) {
                (Some(pattern), true) => pattern.span,
                _ => arrival.user.as_ref().map_or(span, |user| user.span),
            };
            let line = format!("{name} < {}", item.content.line(&sender));
            let fault = self.fault(Code::E200, place, format!("{name} {got} a different {what}"));
            let fault = fault.label(format!("at {} came: {line}", self.offset(item.at)));
            let fault = self.with_difference(fault, arrival, item.content.text());
            return Some(self.with_reasons(fault, &[name, &sender]));
        }
        self.wrong_property(span, arrival, item)
            .map(|fault| self.with_reasons(fault, &[name, &sender]))
    }

    /// Where two long texts part, said in words: an underline cannot show it.
    fn with_difference(&self, fault: Diagnostic, arrival: &Arrival, text: &str) -> Diagnostic {
        let Some(Pattern::Text(expected)) = arrival.pattern.as_ref().map(|pattern| &pattern.node) else {
            return fault;
        };
        let expected = self.scope().text(expected);
        let as_glob = Pattern::Glob(Text::literal(&expected));
        if expected.contains('*') && self.matches(&as_glob, text) {
            return fault.help(format!(
                "a star stands for anything only behind `~`: ~{}",
                quoted(&expected)
            ));
        }
        let alike = expected
            .chars()
            .zip(text.chars())
            .take_while(|(a, b)| a == b)
            .count();
        if alike < 8 {
            return fault;
        }
        let rest = |text: &str| quoted(&text.chars().skip(alike).take(24).collect::<String>());
        fault.help(format!(
            "they part after {alike} characters: expected {}, got {}",
            rest(&expected),
            rest(text)
        ))
    }

    pub(super) fn matches(&self, pattern: &Pattern, text: &str) -> bool {
        // Most lines say what they mean: there is nothing to fill in.
        if let Pattern::Text(exact) = pattern
            && !exact.template().contains('{')
        {
            return exact.template() == text;
        }
        self.scope().matcher(pattern).matches(text)
    }

    /// The first clause that does not hold of an item with the right text.
    fn wrong_property(&self, span: Span, arrival: &Arrival, item: &Item) -> Option<Diagnostic> {
        for clause in &arrival.clauses {
            let wrong = match (&clause.node, &item.content) {
                (Expectation::Within(dur), _) => (item.at > self.step_end + dur.duration())
                    .then(|| format!("it came at {}", self.offset(item.at))),
                (Expectation::After(dur), _) => (item.at < self.step_end + dur.duration())
                    .then(|| format!("it came at {}", self.offset(item.at))),
                (Expectation::From(address), Content::Text { from, .. }) => {
                    (address.trim_start_matches('+') != from).then(|| format!("it came from {from}"))
                }
                (Expectation::Parts(count), Content::Text { parts, .. }) => (count != parts).then(|| {
                    format!(
                        "it came in {parts} {}",
                        if *parts == 1 { "part" } else { "parts" }
                    )
                }),
                (Expectation::Encoding(name), Content::Text { encoding, .. }) => {
                    let found = encoding_name(*encoding);
                    (name != found).then(|| format!("it was {found}"))
                }
                (Expectation::In(var), content) => self.other_session(var, clause.span, content),
                (Expectation::Signature(ok), Content::Callback { signed, .. }) => (ok != signed)
                    .then(|| format!("its signature is {}", if *signed { "right" } else { "wrong" })),
                (Expectation::New, Content::Callback { new_user, .. }) => {
                    (!new_user).then(|| "fb_sig_sms_new_user is absent".to_owned())
                }
                (Expectation::As(_), _)
                | (
                    Expectation::From(_) | Expectation::Parts(_) | Expectation::Encoding(_),
                    Content::Callback { .. },
                )
                | (Expectation::New | Expectation::Signature(_), Content::Text { .. }) => None,
            };
            if let Some(wrong) = wrong {
                return Some(
                    self.fault(Code::E207, clause.span, "it came with other properties")
                        .label(wrong),
                );
            }
        }
        let Content::Callback { new_user, signed, .. } = &item.content else {
            return None;
        };
        let says =
            |wanted: fn(&Expectation) -> bool| arrival.clauses.iter().any(|clause| wanted(&clause.node));
        if *new_user && !says(|clause| matches!(clause, Expectation::New)) {
            let fault = self.fault(Code::E207, span, "the callback says that the user is new");
            return Some(fault.label("without `new` the field must be absent"));
        }
        if !signed && !says(|clause| matches!(clause, Expectation::Signature(_))) {
            return Some(self.fault(Code::E207, span, "the signature of the callback is wrong"));
        }
        None
    }

    fn other_session(&self, var: &Var, span: Span, content: &Content) -> Option<String> {
        match content {
            Content::Callback { session, .. } => match self.session_id(var, span) {
                Ok(wanted) if wanted == session.to_string() => None,
                Ok(wanted) => Some(format!("it came in session {session}, not {wanted}")),
                Err(fault) => Some(fault.message),
            },
            Content::Text { from, .. } => match self.session_number(var, span) {
                Ok(wanted) if wanted.digits == from.as_str() => None,
                Ok(wanted) => Some(format!("it came from {from}, not {}", wanted.digits)),
                Err(fault) => Some(fault.message),
            },
        }
    }

    /// The failure of an arrival that did not come.
    pub(super) fn nothing_arrived(&self, span: Span, name: &str, arrival: &Arrival) -> Diagnostic {
        let waited = self.stage.now().since(self.step_end);
        let what = if arrival.user.is_some() {
            "callback"
        } else {
            "text"
        };
        let fault = self.fault(Code::E201, span, format!("{name} got no {what}"));
        let fault = fault.label(format!("nothing came within {}", crate::report::length(waited)));
        let user = arrival
            .user
            .as_ref()
            .map(|user| self.actor(user))
            .unwrap_or_default();
        // What came of a user's text that no app got is the platform's affair with the user.
        let concerned: &[&str] = if user.is_empty() { &[name] } else { &[&user] };
        self.with_network_reasons(fault, concerned)
    }

    pub(super) fn quiet(
        &mut self,
        span: Span,
        actor: &Spanned<Actor>,
        pattern: Option<&Spanned<Pattern>>,
        window: &Spanned<Dur>,
    ) -> Fallible<()> {
        let name = self.actor(actor);
        let end = self.step_end + window.duration();
        loop {
            let found = self.stage.inboxes.get(&name).and_then(|inbox| {
                inbox.unclaimed().map(|(_, item)| item).find(|item| {
                    pattern.is_none_or(|pattern| self.matches(&pattern.node, item.content.text()))
                })
            });
            if let Some(item) = found {
                return Err(Box::new(self.disturbed(span, &name, item)));
            }
            if !self.stage.step_toward(end) {
                break;
            }
        }
        self.stage.advance_to(end);
        Ok(())
    }

    fn disturbed(&self, span: Span, name: &str, item: &Item) -> Diagnostic {
        let sender = match &item.content {
            Content::Callback { user, .. } => self.stage.actors.user_name(*user).unwrap_or("?"),
            Content::Text { .. } => "",
        };
        let what = match item.content {
            Content::Callback { .. } => "a callback",
            Content::Text { .. } => "a text",
        };
        let fault = self.fault(Code::E203, span, format!("{name} got {what}"));
        let line = format!("{name} < {}", item.content.line(sender));
        self.with_reasons(
            fault.label(format!("at {} came: {line}", self.offset(item.at))),
            &[name],
        )
    }

    pub(super) fn receipt(
        &mut self,
        span: Span,
        text: &Spanned<Var>,
        state: &Spanned<String>,
        within: Option<Spanned<Dur>>,
    ) -> Fallible<()> {
        let submission = match self.scope().get(&text.node) {
            Some(Bound::Submission(submission)) => *submission,
            _ => {
                let fault = self.fault(
                    Code::E107,
                    text.span,
                    format!("`{}` is no text that was sent", text.node),
                );
                return Err(Box::new(fault.label("name one with `as $m`")));
            }
        };
        let wanted = MessageState::from_stat(state);
        let patience = within.map_or(self.patience, |within| within.duration());
        let deadline = self.step_end + patience;
        loop {
            let found = self.stage.receipts.iter().find(|receipt| {
                receipt.submission == submission && Some(receipt.state) == wanted && receipt.at <= deadline
            });
            if found.is_some() {
                return Ok(());
            }
            if !self.stage.step_toward(deadline) {
                self.stage.advance_to(deadline);
                return Err(Box::new(self.no_receipt(span, submission, state, patience)));
            }
        }
    }

    fn no_receipt(
        &self,
        span: Span,
        submission: platform::SubmissionId,
        state: &str,
        patience: Duration,
    ) -> Diagnostic {
        let fault = self.fault(Code::E208, span, format!("no receipt says {state}"));
        let fault = fault.label(format!("none came within {}", crate::report::length(patience)));
        let others = self
            .stage
            .receipts
            .iter()
            .filter(|receipt| receipt.submission == submission);
        let others: Vec<_> = others
            .map(|receipt| format!("{} at {}", receipt.state.stat(), self.offset(receipt.at)))
            .collect();
        if !others.is_empty() {
            return fault.help(format!("of that text came {}", others.join(", ")));
        }
        let refused = self
            .stage
            .world
            .records_since(0)
            .find_map(|record| match &record.event {
                Event::SubmitAnswered {
                    submission: answered,
                    command_status,
                    ..
                } if *answered == submission && *command_status != 0 => {
                    Some((record.at, smpp::Status(*command_status)))
                }
                _ => None,
            });
        match refused {
            Some((at, status)) => {
                fault.why(format!("{} the SMSC refused the text: {status}", self.offset(at)))
            }
            None => fault.help("no receipt of that text came at all"),
        }
    }
}

/// An encoding as scenarios call it.
pub(crate) const fn encoding_name(encoding: sms::Encoding) -> &'static str {
    match encoding {
        sms::Encoding::Gsm7 => "gsm7",
        sms::Encoding::Ucs2 => "ucs2",
        sms::Encoding::Latin1 => "latin1",
        sms::Encoding::Ascii => "ascii",
        sms::Encoding::Binary => "binary",
    }
}
