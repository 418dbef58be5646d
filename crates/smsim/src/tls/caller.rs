//! TLS the other way round: what the server trusts and shows when it calls an ESME with an `outbind`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{certificates, read_certificates, read_key, wrong};
use crate::exit::Wrong;

/// The files that a call over TLS needs. They are read anew for each call: nothing of them is wanted before the first.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The CA that an ESME's certificate must be signed by; none: that of the test certificates.
    pub(super) ca: Option<PathBuf>,
    /// What is shown to an ESME that asks for a certificate: it and its key; none: the test ESME's.
    pub(super) shown: Option<(PathBuf, PathBuf)>,
    /// The folder of the test certificates; none: the usual one.
    pub(super) folder: Option<PathBuf>,
}

impl Caller {
    /// Shakes hands with an ESME over a connection to it.
    ///
    /// # Errors
    ///
    /// What is wrong with the files, or why the two do not trust each other, with a way out.
    pub async fn shake_hands(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let caller = self.clone();
        let made = tokio::task::spawn_blocking(move || caller.config()).await;
        let (config, ca) = made
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("{error:#}"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host} is no name that a certificate could be for"))?;
        let connecting = TlsConnector::from(config).connect(name, stream).await;
        connecting.map_err(|error| format!("the TLS handshake failed: {error}{}", hint(&error, &ca)))
    }

    /// What a handshake needs, and the file of the CA that is trusted.
    fn config(&self) -> anyhow::Result<(Arc<ClientConfig>, PathBuf)> {
        let folder = || match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => certificates::default_folder(),
        };
        if self.ca.is_none() || self.shown.is_none() {
            certificates::make_missing(&folder()?)?;
        }
        let ca = match &self.ca {
            Some(ca) => ca.clone(),
            None => folder()?.join(certificates::CA),
        };
        let (certificate, key) = match &self.shown {
            Some(shown) => shown.clone(),
            None => {
                let test =
                    |ending: &str| anyhow::Ok(folder()?.join(certificates::CLIENT).with_extension(ending));
                (test("pem")?, test("key")?)
            }
        };
        Ok((client_config(&ca, &certificate, &key)?, ca))
    }
}

fn client_config(ca: &Path, certificate: &Path, key: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for authority in read_certificates(ca)? {
        roots.add(authority).map_err(|error| wrong(ca, &error))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("no version of TLS")?
        .with_root_certificates(roots)
        .with_client_auth_cert(read_certificates(certificate)?, read_key(key)?)
        .map_err(|error| {
            let (certificate, key) = (certificate.display(), key.display());
            Wrong(format!("{certificate} and {key} do not go together: {error}"))
        })?;
    Ok(Arc::new(config))
}

/// A way out, where there is one to tell.
fn hint(error: &std::io::Error, ca: &Path) -> String {
    use rustls::{CertificateError, Error};
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match of_tls {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => format!(
            "; its certificate must be signed by the CA in {}; name another with --tls-outbind-ca FILE",
            ca.display()
        ),
        Some(Error::InvalidMessage(_)) => {
            "; what listens there speaks no TLS; write its address without smpps://".to_owned()
        }
        Some(_) | None => String::new(),
    }
}
