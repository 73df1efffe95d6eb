//! The table of events, the number of proven records of each credit, and the mismatches without an alert.

use {
    crate::store::{
        StoreError,
        columns::{key, signed, unsigned},
    },
    blockable_sdk::{
        Pubkey, Signature,
        audit::{Joined, Life, Link, Position, kind},
        events::encode_record,
    },
    rusqlite::{Connection, OptionalExtension, params},
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
    // From credit to credit: a log may have many records.
    let mut statement = connection.prepare(
        "WITH RECURSIVE found (credit) AS (
             SELECT min(credit) FROM events
             UNION ALL
             SELECT (SELECT min(credit) FROM events WHERE credit > found.credit) FROM found
             WHERE found.credit IS NOT NULL
         ) SELECT credit FROM found WHERE credit IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| key(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads the written log of a credit; empty where it has none. Errors: [`StoreError`].
pub(crate) fn head(connection: &Connection, credit: &Pubkey) -> Result<Head, StoreError> {
    let last = "SELECT seq, hash, slot, kind FROM events WHERE credit = ? ORDER BY seq DESC LIMIT 1";
    let last = connection.prepare_cached(last)?.query_row([credit.to_bytes()], |row| {
        let (seq, hash, kind) = (unsigned(row, 0)?, row.get(1)?, row.get::<_, String>(3)?);
        Ok((Position { seq: seq.saturating_add(1), hash }, unsigned(row, 2)?, kind))
    });
    let Some((end, slot, kind)) = last.optional()? else { return Ok(Head::default()) };
    // Never beyond the stored records, for any cursor.
    let proven = proven(connection, credit)?.min(end.seq);
    Ok(Head { end, proven, slot, life: Life::after(&kind) })
}

/// Reads the place at which the search for a credit's further records ends. Errors: [`StoreError`].
pub(crate) fn search_end(connection: &Connection, credit: &Pubkey) -> Result<SearchEnd, StoreError> {
    let slot = head(connection, credit)?.slot;
    let (credit, before) = (credit.to_bytes(), signed(slot));
    let until = "SELECT signature FROM events WHERE credit = ? AND slot < ? ORDER BY seq DESC LIMIT 1";
    let until = connection.prepare_cached(until)?.query_row(params![credit, before], |row| row.get(0));
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
    if joined.fresh {
        remove_from(connection, credit, 0)?;
        set_proven(connection, credit, 0)?;
    }
    for link in &joined.links {
        insert(connection, credit, link)?;
    }
    if is_proven {
        set_proven(connection, credit, joined.end.seq)?;
    }
    Ok(())
}

fn insert(connection: &Connection, credit: &Pubkey, link: &Link) -> Result<(), StoreError> {
    let record = &link.found.record;
    let bytes = encode_record(record)
        .ok_or_else(|| StoreError::Content(format!("record {} of {credit} cannot be written", record.seq)))?;
    let sql = "INSERT INTO events (credit, seq, at, kind, record, hash, signature, slot)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        credit.to_bytes(),
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

/// Removes the records of a credit that were never proven, so that they can be fetched anew. Errors: [`StoreError`].
pub(crate) fn remove_unproven(connection: &Connection, credit: &Pubkey) -> Result<(), StoreError> {
    remove_from(connection, credit, proven(connection, credit)?)
}

fn remove_from(connection: &Connection, credit: &Pubkey, seq: u64) -> Result<(), StoreError> {
    let sql = "DELETE FROM events WHERE credit = ? AND seq >= ?";
    connection.prepare_cached(sql)?.execute(params![credit.to_bytes(), signed(seq)])?;
    Ok(())
}

fn proven(connection: &Connection, credit: &Pubkey) -> Result<u64, StoreError> {
    let sql = "SELECT value FROM cursors WHERE name = ?";
    let row = connection.prepare_cached(sql)?.query_row([cursor(credit)], |row| unsigned(row, 0));
    Ok(row.optional()?.unwrap_or(0))
}

fn set_proven(connection: &Connection, credit: &Pubkey, seq: u64) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO cursors (name, value) VALUES (?, ?)";
    connection.prepare_cached(sql)?.execute(params![cursor(credit), signed(seq)])?;
    Ok(())
}

fn cursor(credit: &Pubkey) -> String {
    format!("history {credit}")
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
