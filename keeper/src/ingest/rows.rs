//! The tables of ingesting: reports, digests, evidence and cursors.

use {
    super::{evidence::Evidence, shelf::oldest_kept, validate::Verified},
    crate::store::{StoreError, columns},
    blockable_sdk::{Pubkey, amounts::ChainTime, reports::ReportRecord},
    rusqlite::{Connection, OptionalExtension, params},
};

/// Pieces of evidence kept of one fault of one reporter: a key in the wrong hands can sign without end.
const EVIDENCE_MOST: u32 = 100;

/// The state of a report's instant in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InstantState {
    /// Nothing; its digest is written now.
    New,
    /// The same report.
    Same,
    /// Another report, with this digest, which stays.
    Other([u8; 32]),
}

/// The result of filing a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filed {
    /// Written, under this number.
    Written(i64),
    /// It was there.
    Known,
    /// There is enough of it.
    Enough,
}

/// Reads every reporter's kept reports on every chunk of a market. Errors: a row that cannot be read.
pub(super) fn kept(connection: &Connection, market: &Pubkey) -> Result<Vec<ReportRecord>, StoreError> {
    let mut statement = connection.prepare("SELECT record FROM reports")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut records = Vec::new();
    for row in rows {
        let record: ReportRecord = serde_json::from_str(&row?)?;
        if record.market == *market {
            records.push(record);
        }
    }
    Ok(records)
}

/// Writes a report.
pub(super) fn keep(connection: &Connection, record: &ReportRecord) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO reports (provider, chunk, reporter, epoch, reported_at, record)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        record.provider.to_bytes(),
        record.chunk,
        record.reporter.to_bytes(),
        record.epoch,
        record.reported_at,
        serde_json::to_string(record)?,
    ])?;
    Ok(())
}

/// Removes the reports that are not kept beside the latest one of their reporter on their chunk.
pub(super) fn drop_older(connection: &Connection, latest: &ReportRecord) -> Result<(), StoreError> {
    let sql = "DELETE FROM reports
               WHERE provider = ?1 AND chunk = ?2 AND reporter = ?3 AND (epoch < ?4 OR epoch = ?4 AND reported_at < ?5)";
    connection.prepare_cached(sql)?.execute(params![
        latest.provider.to_bytes(),
        latest.chunk,
        latest.reporter.to_bytes(),
        latest.epoch,
        oldest_kept(latest.reported_at),
    ])?;
    Ok(())
}

/// Writes a report's digest for its instant, unless that has one.
pub(super) fn remember(connection: &Connection, report: &Verified) -> Result<InstantState, StoreError> {
    let record = &report.record;
    let stream = stream(connection, record)?;
    let sql = "INSERT INTO digests (stream, chunk, reported_at, digest) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO NOTHING";
    let place = params![stream, record.chunk, record.reported_at, report.digest];
    if connection.prepare_cached(sql)?.execute(place)? == 1 {
        return Ok(InstantState::New);
    }
    let sql = "SELECT digest FROM digests WHERE stream = ?1 AND chunk = ?2 AND reported_at = ?3";
    let place = params![stream, record.chunk, record.reported_at];
    let digest: [u8; 32] = connection.prepare_cached(sql)?.query_row(place, |row| row.get(0))?;
    Ok(if digest == report.digest { InstantState::Same } else { InstantState::Other(digest) })
}

/// Writes the digests of reports that nobody compares.
pub(crate) fn remember_all(connection: &Connection, reports: Vec<ReportRecord>) -> Result<(), StoreError> {
    for record in reports {
        let digest = record.digest();
        remember(connection, &Verified { record: record.into(), digest })?;
    }
    Ok(())
}

/// Finds the number of a report's stream, and gives it one where it has none.
fn stream(connection: &Connection, record: &ReportRecord) -> Result<i64, StoreError> {
    let of = params![record.reporter.to_bytes(), record.provider.to_bytes(), record.epoch];
    let sql = "SELECT id FROM streams WHERE reporter = ?1 AND provider = ?2 AND epoch = ?3";
    if let Some(known) = connection.prepare_cached(sql)?.query_row(of, |row| row.get(0)).optional()? {
        return Ok(known);
    }
    let sql = "INSERT INTO streams (reporter, provider, epoch) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(of)?;
    Ok(connection.last_insert_rowid())
}

/// Writes evidence unless it is there or there is enough; `at` is the time of the finding.
pub(super) fn file(connection: &Connection, evidence: &Evidence, at: ChainTime) -> Result<Filed, StoreError> {
    let (kind, record) = (evidence.fault.name(), &evidence.second);
    let (provider, reporter) = (record.provider.to_bytes(), record.reporter.to_bytes());
    let sql = "SELECT count(*), coalesce(sum(json_extract(body, '$.second_digest') = ?4), 0) FROM evidence
               WHERE kind = ?1 AND provider = ?2 AND reporter = ?3";
    let (count, same): (u32, u32) = connection
        .prepare_cached(sql)?
        .query_row(params![kind, provider, reporter, evidence.second_digest], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if same > 0 {
        return Ok(Filed::Known);
    }
    if count >= EVIDENCE_MOST {
        return Ok(Filed::Enough);
    }
    let sql = "INSERT INTO evidence (at, provider, reporter, kind, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let body = serde_json::to_string(evidence)?;
    connection.prepare_cached(sql)?.execute(params![at.get(), provider, reporter, kind, body])?;
    Ok(Filed::Written(connection.last_insert_rowid()))
}

/// Reads the evidence after a number, with its numbers, in their order.
pub(super) fn evidence_after(
    connection: &Connection,
    number: i64,
) -> Result<Vec<(i64, Evidence)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, body FROM evidence WHERE id > ?1 AND kind IN ('equivocation', 'regression') ORDER BY id",
    )?;
    let rows = statement.query_map([number], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let read = |row: rusqlite::Result<(i64, String)>| {
        let (number, body) = row?;
        Ok((number, serde_json::from_str(&body)?))
    };
    rows.map(read).collect()
}

/// Reads a cursor; 0 before it was set.
pub(super) fn cursor(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let sql = "SELECT value FROM cursors WHERE name = ?1";
    let row =
        connection.prepare_cached(sql)?.query_row([name], |row| columns::unsigned(row, 0)).optional()?;
    Ok(row.unwrap_or(0))
}

/// Sets a cursor.
pub(super) fn set_cursor(connection: &Connection, name: &str, value: u64) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO cursors (name, value) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![name, columns::signed(value)])?;
    Ok(())
}

/// Removes up to `most` digests of instants before a time. Returns the number removed.
///
/// Goes from chunk to chunk of each stream by the key, so that nothing that is kept is read but one row of each.
pub(super) fn prune(connection: &Connection, before: ChainTime, most: usize) -> Result<usize, StoreError> {
    let mut removed = 0_usize;
    let mut place = next_chunk(connection, i64::MIN, i64::MAX)?;
    while let Some((stream, chunk)) = place {
        let sql = "DELETE FROM digests WHERE stream = ?1 AND chunk = ?2 AND reported_at IN (
                       SELECT reported_at FROM digests WHERE stream = ?1 AND chunk = ?2 AND reported_at < ?3
                       ORDER BY reported_at LIMIT ?4)";
        let left = i64::try_from(most.saturating_sub(removed)).unwrap_or(i64::MAX);
        let of_chunk = connection.prepare_cached(sql)?.execute(params![stream, chunk, before.get(), left])?;
        removed = removed.saturating_add(of_chunk);
        if removed >= most {
            break;
        }
        place = next_chunk(connection, stream, chunk)?;
    }
    Ok(removed)
}

/// Finds the first stream and chunk with digests after a place.
fn next_chunk(connection: &Connection, stream: i64, chunk: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let sql =
        "SELECT stream, chunk FROM digests WHERE (stream, chunk) > (?1, ?2) ORDER BY stream, chunk LIMIT 1";
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?));
    Ok(connection.prepare_cached(sql)?.query_row([stream, chunk], read).optional()?)
}
