//! The REST API of `smsim serve` against the bare handler, in turns: [`run`].

use std::time::Duration;

use anyhow::Context;
use platform::AppId;
use rest::{Credentials, Secret};

use super::{Outcome, Plan};
use crate::bench::compare::median;
use crate::bench::schedule::Pace;
use crate::bench::server::Server;

/// A crowd that has opted in, an app that may text it a million times a day, and one that may not.
const WORLD: &str = "\
world seed 1, app_daily_pool_per_user 1000000
carrier ideal, latency 10ms
app bench \"Bench\",   key 000102030405060708090a0b0c0d0e0f, secret 0f0e0d0c0b0a09080706050403020100
app nobody \"Nobody\", key 101112131415161718191a1b1c1d1e1f, secret 1f1e1d1c1b1a19181716151413121110
handsets +14155560000..+14155569999 on ideal, apps bench
";
const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const SECRET: &str = "0f0e0d0c0b0a09080706050403020100";
const REFUSED_KEY: &str = "101112131415161718191a1b1c1d1e1f";
const REFUSED_SECRET: &str = "1f1e1d1c1b1a19181716151413121110";
/// The number of the first phone's account.
const FIRST_UID: u64 = 1_001;
const USERS: u64 = 10_000;
const CONNECTIONS: usize = 10;
/// Ours as a part of the bare handler's, at least.
const WANTED: f64 = 0.5;

/// The figures of one round, in calls a second.
#[derive(Clone, Copy, Debug)]
struct Round {
    bare: f64,
    sent: f64,
    refused: f64,
}

/// Measures the three `rounds` times, each for that many seconds, and gives the JSON line.
///
/// # Errors
///
/// When one of the servers cannot be started, or answers what it should not.
pub async fn run(seconds: u32, rounds: u32) -> anyhow::Result<serde_json::Value> {
    let folder = std::env::temp_dir().join(format!("smsim-bench-rest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let world = folder.join("world.sms");
    std::fs::write(&world, WORLD).with_context(|| format!("cannot write {}", world.display()))?;
    let measured = measure_all(&world.to_string_lossy(), seconds, rounds).await;
    // A folder that stays behind in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(report(&measured?))
}

async fn measure_all(world: &str, seconds: u32, rounds: u32) -> anyhow::Result<Vec<Round>> {
    let bare = Server::start(&["bench", "rest", "--baseline", "--port", "0"]).await?;
    let ours = Server::start(&["serve", world, "--port", "0"]).await?;
    let mut measured = Vec::new();
    for _ in 0..rounds {
        measured.push(Round {
            bare: measure(&bare, KEY, SECRET, seconds, "ok").await?,
            sent: measure(&ours, KEY, SECRET, seconds, "ok").await?,
            refused: measure(&ours, REFUSED_KEY, REFUSED_SECRET, seconds, "270").await?,
        });
    }
    Ok(measured)
}

async fn measure(
    server: &Server,
    key: &str,
    secret: &str,
    seconds: u32,
    expected: &str,
) -> anyhow::Result<f64> {
    let plan = Plan {
        target: server.rest_target()?,
        credentials: credentials(key, secret)?,
        first_uid: FIRST_UID,
        users: USERS,
        message: "Kings win 4-2".to_owned(),
        connections: CONNECTIONS,
        pace: Pace {
            messages: u64::MAX / 2,
            duration: Duration::from_secs(seconds.into()),
            rate: None,
        },
        patience: Duration::from_secs(10),
    };
    let outcome = super::run(&plan).await?;
    let is_expected = outcome.is_whole() && outcome.answers.keys().all(|answer| answer == expected);
    anyhow::ensure!(
        is_expected,
        "expected only {expected}: {}",
        serde_json::to_string(&outcome)?
    );
    let Outcome { calls_per_second, .. } = outcome;
    Ok(calls_per_second)
}

/// An app that calls with this key and secret.
///
/// # Errors
///
/// When the secret is none.
pub fn credentials(key: &str, secret: &str) -> anyhow::Result<Credentials> {
    Ok(Credentials {
        app: AppId(1),
        name: "bench".to_owned(),
        api_key: key.to_owned(),
        secret: Secret::new(secret)?,
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    })
}

/// The table for people, on stderr, and the line for programs. Each figure is the median of its rounds.
fn report(rounds: &[Round]) -> serde_json::Value {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let bare = of(|round| round.bare);
    eprintln!(
        "{:<34} {:>10} {:>7} {:>8}",
        "calls a second", "", "ratio", "wanted"
    );
    eprintln!("{:<34} {bare:>10.0}", "a bare handler");
    let mut line = serde_json::json!({ "connections": CONNECTIONS, "bare": bare });
    type Figure = fn(&Round) -> f64;
    let ours: [(&str, &str, Figure, Figure); 2] = [
        (
            "sms.send",
            "sent",
            |round| round.sent,
            |round| round.sent / round.bare,
        ),
        (
            "sms.send that is refused",
            "refused",
            |round| round.refused,
            |round| round.refused / round.bare,
        ),
    ];
    for (name, key, calls, ratio) in ours {
        let (calls, ratio) = (of(calls), of(ratio));
        eprintln!("{name:<34} {calls:>10.0} {ratio:>7.3} {:>5}{WANTED:>4}", ">=");
        line[key] = serde_json::json!({ "calls_per_second": calls, "ratio": ratio, "wanted": WANTED });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_of_the_comparison_has_the_users_that_are_texted() {
        let mut sources = scenario::Sources::new();
        sources.insert("world.sms", WORLD);
        let script = scenario::load(&sources, "world.sms").expect("no faults");
        let world = scenario::world_config(&script).expect("a world");
        let uids: Vec<u64> = world.config.users.iter().map(|user| user.user.uid.0).collect();
        assert_eq!(
            (uids.first(), uids.last()),
            (Some(&FIRST_UID), Some(&(FIRST_UID + USERS - 1)))
        );
        let keys: Vec<&str> = world
            .config
            .apps
            .iter()
            .map(|app| app.credentials.api_key.as_str())
            .collect();
        assert_eq!(keys, [KEY, REFUSED_KEY]);
    }

    #[test]
    fn the_line_holds_the_median_of_each_figure() {
        let round = |bare, sent, refused| Round { bare, sent, refused };
        let line = report(&[
            round(100.0, 60.0, 80.0),
            round(100.0, 10.0, 20.0),
            round(200.0, 110.0, 150.0),
        ]);
        assert_eq!(
            (&line["bare"], &line["sent"]["ratio"]),
            (&100.0.into(), &0.55.into())
        );
        assert_eq!(line["refused"]["calls_per_second"], 80.0);
    }
}
