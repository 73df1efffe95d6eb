//! `run`: the daemon.

use {
    crate::{
        api::recorder,
        commands::{CommandError, LogFormat},
        config::Config,
        daemon::Keeper,
    },
    std::io::{self, IsTerminal},
    tokio::{
        signal::unix::{SignalKind, signal},
        sync::watch,
    },
    tracing_subscriber::EnvFilter,
};

/// Sends log lines to stderr.
pub(super) fn log(format: LogFormat) {
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

/// Runs until SIGTERM or SIGINT. Returns true.
pub(super) async fn run(config: Config) -> Result<bool, CommandError> {
    // Before anything runs, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Signals)?;
    let recorder = recorder();
    let figures = recorder.handle();
    // Only a second recorder in this process would be refused, and then the first one goes on.
    let figures = metrics::set_global_recorder(recorder).is_ok().then_some(figures);
    let keeper = Keeper::open(config).await?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.send_replace(true);
    });
    keeper.run(stopped, figures).await?;
    Ok(true)
}
