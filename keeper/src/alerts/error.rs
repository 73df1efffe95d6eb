//! Faults that keep alerting from starting.

use {crate::store::StoreError, blockable_service::secrets::SecretSourceError};

/// A reason for which alerting cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// A secret that cannot be read.
    #[error("the secret of {of}: {reason}")]
    Secret {
        /// The sink that it is for.
        of: String,
        /// The reason.
        #[source]
        reason: SecretSourceError,
    },
    /// A secret of a webhook of another form.
    #[error(
        "the secret of {of} is not `whsec_` and 24 to 64 bytes in base64; `blockable-keeper keys new --kind webhook FILE` \
         makes one"
    )]
    WebhookSecret {
        /// The sink that it is for.
        of: String,
    },
    /// A URL that cannot be used.
    #[error("the url of {of}: {reason}")]
    Url {
        /// The sink that it is of.
        of: String,
        /// The reason.
        reason: String,
    },
    /// A mail server that cannot be used.
    #[error("mail server {host}: {reason}; correct email.host")]
    Email {
        /// The server.
        host: String,
        /// The reason.
        reason: String,
    },
    /// Mail without a server.
    #[error("there is an [[email_to]] and no [email]; add the mail server")]
    NoEmail,
    /// An HTTP client that cannot be set up.
    #[error("{0}")]
    Http(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
