//! `smsim demo`: the world of `smsim serve` on the day of 2009, with the page opened in a browser.

use std::process::{Command, Stdio};

use crate::cli::serve;
use crate::exit::Exit;

/// Try everything in a browser: phones to text from, guided demos, what apps are told; the demo world on real ports.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(after_help = "Examples:
  smsim demo                           the demo world at http://127.0.0.1:32665/, opened in a browser
  smsim demo world.sms --port 0        a world of your own, on free ports
  smsim demo --no-open                 only say where the page is
  smsim demo --human carol             with you at carol's phone in the guided demos

It is `smsim serve`, and takes its options; its clock begins on Monday, 2 March 2009, unless the world says when.
Stop it with Ctrl-C.")]
pub struct Args {
    #[command(flatten)]
    serve: serve::Args,
    /// Open no browser.
    #[arg(long)]
    no_open: bool,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let open = |url: &str| {
        if !args.no_open {
            open_in_browser(url);
        }
    };
    serve::execute_as(&args.serve, serve::Start::InThePast, &open)
}

/// Opens the page, where there is a desktop to open it on; the address was said all the same.
fn open_in_browser(url: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let opened = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        eprintln!("no browser was opened ({opener} is not there): open {url}");
    }
}
