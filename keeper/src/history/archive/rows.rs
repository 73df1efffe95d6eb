//! The tables of archives: the files, and the runs of records in them.

use {
    super::{ONLINE, RUN},
    crate::store::{
        StoreError,
        columns::{signed, unsigned},
    },
    blockable_sdk::{
        Signature,
        amounts::ChainTime,
        audit::{Found, Link},
        events::decode_record,
    },
    rusqlite::{Connection, OptionalExtension, Row, params},
};

/// A run of records in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::history) struct Run {
    /// The number that stands for the credit.
    pub credit: i64,
    /// Number of the first record.
    pub first: u64,
    /// Number of the record after the last one.
    pub next: u64,
    /// The hash chain before the first record.
    pub start_hash: [u8; 32],
    /// The hash chain after the last record.
    pub end_hash: [u8; 32],
    /// The archive.
    pub archive: i64,
    /// Place of the block in the file.
    pub place: u64,
    /// Length of the block.
    pub bytes: u64,
}

/// A run that is due to be archived.
pub(super) struct DueRun {
    pub credit: i64,
    pub first: u64,
}

/// Finds up to `most` runs whose records are all proven, from before a time, and not among the last of their log.
pub(super) fn due(
    connection: &Connection,
    before: ChainTime,
    most: usize,
) -> Result<Vec<DueRun>, StoreError> {
    // One row of the events tells for each log whether a whole run is old enough: times only rise along a log.
    let sql = "SELECT credit, archived FROM logs WHERE proven >= archived + ?1 + ?2 AND EXISTS (
                   SELECT 1 FROM events
                   WHERE events.credit = logs.credit AND seq = logs.archived + ?1 - 1 AND at < ?3
               ) LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![signed(RUN), signed(ONLINE), before.get(), most], |row| {
        Ok(DueRun { credit: row.get(0)?, first: unsigned(row, 1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the next archive. Numbers are not used again.
pub(super) fn next_archive(connection: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'archives'";
    let last: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Reads a run of records, with the hash chain before it.
pub(super) fn read_run(
    connection: &Connection,
    credit: i64,
    first: u64,
    count: u64,
) -> Result<([u8; 32], Vec<Link>), StoreError> {
    let start_hash = match first.checked_sub(1) {
        None => [0; 32],
        Some(last) => hash_of(connection, credit, last)?,
    };
    let sql = "SELECT record, hash, signature, slot FROM events WHERE credit = ?1 AND seq >= ?2 AND seq < ?3
               ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![credit, signed(first), signed(first.saturating_add(count))])?;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        let record: Vec<u8> = row.get(0)?;
        let record = decode_record(&record)
            .ok_or_else(|| StoreError::Content(format!("an event of the credit with number {credit}")))?;
        let found =
            Found { record, signature: Signature::from(row.get::<_, [u8; 64]>(2)?), slot: unsigned(row, 3)? };
        links.push(Link { found, hash: row.get(1)? });
    }
    if links.len() as u64 != count {
        return Err(StoreError::Content(format!("the log of the credit with number {credit} has a gap")));
    }
    Ok((start_hash, links))
}

/// The hash chain after a record, which is online or the last one of a run.
fn hash_of(connection: &Connection, credit: i64, seq: u64) -> Result<[u8; 32], StoreError> {
    let of_run = "SELECT end_hash FROM archived WHERE credit = ?1 AND next = ?2 + 1";
    let online = "SELECT hash FROM events WHERE credit = ?1 AND seq = ?2";
    for sql in [of_run, online] {
        let hash = connection.prepare_cached(sql)?.query_row(params![credit, signed(seq)], |row| row.get(0));
        if let Some(hash) = hash.optional()? {
            return Ok(hash);
        }
    }
    Err(StoreError::Content(format!("the log of the credit with number {credit} has no record {seq}")))
}

/// Names an archive that is on the disk, and removes the records of metering that it has. Returns the number of its records.
pub(super) fn take_over(
    connection: &Connection,
    (number, bytes, digest, at): (i64, u64, [u8; 32], ChainTime),
    runs: &[Run],
) -> Result<usize, StoreError> {
    connection.prepare_cached("INSERT INTO archives VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        number,
        signed(bytes),
        digest,
        at.get()
    ])?;
    let mut records = 0_usize;
    for run in runs {
        connection.prepare_cached("INSERT INTO archived VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
            params![
                run.credit,
                signed(run.first),
                signed(run.next),
                run.start_hash,
                run.end_hash,
                run.archive,
                signed(run.place),
                signed(run.bytes),
            ],
        )?;
        let range = params![run.credit, signed(run.first), signed(run.next)];
        connection
            .prepare_cached(
                "DELETE FROM events WHERE credit = ?1 AND seq >= ?2 AND seq < ?3 AND kind = 'metered'",
            )?
            .execute(range)?;
        connection
            .prepare_cached("UPDATE logs SET archived = ?3 WHERE credit = ?1 AND archived = ?2")?
            .execute(range)?;
        records = records.saturating_add(usize::try_from(run.next.saturating_sub(run.first)).unwrap_or(0));
    }
    Ok(records)
}

/// Finds the run with a record of a credit.
pub(in crate::history) fn find_run(
    connection: &Connection,
    credit: i64,
    seq: u64,
) -> Result<Option<Run>, StoreError> {
    let sql = "SELECT credit, first, next, start_hash, end_hash, archive, place, bytes FROM archived
               WHERE credit = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";
    let run = connection.prepare_cached(sql)?.query_row(params![credit, signed(seq)], read).optional()?;
    Ok(run.filter(|run| seq < run.next))
}

/// Lists all runs.
pub(super) fn all_runs(connection: &Connection) -> Result<Vec<Run>, StoreError> {
    let sql = "SELECT credit, first, next, start_hash, end_hash, archive, place, bytes FROM archived";
    let mut statement = connection.prepare(sql)?;
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> rusqlite::Result<Run> {
    Ok(Run {
        credit: row.get(0)?,
        first: unsigned(row, 1)?,
        next: unsigned(row, 2)?,
        start_hash: row.get(3)?,
        end_hash: row.get(4)?,
        archive: row.get(5)?,
        place: unsigned(row, 6)?,
        bytes: unsigned(row, 7)?,
    })
}

/// Returns whether a record is among the rows of events.
pub(super) fn is_online(connection: &Connection, credit: i64, seq: u64) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE credit = ?1 AND seq = ?2)";
    Ok(connection.prepare_cached(sql)?.query_row(params![credit, signed(seq)], |row| row.get(0))?)
}

/// Forgets all archives, whose records are online.
pub(super) fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection
        .execute_batch("UPDATE logs SET archived = 0; DELETE FROM archived; DELETE FROM archives")?)
}

/// Lists the archives with their digests.
pub(super) fn digests(connection: &Connection) -> Result<Vec<(i64, [u8; 32])>, StoreError> {
    let mut statement = connection.prepare("SELECT id, sha256 FROM archives ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes an archive, and the whole logs that have records in it. Returns the number of logs.
pub(super) fn forget_archive(connection: &Connection, number: i64) -> Result<usize, StoreError> {
    let mut statement = connection.prepare("SELECT DISTINCT credit FROM archived WHERE archive = ?1")?;
    let credits: Vec<i64> = statement.query_map([number], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for credit in &credits {
        for table in ["events", "archived", "logs"] {
            connection.execute(&format!("DELETE FROM {table} WHERE credit = ?1"), [credit])?;
        }
    }
    connection.execute("DELETE FROM archives WHERE id = ?1", [number])?;
    Ok(credits.len())
}

/// Forgets the archives in which no run is left. Returns the numbers of the others.
pub(super) fn keep_used(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    connection.execute(
        "DELETE FROM archives WHERE NOT EXISTS (SELECT 1 FROM archived WHERE archive = archives.id)",
        [],
    )?;
    Ok(digests(connection)?.into_iter().map(|(number, _)| number).collect())
}
