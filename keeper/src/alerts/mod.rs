//! Alerts: messages to lenders, borrowers and the operator.
//!
//! | module | content |
//! |---|---|
//! | `rules` | the table of rules, their configuration, and the evaluation of findings |
//! | `text` | what an alert says, one function per rule |
//! | `apply` | raises and clears alerts, at most one open for each rule and subject |
//! | `record` | alerts as they are stored |
//! | `entries`, `outbox` | outbox entries and their delivery, also after a restart |
//! | `sink`, `webhook`, `email`, `message` | destinations, and the messages they get |
//! | `settings` | the configuration |

mod apply;
mod email;
mod entries;
mod message;
mod outbox;
mod record;
mod rules;
pub(crate) mod settings;
mod severity;
mod sink;
mod text;
mod webhook;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use {
    crate::finding::Rule,
    apply::Changes,
    record::{Alert, AlertFilter},
    rules::{Level, Rules, Subjects},
    settings::AlertSettings,
    severity::Severity,
    sink::Subscription,
    text::Text,
};

use {
    crate::{
        finding::Finding,
        health::Health,
        store::{Store, StoreError},
    },
    apply::AlertRequest,
    blockable_sdk::{Pubkey, amounts::ChainTime},
    blockable_service::secrets::SecretSourceError,
    futures_util::future::join_all,
    rules::Evaluated,
    sink::Sink,
    std::{
        collections::{BTreeSet, HashSet},
        sync::Arc,
        time::{Duration, SystemTime},
    },
    tokio::{sync::watch, task::JoinHandle},
};

/// Longest time of one round of a delivery loop: a delivery's deadline, and some more.
const LOOP_LIMIT: Duration = Duration::from_secs(90);

/// A reason for which alerting cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// A secret that cannot be read.
    #[error("the secret of {of}: {reason}")]
    Secret {
        /// The sink that it is for.
        of: String,
        /// The reason.
        #[source]
        reason: SecretSourceError,
    },
    /// A mail server that cannot be used.
    #[error("mail server {host}: {reason}; correct email.host")]
    Email {
        /// The server.
        host: String,
        /// The reason.
        reason: String,
    },
    /// Mail without a server.
    #[error("there is an [[email_to]] and no [email]; add the mail server")]
    NoEmail,
    /// An HTTP client that cannot be set up.
    #[error("no HTTP client can be set up: {0}; check the machine's TLS and DNS settings")]
    Http(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The alerts of a keeper. Clones share them.
///
/// All state is in the store: the tables `alerts` and `outbox`. An alert and its outbox entries are written in one transaction, so
/// a crash leaves either both or nothing; a message that was sent right before a crash is sent once more. A part that finds something
/// once keeps it until [`Alerts::apply`] has returned. Each sink has a loop of its own, and a lock that keeps a second
/// round from sending the same entry.
#[derive(Clone)]
pub(crate) struct Alerts {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sinks: Vec<Sink>,
    subscriptions: Arc<[Subscription]>,
    rules: Arc<Rules>,
    /// Wakes the delivery loops when alerts were raised or cleared.
    changed: watch::Sender<()>,
    /// This machine's clock, in Unix seconds.
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Alerts {
    /// Opens the alerts, and reads the secrets of their sinks. Entries for sinks that are no longer configured are given up.
    /// Errors: [`AlertError`].
    pub(crate) async fn open(store: Store, settings: &AlertSettings) -> Result<Alerts, AlertError> {
        let rules = settings.rules.clone();
        Alerts::with(store, rules, Sink::open_all(settings)?, Box::new(unix_now)).await
    }

    async fn with(
        store: Store,
        rules: Rules,
        sinks: Vec<Sink>,
        clock: Box<dyn Fn() -> i64 + Send + Sync>,
    ) -> Result<Alerts, AlertError> {
        let subscriptions: Arc<[Subscription]> = sinks.iter().map(|sink| sink.subscription.clone()).collect();
        let known = subscriptions.clone();
        let given_up = store.write(move |tx| entries::give_up_others(tx, &known)).await?;
        if given_up > 0 {
            tracing::warn!(given_up, "alerts waited for sinks that are no longer configured");
        }
        for (rule, severity, count) in store.read(apply::counts).await? {
            open_gauge(rule, severity).set(f64::from(count));
        }
        let (changed, rules) = (watch::Sender::new(()), Arc::new(rules));
        Ok(Alerts { inner: Arc::new(Inner { store, sinks, subscriptions, rules, changed, clock }) })
    }

    /// Raises and clears the alerts that findings ask for, and writes the outbox entries for them. `now` is the time of the
    /// findings. Errors: [`StoreError`], with nothing changed.
    pub(crate) async fn apply(&self, findings: Vec<Finding>, now: ChainTime) -> Result<Changes, StoreError> {
        self.apply_with(findings, None, now).await
    }

    /// As [`Alerts::apply`], for findings that were made without the chain: their time is that of this machine's clock.
    /// Errors: [`StoreError`], with nothing changed.
    pub(crate) async fn apply_now(&self, findings: Vec<Finding>) -> Result<Changes, StoreError> {
        let now = ChainTime((self.inner.clock)());
        self.apply_with(findings, None, now).await
    }

    /// As [`Alerts::apply`], for all findings of a cycle that has seen `subjects`: open alerts on which nothing was found end as
    /// their rules say. Errors: [`StoreError`], with nothing changed.
    pub(crate) async fn apply_cycle(
        &self,
        findings: Vec<Finding>,
        subjects: Subjects,
        now: ChainTime,
    ) -> Result<Changes, StoreError> {
        self.apply_with(findings, Some(subjects), now).await
    }

    async fn apply_with(
        &self,
        findings: Vec<Finding>,
        subjects: Option<Subjects>,
        now: ChainTime,
    ) -> Result<Changes, StoreError> {
        let rules = self.inner.rules.clone();
        // Most cycles change nothing: that costs no write.
        let request = self.inner.store.read(move |connection| {
            let open = apply::read_open(connection)?;
            let evaluated = findings.into_iter().map(|finding| Evaluated::new(finding, &rules));
            // Nearly all findings say that nothing is wrong where no alert is open: those are many, and change nothing.
            let matters =
                |found: &Evaluated| open.contains_key(&found.key()) || apply::is_change(found, &open);
            let evaluated = evaluated.filter(matters);
            let mut evaluated = apply::worst(evaluated);
            let found: HashSet<_> = evaluated.iter().map(Evaluated::key).collect();
            let ended = subjects.map(|subjects| rules::ended(&open, &found, &rules, &subjects, now));
            evaluated.retain(|found| apply::is_change(found, &open));
            Ok(AlertRequest { evaluated, ended: ended.unwrap_or_default() })
        });
        let request = request.await?;
        if request.evaluated.is_empty() && request.ended.is_empty() {
            return Ok(Changes::default());
        }
        let (subscriptions, written_at) = (self.inner.subscriptions.clone(), (self.inner.clock)());
        let store = &self.inner.store;
        let write = store.write(move |tx| apply::apply(tx, &request, &subscriptions, now, written_at));
        let changes = write.await?;
        count(&changes);
        self.inner.changed.send_replace(());
        Ok(changes)
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

    /// Removes up to `most` alerts that ended before a time. Returns how many. Errors: [`StoreError`].
    pub(crate) async fn prune(&self, before: ChainTime, most: usize) -> Result<usize, StoreError> {
        self.inner.store.write(move |tx| apply::prune(tx, before, most)).await
    }

    /// Starts one delivery loop per sink.
    pub(crate) fn start(&self, stop: watch::Receiver<bool>, health: &Health) -> Vec<JoinHandle<()>> {
        let names = self.inner.sinks.iter().map(|sink| format!("alerts to {}", sink.name()));
        let tasks = names.enumerate().map(|(place, name)| {
            // Health needs names that live as long as the process; there is one for each sink.
            let beat = health.watch(name.leak(), LOOP_LIMIT);
            tokio::spawn(outbox::run(self.inner.clone(), place, stop.clone(), beat))
        });
        tasks.collect()
    }

    /// Delivers the entries that are due once, to all sinks at the same time. Returns how many were taken. Errors: [`StoreError`].
    pub(crate) async fn deliver_due(&self) -> Result<usize, StoreError> {
        let rounds = self.inner.sinks.iter().map(|sink| async {
            let mut delivered = 0usize;
            loop {
                let round = outbox::round(&self.inner, sink, || {}, || false).await?;
                delivered = delivered.saturating_add(round.delivered);
                if !round.more {
                    return Ok(delivered);
                }
            }
        });
        let rounds: Vec<Result<usize, StoreError>> = join_all(rounds).await;
        rounds.into_iter().try_fold(0usize, |sum, round| Ok(sum.saturating_add(round?)))
    }
}

fn count(changes: &Changes) {
    for alert in &changes.raised {
        metrics::counter!("blockable_keeper_alerts_total", "rule" => alert.rule.name()).increment(1);
        open_gauge(alert.rule, alert.severity).increment(1.0);
        tracing::info!(alert = alert.id, rule = %alert.rule, subject = %alert.subject, "raised");
    }
    for alert in &changes.cleared {
        open_gauge(alert.rule, alert.severity).decrement(1.0);
        tracing::info!(alert = alert.id, rule = %alert.rule, subject = %alert.subject, "cleared");
    }
}

fn open_gauge(rule: Rule, severity: Severity) -> metrics::Gauge {
    metrics::gauge!("blockable_keeper_alerts_open", "rule" => rule.name(), "severity" => severity.name())
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
