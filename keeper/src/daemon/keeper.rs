//! The keeper as a whole: it runs for months, or for one cycle.

use {
    crate::{
        api::{
            ApiServer, ApiState, Explanation,
            stream::{
                Hub,
                hub::{self, Sources},
            },
        },
        chain::Snapshot,
        config::Config,
        daemon::{
            CycleError, CycleSummary, OpenError, Parts, audit, cycle::Cycle, housekeeping::Housekeeping,
        },
        history::PassSummary,
        land::{Landing, STATUSES, rehearse::Rehearsal},
        lots::{self, LotBook},
        ops::{self, OpsState, install_recorder},
        plan::{Plan, Role},
        store::Store,
    },
    blockable_sdk::{Pubkey, amounts::MicroUsd},
    blockable_service::shutdown::{self, Stage},
    metrics_exporter_prometheus::PrometheusHandle,
    std::{
        net::SocketAddr,
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::{
        sync::{oneshot, watch},
        time::{sleep, timeout},
    },
};

/// Longest duration of a cycle, as a multiple of its interval, before its loop counts as stalled; at least a minute.
const STALLED: u32 = 6;
/// Pause between two checks of transactions in flight.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// The addresses that a keeper listens at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeeperAddrs {
    /// Its API and its page.
    pub api: SocketAddr,
    /// Health and metrics.
    pub ops: SocketAddr,
}

/// A keeper with its parts open.
///
/// It owns the cycle, and publishes each snapshot to the API and the audit of event logs. The store is locked from opening to
/// the end of the process. A crash at any point loses no work: transactions are recorded before they are sent, and the next
/// start follows those that are still open.
pub struct Keeper {
    cycle: Cycle,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    lots: watch::Sender<Option<Arc<LotBook>>>,
}

impl Keeper {
    /// Opens a keeper on the store of its configuration, and locks it. Errors: [`OpenError`].
    pub async fn open(config: Config) -> Result<Keeper, OpenError> {
        let store = Store::open(&config.data_dir)?;
        Keeper::on(config, store).await
    }

    /// Opens a keeper on another store. Errors: [`OpenError`].
    pub(crate) async fn on(config: Config, store: Store) -> Result<Keeper, OpenError> {
        let parts = Parts::open(config, store).await?;
        Ok(Keeper {
            cycle: Cycle::new(parts),
            latest: watch::Sender::new(None),
            lots: watch::Sender::new(None),
        })
    }

    /// Gives the parts.
    pub(crate) fn parts(&self) -> &Parts {
        &self.cycle.parts
    }

    /// Runs until `stop` is true, then stops all parts in reverse order of their start. Transactions in flight are followed for
    /// half of the time to stop; those that are left stay on record. `metrics` renders what is recorded. Errors: [`OpenError`].
    pub(crate) async fn run(
        self,
        stop: watch::Receiver<bool>,
        metrics: Option<PrometheusHandle>,
    ) -> Result<(), OpenError> {
        let (stages, _) = self.start(metrics.clone()).await?;
        self.work(stages, stop, metrics).await
    }

    /// Runs as part of another process until `stop` is true, and tells `listening` its addresses once they are served.
    /// Its metrics are those of the process. Errors: [`OpenError`].
    pub async fn serve(
        self,
        stop: watch::Receiver<bool>,
        listening: oneshot::Sender<KeeperAddrs>,
    ) -> Result<(), OpenError> {
        let metrics = install_recorder();
        let (stages, addrs) = self.start(metrics.clone()).await?;
        // Whoever started it may have gone; `stop` then says so.
        let _ = listening.send(addrs);
        self.work(stages, stop, metrics).await
    }

    /// Runs cycles until `stop` is true, then stops all parts in reverse order of their start.
    async fn work(
        mut self,
        stages: Vec<Stage>,
        mut stop: watch::Receiver<bool>,
        metrics: Option<PrometheusHandle>,
    ) -> Result<(), OpenError> {
        let every = self.parts().config.cycle.every;
        let limit = every.saturating_mul(STALLED).max(Duration::from_secs(60));
        let beat = self.parts().health.watch("cycle", limit);
        self.cycle.stay();
        self.parts().health.set("chain", Err("the chain has not been read yet; check [[rpc]]".to_string()));
        loop {
            let began = Instant::now();
            let outcome = tokio::select! {
                outcome = self.cycle.run() => outcome,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match outcome {
                Ok((snapshot, summary)) => {
                    log_summary(&summary, began.elapsed());
                    self.latest.send_replace(Some(snapshot));
                    self.parts().health.set("chain", Ok(()));
                    // A cycle that fails is no progress, however fast it does.
                    beat.beat();
                }
                Err(error) => {
                    tracing::error!(%error, "a cycle failed");
                    self.parts().health.set("chain", Err(error.to_string()));
                }
            }
            // Samples of histograms are kept until they are rendered, and there may be nobody who asks for them.
            metrics.iter().for_each(PrometheusHandle::run_upkeep);
            tokio::select! {
                () = sleep(every.saturating_sub(began.elapsed())) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop(beat);
        let bound = self.parts().config.cycle.shutdown;
        tracing::info!(in_flight = self.in_flight(), "stopping");
        self.drain(bound / 2).await;
        shutdown::stop(stages, bound / 2).await;
        tracing::info!(in_flight = self.in_flight(), "stopped");
        Ok(())
    }

    /// Starts all parts, in the order in which they need each other. Returns them with the addresses that it listens at.
    async fn start(&self, metrics: Option<PrometheusHandle>) -> Result<(Vec<Stage>, KeeperAddrs), OpenError> {
        let parts = self.parts();
        let mut stages = Vec::new();
        let (stage, stopped) = Stage::new("ops");
        let (health, snapshot) = (parts.health.clone(), self.latest.subscribe());
        let state = OpsState { health, snapshot, metrics };
        let (ops, serving) = ops::start(&parts.config.ops, state, stopped).await?;
        tracing::info!(addr = %ops, "health and metrics listen");
        stages.push(stage.with(vec![serving]));
        let (stage, stopped) = Stage::new("api");
        let hub = Hub::new();
        let state = self.api_state(hub.clone());
        let server = ApiServer::start(&parts.config.api, state, stopped).await?;
        let addrs = KeeperAddrs { api: server.addr(), ops };
        let page = parts.config.page.is_some();
        tracing::info!(addr = %addrs.api, token = parts.config.api.token.is_some(), page, "the API listens");
        stages.push(stage.with(vec![server.into_task()]));
        // It stops before the API does, so that no stream keeps the API from its end.
        stages.push(self.start_stream(hub));
        let (stage, stopped) = Stage::new("alerts");
        stages.push(stage.with(parts.alerts.start(stopped, &parts.health)));
        let (stage, stopped) = Stage::new("landing");
        let (nodes, in_flight) = (parts.nodes.all().len(), parts.config.land.max_in_flight);
        let limit = landing_limit(parts.config.cycle.request_timeout, nodes, in_flight);
        let beat = parts.health.watch("landing", limit);
        stages.push(stage.with(vec![tokio::spawn(parts.lander.clone().run(stopped, beat))]));
        let (stage, stopped) = Stage::new("ingest");
        let sources = parts.config.reporters.clone();
        stages.push(stage.with(parts.ingest.start(sources, stopped, &parts.health)));
        if parts.config.history.enabled {
            let (stage, stopped) = Stage::new("history");
            let audit = audit::run(parts, self.latest.subscribe(), stopped);
            stages.push(stage.with(vec![tokio::spawn(audit)]));
        }
        let (stage, stopped) = Stage::new("housekeeping");
        let housekeeping = Housekeeping::new(parts).run(self.latest.subscribe(), stopped);
        stages.push(stage.with(vec![tokio::spawn(housekeeping)]));
        Ok((stages, addrs))
    }

    /// Starts reading the lots, and handing changes to streams.
    fn start_stream(&self, hub: Hub) -> Stage {
        let parts = self.parts();
        let (stage, stopped) = Stage::new("stream");
        let sources = Sources {
            snapshot: self.latest.subscribe(),
            lots: self.lots.subscribe(),
            watch: parts.watch.clone(),
            alerts: parts.alerts.clone(),
            store: parts.store.clone(),
        };
        let streaming = hub.run(sources, stopped.clone(), parts.health.watch("stream", hub::LIMIT));
        let beat = parts.health.watch("lots", lots::LIMIT);
        let (nodes, latest) = (parts.nodes.clone(), self.lots.clone());
        let reading = lots::run(nodes, parts.config.market, self.latest.subscribe(), latest, stopped, beat);
        stage.with(vec![tokio::spawn(streaming), tokio::spawn(reading)])
    }

    /// Collects the state that the API answers from.
    fn api_state(&self, hub: Hub) -> ApiState {
        let parts = self.parts();
        ApiState {
            market: parts.config.market,
            snapshot: self.latest.subscribe(),
            watch: parts.watch.clone(),
            alerts: parts.alerts.clone(),
            ingest: parts.ingest.clone(),
            nodes: parts.nodes.clone(),
            store: parts.store.clone(),
            health: parts.health.clone(),
            page: parts.config.page.clone(),
            lots: self.lots.subscribe(),
            hub,
            plan: parts.config.plan.clone(),
            lamports_per_day: parts.config.land.lamports_per_day.clone(),
            quarantine_after: parts.config.land.quarantine_after,
        }
    }

    /// Completes the event logs of all credits as far as they can be proven now. Errors: [`CycleError`].
    pub(crate) async fn prove(&self, snapshot: &Snapshot) -> Result<PassSummary, CycleError> {
        audit::catch_up(self.parts(), snapshot).await
    }

    /// Waits until nothing is in flight, for at most `bound`. The landing stage, which still runs, follows it.
    async fn drain(&self, bound: Duration) {
        let landed = async {
            while self.in_flight() > 0 {
                sleep(CHECK_EVERY).await;
            }
        };
        if timeout(bound, landed).await.is_err() {
            tracing::warn!(
                in_flight = self.in_flight(),
                "transactions are left in flight; the next start follows them"
            );
        }
    }

    /// Runs one cycle and follows its transactions to their end, for at most `patience`; then delivers alerts and removes old rows.
    /// Errors: [`CycleError`].
    pub async fn once(&mut self, patience: Duration) -> Result<CycleSummary, CycleError> {
        let summary = self.round(patience).await?;
        self.parts().alerts.deliver_due().await?;
        Housekeeping::new(self.parts()).round(summary.clock).await?;
        Ok(summary)
    }

    /// Runs one cycle and follows its transactions to their end, for at most `patience`. Errors: [`CycleError`].
    pub async fn round(&mut self, patience: Duration) -> Result<CycleSummary, CycleError> {
        self.follow(patience).await?;
        self.gather().await?;
        let (_, summary) = self.cycle.run().await?;
        self.follow(patience).await?;
        Ok(summary)
    }

    /// Follows transactions in flight to their end, for at most `patience`. Returns the number that is left.
    /// Errors: [`CycleError`].
    pub(crate) async fn follow(&self, patience: Duration) -> Result<usize, CycleError> {
        let began = Instant::now();
        loop {
            let left = self.parts().lander.track().await?;
            if left == 0 || began.elapsed() >= patience {
                return Ok(left);
            }
            sleep(CHECK_EVERY).await;
        }
    }

    /// Reads the chain and pulls reports from every source once. Errors: [`CycleError`].
    pub(crate) async fn gather(&mut self) -> Result<Arc<Snapshot>, CycleError> {
        let snapshot = self.cycle.read().await?;
        let sources = self.parts().config.reporters.clone();
        for (host, taken) in self.parts().ingest.round(&sources).await {
            match taken {
                Ok(taken) => tracing::info!(host, accepted = taken.accepted, "reports"),
                Err(error) => tracing::warn!(host, %error, "not all reports could be read"),
            }
        }
        Ok(snapshot)
    }

    /// Plans what is due now, with nothing sent. Errors: [`CycleError`].
    pub async fn plan(&mut self) -> Result<(Arc<Snapshot>, Plan), CycleError> {
        let snapshot = self.gather().await?;
        let plan = self.cycle.plan(&snapshot).await?;
        Ok((snapshot, plan))
    }

    /// Simulates a plan; sends and stores nothing. Errors: [`CycleError`].
    pub async fn rehearse(&self, plan: Plan, snapshot: &Snapshot) -> Result<Rehearsal, CycleError> {
        let confirmed = self.cycle.confirm(plan.intents, snapshot).await;
        Ok(self.parts().lander.rehearse(confirmed.due, confirmed.held, snapshot.clock).await?)
    }

    /// Submits a plan. Errors: [`CycleError`].
    pub async fn submit(&self, plan: Plan, snapshot: &Snapshot) -> Result<Landing, CycleError> {
        let confirmed = self.cycle.confirm(plan.intents, snapshot).await;
        Ok(self.parts().lander.land(confirmed.due, snapshot).await?)
    }

    /// Returns the number of transactions in flight.
    pub fn in_flight(&self) -> usize {
        self.parts().lander.in_flight()
    }

    /// Explains what is due on a credit; `None` where the market has no such credit. Errors: [`CycleError`].
    pub(crate) async fn explain(
        &mut self,
        credit: &Pubkey,
        payment: Option<MicroUsd>,
    ) -> Result<Option<Explanation>, CycleError> {
        let snapshot = self.gather().await?;
        let parts = self.parts();
        Ok(Explanation::new(&snapshot, &parts.ingest.shelf(), &parts.config.plan, credit, payment))
    }
}

fn log_summary(summary: &CycleSummary, took: Duration) {
    tracing::info!(
        slot = summary.slot,
        credits = summary.credits,
        fetched = summary.fetched,
        sent = summary.landing.sent,
        transactions = summary.landing.transactions,
        busy = summary.landing.busy,
        unconfirmed = summary.unconfirmed,
        alerts_raised = summary.alerts_raised,
        ms = took.as_millis(),
        "cycle"
    );
}

/// Works out the longest duration of a round of landing, in which every request takes its whole time: nodes are asked for their
/// slots, then each in turn for its height and the statuses of all transactions, then all at once for the same, and are sent
/// the transactions that are not in a block yet. At least a minute.
fn landing_limit(request: Duration, nodes: usize, max_in_flight: usize) -> Duration {
    // Each role has its own room in flight.
    let in_flight = max_in_flight.saturating_mul(Role::ALL.len());
    let statuses = in_flight.div_ceil(STATUSES).saturating_add(1);
    let requests = nodes.saturating_add(1).saturating_mul(statuses).saturating_add(2);
    // One more than there can be, for the work between them.
    let requests = u32::try_from(requests).unwrap_or(u32::MAX).saturating_add(1);
    request.saturating_mul(requests).max(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landing_has_not_stalled_while_its_requests_may_still_be_answered() {
        let limit = |seconds, nodes, in_flight| {
            landing_limit(Duration::from_secs(seconds), nodes, in_flight).as_secs()
        };
        assert_eq!(limit(1, 2, 64), 60, "at least a minute");
        assert_eq!(limit(120, 1, 64), 7 * 120);
        assert_eq!(limit(120, 3, 64), 11 * 120, "each node in turn");
        assert_eq!(limit(120, 2, 256), 12 * 120, "statuses in two pages");
        assert!(landing_limit(Duration::MAX, usize::MAX, usize::MAX) == Duration::MAX);
    }
}
