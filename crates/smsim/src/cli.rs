//! The command line: one file a command.

mod apps;
mod bench;
mod certs;
pub(crate) mod check;
mod completions;
mod conform;
mod convert;
mod data;
mod demo;
mod doctor;
mod explain;
mod explore;
mod fill;
mod fmt;
mod lines;
mod lsp;
mod mutants;
mod repl;
mod replay;
mod review;
mod run;
mod serve;
mod show;
mod stop;

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// An SMS gateway simulator: an SMSC that speaks SMPP, carriers, handsets, FBOOK 32665 and its REST API.
#[derive(Debug, Parser)]
#[command(name = "smsim", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  smsim run tests/scenarios        play every scenario in virtual time
  smsim demo                       try it in a browser: phones, apps, guided demos
  smsim serve                      put FBOOK 32665 on the air on this machine
  smsim repl                       text from a handset at a prompt

Exit codes: 0 all well, 1 a test failed, 2 the command line or a file is wrong, 3 the environment is, 4 no test selected.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Bench(bench::Args),
    Conform(conform::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Convert(convert::Args),
    Fill(fill::Args),
    Review(review::Args),
    Show(show::Args),
    Lsp(lsp::Args),
    Explore(explore::Args),
    Mutants(mutants::Args),
    Serve(serve::Args),
    Demo(demo::Args),
    Repl(repl::Args),
    Replay(replay::Args),
    Apps(apps::Args),
    Certs(certs::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    Explain(explain::Args),
}

/// Does what the command line says.
pub fn execute(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        Command::Run(args) => run::execute(&args),
        Command::Bench(args) => bench::execute(&args),
        Command::Conform(args) => conform::execute(&args),
        Command::Check(args) => check::execute(&args),
        Command::Fmt(args) => fmt::execute(&args),
        Command::Convert(args) => convert::execute(&args),
        Command::Fill(args) => fill::execute(&args),
        Command::Review(args) => review::execute(&args),
        Command::Show(args) => show::execute(&args),
        Command::Lsp(args) => lsp::execute(&args),
        Command::Explore(args) => explore::execute(&args),
        Command::Mutants(args) => mutants::execute(&args),
        Command::Serve(args) => serve::execute(&args),
        Command::Demo(args) => demo::execute(&args),
        Command::Repl(args) => repl::execute(&args),
        Command::Replay(args) => replay::execute(&args),
        Command::Apps(args) => apps::execute(&args),
        Command::Certs(args) => certs::execute(&args),
        Command::Doctor(args) => doctor::execute(&args),
        Command::Completions(args) => completions::execute(&args),
        Command::Explain(args) => explain::execute(&args),
    }
}

/// What was to be printed, and nobody reads it.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout: {0}")]
struct Unsaid(std::io::Error);

/// Prints and flushes, so that results are seen as they come; a reader that has gone away (`| head`) ends the run.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(said.map_err(Unsaid)?)
}
