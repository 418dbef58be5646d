//! TLS for SMPP: the options, and what the server shows its peers.

pub mod caller;
pub mod certificates;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use self::caller::Caller;
use self::certificates::Fault;
use crate::exit::Wrong;

/// The port of SMPP over TLS, unless the command line says otherwise: IANA's `ssmpp`.
const SMPPS_PORT: u16 = 3550;

/// The options of SMPP over TLS.
#[derive(Clone, Debug, clap::Args)]
pub struct TlsArgs {
    /// Also listen for SMPP over TLS, with the test certificate of --tls-certs unless --tls-cert gives another.
    #[arg(long)]
    tls: bool,
    /// The port for ESMEs over TLS, 3550 unless it is given; implies --tls.
    #[arg(long, value_name = "N", conflicts_with = "port")]
    smpps_port: Option<u16>,
    /// The server's certificate, with those between it and the CA (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The folder of the test certificates; what is not there yet is made. Without it: ~/.local/share/smsim/certs.
    #[arg(long, value_name = "DIR", conflicts_with = "tls_cert")]
    tls_certs: Option<PathBuf>,
    /// Show a certificate that a client must refuse.
    #[arg(long, value_name = "FAULT", conflicts_with = "tls_cert")]
    tls_fault: Option<Fault>,
    /// Ask ESMEs for a certificate too, and let only those in whose is signed by this CA (PEM).
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// The CA (PEM) that the certificates of ESMEs must be signed by that are called over TLS (`outbind smpps://HOST:PORT`).
    /// Without it: that of the test certificates.
    #[arg(long, value_name = "FILE")]
    tls_outbind_ca: Option<PathBuf>,
}

/// What a server needs to listen for TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The port; 0 picks a free one.
    pub port: u16,
    /// What it shows and asks.
    pub config: Arc<ServerConfig>,
    /// The CA that a client has to trust, when the certificate is a test certificate.
    pub trust: Option<PathBuf>,
}

impl TlsArgs {
    /// What calls to ESMEs over TLS need.
    ///
    /// # Errors
    ///
    /// A CA that is named and cannot be read.
    pub fn caller(&self) -> anyhow::Result<Caller> {
        if let Some(ca) = &self.tls_outbind_ca {
            read_certificates(ca)?;
        }
        Ok(Caller {
            ca: self.tls_outbind_ca.clone(),
            shown: self.tls_cert.clone().zip(self.tls_key.clone()),
            folder: self.tls_certs.clone(),
        })
    }

    /// What the options ask for; none without TLS. `port` is the port unless an option names it.
    pub fn tls(&self, port: Option<u16>) -> anyhow::Result<Option<Tls>> {
        let wanted = self.tls
            || self.smpps_port.is_some()
            || self.tls_cert.is_some()
            || self.tls_certs.is_some()
            || self.tls_fault.is_some()
            || self.tls_client_ca.is_some();
        if !wanted {
            return Ok(None);
        }
        let (certificate, key, trust) = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone(), None),
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                let folder = match &self.tls_certs {
                    Some(folder) => folder.clone(),
                    None => certificates::default_folder()?,
                };
                certificates::make_missing(&folder)?;
                let name = self.tls_fault.map_or(certificates::SERVER, Fault::file);
                (
                    folder.join(format!("{name}.pem")),
                    folder.join(format!("{name}.key")),
                    Some(folder.join(certificates::CA)),
                )
            }
        };
        Ok(Some(Tls {
            port: self.smpps_port.or(port).unwrap_or(SMPPS_PORT),
            config: server_config(&certificate, &key, self.tls_client_ca.as_deref())?,
            trust,
        }))
    }
}

/// What a server shows: a certificate with its key; and what it asks of its clients.
pub fn server_config(
    certificate: &Path,
    key: &Path,
    client_ca: Option<&Path>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("no version of TLS")?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in read_certificates(path)? {
                roots.add(authority).map_err(|error| wrong(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(path, &error))?)
        }
    };
    let key_of_it = read_key(key)?;
    let config = builder
        .with_single_cert(read_certificates(certificate)?, key_of_it)
        .map_err(|error| {
            let (certificate, key) = (certificate.display(), key.display());
            Wrong(format!("{certificate} and {key} do not go together: {error}"))
        })?;
    Ok(Arc::new(config))
}

fn read_certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let text = crate::sources::read(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let certificates = read.map_err(|error| wrong(path, &error))?;
    anyhow::ensure!(
        !certificates.is_empty(),
        wrong(
            path,
            &"it holds no certificate; PEM is wanted, -----BEGIN CERTIFICATE-----"
        )
    );
    Ok(certificates)
}

fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let text = crate::sources::read(path)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| {
        let hint = if text.contains("ENCRYPTED") {
            "its key has a passphrase; take that off with: openssl pkey -in FILE -out FILE".to_owned()
        } else {
            format!("it holds no private key ({error}); PEM is wanted, -----BEGIN PRIVATE KEY-----")
        };
        wrong(path, &hint).into()
    })
}

fn wrong(path: &Path, why: &dyn std::fmt::Display) -> Wrong {
    Wrong(format!("{}: {why}", path.display()))
}
