//! HTTP clients of all programs: who is believed, which way a request takes, and how much of an answer is read.
//!
//! | rule | reason |
//! |---|---|
//! | certificates of `SSL_CERT_FILE` and of [`set_ca_file`] count as well as the public ones | servers of an operator's own are signed by an authority of its own |
//! | no proxy for this machine | what stays on it must not travel, and a proxy could not reach it |
//! | no redirects | another address was not configured, and would get the same secrets |
//! | an answer has at most so many bytes | one without an end would take all memory within its deadline |

use {
    reqwest::{Certificate, Client, ClientBuilder, Response, Url, redirect::Policy},
    std::{
        fs,
        path::{Path, PathBuf},
        sync::OnceLock,
    },
};

/// The environment variable with a file of further authorities.
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";

/// The file of authorities that the program's own settings name.
static CA_FILE: OnceLock<PathBuf> = OnceLock::new();

/// The reason for which a client cannot be made or an answer is not read. Names no URL, which may carry a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// A file of certificates that cannot be read.
    #[error("cannot read the certificates in {path}: {reason}; name a PEM file")]
    Certificates {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A client that cannot be set up.
    #[error("no HTTP client can be set up: {0}; check the machine's TLS settings")]
    Client(String),
    /// An answer that is longer than it may be.
    #[error("its answer has more than {0} bytes")]
    TooLong(usize),
    /// An answer that broke off.
    #[error("its answer broke off")]
    BrokenOff,
}

/// Names a file of authorities that all clients made from now on believe too. Errors: [`HttpError::Certificates`] for a file that
/// has none.
pub fn set_ca_file(path: &Path) -> Result<(), HttpError> {
    read_certificates(path)?;
    // A process has one configuration; the first one named stays.
    let _ = CA_FILE.set(path.to_path_buf());
    Ok(())
}

/// Begins a client for one server. Errors: [`HttpError::Certificates`].
pub fn client_builder(url: &str) -> Result<ClientBuilder, HttpError> {
    let mut builder = Client::builder().redirect(Policy::none());
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    let from_environment = std::env::var_os(SSL_CERT_FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
    for path in from_environment.iter().chain(CA_FILE.get()) {
        for certificate in read_certificates(path)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    Ok(builder)
}

/// Finishes a client. Errors: [`HttpError::Client`].
pub fn build(builder: ClientBuilder) -> Result<Client, HttpError> {
    builder.build().map_err(|error| HttpError::Client(error.without_url().to_string()))
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, HttpError> {
    let failed = |reason: String| HttpError::Certificates { path: path.display().to_string(), reason };
    let bytes = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() { Err(failed("it has none".to_string())) } else { Ok(certificates) }
}

/// True for a server on this machine.
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Reads an answer of at most `most` bytes. Errors: [`HttpError::TooLong`], as soon as there are more; [`HttpError::BrokenOff`].
pub async fn read_bounded(mut response: Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > most) {
        return Err(HttpError::TooLong(most));
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(|_| HttpError::BrokenOff)? {
        if body.len().saturating_add(chunk.len()) > most {
            return Err(HttpError::TooLong(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
