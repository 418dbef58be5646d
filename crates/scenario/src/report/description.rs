//! What a world is made of, for those who look at its records: [`describe`], [`brought_up_to_date`].

use std::time::Duration;

use platform::{AppId, Uid, User};
use serde_json::{Value, json};
use smsc::{Latency, ReceiptMode};

use crate::runner::ServedWorld;
use crate::syntax::{Dur, Unit};
use crate::world_config::DeclaredWorld;

/// People who are described, at most; `handsets` may declare many more than anybody looks at.
pub const USERS_DESCRIBED_MAX: usize = 500;

/// The world at its start: its clock, people, apps, carriers and outside ESMEs, by the names and numbers of records.
/// No secret is told: who shows a world may show it to others.
pub fn describe(world: &DeclaredWorld) -> Value {
    let config = &world.config;
    let blocks = config.operator_blocks.iter();
    let blocks: Vec<_> = blocks.map(|(operator, app)| (operator.as_str(), *app)).collect();
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
        "carriers": config.carriers.iter().map(|carrier| self::carrier(carrier, blocks.iter().copied())).collect::<Vec<_>>(),
        "esmes": config.accounts.iter().map(|account| json!({
            "name": esme_name(world, &account.system_id),
            "system_id": account.system_id,
            "codes": account.codes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

/// What [`describe`] told of a world, for those who look at the records that it still keeps. While these are all, nothing
/// changes. Once the first are gone, nobody learns from records who joined or what was changed then: its people, phones, apps,
/// carriers and links are told as they are now, with the first [`USERS_DESCRIBED_MAX`] of those who joined after the others.
pub fn brought_up_to_date(mut description: Value, declared: &DeclaredWorld, served: &ServedWorld) -> Value {
    let world = served.world();
    if world.records_since(0).len() as u64 == world.next_record() {
        return description;
    }
    let described = entries(&mut description["users"]).filter_map(|user| user["uid"].as_u64());
    let users = users_now(described.map(Uid).collect(), declared, served);
    description["users"] = users.into();
    for (told, app) in entries(&mut description["apps"]).zip(&declared.config.apps) {
        let credentials = world.rest().credentials(app.app.id);
        told["url"] = json!(credentials.and_then(|app| app.callback_url.as_deref()));
        told["sms_capable"] = json!(world.platform().app(app.app.id).map(|app| app.sms_capable));
    }
    let blocks: Vec<_> = world.platform().operator_blocks().collect();
    let carriers = world.smsc().carriers();
    let carriers = carriers.map(|carrier| {
        let mut told = self::carrier(carrier, blocks.iter().copied());
        let (answer, faults) = world.smsc().answers(&carrier.name);
        told["answer"] = json!(answer);
        told["faults"] = json!(faults);
        told
    });
    description["carriers"] = carriers.collect();
    let links = world.smsc().bound_links();
    description["links"] = links
        .map(|(link, account)| json!([link.0, account.system_id]))
        .collect();
    description
}

/// The declared users with names, as they are at the start.
fn users(world: &DeclaredWorld) -> Vec<Value> {
    let users = world.config.users.iter().map(|user| &user.user);
    let named = users.filter(|user| world.actors.users.contains_key(&user.name));
    named.take(USERS_DESCRIBED_MAX).map(user).collect()
}

/// Those users and who joined, as they are now.
fn users_now(mut users: Vec<Uid>, declared: &DeclaredWorld, served: &ServedWorld) -> Vec<Value> {
    let world = served.world();
    let actors = served.actors().users.iter();
    let joined = actors.filter(|(name, _)| !declared.actors.users.contains_key(*name));
    let mut joined: Vec<_> = joined.map(|(_, person)| person.uid).collect();
    joined.sort();
    users.extend(joined.into_iter().take(USERS_DESCRIBED_MAX));
    let accounts = users.into_iter().filter_map(|uid| world.platform().user(uid));
    let told = accounts.map(|account| {
        let mut told = user(account);
        told["carrier"] = json!(world.smsc().carrier_of(account.phone).name);
        if let Some(phone) = world.handset(account.phone) {
            told["handset"] = json!({
                "on": phone.power(),
                "coverage": phone.coverage(),
                "memoryFull": phone.memory_full(),
                "barred": phone.barred(),
                "roaming": phone.roaming(),
            });
        }
        told
    });
    told.collect()
}

fn user(user: &User) -> Value {
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
}

/// The entries of a list.
fn entries(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
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

fn carrier<'b>(carrier: &smsc::Carrier, blocks: impl Iterator<Item = (&'b str, AppId)>) -> Value {
    let blocked = blocks.filter(|(operator, _)| *operator == carrier.name.as_str());
    let blocked: Vec<_> = blocked.map(|(_, app)| app).collect();
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
        "faults": carrier.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
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
    use std::sync::Arc;

    use world::Input;

    use super::*;
    use crate::runner::Steps;
    use crate::{Sources, load, world_config};

    fn declared(text: &str) -> DeclaredWorld {
        let mut sources = Sources::new();
        sources.insert("w.sms", text);
        let script = load(&sources, "w.sms").expect("a script");
        world_config(&script).expect("a world")
    }

    const WORLD: &str = "world seed 7\n\ncarrier att, latency 1500ms, block quiz, answer late 2s for 1\n\n\
                         app quiz \"Movie Quiz\", canvas quiz\n\n\
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
        assert_eq!(told["carriers"][0]["faults"], json!(["late 2s for 1"]));
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
    fn who_comes_when_records_are_gone_is_told_how_everything_stands() {
        let mut sources = Sources::new();
        let text = format!("{WORLD}esme acme, code 12345\n");
        sources.insert("w.sms", text);
        let script = load(&sources, "w.sms").expect("a script");
        let mut declared = world_config(&script).expect("a world");
        declared.config.records_max = 100;
        let mut served = ServedWorld::new(Arc::new(script), &declared).expect("a world");
        let play = |served: &mut ServedWorld, lines: &str| {
            served
                .begin(Steps::read("lines", lines).expect("lines"))
                .expect("steps");
            let mut over = served.progress();
            while over.is_empty() {
                let at = served.next_wakeup().expect("something to wait for");
                served.handle(at, Input::Tick);
                while served.poll_output().is_some() {}
                over = served.progress();
            }
            assert!(
                over.iter()
                    .flat_map(|(_, answer)| &answer.steps)
                    .all(|step| step.fault.is_none())
            );
        };
        play(
            &mut served,
            "user erin +14155550177 on att, apps quiz\nset alice texts off\nset alice coverage off\n\
             set att loss 3%\nset att unblock quiz\nset att answer none on query_sm for 2\n\
             set att answer ESME_RSYSERR for 3\nset quiz sms off\nset quiz url http://127.0.0.1:9/\nset acme bind up\n",
        );
        assert_eq!(
            brought_up_to_date(describe(&declared), &declared, &served),
            describe(&declared),
            "all records are there, and the last say the rest"
        );
        play(&mut served, "repeat 100:\n  set att latency 1s\n");
        let told = brought_up_to_date(describe(&declared), &declared, &served);
        let [alice, erin] = told["users"].as_array().expect("a list").as_slice() else {
            panic!("two users: {told}");
        };
        assert_eq!(
            (&alice["texts_on"], &alice["handset"]["coverage"]),
            (&json!(false), &json!(false))
        );
        assert_eq!((&erin["name"], &erin["carrier"]), (&json!("erin"), &json!("att")));
        assert_eq!(erin["handset"]["on"], true);
        let (att, quiz) = (&told["carriers"][0], &told["apps"][0]);
        assert_eq!((&att["loss"], &att["latency"]), (&json!("3%"), &json!("1s")));
        assert_eq!(att["blocked"], json!([]));
        assert_eq!(att["answer"], json!("ESME_RSYSERR for 3"));
        assert_eq!(att["faults"], json!(["late 2s for 1", "none on query_sm for 2"]));
        assert_eq!(
            (&quiz["sms_capable"], &quiz["url"]),
            (&json!(false), &json!("http://127.0.0.1:9/"))
        );
        let bound = told["links"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|link| &link[1]);
        assert!(bound.clone().any(|name| name == "fbook") && bound.clone().any(|name| name == "acme"));
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
