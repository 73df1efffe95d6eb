//! Verifies stored logs by their own hashes, and archives by their digests, offline.

use {
    crate::{
        history::{archive, log, rows},
        store::StoreError,
    },
    blockable_sdk::{Pubkey, events::decode_record},
    rusqlite::{Connection, Transaction},
    std::path::Path,
};

/// Records that are read at once.
const PAGE: usize = 1_024;

/// A log that is not whole.
struct BrokenLog {
    credit: Pubkey,
    /// The fault in words.
    fault: String,
}

/// Lists what is wrong with the archives and logs of a store; nothing where they are sound. Errors: [`StoreError`].
pub(crate) fn faults(connection: &Connection, folder: &Path) -> Result<Vec<String>, StoreError> {
    let archives = archive::check(connection, folder)?.into_iter().map(|(_, fault)| fault);
    let logs = broken_logs(connection, folder)?.into_iter();
    Ok(archives.chain(logs.map(|log| format!("the event log of {}: {}", log.credit, log.fault))).collect())
}

/// Removes the logs that are not whole, with those that have records in an archive that cannot be read, so that they are fetched anew
/// from the chain. Returns their number. Errors: [`StoreError`].
pub(crate) fn remove_broken(transaction: &Transaction, folder: &Path) -> Result<usize, StoreError> {
    let mut removed = 0_usize;
    for (number, _) in archive::check(transaction, folder)? {
        removed = removed.saturating_add(archive::give_up(transaction, number)?);
    }
    for log in broken_logs(transaction, folder)? {
        rows::remove_log(transaction, &log.credit)?;
        removed = removed.saturating_add(1);
    }
    Ok(removed)
}

/// Finds the logs with a gap, a record that cannot be read, or a hash that does not follow from the one before.
/// Errors: [`StoreError`].
fn broken_logs(connection: &Connection, folder: &Path) -> Result<Vec<BrokenLog>, StoreError> {
    let mut broken = Vec::new();
    for credit in rows::credits(connection)? {
        if let Some(fault) = fault(connection, folder, &credit)? {
            broken.push(BrokenLog { credit, fault });
        }
    }
    Ok(broken)
}

fn fault(connection: &Connection, folder: &Path, credit: &Pubkey) -> Result<Option<String>, StoreError> {
    let (mut next, mut hash) = (0_u64, [0; 32]);
    loop {
        let page = match log::page(connection, folder, credit, next, PAGE) {
            Ok(page) => page,
            Err(error @ (StoreError::Archive { .. } | StoreError::Content(_))) => {
                return Ok(Some(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        for stored in &page {
            if stored.seq != next {
                return Ok(Some(format!("record {next} is missing")));
            }
            let folded = decode_record(&stored.record).and_then(|record| record.fold(&hash).ok());
            hash = stored.hash;
            if folded != Some(hash) {
                return Ok(Some(format!("record {next} does not hash to the log")));
            }
            next = next.saturating_add(1);
        }
        if page.len() < PAGE {
            return Ok(None);
        }
    }
}
