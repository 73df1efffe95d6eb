//! Reasons for which a command stopped, and their exit codes.

use {
    crate::{
        settings::{ProfilesError, SettingsError},
        signer::SignerError,
    },
    blockable_migrations::{ConfigError, MigrationError},
    blockable_sdk::{
        Pubkey, Signature,
        errors::{ClientError, SentError},
    },
    blockable_service::command::{CarryError, Exit, Failure, NodesError},
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
    /// The cluster cannot be read.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// The change was not carried out, or the chain or its node failed.
    #[error("{0}{rest}", rest = again(.0))]
    Carry(#[from] CarryError),
    /// The market could not be created or compared.
    #[error(transparent)]
    Migration(#[from] MigrationError),
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

/// The way on from a transaction of which the outcome is not known.
fn again(error: &CarryError) -> &'static str {
    match error.exit() {
        Exit::Unknown => {
            "; run the same command again: it finds out what became of this transaction before it sends another one"
        }
        _ => "",
    }
}

impl From<ProfilesError> for CliError {
    fn from(error: ProfilesError) -> CliError {
        CliError::Settings(error.into())
    }
}

impl Failure for CliError {
    fn exit(&self) -> Exit {
        match self {
            CliError::Settings(_) | CliError::Usage(_) => Exit::Usage,
            CliError::Signer(error) => error.exit(),
            CliError::Nodes(error) => error.exit(),
            CliError::Carry(error) => error.exit(),
            CliError::Migration(error) => migration_exit(error),
            CliError::OutOfRange(_) | CliError::Failed(_) => Exit::Failed,
            CliError::Refused(_) => Exit::Refused,
            CliError::NotFound(_) => Exit::NotFound,
        }
    }

    fn sent(&self) -> Option<&SentError> {
        match self {
            CliError::Carry(error) => error.sent(),
            CliError::Migration(MigrationError::Client(error)) => error.sent(),
            _ => None,
        }
    }

    fn landed(&self) -> &[Signature] {
        match self {
            CliError::Carry(error) => error.landed(),
            _ => &[],
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        match error.is_missing() {
            true => CliError::NotFound(error.to_string()),
            false => CliError::Usage(error.to_string()),
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> CliError {
        CliError::Carry(error.into())
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

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::errors::Outcome};

    #[test]
    fn an_outcome_that_is_not_known_is_found_out_by_the_same_command() {
        let error = |outcome| {
            let sent = SentError {
                signature: Signature::default(),
                last_valid: 9,
                outcome,
                reason: "silence".to_string(),
            };
            CliError::from(ClientError::Sent(Box::new(sent)))
        };
        let unknown = error(Outcome::Unknown);
        assert_eq!(unknown.exit(), Exit::Unknown);
        assert!(unknown.to_string().contains("silence"), "{unknown}");
        assert!(unknown.to_string().contains("; run the same command again: it finds out"), "{unknown}");
        assert!(!error(Outcome::Expired).to_string().contains("run the same"), "{unknown}");
    }
}
