//! The tables of events and logs, and the mismatches without an alert.

use {
    crate::store::{
        StoreError, addresses,
        columns::{key, signed, unsigned},
    },
    blockable_sdk::{
        Pubkey, Signature,
        audit::{Joined, Life, Link, Position, kind},
        events::encode_record,
    },
    rusqlite::{Connection, OptionalExtension, Row, params},
};

/// The written log of a credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its end.
    pub end: Position,
    /// The number of records that were proven by the credit's account.
    pub proven: u64,
    /// Slot of the last record.
    pub slot: u64,
    /// The state of the account after the last record.
    pub life: Life,
}

/// The place at which the search for further records ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SearchEnd {
    /// A transaction before the last record's slot: the records up to it are written.
    pub until: Option<Signature>,
    /// Slot of the last record; older transactions have nothing new.
    pub slot: u64,
    /// Transactions of that slot that are written.
    pub known: Vec<Signature>,
}

/// A log that did not hash, and whose alert may not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub credit: Pubkey,
    /// The node that has served the records.
    pub node: String,
    /// Records of the log, with those that were served.
    pub records: u64,
}

/// Lists all credits that have a log. Errors: [`StoreError`].
pub(crate) fn credits(connection: &Connection) -> Result<Vec<Pubkey>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT address FROM logs JOIN addresses ON addresses.id = logs.credit
         WHERE EXISTS (SELECT 1 FROM events WHERE events.credit = logs.credit) ORDER BY address",
    )?;
    let rows = statement.query_map([], |row| key(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A credit's row among the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// The number that stands for the credit.
    pub credit: i64,
    /// Records that were proven by the credit's account, from the first on.
    pub proven: u64,
    /// Records that lie in archives, from the first on. Those online below it are not of metering.
    pub archived: u64,
}

/// Finds the row of a credit; `None` where it has no log. Errors: [`StoreError`].
pub(super) fn find_log(connection: &Connection, credit: &Pubkey) -> Result<Option<Log>, StoreError> {
    let sql = "SELECT credit, proven, archived FROM logs
               WHERE credit = (SELECT id FROM addresses WHERE address = ?)";
    let read =
        |row: &Row| Ok(Log { credit: row.get(0)?, proven: unsigned(row, 1)?, archived: unsigned(row, 2)? });
    Ok(connection.prepare_cached(sql)?.query_row([credit.to_bytes()], read).optional()?)
}

/// Reads the written log of a credit; empty where it has none. Errors: [`StoreError`].
pub(crate) fn head(connection: &Connection, credit: &Pubkey) -> Result<Head, StoreError> {
    let Some(log) = find_log(connection, credit)? else { return Ok(Head::default()) };
    // The last record of a log is never in an archive alone.
    let last = "SELECT seq, hash, slot, kind FROM events WHERE credit = ? ORDER BY seq DESC LIMIT 1";
    let last = connection.prepare_cached(last)?.query_row([log.credit], |row| {
        let (seq, hash, kind) = (unsigned(row, 0)?, row.get(1)?, row.get::<_, String>(3)?);
        Ok((Position { seq: seq.saturating_add(1), hash }, unsigned(row, 2)?, kind))
    });
    let Some((end, slot, kind)) = last.optional()? else { return Ok(Head::default()) };
    // Never beyond the stored records, whatever a row says.
    let proven = log.proven.min(end.seq);
    Ok(Head { end, proven, slot, life: Life::after(&kind) })
}

/// Reads the place at which the search for a credit's further records ends. Errors: [`StoreError`].
pub(crate) fn search_end(connection: &Connection, credit: &Pubkey) -> Result<SearchEnd, StoreError> {
    let slot = head(connection, credit)?.slot;
    let Some(Log { credit, .. }) = find_log(connection, credit)? else { return Ok(SearchEnd::default()) };
    let until = "SELECT signature FROM events WHERE credit = ? AND slot < ? ORDER BY seq DESC LIMIT 1";
    let until = connection.prepare_cached(until)?.query_row(params![credit, signed(slot)], |row| row.get(0));
    let until: Option<[u8; 64]> = until.optional()?;
    // Backwards, so that the rows of one slot are read and not the whole log.
    let mut statement =
        connection.prepare_cached("SELECT signature, slot FROM events WHERE credit = ? ORDER BY seq DESC")?;
    let mut rows = statement.query([credit])?;
    let mut known = Vec::new();
    while let Some(row) = rows.next()? {
        if unsigned(row, 1)? != slot {
            break;
        }
        known.push(Signature::from(row.get::<_, [u8; 64]>(0)?));
    }
    known.dedup();
    Ok(SearchEnd { until: until.map(Signature::from), slot, known })
}

/// Appends the records that join on to a credit's log. `is_proven` is set where the log is proven with them. Errors: [`StoreError`].
pub(crate) fn append(
    connection: &Connection,
    credit: &Pubkey,
    joined: &Joined,
    is_proven: bool,
) -> Result<(), StoreError> {
    let id = addresses::number(connection, credit)?;
    connection.prepare_cached("INSERT OR IGNORE INTO logs VALUES (?, 0, 0)")?.execute([id])?;
    if joined.fresh {
        remove_from(connection, id, 0)?;
        connection.prepare_cached("DELETE FROM archived WHERE credit = ?")?.execute([id])?;
        connection
            .prepare_cached("UPDATE logs SET proven = 0, archived = 0 WHERE credit = ?")?
            .execute([id])?;
    }
    for link in &joined.links {
        insert(connection, id, link)?;
    }
    if is_proven {
        let sql = "UPDATE logs SET proven = ?2 WHERE credit = ?1";
        connection.prepare_cached(sql)?.execute(params![id, signed(joined.end.seq)])?;
    }
    Ok(())
}

/// Writes a record of the credit with a number. Errors: [`StoreError`].
pub(super) fn insert(connection: &Connection, credit: i64, link: &Link) -> Result<(), StoreError> {
    let record = &link.found.record;
    let bytes = encode_record(record).ok_or_else(|| {
        StoreError::Content(format!("record {} of {} cannot be written", record.seq, record.credit))
    })?;
    let sql = "INSERT INTO events (credit, seq, at, kind, record, hash, signature, slot)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        credit,
        signed(record.seq),
        record.at,
        kind(&record.change),
        bytes,
        link.hash,
        link.found.signature.as_array(),
        signed(link.found.slot),
    ])?;
    Ok(())
}

/// Removes all of a credit's log. Errors: [`StoreError`].
pub(super) fn remove_log(connection: &Connection, credit: &Pubkey) -> Result<(), StoreError> {
    let Some(credit) = addresses::find(connection, credit)? else { return Ok(()) };
    for table in ["events", "archived", "logs"] {
        connection.execute(&format!("DELETE FROM {table} WHERE credit = ?1"), [credit])?;
    }
    Ok(())
}

/// Removes the records of a credit that were never proven, so that they can be fetched anew. Errors: [`StoreError`].
pub(crate) fn remove_unproven(connection: &Connection, credit: &Pubkey) -> Result<(), StoreError> {
    match find_log(connection, credit)? {
        Some(log) => remove_from(connection, log.credit, log.proven),
        None => Ok(()),
    }
}

fn remove_from(connection: &Connection, credit: i64, seq: u64) -> Result<(), StoreError> {
    let sql = "DELETE FROM events WHERE credit = ? AND seq >= ?";
    connection.prepare_cached(sql)?.execute(params![credit, signed(seq)])?;
    Ok(())
}

/// The beginning of the names of the cursors with mismatches; the credit and the node follow.
const MISMATCH: &str = "history mismatch ";

/// Keeps a mismatch until its alert is stored, in place of an earlier one of the credit. Errors: [`StoreError`].
pub(crate) fn keep_mismatch(connection: &Connection, mismatch: &Mismatch) -> Result<(), StoreError> {
    let Mismatch { credit, node, records } = mismatch;
    forget_mismatch(connection, credit)?;
    let sql = "INSERT INTO cursors (name, value) VALUES (?, ?)";
    let name = format!("{MISMATCH}{credit} {node}");
    connection.prepare_cached(sql)?.execute(params![name, signed(*records)])?;
    Ok(())
}

/// Lists the mismatches that are kept. Errors: [`StoreError`].
pub(crate) fn mismatches(connection: &Connection) -> Result<Vec<Mismatch>, StoreError> {
    let sql =
        "SELECT substr(name, length(?1) + 1), value FROM cursors WHERE substr(name, 1, length(?1)) = ?1";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([MISMATCH])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let wrong = || StoreError::Content(format!("the cursor {MISMATCH}{name} names no credit and node"));
        let (credit, node) = name.split_once(' ').ok_or_else(wrong)?;
        let credit = credit.parse().map_err(|_| wrong())?;
        found.push(Mismatch { credit, node: node.to_string(), records: unsigned(row, 1)? });
    }
    Ok(found)
}

/// Removes the mismatch of a credit. Errors: [`StoreError`].
pub(crate) fn forget_mismatch(connection: &Connection, credit: &Pubkey) -> Result<(), StoreError> {
    let sql = "DELETE FROM cursors WHERE substr(name, 1, length(?1)) = ?1";
    connection.prepare_cached(sql)?.execute([format!("{MISMATCH}{credit} ")])?;
    Ok(())
}
