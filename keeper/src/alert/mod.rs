//! Tells the parties what matters to them.
//!
//! The [`desk`] turns signals into alerts, one open alert per rule and subject, and writes in the same transaction what
//! each sink is to be told. The [`outbox`] delivers that to webhooks and by mail, also after a restart.

mod desk;
mod email;
mod letters;
mod outbox;
mod record;
pub mod settings;
mod signal;
mod sink;
mod text;
mod webhook;

#[cfg(test)]
mod tests;

pub use {
    desk::{Open, Settled, Standing},
    letters::News,
    record::{Alert, Filter, PAGE_MAX, severity_name},
    settings::Settings,
    signal::{Level, Parties, Rule, Severity, Signal},
};

use {
    crate::{
        health::Health,
        store::{Store, StoreError},
    },
    blockable_service::secrets::SecretSourceError,
    futures_util::future::join_all,
    sink::{Audience, Sink},
    std::{
        sync::Arc,
        time::{Duration, SystemTime},
    },
    tokio::{sync::watch, task::JoinHandle},
};

/// Longest time that a delivery loop goes without going round: a delivery's deadline and some.
const LOOP_LIMIT: Duration = Duration::from_secs(90);

/// Why alerting cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// A secret cannot be had.
    #[error("the secret of {of}: {reason}")]
    Secret {
        /// What it is for.
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
    /// Mail is to be sent, and no server is named.
    #[error("there is an [[email_to]] and no [email]; add the mail server")]
    NoEmail,
    /// No HTTP client can be made.
    #[error("no HTTP client can be made: {0}; check the machine's TLS and DNS settings")]
    Http(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The alerts of a keeper. Clones share them.
#[derive(Clone)]
pub struct Alerts {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sinks: Vec<Sink>,
    audiences: Arc<[Audience]>,
    /// Raised whenever there is something to tell.
    news: watch::Sender<()>,
    /// This machine's clock, in Unix seconds.
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Alerts {
    /// Opens the alerts, and reads the secrets of their sinks. What waits for a sink that is no longer in the settings is given
    /// up. Errors: [`AlertError`].
    pub async fn open(store: Store, settings: &Settings) -> Result<Alerts, AlertError> {
        Alerts::with(store, Sink::all(settings)?, Box::new(unix_now)).await
    }

    async fn with(
        store: Store,
        sinks: Vec<Sink>,
        clock: Box<dyn Fn() -> i64 + Send + Sync>,
    ) -> Result<Alerts, AlertError> {
        let audiences: Arc<[Audience]> = sinks.iter().map(|sink| sink.audience.clone()).collect();
        let known = audiences.clone();
        let given_up = store.write(move |tx| letters::give_up_others(tx, &known)).await?;
        if given_up > 0 {
            tracing::warn!(given_up, "alerts waited for sinks that are no longer configured");
        }
        for (rule, severity, count) in store.read(desk::counts).await? {
            open_gauge(rule, severity).set(f64::from(count));
        }
        let news = watch::Sender::new(());
        Ok(Alerts { inner: Arc::new(Inner { store, sinks, audiences, news, clock }) })
    }

    /// Opens an alert for every signal that raises one where none is open, closes those that signals clear, and writes
    /// what is to be told. `now` is the time of the findings, in Unix seconds. Errors: [`StoreError`], with nothing changed.
    pub async fn settle(&self, signals: Vec<Signal>, now: i64) -> Result<Settled, StoreError> {
        self.settle_with(signals, now, |_, _| Vec::new()).await
    }

    /// As [`Alerts::settle`], with what `more` has to say of the alerts that are open and of the signals.
    pub async fn settle_with(
        &self,
        signals: Vec<Signal>,
        now: i64,
        more: impl FnOnce(&Open, &[Signal]) -> Vec<Signal> + Send + 'static,
    ) -> Result<Settled, StoreError> {
        // Most passes change nothing: that costs no write.
        let mut signals = desk::worst(signals);
        let read = move |connection: &_| {
            let open = desk::open(connection)?;
            signals.extend(more(&open, &signals));
            Ok(signals.into_iter().filter(|signal| desk::changes(signal, &open)).collect::<Vec<_>>())
        };
        let changes = self.inner.store.read(read).await?;
        if changes.is_empty() {
            return Ok(Settled::default());
        }
        let (audiences, written_at) = (self.inner.audiences.clone(), (self.inner.clock)());
        let write = self.inner.store.write(move |tx| desk::settle(tx, &changes, &audiences, now, written_at));
        let settled = write.await?;
        for alert in &settled.opened {
            metrics::counter!("blockable_keeper_alerts_total", "rule" => alert.rule.name()).increment(1);
            open_gauge(alert.rule, alert.severity).increment(1.0);
            tracing::info!(alert = alert.id, rule = %alert.rule, subject = %alert.subject, "raised");
        }
        for alert in &settled.closed {
            open_gauge(alert.rule, alert.severity).decrement(1.0);
            tracing::info!(alert = alert.id, rule = %alert.rule, subject = %alert.subject, "cleared");
        }
        self.inner.news.send_replace(());
        Ok(settled)
    }

    /// Alerts by a filter, newest first. Errors: [`StoreError`].
    pub async fn list(&self, filter: Filter) -> Result<Vec<Alert>, StoreError> {
        self.inner.store.read(move |connection| record::list(connection, &filter)).await
    }

    /// Forgets alerts that ended before a time, in Unix seconds. Returns how many. Errors: [`StoreError`].
    pub async fn prune(&self, before: i64) -> Result<usize, StoreError> {
        self.inner.store.write(move |tx| desk::prune(tx, before)).await
    }

    /// Starts one delivery loop per sink.
    pub fn start(&self, stop: watch::Receiver<bool>, health: &Health) -> Vec<JoinHandle<()>> {
        let names = self.inner.sinks.iter().map(|sink| format!("alerts to {}", sink.audience.sink));
        let tasks = names.enumerate().map(|(place, name)| {
            // Health knows loops by names that last; there are as many as sinks in the settings, once per process.
            let beat = health.watch(name.leak(), LOOP_LIMIT);
            tokio::spawn(outbox::run(self.inner.clone(), place, stop.clone(), beat))
        });
        tasks.collect()
    }

    /// Delivers once what is due, to all sinks at the same time. Returns how many were taken. Errors: [`StoreError`].
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
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

fn open_gauge(rule: Rule, severity: Severity) -> metrics::Gauge {
    metrics::gauge!("blockable_keeper_alerts_open", "rule" => rule.name(), "severity" => severity_name(severity))
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
