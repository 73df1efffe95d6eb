//! `run`: the daemon.

use {
    crate::{
        alerts::{AlertError, tell_of_store, unix_now},
        commands::CommandError,
        config::Config,
        daemon::{Keeper, OpenError},
        finding::Loss,
        ops::install_recorder,
        store::StoreError,
    },
    blockable_sdk::amounts::ChainTime,
    blockable_service::shutdown::StopSignals,
    std::time::Duration,
    tokio::{sync::watch, time::sleep},
};

/// Pause between two attempts to open a store that takes nothing.
const RETRY: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT. Returns true.
pub(super) async fn run(config: Config) -> Result<bool, CommandError> {
    // Before anything runs, so that no signal is missed.
    let signals = StopSignals::listen()?;
    let metrics = install_recorder();
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(async move {
        signals.wait().await;
        stop.send_replace(true);
    });
    let keeper = tokio::select! {
        keeper = open(config) => keeper?,
        _ = stopped.wait_for(|stop| *stop) => return Ok(true),
    };
    keeper.run(stopped, metrics).await?;
    Ok(true)
}

/// Opens the keeper. While the disk takes nothing it tells the operator once and tries again: a keeper that ends there tells nobody.
async fn open(config: Config) -> Result<Keeper, OpenError> {
    let mut loss: Option<Loss> = None;
    loop {
        let error = match Keeper::open(config.clone()).await {
            Err(error) if is_full(&error) => error,
            opened => {
                if let (Ok(_), Some(loss)) = (&opened, &loss) {
                    let loss = Loss { until: now(), ..loss.clone() };
                    tell(&config, &loss, true).await;
                }
                return opened;
            }
        };
        tracing::error!(%error, "the keeper cannot start yet");
        if loss.is_none() {
            let now = now();
            let new = loss.insert(Loss { since: now, until: now, reason: error.to_string() });
            tell(&config, new, false).await;
        }
        sleep(RETRY).await;
    }
}

async fn tell(config: &Config, loss: &Loss, is_over: bool) {
    for (sink, result) in tell_of_store(&config.alerts, config.market, loss, is_over).await {
        if let Err(reason) = result {
            tracing::error!(sink, reason, "the loss of the store could not be told");
        }
    }
}

fn is_full(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Store(StoreError::Full) | OpenError::Alert(AlertError::Store(StoreError::Full))
    )
}

/// The time by this machine's clock.
fn now() -> ChainTime {
    ChainTime(unix_now())
}
