//! `smsim certs`: test certificates for TLS.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::tls::certificates;

/// Make test certificates for SMPP over TLS: a CA to trust, the server's, an ESME's, and some that must be refused.
///
/// The CA's key is thrown away: nobody can sign more with it. All are good until the end of 2049.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smsim certs certs                                make them in the folder certs
  smsim certs certs --force                        make new ones in their place

Then serve with them, and let clients trust certs/ca.pem:
    smsim serve --tls-certs certs
    smsim serve --tls-certs certs --tls-fault expired
    smsim serve --tls-certs certs --tls-client-ca certs/ca.pem    (clients show certs/client.pem)")]
pub struct Args {
    /// The folder. Without it: ~/.local/share/smsim/certs, where `smsim serve --tls` looks for them.
    folder: Option<PathBuf>,
    /// Write over those that are there.
    #[arg(long)]
    force: bool,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => certificates::default_folder()?,
    };
    certificates::make(&folder, args.force)?;
    let shown = folder.display();
    super::say(&format!(
        "{shown}/ca.pem           for clients to trust\n\
         {shown}/server.pem       for localhost, 127.0.0.1 and ::1; its key is server.key\n\
         {shown}/client.pem       for an ESME, where the server asks for one; its key is client.key\n\
         {shown}/expired.pem      to be refused: it was good until 2008-05-24\n\
         {shown}/wrong-host.pem   to be refused: it is for smsc.example.org\n\
         {shown}/self-signed.pem  to be refused: no CA has signed it\n"
    ))?;
    Ok(Exit::Ok)
}
