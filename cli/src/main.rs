//! `blockable`: the command line of every party.

mod market;

use {
    clap::{Parser, Subcommand},
    std::process::ExitCode,
};

/// Loans secured by compute credits that can be frozen at once.
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

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Market(#[from] market::MarketError),
}

/// Exit codes: 0 when all is as it should be, 1 when not or when something went wrong, 2 for arguments that are wrong.
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

/// Runs a command. Returns whether all is as it should be.
async fn run(command: Command) -> Result<bool, CommandError> {
    match command {
        Command::Market(args) => Ok(market::run(args).await?),
    }
}
