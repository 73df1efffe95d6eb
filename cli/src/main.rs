//! `blockable`: the command line of every party.

mod demo;

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
    Demo(demo::DemoArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let outcome = match command {
        Command::Demo(args) => demo::run(args).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
