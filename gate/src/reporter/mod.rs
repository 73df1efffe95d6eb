//! Signs what the gate has counted: one report per chunk of credits, on an interval and on demand, never two for one instant.
//!
//! A report is drafted, which means written and flushed with its digest, before its key signs it. So nothing is ever signed
//! that a crash could make the reporter forget: it signs the same bytes again, or a later instant.

mod feed;
mod round;
mod rows;
mod run;
mod status;

pub(crate) use round::REPORT_LAG_SECONDS;
use {
    crate::{Gate, StoreError},
    blockable_sdk::{
        Pubkey,
        keys::SigningKey,
        reports::{ReportPage, ReportRecord},
    },
    blockable_service::lock::lock,
    futures_util::future::join_all,
    round::{ReportingKey, SharedReport},
    std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    },
    tokio::{
        sync::{broadcast, watch},
        task::JoinHandle,
        time::{sleep, timeout},
    },
};
pub use {
    feed::Feed,
    status::{KeyState, KeyStatus},
};

/// Interval at which a reporter checks for a report that is due.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// Reports that a slow listener may be behind; it reads older ones from the store.
const LIVE_REPORTS: usize = 256;
/// Most reports in an answer.
pub const MAX_PAGE: u32 = 1_000;
/// Time that [`Reporters::stop`] waits for the last report, its signatures included.
const LAST_REPORT: Duration = Duration::from_secs(10);

/// The interval of reports and the time they are kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReporterConfig {
    /// Time between reports, at least a second.
    pub interval: Duration,
    /// Time for which reports are handed out after their instant; the last one of each chunk always is. About 200 bytes per credit
    /// and report.
    pub keep: Duration,
}

impl Default for ReporterConfig {
    /// Every 10 s, kept for an hour.
    fn default() -> Self {
        ReporterConfig { interval: Duration::from_secs(10), keep: Duration::from_secs(3_600) }
    }
}

/// Reasons for which reporters cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ReporterError {
    /// No key was given.
    #[error("there is no reporter key; configure at least one that the provider lists")]
    NoKey,
    /// A key was given twice.
    #[error("the reporter key {0} is configured twice; remove one")]
    RepeatedKey(Pubkey),
    /// An interval that is too short.
    #[error("the report interval is {} ms; make it at least 1 s", .0.as_millis())]
    Interval(Duration),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reporters of one provider that this process runs: a key each. Cheap to clone; all clones are the same reporters.
///
/// Each key has a task of its own, so that a key that fails or is slow keeps no other waiting. A key reports on rising
/// instants of the chain's clock, and never on one instant twice: a report's row is written and flushed before it is signed.
/// After a crash the row is either signed as it is or a later instant is reported on. Signed reports get rising numbers in
/// the order of their commits, under the lock `publishing`; they reach listeners only after their commit.
#[derive(Clone)]
pub struct Reporters {
    core: Arc<ReportersCore>,
}

/// The state that all clones of [`Reporters`] and their tasks share.
struct ReportersCore {
    gate: Gate,
    config: ReporterConfig,
    signers: Vec<ReportingKey>,
    /// The last signed report by epoch, reporter and chunk.
    latest: Mutex<BTreeMap<(u32, Pubkey, u32), SharedReport>>,
    last_seq: AtomicU64,
    /// Held while reports are numbered and handed out.
    publishing: tokio::sync::Mutex<()>,
    live: broadcast::Sender<SharedReport>,
    /// Set to end the loops.
    stopping: watch::Sender<bool>,
    /// Set once nothing more is signed.
    stopped: watch::Sender<bool>,
    loops: Mutex<Vec<JoinHandle<()>>>,
}

impl Reporters {
    /// Starts to report what a gate counts, with each of the keys on its own: one that fails or is slow keeps no other
    /// waiting. Errors: [`ReporterError`].
    pub async fn start(
        gate: Gate,
        keys: Vec<SigningKey>,
        config: ReporterConfig,
    ) -> Result<Reporters, ReporterError> {
        let reporters = Reporters::prepare(gate, keys, config).await?;
        let loops =
            (0..reporters.core.signers.len()).map(|number| tokio::spawn(run::run(reporters.clone(), number)));
        lock(&reporters.core.loops).extend(loops);
        Ok(reporters)
    }

    /// As [`Reporters::start`], with reports on demand only.
    pub(crate) async fn prepare(
        gate: Gate,
        keys: Vec<SigningKey>,
        config: ReporterConfig,
    ) -> Result<Reporters, ReporterError> {
        if keys.is_empty() {
            return Err(ReporterError::NoKey);
        }
        if config.interval < Duration::from_secs(1) {
            return Err(ReporterError::Interval(config.interval));
        }
        for (number, key) in keys.iter().enumerate() {
            if keys.iter().take(number).any(|earlier| earlier.public_key() == key.public_key()) {
                return Err(ReporterError::RepeatedKey(key.public_key()));
            }
        }
        let known =
            gate.write(|connection| Ok((rows::last_of_each(connection)?, rows::last_seq(connection)?)));
        let (known, last_seq) = known.await?;
        let ours = |record: &ReportRecord| keys.iter().any(|key| key.public_key() == record.reporter);
        let latest =
            known.into_iter().filter(ours).map(|record| (latest_key(&record), Arc::new(record))).collect();
        let core = ReportersCore {
            gate,
            config,
            signers: keys.into_iter().map(ReportingKey::new).collect(),
            latest: Mutex::new(latest),
            last_seq: AtomicU64::new(last_seq),
            publishing: tokio::sync::Mutex::new(()),
            live: broadcast::Sender::new(LIVE_REPORTS),
            stopping: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
            loops: Mutex::new(Vec::new()),
        };
        Ok(Reporters { core: Arc::new(core) })
    }

    /// Reports with every key, at most once a second, and returns the latest reports. What a key could not sign is missing
    /// or as it was; [`Reporters::status`] says why.
    pub async fn report_now(&self) -> Vec<ReportRecord> {
        let reporters = self.clone();
        // A task of its own: a caller that goes away must not leave a round half done.
        let task = tokio::spawn(async move {
            let core = &reporters.core;
            join_all(core.signers.iter().map(|signer| core.report(signer))).await;
        });
        if task.await.is_err() {
            tracing::error!("a report on demand did not end");
        }
        self.latest()
    }

    /// Reports with every key on an instant that a test chooses. Errors: the first of the keys that fails.
    #[cfg(test)]
    pub(crate) async fn report_at(
        &self,
        now: blockable_sdk::amounts::ChainTime,
    ) -> Result<Vec<ReportRecord>, KeyState> {
        let as_of = |gate: &Gate| round::clock_and_provider(gate).map(|(_, provider)| (now, provider));
        let reports = self.core.signers.iter().map(|signer| self.core.report_as_of(signer, as_of));
        for outcome in join_all(reports).await {
            outcome?;
        }
        Ok(self.latest())
    }

    /// The latest signed report of each reporter and chunk in the provider's epoch.
    pub fn latest(&self) -> Vec<ReportRecord> {
        let epoch = self.core.gate.provider().map(|provider| provider.epoch);
        let latest = lock(&self.core.latest);
        let epoch = epoch.or_else(|| latest.keys().next_back().map(|(epoch, ..)| *epoch));
        let current = latest.iter().filter(|((of, ..), _)| Some(*of) == epoch);
        current.map(|(_, record)| record.as_ref().clone()).collect()
    }

    /// The answer to `GET /v1/reports/latest`: the latest reports, of this second where they are to be `fresh`.
    pub async fn latest_page(&self, fresh: bool) -> ReportPage {
        // Before the reports: what comes meanwhile is handed out again rather than missed.
        let next = self.core.last_seq.load(Ordering::Acquire);
        let reports = if fresh { self.report_now().await } else { self.latest() };
        ReportPage { reports, next }
    }

    /// The answer to `GET /v1/reports?after=`: up to `most` reports after a number, in order, at most [`MAX_PAGE`]. A number
    /// that no report has reached counts as 0. Errors: [`StoreError`].
    pub async fn after(&self, seq: u64, most: u32) -> Result<ReportPage, StoreError> {
        let most = most.clamp(1, MAX_PAGE);
        let read = self.core.gate.write(move |connection| rows::after(connection, seq, most));
        let (from, reports) = read.await?;
        let next = reports.last().map_or(from, |last| last.seq);
        Ok(ReportPage { reports, next })
    }

    /// Listens to reports as they are signed, in the order of their numbers.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<ReportRecord>> {
        self.core.live.subscribe()
    }

    /// The events of `GET /v1/reports/stream`: the reports after a number (a client's `Last-Event-ID`), then those that
    /// come, none left out, until [`Reporters::stop`]. `None` for those that come alone.
    pub fn feed(&self, after: Option<u64>) -> Feed {
        Feed::new(self.clone(), after)
    }

    /// The status of each key, in the order in which they were given.
    pub fn status(&self) -> Vec<KeyStatus> {
        let status = |signer: &ReportingKey| {
            let last = lock(&signer.last);
            KeyStatus {
                reporter: signer.key.public_key(),
                state: last.state.clone(),
                reported_at: last.reported.map(|(reported_at, _)| reported_at),
                age: last.reported.map(|(_, at)| at.elapsed()),
            }
        };
        self.core.signers.iter().map(status).collect()
    }

    /// Signs a last report of all that was settled before the call, where the keys can within 10 s, and ends. Stop it before
    /// the gate is closed. A second call does nothing: another report would wait for a later instant of the chain's clock.
    pub async fn stop(&self) {
        if *self.core.stopped.borrow() {
            return;
        }
        self.core.stopping.send_replace(true);
        let loops = std::mem::take(&mut *lock(&self.core.loops));
        join_all(loops).await;
        let last = join_all(self.core.signers.iter().map(|signer| self.core.report_later(signer)));
        if timeout(LAST_REPORT, last).await.is_err() {
            tracing::error!(
                "the last reports could not all be signed in time; they follow after the next start"
            );
        }
        self.core.stopped.send_replace(true);
    }
}

/// The key of a report among the latest ones.
fn latest_key(record: &ReportRecord) -> (u32, Pubkey, u32) {
    (record.epoch, record.reporter, record.chunk)
}

impl ReportersCore {
    /// Shows a report that has been recorded to everybody.
    fn hand_out(&self, record: ReportRecord) {
        let record = Arc::new(record);
        lock(&self.latest).insert(latest_key(&record), record.clone());
        self.last_seq.store(record.seq, Ordering::Release);
        // Nobody may be listening.
        let _ = self.live.send(record);
    }

    /// Reports on an instant after the last one of a key, so that all that was counted before the call is in it.
    async fn report_later(&self, signer: &ReportingKey) {
        let reported = *signer.finished.lock().await;
        while let Ok(instant) = self.report(signer).await
            && reported.is_some_and(|(_, before)| before == instant)
        {
            sleep(POLL_EVERY).await;
        }
    }
}
