//! Reasons for which a server does not start.

use {
    crate::keys::SecretError,
    blockable_gate::{ReporterError, StoreError},
    blockable_sdk::keys::KeyError,
    blockable_service::secrets::SecretSourceError,
};

/// A reason for which a server does not start. Nothing of it runs then.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The secret of API keys cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret of a webhook or an upstream cannot be read.
    #[error(transparent)]
    SecretSource(#[from] SecretSourceError),
    /// The key of an upstream, by its model's name, has characters that no header can hold.
    #[error("the upstream key of model {0} has characters that no HTTP header can hold; set it anew")]
    UpstreamKey(String),
    /// The operator's token is short enough to be guessed.
    #[error("admin.token has fewer than {least} characters; make one with `openssl rand -hex 32`")]
    AdminToken {
        /// Characters that it must have at least.
        least: usize,
    },
    /// A webhook's secret has another form than receivers expect.
    #[error(
        "the secret of the webhook at {host} is no whsec_ with 24 to 64 bytes in base64; make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    WebhookSecret {
        /// The receiver's host.
        host: String,
    },
    /// A key that signs reports cannot be opened.
    #[error("reporter.key: {0}")]
    Key(#[from] KeyError),
    /// The reporter does not start.
    #[error(transparent)]
    Reporter(#[from] ReporterError),
    /// The gate's store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address cannot be listened at.
    #[error("cannot listen at {addr}: {reason}; name a free address")]
    Listen {
        /// The address.
        addr: String,
        /// The system's reason.
        reason: String,
    },
    /// No HTTP client can be made for upstreams or webhooks.
    #[error("cannot make an HTTP client: {0}; check the proxy variables of the environment")]
    Http(String),
}
