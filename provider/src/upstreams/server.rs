//! A server of a model, as the file has it.

use {
    crate::{
        config::{ModelConfig, UpstreamConfig},
        limits::CreditCounts,
        serve_error::ServeError,
    },
    axum::http::HeaderValue,
    blockable_sdk::Pubkey,
    secrecy::{ExposeSecret, SecretString},
    std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    tokio::sync::Notify,
};

/// Requests of one credit for each free place of an upstream, at most.
const SHARE: usize = 3;

/// A server of a model.
#[derive(Debug)]
pub(crate) struct UpstreamServer {
    /// Its name in metrics, logs and `/readyz`.
    pub name: String,
    /// Its URL, up to and with `/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The `Authorization` header for it.
    pub authorisation: Option<HeaderValue>,
    /// Its key, which is left out of logs.
    pub key: Option<SecretString>,
    /// Its share of the requests.
    pub weight: u32,
    /// Requests that it serves at once, at most.
    pub connections: usize,
    /// The URL of probes, and true where only a good status is health: the operator has named it then.
    pub probe: (String, bool),
    /// Its running requests, also those that began before another list of models replaced the one that they are of.
    pub(super) running: Arc<AtomicUsize>,
    /// The same by credit.
    pub(super) credits: CreditCounts,
    /// Wakes the task that probes it, once it has failed.
    pub(super) failed: Notify,
}

impl UpstreamServer {
    /// A server of a model at a URL. Errors: its key cannot be read, or no header can hold it.
    pub(crate) fn new(
        model: &ModelConfig,
        upstream: &UpstreamConfig,
        url: String,
    ) -> Result<UpstreamServer, ServeError> {
        let key = upstream.key.as_ref().map(|source| source.read()).transpose()?;
        let header = |key: &SecretString| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                .map_err(|_| ServeError::UpstreamKey(model.name.clone()))?;
            value.set_sensitive(true);
            Ok::<_, ServeError>(value)
        };
        let probe = match &upstream.probe_url {
            Some(url) => (url.clone(), true),
            None => (format!("{url}/models"), false),
        };
        Ok(UpstreamServer {
            name: upstream.name.clone(),
            url,
            model: upstream.model.clone().unwrap_or_else(|| model.name.clone()),
            authorisation: key.as_ref().map(header).transpose()?,
            key,
            weight: upstream.weight,
            connections: upstream.connections,
            probe,
            running: Arc::default(),
            credits: CreditCounts::default(),
            failed: Notify::new(),
        })
    }

    /// True where it is the same server with the same model.
    pub(super) fn is_same_as(&self, other: &UpstreamServer) -> bool {
        self.url == other.url && self.model == other.model
    }

    /// True where it has room for another request of a credit. A credit may have three times as many requests as there are free
    /// places: one alone never has them all, and each one that comes finds a place and gets its share as others end.
    pub(super) fn has_room(&self, credit: &Pubkey) -> bool {
        let free = self.connections.saturating_sub(self.running());
        self.credits.count(credit) < free.saturating_mul(SHARE)
    }

    /// Its running requests.
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}
