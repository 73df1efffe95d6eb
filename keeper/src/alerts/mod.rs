//! Alerts: messages to lenders, borrowers and the operator.
//!
//! | module | content |
//! |---|---|
//! | `rules` | the table of rules, their configuration, and the evaluation of findings |
//! | `text` | what an alert says, one function per rule |
//! | `apply` | raises and clears alerts, at most one open for each rule and subject |
//! | `record` | alerts as they are stored |
//! | `hold` | keeps alerts open whose end may not last |
//! | `entries`, `due`, `courier` | outbox entries and their delivery, also after a restart |
//! | `memory` | alerts that the store could not take |
//! | `message` | messages to sinks, in words and as JSON |
//! | `sink`, `sinks` | destinations with their subscriptions; the kinds of destinations |
//! | `probe` | sinks without a store: tests and checks |
//! | `storm` | many alerts at one webhook, for a bench |
//! | `heartbeat` | messages and requests after good cycles |
//! | `settings` | the configuration |

mod apply;
mod courier;
mod due;
mod entries;
mod error;
mod heartbeat;
mod hold;
mod memory;
mod message;
mod probe;
mod record;
mod rules;
pub(crate) mod settings;
mod severity;
mod sink;
mod sinks;
mod storm;
mod text;

pub(crate) use error::AlertError;
pub use storm::AlertStorm;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use {
    crate::finding::Rule,
    apply::Changes,
    entries::Delivery,
    probe::{check_sinks, tell_of_store, test_sinks},
    record::{Alert, AlertFilter},
    rules::{Level, Rules, Subjects},
    settings::AlertSettings,
    severity::Severity,
    sink::Subscription,
    text::Text,
};

use {
    crate::{
        finding::{Fact, Finding, Loss},
        health::Health,
        store::{Store, StoreError},
    },
    apply::{AlertRequest, Circumstances},
    blockable_sdk::{Pubkey, amounts::ChainTime},
    blockable_service::lock::lock,
    futures_util::future::join_all,
    heartbeat::GoodCycle,
    hold::Held,
    memory::MemoryOutbox,
    message::Origin,
    rules::Evaluated,
    sink::Sink,
    sinks::{Http, Pinger},
    std::{
        collections::{BTreeSet, HashSet},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        time::{Duration, SystemTime},
    },
    tokio::{sync::watch, task::JoinHandle},
};

/// Longest time of one round of a delivery loop: a write of the store, and some more.
const LOOP_LIMIT: Duration = Duration::from_secs(90);

/// The alerts of a keeper. Clones share them.
///
/// All state is in the store: the tables `alerts` and `outbox`. An alert and its outbox entries are written in one transaction, so
/// a crash leaves either both or nothing; a message that was sent right before a crash is sent once more. A part that finds something
/// once keeps it until [`Alerts::apply`] has returned. Each sink has a loop of its own, and a lock that keeps another loop from
/// sending the same entry. What a store that cannot be written does not take is told out of `memory`, and gets its rows later.
#[derive(Clone)]
pub(crate) struct Alerts {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sinks: Vec<Sink>,
    pingers: Vec<Pinger>,
    subscriptions: Arc<[Subscription]>,
    rules: Arc<Rules>,
    origin: Arc<Origin>,
    digest_hour: i64,
    memory: Mutex<MemoryOutbox>,
    held: Mutex<Held>,
    /// True in a keeper that stays: only there an end of an alert can be waited for.
    stays: AtomicBool,
    /// Wakes the delivery loops when alerts were raised or cleared.
    changed: watch::Sender<()>,
    /// The latest good cycle.
    good: watch::Sender<Option<GoodCycle>>,
    /// This machine's clock, in Unix seconds.
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Alerts {
    /// Opens the alerts of a market, and reads the secrets of their sinks. Entries for sinks that are no longer configured are given
    /// up. Errors: [`AlertError`].
    pub(crate) async fn open(
        store: Store,
        market: Pubkey,
        settings: &AlertSettings,
    ) -> Result<Alerts, AlertError> {
        let http = Http::new()?;
        let sinks = Sink::open_all(settings, &http)?;
        let pingers = settings.pings.iter().map(|ping| Pinger::new(ping, &http)).collect::<Result<_, _>>()?;
        Alerts::with(store, market, settings, (sinks, pingers), Box::new(unix_now)).await
    }

    async fn with(
        store: Store,
        market: Pubkey,
        settings: &AlertSettings,
        (sinks, pingers): (Vec<Sink>, Vec<Pinger>),
        clock: Box<dyn Fn() -> i64 + Send + Sync>,
    ) -> Result<Alerts, AlertError> {
        let subscriptions: Arc<[Subscription]> = sinks.iter().map(|sink| sink.subscription.clone()).collect();
        let known = subscriptions.clone();
        let given_up = store.write(move |tx| entries::give_up_others(tx, &known)).await?;
        if given_up > 0 {
            tracing::warn!(given_up, "alerts waited for sinks that are no longer configured");
        }
        for (rule, severity, count) in store.read(apply::counts).await? {
            open_gauge(rule.name(), severity).set(f64::from(count));
        }
        Ok(Alerts {
            inner: Arc::new(Inner {
                store,
                sinks,
                pingers,
                subscriptions,
                rules: Arc::new(settings.rules.clone()),
                origin: Arc::new(settings.origin(market)),
                digest_hour: settings.common.digest_hour,
                memory: Mutex::default(),
                held: Mutex::default(),
                stays: AtomicBool::new(false),
                changed: watch::Sender::new(()),
                good: watch::Sender::new(None),
                clock,
            }),
        })
    }

    /// Raises and clears the alerts that findings ask for, and writes the outbox entries for them. `now` is the time of the
    /// findings. Errors: [`StoreError`]; what would have been raised is told out of memory.
    pub(crate) async fn apply(&self, findings: Vec<Finding>, now: ChainTime) -> Result<Changes, StoreError> {
        self.apply_with(findings, None, now).await
    }

    /// As [`Alerts::apply`], for findings that were made without the chain: their time is that of this machine's clock.
    /// Errors: [`StoreError`]; what would have been raised is told out of memory.
    pub(crate) async fn apply_now(&self, findings: Vec<Finding>) -> Result<Changes, StoreError> {
        self.apply_with(findings, None, self.now()).await
    }

    /// As [`Alerts::apply`], for all findings of a cycle that has seen `subjects`: open alerts on which nothing was found end as
    /// their rules say, also those that are in memory alone. Errors: [`StoreError`]; what would have been raised is told out
    /// of memory.
    pub(crate) async fn apply_cycle(
        &self,
        findings: Vec<Finding>,
        subjects: Subjects,
        now: ChainTime,
    ) -> Result<Changes, StoreError> {
        self.apply_with(findings, Some(subjects), now).await
    }

    /// This machine's clock.
    pub(crate) fn now(&self) -> ChainTime {
        ChainTime((self.inner.clock)())
    }

    async fn apply_with(
        &self,
        findings: Vec<Finding>,
        subjects: Option<Subjects>,
        now: ChainTime,
    ) -> Result<Changes, StoreError> {
        let (inner, rules) = (&self.inner, self.inner.rules.clone());
        let is_cycle = subjects.is_some();
        let in_memory = lock(&inner.memory).keys();
        // Most cycles change nothing: that costs no write.
        let request = inner.store.read(move |connection| {
            let open = apply::read_open(connection)?;
            let evaluated = findings.into_iter().map(|finding| Evaluated::new(finding, &rules));
            // Nearly all findings say that nothing is wrong where no alert is open: those are many, and change nothing.
            let matters = |found: &Evaluated| {
                let about = found.key();
                open.contains_key(&about) || in_memory.contains(&about) || apply::is_change(found, &open)
            };
            let evaluated = evaluated.filter(matters);
            let mut evaluated = apply::worst(evaluated);
            let levels: Vec<_> = evaluated.iter().map(|found| (found.key(), found.level)).collect();
            let found: HashSet<_> = evaluated.iter().map(Evaluated::key).collect();
            let ended = subjects.map(|subjects| rules::ended(&open, &found, &rules, &subjects, now));
            evaluated.retain(|found| apply::is_change(found, &open));
            let ended = ended.unwrap_or_default();
            Ok((AlertRequest { evaluated, ended, ..AlertRequest::default() }, levels))
        });
        let (mut request, levels) = request.await?;
        let written_at = (inner.clock)();
        if inner.stays.load(Ordering::Relaxed) {
            lock(&inner.held).keep(&mut request, &levels, written_at);
        }
        request.told = lock(&inner.memory).told();
        let is_found = |about: &(Rule, Pubkey)| levels.iter().any(|(found, _)| found == about);
        request.told.retain(|about, _| is_found(about) || (is_cycle && rules::ends_without_finding(about.0)));
        if request.evaluated.is_empty() && request.ended.is_empty() && request.told.is_empty() {
            return Ok(Changes::default());
        }
        let told: Vec<_> = request.told.keys().copied().collect();
        let raised = request.evaluated.clone();
        let (subscriptions, digest_hour) = (inner.subscriptions.clone(), inner.digest_hour);
        let circumstances = Circumstances { subscriptions, now, written_at, digest_hour };
        let write = inner.store.write(move |tx| apply::apply(tx, request, &circumstances));
        let changes = match write.await {
            Ok(changes) => changes,
            Err(error) => {
                self.tell_from_memory(&raised, now);
                return Err(error);
            }
        };
        lock(&inner.memory).forget(&told);
        self.count_memory();
        count(&changes);
        inner.changed.send_replace(());
        Ok(changes)
    }

    /// Tells of the loss of the store, which began at `since`, without it.
    pub(crate) fn tell_store_lost(&self, since: ChainTime, error: &StoreError) {
        let loss = Loss { since, until: self.now(), reason: error.to_string() };
        let finding = Finding::is(self.inner.origin.market, Fact::StoreLost(loss));
        self.tell_from_memory(&[Evaluated::new(finding, &self.inner.rules)], since);
    }

    /// Has the sinks get alerts that the store did not take.
    fn tell_from_memory(&self, evaluated: &[Evaluated], now: ChainTime) {
        let written_at = (self.inner.clock)();
        let mut memory = lock(&self.inner.memory);
        for found in evaluated.iter().filter(|found| found.level == Level::Raise) {
            let Some(alert) = Alert::from_finding(found, now) else { continue };
            if !memory.add(found.rule(), alert, &self.inner.subscriptions, written_at) {
                metrics::counter!("blockable_keeper_alerts_dropped_total").increment(1);
                tracing::error!(rule = %found.rule(), "an alert is lost: the store is full, and so is the memory");
            }
        }
        drop(memory);
        self.count_memory();
        self.inner.changed.send_replace(());
    }

    fn count_memory(&self) {
        let count = lock(&self.inner.memory).len();
        metrics::gauge!("blockable_keeper_alerts_in_memory").set(count as f64);
    }

    /// Notes a cycle that has read the chain and written the store: heartbeats follow.
    pub(crate) fn note_good_cycle(&self, slot: u64, clock: ChainTime) {
        self.inner.good.send_replace(Some(GoodCycle { slot, clock }));
    }

    /// Alerts by a filter, newest first. Errors: [`StoreError`].
    pub(crate) async fn list(&self, filter: AlertFilter) -> Result<Vec<Alert>, StoreError> {
        self.inner.store.read(move |connection| record::list(connection, &filter)).await
    }

    /// The sinks and what they get.
    pub(crate) fn subscriptions(&self) -> &[Subscription] {
        &self.inner.subscriptions
    }

    /// Notices that alerts were raised or cleared.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.inner.changed.subscribe()
    }

    /// Names the sinks that get the alerts of a key and of no other: what becomes of their deliveries is for that key to know.
    pub(crate) fn sinks_of(&self, key: &Pubkey) -> BTreeSet<String> {
        let of_key = self.inner.subscriptions.iter().filter(|subscription| subscription.is_of(key));
        of_key.map(|subscription| subscription.sink.clone()).collect()
    }

    /// The deliveries of alerts, by the alerts' numbers: newest alert first, then in order. Errors: [`StoreError`].
    pub(crate) async fn deliveries(&self, alerts: Vec<i64>) -> Result<Vec<Delivery>, StoreError> {
        self.inner.store.read(move |connection| entries::deliveries(connection, &alerts)).await
    }

    /// Removes up to `most` alerts that ended before a time. Returns how many. Errors: [`StoreError`].
    pub(crate) async fn prune(&self, before: ChainTime, most: usize) -> Result<usize, StoreError> {
        self.inner.store.write(move |tx| apply::prune(tx, before, most)).await
    }

    /// Starts one delivery loop per sink, and the loops of heartbeats.
    pub(crate) fn start(&self, stop: watch::Receiver<bool>, health: &Health) -> Vec<JoinHandle<()>> {
        self.inner.stays.store(true, Ordering::Relaxed);
        let names = self.inner.sinks.iter().map(|sink| format!("alerts to {}", sink.name()));
        let tasks = names.enumerate().map(|(place, name)| {
            // Health needs names that live as long as the process; there is one for each sink.
            let beat = health.watch(name.leak(), LOOP_LIMIT);
            tokio::spawn(courier::run(self.inner.clone(), place, stop.clone(), beat))
        });
        let mut tasks: Vec<_> = tasks.collect();
        tasks.extend(heartbeat::start(&self.inner, &stop));
        tasks
    }

    /// Delivers what is due once, to all sinks at the same time. Returns how many messages were taken. Errors: [`StoreError`].
    pub(crate) async fn deliver_due(&self) -> Result<usize, StoreError> {
        let rounds = self.inner.sinks.iter().map(|sink| courier::drain(&self.inner, sink));
        let rounds: Vec<Result<usize, StoreError>> = join_all(rounds).await;
        rounds.into_iter().try_fold(0usize, |sum, round| Ok(sum.saturating_add(round?)))
    }
}

fn count(changes: &Changes) {
    for alert in &changes.raised {
        let rule = alert.rule.name().to_string();
        tracing::info!(alert = alert.id, rule, subject = %alert.subject, "raised");
        open_gauge(&rule, alert.severity).increment(1.0);
        metrics::counter!("blockable_keeper_alerts_total", "rule" => rule).increment(1);
    }
    for alert in &changes.cleared {
        open_gauge(alert.rule.name(), alert.severity).decrement(1.0);
        tracing::info!(alert = alert.id, rule = alert.rule.name(), subject = %alert.subject, "cleared");
    }
}

fn open_gauge(rule: &str, severity: Severity) -> metrics::Gauge {
    metrics::gauge!("blockable_keeper_alerts_open", "rule" => rule.to_string(), "severity" => severity.name())
}

pub(crate) fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
