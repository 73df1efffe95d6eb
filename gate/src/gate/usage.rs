//! Reads the usage log, outside of the way of writes.

use {
    super::Gate,
    crate::{
        store::{StoreError, usage_page, usage_totals},
        usage::{UsageFilter, UsagePage, UsageTotal},
    },
    rusqlite::Connection,
};

impl Gate {
    /// Reads the store beside its writer: no settlement waits for it. Errors: [`StoreError`].
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let core = self.core.clone();
        let task = tokio::task::spawn_blocking(move || core.reader.read(work));
        // A task ends early only where the runtime is shut down.
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// A page of up to `most` records of the usage log after `cursor`, the oldest first; 0 begins at the oldest. Errors:
    /// [`StoreError`].
    pub async fn usage_page(
        &self,
        filter: UsageFilter,
        cursor: i64,
        most: usize,
    ) -> Result<UsagePage, StoreError> {
        self.read(move |connection| usage_page(connection, &filter, cursor, most)).await
    }

    /// Up to `most` totals by day, credit, model and API key, the earliest day first. Days count as a whole. Errors:
    /// [`StoreError`].
    pub async fn usage_totals(&self, filter: UsageFilter, most: u32) -> Result<Vec<UsageTotal>, StoreError> {
        self.read(move |connection| usage_totals(connection, &filter, most)).await
    }
}
