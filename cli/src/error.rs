//! Reasons for which a command stopped, and their exit codes.

use {
    crate::{
        settings::{ProfilesError, SettingsError},
        signer::SignerError,
    },
    blockable_migrations::MigrationError,
    blockable_sdk::{
        Pubkey, Signature,
        errors::{ClientError, SentError},
        rpc::describe,
    },
    blockable_service::command::{ConfirmError, Exit, Failure, SendFailed},
};

/// A reason for which a command stopped. A command's own refusals are [`CliError::Usage`], [`CliError::Refused`] and
/// [`CliError::NotFound`], each a sentence: what failed, why, what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The key cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Nobody confirmed.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The chain or its node, perhaps after transactions that have landed.
    #[error("{}{}", client_message(&.0.error), .0.earlier())]
    Client(SendFailed),
    /// The market could not be created or compared.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// No node answers.
    #[error("no node answers ({0}); check --url, or name several nodes")]
    NoNode(String),
    /// Two nodes are of two clusters.
    #[error("the nodes are of different clusters: {first} and {second}; name nodes of one cluster")]
    TwoClusters {
        /// The first cluster.
        first: String,
        /// The other one.
        second: String,
    },
    /// The program's own arithmetic fails on an account.
    #[error("the amounts of {0} are out of range; the account cannot be one that the program wrote")]
    OutOfRange(Pubkey),
    /// Arguments do not fit with each other or with the chain.
    #[error("{0}")]
    Usage(String),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(String),
    /// An account or a file is not there.
    #[error("{0}")]
    NotFound(String),
    /// A file or the system fails.
    #[error("{0}")]
    Failed(String),
}

impl From<ProfilesError> for CliError {
    fn from(error: ProfilesError) -> CliError {
        CliError::Settings(error.into())
    }
}

impl Failure for CliError {
    fn exit(&self) -> Exit {
        match self {
            CliError::Settings(_) | CliError::Usage(_) | CliError::TwoClusters { .. } => Exit::Usage,
            CliError::Signer(error) => error.exit(),
            CliError::Confirm(_) => Exit::Declined,
            CliError::Client(failed) => failed.exit(),
            CliError::Migration(error) => migration_exit(error),
            CliError::NoNode(_) | CliError::OutOfRange(_) | CliError::Failed(_) => Exit::Failed,
            CliError::Refused(_) => Exit::Refused,
            CliError::NotFound(_) => Exit::NotFound,
        }
    }

    fn sent(&self) -> Option<&SentError> {
        match self {
            CliError::Client(failed) => failed.error.sent(),
            CliError::Migration(MigrationError::Client(error)) => error.sent(),
            _ => None,
        }
    }

    fn landed(&self) -> &[Signature] {
        match self {
            CliError::Client(failed) => &failed.landed,
            _ => &[],
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> CliError {
        CliError::Client(error.into())
    }
}

impl From<SendFailed> for CliError {
    fn from(failed: SendFailed) -> CliError {
        CliError::Client(failed)
    }
}

fn migration_exit(error: &MigrationError) -> Exit {
    match error {
        MigrationError::Client(error) => Exit::from_client(error),
        MigrationError::Config(_) | MigrationError::TreasuryIsTokenAccount(_) => Exit::Usage,
        MigrationError::NotTheAdmin { .. } => Exit::Refused,
        MigrationError::NoProgram(_) | MigrationError::NotAMint(_) => Exit::NotFound,
        MigrationError::Unreachable(_) => Exit::Failed,
    }
}

/// A client's error: one of the program with its name, and never with a node's URL, which may hold a key.
fn client_message(error: &ClientError) -> String {
    match (error, error.program_error()) {
        (ClientError::Rpc(error), _) => {
            format!("the node failed: {}; try again, or name another with --url", describe(error))
        }
        (_, Some(named)) => format!("the program refuses ({named:?}): {error}"),
        _ => error.to_string(),
    }
}
