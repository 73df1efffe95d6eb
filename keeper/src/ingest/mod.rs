//! Takes in what reporters sign.
//!
//! Each endpoint is read by a loop of its own. A report is judged by itself, its signature included, outside of the store;
//! then a whole page is compared with what is known and written in one transaction, and only after that the shelf, which
//! planning reads, and the endpoint's cursor move. Values are cumulative, so what comes twice or late does no harm.
//!
//! | module | what |
//! |---|---|
//! | `settings` | `[[reporter]]` and `[ingest]` |
//! | `judge` | accepts or refuses one report |
//! | `batch` | compares a page with what is known, and writes it |
//! | `rows`, `evidence` | what is written |
//! | `shelf` | what planning reads |
//! | `endpoint` | requests with their bounds |
//! | `source`, `progress`, `backoff` | the loops and how they fare |
//! | `silence` | who is silent |

mod batch;
mod endpoint;
mod evidence;
mod judge;
mod progress;
mod rows;
mod settings;
mod shelf;
mod silence;
mod source;
mod state;
#[cfg(test)]
pub(crate) mod tests;

use {
    crate::{
        alert::Signal,
        chain::Snapshot,
        health::Health,
        store::{Store, StoreError},
    },
    batch::Batch,
    blockable_sdk::{Pubkey, reports::ReportRecord},
    blockable_service::lock::lock,
    endpoint::Endpoint,
    fail::fail_point,
    futures_util::future::join_all,
    progress::Progress,
    source::Source,
    state::State,
    std::{
        sync::{Arc, Mutex, MutexGuard},
        time::Duration,
    },
    tokio::{
        sync::watch,
        task::{JoinHandle, spawn_blocking},
        time::timeout,
    },
};
pub use {
    batch::Taken,
    endpoint::SourceError,
    evidence::{Evidence, Fault},
    judge::{Court, Fall, Refused, Standing, Verified, stand},
    settings::{IngestSettings, Limits, Mode, SourceSettings},
    shelf::Shelf,
    silence::{Due, Heard, SILENT_AFTER, heard},
    state::Token,
};

/// Most reports judged and written at once.
const PAGE: usize = 500;
/// Most pages that one round reads of an endpoint: 200,000 reports.
const ROUND_PAGES: u32 = 400;
/// Longest time for one round.
const ROUND_LIMIT: Duration = Duration::from_secs(120);
/// Most digests removed at once; other writers wait for no more than that many.
const PRUNED: u32 = 10_000;
/// Longest time for the loop that watches over the endpoints.
const SUPERVISOR_LIMIT: Duration = Duration::from_secs(15);

/// What has been taken in, and what takes in more. Clones share it.
#[derive(Clone)]
pub struct Ingest {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    market: Pubkey,
    /// Held while a batch is compared and written, so that the next one sees it.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Whether the chain has been seen.
    seen: watch::Sender<bool>,
}

impl Ingest {
    /// Loads what is stored of a market. Reports were verified before they were stored. Errors: [`StoreError`].
    pub async fn open(store: Store, market: Pubkey) -> Result<Ingest, StoreError> {
        let state = store.read(move |connection| State::load(connection, &market)).await?;
        let turn = tokio::sync::Mutex::default();
        let (state, seen) = (Mutex::new(state), watch::Sender::new(false));
        Ok(Ingest { inner: Arc::new(Inner { store, market, turn, state, seen }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.inner.state)
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The latest reports, as they are now.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.state().shelf.clone()
    }

    /// Takes note of the chain: reports are judged by the latest providers and clock that were seen.
    pub fn see_chain(&self, snapshot: Arc<Snapshot>) {
        self.state().see_chain(snapshot);
        self.inner.seen.send_replace(true);
    }

    /// Waits until the chain has been seen.
    async fn chain_seen(&self) {
        // The sender lives as long as this.
        let _ = self.inner.seen.subscribe().wait_for(|seen| *seen).await;
    }

    /// Returns, as of the chain that was seen last, whether each reporter is silent, and every fault that is not
    /// acknowledged. Changes nothing: a fault is returned again, also by the next process, until its token was given to
    /// [`Ingest::acknowledge`].
    pub fn findings(&self) -> (Vec<Signal>, Token) {
        self.state().findings()
    }

    /// Takes note that the alerts on findings are stored. Errors: [`StoreError`]; the findings are then returned again.
    pub async fn acknowledge(&self, token: Token) -> Result<(), StoreError> {
        let must_be_written = self.state().must_be_written(token.evidence);
        if must_be_written {
            self.inner.store.write(move |tx| state::write_acknowledged(tx, token.evidence)).await?;
        }
        self.state().acknowledge(token);
        Ok(())
    }

    /// Judges and stores reports of the market's providers. Once this returns, what was accepted survives a loss of power
    /// and is on the shelf. Before the chain has been seen, every provider is unknown. Errors: [`StoreError`], with the
    /// pages of 500 reports before it stored.
    pub async fn take(&self, records: Vec<ReportRecord>) -> Result<Taken, StoreError> {
        self.take_from(None, records, 0).await
    }

    async fn take_from(
        &self,
        provider: Option<Pubkey>,
        mut records: Vec<ReportRecord>,
        unreadable: usize,
    ) -> Result<Taken, StoreError> {
        let mut all = Taken::default();
        all.refuse(Refused::Malformed, unreadable);
        all.measure();
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(PAGE));
            let taken = self.take_page(provider, records).await?;
            taken.measure();
            all.absorb(taken);
            records = rest;
        }
        Ok(all)
    }

    async fn take_page(
        &self,
        provider: Option<Pubkey>,
        records: Vec<ReportRecord>,
    ) -> Result<Taken, StoreError> {
        let mut taken = Taken::default();
        let Some(chain) = self.state().chain() else {
            taken.refuse(Refused::UnknownProvider, records.len());
            return Ok(taken);
        };
        let (market, clock) = (self.inner.market, chain.clock.get());
        let judging = spawn_blocking(move || judge_all(market, provider, &chain, records));
        let (verified, refused) = judging.await.map_err(|_| StoreError::Panicked)?;
        refused.into_iter().for_each(|why| taken.refuse(why, 1));
        if !verified.is_empty() {
            // A task of its own: were the caller to give up half way, the store would know more than the shelf.
            let (ingest, settling) = (self.clone(), verified);
            let settled = tokio::spawn(async move { ingest.settle(settling, clock).await });
            taken.absorb(settled.await.map_err(|_| StoreError::Panicked)??);
        }
        Ok(taken)
    }

    async fn settle(&self, verified: Vec<Verified>, clock: i64) -> Result<Taken, StoreError> {
        let _turn = self.inner.turn.lock().await;
        let shelf = self.shelf();
        let write = self.inner.store.write(move |tx| Batch::write(tx, &shelf, &verified, clock));
        let written = write.await?;
        fail_point!("ingest-after-store", |_| std::process::abort());
        let taken = written.taken.clone();
        self.state().take(written);
        Ok(taken)
    }

    /// Removes digests of reports from before a Unix time. Errors: [`StoreError`].
    pub async fn prune(&self, before: i64) -> Result<(), StoreError> {
        let prune = || self.inner.store.write(move |transaction| rows::prune(transaction, before, PRUNED));
        while prune().await? >= PRUNED as usize {}
        Ok(())
    }

    /// Reads endpoints until `stop` says so or is dropped. Health hears of the loop `ingest` and of the part `oracles`.
    pub(crate) fn start(
        &self,
        sources: Vec<SourceSettings>,
        stop: watch::Receiver<bool>,
        health: &Health,
    ) -> Vec<JoinHandle<()>> {
        if sources.is_empty() {
            return Vec::new();
        }
        self.state().wait_for(&sources);
        let progress: Vec<Arc<Progress>> = sources.iter().map(Progress::new).collect();
        let beat = health.watch("ingest", SUPERVISOR_LIMIT);
        let supervisor = progress::supervise(progress.clone(), beat, health.clone());
        let mut tasks = vec![tokio::spawn(until(stop.clone(), supervisor))];
        for (settings, progress) in sources.into_iter().zip(progress) {
            let source = source::run(self.clone(), settings, progress);
            tasks.push(tokio::spawn(until(stop.clone(), source)));
        }
        tasks
    }

    /// Reads each endpoint once, to its last page. Returns what came of it, by host; [`SourceError::Unfinished`] where that
    /// page was not reached, with what was read stored.
    pub async fn round(&self, sources: &[SourceSettings]) -> Vec<(String, Result<Taken, SourceError>)> {
        self.round_within(sources, ROUND_PAGES, ROUND_LIMIT).await
    }

    async fn round_within(
        &self,
        sources: &[SourceSettings],
        pages: u32,
        limit: Duration,
    ) -> Vec<(String, Result<Taken, SourceError>)> {
        self.state().wait_for(sources);
        let read = async |settings: &SourceSettings| {
            let mut whole = settings.clone();
            whole.limits.pages = pages;
            let pull = async {
                let mut source = Source::new(self, &whole, &Progress::new(settings))?;
                let taken = source.pull().await?;
                if source.is_cut { Err(SourceError::Unfinished) } else { Ok(taken) }
            };
            (settings.host(), timeout(limit, pull).await.unwrap_or(Err(SourceError::Unfinished)))
        };
        join_all(sources.iter().map(read)).await
    }

    /// Requires that reports of a provider can be judged.
    fn require(&self, provider: &Pubkey) -> Result<(), SourceError> {
        let chain = self.state().chain().ok_or(SourceError::NoChain)?;
        match chain.providers.contains_key(provider) {
            true => Ok(()),
            false => Err(SourceError::UnknownProvider(*provider)),
        }
    }
}

/// Reads the first page of an endpoint and takes nothing in. Returns how many reports are on it. Errors: [`SourceError`].
pub async fn probe(settings: &SourceSettings) -> Result<usize, SourceError> {
    Ok(Endpoint::new(settings)?.page(0).await?.reports.len())
}

fn judge_all(
    market: Pubkey,
    expected: Option<Pubkey>,
    chain: &Snapshot,
    records: Vec<ReportRecord>,
) -> (Vec<Verified>, Vec<Refused>) {
    let (expected, providers) = (expected.as_ref(), &chain.providers);
    let court = Court { market: &market, expected, providers, clock: chain.clock.get() };
    let (mut verified, mut refused) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        match court.judge(record) {
            Ok(report) => verified.push(report),
            Err(why) => refused.push(why),
        }
    }
    (verified, refused)
}

/// Runs a task until it is told to stop, or whoever would tell it is gone.
async fn until(mut stop: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
