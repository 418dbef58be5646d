//! The log on stderr: the options that say what stands in it, and how.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::exit::Wrong;

/// What is logged unless the command line or `RUST_LOG` says otherwise: what somebody should look at.
const DEFAULT: &str = "warn";

/// The options of the log.
#[derive(Clone, Debug, clap::Args)]
pub struct LogArgs {
    /// What to log on stderr: off, error, warn, info (sessions: binds, unbinds, ends), debug, trace (every PDU); or a filter
    /// as RUST_LOG has it, for example warn,smsim::observer=trace. Without it RUST_LOG, or warn.
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// One line of words for people, or one JSON object a line.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Format {
    /// For people; in colour on a terminal.
    Text,
    /// For machines.
    Json,
}

impl LogArgs {
    /// Begins to log. A second call in one process has no effect.
    pub fn start(&self) -> anyhow::Result<()> {
        let from_environment = || std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
        let wanted = self.log.clone().or_else(from_environment);
        let filter = filter(wanted.as_deref().unwrap_or(DEFAULT))?;
        let stderr = std::io::stderr;
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(stderr);
        // Only the tests of this crate could have begun before.
        let _ = match self.log_format {
            Format::Text => log.with_ansi(stderr().is_terminal() && !plain).try_init(),
            Format::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
        };
        Ok(())
    }
}

/// Reads a level, which is for smsim's own parts, or a filter.
fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    let wrong = |why: &str| {
        Wrong(format!(
            "{text:?} says not what to log ({why}); write off, error, warn, info, debug, trace, or a filter like warn,smsim=debug"
        ))
    };
    // A word alone is also the name of a part, of which everything is wanted and nothing else; a part of ours has `::` in it
    // or is all of smsim, and what is neither is a level with a slip in it.
    let is_part = |word: &str| word.contains([':', '=', '[', ',']) || word == "smsim";
    if !is_part(text) && text.parse::<LevelFilter>().is_err() {
        return Err(wrong("there is no such level").into());
    }
    let directives = match text.parse::<LevelFilter>() {
        Ok(level) if level > LevelFilter::WARN => format!("{DEFAULT},smsim={text}"),
        Ok(_) | Err(_) => text.to_owned(),
    };
    EnvFilter::builder()
        .parse(&directives)
        .map_err(|error| wrong(&error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_for_smsim_and_a_filter_is_taken_as_it_stands() {
        for (text, read) in [
            ("off", "off"),
            ("warn", "warn"),
            ("INFO", "warn,smsim=info"),
            ("trace", "warn,smsim=trace"),
            ("smsim::observer=debug", "smsim::observer=debug"),
            ("smsim", "smsim"),
        ] {
            let expected = EnvFilter::builder().parse(read).expect("a filter");
            assert_eq!(
                filter(text).expect(text).to_string(),
                expected.to_string(),
                "{text}"
            );
        }
        for slip in ["smsim=loud", "inof"] {
            let error = filter(slip).expect_err("no level").to_string();
            assert!(
                error.contains(slip) && error.contains("warn,smsim=debug"),
                "{error}"
            );
        }
    }
}
