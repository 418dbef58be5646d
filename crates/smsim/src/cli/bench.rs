//! `smsim bench`: how fast is it?

mod rest;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use sms::{Address, Npi, ShortCode, Ton};
use tokio::runtime::{Builder, Runtime};

use crate::bench::load::{Plan, run};
use crate::bench::schedule::Pace;
use crate::bench::{Destinations, baseline, compare, memory};
use crate::exit::{Exit, Wrong};

/// Messages of one load, at most.
const MESSAGES_MAX: u64 = 1_000_000_000;

/// Measure an SMSC over SMPP, ours or another, and the REST API.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Smpp(Smpp),
    Baseline(Baseline),
    Compare(Compare),
    Memory(Memory),
    Rest(rest::Rest),
}

/// Send messages to an SMSC and print one JSON line about what became of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim bench smpp --target 127.0.0.1:2775 --system-id acme --password secret --seconds 10 --receipts
  smsim bench smpp --target 127.0.0.1:2775 --rate 500 --seconds 60    at a steady rate, whatever the answers do

Exit code 1 when a message that was accepted is lost: neither delivered, nor reported failed, nor still stored.")]
struct Smpp {
    /// The SMSC. Only send to one that is yours.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    target: String,
    /// Who binds.
    #[arg(long, value_name = "TEXT", default_value = "bench")]
    system_id: String,
    /// With which password.
    #[arg(long, value_name = "TEXT", default_value = "bench")]
    password: String,
    /// Connections, each bound as a transceiver.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: u16,
    /// Requests that may wait for their response on each connection.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,
    /// How many messages. Without it, as many as fit in the time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MESSAGES_MAX))]
    messages: Option<u64>,
    /// How long messages are sent, in seconds. Without it, 10; with --messages, an hour at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: Option<u32>,
    /// Messages a second in all, sent in time whatever the answers do (open loop): latency counts from the time at which a
    /// message was meant to be sent. Without it, each connection keeps its window full (closed loop).
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Ask for receipts, and wait for all of them.
    #[arg(long)]
    receipts: bool,
    /// Do not ask at the end, with query_sm, after messages that no receipt told of.
    #[arg(long)]
    unchecked: bool,
    /// The text. Without it, 160 characters.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// From: a number, a short code, or letters.
    #[arg(long, value_name = "ADDR", default_value = "12345", value_parser = address)]
    from: Address,
    /// To: a number, or a range FIRST..LAST that is walked through again and again.
    #[arg(long, value_name = "NUMBERS", default_value = "+14155560000..+14155560999")]
    to: Destinations,
    /// How long nothing may come that is waited for, in seconds.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    patience: u32,
    /// Threads that send and receive.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
}

/// Serve what ours is compared with: it decodes each PDU, answers, and does nothing else.
#[derive(Debug, clap::Args)]
struct Baseline {
    /// The port on 127.0.0.1; 0 picks a free one and prints one JSON line {"smpp":N} on stdout.
    #[arg(long, value_name = "N", default_value_t = 2775)]
    port: u16,
    /// Report each message that asks for it delivered, at once.
    #[arg(long)]
    receipts: bool,
}

/// Measure `smsim serve` against the baseline, in turns, and print the ratios.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smsim bench compare --seconds 3 --rounds 3 > ratios.json

Build with --release first. The table goes to stderr, one JSON line to stdout.")]
struct Compare {
    /// How long each of the measurements takes, in seconds.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How often every measurement is made.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

/// Measure the memory of `smsim serve` with 1 000 idle binds and with messages for phones that are off.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smsim bench memory --messages 200000

Build with --release first. The table goes to stderr, one JSON line to stdout. Linux only: it reads /proc.")]
struct Memory {
    /// How many messages wait at last.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(150_000..=1_900_000))]
    messages: u64,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Smpp(args) => smpp(args),
        Command::Baseline(args) => serve_baseline(args),
        Command::Rest(args) => rest::execute(args),
        Command::Compare(args) => {
            let line = threads(1)?.block_on(compare::run(args.seconds, args.rounds))?;
            super::say(&format!("{line}\n"))?;
            Ok(Exit::Ok)
        }
        Command::Memory(args) => {
            let line = threads(1)?.block_on(memory::run(args.messages))?;
            super::say(&format!("{line}\n"))?;
            Ok(Exit::Ok)
        }
    }
}

fn smpp(args: &Smpp) -> anyhow::Result<Exit> {
    let seconds = match (args.seconds, args.messages) {
        (Some(seconds), _) => seconds,
        (None, Some(_)) => 3_600,
        (None, None) => 10,
    };
    let plan = Plan {
        target: args.target.clone(),
        system_id: args.system_id.clone(),
        password: args.password.clone(),
        connections: usize::from(args.connections),
        window: args.window as usize,
        pace: Pace {
            messages: args.messages.unwrap_or(MESSAGES_MAX),
            duration: Duration::from_secs(seconds.into()),
            rate: args.rate,
        },
        receipts: args.receipts,
        check: !args.unchecked,
        text: args.text.clone().unwrap_or_else(|| "a".repeat(160)),
        source: args.from.clone(),
        destinations: args.to,
        patience: Duration::from_secs(args.patience.into()),
    };
    let outcome = threads(usize::from(args.threads))?.block_on(run(&plan))?;
    super::say(&format!("{}\n", serde_json::to_string(&outcome)?))?;
    Ok(if outcome.is_whole() {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

fn serve_baseline(args: &Baseline) -> anyhow::Result<Exit> {
    let runtime = Runtime::new().context("cannot start the I/O runtime")?;
    runtime.block_on(async {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = tokio::net::TcpListener::bind(at)
            .await
            .with_context(|| format!("cannot open port {}; any free one with --port 0", args.port))?;
        let port = listener.local_addr()?.port();
        if args.port == 0 {
            println!("{}", serde_json::json!({ "smpp": port }));
            std::io::stdout().flush()?;
        }
        tokio::select! {
            served = baseline::serve(listener, args.receipts) => served?,
            result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C")?,
        }
        Ok(Exit::Ok)
    })
}

fn threads(count: usize) -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(count)
        .enable_all()
        .build()
        .context("cannot start the I/O runtime")
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 10_000_000.0 => Ok(rate),
        Ok(_) | Err(_) => Err("a number of messages a second, above 0 and at most 10000000".to_owned()),
    }
}

/// What can be looked up and connected to: a host and a port of it.
fn host_and_port(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(1..)) => Ok(text.to_owned()),
        Some(Ok(0) | Err(_)) | None => {
            Err("a host and a port of it, for example 127.0.0.1:2775 or [::1]:2775".to_owned())
        }
    }
}

/// An address as someone writes it: a short code, a number, or letters.
pub(super) fn address(text: &str) -> Result<Address, Wrong> {
    /// The longest alphanumeric source that handsets show (3GPP TS 23.040 §9.1.2.5).
    const LETTERS_MAX: usize = 11;
    if let Ok(code) = text.parse::<ShortCode>() {
        return Ok(code.address());
    }
    if let Ok(msisdn) = text.parse::<sms::Msisdn>() {
        return Ok(msisdn.address());
    }
    if text.is_ascii() && (1..=LETTERS_MAX).contains(&text.len()) {
        return Ok(Address::new(Ton::Alphanumeric, Npi::Unknown, text));
    }
    Err(Wrong(format!(
        "{text:?} is no number, no short code, and no name of at most {LETTERS_MAX} letters"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_code_a_number_or_a_name() {
        for (text, ton) in [
            ("32665", ShortCode::new(32_665).map(|code| code.address().ton)),
            ("+14155550101", Some(Ton::International)),
            ("MyBrand", Some(Ton::Alphanumeric)),
            ("", None),
            ("twelve chars", None),
            ("é", None),
        ] {
            assert_eq!(address(text).ok().map(|address| address.ton), ton, "{text}");
        }
    }

    #[test]
    fn a_target_has_a_port() {
        for (text, good) in [
            ("127.0.0.1:2775", true),
            ("[::1]:2775", true),
            ("smsc.example.org:65535", true),
            ("127.0.0.1", false),
            ("127.0.0.1:", false),
            ("127.0.0.1:0", false),
            ("127.0.0.1:65536", false),
            (":2775", false),
            ("", false),
        ] {
            assert_eq!(host_and_port(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn a_rate_is_above_nothing_and_has_a_limit() {
        for (text, good) in [
            ("0.5", true),
            ("10000000", true),
            ("0", false),
            ("10000001", false),
            ("NaN", false),
        ] {
            assert_eq!(rate(text).is_ok(), good, "{text}");
        }
    }
}
