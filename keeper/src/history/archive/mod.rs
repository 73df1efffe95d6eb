//! Archives: files with old records of metering, which are by far the most of a market's events.
//!
//! A run of [`RUN`] proven records of one credit becomes a block. Blocks of several credits make a file, which is written whole
//! under its name before the store names it and before a row goes: a crash leaves rows, or a file that the next one replaces.
//! Records that are not of metering stay online as well. A block is read back against the hash chain before and after it, so a
//! file that was damaged cannot pass for the log. The last [`ONLINE`] records of a log stay online.
//!
//! | module | contents |
//! |---|---|
//! | `block` | a run of records as bytes, and back; pure |
//! | `file` | the files |
//! | `rows` | the tables of archives and their runs |

mod block;
mod file;
mod rows;

#[cfg(test)]
mod tests;

pub(super) use rows::{Run, find_run};

use {
    crate::{
        history::rows::insert,
        store::{Store, StoreError},
    },
    blockable_sdk::{amounts::ChainTime, audit::Link},
    file::ArchiveFile,
    rows::DueRun,
    rusqlite::{Connection, Transaction},
    std::path::Path,
};

/// Records of a block.
const RUN: u64 = 256;
/// Records that stay online at the end of each log, whatever their age.
const ONLINE: u64 = 64;
/// Most blocks of a file: the removal of their rows is one step of the store.
const BLOCKS: usize = 32;

/// Moves the records from before a time into archives, one file at a call; `now` is the chain's clock. Returns the number of records that were moved; 0 once
/// nothing is left to move. Errors: [`StoreError`], with every record still where it was.
pub(crate) async fn archive_some(
    store: &Store,
    before: ChainTime,
    now: ChainTime,
) -> Result<usize, StoreError> {
    let due = store.read(move |connection| rows::due(connection, before, BLOCKS)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let folder = store.folder().to_path_buf();
    let written = store.read(move |connection| {
        let (number, mut file) = (rows::next_archive(connection)?, ArchiveFile::default());
        let mut runs = Vec::with_capacity(due.len());
        for DueRun { credit, first } in due {
            let (start_hash, links) = rows::read_run(connection, credit, first, RUN)?;
            let Some(end_hash) = links.last().map(|link| link.hash) else { continue };
            let (place, bytes) = file.push(&block::encode(&links)?);
            let next = first.saturating_add(u64::try_from(links.len()).unwrap_or(0));
            runs.push(Run { credit, first, next, start_hash, end_hash, archive: number, place, bytes });
        }
        let digest = file.write(&folder, number)?;
        Ok((number, file.len(), digest, runs))
    });
    let (number, bytes, digest, runs) = written.await?;
    store.write(move |tx| rows::take_over(tx, (number, bytes, digest, now), &runs)).await
}

/// Reads the records of a run, and proves them by the hash chain. Errors: [`StoreError::Archive`] for a file that is missing or
/// damaged.
pub(super) fn read(folder: &Path, run: &Run) -> Result<Vec<Link>, StoreError> {
    let bytes = file::read(folder, run.archive, run.place, run.bytes)?;
    block::decode(&bytes, run).map_err(|reason| file::damaged(folder, run.archive, reason))
}

/// Puts all records that are in archives back into the store, for a keeper that knows of no archives.
/// Errors: [`StoreError`].
pub(crate) fn restore(transaction: &Transaction, folder: &Path) -> Result<(), StoreError> {
    for run in rows::all_runs(transaction)? {
        for link in read(folder, &run)? {
            if !rows::is_online(transaction, run.credit, link.found.record.seq)? {
                insert(transaction, run.credit, &link)?;
            }
        }
    }
    rows::forget_all(transaction)
}

/// Compares every archive with its digest. Returns a line for each that is missing or differs. Errors: [`StoreError`].
pub(crate) fn check(connection: &Connection, folder: &Path) -> Result<Vec<(i64, String)>, StoreError> {
    let mut faults = Vec::new();
    for (number, digest) in rows::digests(connection)? {
        if let Err(error) = file::verify(folder, number, &digest) {
            faults.push((number, error.to_string()));
        }
    }
    Ok(faults)
}

/// Forgets an archive that cannot be read: the logs that have records in it are removed whole, and fetched anew from the chain.
/// Returns the number of those logs. Errors: [`StoreError`].
pub(crate) fn give_up(transaction: &Transaction, number: i64) -> Result<usize, StoreError> {
    rows::forget_archive(transaction, number)
}

/// Removes files that the store does not name: a crash, or a log that another one has replaced, has left them.
/// Errors: [`StoreError`].
pub(crate) async fn sweep(store: &Store) -> Result<usize, StoreError> {
    let numbers = store.write(|tx| rows::keep_used(tx)).await?;
    let folder = store.folder().to_path_buf();
    tokio::task::spawn_blocking(move || file::remove_others(&folder, &numbers))
        .await
        .map_err(|_| StoreError::Panicked)
}
