//! `smsim lsp`: a language server for editors.

use crate::exit::Exit;
use crate::lsp::Server;
use crate::rules::ConfigArgs;

/// Serve an editor over stdin and stdout (Language Server Protocol 3.17).
///
/// It tells what is wrong while one types, completes names, settings, keywords and captures, shows what a line puts on the
/// wire, formats, goes to declarations and scenes, and lists what a file declares. An editor starts it; by hand it waits for
/// messages. Exit code 0 after `shutdown` and `exit`, 1 without.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example of an editor's configuration (Helix, languages.toml):
  [language-server.smsim]
  command = \"smsim\"
  args = [\"lsp\"]

  [[language]]
  name = \"sms\"
  scope = \"source.sms\"
  file-types = [\"sms\"]
  language-servers = [\"smsim\"]")]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// For editors that say so; stdin and stdout are the only way.
    #[arg(long)]
    stdio: bool,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let mut server = Server::new(args.config.sources()?, args.config.rules()?);
    let orderly = server.serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())?;
    Ok(if orderly { Exit::Ok } else { Exit::Failed })
}
