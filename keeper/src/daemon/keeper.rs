//! The keeper: runs for months, or once.

use {
    crate::{
        api::{ApiState, Server},
        chain::Snapshot,
        config::Config,
        daemon::{CycleError, OpenError, Parts, Report, audit, cycle::Cycle},
        history::Passed,
        land::STATUSES,
        plan::{Explanation, Plan, Role, explain},
        store::Store,
    },
    blockable_sdk::Pubkey,
    blockable_service::shutdown::{self, Stage},
    metrics_exporter_prometheus::PrometheusHandle,
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::{
        sync::watch,
        time::{sleep, timeout},
    },
};

/// How long a cycle may take before the keeper counts as stalled, as a multiple of its interval; at least a minute.
const STALLED: u32 = 6;
/// Pause between two looks at what is in flight.
const LOOK: Duration = Duration::from_millis(200);

/// A keeper with its parts open.
pub struct Keeper {
    cycle: Cycle,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
}

impl Keeper {
    /// Opens a keeper on the store of its configuration, and locks it. Errors: [`OpenError`].
    pub async fn open(config: Config) -> Result<Keeper, OpenError> {
        let store = Store::open(&config.data_dir)?;
        Keeper::on(config, store).await
    }

    /// Opens a keeper on another store. Errors: [`OpenError`].
    pub async fn on(config: Config, store: Store) -> Result<Keeper, OpenError> {
        let parts = Parts::open(config, store).await?;
        Ok(Keeper { cycle: Cycle::new(parts), latest: watch::Sender::new(None) })
    }

    /// The parts.
    pub fn parts(&self) -> &Parts {
        &self.cycle.parts
    }

    /// Runs until `stop` is true, then stops all parts in reverse order of their start: what is in flight is followed to its
    /// end where that comes in time, and stays on record where it does not. `figures` renders what is recorded.
    /// Errors: [`OpenError`].
    pub async fn run(
        mut self,
        mut stop: watch::Receiver<bool>,
        figures: Option<PrometheusHandle>,
    ) -> Result<(), OpenError> {
        let stages = self.start(figures.clone()).await?;
        let every = self.parts().config.cycle.every;
        let limit = every.saturating_mul(STALLED).max(Duration::from_secs(60));
        let beat = self.parts().health.watch("cycle", limit);
        self.parts().health.set("chain", Err("the chain has not been read yet; check [[rpc]]".to_string()));
        loop {
            let began = Instant::now();
            let gone = tokio::select! {
                gone = self.cycle.go() => gone,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match gone {
                Ok((snapshot, report)) => {
                    tracing::info!(
                        slot = report.slot,
                        credits = report.credits,
                        fetched = report.fetched,
                        sent = report.landing.sent,
                        transactions = report.landing.transactions,
                        busy = report.landing.busy,
                        held = report.held,
                        raised = report.raised,
                        ms = began.elapsed().as_millis(),
                        "cycle"
                    );
                    self.latest.send_replace(Some(snapshot));
                    self.parts().health.set("chain", Ok(()));
                }
                Err(error) => {
                    tracing::error!(%error, "a cycle did not go round");
                    self.parts().health.set("chain", Err(error.to_string()));
                }
            }
            // Samples pile up until they are rendered, and nobody need ever ask for them.
            figures.iter().for_each(PrometheusHandle::run_upkeep);
            beat.beat();
            tokio::select! {
                () = sleep(every.saturating_sub(began.elapsed())) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop(beat);
        let bound = self.parts().config.cycle.shutdown;
        tracing::info!(in_flight = self.parts().lander.in_flight(), "stopping");
        self.drain(bound / 2).await;
        shutdown::stop(stages, bound / 2).await;
        tracing::info!(in_flight = self.parts().lander.in_flight(), "stopped");
        Ok(())
    }

    /// Starts all parts, in the order in which they need each other.
    async fn start(&self, figures: Option<PrometheusHandle>) -> Result<Vec<Stage>, OpenError> {
        let parts = self.parts();
        let mut stages = Vec::new();
        let (stage, stopped) = Stage::new("api");
        let server = Server::start(&parts.config.api, self.state(figures), stopped).await?;
        stages.push(stage.with(vec![server.into_task()]));
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
        Ok(stages)
    }

    /// What the API answers from.
    fn state(&self, figures: Option<PrometheusHandle>) -> ApiState {
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
            metrics: figures,
            plan: parts.config.plan.clone(),
            lamports_per_day: parts.config.land.lamports_per_day.clone(),
            quarantine_after: parts.config.land.quarantine_after,
        }
    }

    /// Brings the event logs of all credits further until nothing more can be proven now. Errors: [`CycleError`].
    pub async fn prove(&self, snapshot: &Snapshot) -> Result<Passed, CycleError> {
        audit::catch_up(self.parts(), snapshot).await
    }

    /// Waits until nothing is in flight, for at most `bound`; the landing stage, still running, follows it.
    async fn drain(&self, bound: Duration) {
        let landed = async {
            while self.parts().lander.in_flight() > 0 {
                sleep(LOOK).await;
            }
        };
        if timeout(bound, landed).await.is_err() {
            let in_flight = self.parts().lander.in_flight();
            tracing::warn!(in_flight, "transactions are left in flight; the next start follows them");
        }
    }

    /// Goes round once and follows what it sends to its end, for at most `patience`. Errors: [`CycleError`].
    pub async fn once(&mut self, patience: Duration) -> Result<Report, CycleError> {
        self.settle(patience).await?;
        self.gather().await?;
        let (_, report) = self.cycle.go().await?;
        self.settle(patience).await?;
        self.parts().alerts.deliver_due().await?;
        Ok(report)
    }

    /// Follows what is in flight to its end, for at most `patience`. Returns how many are left. Errors: [`CycleError`].
    pub async fn settle(&self, patience: Duration) -> Result<usize, CycleError> {
        let began = Instant::now();
        loop {
            let left = self.parts().lander.track().await?;
            if left == 0 || began.elapsed() >= patience {
                return Ok(left);
            }
            sleep(LOOK).await;
        }
    }

    /// Reads the chain and pulls reports from every source once. Errors: [`CycleError`].
    pub async fn gather(&mut self) -> Result<Arc<Snapshot>, CycleError> {
        let (snapshot, ..) = self.cycle.read().await?;
        let sources = self.parts().config.reporters.clone();
        for (host, taken) in self.parts().ingest.round(&sources).await {
            match taken {
                Ok(taken) => tracing::info!(host, accepted = taken.accepted, "reports"),
                Err(error) => tracing::warn!(host, %error, "not all reports could be read"),
            }
        }
        Ok(snapshot)
    }

    /// What would be done now, with nothing sent. Errors: [`CycleError`].
    pub async fn plan(&mut self) -> Result<(Arc<Snapshot>, Plan), CycleError> {
        let snapshot = self.gather().await?;
        let plan = self.cycle.plan(&snapshot).await?;
        Ok((snapshot, plan))
    }

    /// Why a credit is treated as it is; `None` where the market has no such credit. Errors: [`CycleError`].
    pub async fn explain(&mut self, credit: &Pubkey) -> Result<Option<Explanation>, CycleError> {
        let snapshot = self.gather().await?;
        Ok(explain(&snapshot, &self.parts().ingest.shelf(), &self.parts().config.plan, credit))
    }
}

/// How long a round of landing may take where every request takes its whole time: nodes are asked for their slots, then each in
/// turn for its height and what has become of all transactions, then all at once for the same, and are sent what is not in
/// a block yet. At least a minute.
fn landing_limit(request: Duration, nodes: usize, max_in_flight: usize) -> Duration {
    // Each role has its own room in flight.
    let in_flight = max_in_flight.saturating_mul(Role::ALL.len());
    let view = in_flight.div_ceil(STATUSES).saturating_add(1);
    let requests = nodes.saturating_add(1).saturating_mul(view).saturating_add(2);
    // One more than can be, for the work between them.
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
