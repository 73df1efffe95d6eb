//! Copies of a store, made while a gate may be using it.

use {
    super::{BUSY, StoreError, error::file_failed, opening_failed, read_key, schema::VERSION},
    blockable_sdk::Pubkey,
    blockable_service::private_file,
    rusqlite::{Connection, params},
    std::{fs, path::Path},
};

/// The mark of a backup, which no store that is served from has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupMark {
    /// The time at which it was begun, in milliseconds since 1970: all that was committed before is in it.
    pub taken_ms: i64,
    /// The market of the provider.
    pub market: Pubkey,
    /// The provider whose store it is.
    pub provider: Pubkey,
}

/// Copies a store to a file that does not exist, as of one moment, while a gate may go on writing. The copy is marked, checked
/// and on the disk once this returns. Errors: [`StoreError`], with no file left.
pub fn back_up(store: &Path, target: &Path, mark: &BackupMark) -> Result<(), StoreError> {
    if !store.exists() {
        return Err(StoreError::Missing { path: store.display().to_string() });
    }
    require_absent(target)?;
    let part = target.with_extension("part");
    let made = copy(store, &part, mark).and_then(|()| publish(&part, target));
    if made.is_err() {
        let _ = fs::remove_file(&part);
    }
    made
}

/// Requires that a file does not exist. Errors: [`StoreError::Exists`].
pub(super) fn require_absent(path: &Path) -> Result<(), StoreError> {
    match path.exists() {
        true => Err(StoreError::Exists { path: path.display().to_string() }),
        false => Ok(()),
    }
}

fn copy(store: &Path, part: &Path, mark: &BackupMark) -> Result<(), StoreError> {
    let source = Connection::open(store).map_err(|error| opening_failed(store, error))?;
    source.busy_timeout(BUSY)?;
    require_version(&source, store)?;
    // A private file before anything is in it: the copy has all that the store has.
    private_file::create(part).map_err(|error| file_failed(part, &error))?;
    // One read transaction: the copy is of one moment, and no writer waits for it.
    source
        .execute("VACUUM INTO ?1", [part.to_string_lossy()])
        .map_err(|error| opening_failed(part, error))?;
    let copied = Connection::open(part).map_err(|error| opening_failed(part, error))?;
    copied.execute(
        "INSERT INTO copies VALUES (?1, ?2, ?3)",
        params![mark.taken_ms, mark.market.as_ref(), mark.provider.as_ref()],
    )?;
    check(&copied, part)
}

/// Requires the layout that this program knows. Errors: [`StoreError::Version`].
pub(super) fn require_version(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| opening_failed(path, error))?;
    match found {
        VERSION => Ok(()),
        found => Err(StoreError::Version { path: path.display().to_string(), found }),
    }
}

/// Reads the mark of a backup; `None` for a file without one.
pub(super) fn read_mark(connection: &Connection) -> rusqlite::Result<Option<BackupMark>> {
    let mut statement = connection.prepare("SELECT taken_ms, market, provider FROM copies LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(BackupMark { taken_ms: row.get(0)?, market: read_key(row, 1)?, provider: read_key(row, 2)? }))
}

/// Requires that every page and index of a file is whole. Errors: [`StoreError::NoBackup`].
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let damaged = |reason: String| StoreError::NoBackup {
        path: path.display().to_string(),
        reason: format!("it is damaged ({reason})"),
    };
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if found == "ok" { Ok(()) } else { Err(damaged(found)) }
}

/// Gives a finished file its name, so that it survives a loss of power whole or not at all. Errors: [`StoreError::File`].
pub(super) fn publish(part: &Path, target: &Path) -> Result<(), StoreError> {
    private_file::publish(part, target).map_err(|error| file_failed(target, &error))
}
