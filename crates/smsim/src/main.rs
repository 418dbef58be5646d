//! The shells around the simulated world: sockets, files, the terminal and the machine's clock. They turn outside events
//! into inputs and outputs into effects, and know no rule.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod bench;
mod callback_client;
mod cli;
mod clock;
mod conform;
mod data;
mod engine;
mod exit;
mod http;
mod instant;
mod logging;
mod lsp;
mod observer;
mod pacer;
mod page;
mod pcap;
mod real_apps;
mod repl;
mod rules;
mod server;
mod smpp_dialler;
mod smpp_listener;
mod sources;
mod tls;
mod worlds;

use std::process::ExitCode;

use clap::Parser;

/// A PDU is allocated by the task that reads it and freed by the thread that owns the world, which the system's allocator
/// pays dearly for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli::execute(cli) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            exit::Exit::of(&error).into()
        }
    }
}
