//! The gate's SQLite file: meters, open holds, the ledger of settled ones, signed freezes, reports and notices.
//!
//! One writer at a time: the file is locked for as long as a gate has it open.

mod rows;

pub use rows::{
    insert_hold, prune_ledger, read_cursor, remove_hold, settle_hold, settled_units, write_cursor,
};
use {
    crate::hold::Hold,
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::sqlite::{OpeningFault, is_full},
    rows::read_hold,
    rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior},
    std::{
        collections::HashMap,
        fs::{self, File},
        io::Write,
        path::{Path, PathBuf},
    },
};

/// The layout this code reads and writes. Version 1 was written before the first release, with columns of other names.
const VERSION: i64 = 2;

/// Bytes reserved in a second file, so that running jobs can still be settled once the disk is full.
const RESERVE_BYTES: u64 = 16 << 20;

const SCHEMA: &str = "
    CREATE TABLE meters (
        credit BLOB NOT NULL, credit_index INTEGER NOT NULL, cumulative INTEGER NOT NULL,
        PRIMARY KEY (credit, credit_index)
    ) WITHOUT ROWID;
    CREATE TABLE holds (
        id INTEGER PRIMARY KEY AUTOINCREMENT, credit BLOB NOT NULL, credit_index INTEGER NOT NULL, units INTEGER NOT NULL,
        reference TEXT NOT NULL, admitted_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
        settle_at_deadline INTEGER NOT NULL
    );
    CREATE TABLE ledger (
        hold INTEGER PRIMARY KEY, credit BLOB NOT NULL, credit_index INTEGER NOT NULL, units INTEGER NOT NULL,
        reference TEXT NOT NULL, settled_ms INTEGER NOT NULL
    );
    CREATE INDEX ledger_by_time ON ledger (settled_ms);
    CREATE TABLE freezes (
        signature BLOB PRIMARY KEY, transaction_bytes BLOB NOT NULL, lender BLOB NOT NULL, borrower BLOB NOT NULL,
        frozen INTEGER NOT NULL, last_valid_height INTEGER NOT NULL, received_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL, state TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE reports (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, reporter BLOB NOT NULL, epoch INTEGER NOT NULL,
        chunk INTEGER NOT NULL, reported_at INTEGER NOT NULL, digest BLOB NOT NULL, body TEXT NOT NULL,
        signature BLOB,
        UNIQUE (reporter, epoch, chunk, reported_at)
    );
    CREATE TABLE reported (
        credit BLOB NOT NULL, credit_index INTEGER NOT NULL, cumulative INTEGER NOT NULL,
        PRIMARY KEY (credit, credit_index)
    ) WITHOUT ROWID;
    CREATE TABLE notices (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, credit BLOB NOT NULL, body TEXT NOT NULL
    );
    CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// Errors of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("{path} is in use by another gate; stop that one, or name another file")]
    InUse {
        /// The file.
        path: String,
    },
    /// A file of another version, or of another program.
    #[error(
        "{path} has layout version {found} and this program reads {VERSION}; use the program that wrote it"
    )]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
    },
    /// The disk or the file's limit is full.
    #[error("the store is full; free disk space or raise its limit")]
    Full,
    /// SQLite failed.
    #[error("the store failed: {0}")]
    Sqlite(String),
    /// A folder or file that cannot be opened or made, or that is no store.
    #[error("cannot open {path}: {reason}; name a file of the store that this program may write to")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The store has been closed.
    #[error("the store is closed: the gate is shutting down")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) { StoreError::Full } else { StoreError::Sqlite(error.to_string()) }
    }
}

/// Names the file in a failure to open it.
fn opening_failed(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.display().to_string();
    match OpeningFault::from_error(&error) {
        OpeningFault::InUse => StoreError::InUse { path },
        OpeningFault::Full => StoreError::Full,
        OpeningFault::File(reason) => StoreError::File { path, reason },
    }
}

/// The state that a store has kept for a gate.
#[derive(Default)]
pub struct StoredState {
    /// Cumulative use by credit and index.
    pub meters: HashMap<(Pubkey, u32), Units>,
    /// Open holds.
    pub holds: Vec<Hold>,
    /// First number that no hold has had.
    pub next_hold: u64,
}

/// The gate's SQLite file, open and locked.
///
/// Owned by the thread of [`crate::writer::Writer`], which is the only one to use the connection. The file is locked until
/// the store is dropped: two gates on one file would count the same use twice. A second file of 16 MiB is
/// removed once the disk is full, so that running jobs can still be settled. Writes are transactions in WAL mode: a crash
/// leaves each of them whole or not at all.
pub struct Store {
    connection: Connection,
    reserve: PathBuf,
    /// Most pages the file may have; 0 for no limit.
    page_limit: u64,
    page_size: u64,
}

impl Store {
    /// Opens or creates a file, which may grow to `max_bytes`, and locks it. Errors: [`StoreError`].
    pub fn open(path: &Path, max_bytes: Option<u64>) -> Result<Store, StoreError> {
        let shown = || path.display().to_string();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| StoreError::File {
                path: folder.display().to_string(),
                reason: error.to_string(),
            })?;
        }
        let failed = |error| opening_failed(path, error);
        let connection = Connection::open(path).map_err(failed)?;
        // A process that has the file open keeps its lock: two gates would count the same use twice.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.set_prepared_statement_cache_capacity(64);
        let page_size = connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))?;
        let page_size = u64::try_from(page_size).unwrap_or(4_096).max(512);
        let page_limit = max_bytes.map_or(0, |bytes| (bytes / page_size).max(64));
        let reserve = path.with_extension("reserve");
        let mut store = Store { connection, reserve, page_limit, page_size };
        let found = store.version().map_err(failed)?;
        match found {
            0 => store.create().map_err(failed)?,
            VERSION => {}
            found => return Err(StoreError::Version { path: shown(), found }),
        }
        store.keep_reserve();
        Ok(store)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    }

    /// The connection.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Keeps space free for settlements. Returns whether there is enough.
    pub fn keep_reserve(&mut self) -> bool {
        let limit = i64::try_from(self.page_limit).unwrap_or(0);
        if self.page_limit > 0 {
            let pages = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let used = pages("page_count").and_then(|count| Ok(count - pages("freelist_count")?));
            // A little below the limit, so that it is not met again at once.
            if used.is_ok_and(|used| used >= limit - limit / 64) {
                return false;
            }
            if self.connection.pragma_update(None, "max_page_count", limit).is_err() {
                return false;
            }
        }
        let kept = fs::metadata(&self.reserve).is_ok_and(|file| file.len() >= RESERVE_BYTES);
        kept || write_zeros(&self.reserve).is_ok()
    }

    /// Removes the reserve, so that settlements can still be written.
    pub fn give_up_reserve(&mut self) {
        let _ = fs::remove_file(&self.reserve);
        if self.page_limit > 0 {
            let limit = self.page_limit.saturating_add(RESERVE_BYTES / self.page_size);
            let _ = self.connection.pragma_update(None, "max_page_count", i64::try_from(limit).unwrap_or(0));
        }
    }

    /// Reads meters and open holds. Errors: [`StoreError::Sqlite`].
    pub fn load(&self) -> Result<StoredState, StoreError> {
        let mut stored = StoredState::default();
        // A meter never falls below a value that was reported, even if its own row was lost.
        let mut meters = self.connection.prepare(
            "SELECT credit, credit_index, cumulative FROM meters UNION ALL SELECT credit, credit_index, cumulative FROM reported",
        )?;
        for row in meters.query_map([], |row| Ok(((read_key(row, 0)?, row.get(1)?), read_units(row, 2)?)))? {
            let (credit_and_index, cumulative) = row?;
            let meter: &mut Units = stored.meters.entry(credit_and_index).or_default();
            *meter = cumulative.max(*meter);
        }
        let mut holds = self.connection.prepare(
            "SELECT id, credit, credit_index, units, reference, admitted_ms, deadline_ms, settle_at_deadline FROM holds",
        )?;
        for hold in holds.query_map([], read_hold)? {
            stored.holds.push(hold?);
        }
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'holds'";
        let last = self.connection.query_row(sql, [], |row| read_u64(row, 0)).optional()?.unwrap_or(0);
        stored.next_hold = last.saturating_add(1);
        Ok(stored)
    }
}

fn write_zeros(path: &Path) -> std::io::Result<()> {
    let written = File::create(path).and_then(|mut file| {
        let zeros = vec![0; 1 << 20];
        for _ in 0..RESERVE_BYTES >> 20 {
            file.write_all(&zeros)?;
        }
        file.sync_all()
    });
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// A key from a column.
pub fn read_key(row: &Row, column: usize) -> rusqlite::Result<Pubkey> {
    let bytes: [u8; 32] = row.get(column)?;
    Ok(Pubkey::from(bytes))
}

/// SQLite's integers are signed: the bits are kept, so every unsigned value comes back as it was.
pub fn to_integer(value: u64) -> i64 {
    value.cast_signed()
}

/// The unsigned value that [`to_integer`] wrote.
pub fn read_u64(row: &Row, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// Units from a column that [`to_integer`] wrote.
pub fn read_units(row: &Row, column: usize) -> rusqlite::Result<Units> {
    read_u64(row, column).map(Units)
}
