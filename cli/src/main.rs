//! `blockable`: the command line of Blockable.

mod market;

use {
    clap::{Parser, Subcommand},
    std::process::ExitCode,
};

/// Loans secured by compute credits that can be frozen at once
///
/// Exit codes: 0 when the result is as asked, 1 when it is not or something went wrong, 2 for arguments that are wrong.
#[derive(Parser)]
#[command(name = "blockable", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Market(market::MarketArgs),
}

/// A reason for which a command stopped.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// A market command stopped.
    #[error(transparent)]
    Market(#[from] market::MarketError),
}

/// Exit codes: 0 when the result is as asked, 1 when it is not or something went wrong, 2 for arguments that are wrong.
#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command. Returns true where the result is as asked. Errors: [`CommandError`].
async fn run(command: Command) -> Result<bool, CommandError> {
    match command {
        Command::Market(args) => Ok(market::run(args).await?),
    }
}
