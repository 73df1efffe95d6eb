//! Copies of the store.

use {
    super::{DATABASE, Store, StoreError},
    blockable_service::private_file,
    rusqlite::{Connection, OpenFlags},
    std::path::Path,
};

impl Store {
    /// Copies the store in a folder to a new file that its owner alone can read, as of one moment; a keeper may be running on it. Returns
    /// the copy's size in bytes. Errors: [`StoreError`], with no copy left.
    pub fn back_up(folder: &Path, copy: &Path) -> Result<u64, StoreError> {
        let path = folder.join(DATABASE);
        if !path.exists() {
            return Err(StoreError::Missing { path: path.display().to_string() });
        }
        let failed = |reason: String| StoreError::File { path: copy.display().to_string(), reason };
        if copy.exists() {
            return Err(failed("it exists and is left alone".to_string()));
        }
        private_file::prepare(copy).map_err(|error| failed(error.to_string()))?;
        let written = write(&path, copy).and_then(|()| {
            private_file::sync_folder(copy).map_err(|error| failed(error.to_string()))?;
            std::fs::metadata(copy).map(|file| file.len()).map_err(|error| failed(error.to_string()))
        });
        if written.is_err() {
            // What was begun is of no use; the reason is told.
            let _ = std::fs::remove_file(copy);
        }
        written
    }
}

fn write(path: &Path, copy: &Path) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_copy_of_a_store_in_use_is_whole_and_overwrites_nothing() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = other.path().join("keeper.sqlite");
        assert!(matches!(Store::back_up(folder.path(), &copy), Err(StoreError::Missing { .. })));
        let store = Store::open(folder.path()).unwrap();
        store.write(|tx| Ok(tx.execute("INSERT INTO cursors VALUES ('a', 7)", [])?)).await.unwrap();
        assert!(Store::back_up(folder.path(), &copy).unwrap() > 0);
        let again = Store::back_up(folder.path(), &copy).unwrap_err().to_string();
        assert!(again.contains("it exists and is left alone"), "{again}");
        let copied = Store::open(other.path()).unwrap();
        let value = copied.read(|connection| {
            Ok(connection
                .query_row("SELECT value FROM cursors WHERE name = 'a'", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(value.await.unwrap(), 7);
    }
}
