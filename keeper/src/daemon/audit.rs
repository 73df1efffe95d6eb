//! The audit of event logs: passes over them, whose findings become alerts.

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
/// Longest duration of a pass before the loop counts as stalled.
const LIMIT: Duration = Duration::from_secs(600);
/// Most passes of [`pass_to_end`].
const PASSES: usize = 1_000;

/// Makes passes over the logs until `stop` is true.
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
                    tracing::error!(%error, "a pass over the event logs failed");
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

/// Makes one pass over the logs, and stores the alerts on its findings. Errors: [`StoreError`]; the next pass then returns the
/// findings again.
pub(super) async fn pass(
    history: &History,
    alerts: &Alerts,
    node: &Node,
    snapshot: &Snapshot,
    most: usize,
) -> Result<PassSummary, StoreError> {
    let passed = history.pass(node, snapshot, most).await?;
    alerts.apply(passed.findings.clone(), snapshot.clock).await?;
    history.acknowledge(passed.token).await?;
    Ok(passed)
}

/// Completes the logs as far as they can be proven now, by the first node that can be believed. Errors: [`CycleError`].
pub(super) async fn catch_up(parts: &Parts, snapshot: &Snapshot) -> Result<PassSummary, CycleError> {
    let (sound, _) = parts.nodes.probe().await;
    let node = *sound.first().ok_or_else(|| CycleError::NoNode("none answers, or all lag".to_string()))?;
    let most = parts.config.history.credits_per_pass;
    Ok(pass_to_end(&parts.history, &parts.alerts, node, snapshot, most).await?)
}

/// Makes passes over the logs until one stores no record. Returns their sum, with each fault once. Errors: [`StoreError`].
pub(super) async fn pass_to_end(
    history: &History,
    alerts: &Alerts,
    node: &Node,
    snapshot: &Snapshot,
    most: usize,
) -> Result<PassSummary, StoreError> {
    let mut sum = PassSummary::default();
    for _ in 0..PASSES {
        let passed = pass(history, alerts, node, snapshot, most).await?;
        sum.behind = passed.behind;
        sum.worked = sum.worked.saturating_add(passed.worked);
        sum.proven = sum.proven.saturating_add(passed.proven);
        sum.records = sum.records.saturating_add(passed.records);
        sum.failed = sum.failed.saturating_add(passed.failed);
        for fault in passed.findings.into_iter().filter(|finding| finding.fact().is_some()) {
            if !sum.findings.iter().any(|known| known.subject() == fault.subject()) {
                sum.findings.push(fault);
            }
        }
        if passed.records == 0 {
            break;
        }
    }
    Ok(sum)
}
