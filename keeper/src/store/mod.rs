//! The keeper's SQLite file. State that must survive is written here, and is on the disk before anything relies on it.

mod backup;
pub(crate) mod columns;
mod schema;

use {
    blockable_service::{
        lock::lock,
        private_file,
        sqlite::{OpeningFault, is_full},
    },
    rusqlite::{Connection, Transaction, TransactionBehavior},
    std::{
        fs::File,
        io,
        path::Path,
        sync::{Arc, Mutex},
    },
    tokio::task::spawn_blocking,
};

/// The name of the database in the folder.
const DATABASE: &str = "keeper.sqlite";

/// The reason for which the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("{path} is in use by another keeper; stop that one, or name another data_dir")]
    InUse {
        /// The lock file.
        path: String,
    },
    /// A file of another version, or of another program.
    #[error("{path} has layout version {found} and this keeper reads {known}; use the keeper that wrote it")]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
        /// The latest version known.
        known: u32,
    },
    /// A tool's store that no keeper has made yet.
    #[error("{path}: there is no store; run the keeper once")]
    Missing {
        /// The file.
        path: String,
    },
    /// A folder or file that cannot be opened.
    #[error("cannot open {path}: {reason}; name a data_dir that this program may write to")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The disk is full.
    #[error("the store is full; free disk space")]
    Full,
    /// SQLite failed.
    #[error("the store failed: {0}")]
    Sqlite(rusqlite::Error),
    /// A row that cannot be read.
    #[error("the store has a row that this keeper cannot read: {0}")]
    Content(String),
    /// The thread that works on the store ended.
    #[error("a task of the store panicked; report this as a fault of the keeper")]
    Panicked,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) { StoreError::Full } else { StoreError::Sqlite(error) }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Content(error.to_string())
    }
}

/// The open store. Clones share it.
///
/// It has two connections, each behind a lock: one writes, the other reads, and both work in threads for blocking calls. A write is
/// one transaction, on the disk once [`Store::write`] returns; a crash before leaves nothing of it. A lock file next to the
/// database is held for as long as a keeper has the store open: two processes on one store would each sign what the other has
/// signed already.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// The lock file, unlocked when dropped; `None` for a tool that runs at the same time as a keeper.
    _lock: Option<File>,
}

impl Store {
    /// Opens or creates the store in a folder, and locks it. Errors: [`StoreError`].
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let failed = |path: &Path, error: std::io::Error| StoreError::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let lock_path = folder.join("keeper.lock");
        // Whoever can open it can lock it, and no keeper would start.
        let lock = private_file::open(&lock_path).map_err(|error| failed(&lock_path, error))?;
        make_private(&folder.join(DATABASE)).map_err(|error| failed(folder, error))?;
        if lock.try_lock().is_err() {
            return Err(StoreError::InUse { path: lock_path.display().to_string() });
        }
        Store::connect(folder, Some(lock))
    }

    /// Opens the store without its lock, for a tool that changes single rows while a keeper may be running.
    /// Errors: [`StoreError`].
    pub fn open_unlocked(folder: &Path) -> Result<Store, StoreError> {
        let path = folder.join(DATABASE);
        if !path.exists() {
            return Err(StoreError::Missing { path: path.display().to_string() });
        }
        Store::connect(folder, None)
    }

    /// Copies whole tables from the store in another folder, on which a keeper may be running. Does nothing where there is none.
    /// Errors: [`StoreError`], [`StoreError::Version`] for a file of another layout.
    pub fn copy_tables(&self, folder: &Path, tables: &[&str]) -> Result<(), StoreError> {
        let path = folder.join(DATABASE);
        if !path.exists() {
            return Ok(());
        }
        let mut connection = lock(&self.inner.writer);
        connection.execute("ATTACH DATABASE ?1 AS other", [path.to_string_lossy()])?;
        let copied = copy(&mut connection, &path, tables);
        connection.execute("DETACH DATABASE other", [])?;
        copied
    }

    fn connect(folder: &Path, lock: Option<File>) -> Result<Store, StoreError> {
        let path = folder.join(DATABASE);
        let failed = |error: rusqlite::Error| {
            let path = path.display().to_string();
            match OpeningFault::from_error(&error) {
                OpeningFault::InUse => StoreError::InUse { path },
                OpeningFault::Full => StoreError::Full,
                OpeningFault::File(reason) => StoreError::File { path, reason },
            }
        };
        let mut writer = open_connection(&path).map_err(failed)?;
        schema::migrate(&mut writer, &path)?;
        let reader = open_connection(&path).map_err(failed)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(Store {
            inner: Arc::new(Inner { writer: Mutex::new(writer), reader: Mutex::new(reader), _lock: lock }),
        })
    }

    /// Runs `work` in one transaction. Once this returns `Ok`, its writes survive a loss of power.
    /// Errors: [`StoreError`], with nothing written.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        let task = spawn_blocking(move || {
            let mut connection = lock(&inner.writer);
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        });
        task.await.map_err(|_| StoreError::Panicked)?
    }

    /// Runs `work` on the connection that reads. Errors: [`StoreError`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        let task = spawn_blocking(move || {
            let connection = lock(&inner.reader);
            work(&connection)
        });
        task.await.map_err(|_| StoreError::Panicked)?
    }
}

fn copy(connection: &mut Connection, path: &Path, tables: &[&str]) -> Result<(), StoreError> {
    let version = |connection: &Connection, of: &str| {
        connection.pragma_query_value(Some(of), "user_version", |row| row.get::<_, u32>(0))
    };
    let (known, found) = (version(connection, "main")?, version(connection, "other")?);
    if found != known {
        return Err(StoreError::Version { path: path.display().to_string(), found, known });
    }
    // One transaction, so that all tables are of one moment.
    let transaction = connection.transaction()?;
    for table in tables {
        transaction.execute_batch(&format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM other.{table}"
        ))?;
    }
    transaction.commit()?;
    Ok(())
}

/// Takes the database from other users: it has transactions that wait, alerts and the addresses that they go to. SQLite gives the
/// files that it makes next to it the permissions of the first one. Errors: the system's.
fn make_private(path: &Path) -> io::Result<()> {
    private_file::prepare(path)?;
    for end in ["sqlite-wal", "sqlite-shm"] {
        private_file::take_from_others(&path.with_extension(end));
    }
    Ok(())
}

fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A database in memory for a module's tests.
#[cfg(test)]
pub(crate) fn in_memory() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection, Path::new("memory")).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_is_there_after_opening_again_and_one_process_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse { .. })));
        let insert = |name: &'static str| {
            move |tx: &Transaction| {
                tx.execute("INSERT INTO cursors VALUES (?1, 7)", [name])?;
                Ok(())
            }
        };
        store.write(insert("a")).await.unwrap();
        let failed = store
            .write(move |tx| {
                insert("b")(tx)?;
                Err::<(), _>(StoreError::Full)
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Full)));
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        let names: Vec<String> = store
            .read(|connection| {
                let mut rows = connection.prepare("SELECT name FROM cursors")?;
                Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap();
        assert_eq!(names, ["a"], "a transaction that fails writes nothing");
    }

    /// It has addresses and secrets of where alerts go, and a lock that another user can open would keep a keeper from starting.
    #[cfg(unix)]
    #[tokio::test]
    async fn no_other_user_reads_the_store_or_its_lock() {
        use std::{
            fs::{self, Permissions},
            os::unix::fs::PermissionsExt,
        };
        let folder = tempfile::tempdir().unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        for is_again in [false, true] {
            let store = Store::open(folder.path()).unwrap();
            store.write(|tx| Ok(tx.execute("REPLACE INTO cursors VALUES ('a', 7)", [])?)).await.unwrap();
            let modes = files().map(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777);
            assert_eq!(modes.collect::<Vec<_>>(), [0o600; 4], "{is_again}");
            // As an earlier keeper has left them.
            files().for_each(|file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap());
        }
    }

    #[tokio::test]
    async fn what_is_written_survives_a_loss_of_power() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let pragmas = |connection: &Connection| {
            let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((mode, number("synchronous")?, number("foreign_keys")?))
        };
        let full = ("wal".to_string(), 2, 1);
        assert_eq!(store.write(move |transaction| pragmas(transaction)).await.unwrap(), full);
        assert_eq!(store.read(pragmas).await.unwrap(), full);
    }

    #[tokio::test]
    async fn tables_are_copied_from_the_store_of_a_running_keeper() {
        let (running, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(running.path()).unwrap();
        let see = |tx: &Transaction| {
            tx.execute("INSERT INTO stalls VALUES (100, 160, 55)", [])?;
            Ok(tx.execute("INSERT INTO cursors VALUES ('source/a', 7)", [])?)
        };
        store.write(see).await.unwrap();
        let copy = Store::open(copied.path()).unwrap();
        copy.copy_tables(copied.path().join("nothing").as_path(), &["stalls"]).unwrap();
        copy.copy_tables(running.path(), &["stalls"]).unwrap();
        let seen = |connection: &Connection| {
            let stalls = connection.query_row("SELECT lost FROM stalls", [], |row| row.get::<_, i64>(0))?;
            let cursors =
                connection.query_row("SELECT count(*) FROM cursors", [], |row| row.get::<_, i64>(0))?;
            Ok((stalls, cursors))
        };
        assert_eq!(copy.read(seen).await.unwrap(), (55, 0));
        store.write(|tx| Ok(tx.pragma_update(None, "user_version", 9_999)?)).await.unwrap();
        let refused = copy.copy_tables(running.path(), &["stalls"]);
        assert!(matches!(refused, Err(StoreError::Version { found: 9_999, .. })));
    }

    #[tokio::test]
    async fn a_file_of_a_later_keeper_or_of_before_the_first_release_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        for version in [1, 9_999] {
            let connection = Connection::open(folder.path().join("keeper.sqlite")).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            drop(connection);
            let Err(StoreError::Version { found, .. }) = Store::open(folder.path()) else {
                panic!("version {version} is opened")
            };
            assert_eq!(found, version);
        }
    }

    #[test]
    fn a_store_that_cannot_be_opened_is_named_with_the_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keeper.sqlite");
        std::fs::write(&file, "a text that is longer than the header of a database ".repeat(9)).unwrap();
        for folder in [folder.path(), &file] {
            let error = Store::open(folder).map(drop).unwrap_err().to_string();
            assert!(error.contains("keeper.sqlite") && error.contains("name a data_dir"), "{error}");
        }
    }
}
