//! `smsim completions`: what a shell needs to complete the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::exit::Exit;

/// Print the script by which a shell completes commands and options of smsim.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smsim completions bash

Where each shell looks for it:
    bash        smsim completions bash > ~/.local/share/bash-completion/completions/smsim
    zsh         smsim completions zsh > \"${fpath[1]}/_smsim\"
    fish        smsim completions fish > ~/.config/fish/completions/smsim.fish
    PowerShell  smsim completions powershell >> $PROFILE")]
pub struct Args {
    /// The shell.
    shell: Shell,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    super::say(&script(args.shell))?;
    Ok(Exit::Ok)
}

fn script(shell: Shell) -> String {
    let mut octets = Vec::new();
    clap_complete::generate(shell, &mut super::Cli::command(), "smsim", &mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn the_script_of_every_shell_names_every_command_and_its_options() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in crate::cli::Cli::command().get_subcommands() {
                assert!(
                    script.contains(command.get_name()),
                    "{shell} {}",
                    command.get_name()
                );
            }
            assert!(script.contains("smpp-port"), "{shell}");
        }
    }
}
