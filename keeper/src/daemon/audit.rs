//! Brings the event logs further while the keeper runs.

use {
    crate::{
        alerts::Alerts,
        chain::{Node, Snapshot},
        daemon::{CycleError, Parts},
        history::{History, PassSummary},
        store::StoreError,
    },
    std::{sync::Arc, time::Duration},
    tokio::{sync::watch, time::sleep},
};

/// Pause between two passes.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a pass may take before it counts as stalled.
const LIMIT: Duration = Duration::from_secs(600);
/// Passes of one catching up, at most.
const PASSES: usize = 1_000;

/// Passes over the logs until told to stop.
pub(super) fn run(
    parts: &Parts,
    mut latest: watch::Receiver<Option<Arc<Snapshot>>>,
    mut stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + use<> {
    let (nodes, history, alerts) = (parts.nodes.clone(), parts.history.clone(), parts.alerts.clone());
    let most = parts.config.history.credits_per_pass;
    let beat = parts.health.watch("history", LIMIT);
    async move {
        let work = async {
            loop {
                let snapshot = latest.borrow_and_update().clone();
                if let (Some(snapshot), Some(node)) = (snapshot, nodes.probe().await.0.first())
                    && let Err(error) = pass(&history, &alerts, node, &snapshot, most).await
                {
                    tracing::error!(%error, "event logs could not be kept");
                }
                beat.beat();
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Passes over the logs once, and stores the alerts that follow. Errors: [`StoreError`].
pub(super) async fn pass(
    history: &History,
    alerts: &Alerts,
    node: &Node,
    snapshot: &Snapshot,
    most: usize,
) -> Result<(), StoreError> {
    let passed = history.pass(node, snapshot, most).await?;
    alerts.apply(passed.findings, snapshot.clock.get()).await?;
    history.acknowledge(passed.token).await;
    Ok(())
}

/// Passes over the logs until a pass proves nothing more. Errors: [`CycleError`].
pub(super) async fn catch_up(parts: &Parts, snapshot: &Snapshot) -> Result<PassSummary, CycleError> {
    let (sound, _) = parts.nodes.probe().await;
    let node = *sound.first().ok_or_else(|| CycleError::NoNode("none answers, or all lag".to_string()))?;
    let (most, mut whole) = (parts.config.history.credits_per_pass, PassSummary::default());
    for _ in 0..PASSES {
        let passed = parts
            .history
            .pass(node, snapshot, most)
            .await
            .map_err(|error: StoreError| CycleError::from(error))?;
        let is_last = passed.records == 0;
        whole.behind = passed.behind;
        whole.worked = whole.worked.saturating_add(passed.worked);
        whole.proven = whole.proven.saturating_add(passed.proven);
        whole.records = whole.records.saturating_add(passed.records);
        whole.failed = whole.failed.saturating_add(passed.failed);
        // All of them are given again until they are acknowledged.
        whole.findings = passed.findings;
        if is_last {
            break;
        }
    }
    Ok(whole)
}
