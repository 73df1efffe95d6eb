//! Work on the store outside of the cycle: rows that are too old go, old records of metering move into archives, and the store and
//! its disk are measured.

use {
    crate::{
        alerts::Alerts,
        chain::Snapshot,
        daemon::Parts,
        history::archive,
        ingest::{Ingest, IngestSettings},
        land::journal,
        store::{Store, StoreError},
    },
    blockable_sdk::amounts::ChainTime,
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::watch,
        time::{sleep, timeout},
    },
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Pause between two rounds.
const EVERY: Duration = Duration::from_secs(600);
/// Pause between two measurements of the disk.
const MEASURE_EVERY: Duration = Duration::from_secs(30);
/// Most rows that go in one step: whoever else writes waits for no more than that.
const BATCH: usize = 500;
/// Pause between two steps, in which others write.
const PAUSE: Duration = Duration::from_millis(10);

/// The work on the store. A step that fails is taken again in the next round, and a crash leaves the rows that were not removed yet.
#[derive(Clone)]
pub(super) struct Housekeeping {
    store: Store,
    alerts: Alerts,
    ingest: Ingest,
    ingest_settings: IngestSettings,
    keep_days: i64,
    archive_after_days: i64,
}

impl Housekeeping {
    /// The work on the store of a keeper's parts.
    pub(super) fn new(parts: &Parts) -> Housekeeping {
        Housekeeping {
            store: parts.store.clone(),
            alerts: parts.alerts.clone(),
            ingest: parts.ingest.clone(),
            ingest_settings: parts.config.ingest,
            keep_days: parts.config.cycle.keep_days,
            archive_after_days: parts.config.history.archive_after_days,
        }
    }

    /// Makes rounds by the clock of the latest snapshot until `stop` is true. Before the first snapshot nothing is removed.
    pub(super) async fn run(
        self,
        mut latest: watch::Receiver<Option<Arc<Snapshot>>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let work = async {
            loop {
                let now = match latest.wait_for(Option::is_some).await {
                    Ok(snapshot) => snapshot.as_ref().map(|snapshot| snapshot.clock),
                    // The cycle has ended, and so will this.
                    Err(_) => return,
                };
                if let Some(now) = now
                    && let Err(error) = self.round(now).await
                {
                    tracing::error!(%error, "old rows of the store could not be removed");
                }
                sleep(EVERY).await;
            }
        };
        let measure = async {
            loop {
                self.measure().await;
                sleep(MEASURE_EVERY).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = measure => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Removes and archives all that is due at a time of the chain's clock, in small steps. Errors: [`StoreError`]; what is left
    /// is due again.
    pub(super) async fn round(&self, now: ChainTime) -> Result<(), StoreError> {
        let days_ago = |days: i64| now.plus_seconds(days.saturating_mul(DAY).saturating_neg());
        let before = days_ago(self.keep_days);
        let write = |prune: fn(&rusqlite::Connection, ChainTime, usize) -> Result<usize, StoreError>| {
            move || self.store.write(move |tx| prune(tx, before, BATCH))
        };
        in_steps("transactions", write(journal::prune_transactions)).await?;
        in_steps("intents", write(journal::prune_intents)).await?;
        in_steps("alerts", || self.alerts.prune(before, BATCH)).await?;
        let digests = self.ingest_settings.keep_from(now);
        in_steps("digests", || self.ingest.prune(digests, BATCH)).await?;
        let archived = days_ago(self.archive_after_days);
        while archive::archive_some(&self.store, archived, now).await? > 0 {
            sleep(PAUSE).await;
        }
        archive::sweep(&self.store).await?;
        Ok(())
    }

    /// Measures the store and the disk that it is on.
    async fn measure(&self) {
        let store = self.store.clone();
        let measured = tokio::task::spawn_blocking(move || (store.bytes(), store.disk_free_bytes()));
        // A disk that hangs must not hold up the end of the keeper.
        let Ok(Ok((bytes, free))) = timeout(MEASURE_EVERY, measured).await else { return };
        metrics::gauge!("blockable_keeper_store_bytes").set(bytes as f64);
        match free {
            Ok(free) => metrics::gauge!("blockable_keeper_disk_free_bytes").set(free as f64),
            Err(error) => tracing::warn!(%error, "the free space of the store's disk cannot be read"),
        }
    }
}

/// Takes steps until one removes less than it might have.
async fn in_steps<F: Future<Output = Result<usize, StoreError>>>(
    table: &'static str,
    step: impl Fn() -> F,
) -> Result<(), StoreError> {
    let mut removed = 0_usize;
    loop {
        let of_step = step().await?;
        removed = removed.saturating_add(of_step);
        if of_step < BATCH {
            break;
        }
        sleep(PAUSE).await;
    }
    if removed > 0 {
        metrics::counter!("blockable_keeper_removed_rows_total", "table" => table)
            .increment(u64::try_from(removed).unwrap_or(u64::MAX));
        tracing::info!(table, removed, "old rows of the store are removed");
    }
    Ok(())
}
