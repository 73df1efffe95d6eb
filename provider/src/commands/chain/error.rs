//! Errors of the commands that sign on the chain.

use {
    blockable_provider::config::{ConfigError, PlaceholderError},
    blockable_sdk::{
        Pubkey, Signature,
        errors::{ClientError, SentError},
        keys::KeyError,
    },
    blockable_service::command::{CarryError, Exit, KeyFileError, NodesError},
    std::fmt::Display,
};

/// A reason for which a command on the chain stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    /// The server's file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server's file still has values of `init`.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    /// The cluster cannot be read.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// The change was not carried out, or the chain or its node failed.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// A reporter's key in the file cannot be opened.
    #[error("reporter.key: {0}")]
    Reporter(#[from] KeyError),
    /// No key file is named.
    #[error("no key is named; pass --keypair FILE, or set keypair under [operator] in the server's file")]
    NoKey,
    /// A key file is missing or is none.
    #[error(
        "the key file {path} cannot be used: {reason}; make one with `blockable-provider init --new-keypair FILE`, or name another"
    )]
    Key {
        /// The file.
        path: String,
        /// The reason.
        reason: KeyFileError,
    },
    /// Other users can read the key.
    #[error("the key file {0} can be read by other users; run `chmod 600 {0}`")]
    Exposed(String),
    /// The key is another one's.
    #[error("the key in {path} is {found}, and the provider's authority is {expected}; name that one's file")]
    WrongKey {
        /// The file.
        path: String,
        /// The key in it.
        found: Pubkey,
        /// The authority.
        expected: Pubkey,
    },
    /// No provider is registered.
    #[error("provider {0} is not registered in this market; run `blockable-provider register` first")]
    NotRegistered(Pubkey),
    /// The provider serves another market.
    #[error("provider {provider} is of market {found}, and the file names {expected}; correct [chain]")]
    OtherMarket {
        /// The provider.
        provider: Pubkey,
        /// Its market.
        found: Pubkey,
        /// The file's market.
        expected: Pubkey,
    },
    /// An argument does not fit with the others or with the chain.
    #[error("{0}")]
    Usage(String),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(String),
    /// An account is not there.
    #[error("{0}")]
    NotFound(String),
}

impl ActError {
    /// Arguments that break a rule of the program.
    pub(crate) fn broken(rule: Option<impl Display>) -> ActError {
        let reason =
            rule.map_or_else(|| "the program refuses these settings".to_string(), |rule| rule.to_string());
        ActError::Usage(reason)
    }

    /// The command's exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            ActError::Nodes(error) => error.exit(),
            ActError::Carry(error) => error.exit(),
            ActError::Config(error) if error.is_missing() => Exit::NotFound,
            ActError::Config(_) | ActError::Placeholder(_) | ActError::NoKey | ActError::Usage(_) => {
                Exit::Usage
            }
            ActError::Reporter(_) => Exit::Failed,
            ActError::Key { reason, .. } => reason.exit(),
            ActError::Exposed(_)
            | ActError::WrongKey { .. }
            | ActError::OtherMarket { .. }
            | ActError::Refused(_) => Exit::Refused,
            ActError::NotRegistered(_) | ActError::NotFound(_) => Exit::NotFound,
        }
    }

    /// The transaction that was sent before the error.
    pub(crate) fn sent(&self) -> Option<&SentError> {
        match self {
            ActError::Carry(error) => error.sent(),
            _ => None,
        }
    }

    /// The transactions that had landed before the one that failed.
    pub(crate) fn landed(&self) -> &[Signature] {
        match self {
            ActError::Carry(error) => error.landed(),
            _ => &[],
        }
    }
}

impl From<ClientError> for ActError {
    fn from(error: ClientError) -> ActError {
        ActError::Carry(error.into())
    }
}
