//! Reads the store beside its writer.

use {
    super::{BUSY, StoreError},
    blockable_service::lock::lock,
    rusqlite::Connection,
    std::{path::Path, sync::Mutex},
};

/// A second connection to the store that only reads. Its reads see what is committed and wait for no write; one read runs at a
/// time, on the thread that calls it.
pub(crate) struct StoreReader {
    /// `None` once the store is closed.
    connection: Mutex<Option<Connection>>,
}

impl StoreReader {
    /// Opens a store that exists. Errors: [`StoreError::Sqlite`].
    pub(crate) fn open(path: &Path) -> Result<StoreReader, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(StoreReader { connection: Mutex::new(Some(connection)) })
    }

    /// Reads. Blocks: call it where a thread may wait. Errors: [`StoreError`].
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = lock(&self.connection);
        let connection = connection.as_ref().ok_or(StoreError::Closed)?;
        Ok(work(connection)?)
    }

    /// Closes the connection. Waits for a read that runs.
    pub(crate) fn close(&self) {
        lock(&self.connection).take();
    }
}
