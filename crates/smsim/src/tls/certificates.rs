//! Test certificates: a CA, what it has signed, and certificates that a client must refuse.
//!
//! The CA's key is thrown away as soon as everything is signed: who trusts the CA trusts these certificates and no others.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::exit::Wrong;

/// The file that a client has to trust.
pub const CA: &str = "ca.pem";
/// The certificate of the server, without its ending.
pub const SERVER: &str = "server";
/// The certificate of an ESME, without its ending, for a server that asks for one.
pub const CLIENT: &str = "client";
/// The hosts that a server's certificate is good for.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// A host that nobody connects to.
const WRONG_HOST: &str = "smsc.example.org";

/// What is wrong with a certificate that a client must refuse.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Fault {
    /// Its time was over in 2008.
    Expired,
    /// It is good for smsc.example.org only.
    WrongHost,
    /// No CA has signed it.
    SelfSigned,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Expired, Self::WrongHost, Self::SelfSigned];

    /// The name of its files, without their endings.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::WrongHost => "wrong-host",
            Self::SelfSigned => "self-signed",
        }
    }
}

/// Where the test certificates are unless an option says otherwise.
pub fn default_folder() -> anyhow::Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty());
    let data = named("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| named("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    let data = data.ok_or_else(|| {
        Wrong("there is no HOME to keep test certificates in; name a folder: --tls-certs DIR".to_owned())
    })?;
    Ok(data.join("smsim/certs"))
}

/// Makes the certificates of a folder unless they are there. Whether they were made.
pub fn make_missing(folder: &Path) -> anyhow::Result<bool> {
    if folder.join(CA).exists() {
        return Ok(false);
    }
    make(folder, false).map(|()| true)
}

/// Makes every certificate with its key in a folder; what is there already is written over only when `replace` says so.
pub fn make(folder: &Path, replace: bool) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let files = files().context("cannot make certificates")?;
    for (name, text) in files {
        write(&folder.join(&name), &text, replace)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str, replace: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if replace {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => anyhow::Error::from(Wrong(format!(
            "{} is there already; smsim certs --force makes new ones",
            path.display()
        ))),
        _ => anyhow::Error::from(error).context(format!("cannot write {}", path.display())),
    })?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Names and contents of all files. The CA's certificate comes last: a folder that has it has everything.
fn files() -> Result<Vec<(String, String)>, rcgen::Error> {
    let ca = CertifiedIssuer::self_signed(authority()?, KeyPair::generate()?)?;
    let mut files = Vec::new();
    let mut add = |name: &str, certificate: &rcgen::Certificate, key: &KeyPair| {
        files.push((format!("{name}.pem"), certificate.pem()));
        files.push((format!("{name}.key"), key.serialize_pem()));
    };
    let key = KeyPair::generate()?;
    add(SERVER, &server(&HOSTS)?.signed_by(&key, &ca)?, &key);
    let key = KeyPair::generate()?;
    add(CLIENT, &client()?.signed_by(&key, &ca)?, &key);
    for fault in Fault::ALL {
        let key = KeyPair::generate()?;
        let certificate = match fault {
            Fault::Expired => {
                let mut params = server(&HOSTS)?;
                params.not_before = date_time_ymd(2007, 5, 24);
                params.not_after = date_time_ymd(2008, 5, 24);
                params.signed_by(&key, &ca)?
            }
            Fault::WrongHost => server(&[WRONG_HOST])?.signed_by(&key, &ca)?,
            Fault::SelfSigned => server(&HOSTS)?.self_signed(&key)?,
        };
        add(fault.file(), &certificate, &key);
    }
    files.push((CA.to_owned(), ca.pem()));
    Ok(files)
}

fn authority() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("smsim test CA", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn server(hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("smsim test server", hosts)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(leaf(params))
}

fn client() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("smsim test ESME", &[])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(leaf(params))
}

/// A certificate that signs nothing, with the identifier of its issuer's key, which strict clients want.
fn leaf(mut params: CertificateParams) -> CertificateParams {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

fn params(name: &str, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2008, 5, 24);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn certificates_are_made_once_and_again_only_on_demand() {
        let folder = tempfile::tempdir().expect("a folder");
        let certs = folder.path().join("new/certs");
        let ca = || std::fs::read_to_string(certs.join(CA)).expect("a certificate");
        assert!(make_missing(&certs).expect("made"));
        let first = ca();
        assert!(!make_missing(&certs).expect("it is there"));
        assert_eq!(ca(), first);
        let refused = make(&certs, false)
            .expect_err("nothing is written over")
            .to_string();
        assert!(
            refused.contains("server.pem") && refused.contains("--force"),
            "{refused}"
        );
        make(&certs, true).expect("made again");
        assert_ne!(ca(), first);
    }

    #[test]
    fn every_certificate_goes_with_its_key_and_nobody_else_reads_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        make_missing(folder.path()).expect("made");
        let names = [SERVER, CLIENT].into_iter().chain(Fault::ALL.map(Fault::file));
        for name in names {
            let certificate = folder.path().join(format!("{name}.pem"));
            let key = folder.path().join(format!("{name}.key"));
            crate::tls::server_config(&certificate, &key, None).expect(name);
            let mode = std::fs::metadata(key).expect("a file").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
        assert!(
            !folder.path().join("ca.key").exists(),
            "the CA signs nothing more"
        );
    }

    #[test]
    fn what_cannot_be_a_certificate_or_its_key_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        make_missing(folder.path()).expect("made");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("empty"), "").expect("written");
        for (certificate, key, said) in [
            ("empty", "server.key", "empty: it holds no certificate"),
            ("server.pem", "server.pem", "server.pem: it holds no private key"),
            ("server.pem", "client.key", "do not go together"),
            ("none.pem", "server.key", "none.pem: no such file"),
        ] {
            let error = crate::tls::server_config(&path(certificate), &path(key), None).expect_err(said);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
