//! The control API: people's phones in a running world, driven over HTTP in the scenario language's own lines.
//!
//! It can text in anybody's name, so it answers only requests that were meant for it: a page of another site cannot reach it
//! through a person's browser.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use scenario::report::json::diagnostic_value;
use scenario::syntax::{Actor, Destination, Spanned, Step};
use scenario::{Actors, Code, Diagnostic, Sources};
use serde::Deserialize;
use serde_json::{Value, json};
use world::Input;

use crate::engine::EngineHandle;

/// The one world of a server.
const WORLD: &str = "default";
/// What a body of steps is called in messages.
const BODY: &str = "steps";
/// Records in one answer, at most.
const RECORDS_MAX: usize = 10_000;

/// What the handlers share.
#[derive(Clone, Debug)]
struct Control {
    engine: EngineHandle,
    actors: Arc<Actors>,
}

/// The control API of one world.
pub fn router(engine: EngineHandle, actors: Arc<Actors>) -> Router {
    Router::new()
        .route("/api/v1/worlds/{world}/steps", post(steps))
        .route("/api/v1/worlds/{world}/records", get(records))
        .layer(middleware::from_fn(only_for_us))
        .with_state(Control { engine, actors })
}

/// Performs scenario lines, in order; all are read before the first is performed.
async fn steps(State(control): State<Control>, Path(world): Path<String>, body: String) -> Response {
    if world != WORLD {
        return no_such_world(&world);
    }
    let inputs = match inputs(&body, &control) {
        Ok(inputs) => inputs,
        Err(faults) => {
            let mut sources = Sources::new();
            sources.insert(BODY, body);
            let faults: Vec<Value> = faults
                .iter()
                .map(|fault| diagnostic_value(fault, &sources))
                .collect();
            return (StatusCode::BAD_REQUEST, Json(json!({ "errors": faults }))).into_response();
        }
    };
    let performed = inputs.len();
    match control.engine.perform(inputs).await {
        Some(next_record) => {
            Json(json!({ "performed": performed, "next_record": next_record })).into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response(),
    }
}

/// Which records are wanted.
#[derive(Deserialize)]
struct Since {
    /// The first number.
    #[serde(default)]
    since: u64,
}

/// What has happened, from a record on.
async fn records(
    State(control): State<Control>,
    Path(world): Path<String>,
    Query(Since { since }): Query<Since>,
) -> Response {
    if world != WORLD {
        return no_such_world(&world);
    }
    let look = move |world: &world::World| {
        let records: Vec<Value> = world
            .records_since(since)
            .take(RECORDS_MAX)
            .filter_map(|record| serde_json::to_value(record).ok())
            .collect();
        let next = since.max(
            world
                .next_record()
                .saturating_sub(world.records_since(since).len() as u64),
        ) + records.len() as u64;
        json!({ "next": next, "records": records })
    };
    match control.engine.look(look).await {
        Some(answer) => Json(answer).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response(),
    }
}

fn no_such_world(world: &str) -> Response {
    (
        StatusCode::NOT_FOUND,
        format!("there is no world {world:?}; this server has {WORLD:?}\n"),
    )
        .into_response()
}

/// What the lines want of the world.
fn inputs(body: &str, control: &Control) -> Result<Vec<Input>, Vec<Diagnostic>> {
    let steps = scenario::parse_steps(BODY, body)?;
    let (inputs, faults): (Vec<_>, Vec<_>) = steps
        .iter()
        .map(|step| input(step, &control.actors))
        .partition(Result::is_ok);
    if faults.is_empty() {
        Ok(inputs.into_iter().filter_map(Result::ok).collect())
    } else {
        Err(faults
            .into_iter()
            .filter_map(Result::err)
            .map(|fault| *fault)
            .collect())
    }
}

fn input(step: &Spanned<Step>, actors: &Actors) -> Result<Input, Box<Diagnostic>> {
    let fault = |message: String| Box::new(Diagnostic::new(Code::E300, BODY, step.span, message));
    let Step::Compose { user, text, to } = &step.node else {
        let message = "a running server takes what people text: NAME > \"text\"[, to NUMBER]";
        return Err(fault(message.to_owned()));
    };
    let Actor::Name(name) = &user.node else {
        return Err(fault(format!(
            "{} is bound to nobody here; write a name",
            user.node
        )));
    };
    let Some(person) = actors.users.get(name) else {
        let names: Vec<&str> = actors.users.keys().map(String::as_str).collect();
        let help = match names.as_slice() {
            [] => "this world declares no user; add: user carol +14155550103 on CARRIER".to_owned(),
            names => format!("there are {}", names.join(", ")),
        };
        return Err(fault(format!("{name} is nobody's name here; {help}")));
    };
    let to = match to {
        Destination::ShortCode => world::config::FBOOK.address(),
        Destination::Address(digits) => sms::Address::dialled(digits),
        Destination::Session(_) => {
            return Err(fault(
                "captures do not last between requests; write , to NUMBER".to_owned(),
            ));
        }
    };
    Ok(Input::Compose {
        handset: person.phone,
        to,
        text: text.template().to_owned(),
    })
}

/// Lets a request pass that was sent to an address of this machine, by a program or by a page of this very server: a page
/// elsewhere names itself in `Origin`, and a name that was made to point here stands in `Host`.
async fn only_for_us(request: Request, next: Next) -> Response {
    match reason_to_refuse(request.headers()) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    }
}

fn reason_to_refuse(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let host = text(header::HOST).unwrap_or_default();
    if !is_address(&host) {
        return Some(format!(
            "Host {host:?} is no address of this machine; call it by its number or as localhost"
        ));
    }
    let origin = text(header::ORIGIN)?;
    let own = format!("http://{host}");
    (origin != own).then(|| format!("a page of {origin:?} may not control {own}"))
}

/// Whether a `Host` is `localhost` or an address in digits, with or without a port.
pub(super) fn is_address(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    };
    let bare = without_port
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(without_port);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_and_its_own_pages_pass() {
        for (host, origin, passes) in [
            ("127.0.0.1:32665", None, true),
            ("localhost:32665", None, true),
            ("[::1]:32665", None, true),
            ("192.0.2.7", None, true),
            ("evil.example:32665", None, false),
            ("127.0.0.1.evil.example", None, false),
            ("", None, false),
            ("127.0.0.1:32665", Some("http://127.0.0.1:32665"), true),
            ("127.0.0.1:32665", Some("http://evil.example"), false),
            ("127.0.0.1:32665", Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            assert_eq!(reason_to_refuse(&headers).is_none(), passes, "{host} {origin:?}");
        }
    }
}
