//! A world as it is: what it declares, and the state of everything that has a name in it.

use axum::Json;
use axum::extract::{Path, State};
use platform::{AppId, LiveSession, User};
use scenario::{Person, ServedWorld, receipt_mode_name};
use serde_json::{Map, Value, json};
use sms::Timestamp;

use super::{Control, Refused, clock};
use crate::worlds::RunningWorld;

/// The world, its people, apps, carriers and ESMEs, and its clock.
pub async fn show(State(control): State<Control>, Path(world): Path<String>) -> Result<Json<Value>, Refused> {
    Ok(Json(of(&*control.world(&world)?).await?))
}

/// The world as JSON.
pub(super) async fn of(world: &RunningWorld) -> Result<Value, Refused> {
    let (id, start, patience, seed) = (
        world.id.clone(),
        world.declared.config.start,
        world.declared.patience,
        world.declared.config.seed,
    );
    let branch_of = world.branch_of.clone();
    let shown = world.engine.look_around(move |served, pace, posted| {
        let mut value = snapshot(served, pace.now());
        value["id"] = json!(id);
        value["branch_of"] = json!(branch_of);
        value["seed"] = json!(seed);
        value["start"] = json!(start);
        value["patience_ms"] = json!(millis(patience));
        value["clock"] = clock::state(served, pace, posted);
        value
    });
    shown.await.ok_or_else(Refused::ended)
}

fn snapshot(served: &ServedWorld, now: Timestamp) -> Value {
    let (world, actors) = (served.world(), served.actors());
    let users = actors
        .users
        .iter()
        .map(|(name, person)| user(served, now, name, *person));
    let apps = actors.apps.iter().map(|(name, id)| app(served, now, name, *id));
    let esmes = actors.esmes.iter().map(|(name, account)| {
        json!({
            "name": name,
            "system_id": account.system_id,
            "code": account.code.digits,
            "sessions_bound": world.smsc().bound_sessions(&account.system_id),
            "waiting": world.smsc().waiting(&account.system_id),
        })
    });
    let kept = world.records_since(0).len() as u64;
    json!({
        "zone": world.zone().name(),
        "short_code": world.short_code().to_string(),
        "records": { "from": world.next_record() - kept, "next": world.next_record() },
        "fbook": { "bound": world.esme().is_bound(), "live_messages": world.platform().live_messages_on() },
        "settings": serde_json::to_value(world.platform().settings()).ok(),
        "users": users.collect::<Vec<_>>(),
        "apps": apps.collect::<Vec<_>>(),
        "carriers": world.smsc().carriers().map(|carrier| self::carrier(served, carrier)).collect::<Vec<_>>(),
        "esmes": esmes.collect::<Vec<_>>(),
    })
}

fn user(served: &ServedWorld, now: Timestamp, name: &str, person: Person) -> Value {
    let world = served.world();
    let platform = world.platform();
    let account = platform.user(person.uid);
    let phone = world.handset(person.phone).map(|phone| {
        json!({
            "power": phone.power(),
            "coverage": phone.coverage(),
            "memory_full": phone.memory_full(),
            "barred": phone.barred(),
            "roaming": phone.roaming(),
            "inbox": phone.inbox().texts().len(),
            "outbox": phone.outbox_len(),
        })
    });
    let sessions = platform.sessions(now, person.uid);
    let cached = platform.cached_requests(now, person.uid);
    let cached = cached.iter().map(|request| {
        json!({
            "app": served.actors().app_name(request.app),
            "message": request.message,
            "asked": request.asked,
            "session": request.session,
            "remaining_ms": millis(request.remaining),
        })
    });
    json!({
        "name": name,
        "uid": person.uid,
        "phone": person.phone,
        "carrier": world.smsc().carrier_of(person.phone).name,
        "zone": account.map(|user| user.zone.name()),
        "registered": account.map(|user| user.registered),
        "texts": account.map(|user| user.texts_on),
        "quiet_hours": account.and_then(|user| user.quiet_hours).map(|hours| hours.to_string()),
        "daily_limit": account.and_then(|user| user.daily_max),
        "unsolicited_today": platform.unsolicited_today(now, person.uid),
        "apps": account.map(|user| installed(served, user)),
        "sessions": sessions.iter().map(|session| self::session(served, session)).collect::<Vec<_>>(),
        "cached": cached.collect::<Vec<_>>(),
        "handset": phone,
        "queued": world.smsc().queue_len_of(person.phone),
    })
}

/// The apps that the user has, by name, and whether they may text.
fn installed(served: &ServedWorld, user: &User) -> Map<String, Value> {
    let apps = user.apps.iter().filter_map(|(app, install)| {
        let name = served.actors().app_name(*app)?.to_owned();
        Some((name, json!({ "sms": install.sms_granted })))
    });
    apps.collect()
}

fn session(served: &ServedWorld, session: &LiveSession) -> Value {
    json!({
        "session": session.session,
        "number": platform::conversation::number(session.session).map(|number| number.to_string()),
        "app": served.actors().app_name(session.app),
        "state": session.state,
        "remaining_ms": millis(session.remaining),
    })
}

fn app(served: &ServedWorld, now: Timestamp, name: &str, id: AppId) -> Value {
    let world = served.world();
    let (platform, credentials) = (world.platform(), world.rest().credentials(id));
    let blocked_by: Vec<&str> = platform
        .operator_blocks()
        .filter(|(_, app)| *app == id)
        .map(|(operator, _)| operator)
        .collect();
    json!({
        "name": name,
        "id": id,
        "title": platform.app(id).map(|app| app.title.as_str()),
        "canvas": platform.app(id).map(|app| app.canvas.as_str()),
        "sms": platform.app(id).map(|app| app.sms_capable),
        "api_key": credentials.map(|app| app.api_key.as_str()),
        "url": credentials.and_then(|app| app.callback_url.as_deref()),
        "real": served.is_real(id),
        "opted_in": platform.opted_in(id),
        "pool_left": platform.pool_left(now, id),
        "blocked_by": blocked_by,
    })
}

fn carrier(served: &ServedWorld, carrier: &smsc::Carrier) -> Value {
    json!({
        "name": carrier.name,
        "link": if carrier.link_up { "up" } else { "down" },
        "latency_max_ms": millis(carrier.latency.longest()),
        "loss_percent": carrier.loss_percent,
        "throttle_per_s": carrier.throttle_per_s,
        "receipts": receipt_mode_name(carrier.receipt_mode),
        "faults": carrier.faults.len(),
        "queue": served.world().smsc().queue_len(&carrier.name),
    })
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
