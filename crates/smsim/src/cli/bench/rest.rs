//! `smsim bench rest`: how fast does the REST API answer?

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;

use crate::bench::rest::{self, Plan, baseline, compare};
use crate::bench::schedule::Pace;
use crate::exit::{Exit, Wrong};

/// Make signed sms.send calls and print one JSON line about their answers. Without --target: against a server of its own, and
/// in turns against a bare handler that reads the same form and does nothing else.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim bench rest --seconds 1 --rounds 1     the server against a bare handler; build with --release first
  smsim bench rest --target 127.0.0.1:32665 --key HEX32 --secret HEX32 --uid 609143784 --calls 1000
  smsim bench rest --target 127.0.0.1:32665 --key HEX32 --secret HEX32 --uid 101..200 --rate 500 --seconds 60")]
pub(super) struct Rest {
    /// The server. Only call one that is yours.
    #[arg(long, value_name = "HOST:PORT", value_parser = super::host_and_port, requires_all = ["key", "secret", "uid"])]
    target: Option<String>,
    /// The app's key, as `smsim serve` prints it.
    #[arg(long, value_name = "HEX32", requires = "target")]
    key: Option<String>,
    /// The app's secret.
    #[arg(long, value_name = "HEX32", requires = "target")]
    secret: Option<String>,
    /// Whom it texts: one account, or a range FIRST..LAST that is walked through again and again.
    #[arg(long, value_name = "UIDS", value_parser = uids, requires = "target")]
    uid: Option<(u64, u64)>,
    /// The text.
    #[arg(long, value_name = "TEXT", default_value = "Kings win 4-2")]
    message: String,
    /// Connections, kept alive; each has one call at a time.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: u16,
    /// How many calls. Without it, as many as fit in the time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=super::MESSAGES_MAX))]
    calls: Option<u64>,
    /// How long calls are made, in seconds. Without it, 10; with --calls, an hour at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: Option<u32>,
    /// Calls a second in all, made in time whatever the answers do (open loop): latency counts from the time at which a call
    /// was meant to be made. Without it, each connection calls as soon as it is answered (closed loop).
    #[arg(long, value_name = "N", value_parser = super::rate)]
    rate: Option<f64>,
    /// How long an answer may take, in seconds.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    patience: u32,
    /// Without --target: how often every measurement is made.
    #[arg(long, value_name = "N", default_value_t = 3, conflicts_with = "target", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Serve the bare handler and nothing else.
    #[arg(long, conflicts_with = "target")]
    baseline: bool,
    /// The port of the bare handler on 127.0.0.1; 0 picks a free one and prints one JSON line {"http":N} on stdout.
    #[arg(long, value_name = "N", default_value_t = 32_666, requires = "baseline")]
    port: u16,
}

pub(super) fn execute(args: &Rest) -> anyhow::Result<Exit> {
    if args.baseline {
        return serve(args.port);
    }
    let (Some(target), Some(key), Some(secret), Some((first, last))) =
        (&args.target, &args.key, &args.secret, args.uid)
    else {
        let line = super::threads(1)?.block_on(compare::run(args.seconds.unwrap_or(3), args.rounds))?;
        crate::cli::say(&format!("{line}\n"))?;
        return Ok(Exit::Ok);
    };
    let seconds = args
        .seconds
        .unwrap_or(if args.calls.is_some() { 3_600 } else { 10 });
    let plan = Plan {
        target: target.clone(),
        credentials: compare::credentials(key, secret)
            .map_err(|error| Wrong(format!("--secret: {error}")))?,
        first_uid: first,
        users: last - first + 1,
        message: args.message.clone(),
        connections: usize::from(args.connections),
        pace: Pace {
            messages: args.calls.unwrap_or(super::MESSAGES_MAX),
            duration: Duration::from_secs(seconds.into()),
            rate: args.rate,
        },
        patience: Duration::from_secs(args.patience.into()),
    };
    let outcome = super::threads(1)?.block_on(rest::run(&plan))?;
    crate::cli::say(&format!("{}\n", serde_json::to_string(&outcome)?))?;
    Ok(if outcome.is_whole() {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

fn serve(port: u16) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the I/O runtime")?;
    runtime.block_on(async {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = tokio::net::TcpListener::bind(at)
            .await
            .with_context(|| format!("cannot open port {port}; any free one with --port 0"))?;
        if port == 0 {
            let port = listener.local_addr()?.port();
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", serde_json::json!({ "http": port }))?;
            out.flush()?;
        }
        tokio::select! {
            served = baseline::serve(listener) => served?,
            result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C")?,
        }
        Ok(Exit::Ok)
    })
}

/// One account or a range of them.
fn uids(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err("an account's number, or FIRST..LAST".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_one_or_a_range() {
        assert_eq!(uids("101"), Ok((101, 101)));
        assert_eq!(uids("101..200"), Ok((101, 200)));
        for bad in ["", "alice", "200..101", "1..", "-1"] {
            assert!(uids(bad).is_err(), "{bad}");
        }
    }
}
