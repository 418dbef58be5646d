//! What binds and waiting messages cost `smsim serve`: [`run`].
//!
//! A server in a process of its own holds idle binds first, and then messages for phones that are off, and the system says
//! how much memory it holds. The ring of records, which is limited, is full before anything is counted.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context;
use sms::ShortCode;

use super::compare::median;
use super::connection::bind;
use super::load::{self, Plan};
use super::schedule::Pace;
use super::server::Server;
use crate::exit::Wrong;

/// Phones that are off, each with a queue of its own.
const PHONES: u64 = 1_000;
/// Idle binds.
const BINDS: u64 = 1_000;
/// Messages that wait when the ring of records is full.
const RECORDED: u64 = 100_000;
/// Few messages that wait.
const FEW: u64 = 1_000;
/// How many more show what one more costs, and how often: the middle counts, since the system gives memory in pieces of up to
/// 2 MiB, and those few messages pay for one that come first in it.
const MORE: u64 = 2_500;
const TIMES: u64 = 15;
/// What is wanted at most: MiB for the binds, octets for a message, and one more message's cost with many waiting as a
/// part of its cost with few.
const WANTED: [f64; 3] = [25.0, 500.0, 1.5];

/// Measures with that many messages waiting at last, and gives the JSON line.
///
/// # Errors
///
/// When the server cannot be started or measured, or a message that was accepted is lost.
pub async fn run(messages: u64) -> anyhow::Result<serde_json::Value> {
    let folder = std::env::temp_dir().join(format!("smsim-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("world.sms");
    std::fs::write(&path, world()).with_context(|| format!("cannot write {}", path.display()))?;
    let world = path.to_string_lossy();
    let measured = match measure(&world, messages).await {
        // A virtual machine pays for memory that it uses for the first time, which no server can help: the first one has used
        // as much, and the second is measured.
        Ok(_) => measure(&world, messages).await,
        Err(error) => Err(error),
    };
    // A folder that stays behind in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(report(messages, measured?))
}

/// What came out.
#[derive(Clone, Copy, Debug)]
struct Measured {
    binds_octets: u64,
    message_octets: f64,
    few_ns: f64,
    many_ns: f64,
}

async fn measure(world: &str, messages: u64) -> anyhow::Result<Measured> {
    let server = Server::start(&["serve", world, "--port", "0"]).await?;
    let binds_octets = idle_binds(&server).await?;
    let off = (0..PHONES).fold(String::new(), |steps, phone| {
        format!("{steps}set p{phone} phone off\n")
    });
    server.steps(&off).await?;
    send(&server, FEW).await?;
    let few_ns = one_more(&server).await?;
    send(&server, RECORDED - FEW - TIMES * MORE).await?;
    let recorded = server.resident_octets()?;
    send(&server, messages - RECORDED).await?;
    let full = server.resident_octets()?;
    let many_ns = one_more(&server).await?;
    Ok(Measured {
        binds_octets,
        message_octets: full.saturating_sub(recorded) as f64 / (messages - RECORDED) as f64,
        few_ns,
        many_ns,
    })
}

async fn idle_binds(server: &Server) -> anyhow::Result<u64> {
    let target = server.target()?;
    let first = bind(&target, "bench", "bench").await?;
    let before = server.resident_octets()?;
    let mut bound = vec![first];
    for _ in 0..BINDS {
        bound.push(bind(&target, "bench", "bench").await?);
    }
    Ok(server.resident_octets()?.saturating_sub(before))
}

/// The time that the server's threads run for one more message, in nanoseconds: the median of [`TIMES`] times [`MORE`].
async fn one_more(server: &Server) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let before = server.cpu_ns()?;
        send(server, MORE).await?;
        times.push(server.cpu_ns()?.saturating_sub(before) as f64 / MORE as f64);
    }
    Ok(median(times))
}

/// Sends messages and sees that they wait.
async fn send(server: &Server, messages: u64) -> anyhow::Result<()> {
    let plan = Plan {
        target: server.target()?,
        system_id: "bench".to_owned(),
        password: "bench".to_owned(),
        connections: 10,
        window: 100,
        pace: Pace {
            messages,
            duration: Duration::from_secs(3_600),
            rate: None,
        },
        receipts: false,
        check: false,
        text: "a".repeat(160),
        source: ShortCode::new(12_345)
            .expect("five digits are a short code")
            .address(),
        destinations: "+14155560000..+14155560999"
            .parse()
            .map_err(|error| Wrong(format!("{error}")))?,
        patience: Duration::from_secs(10),
    };
    let outcome = load::run(&plan).await?;
    anyhow::ensure!(
        outcome.is_whole() && outcome.accepted == messages,
        "messages were refused or lost: {}",
        serde_json::to_string(&outcome).unwrap_or_default()
    );
    Ok(())
}

/// Phones that can be switched off by name, and an account that may bind as often as it takes.
fn world() -> String {
    let mut world = "world seed 1\ncarrier ideal, latency 10ms\n".to_owned();
    for phone in 0..PHONES {
        // Writing to a String cannot fail.
        let _ = writeln!(world, "user p{phone} +{} on ideal", 14_155_560_000 + phone);
    }
    let _ = writeln!(world, "esme bench, password bench, binds_max {}", BINDS + 20);
    world
}

/// The table for people, on stderr, and the line for programs.
fn report(messages: u64, measured: Measured) -> serde_json::Value {
    let [binds_wanted, message_wanted, ratio_wanted] = WANTED;
    let binds_mib = measured.binds_octets as f64 / f64::from(1 << 20);
    let ratio = measured.many_ns / measured.few_ns;
    let mut table = format!("{:<58} {:>10} {:>8}\n", "", "serve", "wanted");
    for (name, figure, wanted) in [
        (format!("{BINDS} idle binds, in MiB"), binds_mib, binds_wanted),
        (
            format!("a message among {messages} that wait, in octets"),
            measured.message_octets,
            message_wanted,
        ),
        (
            format!("one more with {messages} waiting, as a part of with {FEW}"),
            ratio,
            ratio_wanted,
        ),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{name:<58} {figure:>10.2} {:>8}", format!("<= {wanted}"));
    }
    eprint!("{table}");
    serde_json::json!({
        "idle_binds": BINDS, "idle_binds_mib": binds_mib, "idle_binds_mib_wanted": binds_wanted,
        "waiting": messages, "message_octets": measured.message_octets, "message_octets_wanted": message_wanted,
        "one_more_us": { "few": measured.few_ns / 1e3, "many": measured.many_ns / 1e3 },
        "one_more_ratio": ratio, "one_more_ratio_wanted": ratio_wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_well_written_and_its_phones_can_be_switched_off() {
        let mut sources = scenario::Sources::new();
        sources.insert("world.sms", world());
        let script = scenario::load(&sources, "world.sms").expect("no faults");
        let world = scenario::world_config(&script).expect("a world");
        assert_eq!(world.config.users.len() as u64, PHONES);
        assert!(world.config.accounts[0].binds_max as u64 > BINDS);
        assert!(scenario::parse_steps("steps", "set p999 phone off\n").is_ok());
    }

    #[test]
    fn the_line_holds_each_figure_beside_what_is_wanted() {
        let line = report(
            1_000_000,
            Measured {
                binds_octets: 10 << 20,
                message_octets: 400.0,
                few_ns: 2_000.0,
                many_ns: 2_500.0,
            },
        );
        assert_eq!(line["idle_binds_mib"], 10.0);
        assert_eq!(line["one_more_ratio"], 1.25);
        assert_eq!(line["one_more_us"]["many"], 2.5);
    }
}
