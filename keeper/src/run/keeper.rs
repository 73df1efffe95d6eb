//! The keeper: runs for months, or once.

use {
    crate::{
        chain::Snapshot,
        config::Config,
        history::Passed,
        plan::{Explanation, Plan, explain},
        run::{
            CycleError, OpenError, Parts, Report, audit,
            cycle::Cycle,
            stages::{self, Stage},
        },
        serve::{ServeState, Server},
        store::Store,
    },
    blockable_sdk::Pubkey,
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
        stages::end(stages, bound / 2).await;
        tracing::info!(in_flight = self.parts().lander.in_flight(), "stopped");
        Ok(())
    }

    /// Starts all parts, in the order in which they need each other.
    async fn start(&self, figures: Option<PrometheusHandle>) -> Result<Vec<Stage>, OpenError> {
        let parts = self.parts();
        let mut stages = Vec::new();
        let (stage, stopped) = Stage::new("serve");
        let server = Server::start(&parts.config.serve, self.state(figures), stopped).await?;
        stages.push(stage.with(vec![server.into_task()]));
        let (stage, stopped) = Stage::new("alerts");
        stages.push(stage.with(parts.alerts.start(stopped, &parts.health)));
        let (stage, stopped) = Stage::new("landing");
        // A round may wait for each node twice, and for both in turn.
        let patience = parts.config.cycle.request_timeout.saturating_mul(5).max(Duration::from_secs(60));
        let beat = parts.health.watch("landing", patience);
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
    fn state(&self, figures: Option<PrometheusHandle>) -> ServeState {
        let parts = self.parts();
        ServeState {
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
