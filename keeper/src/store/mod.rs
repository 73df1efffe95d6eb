//! The keeper's SQLite file. State that must survive is written here, and is on the disk before anything relies on it.

pub(crate) mod addresses;
mod backup;
mod check;
pub(crate) mod columns;
mod salvage;
mod schema;
mod size;

use {
    blockable_service::{
        lock::lock,
        private_file,
        sqlite::{OpeningFault, is_full},
    },
    rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior},
    std::{
        fs::File,
        io,
        path::{Path, PathBuf},
        sync::{Arc, Mutex},
    },
    tokio::task::spawn_blocking,
};

pub(crate) use {
    check::check,
    salvage::{Salvaged, salvage},
};

/// The name of the database in the folder.
const DATABASE: &str = "keeper.sqlite";
/// The folder with archives of old events, in that of the store.
pub(crate) const ARCHIVES: &str = "archive";

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
    /// A file with bytes that SQLite cannot have written.
    #[error("the store is damaged: {0}; stop the keeper and run `blockable-keeper store check`")]
    Damaged(String),
    /// SQLite failed.
    #[error("the store failed: {0}")]
    Sqlite(rusqlite::Error),
    /// A file of old records that is missing or damaged.
    #[error(
        "the archive {path} cannot be read: {reason}; stop the keeper and run `blockable-keeper store check`"
    )]
    Archive {
        /// The file.
        path: String,
        /// The fault in words.
        reason: String,
    },
    /// A row that cannot be read.
    #[error("the store has a row that this keeper cannot read: {0}")]
    Content(String),
    /// The thread that works on the store ended.
    #[error("a task of the store panicked; report this as a fault of the keeper")]
    Panicked,
}

/// True where a file has bytes that SQLite cannot have written.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            error if is_full(&error) => StoreError::Full,
            error if is_damage(&error) => StoreError::Damaged(error.to_string()),
            error => StoreError::Sqlite(error),
        }
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
    folder: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// The lock file, unlocked when dropped; `None` for a tool that runs at the same time as a keeper.
    _lock: Option<File>,
}

impl Store {
    /// Opens or creates the store in a folder, and locks it. Errors: [`StoreError`].
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let lock = lock_folder(folder)?;
        make_private(&folder.join(DATABASE)).map_err(|error| file_fault(folder, error))?;
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
            if is_damage(&error) {
                return StoreError::Damaged(format!("{path}: {error}"));
            }
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
        let (folder, writer, reader) = (folder.to_path_buf(), Mutex::new(writer), Mutex::new(reader));
        Ok(Store { inner: Arc::new(Inner { folder, writer, reader, _lock: lock }) })
    }

    /// The folder that it is in.
    pub(crate) fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Takes the store back to the layout of the keeper before this one; no record may be in an archive. Returns the version of that
    /// layout. Errors: [`StoreError`], with the store as it was.
    pub(crate) fn take_back(self) -> Result<u32, StoreError> {
        schema::back(&mut lock(&self.inner.writer), &self.inner.folder.join(DATABASE))
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

/// Takes the lock of a folder's store, and makes the folder where there is none. Errors: [`StoreError`].
fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    // The folder of archives is there for backups, also while nothing is old enough for it.
    std::fs::create_dir_all(folder.join(ARCHIVES)).map_err(|error| file_fault(folder, error))?;
    let path = folder.join("keeper.lock");
    // Whoever can open it can lock it, and no keeper would start.
    let lock = private_file::open(&path).map_err(|error| file_fault(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(StoreError::InUse { path: path.display().to_string() }),
    }
}

fn file_fault(path: &Path, error: io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), reason: error.to_string() }
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
mod tests;
