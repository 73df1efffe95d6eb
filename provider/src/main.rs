//! `blockable-provider`: the server of a GPU provider.

mod commands;

use {clap::Parser, commands::Cli, std::process::ExitCode};

/// Exit codes: 0 when a command did its work, 1 when something went wrong, 2 for arguments that are wrong.
#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
