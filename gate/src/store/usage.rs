//! Rows of the usage log, and the totals that are kept with them.

use {
    super::{read_key, read_u64, read_units, to_integer},
    crate::{
        hold::{Hold, HoldId},
        usage::{DAY_US, EXAMINED, JobFigures, JobLabels, UsageFilter, UsagePage, UsageRecord, UsageTotal},
    },
    blockable_sdk::amounts::Units,
    rusqlite::{Connection, OptionalExtension, Row, ToSql, params},
};

/// A clock that is behind the last record by no more than this is held back: the order of records is the order of commits.
const HELD_BACK_US: i64 = 3_600_000_000;

/// The highest total, `4611686018427387904` in SQL.
const MOST_IN_TOTAL: u64 = 1 << 62;

const COLUMNS: &str = "at_us, hold, credit, reference, model, api_key, units, held, took_ms, prompt, cached, generated, \
                       reasoning, ended";

/// The end of a hold, as it is recorded.
#[derive(Clone, Copy)]
pub(super) struct HoldEnd {
    /// Units that count as used; `None` where the hold was released. A released one can still be settled.
    pub(super) units: Option<Units>,
    /// The job's figures.
    pub(super) figures: JobFigures,
    /// This machine's clock, in microseconds since 1970.
    pub(super) now_us: i64,
}

/// Records the end of a hold, once: where it has been settled before, nothing changes. Returns whether it is recorded.
pub(super) fn insert_end(connection: &Connection, hold: &Hold, end: &HoldEnd) -> rusqlite::Result<bool> {
    if end.units.is_some() {
        remove_released(connection, hold.id)?;
    }
    let at_us = free_time(connection, end.now_us)?;
    let took_ms = (end.now_us / 1_000).saturating_sub(hold.admitted_ms).max(0);
    let (units, figures) = (end.units.unwrap_or_default(), &end.figures);
    let entered = connection
        .prepare_cached(
            "INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (hold) DO NOTHING",
        )?
        .execute(params![
            at_us,
            to_integer(hold.id.0),
            hold.credit.as_ref(),
            hold.index,
            hold.reference,
            hold.labels.model,
            hold.labels.api_key,
            to_integer(units.get()),
            to_integer(hold.units.get()),
            took_ms,
            to_integer(figures.prompt),
            to_integer(figures.cached),
            to_integer(figures.generated),
            to_integer(figures.reasoning),
            figures.ended,
            end.units.is_some(),
        ])?;
    if entered == 1 {
        add_to_total(connection, hold, at_us, units, figures)?;
    }
    Ok(entered == 1)
}

/// Removes the record of a hold that was released, since its result has come after all.
fn remove_released(connection: &Connection, id: HoldId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM usage WHERE hold = ?1 AND settled = 0 RETURNING at_us, credit, model, api_key";
    let removed = connection
        .prepare_cached(sql)?
        .query_row([to_integer(id.0)], |row| {
            Ok((row.get::<_, i64>(0)?, read_key(row, 1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })
        .optional()?;
    let Some((at_us, credit, model, api_key)) = removed else { return Ok(()) };
    // A job that was released has used nothing: it counts as a job alone.
    let sql = "UPDATE usage_totals SET jobs = jobs - 1
               WHERE credit = ?1 AND day = ?2 AND model = ?3 AND api_key = ?4";
    connection.prepare_cached(sql)?.execute(params![
        credit.as_ref(),
        at_us.div_euclid(DAY_US),
        model,
        api_key
    ])?;
    Ok(())
}

/// The time of the next record: later than that of every earlier one, but where the clock has been set back by far.
fn free_time(connection: &Connection, now_us: i64) -> rusqlite::Result<i64> {
    let last: Option<i64> =
        connection.prepare_cached("SELECT max(at_us) FROM usage")?.query_row([], |row| row.get(0))?;
    let is_behind = |last: &i64| *last >= now_us && last.saturating_sub(now_us) <= HELD_BACK_US;
    let mut at_us = last.filter(is_behind).map_or(now_us, |last| last.saturating_add(1));
    let mut taken = connection.prepare_cached("SELECT 1 FROM usage WHERE at_us = ?1")?;
    while taken.exists([at_us])? {
        at_us = at_us.saturating_add(1);
    }
    Ok(at_us)
}

fn add_to_total(
    connection: &Connection,
    hold: &Hold,
    at_us: i64,
    units: Units,
    figures: &JobFigures,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO usage_totals VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (credit, day, model, api_key) DO UPDATE SET
                   jobs = jobs + 1,
                   units = min(units + excluded.units, 4611686018427387904),
                   prompt = min(prompt + excluded.prompt, 4611686018427387904),
                   cached = min(cached + excluded.cached, 4611686018427387904),
                   generated = min(generated + excluded.generated, 4611686018427387904),
                   reasoning = min(reasoning + excluded.reasoning, 4611686018427387904)";
    // SQLite's integers have 63 bits, and an upstream may name any number of tokens.
    let part = |count: u64| to_integer(count.min(MOST_IN_TOTAL));
    connection.prepare_cached(sql)?.execute(params![
        hold.credit.as_ref(),
        at_us.div_euclid(DAY_US),
        hold.labels.model,
        hold.labels.api_key,
        part(units.get()),
        part(figures.prompt),
        part(figures.cached),
        part(figures.generated),
        part(figures.reasoning),
    ])?;
    Ok(())
}

/// The units settled for a hold, `None` where it was not settled.
pub fn settled_units(connection: &Connection, id: HoldId) -> rusqlite::Result<Option<Units>> {
    let sql = "SELECT units FROM usage WHERE hold = ?1 AND settled = 1";
    connection.prepare_cached(sql)?.query_row([to_integer(id.0)], |row| read_units(row, 0)).optional()
}

/// A page of up to `most` records after a time, in microseconds since 1970, the oldest first.
pub fn usage_page(
    connection: &Connection,
    filter: &UsageFilter,
    after_us: i64,
    most: usize,
) -> rusqlite::Result<UsagePage> {
    let from = filter.from_us.map_or(after_us, |from| after_us.max(from.saturating_sub(1)));
    let until = filter.until_us.unwrap_or(i64::MAX);
    // The key and the index on credits are both in the order of time: neither query scans or sorts.
    let of_credit = if filter.credit.is_some() { "credit = ?3 AND" } else { "" };
    let sql =
        format!("SELECT {COLUMNS} FROM usage WHERE {of_credit} at_us > ?1 AND at_us < ?2 ORDER BY at_us");
    let mut statement = connection.prepare_cached(&sql)?;
    let key = filter.credit.map(|credit| credit.to_bytes().to_vec());
    let values: &[&dyn ToSql] = match &key {
        Some(key) => &[&from, &until, key],
        None => &[&from, &until],
    };
    let mut rows = statement.query(values)?;
    let mut page = UsagePage { records: Vec::new(), cursor: from, more: false };
    let mut examined = 0;
    while let Some(row) = rows.next()? {
        if page.records.len() == most || examined == EXAMINED {
            page.more = true;
            break;
        }
        examined += 1;
        page.cursor = row.get(0)?;
        let is_of_model = filter.model.is_none() || filter.model == row.get(4)?;
        if is_of_model && (filter.api_key.is_none() || filter.api_key == row.get(5)?) {
            page.records.push(read_record(row)?);
        }
    }
    Ok(page)
}

fn read_record(row: &Row) -> rusqlite::Result<UsageRecord> {
    Ok(UsageRecord {
        at_us: row.get(0)?,
        hold: read_u64(row, 1)?,
        credit: read_key(row, 2)?,
        reference: row.get(3)?,
        labels: JobLabels { model: row.get(4)?, api_key: row.get(5)? },
        units: read_units(row, 6)?,
        held: read_units(row, 7)?,
        took_ms: row.get(8)?,
        prompt: read_u64(row, 9)?,
        cached: read_u64(row, 10)?,
        generated: read_u64(row, 11)?,
        reasoning: read_u64(row, 12)?,
        ended: row.get(13)?,
    })
}

/// Up to `most` totals of the days from `from` to `until`, by day, for one credit or for all.
pub fn usage_totals(
    connection: &Connection,
    filter: &UsageFilter,
    most: u32,
) -> rusqlite::Result<Vec<UsageTotal>> {
    let day = |time: i64| time.div_euclid(DAY_US);
    let from = filter.from_us.map_or(i64::MIN, day);
    // The last day is the one of the last moment before `until_us`.
    let until = filter.until_us.map_or(i64::MAX, |until| day(until.saturating_sub(1)));
    let of_credit = if filter.credit.is_some() { "credit = ?4 AND" } else { "" };
    let of_model = if filter.model.is_some() { "model = ?5 AND" } else { "" };
    let of_key = if filter.api_key.is_some() { "api_key = ?6 AND" } else { "" };
    let sql = format!(
        "SELECT day, credit, model, api_key, jobs, units, prompt, cached, generated, reasoning FROM usage_totals
         WHERE {of_credit} {of_model} {of_key} day >= ?1 AND day <= ?2 AND jobs > 0
         ORDER BY day, credit, model, api_key LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.raw_bind_parameter(1, from)?;
    statement.raw_bind_parameter(2, until)?;
    statement.raw_bind_parameter(3, most)?;
    if let Some(credit) = &filter.credit {
        statement.raw_bind_parameter(4, credit.as_ref())?;
    }
    if let Some(model) = &filter.model {
        statement.raw_bind_parameter(5, model)?;
    }
    if let Some(api_key) = &filter.api_key {
        statement.raw_bind_parameter(6, api_key)?;
    }
    let mut rows = statement.raw_query();
    let mut totals = Vec::new();
    while let Some(row) = rows.next()? {
        totals.push(read_total(row)?);
    }
    Ok(totals)
}

fn read_total(row: &Row) -> rusqlite::Result<UsageTotal> {
    Ok(UsageTotal {
        day: row.get(0)?,
        credit: read_key(row, 1)?,
        labels: JobLabels { model: row.get(2)?, api_key: row.get(3)? },
        jobs: read_u64(row, 4)?,
        units: read_units(row, 5)?,
        prompt: read_u64(row, 6)?,
        cached: read_u64(row, 7)?,
        generated: read_u64(row, 8)?,
        reasoning: read_u64(row, 9)?,
    })
}

/// Removes up to `most` records from before a time, in microseconds since 1970; cumulative use and totals stay. Returns the number
/// removed.
pub fn prune_usage(connection: &Connection, before_us: i64, most: u32) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM usage WHERE at_us IN
               (SELECT at_us FROM usage WHERE at_us < ?1 ORDER BY at_us LIMIT ?2)";
    connection.prepare_cached(sql)?.execute(params![before_us, most])
}

/// Removes up to `most` totals of days before one. Returns the number removed.
pub fn prune_totals(connection: &Connection, before_day: i64, most: u32) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM usage_totals WHERE (credit, day, model, api_key) IN
               (SELECT credit, day, model, api_key FROM usage_totals WHERE day < ?1 ORDER BY day LIMIT ?2)";
    connection.prepare_cached(sql)?.execute(params![before_day, most])
}
