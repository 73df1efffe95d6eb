//! The commands of the binary, each with its arguments in a file of its own.

mod backup;
mod bound;
mod init;
mod key;
mod restore;
mod serve;

use {
    blockable_provider::{
        ConfigError, ServeError, init::InitError, keys::SecretError, restore::RestoreError,
    },
    blockable_service::shutdown::SignalError,
    clap::{Parser, Subcommand},
};

/// Runs the server of a GPU provider: the gateway, GPU leases, freezes and usage reports
///
/// Exit codes: 0 when the command did its work, 1 when something went wrong, 2 for arguments that are wrong.
#[derive(Parser, Debug)]
#[command(name = "blockable-provider", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Backup(backup::BackupArgs),
    Bound(bound::BoundArgs),
    Init(init::InitArgs),
    Key(key::KeyArgs),
    Restore(restore::RestoreArgs),
    Serve(serve::ServeArgs),
}

/// A reason for which a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The server's file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
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
}

/// Runs a command to its end. Errors: [`CommandError`].
pub(crate) async fn run(cli: Cli) -> Result<(), CommandError> {
    match cli.command {
        Command::Backup(args) => backup::run(&args),
        Command::Bound(args) => bound::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Restore(args) => restore::run(&args).await,
        Command::Serve(args) => serve::run(args).await,
    }
}
