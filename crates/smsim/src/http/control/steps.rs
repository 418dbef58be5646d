//! Scenario lines, performed in a running world: one answer a line.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{QueryRejection, StringRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use scenario::report::json::diagnostic_value;
use scenario::source::{line, place};
use scenario::syntax::{Spanned, Step};
use scenario::{Colour, Diagnostic, PerformedStep, ProgramAnswer, Sources, Steps, render};
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::duration;
use super::{Control, Refused};

/// What a body of steps is called in messages.
const BODY: &str = "steps";
/// How long, on the machine's clock, a request waits for its last line: a world whose clock stands still never comes to it.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(300);

/// How the lines are performed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How long a `<` waits that does not say, in the world's time.
    timeout: Option<String>,
    /// Whether what has arrived before counts as claimed.
    #[serde(default)]
    fresh: bool,
}

/// Performs scenario lines, in order; all are read before the first is performed. A line that fails is the last.
pub async fn perform(
    State(control): State<Control>,
    Path(world): Path<String>,
    options: Result<Query<Options>, QueryRejection>,
    body: Result<String, StringRejection>,
) -> Result<Response, Refused> {
    let target = control.world(&world)?;
    let body = body.map_err(|why| Refused::new(why.status(), why.body_text()))?;
    let Query(options) = options
        .map_err(|why| Refused::wrong(format!("{}; write ?timeout=30s&fresh=true", why.body_text())))?;
    let patience = options
        .timeout
        .as_deref()
        .map(duration)
        .transpose()
        .map_err(Refused::wrong)?;
    let asked = match Steps::read(BODY, &body) {
        Ok(steps) => Steps {
            patience,
            fresh: options.fresh,
            ..steps
        },
        Err(faults) => return Ok(not_performed(&faults, body)),
    };
    let steps = asked.steps.clone();
    let answer = tokio::time::timeout(REQUEST_WAIT_MAX, target.engine.steps(asked)).await;
    let Ok(answer) = answer else {
        let message = format!(
            "the lines were not over within {} s; does the world's clock stand still?",
            REQUEST_WAIT_MAX.as_secs()
        );
        return Err(Refused::new(StatusCode::GATEWAY_TIMEOUT, message));
    };
    match answer.ok_or_else(Refused::ended)? {
        Ok(answer) => Ok(performed(&steps, &answer, body)),
        Err(faults) => Ok(not_performed(&faults, body)),
    }
}

/// What is wrong with the lines, each fault with its place.
fn not_performed(faults: &[Diagnostic], body: String) -> Response {
    let mut sources = Sources::new();
    sources.insert(BODY, body);
    let faults: Vec<Value> = faults.iter().map(|fault| told(fault, &sources)).collect();
    (StatusCode::BAD_REQUEST, Json(json!({ "errors": faults }))).into_response()
}

/// A diagnostic with its place, and as a terminal shows it.
pub(super) fn told(fault: &Diagnostic, sources: &Sources) -> Value {
    let mut value = diagnostic_value(fault, sources);
    value["rendered"] = json!(render(fault, sources, Colour::Never));
    value
}

/// What came of each line.
fn performed(steps: &[Spanned<Step>], answer: &ProgramAnswer, body: String) -> Response {
    let mut sources = Sources::new();
    sources.insert(BODY, body.as_str());
    let done = answer.steps.iter().map(|step| step_value(step, &body, &sources));
    // The lines behind one that failed.
    let skipped = steps[answer.steps.len().min(steps.len())..].iter().map(|step| {
        let at = place(&body, step.span.start).line;
        json!({ "line": at, "text": line(&body, at).trim(), "ok": null })
    });
    let lines: Vec<Value> = done.chain(skipped).collect();
    let succeeded = answer.steps.iter().filter(|step| step.fault.is_none()).count();
    Json(json!({
        "ok": succeeded == steps.len(),
        "performed": succeeded,
        "next_record": answer.steps.first().map(|step| step.from),
        "lines": lines,
        "captures": answer.captures,
    }))
    .into_response()
}

fn step_value(step: &PerformedStep, body: &str, sources: &Sources) -> Value {
    let at = place(body, step.span.start).line;
    let mut value = json!({
        "line": at,
        "text": line(body, at).trim(),
        "ok": step.fault.is_none(),
        "at": step.at,
        "records": { "from": step.from, "to": step.to },
    });
    if let Some(fault) = &step.fault {
        value["diagnostic"] = told(fault, sources);
    }
    value
}
