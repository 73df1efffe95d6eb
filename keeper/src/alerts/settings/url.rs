//! URLs of sinks. The path or query may hold a token, so only the host is ever shown.

use {
    blockable_service::{
        secrets::{SecretSource, SecretSourceError},
        settings::Reader,
    },
    reqwest::Url,
    secrecy::{ExposeSecret, SecretString},
    serde::Deserialize,
    std::{fmt, path::Path},
};

/// A URL as text, or the place that it is read from because it is a secret.
#[derive(Clone)]
pub(crate) struct SinkUrl(Place);

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Place {
    Text(String),
    Secret(SecretSource),
}

/// A URL that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkUrlError {
    /// It cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretSourceError),
    /// It is no URL that a message may be sent to.
    #[error("it {0}")]
    Url(&'static str),
}

impl SinkUrl {
    /// A URL that is no secret.
    pub(crate) fn from_text(text: &str) -> SinkUrl {
        SinkUrl(Place::Text(text.to_string()))
    }

    /// Reads a key that must be there. One that is written out must be a URL.
    pub(crate) fn read_from(reader: &mut Reader, key: &str) -> Option<SinkUrl> {
        let place: Place = reader.required(key)?;
        if let Place::Text(text) = &place
            && let Err(mistake) = parse(text)
        {
            reader.mistake(key, mistake);
            return None;
        }
        Some(SinkUrl(place))
    }

    /// Makes a relative path start from `folder`.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        if let Place::Secret(source) = &mut self.0 {
            source.resolve(folder);
        }
    }

    /// Reads the URL. Errors: [`SinkUrlError`].
    pub(crate) fn get(&self) -> Result<Url, SinkUrlError> {
        let text = match &self.0 {
            Place::Text(text) => SecretString::from(text.as_str()),
            Place::Secret(source) => source.read_private()?,
        };
        parse(text.expose_secret()).map_err(SinkUrlError::Url)
    }
}

impl fmt::Debug for SinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Text(text) => match parse(text) {
                Ok(url) => write!(f, "{}://{}/...", url.scheme(), url.host_str().unwrap_or_default()),
                Err(_) => f.write_str("..."),
            },
            Place::Secret(source) => source.fmt(f),
        }
    }
}

/// Reads a URL. Errors: its mistake.
pub(crate) fn parse(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL; write it as https://HOST/PATH")?;
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(url),
        ("http", Some(host)) if is_this_machine(host) => Ok(url),
        ("http", Some(_)) => Err("would be sent in the clear; use https, http is for this machine alone"),
        _ => Err("is not a web address; write it as https://HOST/PATH"),
    }
}

/// Tests whether a host is this machine.
pub(super) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    is_loopback || bare == "localhost"
}
