//! Reads the usage log, outside of the way of writes.

use {
    super::Gate,
    crate::{
        notice,
        store::{StoreError, usage_page, usage_totals},
        usage::{UsageFilter, UsagePage, UsageTotal},
    },
    blockable_sdk::Pubkey,
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

    /// The time from which on a credit's use is that of its borrower of today, in microseconds since 1970; `None` where it has
    /// always been, or for longer than notices are kept. Errors: [`StoreError`].
    pub async fn used_by_borrower_since(&self, credit: &Pubkey) -> Result<Option<i64>, StoreError> {
        let credit = credit.to_string();
        let at_ms = self.read(move |connection| notice::last_hand_over(connection, &credit)).await?;
        // The whole millisecond belongs to the borrower before: nobody signs in within the one of its hand-over.
        Ok(at_ms.map(|at_ms| at_ms.saturating_add(1).saturating_mul(1_000)))
    }

    /// Up to `most` totals by day, credit, model and API key, the earliest day first. Days count as a whole. Errors:
    /// [`StoreError`].
    pub async fn usage_totals(&self, filter: UsageFilter, most: u32) -> Result<Vec<UsageTotal>, StoreError> {
        self.read(move |connection| usage_totals(connection, &filter, most)).await
    }
}
