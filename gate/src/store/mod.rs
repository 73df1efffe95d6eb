//! The gate's SQLite file: meters, open holds, the usage log, signed freezes, reports, notices and the credits as last noticed.
//!
//! One gate at a time: a file next to it is locked for as long as a gate has it open. Others may read it meanwhile.

mod answers;
mod backup;
mod checkpoint;
mod error;
mod owner;
mod reader;
mod restore;
mod rows;
mod schema;
mod usage;

use {
    crate::{
        hold::{AtDeadline, Hold},
        usage::JobFigures,
    },
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::private_file,
    error::{file_failed, opening_failed},
    rows::read_hold,
    rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior},
    schema::{SCHEMA, VERSION},
    std::{
        collections::HashMap,
        fs::{self, File},
        io::Write,
        path::{Path, PathBuf},
        time::Duration,
    },
};
pub use {
    answers::{KeptBytes, find_answer, keep_answer, prune_answers, read_text, write_text},
    backup::{BackupMark, back_up},
    error::StoreError,
    restore::{KnownUse, RaisedMeter, RestoreOrder, Restored, restore},
    rows::{insert_hold, read_cursor, release_hold, remove_hold, settle_hold, write_cursor},
    usage::{prune_totals, prune_usage, settled_units, usage_page, usage_totals},
};
pub(crate) use {checkpoint::Checkpointer, reader::StoreReader, restore::NOT_BEFORE};

/// Time that a connection waits for another one of the same file. Readers and the writer do not wait for each other.
const BUSY: Duration = Duration::from_secs(5);

/// Pages of the write-ahead log from which on the writer makes a checkpoint itself, far more than [`Checkpointer`] leaves.
const LATE_CHECKPOINT_PAGES: i64 = 16_384;

/// Bytes reserved in a second file, so that running jobs can still be settled once the disk is full.
const RESERVE_BYTES: u64 = 16 << 20;

/// Bodies of kept answers that make room for settlements at a time.
const DROPPED_AT_ONCE: u32 = 64;

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
/// Owned by the thread of [`crate::writer::Writer`], which is the only one to use the connection. A file next to it is locked until
/// the store is dropped: two gates on one file would count the same use twice. A second file of 16 MiB is
/// removed once the disk is full, so that running jobs can still be settled. Writes are transactions in WAL mode: a crash
/// leaves each of them whole or not at all, and other connections read without waiting for them.
pub struct Store {
    connection: Connection,
    /// Unlocked when it is dropped, after the connection.
    _lock: File,
    reserve: PathBuf,
    /// Most pages the file may have; 0 for no limit.
    page_limit: u64,
    page_size: u64,
}

impl Store {
    /// Opens or creates a file, which may grow to `max_bytes`, and locks it. Errors: [`StoreError`].
    pub fn open(path: &Path, max_bytes: Option<u64>) -> Result<Store, StoreError> {
        let shown = || path.display().to_string();
        make_folder(path)?;
        let lock = lock_file(path)?;
        let failed = |error| opening_failed(path, error);
        make_private(path)?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "wal_autocheckpoint", LATE_CHECKPOINT_PAGES)?;
        connection.set_prepared_statement_cache_capacity(64);
        let page_size = connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))?;
        let page_size = u64::try_from(page_size).unwrap_or(4_096).max(512);
        let page_limit = max_bytes.map_or(0, |bytes| (bytes / page_size).max(64));
        let reserve = path.with_extension("reserve");
        let mut store = Store { connection, _lock: lock, reserve, page_limit, page_size };
        let found = store.version().map_err(failed)?;
        match found {
            0 => store.create().map_err(failed)?,
            VERSION => {}
            found => return Err(StoreError::Version { path: shown(), found }),
        }
        if store.is_backup().map_err(failed)? {
            return Err(StoreError::Backup { path: shown() });
        }
        store.keep_reserve();
        Ok(store)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    fn is_backup(&self) -> rusqlite::Result<bool> {
        self.connection.prepare("SELECT 1 FROM copies")?.exists([])
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

    /// Drops some of the bodies of kept answers where the file has little room left: they can be had anew, and settlements cannot.
    pub fn drop_answers(&mut self) {
        let pages = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (limit, reserve) =
            (self.page_limit.cast_signed(), (RESERVE_BYTES / self.page_size).cast_signed());
        let is_short = pages("page_count").and_then(|count| {
            let free = pages("freelist_count")?;
            Ok(match limit {
                0 => free < reserve,
                limit => count - free >= limit - limit / 32,
            })
        });
        if is_short.unwrap_or(false)
            && let Err(error) = answers::drop_bodies(&self.connection, DROPPED_AT_ONCE)
        {
            tracing::warn!(%error, "kept answers could not be dropped for settlements");
        }
    }

    /// Removes the reserve, so that settlements can still be written.
    pub fn give_up_reserve(&mut self) {
        let _ = fs::remove_file(&self.reserve);
        if self.page_limit > 0 {
            let limit = self.page_limit.saturating_add(RESERVE_BYTES / self.page_size);
            let _ = self.connection.pragma_update(None, "max_page_count", i64::try_from(limit).unwrap_or(0));
        }
    }

    /// Ends the holds of jobs that ran in the process that had the store before. Returns their number. Errors:
    /// [`StoreError`], with nothing changed.
    pub fn end_jobs_of_dead_process(&mut self, now_us: i64) -> Result<usize, StoreError> {
        let dead: Vec<Hold> = self.load()?.holds;
        let dead = dead.into_iter().filter(|hold| hold.at_deadline == AtDeadline::ReturnWithProcess);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut ended = 0;
        for hold in dead {
            release_hold(&transaction, &hold, JobFigures::without_tokens("restart"), now_us)?;
            ended += 1;
        }
        transaction.commit()?;
        Ok(ended)
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
            "SELECT id, credit, credit_index, units, reference, admitted_ms, deadline_ms, at_deadline, model, api_key
             FROM holds",
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

/// Makes the folder of a store. Errors: [`StoreError::File`].
fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| file_failed(folder, &error))
}

/// Takes the store from other users: it has customers' answers and all of their use. SQLite gives the files that it makes next to it
/// the permissions of the first one. Errors: [`StoreError::File`].
fn make_private(path: &Path) -> Result<(), StoreError> {
    private_file::prepare(path).map_err(|error| file_failed(path, &error))?;
    for end in ["-wal", "-shm"] {
        let mut path = path.as_os_str().to_os_string();
        path.push(end);
        private_file::take_from_others(Path::new(&path));
    }
    private_file::take_from_others(&path.with_extension("reserve"));
    Ok(())
}

/// Locks a store against other gates. Errors: [`StoreError::InUse`], [`StoreError::File`].
fn lock_file(path: &Path) -> Result<File, StoreError> {
    let lock_path = path.with_extension("lock");
    // Whoever can open it can lock it, and no gate would start.
    let lock = private_file::open(&lock_path).map_err(|error| file_failed(&lock_path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(StoreError::InUse { path: path.display().to_string() }),
    }
}

/// Locks a store whose lock is there, and makes none. Errors: as [`lock_file`].
fn lock_present(path: &Path) -> Result<Option<File>, StoreError> {
    match path.with_extension("lock").exists() {
        true => lock_file(path).map(Some),
        false => Ok(None),
    }
}

fn write_zeros(path: &Path) -> std::io::Result<()> {
    let written = private_file::create(path).and_then(|mut file| {
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
