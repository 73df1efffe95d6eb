//! The reporter's rows in the store: drafts, signed reports, and the highest value that was reported of each credit.

use {
    crate::store::{NOT_BEFORE, read_cursor, read_key, read_u64, read_units, to_integer},
    blockable_sdk::{
        Pubkey, Signature,
        amounts::{ChainTime, Units},
        reports::ReportRecord,
    },
    rusqlite::{Connection, OptionalExtension, Row, params, types::Type},
    std::cmp::Ordering,
};

const COLUMNS: &str = "seq, digest, body, signature";

/// The next step of a reporter for one chunk at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// Sign this: its row is written, and no other report of this instant will ever be signed.
    Sign(ReportRecord),
    /// This one has been signed for this instant already.
    Signed(ReportRecord),
    /// A later instant has been drafted or signed: the clock is behind it.
    Behind,
}

/// Writes the row of a report that is to be signed, unless that instant has one, and raises each credit's value to the
/// highest that was reported. Removes reports of the same reporter and chunk from before `keep_from`.
pub(super) fn draft(
    connection: &Connection,
    record: &ReportRecord,
    keep_from: ChainTime,
) -> rusqlite::Result<Draft> {
    let sql = "SELECT max(reported_at) FROM reports WHERE reporter = ?1 AND epoch = ?2 AND chunk = ?3";
    let reporter = record.reporter.as_ref();
    let last: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row(params![reporter, record.epoch, record.chunk], |row| row.get(0))?;
    // A store that was restored has lost the reports of the instants before.
    if record.reported_at <= read_cursor(connection, NOT_BEFORE)?.cast_signed() {
        return Ok(Draft::Behind);
    }
    match last.map(|last| last.cmp(&record.reported_at)) {
        Some(Ordering::Greater) => return Ok(Draft::Behind),
        Some(Ordering::Equal) => return at_instant(connection, record),
        Some(Ordering::Less) | None => {}
    }
    let mut record = ReportRecord { seq: 0, signature: Signature::default(), ..record.clone() };
    for reading in &mut record.readings {
        let index = record.chunk * u32::from(record.chunk_size) + reading.bit;
        reading.cumulative = raise(connection, &reading.credit, index, Units(reading.cumulative))?.get();
    }
    insert(connection, &record, None)?;
    connection
        .prepare_cached(
            "DELETE FROM reports WHERE reporter = ?1 AND epoch = ?2 AND chunk = ?3 AND reported_at < ?4",
        )?
        .execute(params![reporter, record.epoch, record.chunk, keep_from.get().min(record.reported_at)])?;
    Ok(Draft::Sign(record))
}

fn at_instant(connection: &Connection, record: &ReportRecord) -> rusqlite::Result<Draft> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reports WHERE reporter = ?1 AND epoch = ?2 AND chunk = ?3 AND reported_at = ?4"
    );
    let instant = params![record.reporter.as_ref(), record.epoch, record.chunk, record.reported_at];
    let known = connection.prepare_cached(&sql)?.query_row(instant, read)?;
    Ok(if known.signature == Signature::default() { Draft::Sign(known) } else { Draft::Signed(known) })
}

/// Records signed reports in place of their drafts. Returns them with their numbers, which rise in the order of commits.
pub(super) fn publish(
    connection: &Connection,
    records: &[ReportRecord],
) -> rusqlite::Result<Vec<ReportRecord>> {
    let mut published = Vec::with_capacity(records.len());
    for record in records {
        connection
            .prepare_cached(
                "DELETE FROM reports WHERE reporter = ?1 AND epoch = ?2 AND chunk = ?3 AND reported_at = ?4",
            )?
            .execute(params![record.reporter.as_ref(), record.epoch, record.chunk, record.reported_at])?;
        let seq = insert(connection, record, Some(&record.signature))?;
        published.push(ReportRecord { seq, ..record.clone() });
    }
    Ok(published)
}

fn insert(
    connection: &Connection,
    record: &ReportRecord,
    signature: Option<&Signature>,
) -> rusqlite::Result<u64> {
    let body = serde_json::to_string(record)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let sql = "INSERT INTO reports (reporter, epoch, chunk, reported_at, digest, body, signature)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        record.reporter.as_ref(),
        record.epoch,
        record.chunk,
        record.reported_at,
        record.digest(),
        body,
        signature.map(AsRef::<[u8]>::as_ref),
    ])?;
    Ok(connection.last_insert_rowid().cast_unsigned())
}

/// Raises the highest value that was reported of a credit to `cumulative`. Returns the higher of the two.
fn raise(connection: &Connection, credit: &Pubkey, index: u32, cumulative: Units) -> rusqlite::Result<Units> {
    let sql = "SELECT cumulative FROM reported WHERE credit = ?1 AND credit_index = ?2";
    let reported = connection
        .prepare_cached(sql)?
        .query_row(params![credit.as_ref(), index], |row| read_units(row, 0))
        .optional()?;
    if let Some(reported) = reported.filter(|reported| *reported >= cumulative) {
        return Ok(reported);
    }
    let sql = "INSERT INTO reported VALUES (?1, ?2, ?3)
               ON CONFLICT (credit, credit_index) DO UPDATE SET cumulative = excluded.cumulative";
    connection.prepare_cached(sql)?.execute(params![credit.as_ref(), index, to_integer(cumulative.get())])?;
    Ok(cumulative)
}

/// Up to `most` signed reports after a number, in order. A number beyond the last one counts as 0: it comes from an
/// earlier store. Also returns the number that was used.
pub(super) fn after(
    connection: &Connection,
    seq: u64,
    most: u32,
) -> rusqlite::Result<(u64, Vec<ReportRecord>)> {
    let seq = if seq > last_seq(connection)? { 0 } else { seq };
    let sql = format!(
        "SELECT {COLUMNS} FROM reports WHERE seq > ?1 AND signature IS NOT NULL ORDER BY seq LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![to_integer(seq), most], read)?;
    Ok((seq, rows.collect::<rusqlite::Result<_>>()?))
}

/// The highest number of a signed report, 0 where there is none.
pub(super) fn last_seq(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT seq FROM reports WHERE signature IS NOT NULL ORDER BY seq DESC LIMIT 1";
    let seq = connection.prepare_cached(sql)?.query_row([], |row| read_u64(row, 0)).optional()?;
    Ok(seq.unwrap_or(0))
}

/// The last signed report of every reporter, epoch and chunk.
pub(super) fn last_of_each(connection: &Connection) -> rusqlite::Result<Vec<ReportRecord>> {
    let mut places = connection.prepare("SELECT DISTINCT reporter, epoch, chunk FROM reports")?;
    let places =
        places.query_map([], |row| Ok((read_key(row, 0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?)))?;
    let sql = format!(
        "SELECT {COLUMNS} FROM reports WHERE reporter = ?1 AND epoch = ?2 AND chunk = ?3 AND signature IS NOT NULL
         ORDER BY reported_at DESC LIMIT 1"
    );
    let mut last = connection.prepare(&sql)?;
    let mut records = Vec::new();
    for place in places {
        let (reporter, epoch, chunk) = place?;
        records.extend(last.query_row(params![reporter.as_ref(), epoch, chunk], read).optional()?);
    }
    Ok(records)
}

/// Removes reports from before `keep_from` that a later one of the same reporter, epoch and chunk follows: the last one of
/// each stays, for it shows which instants have been reported on.
pub(super) fn prune(connection: &Connection, keep_from: ChainTime) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM reports WHERE reported_at < ?1 AND EXISTS (
             SELECT 1 FROM reports AS later
             WHERE later.reporter = reports.reporter AND later.epoch = reports.epoch
               AND later.chunk = reports.chunk AND later.reported_at > reports.reported_at
         )",
        [keep_from.get()],
    )
}

/// Reads a report and requires that it is the one whose digest was written.
fn read(row: &Row) -> rusqlite::Result<ReportRecord> {
    let failed = |column, error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error);
    let body: String = row.get(2)?;
    let signature: Option<[u8; 64]> = row.get(3)?;
    let record: ReportRecord = serde_json::from_str(&body).map_err(|error| failed(2, error.into()))?;
    let record = ReportRecord {
        seq: read_u64(row, 0)?,
        signature: signature.map(Signature::from).unwrap_or_default(),
        ..record
    };
    match row.get::<_, [u8; 32]>(1)? == record.digest() {
        true => Ok(record),
        false => Err(failed(1, "a report in the store is not the one that was written".into())),
    }
}
