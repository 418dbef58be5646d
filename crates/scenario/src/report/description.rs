//! What a declared world is made of, for those who look at its records: [`describe`].

use std::time::Duration;

use serde_json::{Value, json};
use smsc::{Latency, ReceiptMode};

use crate::syntax::{Dur, Unit};
use crate::world_config::DeclaredWorld;

/// People who are described, at most; `handsets` may declare many more than anybody looks at.
pub const USERS_DESCRIBED_MAX: usize = 500;

/// The world at its start: its clock, people, apps, carriers and outside ESMEs, by the names and numbers of records.
/// No secret is told: who shows a world may show it to others.
pub fn describe(world: &DeclaredWorld) -> Value {
    let config = &world.config;
    json!({
        "seed": config.seed,
        "start": config.start,
        "zone": config.zone.name(),
        "short_code": config.short_code.to_string(),
        "declarations": world.declarations(),
        "settings": {
            "session_window_ms": millis(config.platform.session_window),
            "session_idle_ttl_s": config.platform.session_idle_ttl.as_secs(),
            "cached_request_ttl_s": config.platform.cached_request_ttl.as_secs(),
            "app_daily_pool_per_user": config.platform.app_daily_pool_per_user,
            "confirm_words": config.platform.confirm_words,
        },
        "users": users(world),
        "apps": config.apps.iter().map(|app| self::app(world, app)).collect::<Vec<_>>(),
        "carriers": config.carriers.iter().map(|carrier| self::carrier(world, carrier)).collect::<Vec<_>>(),
        "esmes": config.accounts.iter().map(|account| json!({
            "name": esme_name(world, &account.system_id),
            "system_id": account.system_id,
            "codes": account.codes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn users(world: &DeclaredWorld) -> Vec<Value> {
    let named = world
        .config
        .users
        .iter()
        .filter(|user| world.actors.users.contains_key(&user.user.name));
    named
        .take(USERS_DESCRIBED_MAX)
        .map(|user| {
            let user = &user.user;
            let apps: serde_json::Map<String, Value> = user
                .apps
                .iter()
                .map(|(app, install)| (app.to_string(), json!({ "sms": install.sms_granted })))
                .collect();
            json!({
                "name": user.name,
                "uid": user.uid,
                "phone": user.phone,
                "carrier": user.operator,
                "registered": user.registered,
                "texts_on": user.texts_on,
                "zone": user.zone.name(),
                "quiet_hours": user.quiet_hours.map(|hours| hours.to_string()),
                "daily_max": user.daily_max,
                "apps": apps,
            })
        })
        .collect()
}

fn app(world: &DeclaredWorld, app: &world::config::AppConfig) -> Value {
    json!({
        "id": app.app.id,
        "name": app.app.name,
        "title": app.app.title,
        "canvas": app.app.canvas,
        "sms_capable": app.app.sms_capable,
        "api_key": app.credentials.api_key,
        "url": app.credentials.callback_url,
        "answered_by": match (world.stubs.contains(app.app.id), world.stubs.has_rules(app.app.id)) {
            (false, _) => "url",
            (true, true) => "rules",
            (true, false) => "lines",
        },
    })
}

fn carrier(world: &DeclaredWorld, carrier: &smsc::Carrier) -> Value {
    let blocked = world.config.operator_blocks.iter();
    let blocked: Vec<_> = blocked
        .filter(|(operator, _)| *operator == carrier.name.as_str())
        .map(|(_, app)| app)
        .collect();
    json!({
        "name": carrier.name,
        "up": carrier.link_up,
        "latency": latency(&carrier.latency),
        "loss": format!("{}%", carrier.loss_percent),
        "throttle": carrier.throttle_per_s,
        "receipts": match carrier.receipt_mode {
            ReceiptMode::Normal => "normal",
            ReceiptMode::Late => "late",
            ReceiptMode::Lost => "lost",
            ReceiptMode::Duplicated => "duplicated",
            ReceiptMode::Early => "early",
            ReceiptMode::Sibling => "sibling",
            ReceiptMode::WrongId => "wrong_id",
            ReceiptMode::OnePart => "one_part",
        },
        "blocked": blocked,
    })
}

fn latency(latency: &Latency) -> String {
    match latency {
        Latency::Fixed(time) => words(*time),
        Latency::Uniform { min, max } => format!("{} to {}", words(*min), words(*max)),
        Latency::LogNormal { median, cap, .. } => {
            format!("about {}, at most {}", words(*median), words(*cap))
        }
    }
}

/// A length of time as a line says it.
fn words(time: Duration) -> String {
    let millis = millis(time);
    let (amount, unit) = if millis > 0 && millis.is_multiple_of(1_000) {
        (millis / 1_000, Unit::Seconds)
    } else {
        (millis, Unit::Milliseconds)
    };
    let amount = u32::try_from(amount).unwrap_or(u32::MAX);
    Dur { amount, unit }.to_string()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn esme_name<'w>(world: &'w DeclaredWorld, system_id: &'w str) -> &'w str {
    let found = world
        .actors
        .esmes
        .iter()
        .find(|(_, account)| account.system_id == system_id);
    found.map_or(system_id, |(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sources, load, world_config};

    fn declared(text: &str) -> DeclaredWorld {
        let mut sources = Sources::new();
        sources.insert("w.sms", text);
        let script = load(&sources, "w.sms").expect("a script");
        world_config(&script).expect("a world")
    }

    const WORLD: &str = "world seed 7\n\ncarrier att, latency 1500ms, block quiz\n\napp quiz \"Movie Quiz\", canvas quiz\n\n\
                         user alice +14155550101 on att, apps quiz, quiet-hours 22:00-08:00\n";

    #[test]
    fn a_world_is_told_by_the_names_and_numbers_of_records() {
        let told = describe(&declared(WORLD));
        assert_eq!(told["seed"], 7);
        assert_eq!(told["zone"], "America/Los_Angeles");
        assert_eq!(told["users"][0]["phone"], "+14155550101");
        assert_eq!(told["users"][0]["quiet_hours"], "22:00-08:00");
        let quiz = &told["apps"][0];
        assert_eq!(quiz["answered_by"], "lines");
        let id = quiz["id"].to_string();
        assert_eq!(told["users"][0]["apps"][&id]["sms"], true);
        assert_eq!(told["carriers"][0]["latency"], "1500ms");
        assert_eq!(told["carriers"][0]["blocked"][0], quiz["id"]);
        assert_eq!(
            declared(told["declarations"].as_str().expect("text")).declarations(),
            told["declarations"],
            "the declarations read back as the same world"
        );
    }

    #[test]
    fn secrets_and_passwords_are_not_told() {
        let secret = "3e4a22bb2f5ed75114b0fc9995ea85f1";
        let world = format!(
            "carrier att\napp quiz \"Quiz\", canvas quiz, secret {secret}\nesme acme, password sesame, code 12345\n"
        );
        let world = declared(&world);
        let told = describe(&world).to_string();
        assert_eq!(world.config.apps[0].credentials.secret.expose(), secret);
        assert!(told.contains("code 12345"), "{told}");
        assert!(!told.contains(secret) && !told.contains("sesame"), "{told}");
    }

    #[test]
    fn only_so_many_people_are_described() {
        let mut text = "carrier att\n".to_owned();
        for n in 0..=USERS_DESCRIBED_MAX {
            text.push_str(&format!("user u{n} +1415555{n:04} on att\n"));
        }
        let told = describe(&declared(&text));
        assert_eq!(told["users"].as_array().map(Vec::len), Some(USERS_DESCRIBED_MAX));
    }
}
