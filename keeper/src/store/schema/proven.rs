//! The numbers of proven records, which were cursors with addresses as text up to layout 4.

use {
    crate::store::{StoreError, addresses, columns::key},
    blockable_sdk::Pubkey,
    rusqlite::{Transaction, params},
};

/// The beginning of the names of those cursors.
const CURSOR: &str = "history ";
/// The beginning of the names of others.
const MISMATCH: &str = "history mismatch ";

/// Moves the numbers from cursors to the table of logs. Errors: [`StoreError`].
pub(super) fn from_cursors(transaction: &Transaction) -> Result<(), StoreError> {
    let sql = "SELECT name, value FROM cursors WHERE name >= ?1 AND name < 'history!'";
    let mut statement = transaction.prepare(sql)?;
    let rows = statement.query_map([CURSOR], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let cursors: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    for (name, proven) in cursors.iter().filter(|(name, _)| !name.starts_with(MISMATCH)) {
        // One that names no address has proven nothing.
        if let Some(credit) = name.strip_prefix(CURSOR).and_then(|text| text.parse::<Pubkey>().ok())
            && let Some(credit) = addresses::find(transaction, &credit)?
        {
            transaction
                .prepare_cached("UPDATE logs SET proven = ?2 WHERE credit = ?1")?
                .execute(params![credit, proven])?;
        }
        transaction.prepare_cached("DELETE FROM cursors WHERE name = ?1")?.execute([name])?;
    }
    Ok(())
}

/// Moves them back. Errors: [`StoreError`].
pub(super) fn to_cursors(transaction: &Transaction) -> Result<(), StoreError> {
    let sql = "SELECT addresses.address, logs.proven FROM logs JOIN addresses ON addresses.id = logs.credit";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (credit, proven) = (key(row, 0)?, row.get::<_, i64>(1)?);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO cursors VALUES (?1, ?2)")?
            .execute(params![format!("{CURSOR}{credit}"), proven])?;
    }
    Ok(())
}
