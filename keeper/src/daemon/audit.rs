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
/// Most passes of [`Audit::pass_to_end`].
const PASSES: usize = 1_000;

/// Audits the event logs of the market's credits.
#[derive(Clone)]
pub(super) struct Audit {
    history: Arc<History>,
    alerts: Alerts,
    /// Most credits that a pass works on.
    most: usize,
}

impl Audit {
    /// The audit of a keeper's parts.
    pub(super) fn new(parts: &Parts) -> Audit {
        let most = parts.config.history.credits_per_pass;
        Audit { history: parts.history.clone(), alerts: parts.alerts.clone(), most }
    }

    /// Makes one pass over the logs, and stores the alerts on its findings. Errors: [`StoreError`]; the next pass then returns the
    /// findings again.
    pub(super) async fn pass(&self, node: &Node, snapshot: &Snapshot) -> Result<PassSummary, StoreError> {
        let passed = self.history.pass(node, snapshot, self.most).await?;
        self.alerts.apply(passed.findings.clone(), snapshot.clock).await?;
        self.history.acknowledge(passed.token).await?;
        Ok(passed)
    }

    /// Makes passes over the logs until one stores no record. Returns their sum, with each fault once. Errors: [`StoreError`].
    pub(super) async fn pass_to_end(
        &self,
        node: &Node,
        snapshot: &Snapshot,
    ) -> Result<PassSummary, StoreError> {
        let mut sum = PassSummary::default();
        for _ in 0..PASSES {
            let passed = self.pass(node, snapshot).await?;
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
}

/// Makes passes over the logs until `stop` is true.
pub(super) fn run(
    parts: &Parts,
    mut latest: watch::Receiver<Option<Arc<Snapshot>>>,
    mut stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + use<> {
    let (nodes, audit) = (parts.nodes.clone(), Audit::new(parts));
    let beat = parts.health.watch("history", LIMIT);
    async move {
        let work = async {
            loop {
                let snapshot = latest.borrow_and_update().clone();
                if let (Some(snapshot), Some(node)) = (snapshot, nodes.probe().await.0.first())
                    && let Err(error) = audit.pass(node, &snapshot).await
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

/// Completes the logs as far as they can be proven now, by the first node that can be believed. Errors: [`CycleError`].
pub(super) async fn catch_up(parts: &Parts, snapshot: &Snapshot) -> Result<PassSummary, CycleError> {
    let (sound, _) = parts.nodes.probe().await;
    let node = *sound.first().ok_or_else(|| CycleError::NoNode("none answers, or all lag".to_string()))?;
    Ok(Audit::new(parts).pass_to_end(node, snapshot).await?)
}
