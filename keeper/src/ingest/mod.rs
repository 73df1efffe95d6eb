//! Takes in the reports that reporters sign.
//!
//! Each endpoint is read by a loop of its own. Reports are validated one by one, signatures included, outside of the store. Then
//! a whole page is compared with the known reports and written in one transaction, and only after that the shelf, which planning
//! reads, and the endpoint's cursor move. Counts are cumulative, so a report that comes twice or late does no harm.
//!
//! | module | content |
//! |---|---|
//! | `settings` | `[[reporter]]` and `[ingest]` |
//! | `validate` | accepts or refuses one report by itself |
//! | `compare` | compares a report with the latest one of its reporter |
//! | `batch` | writes a page of verified reports |
//! | `rows`, `evidence` | the tables |
//! | `shelf` | the latest reports, for planning |
//! | `endpoint` | requests with their bounds |
//! | `source`, `progress` | the loops, and their health |
//! | `silence` | reporters that are silent |

mod batch;
mod compare;
mod endpoint;
mod evidence;
mod progress;
mod rows;
mod settings;
mod shelf;
mod silence;
mod source;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod validate;

pub use shelf::Shelf;
use {
    crate::{
        chain::Snapshot,
        finding::Finding,
        health::Health,
        store::{Store, StoreError},
    },
    batch::ReportBatch,
    blockable_sdk::{Pubkey, amounts::ChainTime, reports::ReportRecord},
    blockable_service::lock::lock,
    endpoint::Endpoint,
    fail::fail_point,
    futures_util::future::join_all,
    progress::EndpointProgress,
    source::Source,
    state::IngestState,
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
pub(crate) use {
    batch::Taken,
    endpoint::SourceError,
    rows::remember_all,
    settings::{IngestSettings, SourceSettings},
    state::IngestToken,
    validate::{ReportRefusal, Validator, Verified},
};

/// Most reports validated and written at once.
const PAGE: usize = 500;
/// Most pages that one round reads of an endpoint: 200,000 reports.
const ROUND_PAGES: u32 = 400;
/// Longest time for one round.
const ROUND_LIMIT: Duration = Duration::from_secs(120);
/// Longest time between two rounds of the loop that supervises the endpoints.
const SUPERVISOR_LIMIT: Duration = Duration::from_secs(15);

/// The reports of a market. Clones share them.
///
/// The store is ahead of the memory: a page is written first, and then the shelf, the pending faults and the endpoint's cursor
/// follow. A crash in between leaves reports that are read once more, which changes nothing. `turn` is held from the comparison of
/// a page to its place on the shelf, so that two loops cannot accept contradicting reports. `state` is held for moments only and
/// never over an await. Faults stay pending until [`Ingest::acknowledge`]: asking for them changes nothing.
#[derive(Clone)]
pub struct Ingest {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    market: Pubkey,
    /// Held while a batch is compared and written, so that the next one sees it.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<IngestState>,
    /// True once a snapshot was taken in.
    has_chain: watch::Sender<bool>,
}

impl Ingest {
    /// Loads the stored reports of a market. Reports were verified before they were stored. Errors: [`StoreError`].
    pub async fn open(store: Store, market: Pubkey) -> Result<Ingest, StoreError> {
        let state = store.read(move |connection| IngestState::load(connection, &market)).await?;
        let turn = tokio::sync::Mutex::default();
        let (state, has_chain) = (Mutex::new(state), watch::Sender::new(false));
        Ok(Ingest { inner: Arc::new(Inner { store, market, turn, state, has_chain }) })
    }

    fn state(&self) -> MutexGuard<'_, IngestState> {
        lock(&self.inner.state)
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Returns the latest reports.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.state().shelf.clone()
    }

    /// Takes in a snapshot: reports are validated against the latest providers and clock.
    pub fn update_chain(&self, snapshot: Arc<Snapshot>) {
        self.state().update_chain(snapshot);
        self.inner.has_chain.send_replace(true);
    }

    /// Waits for the first snapshot.
    async fn wait_for_chain(&self) {
        // The sender lives as long as this.
        let _ = self.inner.has_chain.subscribe().wait_for(|has_chain| *has_chain).await;
    }

    /// Returns, as of the latest snapshot, whether each reporter is silent, and every fault that is not
    /// acknowledged. Changes nothing: a fault is returned again, also by the next process, until its token was given to
    /// [`Ingest::acknowledge`].
    pub fn findings(&self) -> (Vec<Finding>, IngestToken) {
        self.state().findings()
    }

    /// Takes note that the alerts on findings are stored. Errors: [`StoreError`]; the findings are then returned again.
    pub async fn acknowledge(&self, token: IngestToken) -> Result<(), StoreError> {
        let must_be_written = self.state().must_be_written(token.evidence);
        if must_be_written {
            self.inner.store.write(move |tx| state::write_acknowledged(tx, token.evidence)).await?;
        }
        self.state().acknowledge(token);
        Ok(())
    }

    /// Validates and stores reports of the market's providers. Once this returns, accepted reports survive a loss of power
    /// and is on the shelf. Before the first snapshot, every provider is unknown. Errors: [`StoreError`], with the
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
        all.refuse(ReportRefusal::Malformed, unreadable);
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
            taken.refuse(ReportRefusal::UnknownProvider, records.len());
            return Ok(taken);
        };
        let (market, clock) = (self.inner.market, chain.clock);
        let validation = spawn_blocking(move || validate_all(market, provider, &chain, records));
        let (verified, refused) = validation.await.map_err(|_| StoreError::Panicked)?;
        refused.into_iter().for_each(|why| taken.refuse(why, 1));
        if !verified.is_empty() {
            // A task of its own: were the caller to give up half way, the store would know more than the shelf.
            let ingest = self.clone();
            let written = tokio::spawn(async move { ingest.write(verified, clock).await });
            taken.absorb(written.await.map_err(|_| StoreError::Panicked)??);
        }
        Ok(taken)
    }

    async fn write(&self, verified: Vec<Verified>, clock: ChainTime) -> Result<Taken, StoreError> {
        let _turn = self.inner.turn.lock().await;
        let shelf = self.shelf();
        let write = self.inner.store.write(move |tx| ReportBatch::write(tx, &shelf, &verified, clock));
        let written = write.await?;
        fail_point!("ingest-after-store", |_| std::process::abort());
        let taken = written.taken.clone();
        self.state().take(written);
        Ok(taken)
    }

    /// Removes up to `most` digests of reports from before a time. Returns how many. Errors: [`StoreError`].
    pub(crate) async fn prune(&self, before: ChainTime, most: usize) -> Result<usize, StoreError> {
        self.inner.store.write(move |transaction| rows::prune(transaction, before, most)).await
    }

    /// Reads endpoints until `stop` is true or dropped. Health gets the loop `ingest` and the part `oracles`.
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
        let progress: Vec<Arc<EndpointProgress>> = sources.iter().map(EndpointProgress::new).collect();
        let beat = health.watch("ingest", SUPERVISOR_LIMIT);
        let supervisor = progress::supervise(progress.clone(), beat, health.clone());
        let mut tasks = vec![tokio::spawn(until(stop.clone(), supervisor))];
        for (settings, progress) in sources.into_iter().zip(progress) {
            let source = source::run(self.clone(), settings, progress);
            tasks.push(tokio::spawn(until(stop.clone(), source)));
        }
        tasks
    }

    /// Reads each endpoint once, to its last page. Returns the result by host; [`SourceError::Unfinished`] where that page was not
    /// reached, with the pages before it stored.
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
                let mut source = Source::new(self, &whole, &EndpointProgress::new(settings))?;
                let taken = source.pull().await?;
                if source.is_cut { Err(SourceError::Unfinished) } else { Ok(taken) }
            };
            (settings.host(), timeout(limit, pull).await.unwrap_or(Err(SourceError::Unfinished)))
        };
        join_all(sources.iter().map(read)).await
    }

    /// Requires that reports of a provider can be validated.
    fn require(&self, provider: &Pubkey) -> Result<(), SourceError> {
        let chain = self.state().chain().ok_or(SourceError::NoChain)?;
        match chain.providers.contains_key(provider) {
            true => Ok(()),
            false => Err(SourceError::UnknownProvider(*provider)),
        }
    }
}

/// Reads the first page of an endpoint and takes nothing in. Returns the number of reports on it. Errors: [`SourceError`].
pub(crate) async fn probe(settings: &SourceSettings) -> Result<usize, SourceError> {
    Ok(Endpoint::new(settings)?.page(0).await?.reports.len())
}

fn validate_all(
    market: Pubkey,
    expected: Option<Pubkey>,
    chain: &Snapshot,
    records: Vec<ReportRecord>,
) -> (Vec<Verified>, Vec<ReportRefusal>) {
    let (expected, providers) = (expected.as_ref(), &chain.providers);
    let validator = Validator { market: &market, expected, providers, clock: chain.clock };
    let (mut verified, mut refused) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        match validator.validate(record) {
            Ok(report) => verified.push(report),
            Err(reason) => refused.push(reason),
        }
    }
    (verified, refused)
}

/// Runs a task until `stop` is true or dropped.
async fn until(mut stop: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
