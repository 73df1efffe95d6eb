//! A credit's log in pages, from the rows of events and from archives.

use {
    crate::{
        history::{
            archive,
            rows::{Log, find_log},
        },
        store::{StoreError, columns::unsigned},
    },
    blockable_sdk::{
        Pubkey, Signature,
        amounts::ChainTime,
        audit::{Link, kind},
        events::encode_record,
    },
    rusqlite::{Connection, Row, params},
    std::path::Path,
};

/// A record of a log, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredRecord {
    /// Its number, from 0 without a gap.
    pub seq: u64,
    /// Its time, by the chain's clock.
    pub at: ChainTime,
    /// The name of its change.
    pub kind: String,
    /// Its Borsh bytes.
    pub record: Vec<u8>,
    /// The hash chain after it.
    pub hash: [u8; 32],
    /// The transaction that it is in.
    pub signature: Signature,
    /// The transaction's slot.
    pub slot: u64,
}

/// Reads up to `count` records of a credit's log from a number on, in order. `folder` is that of the store. Errors: [`StoreError`].
pub(crate) fn page(
    connection: &Connection,
    folder: &Path,
    credit: &Pubkey,
    from: u64,
    count: usize,
) -> Result<Vec<StoredRecord>, StoreError> {
    let Some(Log { credit, archived, .. }) = find_log(connection, credit)? else { return Ok(Vec::new()) };
    let (mut records, mut next) = (Vec::new(), from);
    while next < archived && records.len() < count {
        let no_run = || StoreError::Content(format!("no archive has record {next} of a log"));
        let run = archive::find_run(connection, credit, next)?.ok_or_else(no_run)?;
        let links = archive::read(folder, &run)?;
        let wanted = links.into_iter().filter(|link| link.found.record.seq >= next);
        for link in wanted.take(count.saturating_sub(records.len())) {
            records.push(from_link(&link)?);
        }
        next = run.next;
    }
    let left = count.saturating_sub(records.len());
    if left > 0 {
        records.extend(online(connection, credit, next, left)?);
    }
    Ok(records)
}

/// Reads a record that is among the rows of events, by the number that stands for its credit. Errors: [`StoreError`].
pub(crate) fn online_record(
    connection: &Connection,
    credit: i64,
    seq: u64,
) -> Result<StoredRecord, StoreError> {
    let no_record = || StoreError::Content(format!("no record {seq} of the credit with number {credit}"));
    online(connection, credit, seq, 1)?.into_iter().next().ok_or_else(no_record)
}

fn online(
    connection: &Connection,
    credit: i64,
    from: u64,
    count: usize,
) -> Result<Vec<StoredRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, kind, record, hash, signature, slot FROM events
         WHERE credit = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
    )?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    // Beyond what SQLite can count, there is no record.
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![credit, from, count], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> rusqlite::Result<StoredRecord> {
    Ok(StoredRecord {
        seq: unsigned(row, 0)?,
        at: ChainTime(row.get(1)?),
        kind: row.get(2)?,
        record: row.get(3)?,
        hash: row.get(4)?,
        signature: Signature::from(row.get::<_, [u8; 64]>(5)?),
        slot: unsigned(row, 6)?,
    })
}

fn from_link(link: &Link) -> Result<StoredRecord, StoreError> {
    let record = &link.found.record;
    let bytes = encode_record(record)
        .ok_or_else(|| StoreError::Content(format!("record {} of {}", record.seq, record.credit)))?;
    Ok(StoredRecord {
        seq: record.seq,
        at: ChainTime(record.at),
        kind: kind(&record.change).to_string(),
        record: bytes,
        hash: link.hash,
        signature: link.found.signature,
        slot: link.found.slot,
    })
}
