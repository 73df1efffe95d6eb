//! Watches the chain's readings, the lots and the alerts, and hands the changes to all streams.

use {
    super::batch::{AlertChange, Batch, Before, Record},
    crate::{
        alerts::Alerts,
        api::{credit_health::CreditHealth, state::AsOf},
        chain::Snapshot,
        health::Beat,
        lots::LotBook,
        store::{Store, StoreError},
        watch::Watch,
    },
    blockable_service::{hex, lock::lock},
    std::{
        collections::BTreeSet,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::{
        sync::{broadcast, watch},
        time::sleep,
    },
};

/// Batches that a stream may be behind before it is ended.
const BEHIND: usize = 256;
/// Longest wait for a reading, so that the loop's progress is seen.
const IDLE: Duration = Duration::from_secs(30);
/// Longest round before the loop counts as stalled.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// Hands the changes to all streams. Clones share it.
#[derive(Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    /// Names this process: the numbers of another one mean nothing here.
    run: String,
    /// Held while a batch is added and sent, so that a stream that begins misses none and gets none twice.
    record: Mutex<Record>,
    batches: Mutex<Option<broadcast::Sender<Arc<Batch>>>>,
}

/// The sources of changes.
pub(crate) struct Sources {
    pub(crate) snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(crate) lots: watch::Receiver<Option<Arc<LotBook>>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) alerts: Alerts,
    pub(crate) store: Store,
}

/// The beginning of a stream.
pub(super) struct Subscription {
    /// Batches that the client has missed.
    pub(super) missed: Vec<Arc<Batch>>,
    /// True where the client has missed nothing else.
    pub(super) resumed: bool,
    /// The number of the last batch so far.
    pub(super) last: u64,
    /// The batches from now on.
    pub(super) batches: broadcast::Receiver<Arc<Batch>>,
}

impl Hub {
    pub(crate) fn new() -> Hub {
        let run = hex::encode(rand::random::<[u8; 6]>());
        let (batches, _) = broadcast::channel(BEHIND);
        Hub { inner: Arc::new(Inner { run, record: Mutex::default(), batches: Mutex::new(Some(batches)) }) }
    }

    /// The id of the last event of a batch.
    pub(super) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.inner.run)
    }

    /// Begins a stream after the batch that an id names. `None` once the keeper stops.
    pub(super) fn subscribe(&self, last_id: Option<&str>) -> Option<Subscription> {
        let record = lock(&self.inner.record);
        let batches = lock(&self.inner.batches).as_ref()?.subscribe();
        let number = last_id.and_then(|id| id.split_once('-'));
        let number =
            number.filter(|(run, _)| *run == self.inner.run).and_then(|(_, number)| number.parse().ok());
        let missed = number.and_then(|number| record.after(number));
        let resumed = missed.is_some();
        Some(Subscription { missed: missed.unwrap_or_default(), resumed, last: record.last(), batches })
    }

    fn publish(&self, batch: Batch) {
        let mut record = lock(&self.inner.record);
        let batch = Arc::new(Batch { number: record.last().saturating_add(1), ..batch });
        record.push(batch.clone());
        if let Some(batches) = lock(&self.inner.batches).as_ref() {
            // There may be no stream.
            let _ = batches.send(batch);
        }
    }

    /// Publishes changes until `stop` is true. Then all streams end.
    pub(crate) async fn run(self, mut sources: Sources, mut stop: watch::Receiver<bool>, beat: Beat) {
        let mut before = Before::default();
        let mut open: Option<BTreeSet<i64>> = None;
        let mut raised = sources.alerts.changes();
        loop {
            beat.beat();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                changed = sources.snapshot.changed() => if changed.is_err() { break },
                changed = sources.lots.changed() => if changed.is_err() { break },
                changed = raised.changed() => if changed.is_err() { break },
                () = sleep(IDLE) => continue,
            }
            let Some(snapshot) = sources.snapshot.borrow_and_update().clone() else { continue };
            let colour = |measure: &_| CreditHealth::colour(measure) as u8;
            let credits = before.credits(&snapshot, &sources.watch.measures(), colour);
            let book = sources.lots.borrow_and_update().clone();
            let lots = book.map(|book| before.lots(&book.lots, &snapshot)).unwrap_or_default();
            raised.mark_unchanged();
            let alerts = match alert_changes(&sources.store, &mut open).await {
                Ok(alerts) => alerts,
                Err(error) => {
                    tracing::error!(%error, "the open alerts cannot be read; streams learn of them later");
                    Vec::new()
                }
            };
            self.publish(Batch { number: 0, as_of: AsOf::new(&snapshot), credits, lots, alerts });
        }
        // Streams end where nobody sends any more.
        lock(&self.inner.batches).take();
    }
}

/// Compares the open alerts with those before. The first reading changes nothing. Errors: [`StoreError`].
async fn alert_changes(
    store: &Store,
    open: &mut Option<BTreeSet<i64>>,
) -> Result<Vec<AlertChange>, StoreError> {
    let now: BTreeSet<i64> = store
        .read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM alerts WHERE cleared_at IS NULL")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await?;
    let Some(before) = open.replace(now.clone()) else { return Ok(Vec::new()) };
    let raised = now.difference(&before).map(|id| AlertChange { id: *id, raised: true });
    let cleared = before.difference(&now).map(|id| AlertChange { id: *id, raised: false });
    Ok(raised.chain(cleared).collect())
}
