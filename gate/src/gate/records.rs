//! The gate's writes and reads in the store, but for those of holds.

use {
    super::{Gate, now_ms},
    crate::{
        hold::HoldId,
        notice::{self, Notice},
        store::{self, StoreError},
        writer::{Durability, Writer},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::lock,
    tokio::sync::broadcast,
};

impl Gate {
    pub(super) fn writer(&self) -> Option<Writer> {
        lock::read(&self.core.writer).clone()
    }

    /// Writes to the store; see [`Writer::write`].
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer().ok_or(StoreError::Closed)?.write(work).await
    }

    /// Writes to the store so that it survives a loss of power.
    pub(crate) async fn write_for_good<T: Send + 'static>(
        &self,
        work: impl FnMut(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer().ok_or(StoreError::Closed)?.write_as(Durability::Power, work).await
    }

    /// The units settled for a hold, `None` where it was not settled. Errors: [`StoreError`].
    pub async fn settled(&self, id: HoldId) -> Result<Option<Units>, StoreError> {
        self.write(move |connection| store::settled_units(connection, id)).await
    }

    /// Records a notice to the parties of a credit and sends it to the listeners. Errors: [`StoreError`].
    pub async fn notify(&self, notice: Notice) -> Result<Notice, StoreError> {
        self.notify_with(notice, |_| Ok(())).await
    }

    /// As [`Gate::notify`], together with another write: both survive a loss of power, or neither is recorded.
    pub(crate) async fn notify_with(
        &self,
        notice: Notice,
        mut write: impl FnMut(&rusqlite::Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<Notice, StoreError> {
        let (record, at) = (notice.clone(), now_ms());
        let both = move |connection: &rusqlite::Connection| {
            write(connection)?;
            notice::insert(connection, &record, at)
        };
        let seq = self.write_for_good(both).await?;
        let notice = Notice { seq, at_ms: at, ..notice };
        // Nobody may be listening.
        let _ = self.core.notices.send(notice.clone());
        Ok(notice)
    }

    /// Listens to notices as they come; see [`Gate::notices_after`] for earlier ones.
    pub fn subscribe_notices(&self) -> broadcast::Receiver<Notice> {
        self.core.notices.subscribe()
    }

    /// Up to `most` notices after a number, in order. Errors: [`StoreError`].
    pub async fn notices_after(&self, seq: u64, most: u32) -> Result<Vec<Notice>, StoreError> {
        self.write(move |connection| notice::after(connection, seq, most)).await
    }

    /// Up to `most` notices of a credit after a number, in order. Errors: [`StoreError`].
    pub async fn notices_of(&self, credit: &Pubkey, seq: u64, most: u32) -> Result<Vec<Notice>, StoreError> {
        let credit = credit.to_string();
        self.read(move |connection| notice::of_credit(connection, &credit, seq, most)).await
    }

    /// A named position in the store, 0 where none was set. Errors: [`StoreError`].
    pub async fn cursor(&self, name: &str) -> Result<u64, StoreError> {
        let name = name.to_string();
        self.write(move |connection| store::read_cursor(connection, &name)).await
    }

    /// Sets a named position in the store. Errors: [`StoreError`].
    pub async fn set_cursor(&self, name: &str, value: u64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.write(move |connection| store::write_cursor(connection, &name, value)).await
    }
}
