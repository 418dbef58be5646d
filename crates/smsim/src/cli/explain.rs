//! `smsim explain`: what an error code means.

use crate::exit::{Exit, Wrong};

/// Print the page about an error code, or the list of all codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  smsim explain E200")]
pub struct Args {
    /// The code, for example E200.
    code: Option<String>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let Some(wanted) = &args.code else {
        for code in scenario::Code::ALL {
            super::say(&format!("{}  {}\n", code.name(), code.title()))?;
        }
        return Ok(Exit::Ok);
    };
    let code = scenario::Code::from_name(&wanted.to_ascii_uppercase());
    let Some(code) = code else {
        anyhow::bail!(Wrong(format!(
            "no error has the code {wanted}; `smsim explain` lists them all"
        )));
    };
    super::say(&format!("{}: {}\n\n{}\n", code.name(), code.title(), code.page()))?;
    Ok(Exit::Ok)
}
