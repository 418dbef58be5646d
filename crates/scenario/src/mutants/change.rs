//! The changes that a step admits.

use std::time::Duration;

use crate::syntax::{
    Arrival, CallResult, Clause, Dur, Expectation, Pattern, PduStep, Sign, Span, Spanned, Step, Text, Unit,
    Value,
};

/// One change of a step.
pub(super) struct Change {
    /// What is changed.
    pub what: &'static str,
    /// How; where the border may lie on either side, one of them is enough. None deletes the step.
    pub alternatives: Vec<Option<Step>>,
}

impl Change {
    fn new(what: &'static str, step: Step) -> Self {
        Self {
            what,
            alternatives: vec![Some(step)],
        }
    }
}

/// The changes that a test should notice.
pub(super) fn changes(step: &Step) -> Vec<Change> {
    match step {
        Step::Arrival(arrival) => arrival_changes(arrival),
        Step::Send(send) => {
            let with = |result| {
                let mut send = send.clone();
                send.result = result;
                Step::Send(send)
            };
            result_changes(send.result.as_ref(), with)
        }
        Step::Call { result, .. } => {
            let with = |changed| {
                let mut step = step.clone();
                if let Step::Call { result, .. } = &mut step {
                    *result = changed;
                }
                step
            };
            result_changes(result.as_ref(), with)
        }
        Step::CanSend { app, user, result } => {
            let other = match &result.node {
                CallResult::Ok => CallResult::Number(856),
                CallResult::Number(_) => CallResult::Ok,
                CallResult::Var(_) => return Vec::new(),
            };
            let changed = Step::CanSend {
                app: app.clone(),
                user: user.clone(),
                result: Spanned::new(other, result.span),
            };
            vec![Change::new("result changed", changed)]
        }
        Step::Receipt { text, state, within } => {
            let other = if state.node == "DELIVRD" {
                "UNDELIV"
            } else {
                "DELIVRD"
            };
            let changed = Step::Receipt {
                text: text.clone(),
                state: Spanned::new(other.to_owned(), state.span),
                within: *within,
            };
            vec![Change::new("state changed", changed)]
        }
        Step::Check(actor, clause) => {
            let changed = other_setting(clause).map(|clause| Step::Check(actor.clone(), clause));
            changed
                .map(|step| Change::new("setting changed", step))
                .into_iter()
                .collect()
        }
        Step::Pdu(pdu) => pdu_changes(pdu),
        Step::Wait(durs) => vec![wait_change(durs)],
        Step::At { .. } => vec![at_change(step)],
        Step::Compose { .. }
        | Step::Quiet { .. }
        | Step::Set(..)
        | Step::Note(_)
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Ignore(_)
        | Step::Fill
        | Step::Join(_) => Vec::new(),
    }
}

fn arrival_changes(arrival: &Arrival) -> Vec<Change> {
    let changed = |what, change: &dyn Fn(&mut Arrival)| {
        let mut arrival = arrival.clone();
        change(&mut arrival);
        Change::new(what, Step::Arrival(Box::new(arrival)))
    };
    let mut all = vec![
        Change {
            what: "expectation deleted",
            alternatives: vec![None],
        },
        changed("text changed", &|arrival| {
            arrival.pattern = arrival.pattern.as_ref().map(|pattern| {
                let other = match &pattern.node {
                    Pattern::Text(text) => format!("{}?", text.template()),
                    Pattern::Glob(_) | Pattern::Regex { .. } => "another text".to_owned(),
                };
                let other = Text::new(other).unwrap_or_else(|_| Text::literal("another text"));
                Spanned::new(Pattern::Text(other), pattern.span)
            });
        }),
    ];
    for (place, clause) in arrival.clauses.iter().enumerate() {
        let other = match &clause.node {
            Expectation::From(_) => Expectation::From("1".to_owned()),
            Expectation::Parts(parts) => Expectation::Parts(parts.wrapping_add(1)),
            Expectation::Encoding(name) => {
                Expectation::Encoding(if name == "ucs2" { "gsm7" } else { "ucs2" }.to_owned())
            }
            Expectation::Within(_) => Expectation::Within(millis(1)),
            Expectation::After(dur) => Expectation::After(Dur {
                amount: dur.amount.saturating_mul(10),
                unit: dur.unit,
            }),
            Expectation::Signature(right) => Expectation::Signature(!right),
            Expectation::New => {
                all.push(changed("`new` removed", &|arrival| {
                    arrival.clauses.remove(place);
                }));
                continue;
            }
            Expectation::As(_) | Expectation::In(_) => continue,
        };
        all.push(changed("property changed", &|arrival| {
            arrival.clauses[place].node = other.clone();
        }));
    }
    let says_new = arrival
        .clauses
        .iter()
        .any(|clause| clause.node == Expectation::New);
    if arrival.user.is_some() && !says_new {
        all.push(changed("`new` added", &|arrival| {
            arrival
                .clauses
                .push(Spanned::new(Expectation::New, Span::default()));
        }));
    }
    all
}

fn result_changes(
    result: Option<&Spanned<CallResult>>,
    with: impl Fn(Option<Spanned<CallResult>>) -> Step,
) -> Vec<Change> {
    let number = |number| Some(Spanned::new(CallResult::Number(number), Span::default()));
    match result.map(|result| &result.node) {
        None | Some(CallResult::Ok) => vec![Change::new("refusal expected", with(number(850)))],
        Some(CallResult::Number(code)) => vec![
            Change::new("code removed", with(None)),
            Change::new("code changed", with(number(code + 1))),
        ],
        Some(CallResult::Var(_)) => Vec::new(),
    }
}

/// The setting with another value; none where a change could mean the same.
fn other_setting(clause: &Clause) -> Option<Clause> {
    let mut clause = clause.clone();
    match clause.key.node.as_str() {
        "block" => clause.key.node = "unblock".to_owned(),
        "unblock" => clause.key.node = "block".to_owned(),
        _ => {
            let word = clause.values.last()?.node.as_str().to_owned();
            let other = match word.as_str() {
                "on" | "installed" => "absent-or-off",
                "off" => "on",
                "absent" => "installed",
                "yes" => "no",
                "no" => "yes",
                "up" => "down",
                "down" => "up",
                "ok" => "full",
                "full" => "ok",
                "none" => return None,
                number => return other_number(number, &clause),
            };
            let is_of_app = clause.key.node == "app";
            let other = match (other, is_of_app) {
                ("absent-or-off", true) => "absent",
                ("absent-or-off", false) => "off",
                (other, _) => other,
            };
            clause.values.last_mut()?.node = Value::Bare(other.to_owned());
        }
    }
    Some(clause)
}

fn other_number(number: &str, clause: &Clause) -> Option<Clause> {
    let other = number.parse::<u64>().ok()? + 1;
    let mut clause = clause.clone();
    clause.values.last_mut()?.node = Value::Bare(other.to_string());
    Some(clause)
}

fn pdu_changes(pdu: &PduStep) -> Vec<Change> {
    let mut all = Vec::new();
    if let Some(status) = &pdu.status {
        let mut changed = pdu.clone();
        let other = if status.node == "ESME_ROK" {
            "ESME_RSYSERR"
        } else {
            "ESME_ROK"
        };
        changed.status = Some(Spanned::new(other.to_owned(), status.span));
        // An ESME that sees something answers as it is told: no expectation is in that.
        if pdu.sign == Sign::Does || pdu.pdu.node == "submit_sm" {
            all.push(Change::new("status changed", Step::Pdu(Box::new(changed))));
        }
    }
    for (place, field) in pdu.fields.iter().enumerate() {
        if pdu.sign == Sign::Does || matches!(field.value.node, Value::Var(_)) {
            continue;
        }
        let mut changed = pdu.clone();
        changed.fields[place].value.node = Value::Quoted(Text::literal("1 other"));
        all.push(Change::new("field changed", Step::Pdu(Box::new(changed))));
    }
    all
}

/// The wait a little shorter or longer, doubled, or gone.
fn wait_change(durs: &[Spanned<Dur>]) -> Change {
    let total: Duration = durs.iter().map(|dur| dur.duration()).sum();
    let (little, more) = (Duration::from_millis(1), Duration::from_secs(2));
    let lengths = [
        total.saturating_sub(little),
        total + little,
        total.saturating_sub(more),
        total + more,
        total * 2,
        Duration::ZERO,
    ];
    let alternatives = lengths.into_iter().map(|length| {
        let length = u32::try_from(length.as_millis()).unwrap_or(u32::MAX);
        Some(Step::Wait(vec![Spanned::new(millis(length), Span::default())]))
    });
    Change {
        what: "wait moved",
        alternatives: alternatives.collect(),
    }
}

/// The jump a minute or a day away, or gone.
fn at_change(step: &Step) -> Change {
    let Step::At { days, time } = step else {
        unreachable!("it was matched as such")
    };
    let with = |days: Option<u32>, minutes: i8| {
        let mut time = *time;
        let total = i16::from(time.node.hour) * 60 + i16::from(time.node.minute) + i16::from(minutes);
        let total = total.clamp(0, 24 * 60 - 1);
        time.node.hour = i8::try_from(total / 60).unwrap_or_default();
        time.node.minute = i8::try_from(total % 60).unwrap_or_default();
        let days = days.map(|days| Spanned::new(days, Span::default()));
        Some(Step::At { days, time })
    };
    let day = days.map(|days| days.node);
    Change {
        what: "time moved",
        alternatives: vec![
            with(day, -1),
            with(day, 1),
            with(day, -2),
            with(Some(day.unwrap_or(0) + 1), 0),
            with(day.and_then(|day| day.checked_sub(1)), 0),
            None,
        ],
    }
}

const fn millis(amount: u32) -> Dur {
    Dur {
        amount,
        unit: Unit::Milliseconds,
    }
}
