//! What was done by hand as the steps of a test: every step that was performed, and a line for everything that arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::{AppId, CallId};
use sms::Timestamp;
use world::Event;

use crate::format::format_steps;
use crate::runner::inbox::Content;
use crate::runner::interactive::Interactive;
use crate::syntax::{
    Actor, Arrival, CallResult, Decl, Dur, Expectation, Pattern, Send, Span, Spanned, Step, Text, Unit, Var,
};

/// Something that was done by hand.
#[derive(Clone, Debug)]
pub(super) enum Done {
    /// A step.
    Step {
        step: Spanned<Step>,
        failed: bool,
        /// The record with which it began.
        from_seq: u64,
        from_at: Timestamp,
        to_at: Timestamp,
        /// The arrivals that the step itself claimed, by record.
        covered: Vec<u64>,
    },
    /// A real app took the place of a declared one.
    RealApp { app: AppId, url: String },
}

/// A step of the recording, at its place in the order of records.
struct Line {
    seq: u64,
    /// Within one record: what was done stands before what came of it.
    rank: u8,
    /// The clock before the step, where a test must wait for it.
    from: Option<Timestamp>,
    /// The clock after it.
    to: Timestamp,
    step: Step,
}

impl Interactive {
    /// The declarations of the users who joined, as a file has them.
    pub fn joined(&self) -> Vec<Spanned<Decl>> {
        let joined = self.done.iter().filter_map(|done| match done {
            Done::Step {
                step:
                    Spanned {
                        node: Step::Join(decl),
                        ..
                    },
                failed: false,
                ..
            } => Some(spanned(Decl::clone(decl))),
            Done::Step { .. } | Done::RealApp { .. } => None,
        });
        joined.collect()
    }

    /// The steps of a test in which the same happens: what was done, and a line for each text and callback that arrived.
    /// Steps that failed are left out, and so are users who joined: [`Interactive::joined`] has them.
    pub fn recording(&self) -> Vec<Spanned<Step>> {
        let mut lines = Vec::new();
        let mut covered = BTreeSet::new();
        for done in &self.done {
            if let Done::Step {
                step,
                failed: false,
                from_seq,
                from_at,
                to_at,
                covered: claims,
            } = done
                && !matches!(step.node, Step::Join(_))
            {
                covered.extend(claims);
                // An expectation stands where what it is about arrived; the clock is there already.
                let arrival = matches!(step.node, Step::Arrival(_));
                let place = claims.first().copied().filter(|_| arrival);
                lines.push(Line {
                    seq: place.unwrap_or(*from_seq),
                    rank: u8::from(place.is_some()),
                    from: place.is_none().then_some(*from_at),
                    to: *to_at,
                    step: self.completed(&step.node, *from_seq, place),
                });
            }
        }
        lines.extend(self.arrivals(&covered));
        lines.extend(self.said());
        lines.sort_by_key(|line| (line.seq, line.rank));
        self.named(self.with_waits(lines))
    }

    /// The step with what its call returned, or with the capture of its callback, where it says nothing.
    fn completed(&self, step: &Step, from_seq: u64, place: Option<u64>) -> Step {
        let mut step = step.clone();
        let result = match &mut step {
            Step::Arrival(arrival) => {
                let capture = place.and_then(|place| self.capture(place));
                let names = |clause: &Spanned<Expectation>| matches!(clause.node, Expectation::As(_));
                if let (Some(name), false) = (capture, arrival.clauses.iter().any(names)) {
                    arrival
                        .clauses
                        .push(spanned(Expectation::As(Var(name.to_owned()))));
                }
                return step;
            }
            Step::Send(send) => &mut send.result,
            Step::Call { result, .. } => result,
            Step::CanSend { result, .. } if result.node == CallResult::Var(Var("_".to_owned())) => {
                let code = self.returned(from_seq);
                *result = spanned(code.map_or(CallResult::Ok, CallResult::Number));
                return step;
            }
            _ => return step,
        };
        if result.is_none()
            && let Some(code) = self.returned(from_seq)
        {
            *result = Some(spanned(CallResult::Number(code)));
        }
        step
    }

    /// The capture of the session of the callback with that record.
    fn capture(&self, record: u64) -> Option<&str> {
        let place = self
            .captured
            .binary_search_by_key(&record, |(seq, _)| *seq)
            .ok()?;
        Some(&self.captured[place].1)
    }

    /// The error that the first call that was typed returned, from that record on.
    fn returned(&self, from_seq: u64) -> Option<i64> {
        let stage = &self.run.stage;
        let mut records = stage.world.records_since(from_seq);
        records
            .find_map(|record| match &record.event {
                Event::ApiReply { call, error_code, .. } if !stage.called_by_itself(*call) => {
                    Some(*error_code)
                }
                _ => None,
            })?
            .map(i64::from)
    }

    /// A line for each arrival that no step of its own claims.
    fn arrivals(&self, covered: &BTreeSet<u64>) -> Vec<Line> {
        let mut lines = Vec::new();
        for (actor, inbox) in &self.run.stage.inboxes {
            for item in inbox.since(0).filter(|item| !covered.contains(&item.seq)) {
                let mut clauses = Vec::new();
                let user = match &item.content {
                    Content::Text { .. } => None,
                    Content::Callback { user, new_user, .. } => {
                        clauses.extend(new_user.then_some(spanned(Expectation::New)));
                        let capture = self.capture(item.seq);
                        clauses.extend(capture.map(|name| spanned(Expectation::As(Var(name.to_owned())))));
                        Some(named(self.actors().user_name(*user).unwrap_or("?")))
                    }
                };
                let step = Step::Arrival(Box::new(Arrival {
                    actor: named(actor),
                    user,
                    pattern: Some(spanned(Pattern::Text(Text::literal(item.content.text())))),
                    clauses,
                }));
                lines.push(Line {
                    seq: item.seq,
                    rank: 1,
                    from: None,
                    to: item.at,
                    step,
                });
            }
        }
        lines
    }

    /// A line for each text of an app that answers by rules.
    fn said(&self) -> Vec<Line> {
        let calls = self.calls();
        let mut lines = Vec::new();
        for (app, said) in &self.run.stage.said {
            for said in said.iter().filter(|said| !said.claimed) {
                let user = said.param("uid").and_then(|uid| uid.parse().ok());
                let user = user.and_then(|uid| self.actors().user_name(platform::Uid(uid)));
                let (Some(user), Some(text)) = (user, said.param("message")) else {
                    continue;
                };
                let Some((seq, error)) = calls.get(&said.call) else {
                    continue;
                };
                let send = Send {
                    app: named(app),
                    user: named(user),
                    text: spanned(Text::literal(text)),
                    session: None,
                    ask: None,
                    name: None,
                    result: error.map(|code| spanned(CallResult::Number(i64::from(code)))),
                };
                lines.push(Line {
                    seq: *seq,
                    rank: 1,
                    from: None,
                    to: said.at,
                    step: Step::Send(Box::new(send)),
                });
            }
        }
        lines
    }

    /// The calls of the API: the record of each, and the error that it returned.
    fn calls(&self) -> BTreeMap<CallId, (u64, Option<u16>)> {
        let mut calls = BTreeMap::new();
        for record in self.run.stage.world.records_since(0) {
            match record.event {
                Event::ApiCall { call, .. } => {
                    calls.insert(call, (record.seq, None));
                }
                Event::ApiReply { call, error_code, .. } => {
                    if let Some((_, error)) = calls.get_mut(&call) {
                        *error = error_code;
                    }
                }
                _ => {}
            }
        }
        calls
    }

    /// The steps in their order, with a `wait` before each that was done later than a test would do it.
    fn with_waits(&self, lines: Vec<Line>) -> Vec<Spanned<Step>> {
        let mut clock = self.run.start;
        let mut steps = Vec::new();
        for line in lines {
            if let Some(from) = line.from.filter(|from| *from > clock) {
                steps.push(spanned(Step::Wait(durs(from.since(clock)))));
                clock = from;
            }
            clock = clock.max(line.to_at_most());
            steps.push(spanned(line.step));
        }
        steps
    }

    /// The steps without the captures that no step reads.
    fn named(&self, mut steps: Vec<Spanned<Step>>) -> Vec<Spanned<Step>> {
        let occurrences = occurrences(&format_steps(&steps, 0));
        let unread: BTreeSet<&str> = self
            .captured
            .iter()
            .map(|(_, name)| name.as_str())
            .filter(|name| occurrences.get(*name).is_none_or(|count| *count < 2))
            .collect();
        for step in &mut steps {
            if let Step::Arrival(arrival) = &mut step.node {
                arrival.clauses.retain(
                    |clause| !matches!(&clause.node, Expectation::As(var) if unread.contains(var.0.as_str())),
                );
            }
        }
        steps
    }
}

impl Line {
    /// Where a test's clock stands after the line: what is done takes no time, what is awaited as long as it takes.
    fn to_at_most(&self) -> Timestamp {
        match (&self.step, self.from) {
            (
                Step::Compose { .. }
                | Step::Send(_)
                | Step::Call { .. }
                | Step::CanSend { .. }
                | Step::Set(..),
                Some(from),
            ) => from,
            _ => self.to,
        }
    }
}

/// A length of time as it is written, rounded up to the millisecond.
fn durs(time: Duration) -> Vec<Spanned<Dur>> {
    let millis = time.as_micros().div_ceil(1_000);
    let parts = [
        (millis / 1_000, Unit::Seconds),
        (millis % 1_000, Unit::Milliseconds),
    ];
    parts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| {
            let amount = u32::try_from(amount).unwrap_or(u32::MAX);
            spanned(Dur { amount, unit })
        })
        .collect()
}

/// How often each `$name` stands in the text.
fn occurrences(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for rest in text.split('$').skip(1) {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
        *found.entry(name.to_owned()).or_default() += 1;
    }
    found
}

fn named(name: &str) -> Spanned<Actor> {
    spanned(Actor::Name(name.to_owned()))
}

fn spanned<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}
