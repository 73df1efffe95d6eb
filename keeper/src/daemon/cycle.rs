//! One cycle: reads the chain, plans, confirms, submits, measures and alerts.

use {
    crate::{
        alerts::Subjects,
        chain::{Mirror, SlotTime, Snapshot},
        daemon::{Parts, losses},
        finding::{Fact, Finding, Rule},
        land::{
            LandError, Landing,
            confirm::{Confirmed, confirm},
            lanes,
        },
        plan::{Intent, Kind, Plan, plan},
        store::StoreError,
        watch::Observed,
    },
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{
            state::Credit,
            transitions::{self, Action},
        },
    },
    serde::Serialize,
    std::{
        collections::{BTreeMap, HashSet},
        sync::Arc,
        time::Instant,
    },
    tokio::task::spawn_blocking,
};

/// A fault that ends a cycle. What was left undone is due again in the next.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// No node answers with a state of the chain that can be believed.
    #[error("no node can be used: {0}; check [[rpc]]")]
    NoNode(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Transactions could not be submitted or followed.
    #[error(transparent)]
    Land(#[from] LandError),
}

/// The work of a cycle, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CycleSummary {
    /// The slot that was read.
    pub slot: u64,
    /// The chain's clock.
    pub clock: ChainTime,
    /// Credits of the market.
    pub credits: usize,
    /// Credits that had changed.
    pub fetched: usize,
    /// Intents due, by kind.
    pub due: BTreeMap<Kind, usize>,
    /// Intents due that the finalized state of too few nodes calls for.
    pub unconfirmed: usize,
    /// Results of submitting the others.
    pub landing: Landing,
    /// Alerts raised.
    pub alerts_raised: usize,
}

/// State that is kept from cycle to cycle. All of it is in memory: after a crash the first cycle reads every account anew.
pub(super) struct Cycle {
    pub(super) parts: Parts,
    mirror: Mirror,
    /// Cycles in a row in which a node failed.
    faults: u32,
    /// True in a keeper that stays: of another one nobody expects that it watches all the time.
    stays: bool,
}

/// A reading of the chain.
struct Reading {
    snapshot: Arc<Snapshot>,
    fetched: usize,
    findings: Vec<Finding>,
    /// The result of recording it. Nothing may be sent on a reading that is not recorded.
    recorded: Result<(), StoreError>,
}

impl Cycle {
    pub(super) fn new(parts: Parts) -> Cycle {
        let mirror = Mirror::new(parts.config.market);
        Cycle { parts, mirror, faults: 0, stays: false }
    }

    /// Makes it the cycle of a keeper that stays.
    pub(super) fn stay(&mut self) {
        self.stays = true;
    }

    /// Reads the chain from the first node that can be believed. Errors: [`CycleError::NoNode`], [`CycleError::Store`].
    pub(super) async fn read(&mut self) -> Result<Arc<Snapshot>, CycleError> {
        let Reading { snapshot, recorded, .. } = self.read_chain().await?;
        recorded?;
        Ok(snapshot)
    }

    async fn read_chain(&mut self) -> Result<Reading, CycleError> {
        let parts = &mut self.parts;
        let (sound, faults) = parts.nodes.probe().await;
        let mut reasons: Vec<String> =
            faults.iter().map(|(node, error)| format!("{node}: {error}")).collect();
        let mut found = None;
        for node in sound {
            match self.mirror.refresh(node, parts.stall_log.stalls().clone()).await {
                Ok(read) => {
                    found = Some(read);
                    break;
                }
                Err(error) => reasons.push(format!("{}: {error}", node.name())),
            }
        }
        self.faults = if reasons.is_empty() { 0 } else { self.faults.saturating_add(1) };
        for reason in &reasons {
            tracing::warn!(reason, "a node cannot be used");
        }
        let Some(read) = found else {
            parts.health.set("rpc", Err(reasons.join("; ")));
            return Err(CycleError::NoNode(reasons.join("; ")));
        };
        parts.health.set("rpc", Ok(()));
        let reading = SlotTime { slot: read.clock.slot, clock: ChainTime(read.clock.unix_timestamp) };
        let recorded = parts.stall_log.record(reading).await.map(drop);
        let snapshot = Arc::new(Snapshot { stalls: parts.stall_log.stalls().clone(), ..read.snapshot });
        parts.ingest.update_chain(snapshot.clone());
        let findings = vec![rpc_finding(&snapshot, self.faults, reasons)];
        Ok(Reading { snapshot, fetched: read.fetched, findings, recorded })
    }

    /// Plans what is due. Errors: [`CycleError::Store`] where planning panicked.
    pub(super) async fn plan(&self, snapshot: &Arc<Snapshot>) -> Result<Plan, CycleError> {
        let (snapshot, shelf) = (snapshot.clone(), self.parts.ingest.shelf());
        let settings = self.parts.config.plan.clone();
        let task = spawn_blocking(move || plan(&snapshot, &shelf, &settings));
        Ok(task.await.map_err(|_| StoreError::Panicked)?)
    }

    /// Runs one cycle. A loss of the chain, the store or the reporters is alerted. Errors: [`CycleError`].
    pub(super) async fn run(&mut self) -> Result<(Arc<Snapshot>, CycleSummary), CycleError> {
        let outcome = self.go_round().await;
        let noted = match &outcome {
            Ok((snapshot, summary)) => self.note_good(snapshot, summary).await,
            Err(error) => self.note_failure(error).await,
        };
        let store = match (&outcome, &noted) {
            (Err(CycleError::Store(error) | CycleError::Land(LandError::Store(error))), _)
            | (_, Err(error)) => {
                let since = self.parts.losses.no_store(self.parts.alerts.now(), &error.to_string());
                self.parts.alerts.tell_store_lost(since, error);
                Err(error.to_string())
            }
            _ => Ok(()),
        };
        self.parts.health.set("store", store);
        noted?;
        outcome
    }

    /// Ends losses, and tells lenders of the time without a watch that is over. Errors: [`StoreError`]; the next cycle does it.
    async fn note_good(&mut self, snapshot: &Snapshot, summary: &CycleSummary) -> Result<(), StoreError> {
        let (market, now) = (snapshot.market_key, self.parts.alerts.now());
        let finding = self.note_reporters();
        let (mut findings, over) = self.parts.losses.over(market, now);
        findings.push(finding);
        if let Some(loss) = over.filter(|_| self.stays) {
            findings.extend(losses::to_lenders(snapshot, &loss));
        }
        self.parts.alerts.apply_now(findings).await?;
        self.parts.losses.end(now);
        self.parts.losses.write(&self.parts.store).await?;
        self.parts.alerts.note_good_cycle(summary.slot, summary.clock);
        Ok(())
    }

    /// Alerts the operator of the loss of the chain, as long as it lasts. Errors: [`StoreError`].
    async fn note_failure(&mut self, error: &CycleError) -> Result<(), StoreError> {
        let (market, now) = (self.parts.config.market, self.parts.alerts.now());
        let mut findings = vec![self.note_reporters()];
        if let CycleError::NoNode(reasons) = error {
            findings.push(self.parts.losses.no_chain(market, now, reasons));
            let fact = Fact::Rpc { cycles: self.faults, reasons: vec![reasons.clone()] };
            findings.push(Finding::is(market, fact));
        }
        self.parts.alerts.apply_now(findings).await.map(drop)
    }

    /// Notes whether reports can be read; `Ok` while nothing is known of that.
    fn note_reporters(&mut self) -> Finding {
        let Parts { losses, alerts, health, config, .. } = &mut self.parts;
        let state = health.parts().remove("oracles").unwrap_or(Ok(()));
        losses.reporters(config.market, alerts.now(), &state)
    }

    async fn go_round(&mut self) -> Result<(Arc<Snapshot>, CycleSummary), CycleError> {
        let began = Instant::now();
        let Reading { snapshot, fetched, mut findings, recorded } = self.read_chain().await?;
        let Plan { intents, findings: planned } = self.plan(&snapshot).await?;
        findings.extend(planned);
        if let Err(error) = recorded {
            // Nothing may be sent, and everybody is alerted all the same.
            self.raise_alerts(&snapshot, findings).await?;
            return Err(error.into());
        }
        let due = count(&intents);
        let dropped = self.parts.store.read(lanes::dropped).await?;
        set_gauges(&snapshot, &intents, &dropped);
        let confirmed = self.confirm(intents, &snapshot).await;
        for held in &confirmed.held {
            let (kind, subject) = (held.intent.kind(), held.intent.subject());
            tracing::info!(%kind, %subject, reason = held.reason, "not confirmed yet");
        }
        // A failure to submit must not keep alerts from being raised.
        let landed = self.parts.lander.land(confirmed.due, &snapshot).await;
        let raised = self.raise_alerts(&snapshot, findings).await?;
        metrics::histogram!("blockable_keeper_cycle_seconds").record(began.elapsed().as_secs_f64());
        let summary = CycleSummary {
            slot: snapshot.slot,
            clock: snapshot.clock,
            credits: snapshot.credits.len(),
            fetched,
            due,
            unconfirmed: confirmed.held.len(),
            landing: landed?,
            alerts_raised: raised,
        };
        Ok((snapshot, summary))
    }

    /// Confirms intents on as many nodes as the settings ask for.
    pub(super) async fn confirm(&self, intents: Vec<Intent>, snapshot: &Snapshot) -> Confirmed {
        let needed = if self.parts.config.land.allow_single_node { 1 } else { 2 };
        confirm(&self.parts.nodes, needed, intents, snapshot, &self.parts.config.plan).await
    }

    /// Measures every credit, and raises and clears alerts. Findings that their part keeps are acknowledged once the alerts on them
    /// are stored. Returns the number of alerts raised. Errors: [`StoreError`]; the findings are then there in the next cycle.
    pub(super) async fn raise_alerts(
        &self,
        snapshot: &Arc<Snapshot>,
        mut findings: Vec<Finding>,
    ) -> Result<usize, StoreError> {
        let (faults, token) = self.parts.ingest.findings();
        findings.extend(faults);
        let Observed { findings: measured, written } = self.parts.watch.observe(snapshot).await?;
        findings.extend(measured);
        findings.extend(self.parts.lander.findings().await?);
        let subjects = subjects(snapshot, self.parts.lander.payers().into_values().collect());
        let changes = self.parts.alerts.apply_cycle(findings, subjects, snapshot.clock).await?;
        self.parts.ingest.acknowledge(token).await?;
        written?;
        Ok(changes.raised.len())
    }
}

fn count(intents: &[Intent]) -> BTreeMap<Kind, usize> {
    let mut due = BTreeMap::new();
    for intent in intents {
        *due.entry(intent.kind()).or_insert(0) += 1;
    }
    due
}

/// Sets the gauges of intents that are due. Lanes that an operator has dropped do not count towards the age.
fn set_gauges(snapshot: &Snapshot, intents: &[Intent], dropped: &HashSet<String>) {
    let due = count(intents);
    for kind in Kind::ALL {
        let count = due.get(&kind).copied().unwrap_or(0);
        metrics::gauge!("blockable_keeper_intents", "kind" => kind.name()).set(count as f64);
    }
    metrics::gauge!("blockable_keeper_oldest_intent_age_seconds").set(oldest_age(
        snapshot.clock,
        intents,
        dropped,
    ) as f64);
}

/// Works out the seconds since the oldest intent of lanes that were not dropped became due.
fn oldest_age(now: ChainTime, intents: &[Intent], dropped: &HashSet<String>) -> i64 {
    let is_expected =
        |intent: &&Intent| dropped.is_empty() || lanes::unblocked_part(intent, dropped).is_some();
    let oldest = intents.iter().filter(is_expected).map(|intent| intent.due_at).min();
    now.seconds_since(oldest.unwrap_or(now)).max(0)
}

fn rpc_finding(snapshot: &Snapshot, cycles: u32, reasons: Vec<String>) -> Finding {
    match cycles {
        0 => Finding::over(Rule::Rpc, snapshot.market_key),
        cycles => Finding::is(snapshot.market_key, Fact::Rpc { cycles, reasons }),
    }
}

/// The subjects of alerts that a snapshot shows, and the keeper's own keys.
fn subjects(snapshot: &Snapshot, keys: HashSet<Pubkey>) -> Subjects {
    let is_metered = |credit: &Credit| {
        credit.status().is_ok_and(|status| transitions::next(Action::Meter, status).is_some())
    };
    let metered = snapshot.credits.iter().filter(|(_, credit)| is_metered(credit));
    let reporters = snapshot.providers.values().flat_map(|provider| provider.reporters());
    Subjects {
        credits: snapshot.credits.keys().copied().collect(),
        metered: metered.map(|(address, _)| *address).collect(),
        reporters: reporters.map(|reporter| reporter.key).collect(),
        keys,
        is_paused: snapshot.is_paused(),
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::land::tests::{
            credit,
            ground::{due, meter},
        },
    };

    #[test]
    fn dropped_lanes_do_not_count_towards_the_age() {
        let at = |due_at, intent| Intent { due_at: ChainTime(due_at), ..intent };
        let oldest_age =
            |now, intents: &[Intent], dropped: &HashSet<String>| oldest_age(ChainTime(now), intents, dropped);
        let intents = [at(1_000, due(Kind::ExpireUnits, 7)), at(4_000, due(Kind::MarkDelinquent, 7))];
        let dropped = HashSet::from([intents[0].lane()]);
        assert_eq!(oldest_age(5_000, &intents, &HashSet::new()), 4_000);
        assert_eq!(oldest_age(5_000, &intents, &dropped), 1_000);
        assert_eq!(oldest_age(5_000, &intents[..1], &dropped), 0);
        assert_eq!(oldest_age(900, &intents, &dropped), 0, "the clock is behind");

        // Once the rest of its chunk is metered, a credit that was dropped is all that is left of it.
        let (whole, left) = (meter(0, &[1, 2], 0), meter(0, &[2], 0));
        let dropped = HashSet::from([whole.lane_of(&credit(2))]);
        assert_eq!(oldest_age(5_000, &[at(1_000, whole)], &dropped), 4_000);
        assert_eq!(oldest_age(5_000, &[at(1_000, left)], &dropped), 0);
    }
}
