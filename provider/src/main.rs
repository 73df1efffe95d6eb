//! `blockable-provider`: the server of a GPU provider.

use {
    blockable_provider::{
        ApiKeys, Config, ConfigError, ServeError, Server,
        init::{InitError, init},
        keys::SecretError,
    },
    blockable_sdk::Pubkey,
    clap::{Args, Parser, Subcommand, ValueEnum},
    secrecy::ExposeSecret,
    std::{
        io::{self, IsTerminal},
        path::PathBuf,
        process::ExitCode,
    },
    tokio::signal::unix::{SignalKind, signal},
    tracing_subscriber::EnvFilter,
};

/// Runs what a GPU provider runs: the gateway, GPU leases, freezes and usage reports
#[derive(Parser, Debug)]
#[command(name = "blockable-provider", version)]
struct Cli {
    #[command(subcommand)]
    command: ProviderCommand,
}

#[derive(Subcommand, Debug)]
enum ProviderCommand {
    Init(InitArgs),
    Key(KeyArgs),
    Serve(ServeArgs),
}

/// Writes provider.toml, with a comment on every key, and the secret of API keys to a folder; overwrites nothing
#[derive(Args, Debug)]
struct InitArgs {
    /// The folder
    folder: PathBuf,
}

/// Prints the API key of a credit; whoever has it uses the credit's units
#[derive(Args, Debug)]
struct KeyArgs {
    /// The server's file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The credit's address
    #[arg(long, value_name = "ADDRESS")]
    credit: Pubkey,
    /// Makes another key, so that those below it can be revoked
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    generation: u32,
}

/// Serves until SIGTERM or SIGINT, then lets running requests end
///
/// RUST_LOG sets what is logged, to stderr [default: info].
#[derive(Args, Debug)]
struct ServeArgs {
    /// The server's file; provider.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How log lines are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// Why a provider command stopped.
#[derive(Debug, thiserror::Error)]
enum ProviderError {
    /// The file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The secret of API keys.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Nothing was written.
    #[error(transparent)]
    Init(#[from] InitError),
    /// The server does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Signals cannot be received.
    #[error("cannot listen for SIGTERM and SIGINT: {0}")]
    Signals(io::Error),
}

/// Exit codes: 0 on success, 1 when something went wrong, 2 for arguments that are wrong.
#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: ProviderCommand) -> Result<(), ProviderError> {
    match command {
        ProviderCommand::Init(args) => {
            let config = init(&args.folder)?;
            println!(
                "wrote {} and the secret beside it; set chain, models and prices in it",
                config.display()
            );
        }
        ProviderCommand::Key(args) => {
            let config = Config::load(&args.config)?;
            let chain = &config.chain;
            let keys = ApiKeys::load(&config.secret_file, chain.market, chain.provider, &config.revoked)?;
            println!("{}", keys.make(&args.credit, args.generation).expose_secret());
        }
        ProviderCommand::Serve(args) => serve(args).await?,
    }
    Ok(())
}

async fn serve(args: ServeArgs) -> Result<(), ProviderError> {
    let config = Config::load(&args.config)?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match args.log {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    // Before anything runs, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(ProviderError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ProviderError::Signals)?;
    let server = Server::start(config).await?;
    eprintln!("serving at http://{}", server.addr());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await;
    Ok(())
}
