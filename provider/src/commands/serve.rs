//! `blockable-provider serve`.

use {
    super::CommandError,
    blockable_provider::{Config, Server},
    clap::{Args, ValueEnum},
    std::{
        io::{self, IsTerminal},
        path::PathBuf,
    },
    tokio::signal::unix::{SignalKind, signal},
    tracing_subscriber::EnvFilter,
};

/// Serves until SIGTERM or SIGINT, then lets running requests end
///
/// RUST_LOG sets what is logged, to stderr [default: info].
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The server's file; provider.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Format of log lines
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// Text for people
    Text,
    /// One JSON object per line
    Json,
}

/// Serves until a signal comes. Errors: [`CommandError::Config`], [`CommandError::Serve`], [`CommandError::Signals`].
pub async fn run(args: ServeArgs) -> Result<(), CommandError> {
    let config = Config::load(&args.config)?;
    start_log(args.log);
    // Before anything runs, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Signals)?;
    let server = Server::start(config).await?;
    eprintln!("serving at http://{}", server.addr());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await;
    Ok(())
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
