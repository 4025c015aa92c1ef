//! Whose certificates are trusted: the roots that come with the program, the system's store, and what
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name. A company's own authority is known to the last two alone.

use std::path::Path;
use std::sync::OnceLock;

use rustls::CertificateError;
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::environment;
use crate::session::{Sentence, say};

/// The file of further roots, PEM.
const FILE: &str = "SSL_CERT_FILE";
/// Folders of further roots, PEM.
const FOLDERS: &str = "SSL_CERT_DIR";

/// Every trusted root, and what could not be read of those that were named.
struct Roots {
    certificates: RootCerts,
    problems: Vec<String>,
}

/// How a connection to any server is secured.
pub fn config() -> TlsConfig {
    TlsConfig::builder().root_certs(roots().certificates.clone()).build()
}

/// Why `error` means that the server's certificate is refused, and what to do; `None` where it means
/// something else. The next try would be refused as well.
pub fn refusal(error: &ureq::Error) -> Option<Sentence> {
    let known = match error {
        ureq::Error::Rustls(known) => Some(known),
        ureq::Error::Io(e) => e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    match known? {
        rustls::Error::InvalidCertificate(error) => Some(worded(error, &roots().problems)),
        rustls::Error::NoCertificatesPresented => Some(say!("it shows none; check address and port")),
        _ => None,
    }
}

fn worded(error: &CertificateError, problems: &[String]) -> Sentence {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            say!("it has expired; check this machine's clock, or have it renewed")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            say!("it is not valid yet; check this machine's clock")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            say!("it is another host's; check the address")
        }
        CertificateError::UnknownIssuer => unknown(say!("nobody that this machine trusts has signed it"), problems),
        other => unknown(Sentence::verbatim(other.to_string()), problems),
    }
}

fn unknown(reason: Sentence, problems: &[String]) -> Sentence {
    let said = if problems.is_empty() { String::new() } else { format!(" ({})", problems.join("; ")) };
    say!(
        "{reason}{said}; if a company or a proxy signs it, put the root certificate of that authority as PEM into a file and name the file in {file}, or add it to the system's store",
        reason,
        said,
        file = FILE
    )
}

fn roots() -> &'static Roots {
    static ROOTS: OnceLock<Roots> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let further = further();
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| Certificate::from_der(root));
        let added = further.certs.iter().map(|root| Certificate::from_der(root).to_owned());
        let certificates = bundled.chain(added).collect::<Vec<_>>().into();
        Roots { certificates, problems: further.errors.iter().map(ToString::to_string).collect() }
    })
}

/// The roots of the system, and those that the person names beside them.
fn further() -> CertificateResult {
    let file = environment::path(FILE);
    let folders = std::env::var_os(FOLDERS).filter(|folders| !folders.is_empty());
    if file.is_none() && folders.is_none() {
        return load_native_certs();
    }
    let mut found = load_certs_from_paths(file.as_deref(), None);
    if let Some(file) = file.filter(|_| found.certs.is_empty() && found.errors.is_empty()) {
        found.errors.push(empty(&file));
    }
    let named = folders.iter().flat_map(std::env::split_paths).filter(|folder| !folder.as_os_str().is_empty());
    named.for_each(|folder| add(&mut found, &folder, true));
    // The variables stand beside the system's store and not in its place.
    openssl_probe::candidate_cert_dirs().for_each(|folder| add(&mut found, folder, false));
    found
}

/// The roots in a folder; what cannot be read of one that nobody named is not worth a word.
fn add(found: &mut CertificateResult, folder: &Path, named: bool) {
    let more = load_certs_from_paths(None, Some(folder));
    found.certs.extend(more.certs);
    found.errors.extend(more.errors.into_iter().filter(|_| named));
}

fn empty(file: &Path) -> rustls_native_certs::Error {
    let inner = std::io::Error::other("it holds no certificate in PEM form");
    let kind = rustls_native_certs::ErrorKind::Io { inner, path: file.to_owned() };
    rustls_native_certs::Error { context: FILE, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_the_way_out_that_fits_it() {
        let said = |error: CertificateError| worded(&error, &[]);
        assert!(said(CertificateError::UnknownIssuer).contains("SSL_CERT_FILE"));
        assert!(said(CertificateError::BadEncoding).contains("SSL_CERT_FILE"));
        assert!(said(CertificateError::Expired).contains("clock"));
        assert!(said(CertificateError::NotValidForName).contains("check the address"));
        let problems = ["SSL_CERT_FILE: no such file".to_owned()];
        assert!(worded(&CertificateError::UnknownIssuer, &problems).contains("no such file"));
    }

    #[test]
    fn what_breaks_off_otherwise_is_no_refusal_of_a_certificate() {
        assert_eq!(refusal(&ureq::Error::ConnectionFailed), None);
        let refused = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, refused.clone());
        assert!(refusal(&ureq::Error::Io(wrapped)).is_some() && refusal(&ureq::Error::Rustls(refused)).is_some());
    }

    #[test]
    fn the_bundled_roots_count_whatever_the_system_has() {
        let RootCerts::Specific(all) = &roots().certificates else { panic!("no roots of our own") };
        assert!(all.len() >= webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    }
}
