//! `smsim repl`: text from a phone at a prompt.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use crate::exit::Exit;
use crate::repl::{self, Options};
use crate::rules::ConfigArgs;

/// Text from a phone at a prompt; what arrives is shown, and time stands still while you type.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim repl                                 the built-in demo world
  smsim repl world.sms --as bob              the world of a file, from bob's phone
  echo 'quiz play' | smsim repl              reads lines, prints one event a line

A plain line is a text to 32665; /help tells the commands.
Read from a pipe, the exit code is
  1 when an /expect or a /check failed
  2 when a line could not be understood
  3 when a real app did not answer")]
pub struct Args {
    /// The file that declares the world; without it the demo world.
    world: Option<PathBuf>,
    /// Whose phone to begin with; without it the first user who has no app, or else the first.
    #[arg(long = "as", value_name = "USER")]
    handset: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// The seed of all chance; it overrides the file's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Read lines and print one event a line, without a prompt; so it is when stdin or stdout is no terminal.
    #[arg(long)]
    plain: bool,
    /// The port on 127.0.0.1 where real apps call the API; 0 picks one and prints it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    http_port: u16,
    /// How long the world's clock is held for a real app, in seconds of the machine's clock.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    hold: u64,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let options = Options {
        world: args.world.clone(),
        handset: args.handset.clone(),
        profiles: args.config.sources()?,
        rules: args.config.rules()?,
        seed: args.seed,
        http_port: args.http_port,
        hold_max: Duration::from_secs(args.hold.max(1)),
    };
    match args.plain || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        true => repl::plain(options),
        false => repl::at_terminal(options),
    }
}
