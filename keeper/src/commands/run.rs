//! `run`: the daemon.

use {
    crate::{commands::CommandError, config::Config, daemon::Keeper, ops::install_recorder},
    blockable_service::shutdown::StopSignals,
    tokio::sync::watch,
};

/// Runs until SIGTERM or SIGINT. Returns true.
pub(super) async fn run(config: Config) -> Result<bool, CommandError> {
    // Before anything runs, so that no signal is missed.
    let signals = StopSignals::listen()?;
    let metrics = install_recorder();
    let keeper = Keeper::open(config).await?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signals.wait().await;
        stop.send_replace(true);
    });
    keeper.run(stopped, metrics).await?;
    Ok(true)
}
