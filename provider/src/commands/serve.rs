//! `blockable-provider serve`.

use {
    super::CommandError,
    blockable_provider::{Config, Server},
    blockable_service::{
        log::{LogFormat, log_to_stderr},
        shutdown::{ReloadSignal, StopSignals},
    },
    clap::Args,
    std::path::PathBuf,
};

/// Serves until SIGTERM or SIGINT, then lets running requests end; takes models, prices and revoked keys anew at SIGHUP
///
/// RUST_LOG sets what is logged, to stderr [default: info].
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The server's file; provider.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Format of log lines
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

/// Serves until a signal comes. Errors: [`CommandError::Config`], [`CommandError::Placeholder`],
/// [`CommandError::Serve`], [`CommandError::Signal`].
pub(super) async fn run(args: ServeArgs) -> Result<(), CommandError> {
    let config = Config::FILE.load(&args.config)?;
    config.require_complete()?;
    log_to_stderr(args.log);
    // Before anything runs, so that no signal is missed.
    let (signals, mut reloads) = (StopSignals::listen()?, ReloadSignal::listen()?);
    let server = Server::start(config).await?;
    eprintln!("serving at http://{}; health and metrics at http://{}", server.addr(), server.ops_addr());
    let stopped = signals.wait();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            () = reloads.next() => server.reload_file(&args.config).await,
        }
    }
    server.stop().await;
    Ok(())
}
