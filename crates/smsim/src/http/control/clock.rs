//! A world's clock: what it shows, and what it is told.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use platform::AppId;
use scenario::ServedWorld;
use scenario::syntax::Dur;
use serde::Deserialize;
use serde_json::{Value, json};
use sms::{Timestamp, Zone};
use world::io::CallbackId;
use world::{Coming, World};

use super::{Control, Refused};
use crate::engine::{ClockCommand, ClockError, Mode, Pace};
use crate::instant;

/// What a body says.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    /// Stand still.
    Pause,
    /// Run, `speed` times as fast as the machine's clock.
    Run {
        /// None: as fast as before.
        #[serde(default)]
        speed: Option<f64>,
    },
    /// Pass only as far as steps wait, at once.
    Virtual,
    /// Go to the next event.
    Step,
    /// Go so much further: `61s`, `1h 30m`.
    Advance {
        /// A duration.
        by: String,
    },
    /// Go to an instant: `23:30`, `+1d 09:00`, `2009-03-03 09:00`, or microseconds since the epoch.
    Jump {
        /// When.
        to: Value,
    },
    /// Stand still until that hold is released.
    Hold {
        /// Its name.
        name: String,
    },
    /// Release the hold.
    Release {
        /// Its name.
        name: String,
    },
}

/// How a body is written.
const USAGE: &str = "write {\"command\":\"pause\"}, {\"command\":\"run\",\"speed\":20}, {\"command\":\"virtual\"}, \
    {\"command\":\"step\"}, {\"command\":\"advance\",\"by\":\"61s\"}, {\"command\":\"jump\",\"to\":\"+1d 09:00\"}, \
    {\"command\":\"hold\",\"name\":\"me\"} or {\"command\":\"release\",\"name\":\"me\"}";
/// Characters of a hold's name, at most.
const HOLD_NAME_CHARS_MAX: usize = 64;

/// What the clock shows.
pub async fn show(State(control): State<Control>, Path(world): Path<String>) -> Result<Json<Value>, Refused> {
    let target = control.world(&world)?;
    let shown = target.engine.look_around(state).await;
    Ok(Json(shown.ok_or_else(Refused::ended)?))
}

/// Commands the clock, and answers what it shows when that is done.
pub async fn command(
    State(control): State<Control>,
    Path(world): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let target = control.world(&world)?;
    let command = serde_json::from_slice(&body).map_err(|why| Refused::wrong(format!("{why}; {USAGE}")))?;
    let (now, zone) = target
        .engine
        .look_around(|served, pace, _| (pace.now(), served.world().zone().clone()))
        .await
        .ok_or_else(Refused::ended)?;
    let command = meant(command, now, &zone).map_err(Refused::wrong)?;
    match target.engine.clock(command).await {
        Ok(()) => {}
        Err(ClockError::Ended) => return Err(Refused::ended()),
        Err(why @ (ClockError::Held(_) | ClockError::NothingToCome)) => {
            return Err(Refused::new(StatusCode::CONFLICT, why.to_string()));
        }
        Err(why) => return Err(Refused::wrong(format!("{why}; it is {}", zone.civil(now)))),
    }
    let shown = target.engine.look_around(state).await;
    Ok(Json(shown.ok_or_else(Refused::ended)?))
}

fn meant(command: Command, now: Timestamp, zone: &Zone) -> Result<ClockCommand, String> {
    let named = |name: String| match name.chars().count() {
        1..=HOLD_NAME_CHARS_MAX => Ok(name),
        _ => Err(format!("a hold's name has 1 to {HOLD_NAME_CHARS_MAX} characters")),
    };
    Ok(match command {
        Command::Pause => ClockCommand::Pause,
        Command::Run { speed } => ClockCommand::Run(speed),
        Command::Virtual => ClockCommand::Virtual,
        Command::Step => ClockCommand::Step,
        Command::Advance { by } => ClockCommand::Advance(duration(&by)?),
        Command::Jump { to } => ClockCommand::Jump(instant(&to, now, zone)?),
        Command::Hold { name } => ClockCommand::Hold(named(name)?),
        Command::Release { name } => ClockCommand::Release(named(name)?),
    })
}

/// `61s`, or several that are added up: `1h 30m`.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err("a duration is written 61s, 1h 30m, 200ms".to_owned());
    }
    words.try_fold(std::time::Duration::ZERO, |sum, word| {
        let dur: Dur = word
            .parse()
            .map_err(|why| format!("{text:?} is no duration: {why}; write 61s, 1h 30m, 200ms"))?;
        Ok(sum + dur.duration())
    })
}

/// An instant: a time of day, days and a time of day, a date and a time of day, or microseconds since the epoch.
fn instant(to: &Value, now: Timestamp, zone: &Zone) -> Result<Timestamp, String> {
    let wrong = || {
        format!(
            "{to} is no instant; write \"23:30\", \"+1d 09:00\", \"2009-03-03 09:00\", or microseconds since the epoch"
        )
    };
    match to {
        Value::Number(micros) => micros.as_i64().map(Timestamp::from_micros),
        Value::String(text) => instant::read(text, now, zone),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .ok_or_else(wrong)
}

/// The clock as JSON.
pub(super) fn state(served: &ServedWorld, pace: &Pace, posted: &[(CallbackId, AppId)]) -> Value {
    let (now, world) = (pace.now(), served.world());
    let held = pace.holds().map(|name| json!({ "kind": "hold", "name": name }));
    // A callback that is under way keeps time that is driven from going on, and time on the wall from nothing.
    let calls = posted
        .iter()
        .filter(|_| pace.mode() != Mode::Running)
        .map(|(callback, app)| {
            let app = served.actors().app_name(*app).unwrap_or("?");
            json!({ "kind": "callback", "name": format!("{app}: callback {}", callback.0) })
        });
    let holds: Vec<Value> = held.chain(calls).collect();
    let zone = world.zone();
    json!({
        "now": now,
        "time": zone.civil(now).to_string(),
        "zone": zone.name(),
        "abbreviation": zone.abbreviation(now),
        "mode": pace.mode(),
        "speed": pace.speed(),
        "holds": holds,
        "next": next(served, now),
    })
}

/// The next event with its name, and when it is due.
fn next(served: &ServedWorld, now: Timestamp) -> Option<Value> {
    let coming = served.world().coming();
    let by_rules = served
        .next_wakeup()
        .filter(|at| coming.is_none_or(|(world, _)| *at < world));
    if let Some(at) = by_rules {
        return Some(
            json!({ "at": at, "in_ms": millis(at, now), "what": "an app answers by its rules", "kind": "app" }),
        );
    }
    let (at, coming) = coming?;
    let mut value = serde_json::to_value(coming).ok()?;
    value["at"] = json!(at);
    value["in_ms"] = json!(millis(at, now));
    value["what"] = json!(named(served, at, coming).unwrap_or_else(|| coming.to_string()));
    Some(value)
}

fn millis(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(at.since(now).as_micros().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// What is coming, with the names that people know.
fn named(served: &ServedWorld, at: Timestamp, coming: Coming) -> Option<String> {
    let (world, actors) = (served.world(), served.actors());
    match coming {
        Coming::Page { to: Some(phone) } => Some(format!("a text reaches {}", actors.phone_name(phone)?)),
        Coming::CallbackTimeout { app: Some(app) } => Some(format!(
            "{}'s time to answer a callback is over",
            actors.app_name(app)?
        )),
        Coming::Phone { phone } => Some(format!("{} shows an incomplete text", actors.phone_name(phone)?)),
        Coming::Platform => served
            .actors()
            .users
            .iter()
            .find_map(|(name, person)| expiry(world, at, name, person.uid)),
        Coming::Page { to: None }
        | Coming::CallbackTimeout { app: None }
        | Coming::Network
        | Coming::MessageCentre
        | Coming::Link => None,
    }
}

/// What of a user's expires then.
fn expiry(world: &World, at: Timestamp, name: &str, uid: platform::Uid) -> Option<String> {
    let (now, platform) = (world.now(), world.platform());
    let is_then = |remaining: std::time::Duration| now + remaining == at;
    let canvas = |app| {
        platform
            .app(app)
            .map_or_else(|| "?".to_owned(), |app| app.canvas.clone())
    };
    if let Some(session) = platform
        .sessions(now, uid)
        .iter()
        .find(|session| is_then(session.remaining))
    {
        return Some(format!(
            "session {} of {name} with {} expires",
            session.session.0,
            canvas(session.app)
        ));
    }
    let cached = platform.cached_requests(now, uid);
    let request = cached.iter().find(|request| is_then(request.remaining))?;
    Some(format!("{name}'s cached text to {} expires", canvas(request.app)))
}
