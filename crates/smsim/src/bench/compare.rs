//! `smsim serve` against the baseline, in turns: [`run`].
//!
//! Both run at the same time in processes of their own, and are measured one after the other again and again, so that a
//! busy machine is busy for both. Only ratios mean something beyond the machine.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context;
use sms::ShortCode;

use super::load::{self, Plan};
use super::outcome::Outcome;
use super::schedule::Pace;
use super::server::Server;
use crate::exit::Wrong;

/// A crowd of phones, and an account that may reach them. A phone takes one text at a time: a thousandth of a second away, ten
/// thousand of them take ten million a second, so that the server is measured and not its phones.
const WORLD: &str = "\
world seed 1
carrier ideal, latency 1ms
handsets +14155560000..+14155569999 on ideal
esme bench, password bench, window_max 100
";
const CROWD: &str = "+14155560000..+14155569999";

/// What is measured, and the ratio that is wanted.
#[derive(Clone, Copy, Debug)]
struct Measurement {
    name: &'static str,
    window: usize,
    receipts: bool,
    figure: Figure,
    /// Ours as a part of the baseline's: at least this for a rate, at most for a latency.
    wanted: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Figure {
    SubmitsPerSecond,
    P99,
}

const MEASUREMENTS: [Measurement; 3] = [
    Measurement {
        name: "submit_sm per second",
        window: 100,
        receipts: false,
        figure: Figure::SubmitsPerSecond,
        wanted: 0.4,
    },
    Measurement {
        name: "submit_sm per second with receipts",
        window: 100,
        receipts: true,
        figure: Figure::SubmitsPerSecond,
        wanted: 0.3,
    },
    Measurement {
        name: "p99 at window 10, in microseconds",
        window: 10,
        receipts: false,
        figure: Figure::P99,
        wanted: 5.0,
    },
];

/// Connections of each measurement.
const CONNECTIONS: usize = 10;

/// Measures everything `rounds` times, each measurement for that many seconds, and gives the JSON line.
///
/// # Errors
///
/// When one of the servers cannot be started, or a message that was accepted is lost.
pub async fn run(seconds: u32, rounds: u32) -> anyhow::Result<serde_json::Value> {
    let folder = std::env::temp_dir().join(format!("smsim-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let world = folder.join("world.sms");
    std::fs::write(&world, WORLD).with_context(|| format!("cannot write {}", world.display()))?;
    let measured = measure_all(&world.to_string_lossy(), seconds, rounds).await;
    // A folder that stays behind in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(report(&measured?))
}

/// The baseline's figure, ours, and our receipts a submit: of each measurement, of each round.
async fn measure_all(world: &str, seconds: u32, rounds: u32) -> anyhow::Result<Vec<Vec<[f64; 3]>>> {
    let baseline = Server::start(&["bench", "baseline", "--receipts", "--port", "0"]).await?;
    let ours = Server::start(&["serve", world, "--port", "0"]).await?;
    let mut figures = vec![Vec::new(); MEASUREMENTS.len()];
    for _ in 0..rounds {
        for (measurement, figures) in MEASUREMENTS.iter().zip(&mut figures) {
            let theirs = measure(measurement, &baseline, seconds, false).await?;
            let ours = measure(measurement, &ours, seconds, true).await?;
            figures.push([
                figure(measurement, &theirs),
                figure(measurement, &ours),
                receipts_ratio(&ours),
            ]);
        }
    }
    Ok(figures)
}

async fn measure(
    measurement: &Measurement,
    server: &Server,
    seconds: u32,
    check: bool,
) -> anyhow::Result<Outcome> {
    let plan = Plan {
        target: server.target()?,
        system_id: "bench".to_owned(),
        password: "bench".to_owned(),
        connections: CONNECTIONS,
        window: measurement.window,
        pace: Pace {
            messages: u64::MAX / 2,
            duration: Duration::from_secs(seconds.into()),
            rate: None,
        },
        receipts: measurement.receipts,
        check,
        text: "a".repeat(160),
        source: ShortCode::new(12_345)
            .expect("five digits are a short code")
            .address(),
        destinations: CROWD
            .parse()
            .map_err(|error| Wrong(format!("{CROWD}: {error}")))?,
        patience: Duration::from_secs(10),
    };
    let outcome = load::run(&plan).await?;
    let complaint = || serde_json::to_string(&outcome).unwrap_or_default();
    anyhow::ensure!(
        outcome.is_whole(),
        "messages or connections were lost: {}",
        complaint()
    );
    anyhow::ensure!(
        outcome.accepted == outcome.submitted,
        "messages were refused: {}",
        complaint()
    );
    Ok(outcome)
}

fn figure(measurement: &Measurement, outcome: &Outcome) -> f64 {
    match measurement.figure {
        Figure::SubmitsPerSecond => outcome.submits_per_second,
        Figure::P99 => outcome.latency_us.p99 as f64,
    }
}

fn receipts_ratio(outcome: &Outcome) -> f64 {
    outcome.receipts_per_second / outcome.submits_per_second
}

/// The table for people, on stderr, and the line for programs. Each figure is the median of its rounds.
fn report(figures: &[Vec<[f64; 3]>]) -> serde_json::Value {
    let mut table = format!(
        "{:<38} {:>10} {:>10} {:>7} {:>8}\n",
        "", "baseline", "serve", "ratio", "wanted"
    );
    let mut line = serde_json::Map::new();
    for (measurement, rounds) in MEASUREMENTS.iter().zip(figures) {
        let of = |value: fn(&[f64; 3]) -> f64| median(rounds.iter().map(value).collect());
        let (theirs, ours, ratio) = (of(|r| r[0]), of(|r| r[1]), of(|r| r[1] / r[0]));
        let sign = match measurement.figure {
            Figure::SubmitsPerSecond => ">=",
            Figure::P99 => "<=",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{:<38} {theirs:>10.0} {ours:>10.0} {ratio:>7.3} {sign:>5}{:>4}",
            measurement.name, measurement.wanted
        );
        let mut value = serde_json::json!({
            "baseline": theirs, "serve": ours, "ratio": ratio, "wanted": measurement.wanted,
            "ratios": rounds.iter().map(|r| r[1] / r[0]).collect::<Vec<_>>(),
        });
        if measurement.receipts {
            value["receipts_per_submit"] = of(|r| r[2]).into();
        }
        line.insert(measurement.name.to_owned(), value);
    }
    eprint!("{table}");
    line.into()
}

/// The middle of the values; 0 when there are none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_of_the_comparison_is_well_written() {
        let mut sources = scenario::Sources::new();
        sources.insert("world.sms", WORLD);
        let script = scenario::load(&sources, "world.sms").expect("no faults");
        let world = scenario::world_config(&script).expect("a world");
        assert_eq!(world.config.users.len(), 10_000);
    }

    #[test]
    fn the_line_holds_the_median_of_each_figure() {
        let rounds = vec![[100.0, 50.0, 1.0], [100.0, 10.0, 1.0], [200.0, 80.0, 0.5]];
        let line = report(&[rounds.clone(), rounds.clone(), rounds]);
        let with_receipts = &line["submit_sm per second with receipts"];
        assert_eq!(with_receipts["ratio"], 0.4);
        assert_eq!(with_receipts["baseline"], 100.0);
        assert_eq!(with_receipts["receipts_per_submit"], 1.0);
    }
}
