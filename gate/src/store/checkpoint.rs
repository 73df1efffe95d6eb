//! Brings committed pages from the write-ahead log into the store's file, beside the writer.

use {
    super::{BUSY, StoreError},
    blockable_service::lock::lock,
    rusqlite::Connection,
    std::{path::Path, sync::Mutex},
};

/// A connection that only makes checkpoints. They flush the disk, which takes milliseconds: made by the writer, as SQLite does
/// it by itself, one in some dozens of settlements would wait for it. The writer still makes one where this one falls far behind.
pub(crate) struct Checkpointer {
    /// `None` once the store is closed.
    connection: Mutex<Option<Connection>>,
}

impl Checkpointer {
    /// Opens a store that exists. Errors: [`StoreError::Sqlite`].
    pub(crate) fn open(path: &Path) -> Result<Checkpointer, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        Ok(Checkpointer { connection: Mutex::new(Some(connection)) })
    }

    /// Brings over what no reader needs to find in the log. Blocks: call it where a thread may wait. Errors: [`StoreError`].
    pub(crate) fn run(&self) -> Result<(), StoreError> {
        let connection = lock(&self.connection);
        let connection = connection.as_ref().ok_or(StoreError::Closed)?;
        // It waits for no writer and no reader, and none waits for it.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Closes the connection. Waits for a checkpoint that runs.
    pub(crate) fn close(&self) {
        lock(&self.connection).take();
    }
}
