//! Reasons for which a command stopped, and their exit codes.

use {
    super::chain::ActError,
    blockable_provider::{
        ConfigError, ServeError, config::PlaceholderError, init::InitError, keys::SecretError,
        restore::RestoreError,
    },
    blockable_sdk::{Signature, errors::SentError},
    blockable_service::{
        command::{Exit, Failure, KeyFileError},
        shutdown::SignalError,
    },
};

/// A reason for which a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The server's file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server's file still has values of `init`.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    /// The secret of API keys cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No backup, or no store from one, was made.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Nothing was written.
    #[error(transparent)]
    Init(#[from] InitError),
    /// The server does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Requests cannot be read, or bounds cannot be written.
    #[error("cannot read the standard input or write the standard output: {0}; try again")]
    Stream(#[from] std::io::Error),
    /// A signal cannot be listened for: the server would not stop in order, so it does not start.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A key file is missing or is none.
    #[error(
        "the key file {path} cannot be used: {reason}; make one with --new-keypair FILE, or name another"
    )]
    Key {
        /// The file.
        path: String,
        /// The reason.
        reason: KeyFileError,
    },
    /// A command on the chain stopped.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The document that was printed says what is wrong.
    #[error("the document on standard output says what is wrong")]
    Printed(Exit),
}

impl Failure for CommandError {
    fn exit(&self) -> Exit {
        match self {
            CommandError::Config(error) if error.is_missing() => Exit::NotFound,
            CommandError::Config(_) | CommandError::Placeholder(_) => Exit::Usage,
            CommandError::Key { reason, .. } => reason.exit(),
            CommandError::Act(error) => error.exit(),
            CommandError::Printed(exit) => *exit,
            CommandError::Secret(_)
            | CommandError::Restore(_)
            | CommandError::Init(_)
            | CommandError::Serve(_)
            | CommandError::Stream(_)
            | CommandError::Signal(_) => Exit::Failed,
        }
    }

    fn sent(&self) -> Option<&SentError> {
        match self {
            CommandError::Act(error) => error.sent(),
            _ => None,
        }
    }

    fn landed(&self) -> &[Signature] {
        match self {
            CommandError::Act(error) => error.landed(),
            _ => &[],
        }
    }
}
